//! What the page of figures and the weekly report have in common: the period
//! that is asked for, and the numbers in words.

use askama::Template;
use lapor_protocol::directory::Directory;
use lapor_web::ApiProblem;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::LocalPath;

use super::list::{self, Narrowed};
use super::words::{NONE, hop_words, share, step_about, step_words, took};
use crate::casework::figures::{Figures, Period, StepSum, Sum};
use crate::casework::weeks::Week;
use crate::casework::{Step, Which};
use crate::console::Answer;
use crate::console::instances::one;
use crate::console::names::named;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Days before now that may be asked for.
pub const DAYS: [(&str, i64); 3] = [("7", 7), ("30", 30), ("90", 90)];
const USUAL: &str = "30";

/// The period that a visitor asks for: days before now, or a week by its Monday.
pub fn period(text: &str, now_ms: i64) -> Answer<Period> {
    let text = if text.is_empty() { USUAL } else { text };
    if let Some((_, days)) = DAYS.into_iter().find(|(name, _)| *name == text) {
        return Ok(Period::Last(days * DAY_MS));
    }
    let week = text.parse().ok().and_then(Week::of_monday);
    let week = week.filter(|week| week.span().0 <= now_ms);
    week.map(of_week).ok_or_else(|| {
        ApiProblem::invalid()
            .with_detail("kurun: expected 7, 30, 90, or the Monday of a week that has begun.")
    })
}

pub fn of_week(week: Week) -> Period {
    let (from, until) = week.span();
    Period::Between(from, until)
}

/// Periods to choose from, with the one that is chosen.
pub fn periods(v: &Voice, asked: &str) -> Vec<(String, String, bool)> {
    let asked = if asked.is_empty() { USUAL } else { asked };
    let days = DAYS.into_iter().map(|(name, days)| {
        let said = v.with("n", days).say("period-days");
        (name.to_owned(), said)
    });
    let this = Week::at(v.now_ms());
    let mut weeks: Vec<Week> = std::iter::successors(Some(this), |week| Some(week.before()))
        .take(5)
        .collect();
    let asked_week = asked.parse().ok().and_then(Week::of_monday);
    weeks.extend(asked_week.filter(|week| !weeks.contains(week)));
    let weeks = weeks
        .iter()
        .map(|week| (week.monday().to_string(), week_words(v, *week)));
    days.chain(weeks)
        .map(|(name, said)| {
            let chosen = name == asked;
            (name, said, chosen)
        })
        .collect()
}

pub fn week_words(v: &Voice, week: Week) -> String {
    v.with("from", v.day(week.monday()))
        .with("through", v.day(week.sunday()))
        .say("week-of")
}

/// A number that says most.
pub struct Head {
    pub name: String,
    pub value: String,
    pub to: Option<String>,
}

/// What leads from numbers to the cases behind them.
#[derive(Clone, Copy)]
pub struct Behind<'a> {
    /// Whether the numbers are of now, so that what stands can be listed.
    pub now: bool,
    /// The period that is asked for, of which what happened can be.
    pub period: &'a str,
}

impl Behind<'_> {
    /// Where the cases of a number are listed, if they are.
    fn path(self, which: Which, number: i64, to: Narrowed<'_>) -> Option<String> {
        let period = self.period;
        let listed = number > 0 && (self.now || which.is_past());
        listed.then(|| list::path(which, Narrowed { period, ..to }))
    }
}

/// A line of a table; each cell has its heading, and leads to the cases behind it.
pub struct Line {
    pub name: String,
    pub about: Option<String>,
    pub to: Option<String>,
    pub cells: Vec<Cell>,
}

pub struct Cell {
    pub heading: String,
    /// The heading of its column, where that has to be short.
    pub short: String,
    pub value: String,
    pub to: Option<String>,
}

/// What the numbers mean, a word and its meaning.
#[derive(Template)]
#[template(path = "console/casework-meanings.html")]
pub struct Meanings {
    v: Voice,
    all: Vec<(TextId, TextId)>,
}

/// The tables by hop and by step.
#[derive(Template)]
#[template(path = "console/casework-steps.html")]
pub struct Steps {
    v: Voice,
    by_hop: Vec<Line>,
    by_step: Vec<Line>,
}

impl Meanings {
    pub fn of(v: Voice) -> Self {
        let all = vec![
            (text_id("sum-overdue"), text_id("meaning-overdue")),
            (text_id("sum-unaccepted"), text_id("meaning-unaccepted")),
            (text_id("sum-unanswered"), text_id("meaning-unanswered")),
            (text_id("sum-misrouted"), text_id("meaning-misrouted")),
            (text_id("sum-median"), text_id("meaning-answer")),
            (text_id("sum-received"), text_id("meaning-received")),
            (text_id("meaning-then-title"), text_id("meaning-then")),
        ];
        Self { v, all }
    }
}

impl Steps {
    pub fn of(v: Voice, figures: &Figures, behind: Behind<'_>) -> Self {
        let hops = figures.by_hop.iter().map(|(hop, sum)| Line {
            name: v.say(hop_words(hop)),
            about: None,
            to: None,
            cells: cells(
                &v,
                sum,
                behind,
                Narrowed {
                    hop,
                    ..Narrowed::default()
                },
            ),
        });
        let steps = figures.by_step.iter();
        let steps = steps.map(|of| step_line(&v, of, behind));
        Self {
            v,
            by_hop: hops.collect(),
            by_step: steps.collect(),
        }
    }
}

