//! Figures for everybody: what comes in, how it ends, how fast and how well it is handled, where and
//! about what.
//!
//! Confirmed by the reporter, closed by an officer, closed by silence and archived stand apart and are
//! never added up.

mod work;

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use lapor_protocol::calendar::day_at;
use lapor_protocol::case::State as CaseState;
use lapor_protocol::kinds::Category;
use lapor_protocol::region::RegionCode;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::chart::{Bar, Bars, Lines, Series, Tone};
use lapor_web::page::{Choice, Form, LocalPath, Visit};
use lapor_web::{ApiProblem, Query};
use serde::Deserialize;

use self::work::{Named, Row, WAYS, few};
use super::track::{outcome_words, state_words};
use super::{Answer, map, name_of, reports};
use crate::api::problem;
use crate::casework::tracking::Tally;
use crate::casework::{Outcome, PublicFigures};
use crate::figures::{By, Groups, Month, Period, group_csv};
use crate::node::Node;
use crate::regions;
use crate::taxonomy::{Categories, local_value};

pub const PATH: &str = "/statistik";
pub const TABLE: &str = "/statistik.csv";
/// Bars of a chart, at most.
const MOST: usize = 12;

#[derive(Template)]
#[template(path = "portal/statistics.html")]
struct Statistics<'a> {
    v: Voice,
    form: &'a Form,
    here: &'static str,
    periods: Vec<Choice>,
    /// By what the work is shown, as it stands in the query.
    by: &'static str,
    tally: Tally,
    at: i64,
    endings: Bars,
    course: Lines,
    states: Bars,
    categories: Bars,
    /// By the institution's own tree, where it has one.
    own_categories: Option<Bars>,
    provinces: Bars,
    tabs: Vec<Tab>,
    table_at: String,
    heading: String,
    /// By what a few *rahasia* reports are left out.
    sorted: bool,
    /// No group is told: of each there are too few.
    nothing: bool,
    lines: Vec<Lines>,
    bars: Vec<Bars>,
    rows: Vec<Row>,
    few: String,
    map_at: &'static str,
    list_at: &'static str,
}

/// A way to group, as a tab.
struct Tab {
    name: String,
    to: String,
    here: bool,
}

/// The period, and by what the work is shown.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct StatisticsQuery {
    masa: String,
    menurut: String,
}

/// What is asked for; what is usual where the question cannot be understood.
struct Asked {
    period: Period,
    by: By,
    understood: bool,
}

pub async fn show(
    State(node): State<Arc<Node>>,
    visit: Visit,
    Query(query): Query<StatisticsQuery>,
) -> Answer<Response> {
    let asked = asked(&node, &query);
    let v = visit.v;
    let mut form = Form::of([("masa", query.masa.as_str())]);
    if asked.understood {
        form = Form::of([("masa", period_value(asked.period))]);
    } else {
        form.complain("masa", v.say("reading-choice-unknown"));
    }
    let tally = node.public_tally().await.map_err(|e| problem(&e))?;
    let figures = node.public_figures().await.map_err(|e| problem(&e))?;
    let categories = node.categories().await.map_err(|e| problem(&e))?;
    let told = node.groups(asked.period, asked.by).await;
    let told = told.map_err(|e| problem(&e))?;
    let groups = named(&node, &v, &categories, asked.by, &told);
    let (lines, bars) = match asked.by {
        By::Month => (
            work::lines(v, &groups),
            work::scores(v, &groups).into_iter().collect(),
        ),
        by => (Vec::new(), work::bars(v, by, &groups)),
    };
    let status = form.status();
    let page = Statistics {
        v,
        form: &form,
        here: PATH,
        periods: periods(&node, &v),
        by: way(asked.by),
        tally: *tally,
        at: told.at,
        endings: endings(v, &told.months),
        course: course(v, &told.months),
        states: states(v, &figures),
        categories: by_category(v, &figures, &categories),
        own_categories: (!figures.by_local_category.is_empty())
            .then(|| by_own_category(v, &figures)),
        provinces: provinces(v, &figures),
        tabs: tabs(&v, &asked),
        table_at: asking(TABLE, asked.period, asked.by),
        heading: v.say(work::heading(asked.by)),
        sorted: matches!(asked.by, By::Topic | By::Province),
        nothing: groups.iter().all(|group| group.work.is_none()),
        lines,
        bars,
        rows: work::rows(&v, groups),
        few: few(&v),
        map_at: map::PATH,
        list_at: reports::PATH,
    };
    let title = v.say("statistics-title");
    visit
        .shell(title)
        .listed()
        .wide()
        .status(status)
        .show(&page)
}

