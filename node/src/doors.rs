//! The one listener for people and programs: the citizen portal at `/`, the
//! desk at `/meja`, the JSON API below `/api`, Open311 below `/open311` and the doors of channels below
//! `/saluran`, behind one entrance. It joins them and knows no page.

use std::sync::Arc;

use axum::Router;
use chrono_tz::Tz;
use lapor_web::language::{Texts, text_id};
use lapor_web::page::{self, Area, Facts, Site};
use lapor_web::{entrance, monitor, serving};
use rust_embed::RustEmbed;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::monitor::TRAFFIC;
use crate::node::Node;
use crate::{api, channels, desk, open311, portal};

fluent_templates::static_loader! {
    static TEXTS = {
        locales: "./locales",
        fallback_language: "id",
        customise: |bundle| { lapor_web::language::prepare(bundle); },
    };
}

/// The scripts of the node's own pages.
#[derive(RustEmbed)]
#[folder = "assets"]
struct Files;

/// The words of the node's own pages and letters.
pub fn texts() -> Texts {
    &TEXTS
}

static AREAS: &[Area] = &[
    Area {
        root: "/",
        name: text_id("portal-name"),
        links: portal::LINKS,
        for_members: false,
    },
    Area {
        root: desk::ROOT,
        name: text_id("desk-name"),
        links: desk::LINKS,
        for_members: true,
    },
];

/// Serves until `shutdown`, then drains.
pub async fn serve(
    node: Arc<Node>,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    Ok(serving::serve(listener, router(node), shutdown).await?)
}

/// All routes of the listener.
pub fn router(node: Arc<Node>) -> Router {
    let site = Arc::new(site(&node));
    let pages = page::pages(portal::routes(&node).merge(desk::routes(&node)), &site);
    let programs = api::routes(&node)
        .merge(channels::routes(&node))
        .merge(open311::routes(&node));
    let all = monitor::count(pages.merge(programs), &TRAFFIC);
    let received = page::receive(entrance::answer_missing(all), &site);
    entrance::stand_before(received).with_state(node)
}

fn site(node: &Arc<Node>) -> Site {
    let facts = {
        let node = Arc::clone(node);
        move || facts(&node)
    };
    let mut site = Site::new(texts(), AREAS, node.shared_clock(), facts);
    site.shelf = portal::furnish(site.shelf.with::<Files>());
    site.app = Some(portal::APP);
    site.docs_at = Some(api::DOCS);
    site.privacy_at = Some(portal::PRIVACY);
    let at_desk = Arc::clone(node);
    site.announced = Box::new(move |area, v| {
        let here = area == desk::ROOT;
        here.then(|| desk::announced(&at_desk, v)).flatten()
    });
    let of = Arc::clone(node);
    site.https = Box::new(move || of.in_force().settings().is_https());
    site
}

/// What all pages and letters say of the institution.
pub(crate) fn facts(node: &Node) -> Facts {
    let (in_force, directory) = (node.in_force(), node.directory());
    let settings = &in_force.settings().portal;
    let me = node.instance().ok();
    let entry = me.and_then(|me| directory.latest().instance(me));
    let named = settings
        .name
        .clone()
        .or_else(|| Some(entry?.name.clone()))
        .or_else(|| Some(me?.to_string()));
    Facts {
        institution: named.unwrap_or_default(),
        zone: entry
            .and_then(|entry| entry.time_zone.parse().ok())
            .unwrap_or(Tz::Asia__Jakarta),
        contact: settings.contact.clone(),
        national: settings.national_url.as_ref().map(ToString::to_string),
    }
}

#[cfg(test)]
mod tests {
    use lapor_web::language::proof;

    const HOME: &str = env!("CARGO_MANIFEST_DIR");

    #[test]
    fn the_nodes_texts_are_the_same_in_both_languages() {
        assert_eq!(proof::differences(HOME), Vec::<String>::new());
    }

    #[test]
    fn every_text_that_a_page_needs_is_there_and_none_is_left_over() {
        let shared = concat!(env!("CARGO_MANIFEST_DIR"), "/../web");
        assert_eq!(proof::missing(&[HOME, shared]), Vec::<String>::new());
        assert_eq!(proof::unused(HOME), Vec::<String>::new());
    }
}
