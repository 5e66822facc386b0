//! The audit log of the hub, for auditors.

use std::sync::Arc;

use axum::extract::State as Shared;
use lapor_protocol::ids::{Digest, InstanceId};
use lapor_web::{Json, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::access::Caller;
use super::{Answer, Unasked, limit, problem};
use crate::approvals::{self, Approval, ApprovalError};
use crate::console::{Console, admission};
use crate::error::HubError;
use crate::membership::{MembershipError, fingerprint};
use crate::store;
use crate::store::resting::RestingRow;
use crate::vouching;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LogQuery {
    /// Only what this one did: `account:ID`, `cli:USER`.
    #[serde(default)]
    actor: String,
    /// Only this action, such as `instance.suspended`.
    #[serde(default)]
    action: String,
    /// Only what concerned this institution.
    #[serde(default)]
    instance: String,
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

/// What somebody did.
#[derive(Serialize, ToSchema)]
pub struct AuditEntry {
    number: i64,
    /// Unix ms.
    at: i64,
    actor: String,
    action: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    /// The reason, or what else was noted.
    detail: String,
}

/// What waits for an operator.
#[derive(Serialize, ToSchema)]
pub struct Decidable {
    /// Acts that wait for a second person.
    approvals: Vec<Approval>,
    /// Institutions that have joined and wait to be let in.
    joining: Vec<Joining>,
    /// Why accounts of operators may do nothing until another operator confirms them.
    accounts: Vec<RestingRow>,
}

/// One that has joined.
#[derive(Serialize, ToSchema)]
pub struct Joining {
    #[schema(value_type = String)]
    instance: InstanceId,
    name: String,
    /// SHA-256 of its identity key, in hexadecimal, to be compared with what it reads out.
    fingerprint: Option<String>,
    /// Unix ms.
    asked_at: i64,
    /// From which address.
    address: String,
}

/// List what waits for an operator
///
/// Acts that wait for a second person, institutions that have joined, and accounts to be confirmed;
/// the oldest first. An act that nobody decides within a day lapses.
#[utoipa::path(
    get,
    path = "/approvals",
    operation_id = "listApprovals",
    tag = "audit",
    responses((status = 200, description = "What waits.", body = Decidable)),
    security(("token" = []))
)]
pub async fn approvals(
    Shared(console): Shared<Arc<Console>>,
    _: Caller,
    _: Unasked,
) -> Answer<Json<Decidable>> {
    let waiting = approvals::waiting(&console.hub.ground).await;
    let approvals = waiting.map_err(|error| match error {
        ApprovalError::Membership(MembershipError::Hub(error)) => problem(&error),
        error => problem(&HubError::damaged(error)),
    })?;
    let joining = admission::waiting(&console).await?.into_iter();
    let joining = joining.map(|(entry, joined)| Joining {
        fingerprint: fingerprint(&entry).map(Digest::to_hex),
        instance: entry.id,
        name: entry.name,
        asked_at: joined.asked_at,
        address: joined.address,
    });
    let resting = vouching::resting(&console.hub.ground).await;
    Ok(Json(Decidable {
        approvals,
        joining: joining.collect(),
        accounts: resting.map_err(|error| problem(&error.into()))?,
    }))
}

/// Read the audit log
///
/// Who did what at this hub, the latest first; every filter that is given must hold. Entries are
/// only ever added.
#[utoipa::path(
    get,
    path = "/audit",
    operation_id = "readAudit",
    tag = "audit",
    params(LogQuery),
    responses((status = 200, description = "A page of the log.", body = AuditPage)),
    security(("token" = []))
)]
pub async fn read(
    Shared(console): Shared<Arc<Console>>,
    caller: Caller,
    Query(asked): Query<LogQuery>,
) -> Answer<Json<AuditPage>> {
    caller.reads_audit()?;
    let limit = limit(asked.limit)?;
    let read = async {
        let mut tx = console.hub.ground.db.read().await?;
        let filter = (&*asked.actor, &*asked.action, &*asked.instance);
        let before = asked.before.unwrap_or(i64::MAX);
        let rows = store::audit::page(&mut tx, before, 0..i64::MAX, filter, limit).await?;
        Ok::<_, HubError>(rows)
    };
    let rows = read.await.map_err(|error| problem(&error))?;
    let full = rows.len() == limit as usize;
    let next = rows.last().filter(|_| full).map(|row| row.0);
    let entry = |(number, at, actor, action, instance, detail)| AuditEntry {
        number,
        at,
        actor,
        action,
        instance,
        detail,
    };
    Ok(Json(AuditPage {
        entries: rows.into_iter().map(entry).collect(),
        next,
    }))
}
