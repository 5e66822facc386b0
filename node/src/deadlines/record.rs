//! Keeping the deadlines and the facts of a case as it is shown, in the
//! transaction that changes it.

use lapor_migrations::{Tx, Value};
use lapor_protocol::case::Case;
use lapor_protocol::deadline::{Clock, ClockKind, clocks};
use lapor_protocol::ids::InstanceId;

use super::notices::plan;
use crate::error::NodeError;
use crate::figures;
use crate::node::Node;
use crate::store;
use crate::store::deadlines::DeadlineRow;

/// How far the clock of this machine may be ahead of the hub's: a case that is
/// closed by silence must not look closed too early there.
pub(super) const SKEW_MS: i64 = 60 * 60_000;

/// Keeps what follows from these cases as they are shown now; `None` for one
/// whose birth had no effect. Of one from which this institution is excluded nothing is kept.
pub(crate) async fn record(
    node: &Node,
    tx: &mut Tx,
    cases: &[(&str, Option<&Case>)],
) -> Result<(), NodeError> {
    if cases.is_empty() {
        return Ok(());
    }
    let calendar = node.calendar_in_force(tx).await?;
    let (me, directory, now) = (node.instance()?, node.directory(), node.clock().now_ms());
    let (mut rows, mut facts, mut gone) = (Vec::new(), Vec::new(), Vec::new());
    for (id, case) in cases {
        let Some(case) = case.filter(|case| !case.excluded.contains(me)) else {
            gone.push(Value::from(*id));
            continue;
        };
        let world = directory.latest();
        let running = clocks(case, world, &calendar, now);
        let party = case.is_party(me, world);
        let mut row = row(case, if party { &running } else { &[] }, me, now);
        if party {
            let settings = &node.settings().deadlines;
            let planned = plan(case, &running, me, world, &calendar, settings);
            row.look_at = planned.iter().map(|planned| planned.at).min();
        }
        rows.push(row);
        facts.push(figures::facts(case, now));
    }
    store::facts::put(tx, &facts).await?;
    store::deadlines::put(tx, &rows).await?;
    let listed = rows.iter().flat_map(|row| {
        let at = row.due_at.unwrap_or(store::cases::NEVER);
        [Value::from(row.case_id.as_str()), Value::from(at)]
    });
    store::cases::set_runs_out(tx, listed.collect()).await?;
    if node.sends_letters() && !rows.is_empty() {
        let changed = rows.iter().map(|row| Value::from(row.case_id.as_str()));
        store::told::ask(tx, changed.collect()).await?;
    }
    if !gone.is_empty() {
        store::facts::forget(tx, gone.clone()).await?;
        store::deadlines::forget(tx, gone).await?;
    }
    Ok(())
}

fn row(case: &Case, clocks: &[Clock], me: &InstanceId, now: i64) -> DeadlineRow {
    let silence = clocks.iter().find(|clock| clock.kind == ClockKind::Silence);
    let next = clocks.iter().find(|clock| clock.kind != ClockKind::Silence);
    let heard = silence.and(case.follow_up.as_ref());
    DeadlineRow {
        case_id: case.id.to_string(),
        custodian: Some(case.custodian.to_string()),
        clock: next.map(|clock| clock.kind.as_str().to_owned()),
        started_at: next.map(|clock| clock.started),
        due_at: next.and_then(|clock| clock.due),
        paused_since: next.and_then(|clock| clock.paused_since),
        silence_at: silence
            .filter(|_| case.origin == *me)
            .and_then(|clock| Some(clock.due? + SKEW_MS)),
        heard: heard.map(|last| last.message.id.to_string()),
        heard_at: heard.map(|_| now),
        look_at: None,
    }
}
