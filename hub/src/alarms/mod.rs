//! Alarms: rules are put before each picture of the federation; what stands for
//! long enough opens exactly one alarm of a rule and an institution, which people
//! acknowledge, and which ends by itself.
//!
//! Nobody is ever told by a storm: what happens is gathered for each recipient
//! into one letter, many at once into a summary, there is no next letter while
//! one has not arrived, and each within an hour waits longer than the one before.
//! An alarm is written with its notices in one transaction, and a letter with
//! what it takes from them in another. Whoever was told that an alarm is open is
//! told of its end, whatever ends it.

pub mod acts;
mod condition;
mod delivery;
mod gather;
mod judge;
mod letter;
pub mod overview;
mod own;
mod present;
pub mod recipients;
mod rule;
mod settings;
mod silence;
#[cfg(test)]
mod tests;
mod weigh;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use lapor_migrations::Tx;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use utoipa::ToSchema;

use crate::app::Hub;
use crate::approvals;
use crate::error::HubError;
use crate::maintenance;
use crate::store;
use crate::watch::{self, Picture};
use weigh::{Outcome, Seen, weigh};

pub use acts::{ActError, Channel, Recipient};
pub use condition::{Condition, Own};
pub use delivery::{DELIVERIES, Sender, SenderError, reach, run as send};
pub use letter::{WEBHOOK_CHANGED, WEBHOOK_TEST, letterhead};
pub use rule::{Rule, Scope, Severity, all as rules, fresh_id, province};
pub use settings::AlarmSettings;
pub use silence::{Quiet, Silence, in_force as silences};

/// How often rules are put before the picture.
const WEIGH_EVERY: Duration = Duration::from_secs(5);
const SECOND_MS: i64 = 1_000;
const DAY_MS: i64 = 86_400_000;
/// How long what was sent is kept.
const SENT_KEPT_MS: i64 = 90 * DAY_MS;
/// How often the past is forgotten.
const FORGET_EVERY_MS: i64 = 3_600_000;

/// Where an alarm stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AlarmState {
    /// Not yet for long enough.
    Pending,
    Open,
    Acknowledged,
    Cleared,
}

/// What a recipient is told of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Opened,
    /// It is still open and nobody has acknowledged it.
    Again,
    Cleared,
}

impl What {
    pub fn code(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Again => "again",
            Self::Cleared => "cleared",
        }
    }
}

/// What the running hub keeps of its alarms beside the database.
#[derive(Debug, Default)]
pub struct Alarms {
    /// Open ones that nobody has acknowledged.
    open: AtomicU64,
    /// Acts and institutions that wait for an operator.
    undecided: AtomicU64,
    /// Rung when something is to be weighed or sent at once.
    bell: Notify,
}

impl Alarms {
    /// How many are open and not acknowledged, as of the last round.
    pub fn open(&self) -> u64 {
        self.open.load(Ordering::Relaxed)
    }

    /// How many acts and institutions wait for an operator, as of the last round.
    pub fn undecided(&self) -> u64 {
        self.undecided.load(Ordering::Relaxed)
    }

    fn hold(&self, open: usize) {
        self.open.store(open as u64, Ordering::Relaxed);
    }

    fn hold_undecided(&self, undecided: u64) {
        self.undecided.store(undecided, Ordering::Relaxed);
    }

    /// Has rules weighed and letters looked at now.
    pub fn ring(&self) {
        self.bell.notify_waiters();
    }

    async fn rung(&self) {
        self.bell.notified().await;
    }
}

