//! When an institution is green, yellow, red or grey. Every rule is a bound
//! that the operator may move, and a finding says which rule it is and what
//! was measured, so that a colour can always be explained.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::picture::Instance;
use lapor_protocol::directory::Status;

const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
/// A refusal that lasts this long is none that the next attempt mends.
const REFUSED_MS: i64 = MINUTE_MS;

/// The colours, from the calmest to the worst.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Not expected to speak: it has not joined, or is suspended or revoked.
    Grey,
    Green,
    Yellow,
    Red,
}

/// What a finding is about.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Concern {
    /// Nothing has been heard of it.
    Silent,
    /// Messages wait at the institution.
    Unsent,
    /// Messages for it wait, or it has not applied them.
    Unapplied,
    /// What it says of the streams is not what the hub knows.
    Apart,
    /// Messages that it could not apply or send.
    SetAside,
    /// Its certificate is about to end.
    Certificate,
    /// Its clock differs from the hub's.
    Clock,
    /// It runs an older version than the hub.
    Version,
    Disk,
    Backup,
    /// Two messages have claimed one position of its chain.
    Frozen,
    /// Two copies of its node talk to the hub.
    Twice,
    /// The hub does not take what it sends.
    Refused,
    /// It has not taken in the directory that is in force.
    Directory,
    /// It polls and does not say how it is.
    Unreported,
}

impl Concern {
    pub const ALL: [Self; 15] = [
        Self::Silent,
        Self::Unsent,
        Self::Unapplied,
        Self::Apart,
        Self::SetAside,
        Self::Certificate,
        Self::Clock,
        Self::Version,
        Self::Disk,
        Self::Backup,
        Self::Frozen,
        Self::Twice,
        Self::Refused,
        Self::Directory,
        Self::Unreported,
    ];
}

/// One reason for a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    pub concern: Concern,
    pub state: State,
    /// What was measured, in the unit of the concern: milliseconds of an age or
    /// an offset, messages, bytes; `None` where nothing is known.
    pub measured: Option<i64>,
}

/// A colour with its reasons, the worst first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    pub state: State,
    pub findings: Vec<Finding>,
}

/// Where yellow begins, and where red does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Bound {
    pub yellow: i64,
    pub red: i64,
}

/// `[watch]` of `hub.toml`: the bounds of every rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Bounds {
    /// Seconds without a word from the institution; yellow is more than the 25 that its polls last.
    pub silent_seconds: Bound,
    /// Minutes without a report of its own health, which it sends every minute.
    pub report_minutes: Bound,
    /// Minutes that the oldest message waits to be sent or applied.
    pub waiting_minutes: Bound,
    /// Messages set aside.
    pub set_aside: Bound,
    /// Days that its certificate is still good for.
    pub certificate_days: Bound,
    /// Days that the hub's own issuer is still good for, whose end locks everybody out.
    pub issuer_days: Bound,
    /// Seconds by which its clock is wrong.
    pub clock_seconds: Bound,
    /// Bytes free at the institution.
    pub free_disk_bytes: Bound,
    /// Days since its last backup; since it takes part, where it has never made one.
    pub backup_days: Bound,
    /// Days since a backup of the hub itself was last restored on trial and held in all.
    pub trial_days: Bound,
    /// Minutes that it has not taken in the directory in force.
    pub directory_minutes: Bound,
}

impl Default for Bounds {
    fn default() -> Self {
        let bound = |yellow, red| Bound { yellow, red };
        Self {
            silent_seconds: bound(45, 900),
            report_minutes: bound(5, 60),
            waiting_minutes: bound(60, 24 * 60),
            set_aside: bound(1, 100),
            certificate_days: bound(10, 3),
            issuer_days: bound(90, 30),
            clock_seconds: bound(30, 300),
            free_disk_bytes: bound(5 << 30, 1 << 30),
            backup_days: bound(7, 30),
            trial_days: bound(14, 42),
            directory_minutes: bound(10, 24 * 60),
        }
    }
}

impl Bound {
    /// For what is worse the more there is of it.
    pub fn above(self, measured: i64, unit: i64) -> State {
        if measured >= self.red.saturating_mul(unit) {
            State::Red
        } else if measured >= self.yellow.saturating_mul(unit) {
            State::Yellow
        } else {
            State::Green
        }
    }

