//! Seals what channels keep, and finds it again by keyed hashes: telephone numbers are so few that
//! a plain hash would tell them. The key stands in a file of its own, so that a lost key of second
//! factors loses no conversation.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};

use hmac::{Hmac, KeyInit, Mac};
use lapor_web::accounts::FactorKey;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;
use tokio::sync::Notify;
use zeroize::Zeroizing;

use super::Lines;
use crate::error::NodeError;
use crate::folder;
use crate::store;

/// What a node has for its channels: the key, the bells of those who listen and speak, and what it noted
/// of their lines.
pub(crate) struct Switch {
    keys: PathBuf,
    sealing: FactorKey,
    hashing: OnceLock<Zeroizing<[u8; 32]>>,
    /// The channels that are on, for whoever reads again.
    pub lines: OnceLock<Lines>,
    /// The channels by whose lines messages come, as this process noted last, with when, Unix ms.
    fetched: Mutex<BTreeMap<&'static str, i64>>,
    /// Rung when something was taken.
    pub heard: Notify,
    /// Rung when something is to be said.
    pub to_say: Notify,
}

impl Switch {
    pub fn below(keys: PathBuf) -> Self {
        let folder = keys.clone();
        let source = move || folder::channel_key(&folder).map_err(std::io::Error::other);
        Self {
            keys,
            sealing: FactorKey::kept_by(source),
            hashing: OnceLock::new(),
            lines: OnceLock::new(),
            fetched: Mutex::default(),
            heard: Notify::new(),
            to_say: Notify::new(),
        }
    }

    /// When this process noted last that a line goes through by which messages come, Unix ms; `None` where
    /// it noted that it does not, or nothing yet.
    pub fn fetched_at(&self, channel: &str) -> Option<i64> {
        let fetched = self.fetched.lock();
        let fetched = fetched.unwrap_or_else(PoisonError::into_inner);
        fetched.get(channel).copied()
    }

    pub fn is_fetched(&self, channel: &'static str, at: Option<i64>) {
        let fetched = self.fetched.lock();
        let mut fetched = fetched.unwrap_or_else(PoisonError::into_inner);
        match at {
            Some(at) => fetched.insert(channel, at),
            None => fetched.remove(channel),
        };
    }

    /// Seals a value under the name of the row that holds it.
    pub fn seal(&self, owner: &str, value: &impl Serialize) -> Result<Vec<u8>, NodeError> {
        let text = Zeroizing::new(serde_json::to_vec(value).map_err(NodeError::damaged)?);
        store::read(self.sealing.seal(owner, &text))
    }

    pub fn open<T: DeserializeOwned>(&self, owner: &str, sealed: &[u8]) -> Result<T, NodeError> {
        let text = store::read(self.sealing.open(owner, sealed))?;
        store::read(serde_json::from_slice(&text))
    }

    /// A hash that nobody makes without the key; `purpose` keeps the hashes of one table from those
    /// of another.
    pub fn hash(&self, purpose: &str, parts: &[&str]) -> Result<Vec<u8>, NodeError> {
        let key = if let Some(known) = self.hashing.get() {
            known
        } else {
            let key = folder::channel_key(&self.keys)?;
            self.hashing.get_or_init(|| key)
        };
        let mut mac = Hmac::<Sha256>::new_from_slice(&**key).map_err(NodeError::damaged)?;
        for part in [&["lapor channel", purpose], parts].concat() {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        Ok(mac.finalize().into_bytes().to_vec())
    }
}
