//! Clocks in plain words: how many working days are left, and of what.

use lapor_protocol::deadline::{Clock, ClockKind, ClockState};
use lapor_web::language::{TextId, Voice, text_id};

use crate::casework::CaseSummary;
use crate::deadlines::DayCount;

/// A clock as a badge says it.
pub struct ClockWords {
    pub tone: &'static str,
    pub text: String,
}

/// The clock that runs out next, of a case in a list.
pub fn next_clock(v: &Voice, days: &DayCount, case: &CaseSummary) -> Option<ClockWords> {
    let deadline = case.deadline.as_ref()?;
    let state = deadline.state(v.now_ms());
    let left = words(v, state, days.left(case).unwrap_or_default());
    let what = v.say(short_name(deadline.clock));
    let text = v.with("what", what).with("left", &left.text);
    Some(ClockWords {
        text: text.say("clock-of"),
        ..left
    })
}

/// A clock of a case.
pub fn clock_words(v: &Voice, clock: &Clock) -> ClockWords {
    words(v, clock.state, clock.days_left)
}

/// What a clock measures.
pub fn clock_name(kind: ClockKind) -> TextId {
    match kind {
        ClockKind::Verification => text_id("clock-verification"),
        ClockKind::FirstFollowUp => text_id("clock-first-follow-up"),
        ClockKind::InformationRequest => text_id("clock-information-request"),
        ClockKind::Complaint => text_id("clock-complaint"),
        ClockKind::OversightComplaint => text_id("clock-oversight"),
        ClockKind::Disposer => text_id("clock-disposer"),
        ClockKind::Silence => text_id("clock-silence"),
    }
}

/// The same in a list, where it stands beside how much is left.
fn short_name(kind: ClockKind) -> TextId {
    match kind {
        ClockKind::Verification => text_id("clock-verification"),
        ClockKind::FirstFollowUp => text_id("clock-short-follow-up"),
        ClockKind::InformationRequest => text_id("clock-short-answer"),
        ClockKind::Complaint | ClockKind::OversightComplaint => text_id("clock-short-settled"),
        ClockKind::Disposer => text_id("clock-short-disposer"),
        ClockKind::Silence => text_id("clock-silence"),
    }
}

fn words(v: &Voice, state: ClockState, left: i64) -> ClockWords {
    let said = |tone, text| ClockWords { tone, text };
    match (state, left) {
        (ClockState::Paused, _) => said("quiet", v.say("clock-paused")),
        (ClockState::Overdue, ..0) => said("alert", v.with("n", -left).say("clock-overdue")),
        (ClockState::Overdue, _) => said("alert", v.say("clock-overdue-now")),
        (ClockState::Running, ..=0) => said("warm", v.say("clock-last-day")),
        (ClockState::Running, 1..=2) => said("warm", v.with("n", left).say("clock-left")),
        (ClockState::Running, _) => said("accent", v.with("n", left).say("clock-left")),
    }
}
