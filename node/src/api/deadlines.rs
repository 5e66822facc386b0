//! What runs out next.

use std::sync::Arc;

use axum::extract::State;
use lapor_protocol::ids::InstanceId;
use lapor_web::{Json, Query};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Answer;
use super::access::Caller;
use super::paging::page_size;
use super::refusals::problem;
use crate::casework::CaseList;
use crate::node::Node;
use crate::tokens::Scope;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeadlineQuery {
    /// Slug of the institution that has the case now.
    #[param(value_type = Option<String>)]
    custodian: Option<InstanceId>,
    /// Only what has run out.
    #[serde(default)]
    #[param(required = false)]
    overdue: bool,
    /// `next` of the page before.
    after: Option<String>,
    /// 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// List cases by deadline
///
/// Cases with a running clock, the one that runs out next first. A case that waits for its reporter
/// or has no clock is not listed.
#[utoipa::path(
    get,
    path = "/deadlines",
    operation_id = "listDeadlines",
    tag = "cases",
    params(DeadlineQuery),
    responses((status = 200, description = "A page of cases.", body = CaseList)),
    security(("token" = []))
)]
pub async fn list(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Query(query): Query<DeadlineQuery>,
) -> Answer<Json<CaseList>> {
    let sight = caller.sees(Scope::DeadlinesRead)?;
    let limit = page_size(query.limit)?;
    let custodian = query.custodian.as_ref();
    let after = query.after.as_deref();
    node.cases_by_deadline(sight, custodian, query.overdue, after, limit)
        .await
        .map(Json)
        .map_err(|e| problem(&e))
}
