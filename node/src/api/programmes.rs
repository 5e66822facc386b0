//! Development programmes: publish, tell the progress, list, read.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderValue, StatusCode};
use lapor_protocol::case::{Effect, Reason, Ruling};
use lapor_protocol::ids::{Digest, InstanceId};
use lapor_protocol::region::RegionCode;
use lapor_web::{Json, Path, Query};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Answer;
use super::access::Caller;
use super::paging::page_size;
use super::refusals::problem;
use crate::error::{NodeError, NotAllowed};
use crate::node::Node;
use crate::publishing::{
    NewProgramme, NewProgress, ProgrammeFilter, ProgrammeList, ProgrammeView, Publication,
};
use crate::tokens::Scope;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProgrammeQuery {
    /// Slug of the institution whose programmes they are.
    #[param(value_type = Option<String>)]
    owner: Option<InstanceId>,
    /// Official region code; what lies in the region counts.
    #[param(value_type = Option<String>)]
    region: Option<RegionCode>,
    /// `next` of the page before.
    after: Option<String>,
    /// 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ProgrammePath {
    /// Slug of the institution whose programme it is.
    #[param(value_type = String)]
    owner: InstanceId,
    /// Slug of the programme.
    slug: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct PicturePath {
    /// Slug of the institution whose programme it is.
    #[param(value_type = String)]
    owner: InstanceId,
    /// Slug of the programme.
    slug: String,
    /// The picture's `sha256`.
    #[param(value_type = String)]
    sha256: Digest,
}

/// Publish a development programme
///
/// A programme of this institution, for everyone. The same slug again replaces the text and keeps
/// the progress; `pictures` names what has been uploaded and what is to stay, in order, and left out
/// keeps them all. It is stored and pending until it has come back on the public stream.
#[utoipa::path(
    post,
    path = "/programmes",
    operation_id = "publishProgramme",
    tag = "public",
    request_body = NewProgramme,
    responses((status = 202, description = "It is stored and pending; `Location` is the programme.", body = Publication)),
    security(("token" = []))
)]
pub async fn publish(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Json(new): Json<NewProgramme>,
) -> Answer<impl IntoResponse> {
    caller.needs(Scope::ProgrammesWrite)?;
    let published = node.publish_programme(new, &caller.actor()).await;
    published.map(stored).map_err(|e| problem(&e))
}

/// Tell the progress of a programme
///
/// Only its owner may, and only after it has been published.
#[utoipa::path(
    post,
    path = "/programmes/{owner}/{slug}/progress",
    operation_id = "tellProgress",
    tag = "public",
    params(ProgrammePath),
    request_body = NewProgress,
    responses(
        (status = 202, description = "It is stored and pending.", body = Publication),
        (status = 409, description = "`not_allowed`: it has not been published (`not_published`), or is another institution's (`not_owner`).", body = lapor_web::ApiProblem, content_type = "application/problem+json")
    ),
    security(("token" = []))
)]
pub async fn progress(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<ProgrammePath>,
    Json(new): Json<NewProgress>,
) -> Answer<impl IntoResponse> {
    caller.needs(Scope::ProgrammesWrite)?;
    if path.owner != *node.instance().map_err(|e| problem(&e))? {
        return Err(problem(&not_owner()));
    }
    let published = node.publish(new.about(path.slug), &caller.actor()).await;
    published.map(stored).map_err(|e| problem(&e))
}

/// List development programmes
///
/// All programmes that have reached this node, by owner and slug, with their latest progress; own
/// ones that wait for the hub are there and marked.
#[utoipa::path(
    get,
    path = "/programmes",
    operation_id = "listProgrammes",
    tag = "public",
    params(ProgrammeQuery),
    responses((status = 200, description = "A page of programmes.", body = ProgrammeList)),
    security(("token" = []))
)]
pub async fn list(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Query(query): Query<ProgrammeQuery>,
) -> Answer<Json<ProgrammeList>> {
    caller.holds(Scope::ReferenceRead)?;
    let limit = page_size(query.limit)?;
    let filter = ProgrammeFilter {
        owner: query.owner,
        region: query.region,
        status: None,
    };
    node.programmes(&filter, query.after.as_deref(), limit)
        .await
        .map(Json)
        .map_err(|e| problem(&e))
}

/// Read a programme
///
/// With everything that was published about it, oldest first.
#[utoipa::path(
    get,
    path = "/programmes/{owner}/{slug}",
    operation_id = "readProgramme",
    tag = "public",
    params(ProgrammePath),
    responses((status = 200, description = "The programme.", body = ProgrammeView)),
    security(("token" = []))
)]
pub async fn read(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<ProgrammePath>,
) -> Answer<Json<ProgrammeView>> {
    caller.holds(Scope::ReferenceRead)?;
    node.programme(&path.owner, &path.slug)
        .await
        .map(Json)
        .map_err(|e| problem(&e))
}

/// Download a picture of a programme
///
/// As its message names it: JPEG, PNG or WebP without metadata. One that has not arrived yet is 409
/// `blob_pending`.
#[utoipa::path(
    get,
    path = "/programmes/{owner}/{slug}/pictures/{sha256}",
    operation_id = "readPicture",
    tag = "public",
    params(PicturePath),
    responses(
        (status = 200, description = "The picture, with its media type.", content_type = "image/*")
    ),
    security(("token" = []))
)]
pub async fn picture(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<PicturePath>,
) -> Answer<impl IntoResponse> {
    caller.holds(Scope::ReferenceRead)?;
    let opened = node
        .open_picture(&path.owner, &path.slug, path.sha256)
        .await
        .map_err(|e| problem(&e))?;
    let media_type = HeaderValue::from_str(&opened.media_type)
        .unwrap_or(HeaderValue::from_static("application/octet-stream"));
    Ok(([(CONTENT_TYPE, media_type)], opened.bytes))
}

fn stored(published: Publication) -> impl IntoResponse {
    let Publication { author, name, .. } = &published;
    let location = format!("/api/v1/programmes/{author}/{name}");
    (
        StatusCode::ACCEPTED,
        [(LOCATION, location)],
        Json(published),
    )
}

/// A programme is named by its author and its slug, so no message could even
/// say this; the caller is told what the rule is called.
fn not_owner() -> NodeError {
    NodeError::NotAllowed(Box::new(NotAllowed {
        ruling: Ruling {
            effect: Effect::Unauthorised,
            reason: Some(Reason::NotOwner),
        },
        state: None,
        custodian: None,
    }))
}
