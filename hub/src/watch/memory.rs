//! What a picture needs and what does not change from one to the next.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use lapor_migrations::Tx;
use lapor_protocol::directory::DirectoryVersion;
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::InstanceId;

use super::history::Span;
use crate::error::HubError;
use crate::store;

const DAY_MS: i64 = 86_400_000;
/// How long the counts of a day ago are good for.
const REFRESH_MS: i64 = 300_000;
/// Versions whose moment is remembered.
const VERSIONS: usize = 10_000;

/// Messages of each institution a day ago, by the time of reading.
type Earlier = (i64, Arc<HashMap<InstanceId, u64>>);

type Begins = Arc<HashMap<InstanceId, i64>>;

#[derive(Debug, Default)]
pub struct Memory {
    earlier: Mutex<Option<Earlier>>,
    /// When directory versions came into force; they never change.
    versions: Mutex<BTreeMap<u64, i64>>,
    /// When institutions got their first certificate, which never changes either.
    begins: Mutex<Begins>,
    /// What was noted by a clock that has been set back since: when it was first seen to be so (Unix ms).
    ahead: Mutex<HashMap<Dated, i64>>,
}

/// Of what a moment is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Dated {
    /// An item of an inbox.
    Item(InstanceId, u64),
    /// A version of the directory.
    Version(u64),
    Member(InstanceId),
}

impl Memory {
    /// How many messages each institution had sent and received a day ago;
    /// whoever has joined since is not among them.
    pub async fn earlier(
        &self,
        tx: &mut Tx,
        now_ms: i64,
    ) -> Result<Arc<HashMap<InstanceId, u64>>, HubError> {
        let known = self
            .earlier
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some((at, counts)) = known
            && (0..REFRESH_MS).contains(&(now_ms - at))
        {
            return Ok(counts);
        }
        let counts = store::samples::latest(tx, Span::Month.step(), now_ms - DAY_MS).await?;
        let counts: Arc<HashMap<_, _>> = Arc::new(counts.into_iter().collect());
        let kept = Some((now_ms, Arc::clone(&counts)));
        *self.earlier.lock().unwrap_or_else(PoisonError::into_inner) = kept;
        Ok(counts)
    }

    /// When a directory version came into force (Unix ms).
    pub async fn in_force(&self, tx: &mut Tx, version: u64) -> Result<Option<i64>, HubError> {
        if let Some(at) = self.known(version) {
            return Ok(Some(at));
        }
        let Some(line) = store::directory::one(tx, version).await? else {
            return Ok(None);
        };
        let envelope = Envelope::parse(line.as_bytes()).map_err(HubError::damaged)?;
        let read: DirectoryVersion =
            serde_json::from_slice(&envelope.payload).map_err(HubError::damaged)?;
        let mut versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        if versions.len() < VERSIONS {
            versions.insert(version, read.at);
        }
        Ok(Some(read.at))
    }

    /// When each got its first certificate (Unix ms). All are read again where one of these is not
    /// among them: a look every two seconds must not read what has been issued in years.
    pub async fn begins(&self, tx: &mut Tx, of: &[&InstanceId]) -> Result<Begins, HubError> {
        let known = self.first_certificates();
        if of.iter().all(|id| known.contains_key(*id)) {
            return Ok(known);
        }
        let read = store::joining::begins(tx).await?;
        let read: Begins = Arc::new(read.into_iter().collect());
        *self.begins.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&read);
        Ok(read)
    }

    /// Has moments that lie ahead count from when they were first seen to; these are all that do.
    pub fn date_anew<'a>(&self, ahead: impl Iterator<Item = (Dated, &'a mut i64)>, now_ms: i64) {
        let mut known = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        let mut seen = HashMap::new();
        for (of, at) in ahead {
            let first = known.get(&of).copied();
            *at = first.map_or(now_ms, |first| first.min(now_ms));
            seen.insert(of, *at);
        }
        *known = seen;
    }

    fn first_certificates(&self) -> Begins {
        let begins = self.begins.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&begins)
    }

    fn known(&self, version: u64) -> Option<i64> {
        let versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        versions.get(&version).copied()
    }
}
