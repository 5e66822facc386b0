//! What is over.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_web::Query;
use lapor_web::language::Voice;
use lapor_web::people::Member;

use super::words::{Shown, shown};
use super::{Onward, PAGE, Tab, names, next, tabs};
use crate::alarms::overview;
use crate::console::approvals::failed;
use crate::console::{ALARMS, Answer, Console};

pub const PATH: &str = "/konsol/alarm/riwayat";

#[derive(Template)]
#[template(path = "console/alarms/past.html")]
struct PastPage {
    v: Voice,
    tabs: Vec<Tab>,
    lines: Vec<Shown>,
    first: Option<String>,
    next: Option<String>,
}

pub async fn list(
    State(console): State<Arc<Console>>,
    member: Member,
    Query(onward): Query<Onward>,
) -> Answer<Response> {
    let v = member.visit.v;
    let names = names(&console).await?;
    let directory = console.hub.ground.directory.current();
    let alarms = overview::past(&console.hub, &onward.place(), PAGE as i64).await;
    let alarms = alarms.map_err(|error| failed(&error))?;
    let last = alarms.last().filter(|_| alarms.len() == PAGE);
    let page = PastPage {
        v,
        tabs: tabs(&v, PATH),
        first: onward.first(PATH),
        next: last.map(|last| next(PATH, last.cleared_at.unwrap_or(0), &last.id)),
        lines: alarms
            .into_iter()
            .map(|alarm| shown(&v, &directory, &names, alarm))
            .collect(),
    };
    let title = v.say("alarms-past");
    member.visit.shell(title).wide().within(ALARMS).show(&page)
}
