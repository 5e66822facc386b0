//! Tracking a report by its ticket, with no account and no key: what anybody
//! may know who was told the ticket.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use lapor_protocol::case::State as CaseState;
use lapor_protocol::deadline::ClockKind;
use lapor_protocol::ids::InstanceId;
use lapor_protocol::kinds::ClosedBy;
use lapor_protocol::kinds::case_archived::ArchiveReason;
use lapor_protocol::kinds::case_returned::ReturnReason;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Form, Visit};
use lapor_web::{ApiProblem, Query};
use serde::Deserialize;

use super::conversation::{self, running};
use super::onward::Onward;
use super::{Answer, name_of, report};
use crate::api::{Address, problem};
use crate::casework::Outcome;
use crate::casework::course::{Event, Happened};
use crate::casework::tracking::{Step, Tracked};
use crate::deadlines::RunningClock;
use crate::error::NodeError;
use crate::node::Node;

pub const PATH: &str = "/lacak";
/// The field and the parameter that hold the ticket.
const TICKET: &str = "tiket";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TicketQuery {
    tiket: Option<String>,
}

#[derive(Template)]
#[template(path = "portal/ask-ticket.html")]
struct AskTicket<'a> {
    v: Voice,
    form: &'a Form,
    search_at: &'static str,
    conversation_at: &'static str,
    /// Where a code is sent, if letters are.
    sign_in_at: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "portal/track.html")]
struct Track {
    v: Voice,
    tracked: Tracked,
    badge: Badge,
    custodian: Option<String>,
    steps: Vec<Stage>,
    clock: Option<String>,
    course: Vec<Line>,
    /// The public report in which it goes on.
    goes_on_at: Option<String>,
    /// Where it goes on, if nothing more is heard of it here.
    onward: Option<Onward>,
    search_at: &'static str,
    conversation_at: &'static str,
}

/// Where a case stands, as a badge says it.
pub(super) struct Badge {
    pub said: String,
    pub tone: &'static str,
    /// That it ends by itself, and when.
    pub ends: Option<String>,
}

/// What a badge is read from.
pub(super) struct Standing<'a> {
    pub state: CaseState,
    pub outcome: Option<Outcome>,
    /// The reporter has answered what was said last.
    pub replied: bool,
    /// Whose it is: the custodian, or the institution for which it acts.
    pub whose: Option<&'a InstanceId>,
    pub clock: Option<&'a RunningClock>,
}

impl<'a> Standing<'a> {
    fn of_ticket(tracked: &'a Tracked) -> Self {
        Self {
            state: tracked.state,
            outcome: tracked.outcome,
            replied: tracked.replied,
            whose: tracked.on_behalf_of.as_ref().or(tracked.custodian.as_ref()),
            clock: tracked.clock.as_ref(),
        }
    }
}

/// One of the five steps, as far as the case has come.
pub(super) struct Stage {
    pub name: String,
    pub about: String,
    /// Whether it was gone through or left out; `None` of one that is still ahead or at work.
    pub class: Option<&'static str>,
    pub current: bool,
}

/// How far a case has come.
pub(super) struct Walk<'a> {
    pub at: Step,
    pub walked: &'a [Step],
    pub outcome: Option<Outcome>,
}

pub(super) struct Line {
    pub said: String,
    pub by: Option<String>,
    pub words: Option<String>,
    /// How many files the reporter has with it.
    pub files: Option<String>,
    /// Another institution has not heard of it yet.
    pub waits: bool,
    pub at: i64,
}

pub async fn track(
    State(node): State<Arc<Node>>,
    visit: Visit,
    Address(address): Address,
    Query(query): Query<TicketQuery>,
) -> Answer<Response> {
    let Some(typed) = query.tiket.filter(|typed| !typed.trim().is_empty()) else {
        return ask(&node, &visit, &Form::empty(), StatusCode::OK);
    };
    node.admit_question(address).map_err(|e| problem(&e))?;
    let mut form = Form::of([(TICKET, typed.as_str())]);
    match node.track(&typed).await {
        Ok(tracked) => show(&node, &visit, tracked),
        Err(NodeError::Invalid(_)) => {
            form.complain(TICKET, visit.v.say("ticket-mistyped"));
            ask(&node, &visit, &form, StatusCode::UNPROCESSABLE_ENTITY)
        }
        Err(NodeError::NotFound { .. }) => {
            form.complain(TICKET, unknown(&node, &visit.v));
            ask(&node, &visit, &form, StatusCode::NOT_FOUND)
        }
        Err(error) => Err(problem(&error)),
    }
}

/// Where else to look: the national desk reads every case that it is not excluded from.
fn unknown(node: &Node, v: &Voice) -> String {
    let directory = node.directory();
    let desk = directory.latest().desk().map(|desk| desk.id.clone());
    let elsewhere = desk.filter(|desk| node.instance().ok() != Some(desk));
    elsewhere.map_or_else(
        || v.say("ticket-unknown-national"),
        |desk| {
            v.with("institution", name_of(node, &desk))
                .say("ticket-unknown")
        },
    )
}

