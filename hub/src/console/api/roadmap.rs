//! The road map: which government has come how far, and what is planned next.

use std::sync::Arc;

use axum::extract::State as Shared;
use lapor_protocol::region::RegionCode;
use lapor_web::regions::national;
use lapor_web::{Json, Path};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::access::{Caller, Operator};
use super::acting::{Acted, unfit};
use super::{Answer, Unasked, absent, picture, problem};
use crate::audit::By;
use crate::console::Console;
use crate::error::HubError;
use crate::levels::Level;
use crate::roadmap::{self, Place, Province};

const WRONG: &str = "expected a quarter such as 2027-Q1, or a day such as 2027-01-31.";
const AIMS: &str = "expected invited, joined, exchanging or answering.";

/// All provinces, and every government in them.
#[derive(Serialize, ToSchema)]
pub struct RoadMap {
    /// How many of each stand at each level.
    provinces: Vec<Province>,
    /// By code, each province before its regencies and cities.
    places: Vec<Place>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct OnePath {
    /// The official code of a region.
    #[param(value_type = String)]
    region: RegionCode,
}

/// What is planned for the government of a region.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// A quarter, `2027-Q1`, or a day, `2027-01-31`; nothing is planned any more if not given.
    planned: Option<String>,
    /// The level aimed at by then: `invited`, `joined`, `exchanging` or `answering`.
    level: Option<Level>,
}

/// Plan the next step of a region
///
/// Notes when its government is to come how far, or that nothing is planned.
#[utoipa::path(
    post,
    path = "/roadmap/{region}",
    operation_id = "planRegion",
    tag = "federation",
    params(OnePath),
    request_body = Plan,
    responses(Acted),
    security(("token" = []))
)]
pub async fn plan(
    Shared(console): Shared<Arc<Console>>,
    operator: Operator,
    Path(path): Path<OnePath>,
    Json(asked): Json<Plan>,
) -> Answer<Acted> {
    let known = national().region(&path.region).ok_or_else(|| {
        let detail = format!("The official table has no {}.", path.region);
        absent("There is no such region", detail)
    })?;
    let planned = asked.planned.as_deref();
    let planned = planned.map(|text| roadmap::planned(text).ok_or_else(|| unfit("planned", WRONG)));
    let planned = planned.transpose()?;
    let aim = asked.level;
    if aim.is_some_and(|level| !Level::AIMS.contains(&level)) {
        return Err(unfit("level", AIMS));
    }
    if planned.is_none() && aim.is_some() {
        return Err(unfit("planned", WRONG));
    }
    let planned = planned.map(|by| roadmap::Plan { by, level: aim });
    let by = By::actor(operator.actor());
    let done = roadmap::plan(&console.hub.ground, &by, &known.code, planned).await;
    done.map_err(|error| problem(&error))?;
    Ok(Acted::done())
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
pub async fn read(
    Shared(console): Shared<Arc<Console>>,
    _: Caller,
    _: Unasked,
) -> Answer<Json<RoadMap>> {
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
