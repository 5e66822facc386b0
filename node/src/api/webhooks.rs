//! Webhooks: which programs are told of changes, and what they were told.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use http::StatusCode;
use http::header::CACHE_CONTROL;
use lapor_web::{ApiProblem, Json, Path, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Answer;
use super::access::Caller;
use super::paging::page_size;
use super::refusals::problem;
use crate::error::NodeError;
use crate::feed::Wanted;
use crate::hooks::{Delivery, DeliveryState, Hook, HookChange, HookState, NewHook, Replay, Tried};
use crate::node::Node;
use crate::tokens::Scope;

/// A webhook to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    /// What people call it, up to 80 characters.
    name: String,
    /// Where it goes; `https`, and not to the node's own machine.
    url: String,
    /// Kinds of changes, `case.*` for all that begin so, `*` for all; all if left out.
    #[serde(default)]
    kinds: Vec<String>,
}

/// What is to be changed of a webhook.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookChange {
    name: Option<String>,
    url: Option<String>,
    kinds: Option<Vec<String>>,
    /// `on` also sends what waits at once.
    state: Option<HookState>,
}

/// A webhook with its secret, which is shown this once.
#[derive(Serialize, ToSchema)]
pub struct WebhookWithSecret {
    webhook: Hook,
    /// `whsec_` and base64, as a library of Standard Webhooks takes it.
    secret: String,
}

/// All webhooks.
#[derive(Serialize, ToSchema)]
pub struct Webhooks {
    webhooks: Vec<Hook>,
}

/// A page of what a webhook was told and will be.
#[derive(Serialize, ToSchema)]
pub struct Deliveries {
    deliveries: Vec<Delivery>,
    /// For `before`; missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<i64>,
}

/// What is to be sent again: one delivery, or all that changed from a moment on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReplay {
    /// `id` of a delivery.
    delivery: Option<String>,
    /// Unix ms, inclusive.
    since: Option<i64>,
    /// Unix ms, exclusive; until now if left out.
    until: Option<i64>,
}

/// How much is sent again.
#[derive(Serialize, ToSchema)]
pub struct Replayed {
    deliveries: u64,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct WebhookPath {
    /// `id` of a webhook.
    id: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct DeliveryPath {
    /// `id` of a webhook.
    id: String,
    /// `id` of a delivery.
    delivery: String,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeliveryQuery {
    /// Only what became so.
    state: Option<DeliveryState>,
    /// `next` of the page before.
    before: Option<i64>,
    /// 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// Make a webhook
///
/// From now on each change of these kinds is a `POST` to the address, signed as Standard Webhooks has it,
/// in the order of the changes and at least once: take each `webhook-id` once. The body is small and
/// holds no words: `type` (the kind), `timestamp`, and `data` with `number`, `subject`, `id` and
/// `message` as in `GET /changes`. Answer 2xx within 15 seconds. What is not answered so is tried again
/// after 5 seconds to 10 hours, and nothing overtakes it; after five days, or at once by a 410, the
/// webhook is switched off and what waits stays. The token needs the scopes that see these kinds; where it
/// is bounded, only changes of cases within its bounds are told.
#[utoipa::path(
    post,
    path = "/webhooks",
    operation_id = "makeWebhook",
    tag = "changes",
    request_body = NewWebhook,
    responses(
        (status = 201, description = "The webhook and its secret, which is shown this once.", body = WebhookWithSecret),
        (status = 409, description = "`known`: one goes to this address already.", body = ApiProblem, content_type = "application/problem+json")
    ),
    security(("token" = []))
)]
pub async fn make(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Json(new): Json<NewWebhook>,
) -> Answer<impl IntoResponse> {
    caller.holds(Scope::WebhooksWrite)?;
    let wanted = wanted(&caller, &new.kinds)?;
    let new = NewHook {
        name: &new.name,
        url: &new.url,
        wanted,
    };
    let made = node.make_webhook(new, &caller.actor()).await;
    let (webhook, secret) = made.map_err(|e| problem(&e))?;
    let secret = secret.to_string();
    let shown = Json(WebhookWithSecret { webhook, secret });
    Ok((StatusCode::CREATED, [(CACHE_CONTROL, "no-store")], shown))
}

/// List webhooks
///
/// All of this institution, whoever made them, with how it goes; for a token with bounds those that it
/// has made.
#[utoipa::path(
    get,
    path = "/webhooks",
    operation_id = "listWebhooks",
    tag = "changes",
    responses((status = 200, description = "The webhooks.", body = Webhooks)),
    security(("token" = []))
)]
pub async fn list(State(node): State<Arc<Node>>, caller: Caller) -> Answer<Json<Webhooks>> {
    caller.holds(Scope::WebhooksWrite)?;
    let mut webhooks = node.webhooks().await.map_err(|e| problem(&e))?;
    webhooks.retain(|hook| caller.sees_all() || hook.made_by == caller.actor());
    Ok(Json(Webhooks { webhooks }))
}

