//! When the clocks of cases run out, and what follows from it: lists by what is
//! due next, notices before and after, closes by silence.
//!
//! What a clock is and how long it runs is [`lapor_protocol::deadline`]'s; here
//! it is only kept, so that a list needs no history, and acted upon. A clock
//! that has run out changes no case but by the origin's `case.closed`.

mod calendar;
mod notices;
mod reading;
mod record;
mod rounds;
#[cfg(test)]
mod tests;

use chrono::NaiveDate;
use lapor_protocol::deadline::{Clock, ClockKind, ClockState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use notices::{Notice, NoticeKind, Recipient};
pub use reading::DayCount;
pub(crate) use reading::attach;
pub(crate) use record::{Consequences, record};

/// The custodian's clock that runs out next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Deadline {
    pub clock: ClockKind,
    /// Unix ms.
    pub started: i64,
    /// Unix ms; `None` while it stands still. A moment that has passed is overdue.
    pub due: Option<i64>,
    /// Unix ms.
    pub paused_since: Option<i64>,
}

/// A clock as citizens see it: the next that runs out, or that has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunningClock {
    /// Which clock, for instance `first_follow_up`.
    pub kind: ClockKind,
    /// Unix ms at which it runs out, when its last day is over.
    pub due_at: i64,
    /// The last day, `YYYY-MM-DD` where the custodian is: what people are told.
    #[schema(value_type = String)]
    pub due_on: NaiveDate,
    /// Working days left; negative when overdue.
    pub days_left: i64,
}

impl RunningClock {
    /// The first of a case's clocks that does not stand still.
    pub fn of(clocks: &[Clock]) -> Option<Self> {
        let mut moving = clocks
            .iter()
            .filter(|clock| clock.state != ClockState::Paused);
        moving.find_map(|clock| {
            Some(Self {
                kind: clock.kind,
                due_at: clock.due?,
                due_on: clock.due_on?,
                days_left: clock.days_left,
            })
        })
    }
}

impl Deadline {
    /// Where the clock stands at a moment, in Unix ms.
    pub fn state(&self, now: i64) -> ClockState {
        match self.due {
            None => ClockState::Paused,
            Some(due) if due <= now => ClockState::Overdue,
            Some(_) => ClockState::Running,
        }
    }
}

/// `[deadlines]`: who is told when. The terms themselves are the directory's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeadlineSettings {
    /// Working days before the last one at whose beginning the handler is warned.
    pub warn_working_days: u16,
    /// Working days after the last one at whose end the leader and the disposer are told.
    pub escalate_working_days: u16,
    /// Days after which the reporter is reminded of questions that wait for them; 0 for never.
    pub remind_reporter_days: u16,
    /// Days on hold after which whoever works on a case is told of it; 0 for never.
    pub long_hold_days: u16,
}

impl Default for DeadlineSettings {
    fn default() -> Self {
        Self {
            warn_working_days: 1,
            escalate_working_days: 1,
            remind_reporter_days: 5,
            long_hold_days: 14,
        }
    }
}
