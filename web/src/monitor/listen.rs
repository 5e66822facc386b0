//! Where the listener for monitoring stands, as a configuration says it.

use std::fmt;
use std::net::{AddrParseError, SocketAddr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where to listen, if anywhere: `ADDRESS:PORT`, or `off`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Listen(pub Option<SocketAddr>);

impl Listen {
    /// The port after another listener's, on loopback; for port 0 any.
    pub fn beside(other: SocketAddr) -> Self {
        let port = match other.port() {
            0 => 0,
            port => port.wrapping_add(1),
        };
        Self(Some(SocketAddr::from(([127, 0, 0, 1], port))))
    }
}

impl FromStr for Listen {
    type Err = AddrParseError;

    fn from_str(text: &str) -> Result<Self, AddrParseError> {
        match text {
            "" | "off" => Ok(Self(None)),
            address => address.parse().map(|address| Self(Some(address))),
        }
    }
}

impl TryFrom<String> for Listen {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
            .map_err(|_| format!("{text:?} is neither ADDRESS:PORT nor `off`"))
    }
}

impl From<Listen> for String {
    fn from(listen: Listen) -> Self {
        listen.to_string()
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(address) => address.fmt(f),
            None => f.write_str("off"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_or_off_and_nothing_else() {
        let read = |text: &str| serde_json::from_value::<Listen>(serde_json::json!(text));
        for (text, shown) in [
            ("127.0.0.1:0", "127.0.0.1:0"),
            ("[::1]:9", "[::1]:9"),
            ("off", "off"),
            ("", "off"),
        ] {
            assert_eq!(read(text).unwrap().to_string(), shown);
        }
        let error = read("8091").unwrap_err().to_string();
        assert!(error.contains("off"), "{error}");
    }

    #[test]
    fn the_port_after_is_on_loopback_and_any_stays_any() {
        let beside = |text: &str| Listen::beside(text.parse().unwrap()).to_string();
        assert_eq!(beside("0.0.0.0:8090"), "127.0.0.1:8091");
        assert_eq!(beside("127.0.0.1:0"), "127.0.0.1:0");
    }
}
