//! Taxonomy and calendar: which edition is in force, and new ones from the
//! national desk.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use http::StatusCode;
use http::header::LOCATION;
use lapor_protocol::kinds::Body;
use lapor_web::{Json, Query};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Answer;
use super::access::Caller;
use super::refusals::problem;
use crate::node::Node;
use crate::publishing::{CalendarView, NewCalendar, NewTaxonomy, Publication, TaxonomyView};
use crate::tokens::Scope;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EditionQuery {
    /// Name of an edition; the one in force if not given.
    edition: Option<String>,
}

/// Read the categories
///
/// The edition in force, or the one that is asked for, and the names of all.
#[utoipa::path(
    get,
    path = "/taxonomy",
    operation_id = "readTaxonomy",
    tag = "public",
    params(EditionQuery),
    responses((status = 200, description = "The categories.", body = TaxonomyView)),
    security(("token" = []))
)]
pub async fn taxonomy(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Query(query): Query<EditionQuery>,
) -> Answer<Json<TaxonomyView>> {
    caller.holds(Scope::ReferenceRead)?;
    node.taxonomy(query.edition.as_deref())
        .await
        .map(Json)
        .map_err(|e| problem(&e))
}

/// Read the calendar
///
/// National holidays and collective leave of the edition in force, or of the one that is asked for,
/// and the names of all editions. Working days are counted by it.
#[utoipa::path(
    get,
    path = "/calendar",
    operation_id = "readCalendar",
    tag = "public",
    params(EditionQuery),
    responses((status = 200, description = "The holidays.", body = CalendarView)),
    security(("token" = []))
)]
pub async fn calendar(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Query(query): Query<EditionQuery>,
) -> Answer<Json<CalendarView>> {
    caller.holds(Scope::ReferenceRead)?;
    node.calendar(query.edition.as_deref())
        .await
        .map(Json)
        .map_err(|e| problem(&e))
}

/// Publish an edition of the categories
///
/// For all institutions, by the national desk only. An edition is whole and never changes; what is
/// to be different is a new edition under a new name.
#[utoipa::path(
    post,
    path = "/taxonomy",
    operation_id = "publishTaxonomy",
    tag = "public",
    request_body = NewTaxonomy,
    responses(
        (status = 202, description = "It is stored and pending.", body = Publication),
        (status = 409, description = "`not_allowed`: this is not the national desk (`not_desk`).", body = lapor_web::ApiProblem, content_type = "application/problem+json")
    ),
    security(("token" = []))
)]
pub async fn publish_taxonomy(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Json(new): Json<NewTaxonomy>,
) -> Answer<impl IntoResponse> {
    publish(&node, &caller, new.into(), "taxonomy").await
}

/// Publish an edition of the calendar
///
/// For all institutions, by the national desk only. An edition is whole and never changes; a decree
/// in the middle of the year is a new edition under a new name.
#[utoipa::path(
    post,
    path = "/calendar",
    operation_id = "publishCalendar",
    tag = "public",
    request_body = NewCalendar,
    responses(
        (status = 202, description = "It is stored and pending.", body = Publication),
        (status = 409, description = "`not_allowed`: this is not the national desk (`not_desk`).", body = lapor_web::ApiProblem, content_type = "application/problem+json")
    ),
    security(("token" = []))
)]
pub async fn publish_calendar(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Json(new): Json<NewCalendar>,
) -> Answer<impl IntoResponse> {
    publish(&node, &caller, new.into(), "calendar").await
}

async fn publish(
    node: &Node,
    caller: &Caller,
    body: Body,
    place: &str,
) -> Answer<impl IntoResponse + use<>> {
    caller.needs(Scope::EditionsWrite)?;
    let published = node
        .publish(body, &caller.actor())
        .await
        .map_err(|e| problem(&e))?;
    let location = format!("/api/v1/{place}?edition={}", published.name);
    Ok((
        StatusCode::ACCEPTED,
        [(LOCATION, location)],
        Json(published),
    ))
}
