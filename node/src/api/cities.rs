//! Cities whose own Open311 services are followed and fed: whether each answers, what waits, and what
//! a city did not want.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use lapor_web::{Json, Path};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Answer;
use super::access::Caller;
use super::refusals::problem;
use crate::cities::CityFigures;
use crate::node::Node;
use crate::tokens::Scope;

/// The cities of the settings, in their order.
#[derive(Serialize, ToSchema)]
pub struct Cities {
    cities: Vec<CityFigures>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct RequestPath {
    /// `id` of a request that is stuck.
    request: String,
}

pub fn routes() -> OpenApiRouter<Arc<Node>> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(again))
        .routes(routes!(drop_one))
}

/// Read the cities
///
/// That are followed and fed: whether each answers, how many requests there are, what waits and what a
/// city did not want.
#[utoipa::path(
    get,
    path = "/channels/cities",
    operation_id = "readCities",
    tag = "channels",
    responses((status = 200, description = "The cities.", body = Cities)),
    security(("token" = []))
)]
pub async fn list(State(node): State<Arc<Node>>, caller: Caller) -> Answer<Json<Cities>> {
    caller.needs(Scope::ChannelsRead)?;
    let cities = node.city_figures().await.map_err(|e| problem(&e))?;
    Ok(Json(Cities { cities }))
}

/// Try a request at a city again
///
/// That it did not want, after whatever was wrong has been mended.
#[utoipa::path(
    post,
    path = "/channels/cities/requests/{request}/again",
    operation_id = "askCityAgain",
    tag = "channels",
    params(RequestPath),
    responses((status = 202, description = "It is tried with the next look.")),
    security(("token" = []))
)]
pub async fn again(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<RequestPath>,
) -> Answer<StatusCode> {
    caller.needs(Scope::ChannelsWrite)?;
    let asked = node.ask_city_again(&path.request, &caller.actor()).await;
    asked.map_err(|e| problem(&e))?;
    Ok(StatusCode::ACCEPTED)
}

/// Drop a request at a city
///
/// For good.
#[utoipa::path(
    delete,
    path = "/channels/cities/requests/{request}",
    operation_id = "dropAtCity",
    tag = "channels",
    params(RequestPath),
    responses((status = 204, description = "It is dropped.")),
    security(("token" = []))
)]
pub async fn drop_one(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<RequestPath>,
) -> Answer<StatusCode> {
    caller.needs(Scope::ChannelsWrite)?;
    let dropped = node.drop_at_city(&path.request, &caller.actor()).await;
    dropped.map_err(|e| problem(&e))?;
    Ok(StatusCode::NO_CONTENT)
}
