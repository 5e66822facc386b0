//! `[console]` of `hub.toml`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use lapor_web::accounts::{self, HashCost};
use lapor_web::monitor::Listen;
use lapor_web::public_url::{PublicUrl, site};
use serde::{Deserialize, Serialize};

use super::ConsoleRole;

/// The console of central staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConsoleSettings {
    /// Where the console listens, over plain HTTP: this machine, or a proxy before it; `off` for nowhere.
    pub listen: Listen,
    /// Where staff open it, such as `https://konsol.lapor.go.id`. With `https`, cookies are sent by
    /// nothing else.
    pub public_url: Option<PublicUrl>,
    /// What the pages call the federation.
    pub name: String,
    /// How to reach its operators, in one or two lines.
    pub contact: Option<String>,
    /// Whether another operator confirms a dangerous act before it is done.
    pub second_person: bool,
    /// Roles that must have a second factor: `operator`, `observer`, `auditor`.
    pub second_factor: Vec<ConsoleRole>,
    /// Minutes after which a session that is not used ends.
    pub idle_minutes: u32,
    /// Minutes after which a session ends, however it is used.
    pub longest_minutes: u32,
    /// KiB of memory that one hash of a password takes (Argon2id).
    #[serde(deserialize_with = "accounts::memory_kib")]
    pub hash_memory_kib: u32,
    /// Addresses of proxies before the console, whose `X-Forwarded-For` is believed.
    pub proxies: Vec<IpAddr>,
}

impl Default for ConsoleSettings {
    fn default() -> Self {
        Self {
            listen: Listen(None),
            public_url: None,
            name: "Federasi Lapor".into(),
            contact: None,
            second_person: false,
            second_factor: Vec::new(),
            idle_minutes: 30,
            longest_minutes: 12 * 60,
            hash_memory_kib: HashCost::STAFF.memory_kib,
            proxies: vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
        }
    }
}

impl ConsoleSettings {
    /// Whether browsers come over TLS.
    pub fn is_https(&self) -> bool {
        let public_url = self.public_url.as_ref();
        public_url.is_some_and(PublicUrl::is_https)
    }

    /// Where staff find the console, if it listens at `bound`; without a slash at the end.
    pub fn site(&self, bound: Option<SocketAddr>) -> String {
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        site(self.public_url.as_ref(), bound.unwrap_or(nowhere))
    }
}
