//! Acts upon the membership of an institution, and the test of its line.

use std::sync::Arc;

use axum::extract::State as Shared;
use http::StatusCode;
use lapor_protocol::authority::Pattern;
use lapor_protocol::ids::InstanceId;
use lapor_web::{ApiProblem, Json, Path};
use serde::Deserialize;
use utoipa::ToSchema;

use super::access::Operator;
use super::acting::{Acted, Why, put, unfit};
use super::instances::OnePath;
use super::{Answer, absent};
use crate::console::{Console, trying};
use crate::deeds::Deed;
use crate::membership::fingerprint;
use crate::probe::Probe;

/// Seconds after which a busy hub may be asked to try a line again.
const AGAIN: u32 = 10;

/// Lets in whoever has joined.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Admission {
    /// For the audit log; 1 to 500 characters.
    reason: String,
    /// SHA-256 of the identity key, in hexadecimal, as the institution reads it out: what was compared.
    fingerprint: String,
}

/// Ends a membership for ever.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Revocation {
    /// For the audit log; 1 to 500 characters.
    reason: String,
    /// What takes its place, whether that has joined (a merger) or not.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    successor: Option<InstanceId>,
}

/// Revokes an institution whose keys are lost.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Replacement {
    /// For the audit log; 1 to 500 characters.
    reason: String,
    /// The slug under which it joins anew; one that was never used.
    #[schema(value_type = String)]
    successor: InstanceId,
}

/// Whom an institution may dispose to from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Entrusting {
    /// For the audit log; 1 to 500 characters.
    reason: String,
    /// All patterns that it has then.
    #[schema(value_type = Vec<String>)]
    disposes_to: Vec<Pattern>,
    /// Whether it stands in for an excluded desk; left as it is if not given.
    #[serde(default)]
    stands_in: Option<bool>,
}

/// Suspend an institution
///
/// What it sends is refused and nothing is delivered to it until it is resumed.
#[utoipa::path(
    post,
    path = "/instances/{slug}/suspension",
    operation_id = "suspendInstance",
    tag = "instances",
    params(OnePath),
    request_body = Why,
    responses(Acted),
    security(("token" = []))
)]
pub async fn suspend(
    Shared(console): Shared<Arc<Console>>,
    operator: Operator,
    Path(path): Path<OnePath>,
    Json(why): Json<Why>,
) -> Answer<Acted> {
    let instance = path.slug;
    put(
        &console,
        &operator,
        &Deed::Suspend { instance },
        &why.reason,
    )
    .await
}

/// Resume an institution
///
/// Lets a suspended institution take part again.
#[utoipa::path(
    post,
    path = "/instances/{slug}/resumption",
    operation_id = "resumeInstance",
    tag = "instances",
    params(OnePath),
    request_body = Why,
    responses(Acted),
    security(("token" = []))
)]
pub async fn resume(
    Shared(console): Shared<Arc<Console>>,
    operator: Operator,
    Path(path): Path<OnePath>,
    Json(why): Json<Why>,
) -> Answer<Acted> {
    let instance = path.slug;
    put(&console, &operator, &Deed::Resume { instance }, &why.reason).await
}

/// Make an institution's certificates void
///
/// None that it has counts any more, and its connections end. Its node gets another with its identity
/// key.
#[utoipa::path(
    post,
    path = "/instances/{slug}/certificates/voidance",
    operation_id = "voidCertificates",
    tag = "instances",
    params(OnePath),
    request_body = Why,
    responses(Acted),
    security(("token" = []))
)]
pub async fn void(
    Shared(console): Shared<Arc<Console>>,
    operator: Operator,
    Path(path): Path<OnePath>,
    Json(why): Json<Why>,
) -> Answer<Acted> {
    let deed = Deed::VoidCertificates {
        instance: path.slug,
    };
    put(&console, &operator, &deed, &why.reason).await
}

