//! The channels of others: what comes and goes, what was not said or could not be read, who is
//! blocked. No answer has an address: a conversation is called by its channel and four letters.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use lapor_web::{ApiProblem, Json, Path};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Answer;
use super::access::Caller;
use super::paging::number;
use super::refusals::problem;
use crate::channels::{
    BLOCK_DAYS, Block, ChannelFigures, Counted, NotSaid, ServiceFigures, Trouble, Waits, log_name,
};
use crate::error::NodeError;
use crate::node::Node;
use crate::tokens::Scope;

/// Characters of the reason of a block.
const WHY: usize = 300;

/// The channels that are on, or were of late.
#[derive(Serialize, ToSchema)]
pub struct Channels {
    channels: Vec<ChannelLine>,
    /// Beside them what programs file, and cities whose own services are followed or fed.
    services: Vec<ServiceLine>,
}

/// A channel in numbers.
#[derive(Serialize, ToSchema)]
pub struct ChannelLine {
    channel: String,
    /// Whether it is switched on.
    on: bool,
    today: Counted,
    seven_days: Counted,
    thirty_days: Counted,
    waits_in: Waits,
    waits_out: Waits,
    /// Unix ms at which something last came in, as far as it is kept.
    last_in: Option<i64>,
    /// Why nothing goes out, or nothing can be fetched; of both what began first.
    problem: Option<String>,
    /// Unix ms since when.
    down_since: Option<i64>,
}

/// A service on which programs talk, in numbers.
#[derive(Serialize, ToSchema)]
pub struct ServiceLine {
    /// `name` of a city, as `city` has it in `ways` of `GET /arrangements`; `null` of this node's own
    /// Open311.
    name: Option<String>,
    /// What a city is called; `null` of this node's own Open311.
    city: Option<String>,
    today: Counted,
    seven_days: Counted,
    thirty_days: Counted,
}

/// What was to be said and was not.
#[derive(Serialize, ToSchema)]
pub struct UnsaidList {
    messages: Vec<Unsaid>,
}

/// One of them, without its words.
#[derive(Serialize, ToSchema)]
pub struct Unsaid {
    number: i64,
    /// Such as `sms·4f2a`.
    conversation: String,
    case: Option<String>,
    /// `news`, or what was answered.
    kind: String,
    /// Unix ms.
    at: i64,
    /// `refused`, or `closed` until the person writes again.
    state: String,
    problem: Option<String>,
}

/// What came in and waits for a person, or was put off.
#[derive(Serialize, ToSchema)]
pub struct UnreadList {
    messages: Vec<Trouble>,
}

/// What is read again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Again {
    /// `number` of a message; all that waits where it is left out.
    number: Option<i64>,
}

/// How much is read again.
#[derive(Serialize, ToSchema)]
pub struct ReadAgain {
    count: usize,
}

/// Conversations that are blocked.
#[derive(Serialize, ToSchema)]
pub struct Blocks {
    blocks: Vec<BlockLine>,
}

/// One of them.
#[derive(Serialize, ToSchema)]
pub struct BlockLine {
    thread: String,
    /// Such as `sms·4f2a`.
    conversation: String,
    /// Unix ms.
    until: i64,
    why: String,
    /// Unix ms.
    at: i64,
    /// As in the audit log.
    by: String,
    /// Messages that have lain aside because of it, as far as they are kept.
    kept_out: i64,
}

