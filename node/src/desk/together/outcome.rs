//! What became of each of several cases: done, or why not.

use askama::Template;
use axum::response::Response;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::Flash;

use super::chosen::Chosen;
use crate::casework::CaseSummary;
use crate::desk::course::void_words;
use crate::desk::deed::complaint;
use crate::desk::{Answer, Officer, ROOT, case_page, shared};
use crate::error::NodeError;

/// What became of one case.
pub struct Told {
    title: String,
    ticket: Option<String>,
    at: String,
    /// Why it was not done to it.
    why: Option<String>,
}

#[derive(Template)]
#[template(path = "desk/together-done.html")]
struct Outcome {
    v: Voice,
    name: String,
    said: String,
    told: Vec<Told>,
    back: String,
}

impl Told {
    pub fn of(v: &Voice, case: &CaseSummary, done: Result<(), NodeError>) -> Self {
        let why = done.err().map(|error| {
            let (id, failed) = (case.case, is_ours(&error));
            if failed {
                tracing::error!(%error, case = %id, "something was not done to a case with others");
            } else {
                tracing::info!(%error, case = %id, "something was not done to a case with others");
            }
            v.say(why_not(&error))
        });
        Self {
            title: shared::title(v, case),
            ticket: case.ticket.clone(),
            at: case_page::at(case.case),
            why,
        }
    }
}

/// Back to the list where it was done to all; or the page that tells of each.
pub fn answer(
    officer: &Officer,
    chosen: &Chosen,
    name: String,
    (told, done): (Vec<Told>, Flash),
) -> Answer<Response> {
    let count = told.iter().filter(|one| one.why.is_none()).count();
    if count > 0 && count == told.len() && told.len() == chosen.all {
        let flash = done.with("n", count.to_string());
        return Ok(officer.visit.go_saying(&chosen.back, &flash));
    }
    let v = officer.visit.v;
    let said = v.with("n", count).with("all", chosen.all);
    let page = Outcome {
        v,
        said: said.say("together-said"),
        told,
        back: chosen.back.to_string(),
        name: name.clone(),
    };
    officer.visit.shell(name).within(ROOT).show(&page)
}

/// Whether nobody who pressed a button can mend it.
fn is_ours(error: &NodeError) -> bool {
    matches!(
        error,
        NodeError::Database(_) | NodeError::File(_) | NodeError::Damaged(_)
    )
}

fn why_not(error: &NodeError) -> TextId {
    match error {
        NodeError::NotAllowed(refused) => {
            let reason = refused.ruling.reason;
            reason.map_or(text_id("act-refused"), void_words)
        }
        NodeError::NotFound { .. } => text_id("together-unseen"),
        error => complaint("", error).map_or(text_id("together-failed"), |(_, said)| said),
    }
}
