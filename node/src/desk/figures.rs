//! The institution's own work in figures: what came in, how fast it was answered, how it ended.
//! Confirmed, closed by an officer, closed by silence and archived are never added up. Every chart stands on the numbers
//! beside it.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{Days, NaiveDate};
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use lapor_protocol::calendar::{day_at, zone};
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::chart::{Bar, Bars, Tone};
use lapor_web::page::{Choice, Form, LocalPath};
use lapor_web::{ApiProblem, Query};
use serde::Deserialize;

use super::shared::category_name;
use super::{Answer, Officer};
use crate::api::problem;
use crate::error::NodeError;
use crate::figures::{CategoryFigures, FigureTable, Figures, Side, category_csv, csv};
use crate::node::Node;
use crate::portal::name_of;

pub const PATH: &str = "/meja/kinerja";
pub const TABLE: &str = "/meja/kinerja.csv";
/// `per` of a table by category.
const BY_CATEGORY: &str = "kategori";
/// Days that are shown where none are asked for.
const DAYS: u64 = 90;
const HOUR_MS: i64 = 3_600_000;

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct FigureQuery {
    dari: String,
    sampai: String,
    sisi: String,
    /// `kategori` for a table by category.
    per: String,
}

/// The days that are asked for, by whom cases are counted.
struct Asked {
    from: NaiveDate,
    through: NaiveDate,
    side: Side,
}

#[derive(Template)]
#[template(path = "desk/figures.html")]
struct FiguresPage<'a> {
    v: Voice,
    form: &'a Form,
    here: &'static str,
    table_at: String,
    categories_at: String,
    sides: Vec<Choice>,
    heads: Vec<Head>,
    charts: Vec<Bars>,
    tables: Vec<Table>,
    categories: Vec<Counted>,
    /// Whether any of these is of the own tree.
    own_tree: bool,
}

/// A number that says most.
struct Head {
    name: String,
    value: String,
}

/// The figures of a category, by what it is called nationally and in the own tree.
struct Counted {
    national: String,
    own: String,
    figures: CategoryFigures,
}

/// Figures of all institutions that belong together; those of the first add up to the intake.
struct Table {
    caption: String,
    lines: Vec<Line>,
}

/// An institution in a table.
struct Line {
    name: String,
    own: bool,
    cells: Vec<(String, String)>,
}

pub async fn show(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Query(query): Query<FigureQuery>,
) -> Answer<Response> {
    let v = officer.visit.v;
    let mut form = Form::of([
        ("dari", query.dari.as_str()),
        ("sampai", query.sampai.as_str()),
    ]);
    let asked = asked(&node, &v, &query);
    for (name, typed) in [("dari", &query.dari), ("sampai", &query.sampai)] {
        if !typed.is_empty() && typed.parse::<NaiveDate>().is_err() {
            form.complain(name, v.say("form-day-unusable"));
        }
    }
    let days = [&query.dari, &query.sampai].map(|typed| typed.parse::<NaiveDate>());
    if let [Ok(from), Ok(through)] = days
        && through < from
    {
        form.complain("sampai", v.say("figures-ends-early"));
    }
    if form.is_fine() {
        form = Form::of([
            ("dari", asked.from.to_string()),
            ("sampai", asked.through.to_string()),
            ("sisi", side_name(asked.side).to_owned()),
        ]);
    }
    let table = read(&node, &asked).await?;
    let me = node.instance().ok();
    let own = table
        .figures
        .iter()
        .find(|row| Some(&row.institution) == me);
    let lines = |cells: fn(&Voice, &Figures) -> Vec<(String, String)>| {
        let rows = table.figures.iter().map(|row| Line {
            name: name_of(&node, &row.institution),
            own: Some(&row.institution) == me,
            cells: cells(&v, row),
        });
        rows.collect()
    };
    let status = form.status();
    let page = FiguresPage {
        v,
        here: PATH,
        table_at: table_path(&asked, ""),
        categories_at: table_path(&asked, BY_CATEGORY),
        sides: vec![
            Choice::new("penangan", v.say("side-custodian")),
            Choice::new("penerima", v.say("side-origin")),
        ],
        heads: own.map(|own| heads(&v, own)).unwrap_or_default(),
        charts: charts(&node, &v, own, &table),
        categories: counted(&v, &table),
        own_tree: !table.by_local_category.is_empty(),
        tables: if table.figures.is_empty() || !form.is_fine() {
            Vec::new()
        } else {
            vec![
                Table {
                    caption: v.say("figures-outcome"),
                    lines: lines(outcome),
                },
                Table {
                    caption: v.say("figures-quality"),
                    lines: lines(quality),
                },
            ]
        },
        form: &form,
    };
    officer
        .visit
        .shell(v.say("figures-title"))
        .wide()
        .status(status)
        .show(&page)
}

