//! Acts of upkeep: backups and their trials, maintenance, the end of a restore,
//! steps of keys and authority; and how a file would differ as an edition.

use std::sync::Arc;

use axum::extract::State as Shared;
use http::StatusCode;
use lapor_web::page::Form;
use lapor_web::{ApiProblem, Json, Path};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::access::{Caller, Operator};
use super::acting::{Acted, Why, by, complaints, put, unfit, voice};
use super::{Answer, absent, problem};
use crate::console::Console;
use crate::console::edition_faults::{Mistake, Mistakes};
use crate::console::editions::{self, CALENDAR, FILE, KIND, NAME, TAXONOMY};
use crate::console::keys::Keys;
use crate::console::steps::Step;
use crate::deeds::Deed;
use crate::editions::Difference;
use crate::maintenance;
use crate::upkeep::{self, UpkeepError, Work};

/// The fields of the page's form, and what they are called here.
const NAMES: &[(&str, &str)] = &[(KIND, "kind"), (NAME, "edition"), (FILE, "text")];

/// A backup to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBackup {
    /// For the audit log; 1 to 500 characters.
    reason: String,
    /// Of its folder: small letters, digits, points and hyphens, 60 at most.
    name: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct BackupPath {
    /// As `GET /backups` has it.
    name: String,
}

/// A time in which the hub takes nothing in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMaintenance {
    /// For the audit log, and for everybody to read; 1 to 500 characters.
    reason: String,
    /// Unix ms; now if not given.
    from: Option<i64>,
    /// Unix ms.
    until: i64,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct StepPath {
    #[param(inline)]
    step: Step,
}

/// Why a step is taken.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StepAsked {
    /// For the audit log; 1 to 500 characters.
    reason: String,
    /// Though institutions are left behind; that always takes a second person.
    #[serde(default)]
    even_so: bool,
}

/// A file that is to become an edition.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    kind: DraftKind,
    /// Its name; that in the file if not given.
    #[serde(default)]
    edition: String,
    /// The file: JSON, of a calendar also CSV.
    text: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DraftKind {
    Taxonomy,
    Calendar,
}

/// Make a backup
///
/// Begins it; `GET /backups` tells how far it is.
#[utoipa::path(
    post,
    path = "/backups",
    operation_id = "makeBackup",
    tag = "upkeep",
    request_body = NewBackup,
    responses(Acted),
    security(("token" = []))
)]
pub async fn back_up(
    Shared(console): Shared<Arc<Console>>,
    operator: Operator,
    Json(asked): Json<NewBackup>,
) -> Answer<Acted> {
    begin(
        &console,
        &operator,
        Work::Backup,
        (&asked.name, &asked.reason),
    )
    .await
}

/// Restore a backup on trial
///
/// Begins to restore it beside the hub and to prove it; `GET /backups` tells what came of it.
#[utoipa::path(
    post,
    path = "/backups/{name}/trial",
    operation_id = "tryBackup",
    tag = "upkeep",
    params(BackupPath),
    request_body = Why,
    responses(Acted),
    security(("token" = []))
)]
pub async fn attempt(
    Shared(console): Shared<Arc<Console>>,
    operator: Operator,
    Path(path): Path<BackupPath>,
    Json(why): Json<Why>,
) -> Answer<Acted> {
    begin(&console, &operator, Work::Trial, (&path.name, &why.reason)).await
}

/// Announce a maintenance
///
/// In the place of whatever was announced before.
#[utoipa::path(
    post,
    path = "/maintenance",
    operation_id = "planMaintenance",
    tag = "upkeep",
    request_body = NewMaintenance,
    responses(Acted),
    security(("token" = []))
)]
pub async fn maintain(
    Shared(console): Shared<Arc<Console>>,
    operator: Operator,
    Json(asked): Json<NewMaintenance>,
) -> Answer<Acted> {
    let deed = Deed::Maintain {
        from: asked.from.unwrap_or_else(|| console.hub.now_ms()),
        until: asked.until,
    };
    put(&console, &operator, &deed, &asked.reason).await
}

/// End a maintenance
///
/// The one that lasts, or the one that is to come.
#[utoipa::path(
    post,
    path = "/maintenance/end",
    operation_id = "endMaintenance",
    tag = "upkeep",
    request_body = Why,
    responses(Acted),
    security(("token" = []))
)]
pub async fn end_maintenance(
    Shared(console): Shared<Arc<Console>>,
    operator: Operator,
    Json(why): Json<Why>,
) -> Answer<Acted> {
    let deed = maintenance::ending(&console.hub.ground);
    put(&console, &operator, &deed, &why.reason).await
}

