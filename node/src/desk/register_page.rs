//! The page of one register: every row as it would be filed, what is wrong with others, and what was
//! filed. Who reported stands on it nowhere: those who bring registers open no identities.

use askama::Template;
use axum::response::Response;
use chrono::NaiveDate;
use lapor_protocol::region::RegionCode;
use lapor_web::intake::channel_words;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Choice, Form};

use super::registers::{PATH, at};
use super::{Answer, Officer, ROOT, case_page, shared};
use crate::api::problem;
use crate::node::Node;
use crate::portal::classification_name;
use crate::regions;
use crate::registers::{Column, Field, FiledRow, Import, ImportState, ReadyRow, RowProblem, Wrong};

/// Rows of a page, as they would be filed.
const ROWS: usize = 50;
/// Problems on a page.
const SAID: usize = 100;
/// Cases on a page; all of them are in the file.
const SHOWN: usize = 200;
/// Characters of a text that stand there without a press.
const BEGINNING: usize = 280;

/// What of a register is shown.
#[derive(Clone, Copy, Default)]
pub struct Part<'a> {
    /// Which page of its rows; the first without it.
    pub page: usize,
    /// Columns as they were chosen, where they cannot be these.
    pub chosen: Option<&'a [Option<Field>]>,
}

#[derive(Template)]
#[template(path = "desk/register.html")]
struct RegisterPage<'a> {
    v: Voice,
    form: &'a Form,
    import: Import,
    /// Columns that are not taken, in one line.
    not_taken: Option<String>,
    columns: Vec<ColumnShown>,
    fields: Vec<Choice>,
    lacks_content: bool,
    problems: Vec<String>,
    /// Problems that the page leaves out.
    more: Option<usize>,
    rows: Vec<RowShown>,
    /// Which rows these are, where the page leaves others out.
    span: Option<String>,
    first: Option<String>,
    next: Option<String>,
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

/// A row as it would be filed.
struct RowShown {
    line: String,
    title: String,
    /// What it says, each with its name.
    facts: Vec<(String, String)>,
    content: String,
    /// What follows of a long content.
    rest: Option<String>,
}

pub async fn page(
    node: &Node,
    officer: &Officer,
    id: &str,
    form: &Form,
    part: Part<'_>,
) -> Answer<Response> {
    let v = officer.visit.v;
    let passed = part.page.saturating_sub(1).saturating_mul(ROWS);
    let import = node
        .register_part(id, (passed, ROWS), &officer.actor())
        .await;
    let mut import = import.map_err(|error| problem(&error))?;
    let columns = std::mem::take(&mut import.columns);
    let rows = std::mem::take(&mut import.sample);
    // That no column is the content is said above all rows.
    let of_rows = |one: &&RowProblem| !matches!(one.wrong, Wrong::NoContent(_));
    let said = import.problems.iter().filter(of_rows).take(SAID);
    let filed = import.filed.iter().take(SHOWN);
    let through = passed + rows.len();
    let next = (through < import.ready && !rows.is_empty())
        .then(|| format!("{}?halaman={}", at(id), passed / ROWS + 2));
    let page = RegisterPage {
        v,
        form,
        not_taken: not_taken(&v, &columns),
        lacks_content: !columns.iter().any(|one| one.field == Some(Field::Content)),
        columns: chosen_columns(columns, part.chosen),
        fields: Field::ALL
            .map(|field| Choice::new(field.as_str(), v.say(field_words(field))))
            .to_vec(),
        problems: said.map(|problem| problem_words(&v, problem)).collect(),
        more: import.problems.len().checked_sub(SAID).filter(|n| *n > 0),
        span: (rows.len() < import.ready && !rows.is_empty()).then(|| {
            v.with("from", passed + 1)
                .with("through", through)
                .with("n", import.ready)
                .say("register-span")
        }),
        first: (passed > 0).then(|| at(id)),
        next,
        rows: rows.into_iter().map(|row| shown(&v, row)).collect(),
        filed: filed
            .map(|row| (row.clone(), case_page::PATH.replace("{id}", &row.case)))
            .collect(),
        at: at(id),
        list_at: PATH,
        import,
    };
    let shell = officer.visit.shell(v.say("registers-title")).within(ROOT);
    shell.wide().status(form.status()).show(&page)
}

fn chosen_columns(columns: Vec<Column>, chosen: Option<&[Option<Field>]>) -> Vec<ColumnShown> {
    let columns = columns.into_iter().enumerate();
    let shown = columns.map(|(place, column)| {
        let typed = chosen.and_then(|chosen| chosen.get(place).copied());
        ColumnShown {
            heading: column.heading,
            chosen: typed.unwrap_or(column.field).map_or("", Field::as_str),
        }
    });
    shown.collect()
}

