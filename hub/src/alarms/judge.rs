//! Whether what a rule looks for stands. What cannot be known now, because an
//! institution has not spoken since the hub began or long ago, is neither:
//! an alarm is not raised by it and does not end by it.

use lapor_protocol::directory::Status;

use super::condition::Own;
use crate::watch::{Bounds, COPY_OVER_MS, Concern, Finding, Instance, State};

/// What a rule finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Stands { level: State, measured: Option<i64> },
    Clear,
    Unknown,
}

/// A concern of the hub's own at one moment; without a finding it is not known.
pub type OwnFinding = (Own, Option<Level>);

/// A colour and what was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    pub state: State,
    pub measured: Option<i64>,
}

/// Whether an institution gives a reason for an alarm, at the moment (Unix ms)
/// of the picture.
pub fn institution(
    of: &Instance,
    concern: Concern,
    least: State,
    (bounds, at): (&Bounds, i64),
) -> Verdict {
    if of.status != Status::Active {
        return Verdict::Clear;
    }
    let found = |concern| {
        let mut findings = of.health.findings.iter();
        findings.find(|finding: &&Finding| finding.concern == concern)
    };
    if let Some(finding) = found(concern).filter(|finding| finding.state >= least) {
        return Verdict::Stands {
            level: finding.state,
            measured: finding.measured,
        };
    }
    let since_start = |at: Option<i64>| at.is_some_and(|at| at >= of.hub_began_at);
    let told = of.told.as_ref();
    let known = match concern {
        Concern::Silent => since_start(of.last_contact),
        // What was refused before the start comes again, later than its first request, or waits no more.
        Concern::Refused => of.judged,
        // Two copies show again to a hub that has listened for so long.
        Concern::Twice => at.saturating_sub(of.hub_began_at) >= COPY_OVER_MS,
        Concern::Unreported => since_start(told.map(|told| told.at)),
        // Judged only by a report that is not too old.
        Concern::Unsent
        | Concern::SetAside
        | Concern::Clock
        | Concern::Version
        | Concern::Disk
        | Concern::Backup => told.is_some_and(|told| told.is_fresh(bounds, at)),
        Concern::Unapplied
        | Concern::Apart
        | Concern::Certificate
        | Concern::Frozen
        | Concern::Directory => true,
    };
    if known {
        Verdict::Clear
    } else {
        Verdict::Unknown
    }
}

/// Whether the hub itself gives a reason for one.
pub fn own(found: &[OwnFinding], concern: Own, least: State) -> Verdict {
    let level = found.iter().find(|(of, _)| *of == concern);
    match level.and_then(|(_, level)| *level) {
        None => Verdict::Unknown,
        Some(Level { state, measured }) if state >= least => Verdict::Stands {
            level: state,
            measured,
        },
        Some(_) => Verdict::Clear,
    }
}
