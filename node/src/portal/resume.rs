//! Files of citizens that are sent piece by piece, so that a line that breaks
//! costs no more than the last piece. Open to everybody, and for each address
//! only so many and so much in a time.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use http::Method;

use crate::api::{Address, problem};
use crate::media::Door;
use crate::node::Node;
use crate::resumable;

pub const PATH: &str = "/unggahan";

pub fn routes(node: &Arc<Node>) -> Router<Arc<Node>> {
    let router = resumable::router(Door::Public);
    let guarded = router.layer(from_fn_with_state(Arc::clone(node), admit));
    Router::new().nest(PATH, guarded)
}

async fn admit(
    State(node): State<Arc<Node>>,
    Address(address): Address,
    request: Request,
    next: Next,
) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let length = match resumable::announced(request.headers()) {
        Ok(length) => length,
        Err(problem) => return problem.into_response(),
    };
    match node.admit_upload(address, length).await {
        Ok(()) => next.run(request).await,
        Err(error) => problem(&error).into_response(),
    }
}
