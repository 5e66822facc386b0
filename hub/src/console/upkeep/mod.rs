//! Upkeep of the hub itself: its backups, maintenance that is announced to everybody, what members
//! have shown of its record, and beside these its keys and the editions. Operators act; all see.

mod backups;
mod maintenance;
mod outcomes;
mod recovery;

use std::sync::Arc;

use axum::Router;
use axum::response::Redirect;
use axum::routing::{get, post};
use lapor_web::language::{TextId, Voice, text_id};

use super::{Console, editions, keys};
use crate::ground::Ground;

pub use recovery::PATH as RECOVERY;

pub const PATH: &str = "/konsol/perawatan";

/// A line of the navigation among these pages.
pub struct Tab {
    pub to: &'static str,
    pub name: String,
    pub current: bool,
}

pub fn routes() -> Router<Arc<Console>> {
    Router::new()
        .route(PATH, get(async || Redirect::to(backups::PATH)))
        .route(
            maintenance::PATH,
            get(maintenance::show).post(maintenance::plan),
        )
        .route(maintenance::END, post(maintenance::end))
        .route(recovery::PATH, get(recovery::show))
        .route(recovery::CLOSE, post(recovery::close))
        .route(recovery::STREAM, get(recovery::stream))
        .route(backups::PATH, get(backups::show).post(backups::make))
        .route(backups::TRY, post(backups::attempt))
        .route(backups::STREAM, get(backups::stream))
}

pub fn tabs(v: &Voice, here: &str) -> Vec<Tab> {
    let all: [(&str, TextId); 5] = [
        (backups::PATH, text_id("backups-title")),
        (maintenance::PATH, text_id("maintenance-title")),
        (recovery::PATH, text_id("recovery-title")),
        (keys::PATH, text_id("keys-page-title")),
        (editions::PATH, text_id("editions-title")),
    ];
    all.map(|(to, name)| Tab {
        to,
        name: v.say(name),
        current: to == here,
    })
    .into()
}

/// What stands at the head of every page of the console.
pub fn announced(ground: &Ground, v: &Voice) -> Option<String> {
    let now = ground.clock.now_ms();
    let directory = ground.directory.current();
    let notice = directory.maintenance(now)?;
    let words = v
        .with("from", v.moment(notice.from))
        .with("until", v.moment(notice.until))
        .with("reason", notice.reason.as_str());
    Some(if notice.is_on(now) {
        words.say(text_id("maintenance-on"))
    } else {
        words.say(text_id("maintenance-ahead"))
    })
}
