//! The channels of others at the desk: how much comes and goes, what lies aside, the words that say
//! what a report is about, what was not said, what could not be read, who is blocked. Who handles
//! cases reads here and takes up what lies aside; only administrators change anything else. No page
//! has an address: a conversation is called by its channel and four letters.

mod blocking;
mod cities;
mod city;
mod keywords;
mod overview;
mod talks;
mod unread;
mod unsaid;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Flash, LocalPath};

use super::{ACCOUNT, Answer, Officer};
use crate::api::problem;
use crate::error::NodeError;
use crate::node::Node;
use crate::staff::StaffRole;

pub use blocking::at as block_at;
pub use cities::{
    at as city_at, state as city_state, told as cities_told, trouble as city_trouble,
};
pub use overview::{PATH, at as channel_at, outage as channel_outage, state as channel_state};

/// The parts of these pages.
const PARTS: [(&str, TextId); 7] = [
    (overview::PATH, text_id("channels-overview")),
    (talks::PATH, text_id("channels-talks")),
    (keywords::PATH, text_id("channels-keywords")),
    (unsaid::PATH, text_id("channels-unsaid")),
    (unread::PATH, text_id("channels-unread")),
    (blocking::PATH, text_id("channels-blocked")),
    (cities::PATH, text_id("cities-title")),
];

/// A way to another of these pages.
struct Tab {
    to: &'static str,
    name: String,
    current: bool,
}

pub fn routes() -> Router<Arc<Node>> {
    Router::new()
        .route(overview::PATH, get(overview::show))
        .route(overview::ONE, get(overview::one))
        .route(talks::PATH, get(talks::list).post(talks::act))
        .route(keywords::PATH, get(keywords::list).post(keywords::keep))
        .route(keywords::END, post(keywords::end))
        .route(unsaid::PATH, get(unsaid::list).post(unsaid::act))
        .route(unread::PATH, get(unread::list).post(unread::act))
        .route(cities::PATH, get(cities::list).post(cities::act))
        .route(city::ONE, get(city::show))
        .route(blocking::PATH, get(blocking::list).post(blocking::lift))
        .route(blocking::ONE, get(blocking::ask).post(blocking::block))
}

/// How much lies aside that nobody has looked at, and where.
pub async fn told(node: &Node, officer: &Officer) -> Answer<Option<(String, &'static str)>> {
    let count = node.lying_aside().await.map_err(|error| problem(&error))?;
    let said = officer.visit.v.with("n", count).say("channels-waiting");
    Ok((count > 0).then_some((said, talks::PATH)))
}

fn tabs(v: &Voice, here: &str) -> Vec<Tab> {
    let tab = |(to, name)| Tab {
        to,
        name: v.say(name),
        current: to == here,
    };
    PARTS.map(tab).into()
}

/// After an act on something that somebody else may just have dealt with.
fn said(done: Result<(), NodeError>, text: TextId) -> Answer<Flash> {
    match done {
        Ok(()) => Ok(Flash::done(text)),
        Err(NodeError::NotFound { .. }) => Ok(Flash::warning(text_id("channels-gone"))),
        Err(error) => Err(problem(&error)),
    }
}

fn back(officer: &Officer, to: &str, flash: &Flash) -> axum::response::Response {
    officer.visit.go_saying(&LocalPath::own(to), flash)
}
