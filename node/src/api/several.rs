//! One act on several cases, each judged by itself, and what a desk does to several at once.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use lapor_protocol::ids::CaseId;
use lapor_web::reading::object;
use lapor_web::{ApiProblem, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::{Caller, IdempotencyKey};
use super::refusals::{desk_problem, problem, staff_problem};
use super::{Answer, acts};
use crate::casework::{Acted, BULK, NewAct};
use crate::node::Node;
use crate::tokens::Scope;

/// One act for several cases.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActOnSeveral {
    /// Ids of 1 to 200 cases.
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 200)]
    cases: Vec<CaseId>,
    #[serde(deserialize_with = "object")]
    act: NewAct,
}

/// What became of each, in the order of their ids.
#[derive(Serialize, ToSchema)]
pub struct ActedOnSeveral {
    cases: Vec<ActedOn>,
}

/// What became of one of them.
#[derive(Serialize, ToSchema)]
pub struct ActedOn {
    #[schema(value_type = String)]
    case: CaseId,
    /// As `POST /cases/{id}/acts` answers; missing where it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    acted: Option<Acted>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<ApiProblem>,
}

/// Cases that are meant.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// Ids of 1 to 200 cases.
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 200)]
    cases: Vec<CaseId>,
}

/// Cases, and the desk on which they are put.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDesk {
    /// Ids of 1 to 200 cases.
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 200)]
    cases: Vec<CaseId>,
    /// Id of an open unit.
    unit: Option<String>,
    /// Id of the account of an officer; each case stays in its unit, as far as they see it.
    officer: Option<String>,
}

/// To how many it was done.
#[derive(Serialize, ToSchema)]
pub struct Counted {
    count: u64,
}

/// Those that answer for their key by themselves.
pub fn keyed() -> OpenApiRouter<Arc<Node>> {
    OpenApiRouter::new().routes(routes!(act))
}

pub fn routes() -> OpenApiRouter<Arc<Node>> {
    OpenApiRouter::new()
        .routes(routes!(look))
        .routes(routes!(assign))
}

/// Act on several cases
///
/// The same act on each, as `POST /cases/{id}/acts` does it; `case.verified` is done to those that
/// nobody has decided about. What could not be done to one stops none of the others. To merge cases
/// send `case.linked` with the case that goes on as `target_case`. With an `Idempotency-Key` what is sent
/// again is done to no case twice.
#[utoipa::path(
    post,
    path = "/cases/acts",
    operation_id = "actOnSeveral",
    tag = "acts",
    params(IdempotencyKey),
    request_body = ActOnSeveral,
    responses((status = 200, description = "What became of each.", body = ActedOnSeveral)),
    security(("token" = []))
)]
pub async fn act(
    State(node): State<Arc<Node>>,
    caller: Caller,
    key: IdempotencyKey,
    Json(new): Json<ActOnSeveral>,
) -> Answer<Json<ActedOnSeveral>> {
    acts::may(&caller, &new.act)?;
    let (actor, cases) = (caller.actor(), distinct(new.cases)?);
    // One that is no key is refused before anything is done.
    key.of(&actor)?;
    let key = key.of_parts();
    let mut done = Vec::new();
    for case in cases {
        let (acted, problem) = match acts::within(&node, &caller, case, &new.act).await {
            Ok(()) => {
                let acted = node.act_among((case, new.act.clone()), &actor, &key).await;
                match acted {
                    Ok(acted) => (Some(acted), None),
                    Err(error) => (None, Some(problem(&error))),
                }
            }
            Err(hidden) => (None, Some(hidden)),
        };
        done.push(ActedOn {
            case,
            acted,
            problem,
        });
    }
    Ok(Json(ActedOnSeveral { cases: done }))
}

/// Note that cases have been looked at
///
/// Only the first look counts; `count` says of how many it was the first.
#[utoipa::path(
    post,
    path = "/cases/looks",
    operation_id = "lookAtCases",
    tag = "work",
    request_body = Named,
    responses((status = 200, description = "It is noted.", body = Counted)),
    security(("token" = []))
)]
pub async fn look(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Json(named): Json<Named>,
) -> Answer<Json<Counted>> {
    let sight = caller.sees(Scope::CasesAct)?;
    let looked = node.look_at(sight, &distinct(named.cases)?).await;
    let count = looked.map_err(|e| problem(&e))?;
    Ok(Json(Counted { count }))
}

/// Put cases on a desk
///
/// On that of an officer, or of a unit: then whoever works on a case goes on, where they see what lies
/// there. With neither they are taken off every desk. `count` is how many of them are here.
#[utoipa::path(
    post,
    path = "/cases/assignments",
    operation_id = "assignCases",
    tag = "work",
    request_body = NewDesk,
    responses(
        (status = 200, description = "They lie there.", body = Counted),
        (status = 409, description = "`desk_changed`: one of them has left, or was put on another desk meanwhile.", body = lapor_web::ApiProblem, content_type = "application/problem+json")
    ),
    security(("token" = []))
)]
pub async fn assign(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Json(new): Json<NewDesk>,
) -> Answer<Json<Counted>> {
    let sight = caller.sees(Scope::CasesAct)?;
    let (actor, cases) = (caller.actor(), distinct(new.cases)?);
    let count = match (new.unit.as_deref(), new.officer.as_deref()) {
        (Some(_), Some(_)) => {
            let both = "unit: expected either a unit or an officer; of an officer each case keeps its unit.";
            return Err(ApiProblem::invalid()
                .with_detail(both)
                .with("field", "unit"));
        }
        (None, Some(who)) => {
            let given = node.give_seen(sight, &cases, who, &actor).await;
            given.map_err(|e| desk_problem(&e))?
        }
        (unit, None) => {
            let put = node.put_in_unit(sight, &cases, unit, &actor).await;
            put.map_err(|e| staff_problem(&e))?
        }
    };
    Ok(Json(Counted {
        count: count as u64,
    }))
}

/// The cases, each once; not more than are taken at once.
fn distinct(cases: Vec<CaseId>) -> Answer<Vec<CaseId>> {
    if (1..=BULK).contains(&cases.len()) {
        let all: BTreeSet<CaseId> = cases.into_iter().collect();
        return Ok(all.into_iter().collect());
    }
    let detail = format!("cases: expected 1 to {BULK} ids.");
    Err(ApiProblem::invalid()
        .with_detail(detail)
        .with("field", "cases"))
}