/// Weighs and gathers for as long as it runs. What fails is tried again. Of several processes of a
/// hub one does so, and the others count what stands.
pub async fn run(hub: &Hub) {
    let mut forgot_at = i64::MIN;
    loop {
        let (now, leads) = (hub.now_ms(), hub.replicas.leads());
        let picture = hub.watch.picture();
        let done = if leads {
            round(hub, &picture).await
        } else {
            count(hub, &picture).await
        };
        if let Err(error) = done {
            tracing::warn!(%error, "alarms could not be weighed");
        }
        if leads && now.saturating_sub(forgot_at) >= FORGET_EVERY_MS {
            match forget(hub, now).await {
                Ok(()) => forgot_at = now,
                Err(error) => tracing::warn!(%error, "alarms that are over could not be forgotten"),
            }
        }
        tokio::select! {
            () = tokio::time::sleep(WEIGH_EVERY) => {}
            () = hub.alarms.rung() => {}
        }
    }
}

/// Puts all rules before a picture, and writes for each recipient what is due.
pub async fn round(hub: &Hub, picture: &Picture) -> Result<(), HubError> {
    let mut tx = hub.ground.db.read().await?;
    let begun = store::state::read(&mut tx, store::state::ALARMS).await?;
    let now = hub.now_ms();
    let begun = begun.as_deref() == Some(rule::EDITION);
    let quiet = begun && outcome(hub, &mut tx, picture, now).await?.is_empty();
    tx.rollback().await?;
    if !quiet {
        // Once more, because somebody may have acted between the two.
        let mut tx = hub.ground.db.write().await?;
        rule::begin(&mut tx, now).await?;
        let Outcome { put, drop, notices } = outcome(hub, &mut tx, picture, now).await?;
        store::alarms::live::drop_pending(&mut tx, &drop).await?;
        store::alarms::live::put(&mut tx, &put).await?;
        store::alarms::deliveries::note(&mut tx, notices, now).await?;
        store::alarms::deliveries::note_ends(&mut tx, now).await?;
        tx.commit().await?;
    }
    gather::gather(hub, picture).await?;
    count(hub, picture).await
}

/// Holds how much waits for people.
async fn count(hub: &Hub, picture: &Picture) -> Result<(), HubError> {
    let now = hub.now_ms();
    let mut tx = hub.ground.db.read().await?;
    let live = store::alarms::live::live(&mut tx).await?;
    let undecided = approvals::undecided(&mut tx, picture, now).await?;
    tx.rollback().await?;
    let open = live.iter().filter(|row| row.state == "open").count();
    hub.alarms.hold(open);
    hub.alarms
        .hold_undecided(undecided.asked.count.unsigned_abs() + undecided.joined);
    Ok(())
}

/// Looks and weighs now, for a test and for whoever has just changed something.
pub async fn look(hub: &Hub) -> Result<(), HubError> {
    let picture = watch::look(hub).await?;
    round(hub, &picture).await
}

async fn outcome(hub: &Hub, tx: &mut Tx, picture: &Picture, now: i64) -> Result<Outcome, HubError> {
    let recipients = store::alarms::recipients::all(tx).await?;
    let active = recipients.into_iter().filter(|one| one.enabled != 0);
    let grace = i64::from(hub.settings().alarms.grace_seconds) * SECOND_MS;
    let ended = maintenance::ends_at(&hub.ground);
    let listens_since = ended.unwrap_or(i64::MIN).max(hub.contacts.began_at(now));
    Ok(weigh(Seen {
        picture,
        current: picture.is_current(now),
        bounds: &hub.settings().watch,
        own: &own::look(hub, tx, picture).await?,
        rules: &rule::all(tx).await?,
        live: store::alarms::live::live(tx).await?,
        silences: &silence::in_force(tx, now).await?,
        recipients: &active.map(|one| one.id).collect::<Vec<_>>(),
        settled: now.saturating_sub(listens_since) >= grace,
        now,
    }))
}

async fn forget(hub: &Hub, now: i64) -> Result<(), HubError> {
    let kept = i64::from(hub.settings().alarms.history_days) * DAY_MS;
    let mut tx = hub.ground.db.write().await?;
    store::alarms::live::forget(&mut tx, now - kept).await?;
    store::alarms::deliveries::forget(&mut tx, now - kept.min(SENT_KEPT_MS)).await?;
    tx.commit().await?;
    Ok(())
}