/// Approve an institution that has joined
///
/// Compare the fingerprint with what the institution reads out before you send it: another one is
/// refused with 422.
#[utoipa::path(
    post,
    path = "/instances/{slug}/admission",
    operation_id = "admitInstance",
    tag = "instances",
    params(OnePath),
    request_body = Admission,
    responses(Acted),
    security(("token" = []))
)]
pub async fn admit(
    Shared(console): Shared<Arc<Console>>,
    operator: Operator,
    Path(path): Path<OnePath>,
    Json(asked): Json<Admission>,
) -> Answer<Acted> {
    let instance = path.slug;
    let directory = console.hub.ground.directory.current();
    let entry = directory.latest().instance(&instance);
    let known = fingerprint(entry.ok_or_else(|| unknown(&instance))?);
    let compared: String = asked.fingerprint.split_whitespace().collect();
    if known.is_none_or(|known| !known.to_hex().eq_ignore_ascii_case(&compared)) {
        return Err(unfit("fingerprint", "the key that joined has another."));
    }
    put(
        &console,
        &operator,
        &Deed::Admit { instance },
        &asked.reason,
    )
    .await
}

/// Revoke an institution
///
/// For ever: its slug is never used again. With a successor its open cases and its rights go over.
#[utoipa::path(
    post,
    path = "/instances/{slug}/revocation",
    operation_id = "revokeInstance",
    tag = "instances",
    params(OnePath),
    request_body = Revocation,
    responses(Acted),
    security(("token" = []))
)]
pub async fn revoke(
    Shared(console): Shared<Arc<Console>>,
    operator: Operator,
    Path(path): Path<OnePath>,
    Json(asked): Json<Revocation>,
) -> Answer<Acted> {
    let deed = Deed::Revoke {
        instance: path.slug,
        successor: asked.successor,
    };
    put(&console, &operator, &deed, &asked.reason).await
}

/// Replace an institution whose keys are lost
///
/// Revokes it and registers what takes its place, which is then invited.
#[utoipa::path(
    post,
    path = "/instances/{slug}/replacement",
    operation_id = "replaceInstance",
    tag = "instances",
    params(OnePath),
    request_body = Replacement,
    responses(Acted),
    security(("token" = []))
)]
pub async fn replace(
    Shared(console): Shared<Arc<Console>>,
    operator: Operator,
    Path(path): Path<OnePath>,
    Json(asked): Json<Replacement>,
) -> Answer<Acted> {
    let deed = Deed::Replace {
        instance: path.slug,
        successor: asked.successor,
    };
    put(&console, &operator, &deed, &asked.reason).await
}

/// Change an institution's authority
///
/// Says anew whom it may dispose to, and of a supervisor whether it stands in for an excluded desk.
#[utoipa::path(
    post,
    path = "/instances/{slug}/authority",
    operation_id = "entrustInstance",
    tag = "instances",
    params(OnePath),
    request_body = Entrusting,
    responses(Acted),
    security(("token" = []))
)]
pub async fn entrust(
    Shared(console): Shared<Arc<Console>>,
    operator: Operator,
    Path(path): Path<OnePath>,
    Json(asked): Json<Entrusting>,
) -> Answer<Acted> {
    let deed = Deed::Entrust {
        instance: path.slug,
        disposes_to: asked.disposes_to,
        stands_in: asked.stands_in,
    };
    put(&console, &operator, &deed, &asked.reason).await
}

/// Test an institution's connection
///
/// Wakes its long poll and waits up to ten seconds for it to ask again. Nothing is written to its
/// stream. Only active institutions can be tried, four at a time.
#[utoipa::path(
    post,
    path = "/instances/{slug}/trial",
    operation_id = "tryInstance",
    tag = "instances",
    params(OnePath),
    responses((status = 200, description = "What came of it.", body = Probe)),
    security(("token" = []))
)]
pub async fn attempt(
    Shared(console): Shared<Arc<Console>>,
    operator: Operator,
    Path(path): Path<OnePath>,
) -> Answer<Json<Probe>> {
    let tried = trying::attempt_by(&console, operator.actor(), &path.slug).await?;
    tried.map(Json).ok_or_else(|| {
        let title = "Too many connections are being tried";
        let busy = ApiProblem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", title);
        busy.retry_after(AGAIN)
    })
}

fn unknown(slug: &InstanceId) -> ApiProblem {
    let detail = format!("The directory of this federation has no {slug}.");
    absent("There is no such institution", detail)
}
