//! Opening a conversation with ticket and key, and leaving it. Each opening
//! makes a new token and ends the one that the browser brought.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use lapor_web::Query;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Flash, Form, LocalPath, Visit, come_back, waiting};

use super::show::Writing;
use super::speaker::{Speaker, Which, is_citizen, place};
use super::{LOST, PATH, SIGN_IN, mine, show};
use crate::api::{Address, problem};
use crate::error::NodeError;
use crate::node::Node;
use crate::portal::Answer;
use crate::portal::visitor::{Carried, Known};

#[derive(Template)]
#[template(path = "portal/enter.html")]
struct Enter<'a> {
    v: Voice,
    form: &'a Form,
    wait: Option<String>,
    open_at: &'static str,
    codes: bool,
    lost_at: &'static str,
    sign_in_at: &'static str,
}

/// The conversation of whoever has one open; the door for everybody else.
pub async fn home(
    State(node): State<Arc<Node>>,
    Known(known): Known,
    visit: Visit,
    Query(which): Query<Which>,
) -> Answer<Response> {
    let Some(holder) = known else {
        return ask(&node, &visit, &Form::empty(), StatusCode::OK, None);
    };
    let speaker = Speaker {
        holder,
        visit,
        named: which.kasus,
    };
    if speaker.named.is_none() && is_citizen(&speaker.holder.visitor) {
        return mine::list(&node, &speaker).await;
    }
    show::show(&node, &speaker, Writing::default()).await
}

pub async fn open(
    State(node): State<Arc<Node>>,
    Address(address): Address,
    Known(known): Known,
    visit: Visit,
    mut form: Form,
) -> Answer<Response> {
    let v = visit.v;
    form.required(&v, "tiket");
    form.required(&v, "kunci");
    if !form.is_fine() {
        return ask(&node, &visit, &form, StatusCode::UNPROCESSABLE_ENTITY, None);
    }
    let opened = node
        .open_conversation(form.text("tiket"), form.text("kunci"), address)
        .await;
    match opened {
        Ok(opened) => {
            if let Some(holder) = known {
                node.close_conversation(&holder.token)
                    .await
                    .map_err(|e| problem(&e))?;
            }
            let mut response = visit.go(&place("", None));
            let headers = response.headers_mut();
            Carried::Conversation.give(&node, &visit, headers, &opened.token);
            Carried::Receipt.take(&node, &visit, headers);
            Ok(response)
        }
        Err(NodeError::Locked(_)) => {
            form.complain("kunci", v.say("enter-refused"));
            ask(&node, &visit, &form, StatusCode::UNPROCESSABLE_ENTITY, None)
        }
        Err(NodeError::TooMany { retry_after_s }) => {
            let status = StatusCode::TOO_MANY_REQUESTS;
            ask(&node, &visit, &form, status, Some(retry_after_s))
        }
        Err(error) => Err(problem(&error)),
    }
}

pub async fn leave(
    State(node): State<Arc<Node>>,
    Known(known): Known,
    visit: Visit,
) -> Answer<Response> {
    if let Some(holder) = known {
        node.close_conversation(&holder.token)
            .await
            .map_err(|e| problem(&e))?;
    }
    let flash = Flash::done(text_id("conversation-closed"));
    let mut response = visit.go_saying(&LocalPath::root(), &flash);
    Carried::Conversation.take(&node, &visit, response.headers_mut());
    Ok(response)
}

fn ask(
    node: &Node,
    visit: &Visit,
    form: &Form,
    status: StatusCode,
    wait_s: Option<u32>,
) -> Answer<Response> {
    let v = visit.v;
    let page = Enter {
        v,
        form,
        wait: wait_s.map(|seconds| waiting(&v, seconds.into())),
        open_at: PATH,
        codes: node.code_ways().any(),
        lost_at: LOST,
        sign_in_at: SIGN_IN,
    };
    let shell = visit.shell(v.say("enter-title")).listed().status(status);
    Ok(come_back(shell.show(&page)?, wait_s))
}