/// The same for a spreadsheet.
pub async fn table(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Query(query): Query<FigureQuery>,
) -> Answer<Response> {
    let asked = asked(&node, &officer.visit.v, &query);
    let table = read(&node, &asked).await?;
    let (what, text) = if query.per == BY_CATEGORY {
        ("kinerja-kategori", category_csv(&table))
    } else {
        ("kinerja", csv(&table))
    };
    let text = text.map_err(|error| problem(&error))?;
    let name = format!(
        "attachment; filename=\"{what}-{}-{}.csv\"",
        asked.from, asked.through
    );
    let name = HeaderValue::from_str(&name).map_err(|_| ApiProblem::internal())?;
    let kind = HeaderValue::from_static("text/csv; charset=utf-8");
    Ok(([(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, name)], text).into_response())
}

async fn read(node: &Node, asked: &Asked) -> Answer<FigureTable> {
    let (from, until) = node.span_of_days(asked.from, asked.through);
    let table = node.figures_of(asked.side, from, until).await;
    table.map_err(|error: NodeError| problem(&error))
}

/// The days of the question; the last ninety where it names none that can be counted.
fn asked(node: &Node, v: &Voice, query: &FigureQuery) -> Asked {
    let directory = node.directory();
    let own = node
        .instance()
        .ok()
        .and_then(|me| directory.latest().instance(me));
    let today = day_at(zone(own.map_or("", |own| &own.time_zone)), v.now_ms());
    let through = query.sampai.parse().unwrap_or(today);
    let earlier = through.checked_sub_days(Days::new(DAYS)).unwrap_or(through);
    let from = query.dari.parse().unwrap_or(earlier);
    Asked {
        from: from.min(through),
        through,
        side: if query.sisi == side_name(Side::Origin) {
            Side::Origin
        } else {
            Side::Custodian
        },
    }
}

/// The same figures for a spreadsheet, by institution or by what else is asked for.
fn table_path(asked: &Asked, per: &str) -> String {
    let (from, through) = (asked.from.to_string(), asked.through.to_string());
    let fields = [
        ("dari", from.as_str()),
        ("sampai", &through),
        ("sisi", side_name(asked.side)),
        ("per", per),
    ];
    LocalPath::asking(TABLE, fields).to_string()
}

fn side_name(side: Side) -> &'static str {
    match side {
        Side::Custodian => "penangan",
        Side::Origin => "penerima",
    }
}

/// Every category with its figures, the own ones beside the national ones for which they stand.
fn counted(v: &Voice, table: &FigureTable) -> Vec<Counted> {
    let named = |figures: &CategoryFigures| {
        let national = figures.category.as_deref().map(category_name);
        let own = figures.local_category.as_deref().map(category_name);
        Counted {
            national: national.unwrap_or_else(|| v.say("figures-no-category")),
            own: own.unwrap_or_else(|| "–".to_owned()),
            figures: figures.clone(),
        }
    };
    table.by_category.iter().map(named).collect()
}

fn charts(node: &Node, v: &Voice, own: Option<&Figures>, table: &FigureTable) -> Vec<Bars> {
    let own = own.map(|own| ends(v, own));
    let all = (!table.figures.is_empty()).then(|| intake(node, v, table));
    let all = own.into_iter().chain(all);
    all.chain(qualities(node, v, table)).collect()
}

fn heads(v: &Voice, own: &Figures) -> Vec<Head> {
    let head = |name: TextId, value: String| Head {
        name: v.say(name),
        value,
    };
    vec![
        head(text_id("figure-intake"), v.number(own.intake)),
        head(text_id("figure-open-now"), v.number(own.open)),
        head(text_id("figure-overdue"), v.number(own.overdue)),
        head(
            text_id("figure-first-answer"),
            days(v, own.first_answer_mean_ms),
        ),
        head(text_id("figure-close"), days(v, own.close_mean_ms)),
        head(text_id("figure-score"), score(v, own.score_mean_hundredths)),
    ]
}

/// How the cases ended; silence is no opinion, and stands apart.
fn ends(v: &Voice, own: &Figures) -> Bars {
    let all = [
        (text_id("figure-confirmed"), own.confirmed, Tone::Done),
        (text_id("figure-officer"), own.officer, Tone::Warm),
        (text_id("figure-silent"), own.silent, Tone::Quiet),
        (text_id("figure-archived"), own.archived, Tone::Quiet),
        (text_id("figure-merged"), own.merged, Tone::Quiet),
        (text_id("figure-open-now"), own.open, Tone::Accent),
    ];
    let bars = all.into_iter();
    let bars = bars.map(|(name, count, tone)| bar(v.say(name), count).tone(tone));
    Bars::new(*v, v.say("chart-ends"), headings(v), bars)
}

