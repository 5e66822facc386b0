//! A place within the site, to which a redirect may lead. Whatever could make a
//! browser leave the site is none: another host, a scheme, a backslash.

use std::fmt;

/// Bytes, at most; a longer one is not worth coming back to.
const LONGEST: usize = 2000;
const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// A path with its query, such as `/lacak?tiket=4F7KX-92MQ3`.
#[derive(Clone, PartialEq, Eq)]
pub struct LocalPath(String);

impl LocalPath {
    pub fn root() -> Self {
        Self("/".into())
    }

    /// The path in what somebody sent, if it is one of this site.
    pub fn parse(text: &str) -> Option<Self> {
        // Browsers read `\` as `/`, and drop tabs and line ends before they read.
        let plain = |b: u8| b.is_ascii_graphic() && b != b'\\' && b != b'#';
        let local = text.starts_with('/')
            && !text.starts_with("//")
            && text.len() <= LONGEST
            && text.bytes().all(plain);
        local.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As the value of a query's field, such as `next`.
    pub fn in_query(&self) -> String {
        encoded(&self.0, b"/-._~")
    }

    /// A path of the program's own.
    pub fn own(path: &str) -> Self {
        Self::parse(path).unwrap_or_else(Self::root)
    }

    /// A path of the program's own with what somebody asked for; fields without a value are left
    /// out. What is too long for a path is asked for no more.
    pub fn asking<'a>(path: &str, fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut text = path.to_owned();
        for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
            let joint = if text.contains('?') { "&" } else { "?" };
            text.extend([joint, name, "=", &encoded(value, b"-._~")]);
        }
        Self::parse(&text).unwrap_or_else(|| Self::own(path))
    }

    /// Without the query.
    pub fn path(&self) -> &str {
        self.0.split('?').next().unwrap_or_default()
    }
}

/// A text as a value of a query (RFC 3986, 3.4); `plain` stays as it is beside letters and digits.
fn encoded(text: &str, plain: &[u8]) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || plain.contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let (high, low) = (usize::from(byte >> 4), usize::from(byte & 15));
            encoded.extend(['%', char::from(HEX[high]), char::from(HEX[low])]);
        }
    }
    encoded
}

impl fmt::Display for LocalPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A query may hold a ticket.
impl fmt::Debug for LocalPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LocalPath({})", self.path())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_stands_in_the_query_as_it_was_typed() {
        let fields = [
            ("q", "lampu & \"jalan\""),
            ("status", ""),
            ("wilayah", "32.73"),
        ];
        let path = LocalPath::asking("/laporan", fields);
        let expected = "/laporan?q=lampu%20%26%20%22jalan%22&wilayah=32.73";
        assert_eq!(path.as_str(), expected);
        let fields = [("cari", "a&b=c #é"), ("tab", ""), ("unit", "dinas/pu")];
        let path = LocalPath::asking("/meja", fields);
        let expected = "/meja?cari=a%26b%3Dc%20%23%C3%A9&unit=dinas%2Fpu";
        assert_eq!(path.as_str(), expected);
        let vast = "a".repeat(LONGEST);
        assert_eq!(
            LocalPath::asking("/laporan", [("q", vast.as_str())]).as_str(),
            "/laporan"
        );
    }

    #[test]
    fn a_path_stands_in_a_query_as_one_value() {
        let path = LocalPath::parse("/meja?cari=a&urut=b").unwrap();
        assert_eq!(path.in_query(), "/meja%3Fcari%3Da%26urut%3Db");
    }

    #[test]
    fn a_path_of_this_site_is_kept_as_it_is() {
        for text in ["/", "/lacak?tiket=4F7KX-92MQ3", "/meja/kasus/1?a=b&c=%20"] {
            assert_eq!(LocalPath::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn what_could_lead_away_is_refused() {
        for text in [
            "",
            "lacak",
            "//jahat.example",
            "/\\jahat.example",
            "\\/jahat.example",
            "https://jahat.example/",
            "javascript:alert(1)",
            "/\t/jahat.example",
            "/a\r\nSet-Cookie: b=c",
            "/spasi di sini",
            "/kafé",
            &format!("/{}", "a".repeat(LONGEST)),
        ] {
            assert_eq!(LocalPath::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_ticket_in_the_query_is_not_printed() {
        let path = LocalPath::parse("/lacak?tiket=4F7KX-92MQ3").unwrap();
        assert!(!format!("{path:?}").contains("4F7KX"));
    }
}
