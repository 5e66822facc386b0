//! Answers that wait for a superior: shown with their report, signed or given back by an admin
//! or a leader who did not write them.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Flash, Form, LocalPath};
use lapor_web::people::actor_named;
use lapor_web::{ApiProblem, Path};
use serde::Deserialize;

use super::attachment::{self, AttachmentLine};
use super::deeds::Deed;
use super::identity::names;
use super::{Answer, Officer, ROOT, case_page, shared};
use crate::api::problem;
use crate::casework::{AnswerDraft, CaseSummary, CaseView, DraftState};
use crate::error::NodeError;
use crate::node::Node;
use crate::personal;
use crate::staff::StaffRole;

pub const PATH: &str = "/meja/persetujuan";
pub const ONE: &str = "/meja/persetujuan/{id}";
/// A file that waits to go with a draft.
pub const FILE: &str = "/meja/persetujuan/{id}/berkas/{nomor}";

#[derive(Deserialize)]
pub struct DraftPath {
    id: String,
}

#[derive(Deserialize)]
pub struct FilePath {
    id: String,
    /// Its place among the files of the draft: 1, 2, ...
    nomor: String,
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
    /// What it says, as far as whoever looks may read it.
    pub text: String,
    pub files: Vec<AttachmentLine>,
    pub title: String,
    pub by: String,
    /// Where it is decided.
    pub at: String,
    pub case_at: String,
    /// Where it is written anew, for who handles cases.
    pub again_at: Option<String>,
    /// Whoever looks may sign it.
    pub signs: bool,
    /// It waits and cannot be sent: another institution has the case, or it has ended.
    pub dead: bool,
    /// Whoever looks may drop it.
    pub drops: bool,
}

impl DraftLine {
    pub fn is_returned(&self) -> bool {
        self.draft.state == DraftState::Returned
    }
}

pub async fn list(State(node): State<Arc<Node>>, officer: Officer) -> Answer<Response> {
    officer.requires(StaffRole::signs)?;
    let v = officer.visit.v;
    let names = names(&node).await?;
    let waiting = node.waiting_drafts(&officer.sight).await;
    let waiting = waiting.map_err(|error| problem(&error))?.into_iter();
    let drafts = waiting
        .map(|(draft, case)| line(&officer, &names, &case, draft))
        .collect();
    let page = ApprovalsPage { v, drafts };
    officer
        .visit
        .shell(v.say("approvals-title"))
        .within(ROOT)
        .show(&page)
}

/// Signs a draft, gives it back, or drops one that cannot be sent.
pub async fn decide(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Path(path): Path<DraftPath>,
    form: Form,
) -> Answer<Response> {
    officer.requires(StaffRole::signs)?;
    let flash = match decided(&node, &officer, &path.id, &form).await? {
        (Ok(()), said, _) => Flash::done(said),
        (Err(NodeError::Forbidden(_)), ..) if form.text("keputusan") == "buang" => {
            Flash::warning(text_id("approval-alive"))
        }
        (Err(NodeError::Forbidden(_)), ..) => Flash::warning(text_id("approval-own")),
        (Err(NodeError::Invalid(_)), _, unusable) => Flash::warning(unusable),
        (Err(NodeError::DraftChanged), ..) => Flash::warning(text_id("approval-changed")),
        (Err(NodeError::EvidenceNeeded), ..) => Flash::warning(text_id("approval-evidence")),
        (Err(NodeError::NotFound { .. }), ..) => Flash::warning(text_id("approval-decided")),
        (Err(NodeError::NotAllowed(_) | NodeError::Redacted(_) | NodeError::KeyMissing(_)), ..) => {
            Flash::warning(text_id("act-refused"))
        }
        (Err(error), ..) => return Err(problem(&error)),
    };
    Ok(officer.visit.go_saying(&LocalPath::own(PATH), &flash))
}

/// What came of a decision, what is said where it was made, and where what was sent cannot be used.
async fn decided(
    node: &Node,
    officer: &Officer,
    id: &str,
    form: &Form,
) -> Answer<(Result<(), NodeError>, TextId, TextId)> {
    let case = node.case_of_draft(id).await;
    let case = case.map_err(|error| problem(&error))?;
    officer.case(node, case).await?;
    let actor = officer.actor();
    Ok(match form.text("keputusan") {
        "terbit" => {
            let published = node.publish_draft(id, form.text("versi"), &actor).await;
            (
                published.map(drop),
                text_id("approval-published"),
                text_id("act-refused"),
            )
        }
        "kembali" => (
            node.return_draft(id, form.text("catatan"), &actor).await,
            text_id("approval-returned"),
            text_id("approval-remark-needed"),
        ),
        "buang" => (
            node.drop_draft(id, &actor).await,
            text_id("approval-dropped"),
            text_id("act-refused"),
        ),
        _ => return Err(ApiProblem::not_found()),
    })
}

