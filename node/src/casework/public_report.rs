//! One report as everybody reads it: what was reported, its public course, and what it is about.
//!
//! Only what the public list shows has such a page: nothing of a *rahasia* case, nothing that waits
//! for verification. Who reported stands nowhere in it, and personal numbers are hidden.

use std::collections::BTreeMap;

use lapor_protocol::case::State;
use lapor_protocol::ids::{CaseId, InstanceId};
use lapor_protocol::kinds::case_archived::ArchiveReason;
use lapor_protocol::kinds::{Category, Classification, ProgrammeRef};
use lapor_protocol::region::RegionCode;
use serde_json::Value;

use super::course::{Event, Happened, course, walked};
use super::glance::begins;
use super::history::births;
use super::tracking::{Step, step};
use super::{CaseSummary, CaseView, Coordinates, HistoryEntry, KeyState, Outcome};
use crate::deadlines::RunningClock;
use crate::error::NodeError;
use crate::node::Node;

/// Merges through which one report is followed into another. Ruled ones make no circle; an own one that
/// waits for its ruling may, with one that another institution has made meanwhile.
const MOST_MERGES: usize = 32;

/// A public report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicReport {
    pub case: CaseId,
    pub title: Option<String>,
    /// What the reporter wrote, without personal numbers; `None` while its key has not arrived.
    pub content: Option<String>,
    /// Where, in words.
    pub place: Option<String>,
    pub state: State,
    /// How it ended; `None` while it is open.
    pub outcome: Option<Outcome>,
    /// It is open, and its reporter has spoken since the last public follow-up.
    pub replied: bool,
    pub step: Step,
    /// The steps that it has gone through.
    pub walked: Vec<Step>,
    pub classification: Option<Classification>,
    pub category: Option<Category>,
    /// In this institution's own tree.
    pub local_category: Option<String>,
    pub region: Option<RegionCode>,
    pub programme: Option<ProgrammeRef>,
    pub custodian: Option<InstanceId>,
    /// An institution that has not joined and for which the custodian acts.
    pub on_behalf_of: Option<InstanceId>,
    /// The clock that runs.
    pub clock: Option<RunningClock>,
    pub supports: u32,
    /// Unix ms.
    pub filed_at: i64,
    /// Oldest first.
    pub course: Vec<Happened>,
}

/// A report as the program reads it that filed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FiledReport {
    pub report: PublicReport,
    /// As they were told; the public reads none.
    pub coordinates: Option<Coordinates>,
}

/// What was written in a report, and where it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reported {
    /// Without personal numbers; `None` where this node cannot read it.
    pub content: Option<String>,
    /// As they were told; the public reads none.
    pub coordinates: Option<Coordinates>,
    /// How it came in; of what was split off another how that one did.
    pub channel: Option<String>,
    /// When it happened, `YYYY-MM-DD`.
    pub incident_date: Option<String>,
}

/// What is left in public of a report that everybody could read once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gone {
    /// Nothing more is heard of it here.
    Left(Left),
    /// It ended without an answer; at Unix ms.
    Archived { reason: ArchiveReason, at: i64 },
    /// It goes on in another, which everybody may read.
    MergedInto(CaseId),
}

/// A report of which this institution hears no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// Unix ms since when.
    pub at: i64,
    /// Who had it then.
    pub custodian: Option<InstanceId>,
    /// Where it was filed, and is tracked.
    pub origin: Option<InstanceId>,
}

impl CaseSummary {
    /// How it left this institution, if it did.
    pub fn left(&self) -> Option<Left> {
        Some(Left {
            at: self.left_at?,
            custodian: self.custodian.clone(),
            origin: self.origin.clone(),
        })
    }
}

impl Node {
    /// A report that the public list shows; any other is not found.
    pub async fn public_report(&self, id: CaseId) -> Result<PublicReport, NodeError> {
        let hidden = || NodeError::not_found("public report", &id);
        let view = self.case(id).await.map_err(|error| match error {
            NodeError::NotFound { .. } => hidden(),
            other => other,
        })?;
        let state = view.summary.state.filter(|_| view.summary.public);
        Ok(read(id, state.ok_or_else(hidden)?, view))
    }

    /// A report for the program that filed it, whether it is public yet or not. Of what is *rahasia* or
    /// erased it is told nothing either.
    pub async fn filed_report(&self, id: CaseId) -> Result<FiledReport, NodeError> {
        let hidden = || NodeError::not_found("report", &id);
        let view = self.case(id).await?;
        let told = !view.summary.secret && view.key != KeyState::Erased;
        let state = view.summary.state.filter(|_| told).ok_or_else(hidden)?;
        let birth = view.history.iter().find(|entry| begins(id, entry));
        Ok(FiledReport {
            coordinates: birth.map(reported).unwrap_or_default().coordinates,
            report: read(id, state, view),
        })
    }

