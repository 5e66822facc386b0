//! Editions as a page: which there are, who goes by which, who lags; and a file
//! that is to become one, checked and compared before the national desk
//! publishes it.

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use lapor_protocol::directory::Directory;
use lapor_web::Query;
use lapor_web::edition_file::{self, Faults, New};
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Choice, Form, FormWithFiles};
use lapor_web::people::Member;
use serde::Deserialize;

use super::approvals::failed;
use super::edition_faults::Mistakes;
use super::instances::one;
use super::names;
use super::upkeep::{self, Tab, tabs};
use super::{Answer, Console};
use crate::editions::{self, Difference, Editions, Held, Holder, Shelf, What};
use crate::error::HubError;

pub const PATH: &str = "/konsol/edisi";
pub const DATA: &str = "/konsol/edisi.json";
/// The categories in force as a file.
pub const CATEGORIES: &str = "/konsol/edisi/kategori.json";
pub const CHECK: &str = "/konsol/edisi/periksa";
pub const FILE: &str = "berkas";
pub const NAME: &str = "edisi";
pub const KIND: &str = "jenis";
pub const TAXONOMY: &str = "kategori";
pub const CALENDAR: &str = "kalender";
/// Bytes of a file and the form around it, at most; a message takes 256 KiB.
const BYTES: usize = 300 * 1024;
/// Institutions that are listed before all are asked for.
const LISTED: usize = 50;
/// Entries of each part of a difference that are listed.
const LINES: usize = 200;

/// How much of the list is wanted.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Wanted {
    semua: u8,
}

#[derive(Template)]
#[template(path = "console/editions.html")]
struct Page<'a> {
    v: Voice,
    form: &'a Form,
    tabs: Vec<Tab>,
    data_at: &'static str,
    categories_at: &'static str,
    check_at: &'static str,
    kinds: Vec<Choice>,
    shelves: Vec<ShelfLine>,
    holders: Vec<HolderLine>,
    more: usize,
    all_at: String,
    silent: usize,
    /// What is wrong with the file that was sent.
    mistakes: Mistakes,
}

struct ShelfLine {
    name: String,
    editions: Vec<EditionLine>,
    lagging: usize,
    damaged: usize,
}

struct EditionLine {
    name: String,
    published_at: Option<i64>,
    /// It may be one of those whose messages are damaged.
    doubtful: bool,
    in_force: bool,
    adopted_by: usize,
}

struct HolderLine {
    at: String,
    name: String,
    /// Of each of [`What::ALL`].
    cells: Vec<Cell>,
}

struct Cell {
    of: String,
    edition: Option<String>,
    since: i64,
    lags: bool,
}

#[derive(Template)]
#[template(path = "console/edition-checked.html")]
struct CheckedPage {
    v: Voice,
    back_at: &'static str,
    what: String,
    edition: String,
    /// Name of the edition in force; `None` of the one that each program ships.
    before: Option<String>,
    kept: usize,
    sooner: Entries,
    later: Entries,
    added: Entries,
    removed: Entries,
    command: String,
}

/// The first of the entries in which an edition differs.
struct Entries {
    /// All of them.
    count: usize,
    shown: Vec<String>,
    more: usize,
}

impl Entries {
    fn of(mut all: Vec<String>) -> Self {
        let count = all.len();
        all.truncate(LINES);
        Self {
            count,
            more: count - all.len(),
            shown: all,
        }
    }
}

/// The same for programs.
pub async fn data(State(console): State<Arc<Console>>, _member: Member) -> Answer<Json<Editions>> {
    let editions = read(&console).await.map_err(|e| failed(&e))?;
    Ok(Json(editions))
}

/// The categories in force as the file of an edition, from which the next can be written.
pub async fn categories(State(console): State<Arc<Console>>, _member: Member) -> Answer<Response> {
    let edition = editions::categories_in_force(&console.hub.ground).await;
    let text = edition
        .and_then(|edition| serde_json::to_string_pretty(&edition).map_err(HubError::damaged));
    let text = text.map_err(|e| failed(&e))?;
    let kind = HeaderValue::from_static("application/json");
    let name = HeaderValue::from_static("attachment; filename=\"kategori.json\"");
    Ok(([(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, name)], text).into_response())
}

pub async fn show(
    State(console): State<Arc<Console>>,
    member: Member,
    Query(wanted): Query<Wanted>,
) -> Answer<Response> {
    let listed = if wanted.semua == 1 {
        usize::MAX
    } else {
        LISTED
    };
    page(
        &console,
        &member,
        &Form::empty(),
        (listed, Mistakes::default()),
    )
    .await
}

/// Checks a file and shows how it differs; nothing is kept.
pub async fn check(
    State(console): State<Arc<Console>>,
    member: Member,
    request: Request,
) -> Answer<Response> {
    let v = member.visit.v;
    let mut parts = FormWithFiles::open(request, BYTES as u64)?;
    let bytes = parts.bytes_of(FILE).await?;
    let mut form = parts.form();
    let compared = compared(&console, &v, &mut form, bytes).await?;
    let (new, difference) = match compared {
        Ok(compared) => compared,
        Err(faults) => {
            let mistakes = Mistakes::of(&v, &faults);
            return page(&console, &member, &form, (LISTED, mistakes)).await;
        }
    };
    let (what, edition, command) = match new {
        New::Taxonomy(new) => (What::Taxonomy, new.edition, "taxonomy publish"),
        New::Calendar(new) => (What::Calendar, new.edition, "calendar publish"),
    };
    let page = CheckedPage {
        v,
        back_at: PATH,
        what: v.say(what_words(what)),
        command: match what {
            What::Calendar => format!("lapor-node {command} --edition {edition} FILE"),
            _ => format!("lapor-node {command} FILE"),
        },
        edition,
        before: difference.before,
        kept: difference.kept,
        sooner: Entries::of(difference.sooner),
        later: Entries::of(difference.later),
        added: Entries::of(difference.added),
        removed: Entries::of(difference.removed),
    };
    let shell = member.visit.shell(v.say("edition-checked"));
    shell.within(upkeep::PATH).show(&page)
}

