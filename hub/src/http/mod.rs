//! The endpoints of protocol 1, one file a group. A handler reads a request,
//! asks the rest of the hub, and writes an answer; it decides nothing about a
//! case.

mod blobs;
mod body;
mod case_keys;
mod directory;
mod entrance;
mod envelopes;
mod health;
mod held;
mod joining;
mod outbox;
#[cfg(feature = "parsers")]
pub mod parsers;
mod ranges;
mod recovery;
mod streams;
mod unread;
mod well_known;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use lapor_protocol::problem::Code;
use lapor_protocol::wire::PREFIX;

use crate::app::Hub;
use crate::error::HubError;

pub use entrance::Peer;

const WELL_KNOWN: &str = "/.well-known/lapor";

/// Everything that an active instance may ask, over mTLS.
pub fn federation(hub: Arc<Hub>) -> Router {
    let endpoints = Router::new()
        .route("/outbox", get(outbox::own).post(outbox::accept))
        .route("/outbox/head", get(outbox::head))
        .route("/epochs", post(joining::open_epoch))
        .route("/certificates/renew", post(joining::renew))
        .route("/inbox", get(streams::inbox))
        .route("/public", get(streams::public))
        .route("/inbox/ack", post(streams::acknowledge))
        .route("/envelopes/{id}", get(envelopes::exact))
        .route(
            "/blobs/{sha256}",
            get(blobs::send).head(blobs::tell).put(blobs::receive),
        )
        .route(
            "/cases/{case}/keys",
            get(case_keys::list).put(case_keys::add),
        )
        .route("/directory", get(directory::versions))
        .route("/recovery", post(recovery::bring))
        .route("/health", post(health::report));
    dressed(Router::new().nest(PREFIX, endpoints))
        .layer(from_fn_with_state(Arc::clone(&hub), entrance::federation))
        .with_state(hub)
}

/// What somebody without a certificate may ask.
pub fn enrolment(hub: Arc<Hub>) -> Router {
    let endpoints = Router::new()
        .route("/enrol", post(joining::enrol))
        .route("/certificates/challenge", post(joining::challenge))
        .route("/certificates/recover", post(joining::recover));
    dressed(Router::new().nest(PREFIX, endpoints))
        .layer(from_fn_with_state(Arc::clone(&hub), entrance::enrolment))
        .with_state(hub)
}

fn dressed(router: Router<Arc<Hub>>) -> Router<Arc<Hub>> {
    router
        .route(WELL_KNOWN, get(well_known::facts))
        .fallback(async || HubError::from(Code::NotFound))
        .method_not_allowed_fallback(async || HubError::from(Code::MethodNotAllowed))
}
