//! Registers at the desk: a file with many reports is brought, looked at row by row, and filed as a
//! whole; and what lies here goes out as such a file.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderValue, Uri};
use lapor_web::intake::channel_words;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Choice, Flash, Form, FormWithFiles, LocalPath};
use lapor_web::people::actor_named;
use lapor_web::{ApiProblem, Path, Query};
use serde::Deserialize;

use super::identity::names;
use super::register_page::{self, Part, field_words, wrong_words};
use super::{Answer, Officer, ROOT, register_out};
use crate::api::problem;
use crate::node::Node;
use crate::registers::{
    Brought, Cell, FILE_BYTES, Field, FiledRow, ImportState, MOST_ROWS, NewRegister, RegisterError,
    RowProblem, Table, UNPACKED_BYTES, Unreadable, XLSX, channel_of,
};
use crate::staff::StaffRole;

pub const PATH: &str = "/meja/register";
pub const ONE: &str = "/meja/register/{id}";
pub const ACT: &str = "/meja/register/{id}/{act}";
const FILE: &str = "berkas";
const CHANNEL: &str = "saluran";
const COLUMN: &str = "kolom";
const CSV: &str = "text/csv; charset=utf-8";
const WITHOUT_WRONG: &str = "tanpa-salah";
const CHANNELS: [&str; 7] = [
    "walk-in", "letter", "phone", "sms", "email", "whatsapp", "web",
];
/// Bytes of the form around a file: one that is a little too large is still told so on its page.
const AROUND: u64 = 2 * 1024 * 1024;

#[derive(Deserialize)]
pub struct OnePath {
    id: String,
}

#[derive(Deserialize)]
pub struct ActPath {
    id: String,
    act: String,
}

/// Which page of the rows; the first without it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct PageAsked {
    halaman: usize,
}

#[derive(Template)]
#[template(path = "desk/registers.html")]
struct RegistersPage<'a> {
    v: Voice,
    form: &'a Form,
    channels: Vec<Choice>,
    lines: Vec<Line>,
    before: Option<Before>,
    most: usize,
    here: &'static str,
    csv_at: &'static str,
    xlsx_at: &'static str,
}

struct Line {
    one: Brought,
    by: String,
    /// Only for whoever brought it.
    at: Option<String>,
}

impl Line {
    fn waits(&self) -> bool {
        self.one.state == ImportState::Waiting
    }
}

/// The same file, as it was brought before.
struct Before {
    said: String,
    at: Option<String>,
}

pub async fn list(State(node): State<Arc<Node>>, officer: Officer) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    let form = Form::of([(CHANNEL, CHANNELS[0])]);
    list_page(&node, &officer, &form, None).await
}

/// Reads a file; nothing of it is filed.
pub async fn bring(
    State(node): State<Arc<Node>>,
    officer: Officer,
    request: Request,
) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    let (v, actor) = (officer.visit.v, officer.actor());
    let (mut form, file) = posted(request).await?;
    let channel = form.required(&v, CHANNEL);
    let channel = channel_of(&channel);
    if channel.is_none() && form.is_fine() {
        form.complain(CHANNEL, v.say("form-required"));
    }
    if file.is_none() {
        form.complain(FILE, v.say("register-no-file"));
    }
    let (Some((name, bytes)), Some(channel)) = (file, channel) else {
        return list_page(&node, &officer, &form, None).await;
    };
    let new = NewRegister {
        name: &name,
        bytes,
        channel,
    };
    match node.bring_register(new, &actor).await {
        Ok(id) => Ok(officer.visit.go(&LocalPath::own(&at(&id)))),
        Err(RegisterError::Before(before)) => {
            form.complain(FILE, v.say("register-before"));
            let before = said_before(&node, &officer, &before).await?;
            list_page(&node, &officer, &form, Some(before)).await
        }
        Err(RegisterError::Unreadable(why)) => {
            form.complain(FILE, unreadable(&v, why));
            list_page(&node, &officer, &form, None).await
        }
        Err(RegisterError::Crowded) => {
            form.complain(FILE, v.say("register-crowded"));
            list_page(&node, &officer, &form, None).await
        }
        Err(error) => Err(failed(error)),
    }
}

pub async fn show(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Path(path): Path<OnePath>,
    Query(asked): Query<PageAsked>,
) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    let part = Part {
        page: asked.halaman,
        ..Part::default()
    };
    register_page::page(&node, &officer, &path.id, &Form::empty(), part).await
}

