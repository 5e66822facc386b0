//! What was to be said and was not: why, and what an administrator can do about it.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_web::intake::channel_words;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::Form;

use super::super::case_page;
use super::{ACCOUNT, Answer, Officer, StaffRole, Tab, back, tabs};
use crate::api::problem;
use crate::casework::Sight;
use crate::channels::{NotSaid, Reason, log_name};
use crate::node::Node;

pub const PATH: &str = "/meja/saluran/tak-terkirim";

#[derive(Template)]
#[template(path = "desk/channel-unsaid.html")]
struct UnsaidPage {
    v: Voice,
    tabs: Vec<Tab>,
    lines: Vec<Line>,
    /// How many more there are, of cases that are not seen, in words.
    hidden: Option<String>,
    here: &'static str,
    /// Whether who looks may do something about it.
    may: bool,
}

/// Something that was not said.
struct Line {
    number: i64,
    name: String,
    what: String,
    /// Its ticket, or that it is a part of another, and its page.
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
    let (count, sight) = (all.len(), &officer.sight);
    let cases = all.iter().filter_map(|one| one.case_id.as_deref());
    let seen = node.seen_among(sight, cases).await;
    let seen = seen.map_err(|error| problem(&error))?;
    let lines = all.into_iter().filter_map(|one| {
        let of = one.case_id.as_deref();
        let found = seen
            .iter()
            .find(|(case, _)| of == Some(case.to_string().as_str()));
        // Whoever sees the whole desk looks after what is of no case that is still on it, too.
        if of.is_some() && found.is_none() && *sight != Sight::ALL {
            return None;
        }
        let case = found.map(|(case, ticket)| {
            let called = ticket.clone().unwrap_or_else(|| v.say("unsaid-part"));
            (called, case_page::at(*case))
        });
        Some(line(&v, one, case))
    });
    let lines: Vec<Line> = lines.collect();
    let hidden = count - lines.len();
    let page = UnsaidPage {
        v,
        tabs: tabs(&v, PATH),
        lines,
        hidden: (hidden > 0).then(|| v.with("n", hidden).say("unsaid-hidden")),
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

/// Why something was refused: what this node says of that in words of the page, all else as it was told.
fn why(v: &Voice, channel: &str, problem: String) -> String {
    match Reason::of(&problem) {
        Some(Reason::Waited) => v
            .with("channel", channel_words(v, channel))
            .say("unsaid-waited"),
        Some(Reason::Sealed) => v.say("unsaid-sealed"),
        None => problem,
    }
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
            why(v, &one.channel, one.problem.unwrap_or_default())
        } else {
            v.say("unsaid-closed-about")
        },
    }
}