/// The columns of a file that are not taken, by their headings.
fn not_taken(v: &Voice, columns: &[Column]) -> Option<String> {
    let left = columns.iter().zip(1_usize..);
    let left = left.filter(|(column, _)| column.field.is_none());
    let names = left.map(|(column, n)| {
        if column.heading.is_empty() {
            v.with("n", n).say("register-column-unnamed")
        } else {
            column.heading.clone()
        }
    });
    let names: Vec<String> = names.collect();
    let said = v.with("columns", names.join(", "));
    (!names.is_empty()).then(|| said.say("register-not-taken"))
}

fn shown(v: &Voice, row: ReadyRow) -> RowShown {
    let facts = facts(v, &row);
    let (content, rest) = in_two(&row.content);
    RowShown {
        line: v.with("line", row.line.to_string()).say("register-row"),
        title: row.title,
        facts,
        content: content.to_owned(),
        rest: rest.map(str::to_owned),
    }
}

/// All that a row says beside title and content, also what it leaves open.
fn facts(v: &Voice, row: &ReadyRow) -> Vec<(String, String)> {
    let given = |said: Option<String>| said.unwrap_or_else(|| v.say("register-not-given"));
    let truth = |is: bool| if is { v.say("yes") } else { v.say("no") };
    let category = row.category.as_deref().map(shared::category_name);
    let day = row.incident_date.as_deref();
    let day: Option<NaiveDate> = day.and_then(|day| day.parse().ok());
    let region = row.region.as_ref().map(region_words);
    let class = v.say(classification_name(row.classification));
    let reporter = row.reporter_given.then(|| v.say("register-given"));
    let mut facts: Vec<(String, String)> = [
        (Field::Number, given(row.number.clone())),
        (Field::Classification, class),
        (Field::Category, given(category)),
        (Field::Region, given(region)),
        (Field::Place, given(row.place.clone())),
        (Field::IncidentDate, given(day.map(|day| v.day(day)))),
        (Field::Channel, channel_words(v, &row.channel)),
        (Field::Anonymous, truth(row.anonymous)),
        (Field::Secret, truth(row.secret)),
    ]
    .map(|(field, said)| (v.say(field_words(field)), said))
    .into();
    facts.push((v.say("register-reporter"), given(reporter)));
    facts
}

/// A region by its name; its code says which district is meant.
fn region_words(code: &RegionCode) -> String {
    let name = regions::national().display_name(code);
    name.map_or_else(|| code.to_string(), |name| format!("{name} ({code})"))
}

/// The beginning of a long text up to a blank, and what follows.
fn in_two(text: &str) -> (&str, Option<&str>) {
    let Some((end, _)) = text.char_indices().nth(BEGINNING) else {
        return (text, None);
    };
    let end = text[..end].rfind(char::is_whitespace).unwrap_or(end);
    (text[..end].trim_end(), Some(text[end..].trim_start()))
}

fn problem_words(v: &Voice, problem: &RowProblem) -> String {
    let what = wrong_words(v, &problem.wrong);
    let said = v.with("line", problem.line.to_string()).with("what", what);
    let Some(column) = &problem.column else {
        return said.say("register-problem-row");
    };
    let said = said.with("column", column.as_str());
    match &problem.value {
        Some(value) => said
            .with("value", value.as_str())
            .say("register-problem-value"),
        None => said.say("register-problem"),
    }
}

/// What is wrong, as a sentence goes on after the place of it.
pub fn wrong_words(v: &Voice, wrong: &Wrong) -> String {
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
        Wrong::KnownTicket(ticket) => {
            let said = v.with("ticket", ticket.as_str());
            return said.say("register-wrong-known-ticket");
        }
        Wrong::Unusable(why) => {
            return v.with("why", why.as_str()).say("register-wrong-unusable");
        }
        Wrong::Missing => text_id("register-wrong-missing"),
        Wrong::NoContent(_) => text_id("register-no-content"),
        Wrong::Day => text_id("register-wrong-day"),
        Wrong::Ahead => text_id("register-wrong-ahead"),
        Wrong::Classification => text_id("register-wrong-class"),
        Wrong::Category => text_id("register-wrong-category"),
        Wrong::Region => text_id("register-wrong-region"),
        Wrong::Channel => text_id("register-wrong-channel"),
        Wrong::Truth => text_id("register-wrong-truth"),
        Wrong::Email => text_id("register-wrong-email"),
        Wrong::Phone => text_id("register-wrong-phone"),
        Wrong::Number => text_id("register-wrong-number"),
        Wrong::KnownNumber => text_id("register-wrong-known-number"),
        Wrong::KnownWords => text_id("register-wrong-known-words"),
    };
    v.say(plain)
}

/// What a column is called.
pub fn field_words(field: Field) -> TextId {
    match field {
        Field::Number => text_id("register-field-number"),
        Field::Ticket => text_id("register-ticket"),
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