/// Read a webhook
///
/// Whether it is on, how much waits, and why nothing arrives if so.
#[utoipa::path(
    get,
    path = "/webhooks/{id}",
    operation_id = "readWebhook",
    tag = "changes",
    params(WebhookPath),
    responses((status = 200, description = "The webhook.", body = Hook)),
    security(("token" = []))
)]
pub async fn read(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<WebhookPath>,
) -> Answer<Json<Hook>> {
    own(&node, &caller, &path.id).await?;
    let webhook = node.webhook(&path.id).await;
    webhook.map(Json).map_err(|e| problem(&e))
}

/// Change a webhook
///
/// What is left out stays. Other kinds hold for changes that have not been made into deliveries yet. To
/// switch it on sends what waits at once, as if nothing had failed.
#[utoipa::path(
    patch,
    path = "/webhooks/{id}",
    operation_id = "changeWebhook",
    tag = "changes",
    params(WebhookPath),
    request_body = WebhookChange,
    responses(
        (status = 200, description = "The webhook as it is now.", body = Hook),
        (status = 409, description = "`known`: another goes to this address already.", body = ApiProblem, content_type = "application/problem+json")
    ),
    security(("token" = []))
)]
pub async fn change(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<WebhookPath>,
    Json(change): Json<WebhookChange>,
) -> Answer<Json<Hook>> {
    own(&node, &caller, &path.id).await?;
    let kinds = change.kinds.as_deref();
    let changed = HookChange {
        name: change.name.as_deref(),
        url: change.url.as_deref(),
        wanted: kinds.map(|kinds| wanted(&caller, kinds)).transpose()?,
        state: change.state,
    };
    // Where it goes to somebody else, they learn what this caller may see.
    if changed.url.is_some() && changed.wanted.is_none() {
        let known = node.webhook(&path.id).await.map_err(|e| problem(&e))?;
        wanted(&caller, &known.kinds)?;
    }
    let changed = node
        .change_webhook(&path.id, changed, &caller.actor())
        .await;
    changed.map(Json).map_err(|e| problem(&e))
}

/// End a webhook
///
/// With all that waits for it.
#[utoipa::path(
    delete,
    path = "/webhooks/{id}",
    operation_id = "endWebhook",
    tag = "changes",
    params(WebhookPath),
    responses((status = 204, description = "It is gone.")),
    security(("token" = []))
)]
pub async fn end(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<WebhookPath>,
) -> Answer<StatusCode> {
    own(&node, &caller, &path.id).await?;
    let ended = node.end_webhook(&path.id, &caller.actor()).await;
    ended
        .map(|()| StatusCode::NO_CONTENT)
        .map_err(|e| problem(&e))
}

/// Make another secret
///
/// For a day calls are signed with both, so that a receiver can be changed without missing any.
#[utoipa::path(
    post,
    path = "/webhooks/{id}/secret",
    operation_id = "rotateWebhookSecret",
    tag = "changes",
    params(WebhookPath),
    responses((status = 201, description = "The webhook and its new secret, which is shown this once.", body = WebhookWithSecret)),
    security(("token" = []))
)]
pub async fn rotate(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<WebhookPath>,
) -> Answer<impl IntoResponse> {
    own(&node, &caller, &path.id).await?;
    let made = node.rotate_webhook_secret(&path.id, &caller.actor()).await;
    let (webhook, secret) = made.map_err(|e| problem(&e))?;
    let secret = secret.to_string();
    let shown = Json(WebhookWithSecret { webhook, secret });
    Ok((StatusCode::CREATED, [(CACHE_CONTROL, "no-store")], shown))
}

/// Try a webhook
///
/// Calls the address at once with the type `webhook.test`, and says what came of it. What waits is not
/// touched.
#[utoipa::path(
    post,
    path = "/webhooks/{id}/test",
    operation_id = "tryWebhook",
    tag = "changes",
    params(WebhookPath),
    responses((status = 200, description = "What came of it.", body = Tried)),
    security(("token" = []))
)]
pub async fn test(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<WebhookPath>,
) -> Answer<Json<Tried>> {
    own(&node, &caller, &path.id).await?;
    let tried = node.try_webhook(&path.id, &caller.actor()).await;
    tried.map(Json).map_err(|e| problem(&e))
}