/// Close a recovery
///
/// Waits for nobody more who has not been heard since the hub was restored.
#[utoipa::path(
    post,
    path = "/recovery/close",
    operation_id = "closeRecovery",
    tag = "upkeep",
    request_body = Why,
    responses(Acted),
    security(("token" = []))
)]
pub async fn close_recovery(
    Shared(console): Shared<Arc<Console>>,
    operator: Operator,
    Json(why): Json<Why>,
) -> Answer<Acted> {
    put(&console, &operator, &Deed::CloseRecovery, &why.reason).await
}

/// Take a step with a key
///
/// Announces, uses or retires a signing key of the hub, or announces, uses or withdraws an authority.
/// 409 `left_behind` names whom it would leave behind; 404 says that the step is not open now.
#[utoipa::path(
    post,
    path = "/keys/{step}",
    operation_id = "takeKeyStep",
    tag = "upkeep",
    params(StepPath),
    request_body = StepAsked,
    responses(Acted),
    security(("token" = []))
)]
pub async fn step(
    Shared(console): Shared<Arc<Console>>,
    operator: Operator,
    Path(path): Path<StepPath>,
    Json(asked): Json<StepAsked>,
) -> Answer<Acted> {
    by(&operator, &asked.reason)?;
    let keys = Keys::read(&console)
        .await
        .map_err(|error| problem(&error))?;
    let closed = || {
        absent(
            "The step is not open now",
            "`GET /keys` says what there is.",
        )
    };
    if !Step::open(&keys).contains(&path.step) {
        return Err(closed());
    }
    let deed = path.step.deed(&console, &keys, asked.even_so);
    let deed = deed.map_err(|error| problem(&error))?;
    put(
        &console,
        &operator,
        &deed.ok_or_else(closed)?,
        &asked.reason,
    )
    .await
}

/// Compare a file with the edition in force
///
/// Nothing is kept: the national desk publishes editions, and institutions adopt them. Of a file that
/// can become none all mistakes are told at once (422 `invalid`, `wrong`), 20 of them with their places.
#[utoipa::path(
    post,
    path = "/editions/comparison",
    operation_id = "compareEdition",
    tag = "upkeep",
    request_body = Draft,
    responses((status = 200, description = "How it differs.", body = Difference)),
    security(("token" = []))
)]
pub async fn compare(
    Shared(console): Shared<Arc<Console>>,
    _: Caller,
    Json(draft): Json<Draft>,
) -> Answer<Json<Difference>> {
    let kind = match draft.kind {
        DraftKind::Taxonomy => TAXONOMY,
        DraftKind::Calendar => CALENDAR,
    };
    let mut form = Form::of([(KIND, kind), (NAME, draft.edition.as_str())]);
    let text = draft.text.into_bytes();
    let compared = editions::compared(&console, &voice(&console), &mut form, text).await?;
    let (_, difference) = compared.map_err(|faults| {
        if faults.is_empty() {
            complaints(&form, NAMES)
        } else {
            mistaken(&Mistakes::of(&voice(&console), &faults))
        }
    })?;
    Ok(Json(difference))
}

/// What is wrong with a file, each mistake by itself.
fn mistaken(mistakes: &Mistakes) -> ApiProblem {
    let line = |mistake: &Mistake| {
        let mut said = json!({"field": "text", "text": mistake.said});
        if let Some(technical) = &mistake.technical {
            said["technical"] = json!(technical);
        }
        said
    };
    let wrong: Vec<Value> = mistakes.lines.iter().map(line).collect();
    let detail = "`wrong` says what, and where in the file; `more` is how many mistakes there are beyond these.";
    ApiProblem::invalid()
        .with_detail(detail)
        .with("wrong", wrong)
        .with("more", mistakes.more)
}

async fn begin(
    console: &Console,
    operator: &Operator,
    work: Work,
    (name, reason): (&str, &str),
) -> Answer<Acted> {
    let by = by(operator, reason)?;
    let begun = upkeep::begin(&console.hub, &by, work, name).await;
    begun.map_err(|error| {
        let refusal = |code, title| {
            let refusal = ApiProblem::new(StatusCode::CONFLICT, code, title);
            refusal.with_detail(error.to_string())
        };
        match &error {
            UpkeepError::NoFolder => refusal("no_folder", "No folder is set for backups"),
            UpkeepError::Busy => refusal("busy", "A backup is being made or tried"),
            UpkeepError::Name => unfit("name", &error),
            UpkeepError::Unknown => absent("There is no such backup", error.to_string()),
            UpkeepError::Hub(error) => problem(error),
        }
    })?;
    Ok(Acted::done())
}
