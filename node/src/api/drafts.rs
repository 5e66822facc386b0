//! Answers that wait for a superior: written, read, signed or given back, as at the desk. Who signs is
//! another person than who wrote, and both are known by an account.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use lapor_protocol::ids::{CaseId, MessageId};
use lapor_web::{Json, Path};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Answer;
use super::access::Caller;
use super::cases::{self, CasePath};
use super::paging::number;
use super::refusals::problem;
use crate::casework::{AnswerDraft, DraftState, NewDraft};
use crate::error::NodeError;
use crate::node::Node;
use crate::personal;
use crate::tokens::Scope;

/// Who reads drafts: who writes and who signs them.
const READ: &[Scope] = &[Scope::CasesAct, Scope::DraftsDecide];

/// An answer to be drafted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftText {
    /// What is said to the public.
    text: String,
    /// Whether it proposes to close the case.
    #[serde(default)]
    proposes_to_close: bool,
    /// Ids of uploads made before.
    #[serde(default)]
    attachments: Vec<String>,
}

/// An answer that was drafted.
#[derive(Serialize, ToSchema)]
pub struct Draft {
    id: String,
    #[schema(value_type = String)]
    case: CaseId,
    /// Personal numbers in it are masked for all but its author.
    text: String,
    proposes_to_close: bool,
    /// As in the audit log.
    written_by: String,
    /// Unix ms.
    written_at: i64,
    state: DraftState,
    decided_by: Option<String>,
    /// Unix ms.
    decided_at: Option<i64>,
    /// Why it was given back.
    remark: Option<String>,
    /// The message that it became.
    #[schema(value_type = Option<String>)]
    message: Option<MessageId>,
    /// Files that wait to go with it; the first is number 1.
    attachments: Vec<DraftFile>,
    /// What is signed: it changes with every correction.
    version: String,
}

/// A file that waits with a draft.
#[derive(Serialize, ToSchema)]
pub struct DraftFile {
    media_type: String,
    /// Bytes.
    size: u64,
}

/// Drafts.
#[derive(Serialize, ToSchema)]
pub struct Drafts {
    drafts: Vec<Draft>,
}

/// What becomes of a draft.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum Decision {
    /// Signs what was read, and publishes it.
    Publish {
        /// `version` of the draft as it was read.
        version: String,
    },
    /// Gives it back to whoever wrote it.
    Return {
        /// What is missing.
        #[schema(max_length = 2000)]
        remark: String,
    },
    /// Drops one that cannot be sent any more.
    Drop,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct DraftKeyPath {
    /// Id of the case.
    #[param(value_type = String)]
    id: CaseId,
    /// 16 to 128 visible characters of the caller's own choice, such as a random UUID.
    key: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct DraftPath {
    /// `id` of a draft.
    id: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct DraftFilePath {
    /// `id` of a draft.
    id: String,
    /// Its place among the files of the draft: 1, 2, ...
    #[serde(deserialize_with = "number")]
    number: usize,
}

impl Draft {
    /// As this caller reads it.
    fn read(caller: &Caller, draft: AnswerDraft) -> Self {
        let own = draft.written_by == caller.actor();
        Self {
            text: if own {
                draft.text
            } else {
                personal::mask(&draft.text).into_owned()
            },
            id: draft.id,
            case: draft.case,
            proposes_to_close: draft.proposes_to_close,
            written_by: draft.written_by,
            written_at: draft.written_at,
            state: draft.state,
            decided_by: draft.decided_by,
            decided_at: draft.decided_at,
            remark: draft.remark,
            message: draft.message,
            attachments: draft
                .files
                .into_iter()
                .map(|file| DraftFile {
                    media_type: file.media_type,
                    size: file.size,
                })
                .collect(),
            version: draft.version,
        }
    }
}

pub fn routes() -> OpenApiRouter<Arc<Node>> {
    OpenApiRouter::new()
        .routes(routes!(write))
        .routes(routes!(of_case))
        .routes(routes!(waiting))
        .routes(routes!(decide))
        .routes(routes!(file))
}

/// Draft an answer
///
/// Where a superior signs answers about the category (`approval_needed` of the act `case.followed_up`).
/// The key names the draft to whoever wrote it: sent again it is the same, and with other words it is
/// corrected while it waits. The token has an owner, who is another person than who signs.
#[utoipa::path(
    put,
    path = "/cases/{id}/drafts/{key}",
    operation_id = "draftAnswer",
    tag = "work",
    params(DraftKeyPath),
    request_body = DraftText,
    responses(
        (status = 200, description = "It waits for a superior.", body = Draft),
        (status = 409, description = "`not_allowed`: the case takes no answer now.", body = lapor_web::ApiProblem, content_type = "application/problem+json")
    ),
    security(("token" = []))
)]
pub async fn write(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<DraftKeyPath>,
    Json(new): Json<DraftText>,
) -> Answer<Json<Draft>> {
    caller.reaches(&node, Scope::CasesAct, path.id).await?;
    let wrong = |e: NodeError| problem(&e);
    let answer = NewDraft {
        text: &new.text,
        proposes_to_close: new.proposes_to_close,
        attachments: &new.attachments,
    };
    let actor = caller.actor();
    let drafted = node.draft_asked_for(path.id, &path.key, &answer, &actor);
    let drafted = drafted.await.map_err(wrong)?;
    Ok(Json(Draft::read(&caller, drafted)))
}

