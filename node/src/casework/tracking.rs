//! What whoever holds a ticket may see of its case: which of the five steps it
//! has reached, who has it, what was done in public.
//!
//! Never who reported, never an internal note; of a *rahasia* case how far it is and nothing else. Of
//! one of which this institution hears no more, how it stood then, without a clock.

use std::sync::Arc;

use lapor_protocol::case::State;
use lapor_protocol::ids::{CaseId, InstanceId};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use utoipa::ToSchema;

use super::course::{Event, Happened, course, walked};
use super::{CaseView, KeyState, Left, Outcome};
use crate::deadlines::RunningClock;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;

/// How old a tally may be that is shown again.
const TALLY_MS: i64 = 60_000;

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

/// A case as its ticket shows it.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts of a case, each of which its page shows"
)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tracked {
    pub ticket: String,
    /// `None` for a *rahasia* case, after an erasure, and while the key has not arrived.
    pub title: Option<String>,
    pub secret: bool,
    pub state: State,
    /// Its words were erased.
    pub erased: bool,
    /// Nothing more is heard of it here: how it goes on is told elsewhere.
    pub left: bool,
    /// How it ended; `None` while it is open.
    pub outcome: Option<Outcome>,
    /// It is open, and its reporter has spoken since the last public follow-up.
    pub replied: bool,
    /// The step that is being worked on; of a closed case, the last.
    pub step: Step,
    /// The steps that it has gone through.
    pub walked: Vec<Step>,
    /// This and all below is not told of a *rahasia* case. Who has it, as far as it is heard here.
    pub custodian: Option<InstanceId>,
    /// An institution that has not joined and for which the custodian acts.
    pub on_behalf_of: Option<InstanceId>,
    /// How it left this institution, if it did.
    pub onward: Option<Left>,
    /// The clock that runs.
    pub clock: Option<RunningClock>,
    /// Unix ms.
    pub filed_at: Option<i64>,
    /// The report in which it goes on, if it was merged and everybody may read that one.
    pub goes_on_in: Option<CaseId>,
    /// Oldest first.
    pub course: Vec<Happened>,
}

/// How many cases this node hears of; the ways in which they ended are never added up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Unix ms at which it was counted.
    pub at: i64,
    pub all: u64,
    pub open: u64,
    /// Closed because the reporter confirmed.
    pub confirmed: u64,
    /// Closed by an officer for the reporter, whose key nobody showed.
    pub officer: u64,
    /// Closed because the reporter was silent.
    pub silent: u64,
    pub archived: u64,
    pub merged: u64,
}

/// The tally counted last, so that a crowd of visitors counts once a minute.
#[derive(Default)]
pub(crate) struct TallyCache(Mutex<Option<Arc<Tally>>>);

impl Node {
    /// The public course of the case of a ticket, however it was typed.
    /// Errors: `Invalid` for a typing error, `NotFound` for no case of ours.
    pub async fn track(&self, typed: &str) -> Result<Tracked, NodeError> {
        let view = self.case_by_ticket(typed).await?;
        let merged_into = view.merged_into;
        let damaged = || NodeError::damaged("a case with a ticket has no state");
        let mut tracked = tracked(view).ok_or_else(damaged)?;
        if let Some(into) = merged_into.filter(|_| !tracked.secret && !tracked.left) {
            tracked.goes_on_in = self.goes_on_in(into).await?;
        }
        Ok(tracked)
    }

    /// The tally for everybody, counted at most once a minute.
    pub async fn public_tally(&self) -> Result<Arc<Tally>, NodeError> {
        // Held while counting: who comes meanwhile gets the same numbers.
        let mut kept = self.tally_cache().0.lock().await;
        let now = self.clock().now_ms();
        if let Some(tally) = kept
            .as_ref()
            .filter(|tally| (0..TALLY_MS).contains(&(now - tally.at)))
        {
            return Ok(Arc::clone(tally));
        }
        let tally = Arc::new(self.tally().await?);
        *kept = Some(Arc::clone(&tally));
        Ok(tally)
    }

    /// How many cases this node hears of now.
    pub async fn tally(&self) -> Result<Tally, NodeError> {
        let mut tally = Tally {
            at: self.clock().now_ms(),
            ..Tally::default()
        };
        let mut tx = self.read_tx().await?;
        for (state, count) in store::cases::counts(&mut tx).await? {
            let state = State::ALL.into_iter().find(|known| known.as_str() == state);
            tally.all += count as u64;
            match state {
                Some(state) if state.is_open() => tally.open += count as u64,
                Some(State::Archived) => tally.archived += count as u64,
                Some(State::Merged) => tally.merged += count as u64,
                _ => {}
            }
        }
        for (outcome, count) in store::cases::closes(&mut tx).await? {
            match Outcome::named(&outcome) {
                Some(Outcome::Confirmed) => tally.confirmed += count as u64,
                Some(Outcome::Officer) => tally.officer += count as u64,
                Some(Outcome::Silence) => tally.silent += count as u64,
                _ => {}
            }
        }
        Ok(tally)
    }
}

fn tracked(view: CaseView) -> Option<Tracked> {
    let summary = view.summary;
    let course = course(summary.case, summary.filed_at, &view.history);
    let state = summary.state?;
    let onward = summary.left();
    let tracked = Tracked {
        ticket: summary.ticket?,
        title: None,
        secret: summary.secret,
        state,
        erased: view.key == KeyState::Erased,
        left: summary.left_at.is_some(),
        outcome: summary.outcome,
        replied: summary.replied,
        step: step(state, &course),
        walked: walked(&course, summary.outcome),
        custodian: None,
        on_behalf_of: None,
        onward: None,
        clock: None,
        filed_at: None,
        goes_on_in: None,
        course: Vec::new(),
    };
    if tracked.secret {
        return Some(tracked);
    }
    Some(Tracked {
        onward,
        title: summary.title,
        custodian: summary.custodian,
        on_behalf_of: summary.on_behalf_of,
        clock: RunningClock::of(&view.clocks),
        filed_at: Some(summary.filed_at),
        course,
        ..tracked
    })
}

/// The public course does not hold what came before a hold, but tells it.
pub(super) fn step(state: State, course: &[Happened]) -> Step {
    let begun = |h: &Happened| matches!(h.event, Event::Verified | Event::Disposed(_));
    let before = course.iter().any(begun).then_some(State::Verified);
    Step::of(state, before)
}
