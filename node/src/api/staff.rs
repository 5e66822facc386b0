//! The parts of the institution and who works on what: units, officers, who stands in for whom, and
//! handing over a whole desk.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use http::StatusCode;
use lapor_web::accounts::{Account, AccountId};
use lapor_web::{Json, Path};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Answer;
use super::access::Caller;
use super::assignments::ahead;
use super::refusals::{account_problem, desk_problem, problem, staff_problem};
use crate::casework::Sight;
use crate::error::NodeError;
use crate::node::Node;
use crate::staff::{Staff, Unit, UnitId};
use crate::tokens::Scope;

/// A unit to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUnit {
    /// Small letters, digits and hyphens; it names the unit for ever.
    #[schema(max_length = 40)]
    id: String,
    #[schema(max_length = 120)]
    name: String,
    /// Id of an open unit that is no part of another.
    parent: Option<String>,
}

/// Another name of a unit.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnitName {
    #[schema(max_length = 120)]
    name: String,
}

/// All units, each followed by its parts.
#[derive(Serialize, ToSchema)]
pub struct Units {
    units: Vec<Unit>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct UnitPath {
    /// Id of a unit.
    unit: String,
}

/// Somebody who may be given a case.
#[derive(Serialize, ToSchema)]
pub struct OfficerLine {
    account: String,
    name: String,
    unit: Option<String>,
    /// The account of whoever does the work while they are away.
    #[serde(skip_serializing_if = "Option::is_none")]
    stand_in: Option<String>,
}

/// Those who may be given a case.
#[derive(Serialize, ToSchema)]
pub struct Officers {
    officers: Vec<OfficerLine>,
}

/// Until when somebody is away, and who does their work.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAbsence {
    /// The account of another officer who sees the same cases.
    stand_in: String,
    /// The last day, `YYYY-MM-DD`, within a year.
    until: String,
}

/// Somebody who is away.
#[derive(Serialize, ToSchema)]
pub struct Away {
    account: String,
    stand_in: String,
    /// The last day.
    until: String,
}

/// Those who are away today.
#[derive(Serialize, ToSchema)]
pub struct Absences {
    absences: Vec<Away>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct AccountPath {
    /// Id of an account.
    pub account: String,
}

/// Whose desk goes to whom.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Handover {
    /// The account whose desk is handed over.
    from: String,
    /// The account of an officer.
    to: String,
}

/// How much was handed over.
#[derive(Serialize, ToSchema)]
pub struct HandedOver {
    count: usize,
}

pub fn routes() -> OpenApiRouter<Arc<Node>> {
    OpenApiRouter::new()
        .routes(routes!(units, add_unit))
        .routes(routes!(rename_unit, close_unit))
        .routes(routes!(officers))
        .routes(routes!(absences))
        .routes(routes!(go_away, come_back))
        .routes(routes!(hand_over))
}

/// An account by its id.
pub async fn account(node: &Node, id: &str) -> Answer<Account> {
    let id: AccountId = id.parse().map_err(|e| account_problem(&e))?;
    let found = node.accounts().find(&id).await;
    found.map_err(|e| account_problem(&e))
}

/// List the units
///
/// Each followed by its parts; those that have closed stay known.
#[utoipa::path(
    get,
    path = "/units",
    operation_id = "listUnits",
    tag = "staff",
    responses((status = 200, description = "The units.", body = Units)),
    security(("token" = []))
)]
pub async fn units(State(node): State<Arc<Node>>, caller: Caller) -> Answer<Json<Units>> {
    caller.holds(Scope::ReferenceRead)?;
    let units = node.units().await.map_err(|e| problem(&e))?;
    Ok(Json(Units { units }))
}

/// Add a unit
///
/// Or a part of one that is no part itself. No other institution learns of it.
#[utoipa::path(
    post,
    path = "/units",
    operation_id = "addUnit",
    tag = "staff",
    request_body = NewUnit,
    responses((status = 201, description = "It is there.", body = Unit)),
    security(("token" = []))
)]
pub async fn add_unit(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Json(new): Json<NewUnit>,
) -> Answer<impl IntoResponse> {
    caller.needs(Scope::StaffWrite)?;
    let wrong = |e: NodeError| problem(&e);
    let id: UnitId = new.id.parse().map_err(wrong)?;
    let parent: Option<UnitId> = new.parent.map(|id| id.parse()).transpose().map_err(wrong)?;
    let actor = caller.actor();
    let added = node.add_unit(&actor, &id, &new.name, parent.as_ref()).await;
    Ok((StatusCode::CREATED, Json(added.map_err(wrong)?)))
}