/// Chooses the columns of a register, files it, or drops it.
pub async fn act(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Path(path): Path<ActPath>,
    mut form: Form,
) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    let (v, id, actor) = (officer.visit.v, path.id.as_str(), officer.actor());
    let done = match path.act.as_str() {
        "kolom" => {
            let columns: Vec<Option<Field>> = form.all(COLUMN).map(Field::named).collect();
            match node.choose_columns(id, columns.clone(), &actor).await {
                Ok(()) => Flash::done(text_id("register-columns-chosen")),
                Err(RegisterError::Twice(field)) => {
                    let said = v.with("field", v.say(field_words(field)));
                    form.complain(COLUMN, said.say("register-columns-twice"));
                    let part = Part {
                        chosen: Some(&columns),
                        ..Part::default()
                    };
                    return register_page::page(&node, &officer, id, &form, part).await;
                }
                Err(error) => return Err(failed(error)),
            }
        }
        "masukkan" => {
            let unit = officer.session.account.unit.as_deref();
            let without_wrong = form.is_ticked(WITHOUT_WRONG);
            let filed = Box::pin(node.file_register(id, without_wrong, unit, &actor));
            let (field, said) = match filed.await {
                Ok(filed) => {
                    let n = v.number(filed.filed.len());
                    let done = Flash::done(text_id("register-filed")).with("n", n);
                    return Ok(officer.visit.go_saying(&LocalPath::own(&at(id)), &done));
                }
                Err(RegisterError::Wrong(rows)) => {
                    let said = v.with("n", rows);
                    (WITHOUT_WRONG, said.say("register-has-wrong"))
                }
                Err(RegisterError::NoContent) => (COLUMN, v.say("register-no-content")),
                Err(RegisterError::Nothing) => (WITHOUT_WRONG, v.say("register-nothing")),
                Err(error) => return Err(failed(error)),
            };
            form.complain(field, said);
            return register_page::page(&node, &officer, id, &form, Part::default()).await;
        }
        "buang" => {
            let dropped = node.drop_register(id, &actor).await;
            dropped.map_err(|error| problem(&error))?;
            let flash = Flash::done(text_id("register-dropped"));
            return Ok(officer.visit.go_saying(&LocalPath::own(PATH), &flash));
        }
        _ => return Err(ApiProblem::not_found()),
    };
    Ok(officer.visit.go_saying(&LocalPath::own(&at(id)), &done))
}

/// What was filed of a register as a table: each row with its ticket, or why it was left out.
pub async fn result(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Path(path): Path<ActPath>,
) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    if path.act != "hasil.csv" {
        return Err(ApiProblem::not_found());
    }
    let v = officer.visit.v;
    let import = node.register(&path.id, &officer.actor()).await;
    let import = import.map_err(|error| problem(&error))?;
    let head = [
        text_id("register-line"),
        text_id("register-field-number"),
        text_id("register-ticket"),
        text_id("register-column"),
        text_id("register-why"),
    ];
    let left_out = import.problems.iter().map(|one| left_out(&v, one));
    let mut rows: Vec<(u64, Vec<Cell>)> = import.filed.into_iter().map(cells).collect();
    rows.extend(left_out);
    rows.sort_by_key(|(line, _)| *line);
    let table = Table {
        head: head.map(|id| v.say(id)).to_vec(),
        rows: rows.into_iter().map(|(_, cells)| cells).collect(),
    };
    let text = table.csv().map_err(|error| problem(&error))?;
    Ok(download(CSV, "hasil-register.csv", text))
}

/// The register of this desk for a spreadsheet, as the address names it.
pub async fn out(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Query(asked): Query<register_out::Asked>,
    uri: Uri,
) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    let filter = asked.filter(&node);
    let (v, sight) = (&officer.visit.v, &officer.sight);
    let table = Box::pin(register_out::table(&node, v, sight, &filter)).await?;
    let failed = |error| problem(&error);
    let rows = table.rows.len();
    let (kind, name, bytes) = if uri.path() == register_out::CSV {
        let text = table.csv().map_err(failed)?;
        // A spreadsheet takes a table without this sign for one of Windows-1252.
        let text = format!("\u{feff}{text}");
        (CSV, "register.csv", text.into_bytes())
    } else {
        let book = table.xlsx().await.map_err(failed)?;
        (XLSX, "register.xlsx", book)
    };
    node.note_table(name, &filter, rows, &officer.actor())
        .await
        .map_err(failed)?;
    Ok(download(kind, name, bytes))
}