/// The work in groups for a spreadsheet.
pub async fn table(
    State(node): State<Arc<Node>>,
    Query(query): Query<StatisticsQuery>,
) -> Answer<Response> {
    let asked = asked(&node, &query);
    let told = node.groups(asked.period, asked.by).await;
    let told = told.map_err(|e| problem(&e))?;
    let zone = node.zone();
    let lines = told.groups.iter().map(|group| {
        let month = group.of.parse().ok().filter(|_| asked.by == By::Month);
        let name = month.map_or_else(
            || group.of.clone(),
            |begins_at| day_at(zone, begins_at).format("%Y-%m").to_string(),
        );
        (name, group.work.clone())
    });
    let first = match asked.by {
        By::Month => "month",
        By::Topic => "category",
        By::Province => "region",
        By::Institution => "institution",
    };
    let text = group_csv(first, lines).map_err(|e| problem(&e))?;
    let (period, by) = (period_value(asked.period), way(asked.by));
    let name = format!("attachment; filename=\"statistik-{by}-{period}.csv\"");
    let name = HeaderValue::from_str(&name).map_err(|_| ApiProblem::internal())?;
    let kind = HeaderValue::from_static("text/csv; charset=utf-8");
    Ok(([(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, name)], text).into_response())
}

fn asked(node: &Node, query: &StatisticsQuery) -> Asked {
    let choices = Period::choices(node.today());
    let mut choices = choices.into_iter();
    let period = choices.find(|period| period_value(*period) == query.masa);
    let by = WAYS.iter().find(|(_, way)| *way == query.menurut);
    Asked {
        period: period.unwrap_or(Period::USUAL),
        by: by.map_or_else(By::default, |(by, _)| *by),
        understood: period.is_some() || query.masa.is_empty(),
    }
}

/// A period as it stands in the query.
fn period_value(period: Period) -> String {
    match period {
        Period::Months(count) => format!("{count}-bulan"),
        Period::Year(year) => year.to_string(),
    }
}

fn periods(node: &Node, v: &Voice) -> Vec<Choice> {
    let choices = Period::choices(node.today()).into_iter();
    let named = choices.map(|period| {
        let name = match period {
            Period::Months(count) => v.with("n", count).say("period-months"),
            Period::Year(year) => v.with("year", year.to_string()).say("period-year"),
        };
        Choice::new(period_value(period), name)
    });
    named.collect()
}

fn way(by: By) -> &'static str {
    let found = WAYS.iter().find(|(one, _)| *one == by);
    found.map_or("", |(_, way)| way)
}

fn asking(path: &str, period: Period, by: By) -> String {
    let period = period_value(period);
    let fields = [("masa", period.as_str()), ("menurut", way(by))];
    LocalPath::asking(path, fields).to_string()
}

fn tabs(v: &Voice, asked: &Asked) -> Vec<Tab> {
    let tabs = WAYS.iter().map(|(by, _)| Tab {
        name: v.say(work::heading(*by)),
        to: format!("{}#kerja", asking(PATH, asked.period, *by)),
        here: *by == asked.by,
    });
    tabs.collect()
}

/// The groups as they are called; months in their order, all others from the largest on.
fn named(node: &Node, v: &Voice, categories: &Categories, by: By, told: &Groups) -> Vec<Named> {
    let named = told.groups.iter().filter_map(|group| {
        let (name, to) = match by {
            By::Month => (v.month(group.of.parse::<i64>().ok()?), None),
            By::Topic => {
                let name = root_name(categories, v, &group.of);
                (name, Some(reports::listing("kategori", &group.of)))
            }
            By::Province => {
                let code: RegionCode = group.of.parse().ok()?;
                let name = regions::national().display_name(&code)?;
                (name, Some(reports::listing("wilayah", code.as_str())))
            }
            By::Institution => (name_of(node, &group.of.parse().ok()?), None),
        };
        let work = group.work.clone();
        Some(Named { name, to, work })
    });
    let mut named: Vec<Named> = named.collect();
    if by != By::Month {
        let size = |group: &Named| group.work.as_ref().map_or(0, |work| work.intake);
        named.sort_by_key(|group| std::cmp::Reverse(size(group)));
    }
    named
}

fn root_name(categories: &Categories, v: &Voice, root: &str) -> String {
    let category = Category::try_from(root.to_owned()).ok();
    category.map_or_else(
        || root.to_owned(),
        |category| reports::category_name(categories, v, &category),
    )
}