    /// For what is worse the less there is of it.
    pub fn below(self, measured: i64, unit: i64) -> State {
        if measured < self.red.saturating_mul(unit) {
            State::Red
        } else if measured < self.yellow.saturating_mul(unit) {
            State::Yellow
        } else {
            State::Green
        }
    }
}

impl Bounds {
    /// The field whose two bounds would leave no room for yellow.
    pub fn confused(&self) -> Option<&'static str> {
        let rising = [
            ("silent_seconds", self.silent_seconds),
            ("report_minutes", self.report_minutes),
            ("waiting_minutes", self.waiting_minutes),
            ("set_aside", self.set_aside),
            ("clock_seconds", self.clock_seconds),
            ("backup_days", self.backup_days),
            ("trial_days", self.trial_days),
            ("directory_minutes", self.directory_minutes),
        ];
        let falling = [
            ("certificate_days", self.certificate_days),
            ("issuer_days", self.issuer_days),
            ("free_disk_bytes", self.free_disk_bytes),
        ];
        let wrong = |bound: Bound| bound.yellow < 1 || bound.red < bound.yellow;
        let turned = |bound: Bound| bound.red < 0 || bound.yellow < bound.red;
        let rising = rising.into_iter().find(|(_, bound)| wrong(*bound));
        let falling = falling.into_iter().find(|(_, bound)| turned(*bound));
        rising.or(falling).map(|(field, _)| field)
    }
}

/// Judges what is known of an institution at a moment (Unix ms).
pub fn judge(of: &Instance, bounds: &Bounds, now_ms: i64) -> Health {
    if of.status != Status::Active {
        return Health {
            state: State::Grey,
            findings: Vec::new(),
        };
    }
    let mut findings = streams(of, bounds, now_ms);
    findings.extend(machine(of, bounds, now_ms));
    findings.retain(|finding| finding.state > State::Green);
    findings.sort_by_key(|finding| (std::cmp::Reverse(finding.state), finding.concern));
    Health {
        state: findings.first().map_or(State::Green, |worst| worst.state),
        findings,
    }
}

/// What concerns the exchange.
fn streams(of: &Instance, bounds: &Bounds, now_ms: i64) -> Vec<Finding> {
    let since = |at: i64| now_ms.saturating_sub(at);
    let waiting = |age: Option<i64>| {
        age.map_or(State::Green, |age| {
            bounds.waiting_minutes.above(age, MINUTE_MS)
        })
    };
    let unapplied = of.oldest_unapplied.map(since);
    let apart = of.apart_since.map(since);
    let behind = of.directory_since.map(since);
    let refused = of.refused_since.map(since);
    vec![
        silence(of, bounds, now_ms),
        finding(Concern::Unapplied, waiting(unapplied), unapplied),
        finding(
            Concern::Apart,
            apart.map_or(State::Green, |_| State::Red),
            apart,
        ),
        finding(
            Concern::Frozen,
            if of.frozen { State::Red } else { State::Green },
            None,
        ),
        finding(
            Concern::Twice,
            if of.twice { State::Red } else { State::Green },
            None,
        ),
        finding(
            Concern::Refused,
            match refused {
                Some(age) if age >= REFUSED_MS => State::Red,
                Some(_) => State::Yellow,
                None => State::Green,
            },
            refused,
        ),
        finding(
            Concern::Directory,
            behind.map_or(State::Green, |age| {
                bounds.directory_minutes.above(age, MINUTE_MS)
            }),
            behind,
        ),
    ]
}

/// Whether it is heard; nobody is silent for longer than this hub has listened.
fn silence(of: &Instance, bounds: &Bounds, now_ms: i64) -> Finding {
    let heard = of
        .last_contact
        .map_or(of.hub_began_at, |at| at.max(of.hub_began_at));
    let state = bounds
        .silent_seconds
        .above(now_ms.saturating_sub(heard), SECOND_MS);
    match of.last_contact {
        Some(at) => finding(Concern::Silent, state, Some(now_ms.saturating_sub(at))),
        None => finding(Concern::Silent, state.max(State::Yellow), None),
    }
}

