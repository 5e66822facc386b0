//! Answers that wait for a superior: shown with their report, signed or given back by an admin who
//! did not write them.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Flash, Form};
use lapor_web::{ApiProblem, Path};
use serde::Deserialize;

use super::deeds::Deed;
use super::identity::names;
use super::{Answer, Officer, case_page, place, shared};
use crate::api::problem;
use crate::casework::{AnswerDraft, CaseView, DraftState};
use crate::error::NodeError;
use crate::node::Node;
use crate::staff::StaffRole;

pub const PATH: &str = "/meja/persetujuan";
pub const ONE: &str = "/meja/persetujuan/{id}";

#[derive(Deserialize)]
pub struct DraftPath {
    id: String,
}

#[derive(Template)]
#[template(path = "desk/approvals.html")]
struct ApprovalsPage {
    v: Voice,
    drafts: Vec<DraftLine>,
}

/// A draft on a page.
pub struct DraftLine {
    pub draft: AnswerDraft,
    pub title: String,
    pub by: String,
    /// Where it is decided.
    pub at: String,
    pub case_at: String,
    /// Where its author writes it anew.
    pub again_at: String,
    /// Whoever looks may sign it.
    pub signs: bool,
    pub returned: bool,
}

pub async fn list(State(node): State<Arc<Node>>, officer: Officer) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let wrong = |error: NodeError| problem(&error);
    let v = officer.visit.v;
    let names = names(&node).await?;
    let mut drafts = Vec::new();
    for draft in node.waiting_drafts().await.map_err(wrong)? {
        let view = node.case(draft.case).await.map_err(wrong)?;
        drafts.push(line(&officer, &names, &view, draft));
    }
    let page = ApprovalsPage { v, drafts };
    officer.visit.shell(v.say("approvals-title")).show(&page)
}

/// Signs a draft, or gives it back.
pub async fn decide(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Path(path): Path<DraftPath>,
    form: Form,
) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let actor = officer.actor();
    let (done, said) = match form.text("keputusan") {
        "terbit" => (
            node.publish_draft(&path.id, &actor).await.map(drop),
            text_id("approval-published"),
        ),
        "kembali" => (
            node.return_draft(&path.id, form.text("catatan"), &actor)
                .await,
            text_id("approval-returned"),
        ),
        _ => return Err(ApiProblem::not_found()),
    };
    let flash = match done {
        Ok(()) => Flash::done(said),
        Err(NodeError::Forbidden(_)) => Flash::warning(text_id("approval-own")),
        Err(NodeError::Invalid(_)) => Flash::warning(text_id("approval-remark-needed")),
        Err(NodeError::EvidenceNeeded) => Flash::warning(text_id("form-evidence-needed")),
        Err(NodeError::NotFound { .. }) => Flash::warning(text_id("approval-decided")),
        Err(NodeError::NotAllowed(_) | NodeError::Redacted(_) | NodeError::KeyMissing(_)) => {
            Flash::warning(text_id("act-refused"))
        }
        Err(error) => return Err(problem(&error)),
    };
    Ok(officer.visit.go_saying(&place(PATH), &flash))
}

/// The drafts of a case that are not published: those that wait, and the last that was given back.
pub async fn of_case(
    node: &Node,
    officer: &Officer,
    view: &CaseView,
) -> Answer<(Vec<DraftLine>, Signers)> {
    let all = node.answer_drafts(view.summary.case).await;
    let all = all.map_err(|error| problem(&error))?;
    let names = names(node).await?;
    let name = |actor: &Option<String>| {
        let actor = actor.as_ref()?;
        Some(names.get(actor).unwrap_or(actor).clone())
    };
    let signed = all.iter().filter_map(|draft| {
        let message = draft.message?.to_string();
        Some((message, name(&draft.decided_by)?))
    });
    let signers = signed.collect();
    let last = all.last().map(|draft| draft.id.clone());
    let open = all.into_iter().filter(|draft| match draft.state {
        DraftState::Waiting => true,
        DraftState::Returned => last.as_ref() == Some(&draft.id) && !draft.text.is_empty(),
        DraftState::Published => false,
    });
    let lines = open.map(|draft| line(officer, &names, view, draft));
    Ok((lines.collect(), signers))
}

/// Who signed a message, by its id.
pub type Signers = BTreeMap<String, String>;

fn line(
    officer: &Officer,
    names: &BTreeMap<String, String>,
    view: &CaseView,
    draft: AnswerDraft,
) -> DraftLine {
    let case_at = case_page::at(draft.case);
    let own = draft.written_by == officer.actor();
    DraftLine {
        title: shared::title(&officer.visit.v, view),
        by: names
            .get(&draft.written_by)
            .unwrap_or(&draft.written_by)
            .clone(),
        at: format!("{PATH}/{}", draft.id),
        again_at: format!("{case_at}/{}?draf={}", Deed::FollowUp.slug(), draft.id),
        case_at,
        returned: draft.state == DraftState::Returned,
        signs: officer.role.administers() && !own && draft.state == DraftState::Waiting,
        draft,
    }
}
