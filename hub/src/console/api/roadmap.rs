//! The road map: which government has come how far, and what is planned next.

use std::sync::Arc;

use axum::extract::State as Shared;
use lapor_web::Json;
use serde::Serialize;
use utoipa::ToSchema;

use super::access::Caller;
use super::{Answer, picture, problem};
use crate::console::Console;
use crate::error::HubError;
use crate::roadmap::{self, Place, Province};

/// All provinces, and every government in them.
#[derive(Serialize, ToSchema)]
pub struct RoadMap {
    /// How many of each stand at each level.
    provinces: Vec<Province>,
    /// By code, each province before its regencies and cities.
    places: Vec<Place>,
}

/// Read the road map
///
/// The government of each province, regency and city of the official table, whether it is known to
/// the federation or not: its level, since when, and what is planned.
#[utoipa::path(
    get,
    path = "/roadmap",
    operation_id = "readRoadMap",
    tag = "federation",
    responses((status = 200, description = "The road map.", body = RoadMap)),
    security(("token" = []))
)]
pub async fn read(Shared(console): Shared<Arc<Console>>, _: Caller) -> Answer<Json<RoadMap>> {
    let picture = picture(&console)?;
    let read = async {
        let mut tx = console.hub.ground.db.read().await?;
        let places = roadmap::read(&mut tx, &picture).await?;
        tx.rollback().await?;
        Ok::<_, HubError>(places)
    };
    let places = read.await.map_err(|error| problem(&error))?;
    Ok(Json(RoadMap {
        provinces: roadmap::provinces(&places),
        places,
    }))
}
