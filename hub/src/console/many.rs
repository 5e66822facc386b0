//! The pages of inviting many: the table is sent, judged, confirmed; a page
//! follows the work and hands out the sheets and the lines.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, REFRESH};
use http::{HeaderValue, StatusCode};
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Flash, Form, FormWithFiles, LocalPath};
use lapor_web::people::Member;
use lapor_web::regions::national;
use lapor_web::table::harmless;
use lapor_web::{ApiProblem, Path, Query};
use serde::Deserialize;

use super::bulk::{Made, Progress, Round};
use super::invite::{APPROVED, unapproved, waits_unless_said};
use super::sheet::Sheet;
use super::table::{self, Table, Wrong};
use super::words::{kind_words, membership_words};
use super::{Answer, Console, ConsoleRole, instances};
use crate::audit::By;
use crate::membership::Profile;

pub const PATH: &str = "/konsol/undang/massal";
pub const CHECK: &str = "/konsol/undang/massal/periksa";
pub const BEGIN: &str = "/konsol/undang/massal/mulai";
pub const ROUND: &str = "/konsol/undang/massal/{number}";
pub const SHEETS: &str = "/konsol/undang/massal/{number}/lembar";
pub const LINES: &str = "/konsol/undang/massal/{number}/hasil.csv";
pub const FORGET: &str = "/konsol/undang/massal/{number}/hapus";
const FILE: &str = "berkas";
const TEXT: &str = "isi";
/// Bytes of a table and the form around it, at most.
const BYTES: usize = 150 * 1024;
/// Sheets of one document: each draws a picture of some 30 KiB.
const SHEETS_AT_ONCE: usize = 50;
/// Problems that are listed.
const LISTED: usize = 200;
/// Seconds after which a page that is followed comes again.
const AGAIN: HeaderValue = HeaderValue::from_static("2");

#[derive(Deserialize)]
pub struct RoundPath {
    number: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Part {
    /// How many sheets come before the first.
    sesudah: usize,
}

#[derive(Template)]
#[template(path = "console/many.html")]
struct AskPage<'a> {
    v: Voice,
    form: &'a Form,
    /// Whether an authority needs two, so that no table gives one.
    second_person: bool,
    check_at: &'static str,
    list_at: &'static str,
}

#[derive(Template)]
#[template(path = "console/many-checked.html")]
struct CheckedPage {
    v: Voice,
    wrong: Vec<Wrong>,
    more: usize,
    table: Table,
    text: String,
    begin_at: &'static str,
    again_at: &'static str,
    /// Whether who joins waits unless the invitation says otherwise.
    approval: bool,
    form: Form,
    /// Why nobody is invited though the table is fine.
    refused: Option<String>,
}

impl CheckedPage {
    /// Those who are to be invited, with what their kinds and regions are called.
    fn rows(&self) -> Vec<(&Profile, String, Option<String>)> {
        let kind = |profile: &Profile| self.v.say(kind_words(profile.kind));
        let place = |profile: &Profile| national().display_name(profile.region.as_ref()?);
        let profiles = self.table.profiles.iter();
        let rows = profiles.map(|profile| (profile, kind(profile), place(profile)));
        rows.collect()
    }
}

#[derive(Template)]
#[template(path = "console/many-round.html")]
struct RoundPage {
    v: Voice,
    progress: Progress,
    failed: Option<String>,
    total: usize,
    over: bool,
    /// Where each document of sheets stands, and which sheets are in it.
    sheets: Vec<(String, String)>,
    lines_at: String,
    forget_at: String,
    again_at: &'static str,
}

#[derive(Template)]
#[template(path = "console/many-sheets.html")]
struct SheetsPage {
    v: Voice,
    back_at: String,
    sheets: Vec<Sheet>,
}

pub async fn ask(State(console): State<Arc<Console>>, member: Member) -> Answer<Response> {
    may(&member)?;
    ask_page(&console, &member, &Form::empty())
}

/// Judges a table; nothing is done.
pub async fn check(
    State(console): State<Arc<Console>>,
    member: Member,
    request: Request,
) -> Answer<Response> {
    may(&member)?;
    let v = member.visit.v;
    let mut parts = FormWithFiles::open(request, BYTES as u64)?;
    let bytes = parts.bytes_of(FILE).await?;
    let mut form = parts.form();
    let Ok(text) = String::from_utf8(bytes) else {
        form.complain(FILE, v.say("many-unreadable"));
        return ask_page(&console, &member, &form);
    };
    if text.trim().is_empty() {
        form.complain(FILE, v.say("form-required"));
        return ask_page(&console, &member, &form);
    }
    checked(&console, &member, text, None)
}

/// Begins to invite everybody in a table that has nothing wrong.
pub async fn begin(
    State(console): State<Arc<Console>>,
    member: Member,
    form: Form,
) -> Answer<Response> {
    may(&member)?;
    let text = form.typed(TEXT).to_owned();
    let ground = &console.hub.ground;
    let table = judged(&console, &member.visit.v, &text);
    if !table.wrong.is_empty() {
        return checked(&console, &member, text, None);
    }
    let approved = form.is_ticked(APPROVED);
    if let Some(refused) = unapproved(&console, &member.visit.v, approved) {
        return checked(&console, &member, text, Some(refused));
    }
    let mut profiles = table.profiles;
    for profile in &mut profiles {
        profile.approved = approved;
    }
    let actor = member.actor();
    let begun = console.rounds.begin(ground, &By::actor(&actor), profiles);
    let Some(number) = begun else {
        let refused = member.visit.v.say("many-too-many");
        return checked(&console, &member, text, Some(refused));
    };
    Ok(member.visit.go(&LocalPath::own(&at(ROUND, &number))))
}

