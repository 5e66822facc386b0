//! A page for each deed: its form, and what becomes of it. A form that is sent twice acts once.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use lapor_protocol::ids::{CaseId, MessageId};
use lapor_protocol::kinds::identity_requested::IdentityPurpose;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Flash, Form};
use lapor_web::{ApiProblem, Path, Query};
use serde::Deserialize;
use serde_json::Value;

use super::course;
use super::deed_form::{Choosing, Part, first_form, parts, read};
use super::deeds::Deed;
use super::{Answer, Officer, case_page, place, shared};
use crate::api::problem;
use crate::casework::{CaseView, NewAct, Once, Sight};
use crate::error::NodeError;
use crate::node::Node;
use crate::staff::StaffRole;

pub const PATH: &str = "/meja/kasus/{id}/{tindakan}";

#[derive(Deserialize)]
pub struct DeedPath {
    id: CaseId,
    tindakan: String,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeedQuery {
    /// To whom a hint says.
    ke: String,
    /// The act without effect that is done again.
    ulang: String,
    /// The draft that is written anew.
    draf: String,
}

#[derive(Template)]
#[template(path = "desk/deed.html")]
struct DeedPage<'a> {
    v: Voice,
    form: &'a Form,
    name: String,
    about: String,
    here: String,
    case_at: String,
    title: String,
    content: Option<String>,
    parts: Vec<Part<'a>>,
    institutions: &'a [String],
    grave: bool,
    /// What the institution asks beyond the rules.
    notes: Vec<String>,
}

/// A deed on a case that the officer sees.
struct Standing {
    deed: Deed,
    view: CaseView,
    choosing: Choosing,
    /// The rules allow it now.
    allowed: bool,
}

pub async fn ask(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Path(path): Path<DeedPath>,
    Query(query): Query<DeedQuery>,
) -> Answer<Response> {
    let standing = stand(&node, &officer, &path).await?;
    if !standing.allowed {
        return Ok(not_now(&officer, path.id));
    }
    let again: Option<MessageId> = query.ulang.parse().ok();
    let again = again.and_then(|id| {
        let mut history = standing.view.history.iter();
        history.find(|entry| entry.message == Some(id))
    });
    let mut form = first_form(standing.deed, &standing.view, &query.ke, again);
    if standing.deed == Deed::FollowUp && !query.draf.is_empty() {
        form = drafted(&node, path.id, &query.draf).await?.unwrap_or(form);
    }
    page(&node, &officer, &standing, &form, StatusCode::OK)
}

pub async fn act(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Path(path): Path<DeedPath>,
    mut form: Form,
) -> Answer<Response> {
    let standing = stand(&node, &officer, &path).await?;
    let (v, deed, unusable) = (
        officer.visit.v,
        standing.deed,
        StatusCode::UNPROCESSABLE_ENTITY,
    );
    let once = Once::new(&officer.actor(), form.text("kunci")).map_err(|error| problem(&error))?;
    let sight = officer.sight();
    let new = read(&node, &sight, &v, deed, &mut form, &standing.choosing).await;
    let Some(new) = new else {
        return page(&node, &officer, &standing, &form, unusable);
    };
    match done(&node, &officer, &standing, new, &once).await {
        Ok(flash) => {
            settle(&node, &officer, form.text("ganti")).await?;
            Ok(officer
                .visit
                .go_saying(&place(&case_page::at(path.id)), &flash))
        }
        Err(NodeError::NotAllowed(_)) => Ok(not_now(&officer, path.id)),
        Err(NodeError::Invalid(_)) => {
            form.complain("uraian", v.say("form-unusable"));
            page(&node, &officer, &standing, &form, unusable)
        }
        Err(NodeError::EvidenceNeeded) => {
            form.complain("uraian", v.say("form-evidence-needed"));
            page(&node, &officer, &standing, &form, unusable)
        }
        Err(NodeError::KeyReused) => Ok(warn(&officer, path.id, text_id("act-sent-before"))),
        Err(NodeError::KeyMissing(_)) => Ok(warn(&officer, path.id, text_id("case-keyless"))),
        Err(NodeError::Redacted(_)) => Ok(warn(&officer, path.id, text_id("case-erased"))),
        Err(error) => Err(problem(&error)),
    }
}

