//! The history of an institution's connections: when its first one came, when
//! its last one went and why, and for what reason it was turned away. Noted in
//! memory where it happens, written a moment later; a hub that falls loses
//! some lines of it and nothing else.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lapor_protocol::ids::InstanceId;

use crate::app::Hub;
use crate::error::HubError;
use crate::store;
use crate::store::visits::Visit;

/// Lines of one institution that wait to be written; more are not noted.
const MOST_WAITING: usize = 20;
/// Lines kept of each institution, and how many more before they are shortened.
const KEPT: i64 = 200;
const SHORTEN_AFTER: usize = 50;
/// An institution that is turned away for one reason is noted this often.
const REFUSED_EVERY_MS: i64 = 600_000;

/// Why the last connection of an institution ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The institution closed it.
    Closed,
    /// The line broke.
    Broken,
    /// It was no longer answered, or not used.
    Unanswered,
    /// The institution opened more than it may.
    Crowded,
    /// It was suspended or revoked.
    CutOff,
    /// An authority is not trusted any more; who has a certificate of another comes again.
    Withdrawn,
}

impl Reason {
    pub fn code(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Broken => "broken",
            Self::Unanswered => "unanswered",
            Self::Crowded => "crowded",
            Self::CutOff => "cut_off",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// What has been noted and not been written.
#[derive(Debug, Default)]
pub struct Visits(Mutex<Noted>);

#[derive(Debug, Default)]
struct Noted {
    lines: HashMap<InstanceId, Vec<Visit>>,
    /// Lines written since those of the institution were shortened.
    written: HashMap<InstanceId, usize>,
    refused: HashMap<(InstanceId, &'static str), i64>,
}

impl Visits {
    pub fn came(&self, instance: &InstanceId, now_ms: i64) {
        self.lock().note(instance, now_ms, "came", "");
    }

    pub fn left(&self, instance: &InstanceId, reason: Reason, now_ms: i64) {
        self.lock().note(instance, now_ms, "left", reason.code());
    }

    /// Notes a refusal by its code of the contract, unless it was just noted.
    pub fn refused(&self, instance: &InstanceId, code: &'static str, now_ms: i64) {
        let mut noted = self.lock();
        let key = (instance.clone(), code);
        let last = noted.refused.get(&key).copied();
        if last.is_none_or(|last| now_ms - last >= REFUSED_EVERY_MS) {
            noted.refused.insert(key, now_ms);
            noted.note(instance, now_ms, "refused", code);
        }
    }

    /// Writes what has been noted; what cannot be written waits for the next time.
    pub async fn write(&self, hub: &Hub) -> Result<(), HubError> {
        let lines = std::mem::take(&mut self.lock().lines);
        if lines.is_empty() {
            return Ok(());
        }
        let written = self.store(hub, &lines).await;
        let mut noted = self.lock();
        match &written {
            Ok(()) => noted.count(&lines),
            Err(_) => noted.put_back(lines),
        }
        written
    }

    async fn store(
        &self,
        hub: &Hub,
        lines: &HashMap<InstanceId, Vec<Visit>>,
    ) -> Result<(), HubError> {
        let long: Vec<InstanceId> = {
            let noted = self.lock();
            let long = |slug: &&InstanceId| noted.written.get(*slug) >= Some(&SHORTEN_AFTER);
            lines.keys().filter(long).cloned().collect()
        };
        let mut tx = hub.ground.db.write().await?;
        let mut each: Vec<(&InstanceId, &Visit)> = Vec::new();
        for (slug, visits) in lines {
            each.extend(visits.iter().map(|visit| (slug, visit)));
        }
        store::visits::insert(&mut tx, each).await?;
        for slug in &long {
            store::visits::shorten(&mut tx, slug, KEPT).await?;
        }
        tx.commit().await?;
        let mut noted = self.lock();
        for slug in &long {
            noted.written.remove(slug);
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Noted {
    fn note(&mut self, instance: &InstanceId, at: i64, what: &str, detail: &str) {
        let lines = self.lines.entry(instance.clone()).or_default();
        if lines.len() < MOST_WAITING {
            lines.push(Visit {
                at,
                what: what.into(),
                detail: detail.into(),
            });
        }
    }

    fn count(&mut self, lines: &HashMap<InstanceId, Vec<Visit>>) {
        for (slug, visits) in lines {
            *self.written.entry(slug.clone()).or_default() += visits.len();
        }
    }

    fn put_back(&mut self, lines: HashMap<InstanceId, Vec<Visit>>) {
        for (slug, mut visits) in lines {
            let later = self.lines.entry(slug).or_default();
            visits.append(later);
            visits.truncate(MOST_WAITING);
            *later = visits;
        }
    }
}
