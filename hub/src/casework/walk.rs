//! A case's way from institution to institution, read from its history: who
//! had it, from when until when, what they did with it, and which clocks ran
//! out. Nothing in it is a word of the case.

use lapor_protocol::calendar::Calendar;
use lapor_protocol::case::{Case, Order, apply};
use lapor_protocol::deadline::{Clock, awaited};
use lapor_protocol::directory::{Directory, DirectoryAt};
use lapor_protocol::ids::InstanceId;
use lapor_protocol::kinds::Body;
use serde::Serialize;
use utoipa::ToSchema;

use super::clocks::{Clocks, Ran};
use crate::casefile::{CaseFile, Past};
use crate::store::code_of;

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Way {
    pub terms: Vec<Term>,
    pub clocks: Vec<Ran>,
}

/// One stretch of custody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Term {
    /// 1 for the institution where it was filed, one more each time that it
    /// moved on; a reopening is another term and no other hop.
    pub hop: u32,
    #[schema(value_type = String)]
    pub institution: InstanceId,
    /// The kind of message by which it got the case.
    pub begun_by: &'static str,
    /// Unix ms; when it did.
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
}

/// Follows a case through its applied messages.
pub fn walk(file: &CaseFile, directory: &Directory, calendar: &Calendar) -> Way {
    let mut walk = Walk {
        calendar,
        terms: Vec::new(),
        clocks: Clocks::default(),
        completed: false,
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
    Way {
        terms: walk.terms,
        clocks: walk.clocks.all(),
    }
}

/// The clocks of a case at `now` (Unix ms) that somebody can still meet.
pub fn awaited_at(
    file: &CaseFile,
    directory: &Directory,
    calendar: &Calendar,
    now: i64,
) -> Vec<Clock> {
    let applied = file.past.iter().rev().filter(|past| past.ruling.applied());
    let mut bodies = applied.filter_map(|past| past.message.body.as_ref().ok());
    let completed = bodies.find_map(completes).unwrap_or(false);
    awaited(&file.case, completed, directory.latest(), calendar, now)
}

/// Whether the reporter has completed the report since the last follow-up, as far as a message changes
/// that.
fn completes(body: &Body) -> Option<bool> {
    match body {
        Body::ReportCompleted(_) => Some(true),
        Body::CaseFollowedUp(_) => Some(false),
        _ => None,
    }
}

struct Walk<'a> {
    calendar: &'a Calendar,
    terms: Vec<Term>,
    clocks: Clocks,
    /// The reporter has completed the report since the last follow-up.
    completed: bool,
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
                begun_by: body.kind(),
                since: at,
                acted_at: None,
                answered_at: None,
                until: None,
                ended_by: None,
                reason: None,
            });
        }
        self.completed = completes(body).unwrap_or(self.completed);
        let hop = self.terms.last().map_or(1, |term| term.hop);
        let awaited = awaited(after, self.completed, world, self.calendar, at);
        self.clocks.take(after, awaited, at, hop);
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
