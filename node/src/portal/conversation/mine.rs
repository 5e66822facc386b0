//! The account of a citizen who has signed in: the reports that belong to it, adding one by its
//! ticket and key, and the end of the account.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Flash, Form, LocalPath, come_back, waiting};

use super::speaker::{Speaker, is_citizen, place};
use super::{ADD, END_ACCOUNT, LEAVE};
use crate::api::{Address, problem};
use crate::error::NodeError;
use crate::node::Node;
use crate::portal::Answer;
use crate::portal::filing;
use crate::portal::track::standing_words;
use crate::portal::visitor::Carried;

/// That the account is to go.
const SURE: &str = "yakin";

struct Own {
    title: Option<String>,
    ticket: Option<String>,
    state: String,
    tone: &'static str,
    filed_at: i64,
    to: String,
}

#[derive(Template)]
#[template(path = "portal/mine.html")]
struct Mine<'a> {
    v: Voice,
    form: &'a Form,
    wait: Option<String>,
    account: String,
    reports: Vec<Own>,
    leave_at: &'static str,
    file_at: &'static str,
    add_at: &'static str,
    end_at: &'static str,
}

pub async fn list(node: &Node, speaker: &Speaker) -> Answer<Response> {
    show(node, speaker, &Form::empty(), StatusCode::OK, None).await
}

/// Adds the report of a ticket and its key.
pub async fn add(
    State(node): State<Arc<Node>>,
    Address(address): Address,
    speaker: Speaker,
    mut form: Form,
) -> Answer<Response> {
    let (v, home) = (speaker.visit.v, place("", None));
    if !is_citizen(&speaker.holder.visitor) {
        return Ok(speaker.visit.go(&home));
    }
    form.required(&v, "tiket");
    form.required(&v, "kunci");
    let wrong = StatusCode::UNPROCESSABLE_ENTITY;
    if !form.is_fine() {
        return show(&node, &speaker, &form, wrong, None).await;
    }
    let (ticket, key) = (form.text("tiket"), form.text("kunci"));
    let visitor = &speaker.holder.visitor;
    match node.add_to_account(visitor, ticket, key, address).await {
        Ok(()) => {
            let flash = Flash::done(text_id("mine-added"));
            Ok(speaker.visit.go_saying(&home, &flash))
        }
        Err(NodeError::Locked(_)) => {
            form.complain("kunci", v.say("mine-add-refused"));
            show(&node, &speaker, &form, wrong, None).await
        }
        Err(NodeError::Forbidden(_)) => {
            form.complain("tiket", v.say("mine-add-others"));
            show(&node, &speaker, &form, wrong, None).await
        }
        Err(NodeError::TooMany { retry_after_s }) => {
            let status = StatusCode::TOO_MANY_REQUESTS;
            show(&node, &speaker, &form, status, Some(retry_after_s)).await
        }
        Err(error) => Err(problem(&error)),
    }
}

/// Ends the account; its reports stay, each with its own key.
pub async fn end(
    State(node): State<Arc<Node>>,
    speaker: Speaker,
    mut form: Form,
) -> Answer<Response> {
    let visit = &speaker.visit;
    if !is_citizen(&speaker.holder.visitor) {
        return Ok(visit.go(&place("", None)));
    }
    if !form.is_ticked(SURE) {
        form.complain(SURE, visit.v.say("mine-end-tick"));
        let wrong = StatusCode::UNPROCESSABLE_ENTITY;
        return show(&node, &speaker, &form, wrong, None).await;
    }
    let ended = node.erase_account(&speaker.holder.visitor).await;
    ended.map_err(|e| problem(&e))?;
    let flash = Flash::done(text_id("mine-ended"));
    let mut response = visit.go_saying(&LocalPath::root(), &flash);
    Carried::Conversation.take(&node, visit, response.headers_mut());
    Ok(response)
}

async fn show(
    node: &Node,
    speaker: &Speaker,
    form: &Form,
    status: StatusCode,
    wait_s: Option<u32>,
) -> Answer<Response> {
    let v = speaker.visit.v;
    let account = node.account_of(&speaker.holder.visitor).await;
    let account = account.map_err(|e| problem(&e))?.unwrap_or_default();
    let reports = node.reports_of(&speaker.holder.visitor).await;
    let reports = reports.map_err(|e| problem(&e))?.into_iter();
    let reports = reports.filter_map(|report| {
        let (state, tone) = standing_words(report.state?, report.outcome, report.replied);
        Some(Own {
            to: place("", Some(report.case)).to_string(),
            title: report.title,
            ticket: report.ticket,
            state: v.say(state),
            tone,
            filed_at: report.filed_at,
        })
    });
    let page = Mine {
        v,
        form,
        wait: wait_s.map(|seconds| waiting(&v, seconds.into())),
        account,
        reports: reports.collect(),
        leave_at: LEAVE,
        file_at: filing::PATH,
        add_at: ADD,
        end_at: END_ACCOUNT,
    };
    let shell = speaker.visit.shell(v.say("mine-title")).status(status);
    Ok(come_back(shell.show(&page)?, wait_s))
}