/// Does it; the identity of a report that was filed here is asked of the keeper here.
async fn done(
    node: &Node,
    officer: &Officer,
    standing: &Standing,
    new: NewAct,
    once: &Once,
) -> Result<Flash, NodeError> {
    let (actor, case) = (officer.actor(), &standing.view.summary);
    let here = Some(node.instance()?) == case.origin.as_ref();
    let words = new.words.as_ref();
    let text = words.and_then(|words| words.get("text"));
    let text = text.and_then(Value::as_str).unwrap_or_default();
    if standing.deed == Deed::AskIdentity && here {
        let purpose = new.body.get("purpose").cloned().unwrap_or_default();
        let purpose: IdentityPurpose = serde_json::from_value(purpose)
            .map_err(|_| NodeError::Invalid("purpose: expected one of the list".into()))?;
        let asks = node.identity_asks(case.case).await?;
        let waits = asks
            .iter()
            .any(|ask| ask.asked_by == actor && ask.granted.is_none());
        if !waits {
            node.ask_identity(case.case, purpose, text, &actor).await?;
        }
        return Ok(Flash::done(text_id("identity-asked")));
    }
    if new.kind == Deed::FollowUp.kind() && node.wants_approval(case.category.as_ref()) {
        let closes = new.body.get("proposes_to_close") == Some(&Value::Bool(true));
        node.draft_answer(case.case, once.key(), text, closes, &actor)
            .await?;
        return Ok(Flash::done(text_id("answer-drafted")));
    }
    let acted = node.act_once(case.case, new, &actor, once).await?;
    if let (Some(child), Some(unit)) = (acted.child, &case.unit) {
        // Who splits a case goes on seeing both halves.
        node.assign(
            &Sight::ALL,
            &[child],
            Some(unit),
            case.officer.as_deref(),
            &actor,
        )
        .await?;
    }
    Ok(Flash::done(text_id("act-done")).with("ticket", case.ticket.clone().unwrap_or_default()))
}

/// An act that was done again is a task no more.
async fn settle(node: &Node, officer: &Officer, message: &str) -> Answer<()> {
    let Ok(message) = message.parse::<MessageId>() else {
        return Ok(());
    };
    match node
        .drop_failed_act(&officer.sight(), message, &officer.actor())
        .await
    {
        Ok(()) | Err(NodeError::NotFound { .. }) => Ok(()),
        Err(error) => Err(problem(&error)),
    }
}

/// The deed of a path.
async fn stand(node: &Node, officer: &Officer, path: &DeedPath) -> Answer<Standing> {
    let deed = Deed::named(&path.tindakan).ok_or_else(ApiProblem::not_found)?;
    officer.requires(StaffRole::handles_cases)?;
    let view = officer.case(node, path.id).await?;
    let allowed = node.allowed_acts(path.id).await;
    let allowed = allowed.map_err(|error| problem(&error))?;
    Ok(Standing {
        deed,
        choosing: Choosing::of(node, &officer.visit.v, deed, &view, &allowed).await?,
        allowed: deed.is_allowed(node, &view, &allowed),
        view,
    })
}

fn page(
    node: &Node,
    officer: &Officer,
    standing: &Standing,
    form: &Form,
    status: StatusCode,
) -> Answer<Response> {
    let (v, deed) = (officer.visit.v, standing.deed);
    let (name, about) = deed.words();
    let case = &standing.view.summary;
    let case_at = case_page::at(case.case);
    let page = DeedPage {
        v,
        form,
        name: v.say(name),
        about: v.say(about),
        here: format!("{case_at}/{}", deed.slug()),
        case_at,
        title: shared::title(&v, &standing.view),
        content: course::report(node, &standing.view).content,
        parts: parts(&v, deed, form, &standing.choosing),
        institutions: &standing.choosing.suggested,
        grave: deed.is_grave(),
        notes: notes(node, &v, standing),
    };
    officer.visit.shell(v.say(name)).status(status).show(&page)
}

/// What the institution asks of an answer beyond the rules.
fn notes(node: &Node, v: &Voice, standing: &Standing) -> Vec<String> {
    if standing.deed != Deed::FollowUp {
        return Vec::new();
    }
    let category = standing.view.summary.category.as_ref();
    let evidence = category.is_some_and(|category| node.category_needs(category).evidence);
    let approval = node.wants_approval(category).then(|| v.say("draft-needed"));
    let evidence = evidence.then(|| v.say("form-evidence"));
    approval.into_iter().chain(evidence).collect()
}

/// The form of a draft that was given back.
async fn drafted(node: &Node, case: CaseId, id: &str) -> Answer<Option<Form>> {
    let drafts = node.answer_drafts(case).await;
    let drafts = drafts.map_err(|error| problem(&error))?;
    let draft = drafts.into_iter().find(|draft| draft.id == id);
    Ok(draft.map(|draft| {
        let how = if draft.proposes_to_close {
            "usul"
        } else {
            "publik"
        };
        Form::of([
            ("kunci", Once::fresh_key()),
            ("sifat", how.to_owned()),
            ("uraian", draft.text),
        ])
    }))
}

fn not_now(officer: &Officer, case: CaseId) -> Response {
    warn(officer, case, text_id("act-refused"))
}

fn warn(officer: &Officer, case: CaseId, text: TextId) -> Response {
    let to = place(&case_page::at(case));
    officer.visit.go_saying(&to, &Flash::warning(text))
}
