//! Keeping the deadlines and the facts of a case as it is shown, in the
//! transaction that changes it.

use std::collections::BTreeSet;

use lapor_migrations::{Tx, Value};
use lapor_protocol::case::{Case, FollowUp};
use lapor_protocol::deadline::{Clock, ClockKind, awaited};
use lapor_protocol::ids::{CaseId, InstanceId};

use super::notices::plan;
use crate::error::NodeError;
use crate::figures;
use crate::node::Node;
use crate::store;
use crate::store::deadlines::DeadlineRow;
use crate::store::facts::FactRow;

/// How far the clock of this machine may be ahead of the hub's: a case that is
/// closed by silence must not look closed too early there.
pub(super) const SKEW_MS: i64 = 60 * 60_000;

/// Cases that were merged into one, or into what was, of which is read what was merged into them.
const READ: usize = 200;

/// What follows from cases as they are shown, to be kept beside them.
pub(crate) struct Consequences {
    deadlines: Vec<DeadlineRow>,
    facts: Vec<FactRow>,
    /// Cases of which there may be news, each with 1 if it is a half of one that was filed here.
    news: Vec<Value>,
    /// Cases of which nothing is kept.
    gone: Vec<Value>,
}

/// Keeps what follows from these cases as they are shown now; `None` for one
/// whose birth had no effect. Of one from which this institution is excluded nothing is kept.
pub(crate) async fn record(
    node: &Node,
    tx: &mut Tx,
    cases: &[(&str, Option<&Case>)],
) -> Result<(), NodeError> {
    let consequences = Consequences::of(node, tx, cases).await?;
    let listed = consequences
        .run_out()
        .map(|(case, at)| [Value::from(case), Value::from(at)]);
    store::cases::set_runs_out(tx, listed.flatten().collect()).await?;
    consequences.keep(node, tx).await
}

impl Consequences {
    pub(crate) async fn of(
        node: &Node,
        tx: &mut Tx,
        cases: &[(&str, Option<&Case>)],
    ) -> Result<Self, NodeError> {
        let (mut deadlines, mut facts, mut gone) = (Vec::new(), Vec::new(), Vec::new());
        let mut news = Vec::new();
        if !cases.is_empty() {
            let calendar = node.calendar_in_force(tx).await?;
            let (me, directory, now) = (node.instance()?, node.directory(), node.clock().now_ms());
            let tells = node.sends_letters() || node.settings().channels.is_on();
            let shown: Vec<&Case> = cases.iter().filter_map(|(_, case)| *case).collect();
            let completed = completed(tx, &shown).await?;
            for (id, case) in cases {
                let Some(case) = case.filter(|case| !case.excluded.contains(me)) else {
                    gone.push(Value::from(*id));
                    continue;
                };
                let world = directory.latest();
                let running = awaited(case, completed.contains(*id), world, &calendar, now);
                let party = case.is_party(me, world);
                let mut row = row(case, if party { &running } else { &[] }, me, now);
                if party {
                    let settings = &node.settings().deadlines;
                    let planned = plan(case, &running, me, world, &calendar, settings);
                    row.look_at = planned.iter().map(|planned| planned.at).min();
                }
                deadlines.push(row);
                facts.push(figures::facts(case, (!party).then_some(me), now));
                let half = case.parent.is_some() && case.origin == *me;
                news.extend([Value::from(*id), Value::from(i64::from(half))]);
                // Whoever reported what was merged into it hears how it goes on.
                if tells && !case.linked.is_empty() {
                    for repeats in repeated_by(tx, case).await? {
                        news.extend([repeats.to_string().into(), Value::from(0)]);
                    }
                }
            }
        }
        Ok(Self {
            deadlines,
            facts,
            news,
            gone,
        })
    }

    /// When the running clock of each case runs out: Unix ms or [`store::cases::NEVER`].
    pub(crate) fn run_out(&self) -> impl Iterator<Item = (&str, i64)> {
        let at = |row: &DeadlineRow| row.due_at.unwrap_or(store::cases::NEVER);
        self.deadlines
            .iter()
            .map(move |row| (row.case_id.as_str(), at(row)))
    }

    /// Keeps all but when the clocks run out, which stands with the cases.
    pub(crate) async fn keep(self, node: &Node, tx: &mut Tx) -> Result<(), NodeError> {
        store::facts::put(tx, &self.facts).await?;
        store::deadlines::put(tx, &self.deadlines).await?;
        if node.sends_letters() && !self.news.is_empty() {
            store::told::ask(tx, self.news.clone()).await?;
        }
        if node.settings().channels.is_on() && !self.news.is_empty() {
            store::channels::due::ask(tx, self.news).await?;
        }
        if !self.gone.is_empty() {
            store::facts::forget(tx, self.gone.clone()).await?;
            store::deadlines::forget(tx, self.gone).await?;
        }
        Ok(())
    }
}

/// Those of these cases whose reporter has completed the report since the last follow-up, after which
/// silence closes nothing: by their rows, which are up to date, and which are read only where the
/// reporter may be silent at all.
pub(super) async fn completed(tx: &mut Tx, cases: &[&Case]) -> Result<BTreeSet<String>, NodeError> {
    let answered = cases.iter().filter(|case| unanswered(case).is_some());
    let ids: Vec<Value> = answered.map(|case| case.id.to_string().into()).collect();
    if ids.is_empty() {
        return Ok(BTreeSet::new());
    }
    Ok(store::cases::completed(tx, ids).await?)
}

/// The last public follow-up of an open case, where the rules know of no reply to it.
fn unanswered(case: &Case) -> Option<&FollowUp> {
    let last = case.follow_up.as_ref();
    last.filter(|last| case.state.is_open() && !last.replied_since)
}

/// Cases that were merged into one, or into what was merged into it.
async fn repeated_by(tx: &mut Tx, case: &Case) -> Result<Vec<CaseId>, NodeError> {
    let mut found = merged_into(case);
    let mut read = 0;
    while read < found.len().min(READ) {
        let next = found[read..].iter().take(READ - read);
        let next: Vec<Value> = next.map(|id| id.to_string().into()).collect();
        read += next.len();
        for row in store::cases::these(tx, next).await? {
            // What is wrong with one case keeps no news of another.
            let Ok(Some(repeats)) = row.ruled() else {
                continue;
            };
            for further in merged_into(&repeats) {
                if further != case.id && !found.contains(&further) {
                    found.push(further);
                }
            }
        }
    }
    Ok(found)
}

fn merged_into(case: &Case) -> Vec<CaseId> {
    case.linked.values().map(|repeats| repeats.case).collect()
}

fn row(case: &Case, clocks: &[Clock], me: &InstanceId, now: i64) -> DeadlineRow {
    let silence = clocks.iter().find(|clock| clock.kind == ClockKind::Silence);
    let next = clocks.iter().find(|clock| clock.kind != ClockKind::Silence);
    // When it was heard counts on where something comes between, as a hold that has no effect.
    let heard = unanswered(case);
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