fn ask(node: &Node, visit: &Visit, form: &Form, status: StatusCode) -> Answer<Response> {
    let page = AskTicket {
        v: visit.v,
        form,
        search_at: PATH,
        conversation_at: conversation::PATH,
        sign_in_at: node.code_ways().any().then_some(conversation::SIGN_IN),
    };
    let title = visit.v.say("track-title");
    visit.shell(title).listed().status(status).show(&page)
}

fn show(node: &Node, visit: &Visit, tracked: Tracked) -> Result<Response, ApiProblem> {
    let v = visit.v;
    let badge = if tracked.left {
        Badge {
            said: v.say("left-badge"),
            tone: "quiet",
            ends: None,
        }
    } else {
        badge(node, &v, &Standing::of_ticket(&tracked))
    };
    let onward = tracked.left.then(|| {
        let left = tracked.onward.as_ref();
        left.map_or_else(
            || Onward::of_secret(node, &v),
            |left| Onward::of(node, &v, left),
        )
    });
    let page = Track {
        v,
        badge,
        custodian: tracked
            .custodian
            .as_ref()
            .filter(|_| !tracked.left)
            .map(|id| name_of(node, id)),
        steps: stages(
            &v,
            &Walk {
                at: tracked.step,
                walked: &tracked.walked,
                outcome: tracked.outcome,
            },
        ),
        clock: tracked.clock.as_ref().map(|c| running(&v, c)),
        course: tracked.course.iter().map(|h| line(node, &v, h)).collect(),
        goes_on_at: tracked.goes_on_in.map(report::path),
        onward,
        search_at: PATH,
        conversation_at: conversation::PATH,
        tracked,
    };
    let title = v.with("ticket", &page.tracked.ticket).say("track-of");
    visit.shell(title).show(&page)
}

/// The badge of a case: to whom it was passed on, who works on it, how it ended.
pub(super) fn badge(node: &Node, v: &Voice, at: &Standing<'_>) -> Badge {
    let (words, tone) = standing_words(at.state, at.outcome, at.replied);
    let by = match at.state {
        CaseState::Disposed => Some(text_id("badge-disposed")),
        CaseState::InProgress => Some(text_id("badge-followed-up")),
        _ => None,
    };
    let named = by.zip(at.whose);
    let said = named.map_or_else(
        || v.say(words),
        |(by, id)| v.with("institution", name_of(node, id)).say(by),
    );
    let silence = at.clock.filter(|clock| clock.kind == ClockKind::Silence);
    let ends = silence.map(|clock| match clock.days_left {
        ..=0 => v.say("badge-ends-today"),
        days => v.with("n", days).say("badge-ends"),
    });
    Badge { said, tone, ends }
}

/// The five steps. One that the case did not go through is never shown as done: what was archived
/// or merged ends without them, and what closed by silence without the reporter's say.
pub(super) fn stages(v: &Voice, walk: &Walk<'_>) -> Vec<Stage> {
    let seen = |step: Step| {
        let (name, about) = step_words(step);
        let behind = step < walk.at || walk.outcome.is_some();
        let walked = walk.walked.contains(&step);
        match walk.outcome.filter(|_| step == Step::Done) {
            Some(outcome) => end(v, outcome, walked),
            None => Stage {
                name: v.say(name),
                about: if behind && !walked {
                    v.say("step-not-walked")
                } else {
                    v.say(about)
                },
                class: behind.then_some(if walked { "passed" } else { "skipped" }),
                current: step == walk.at,
            },
        }
    };
    Step::ALL.into_iter().map(seen).collect()
}

/// The last step of a case that has ended, which says how.
fn end(v: &Voice, outcome: Outcome, walked: bool) -> Stage {
    let (name, about) = match outcome {
        Outcome::Archived => (v.say("state-archived"), v.say("step-archived-about")),
        Outcome::Merged => (v.say("state-merged"), v.say("step-merged-about")),
        closed => (
            v.say("step-done"),
            v.with("how", v.say(outcome_words(closed)))
                .say("step-closed-about"),
        ),
    };
    Stage {
        name,
        about,
        class: walked.then_some("passed"),
        current: true,
    }
}

pub(super) fn line(node: &Node, v: &Voice, happened: &Happened) -> Line {
    let said = match &happened.event {
        Event::Received => v.say("event-received"),
        Event::Verified => v.say("event-verified"),
        Event::Disposed(target) => v
            .with("institution", name_of(node, target))
            .say("event-disposed"),
        Event::Held => v.say("event-held"),
        Event::Completed => v.say("event-completed"),
        Event::FollowedUp(_) => v.say("event-followed-up"),
        Event::Answered(_) => v.say("event-answered"),
        Event::Returned(..) => v.say("event-returned"),
        Event::Recalled => v.say("event-recalled"),
        Event::SplitOff => v.say("event-split-off"),
        Event::Escalated(supervisor) => v
            .with("institution", name_of(node, supervisor))
            .say("event-escalated"),
        Event::TakenOver => v.say("event-taken-over"),
        Event::Succeeded(institution) => v
            .with("institution", name_of(node, institution))
            .say("event-succeeded-of"),
        Event::Merged => v.say("event-merged"),
        Event::MergedHere => v.say("event-merged-here"),
        Event::Unmerged => v.say("event-unmerged"),
        Event::Split => v.say("event-split"),
        Event::Reopened => v.say("event-reopened"),
        Event::Closed(by, officer) => v.say(closed_words(*by, *officer)),
        Event::Archived(_) => v.say("event-archived"),
    };
    let words = match &happened.event {
        Event::FollowedUp(words) | Event::Answered(words) => words.clone(),
        Event::Returned(reason, suggested) => {
            Some(return_words(node, v, *reason, suggested.as_ref()))
        }
        Event::Archived(reason) => Some(v.say(archive_words(*reason))),
        _ => None,
    };
    Line {
        said,
        by: happened.by.as_ref().map(|id| name_of(node, id)),
        words,
        files: (happened.files > 0).then(|| v.with("n", happened.files).say("event-files")),
        waits: happened.waits,
        at: happened.at,
    }
}

