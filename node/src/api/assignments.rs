//! On whose desk a case lies here, with what is said to them; and own acts that had no effect.

use std::sync::Arc;

use axum::extract::State;
use chrono::NaiveDate;
use http::StatusCode;
use lapor_protocol::ids::{CaseId, MessageId};
use lapor_web::{ApiProblem, Json, Path, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Answer;
use super::access::Caller;
use super::cases::CasePath;
use super::paging::page_size;
use super::refusals::{desk_problem, problem};
use crate::casework::{CaseSummary, FailedAct, Instructed, Instruction, OnDesk, Sight};
use crate::error::NodeError;
use crate::node::Node;
use crate::tokens::Scope;

/// Whose desk a case is put on, and what is said with it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAssignment {
    /// Id of an open unit; that of the officer where none is named and they work in one.
    unit: Option<String>,
    /// Id of the account of an officer who sees what lies in the unit.
    officer: Option<String>,
    /// What they are to do.
    #[serde(default)]
    #[schema(max_length = 2000)]
    instruction: String,
    /// The last day, `YYYY-MM-DD`; today or later.
    due: Option<String>,
}

/// Whose desk a case lies on.
#[derive(Serialize, ToSchema)]
pub struct Assignment {
    unit: Option<String>,
    /// The account of whoever works on it.
    officer: Option<String>,
    /// What was said with it, the latest first.
    instructions: Vec<Said>,
}

/// What was said to those on whose desk it was put.
#[derive(Serialize, ToSchema)]
pub struct Said {
    /// Unix ms.
    at: i64,
    /// As the audit log names them.
    by: String,
    unit: Option<String>,
    officer: Option<String>,
    words: String,
    /// The last day.
    due: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FailedQuery {
    /// `number` of the last one of the page before.
    after: Option<i64>,
    /// 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ActPath {
    /// Id of the case.
    #[param(value_type = String)]
    id: CaseId,
    /// Id of the message that had no effect.
    #[param(value_type = String)]
    message: MessageId,
}

/// A page of acts.
#[derive(Serialize, ToSchema)]
pub struct FailedActs {
    acts: Vec<FailedAct>,
}

impl From<Instructed> for Said {
    fn from(given: Instructed) -> Self {
        Self {
            at: given.at,
            by: given.actor,
            unit: given.desk.unit,
            officer: given.desk.officer,
            words: given.said.words,
            due: given.said.due,
        }
    }
}

pub fn routes() -> OpenApiRouter<Arc<Node>> {
    OpenApiRouter::new()
        .routes(routes!(read, assign, take_off))
        .routes(routes!(failed))
        .routes(routes!(drop_act))
}

/// Read on whose desk a case lies
///
/// With what was said to them. No other institution learns of it.
#[utoipa::path(
    get,
    path = "/cases/{id}/assignment",
    operation_id = "readAssignment",
    tag = "work",
    params(CasePath),
    responses((status = 200, description = "Whose desk it lies on.", body = Assignment)),
    security(("token" = []))
)]
pub async fn read(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<CasePath>,
) -> Answer<Json<Assignment>> {
    caller.reaches(&node, Scope::CasesRead, path.id).await?;
    assignment(&node, path.id).await.map(Json)
}

/// Put a case on a desk
///
/// That of a unit and an officer, with an instruction and a day where one is given; with neither it is
/// taken off every desk. Whoever has left keeps what they have until it is given to another.
#[utoipa::path(
    put,
    path = "/cases/{id}/assignment",
    operation_id = "assignCase",
    tag = "work",
    params(CasePath),
    request_body = NewAssignment,
    responses((status = 200, description = "It lies there.", body = Assignment)),
    security(("token" = []))
)]
pub async fn assign(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<CasePath>,
    Json(new): Json<NewAssignment>,
) -> Answer<Json<Assignment>> {
    caller.reaches(&node, Scope::CasesAct, path.id).await?;
    let (actor, sight) = (caller.actor(), &Sight::ALL);
    let due = new.due.as_deref().map(|day| ahead(&node, "due", day));
    let said = Instruction {
        words: new.instruction.trim().to_owned(),
        due: due.transpose()?.map(|day| day.to_string()),
    };
    let case = summary(&node, path.id).await?;
    let (unit, officer) = (new.unit.as_deref(), new.officer.as_deref());
    let desk = node.desk_for(&case, unit, officer).await;
    let desk = desk.map_err(|e| desk_problem(&e))?;
    if said == Instruction::default() {
        put(&node, path.id, &desk, &actor).await?;
    } else {
        let given = node.assign_with(sight, path.id, desk, said, &actor).await;
        given.map_err(|e| problem(&e))?;
    }
    assignment(&node, path.id).await.map(Json)
}

