//! Figures for everybody: what comes in, how it ends, where and about what.
//!
//! Confirmed by the reporter, closed by an officer, closed by silence and archived stand apart and are
//! never added up.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_protocol::case::State as CaseState;
use lapor_protocol::kinds::Category;
use lapor_protocol::region::RegionCode;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::Visit;
use lapor_web::page::chart::{Bar, Bars, Lines, Series, Tone};

use super::track::{outcome_words, state_words};
use super::{Answer, map, name_of, reports};
use crate::api::problem;
use crate::casework::tracking::Tally;
use crate::casework::{Outcome, PublicFigures};
use crate::figures::{FEW, Figures, Month, PublicWork};
use crate::node::Node;
use crate::regions;
use crate::taxonomy::{Categories, local_value};

pub const PATH: &str = "/statistik";
/// Bars of a chart, at most.
const MOST: usize = 12;
const HOUR_MS: i64 = 3_600_000;

#[derive(Template)]
#[template(path = "portal/statistics.html")]
struct Statistics {
    v: Voice,
    tally: Tally,
    at: i64,
    endings: Bars,
    course: Lines,
    states: Bars,
    categories: Bars,
    /// By the institution's own tree, where it has one.
    own_categories: Option<Bars>,
    provinces: Bars,
    work: Vec<Work>,
    few: String,
    map_at: &'static str,
    list_at: &'static str,
}

/// What one institution has done.
struct Work {
    name: String,
    /// `None` where there are so few cases that they would tell of single people.
    done: Option<Done>,
}

struct Done {
    figures: Figures,
    first_answer: String,
    score: String,
}

pub async fn show(State(node): State<Arc<Node>>, visit: Visit) -> Answer<Response> {
    let tally = node.tally().await.map_err(|e| problem(&e))?;
    let figures = node.public_figures().await.map_err(|e| problem(&e))?;
    let categories = node.categories().await.map_err(|e| problem(&e))?;
    let v = visit.v;
    let page = Statistics {
        v,
        tally,
        at: figures.at,
        endings: endings(v, &figures.months),
        course: course(v, &figures.months),
        states: states(v, &figures),
        categories: by_category(v, &figures, &categories),
        own_categories: (!figures.by_local_category.is_empty())
            .then(|| by_own_category(v, &figures)),
        provinces: provinces(v, &figures),
        work: figures
            .work
            .iter()
            .map(|work| worked(&node, &v, work))
            .collect(),
        few: few(&v),
        map_at: map::PATH,
        list_at: reports::PATH,
    };
    let title = v.say("statistics-title");
    visit.shell(title).listed().wide().show(&page)
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
        let category = Category::try_from(root.to_owned()).ok();
        let name = category.map_or_else(
            || root.to_owned(),
            |category| reports::category_name(categories, &v, &category),
        );
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

fn few(v: &Voice) -> String {
    v.with("n", FEW).say("work-few")
}

fn worked(node: &Node, v: &Voice, work: &PublicWork) -> Work {
    Work {
        name: name_of(node, &work.institution),
        done: work.figures.as_ref().map(|figures| done(v, figures)),
    }
}

fn done(v: &Voice, figures: &Figures) -> Done {
    // A mean that is not told is of nothing, or of few.
    let told = |mean: Option<String>, of: i64| match (mean, of) {
        (Some(mean), _) => mean,
        (None, 0) => v.say("work-none"),
        (None, _) => few(v),
    };
    let mean = figures.score_mean_hundredths;
    let score = mean.map(|hundredths| format!("{} / 5", v.one_decimal(hundredths)));
    let first_answer = figures.first_answer_mean_ms.map(|ms| lasting(v, ms));
    Done {
        first_answer: told(first_answer, figures.answered),
        score: told(score, figures.rated),
        figures: figures.clone(),
    }
}

/// A length of time as people say it: hours within two days, days beyond.
fn lasting(v: &Voice, ms: i64) -> String {
    let hours = (ms + HOUR_MS / 2) / HOUR_MS;
    match hours {
        ..1 => v.say("lasting-under-an-hour"),
        1..48 => v.with("n", hours).say("lasting-hours"),
        _ => v.with("n", (hours + 12) / 24).say("lasting-days"),
    }
}