/// A file that can become an edition and how it differs from the one in force. An error where the
/// form has complaints, with all that is wrong with the file.
pub async fn compared(
    console: &Console,
    v: &Voice,
    form: &mut Form,
    bytes: Vec<u8>,
) -> Answer<Result<(New, Difference), Faults>> {
    let new = match parse(v, form, bytes) {
        Ok(new) => new,
        Err(faults) => return Ok(Err(faults)),
    };
    let (used, difference) = compare(console, &new).await.map_err(|e| failed(&e))?;
    if used {
        form.complain(NAME, v.say("edition-used"));
        return Ok(Err(Faults::default()));
    }
    Ok(Ok((new, difference)))
}

pub async fn read(console: &Console) -> Result<Editions, HubError> {
    Editions::read(&console.hub.ground).await
}

async fn compare(console: &Console, new: &New) -> Result<(bool, Difference), HubError> {
    let ground = &console.hub.ground;
    match new {
        New::Taxonomy(new) => editions::compare_taxonomy(ground, new).await,
        New::Calendar(new) => editions::compare_calendar(ground, new).await,
    }
}

/// Reads what was sent, or says what is wrong with it.
fn parse(v: &Voice, form: &mut Form, bytes: Vec<u8>) -> Result<New, Faults> {
    let name = form.text(NAME).trim().to_owned();
    let kind = form.required(v, KIND);
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let json = kind == TAXONOMY || edition_file::seems_json(error.as_bytes());
            let said = if json {
                text_id("edition-json-unreadable")
            } else {
                text_id("many-unreadable")
            };
            form.complain(FILE, v.say(said));
            return Err(Faults::default());
        }
    };
    if text.trim().is_empty() {
        form.complain(FILE, v.say("form-required"));
    }
    if !form.is_fine() {
        return Err(Faults::default());
    }
    let read = match &*kind {
        TAXONOMY => edition_file::taxonomy(&text, &name),
        CALENDAR if name.is_empty() && !edition_file::is_json(&text) => {
            form.complain(NAME, v.say("edition-name-needed"));
            return Err(Faults::default());
        }
        CALENDAR => edition_file::calendar(&text, &name),
        _ => {
            form.complain(KIND, v.say("form-required"));
            return Err(Faults::default());
        }
    };
    read.inspect_err(|faults| {
        form.complain(FILE, v.with("n", faults.count()).say("edition-wrong"));
    })
}

async fn page(
    console: &Console,
    member: &Member,
    form: &Form,
    (listed, mistakes): (usize, Mistakes),
) -> Answer<Response> {
    let v = member.visit.v;
    let editions = read(console).await.map_err(|e| failed(&e))?;
    let holders = editions.holders.iter().take(listed);
    let directory = console.hub.ground.directory.current();
    let page = Page {
        v,
        form,
        tabs: tabs(&v, PATH),
        data_at: DATA,
        categories_at: CATEGORIES,
        check_at: CHECK,
        kinds: vec![
            Choice::new(CALENDAR, v.say("edition-calendar")),
            Choice::new(TAXONOMY, v.say("edition-taxonomy")),
        ],
        shelves: editions.shelves.iter().map(|one| shelf(&v, one)).collect(),
        holders: holders.map(|one| holder(&v, &directory, one)).collect(),
        more: editions.holders.len().saturating_sub(listed),
        all_at: format!("{PATH}?semua=1"),
        silent: editions.silent,
        mistakes,
    };
    let title = v.say("editions-title");
    let shell = member.visit.shell(title).wide().within(upkeep::PATH);
    shell.status(form.status()).show(&page)
}

fn shelf(v: &Voice, shelf: &Shelf) -> ShelfLine {
    let editions = shelf.editions.iter().map(|edition| EditionLine {
        name: edition_name(v, &edition.name),
        published_at: edition.published_at,
        doubtful: shelf.damaged > 0 && edition.published_at.is_none() && !edition.name.is_empty(),
        in_force: edition.in_force,
        adopted_by: edition.adopted_by,
    });
    ShelfLine {
        name: v.say(what_words(shelf.what)),
        editions: editions.collect(),
        lagging: shelf.lagging,
        damaged: shelf.damaged,
    }
}

fn holder(v: &Voice, directory: &Directory, holder: &Holder) -> HolderLine {
    let cell = |what| {
        let held: Option<&Held> = holder.of(what);
        Cell {
            of: v.say(what_words(what)),
            edition: held.map(|held| edition_name(v, &held.edition)),
            since: held.map_or(0, |held| held.since),
            lags: held.is_some_and(|held| held.lags),
        }
    };
    HolderLine {
        at: one(&holder.instance),
        name: names::named(v, directory, holder.instance.as_str()),
        cells: What::ALL.into_iter().map(cell).collect(),
    }
}

fn edition_name(v: &Voice, name: &str) -> String {
    if name.is_empty() {
        v.say("edition-shipped")
    } else {
        name.to_owned()
    }
}

fn what_words(what: What) -> TextId {
    match what {
        What::Taxonomy => text_id("edition-taxonomy"),
        What::Calendar => text_id("edition-calendar"),
        What::Regions => text_id("edition-regions"),
    }
}
