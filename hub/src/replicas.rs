//! The processes of one hub on one PostgreSQL database. Each follows what the others order and
//! publish, woken by them and, as a safety net, every second; each tells the others whoever is
//! connected to it; and one of them does what somebody has to do once.
//!
//! On SQLite a hub is one process, and all of this is nothing.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lapor_migrations::{Db, DbError, Kind, Seat, Tx};
use lapor_protocol::ids::InstanceId;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep, timeout};

use crate::app::Hub;
use crate::error::HubError;
use crate::right::Right;
use crate::store;
use crate::store::replicas::ReplicaRow;
use crate::store::state::Moment;
use crate::streams::Followed;
use crate::upkeep;
use crate::watch::{self, Judged};

/// On which each tells the others that it has ordered something.
const CHANNEL: &str = "lapor_order";
/// How often a process looks for itself.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// What looking may take: a database that does not answer leads nobody anywhere.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a process tells what it sees.
const BEAT_EVERY: Duration = Duration::from_secs(2);
/// How long a process keeps trying to reach a database that answers others.
const STUCK: Duration = Duration::from_mins(1);
/// A process that has told nothing for so long is not at work.
const SILENT: Duration = Duration::from_secs(10);
/// How long one is not at work before what is left of it is taken away.
const GONE: Duration = Duration::from_mins(1);

/// What this process knows of the others.
#[derive(Debug)]
pub struct Replicas {
    /// Whether there can be others.
    shares: bool,
    leads: AtomicBool,
    beat: AtomicI64,
    others: Mutex<HashMap<String, Other>>,
}

/// Another process, as it has told of itself.
#[derive(Debug)]
struct Other {
    beat: i64,
    /// Since when nothing else has come of it.
    since: Instant,
    /// Whether anything has come of it since this process began: what is left of a process that is
    /// gone stands in the database as well.
    moves: bool,
    seen: Seen,
}

/// What one process of a hub sees and no other.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Seen {
    /// Unix ms; before that it heard nobody. 0 where it does not say.
    pub began_at: i64,
    pub connections: HashMap<InstanceId, usize>,
    /// Unix ms; when each was heard last.
    pub contacts: HashMap<InstanceId, i64>,
    pub refusals: HashMap<InstanceId, Judged>,
    pub twice: HashSet<InstanceId>,
}

impl Replicas {
    pub fn of(db: &Db) -> Self {
        Self {
            shares: db.kind() == Kind::Postgres,
            leads: AtomicBool::new(true),
            beat: AtomicI64::new(0),
            others: Mutex::default(),
        }
    }

    /// This process serves, beside others where there can be any: it leads once it has the seat.
    pub fn begin(&self) {
        self.leads.store(!self.shares, Ordering::SeqCst);
    }

    /// Whether this process does what one has to do. Several may believe so for a moment, and none.
    pub fn leads(&self) -> bool {
        self.leads.load(Ordering::SeqCst)
    }

    /// How many processes of this hub are at work, this one included.
    pub fn count(&self) -> usize {
        self.count_at(Instant::now())
    }

    fn count_at(&self, now: Instant) -> usize {
        let others = self.lock();
        1 + others.values().filter(|one| one.is_at_work(now)).count()
    }

    /// What all processes of this hub see together.
    pub fn see(&self, hub: &Hub) -> Seen {
        let (mut seen, now) = (Seen::of(hub), Instant::now());
        for other in self.lock().values().filter(|one| one.is_at_work(now)) {
            seen.join(&other.seen);
        }
        seen
    }

    fn set_leads(&self, leads: bool) {
        if self.leads.swap(leads, Ordering::SeqCst) != leads {
            tracing::info!(
                leads,
                "who does what one process of this hub has to do has changed"
            );
        }
    }

