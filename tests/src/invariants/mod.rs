//! What must hold of a federation at any moment, read from the databases of
//! its hub and nodes and from nothing that they say of themselves.
//!
//! Names and letters are those of the list of invariants: S1 is that the hub
//! holds a gapless prefix of what each author wrote, byte for byte; and so on.
//! A check says how much it looked at, so that one that saw nothing shows.

mod canaries;
mod copies;
mod ledger;
mod streams;

use std::collections::BTreeMap;

use lapor_migrations::Db;
use lapor_protocol::ids::InstanceId;
use serde::Serialize;

pub use canaries::{Canaries, search_folder};

/// Invariants by name, each with what it is about.
pub const NAMES: [(&str, &str); 10] = [
    (
        "prefix",
        "S1: the hub holds a gapless prefix of what each author wrote, byte for byte",
    ),
    ("no_loss", "S2: what a receipt covers is at the hub"),
    ("exactly_once", "S4: no message has an effect twice"),
    (
        "authentic",
        "S12, S13: every envelope verifies under its author's key at its position",
    ),
    (
        "chains",
        "S5, S7: every message names the one before it; no position is held twice",
    ),
    (
        "delivery",
        "S8: every stream is gapless, and every party of a case has all of it, once",
    ),
    (
        "cursors",
        "S9: what is settled is accepted, and what is accepted exists",
    ),
    (
        "receipts",
        "S10: every receipt is true, and the author holds the same one",
    ),
    (
        "custody",
        "S16: the rulings follow from the rules, and all copies of a case are equal",
    ),
    (
        "confidential",
        "S17: no word of a case and no identity stands at the hub",
    ),
];

/// What one invariant looked at, and what is wrong with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Check {
    pub looked_at: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wrong: Vec<String>,
}

/// The state of a federation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    pub checks: BTreeMap<&'static str, Check>,
    /// Own messages of a node that a receipt covers and the hub does not hold.
    pub lost: u64,
    /// Messages with more than one effect.
    pub duplicated: u64,
    /// Envelopes at the hub.
    pub messages: u64,
    /// Cases at the hub.
    pub cases: u64,
    /// Messages by kind that had an effect.
    pub applied: BTreeMap<String, u64>,
    /// Nodes that have not yet sent, received or settled everything, and why.
    pub behind: BTreeMap<InstanceId, String>,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn holds(&self) -> bool {
        self.checks.values().all(|check| check.wrong.is_empty())
    }

    /// Everything that is wrong, a line each.
    pub fn wrongs(&self) -> Vec<String> {
        let each = self.checks.iter();
        let lines = each.flat_map(|(name, check)| {
            check
                .wrong
                .iter()
                .map(move |wrong| format!("{name}: {wrong}"))
        });
        lines.collect()
    }

    /// Panics with all that is wrong.
    #[track_caller]
    pub fn assert(&self) {
        assert!(self.holds(), "\n{}", self.wrongs().join("\n"));
    }

    /// Panics if an invariant is broken or a node is behind.
    #[track_caller]
    pub fn assert_settled(&self) {
        self.assert();
        assert!(self.behind.is_empty(), "behind: {:?}", self.behind);
    }

    fn saw(&mut self, name: &'static str, count: usize) {
        self.checks.entry(name).or_default().looked_at += count as u64;
    }

    fn wrong(&mut self, name: &'static str, what: impl Into<String>) {
        self.checks.entry(name).or_default().wrong.push(what.into());
    }
}

/// Looks at a hub and its nodes. Neither needs to have stopped, but what they
/// write meanwhile may show as `behind`. `canaries` are words of cases and of
/// identities, unusual enough to stand nowhere by chance.
pub async fn check(
    hub: &Db,
    nodes: &[(InstanceId, Db)],
    canaries: &[String],
) -> anyhow::Result<Report> {
    let mut report = Report::default();
    for (name, _) in NAMES {
        report.saw(name, 0);
    }
    // Nodes first: what they hold, the hub must hold by the time it is read.
    let mut copies = Vec::with_capacity(nodes.len());
    for (id, db) in nodes {
        copies.push(copies::read(id, db).await?);
    }
    let ledger = ledger::read(hub).await?;
    let history = ledger::audit(&ledger, &mut report)?;
    streams::check(&ledger, &history, &mut report);
    for copy in &copies {
        copies::check(copy, &ledger, &history, &mut report);
    }
    let words = Canaries::new(canaries);
    canaries::search_database(hub, &words, &mut report).await?;
    Ok(report)
}
