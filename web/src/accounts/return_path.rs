//! Where somebody is sent back to after logging in: a path of this program and
//! nothing else, whatever a link says.

use std::fmt;

/// Bytes of a path with its query, at most.
const LONGEST: usize = 1024;

const HEX: [char; 16] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F',
];

/// A path with its query on this very host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnPath(String);

impl ReturnPath {
    /// The path, unless a browser could read it as another host or as no path.
    pub fn local(text: &str) -> Option<Self> {
        let begins = text.starts_with('/') && !text[1..].starts_with(['/', '\\']);
        let plain = text
            .bytes()
            .all(|b| b.is_ascii_graphic() && !matches!(b, b'\\' | b'<' | b'>' | b'"' | b'#'));
        (begins && plain && text.len() <= LONGEST).then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The value of a query's field: percent-encoded but for what may stand there.
    pub fn in_query(&self) -> String {
        let mut encoded = String::with_capacity(self.0.len());
        for byte in self.0.bytes() {
            if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
                encoded.push(char::from(byte));
            } else {
                encoded.extend([
                    '%',
                    HEX[usize::from(byte >> 4)],
                    HEX[usize::from(byte & 15)],
                ]);
            }
        }
        encoded
    }
}

impl fmt::Display for ReturnPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_of_this_host_is_gone_back_to() {
        for good in [
            "/",
            "/meja",
            "/meja/laporan?halaman=2&urut=batas",
            "/a:b@c",
            "/a//b",
            "/a%2F%2Fb",
        ] {
            assert_eq!(ReturnPath::local(good).map(|p| p.0).as_deref(), Some(good));
        }
        let long = format!("/{}", "a".repeat(LONGEST));
        for bad in [
            "",
            "meja",
            "//jahat.example",
            "/\\jahat.example",
            "\\\\jahat.example",
            "/\t/jahat.example",
            "/\n/jahat.example",
            "https://jahat.example",
            "javascript:alert(1)",
            " /meja",
            "/meja\r\nSet-Cookie: a=b",
            "/a\\b",
            "/<script>",
            "/é",
            &long,
        ] {
            assert_eq!(ReturnPath::local(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_path_stands_in_a_query_as_one_value() {
        let path = ReturnPath::local("/meja?cari=a&urut=b").unwrap();
        assert_eq!(path.in_query(), "/meja%3Fcari%3Da%26urut%3Db");
    }
}
