//! When things happened in a case, as far as a clock runs from them.
//!
//! Instants are the hub's, each with the directory version in force, whose
//! zone and deadlines hold for the clock that starts there. How long a clock
//! runs is no matter of the fold: [`crate::deadline`] says it.

use serde::{Deserialize, Serialize};

use super::{Case, Order, State};
use crate::directory::DirectoryAt;
use crate::ids::MessageRef;
use crate::kinds::Body;

/// An instant of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Moment {
    /// Unix ms at the hub.
    pub at: i64,
    /// Directory version in force.
    pub directory: u64,
}

/// A time during which the case waited for its reporter, or was merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Hold {
    pub from: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
}

/// What the clocks of a case run from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Course {
    /// The custodian got the case.
    pub received: Moment,
    /// It became the custodian's to handle: by a disposal, a verification, a
    /// taking over or a reopening.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Moment>,
    /// The custodian's first public follow-up since then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub followed_up: Option<i64>,
    /// `YYYY-MM-DD`, by which the disposer expects an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<String>,
    /// Since the custodian got the case, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<Hold>,
    /// The first public follow-up of the case by anyone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_answer: Option<i64>,
    /// It was closed, archived or merged; `None` while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<i64>,
}

/// The case before a message, as far as the course depends on it.
pub(super) struct Former {
    state: State,
    term: MessageRef,
}

impl Moment {
    pub(crate) fn of(order: Order, world: DirectoryAt<'_>) -> Self {
        Self {
            at: order.ordered_at,
            directory: world.version(),
        }
    }
}

impl Course {
    pub(crate) fn begun(received: Moment) -> Self {
        Self {
            received,
            accepted: None,
            followed_up: None,
            deadline: None,
            holds: Vec::new(),
            first_answer: None,
            ended: None,
        }
    }

    /// Clocks start anew with the custody of someone else, or a reopening.
    fn begin_again(&mut self, now: Moment, accepted: bool) {
        self.received = now;
        self.accepted = accepted.then_some(now);
        self.followed_up = None;
        self.deadline = None;
        self.holds.clear();
    }

    fn pause(&mut self, at: i64) {
        self.holds.push(Hold {
            from: at,
            until: None,
        });
    }

    fn resume(&mut self, at: i64) {
        if let Some(hold) = self.holds.last_mut() {
            hold.until.get_or_insert(at);
        }
    }
}

impl Former {
    pub(super) fn of(case: &Case) -> Self {
        Self {
            state: case.state,
            term: case.term.clone(),
        }
    }
}

impl Case {
    /// Notes what a message that has been folded means for the clocks.
    pub(super) fn note_course(&mut self, former: &Former, body: &Body, now: Moment) {
        let (was, is) = (former.state, self.state);
        let course = &mut self.course;
        // The clocks of a merged case stand still: it may be taken out again.
        let stands = |state| matches!(state, State::Held | State::Merged);
        match (stands(was), stands(is)) {
            (false, true) => course.pause(now.at),
            (true, false) => course.resume(now.at),
            _ => {}
        }
        // A successor takes over what its predecessor owed, clocks and all.
        let moved = self.term != former.term && !matches!(body, Body::CaseSucceeded(_));
        if moved {
            let accepted = matches!(body, Body::CaseDisposed(_) | Body::CaseTakenOver(_));
            course.begin_again(now, accepted);
        }
        if matches!(was, State::Closed | State::Archived) && is == State::InProgress {
            course.begin_again(now, true);
        }
        match body {
            Body::CaseDisposed(disposal) => course.deadline.clone_from(&disposal.deadline),
            Body::CaseVerified(_) => {
                course.accepted.get_or_insert(now);
            }
            Body::CaseFollowedUp(_) => {
                course.accepted.get_or_insert(now);
                course.followed_up.get_or_insert(now.at);
                course.first_answer.get_or_insert(now.at);
            }
            _ => {}
        }
        match (was.is_open(), is.is_open()) {
            (true, false) => course.ended = Some(now.at),
            (false, true) => course.ended = None,
            _ => {}
        }
    }
}
