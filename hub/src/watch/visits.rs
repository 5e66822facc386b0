//! The history of an institution's connections: when its first one came, when
//! its last one went and why, and for what reason it was turned away. Noted in
//! memory where it happens, written a moment later; a hub that falls loses
//! some lines of it and nothing else. Beside them stands who is connected to
//! each process: what one that falls leaves open is ended by that, and never
//! what another has open.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use lapor_migrations::{Kind, Tx};
use lapor_protocol::ids::InstanceId;

use crate::app::Hub;
use crate::error::HubError;
use crate::ground::Ground;
use crate::store;
use crate::store::presences::PresenceRow;
use crate::store::visits::Visit;

/// Lines of one institution that wait to be written; more are not noted.
const MOST_WAITING: usize = 20;
/// Lines kept of each institution, and how many more a process writes before they are shortened. It
/// counts its own alone, so all are when one starts, too: who is seldom there, or restarted often,
/// would add to them for ever.
const KEPT: i64 = 200;
const SHORTEN_AFTER: usize = 50;
/// Lines that may stand of an institution.
pub const VISITS: i64 = KEPT + SHORTEN_AFTER as i64;
/// An institution that is turned away for one reason is noted this often.
const REFUSED_EVERY_MS: i64 = 600_000;
/// How often it is written who is connected, while nobody comes or goes.
const TOLD_EVERY_MS: i64 = 60_000;

/// Why the last connection of an institution ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The institution closed it, as its program does when it is stopped in order.
    Closed,
    /// The institution's program ended without a word.
    Ended,
    /// The line broke.
    Broken,
    /// It was no longer answered, or not used.
    Unanswered,
    /// The institution opened more than it may.
    Crowded,
    /// It was suspended or revoked, or its certificates were made void.
    CutOff,
    /// An authority is not trusted any more; who has a certificate of another comes again.
    Withdrawn,
    /// The hub stopped.
    Stopped,
    /// The hub was killed, and this is the last that is known.
    HubEnded,
}

impl Reason {
    pub fn code(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Ended => "ended",
            Self::Broken => "broken",
            Self::Unanswered => "unanswered",
            Self::Crowded => "crowded",
            Self::CutOff => "cut_off",
            Self::Withdrawn => "withdrawn",
            Self::Stopped => "stopped",
            Self::HubEnded => "hub_ended",
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
    /// Who is connected to this process.
    present: BTreeSet<InstanceId>,
    /// Who was as that was written last.
    told: BTreeSet<InstanceId>,
    /// When it was, in Unix ms.
    told_at: i64,
}

/// What is to be written.
struct Due {
    lines: HashMap<InstanceId, Vec<Visit>>,
    present: BTreeSet<InstanceId>,
    /// Who is connected since before it was written last.
    stayed: BTreeSet<InstanceId>,
}

impl Visits {
    /// Notes whoever is not connected to this process yet.
    pub fn came(&self, instance: &InstanceId, now_ms: i64) {
        let mut noted = self.lock();
        if noted.present.insert(instance.clone()) {
            noted.note(instance, now_ms, "came", "");
        }
    }

    pub fn left(&self, instance: &InstanceId, reason: Reason, now_ms: i64) {
        let mut noted = self.lock();
        if noted.present.remove(instance) {
            noted.note(instance, now_ms, "left", reason.code());
        }
    }

    /// Everybody has left who is still connected, because the hub stops.
    pub fn stopped(&self, now_ms: i64) {
        let mut noted = self.lock();
        for instance in std::mem::take(&mut noted.present) {
            noted.note(&instance, now_ms, "left", Reason::Stopped.code());
        }
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
        let now_ms = hub.now_ms();
        let due = self.lock().due(now_ms);
        if let Some(due) = due {
            self.store(hub, &due, now_ms).await?;
            self.lock().wrote(&due, now_ms);
        }
        Ok(())
    }

