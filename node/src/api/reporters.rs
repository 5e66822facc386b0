//! The reporter's side of the API: conversations opened with ticket and key,
//! and what anybody with a ticket may see.
//!
//! A conversation is named by its token in `Authorization`, never by a cookie:
//! a browser's forms cannot reach it.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, State};
use axum::response::IntoResponse;
use http::StatusCode;
use http::header::AUTHORIZATION;
use http::request::Parts;
use lapor_protocol::ids::CaseId;
use lapor_web::{ApiProblem, Json, Path, Query, bearer, peer};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::Answer;
use super::access::IdempotencyKey;
use super::cases::TicketPath;
use super::refusals::problem;
use crate::casework::Acted;
use crate::error::NodeError;
use crate::node::Node;
use crate::reporters::{
    Conversation, Erasure, Opened, OwnData, PublicView, ReporterAct, ReporterView, Visitor,
};

/// Where a request came from, as far as a trusted proxy says.
pub struct Address(pub IpAddr);

impl FromRequestParts<Arc<Node>> for Address {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        node: &Arc<Node>,
    ) -> Result<Self, Self::Rejection> {
        Ok(Self(peer::address(
            parts,
            &node.settings().accounts.proxies,
        )))
    }
}

/// A token of a conversation that is open.
pub struct Holder {
    token: String,
    visitor: Visitor,
}

impl Holder {
    async fn conversation(&self, node: &Node, query: &Which) -> Answer<Conversation> {
        let found = node.conversation(&self.visitor, query.case).await;
        found.map_err(|e| problem(&e))
    }
}

impl FromRequestParts<Arc<Node>> for Holder {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, node: &Arc<Node>) -> Result<Self, ApiProblem> {
        const NONE: NodeError = NodeError::Locked(
            "send `Authorization: Bearer TOKEN` with the token of an open conversation",
        );
        let token = parts.headers.get(AUTHORIZATION).and_then(bearer::secret_of);
        let token = token.ok_or_else(|| problem(&NONE))?;
        let visitor = node.visitor(token).await.map_err(|e| problem(&e))?;
        Ok(Self {
            token: token.to_owned(),
            visitor: visitor.ok_or_else(|| problem(&NONE))?,
        })
    }
}

/// Opens a conversation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// As printed or as somebody typed it.
    ticket: String,
    /// Sixteen digits; spaces and hyphens do not matter.
    key: String,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// A case that was split off from the reporter's; theirs if not given.
    #[param(value_type = Option<String>)]
    case: Option<CaseId>,
}

/// What the reporter says to a request for their identity.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// `ask` of a line of the identity log.
    ask: String,
    /// `false` refuses, or takes the consent back.
    given: bool,
}

/// Confirms an erasure.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// The ticket, typed again.
    ticket: String,
}

/// See where a report stands
///
/// Public facts of the report of a ticket, at every institution that is a party of its case;
/// needs no token. Of a secret report only its state is told.
#[utoipa::path(
    get,
    path = "/tracks/{ticket}",
    operation_id = "track",
    tag = "reporter",
    params(TicketPath),
    responses((status = 200, description = "What anybody with the ticket may see.", body = PublicView)),
    security(())
)]
pub async fn track(
    State(node): State<Arc<Node>>,
    Address(address): Address,
    Path(path): Path<TicketPath>,
) -> Answer<Json<PublicView>> {
    let seen = node.public_view(&path.ticket, address).await;
    seen.map(Json).map_err(|e| problem(&e))
}

/// Open a conversation
///
/// With the ticket and the key that the filing told. A wrong key and an unknown ticket get the
/// same answer; after too many attempts 429 says in how many seconds to come back.
#[utoipa::path(
    post,
    path = "/conversations",
    operation_id = "openConversation",
    tag = "reporter",
    request_body = Secrets,
    responses((status = 201, description = "The conversation is open.", body = Opened)),
    security(())
)]
pub async fn open(
    State(node): State<Arc<Node>>,
    Address(address): Address,
    Json(secrets): Json<Secrets>,
) -> Answer<impl IntoResponse> {
    let opened = node
        .open_conversation(&secrets.ticket, &secrets.key, address)
        .await;
    let opened = opened.map_err(|e| problem(&e))?;
    Ok((StatusCode::CREATED, Json(opened)))
}

/// Read the conversation
///
/// The report as its reporter sees it: the step, who has it, what happened, questions to answer,
/// and who asked for the identity. Internal notes are never part of it.
#[utoipa::path(
    get,
    path = "/conversation",
    operation_id = "readConversation",
    tag = "reporter",
    params(Which),
    responses((status = 200, description = "The reporter's view.", body = ReporterView)),
    security(("conversation" = []))
)]
pub async fn read(
    State(node): State<Arc<Node>>,
    holder: Holder,
    Query(which): Query<Which>,
) -> Answer<Json<ReporterView>> {
    let conversation = holder.conversation(&node, &which).await?;
    let view = node.reporter_view(&conversation).await;
    view.map(Json).map_err(|e| problem(&e))
}

