//! Suggestions: regions for what is typed, institutions for a case, cases that a report may repeat.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use lapor_protocol::ids::CaseId;
use lapor_protocol::region::RegionCode;
use lapor_web::{Json, Path, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Answer;
use super::access::Caller;
use super::cases::CasePath;
use super::paging::unusable;
use super::refusals::problem;
use crate::casework::Coordinates;
use crate::hints::{Hints, LikelyDuplicates, Sketch};
use crate::node::Node;
use crate::regions::{self, RegionMatch};
use crate::tokens::Scope;

const MATCHES: usize = 10;
const MOST_MATCHES: usize = 50;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RegionQuery {
    /// What was typed: the beginning of a name, an abbreviation such as `kab bdg`, a code.
    q: String,
    /// 1 to 50; 10 if not given.
    #[param(minimum = 1, maximum = 50)]
    limit: Option<usize>,
}

/// Regions that fit, the best first.
#[derive(Serialize, ToSchema)]
pub struct RegionMatches {
    regions: Vec<RegionMatch>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SketchQuery {
    /// The title as far as it is written.
    #[serde(default)]
    title: String,
    /// The content as far as it is written; its beginning is enough.
    #[serde(default)]
    content: String,
    /// Official region code.
    #[param(value_type = Option<String>)]
    region: Option<RegionCode>,
    /// Degrees, WGS 84, -90 to 90; with `longitude`.
    latitude: Option<f64>,
    /// Degrees, WGS 84, -180 to 180; with `latitude`.
    longitude: Option<f64>,
}

/// Find a region
///
/// Provinces, regencies and cities by what somebody types; typing errors, abbreviations and
/// beginnings are forgiven. The data have no positions.
#[utoipa::path(
    get,
    path = "/regions",
    operation_id = "findRegions",
    tag = "public",
    params(RegionQuery),
    responses((status = 200, description = "The regions.", body = RegionMatches)),
    security(("token" = []))
)]
pub async fn regions(
    caller: Caller,
    Query(query): Query<RegionQuery>,
) -> Answer<Json<RegionMatches>> {
    caller.holds(Scope::ReferenceRead)?;
    let limit = query.limit.unwrap_or(MATCHES);
    if !(1..=MOST_MATCHES).contains(&limit) {
        return Err(unusable(
            "limit",
            format!("limit: expected 1 to {MOST_MATCHES}."),
        ));
    }
    let regions = regions::national().search(&query.q, limit);
    Ok(Json(RegionMatches { regions }))
}

/// Hint at whom a case concerns, and at its unit
///
/// At most five institutions, the likeliest first, each with its reasons. Institutions that the
/// case excludes, and those that gave it back, are never among them. `units` are at most five of this
/// institution, from where its own past reports went, without the one that has the case.
#[utoipa::path(
    get,
    path = "/cases/{id}/hints",
    operation_id = "readHints",
    tag = "cases",
    params(CasePath),
    responses((status = 200, description = "The hints.", body = Hints)),
    security(("token" = []))
)]
pub async fn of_case(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<CasePath>,
) -> Answer<Json<Hints>> {
    caller.reaches(&node, Scope::CasesRead, path.id).await?;
    node.hints(path.id).await.map(Json).map_err(|e| problem(&e))
}

/// Find cases that a report may repeat
///
/// Open public cases of the last 180 days, by words and place, while the report is being written.
/// A case that is rahasia is never among them, nor one outside the bounds of the token.
#[utoipa::path(
    get,
    path = "/reports/likely",
    operation_id = "findLikelyDuplicates",
    tag = "reports",
    params(SketchQuery),
    responses((status = 200, description = "The cases, the likeliest first.", body = LikelyDuplicates)),
    security(("token" = []))
)]
pub async fn likely(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Query(query): Query<SketchQuery>,
) -> Answer<Json<LikelyDuplicates>> {
    let sight = caller.sees(Scope::CasesRead)?;
    let coordinates = match (query.latitude, query.longitude) {
        (Some(latitude), Some(longitude)) => {
            let told = Coordinates::of(latitude, longitude);
            Some(told.map_err(|off| unusable(off.field(), format!("{off}.")))?)
        }
        (None, None) => None,
        _ => {
            let detail = "longitude: latitude and longitude belong together.";
            return Err(unusable("longitude", detail.to_owned()));
        }
    };
    let sketch = Sketch {
        title: query.title,
        content: query.content,
        region: query.region,
        coordinates,
    };
    let found = node.likely_duplicates(&sketch).await;
    let mut found = found.map_err(|e| problem(&e))?;
    if !caller.sees_all() {
        let ids: Vec<CaseId> = found.duplicates.iter().map(|one| one.case).collect();
        let seen = node.seen(sight, &ids).await.map_err(|e| problem(&e))?;
        let seen: BTreeSet<CaseId> = seen.iter().map(|case| case.case).collect();
        found.duplicates.retain(|one| seen.contains(&one.case));
    }
    Ok(Json(found))
}
