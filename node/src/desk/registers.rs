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
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Choice, Flash, Form, FormWithFiles, LocalPath};
use lapor_web::{ApiProblem, Path, Query};
use serde::Deserialize;

use super::assignment::staff_problem;
use super::{Answer, Officer, ROOT, case_page, register_out, shared};
use crate::api::problem;
use crate::node::Node;
use crate::registers::{
    Brought, FILE_BYTES, Field, FiledRow, Import, ImportState, MOST_ROWS, NewRegister, ReadyRow,
    RegisterError, RowProblem, Table, Unreadable, Wrong, XLSX, channel_of,
};
use crate::staff::{Staff, StaffRole};

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
/// Problems on a page.
const SAID: usize = 100;
/// Cases on a page; all of them are in the file.
const SHOWN: usize = 200;

#[derive(Deserialize)]
pub struct OnePath {
    id: String,
}

#[derive(Deserialize)]
pub struct ActPath {
    id: String,
    act: String,
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

#[derive(Template)]
#[template(path = "desk/register.html")]
struct RegisterPage<'a> {
    v: Voice,
    form: &'a Form,
    import: Import,
    columns: Vec<ColumnShown>,
    fields: Vec<Choice>,
    lacks_content: bool,
    problems: Vec<String>,
    /// Problems that the page leaves out.
    more: Option<usize>,
    sample: Vec<ReadyRow>,
    filed: Vec<(FiledRow, String)>,
    at: String,
    list_at: &'static str,
}

impl RegisterPage<'_> {
    fn waits(&self) -> bool {
        self.import.state == ImportState::Waiting
    }
}

