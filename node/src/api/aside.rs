//! What did not go its way: messages that were set aside, letters that did not go out, and the first
//! set-up of the node.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use lapor_web::{ApiProblem, Json, Path, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Answer;
use super::access::Caller;
use super::paging::{number, page_size};
use super::refusals::problem;
use crate::error::NodeError;
use crate::node::Node;
use crate::post::PostStatus;
use crate::quarantine::{Aside, AsideId, Replayed};
use crate::tokens::Scope;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AsideQuery {
    /// Also what a person has refused.
    #[serde(default)]
    #[param(required = false)]
    refused: bool,
    /// Of each direction, 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct AsidePath {
    /// `inbox:1.42`, `public:1.7` or `outbox:17`.
    message: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct LetterPath {
    /// `number` of a letter.
    #[serde(deserialize_with = "number")]
    number: i64,
}

/// Why a message is refused.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    #[schema(max_length = 500)]
    reason: String,
}

/// Messages that were set aside.
#[derive(Serialize, ToSchema)]
pub struct AsideList {
    messages: Vec<Aside>,
}

pub fn routes() -> OpenApiRouter<Arc<Node>> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(replay))
        .routes(routes!(refuse))
        .routes(routes!(post))
        .routes(routes!(drop_letter))
}

/// List messages that were set aside
///
/// What could not be applied or sent, the oldest first: its kind, its case and why, never its words.
#[utoipa::path(
    get,
    path = "/quarantine",
    operation_id = "listQuarantine",
    tag = "federation",
    params(AsideQuery),
    responses((status = 200, description = "The messages.", body = AsideList)),
    security(("token" = []))
)]
pub async fn list(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Query(query): Query<AsideQuery>,
) -> Answer<Json<AsideList>> {
    caller.needs(Scope::SettingsWrite)?;
    let limit = page_size(query.limit)?.into();
    let messages = node.set_aside(query.refused, limit).await;
    let messages = messages.map_err(|e| problem(&e))?;
    Ok(Json(AsideList { messages }))
}

/// Look at a message again
///
/// One that came is applied if it can be, with what waits behind it; one of this institution is sent
/// again, with what waits behind it, and with the one that its case begins with where that is set aside.
#[utoipa::path(
    post,
    path = "/quarantine/{message}/replay",
    operation_id = "replayMessage",
    tag = "federation",
    params(AsidePath),
    responses((status = 200, description = "What came of it.", body = Replayed)),
    security(("token" = []))
)]
pub async fn replay(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<AsidePath>,
) -> Answer<Json<Replayed>> {
    caller.needs(Scope::SettingsWrite)?;
    let replayed = node.replay(named(&path.message)?, &caller.actor()).await;
    replayed.map(Json).map_err(|e| problem(&e))
}

/// Go on without a message
///
/// It never has an effect here, so that this copy of its case may differ from those of others. What cannot
/// be without a message of this institution, as it begins their case, is refused with it.
#[utoipa::path(
    post,
    path = "/quarantine/{message}/refusal",
    operation_id = "refuseMessage",
    tag = "federation",
    params(AsidePath),
    request_body = Refusal,
    responses((status = 200, description = "The message as it is now.", body = Aside)),
    security(("token" = []))
)]
pub async fn refuse(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<AsidePath>,
    Json(new): Json<Refusal>,
) -> Answer<Json<Aside>> {
    caller.needs(Scope::SettingsWrite)?;
    let id = named(&path.message)?;
    let refused = node.refuse(id, &new.reason, &caller.actor()).await;
    refused.map(Json).map_err(|e| problem(&e))
}

/// Read how the post is
///
/// How many letters wait or were refused, and which have trouble. Of somebody outside only the host of
/// the address is told.
#[utoipa::path(
    get,
    path = "/letters",
    operation_id = "readPost",
    tag = "staff",
    responses((status = 200, description = "How the post is.", body = PostStatus)),
    security(("token" = []))
)]
pub async fn post(State(node): State<Arc<Node>>, caller: Caller) -> Answer<Json<PostStatus>> {
    caller.needs(Scope::StaffWrite)?;
    let status = node.post_status().await;
    status.map(Json).map_err(|e| problem(&e))
}

/// Drop a letter that was refused
///
/// Once somebody has seen it.
#[utoipa::path(
    delete,
    path = "/letters/{number}",
    operation_id = "dropLetter",
    tag = "staff",
    params(LetterPath),
    responses((status = 204, description = "It is dropped.")),
    security(("token" = []))
)]
pub async fn drop_letter(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<LetterPath>,
) -> Answer<StatusCode> {
    caller.needs(Scope::StaffWrite)?;
    let dropped = node.drop_refused_letter(path.number, &caller.actor()).await;
    dropped.map_err(|e| problem(&e))?;
    Ok(StatusCode::NO_CONTENT)
}

fn named(message: &str) -> Result<AsideId, ApiProblem> {
    let id = message.parse();
    id.map_err(|_| {
        problem(&NodeError::not_found(
            "message that was set aside",
            &message,
        ))
    })
}
