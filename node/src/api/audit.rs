//! Reading the audit log, for administrators.

use std::sync::Arc;

use axum::extract::State;
use lapor_protocol::ids::CaseId;
use lapor_web::{Json, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Answer;
use super::access::Caller;
use super::paging::page_size;
use super::refusals::problem;
use crate::audit::{AuditEntry, AuditQuery};
use crate::node::Node;
use crate::tokens::Scope;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LogQuery {
    /// Only what this one did: `account:ID`, `token:NAME`, `cli:USER`.
    actor: Option<String>,
    /// Only this action, such as `account.signed_in` or the kind of a message.
    action: Option<String>,
    /// Only what concerned this case.
    #[param(value_type = Option<String>)]
    case: Option<CaseId>,
    /// `next` of the page before.
    before: Option<i64>,
    /// 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// A page of the audit log.
#[derive(Serialize, ToSchema)]
pub struct AuditPage {
    entries: Vec<AuditEntry>,
    /// For `before`; missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<i64>,
}

/// Read the audit log
///
/// Who did what at this node, the latest first; every filter that is given must hold. Entries are
/// only ever added.
#[utoipa::path(
    get,
    path = "/audit",
    operation_id = "readAudit",
    tag = "staff",
    params(LogQuery),
    responses((status = 200, description = "A page of the log.", body = AuditPage)),
    security(("token" = []))
)]
pub async fn read(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Query(query): Query<LogQuery>,
) -> Answer<Json<AuditPage>> {
    caller.needs(Scope::AuditRead)?;
    let limit = page_size(query.limit)?;
    let case = query.case.map(|case| case.to_string());
    let asked = AuditQuery {
        before: query.before,
        actor: query.actor.as_deref().unwrap_or_default(),
        action: query.action.as_deref().unwrap_or_default(),
        case: case.as_deref().unwrap_or_default(),
        limit,
        ..AuditQuery::default()
    };
    let entries = node.audit_log(&asked).await.map_err(|e| problem(&e))?;
    let full = entries.len() == limit as usize;
    let next = entries.last().filter(|_| full).map(|entry| entry.number);
    Ok(Json(AuditPage { entries, next }))
}
