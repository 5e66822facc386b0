//! What looks like abuse: why it was marked, and the word of an officer that it is none. A mark is
//! this institution's own; no other learns of it.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use lapor_web::Path;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Flash, Form};

use super::case_page::{self, CasePath};
use super::deeds::Deed;
use super::{Answer, Officer, along};
use crate::api::problem;
use crate::error::NodeError;
use crate::node::Node;
use crate::reporters::{AbuseMark, Suspicion};
use crate::staff::StaffRole;

pub const PATH: &str = "/meja/kasus/{id}/penyalahgunaan";

/// A mark as the page of its case shows it.
pub struct Marked {
    pub why: String,
    pub at: i64,
    pub archive_at: String,
}

pub fn marked(v: &Voice, mark: &AbuseMark) -> Marked {
    Marked {
        why: v.say(reason(&mark.reason)),
        at: mark.at,
        archive_at: format!("{}/{}", case_page::at(mark.case), Deed::Archive.slug()),
    }
}

/// Why something was marked, in words.
pub fn reason(code: &str) -> TextId {
    match code {
        "trap" => text_id("suspect-trap"),
        "too_fast" => text_id("suspect-too-fast"),
        "flood" => text_id("suspect-flood"),
        _ => text_id("suspect-officer"),
    }
}

/// Marks a case, or says that it is in order.
pub async fn say(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Path(path): Path<CasePath>,
    form: Form,
) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    officer.case(&node, path.id).await?;
    let actor = officer.actor();
    let done = if form.text("tindakan") == "tandai" {
        let marked = node.mark_abuse(path.id, Suspicion::Officer, &actor).await;
        marked.map(|()| text_id("suspect-marked"))
    } else {
        let cleared = node.clear_abuse(path.id, &actor).await;
        cleared.map(|()| text_id("suspect-cleared"))
    };
    let said = match done {
        // Somebody else has just said so.
        Err(NodeError::NotFound { .. }) => text_id("suspect-cleared"),
        done => done.map_err(|error| problem(&error))?,
    };
    let to = along::back_to(path.id, &form);
    Ok(officer.visit.go_saying(&to, &Flash::done(said)))
}
