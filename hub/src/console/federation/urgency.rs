//! What comes first among the institutions of a colour.

use std::cmp::Reverse;

use crate::watch::{Concern, Finding, Health};

/// What comes first among those of a colour: the rank of what gives it to them,
/// and how bad that is.
pub(super) fn urgency(of: &Health) -> (u8, Reverse<i64>) {
    let give = of.findings.iter().filter(|found| found.state == of.state);
    let urgent = give.map(|found| (rank(found.concern), Reverse(extent(found))));
    urgent.min().unwrap_or((u8::MAX, Reverse(0)))
}

/// What breaks the exchange comes before what only may.
fn rank(concern: Concern) -> u8 {
    match concern {
        Concern::Frozen => 0,
        Concern::Twice => 1,
        Concern::Refused => 2,
        Concern::Silent => 3,
        Concern::Apart => 4,
        Concern::Unapplied => 5,
        Concern::Unsent => 6,
        Concern::SetAside => 7,
        Concern::Unreported => 8,
        Concern::Certificate => 9,
        Concern::Directory => 10,
        Concern::Disk => 11,
        Concern::Clock => 12,
        Concern::Backup => 13,
        Concern::Version => 14,
    }
}

/// More is worse, in the unit of the concern; what is not known has lasted longest.
fn extent(found: &Finding) -> i64 {
    let Some(measured) = found.measured else {
        return i64::MAX;
    };
    match found.concern {
        Concern::Certificate | Concern::Disk => measured.saturating_neg(),
        Concern::Clock => measured.saturating_abs(),
        _ => measured,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::watch::State as Colour;

    fn found(concern: Concern, state: Colour, measured: Option<i64>) -> Finding {
        Finding {
            concern,
            state,
            measured,
        }
    }

    fn red(concern: Concern, measured: Option<i64>) -> Health {
        Health {
            state: Colour::Red,
            findings: vec![found(concern, Colour::Red, measured)],
        }
    }

    #[test]
    fn the_worst_of_a_colour_come_by_what_is_wrong_and_then_by_how_long() {
        let backup = Health {
            state: Colour::Red,
            findings: vec![
                found(Concern::Backup, Colour::Red, Some(5)),
                found(Concern::Silent, Colour::Yellow, Some(900)),
            ],
        };
        let keys = [
            red(Concern::Frozen, None),
            red(Concern::Silent, None),
            red(Concern::Silent, Some(900)),
            red(Concern::Silent, Some(30)),
            red(Concern::Unapplied, Some(10_000)),
            red(Concern::Certificate, Some(-1)),
            red(Concern::Certificate, Some(7)),
            red(Concern::Clock, Some(-60)),
            red(Concern::Clock, Some(50)),
            backup,
            red(Concern::Version, None),
        ]
        .map(|health| urgency(&health));
        assert!(keys.windows(2).all(|two| two[0] < two[1]), "{keys:?}");
    }

    #[test]
    fn each_concern_has_a_rank_of_its_own() {
        let ranks: BTreeSet<u8> = Concern::ALL.into_iter().map(rank).collect();
        assert_eq!(ranks.len(), Concern::ALL.len());
    }
}
