//! Recovery: what a hub that was restored has heard, from whom, and what they hold that it has
//! lost. The page follows by itself where there is a script.

use std::convert::Infallible;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::sse::Event;
use axum::response::{Response, Sse};
use futures_util::Stream;
use lapor_protocol::directory::Directory;
use lapor_protocol::ids::InstanceId;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Flash, Form, LocalPath};
use lapor_web::people::Member as Person;

use super::super::approvals::{failed, named, put, refused};
use super::super::instances::{done, one};
use super::super::{Answer, Console, ConsoleRole};
use super::super::{key_terms, live, names};
use super::{Tab, tabs};
use crate::approvals::ApprovalError;
use crate::deeds::Deed;
use crate::membership::MembershipError;
use crate::restored::{self, Back, CloseError, Member, Recovery, Stage};
use crate::stuck::Stuck;
use crate::witness::{Conflict, Lack, Part};

pub const PATH: &str = "/konsol/perawatan/pemulihan";
pub const CLOSE: &str = "/konsol/perawatan/pemulihan/tutup";
pub const STREAM: &str = "/konsol/perawatan/pemulihan/aliran";
const REASON: &str = "alasan";
const REASON_CHARACTERS: usize = 500;
/// Institutions that the table shows; of the others their number is said.
const SHOWN: usize = 200;

#[derive(Template)]
#[template(path = "console/upkeep/recovery.html")]
struct Page<'a> {
    v: Voice,
    tabs: Vec<Tab>,
    form: &'a Form,
    live_at: &'static str,
    close_at: &'static str,
    /// Tone, heading and what is to be done.
    stage: (&'static str, String, String),
    recovery: Recovery,
    /// Whose record it is that ended the restore by hand.
    closed_by: Option<String>,
    /// What was shown to be lost.
    loss: Option<String>,
    /// What does not get its place, and why.
    stuck: Option<String>,
    damaged: Vec<DamagedLine>,
    /// Whether messages are counted since the restore.
    counts: bool,
    lines: Vec<Line>,
    more: usize,
    /// A restore is under way and may be closed by whoever looks.
    closes: bool,
    second_person: bool,
}

/// A message that the disk of the hub has damaged.
struct DamagedLine {
    name: String,
    at: String,
    place: String,
    envelope: String,
    found_at: i64,
}

