//! Pages for people: one shell around every page, its assets, forms, messages
//! after a redirect, error pages, and the headers that keep a page safe.
//!
//! A page works without script; what a page does by POST answers with a
//! redirect. The shell knows no rule and no case: a program hands it a [`Site`]
//! and renders partials into it through [`Visit`].

mod assets;
pub mod chart;
pub(crate) mod cookies;
mod field;
mod flash;
mod form;
mod local_path;
mod multipart;
mod policy;
mod preferences;
mod qr;
mod refusal;
mod shell;
mod site;
#[cfg(test)]
mod tests;
mod visit;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::response::IntoResponse as _;
use axum::routing::{get, post};
use axum::{Extension, Router};
use http::StatusCode;
use tower_http::compression::CompressionLayer;
use tower_http::csrf::{CsrfLayer, ProtectionError};

use crate::ApiProblem;

pub use assets::{STYLE, Shelf, logo};
pub use cookies::brought;
pub use field::{Choice, Field};
pub use flash::Flash;
pub use form::Form;
pub use local_path::LocalPath;
pub use multipart::{FormWithFiles, PostedFile};
pub use preferences::{PATH as PREFERENCES, Theme};
pub use qr::qr_code;
pub use refusal::{LINK_DEAD, come_back, waiting};
pub use shell::{Person, Shell};
pub use site::{App, Area, Facts, Link, Site};
pub use visit::Visit;

/// Bytes of a form without files, at most.
const FORM_BYTES: usize = 256 * 1024;

/// Makes the pages of a program safe to post to, and adds what all pages share:
/// assets, and the choice of language and colours.
///
/// A POST from another site is refused here (`docs/decisions/0008`).
pub fn pages<S: Clone + Send + Sync + 'static>(router: Router<S>, site: &Arc<Site>) -> Router<S> {
    let refused = |_: ProtectionError| {
        let title = "The request came from another site";
        ApiProblem::new(StatusCode::FORBIDDEN, "cross_site", title).into_response()
    };
    router
        .route(preferences::PATH, post(preferences::choose))
        .route(assets::ROUTE, get(assets::asset))
        .layer(Extension(Arc::clone(site)))
        .layer(DefaultBodyLimit::max(FORM_BYTES))
        .layer(CsrfLayer::new().with_rejection_response(refused))
}

/// Receives every visit: prepares [`Visit`] for the handlers, shows problems as
/// pages to whoever reads pages, and compresses. Stands before all routes,
/// those of an API and the missing ones included; those it leaves as they are.
pub fn receive<S: Clone + Send + Sync + 'static>(router: Router<S>, site: &Arc<Site>) -> Router<S> {
    router
        .layer(middleware::from_fn_with_state(
            Arc::clone(site),
            refusal::show,
        ))
        .layer(CompressionLayer::new())
}