/// Close the conversation
///
/// The token opens nothing any more.
#[utoipa::path(
    delete,
    path = "/conversation",
    operation_id = "closeConversation",
    tag = "reporter",
    responses((status = 204, description = "It is closed.")),
    security(("conversation" = []))
)]
pub async fn close(State(node): State<Arc<Node>>, holder: Holder) -> Answer<StatusCode> {
    let closed = node.close_conversation(&holder.token).await;
    closed.map_err(|e| problem(&e))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Act as the reporter
///
/// Answer, reply, confirm, reopen, rate, escalate. `may` of the view says what the rules allow
/// now. With an `Idempotency-Key` the same request sent again acts no second time.
#[utoipa::path(
    post,
    path = "/conversation/acts",
    operation_id = "actAsReporter",
    tag = "reporter",
    params(Which, IdempotencyKey),
    request_body = ReporterAct,
    responses((status = 202, description = "The act is stored and pending.", body = Acted)),
    security(("conversation" = []))
)]
pub async fn act(
    State(node): State<Arc<Node>>,
    holder: Holder,
    key: IdempotencyKey,
    Query(which): Query<Which>,
    Json(act): Json<ReporterAct>,
) -> Answer<impl IntoResponse> {
    let conversation = holder.conversation(&node, &which).await?;
    let once = key.of(&conversation.actor())?;
    let acted = node.reporter_acts(&conversation, act, once.as_ref()).await;
    let acted = acted.map_err(|e| problem(&e))?;
    Ok((StatusCode::ACCEPTED, Json(acted)))
}

/// Agree to a request for the identity, or not
///
/// Of an anonymous report nothing is disclosed without it. What was said can be taken back until
/// the identity has been disclosed.
#[utoipa::path(
    post,
    path = "/conversation/consents",
    operation_id = "consent",
    tag = "reporter",
    params(Which),
    request_body = Consent,
    responses((status = 204, description = "It is noted.")),
    security(("conversation" = []))
)]
pub async fn consent(
    State(node): State<Arc<Node>>,
    holder: Holder,
    Query(which): Query<Which>,
    Json(consent): Json<Consent>,
) -> Answer<StatusCode> {
    let conversation = holder.conversation(&node, &which).await?;
    let said = node
        .consent(&conversation, &consent.ask, consent.given)
        .await;
    said.map_err(|e| problem(&e))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Get one's own data
///
/// Everything that this institution's node holds about the reporter and the report.
#[utoipa::path(
    get,
    path = "/conversation/data",
    operation_id = "readOwnData",
    tag = "reporter",
    params(Which),
    responses((status = 200, description = "All of it.", body = OwnData)),
    security(("conversation" = []))
)]
pub async fn own_data(
    State(node): State<Arc<Node>>,
    holder: Holder,
    Query(which): Query<Which>,
) -> Answer<Json<OwnData>> {
    let conversation = holder.conversation(&node, &which).await?;
    let data = node.own_data(&conversation).await;
    data.map(Json).map_err(|e| problem(&e))
}

/// Ask for erasure
///
/// The words of the report are erased at every institution, and here everything that says who
/// reported, after `erasure.reporter_days` (three unless the institution says otherwise); until then
/// it can be withdrawn. The ticket is typed again.
#[utoipa::path(
    post,
    path = "/conversation/erasure",
    operation_id = "askErasure",
    tag = "reporter",
    params(Which),
    request_body = Confirmation,
    responses((status = 202, description = "It waits.", body = Erasure)),
    security(("conversation" = []))
)]
pub async fn ask_erasure(
    State(node): State<Arc<Node>>,
    holder: Holder,
    Query(which): Query<Which>,
    Json(confirmation): Json<Confirmation>,
) -> Answer<impl IntoResponse> {
    let conversation = holder.conversation(&node, &which).await?;
    let asked = node.ask_erasure(&conversation, &confirmation.ticket).await;
    let asked = asked.map_err(|e| problem(&e))?;
    Ok((StatusCode::ACCEPTED, Json(asked)))
}

/// Withdraw the erasure
///
/// Whoever decided it. Of a half that was split off (`case`) only what was decided of that half; what
/// the reporter asked for stands with the whole. Nothing has been erased yet, and nothing will be.
/// Once it has begun (`erasing`) it is no longer withdrawn: 404.
#[utoipa::path(
    delete,
    path = "/conversation/erasure",
    operation_id = "withdrawErasure",
    tag = "reporter",
    params(Which),
    responses((status = 204, description = "It is withdrawn.")),
    security(("conversation" = []))
)]
pub async fn withdraw_erasure(
    State(node): State<Arc<Node>>,
    holder: Holder,
    Query(which): Query<Which>,
) -> Answer<StatusCode> {
    let conversation = holder.conversation(&node, &which).await?;
    let withdrawn = node.withdraw_erasure(&conversation).await;
    withdrawn.map_err(|e| problem(&e))?;
    Ok(StatusCode::NO_CONTENT)
}