/// Rename a unit
///
/// Its id stays.
#[utoipa::path(
    patch,
    path = "/units/{unit}",
    operation_id = "renameUnit",
    tag = "staff",
    params(UnitPath),
    request_body = UnitName,
    responses((status = 204, description = "It is called so.")),
    security(("token" = []))
)]
pub async fn rename_unit(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<UnitPath>,
    Json(new): Json<UnitName>,
) -> Answer<StatusCode> {
    caller.needs(Scope::StaffWrite)?;
    let id: UnitId = path.unit.parse().map_err(|e| problem(&e))?;
    let renamed = node.rename_unit(&caller.actor(), &id, &new.name).await;
    renamed.map_err(|e| problem(&e))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Close a unit
///
/// In which nobody works and that has no open parts. It stays known, because the past speaks of it.
#[utoipa::path(
    delete,
    path = "/units/{unit}",
    operation_id = "closeUnit",
    tag = "staff",
    params(UnitPath),
    responses((status = 204, description = "It is closed.")),
    security(("token" = []))
)]
pub async fn close_unit(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<UnitPath>,
) -> Answer<StatusCode> {
    caller.needs(Scope::StaffWrite)?;
    let id: UnitId = path.unit.parse().map_err(|e| problem(&e))?;
    let closed = node.close_unit(&caller.actor(), &id).await;
    closed.map_err(|e| problem(&e))?;
    Ok(StatusCode::NO_CONTENT)
}

/// List the officers
///
/// Those who may be given a case, by name, with who stands in while they are away.
#[utoipa::path(
    get,
    path = "/officers",
    operation_id = "listOfficers",
    tag = "staff",
    responses((status = 200, description = "The officers.", body = Officers)),
    security(("token" = []))
)]
pub async fn officers(State(node): State<Arc<Node>>, caller: Caller) -> Answer<Json<Officers>> {
    caller.holds_one_of(&[Scope::CasesAct, Scope::StaffWrite])?;
    let staff = staff(&node).await?;
    let accounts = node.accounts().list().await;
    let accounts = accounts.map_err(|e| account_problem(&e))?.into_iter();
    let active = accounts.filter(|one| staff.active.contains(one.id.as_str()));
    let mut officers: Vec<OfficerLine> = active
        .map(|one| OfficerLine {
            stand_in: staff
                .stand_ins(one.id.as_str())
                .last()
                .map(|id| (*id).to_owned()),
            account: one.id.to_string(),
            unit: one.unit,
            name: one.name,
        })
        .collect();
    officers.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(Json(Officers { officers }))
}

/// List who is away
///
/// Today, with who does their work.
#[utoipa::path(
    get,
    path = "/absences",
    operation_id = "listAbsences",
    tag = "staff",
    responses((status = 200, description = "Those who are away.", body = Absences)),
    security(("token" = []))
)]
pub async fn absences(State(node): State<Arc<Node>>, caller: Caller) -> Answer<Json<Absences>> {
    caller.needs(Scope::StaffWrite)?;
    let absences = staff(&node).await?.absences.into_iter();
    let absences = absences.map(|(account, absence)| Away {
        account,
        stand_in: absence.stand_in,
        until: absence.until.to_string(),
    });
    Ok(Json(Absences {
        absences: absences.collect(),
    }))
}

/// Note that somebody is away
///
/// Until the end of a day; another officer who sees the same cases does their work meanwhile.
#[utoipa::path(
    put,
    path = "/absences/{account}",
    operation_id = "noteAbsence",
    tag = "staff",
    params(AccountPath),
    request_body = NewAbsence,
    responses((status = 204, description = "It is noted.")),
    security(("token" = []))
)]
pub async fn go_away(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<AccountPath>,
    Json(new): Json<NewAbsence>,
) -> Answer<StatusCode> {
    caller.needs(Scope::StaffWrite)?;
    let who = account(&node, &path.account).await?;
    let stand_in = account(&node, &new.stand_in).await?.id;
    let until = ahead(&node, "until", &new.until)?;
    let noted = node
        .goes_away(&caller.actor(), &who, &stand_in, until)
        .await;
    noted.map_err(|e| staff_problem(&e))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Note that somebody is back
///
/// Nothing happens where they were not away.
#[utoipa::path(
    delete,
    path = "/absences/{account}",
    operation_id = "endAbsence",
    tag = "staff",
    params(AccountPath),
    responses((status = 204, description = "They do their work themselves.")),
    security(("token" = []))
)]
pub async fn come_back(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<AccountPath>,
) -> Answer<StatusCode> {
    caller.needs(Scope::StaffWrite)?;
    let who = account(&node, &path.account).await?;
    let back = node.comes_back(&caller.actor(), &who).await;
    back.map_err(|e| problem(&e))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Hand a desk over
///
/// Everything that lies on the desk of one officer and is not at its end goes to another, in its unit
/// as far as they see it.
#[utoipa::path(
    post,
    path = "/handovers",
    operation_id = "handOver",
    tag = "staff",
    request_body = Handover,
    responses(
        (status = 200, description = "How much that was.", body = HandedOver),
        (status = 409, description = "`desk_changed`: one of them was put on another desk meanwhile.", body = lapor_web::ApiProblem, content_type = "application/problem+json")
    ),
    security(("token" = []))
)]
pub async fn hand_over(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Json(new): Json<Handover>,
) -> Answer<Json<HandedOver>> {
    caller.needs(Scope::StaffWrite)?;
    let (whose, actor) = ((new.from.as_str(), new.to.as_str()), caller.actor());
    let handed = node.hand_over(&Sight::ALL, whose, &actor).await;
    let count = handed.map_err(|e| desk_problem(&e))?;
    Ok(Json(HandedOver { count }))
}

async fn staff(node: &Node) -> Answer<Staff> {
    node.staff().await.map_err(|e| staff_problem(&e))
}