    /// What was written in reports that the caller may read, by their cases, however many they are
    /// with a few queries.
    pub async fn reported(
        &self,
        cases: &[CaseId],
    ) -> Result<BTreeMap<CaseId, Reported>, NodeError> {
        let me = self.instance()?;
        let mut tx = self.read_tx().await?;
        let births = births(&mut tx, cases, me).await?.into_iter();
        Ok(births
            .map(|(case, entry)| (case, reported(&entry)))
            .collect())
    }

    /// What became of a report that was archived or merged, or left this institution, after one had
    /// taken it up; any other is not found. Nothing is told of what is *rahasia*, erased or not for the
    /// public.
    pub async fn gone_report(&self, id: CaseId) -> Result<Gone, NodeError> {
        let hidden = || NodeError::not_found("public report", &id);
        let mut at = id;
        // A merge into a merged report leads on.
        for _ in 0..MOST_MERGES {
            let view = self.case(at).await.map_err(|error| match error {
                NodeError::NotFound { .. } => hidden(),
                other => other,
            })?;
            let summary = &view.summary;
            if summary.public && at != id {
                return Ok(Gone::MergedInto(at));
            }
            let told = summary.taken_up && !summary.secret && view.key != KeyState::Erased;
            let told = told && summary.tray.is_some();
            if let Some(left) = summary.left().filter(|_| told) {
                return Ok(Gone::Left(left));
            }
            at = match (summary.state, view.merged_into) {
                (Some(State::Merged), Some(into)) if told => into,
                (Some(State::Archived), _) if told && at == id => {
                    return archived(&view).ok_or_else(hidden);
                }
                (Some(State::Archived), _) if told => return Ok(Gone::MergedInto(at)),
                _ => break,
            };
        }
        Err(hidden())
    }

    /// The report that everybody may read in which one that was merged goes on, if there is one.
    pub(super) async fn goes_on_in(&self, into: CaseId) -> Result<Option<CaseId>, NodeError> {
        let mut at = into;
        for _ in 0..MOST_MERGES {
            let view = match self.case(at).await {
                Ok(view) => view,
                Err(NodeError::NotFound { .. }) => return Ok(None),
                Err(error) => return Err(error),
            };
            if view.summary.public {
                return Ok(Some(at));
            }
            match view.merged_into {
                Some(into) if !view.summary.secret => at = into,
                _ => break,
            }
        }
        Ok(None)
    }
}

fn archived(view: &CaseView) -> Option<Gone> {
    let summary = &view.summary;
    let course = course(summary.case, summary.filed_at, &view.history);
    let mut latest = course.iter().rev();
    latest.find_map(|happened| match happened.event {
        Event::Archived(reason) => Some(Gone::Archived {
            reason,
            at: happened.at,
        }),
        _ => None,
    })
}

fn reported(birth: &HistoryEntry) -> Reported {
    let word = |name: &str| birth.words.as_ref()?.get(name);
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let clear = |name: &str| birth.body.as_ref()?.get(name).and_then(text);
    let inherited = || birth.body.as_ref()?.get("inherits")?.get("channel");
    Reported {
        channel: clear("channel").or_else(|| inherited().and_then(text)),
        incident_date: clear("incident_date"),
        content: word("content").and_then(Value::as_str).map(str::to_owned),
        coordinates: birth.words.as_ref().and_then(Coordinates::in_words),
    }
}

fn read(id: CaseId, state: State, view: CaseView) -> PublicReport {
    let course = course(id, view.summary.filed_at, &view.history);
    let birth = view.history.iter().find(|entry| begins(id, entry));
    let programme = birth.and_then(|entry| entry.body.as_ref()?.get("programme").cloned());
    let content = birth.and_then(|entry| reported(entry).content);
    let summary = view.summary;
    PublicReport {
        case: id,
        title: summary.title,
        content,
        place: summary.place,
        state,
        outcome: summary.outcome,
        replied: summary.replied,
        step: step(state, &course),
        walked: walked(&course, summary.outcome),
        classification: summary.classification,
        category: summary.category,
        local_category: summary.local_category,
        region: summary.region,
        programme: programme.and_then(|value| serde_json::from_value(value).ok()),
        custodian: summary.custodian,
        on_behalf_of: summary.on_behalf_of,
        clock: RunningClock::of(&view.clocks),
        supports: summary.supports,
        filed_at: summary.filed_at,
        course,
    }
}