/// Opens a file that waits to go with a draft, for whoever may see the case.
pub async fn open_file(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Path(path): Path<FilePath>,
) -> Answer<Response> {
    let wrong = |error: NodeError| problem(&error);
    let case = node.case_of_draft(&path.id).await.map_err(wrong)?;
    officer.case(&node, case).await?;
    let place = path.nomor.parse().map_err(|_| ApiProblem::not_found())?;
    let opened = node.open_draft_file(&path.id, place).await;
    attachment::sent(opened.map_err(wrong)?, "lampiran")
}

/// What a draft says. Personal numbers in it are for its author alone, as everywhere.
pub fn readable(officer: &Officer, draft: &AnswerDraft) -> String {
    if draft.written_by == officer.actor() {
        draft.text.clone()
    } else {
        personal::mask(&draft.text).into_owned()
    }
}

/// The drafts of a case that are not published: those that wait, and the last that was given back.
pub async fn of_case(
    node: &Node,
    officer: &Officer,
    view: &CaseView,
) -> Answer<(Vec<DraftLine>, People)> {
    let all = node.answer_drafts(view.summary.case).await;
    let all = all.map_err(|error| problem(&error))?;
    let names = names(node).await?;
    let name = |actor: &Option<String>| {
        let actor = actor.as_ref()?;
        Some(actor_named(&officer.visit.v, &names, actor))
    };
    let signed = all.iter().filter_map(|draft| {
        let message = draft.message?.to_string();
        Some((message, name(&draft.decided_by)?))
    });
    let signers = signed.collect();
    let authors = node.authors(view.summary.case).await;
    let authors = authors.map_err(|error| problem(&error))?.into_iter();
    let made = authors.filter_map(|(message, actor)| {
        let who = if actor.starts_with(REPORTER) {
            Who::Reporter
        } else {
            Who::Officer(names.get(&actor)?.clone())
        };
        Some((message.to_string(), who))
    });
    let people = People {
        signers,
        authors: made.collect(),
    };
    let last = all.last().map(|draft| draft.id.clone());
    let open = all.into_iter().filter(|draft| match draft.state {
        DraftState::Waiting => true,
        DraftState::Returned => last.as_ref() == Some(&draft.id) && !draft.text.is_empty(),
        DraftState::Published => false,
    });
    let lines = open.map(|draft| line(officer, &names, &view.summary, draft));
    Ok((lines.collect(), people))
}

/// How the audit log names a reporter, before an id.
const REPORTER: &str = "reporter:";

/// Who made a message of this institution.
pub enum Who {
    Officer(String),
    Reporter,
}

/// Who made and who signed messages of this institution, by their ids.
pub struct People {
    pub signers: BTreeMap<String, String>,
    pub authors: BTreeMap<String, Who>,
}

fn line(
    officer: &Officer,
    names: &BTreeMap<String, String>,
    case: &CaseSummary,
    draft: AnswerDraft,
) -> DraftLine {
    let case_at = case_page::at(draft.case);
    let own = draft.written_by == officer.actor();
    let returned = draft.state == DraftState::Returned;
    let waits = draft.state == DraftState::Waiting;
    let dead = waits && !case.takes_answers();
    let again = returned && officer.role.handles_cases();
    DraftLine {
        title: shared::title(&officer.visit.v, case),
        text: readable(officer, &draft),
        files: waiting_lines(&draft),
        by: actor_named(&officer.visit.v, names, &draft.written_by),
        at: format!("{PATH}/{}", draft.id),
        again_at: again.then(|| format!("{case_at}/{}?draf={}", Deed::FollowUp.slug(), draft.id)),
        case_at,
        signs: officer.role.signs() && !own && waits && !dead,
        dead,
        drops: officer.role.signs() && dead,
        draft,
    }
}

fn waiting_lines(draft: &AnswerDraft) -> Vec<AttachmentLine> {
    let files = draft.files.iter().zip(1..);
    files
        .map(|(file, n)| {
            let at = format!("{PATH}/{}/berkas/{n}", draft.id);
            AttachmentLine::of(at, &file.media_type, file.size)
        })
        .collect()
}