/// For how long a conversation is blocked, and why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBlock {
    /// 1, 7, 30 or 90.
    days: i64,
    #[schema(max_length = 300)]
    why: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct NumberPath {
    /// `number` of a message.
    #[serde(deserialize_with = "number")]
    number: i64,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ThreadPath {
    /// `thread` of a conversation.
    pub thread: String,
}

impl From<ChannelFigures> for ChannelLine {
    fn from(figures: ChannelFigures) -> Self {
        let [today, seven_days, thirty_days] = figures.counted;
        let (problem, down_since) = figures.outage.first().unzip();
        Self {
            channel: figures.channel,
            on: figures.on,
            today,
            seven_days,
            thirty_days,
            waits_in: figures.waits_in,
            waits_out: figures.waits_out,
            last_in: figures.last_in,
            problem,
            down_since,
        }
    }
}

impl From<ServiceFigures> for ServiceLine {
    fn from(figures: ServiceFigures) -> Self {
        let [today, seven_days, thirty_days] = figures.counted;
        Self {
            name: figures.name,
            city: figures.city,
            today,
            seven_days,
            thirty_days,
        }
    }
}

impl From<NotSaid> for Unsaid {
    fn from(one: NotSaid) -> Self {
        Self {
            conversation: log_name(&one.channel, &one.thread),
            number: one.number,
            case: one.case_id,
            kind: one.kind,
            at: one.created_at,
            state: one.state,
            problem: one.problem,
        }
    }
}

impl From<Block> for BlockLine {
    fn from(block: Block) -> Self {
        Self {
            conversation: log_name(&block.channel, &block.thread),
            thread: block.thread,
            until: block.until_at,
            why: block.why,
            at: block.blocked_at,
            by: block.blocked_by,
            kept_out: block.kept_out,
        }
    }
}

pub fn routes() -> OpenApiRouter<Arc<Node>> {
    OpenApiRouter::new()
        .routes(routes!(figures))
        .routes(routes!(unsaid))
        .routes(routes!(say_again))
        .routes(routes!(drop_unsaid))
        .routes(routes!(unread))
        .routes(routes!(read_again))
        .routes(routes!(lay_aside))
        .routes(routes!(blocks))
        .routes(routes!(block, lift))
}

/// Read the figures of the channels
///
/// What came and went on each today, in the last seven and in the last thirty days, what waits, and
/// whether its line goes through; of what programs file by Open311, and of cities that are followed or
/// fed, what came and went. Numbers alone.
#[utoipa::path(
    get,
    path = "/channels",
    operation_id = "readChannels",
    tag = "channels",
    responses((status = 200, description = "The channels.", body = Channels)),
    security(("token" = []))
)]
pub async fn figures(State(node): State<Arc<Node>>, caller: Caller) -> Answer<Json<Channels>> {
    caller.needs(Scope::ChannelsRead)?;
    let figures = node.channel_figures_of_late().await;
    let figures = figures.map_err(|e| problem(&e))?;
    let services = node.service_figures_of_late().await;
    let services = services.map_err(|e| problem(&e))?;
    Ok(Json(Channels {
        channels: figures.into_iter().map(ChannelLine::from).collect(),
        services: services.into_iter().map(ServiceLine::from).collect(),
    }))
}

/// List what was not said
///
/// Refused by the provider, or until the person writes again; the latest first, for the month for which
/// words are kept, and none of them.
#[utoipa::path(
    get,
    path = "/channels/unsaid",
    operation_id = "listUnsaid",
    tag = "channels",
    responses((status = 200, description = "What was not said.", body = UnsaidList)),
    security(("token" = []))
)]
pub async fn unsaid(State(node): State<Arc<Node>>, caller: Caller) -> Answer<Json<UnsaidList>> {
    caller.needs(Scope::ChannelsRead)?;
    let all = node.not_said().await.map_err(|e| problem(&e))?;
    Ok(Json(UnsaidList {
        messages: all.into_iter().map(Unsaid::from).collect(),
    }))
}

/// Say something again
///
/// That was refused, while its words are kept.
#[utoipa::path(
    post,
    path = "/channels/unsaid/{number}/again",
    operation_id = "sayAgain",
    tag = "channels",
    params(NumberPath),
    responses((status = 202, description = "It is on its way.")),
    security(("token" = []))
)]
pub async fn say_again(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<NumberPath>,
) -> Answer<StatusCode> {
    caller.needs(Scope::ChannelsWrite)?;
    let said = node.say_again(path.number, &caller.actor()).await;
    said.map_err(|e| problem(&e))?;
    Ok(StatusCode::ACCEPTED)
}

/// Drop what was not said
///
/// It is not said any more.
#[utoipa::path(
    delete,
    path = "/channels/unsaid/{number}",
    operation_id = "dropUnsaid",
    tag = "channels",
    params(NumberPath),
    responses((status = 204, description = "It is dropped.")),
    security(("token" = []))
)]
pub async fn drop_unsaid(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<NumberPath>,
) -> Answer<StatusCode> {
    caller.needs(Scope::ChannelsWrite)?;
    let dropped = node.drop_unsaid(path.number, &caller.actor()).await;
    dropped.map_err(|e| problem(&e))?;
    Ok(StatusCode::NO_CONTENT)
}

