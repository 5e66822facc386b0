//! Looks at every state of a run, or until something is missed.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use stateright::{Checker, CheckerBuilder, HasDiscoveries, Model};

use crate::federation::{Federation, Step};
use crate::invariants::ALWAYS;
use crate::rules::Rules;
use crate::runs::Run;

/// What a run has found.
#[derive(Debug)]
pub struct Report {
    pub states: usize,
    pub depth: usize,
    pub took: Duration,
    /// Properties that do not hold, each with steps that show it.
    pub wrong: Vec<(&'static str, Vec<Step>)>,
    /// What should be possible and never came about.
    pub missing: Vec<&'static str>,
}

impl Run {
    /// Looks at every state within the bounds; `rules` says which rules are kept.
    pub fn check(self, rules: Rules, threads: usize) -> Report {
        let began = Instant::now();
        // Depth first: what waits to be looked at takes little memory.
        let checker = self.checker(rules).threads(threads).spawn_dfs().join();
        let report = Report::of(&checker, began);
        if report.wrong.is_empty() {
            return report;
        }
        // Breadth first: the shortest way to what is wrong.
        let checker = self.checker(rules).threads(threads).spawn_bfs().join();
        Report::of(&checker, began)
    }

    /// Looks until this property is found not to hold, or at every state; the others that are
    /// found not to hold before are in the report, too.
    pub fn miss(self, rules: Rules, property: &str) -> Report {
        let began = Instant::now();
        let all = ALWAYS.iter().map(|(name, _)| *name);
        let name: BTreeSet<_> = all
            .filter(|name| name.split(' ').next() == Some(property))
            .collect();
        let checker = self
            .checker(rules)
            .finish_when(HasDiscoveries::AllOf(name))
            .spawn_bfs()
            .join();
        Report::of(&checker, began)
    }

    fn checker(self, rules: Rules) -> CheckerBuilder<Federation> {
        let bounds = self.bounds;
        let checker = Federation { rules, bounds }.checker();
        checker.finish_when(HasDiscoveries::AnyFailures)
    }
}

impl Report {
    fn of(checker: &impl Checker<Federation>, began: Instant) -> Self {
        let mut found = checker.discoveries();
        let wrong = ALWAYS.iter().filter_map(|(name, _)| {
            let path = found.remove(name)?;
            Some((*name, path.into_actions()))
        });
        let wrong = wrong.collect();
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
