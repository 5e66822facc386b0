//! What is to be erased, for the institution's admin: another person confirms what an officer decided
//! where the institution wants that, and stops what should not be; a reporter's own wish is only seen,
//! unless a restore has put it in doubt.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_protocol::ids::CaseId;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Flash, Form, LocalPath};
use lapor_web::people::actor_named;

use super::identity::names;
use super::reasons::reason_words;
use super::{ACCOUNT, Answer, Officer, case_page};
use crate::api::problem;
use crate::casework::{Decider, PlannedErasure};
use crate::error::NodeError;
use crate::node::Node;
use crate::reporters::{Erasure, ErasureState};
use crate::staff::StaffRole;

pub const PATH: &str = "/meja/penghapusan";

#[derive(Template)]
#[template(path = "desk/erasures.html")]
struct ErasuresPage {
    v: Voice,
    lines: Vec<Line>,
    here: &'static str,
    back_at: &'static str,
}

struct Line {
    id: String,
    ticket: String,
    case_at: String,
    reason: String,
    /// Who decided it, and who confirmed it.
    by: String,
    confirmed_by: Option<String>,
    state: String,
    tone: &'static str,
    asked_at: i64,
    /// An officer decided it, or it is in doubt.
    stoppable: bool,
    confirmable: bool,
}

pub async fn list(State(node): State<Arc<Node>>, officer: Officer) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let v = officer.visit.v;
    let planned = node.planned_erasures().await;
    let planned = planned.map_err(|error| problem(&error))?;
    let (names, actor) = (names(&node).await?, officer.actor());
    let called = |actor: &String| actor_named(&v, &names, actor);
    let line = |one: PlannedErasure| {
        let asked = one.erasure.state == ErasureState::Asked;
        let begun = one.erasure.state == ErasureState::Erasing;
        let day = v.date(one.erasure.due_at);
        Line {
            ticket: one.ticket.unwrap_or_else(|| v.say("case-untitled")),
            case_at: case_page::at(one.erasure.case),
            reason: reason_words(&v, "case.redacted", &one.erasure.reason),
            by: one
                .asked_by
                .as_ref()
                .map_or_else(|| v.say("erasures-reporter"), called),
            confirmed_by: one.confirmed_by.as_ref().map(called),
            state: match one.erasure.state {
                ErasureState::Asked if one.asked_by.is_none() => v.say("erasures-doubtful"),
                ErasureState::Asked => v.say("erasures-asked"),
                ErasureState::Erasing => v.say("erasures-begun"),
                _ => v.with("day", day).say("erasures-waiting"),
            },
            tone: if asked { "warm" } else { "quiet" },
            asked_at: one.erasure.asked_at,
            stoppable: asked || (one.asked_by.is_some() && !begun),
            confirmable: asked && one.person.as_ref() != Some(&actor),
            id: one.id,
        }
    };
    let page = ErasuresPage {
        v,
        lines: planned.into_iter().map(line).collect(),
        here: PATH,
        back_at: ACCOUNT,
    };
    let shell = officer.visit.shell(v.say("erasures-title"));
    shell.within(ACCOUNT).show(&page)
}

/// Confirms one, or stops it.
pub async fn decide(
    State(node): State<Arc<Node>>,
    officer: Officer,
    form: Form,
) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let (id, by) = (form.text("penghapusan"), decider(&officer));
    let (done, said) = match form.text("tindakan") {
        "setuju" => (
            node.confirm_erasure(id, &by).await,
            text_id("erasures-confirmed"),
        ),
        _ => (
            node.stop_erasure(id, &by).await,
            text_id("erasures-stopped"),
        ),
    };
    let flash = match done {
        Ok(()) => Flash::done(said),
        Err(NodeError::Forbidden(_)) => Flash::warning(text_id("erasures-own")),
        Err(NodeError::NotFound { .. }) => Flash::warning(text_id("erasures-gone")),
        Err(error) => return Err(problem(&error)),
    };
    Ok(officer.visit.go_saying(&LocalPath::own(PATH), &flash))
}

/// The officer as one who decides about erasures.
pub fn decider(officer: &Officer) -> Decider {
    Decider::officer(officer.role, officer.actor())
}

/// What is said once it is decided.
pub fn decided(node: &Node, erasure: &Erasure) -> Flash {
    match (erasure.state, node.settings().erasure.officer_days) {
        (ErasureState::Asked, _) => Flash::done(text_id("done-redact-asked")),
        (_, 0) => Flash::done(text_id("done-redact-at-once")),
        (_, days) => Flash::done(text_id("done-redact")).with("n", days.to_string()),
    }
}

/// What the page of a case says of an erasure that is ahead, if one is.
pub async fn of_case(node: &Node, v: &Voice, case: CaseId) -> Answer<Option<String>> {
    let erasure = node.erasure_ahead(case).await;
    let erasure = erasure.map_err(|error| problem(&error))?;
    Ok(erasure.map(|erasure| ahead(v, &erasure)))
}

fn ahead(v: &Voice, erasure: &Erasure) -> String {
    let said: TextId = match (erasure.state, erasure.by_institution) {
        (ErasureState::Asked, true) => text_id("case-erasure-asked"),
        (ErasureState::Asked, false) => text_id("case-erasure-doubtful"),
        (ErasureState::Erasing, _) => text_id("case-erasure-begun"),
        (_, true) => text_id("case-erasure-ahead"),
        (_, false) => text_id("case-erasure-wished"),
    };
    v.with("day", v.date(erasure.due_at))
        .with("reason", reason_words(v, "case.redacted", &erasure.reason))
        .say(said)
}

/// How many wait for this officer to confirm, and where.
pub async fn told(node: &Node, officer: &Officer) -> Answer<Option<(String, &'static str)>> {
    let count = node.erasures_to_confirm(&officer.actor()).await;
    let count = count.map_err(|error| problem(&error))?;
    let said = officer.visit.v.with("n", count).say("erasures-to-confirm");
    Ok((count > 0).then_some((said, PATH)))
}
