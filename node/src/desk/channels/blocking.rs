//! Conversations that are blocked, how one is blocked with a reason until a day, and how that ends.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_web::Path;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Choice, Flash, Form};
use lapor_web::people::actor_named;
use serde::Deserialize;

use super::super::identity::names;
use super::{ACCOUNT, Answer, Officer, StaffRole, Tab, back, tabs};
use crate::api::problem;
use crate::channels::{BLOCK_DAYS, Block, log_name};
use crate::node::Node;

pub const PATH: &str = "/meja/saluran/blokir";
pub const ONE: &str = "/meja/saluran/blokir/{thread}";
const WHY: &str = "alasan";
const DAYS: &str = "lama";
const WHY_CHARS: usize = 300;

/// A conversation in a path.
#[derive(Deserialize)]
pub struct ThreadPath {
    thread: String,
}

#[derive(Template)]
#[template(path = "desk/channel-blocked.html")]
struct BlockedPage {
    v: Voice,
    tabs: Vec<Tab>,
    lines: Vec<Line>,
    here: &'static str,
    /// Whether who looks may end a block.
    may: bool,
}

/// A conversation that is blocked.
struct Line {
    name: String,
    by: String,
    block: Block,
}

#[derive(Template)]
#[template(path = "desk/channel-block.html")]
struct BlockPage<'a> {
    v: Voice,
    form: &'a Form,
    name: String,
    here: String,
    terms: Vec<Choice>,
    most: usize,
    back_at: &'static str,
}

/// Where a conversation is blocked.
pub fn at(thread: &str) -> String {
    format!("{PATH}/{thread}")
}

pub async fn list(State(node): State<Arc<Node>>, officer: Officer) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    let v = officer.visit.v;
    let blocked = node.blocked().await.map_err(|error| problem(&error))?;
    let names = names(&node).await?;
    let lines = blocked.into_iter().map(|block| Line {
        name: log_name(&block.channel, &block.thread),
        by: actor_named(&v, &names, &block.blocked_by),
        block,
    });
    let page = BlockedPage {
        v,
        tabs: tabs(&v, PATH),
        lines: lines.collect(),
        here: PATH,
        may: officer.role.administers(),
    };
    let shell = officer.visit.shell(v.say("channels-blocked"));
    shell.wide().within(ACCOUNT).show(&page)
}

pub async fn ask(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Path(path): Path<ThreadPath>,
) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let form = Form::of([(DAYS, BLOCK_DAYS[1].to_string())]);
    page(&node, &officer, &path.thread, &form).await
}

pub async fn block(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Path(path): Path<ThreadPath>,
    mut form: Form,
) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let v = officer.visit.v;
    let why = form.required(&v, WHY);
    form.at_most(&v, WHY, WHY_CHARS);
    let days = form.text(DAYS);
    let days = BLOCK_DAYS.into_iter().find(|term| term.to_string() == days);
    if days.is_none() {
        form.complain(DAYS, v.say("form-required"));
    }
    let (Some(days), true) = (days, form.is_fine()) else {
        return page(&node, &officer, &path.thread, &form).await;
    };
    let done = node.block(&path.thread, days, &why, &officer.actor()).await;
    done.map_err(|error| problem(&error))?;
    let flash = Flash::done(text_id("block-done"));
    Ok(back(&officer, PATH, &flash))
}

/// Ends a block before its day.
pub async fn lift(State(node): State<Arc<Node>>, officer: Officer, form: Form) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let done = node.unblock(form.text("utas"), &officer.actor()).await;
    let flash = super::said(done, text_id("block-lifted"))?;
    Ok(back(&officer, PATH, &flash))
}

async fn page(node: &Node, officer: &Officer, thread: &str, form: &Form) -> Answer<Response> {
    let v = officer.visit.v;
    let name = node.conversation_name(thread).await;
    let page = BlockPage {
        v,
        form,
        name: name.map_err(|error| problem(&error))?,
        here: at(thread),
        terms: BLOCK_DAYS
            .map(|days| Choice::new(days.to_string(), v.with("n", days).say("block-days")))
            .to_vec(),
        most: WHY_CHARS,
        back_at: super::talks::PATH,
    };
    let shell = officer.visit.shell(v.say("block-title"));
    shell.within(ACCOUNT).status(form.status()).show(&page)
}
