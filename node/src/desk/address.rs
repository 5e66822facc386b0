//! The address of a page with its question, such as `/meja?tab=baru&cari=lampu%20padam`.

use std::fmt::Write as _;

/// A path that gets a question, field by field.
#[derive(Debug, Clone)]
pub struct Address {
    text: String,
    asks: bool,
}

impl Address {
    pub fn of(path: &str) -> Self {
        Self {
            text: path.to_owned(),
            asks: false,
        }
    }

    /// Adds a field; an empty one says nothing and is left out.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        if value.is_empty() {
            return self;
        }
        self.text.push(if self.asks { '&' } else { '?' });
        self.asks = true;
        self.text.push_str(name);
        self.text.push('=');
        for byte in value.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                self.text.push(char::from(byte));
            } else {
                let _ = write!(self.text, "%{byte:02X}");
            }
        }
        self
    }

    pub fn text(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_typed_stays_one_value() {
        let address = Address::of("/meja")
            .with("cari", "a&b=c #é")
            .with("tab", "");
        let address = address.with("unit", "dinas-pu");
        assert_eq!(
            address.text(),
            "/meja?cari=a%26b%3Dc%20%23%C3%A9&unit=dinas-pu"
        );
    }
}
