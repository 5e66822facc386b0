//! The first page: what LAPOR! is, the ways in, how a report goes on.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_web::language::Voice;
use lapor_web::page::Visit;

use super::{Answer, conversation, filing, reports, track};
use crate::api::problem;
use crate::casework::tracking::Tally;
use crate::node::Node;

#[derive(Template)]
#[template(path = "portal/front.html")]
struct Front<'a> {
    v: Voice,
    institution: &'a str,
    file_at: &'static str,
    track_at: &'static str,
    reports_at: &'static str,
    conversation_at: &'static str,
    /// Where a code is sent, if letters are.
    sign_in_at: Option<&'static str>,
    /// The national portal, where this is another.
    national: Option<&'a str>,
    tally: Tally,
    /// Institutions that have joined.
    joined: usize,
}

pub async fn front(State(node): State<Arc<Node>>, visit: Visit) -> Answer<Response> {
    let tally = node.public_tally().await.map_err(|e| problem(&e))?;
    let directory = node.directory();
    let instances = directory.latest().instances();
    let front = Front {
        v: visit.v,
        institution: visit.institution(),
        file_at: filing::PATH,
        track_at: track::PATH,
        reports_at: reports::PATH,
        conversation_at: conversation::PATH,
        sign_in_at: node.code_ways().any().then_some(conversation::SIGN_IN),
        national: visit.national(),
        tally: *tally,
        joined: instances.filter(|entry| entry.is_active()).count(),
    };
    let title = visit.v.say("front-title");
    visit.shell(title).listed().wide().show(&front)
}
