//! What was to be said and was not: why, and what an administrator can do about it.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::Form;

use super::super::case_page;
use super::{ACCOUNT, Answer, Officer, StaffRole, Tab, back, tabs};
use crate::api::problem;
use crate::channels::{NotSaid, log_name};
use crate::node::Node;

pub const PATH: &str = "/meja/saluran/tak-terkirim";

#[derive(Template)]
#[template(path = "desk/channel-unsaid.html")]
struct UnsaidPage {
    v: Voice,
    tabs: Vec<Tab>,
    lines: Vec<Line>,
    here: &'static str,
    /// Whether who looks may do something about it.
    may: bool,
}

/// Something that was not said.
struct Line {
    number: i64,
    name: String,
    what: String,
    /// Its ticket and page.
    case: Option<(String, String)>,
    at: i64,
    state: String,
    refused: bool,
    problem: String,
}

pub async fn list(State(node): State<Arc<Node>>, officer: Officer) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    let v = officer.visit.v;
    let all = node.not_said().await.map_err(|error| problem(&error))?;
    let cases = all.iter().filter_map(|one| one.case_id.as_deref());
    let tickets = node.tickets(cases).await;
    let tickets = tickets.map_err(|error| problem(&error))?;
    let lines = all.into_iter().map(|one| {
        let of = one.case_id.as_deref();
        let found = tickets
            .iter()
            .find(|(case, _)| of == Some(case.to_string().as_str()));
        let case = found.map(|(case, ticket)| (ticket.clone(), case_page::at(*case)));
        line(&v, one, case)
    });
    let page = UnsaidPage {
        v,
        tabs: tabs(&v, PATH),
        lines: lines.collect(),
        here: PATH,
        may: officer.role.administers(),
    };
    let shell = officer.visit.shell(v.say("channels-unsaid"));
    shell.wide().within(ACCOUNT).show(&page)
}

/// Says it again, or drops it.
pub async fn act(State(node): State<Arc<Node>>, officer: Officer, form: Form) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let (number, actor) = (
        form.text("nomor").parse().unwrap_or_default(),
        officer.actor(),
    );
    let (done, text) = if form.text("tindakan") == "kirim" {
        (
            node.say_again(number, &actor).await,
            text_id("unsaid-again-done"),
        )
    } else {
        (
            node.drop_unsaid(number, &actor).await,
            text_id("unsaid-dropped"),
        )
    };
    Ok(back(&officer, PATH, &super::said(done, text)?))
}

fn line(v: &Voice, one: NotSaid, case: Option<(String, String)>) -> Line {
    let refused = one.state == "refused";
    Line {
        number: one.number,
        name: log_name(&one.channel, &one.thread),
        what: v.say(if one.kind == "news" {
            text_id("unsaid-news")
        } else {
            text_id("unsaid-answer")
        }),
        case,
        at: one.created_at,
        state: v.say(if refused {
            text_id("unsaid-refused")
        } else {
            text_id("unsaid-closed")
        }),
        refused,
        problem: if refused {
            one.problem.unwrap_or_default()
        } else {
            v.say("unsaid-closed-about")
        },
    }
}