/// List deliveries
///
/// What a webhook was told and will be, the latest change first. What was sent or skipped is kept for
/// 30 days.
#[utoipa::path(
    get,
    path = "/webhooks/{id}/deliveries",
    operation_id = "listDeliveries",
    tag = "changes",
    params(WebhookPath, DeliveryQuery),
    responses((status = 200, description = "A page of deliveries.", body = Deliveries)),
    security(("token" = []))
)]
pub async fn deliveries(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<WebhookPath>,
    Query(query): Query<DeliveryQuery>,
) -> Answer<Json<Deliveries>> {
    own(&node, &caller, &path.id).await?;
    let limit = page_size(query.limit)?;
    let found = node.webhook_deliveries(&path.id, query.state, query.before, limit);
    let deliveries = found.await.map_err(|e| problem(&e))?;
    let full = deliveries.len() == limit as usize;
    let next = deliveries.last().filter(|_| full).map(|last| last.change);
    Ok(Json(Deliveries { deliveries, next }))
}

/// Send again
///
/// One delivery by its id, or all that changed from `since` on and before `until`: what was sent or
/// skipped in the last 30 days goes out again under the ids that it has, before what came later. What
/// waits goes out by itself.
#[utoipa::path(
    post,
    path = "/webhooks/{id}/replay",
    operation_id = "replayWebhook",
    tag = "changes",
    params(WebhookPath),
    request_body = NewReplay,
    responses(
        (status = 202, description = "So much is on its way, or waits until the webhook is switched on; 0 where nothing of that time is kept.", body = Replayed),
        (status = 409, description = "`still_waits`: nothing of it was sent or skipped yet.", body = ApiProblem, content_type = "application/problem+json")
    ),
    security(("token" = []))
)]
pub async fn replay(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<WebhookPath>,
    Json(new): Json<NewReplay>,
) -> Answer<impl IntoResponse> {
    own(&node, &caller, &path.id).await?;
    let which = match (new.delivery.as_deref(), new.since, new.until) {
        (Some(delivery), None, None) => Replay::One(delivery),
        (None, Some(since), until) => Replay::Between(since, until.unwrap_or(i64::MAX)),
        _ => {
            let wrong = "delivery: expected either `delivery`, or `since` with or without `until`";
            return Err(ApiProblem::invalid().with_detail(wrong));
        }
    };
    let count = node.replay_webhook(&path.id, which, &caller.actor()).await;
    let deliveries = count.map_err(|e| problem(&e))?;
    Ok((StatusCode::ACCEPTED, Json(Replayed { deliveries })))
}

/// Skip a delivery
///
/// One that waits is not sent, and what is behind it goes on at once: for what a receiver will never
/// take.
#[utoipa::path(
    post,
    path = "/webhooks/{id}/deliveries/{delivery}/skip",
    operation_id = "skipDelivery",
    tag = "changes",
    params(DeliveryPath),
    responses((status = 204, description = "It is skipped.")),
    security(("token" = []))
)]
pub async fn skip(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<DeliveryPath>,
) -> Answer<StatusCode> {
    own(&node, &caller, &path.id).await?;
    let actor = caller.actor();
    let skipped = node.skip_delivery(&path.id, &path.delivery, &actor).await;
    skipped
        .map(|()| StatusCode::NO_CONTENT)
        .map_err(|e| problem(&e))
}

/// The kinds, which the caller must be able to see: nobody has another told what they may not read.
fn wanted(caller: &Caller, kinds: &[String]) -> Answer<Wanted> {
    let wanted = Wanted::read("kinds", kinds.iter().map(String::as_str));
    let wanted = wanted.map_err(|e| problem(&e))?;
    for scope in wanted.needs() {
        caller.holds(scope)?;
    }
    Ok(wanted)
}

/// What another has made is not there for a token with bounds.
async fn own(node: &Node, caller: &Caller, id: &str) -> Answer<()> {
    caller.holds(Scope::WebhooksWrite)?;
    if caller.sees_all() {
        return Ok(());
    }
    let hook = node.webhook(id).await.map_err(|e| problem(&e))?;
    if hook.made_by == caller.actor() {
        return Ok(());
    }
    Err(problem(&NodeError::not_found("webhook", &id)))
}
