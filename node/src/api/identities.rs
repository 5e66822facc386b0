//! Requests for who reported: asked by those who handle a case, answered by the keeper of identities,
//! and never by the same person. Every question, answer and look is in the audit log.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use http::StatusCode;
use lapor_protocol::ids::{CaseId, InstanceId};
use lapor_protocol::kinds::identity_requested::IdentityPurpose;
use lapor_web::{Json, Path, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::{Caller, IdempotencyKey};
use super::cases::{self, CasePath};
use super::refusals::problem;
use super::{Answer, counter};
use crate::casework::{
    Asker, IdentityAsk, IdentityRequest, IdentityTask, Reporter, Sight, not_now,
};
use crate::error::NodeError;
use crate::node::Node;
use crate::reporters::IdentityEvent;
use crate::tokens::Scope;

/// What an identity is needed for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAsk {
    purpose: IdentityPurpose,
    /// Why, for the keeper and the reporter.
    reason: String,
}

/// Whether it is granted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeeperAnswer {
    granted: bool,
}

/// Requests in a case, oldest first.
#[derive(Serialize, ToSchema)]
pub struct Asks {
    asks: Vec<IdentityAsk>,
}

/// A request that waits for the keeper.
#[derive(Serialize, ToSchema)]
pub struct Task {
    #[schema(value_type = String)]
    case: CaseId,
    /// Names it when it is answered.
    ask: String,
    ticket: Option<String>,
    title: Option<String>,
    /// Who asks here, as in the audit log; its answer is `answerIdentityAsk`.
    #[serde(skip_serializing_if = "Option::is_none")]
    officer: Option<String>,
    /// Which institution asks; it is answered with the acts `identity.disclosed` and `identity.refused`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    institution: Option<InstanceId>,
    purpose: String,
    reason: Option<String>,
    /// Unix ms.
    at: i64,
    /// The reporter must agree first.
    anonymous: bool,
    /// What the reporter has said.
    agreed: Option<bool>,
}

/// Requests that wait.
#[derive(Serialize, ToSchema)]
pub struct Tasks {
    requests: Vec<Task>,
}

/// What happened to requests in a case.
#[derive(Serialize, ToSchema)]
pub struct Log {
    events: Vec<IdentityEvent>,
}

/// Requests of whoever asks, and where the next page begins.
#[derive(Serialize, ToSchema)]
pub struct OwnAsks {
    asks: Vec<OwnAsk>,
    /// For `after`; missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// A request and what became of it.
#[derive(Serialize, ToSchema)]
pub struct OwnAsk {
    #[schema(value_type = String)]
    case: CaseId,
    ticket: Option<String>,
    /// Whom it was sent to; missing for the keeper here.
    #[schema(value_type = Option<String>)]
    institution: Option<InstanceId>,
    /// Unix ms.
    at: i64,
    /// It has had no effect: nobody will answer it.
    lapsed: bool,
    /// Missing while nobody has answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    granted: Option<bool>,
    /// Code of another institution's reason to refuse.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Unix ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    answered_at: Option<i64>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OwnQuery {
    /// `next` of the page before.
    after: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct AskPath {
    /// Id of the case.
    #[param(value_type = String)]
    id: CaseId,
    /// `id` of a request.
    ask: String,
}

impl From<IdentityTask> for Task {
    fn from(task: IdentityTask) -> Self {
        let (officer, institution) = match task.asker {
            Asker::Officer(actor) => (Some(actor), None),
            Asker::Institution(id) => (None, Some(id)),
        };
        Self {
            case: task.case,
            ask: task.ask,
            ticket: task.ticket,
            title: task.title,
            officer,
            institution,
            purpose: task.purpose,
            reason: task.reason,
            at: task.at,
            anonymous: task.anonymous,
            agreed: task.agreed,
        }
    }
}

impl From<IdentityRequest> for OwnAsk {
    fn from(request: IdentityRequest) -> Self {
        let (granted, reason, answered_at) = match request.answer {
            Some(answer) => (Some(answer.granted), answer.reason, Some(answer.at)),
            None => (None, None, None),
        };
        Self {
            case: request.case,
            ticket: request.ticket,
            institution: request.institution,
            at: request.at,
            lapsed: request.lapsed,
            granted,
            reason,
            answered_at,
        }
    }
}

/// Those that answer for their key by themselves.
pub fn keyed() -> OpenApiRouter<Arc<Node>> {
    OpenApiRouter::new().routes(routes!(ask))
}

pub fn routes() -> OpenApiRouter<Arc<Node>> {
    OpenApiRouter::new()
        .routes(routes!(of_case))
        .routes(routes!(answer))
        .routes(routes!(granted))
        .routes(routes!(log))
        .routes(routes!(own))
        .routes(routes!(waiting))
}

/// Ask the keeper who reported
///
/// Of a case that was filed here, or whose identity was disclosed to this institution; the keeper of
/// another is asked with the act `identity.requested`. Asked again while the first waits it is asked once.
#[utoipa::path(
    post,
    path = "/cases/{id}/identity-asks",
    operation_id = "askIdentity",
    tag = "work",
    params(CasePath, IdempotencyKey),
    request_body = NewAsk,
    responses(
        (status = 201, description = "It waits for the keeper.", body = IdentityAsk),
        (status = 409, description = "`not_allowed`: the identity is not kept here, or the case has ended.", body = lapor_web::ApiProblem, content_type = "application/problem+json")
    ),
    security(("token" = []))
)]
pub async fn ask(
    State(node): State<Arc<Node>>,
    caller: Caller,
    key: IdempotencyKey,
    Path(path): Path<CasePath>,
    Json(new): Json<NewAsk>,
) -> Answer<impl IntoResponse> {
    caller.reaches(&node, Scope::CasesAct, path.id).await?;
    let once = counter::once(&caller, &key)?;
    let wrong = |e: NodeError| problem(&e);
    let view = node.case_seen(&Sight::ALL, path.id).await.map_err(wrong)?;
    if !node.can_ask_keeper(&view) {
        return Err(wrong(not_now(&view.summary)));
    }
    let actor = caller.actor();
    let asked = node.ask_identity(path.id, new.purpose, &new.reason, &actor, &once);
    let asked = asked.await.map_err(wrong)?;
    Ok((StatusCode::CREATED, Json(asked)))
}