struct Line {
    name: String,
    at: String,
    /// Tone and words.
    state: (&'static str, String),
    heard_at: Option<i64>,
    lacks: Vec<String>,
    came: u64,
    back: String,
}

pub async fn show(State(console): State<Arc<Console>>, member: Person) -> Answer<Response> {
    page(&console, &member, &Form::empty()).await
}

/// `GET /konsol/perawatan/pemulihan/aliran`: an event whenever a member shows something else.
pub async fn stream(
    State(console): State<Arc<Console>>,
    _: Person,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    live::follow(console.hub.witness.subscribe(), console.hub.closing())
}

/// Ends the watch over a restore although not all have been heard.
pub async fn close(
    State(console): State<Arc<Console>>,
    member: Person,
    mut form: Form,
) -> Answer<Response> {
    member.requires(|role| ConsoleRole::of(role, ConsoleRole::acts))?;
    let v = member.visit.v;
    let reason = form.required(&v, REASON);
    form.at_most(&v, REASON, REASON_CHARACTERS);
    if !form.is_fine() {
        return page(&console, &member, &form).await;
    }
    let deed = Deed::CloseRecovery;
    let asked = (&deed, reason.as_str(), console.settings.second_person);
    let done = done(&deed, v.now_ms());
    let said = match put(&console, &member, asked, done).await {
        Ok(said) => said,
        Err(ApprovalError::Membership(MembershipError::Recovery(CloseError::Nothing))) => {
            Flash::warning(text_id("recovery-nothing"))
        }
        Err(error) => return Err(refused(&error)),
    };
    Ok(member.visit.go_saying(&LocalPath::own(PATH), &said))
}

async fn page(console: &Console, member: &Person, form: &Form) -> Answer<Response> {
    let v = member.visit.v;
    let recovery = restored::read(&console.hub).await;
    let recovery = recovery.map_err(|error| failed(&error))?;
    let acts = ConsoleRole::of(member.session.account.role, ConsoleRole::acts);
    let stage = match recovery.stage {
        Stage::Still if recovery.heard() == 0 => (
            "plain",
            text_id("recovery-still"),
            text_id("recovery-still-unheard"),
        ),
        Stage::Still => (
            "done",
            text_id("recovery-still"),
            text_id("recovery-still-do"),
        ),
        Stage::Listening => (
            "warning",
            text_id("recovery-listening"),
            text_id("recovery-listening-do"),
        ),
        Stage::Lost => (
            "alert",
            text_id("recovery-lost"),
            text_id("recovery-lost-do"),
        ),
    };
    let directory = console.hub.ground.directory.current();
    let restore = recovery.restore.as_ref();
    let closed_by = match restore.and_then(|restore| restore.closed_by.as_deref()) {
        Some(actor) => Some(named(console, &v, actor).await?),
        None => None,
    };
    let page = Page {
        v,
        tabs: tabs(&v, PATH),
        form,
        live_at: STREAM,
        close_at: CLOSE,
        stage: (stage.0, v.say(stage.1), v.say(stage.2)),
        closed_by,
        loss: recovery.loss.as_ref().map(|loss| {
            let what = loss.lack.as_ref().map(|lack| lacked(&v, lack));
            what.unwrap_or_else(|| loss.what.clone())
        }),
        stuck: recovery
            .stuck_by
            .as_ref()
            .map(|stuck| stuck_words(&v, &directory, stuck)),
        damaged: recovery
            .damaged
            .iter()
            .map(|of| DamagedLine {
                name: names::named(&v, &directory, of.author.as_str()),
                at: one(&of.author),
                place: key_terms::position(&v, of.position()),
                envelope: of.envelope.to_string(),
                found_at: of.found_at,
            })
            .collect(),
        counts: restore.is_some_and(|restore| restore.closed_at.is_none()),
        lines: recovery
            .members
            .iter()
            .take(SHOWN)
            .map(|of| line(&v, &directory, of))
            .collect(),
        more: recovery.members.len().saturating_sub(SHOWN),
        second_person: console.settings.second_person,
        closes: acts && recovery.stage != Stage::Still,
        recovery,
    };
    let shell = member.visit.shell(v.say("recovery-title")).wide();
    shell
        .within(super::PATH)
        .status(form.status())
        .script("federation.js")
        .show(&page)
}

fn line(v: &Voice, directory: &Directory, of: &Member) -> Line {
    let state = match (of.heard_at, of.lacks.is_empty(), of.shows) {
        (Some(_), false, _) if of.back.whole => ("done", v.say("member-back")),
        (Some(_), true, _) if of.unread => ("alert", v.say("member-unread")),
        (None, ..) => ("warm", v.say("member-unheard")),
        (Some(_), false, _) => ("alert", v.with("n", of.gap()).say("member-lacks")),
        (Some(_), true, true) => ("done", v.say("member-whole")),
        (Some(_), true, false) => ("quiet", v.say("member-shows-nothing")),
    };
    Line {
        name: names::named(v, directory, of.id.as_str()),
        at: one(&of.id),
        state,
        heard_at: of.heard_at,
        lacks: lacks(v, of),
        came: of.came,
        back: brought(v, &of.back),
    }
}

fn lacks(v: &Voice, of: &Member) -> Vec<String> {
    let lacks = of.lacks.iter().map(|lack| lacked(v, lack));
    let conflict = of.back.conflict.map(|what| contradicted(v, what));
    lacks.chain(conflict).collect()
}

/// What the hub has given to something else.
fn contradicted(v: &Voice, what: Conflict) -> String {
    let words = v.with("n", what.number);
    let what = match what.of {
        Part::Inbox => words.say("conflict-inbox"),
        Part::Public => words.say("conflict-public"),
        Part::Chain => words.say("conflict-chain"),
        Part::Directory => words.say("conflict-directory"),
    };
    v.with("what", what).say("member-conflict")
}

/// What it has brought back; empty where nothing was.
fn brought(v: &Voice, back: &Back) -> String {
    if back.versions + back.items + back.messages == 0 {
        return String::new();
    }
    v.with("messages", back.messages)
        .with("items", back.items)
        .with("versions", back.versions)
        .say("member-brought")
}

/// What does not get its place.
fn stuck_words(v: &Voice, directory: &Directory, stuck: &Stuck) -> String {
    let of = |author: &InstanceId| names::named(v, directory, author.as_str());
    match stuck {
        Stuck::Withheld { messages, .. } => v.with("n", *messages).say("stuck-withheld"),
        Stuck::Forked { author } => v.with("name", of(author)).say("stuck-forked"),
        Stuck::Apart {
            messages, author, ..
        } => {
            let said = v.with("n", *messages).with("name", of(author));
            said.say("stuck-apart")
        }
        Stuck::Unfit {
            messages, author, ..
        } => {
            let said = v.with("n", *messages).with("name", of(author));
            said.say("stuck-unfit")
        }
        Stuck::Short { item, whose: None } => v.with("n", *item).say("stuck-short-public"),
        Stuck::Short {
            item,
            whose: Some(whose),
        } => {
            let said = v.with("n", *item);
            said.with("name", names::named(v, directory, whose))
                .say("stuck-short")
        }
        Stuck::Behind { author, .. } => v.with("name", of(author)).say("stuck-behind"),
    }
}

fn lacked(v: &Voice, lack: &Lack) -> String {
    let whose = lack.whose.as_ref().map_or("", |id| id.as_str());
    let words = v
        .with("whose", whose)
        .with("shown", lack.shown)
        .with("held", lack.held);
    match lack.of {
        Part::Inbox => words.say("lack-inbox"),
        Part::Public => words.say("lack-public"),
        Part::Chain => words.say("lack-chain"),
        Part::Directory => words.say("lack-directory"),
    }
}