/// A period that ended before now has no column of those who wait now.
fn step_line(v: &Voice, of: &StepSum, behind: Behind<'_>) -> Line {
    let number = |number: Option<i64>| number.map_or(NONE.to_owned(), |n| v.number(n));
    let step = Narrowed {
        step: of.step.as_str(),
        ..Narrowed::default()
    };
    let overdue = behind.path(Which::Overdue, of.overdue.unwrap_or(0), step);
    let unaccepted = of.waiting.filter(|_| of.step == Step::Acceptance);
    let unaccepted = unaccepted.unwrap_or(0);
    let unaccepted = behind.path(Which::Unaccepted, unaccepted, Narrowed::default());
    let waiting = of.waiting;
    let waiting = waiting.map(|n| cell(v, text_id("sum-waiting"), v.number(n), unaccepted));
    let others = [
        cell(v, text_id("sum-overdue"), number(of.overdue), overdue),
        cell(v, text_id("sum-ran-out"), number(of.ran_out), None),
    ];
    Line {
        name: v.say(step_words(of.step)),
        about: Some(v.say(step_about(of.step))),
        to: None,
        cells: waiting.into_iter().chain(others).collect(),
    }
}

fn cell(v: &Voice, heading: TextId, value: String, to: Option<String>) -> Cell {
    Cell {
        heading: v.say(heading),
        short: v.say(short(heading)),
        value,
        to,
    }
}

/// A heading that leaves room for the others.
fn short(heading: TextId) -> TextId {
    let short = [
        (text_id("sum-unaccepted"), text_id("short-unaccepted")),
        (text_id("sum-answered"), text_id("short-answered")),
        (text_id("sum-median"), text_id("short-median")),
        (text_id("sum-ninetieth"), text_id("short-ninetieth")),
        (text_id("sum-ran-out"), text_id("short-ran-out")),
    ];
    let known = short.into_iter().find(|(long, _)| *long == heading);
    known.map_or(heading, |(_, short)| short)
}

/// The figures that stand at the head of a page.
pub fn heads(v: &Voice, figures: &Figures, behind: Behind<'_>) -> Vec<Head> {
    let all = &figures.federation;
    let head = |name: TextId, value: String| Head {
        name: v.say(name),
        value,
        to: None,
    };
    let listed = |name: TextId, number: i64, which: Which| Head {
        name: v.say(name),
        value: v.number(number),
        to: behind.path(which, number, Narrowed::default()),
    };
    vec![
        head(text_id("sum-filed"), v.number(figures.filed)),
        head(text_id("sum-open"), v.number(all.open)),
        listed(text_id("sum-overdue"), all.overdue, Which::Overdue),
        listed(text_id("sum-unaccepted"), all.unaccepted, Which::Unaccepted),
        listed(text_id("sum-unanswered"), all.unanswered, Which::Unanswered),
        Head {
            to: behind.path(Which::Misrouted, all.returned, Narrowed::default()),
            ..head(
                text_id("sum-misrouted"),
                share(v, all.misrouted_per_mille(), all.returned, all.ended),
            )
        },
        head(text_id("sum-median"), took(v, all.answer_median_ms)),
        head(text_id("sum-ninetieth"), took(v, all.answer_ninetieth_ms)),
    ]
}

/// The line of an institution.
pub fn line(v: &Voice, directory: &Directory, slug: &str, sum: &Sum, behind: Behind<'_>) -> Line {
    let known = slug.parse().ok();
    let known = known.filter(|id| directory.latest().instance(id).is_some());
    let institution = Narrowed {
        institution: slug,
        ..Narrowed::default()
    };
    Line {
        name: named(v, directory, slug),
        about: None,
        to: known.as_ref().map(one),
        cells: cells(v, sum, behind, institution),
    }
}

fn cells(v: &Voice, sum: &Sum, behind: Behind<'_>, to: Narrowed<'_>) -> Vec<Cell> {
    let plain = |heading: TextId, value: String| cell(v, heading, value, None);
    let listed = |heading: TextId, number: i64, which: Which| {
        cell(v, heading, v.number(number), behind.path(which, number, to))
    };
    let misrouted = share(v, sum.misrouted_per_mille(), sum.returned, sum.ended);
    vec![
        plain(text_id("sum-received"), v.number(sum.received)),
        plain(text_id("sum-open"), v.number(sum.open)),
        listed(text_id("sum-overdue"), sum.overdue, Which::Overdue),
        listed(text_id("sum-unaccepted"), sum.unaccepted, Which::Unaccepted),
        listed(text_id("sum-unanswered"), sum.unanswered, Which::Unanswered),
        cell(
            v,
            text_id("sum-misrouted"),
            misrouted,
            behind.path(Which::Misrouted, sum.returned, to),
        ),
        listed(text_id("sum-answered"), sum.answered, Which::Answered),
        plain(text_id("sum-median"), took(v, sum.answer_median_ms)),
        plain(text_id("sum-ninetieth"), took(v, sum.answer_ninetieth_ms)),
    ]
}

/// A table for a spreadsheet, of the period that is asked for.
pub fn table_at(which: &str, period: &str) -> String {
    LocalPath::asking(
        &format!("{}/tabel/{which}.csv", super::PATH),
        [("kurun", period)],
    )
    .to_string()
}

/// What the reader must know of these figures before relying on them.
pub fn caveats(v: &Voice, figures: &Figures) -> Vec<String> {
    let mut said = Vec::new();
    if figures.behind > 0 {
        said.push(v.with("n", figures.behind).say("figures-behind"));
    }
    if figures.unread > 0 {
        said.push(v.with("n", figures.unread).say("figures-unread"));
    }
    match figures.since {
        None => said.push(v.say("figures-empty")),
        Some(since) if since > figures.from => {
            said.push(v.with("at", v.moment(since)).say("figures-since"));
        }
        Some(_) => {}
    }
    said
}
