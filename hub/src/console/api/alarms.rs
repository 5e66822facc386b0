//! Alarms: what is open and was, what was sent of it, and the rules.

use std::sync::Arc;

use axum::extract::State as Shared;
use lapor_web::{Json, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::access::Caller;
use super::{Answer, Unasked, limit, problem};
use crate::alarms::overview::{self, Alarm, Group, Place, Sent};
use crate::alarms::{self, Recipient, Rule, Silence};
use crate::console::Console;
use crate::error::HubError;

/// What is open or acknowledged.
#[derive(Serialize, ToSchema)]
pub struct OpenAlarms {
    /// The worst first.
    groups: Vec<Group>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PastQuery {
    /// `next.before` of the page before, Unix ms.
    before: Option<i64>,
    /// `next.after` of the page before.
    #[serde(default)]
    after: String,
    /// 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

impl PastQuery {
    fn place(&self) -> Place {
        Place {
            before: self.before.unwrap_or(i64::MAX),
            after: self.after.clone(),
        }
    }
}

/// Where a list goes on.
#[derive(Serialize, ToSchema)]
pub struct Next {
    /// Unix ms.
    before: i64,
    after: String,
}

/// A page of alarms that are over.
#[derive(Serialize, ToSchema)]
pub struct PastAlarms {
    /// The latest first.
    alarms: Vec<Alarm>,
    /// Missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Next>,
}

/// A page of what was sent, and what waits to be.
#[derive(Serialize, ToSchema)]
pub struct SentPage {
    /// The latest first.
    sent: Vec<Sent>,
    /// Missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Next>,
}

/// By which rules alarms are raised, who is told, and what is silent now.
#[derive(Serialize, ToSchema)]
pub struct AlarmRules {
    rules: Vec<Rule>,
    recipients: Vec<Recipient>,
    /// The first to end first.
    silences: Vec<Silence>,
}

/// List open alarms
///
/// By rule; those that nobody has acknowledged come first.
#[utoipa::path(
    get,
    path = "/alarms",
    operation_id = "listAlarms",
    tag = "alarms",
    responses((status = 200, description = "What is open.", body = OpenAlarms)),
    security(("token" = []))
)]
pub async fn open(
    Shared(console): Shared<Arc<Console>>,
    _: Caller,
    _: Unasked,
) -> Answer<Json<OpenAlarms>> {
    let groups = overview::open(&console.hub).await;
    let groups = groups.map_err(|error| problem(&error))?;
    Ok(Json(OpenAlarms { groups }))
}

/// List alarms that are over
///
/// For as long as they are kept, `[alarms] history_days`.
#[utoipa::path(
    get,
    path = "/alarms/past",
    operation_id = "listPastAlarms",
    tag = "alarms",
    params(PastQuery),
    responses((status = 200, description = "A page of them.", body = PastAlarms)),
    security(("token" = []))
)]
pub async fn past(
    Shared(console): Shared<Arc<Console>>,
    _: Caller,
    Query(asked): Query<PastQuery>,
) -> Answer<Json<PastAlarms>> {
    let limit = limit(asked.limit)?;
    let alarms = overview::past(&console.hub, &asked.place(), i64::from(limit)).await;
    let alarms = alarms.map_err(|error| problem(&error))?;
    let full = alarms.len() == limit as usize;
    let next = alarms.last().filter(|_| full).and_then(|last| {
        Some(Next {
            before: last.cleared_at?,
            after: last.id.clone(),
        })
    });
    Ok(Json(PastAlarms { alarms, next }))
}

/// List what was sent of alarms
///
/// Letters and webhooks with what became of each; for 90 days at most.
#[utoipa::path(
    get,
    path = "/alarms/sent",
    operation_id = "listSentAlarms",
    tag = "alarms",
    params(PastQuery),
    responses((status = 200, description = "A page of it.", body = SentPage)),
    security(("token" = []))
)]
pub async fn sent(
    Shared(console): Shared<Arc<Console>>,
    _: Caller,
    Query(asked): Query<PastQuery>,
) -> Answer<Json<SentPage>> {
    let limit = limit(asked.limit)?;
    let sent = overview::sent(&console.hub, &asked.place(), i64::from(limit)).await;
    let sent = sent.map_err(|error| problem(&error))?;
    let full = sent.len() == limit as usize;
    let next = sent.last().filter(|_| full).map(|last| Next {
        before: last.created_at,
        after: last.id.clone(),
    });
    Ok(Json(SentPage { sent, next }))
}

/// Read the rules of alarms
///
/// Of a webhook's address only its host is told, because its path may be a secret.
#[utoipa::path(
    get,
    path = "/alarms/rules",
    operation_id = "readAlarmRules",
    tag = "alarms",
    responses((status = 200, description = "The rules.", body = AlarmRules)),
    security(("token" = []))
)]
pub async fn rules(
    Shared(console): Shared<Arc<Console>>,
    _: Caller,
    _: Unasked,
) -> Answer<Json<AlarmRules>> {
    let read = async {
        let mut tx = console.hub.ground.db.read().await?;
        let rules = AlarmRules {
            rules: alarms::rules(&mut tx).await?,
            recipients: alarms::acts::recipients(&mut tx).await?,
            silences: alarms::silences(&mut tx, console.hub.now_ms()).await?,
        };
        tx.rollback().await?;
        Ok::<_, HubError>(rules)
    };
    read.await.map(Json).map_err(|error| problem(&error))
}
