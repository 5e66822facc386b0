//! What lies aside because it looked like no report. One press makes a report of it, as if the
//! person had written it so: its ticket goes back to them, and nobody types anything.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_web::Query;
use lapor_web::intake::channel_words;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Flash, Form, LocalPath};
use serde::Deserialize;

use super::{ACCOUNT, Answer, Officer, StaffRole, Tab, blocking, tabs};
use crate::api::problem;
use crate::channels::{AsideMessage, Conversation, TakenUp};
use crate::error::NodeError;
use crate::node::Node;

pub const PATH: &str = "/meja/saluran/percakapan";
const ALL: &str = "semua";

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct TalkQuery {
    /// Everything that is kept, not only what waits for a look.
    semua: String,
    /// The message behind which the page begins.
    sebelum: Option<i64>,
}

#[derive(Template)]
#[template(path = "desk/channel-talks.html")]
struct TalksPage {
    v: Voice,
    tabs: Vec<Tab>,
    talks: Vec<Talk>,
    all: bool,
    here: &'static str,
    /// The other choice of what is shown.
    other_at: String,
    first: Option<String>,
    next: Option<String>,
}

/// A conversation.
struct Talk {
    thread: String,
    name: String,
    channel: String,
    blocked: Option<String>,
    block_at: Option<String>,
    /// Whether all of its messages can be read.
    readable: bool,
    several: bool,
    messages: Vec<Message>,
}

/// A message in it.
struct Message {
    of: AsideMessage,
    /// Why it stands here, where that is not because it looked like no report.
    note: Option<String>,
    /// It is part of the report unless that is undone.
    ticked: bool,
}

pub async fn list(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Query(query): Query<TalkQuery>,
) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    let v = officer.visit.v;
    let all = !query.semua.is_empty();
    let found = node.conversations(query.sebelum, all).await;
    let found = found.map_err(|error| problem(&error))?;
    let admin = officer.role.administers();
    let talks = found.all.into_iter().map(|talk| shown(&v, talk, admin));
    let page = TalksPage {
        v,
        tabs: tabs(&v, PATH),
        talks: talks.collect(),
        all,
        here: PATH,
        other_at: at(!all, None),
        first: query.sebelum.map(|_| at(all, None)),
        next: found.next.map(|next| at(all, Some(next))),
    };
    let shell = officer.visit.shell(v.say("channels-talks"));
    shell.wide().within(ACCOUNT).show(&page)
}

/// Makes a report of what was chosen, or leaves it.
pub async fn act(State(node): State<Arc<Node>>, officer: Officer, form: Form) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    let thread = form.text("utas");
    let numbers: Vec<i64> = form
        .all("pesan")
        .filter_map(|one| one.parse().ok())
        .collect();
    let to = LocalPath::own(&at(form.is_ticked(ALL), None));
    let flash = if numbers.is_empty() {
        Flash::warning(text_id("talk-choose"))
    } else if form.text("tindakan") == "laporkan" {
        take_up(&node, thread, &numbers, &officer.actor()).await?
    } else {
        let left = node.leave(thread, &numbers, &officer.actor()).await;
        super::said(left.map(|_| ()), text_id("talk-left"))?
    };
    Ok(officer.visit.go_saying(&to, &flash))
}

async fn take_up(node: &Node, thread: &str, numbers: &[i64], actor: &str) -> Answer<Flash> {
    match node.take_up(thread, numbers, actor).await {
        Ok(TakenUp::Filed { ticket, .. }) => {
            Ok(Flash::done(text_id("talk-filed")).with("ticket", ticket))
        }
        Ok(TakenUp::Again(ticket)) => {
            Ok(Flash::warning(text_id("talk-again")).with("ticket", ticket))
        }
        Err(NodeError::NotFound { .. } | NodeError::AnsweredMeanwhile) => {
            Ok(Flash::warning(text_id("channels-gone")))
        }
        Err(NodeError::Invalid(_)) => Ok(Flash::warning(text_id("talk-unusable"))),
        Err(NodeError::Locked(_)) => Ok(Flash::warning(text_id("talk-off"))),
        Err(error) => Err(problem(&error)),
    }
}

fn at(all: bool, before: Option<i64>) -> String {
    let before = before.map(|number| number.to_string());
    let fields = [
        all.then_some((ALL, "1")),
        before.as_deref().map(|before| ("sebelum", before)),
    ];
    LocalPath::asking(PATH, fields.into_iter().flatten()).to_string()
}

fn shown(v: &Voice, talk: Conversation, admin: bool) -> Talk {
    let blocked = talk.blocked_until.map(|until| {
        let until = v.with("until", v.date(until));
        until.say("talk-blocked")
    });
    let may_block = admin && blocked.is_none();
    Talk {
        block_at: may_block.then(|| blocking::at(&talk.thread)),
        blocked,
        name: talk.name,
        channel: channel_words(v, &talk.channel),
        readable: talk.messages.iter().all(|one| one.words.is_some()),
        several: talk.messages.len() > 1,
        messages: talk
            .messages
            .into_iter()
            .map(|one| message(v, one))
            .collect(),
        thread: talk.thread,
    }
}

fn message(v: &Voice, of: AsideMessage) -> Message {
    let note = match of.outcome.as_str() {
        "refused" => Some(v.say("talk-was-refused")),
        "doubted" => Some(v.say("talk-was-doubted")),
        "left" => Some(v.say("talk-was-left")),
        "blocked" => Some(v.say("talk-was-blocked")),
        _ => None,
    };
    Message {
        ticked: !of.courtesy && !["left", "doubted"].contains(&of.outcome.as_str()),
        note,
        of,
    }
}
