//! What was set aside: messages that could not be applied or sent, why, and what an admin can do
//! about each. The same acts as `lapor-node quarantine` has.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_protocol::ids::CaseId;
use lapor_web::ApiProblem;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Flash, Form, LocalPath};

use super::{ACCOUNT, Answer, Officer, acts, case_page};
use crate::api::problem;
use crate::error::NodeError;
use crate::node::Node;
use crate::quarantine::{Aside, AsideId, REFUSED_WITH, WAITS};
use crate::staff::StaffRole;

pub const PATH: &str = "/meja/tertahan";
/// Messages of each direction, at most.
const MOST: i64 = 100;
/// Characters of the reason of a refusal.
const REASON: usize = 500;

#[derive(Template)]
#[template(path = "desk/aside.html")]
struct AsidePage {
    v: Voice,
    here: &'static str,
    lines: Vec<Line>,
    reason_chars: usize,
}

/// A message that was set aside.
struct Line {
    id: String,
    what: String,
    kind: String,
    state: String,
    tone: &'static str,
    why: String,
    /// The ticket of its case, and the page.
    case: Option<(String, String)>,
    behind: u64,
    at: i64,
    refused: bool,
    /// Without this one, which is refused, it cannot be sent again.
    first: Option<String>,
}

/// Told to whoever may look: how many messages are set aside, and where.
pub async fn told(node: &Node, officer: &Officer) -> Answer<Option<(String, &'static str)>> {
    let count = node.count_set_aside().await;
    let count = count.map_err(|error| problem(&error))?;
    let said = officer.visit.v.with("n", count).say("aside-told");
    Ok((count > 0).then_some((said, PATH)))
}

pub async fn list(State(node): State<Arc<Node>>, officer: Officer) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let visit = &officer.visit;
    let aside = node.set_aside(true, MOST).await;
    let aside = aside.map_err(|error| problem(&error))?;
    let named: BTreeSet<String> = aside
        .iter()
        .filter_map(|one| Some(one.case?.to_string()))
        .collect();
    let cases = node.shown_among(named.iter().map(String::as_str)).await;
    let cases = cases.map_err(|error| problem(&error))?;
    let first = node.first_to_send(&aside).await;
    let first = first.map_err(|error| problem(&error))?;
    let lines = aside.into_iter().zip(first);
    let lines = lines
        .map(|(one, first)| Line {
            first: first.map(|id| id.to_string()),
            ..line(&visit.v, one, &cases)
        })
        .collect();
    let page = AsidePage {
        v: visit.v,
        here: PATH,
        lines,
        reason_chars: REASON,
    };
    let title = visit.v.say("aside-title");
    visit.shell(title).wide().within(ACCOUNT).show(&page)
}

/// Looks again, or goes on without it.
pub async fn act(State(node): State<Arc<Node>>, officer: Officer, form: Form) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let id: Option<AsideId> = form.text("pesan").parse().ok();
    let id = id.ok_or_else(ApiProblem::not_found)?;
    let actor = officer.actor();
    let done = if form.text("tindakan") == "tolak" {
        let refused = node.refuse(id, form.text("alasan"), &actor).await;
        refused.map(|_| Flash::done(text_id("aside-refused-done")))
    } else {
        node.replay(id, &actor)
            .await
            .map(|again| match (again.still, id) {
                (Some(_), _) => Flash::warning(text_id("aside-still")),
                (None, AsideId::Own(_)) => Flash::done(text_id("aside-sent-again")),
                (None, AsideId::Item(_)) => Flash::done(text_id("aside-replayed")),
            })
    };
    let flash = match done {
        Ok(flash) => flash,
        Err(NodeError::Invalid(_) | NodeError::NotFound { .. }) => {
            Flash::warning(text_id("aside-not-done"))
        }
        Err(error) => return Err(problem(&error)),
    };
    Ok(officer.visit.go_saying(&LocalPath::own(PATH), &flash))
}

/// `cases` are those that are known here: ticket, and whether there is a page.
fn line(v: &Voice, aside: Aside, cases: &BTreeMap<CaseId, (Option<String>, bool)>) -> Line {
    let case = aside.case.map(|id| {
        let (ticket, shown) = cases.get(&id).cloned().unwrap_or_default();
        // One that cannot be shown has a ticket and no page.
        let page = shown.then(|| case_page::at(id));
        (
            ticket.unwrap_or_else(|| id.to_string()),
            page.unwrap_or_default(),
        )
    });
    let (state, tone) = state_words(&aside.state);
    let why = aside.reason.as_deref().unwrap_or_default();
    let known = acts::ACTS.iter().find(|(kind, _)| *kind == aside.kind);
    Line {
        id: aside.id.to_string(),
        what: v.say(known.map_or(text_id("course-other"), |(_, words)| *words)),
        state: v.say(state),
        tone,
        why: v.with("why", why).say(if why.is_empty() {
            text_id("aside-no-reason")
        } else {
            reason_words(&aside)
        }),
        case,
        behind: aside.behind,
        at: aside.at,
        refused: aside.state == "refused",
        first: None,
        kind: aside.kind,
    }
}

fn state_words(state: &str) -> (TextId, &'static str) {
    match state {
        "parked" => (text_id("aside-parked"), "quiet"),
        "refused" => (text_id("aside-refused"), "quiet"),
        _ => (text_id("aside-quarantined"), "alert"),
    }
}

/// Why, as far as the state says it; the code or sentence of the program stands behind it.
fn reason_words(aside: &Aside) -> TextId {
    let why = aside.reason.as_deref().unwrap_or_default();
    match (aside.state.as_str(), aside.id, why) {
        ("parked", ..) => text_id("aside-why-parked"),
        ("refused", _, REFUSED_WITH) => text_id("aside-why-refused-with"),
        ("refused", ..) => text_id("aside-why-refused"),
        (_, AsideId::Own(_), WAITS) => text_id("aside-why-own-waits"),
        (_, AsideId::Own(_), "bytes_damaged") => text_id("aside-why-own-damaged"),
        (_, AsideId::Own(_), "draft_unreadable") => text_id("aside-why-own-unreadable"),
        (_, AsideId::Own(_), "header_invalid") => text_id("aside-why-own-header"),
        (_, AsideId::Own(_), "signature_invalid") => text_id("aside-why-own-signature"),
        (_, AsideId::Own(_), _) => text_id("aside-why-own"),
        (_, AsideId::Item(_), "bytes_damaged") => text_id("aside-why-item-damaged"),
        (_, AsideId::Item(_), "header_invalid") => text_id("aside-why-item-header"),
        (_, AsideId::Item(_), "signature_invalid") => text_id("aside-why-item-signature"),
        (_, AsideId::Item(_), "key_unknown") => text_id("aside-why-item-key"),
        (_, AsideId::Item(_), "item_mismatch") => text_id("aside-why-item-mismatch"),
        (_, AsideId::Item(_), "cannot_be_applied") => text_id("aside-why-item-failed"),
        (_, AsideId::Item(_), _) => text_id("aside-why-item"),
    }
}
