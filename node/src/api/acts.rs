//! Acts on a case: one route for all kinds.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use http::StatusCode;
use lapor_protocol::ids::CaseId;
use lapor_web::{Json, Path};
use serde_json::Value;

use super::access::{Caller, IdempotencyKey};
use super::cases::CasePath;
use super::refusals::problem;
use super::{Answer, kinds};
use crate::casework::{Acted, NewAct, closes_by_silence, erases_at_once};
use crate::node::Node;
use crate::tokens::Scope;

/// Act on a case
///
/// The act is judged on the case as this institution sees it, stored, and sent when the line
/// allows; until the hub has ruled it is pending. What the case does not allow is answered with
/// 409 `not_allowed`, which names the custodian. `case.redacted` is asked for with
/// `POST /cases/{id}/erasure`, and a case closes by silence by itself: both are refused here (403).
/// With an `Idempotency-Key` the same request sent again acts no second time.
#[utoipa::path(
    post,
    path = "/cases/{id}/acts",
    operation_id = "act",
    tag = "acts",
    params(CasePath, IdempotencyKey),
    request_body = NewAct,
    responses(
        (status = 202, description = "The act is stored and pending.", body = Acted),
        (status = 409, description = "`not_allowed`: the case does not allow it; `effect`, `reason`, `state` and `custodian` say why. `key_missing`: the key of the case has not arrived yet.", body = lapor_web::ApiProblem, content_type = "application/problem+json")
    ),
    security(("token" = []))
)]
pub async fn act(
    State(node): State<Arc<Node>>,
    caller: Caller,
    key: IdempotencyKey,
    Path(path): Path<CasePath>,
    Json(act): Json<NewAct>,
) -> Answer<impl IntoResponse> {
    may(&caller, &act)?;
    within(&node, &caller, path.id, &act).await?;
    let (actor, id) = (caller.actor(), path.id);
    let acted = match key.of(&actor)? {
        Some(once) => node.act_once(id, act, &actor, &once).await,
        None => node.act(id, act, &actor).await,
    };
    let acted = acted.map_err(|e| problem(&e))?;
    Ok((StatusCode::ACCEPTED, Json(acted)))
}

/// Refuses whoever may not do it, and what is no act that can be asked for so.
pub fn may(caller: &Caller, act: &NewAct) -> Answer<()> {
    if kinds::answers_identity(&act.kind) {
        caller.holds(Scope::Identity)?;
    } else {
        caller.holds(Scope::CasesAct)?;
    }
    erases_at_once(&act.kind).map_err(|e| problem(&e))?;
    closes_by_silence(act).map_err(|e| problem(&e))?;
    kinds::check(act).map_err(|e| problem(&e))
}

/// A case that the caller does not see is not there, neither as the one that is acted on nor as one
/// that the act names.
pub async fn within(node: &Node, caller: &Caller, case: CaseId, act: &NewAct) -> Answer<()> {
    // What the rules say of a case that is not here, or that lies with others, is said by the act itself.
    if caller.sees_all() {
        return Ok(());
    }
    caller.finds(node, case).await?;
    let named = act.body.values().filter_map(Value::as_str);
    for other in named.filter_map(|text| text.parse::<CaseId>().ok()) {
        caller.finds(node, other).await?;
    }
    Ok(())
}
