//! Contacts that are proved with a code: a new key for a lost one, signing in as
//! a citizen, confirming the contact of a report. No answer tells whether a
//! ticket or a contact is known.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Flash, Form, LocalPath, Visit, come_back, waiting};
use lapor_web::{ApiProblem, Path};
use serde::Deserialize;

use super::speaker::{Speaker, place};
use super::{LOST, PATH, SIGN_IN};
use crate::api::{Address, problem};
use crate::error::NodeError;
use crate::node::Node;
use crate::portal::filing::RECEIPT;
use crate::portal::visitor::{Carried, Known};
use crate::portal::{Answer, track};
use crate::reporters::{CodeWays, Proved, SentCode};

#[derive(Deserialize)]
pub struct CodePath {
    id: String,
}

impl CodePath {
    /// A code's name is hexadecimal, and leads nowhere else.
    fn check(&self) -> Result<(), ApiProblem> {
        let named = self.id.len() == 32 && self.id.bytes().all(|b| b.is_ascii_hexdigit());
        named.then_some(()).ok_or_else(ApiProblem::not_found)
    }
}

/// What is asked before a code is sent.
struct Question {
    title: TextId,
    lead: TextId,
    field: &'static str,
    label: TextId,
    hint: TextId,
    go: TextId,
    at: &'static str,
}

const LOST_KEY: Question = Question {
    title: text_id("lost-title"),
    lead: text_id("lost-lead"),
    field: "tiket",
    label: text_id("ticket-label"),
    hint: text_id("ticket-hint"),
    go: text_id("code-send"),
    at: LOST,
};

const CITIZEN: Question = Question {
    title: text_id("citizen-title"),
    lead: text_id("citizen-lead"),
    field: "kontak",
    label: text_id("citizen-contact"),
    hint: text_id("citizen-contact-hint"),
    go: text_id("code-send"),
    at: SIGN_IN,
};

#[derive(Template)]
#[template(path = "portal/ask-code.html")]
struct AskCode<'a> {
    v: Voice,
    ways: CodeWays,
    track_at: &'static str,
    form: &'a Form,
    question: &'a Question,
    wait: Option<String>,
}

#[derive(Template)]
#[template(path = "portal/code.html")]
struct Code<'a> {
    v: Voice,
    form: &'a Form,
    wait: Option<String>,
    prove_at: String,
    back_at: &'static str,
}

#[derive(Template)]
#[template(path = "portal/new-key.html")]
struct NewKey {
    v: Voice,
    lead: TextId,
    key: String,
    open_at: &'static str,
}

pub async fn ask_lost(State(node): State<Arc<Node>>, visit: Visit) -> Answer<Response> {
    ask(
        &node,
        &visit,
        &LOST_KEY,
        &Form::empty(),
        StatusCode::OK,
        None,
    )
}

pub async fn lost(
    State(node): State<Arc<Node>>,
    Address(address): Address,
    visit: Visit,
    mut form: Form,
) -> Answer<Response> {
    let ticket = form.required(&visit.v, LOST_KEY.field);
    if !form.is_fine() {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return ask(&node, &visit, &LOST_KEY, &form, status, None);
    }
    let sent = node.ask_recovery(&ticket, address).await;
    asked(&node, &visit, &LOST_KEY, &mut form, sent)
}

pub async fn ask_citizen(State(node): State<Arc<Node>>, visit: Visit) -> Answer<Response> {
    ask(
        &node,
        &visit,
        &CITIZEN,
        &Form::empty(),
        StatusCode::OK,
        None,
    )
}

pub async fn citizen(
    State(node): State<Arc<Node>>,
    Address(address): Address,
    visit: Visit,
    mut form: Form,
) -> Answer<Response> {
    let contact = form.required(&visit.v, CITIZEN.field);
    let ways = node.code_ways();
    if !contact.is_empty() && ways.blames(&contact) {
        form.complain(CITIZEN.field, unusable(&visit.v, ways));
    }
    if !form.is_fine() {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return ask(&node, &visit, &CITIZEN, &form, status, None);
    }
    let sent = node.ask_sign_in(&contact, address).await;
    asked(&node, &visit, &CITIZEN, &mut form, sent)
}

/// Sends a code to the contact that the report tells.
pub async fn confirm(State(node): State<Arc<Node>>, speaker: Speaker) -> Answer<Response> {
    let conversation = speaker.conversation(&node).await?;
    let visit = &speaker.visit;
    let provable = node.tells_contact(&conversation).await;
    if !provable.map_err(|e| problem(&e))? {
        let flash = Flash::warning(text_id("contact-none"));
        return Ok(visit.go_saying(&speaker.at(""), &flash));
    }
    match node.ask_confirmation(&conversation).await {
        Ok(sent) => Ok(visit.go(&code_at(&sent))),
        Err(NodeError::Invalid(_)) => {
            let flash = Flash::warning(text_id("contact-none"));
            Ok(visit.go_saying(&speaker.at(""), &flash))
        }
        Err(error) => Err(problem(&error)),
    }
}

