//! A run from its beginning to its end: how far it is, what it came to, and the line that is kept of it.

use super::report::{Became, Report};
use super::settings::BridgeSettingsError;
use super::wire::{Sp4n, Unheard};
use crate::chance::random;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::bridge::RunRow;

/// Runs that are listed.
const LISTED: i64 = 50;

/// Told how many are done of how many.
pub type Progress<'a> = &'a mut (dyn FnMut(usize, usize) + Send);

/// Why a run could not begin, or ended in its middle by a fault of this node.
#[derive(Debug, thiserror::Error)]
pub enum BridgeError {
    #[error(transparent)]
    Settings(#[from] BridgeSettingsError),
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The table is not one, which is its author's to mend.
    #[error("{0}")]
    Table(String),
    #[error(transparent)]
    Unheard(#[from] Unheard),
    /// It goes on another time.
    #[error("{0}")]
    Interrupted(String),
}

/// A run that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// `import`, `follow`, `export` or `institutions`.
    pub kind: String,
    pub actor: String,
    /// Unix ms.
    pub ended_at: i64,
    /// `12 imported, 1 refused`
    pub counts: String,
    /// Why it did not come to its end.
    pub problem: Option<String>,
}

impl Node {
    /// The latest runs, the latest first; trials are not among them.
    pub async fn bridge_runs(&self) -> Result<Vec<Run>, NodeError> {
        let mut tx = self.read_tx().await?;
        let rows = store::bridge::runs(&mut tx, LISTED).await?;
        Ok(rows.into_iter().map(Run::from).collect())
    }

    /// The other side.
    pub(super) fn sp4n(&self) -> Result<Sp4n, BridgeSettingsError> {
        Sp4n::of(&self.settings().bridge)?.ok_or(BridgeSettingsError::Off)
    }

    /// Keeps a line of a run, unless nothing came of it.
    pub(super) async fn keep_run(
        &self,
        kind: &str,
        actor: &str,
        began_at: i64,
        report: &Report,
    ) -> Result<(), NodeError> {
        let mut lines = report.lines.iter();
        let idle = lines.all(|line| line.became == Became::Unchanged);
        if idle && report.interrupted.is_none() {
            return Ok(());
        }
        let now = self.clock().now_ms();
        let row = RunRow {
            id: hex::encode(random::<16>()),
            kind: kind.to_owned(),
            actor: actor.to_owned(),
            began_at,
            ended_at: now,
            counts: report.summary(),
            problem: report.interrupted.clone(),
        };
        let detail = format!("{kind}: {}", row.counts);
        let mut tx = self.write_tx().await?;
        store::bridge::add_run(&mut tx, &row).await?;
        // Whoever tries in vain for days has done nothing.
        if !idle {
            store::audit::add(&mut tx, now, actor, "bridge.ran", None, &detail).await?;
        }
        Ok(tx.commit().await?)
    }
}

impl From<RunRow> for Run {
    fn from(row: RunRow) -> Self {
        Self {
            kind: row.kind,
            actor: row.actor,
            ended_at: row.ended_at,
            counts: row.counts,
            problem: row.problem,
        }
    }
}
