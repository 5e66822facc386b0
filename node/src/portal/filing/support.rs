//! *Saya juga mengalami*: support for a report that is alike, in place of another.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use lapor_protocol::ids::CaseId;
use lapor_web::Path;
use lapor_web::language::text_id;
use lapor_web::page::{Flash, LocalPath, Visit, brought};
use serde::Deserialize;

use super::fresh_key;
use crate::api::{Address, problem};
use crate::error::NodeError;
use crate::node::Node;
use crate::portal::{Answer, track};
use crate::reporters::Supporter;

pub const ROUTE: &str = "/lapor/dukung/{case}";
/// Lets a browser support a report once; it says nothing about whoever uses it.
const BROWSER: &str = "lapor_dukungan";
const YEAR_S: i64 = 365 * 24 * 60 * 60;

#[derive(Deserialize)]
pub struct CasePath {
    case: CaseId,
}

pub fn path(case: CaseId) -> String {
    ROUTE.replace("{case}", &case.to_string())
}

/// Counts one more who has the same trouble, once for a browser, and shows where the report stands.
pub async fn support(
    State(node): State<Arc<Node>>,
    visit: Visit,
    Address(address): Address,
    headers: HeaderMap,
    Path(at): Path<CasePath>,
) -> Answer<Response> {
    let known = brought(&headers, BROWSER).filter(|token| (16..=128).contains(&token.len()));
    let token = known.map_or_else(fresh_key, str::to_owned);
    let supported = node
        .support(at.case, Supporter::Browser(&token), address)
        .await;
    let flash = match supported {
        Ok(true) => Flash::done(text_id("alike-counted")),
        Ok(false) => Flash::done(text_id("alike-known")),
        Err(NodeError::NotAllowed(_)) => Flash::warning(text_id("alike-ended")),
        Err(error) => return Err(problem(&error)),
    };
    let view = node.case(at.case).await.map_err(|e| problem(&e))?;
    let ticket = view.summary.ticket.unwrap_or_default();
    let to = LocalPath::parse(&format!("{}?tiket={ticket}", track::PATH));
    let mut response = visit.go_saying(&to.unwrap_or_else(LocalPath::root), &flash);
    visit.give(response.headers_mut(), BROWSER, &token, YEAR_S);
    Ok(response)
}
