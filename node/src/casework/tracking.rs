//! What whoever holds a ticket may see of its case: which of the five steps it
//! has reached, who has it, what was done in public.
//!
//! Never who reported, never an internal note; of a *rahasia* case how far it is and nothing else.

use lapor_protocol::case::{Effect, State};
use lapor_protocol::ids::InstanceId;
use lapor_protocol::kinds::ClosedBy;
use lapor_protocol::kinds::case_archived::ArchiveReason;
use lapor_protocol::kinds::case_returned::ReturnReason;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{CaseView, HistoryEntry, Outcome};
use crate::deadlines::RunningClock;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;

/// The five steps as a citizen counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    Written,
    Verification,
    FollowUp,
    Response,
    Done,
}

impl Step {
    pub const ALL: [Self; 5] = [
        Self::Written,
        Self::Verification,
        Self::FollowUp,
        Self::Response,
        Self::Done,
    ];

    /// The step at which a case stands; one that is held stands where it did.
    pub fn of(state: State, before_hold: Option<State>) -> Self {
        match state {
            State::Received => Self::Verification,
            State::Verified | State::Disposed | State::InProgress => Self::FollowUp,
            State::Answered => Self::Response,
            State::Closed | State::Archived | State::Merged => Self::Done,
            State::Held => match before_hold {
                Some(before) if before != State::Held => Self::of(before, None),
                _ => Self::Verification,
            },
        }
    }
}

/// Something that happened to a case in public.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Received,
    Verified,
    /// Given to an institution.
    Disposed(InstanceId),
    /// Waits for the reporter's answers.
    Held,
    /// The reporter has answered.
    Completed,
    /// What was done; the words are missing where this node has no key.
    FollowedUp(Option<String>),
    /// The same, and the reporter is asked whether that ends it.
    Answered(Option<String>),
    /// Came back as another's: why, and whose it should be instead.
    Returned(ReturnReason, Option<InstanceId>),
    /// Taken back by whoever had passed it on.
    Recalled,
    Reopened,
    /// By whom, and whether an officer's word is all there is of the reporter's.
    Closed(ClosedBy, bool),
    Archived(ArchiveReason),
}

/// An event, who made it happen and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    pub event: Event,
    pub by: Option<InstanceId>,
    /// Files of an answer; the reporter opens them, everybody learns how many there are.
    pub files: usize,
    /// Unix ms.
    pub at: i64,
}

/// A case as its ticket shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tracked {
    pub ticket: String,
    /// `None` for a *rahasia* case, after an erasure, and while the key has not arrived.
    pub title: Option<String>,
    pub secret: bool,
    pub state: State,
    /// How it ended; `None` while it is open.
    pub outcome: Option<Outcome>,
    /// The step that is being worked on; of a closed case, the last.
    pub step: Step,
    /// This and all below is not told of a *rahasia* case.
    pub custodian: Option<InstanceId>,
    /// An institution that has not joined and for which the custodian acts.
    pub on_behalf_of: Option<InstanceId>,
    /// The clock that runs.
    pub clock: Option<RunningClock>,
    /// Unix ms.
    pub filed_at: Option<i64>,
    /// Oldest first.
    pub course: Vec<Happened>,
}

/// How many cases this node knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub all: u64,
    pub open: u64,
    pub closed: u64,
    pub archived: u64,
    pub merged: u64,
}

impl Node {
    /// The public course of the case of a ticket, however it was typed.
    /// Errors: `Invalid` for a typing error, `NotFound` for no case of ours.
    pub async fn track(&self, typed: &str) -> Result<Tracked, NodeError> {
        let view = self.case_by_ticket(typed).await?;
        tracked(view).ok_or_else(|| NodeError::damaged("a case with a ticket has no state"))
    }

    pub async fn tally(&self) -> Result<Tally, NodeError> {
        let mut tx = self.read_tx().await?;
        let mut tally = Tally::default();
        for (state, count) in store::cases::counts(&mut tx).await? {
            let state = State::ALL.into_iter().find(|known| known.as_str() == state);
            tally.all += count as u64;
            match state {
                Some(state) if state.is_open() => tally.open += count as u64,
                Some(State::Closed) => tally.closed += count as u64,
                Some(State::Archived) => tally.archived += count as u64,
                Some(State::Merged) => tally.merged += count as u64,
                _ => {}
            }
        }
        Ok(tally)
    }
}

fn tracked(view: CaseView) -> Option<Tracked> {
    let summary = view.summary;
    let course = course(&view.history);
    let state = summary.state?;
    let tracked = Tracked {
        ticket: summary.ticket?,
        title: None,
        secret: summary.secret,
        state,
        outcome: summary.outcome,
        step: step(state, &course),
        custodian: None,
        on_behalf_of: None,
        clock: None,
        filed_at: None,
        course: Vec::new(),
    };
    if tracked.secret {
        return Some(tracked);
    }
    Some(Tracked {
        title: summary.title,
        custodian: summary.custodian,
        on_behalf_of: summary.on_behalf_of,
        clock: RunningClock::of(&view.clocks),
        filed_at: Some(summary.filed_at),
        course,
        ..tracked
    })
}

/// What of a history is public, in its order.
pub(super) fn course(history: &[HistoryEntry]) -> Vec<Happened> {
    let public = history.iter().filter_map(happened);
    public.collect()
}

/// The public course does not hold what came before a hold, but tells it.
pub(super) fn step(state: State, course: &[Happened]) -> Step {
    let begun = |h: &Happened| matches!(h.event, Event::Verified | Event::Disposed(_));
    let before = course.iter().any(begun).then_some(State::Verified);
    Step::of(state, before)
}

/// What is ruled and applied happened; so did a filing that the hub has not
/// seen yet, because the report is in good hands here.
fn happened(entry: &HistoryEntry) -> Option<Happened> {
    let applied = entry.effect == Some(Effect::Applied);
    let filed_here = entry.effect.is_none() && entry.kind == "report.filed";
    if !applied && !filed_here {
        return None;
    }
    let words = text(entry.words.as_ref(), "text");
    let fact = |name: &str| entry.body.as_ref()?.get(name).cloned();
    let event = match entry.kind.as_str() {
        "report.filed" => Event::Received,
        "case.verified" => Event::Verified,
        "case.disposed" => Event::Disposed(text(entry.body.as_ref(), "target")?.parse().ok()?),
        "case.held" => Event::Held,
        "report.completed" => Event::Completed,
        "case.followed_up" if fact("proposes_to_close") == Some(Value::Bool(true)) => {
            Event::Answered(words)
        }
        "case.followed_up" => Event::FollowedUp(words),
        "case.returned" => {
            let suggested = text(entry.body.as_ref(), "suggested").and_then(|id| id.parse().ok());
            Event::Returned(read(fact("reason")?)?, suggested)
        }
        "case.recalled" => Event::Recalled,
        "case.reopened" => Event::Reopened,
        "case.closed" => Event::Closed(
            read(fact("by")?)?,
            fact("through_officer").is_some_and(|told| told == true),
        ),
        "case.archived" => Event::Archived(read(fact("reason")?)?),
        _ => return None,
    };
    let answers = matches!(event, Event::FollowedUp(_) | Event::Answered(_));
    Some(Happened {
        event,
        by: entry.author.clone(),
        files: if answers { entry.attachments.len() } else { 0 },
        at: entry.at,
    })
}

fn read<T: DeserializeOwned>(value: Value) -> Option<T> {
    serde_json::from_value(value).ok()
}

fn text(holder: Option<&Value>, field: &str) -> Option<String> {
    holder?.get(field)?.as_str().map(str::to_owned)
}
