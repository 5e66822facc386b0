//! How much lies in each list of the desk, and questions to them that somebody keeps.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use lapor_web::{Json, Path, Query};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Answer;
use super::access::Caller;
use super::refusals::problem;
use crate::casework::{CaseFilter, InboxCounts, SavedFilter, Tab};
use crate::node::Node;
use crate::tokens::Scope;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CountQuery {
    /// Only what lies on the desk of this unit.
    unit: Option<String>,
    /// Only what this account works on.
    officer: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct FilterPath {
    /// What it is called, 1 to 80 characters.
    name: String,
}

/// A question to the lists of the desk.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFilter {
    /// A list.
    #[serde(default)]
    tab: Option<Tab>,
    /// Words to search for.
    #[serde(default)]
    q: Option<String>,
    /// What cases must be like.
    #[serde(default, deserialize_with = "object")]
    filter: CaseFilter,
}

/// A filter that is an object: serde would read its fields from an array as well.
fn object<'de, D: Deserializer<'de>>(from: D) -> Result<CaseFilter, D::Error> {
    let fields = Map::deserialize(from)?;
    serde_json::from_value(Value::Object(fields)).map_err(D::Error::custom)
}

/// Questions that are kept.
#[derive(Serialize, ToSchema)]
pub struct Filters {
    filters: Vec<SavedFilter>,
}

pub fn routes() -> OpenApiRouter<Arc<Node>> {
    OpenApiRouter::new()
        .routes(routes!(counts))
        .routes(routes!(list))
        .routes(routes!(keep, remove))
}

/// Count the cases of each list
///
/// As the desk shows them; those that have ended are not counted. `GET /cases?tab=` has the cases.
#[utoipa::path(
    get,
    path = "/cases/counts",
    operation_id = "countCases",
    tag = "work",
    params(CountQuery),
    responses((status = 200, description = "How many each list has.", body = InboxCounts)),
    security(("token" = []))
)]
pub async fn counts(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Query(query): Query<CountQuery>,
) -> Answer<Json<InboxCounts>> {
    let sight = caller.sees(Scope::CasesRead)?;
    let filter = CaseFilter {
        unit: query.unit,
        officer: query.officer,
        ..CaseFilter::default()
    };
    let counts = node.inbox_counts(sight, &filter).await;
    counts.map(Json).map_err(|e| problem(&e))
}

/// List the filters that are kept
///
/// Those of whoever owns the token, who finds the same at the desk; of a token that nobody owns its
/// own.
#[utoipa::path(
    get,
    path = "/filters",
    operation_id = "listFilters",
    tag = "work",
    responses((status = 200, description = "The filters.", body = Filters)),
    security(("token" = []))
)]
pub async fn list(State(node): State<Arc<Node>>, caller: Caller) -> Answer<Json<Filters>> {
    caller.holds(Scope::CasesRead)?;
    let keeper = caller.keeper(&node).await?;
    let filters = node.saved_filters(&keeper).await;
    let filters = filters.map_err(|e| problem(&e))?;
    Ok(Json(Filters { filters }))
}

/// Keep a filter
///
/// One of the same name is replaced; 50 are kept at most.
#[utoipa::path(
    put,
    path = "/filters/{name}",
    operation_id = "keepFilter",
    tag = "work",
    params(FilterPath),
    request_body = NewFilter,
    responses((status = 204, description = "It is kept.")),
    security(("token" = []))
)]
pub async fn keep(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<FilterPath>,
    Json(new): Json<NewFilter>,
) -> Answer<StatusCode> {
    caller.holds(Scope::CasesRead)?;
    let keeper = caller.keeper(&node).await?;
    let filter = SavedFilter {
        name: path.name,
        tab: new.tab,
        q: new.q,
        filter: new.filter,
    };
    let kept = node.save_filter(&keeper, &filter).await;
    kept.map_err(|e| problem(&e))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Remove a filter
///
/// It is kept no more, at the desk neither.
#[utoipa::path(
    delete,
    path = "/filters/{name}",
    operation_id = "removeFilter",
    tag = "work",
    params(FilterPath),
    responses((status = 204, description = "It is removed.")),
    security(("token" = []))
)]
pub async fn remove(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<FilterPath>,
) -> Answer<StatusCode> {
    caller.holds(Scope::CasesRead)?;
    let keeper = caller.keeper(&node).await?;
    let removed = node.remove_filter(&keeper, &path.name).await;
    removed.map_err(|e| problem(&e))?;
    Ok(StatusCode::NO_CONTENT)
}