/// Take a case off every desk
///
/// Nobody in particular works on it; what was said stays.
#[utoipa::path(
    delete,
    path = "/cases/{id}/assignment",
    operation_id = "takeOffDesk",
    tag = "work",
    params(CasePath),
    responses((status = 204, description = "It lies on no desk.")),
    security(("token" = []))
)]
pub async fn take_off(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<CasePath>,
) -> Answer<StatusCode> {
    caller.reaches(&node, Scope::CasesAct, path.id).await?;
    summary(&node, path.id).await?;
    put(&node, path.id, &OnDesk::default(), &caller.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List own acts that had no effect
///
/// Acts of this institution that the hub ruled to have none, the oldest first, until somebody has
/// done them again and dropped them.
#[utoipa::path(
    get,
    path = "/acts/failed",
    operation_id = "listFailedActs",
    tag = "work",
    params(FailedQuery),
    responses((status = 200, description = "A page of acts.", body = FailedActs)),
    security(("token" = []))
)]
pub async fn failed(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Query(query): Query<FailedQuery>,
) -> Answer<Json<FailedActs>> {
    let sight = caller.sees(Scope::CasesRead)?;
    let limit = page_size(query.limit)?;
    let after = query.after.unwrap_or_default();
    let acts = node.failed_acts(sight, after, limit).await;
    let acts = acts.map_err(|e| problem(&e))?;
    Ok(Json(FailedActs { acts }))
}

/// Drop an act that had no effect
///
/// It stays in the history, and is a task no more.
#[utoipa::path(
    delete,
    path = "/cases/{id}/acts/{message}",
    operation_id = "dropFailedAct",
    tag = "work",
    params(ActPath),
    responses((status = 204, description = "It is dropped.")),
    security(("token" = []))
)]
pub async fn drop_act(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<ActPath>,
) -> Answer<StatusCode> {
    caller.reaches(&node, Scope::CasesAct, path.id).await?;
    let wrong = |e: NodeError| problem(&e);
    let of_case = node.failed_acts_of(path.id).await.map_err(wrong)?;
    if of_case.iter().all(|act| act.message != path.message) {
        return Err(wrong(NodeError::not_found(
            "act without effect",
            &path.message,
        )));
    }
    let (sight, actor) = (&Sight::ALL, caller.actor());
    let dropped = node.drop_failed_act(sight, path.message, &actor).await;
    dropped.map_err(wrong)?;
    Ok(StatusCode::NO_CONTENT)
}

/// A day from today on.
pub fn ahead(node: &Node, field: &str, day: &str) -> Answer<NaiveDate> {
    let read = day.parse::<NaiveDate>().ok();
    read.filter(|day| *day >= node.today()).ok_or_else(|| {
        let detail = format!("{field}: expected a day from today on, such as 2026-12-04.");
        ApiProblem::invalid()
            .with_detail(detail)
            .with("field", field)
    })
}

async fn summary(node: &Node, case: CaseId) -> Answer<CaseSummary> {
    let view = node.case_seen(&Sight::ALL, case).await;
    view.map(|view| view.summary).map_err(|e| problem(&e))
}

async fn put(node: &Node, case: CaseId, desk: &OnDesk, actor: &str) -> Answer<()> {
    let (unit, officer) = (desk.unit.as_deref(), desk.officer.as_deref());
    let put = node
        .assign(&Sight::ALL, &[case], unit, officer, actor)
        .await;
    put.map_err(|e| problem(&e))
}

async fn assignment(node: &Node, case: CaseId) -> Answer<Assignment> {
    let lies = summary(node, case).await?;
    let said = node.instructions(case).await.map_err(|e| problem(&e))?;
    Ok(Assignment {
        unit: lies.unit,
        officer: lies.officer,
        instructions: said.into_iter().map(Said::from).collect(),
    })
}
