//! The address of a hub listener: `https://host[:port]` and nothing more, so
//! that a pasted line can never send a node to a path, a proxy or plain HTTP.

use std::fmt;
use std::str::FromStr;

use rustls_pki_types::ServerName;
use serde::{Deserialize, Serialize};

const SCHEME: &str = "https://";

/// `https://host[:port]`, without a slash at the end.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HubUrl(String);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not the address of a hub, which is https://host or https://host:port: {0:?}")]
pub struct HubUrlError(String);

impl HubUrl {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name or address that the hub's certificate must carry.
    pub fn server_name(&self) -> ServerName<'static> {
        let (name, _) = split(&self.0[SCHEME.len()..]).expect("checked when it was read");
        name
    }

    pub fn port(&self) -> u16 {
        let (_, port) = split(&self.0[SCHEME.len()..]).expect("checked when it was read");
        port
    }
}

impl FromStr for HubUrl {
    type Err = HubUrlError;

    fn from_str(text: &str) -> Result<Self, HubUrlError> {
        let trimmed = text.strip_suffix('/').unwrap_or(text);
        trimmed
            .strip_prefix(SCHEME)
            .filter(|rest| rest.len() <= 260 && split(rest).is_some())
            .map(|_| Self(trimmed.to_owned()))
            .ok_or_else(|| HubUrlError(text.chars().take(80).collect()))
    }
}

impl TryFrom<String> for HubUrl {
    type Error = HubUrlError;

    fn try_from(text: String) -> Result<Self, HubUrlError> {
        text.parse()
    }
}

impl From<HubUrl> for String {
    fn from(url: HubUrl) -> Self {
        url.0
    }
}

impl fmt::Display for HubUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for HubUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn split(authority: &str) -> Option<(ServerName<'static>, u16)> {
    let (host, port, bracketed) = if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        let port = match after {
            "" => None,
            _ => Some(after.strip_prefix(':')?),
        };
        (host, port, true)
    } else {
        match authority.split_once(':') {
            Some((host, port)) => (host, Some(port), false),
            None => (authority, None, false),
        }
    };
    let port = match port {
        None => 443,
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().ok()?,
        Some(_) => return None,
    };
    let name = ServerName::try_from(host.to_owned()).ok()?;
    let is_v6 = matches!(
        &name,
        ServerName::IpAddress(rustls_pki_types::IpAddr::V6(_))
    );
    (is_v6 == bracketed && port > 0).then_some((name, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hub_url_is_https_host_and_port_only() {
        for (text, host, port) in [
            ("https://hub.lapor.go.id", "hub.lapor.go.id", 443),
            ("https://hub.lapor.go.id:8443/", "hub.lapor.go.id", 8443),
            ("https://127.0.0.1:9000", "127.0.0.1", 9000),
            ("https://[::1]:9000", "::1", 9000),
            ("https://[::1]", "::1", 443),
            ("https://localhost:1", "localhost", 1),
        ] {
            let url: HubUrl = text.parse().unwrap();
            assert_eq!(url.server_name().to_str(), host);
            assert_eq!(url.port(), port);
            assert!(!url.as_str().ends_with('/'));
        }
        for bad in [
            "",
            "http://hub",
            "https://",
            "https://hub/path",
            "https://hub//",
            "https://hub?x",
            "https://hub#x",
            "https://user@hub",
            "https://hub:0",
            "https://hub:65536",
            "https://hub:+80",
            "https://hub:",
            "https://hub:1:2",
            "https://::1",
            "https://[127.0.0.1]",
            "https://[::1]x",
            "https://hu b",
            "HTTPS://hub",
        ] {
            assert!(bad.parse::<HubUrl>().is_err(), "{bad}");
        }
    }
}
