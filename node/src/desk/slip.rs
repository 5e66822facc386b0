//! What somebody takes home from the counter: ticket and key on paper, shown this once, because
//! nothing keeps the key. From here the address of the report can be proved while they still stand
//! there.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_protocol::ids::CaseId;
use lapor_web::Path;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::Visit;

use super::case_page::CasePath;
use super::{Answer, Officer, ROOT, case_page, walk_in};
use crate::api::problem;
use crate::node::Node;
use crate::portal::code_at;
use crate::reporters::KeyGiver;
use crate::staff::StaffRole;

pub const PROOF: &str = "/meja/kasus/{id}/loket/surel";

/// Ticket and key as they are printed.
pub struct Slip {
    pub case: CaseId,
    pub ticket: String,
    pub key: String,
    pub recoverable: bool,
    pub title: String,
    /// Of what kind the report is, and how it came in.
    pub kind: String,
    /// Whether news go to the address of the report, once it is proved.
    pub news: bool,
    /// The key takes the place of one that was lost, and who has given it.
    pub replaces: Option<KeyGiver>,
}

#[derive(Template)]
#[template(path = "desk/slip.html")]
struct SlipPage<'a> {
    v: Voice,
    heading: TextId,
    institution: &'a str,
    slip: Slip,
    at: i64,
    /// Where the reporter looks it up, as far as the operator says.
    track_at: Option<String>,
    case_at: String,
    /// Where the contact is proved, if one is told and nobody has yet.
    proof_at: Option<String>,
    /// Where another report is taken in; the keeper of identities takes none in.
    again_at: Option<&'static str>,
}

/// The one time that a key is shown; no redirect, because nothing keeps it.
pub async fn show(node: &Node, visit: &Visit, slip: Slip) -> Answer<Response> {
    let in_force = node.in_force();
    let portal = in_force.settings().portal.public_url.as_ref();
    let unproved = node.awaits_proof(slip.case).await;
    let unproved = unproved.map_err(|error| problem(&error))?;
    let keeper = slip.replaces == Some(KeyGiver::Keeper);
    let heading = if slip.replaces.is_some() {
        text_id("new-key-slip-title")
    } else {
        text_id("slip-title")
    };
    let page = SlipPage {
        v: visit.v,
        heading,
        institution: visit.institution(),
        at: visit.v.now_ms(),
        track_at: portal.map(|site| format!("{site}/lacak")),
        case_at: case_page::at(slip.case),
        proof_at: unproved
            .filter(|_| !keeper)
            .map(|_| PROOF.replace("{id}", &slip.case.to_string())),
        again_at: (!keeper).then_some(walk_in::PATH),
        slip,
    };
    let shell = visit.shell(visit.v.say(heading)).within(ROOT);
    shell.script("report.js").show(&page)
}

/// Sends a code to the address that the report tells, to be typed by whoever reads it there.
pub async fn prove(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Path(path): Path<CasePath>,
) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    officer.case(&node, path.id).await?;
    let sent = node.ask_proof(path.id).await;
    let sent = sent.map_err(|error| problem(&error))?;
    Ok(officer.visit.go(&code_at(&sent)))
}