/// List the drafts of a case
///
/// The oldest first, with what became of each.
#[utoipa::path(
    get,
    path = "/cases/{id}/drafts",
    operation_id = "listDraftsOfCase",
    tag = "work",
    params(CasePath),
    responses((status = 200, description = "The drafts.", body = Drafts)),
    security(("token" = []))
)]
pub async fn of_case(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<CasePath>,
) -> Answer<Json<Drafts>> {
    caller.reaches_by(&node, READ, path.id).await?;
    let all = node.answer_drafts(path.id).await.map_err(|e| problem(&e))?;
    let drafts = all.into_iter().map(|draft| Draft::read(&caller, draft));
    Ok(Json(Drafts {
        drafts: drafts.collect(),
    }))
}

/// List drafts that wait
///
/// For a superior, the oldest first, and behind them those that cannot be sent any more.
#[utoipa::path(
    get,
    path = "/drafts",
    operation_id = "listDrafts",
    tag = "work",
    responses((status = 200, description = "The drafts.", body = Drafts)),
    security(("token" = []))
)]
pub async fn waiting(State(node): State<Arc<Node>>, caller: Caller) -> Answer<Json<Drafts>> {
    let sight = caller.sees_by(READ)?;
    let all = node.waiting_drafts(sight).await;
    let all = all.map_err(|e| problem(&e))?.into_iter();
    let drafts = all.map(|(draft, _)| Draft::read(&caller, draft));
    Ok(Json(Drafts {
        drafts: drafts.collect(),
    }))
}

/// Decide about a draft
///
/// Signs and publishes it, gives it back with a remark, or drops one that cannot be sent any more. Who
/// signs or gives back owns the token, may sign at the desk, and is not who wrote it.
#[utoipa::path(
    post,
    path = "/drafts/{id}/decision",
    operation_id = "decideDraft",
    tag = "work",
    params(DraftPath),
    request_body = Decision,
    responses(
        (status = 200, description = "The draft as it is now.", body = Draft),
        (status = 409, description = "`draft_changed`: it was corrected since it was read. `not_allowed`: the case takes no answer now.", body = lapor_web::ApiProblem, content_type = "application/problem+json")
    ),
    security(("token" = []))
)]
pub async fn decide(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<DraftPath>,
    Json(decision): Json<Decision>,
) -> Answer<Json<Draft>> {
    caller.holds(Scope::DraftsDecide)?;
    of_seen(&node, &caller, &path.id).await?;
    let (actor, wrong) = (caller.actor(), |e: NodeError| problem(&e));
    match decision {
        Decision::Publish { version } => {
            let published = node.publish_draft(&path.id, &version, &actor).await;
            published.map(drop).map_err(wrong)?;
        }
        Decision::Return { remark } => {
            let returned = node.return_draft(&path.id, &remark, &actor).await;
            returned.map_err(wrong)?;
        }
        Decision::Drop => node.drop_draft(&path.id, &actor).await.map_err(wrong)?,
    }
    let draft = node.answer_draft(&path.id).await.map_err(wrong)?;
    Ok(Json(Draft::read(&caller, draft)))
}

/// Download a file of a draft
///
/// That waits to go with it; always as a download.
#[utoipa::path(
    get,
    path = "/drafts/{id}/attachments/{number}",
    operation_id = "readDraftFile",
    tag = "work",
    params(DraftFilePath),
    responses(
        (status = 200, description = "The file, with the content type of its upload.", content_type = "*/*")
    ),
    security(("token" = []))
)]
pub async fn file(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<DraftFilePath>,
) -> Answer<Response> {
    caller.holds(Scope::AttachmentsRead)?;
    of_seen(&node, &caller, &path.id).await?;
    let opened = node.open_draft_file(&path.id, path.number).await;
    cases::sent(opened.map_err(|e| problem(&e))?, "draft")
}

/// A draft about a case that the caller does not see is not there.
async fn of_seen(node: &Node, caller: &Caller, id: &str) -> Answer<()> {
    let wrong = |e: NodeError| problem(&e);
    let draft = node.answer_draft(id).await.map_err(wrong)?;
    if caller.is_there(node, draft.case).await? {
        return Ok(());
    }
    Err(wrong(NodeError::not_found("draft", &id)))
}
