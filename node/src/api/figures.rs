//! The figures of institutions, as JSON and as a table.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use chrono::NaiveDate;
use http::header::CONTENT_TYPE;
use lapor_web::{Json, Query};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Answer;
use super::access::Caller;
use super::refusals::problem;
use crate::casework::Sight;
use crate::figures::{FigureTable, Side, category_csv, csv};
use crate::node::Node;
use crate::tokens::Scope;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FigureQuery {
    /// First day of filing, `YYYY-MM-DD` in this institution's zone.
    #[param(value_type = String)]
    from: NaiveDate,
    /// Last day of filing.
    #[param(value_type = String)]
    through: NaiveDate,
    /// By who has the cases now (`custodian`, if not given) or where they were filed (`origin`).
    #[serde(default)]
    #[param(required = false)]
    side: Side,
}

/// Read figures
///
/// Of the cases that were filed in a period, for each institution, as far as this institution knows
/// them. Confirmed, closed by silence and archived are three figures.
#[utoipa::path(
    get,
    path = "/figures",
    operation_id = "readFigures",
    tag = "cases",
    params(FigureQuery),
    responses((status = 200, description = "The figures.", body = FigureTable)),
    security(("token" = []))
)]
pub async fn read(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Query(query): Query<FigureQuery>,
) -> Answer<Json<FigureTable>> {
    let sight = caller.sees(Scope::FiguresRead)?;
    figures(&node, sight, &query).await.map(Json)
}

/// Read figures as a table
///
/// The same as CSV with a header; times are milliseconds, an empty cell is a mean of nothing.
#[utoipa::path(
    get,
    path = "/figures.csv",
    operation_id = "readFiguresTable",
    tag = "cases",
    params(FigureQuery),
    responses((status = 200, description = "The table.", body = String, content_type = "text/csv")),
    security(("token" = []))
)]
pub async fn table(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Query(query): Query<FigureQuery>,
) -> Answer<impl IntoResponse> {
    let sight = caller.sees(Scope::FiguresRead)?;
    let figures = figures(&node, sight, &query).await?;
    let text = csv(&figures).map_err(|e| problem(&e))?;
    Ok(([(CONTENT_TYPE, "text/csv; charset=utf-8")], text))
}

/// Read figures by category
///
/// As CSV with a header: the national category, beside it the one of this institution's own tree, how
/// many cases came in, and of these open, answered and overdue at some time. An empty cell is of cases
/// that have none; the lines add up.
#[utoipa::path(
    get,
    path = "/figures/categories.csv",
    operation_id = "readCategoryFigures",
    tag = "cases",
    params(FigureQuery),
    responses((status = 200, description = "The table.", body = String, content_type = "text/csv")),
    security(("token" = []))
)]
pub async fn categories(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Query(query): Query<FigureQuery>,
) -> Answer<impl IntoResponse> {
    let sight = caller.sees(Scope::FiguresRead)?;
    let figures = figures(&node, sight, &query).await?;
    let text = category_csv(&figures).map_err(|e| problem(&e))?;
    Ok(([(CONTENT_TYPE, "text/csv; charset=utf-8")], text))
}

async fn figures(node: &Node, sight: &Sight, query: &FigureQuery) -> Answer<FigureTable> {
    let (from, until) = node.span_of_days(query.from, query.through);
    node.figures_seen(sight, query.side, from, until)
        .await
        .map_err(|e| problem(&e))
}
