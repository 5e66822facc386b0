//! Upkeep: backups and their trials, maintenance, how far a restored hub has
//! come, keys and editions.

use std::sync::Arc;

use axum::extract::State as Shared;
use lapor_web::Json;
use serde::Serialize;
use utoipa::ToSchema;

use super::access::Caller;
use super::{Answer, Unasked, picture, problem};
use crate::console::keys::Keys;
use crate::console::{Console, editions};
use crate::editions::Editions;
use crate::maintenance::{self, Notice};
use crate::restored::{self, Recovery};
use crate::upkeep::{self, Shelf};

/// The notice of a maintenance, if one stands.
#[derive(Serialize, ToSchema)]
pub struct Maintenance {
    notice: Option<Notice>,
}

/// Read the backups
///
/// Those in the folder of backups with what they hold, and what was made and tried; a trial restores
/// one beside the hub and proves it.
#[utoipa::path(
    get,
    path = "/backups",
    operation_id = "readBackups",
    tag = "upkeep",
    responses((status = 200, description = "The backups.", body = Shelf)),
    security(("token" = []))
)]
pub async fn backups(
    Shared(console): Shared<Arc<Console>>,
    _: Caller,
    _: Unasked,
) -> Answer<Json<Shelf>> {
    let shelf = upkeep::read(&console.hub).await;
    shelf.map(Json).map_err(|error| problem(&error))
}

/// Read the maintenance that is announced
///
/// And to how many institutions the notice has come, by their own reports.
#[utoipa::path(
    get,
    path = "/maintenance",
    operation_id = "readMaintenance",
    tag = "upkeep",
    responses((status = 200, description = "The notice.", body = Maintenance)),
    security(("token" = []))
)]
pub async fn maintenance(
    Shared(console): Shared<Arc<Console>>,
    _: Caller,
    _: Unasked,
) -> Answer<Json<Maintenance>> {
    let picture = picture(&console)?;
    Ok(Json(Maintenance {
        notice: maintenance::read(&console.hub.ground, &picture),
    }))
}

/// Read how far a restored hub has come
///
/// Who has been heard since, and what members have shown that the hub has lost.
#[utoipa::path(
    get,
    path = "/recovery",
    operation_id = "readRecovery",
    tag = "upkeep",
    responses((status = 200, description = "The recovery.", body = Recovery)),
    security(("token" = []))
)]
pub async fn recovery(
    Shared(console): Shared<Arc<Console>>,
    _: Caller,
    _: Unasked,
) -> Answer<Json<Recovery>> {
    let recovery = restored::read(&console.hub).await;
    recovery.map(Json).map_err(|error| problem(&error))
}

/// Read the keys
///
/// Signing keys of the hub with their history, its authority, institutions' keys, and certificates
/// that should have been renewed.
#[utoipa::path(
    get,
    path = "/keys",
    operation_id = "readKeys",
    tag = "upkeep",
    responses((status = 200, description = "The keys; none is private.", body = Keys)),
    security(("token" = []))
)]
pub async fn keys(
    Shared(console): Shared<Arc<Console>>,
    _: Caller,
    _: Unasked,
) -> Answer<Json<Keys>> {
    let keys = Keys::read(&console).await;
    keys.map(Json).map_err(|error| problem(&error))
}

/// Read the editions
///
/// Of categories, calendar and regions: which is in force, and who goes by which, since when, by
/// what institutions say of themselves.
#[utoipa::path(
    get,
    path = "/editions",
    operation_id = "readEditions",
    tag = "upkeep",
    responses((status = 200, description = "The editions.", body = Editions)),
    security(("token" = []))
)]
pub async fn editions(
    Shared(console): Shared<Arc<Console>>,
    _: Caller,
    _: Unasked,
) -> Answer<Json<Editions>> {
    let editions = editions::read(&console).await;
    editions.map(Json).map_err(|error| problem(&error))
}