/// List the requests in a case
///
/// Of those who handle it here, oldest first, with what the keeper answered.
#[utoipa::path(
    get,
    path = "/cases/{id}/identity-asks",
    operation_id = "listIdentityAsks",
    tag = "work",
    params(CasePath),
    responses((status = 200, description = "The requests.", body = Asks)),
    security(("token" = []))
)]
pub async fn of_case(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<CasePath>,
) -> Answer<Json<Asks>> {
    let scopes = [Scope::CasesAct, Scope::Identity];
    caller.reaches_by(&node, &scopes, path.id).await?;
    let asks = node.identity_asks(path.id).await;
    let asks = asks.map_err(|e| problem(&e))?;
    Ok(Json(Asks { asks }))
}

/// Answer a request of an officer
///
/// By a keeper who has not worked on the case; of an anonymous report with the reporter's consent.
#[utoipa::path(
    post,
    path = "/cases/{id}/identity-asks/{ask}/answer",
    operation_id = "answerIdentityAsk",
    tag = "work",
    params(AskPath),
    request_body = KeeperAnswer,
    responses((status = 204, description = "It is answered.")),
    security(("token" = []))
)]
pub async fn answer(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<AskPath>,
    Json(answer): Json<KeeperAnswer>,
) -> Answer<StatusCode> {
    caller.reaches(&node, Scope::Identity, path.id).await?;
    let (actor, granted) = (caller.actor(), answer.granted);
    let answered = node.answer_identity_ask(path.id, &path.ask, granted, &actor);
    answered.await.map_err(|e| problem(&e))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Open an identity that was granted
///
/// To whose own request the keeper has said yes, while the reporter has not taken the consent back.
/// Every call is written into the audit log before it is answered.
#[utoipa::path(
    get,
    path = "/cases/{id}/identity/granted",
    operation_id = "openGrantedIdentity",
    tag = "work",
    params(CasePath),
    responses((status = 200, description = "The reporter.", body = Reporter)),
    security(("token" = []))
)]
pub async fn granted(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<CasePath>,
) -> Answer<Json<Reporter>> {
    caller.reaches(&node, Scope::CasesAct, path.id).await?;
    let found = node.granted_identity(path.id, &caller.actor()).await;
    let found = found.map_err(|e| problem(&e))?;
    found.map(Json).ok_or_else(cases::no_identity)
}

/// Read what happened to an identity
///
/// Who asked for it, why, and what became of it: what the reporter reads as well.
#[utoipa::path(
    get,
    path = "/cases/{id}/identity/log",
    operation_id = "readIdentityLog",
    tag = "work",
    params(CasePath),
    responses((status = 200, description = "The log.", body = Log)),
    security(("token" = []))
)]
pub async fn log(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<CasePath>,
) -> Answer<Json<Log>> {
    caller.reaches(&node, Scope::Identity, path.id).await?;
    let events = node.identity_log(path.id).await;
    let events = events.map_err(|e| problem(&e))?;
    Ok(Json(Log { events }))
}

/// List own requests for identities
///
/// Of this token, to the keeper here and to other institutions, the latest first, with what became of
/// them; never who reported.
#[utoipa::path(
    get,
    path = "/identity-asks",
    operation_id = "listOwnIdentityAsks",
    tag = "work",
    params(OwnQuery),
    responses((status = 200, description = "A page of requests.", body = OwnAsks)),
    security(("token" = []))
)]
pub async fn own(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Query(query): Query<OwnQuery>,
) -> Answer<Json<OwnAsks>> {
    caller.holds(Scope::CasesAct)?;
    let (actor, after) = (caller.actor(), query.after.as_deref());
    let found = node.identity_requests_of(&actor, after).await;
    let found = found.map_err(|e| problem(&e))?;
    Ok(Json(OwnAsks {
        asks: found.requests.into_iter().map(OwnAsk::from).collect(),
        next: found.next,
    }))
}

/// List requests that wait for the keeper
///
/// Of officers here and of other institutions, oldest first.
#[utoipa::path(
    get,
    path = "/identity-requests",
    operation_id = "listIdentityRequests",
    tag = "work",
    responses((status = 200, description = "The requests.", body = Tasks)),
    security(("token" = []))
)]
pub async fn waiting(State(node): State<Arc<Node>>, caller: Caller) -> Answer<Json<Tasks>> {
    caller.needs(Scope::Identity)?;
    let tasks = node.identity_tasks().await.map_err(|e| problem(&e))?;
    Ok(Json(Tasks {
        requests: tasks.into_iter().map(Task::from).collect(),
    }))
}
