//! The feed of changes: read on from a cursor, and wait for what comes.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use http::StatusCode;
use lapor_web::{ApiProblem, Json, Query};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Answer;
use super::access::Caller;
use super::paging::page_size;
use super::refusals::problem;
use crate::feed::{Asked, ChangePage, Subject, Wanted};
use crate::node::Node;
use crate::tokens::Scope;

/// What any part of the feed can be seen with.
pub const SEES: &[Scope] = &[Scope::CasesRead, Scope::DeadlinesRead, Scope::ReferenceRead];
/// Seconds that a request may wait.
const LONGEST_WAIT: u32 = 25;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChangeQuery {
    /// `next` of the answer before, or `latest` for what changes from now on; without it the answer
    /// begins with the first change that is kept.
    after: Option<String>,
    /// 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// Seconds to wait for a change where there is none, 0 to 25; 0 if not given.
    #[param(minimum = 0, maximum = 25)]
    wait: Option<u32>,
    /// Only what concerns cases, programmes or editions.
    subject: Option<Subject>,
    /// Only these kinds, with commas between: `case.closed`, `case.*` for all that begin so.
    #[param(max_length = 1000)]
    kind: Option<String>,
}

/// Read what has changed
///
/// Every change at this node in its order: steps of cases that took part (own acts as soon as they are
/// stored), programmes and editions, clocks that ran out, requests for an identity, erasures that are
/// done. A change says what it is about and holds no words; read the case or the programme to learn
/// more. A token sees what its scopes let it read: `cases:read` cases, `deadlines:read` what begins with
/// `deadline.`, `reference:read` programmes and editions. Keep `next`, and go on with it as `after`;
/// changes are kept for 400 days. After `cursor_gone`, read everything anew and go on from `earliest`.
#[utoipa::path(
    get,
    path = "/changes",
    operation_id = "readChanges",
    tag = "changes",
    params(ChangeQuery),
    responses(
        (status = 200, description = "Changes behind the cursor; none while nothing has changed.", body = ChangePage),
        (status = 410, description = "`cursor_gone`: the cursor is too old, or of before a restore; `earliest` is the cursor of the first change that is kept.", body = ApiProblem, content_type = "application/problem+json")
    ),
    security(("token" = []))
)]
pub async fn read(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Query(query): Query<ChangeQuery>,
) -> Answer<Json<ChangePage>> {
    let sight = caller.sees_by(SEES)?;
    let limit = page_size(query.limit)?;
    let wait = waiting(query.wait)?;
    let kinds = query.kind.as_deref().unwrap_or_default().split(',');
    let wanted = Wanted::read("kind", kinds.filter(|kind| !kind.trim().is_empty()));
    let asked = Asked {
        rights: caller.rights(),
        sight,
        after: query.after,
        subject: query.subject,
        wanted: wanted.map_err(|e| problem(&e))?,
        limit,
    };
    let page = node.changes_within(asked, wait).await;
    page.map(Json).map_err(|e| problem(&e))
}

fn waiting(asked: Option<u32>) -> Answer<Duration> {
    let seconds = asked.unwrap_or(0);
    if seconds <= LONGEST_WAIT {
        return Ok(Duration::from_secs(seconds.into()));
    }
    let title = "The query cannot be used";
    Err(
        ApiProblem::new(StatusCode::BAD_REQUEST, "invalid_query", title)
            .with_detail(format!("wait: expected 0 to {LONGEST_WAIT}."))
            .with("field", "wait"),
    )
}