fn download(kind: &'static str, name: &'static str, body: impl IntoResponse) -> Response {
    let named = format!("attachment; filename=\"{name}\"");
    let named = HeaderValue::from_str(&named).unwrap_or(HeaderValue::from_static("attachment"));
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (CONTENT_DISPOSITION, named),
    ];
    (headers, body).into_response()
}

fn cells(row: FiledRow) -> (u64, Vec<Cell>) {
    let cells = [
        row.line.to_string(),
        row.own_number.unwrap_or_default(),
        row.ticket.unwrap_or_default(),
        String::new(),
        String::new(),
    ];
    (row.line, cells.map(Cell::Text).to_vec())
}

fn left_out(v: &Voice, problem: &RowProblem) -> (u64, Vec<Cell>) {
    let cells = [
        problem.line.to_string(),
        String::new(),
        String::new(),
        problem.column.clone().unwrap_or_default(),
        wrong_words(v, &problem.wrong),
    ];
    (problem.line, cells.map(Cell::Text).to_vec())
}

/// The fields of a form and its file, with what that is called.
async fn posted(request: Request) -> Answer<(Form, Option<(String, Vec<u8>)>)> {
    let mut parts = FormWithFiles::open(request, FILE_BYTES + AROUND)?;
    let mut found = None;
    while let Some(mut file) = parts.next_file().await? {
        if file.field != FILE || found.is_some() {
            file.pass_over().await;
            continue;
        }
        let mut bytes = Vec::new();
        while let Some(piece) = file.next().await {
            let piece = piece.map_err(|_| parts.broken().unwrap_or_else(ApiProblem::invalid))?;
            bytes.extend_from_slice(&piece);
        }
        found = Some((file.name.clone(), bytes));
    }
    Ok((parts.form(), found))
}

async fn said_before(node: &Node, officer: &Officer, before: &Brought) -> Answer<Before> {
    let v = officer.visit.v;
    let names = names(node).await?;
    let said = v
        .with("name", before.name.as_str())
        .with("by", actor_named(&v, &names, &before.actor))
        .with("at", v.moment(before.made_at));
    let said = match before.state {
        ImportState::Waiting => said.say(text_id("register-before-waits")),
        ImportState::Done => {
            let said = said.with("n", before.filed);
            said.say(text_id("register-before-done"))
        }
    };
    let own = before.actor == officer.actor();
    Ok(Before {
        said,
        at: own.then(|| at(&before.id)),
    })
}

async fn list_page(
    node: &Node,
    officer: &Officer,
    form: &Form,
    before: Option<Before>,
) -> Answer<Response> {
    let (v, actor) = (officer.visit.v, officer.actor());
    let brought = node.registers().await.map_err(|error| problem(&error))?;
    let names = names(node).await?;
    let lines = brought.into_iter().map(|one| Line {
        by: actor_named(&v, &names, &one.actor),
        at: (one.actor == actor).then(|| at(&one.id)),
        one,
    });
    let page = RegistersPage {
        v,
        form,
        channels: CHANNELS
            .map(|channel| Choice::new(channel, channel_words(&v, channel)))
            .to_vec(),
        lines: lines.collect(),
        before,
        most: MOST_ROWS,
        here: PATH,
        csv_at: register_out::CSV,
        xlsx_at: register_out::XLSX,
    };
    let shell = officer.visit.shell(v.say("registers-title")).within(ROOT);
    shell.status(form.status()).show(&page)
}

/// The page of a register.
pub fn at(id: &str) -> String {
    format!("{PATH}/{id}")
}

fn failed(error: RegisterError) -> ApiProblem {
    match error {
        RegisterError::Node(error) => problem(&error),
        other => ApiProblem::invalid().with_detail(other.to_string()),
    }
}

fn unreadable(v: &Voice, why: Unreadable) -> String {
    match why {
        Unreadable::Empty => v.say("register-file-empty"),
        Unreadable::Kind => v.say("register-file-kind"),
        Unreadable::Old => v.say("register-file-old"),
        Unreadable::Damaged => v.say("register-file-damaged"),
        Unreadable::Unclosed { line } => {
            let said = v.with("line", line.to_string());
            said.say("register-file-quote")
        }
        Unreadable::Rows => v.with("most", MOST_ROWS).say("register-file-rows"),
        Unreadable::Columns => v.say("register-file-columns"),
        Unreadable::Large => {
            let said = v.with("most", v.size(FILE_BYTES));
            let unpacked = v.size(UNPACKED_BYTES);
            said.with("unpacked", unpacked).say("register-file-large")
        }
    }
}
