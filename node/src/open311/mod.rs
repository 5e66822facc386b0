//! Open311 GeoReport v2 (<https://wiki.open311.org/GeoReport_v2/>): the categories as services, public
//! reports as service requests, and a way in for a city's application, in XML and in JSON.
//!
//! Only what the portal shows everybody is told, and to a program what it filed itself; of what is
//! *rahasia* or erased nothing. The ticket is never told: it is the reporter's.

mod asked;
mod categories;
mod discovery;
mod filing;
mod requests;
mod shown;
#[cfg(test)]
mod tests;
mod tokens;
mod tree;

use std::sync::Arc;

use axum::Router;
use axum::routing::{MethodRouter, any, get};

use crate::node::Node;

pub(crate) use filing::{CHANNEL, City, region as region_of, title as title_of};
pub(crate) use shown::{described, voice};

/// Where it begins.
pub const ROOT: &str = "/open311";

/// The routes, where the institution has switched them on.
pub fn routes(node: &Arc<Node>) -> Router<Arc<Node>> {
    if !node.settings().open311.enabled {
        return Router::new();
    }
    let only = |way: MethodRouter<Arc<Node>>| way.fallback(asked::not_taken);
    let mut routes = Router::new()
        .route("/open311/v2/services/{name}", only(get(categories::define)))
        .route("/open311/v2/requests/{name}", only(get(requests::read)))
        .route("/open311/v2/tokens/{name}", only(get(tokens::read)));
    for ending in ["json", "xml"] {
        let at = |path: &str| format!("{ROOT}/{path}.{ending}");
        let requests = get(requests::list).post(filing::file);
        routes = routes
            .route(&at("discovery"), only(get(discovery::read)))
            .route(&at("v2/services"), only(get(categories::list)))
            .route(&at("v2/requests"), only(requests));
    }
    // Programs read one shape of errors here, also of what there is not.
    for nothing in ["/open311/v2", "/open311/v2/", "/open311/v2/{*rest}"] {
        routes = routes.route(nothing, any(asked::missing));
    }
    routes
}
