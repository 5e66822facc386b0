//! What anybody may know of this hub.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use lapor_protocol::kinds::Body;
use lapor_protocol::wire::{Limits, VERSION, WellKnown};

use crate::app::Hub;

/// `GET /.well-known/lapor`.
pub async fn facts(State(hub): State<Arc<Hub>>) -> Json<WellKnown> {
    let directory = hub.ground.directory.current();
    let keys = directory.hub_keys().iter();
    Json(WellKnown {
        trust_domain: hub.ground.trust_domain.to_string(),
        versions: vec![VERSION.to_owned()],
        software: concat!("lapor-hub ", env!("CARGO_PKG_VERSION")).to_owned(),
        time: hub.now_ms(),
        key_ids: keys.map(|key| key.kid().clone()).collect(),
        kinds: Body::KINDS.iter().map(|kind| (*kind).to_owned()).collect(),
        limits: Limits::default(),
    })
}
