//! What whoever filed takes home: ticket and key, shown to the browser that
//! filed for a quarter of an hour, or until it says that it has kept them.
//!
//! Neither stands in an address, a message or this process's memory: the answer
//! of the filing is sealed under a key that only the browser's cookie has.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use lapor_web::language::Voice;
use lapor_web::page::{Form, LocalPath, Visit};
use sha2::{Digest as _, Sha256};

use super::super::visitor::Carried;
use super::super::{Answer, conversation, track};
use super::{DONE, PROOF, RECEIPT, SCOPE, sent_key};
use crate::api::{Address, problem};
use crate::casework::Once;
use crate::node::Node;
use crate::post::letterhead;
use crate::reporters::{CodeWay, FiledForReporter};

#[derive(Template)]
#[template(path = "portal/receipt.html")]
struct Receipt<'a> {
    v: Voice,
    institution: &'a str,
    filed: Option<FiledForReporter>,
    report: Option<Written>,
    /// Where the portal is, for whoever has the receipt on paper.
    site: String,
    /// The address that the report tells has to be proved before a letter goes there.
    unproved: Option<CodeWay>,
    /// Tells the browser of which of its reports this is, without the form's key.
    of: String,
    open_at: &'static str,
    proof_at: &'static str,
    done_at: &'static str,
    track_at: &'static str,
}

/// What the reporter wrote, as far as paper tells one receipt from another.
struct Written {
    title: Option<String>,
    filed_at: i64,
}

pub async fn show(
    State(node): State<Arc<Node>>,
    visit: Visit,
    headers: HeaderMap,
) -> Answer<Response> {
    let key = Carried::Receipt.read(&node, &headers);
    let filed = filed(&node, key.as_deref()).await?;
    page(&node, &visit, filed, key.as_deref()).await
}

/// The receipt of a form that a device has sent by itself: whoever has the form's
/// key may look at it, and the form need not be sent once more.
pub async fn open(
    State(node): State<Arc<Node>>,
    Address(address): Address,
    visit: Visit,
    form: Form,
) -> Answer<Response> {
    node.admit_question(address).map_err(|e| problem(&e))?;
    let Some(key) = sent_key(&form) else {
        return page(&node, &visit, None, None).await;
    };
    if filed(&node, Some(key)).await?.is_none() {
        return page(&node, &visit, None, None).await;
    }
    Ok(lead(&node, &visit, key))
}

/// The way to the receipt of what was filed under a key, which the browser carries from then on.
pub fn lead(node: &Node, visit: &Visit, key: &str) -> Response {
    let mut response = visit.go(&LocalPath::own(RECEIPT));
    Carried::Receipt.give(node, visit, response.headers_mut(), key);
    response
}

/// What was filed under a key.
async fn filed(node: &Node, key: Option<&str>) -> Answer<Option<FiledForReporter>> {
    let Some(once) = key.and_then(|key| Once::new(SCOPE, key).ok()) else {
        return Ok(None);
    };
    node.filed_under(&once).await.map_err(|e| problem(&e))
}

async fn page(
    node: &Node,
    visit: &Visit,
    filed: Option<FiledForReporter>,
    key: Option<&str>,
) -> Answer<Response> {
    let (v, found) = (visit.v, filed.is_some());
    let (report, unproved) = match &filed {
        Some(filed) => {
            let case = filed.filed.case;
            let view = node.case(case).await.map_err(|e| problem(&e))?;
            let unproved = node.awaits_proof(case).await.map_err(|e| problem(&e))?;
            (Some(view), unproved)
        }
        None => (None, None),
    };
    let page = Receipt {
        v,
        institution: visit.institution(),
        filed,
        report: report.map(|view| Written {
            title: view.summary.title,
            filed_at: view.summary.filed_at,
        }),
        unproved,
        site: letterhead(node).at(""),
        of: hex::encode(Sha256::digest(key.unwrap_or_default())),
        open_at: conversation::PATH,
        proof_at: PROOF,
        done_at: DONE,
        track_at: track::PATH,
    };
    if found {
        let shell = visit.shell(v.say("receipt-title"));
        return shell.script("report.js").show(&page);
    }
    let shell = visit.shell(v.say("receipt-gone"));
    shell.status(StatusCode::NOT_FOUND).show(&page)
}

/// Sends a code to the address that the report tells, to whoever has the receipt before them.
pub async fn prove(
    State(node): State<Arc<Node>>,
    visit: Visit,
    headers: HeaderMap,
) -> Answer<Response> {
    let key = Carried::Receipt.read(&node, &headers);
    let Some(filed) = filed(&node, key.as_deref()).await? else {
        return page(&node, &visit, None, None).await;
    };
    let sent = node.ask_proof(filed.filed.case).await;
    let sent = sent.map_err(|e| problem(&e))?;
    Ok(visit.go(&conversation::code_at(&sent)))
}

/// The reporter has kept ticket and key: this browser forgets them.
pub async fn done(State(node): State<Arc<Node>>, visit: Visit) -> Response {
    let mut response = visit.go(&LocalPath::root());
    Carried::Receipt.take(&node, &visit, response.headers_mut());
    response
}