    async fn store(&self, hub: &Hub, due: &Due, now_ms: i64) -> Result<(), HubError> {
        let long: Vec<InstanceId> = {
            let noted = self.lock();
            let long = |slug: &&InstanceId| noted.written.get(*slug) >= Some(&SHORTEN_AFTER);
            due.lines.keys().filter(long).cloned().collect()
        };
        let mut tx = hub.ground.db.write().await?;
        let mut each: Vec<(&InstanceId, &Visit)> = Vec::new();
        for (slug, visits) in &due.lines {
            each.extend(visits.iter().map(|visit| (slug, visit)));
        }
        let process = hub.sequencer.right().name();
        let back = Visit {
            at: now_ms,
            what: "came".into(),
            detail: String::new(),
        };
        // Where nothing stands of this process, it has said nothing for so long that another took it
        // for gone and ended these.
        if store::presences::take(&mut tx, process).await?.is_empty() {
            each.extend(due.stayed.iter().map(|slug| (slug, &back)));
        }
        store::visits::insert(&mut tx, each).await?;
        if !due.present.is_empty() {
            let row = PresenceRow {
                at: now_ms,
                slugs: serde_json::to_string(&due.present).map_err(HubError::damaged)?,
            };
            store::presences::put(&mut tx, process, &row).await?;
        }
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

/// Ends what a former process has left open. Where others of this hub may be at work, the one that
/// leads them does so of those that are gone.
pub async fn end_former(ground: &Ground) -> Result<(), HubError> {
    if ground.db.kind() == Kind::Sqlite {
        let mut tx = ground.db.write().await?;
        end_of(&mut tx, "").await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Keeps of each institution as many lines of the history as it may have.
pub async fn shorten_all(ground: &Ground) -> Result<(), HubError> {
    let mut tx = ground.db.write().await?;
    store::visits::shorten_all(&mut tx, KEPT).await?;
    tx.commit().await?;
    Ok(())
}

/// Ends what one process that is gone has left open, or any (`""`), at the moment when it said last
/// who was connected to it.
pub async fn end_of(tx: &mut Tx, process: &str) -> Result<(), HubError> {
    for row in store::presences::take(tx, process).await? {
        let left: Vec<InstanceId> = match serde_json::from_str(&row.slugs) {
            Ok(left) => left,
            // No history is worth that the processes of a hub follow each other no more.
            Err(error) => {
                tracing::warn!(%error, "who was connected to a former process cannot be read");
                continue;
            }
        };
        let visit = Visit {
            at: row.at,
            what: "left".into(),
            detail: Reason::HubEnded.code().into(),
        };
        store::visits::insert(tx, left.iter().map(|slug| (slug, &visit))).await?;
    }
    Ok(())
}

impl Noted {
    /// What is to be written now, if anything is.
    fn due(&self, now_ms: i64) -> Option<Due> {
        let tells = !self.present.is_empty() && now_ms - self.told_at >= TOLD_EVERY_MS;
        (tells || !self.lines.is_empty()).then(|| Due {
            lines: self.lines.clone(),
            present: self.present.clone(),
            stayed: self.stayed(),
        })
    }

    /// Who was connected as that was written last, and has not come anew since.
    fn stayed(&self) -> BTreeSet<InstanceId> {
        let came = |slug: &&InstanceId| {
            let mut lines = self.lines.get(*slug).into_iter().flatten();
            lines.any(|line| line.what == "came")
        };
        let both = self.told.intersection(&self.present);
        both.filter(|slug| !came(slug)).cloned().collect()
    }

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

    /// Lines wait until they are written, also where whoever writes is stopped in the middle.
    fn wrote(&mut self, due: &Due, now_ms: i64) {
        self.told_at = now_ms;
        self.told.clone_from(&due.present);
        for (slug, visits) in &due.lines {
            *self.written.entry(slug.clone()).or_default() += visits.len();
            if let Some(waiting) = self.lines.get_mut(slug) {
                waiting.retain(|visit| !visits.contains(visit));
            }
        }
        self.lines.retain(|_, waiting| !waiting.is_empty());
    }
}
