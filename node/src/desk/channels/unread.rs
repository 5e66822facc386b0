//! What came in and cannot be read, waits for a person, or was put off: why, and how it is looked at
//! again.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_web::intake::channel_words;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Flash, Form};

use super::{ACCOUNT, Answer, Officer, StaffRole, Tab, back, tabs};
use crate::api::problem;
use crate::channels::Trouble;
use crate::node::Node;

pub const PATH: &str = "/meja/saluran/tak-terbaca";

#[derive(Template)]
#[template(path = "desk/channel-unread.html")]
struct UnreadPage {
    v: Voice,
    tabs: Vec<Tab>,
    lines: Vec<Line>,
    here: &'static str,
    /// Whether who looks may do something about it.
    may: bool,
    /// Something waits for that.
    any: bool,
}

/// A message with trouble.
struct Line {
    of: Trouble,
    channel: String,
    state: String,
    tone: &'static str,
    problem: String,
    /// It waits for a person.
    left: bool,
    /// Its words can be read, so that it can lie among the conversations.
    readable: bool,
}

pub async fn list(State(node): State<Arc<Node>>, officer: Officer) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    let v = officer.visit.v;
    let all = node.channel_trouble().await;
    let all = all.map_err(|error| problem(&error))?;
    let lines: Vec<Line> = all.into_iter().map(|one| line(&v, one)).collect();
    let page = UnreadPage {
        v,
        tabs: tabs(&v, PATH),
        any: lines.iter().any(|line| line.left),
        lines,
        here: PATH,
        may: officer.role.administers(),
    };
    let shell = officer.visit.shell(v.say("channels-unread"));
    shell.wide().within(ACCOUNT).show(&page)
}

/// Reads one again, or all, or lays one among the conversations.
pub async fn act(State(node): State<Arc<Node>>, officer: Officer, form: Form) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let (number, actor) = (form.text("nomor").parse().ok(), officer.actor());
    let flash = if form.text("tindakan") == "sisihkan" {
        let done = node.lay_aside(number.unwrap_or_default(), &actor).await;
        super::said(done, text_id("unread-laid-aside"))?
    } else {
        let lines = node.lines().map_err(|error| problem(&error))?;
        let again = node.look_again(lines, number, &actor).await;
        match again.map_err(|error| problem(&error))? {
            0 => Flash::warning(text_id("unread-still")),
            n => Flash::done(text_id("unread-again-done")).with("n", n.to_string()),
        }
    };
    Ok(back(&officer, PATH, &flash))
}

fn line(v: &Voice, of: Trouble) -> Line {
    let (state, tone) = match of.state.as_str() {
        "unread" => (text_id("unread-unread"), "alert"),
        "stuck" => (text_id("unread-stuck"), "alert"),
        _ => (text_id("unread-put-off"), "warm"),
    };
    Line {
        channel: channel_words(v, &of.channel),
        state: v.say(state),
        tone,
        problem: of.problem.clone().unwrap_or_default(),
        left: of.state != "waiting",
        readable: of.state == "stuck",
        of,
    }
}
