//! The bounds within which the federation is checked: each run says what may go wrong in it.

use std::time::{Duration, Instant};

use stateright::{Checker, CheckerBuilder, HasDiscoveries, Model};

use crate::invariants::ALWAYS;
use crate::rules::{Bounds, Rules};
use crate::world::{Federation, Step};

/// A name and its bounds.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    pub name: &'static str,
    pub bounds: Bounds,
}

/// What a run has found.
#[derive(Debug)]
pub struct Report {
    pub states: usize,
    pub depth: usize,
    pub took: Duration,
    /// The property that does not hold, and the steps that show it.
    pub wrong: Option<(&'static str, Vec<Step>)>,
    /// What should be possible and never came about.
    pub missing: Vec<&'static str>,
}

const NOTHING: Bounds = Bounds {
    crashes: 0,
    lost: 0,
    delayed: 0,
    doubled: 0,
    standbys: 0,
    node_restores: 0,
    hub_restores: 0,
    unmarked: false,
    impatient: false,
};

/// What the tests check.
pub const SMALL: [Run; 7] = [
    Run {
        name: "nothing goes wrong",
        bounds: NOTHING,
    },
    Run {
        name: "lost and crashed",
        bounds: Bounds {
            crashes: 1,
            lost: 1,
            ..NOTHING
        },
    },
    Run {
        name: "late and doubled",
        bounds: Bounds {
            delayed: 1,
            doubled: 1,
            ..NOTHING
        },
    },
    Run {
        name: "standby",
        bounds: Bounds {
            standbys: 1,
            lost: 1,
            ..NOTHING
        },
    },
    Run {
        name: "node restored",
        bounds: Bounds {
            node_restores: 1,
            delayed: 1,
            unmarked: true,
            ..NOTHING
        },
    },
    Run {
        name: "hub restored",
        bounds: Bounds {
            hub_restores: 1,
            lost: 1,
            ..NOTHING
        },
    },
    Run {
        name: "hub restored, too quick",
        bounds: Bounds {
            hub_restores: 1,
            unmarked: true,
            impatient: true,
            ..NOTHING
        },
    },
];

/// What `make model` checks beside these.
pub const LARGE: [Run; 5] = [
    Run {
        name: "lost, crashed, late and doubled",
        bounds: Bounds {
            crashes: 1,
            lost: 1,
            delayed: 1,
            doubled: 1,
            ..NOTHING
        },
    },
    Run {
        name: "crashed twice, lost twice",
        bounds: Bounds {
            crashes: 2,
            lost: 2,
            ..NOTHING
        },
    },
    Run {
        name: "standby, late and crashed",
        bounds: Bounds {
            standbys: 1,
            delayed: 1,
            crashes: 1,
            ..NOTHING
        },
    },
    Run {
        name: "node restored, crashed and lost",
        bounds: Bounds {
            node_restores: 1,
            crashes: 1,
            lost: 1,
            unmarked: true,
            ..NOTHING
        },
    },
    Run {
        name: "hub restored, crashed and late",
        bounds: Bounds {
            hub_restores: 1,
            crashes: 1,
            delayed: 1,
            unmarked: true,
            impatient: true,
            ..NOTHING
        },
    },
];

impl Run {
    /// Looks at every state within the bounds; `rules` says which rules are kept.
    pub fn check(self, rules: Rules, threads: usize) -> Report {
        let began = Instant::now();
        if rules == Rules::KEPT {
            // Depth first: what waits to be looked at takes little memory.
            let checker = self.checker(rules, threads).spawn_dfs().join();
            let report = Report::of(&checker, began);
            if report.wrong.is_none() {
                return report;
            }
        }
        // Breadth first: the shortest way to what is wrong.
        let checker = self.checker(rules, threads).spawn_bfs().join();
        Report::of(&checker, began)
    }

    fn checker(self, rules: Rules, threads: usize) -> CheckerBuilder<Federation> {
        let bounds = self.bounds;
        let checker = Federation { rules, bounds }.checker();
        checker
            .threads(threads)
            .finish_when(HasDiscoveries::AnyFailures)
    }
}

impl Report {
    fn of(checker: &impl Checker<Federation>, began: Instant) -> Self {
        let mut found = checker.discoveries();
        let mut always = ALWAYS.iter().map(|(name, _)| *name);
        let wrong = always.find(|name| found.contains_key(name));
        let wrong = wrong.and_then(|name| Some((name, found.remove(name)?.into_actions())));
        let possible = checker.model().properties().into_iter().skip(ALWAYS.len());
        let missing = possible.map(|property| property.name);
        Self {
            states: checker.unique_state_count(),
            depth: checker.max_depth(),
            took: began.elapsed(),
            wrong,
            missing: missing.filter(|name| !found.contains_key(name)).collect(),
        }
    }
}
