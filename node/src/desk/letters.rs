//! Letters that did not go out, for whoever looks after the desk.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Flash, Form, LocalPath};

use super::{ACCOUNT, Answer, Officer};
use crate::api::problem;
use crate::error::NodeError;
use crate::node::Node;
use crate::post::PostStatus;
use crate::staff::StaffRole;

pub const PATH: &str = "/meja/surat";

#[derive(Template)]
#[template(path = "desk/post.html")]
struct PostPage {
    v: Voice,
    status: PostStatus,
    /// Since when the oldest letter waits, in words.
    oldest: Option<String>,
    here: &'static str,
    back_at: &'static str,
}

pub async fn show(State(node): State<Arc<Node>>, officer: Officer) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let visit = &officer.visit;
    let status = node.post_status().await.map_err(|error| problem(&error))?;
    let page = PostPage {
        v: visit.v,
        oldest: status
            .oldest
            .map(|at| visit.v.with("at", visit.v.moment(at)).say("post-oldest")),
        status,
        here: PATH,
        back_at: ACCOUNT,
    };
    visit
        .shell(visit.v.say("post-title"))
        .wide()
        .within(ACCOUNT)
        .show(&page)
}

/// Drops a letter that was refused.
pub async fn drop_refused(
    State(node): State<Arc<Node>>,
    officer: Officer,
    form: Form,
) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let number = form.text("nomor").parse().unwrap_or_default();
    match node.drop_refused_letter(number, &officer.actor()).await {
        // Somebody else has dropped it meanwhile.
        Ok(()) | Err(NodeError::NotFound { .. }) => {}
        Err(error) => return Err(problem(&error)),
    }
    let done = Flash::done(text_id("post-dropped"));
    Ok(officer.visit.go_saying(&LocalPath::own(PATH), &done))
}