/// Headings of a chart of reports.
fn of_reports(v: &Voice, of: TextId) -> (String, String) {
    (v.say(of), v.say("statistics-reports"))
}

fn endings(v: Voice, months: &[Month]) -> Bars {
    let sum = |ended: fn(&Month) -> u64| months.iter().map(ended).sum();
    let bars = [
        (
            text_id("ending-confirmed"),
            sum(|m| m.confirmed),
            Tone::Done,
        ),
        (text_id("ending-officer"), sum(|m| m.officer), Tone::Alert),
        (text_id("ending-silent"), sum(|m| m.silent), Tone::Warm),
        (text_id("ending-archived"), sum(|m| m.archived), Tone::Quiet),
    ];
    let bars = bars.map(|(name, count, tone)| Bar::new(v.say(name), count).tone(tone));
    let caption = v.say("statistics-endings");
    Bars::new(
        v,
        caption,
        of_reports(&v, text_id("statistics-ending")),
        bars,
    )
}

fn course(v: Voice, months: &[Month]) -> Lines {
    let series = |name: TextId, tone, count: fn(&Month) -> u64| Series {
        name: v.say(name),
        tone,
        values: months.iter().map(|month| Some(count(month))).collect(),
    };
    Lines::new(
        v,
        v.say("statistics-course"),
        v.say("statistics-month"),
        months
            .iter()
            .map(|month| v.month(month.begins_at))
            .collect(),
        vec![
            series(text_id("statistics-filed"), Tone::Accent, |m| m.filed),
            series(text_id("ending-confirmed"), Tone::Done, |m| m.confirmed),
            series(text_id("ending-officer"), Tone::Alert, |m| m.officer),
            series(text_id("ending-silent"), Tone::Warm, |m| m.silent),
            series(text_id("ending-archived"), Tone::Quiet, |m| m.archived),
        ],
    )
}

fn states(v: Voice, figures: &PublicFigures) -> Bars {
    let bar = |counts: &BTreeMap<String, u64>, code: &str, name: TextId| {
        let count = *counts.get(code)?;
        Some(Bar::new(v.say(name), count).to(reports::listing("status", code)))
    };
    let open = CaseState::ALL.into_iter().filter(|state| state.is_open());
    let open =
        open.filter_map(|state| bar(&figures.by_state, state.as_str(), state_words(state).0));
    let ends = Outcome::CLOSES.into_iter();
    let ends = ends.filter_map(|end| bar(&figures.by_outcome, end.as_str(), outcome_words(end)));
    let bars = open.chain(ends);
    let caption = v.say("statistics-states");
    Bars::new(v, caption, of_reports(&v, text_id("reading-state")), bars)
}

fn by_category(v: Voice, figures: &PublicFigures, categories: &Categories) -> Bars {
    let bars = most(&figures.by_category).into_iter().map(|(root, count)| {
        let name = root_name(categories, &v, root);
        Bar::new(name, count).to(reports::listing("kategori", root))
    });
    let caption = v.say("statistics-categories");
    let headings = of_reports(&v, text_id("reading-category"));
    Bars::new(v, caption, headings, bars)
}

fn by_own_category(v: Voice, figures: &PublicFigures) -> Bars {
    let bars = most(&figures.by_local_category).into_iter();
    let bars = bars.map(|(local, count)| {
        let to = reports::listing("kategori", &local_value(local));
        Bar::new(reports::own_category_name(local), count).to(to)
    });
    let caption = v.say("statistics-own-categories");
    let headings = of_reports(&v, text_id("reading-category"));
    Bars::new(v, caption, headings, bars)
}

fn provinces(v: Voice, figures: &PublicFigures) -> Bars {
    let bars = most(&figures.by_province)
        .into_iter()
        .filter_map(|(code, count)| {
            let code: RegionCode = code.parse().ok()?;
            let name = regions::national().display_name(&code)?;
            Some(Bar::new(name, count).to(reports::listing("wilayah", code.as_str())))
        });
    let caption = v.say("statistics-provinces");
    let headings = of_reports(&v, text_id("reading-region"));
    Bars::new(v, caption, headings, bars)
}

/// The largest counts, those of equals by name.
pub(super) fn most(counts: &BTreeMap<String, u64>) -> Vec<(&str, u64)> {
    let counts = counts.iter().map(|(name, count)| (name.as_str(), *count));
    let mut counts: Vec<(&str, u64)> = counts.collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.truncate(MOST);
    counts
}
