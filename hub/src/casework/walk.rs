//! A case's way from institution to institution, read from its history: who
//! had it, from when until when, what they did with it, and whether a clock of
//! theirs ran out. Nothing in it is a word of the case.

use lapor_protocol::calendar::Calendar;
use lapor_protocol::case::{Case, Order, apply};
use lapor_protocol::deadline::{ClockKind, ClockState, clocks};
use lapor_protocol::directory::{Directory, DirectoryAt};
use lapor_protocol::ids::InstanceId;
use lapor_protocol::kinds::Body;

use crate::casefile::{CaseFile, Past};
use crate::store::code_of;

/// One stretch of custody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// 1 for the institution where it was filed, one more each time that it
    /// moved on; a reopening is another term and no other hop.
    pub hop: u32,
    pub institution: InstanceId,
    /// Unix ms; when it got the case.
    pub since: i64,
    /// Its first act upon the case.
    pub acted_at: Option<i64>,
    /// Its first public follow-up.
    pub answered_at: Option<i64>,
    /// When it passed the case on or ended it.
    pub until: Option<i64>,
    /// The kind of message by which it did.
    pub ended_by: Option<&'static str>,
    /// Why it gave the case back, as a code.
    pub reason: Option<String>,
    /// When the clock that runs now runs out.
    pub due_at: Option<i64>,
    /// When the first of its clocks ran out unanswered.
    pub late_at: Option<i64>,
}

/// Follows a case through its applied messages. `now_ms` judges the clocks that
/// still run.
pub fn walk(file: &CaseFile, directory: &Directory, calendar: &Calendar, now_ms: i64) -> Vec<Term> {
    let mut walk = Walk {
        calendar,
        terms: Vec::new(),
    };
    let mut case: Option<Case> = None;
    for (place, past) in (1..).zip(&file.past) {
        let Some(body) = past
            .message
            .body
            .as_ref()
            .ok()
            .filter(|_| past.ruling.applied())
        else {
            continue;
        };
        let world = directory.at(past.directory);
        let order = Order {
            case: file.case.id,
            case_seq: place,
            ordered_at: past.ordered_at,
        };
        let after = apply(&past.message, body, order, case.clone(), world);
        if let Some(after) = after {
            walk.step(past, body, case.as_ref(), &after, world);
            case = Some(after);
        }
    }
    if let Some(case) = &case {
        walk.judge(case, directory.latest(), now_ms);
    }
    walk.terms
}

struct Walk<'a> {
    calendar: &'a Calendar,
    terms: Vec<Term>,
}

impl Walk<'_> {
    fn step(
        &mut self,
        past: &Past,
        body: &Body,
        before: Option<&Case>,
        after: &Case,
        world: DirectoryAt<'_>,
    ) {
        let at = past.ordered_at;
        if let Some(before) = before {
            self.judge(before, world, at);
            let own = past.message.header.author == before.custodian;
            if let Some(term) = self.terms.last_mut().filter(|_| own && is_act(body)) {
                term.acted_at = term.acted_at.or(Some(at));
                if matches!(body, Body::CaseFollowedUp(_)) {
                    term.answered_at = term.answered_at.or(Some(at));
                }
            }
        }
        let moved = before.is_none_or(|before| before.custodian != after.custodian);
        let ended = !after.state.is_open();
        let begun_again = before.is_some_and(|before| !before.state.is_open()) && !ended;
        let ends = moved || ended;
        if let Some(term) = self
            .terms
            .last_mut()
            .filter(|term| ends && term.until.is_none())
        {
            term.until = Some(at);
            term.due_at = None;
            term.ended_by = Some(body.kind());
            term.reason = match body {
                Body::CaseReturned(returned) => Some(code_of(&returned.reason)),
                _ => None,
            };
        }
        if (moved || begun_again) && !ended {
            let former = self.terms.last().map_or(0, |term| term.hop);
            self.terms.push(Term {
                hop: former + u32::from(moved),
                institution: after.custodian.clone(),
                since: at,
                acted_at: None,
                answered_at: None,
                until: None,
                ended_by: None,
                reason: None,
                due_at: None,
                late_at: None,
            });
        }
    }

    /// Notes which clock of the custodian runs out next, and whether one has.
    fn judge(&mut self, case: &Case, world: DirectoryAt<'_>, now_ms: i64) {
        let Some(term) = self.terms.last_mut().filter(|term| term.until.is_none()) else {
            return;
        };
        let running = clocks(case, world, self.calendar, now_ms);
        let mut own = running
            .iter()
            .filter(|clock| clock.kind != ClockKind::Silence);
        let next = own.next();
        term.due_at = next.and_then(|clock| clock.due);
        let late = next.filter(|clock| clock.state == ClockState::Overdue);
        term.late_at = term.late_at.or(late.and_then(|clock| clock.due));
    }
}

/// Whether a message of the custodian is its work on the case, and not what a
/// reporter or the public says through the institution where it was filed.
fn is_act(body: &Body) -> bool {
    match body {
        Body::CaseVerified(_)
        | Body::CaseHeld(_)
        | Body::CaseArchived(_)
        | Body::CaseDisposed(_)
        | Body::CaseReturned(_)
        | Body::CaseRecalled(_)
        | Body::CaseFollowedUp(_)
        | Body::CaseNoted(_)
        | Body::CaseLinked(_)
        | Body::CaseUnlinked(_)
        | Body::CaseSplit(_)
        | Body::CaseTakenOver(_)
        | Body::IdentityRequested(_) => true,
        Body::ReportFiled(_)
        | Body::ReportCompleted(_)
        | Body::CaseReplied(_)
        | Body::CaseClosed(_)
        | Body::CaseReopened(_)
        | Body::CaseRated(_)
        | Body::CaseSupported(_)
        | Body::CaseEscalated(_)
        | Body::CaseSucceeded(_)
        | Body::CaseRedacted(_)
        | Body::IdentityDisclosed(_)
        | Body::IdentityRefused(_)
        | Body::ProgrammePublished(_)
        | Body::ProgrammeProgressed(_)
        | Body::KeyAnnounced(_)
        | Body::TaxonomyUpdated(_)
        | Body::CalendarUpdated(_) => false,
    }
}