/// How far a round is. Until it is over the page comes again by itself.
pub async fn follow(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<RoundPath>,
) -> Answer<Response> {
    let (v, round) = (member.visit.v, round(&console, &member, &path.number)?);
    let progress = round.progress();
    let over = progress.is_over(round.total);
    let starts = (0..progress.made.len()).step_by(SHEETS_AT_ONCE);
    let sheets = starts.map(|start| {
        let last = (start + SHEETS_AT_ONCE).min(progress.made.len());
        let said = v.with("first", start + 1).with("last", last);
        let to = format!("{}?sesudah={start}", at(SHEETS, &path.number));
        (to, said.say("many-sheets"))
    });
    let page = RoundPage {
        v,
        failed: progress
            .failed
            .as_ref()
            .map(|error| membership_words(&v, error)),
        total: round.total,
        over,
        sheets: sheets.filter(|_| over).collect(),
        lines_at: at(LINES, &path.number),
        forget_at: at(FORGET, &path.number),
        again_at: PATH,
        progress,
    };
    let shell = member.visit.shell(v.say("many-title"));
    let mut shown = shell.within(instances::PATH).show(&page)?;
    if over {
        console.hub.watch.look_again();
    } else {
        shown.headers_mut().insert(REFRESH, AGAIN);
    }
    Ok(shown)
}

/// Sheets to print, each on a page of its own.
pub async fn sheets(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<RoundPath>,
    Query(part): Query<Part>,
) -> Answer<Response> {
    let (v, round) = (member.visit.v, round(&console, &member, &path.number)?);
    let made = round.progress().made;
    let made = made.iter().skip(part.sesudah).take(SHEETS_AT_ONCE);
    let sheets: Answer<Vec<Sheet>> = made
        .map(|made| {
            Sheet::of(
                &console,
                (&made.id, &made.name),
                &made.line,
                made.expires_at,
            )
        })
        .collect();
    let page = SheetsPage {
        v,
        back_at: at(ROUND, &path.number),
        sheets: sheets?,
    };
    let shell = member.visit.shell(v.say("many-title"));
    shell
        .within(instances::PATH)
        .script("invite.js")
        .show(&page)
}

/// The lines for a program that sends them.
pub async fn lines(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<RoundPath>,
) -> Answer<Response> {
    let round = round(&console, &member, &path.number)?;
    let text = written(&member.visit.v, &round.progress().made)?;
    let kind = HeaderValue::from_static("text/csv; charset=utf-8");
    let name = HeaderValue::from_static("attachment; filename=\"undangan.csv\"");
    Ok(([(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, name)], text).into_response())
}

pub async fn forget(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<RoundPath>,
) -> Answer<Response> {
    round(&console, &member, &path.number)?;
    console.rounds.forget(&path.number);
    let said = Flash::done(text_id("many-forgotten"));
    Ok(member
        .visit
        .go_saying(&LocalPath::own(instances::PATH), &said))
}

fn written(v: &Voice, made: &[Made]) -> Answer<Vec<u8>> {
    let wrong = |error: csv::Error| {
        tracing::error!(%error, "a table of invitations cannot be written");
        ApiProblem::internal()
    };
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = ["slug", "name", "expires_at", "line"];
    writer.write_record(header).map_err(wrong)?;
    for made in made {
        let until = v.machine_time(made.expires_at);
        let name = harmless(&made.name);
        let row = [made.id.as_str(), &name, &until, made.line.as_str()];
        writer.write_record(row).map_err(wrong)?;
    }
    writer.into_inner().map_err(|_| ApiProblem::internal())
}

/// What a table says; it is kept, whatever the hub refuses of it.
fn checked(
    console: &Console,
    member: &Member,
    text: String,
    refused: Option<String>,
) -> Answer<Response> {
    let v = member.visit.v;
    let table = judged(console, &v, &text);
    let status = match refused {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let page = CheckedPage {
        v,
        wrong: table.wrong.iter().take(LISTED).cloned().collect(),
        more: table.wrong.len().saturating_sub(LISTED),
        table,
        text,
        begin_at: BEGIN,
        again_at: PATH,
        approval: waits_unless_said(console),
        form: Form::empty(),
        refused,
    };
    let shell = member.visit.shell(v.say("many-title"));
    let shell = shell.within(instances::PATH).wide();
    shell.status(status).show(&page)
}

/// What a table says, and what is wrong with it.
pub fn judged(console: &Console, v: &Voice, text: &str) -> Table {
    let directory = console.hub.ground.directory.current();
    table::read(v, &directory, console.settings.second_person, text)
}

fn ask_page(console: &Console, member: &Member, form: &Form) -> Answer<Response> {
    let v = member.visit.v;
    let page = AskPage {
        v,
        form,
        second_person: console.settings.second_person,
        check_at: CHECK,
        list_at: instances::PATH,
    };
    let shell = member.visit.shell(v.say("many-title"));
    shell
        .within(instances::PATH)
        .status(form.status())
        .show(&page)
}

fn may(member: &Member) -> Answer<()> {
    member.requires(|role| ConsoleRole::of(role, ConsoleRole::acts))
}

fn round(console: &Console, member: &Member, number: &str) -> Answer<Arc<Round>> {
    may(member)?;
    round_of(console, &member.actor(), number)
}

/// A round of somebody.
pub fn round_of(console: &Console, actor: &str, number: &str) -> Answer<Arc<Round>> {
    let now = console.hub.ground.clock.now_ms();
    let round = console.rounds.of(number, actor, now);
    round.ok_or_else(ApiProblem::not_found)
}

fn at(path: &str, number: &str) -> String {
    path.replace("{number}", number)
}
