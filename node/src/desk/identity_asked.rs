//! What an officer has asked about who reported, here and at other institutions, and what was
//! answered; never who reported.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_web::Query;
use lapor_web::language::{TextId, Voice, text_id};
use serde::Deserialize;

use super::identity::ASKED;
use super::reasons::reason_words;
use super::{Answer, Officer, ROOT, case_page};
use crate::api::problem;
use crate::casework::IdentityRequest;
use crate::node::Node;
use crate::portal::name_of;
use crate::staff::StaffRole;

/// For how long an answer is told above the list of reports, Unix ms.
const FRESH_MS: i64 = 7 * 86_400_000;

#[derive(Template)]
#[template(path = "desk/identity-asked.html")]
struct AskedPage {
    v: Voice,
    lines: Vec<Line>,
    /// Where the first page and the next one are.
    first: Option<&'static str>,
    next: Option<String>,
    back_at: &'static str,
}

/// A request.
struct Line {
    ticket: String,
    at: i64,
    case_at: String,
    /// Who answers, or has answered.
    by: String,
    state: String,
    tone: &'static str,
    reason: Option<String>,
    answered_at: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedQuery {
    /// Behind what the page before ended with.
    lanjut: Option<String>,
}

pub async fn show(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Query(query): Query<AskedQuery>,
) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    let (v, after) = (officer.visit.v, query.lanjut.as_deref());
    let asked = node.identity_requests_of(&officer.actor(), after).await;
    let asked = asked.map_err(|error| problem(&error))?;
    let lines = asked.requests.into_iter();
    let page = AskedPage {
        v,
        lines: lines.map(|one| line(&node, &v, one)).collect(),
        first: after.map(|_| ASKED),
        next: asked.next.map(|next| format!("{ASKED}?lanjut={next}")),
        back_at: ROOT,
    };
    let title = v.say("identity-asked-title");
    officer.visit.shell(title).within(ROOT).show(&page)
}

/// What is told above the list of reports, and where it is read.
pub async fn told(node: &Node, officer: &Officer) -> Answer<Option<(String, &'static str)>> {
    let since = node.clock().now_ms() - FRESH_MS;
    let fresh = node.identity_answers_to(&officer.actor(), since).await;
    let fresh = fresh.map_err(|error| problem(&error))?;
    let said = officer
        .visit
        .v
        .with("n", fresh)
        .say("identity-asked-answered");
    Ok((fresh > 0).then_some((said, ASKED)))
}

fn line(node: &Node, v: &Voice, one: IdentityRequest) -> Line {
    let (state, tone) = standing(&one);
    let answer = one.answer.as_ref();
    let reason = answer.and_then(|answer| answer.reason.as_deref());
    Line {
        ticket: one.ticket.unwrap_or_else(|| v.say("case-untitled")),
        at: one.at,
        case_at: case_page::at(one.case),
        by: one.institution.map_or_else(
            || v.say("role-identity-keeper"),
            |institution| name_of(node, &institution),
        ),
        state: v.say(state),
        tone,
        reason: reason.map(|code| reason_words(v, "identity.refused", code)),
        answered_at: answer.map(|answer| answer.at),
    }
}

fn standing(one: &IdentityRequest) -> (TextId, &'static str) {
    match one.answer.as_ref().map(|answer| answer.granted) {
        None if one.lapsed => (text_id("identity-asked-lapsed"), "alert"),
        None => (text_id("identity-asked-waits"), "quiet"),
        Some(true) => (text_id("step-granted"), "done"),
        Some(false) => (text_id("step-refused"), "alert"),
    }
}
