//! Erasures of the institution, under the same rules as at the desk: asked for with a reason, confirmed
//! by another person where that is wanted, and called off until they begin.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use http::StatusCode;
use lapor_protocol::kinds::case_redacted::RedactionReason;
use lapor_web::{ApiProblem, Json, Path};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Answer;
use super::access::Caller;
use super::cases::CasePath;
use super::refusals::problem;
use crate::casework::PlannedErasure;
use crate::node::Node;
use crate::tokens::Scope;

/// Why the words of a case are to be erased.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewErasure {
    reason: RedactionReason,
}

/// Erasures that are ahead.
#[derive(Serialize, ToSchema)]
pub struct Erasures {
    erasures: Vec<PlannedErasure>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ErasurePath {
    /// `id` of an erasure.
    id: String,
}

/// Ask for the erasure of a case
///
/// Needs the scope `erasures`. The reporter is told the reason and can call it off for
/// `erasure.officer_days`; then the words are erased at every institution. With
/// `erasure.second_person` another person confirms it first, and both are known by an account: the
/// owner of the token, or whoever is at the desk. Asked for twice it stays as it was.
#[utoipa::path(
    post,
    path = "/cases/{id}/erasure",
    operation_id = "planErasure",
    tag = "acts",
    params(CasePath),
    request_body = NewErasure,
    responses(
        (status = 202, description = "It waits: `asked` for a second person, `waiting` for its day.", body = PlannedErasure),
        (status = 409, description = "`not_allowed`: the rules do not allow it to this institution.", body = ApiProblem, content_type = "application/problem+json")
    ),
    security(("token" = []))
)]
pub async fn plan(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<CasePath>,
    Json(new): Json<NewErasure>,
) -> Answer<impl IntoResponse> {
    caller.needs(Scope::Erasures)?;
    let planned = node
        .plan_erasure(path.id, new.reason, &caller.decider())
        .await;
    let planned = planned.map_err(|e| problem(&e))?;
    Ok((StatusCode::ACCEPTED, Json(planned)))
}

/// List erasures that are ahead
///
/// Needs the scope `erasures`. What reporters asked for and the institution decided: first what waits for a
/// second person or is in doubt since a restore of the node (`asked`), then what has begun (`erasing`) and nobody calls off any more, then what
/// waits for its day (`waiting`), the most urgent first; 300 at most. They are done by themselves when
/// they are due.
#[utoipa::path(
    get,
    path = "/erasures",
    operation_id = "listErasures",
    tag = "acts",
    responses((status = 200, description = "Those that are ahead.", body = Erasures)),
    security(("token" = []))
)]
pub async fn list(State(node): State<Arc<Node>>, caller: Caller) -> Answer<Json<Erasures>> {
    caller.needs(Scope::Erasures)?;
    let erasures = node.planned_erasures().await.map_err(|e| problem(&e))?;
    Ok(Json(Erasures { erasures }))
}

/// Confirm an erasure
///
/// Needs the scope `erasures` and, where it waits for a second person, a token whose owner is another
/// administrator than whoever asked. The days in which it can be called off begin.
#[utoipa::path(
    post,
    path = "/erasures/{id}/confirmation",
    operation_id = "confirmErasure",
    tag = "acts",
    params(ErasurePath),
    responses((status = 204, description = "It is confirmed, and the reporter is told.")),
    security(("token" = []))
)]
pub async fn confirm(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<ErasurePath>,
) -> Answer<StatusCode> {
    caller.needs(Scope::Erasures)?;
    let confirmed = node.confirm_erasure(&path.id, &caller.decider()).await;
    confirmed.map_err(|e| problem(&e))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Call an erasure off
///
/// Needs the scope `erasures`. Of what the institution decided, until it begins; what a reporter asked for
/// only the reporter withdraws, unless it is `asked`, in doubt since a restore of the node.
#[utoipa::path(
    delete,
    path = "/erasures/{id}",
    operation_id = "stopErasure",
    tag = "acts",
    params(ErasurePath),
    responses((status = 204, description = "It is called off; nothing has been erased.")),
    security(("token" = []))
)]
pub async fn stop(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<ErasurePath>,
) -> Answer<StatusCode> {
    caller.needs(Scope::Erasures)?;
    let stopped = node.stop_erasure(&path.id, &caller.decider()).await;
    stopped.map_err(|e| problem(&e))?;
    Ok(StatusCode::NO_CONTENT)
}