/// A step's name and the sentence that explains it.
fn step_words(step: Step) -> (TextId, TextId) {
    match step {
        Step::Written => (text_id("step-written"), text_id("step-written-about")),
        Step::Verification => (
            text_id("step-verification"),
            text_id("step-verification-about"),
        ),
        Step::FollowUp => (text_id("step-follow-up"), text_id("step-follow-up-about")),
        Step::Response => (text_id("step-response"), text_id("step-response-about")),
        Step::Done => (text_id("step-done"), text_id("step-done-about")),
    }
}

/// Why a case was archived, as its reporter reads it.
pub(crate) fn archive_words(reason: ArchiveReason) -> TextId {
    match reason {
        ArchiveReason::NotAReport => text_id("archive-not-a-report"),
        ArchiveReason::Incomplete => text_id("archive-incomplete"),
        ArchiveReason::NoAnswer => text_id("archive-no-answer"),
        ArchiveReason::Duplicate => text_id("archive-duplicate"),
        ArchiveReason::OutsideGovernment => text_id("archive-outside-government"),
        ArchiveReason::BeforeACourt => text_id("archive-before-a-court"),
        ArchiveReason::AnsweredElsewhere => text_id("archive-answered-elsewhere"),
        ArchiveReason::Abusive => text_id("archive-abusive"),
        ArchiveReason::Other => text_id("archive-other"),
    }
}

/// Why a case went back, and whose it should be instead.
pub(crate) fn return_words(
    node: &Node,
    v: &Voice,
    reason: ReturnReason,
    suggested: Option<&InstanceId>,
) -> String {
    let why = match reason {
        ReturnReason::NotOurAuthority => text_id("returned-not-our-authority"),
        ReturnReason::WrongRegion => text_id("returned-wrong-region"),
        ReturnReason::AnotherLevel => text_id("returned-another-level"),
        ReturnReason::BelongsToAnother => text_id("returned-belongs-to-another"),
        ReturnReason::Other => text_id("returned-other"),
    };
    let whose = suggested.map(|id| {
        v.with("institution", name_of(node, id))
            .say("returned-suggested")
    });
    [Some(v.say(why)), whose]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ")
}

/// What happened when a case was closed.
pub(crate) fn closed_words(by: ClosedBy, through_officer: bool) -> TextId {
    match by {
        ClosedBy::Reporter if through_officer => text_id("closed-officer"),
        ClosedBy::Reporter => text_id("event-confirmed"),
        ClosedBy::Silence => text_id("closed-silence"),
    }
}

/// A state with how it came to its end, in plain words, and the tone of its badge. Once the reporter
/// has `replied` to a proposal to close, the institution is awaited and no longer the reporter.
pub fn standing_words(
    state: CaseState,
    outcome: Option<Outcome>,
    replied: bool,
) -> (TextId, &'static str) {
    match (state, outcome) {
        (CaseState::Answered, _) if replied => (text_id("state-replied"), "warm"),
        (CaseState::Closed, Some(outcome)) => (outcome_words(outcome), "done"),
        (state, _) => state_words(state),
    }
}

/// How a case ended.
pub fn outcome_words(outcome: Outcome) -> TextId {
    match outcome {
        Outcome::Confirmed => text_id("outcome-confirmed"),
        Outcome::Officer => text_id("outcome-officer"),
        Outcome::Silence => text_id("outcome-silence"),
        Outcome::Archived => text_id("state-archived"),
        Outcome::Merged => text_id("state-merged"),
    }
}

/// A state in plain words, and the tone of its badge.
pub fn state_words(state: CaseState) -> (TextId, &'static str) {
    match state {
        CaseState::Received => (text_id("state-received"), "warm"),
        CaseState::Verified => (text_id("state-verified"), "accent"),
        CaseState::Held => (text_id("state-held"), "warm"),
        CaseState::Disposed => (text_id("state-disposed"), "accent"),
        CaseState::InProgress => (text_id("state-in-progress"), "accent"),
        CaseState::Answered => (text_id("state-answered"), "accent"),
        CaseState::Closed => (text_id("state-closed"), "done"),
        CaseState::Archived => (text_id("state-archived"), "quiet"),
        CaseState::Merged => (text_id("state-merged"), "quiet"),
    }
}
