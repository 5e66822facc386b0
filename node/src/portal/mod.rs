//! The citizen portal: pages only. A handler reads a request, calls the node,
//! and renders a template; it knows no SQL and no rule, and shows nothing that
//! the node does not call public.

mod app;
mod conversation;
pub(crate) mod filing;
mod follow;
mod front;
pub(crate) mod map;
pub(crate) mod onward;
mod privacy;
pub mod programmes;
pub(crate) mod questions;
#[cfg(test)]
mod reading_tests;
mod report;
mod reports;
mod resume;
pub(crate) mod spot;
mod statistics;
pub(crate) mod streets;
#[cfg(test)]
mod tests;
mod track;
mod visitor;

pub(crate) use reports::classification_name;
pub(crate) use track::{archive_words, closed_words, outcome_words, standing_words, state_words};

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use lapor_protocol::ids::{CaseId, InstanceId};
use lapor_web::ApiProblem;
use lapor_web::language::text_id;
use lapor_web::page::{Link, Shelf};

use crate::node::Node;
use crate::post::LEAVE;
use crate::regions::{self, outlines};

pub use app::APP;
pub use conversation::scores;
pub(crate) use conversation::{PATH as CONVERSATION, code_at, erasure_words, why};
pub use privacy::PATH as PRIVACY;
pub(crate) use questions::PICTURE_CAME;

/// The portal's navigation.
pub const LINKS: &[Link] = &[
    Link {
        to: filing::PATH,
        name: text_id("nav-file"),
    },
    Link {
        to: track::PATH,
        name: text_id("nav-track"),
    },
    Link {
        to: conversation::PATH,
        name: text_id("nav-conversation"),
    },
    Link {
        to: reports::PATH,
        name: text_id("nav-reports"),
    },
    Link {
        to: programmes::PATH,
        name: text_id("nav-programmes"),
    },
    Link {
        to: statistics::PATH,
        name: text_id("nav-statistics"),
    },
];

/// Where a ticket is tracked.
pub(crate) fn ticket_path(ticket: &str) -> String {
    format!("{}?tiket={ticket}", track::PATH)
}

/// Where a reporter reads a case that is theirs, once they have entered.
pub(crate) fn talk_path(case: CaseId) -> String {
    conversation::path(case)
}

/// Where everybody reads a public case.
pub(crate) fn case_path(case: CaseId) -> String {
    report::path(case)
}

type Answer<T> = Result<T, ApiProblem>;

/// The portal's routes.
pub fn routes(node: &Arc<Node>) -> Router<Arc<Node>> {
    Router::new()
        .route("/", get(front::front))
        .route(privacy::PATH, get(privacy::show))
        .route(track::PATH, get(track::track))
        .route(follow::PATH, get(follow::ask).post(follow::begin))
        .route(follow::CODE, get(follow::ask_code).post(follow::prove))
        .route(
            &format!("{LEAVE}/{{secret}}"),
            get(follow::ask_leave).post(follow::leave),
        )
        .route(reports::PATH, get(reports::list))
        .route(report::ROUTE, get(report::show))
        .route(report::SUPPORT, post(report::support))
        .route(statistics::PATH, get(statistics::show))
        .route(statistics::TABLE, get(statistics::table))
        .route(programmes::PATH, get(programmes::list))
        .route(programmes::ROUTE, get(programmes::show))
        .route(programmes::PICTURE, get(programmes::picture))
        .route(streets::ROUTE, get(streets::tile))
        .route(map::PATH, get(map::country))
        .route(map::ROUTE, get(map::province))
        .route(app::MANIFEST, get(app::manifest))
        .route(app::WORKER, get(app::worker))
        .route(app::WAITING, get(app::waiting))
        .merge(filing::routes())
        .merge(conversation::routes())
        .merge(resume::routes(node))
}

/// Puts on the shelf what the portal makes itself.
pub fn furnish(shelf: Shelf) -> Shelf {
    let drawing = outlines().drawing();
    let shelf = shelf.holding(map::DRAWING, "image/svg+xml", drawing.as_bytes());
    app::furnish(shelf)
}

/// The region of the institution's own, as forms take it.
pub(crate) fn home_region(node: &Node) -> Option<String> {
    let directory = node.directory();
    let entry = directory.latest().instance(node.instance().ok()?)?;
    regions::national().display_name(entry.region.as_ref()?)
}

/// What an institution is called: our own as it calls itself on its pages,
/// another as in the directory, or by its id where the directory has no name.
pub(crate) fn name_of(node: &Node, id: &InstanceId) -> String {
    let own = node.settings().portal.name.as_ref();
    if let Some(name) = own.filter(|_| node.instance().is_ok_and(|me| me == id)) {
        return name.clone();
    }
    let directory = node.directory();
    let entry = directory.latest().instance(id);
    entry.map_or_else(|| id.to_string(), |entry| entry.name.clone())
}