    /// Takes in what stands in the database of the others; says who is gone for good.
    fn take_in(&self, rows: &[ReplicaRow], now: Instant) -> Result<Vec<(String, i64)>, HubError> {
        let mut others = self.lock();
        others.retain(|name, _| rows.iter().any(|row| row.name == *name));
        for row in rows {
            let known = others.get(&row.name);
            if known.is_some_and(|known| known.beat == row.beat) {
                continue;
            }
            let other = Other {
                beat: row.beat,
                since: now,
                moves: known.is_some(),
                seen: serde_json::from_str(&row.seen).map_err(HubError::damaged)?,
            };
            others.insert(row.name.clone(), other);
        }
        let gone = others.iter().filter(|(_, one)| now - one.since > GONE);
        Ok(gone.map(|(name, one)| (name.clone(), one.beat)).collect())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Other>> {
        self.others.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Other {
    fn is_at_work(&self, now: Instant) -> bool {
        self.moves && now - self.since <= SILENT
    }
}

impl Seen {
    fn of(hub: &Hub) -> Self {
        let now = hub.now_ms();
        Self {
            began_at: hub.contacts.began_at(now),
            connections: hub.connections.counts(),
            contacts: hub.contacts.all(now),
            refusals: hub.watch.refusals.all(),
            twice: hub.watch.copies.at(now),
        }
    }

    /// Adds what another process sees.
    fn join(&mut self, other: &Self) {
        if other.began_at > 0 {
            self.began_at = self.began_at.min(other.began_at);
        }
        for (instance, count) in &other.connections {
            *self.connections.entry(instance.clone()).or_default() += count;
        }
        for (instance, at) in &other.contacts {
            let known = self.contacts.entry(instance.clone()).or_insert(*at);
            *known = (*known).max(*at);
        }
        for (instance, judged) in &other.refusals {
            let known = self.refusals.entry(instance.clone()).or_insert(*judged);
            if known.at < judged.at {
                *known = *judged;
            }
        }
        self.twice.extend(other.twice.iter().cloned());
    }
}

/// Tells the others that something has been ordered, once this transaction is committed.
pub async fn tell(tx: &mut Tx, right: &Right) -> Result<(), DbError> {
    tx.tell(CHANNEL, right.name()).await
}

/// Whether a process can have a seat at all: without one nobody would ever lead.
pub async fn try_seat(db: &Db) -> Result<(), DbError> {
    db.sit(CHANNEL).await.map(drop)
}

/// Follows the others for as long as it runs. What fails is tried again.
pub async fn run(hub: &Hub) {
    let mut stuck_since = None;
    loop {
        let Err(error) = attend(hub, &mut stuck_since).await;
        hub.replicas.set_leads(false);
        tracing::warn!(%error, "the other processes of this hub could not be followed");
        sleep(LOOK_EVERY).await;
    }
}

async fn attend(hub: &Hub, stuck_since: &mut Option<Instant>) -> Result<Infallible, HubError> {
    let seated = hub.ground.db.sit(CHANNEL).await;
    let Some(mut seat) = seated.inspect_err(|_| *stuck_since = None)? else {
        return std::future::pending().await;
    };
    let mut beat_at = Instant::now();
    loop {
        hub.replicas.set_leads(seat.leads().await?);
        if let Err(error) = patiently(keep_up(hub, &mut beat_at)).await {
            if seat.could_write().await? {
                let since = stuck_since.get_or_insert_with(Instant::now);
                if since.elapsed() > STUCK {
                    hub.sequencer.end_by(&HubError::Unanswered);
                }
            }
            return Err(error);
        }
        *stuck_since = None;
        listen(hub, &mut seat, Instant::now() + LOOK_EVERY).await?;
    }
}

async fn keep_up(hub: &Hub, beat_at: &mut Instant) -> Result<(), HubError> {
    look(hub).await?;
    if *beat_at <= Instant::now() {
        exchange(hub).await?;
        *beat_at = Instant::now() + BEAT_EVERY;
    }
    Ok(())
}

/// Follows at once whatever another process has ordered, until a moment.
async fn listen(hub: &Hub, seat: &mut Seat, until: Instant) -> Result<(), HubError> {
    let own = hub.sequencer.right().name();
    loop {
        let within = until.saturating_duration_since(Instant::now());
        let Some(word) = seat.hear(within).await? else {
            return Ok(());
        };
        let mut of_others = word != own;
        // What came meanwhile is followed together.
        while let Some(word) = seat.hear(Duration::ZERO).await? {
            of_others |= word != own;
        }
        if of_others {
            patiently(look(hub)).await?;
        }
        if until <= Instant::now() {
            return Ok(());
        }
    }
}

/// Follows the order and the directory, and learns whether this process may go on.
pub async fn look(hub: &Hub) -> Result<(), HubError> {
    let ground = &hub.ground;
    // Asked for first: what memory has by now was committed before the database is read.
    let (followed, version) = (hub.streams.followed(), ground.directory.current().version());
    let mut tx = ground.db.read().await?;
    hub.sequencer.check(&mut tx).await?;
    let moment = store::state::moment(&mut tx).await?;
    // What lies before the last message is looked at in catching up.
    let now = Followed::from(&moment);
    let is_there = followed.number < now.number || followed == now;
    if !is_there || moment.directory < version {
        hub.sequencer.end_by(&HubError::Receded);
        return Err(HubError::Receded);
    }
    catch_up(hub, &mut tx, &moment).await?;
    tx.rollback().await?;
    if moment.directory > ground.directory.current().version() {
        ground.directory.look(&ground.db).await?;
    }
    Ok(())
}

/// Has the heads in memory follow what other processes have ordered by a moment, and wakes who waits for
/// them.
pub async fn catch_up(hub: &Hub, tx: &mut Tx, moment: &Moment) -> Result<(), HubError> {
    let (followed, now) = (hub.streams.followed(), Followed::from(moment));
    if followed.number < now.number {
        if store::envelopes::at(tx, followed.number).await? != followed.last {
            hub.sequencer.end_by(&HubError::Receded);
            return Err(HubError::Receded);
        }
        let grown = store::deliveries::grown(tx, followed.number).await?;
        hub.streams.follow(now, grown);
    }
    Ok(())
}

/// Tells the others what this process sees, and takes in what they have told.
async fn exchange(hub: &Hub) -> Result<(), HubError> {
    let (replicas, name) = (&hub.replicas, hub.sequencer.right().name());
    let told = if replicas.lock().is_empty() {
        Seen::default()
    } else {
        Seen::of(hub)
    };
    let row = ReplicaRow {
        name: name.to_owned(),
        beat: replicas.beat.fetch_add(1, Ordering::SeqCst),
        seen: serde_json::to_string(&told).map_err(HubError::damaged)?,
    };
    let mut tx = hub.ground.db.write().await?;
    store::replicas::put(&mut tx, &row).await?;
    let rows = store::replicas::others(&mut tx, name).await?;
    tx.commit().await?;
    let gone = replicas.take_in(&rows, Instant::now())?;
    if gone.is_empty() || !replicas.leads() {
        return Ok(());
    }
    let mut tx = hub.ground.db.write().await?;
    for (name, beat) in &gone {
        if store::replicas::forget(&mut tx, name, *beat).await? {
            upkeep::interrupt_of(&mut tx, hub.now_ms(), name).await?;
            watch::end_of(&mut tx, name).await?;
        }
    }
    Ok(tx.commit().await?)
}

async fn patiently(work: impl Future<Output = Result<(), HubError>>) -> Result<(), HubError> {
    let done = timeout(PATIENCE, work).await;
    done.map_err(|_| DbError::Unavailable("PostgreSQL does not answer".into()))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, beat: i64, seen: &Seen) -> ReplicaRow {
        ReplicaRow {
            name: name.to_owned(),
            beat,
            seen: serde_json::to_string(seen).unwrap(),
        }
    }

    fn none() -> Replicas {
        Replicas {
            shares: true,
            leads: AtomicBool::new(false),
            beat: AtomicI64::new(0),
            others: Mutex::default(),
        }
    }

    #[test]
    fn a_process_is_at_work_while_it_tells_something_and_is_gone_at_last() {
        let (replicas, seen) = (none(), Seen::default());
        let begin = Instant::now();
        let told = |beat, at| replicas.take_in(&[row("a", beat, &seen)], at).unwrap();
        assert_eq!(told(7, begin), []);
        assert_eq!(replicas.count_at(begin), 1, "it may be what is left of one");
        assert_eq!(told(8, begin), []);
        assert_eq!(replicas.count_at(begin + SILENT), 2);
        assert_eq!(told(8, begin + SILENT), []);
        assert_eq!(replicas.count_at(begin + SILENT + BEAT_EVERY), 1);
        let late = begin + GONE + BEAT_EVERY;
        assert_eq!(told(8, late), [("a".to_owned(), 8)]);
        assert_eq!(told(9, late), [], "it woke up");
        assert_eq!(replicas.count_at(late), 2);
        assert_eq!(replicas.take_in(&[], late).unwrap(), []);
        assert_eq!(replicas.count_at(late), 1);
    }

    #[test]
    fn what_processes_see_is_joined_by_what_was_seen_last() {
        let [one, other]: [InstanceId; 2] =
            ["kota-bandung", "kota-palu"].map(|slug| slug.parse().unwrap());
        let judged = |since, at| Judged { since, at };
        let mut here = Seen {
            began_at: 500,
            connections: HashMap::from([(one.clone(), 1)]),
            contacts: HashMap::from([(one.clone(), 900)]),
            refusals: HashMap::from([(one.clone(), judged(Some(600), 900))]),
            twice: HashSet::new(),
        };
        let there = Seen {
            began_at: 100,
            connections: HashMap::from([(one.clone(), 1), (other.clone(), 2)]),
            contacts: HashMap::from([(one.clone(), 800), (other.clone(), 700)]),
            refusals: HashMap::from([(one.clone(), judged(None, 950))]),
            twice: HashSet::from([other.clone()]),
        };
        here.join(&there);
        here.join(&Seen::default());
        let expected = Seen {
            began_at: 100,
            connections: HashMap::from([(one.clone(), 2), (other.clone(), 2)]),
            contacts: HashMap::from([(one.clone(), 900), (other.clone(), 700)]),
            refusals: HashMap::from([(one, judged(None, 950))]),
            twice: HashSet::from([other]),
        };
        assert_eq!(here, expected);
    }
}
