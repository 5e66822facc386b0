//! Both numbers of a case: the one of the institution's own application beside the ticket.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use http::StatusCode;
use lapor_web::{Json, Path, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Answer;
use super::access::Caller;
use super::cases::CasePath;
use super::refusals::problem;
use super::tables;
use crate::casework::{CaseFilter, CaseSummary, Sight};
use crate::error::NodeError;
use crate::node::Node;
use crate::registers::{Cell, Table};
use crate::tokens::Scope;

/// Lines of a table, at most.
const LINES: usize = 10_000;
/// Cases that are read at once.
const PAGE: u32 = 200;
const COLUMNS: [&str; 11] = [
    "case",
    "ticket",
    "own_number",
    "state",
    "custodian",
    "origin",
    "classification",
    "region",
    "tray",
    "filed_at",
    "updated_at",
];

/// The number of a case in the institution's own application.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnNumber {
    /// Letters, digits, blanks and `-/._:#()`, a letter or digit first; `null` takes it away.
    #[schema(max_length = 80, required = true)]
    #[serde(deserialize_with = "Option::deserialize")]
    pub own_number: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TableQuery {
    /// Unix ms of the filing, inclusive.
    filed_from: Option<i64>,
    /// Unix ms of the filing, exclusive.
    filed_before: Option<i64>,
}

impl TableQuery {
    pub fn filter(&self) -> CaseFilter {
        CaseFilter {
            filed_from: self.filed_from,
            filed_before: self.filed_before,
            ..CaseFilter::default()
        }
    }
}

/// Note the number of a case in the own application
///
/// Kept at this institution and told to nobody. The case is found by it as by its ticket, with `q`
/// or `own_number` of `GET /cases`; several cases may have the same one.
#[utoipa::path(
    put,
    path = "/cases/{id}/own-number",
    operation_id = "noteOwnNumber",
    tag = "cases",
    params(CasePath),
    request_body = OwnNumber,
    responses((status = 204, description = "It is noted.")),
    security(("token" = []))
)]
pub async fn note(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<CasePath>,
    Json(new): Json<OwnNumber>,
) -> Answer<StatusCode> {
    let sight = caller.sees(Scope::CasesAct)?;
    let (number, actor) = (new.own_number.as_deref(), caller.actor());
    node.number(sight, path.id, number, &actor)
        .await
        .map(|()| StatusCode::NO_CONTENT)
        .map_err(|e| problem(&e))
}

/// Read cases as a table
///
/// CSV with a header: both numbers of each case and where it stands, no words of it. Latest change
/// first, at most ten thousand; narrow it by the moment of filing. Each time it is
/// `cases.downloaded` in the audit log, so follow `GET /changes` rather than read it often.
#[utoipa::path(
    get,
    path = "/cases.csv",
    operation_id = "readCasesTable",
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
    let table = lines(&node, caller.sees(Scope::CasesRead)?, &filter)
        .await
        .map_err(|e| problem(&e))?;
    tables::csv(&node, &caller, "cases.csv", &filter, &table).await
}

/// Read cases as a workbook
///
/// The same lines as an Office Open XML spreadsheet (`.xlsx`), noted in the audit log as well.
#[utoipa::path(
    get,
    path = "/cases.xlsx",
    operation_id = "readCasesWorkbook",
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
    let table = lines(&node, caller.sees(Scope::CasesRead)?, &filter)
        .await
        .map_err(|e| problem(&e))?;
    tables::workbook(&node, &caller, "cases.xlsx", &filter, table).await
}

async fn lines(node: &Node, sight: &Sight, filter: &CaseFilter) -> Result<Table, NodeError> {
    let mut table = Table {
        head: COLUMNS.map(str::to_owned).to_vec(),
        rows: Vec::new(),
    };
    let mut after = None;
    loop {
        let page = node
            .search(sight, "", filter, after.as_deref(), PAGE)
            .await?;
        for case in page.cases.iter().take(LINES - table.rows.len()) {
            table.rows.push(cells(case)?);
        }
        after = page.next;
        if after.is_none() || table.rows.len() == LINES {
            return Ok(table);
        }
    }
}

fn cells(case: &CaseSummary) -> Result<Vec<Cell>, NodeError> {
    fn code<T: Serialize>(value: Option<T>) -> Result<String, NodeError> {
        let value = serde_json::to_value(value).map_err(NodeError::damaged)?;
        Ok(value.as_str().unwrap_or_default().to_owned())
    }
    let cells = [
        case.case.to_string(),
        code(case.ticket.as_ref())?,
        code(case.own_number.as_ref())?,
        code(case.state)?,
        code(case.custodian.as_ref())?,
        code(case.origin.as_ref())?,
        code(case.classification)?,
        code(case.region.as_ref())?,
        code(case.tray)?,
        case.filed_at.to_string(),
        case.updated_at.to_string(),
    ];
    Ok(cells.map(Cell::Text).to_vec())
}
