//! Where people open the pages of a program: as its operator says, or else as a
//! browser on this machine does.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};

/// An address of a site: `http` or `https`, a host, perhaps a port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicUrl(String);

impl PublicUrl {
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl TryFrom<String> for PublicUrl {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let wrong = "expected an address such as https://lapor.bandung.go.id, without a path";
        let url: http::Uri = text.parse().map_err(|_| wrong)?;
        let site = matches!(url.scheme_str(), Some("https" | "http"))
            && url.host().is_some_and(|host| !host.is_empty())
            && !url.authority().is_some_and(|a| a.as_str().contains('@'))
            && url.path_and_query().is_none_or(|path| path == "/");
        let bare = text.trim_end_matches('/').to_owned();
        if site { Ok(Self(bare)) } else { Err(wrong) }
    }
}

impl From<PublicUrl> for String {
    fn from(url: PublicUrl) -> Self {
        url.0
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where people find the pages, without a slash at the end: as the operator says, else as a browser
/// on this machine opens what listens there.
pub fn site(public_url: Option<&PublicUrl>, listening: SocketAddr) -> String {
    if let Some(url) = public_url {
        return url.to_string();
    }
    let port = listening.port();
    let seen = match listening.ip() {
        ip if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(seen, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_address_is_a_site_and_nothing_below_it() {
        for (text, expected) in [
            (
                "https://lapor.bandung.go.id",
                Some("https://lapor.bandung.go.id"),
            ),
            ("http://10.0.0.5:8090/", Some("http://10.0.0.5:8090")),
            ("https://lapor.bandung.go.id/lapor", None),
            ("https://lapor.bandung.go.id?a=b", None),
            ("https://orang@lapor.bandung.go.id", None),
            ("ftp://lapor.bandung.go.id", None),
            ("lapor.bandung.go.id", None),
            ("", None),
        ] {
            let url = PublicUrl::try_from(text.to_owned()).ok();
            assert_eq!(url.map(String::from).as_deref(), expected, "{text}");
        }
    }
}
