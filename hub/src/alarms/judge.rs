//! Whether what a rule looks for stands. What cannot be known now, because an
//! institution has not spoken since the hub began or long ago, is neither:
//! an alarm is not raised by it and does not end by it.

use lapor_protocol::directory::Status;

use super::condition::Own;
use crate::watch::{Concern, Finding, Instance, State};

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

/// Whether an institution gives a reason for an alarm.
pub fn institution(of: &Instance, concern: Concern, least: State) -> Verdict {
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
    let told = of.told.as_ref().map(|told| told.at);
    let known = match concern {
        // What was refused before the start is refused again once the institution is heard.
        Concern::Silent | Concern::Refused => since_start(of.last_contact),
        Concern::Unreported => since_start(told),
        // Judged only by a report that is not too old.
        Concern::Unsent
        | Concern::SetAside
        | Concern::Clock
        | Concern::Version
        | Concern::Disk
        | Concern::Backup => told.is_some() && found(Concern::Unreported).is_none(),
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