/// Who has the cases, or took them in; the ten with the most.
fn intake(node: &Node, v: &Voice, table: &FigureTable) -> Bars {
    let most = most(table, |row| Some(row.intake).filter(|intake| *intake > 0));
    let bars = most.map(|(row, intake)| bar(name_of(node, &row.institution), intake));
    Bars::new(*v, v.say("chart-intake"), headings(v), bars)
}

/// How fast, how late, how often at the wrong address, and what reporters thought of it; a chart
/// for each of which there is anything to draw.
fn qualities(node: &Node, v: &Voice, table: &FigureTable) -> Vec<Bars> {
    let some = |count: i64| Some(count).filter(|count| *count > 0);
    let bar = |row: &Figures, value: i64| bar(name_of(node, &row.institution), value);
    let speed = most(table, |row| row.first_answer_mean_ms)
        .map(|(row, ms)| bar(row, ms / HOUR_MS).shown(days(v, Some(ms))));
    let overdue =
        most(table, |row| some(row.overdue)).map(|(row, count)| bar(row, count).tone(Tone::Alert));
    let returned = most(table, |row| some(row.misrouted))
        .map(|(row, count)| bar(row, count).shown(misrouted(v, row)).tone(Tone::Warm));
    let scores = most(table, |row| row.score_mean_hundredths)
        .map(|(row, mean)| bar(row, mean).shown(score(v, Some(mean))).tone(Tone::Done));
    let charts: [(TextId, Vec<Bar>); 4] = [
        (text_id("figure-first-answer"), speed.collect()),
        (text_id("figure-overdue"), overdue.collect()),
        (text_id("figure-misrouted"), returned.collect()),
        (text_id("figure-score"), scores.collect()),
    ];
    let charts = charts.into_iter().filter(|(_, bars)| !bars.is_empty());
    charts
        .map(|(caption, bars)| Bars::new(*v, v.say(caption), headings(v), bars))
        .collect()
}

/// The ten institutions with the most of something, of those that have any.
fn most(
    table: &FigureTable,
    of: impl Fn(&Figures) -> Option<i64>,
) -> impl Iterator<Item = (&Figures, i64)> {
    let rows = table.figures.iter();
    let mut rows: Vec<_> = rows.filter_map(|row| Some((row, of(row)?))).collect();
    rows.sort_by_key(|(_, value)| std::cmp::Reverse(*value));
    rows.into_iter().take(10)
}

fn bar(name: String, count: i64) -> Bar {
    Bar::new(name, count.unsigned_abs())
}

fn headings(v: &Voice) -> (String, String) {
    (v.say("chart-what"), v.say("chart-count"))
}

/// What became of the cases that came in: together they are the intake.
fn outcome(v: &Voice, row: &Figures) -> Vec<(String, String)> {
    let all = [
        (text_id("figure-intake"), row.intake),
        (text_id("figure-open-now"), row.open),
        (text_id("figure-confirmed"), row.confirmed),
        (text_id("figure-officer"), row.officer),
        (text_id("figure-silent"), row.silent),
        (text_id("figure-archived"), row.archived),
        (text_id("figure-merged"), row.merged),
    ];
    all.map(|(name, count)| (v.say(name), v.number(count)))
        .into()
}

/// How fast and how well they were handled.
fn quality(v: &Voice, row: &Figures) -> Vec<(String, String)> {
    let all = [
        (text_id("figure-handled"), v.number(row.handled)),
        (text_id("figure-answered"), v.number(row.answered)),
        (
            text_id("figure-first-answer"),
            days(v, row.first_answer_mean_ms),
        ),
        (text_id("figure-close"), days(v, row.close_mean_ms)),
        (text_id("figure-overdue"), v.number(row.overdue)),
        (text_id("figure-hops"), v.number(row.hops)),
        (text_id("figure-misrouted"), misrouted(v, row)),
        (text_id("figure-score"), score(v, row.score_mean_hundredths)),
    ];
    all.map(|(name, value)| (v.say(name), value)).into()
}

/// Cases that came to the wrong address, and their share of all that came.
fn misrouted(v: &Voice, row: &Figures) -> String {
    let share = (row.misrouted * 100).checked_div(row.handled).unwrap_or(0);
    v.with("n", row.misrouted)
        .with("share", share)
        .say("figure-share")
}

/// A time as whole days, or as hours where it is less than one.
fn days(v: &Voice, ms: Option<i64>) -> String {
    match ms {
        None => "–".to_owned(),
        Some(ms) if ms < HOUR_MS => v.say("figure-minutes"),
        Some(ms) if ms < 24 * HOUR_MS => v.with("n", ms / HOUR_MS).say("figure-hours"),
        Some(ms) => v.with("n", ms / (24 * HOUR_MS)).say("figure-days"),
    }
}

/// A mean rating with one decimal place, as the language writes it.
fn score(v: &Voice, hundredths: Option<i64>) -> String {
    hundredths.map_or_else(|| "–".to_owned(), |hundredths| v.one_decimal(hundredths))
}
