//! Joining, the next certificate, the next epoch.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{Extensions, HeaderMap, StatusCode};
use lapor_certs::{
    ChallengeRequest, ChallengeResponse, EnrolRequest, RecoverRequest, RenewRequest, RenewResponse,
};
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::Digest;
use lapor_protocol::problem::Code;
use lapor_protocol::wire::EpochAnswer;

use super::entrance::{remote, shown};
use super::{Peer, body};
use crate::app::Hub;
use crate::error::HubError;
use crate::{enrolment, epochs, recovery};

/// `POST /enrol`, without a certificate.
pub async fn enrol(
    State(hub): State<Arc<Hub>>,
    extensions: Extensions,
    headers: HeaderMap,
    sent: Body,
) -> Result<Response, HubError> {
    let seconds = hub.settings().limits.body_seconds;
    let request: EnrolRequest = body::json(&headers, sent, seconds).await?;
    let answer = enrolment::enrol(&hub.ground, &request, remote(&extensions)).await?;
    let json = [(CONTENT_TYPE, "application/json")];
    Ok((StatusCode::CREATED, json, answer).into_response())
}

/// `POST /certificates/renew`.
pub async fn renew(
    State(hub): State<Arc<Hub>>,
    Peer(peer): Peer,
    extensions: Extensions,
    headers: HeaderMap,
    sent: Body,
) -> Result<Json<RenewResponse>, HubError> {
    let shown = shown(&extensions).map(Digest::of);
    let seconds = hub.settings().limits.body_seconds;
    let request: RenewRequest = body::json(&headers, sent, seconds).await?;
    let key = request
        .check()
        .map_err(|error| HubError::refused(Code::EnrolmentInvalid, error.to_string()))?;
    hub.admission.certificate(&peer)?;
    enrolment::renew(&hub.ground, &peer, shown, &key)
        .await
        .map(Json)
}

/// `POST /certificates/challenge`, without a certificate.
pub async fn challenge(
    State(hub): State<Arc<Hub>>,
    headers: HeaderMap,
    sent: Body,
) -> Result<Json<ChallengeResponse>, HubError> {
    let seconds = hub.settings().limits.body_seconds;
    let request: ChallengeRequest = body::json(&headers, sent, seconds).await?;
    Ok(Json(recovery::challenge(&hub.ground, &request)))
}

/// `POST /certificates/recover`, without a certificate.
pub async fn recover(
    State(hub): State<Arc<Hub>>,
    headers: HeaderMap,
    sent: Body,
) -> Result<Json<RenewResponse>, HubError> {
    let seconds = hub.settings().limits.body_seconds;
    let request: RecoverRequest = body::json(&headers, sent, seconds).await?;
    let proved = recovery::prove(&hub.ground, &request)?;
    hub.admission.certificate(&request.instance)?;
    recovery::recover(&hub.ground, &request, &proved)
        .await
        .map(Json)
}

/// `POST /epochs`.
pub async fn open_epoch(
    State(hub): State<Arc<Hub>>,
    Peer(peer): Peer,
    headers: HeaderMap,
    sent: Body,
) -> Result<Json<EpochAnswer>, HubError> {
    let seconds = hub.settings().limits.body_seconds;
    let request: Envelope = body::json(&headers, sent, seconds).await?;
    hub.admission.change(&peer)?;
    let grant = epochs::grant(&hub.ground, &peer, &request).await?;
    Ok(Json(EpochAnswer { grant }))
}
