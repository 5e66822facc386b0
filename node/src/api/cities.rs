//! Cities whose own Open311 services are followed and fed: whether each answers, what waits, what a
//! city did not want, and one city by itself with all that is connected.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use lapor_protocol::case::State as CaseState;
use lapor_protocol::ids::CaseId;
use lapor_web::{Json, Path, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Answer;
use super::access::Caller;
use super::paging::{PageQuery, page_size};
use super::refusals::problem;
use crate::casework::{Outcome, Sight};
use crate::cities::{CityFigures, CityService, CitySettings, Closing, LinkedRequest, Progress};
use crate::error::NodeError;
use crate::node::Node;
use crate::tokens::Scope;

/// The cities of the settings, in their order.
#[derive(Serialize, ToSchema)]
pub struct Cities {
    cities: Vec<CityFigures>,
}

/// A city by itself.
#[derive(Serialize, ToSchema)]
pub struct CityDetail {
    figures: CityFigures,
    /// Where its service is, without what may be secret.
    address: String,
    /// Which city, where the service is that of several.
    jurisdiction: Option<String>,
    /// Unix ms from when on its requests are followed and cases fed; `null` while it was never asked.
    begun_at: Option<i64>,
    /// How often something of it was told on cases here.
    told: i64,
    /// Connected requests with which something is the matter.
    untold: i64,
    /// What is made of it when the city closes a request.
    on_closed: Closing,
    /// What is made of it when the city says something of an open one.
    on_progress: Progress,
    /// Those that are mapped.
    services: Vec<CityService>,
}

/// A page of requests that are cases here, the latest changed first.
#[derive(Serialize, ToSchema)]
pub struct CityRequests {
    requests: Vec<CityRequest>,
    /// For `after`; missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// A request of a city and the case that it is here.
#[derive(Serialize, ToSchema)]
pub struct CityRequest {
    /// Its number there.
    request: String,
    /// `followed` or `fed`.
    way: &'static str,
    /// Whether it is open there, as the city told it last.
    open: bool,
    /// The case; `null`, as all that is told of it, where the caller does not see it, or it is gone.
    #[schema(value_type = Option<String>)]
    case: Option<CaseId>,
    ticket: Option<String>,
    /// Where the case stands here.
    state: Option<CaseState>,
    /// How it ended; `null` while it is open.
    outcome: Option<Outcome>,
    /// How often something of it was told on the case.
    told: i64,
    /// Unix ms at which it last changed there, or was connected.
    changed_at: i64,
    /// What could not be told of it, or asked.
    problem: Option<String>,
}

/// What a city has told of its services.
#[derive(Serialize, ToSchema)]
pub struct CityServices {
    /// All of them; those that are mapped where it has not told.
    services: Vec<CityService>,
    /// Why it has not.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct CityPath {
    /// `name` of a city.
    name: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct RequestPath {
    /// `id` of a request that is stuck.
    request: String,
}

impl CityRequest {
    fn of(one: LinkedRequest, sight: &Sight) -> Self {
        let case = one.case.filter(|case| sight.shows(case));
        let case = case.as_ref();
        Self {
            way: one.way.as_str(),
            open: one.is_open,
            case: case.map(|case| case.case),
            ticket: case.and_then(|case| case.ticket.clone()),
            state: case.and_then(|case| case.state),
            outcome: case.and_then(|case| case.outcome),
            told: one.told,
            changed_at: one.changed_at,
            request: one.request,
            problem: one.problem,
        }
    }
}

pub fn routes() -> OpenApiRouter<Arc<Node>> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(one))
        .routes(routes!(requests))
        .routes(routes!(services))
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

/// Read a city
///
/// Where it is and since when it is asked, how it goes, what was told between the two, and what its
/// services are here.
#[utoipa::path(
    get,
    path = "/channels/cities/{name}",
    operation_id = "readCity",
    tag = "channels",
    params(CityPath),
    responses((status = 200, description = "The city.", body = CityDetail)),
    security(("token" = []))
)]
pub async fn one(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<CityPath>,
) -> Answer<Json<CityDetail>> {
    caller.needs(Scope::ChannelsRead)?;
    let settings = named(&node, &path.name)?;
    let all = node.city_figures().await.map_err(|e| problem(&e))?;
    let mut all = all.into_iter();
    let figures = all.find(|city| city.name == path.name);
    let figures = figures.ok_or_else(|| problem(&unknown(&path.name)))?;
    let exchange = node.exchange_with_city(&path.name).await;
    let exchange = exchange.map_err(|e| problem(&e))?;
    Ok(Json(CityDetail {
        figures,
        address: settings.shown_url(),
        jurisdiction: settings.jurisdiction.clone(),
        begun_at: exchange.begun_at,
        told: exchange.told,
        untold: exchange.untold,
        on_closed: settings.on_closed,
        on_progress: settings.on_progress,
        services: settings.services_here(None),
    }))
}

/// List the connected requests of a city
///
/// Followed or fed, the latest changed first, each with how it stands there and here. Of a case that the
/// caller does not see nothing is told.
#[utoipa::path(
    get,
    path = "/channels/cities/{name}/requests",
    operation_id = "listCityRequests",
    tag = "channels",
    params(CityPath, PageQuery),
    responses((status = 200, description = "A page of requests.", body = CityRequests)),
    security(("token" = []))
)]
pub async fn requests(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<CityPath>,
    Query(query): Query<PageQuery>,
) -> Answer<Json<CityRequests>> {
    let sight = caller.sees(Scope::ChannelsRead)?;
    let limit = page_size(query.limit)?;
    named(&node, &path.name)?;
    let page = node.linked_at_city(&path.name, query.after.as_deref(), limit);
    let page = page.await.map_err(|e| problem(&e))?;
    let requests = page.requests.into_iter();
    Ok(Json(CityRequests {
        requests: requests.map(|one| CityRequest::of(one, sight)).collect(),
        next: page.next,
    }))
}

/// Ask a city for its services
///
/// It is asked while the caller waits. The answer has what each service is here, and the codes of the
/// settings that the city does not have.
#[utoipa::path(
    get,
    path = "/channels/cities/{name}/services",
    operation_id = "askCityServices",
    tag = "channels",
    params(CityPath),
    responses((status = 200, description = "The services.", body = CityServices)),
    security(("token" = []))
)]
pub async fn services(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<CityPath>,
) -> Answer<Json<CityServices>> {
    caller.needs(Scope::ChannelsWrite)?;
    let settings = named(&node, &path.name)?;
    let (told, problem) = match Box::pin(settings.ask_services()).await {
        Ok(told) => (Some(told), None),
        Err(said) => (None, Some(said)),
    };
    Ok(Json(CityServices {
        services: settings.services_here(told.as_deref()),
        problem,
    }))
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

fn named<'a>(node: &'a Node, name: &str) -> Answer<&'a CitySettings> {
    let mut all = node.settings().cities.iter();
    let found = all.find(|city| city.name == name);
    found.ok_or_else(|| problem(&unknown(name)))
}

fn unknown(name: &str) -> NodeError {
    NodeError::not_found("city", &name)
}
