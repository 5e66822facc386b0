//! What surrounds the cases: the directory, how the node is doing.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use lapor_protocol::directory::Status as Standing;
use lapor_protocol::ids::{InstanceId, InstanceKind};
use lapor_protocol::region::RegionCode;
use lapor_web::Json;
use serde::Serialize;
use utoipa::ToSchema;

use super::Answer;
use super::access::Caller;
use super::refusals::problem;
use crate::node::Node;
use crate::status::Status;
use crate::tokens::Scope;

/// The directory as this node has it; a newer one may exist at the hub.
#[derive(Serialize, ToSchema)]
pub struct Instances {
    /// Version of the directory.
    version: u64,
    /// This institution.
    #[schema(value_type = String)]
    own: InstanceId,
    /// The national desk.
    #[schema(value_type = Option<String>)]
    national_desk: Option<InstanceId>,
    #[serde(rename = "instances")]
    entries: Vec<Instance>,
}

/// An institution of the federation, or one that is known by name only.
#[derive(Serialize, ToSchema)]
pub struct Instance {
    #[schema(value_type = String, example = "kota-bandung")]
    id: InstanceId,
    /// `pusat`, `kementerian`, `lembaga`, `provinsi`, `kabupaten`, `kota`, `bumn` or `pengawas`.
    #[schema(value_type = String, example = "kota")]
    kind: InstanceKind,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "32.73")]
    region: Option<RegionCode>,
    /// `registered` (known by name only), `invited`, `active`, `suspended` or `revoked`.
    #[schema(value_type = String, example = "active")]
    status: Standing,
    /// Who took its place, if it was dissolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    successor: Option<InstanceId>,
}

/// List the institutions
///
/// Everyone in the directory, and whether they have joined: only an `active` one can be given a case.
#[utoipa::path(
    get,
    path = "/instances",
    operation_id = "listInstances",
    tag = "federation",
    responses((status = 200, description = "The directory.", body = Instances)),
    security(("token" = []))
)]
pub async fn instances(State(node): State<Arc<Node>>, caller: Caller) -> Answer<Json<Instances>> {
    caller.holds(Scope::ReferenceRead)?;
    let own = node.instance().map_err(|e| problem(&e))?.clone();
    let directory = node.directory();
    let latest = directory.latest();
    let instances = latest
        .instances()
        .map(|entry| Instance {
            id: entry.id.clone(),
            kind: entry.kind,
            name: entry.name.clone(),
            region: entry.region.clone(),
            status: entry.status,
            successor: entry.successor.clone(),
        })
        .collect();
    let national_desk = latest.desk().map(|desk| desk.id.clone());
    Ok(Json(Instances {
        version: directory.version(),
        own,
        national_desk,
        entries: instances,
    }))
}

/// How the node is doing
///
/// Connected or not and why, what waits to be sent, how far the streams have been read, how long
/// the certificate lasts.
#[utoipa::path(
    get,
    path = "/status",
    operation_id = "readStatus",
    tag = "federation",
    responses((status = 200, description = "The node's state.", body = Status)),
    security(("token" = []))
)]
pub async fn status(State(node): State<Arc<Node>>, caller: Caller) -> Answer<Json<Status>> {
    caller.needs(Scope::StatusRead)?;
    node.status().await.map(Json).map_err(|e| problem(&e))
}

/// For a load balancer: whether requests can be served. A hub out of reach is
/// no reason not to. Anybody may ask, so it costs no write; the listener for
/// monitoring tries more.
pub async fn ready(State(node): State<Arc<Node>>) -> Response {
    match node.db().ping().await {
        Ok(()) => "ready\n".into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the database does not answer\n",
            )
                .into_response()
        }
    }
}
