//! One institution, its streams over time, and when it came and went.

use std::sync::Arc;

use axum::extract::State as Shared;
use lapor_protocol::ids::InstanceId;
use lapor_web::{Json, Path, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::access::Caller;
use super::{Answer, Unasked, absent, picture, problem};
use crate::alarms::overview::{self, Alarm};
use crate::console::Console;
use crate::error::HubError;
use crate::levels::{Levels, Reached};
use crate::member_keys::{self, DatedIdentity, DatedKey};
use crate::set_aside::{self, SetAside};
use crate::store;
use crate::store::samples::Sample;
use crate::store::visits::Visit;
use crate::watch::{Instance, Span, VISITS};

const ALARMS: i64 = 50;
const ASIDE: usize = 200;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct OnePath {
    /// The institution's slug.
    #[param(value_type = String)]
    pub(super) slug: InstanceId,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Stretch {
    /// `day`, in steps of five minutes, or `month`, in steps of an hour.
    #[serde(default)]
    #[param(inline)]
    span: Over,
}

#[derive(Default, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Over {
    #[default]
    Day,
    Month,
}

/// How the streams of an institution stood.
#[derive(Serialize, ToSchema)]
pub struct Streams {
    /// Milliseconds of a step; each keeps the worst that was seen in it.
    step_ms: i64,
    /// Oldest first.
    samples: Vec<Sample>,
}

/// When an institution came and went.
#[derive(Serialize, ToSchema)]
pub struct Connections {
    /// Newest first, all that are kept, 250 at most.
    visits: Vec<Visit>,
}

/// What the hub holds of an institution.
#[derive(Serialize, ToSchema)]
pub struct Details {
    reached: Reached,
    /// What is open and was, the latest first, 50 at most.
    alarms: Vec<Alarm>,
    /// Deliveries that it could not apply, 200 at most.
    set_aside: Vec<SetAside>,
    /// How many there are beyond.
    set_aside_more: usize,
    /// The key by which it is known; null until it has joined.
    identity: Option<DatedIdentity>,
    /// The others as the directory has them, former ones too, the oldest first.
    keys: Vec<DatedKey>,
    /// The latest first.
    certificates: Vec<Certificate>,
}

/// A certificate that the hub has issued.
#[derive(Serialize, ToSchema)]
pub struct Certificate {
    serial: String,
    /// Unix ms.
    issued_at: i64,
    /// Unix ms.
    ends_at: i64,
}

/// Read an institution
///
/// What the hub knows of it, what it said of itself last, its colour and the reasons.
#[utoipa::path(
    get,
    path = "/instances/{slug}",
    operation_id = "readInstance",
    tag = "instances",
    params(OnePath),
    responses((status = 200, description = "The institution.", body = Instance)),
    security(("token" = []))
)]
pub async fn read(
    Shared(console): Shared<Arc<Console>>,
    _: Caller,
    Path(path): Path<OnePath>,
    _: Unasked,
) -> Answer<Json<Instance>> {
    known(&console, &path.slug).map(Json)
}

/// Read an institution's streams
///
/// How many messages waited, for how long, and how many have passed, over a day or a month.
#[utoipa::path(
    get,
    path = "/instances/{slug}/streams",
    operation_id = "readStreams",
    tag = "instances",
    params(OnePath, Stretch),
    responses((status = 200, description = "The streams.", body = Streams)),
    security(("token" = []))
)]
pub async fn streams(
    Shared(console): Shared<Arc<Console>>,
    _: Caller,
    Path(path): Path<OnePath>,
    Query(asked): Query<Stretch>,
) -> Answer<Json<Streams>> {
    known(&console, &path.slug)?;
    let span = match asked.span {
        Over::Day => Span::Day,
        Over::Month => Span::Month,
    };
    let since = console.hub.ground.clock.now_ms() - span.length();
    let read = async {
        let mut tx = console.hub.ground.db.read().await?;
        let samples = store::samples::of_one(&mut tx, &path.slug, span.step(), since).await?;
        Ok::<_, HubError>(samples)
    };
    Ok(Json(Streams {
        step_ms: span.step(),
        samples: read.await.map_err(|error| problem(&error))?,
    }))
}

/// Read an institution's connections
///
/// When its first connection came and its last went, and why it was turned away.
#[utoipa::path(
    get,
    path = "/instances/{slug}/connections",
    operation_id = "readConnections",
    tag = "instances",
    params(OnePath),
    responses((status = 200, description = "The connections.", body = Connections)),
    security(("token" = []))
)]
pub async fn connections(
    Shared(console): Shared<Arc<Console>>,
    _: Caller,
    Path(path): Path<OnePath>,
    _: Unasked,
) -> Answer<Json<Connections>> {
    known(&console, &path.slug)?;
    let read = async {
        let mut tx = console.hub.ground.db.read().await?;
        let visits = store::visits::latest(&mut tx, &path.slug, VISITS).await?;
        Ok::<_, HubError>(visits)
    };
    let visits = read.await.map_err(|error| problem(&error))?;
    Ok(Json(Connections { visits }))
}

/// Read what the hub holds of an institution
///
/// How far it has come and since when, its alarms, the deliveries that it could not apply, its keys
/// with the moments between which each held, and its certificates.
#[utoipa::path(
    get,
    path = "/instances/{slug}/details",
    operation_id = "readDetails",
    tag = "instances",
    params(OnePath),
    responses((status = 200, description = "The details.", body = Details)),
    security(("token" = []))
)]
pub async fn details(
    Shared(console): Shared<Arc<Console>>,
    _: Caller,
    Path(path): Path<OnePath>,
    _: Unasked,
) -> Answer<Json<Details>> {
    let seen = known(&console, &path.slug)?;
    let (hub, ground) = (&console.hub, &console.hub.ground);
    let read = async {
        let mut tx = ground.db.read().await?;
        let reached = Levels::of_one(&mut tx, hub.now_ms(), &seen).await?;
        let alarms = overview::of_instance(hub, &mut tx, path.slug.as_str(), ALARMS).await?;
        let aside = set_aside::of_one(ground, &mut tx, &path.slug, ASIDE).await?;
        let certificates = store::joining::certificates(&mut tx, &path.slug).await?;
        tx.rollback().await?;
        Ok::<_, HubError>((reached, alarms, aside, certificates))
    };
    let read = read.await.map_err(|error| problem(&error))?;
    let (reached, alarms, (set_aside, set_aside_more), certificates) = read;
    let directory = ground.directory.current();
    let (identity, keys) = member_keys::dated(&directory, &path.slug);
    let certificate = |(serial, issued_at, ends_at)| Certificate {
        serial,
        issued_at,
        ends_at,
    };
    Ok(Json(Details {
        reached,
        alarms,
        set_aside,
        set_aside_more,
        identity,
        keys,
        certificates: certificates.into_iter().map(certificate).collect(),
    }))
}

fn known(console: &Console, slug: &InstanceId) -> Answer<Instance> {
    let picture = picture(console)?;
    let found = picture.instances.get(slug).cloned();
    found.ok_or_else(|| {
        let detail = format!("The directory of this federation has no {slug}.");
        absent("There is no such institution", detail)
    })
}
