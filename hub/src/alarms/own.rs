//! How the hub itself stands, for rules about it. Whoever must know that the
//! hub is down asks from outside: `/readyz` and `/metrics`.

use lapor_migrations::Tx;
use lapor_web::monitor::free_disk_bytes;

use super::condition::Own;
use super::judge::{Level, OwnFinding};
use crate::app::Hub;
use crate::error::HubError;
use crate::monitor::folders;
use crate::store::approvals::Waiting;
use crate::trials::Standing;
use crate::upkeep::{self, Outcome};
use crate::watch::{Bound, Picture, State};
use crate::{damage, keys, restored, store};

const MINUTE_MS: i64 = 60_000;
const SECOND_MS: i64 = 1_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
/// Seconds since the federation was looked at, which is done every few.
const WATCH: Bound = Bound {
    yellow: 30,
    red: 120,
};
/// Minutes that a letter about alarms waits.
const LETTERS: Bound = Bound {
    yellow: 30,
    red: 4 * 60,
};

/// Milliseconds before an act lapses that nobody has decided, from which on it presses.
const LAPSES_MS: i64 = 4 * 60 * MINUTE_MS;
/// Milliseconds that an institution waits to be let in, from which on it presses.
const JOINS_MS: i64 = 3 * DAY_MS;

/// Reads how it stands.
pub async fn look(hub: &Hub, tx: &mut Tx, picture: &Picture) -> Result<Vec<OwnFinding>, HubError> {
    let (now, settings) = (hub.now_ms(), hub.settings());
    let made = upkeep::last_backup(tx).await?;
    // When one was made by a clock that has been set back since is not known.
    let backup = made.filter(|at| at.saturating_sub(now) < DAY_MS);
    let letters = store::alarms::deliveries::trouble(tx).await?;
    Ok(vec![
        (Own::Sequencer, Some(queue(hub))),
        (Own::Record, Some(record(hub, tx).await?)),
        (Own::Disk, disk(hub)),
        (
            Own::Backup,
            Some(match backup.map(|at| now.saturating_sub(at)) {
                Some(age) => level(settings.watch.backup_days.above(age, DAY_MS), Some(age)),
                None => level(State::Yellow, None),
            }),
        ),
        (
            Own::Trial,
            Some(trial(hub, Standing::read(tx, now).await?, made.is_some())),
        ),
        (Own::Certificate, certificate(hub, now)),
        (Own::Issuer, Some(issuer(hub, now))),
        (
            Own::Letters,
            Some(waiting(letters.oldest, letters.died_at, now)),
        ),
        (Own::Watch, Some(watch(hub, picture, now))),
        (
            Own::Approval,
            Some(approval(
                &store::approvals::waiting(tx, now).await?,
                picture,
                now,
            )),
        ),
    ])
}

fn level(state: State, measured: Option<i64>) -> Level {
    Level { state, measured }
}

fn queue(hub: &Hub) -> Level {
    let (waiting, room) = (
        hub.sequencer.waiting(),
        hub.settings().limits.queued_batches,
    );
    let state = match waiting {
        waiting if waiting >= room => State::Red,
        waiting if waiting * 2 >= room.max(2) => State::Yellow,
        _ => State::Green,
    };
    level(state, i64::try_from(waiting).ok())
}

/// While a restore is open, whoever shows what cannot be read may hold what is lost.
async fn record(hub: &Hub, tx: &mut Tx) -> Result<Level, HubError> {
    if hub.witness.known_loss().is_some() {
        return Ok(level(State::Red, None));
    }
    let damaged = damage::all(tx).await?.len();
    if damaged > 0 {
        return Ok(level(State::Red, i64::try_from(damaged).ok()));
    }
    let doubtful = hub.witness.is_shown_unread() && restored::open(tx).await?.is_some();
    let state = if doubtful { State::Red } else { State::Green };
    Ok(level(state, None))
}

/// Less than the room with which the hub is not ready is red, less than twice of it yellow.
fn disk(hub: &Hub) -> Option<Level> {
    let folders = folders(hub.settings());
    let free = free_disk_bytes(folders.iter().map(std::path::PathBuf::as_path))?;
    let free = i64::try_from(free).unwrap_or(i64::MAX);
    let least = i64::try_from(hub.settings().monitor.free_disk_bytes).unwrap_or(i64::MAX);
    let bound = Bound {
        yellow: least.saturating_mul(2),
        red: least,
    };
    Some(level(bound.below(free, 1), Some(free)))
}

/// That there is no backup at all is a finding of its own.
fn trial(hub: &Hub, standing: Standing, has_backup: bool) -> Level {
    if standing.outcome() == Some(Outcome::Failed) {
        return level(State::Red, None);
    }
    let age = standing.sound.map(|at| hub.now_ms().saturating_sub(at));
    let bound = hub.settings().watch.trial_days;
    let aged = match age {
        Some(age) => bound.above(age, DAY_MS),
        None if has_backup => State::Yellow,
        None => State::Green,
    };
    let not_run = standing.outcome() == Some(Outcome::Aborted);
    let least = if not_run { State::Yellow } else { State::Green };
    level(aged.max(least), age)
}

fn certificate(hub: &Hub, now: i64) -> Option<Level> {
    let left = keys::credential_ends(hub.settings())?.saturating_sub(now);
    let bound = hub.settings().watch.certificate_days;
    Some(level(bound.below(left, DAY_MS), Some(left)))
}

/// The hub's own certificate is renewed by itself; the issuer waits for whoever has the root's key.
fn issuer(hub: &Hub, now: i64) -> Level {
    let ends = hub.ground.certifier().issuer.not_after_ms();
    let left = ends.saturating_sub(now);
    let bound = hub.settings().watch.issuer_days;
    level(bound.below(left, DAY_MS), Some(left))
}

/// Of a picture that was never made it counts from when the hub began. One of the future was made
/// before the clock was set back, and is none of this moment either.
fn watch(hub: &Hub, picture: &Picture, now: i64) -> Level {
    let made = (picture.at > 0).then_some(picture.at);
    let since = made.unwrap_or_else(|| hub.contacts.began_at(now));
    let age = now.saturating_sub(since).saturating_abs();
    let measured = made.map(|_| age);
    level(WATCH.above(age, SECOND_MS), measured)
}

/// What operators must decide; nothing waits unnoticed, and least of all until it has lapsed.
fn approval(asked: &Waiting, picture: &Picture, now: i64) -> Level {
    let joined = picture.instances.values().filter_map(|of| of.waits_since);
    let joined = joined.min();
    let Some(since) = asked.oldest.into_iter().chain(joined).min() else {
        return level(State::Green, None);
    };
    let lapses = asked
        .lapses_at
        .is_some_and(|at| at.saturating_sub(now) < LAPSES_MS);
    let presses = lapses || joined.is_some_and(|at| now.saturating_sub(at) >= JOINS_MS);
    let state = if presses { State::Red } else { State::Yellow };
    level(state, Some(now.saturating_sub(since)))
}

/// One that was given up within the last day is as bad as one that waits for long.
fn waiting(oldest: Option<i64>, died_at: Option<i64>, now: i64) -> Level {
    let age = oldest.map(|at| now.saturating_sub(at));
    let waits = age.map_or(State::Green, |age| LETTERS.above(age, MINUTE_MS));
    let died = died_at.is_some_and(|at| now.saturating_sub(at) < DAY_MS);
    level(if died { State::Red } else { waits }, age)
}