/// What concerns the machine, as it says itself; of what it said too long ago
/// nothing is judged but that.
fn machine(of: &Instance, bounds: &Bounds, now_ms: i64) -> Vec<Finding> {
    let certificate = of.certificate_expires.map(|at| at.saturating_sub(now_ms));
    let certificate = finding(
        Concern::Certificate,
        certificate.map_or(State::Green, |left| {
            bounds.certificate_days.below(left, DAY_MS)
        }),
        certificate,
    );
    let told_at = of.told.as_ref().map(|told| told.at);
    let since = told_at.map_or(of.hub_began_at, |at| at.max(of.hub_began_at));
    let unreported = bounds
        .report_minutes
        .above(now_ms.saturating_sub(since), MINUTE_MS);
    let age = told_at.map(|at| now_ms.saturating_sub(at));
    let unreported = finding(Concern::Unreported, unreported, age);
    let Some(told) = of
        .told
        .as_ref()
        .filter(|told| told.is_fresh(bounds, now_ms))
    else {
        return vec![certificate, unreported];
    };
    let offset = told.clock_offset;
    let free = told.report.free_disk_bytes;
    let disk = free.map(|free| i64::try_from(free).unwrap_or(i64::MAX));
    let backup = told.backup_age(now_ms);
    let backed_up = match backup {
        Some(age) => bounds.backup_days.above(age, DAY_MS),
        None => never_backed_up(of, bounds, now_ms),
    };
    let aside = told.report.quarantined.saturating_add(told.report.parked);
    let aside = i64::try_from(aside).unwrap_or(i64::MAX);
    let unsent = told.unsent_age(now_ms);
    let waits = unsent.map_or(State::Green, |age| {
        bounds.waiting_minutes.above(age, MINUTE_MS)
    });
    let older = is_older(&told.report.software);
    let room = disk.map_or(State::Green, |free| bounds.free_disk_bytes.below(free, 1));
    vec![
        certificate,
        unreported,
        finding(Concern::Unsent, waits, unsent),
        finding(
            Concern::SetAside,
            bounds.set_aside.above(aside, 1),
            Some(aside),
        ),
        finding(
            Concern::Clock,
            bounds
                .clock_seconds
                .above(offset.saturating_abs(), SECOND_MS),
            Some(offset),
        ),
        finding(Concern::Disk, room, disk),
        finding(Concern::Backup, backed_up, backup),
        finding(
            Concern::Version,
            if older { State::Yellow } else { State::Green },
            None,
        ),
    ]
}

/// Whoever has never made a backup has had none since it takes part.
fn never_backed_up(of: &Instance, bounds: &Bounds, now_ms: i64) -> State {
    let age = of.member_since.map(|at| now_ms.saturating_sub(at));
    let state = age.map_or(State::Yellow, |age| bounds.backup_days.above(age, DAY_MS));
    state.max(State::Yellow)
}

fn finding(concern: Concern, state: State, measured: Option<i64>) -> Finding {
    Finding {
        concern,
        state,
        measured,
    }
}

/// Whether a node of ours is of an earlier release than this hub. Software of
/// others has versions of its own.
fn is_older(software: &str) -> bool {
    let release = |version: &str| {
        let mut parts = version.split('.').map(|part| part.parse::<u64>().ok());
        Some((parts.next()??, parts.next()??))
    };
    let theirs = software.strip_prefix("lapor-node ").and_then(release);
    let ours = release(env!("CARGO_PKG_VERSION"));
    matches!((theirs, ours), (Some(theirs), Some(ours)) if theirs < ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever adds a concern says here which comes after which.
    fn next(concern: Concern) -> Option<Concern> {
        Some(match concern {
            Concern::Silent => Concern::Unsent,
            Concern::Unsent => Concern::Unapplied,
            Concern::Unapplied => Concern::Apart,
            Concern::Apart => Concern::SetAside,
            Concern::SetAside => Concern::Certificate,
            Concern::Certificate => Concern::Clock,
            Concern::Clock => Concern::Version,
            Concern::Version => Concern::Disk,
            Concern::Disk => Concern::Backup,
            Concern::Backup => Concern::Frozen,
            Concern::Frozen => Concern::Twice,
            Concern::Twice => Concern::Refused,
            Concern::Refused => Concern::Directory,
            Concern::Directory => Concern::Unreported,
            Concern::Unreported => return None,
        })
    }

    #[test]
    fn no_concern_is_forgotten_where_all_are_listed() {
        let each = std::iter::successors(Some(Concern::Silent), |concern| next(*concern));
        assert_eq!(each.collect::<Vec<_>>(), Concern::ALL);
    }
}