struct ColumnShown {
    heading: String,
    chosen: &'static str,
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
) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    one_page(&node, &officer, &path.id, &Form::empty(), None).await
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
                    return one_page(&node, &officer, id, &form, Some(&columns)).await;
                }
                Err(error) => return Err(failed(error)),
            }
        }
        "masukkan" => {
            let unit = officer.session.account.unit.as_deref();
            let without_wrong = form.is_ticked(WITHOUT_WRONG);
            let filed = Box::pin(node.file_register(id, without_wrong, unit, &actor));
            match filed.await {
                Ok(filed) => {
                    Flash::done(text_id("register-filed")).with("n", v.number(filed.filed.len()))
                }
                Err(RegisterError::Wrong(rows)) => {
                    form.complain(WITHOUT_WRONG, v.with("n", rows).say("register-has-wrong"));
                    return one_page(&node, &officer, id, &form, None).await;
                }
                Err(RegisterError::NoContent) => {
                    form.complain(COLUMN, v.say("register-no-content"));
                    return one_page(&node, &officer, id, &form, None).await;
                }
                Err(RegisterError::Nothing) => {
                    form.complain(COLUMN, v.say("register-nothing"));
                    return one_page(&node, &officer, id, &form, None).await;
                }
                Err(error) => return Err(failed(error)),
            }
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
    let mut rows: Vec<(u64, Vec<String>)> = import.filed.into_iter().map(cells).collect();
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
    let table = register_out::table(&node, &officer, &asked).await?;
    let failed = |error| problem(&error);
    if uri.path() == register_out::CSV {
        let text = table.csv().map_err(failed)?;
        // A spreadsheet takes a table without this sign for one of Windows-1252.
        return Ok(download(CSV, "register.csv", format!("\u{feff}{text}")));
    }
    let book = table.xlsx().map_err(failed)?;
    Ok(download(XLSX, "register.xlsx", book))
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

fn cells(row: FiledRow) -> (u64, Vec<String>) {
    let cells = vec![
        row.line.to_string(),
        row.own_number.unwrap_or_default(),
        row.ticket.unwrap_or_default(),
        String::new(),
        String::new(),
    ];
    (row.line, cells)
}

fn left_out(v: &Voice, problem: &RowProblem) -> (u64, Vec<String>) {
    let cells = vec![
        problem.line.to_string(),
        String::new(),
        String::new(),
        problem.column.clone().unwrap_or_default(),
        wrong_words(v, &problem.wrong),
    ];
    (problem.line, cells)
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
    let staff = node.staff().await.map_err(|error| staff_problem(&error))?;
    let said = v
        .with("name", before.name.as_str())
        .with("by", called(&staff, &before.actor))
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

/// Whoever brought something: an officer by name, a program by that of its key.
fn called<'a>(staff: &'a Staff, actor: &'a str) -> &'a str {
    staff.name(actor.strip_prefix("account:").unwrap_or(actor))
}

async fn list_page(
    node: &Node,
    officer: &Officer,
    form: &Form,
    before: Option<Before>,
) -> Answer<Response> {
    let (v, actor) = (officer.visit.v, officer.actor());
    let brought = node.registers().await.map_err(|error| problem(&error))?;
    let staff = node.staff().await.map_err(|error| staff_problem(&error))?;
    let lines = brought.into_iter().map(|one| Line {
        by: called(&staff, &one.actor).to_owned(),
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

async fn one_page(
    node: &Node,
    officer: &Officer,
    id: &str,
    form: &Form,
    chosen: Option<&[Option<Field>]>,
) -> Answer<Response> {
    let v = officer.visit.v;
    let import = node.register(id, &officer.actor()).await;
    let mut import = import.map_err(|error| problem(&error))?;
    let columns = std::mem::take(&mut import.columns);
    let lacks_content = !columns.iter().any(|one| one.field == Some(Field::Content));
    let columns = columns.into_iter().enumerate().map(|(place, column)| {
        let typed = chosen.and_then(|chosen| chosen.get(place).copied());
        ColumnShown {
            heading: column.heading,
            chosen: typed.unwrap_or(column.field).map_or("", Field::as_str),
        }
    });
    let said = import.problems.iter().take(SAID);
    let filed = import.filed.iter().take(SHOWN);
    let page = RegisterPage {
        v,
        form,
        columns: columns.collect(),
        fields: Field::ALL
            .map(|field| Choice::new(field.as_str(), v.say(field_words(field))))
            .to_vec(),
        lacks_content,
        problems: said.map(|problem| problem_words(&v, problem)).collect(),
        more: import.problems.len().checked_sub(SAID).filter(|n| *n > 0),
        sample: std::mem::take(&mut import.sample)
            .into_iter()
            .map(|row| ReadyRow {
                category: row.category.map(|one| shared::category_name(&one)),
                ..row
            })
            .collect(),
        filed: filed
            .map(|row| (row.clone(), case_page::PATH.replace("{id}", &row.case)))
            .collect(),
        at: at(id),
        list_at: PATH,
        import,
    };
    let shell = officer.visit.shell(v.say("registers-title")).within(ROOT);
    shell.status(form.status()).show(&page)
}

fn at(id: &str) -> String {
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
        Unreadable::Rows => v.with("most", MOST_ROWS).say("register-file-rows"),
        Unreadable::Columns => v.say("register-file-columns"),
        Unreadable::Large => v.say("register-file-large"),
    }
}

fn problem_words(v: &Voice, problem: &RowProblem) -> String {
    let what = wrong_words(v, &problem.wrong);
    let said = v.with("line", problem.line.to_string()).with("what", what);
    match &problem.column {
        Some(column) => said.with("column", column.as_str()).say("register-problem"),
        None => said.say("register-problem-row"),
    }
}

fn wrong_words(v: &Voice, wrong: &Wrong) -> String {
    let plain = match wrong {
        Wrong::Long(most) => return v.with("most", *most).say("register-wrong-long"),
        Wrong::SameNumber(line) => {
            let said = v.with("line", line.to_string());
            return said.say("register-wrong-same-number");
        }
        Wrong::SameWords(line) => {
            let said = v.with("line", line.to_string());
            return said.say("register-wrong-same-words");
        }
        Wrong::Unusable(why) => {
            return v.with("why", why.as_str()).say("register-wrong-unusable");
        }
        Wrong::Missing => text_id("register-wrong-missing"),
        Wrong::Day => text_id("register-wrong-day"),
        Wrong::Classification => text_id("register-wrong-class"),
        Wrong::Category => text_id("register-wrong-category"),
        Wrong::Region => text_id("register-wrong-region"),
        Wrong::Channel => text_id("register-wrong-channel"),
        Wrong::Truth => text_id("register-wrong-truth"),
        Wrong::Email => text_id("register-wrong-email"),
        Wrong::Number => text_id("register-wrong-number"),
        Wrong::KnownNumber => text_id("register-wrong-known-number"),
        Wrong::KnownWords => text_id("register-wrong-known-words"),
    };
    v.say(plain)
}

fn field_words(field: Field) -> TextId {
    match field {
        Field::Number => text_id("register-field-number"),
        Field::Title => text_id("register-field-title"),
        Field::Content => text_id("register-field-content"),
        Field::Classification => text_id("register-field-class"),
        Field::Category => text_id("register-field-category"),
        Field::Region => text_id("register-field-region"),
        Field::Place => text_id("register-field-place"),
        Field::IncidentDate => text_id("register-field-day"),
        Field::Channel => text_id("register-field-channel"),
        Field::Anonymous => text_id("register-field-anonymous"),
        Field::Secret => text_id("register-field-secret"),
        Field::Name => text_id("register-field-name"),
        Field::Phone => text_id("register-field-phone"),
        Field::Email => text_id("register-field-email"),
        Field::Address => text_id("register-field-address"),
    }
}