pub async fn ask_code(
    State(node): State<Arc<Node>>,
    visit: Visit,
    headers: HeaderMap,
    Path(path): Path<CodePath>,
) -> Answer<Response> {
    path.check()?;
    let (form, back) = (Form::empty(), back(&node, &headers));
    show_code(&visit, &path.id, back, &form, StatusCode::OK, None)
}

pub async fn prove(
    State(node): State<Arc<Node>>,
    Address(address): Address,
    Known(known): Known,
    visit: Visit,
    headers: HeaderMap,
    Path(path): Path<CodePath>,
    mut form: Form,
) -> Answer<Response> {
    path.check()?;
    let digits = form.required(&visit.v, "kode");
    let (unusable, back) = (StatusCode::UNPROCESSABLE_ENTITY, back(&node, &headers));
    if !form.is_fine() {
        return show_code(&visit, &path.id, back, &form, unusable, None);
    }
    match node.prove_code(&path.id, &digits, address).await {
        Ok(proved) => {
            if let (Proved::SignedIn(_), Some(holder)) = (&proved, &known) {
                node.close_conversation(&holder.token)
                    .await
                    .map_err(|e| problem(&e))?;
            }
            answer(&node, &visit, back, proved)
        }
        Err(NodeError::Locked(_)) => {
            form.complain("kode", visit.v.say("code-wrong"));
            show_code(&visit, &path.id, back, &form, unusable, None)
        }
        Err(NodeError::TooMany { retry_after_s }) => {
            let status = StatusCode::TOO_MANY_REQUESTS;
            show_code(&visit, &path.id, back, &form, status, Some(retry_after_s))
        }
        Err(error) => Err(problem(&error)),
    }
}

/// No code gets to this contact.
fn unusable(v: &Voice, ways: CodeWays) -> String {
    v.with("ways", ways.word()).say("citizen-contact-unusable")
}

/// A key is shown in the answer itself: it is kept nowhere, to be shown after a redirect.
pub fn show_key(visit: &Visit, lead: TextId, key: String) -> Answer<Response> {
    let v = visit.v;
    let page = NewKey {
        v,
        lead,
        key,
        open_at: PATH,
    };
    visit
        .shell(v.say("new-key-title"))
        .script("report.js")
        .show(&page)
}

/// Where whoever was asked for a code came from: whoever has just filed has the key to keep yet.
fn back(node: &Node, headers: &HeaderMap) -> &'static str {
    match Carried::Receipt.read(node, headers) {
        Some(_) => RECEIPT,
        None => PATH,
    }
}

fn answer(node: &Node, visit: &Visit, back: &'static str, proved: Proved) -> Answer<Response> {
    let home = place("", None);
    match proved {
        Proved::SignedIn(opened) => {
            let mut response = visit.go(&home);
            Carried::Conversation.give(node, visit, response.headers_mut(), &opened.token);
            Ok(response)
        }
        Proved::NewKey { key } => show_key(visit, text_id("new-key-lead"), key),
        Proved::Confirmed => {
            let flash = Flash::done(text_id("contact-proved"));
            Ok(visit.go_saying(&LocalPath::own(back), &flash))
        }
        Proved::Following { .. } => {
            let flash = Flash::done(text_id("following-begun"));
            Ok(visit.go_saying(&LocalPath::root(), &flash))
        }
    }
}

fn asked(
    node: &Node,
    visit: &Visit,
    question: &Question,
    form: &mut Form,
    sent: Result<SentCode, NodeError>,
) -> Answer<Response> {
    match sent {
        Ok(sent) => Ok(visit.go(&code_at(&sent))),
        Err(NodeError::Invalid(_)) => {
            form.complain(question.field, unusable(&visit.v, node.code_ways()));
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            ask(node, visit, question, form, status, None)
        }
        Err(NodeError::TooMany { retry_after_s }) => {
            let status = StatusCode::TOO_MANY_REQUESTS;
            ask(node, visit, question, form, status, Some(retry_after_s))
        }
        Err(error) => Err(problem(&error)),
    }
}

fn ask(
    node: &Node,
    visit: &Visit,
    question: &Question,
    form: &Form,
    status: StatusCode,
    wait_s: Option<u32>,
) -> Answer<Response> {
    let v = visit.v;
    let page = AskCode {
        v,
        ways: node.code_ways(),
        track_at: track::PATH,
        form,
        question,
        wait: wait_s.map(|seconds| waiting(&v, seconds.into())),
    };
    let shell = visit.shell(v.say(question.title)).status(status);
    Ok(come_back(shell.show(&page)?, wait_s))
}

fn show_code(
    visit: &Visit,
    id: &str,
    back_at: &'static str,
    form: &Form,
    status: StatusCode,
    wait_s: Option<u32>,
) -> Answer<Response> {
    let v = visit.v;
    let page = Code {
        v,
        form,
        wait: wait_s.map(|seconds| waiting(&v, seconds.into())),
        prove_at: format!("{PATH}/kode/{id}"),
        back_at,
    };
    let shell = visit.shell(v.say("code-title-citizen")).status(status);
    Ok(come_back(shell.show(&page)?, wait_s))
}

/// Where the digits of a code are typed.
pub fn code_at(sent: &SentCode) -> LocalPath {
    place(&format!("/kode/{}", sent.id), None)
}
