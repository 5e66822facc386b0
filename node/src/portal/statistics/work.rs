//! How fast and how well reports were handled, in charts and a table: by one thing at a time,
//! month, topic, province or institution.

use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::chart::{Bar, Bars, Lines, Series, Tone};

use super::MOST;
use crate::figures::{By, FEW, Work};

/// By what things may be told apart, each with its name in the query.
pub(super) const WAYS: [(By, &str); 4] = [
    (By::Month, "bulan"),
    (By::Topic, "topik"),
    (By::Province, "wilayah"),
    (By::Institution, "instansi"),
];

/// A group by its name, which leads to its reports where it can.
pub(super) struct Named {
    pub name: String,
    pub to: Option<String>,
    /// `None` where there are so few cases that they would tell of single people.
    pub work: Option<Work>,
}

/// A line of the table.
pub(super) struct Row {
    pub name: String,
    pub to: Option<String>,
    pub done: Option<Done>,
}

pub(super) struct Done {
    pub work: Work,
    pub first_answer: String,
    pub close: String,
    pub score: String,
}

/// What the groups are.
pub(super) fn heading(by: By) -> TextId {
    match by {
        By::Month => text_id("statistics-month"),
        By::Topic => text_id("reading-category"),
        By::Province => text_id("map-province"),
        By::Institution => text_id("reading-institution"),
    }
}

pub(super) fn few(v: &Voice) -> String {
    v.with("n", FEW).say("work-few")
}

/// Months over time: how fast, and how often late or at the wrong address. Nothing where nothing is told.
pub(super) fn lines(v: Voice, months: &[Named]) -> Vec<Lines> {
    let is_told = |series: &Series| series.values.iter().any(Option::is_some);
    let drawn = |caption: TextId, series: Vec<Series>| {
        if !series.iter().any(is_told) {
            return None;
        }
        let moments = months.iter().map(|month| month.name.clone());
        let heading = v.say("statistics-month");
        Some(Lines::new(
            v,
            v.say(caption),
            heading,
            moments.collect(),
            series,
        ))
    };
    let series = |name: TextId, tone: Tone, of: fn(&Work) -> Option<i64>| Series {
        name: v.say(name),
        tone,
        values: months
            .iter()
            .map(|month| Some(of(month.work.as_ref()?)?.unsigned_abs()))
            .collect(),
    };
    let speed = vec![
        series(text_id("work-first-answer"), Tone::Accent, |work| {
            work.first_answer_mean_hours.map(hundredths_of_days)
        }),
        series(text_id("work-close"), Tone::Done, |work| {
            work.close_mean_hours.map(hundredths_of_days)
        }),
    ];
    let astray = vec![
        series(text_id("work-overdue"), Tone::Alert, |work| {
            Some(work.overdue)
        }),
        series(text_id("work-misrouted"), Tone::Warm, |work| {
            Some(work.misrouted)
        }),
    ];
    let speed = drawn(text_id("work-speed"), speed).map(Lines::hundredths);
    let astray = drawn(text_id("work-astray"), astray);
    speed.into_iter().chain(astray).collect()
}

fn hundredths_of_days(hours: i64) -> i64 {
    hours * 100 / 24
}

/// What reporters thought of it, month by month.
pub(super) fn scores(v: Voice, months: &[Named]) -> Option<Bars> {
    let bars = months.iter().filter_map(|month| {
        let work = month.work.as_ref()?;
        let tenths = work.score_mean_tenths?;
        Some(bar(month, tenths, rating(&v, work)?).tone(Tone::Done))
    });
    drawn(v, By::Month, text_id("work-score"), bars)
}

/// The groups with the most of something side by side; a chart for each of which there is anything
/// to draw.
pub(super) fn bars(v: Voice, by: By, groups: &[Named]) -> Vec<Bars> {
    let some = |count: i64| Some(count).filter(|count| *count > 0);
    let chart = |caption: TextId, tone: Tone, of: &dyn Fn(&Work) -> Option<(i64, String)>| {
        let told = groups.iter().filter_map(|group| {
            let (value, shown) = of(group.work.as_ref()?)?;
            Some((group, value, shown))
        });
        let mut told: Vec<_> = told.collect();
        told.sort_by_key(|(_, value, _)| std::cmp::Reverse(*value));
        let bars = told.into_iter().take(MOST);
        let bars = bars.map(|(group, value, shown)| bar(group, value, shown).tone(tone));
        drawn(v, by, caption, bars)
    };
    let lasting = |hours: Option<i64>| Some((hours?, lasting(&v, hours?)));
    let counted = |count: i64, work: &Work| Some((some(count)?, share(&v, count, work)));
    let charts = [
        chart(text_id("work-first-answer"), Tone::Accent, &|work| {
            lasting(work.first_answer_mean_hours)
        }),
        chart(text_id("work-close"), Tone::Accent, &|work| {
            lasting(work.close_mean_hours)
        }),
        chart(text_id("work-overdue"), Tone::Alert, &|work| {
            counted(work.overdue, work)
        }),
        chart(text_id("work-misrouted"), Tone::Warm, &|work| {
            counted(work.misrouted, work)
        }),
        chart(text_id("work-score"), Tone::Done, &|work| {
            Some((work.score_mean_tenths?, rating(&v, work)?))
        }),
    ];
    charts.into_iter().flatten().collect()
}

fn bar(group: &Named, value: i64, shown: String) -> Bar {
    let bar = Bar::new(group.name.as_str(), value.unsigned_abs()).shown(shown);
    match &group.to {
        Some(to) => bar.to(to.as_str()),
        None => bar,
    }
}

fn drawn(v: Voice, by: By, caption: TextId, bars: impl Iterator<Item = Bar>) -> Option<Bars> {
    let bars: Vec<Bar> = bars.collect();
    let headings = (v.say(heading(by)), v.say("work-value"));
    (!bars.is_empty()).then(|| Bars::new(v, v.say(caption), headings, bars))
}

/// Every group as a line of the table; a mean that is not told is of nothing, or of few.
pub(super) fn rows(v: &Voice, groups: Vec<Named>) -> Vec<Row> {
    let told = |mean: Option<String>, of: i64| match (mean, of) {
        (Some(mean), _) => mean,
        (None, 0) => v.say("work-none"),
        (None, _) => few(v),
    };
    let rows = groups.into_iter().map(|group| Row {
        name: group.name,
        to: group.to,
        done: group.work.map(|work| Done {
            first_answer: told(
                work.first_answer_mean_hours.map(|hours| lasting(v, hours)),
                work.answered,
            ),
            close: told(
                work.close_mean_hours.map(|hours| lasting(v, hours)),
                work.confirmed + work.officer + work.silent,
            ),
            score: told(rating(v, &work), work.rated),
            work,
        }),
    });
    rows.collect()
}

/// The mean of the ratings, and of how many it is.
fn rating(v: &Voice, work: &Work) -> Option<String> {
    let mean = v.one_decimal(work.score_mean_tenths? * 10);
    Some(format!("{mean} / 5 ({})", v.number(work.rated)))
}

/// How many, and which part of all that the group has had.
fn share(v: &Voice, count: i64, work: &Work) -> String {
    let share = (count * 100).checked_div(work.handled).unwrap_or(0);
    v.with("n", count).with("share", share).say("figure-share")
}

/// A length of time as people say it: hours within two days, days beyond.
fn lasting(v: &Voice, hours: i64) -> String {
    match hours {
        ..1 => v.say("lasting-under-an-hour"),
        1..48 => v.with("n", hours).say("lasting-hours"),
        _ => v.with("n", (hours + 12) / 24).say("lasting-days"),
    }
}
