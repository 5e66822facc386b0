//! Files of officers that are sent piece by piece, with a form that is still being written.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};

use super::Officer;
use crate::media::Door;
use crate::node::Node;
use crate::resumable;
use crate::staff::StaffRole;

pub const PATH: &str = "/meja/unggahan";

pub fn routes(node: &Arc<Node>) -> Router<Arc<Node>> {
    let router = resumable::router(Door::Staff);
    let guarded = router.layer(from_fn_with_state(Arc::clone(node), admit));
    Router::new().nest(PATH, guarded)
}

async fn admit(
    State(_): State<Arc<Node>>,
    officer: Officer,
    request: Request,
    next: Next,
) -> Response {
    match officer.requires(StaffRole::handles_cases) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}
