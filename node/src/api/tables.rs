//! Tables of single cases that a program takes away: each is noted before it is handed over.

use http::HeaderName;
use http::header::CONTENT_TYPE;

use super::Answer;
use super::access::Caller;
use super::refusals::problem;
use crate::casework::CaseFilter;
use crate::node::Node;
use crate::registers::{Table, XLSX};

type Typed<T> = ([(HeaderName, &'static str); 1], T);

pub async fn csv(
    node: &Node,
    caller: &Caller,
    name: &str,
    filter: &CaseFilter,
    table: &Table,
) -> Answer<Typed<String>> {
    let text = table.csv().map_err(|e| problem(&e))?;
    node.note_table(name, filter, table.rows.len(), &caller.actor())
        .await
        .map_err(|e| problem(&e))?;
    Ok(([(CONTENT_TYPE, "text/csv; charset=utf-8")], text))
}

pub async fn workbook(
    node: &Node,
    caller: &Caller,
    name: &str,
    filter: &CaseFilter,
    table: Table,
) -> Answer<Typed<Vec<u8>>> {
    let rows = table.rows.len();
    let book = table.xlsx().await.map_err(|e| problem(&e))?;
    node.note_table(name, filter, rows, &caller.actor())
        .await
        .map_err(|e| problem(&e))?;
    Ok(([(CONTENT_TYPE, XLSX)], book))
}
