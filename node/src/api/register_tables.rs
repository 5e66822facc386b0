//! What lies here as a register, as the desk gives it out: with what was reported, and nobody's name.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use lapor_web::Query;

use super::Answer;
use super::access::Caller;
use super::own_numbers::TableQuery;
use super::tables;
use crate::casework::{CaseFilter, Sight};
use crate::channels::voice;
use crate::desk::register_out;
use crate::node::Node;
use crate::registers::Table;
use crate::tokens::Scope;

/// Read cases with their words as a table
///
/// CSV with a header in Indonesian, as the desk gives it out: numbers, when and how a report came in, what
/// it says, kind, category, region, place, day, and where it stands. No words of a *rahasia* case, and
/// nobody's name; `POST /imports` reads it again. Latest change first, at most ten thousand; narrow it by
/// the moment of filing. Each time it is `cases.downloaded` in the audit log.
#[utoipa::path(
    get,
    path = "/register.csv",
    operation_id = "readReportsTable",
    tag = "cases",
    params(TableQuery),
    responses((status = 200, description = "The table.", body = String, content_type = "text/csv")),
    security(("token" = []))
)]
pub async fn table(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Query(query): Query<TableQuery>,
) -> Answer<impl IntoResponse> {
    let filter = query.filter();
    let table = rows(&node, caller.sees(Scope::CasesRead)?, &filter).await?;
    tables::csv(&node, &caller, "register.csv", &filter, &table).await
}

/// Read cases with their words as a workbook
///
/// The same rows as an Office Open XML spreadsheet (`.xlsx`), noted in the audit log as well.
#[utoipa::path(
    get,
    path = "/register.xlsx",
    operation_id = "readReportsWorkbook",
    tag = "cases",
    params(TableQuery),
    responses((status = 200, description = "The workbook.", content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")),
    security(("token" = []))
)]
pub async fn workbook(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Query(query): Query<TableQuery>,
) -> Answer<impl IntoResponse> {
    let filter = query.filter();
    let table = rows(&node, caller.sees(Scope::CasesRead)?, &filter).await?;
    tables::workbook(&node, &caller, "register.xlsx", &filter, table).await
}

async fn rows(node: &Node, sight: &Sight, filter: &CaseFilter) -> Answer<Table> {
    let v = voice(node);
    Box::pin(register_out::table(node, &v, sight, filter)).await
}
