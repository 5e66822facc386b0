//! What lies aside because it looked like no report: read, made a report of, or left.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use http::StatusCode;
use lapor_protocol::ids::CaseId;
use lapor_web::{Json, Path, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Answer;
use super::access::Caller;
use super::channels::ThreadPath;
use super::refusals::problem;
use crate::channels::{AsideMessage, Conversation, TakenUp};
use crate::node::Node;
use crate::tokens::Scope;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TalkQuery {
    /// All that is kept, not only what nobody has looked at.
    #[serde(default)]
    #[param(required = false)]
    all: bool,
    /// `next` of the page before.
    before: Option<i64>,
}

/// A page of conversations, the latest first.
#[derive(Serialize, ToSchema)]
pub struct Talks {
    conversations: Vec<Talk>,
    /// For `before`; missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<i64>,
}

/// A conversation with what lies aside of it.
#[derive(Serialize, ToSchema)]
pub struct Talk {
    thread: String,
    /// Such as `sms·4f2a`; no address.
    name: String,
    channel: String,
    /// Unix ms.
    blocked_until: Option<i64>,
    /// In the order in which they came.
    messages: Vec<TalkMessage>,
}

/// A message that lies aside.
#[derive(Serialize, ToSchema)]
pub struct TalkMessage {
    number: i64,
    /// Unix ms.
    came_at: i64,
    /// Missing where this node cannot read them now.
    words: Option<String>,
    /// It says where something is.
    place: bool,
    /// A greeting, thanks or a command, and no more.
    courtesy: bool,
    /// `aside`, `refused`, `doubted` (it may have been taken before the node was restored), `left` or
    /// `blocked`.
    outcome: String,
}

/// Messages of a conversation that are meant.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Chosen {
    /// `number` of each.
    #[schema(min_items = 1)]
    messages: Vec<i64>,
}

/// What became of a conversation that was taken up.
#[derive(Serialize, ToSchema)]
pub struct MadeReport {
    ticket: String,
    /// Missing where the same text of the same person was filed under this ticket a while ago.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    case: Option<CaseId>,
}

/// How many nobody had left before.
#[derive(Serialize, ToSchema)]
pub struct Left {
    count: u64,
}

impl From<Conversation> for Talk {
    fn from(talk: Conversation) -> Self {
        let message = |one: AsideMessage| TalkMessage {
            number: one.number,
            came_at: one.came_at,
            words: one.words,
            place: one.place,
            courtesy: one.courtesy,
            outcome: one.outcome,
        };
        Self {
            thread: talk.thread,
            name: talk.name,
            channel: talk.channel,
            blocked_until: talk.blocked_until,
            messages: talk.messages.into_iter().map(message).collect(),
        }
    }
}

pub fn routes() -> OpenApiRouter<Arc<Node>> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(take_up))
        .routes(routes!(leave))
}

/// List conversations
///
/// What lies aside because it looked like no report and nobody has looked at, or all that is kept, the
/// latest first. No address is told.
#[utoipa::path(
    get,
    path = "/channels/conversations",
    operation_id = "listConversations",
    tag = "channels",
    params(TalkQuery),
    responses((status = 200, description = "A page of conversations.", body = Talks)),
    security(("token" = []))
)]
pub async fn list(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Query(query): Query<TalkQuery>,
) -> Answer<Json<Talks>> {
    caller.needs(Scope::ChannelsRead)?;
    let found = node.conversations(query.before, query.all).await;
    let found = found.map_err(|e| problem(&e))?;
    Ok(Json(Talks {
        conversations: found.all.into_iter().map(Talk::from).collect(),
        next: found.next,
    }))
}

/// Make a report of a conversation
///
/// Of the messages that are chosen, as if the person had written it so; its ticket is told there. Asked
/// for twice it is one report.
#[utoipa::path(
    post,
    path = "/channels/conversations/{thread}/report",
    operation_id = "takeUpConversation",
    tag = "channels",
    params(ThreadPath),
    request_body = Chosen,
    responses((status = 201, description = "The report.", body = MadeReport)),
    security(("token" = []))
)]
pub async fn take_up(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<ThreadPath>,
    Json(chosen): Json<Chosen>,
) -> Answer<impl IntoResponse> {
    caller.needs(Scope::ChannelsAct)?;
    let actor = caller.actor();
    let taken = node.take_up(&path.thread, &chosen.messages, &actor).await;
    let made = match taken.map_err(|e| problem(&e))? {
        TakenUp::Filed { case, ticket } => MadeReport {
            ticket,
            case: Some(case),
        },
        TakenUp::Again(ticket) => MadeReport { ticket, case: None },
    };
    Ok((StatusCode::CREATED, Json(made)))
}

/// Leave messages
///
/// That are no report; their words go when their month is over.
#[utoipa::path(
    post,
    path = "/channels/conversations/{thread}/leave",
    operation_id = "leaveConversation",
    tag = "channels",
    params(ThreadPath),
    request_body = Chosen,
    responses((status = 200, description = "They are left.", body = Left)),
    security(("token" = []))
)]
pub async fn leave(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<ThreadPath>,
    Json(chosen): Json<Chosen>,
) -> Answer<Json<Left>> {
    caller.needs(Scope::ChannelsAct)?;
    let actor = caller.actor();
    let left = node.leave(&path.thread, &chosen.messages, &actor).await;
    let count = left.map_err(|e| problem(&e))?;
    Ok(Json(Left { count }))
}
