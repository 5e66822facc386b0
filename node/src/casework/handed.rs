//! Cases that were given to somebody: by whom, until when, and whether those for whom they are have
//! opened them. No other institution is told.

use std::collections::{BTreeMap, BTreeSet};

use lapor_migrations::Tx;
use lapor_protocol::ids::CaseId;

use super::assigning::OnDesk;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::assignments::{AssignmentRow, Noted};

/// A case that lies on somebody's desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handed {
    /// Unix ms at which the day is over until which something is asked for.
    pub due: Option<i64>,
    /// Somebody for whom it is has opened it.
    pub taken: bool,
}

impl Node {
    /// Those of the cases that lie on somebody's desk.
    pub async fn handed(&self, cases: &[CaseId]) -> Result<BTreeMap<CaseId, Handed>, NodeError> {
        let ids: Vec<String> = cases.iter().map(ToString::to_string).collect();
        let mut tx = self.read_tx().await?;
        let rows = store::assignments::these(&mut tx, &ids).await?;
        let handed = |row: AssignmentRow| {
            let handed = Handed {
                due: row.due_at,
                taken: row.taken_at.is_some(),
            };
            Ok((store::case_id(&row.case_id)?, handed))
        };
        rows.into_iter().map(handed).collect()
    }

    /// Somebody for whom a case is has opened it.
    pub async fn take(&self, case: CaseId) -> Result<(), NodeError> {
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        let rows = store::assignments::these(&mut tx, &[case.to_string()]).await?;
        let noted = Noted {
            taken: Some(now),
            ..Noted::default()
        };
        store::assignments::note(&mut tx, &rows, noted).await?;
        Ok(tx.commit().await?)
    }
}

/// Notes that cases were given to somebody, or to nobody any more. What somebody takes themselves
/// they have opened, and need not be told.
pub(super) async fn hand(
    tx: &mut Tx,
    named: &[String],
    desk: &OnDesk,
    (actor, at, due): (&str, i64, Option<i64>),
) -> Result<(), NodeError> {
    // One that is named twice is refused by whoever asked for it.
    let cases = BTreeSet::from_iter(named);
    let cases: &[String] = &cases.into_iter().cloned().collect::<Vec<_>>();
    if desk.unit.is_none() && desk.officer.is_none() {
        return Ok(store::assignments::end(tx, cases).await?);
    }
    store::assignments::put(tx, cases, (actor, at), due).await?;
    let own = actor.strip_prefix("account:");
    if own.is_some() && own == desk.officer.as_deref() {
        let rows = store::assignments::these(tx, cases).await?;
        let noted = Noted {
            told: Some(at),
            taken: Some(at),
            warned: None,
        };
        store::assignments::note(tx, &rows, noted).await?;
    }
    Ok(())
}