/// List what could not be read
///
/// Or waits for a person, or was put off: why, without words and sender.
#[utoipa::path(
    get,
    path = "/channels/unread",
    operation_id = "listUnread",
    tag = "channels",
    responses((status = 200, description = "What could not be read.", body = UnreadList)),
    security(("token" = []))
)]
pub async fn unread(State(node): State<Arc<Node>>, caller: Caller) -> Answer<Json<UnreadList>> {
    caller.needs(Scope::ChannelsRead)?;
    let messages = node.channel_trouble().await.map_err(|e| problem(&e))?;
    Ok(Json(UnreadList { messages }))
}

/// Read something again
///
/// One message, or all that wait for a person: after whatever was wrong has been mended. `count` is how
/// many can be read now.
#[utoipa::path(
    post,
    path = "/channels/unread/again",
    operation_id = "readAgain",
    tag = "channels",
    request_body = Again,
    responses((status = 200, description = "How much that is.", body = ReadAgain)),
    security(("token" = []))
)]
pub async fn read_again(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Json(again): Json<Again>,
) -> Answer<Json<ReadAgain>> {
    caller.needs(Scope::ChannelsWrite)?;
    let lines = node.lines().map_err(|e| problem(&e))?;
    let count = node.look_again(lines, again.number, &caller.actor()).await;
    let count = count.map_err(|e| problem(&e))?;
    Ok(Json(ReadAgain { count }))
}

/// Lay a message aside
///
/// That waits for a person and can be read: it lies among the conversations then.
#[utoipa::path(
    post,
    path = "/channels/unread/{number}/aside",
    operation_id = "layAside",
    tag = "channels",
    params(NumberPath),
    responses((status = 204, description = "It lies aside.")),
    security(("token" = []))
)]
pub async fn lay_aside(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<NumberPath>,
) -> Answer<StatusCode> {
    caller.needs(Scope::ChannelsWrite)?;
    let laid = node.lay_aside(path.number, &caller.actor()).await;
    laid.map_err(|e| problem(&e))?;
    Ok(StatusCode::NO_CONTENT)
}

/// List blocked conversations
///
/// Who blocked each, why and until when; no address.
#[utoipa::path(
    get,
    path = "/channels/blocks",
    operation_id = "listBlocks",
    tag = "channels",
    responses((status = 200, description = "The conversations.", body = Blocks)),
    security(("token" = []))
)]
pub async fn blocks(State(node): State<Arc<Node>>, caller: Caller) -> Answer<Json<Blocks>> {
    caller.needs(Scope::ChannelsRead)?;
    let blocks = node.blocked().await.map_err(|e| problem(&e))?;
    Ok(Json(Blocks {
        blocks: blocks.into_iter().map(BlockLine::from).collect(),
    }))
}

/// Block a conversation
///
/// What comes lies aside, nothing is answered, and nobody is told of it.
#[utoipa::path(
    put,
    path = "/channels/blocks/{thread}",
    operation_id = "blockConversation",
    tag = "channels",
    params(ThreadPath),
    request_body = NewBlock,
    responses((status = 204, description = "It is blocked.")),
    security(("token" = []))
)]
pub async fn block(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<ThreadPath>,
    Json(new): Json<NewBlock>,
) -> Answer<StatusCode> {
    caller.needs(Scope::ChannelsWrite)?;
    let why = new.why.trim();
    if why.is_empty() || why.chars().count() > WHY {
        return Err(wrong(&format!("why: expected 1 to {WHY} characters")));
    }
    if !BLOCK_DAYS.contains(&new.days) {
        return Err(wrong(&format!("days: expected one of {BLOCK_DAYS:?}")));
    }
    let actor = caller.actor();
    let blocked = node.block(&path.thread, new.days, why, &actor).await;
    blocked.map_err(|e| problem(&e))?;
    Ok(StatusCode::NO_CONTENT)
}

/// End a block
///
/// Before its day.
#[utoipa::path(
    delete,
    path = "/channels/blocks/{thread}",
    operation_id = "liftBlock",
    tag = "channels",
    params(ThreadPath),
    responses((status = 204, description = "It is blocked no more.")),
    security(("token" = []))
)]
pub async fn lift(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<ThreadPath>,
) -> Answer<StatusCode> {
    caller.needs(Scope::ChannelsWrite)?;
    let lifted = node.unblock(&path.thread, &caller.actor()).await;
    lifted.map_err(|e| problem(&e))?;
    Ok(StatusCode::NO_CONTENT)
}

fn wrong(said: &str) -> ApiProblem {
    problem(&NodeError::Invalid(said.to_owned()))
}
