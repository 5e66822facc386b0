//! Both streams of an institution over a day and a month, as lines on its page: how
//! long the oldest message waited, and how many passed. What was not noted is a gap.

use chrono::Days;
use lapor_migrations::Tx;
use lapor_protocol::calendar::day_at;
use lapor_protocol::directory::Directory;
use lapor_protocol::ids::InstanceId;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::chart::{Lines, Series, Stretch, Tone};

use crate::error::HubError;
use crate::store;
use crate::store::samples::Sample;
use crate::watch::Span;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
const HOURS: i64 = 24;
const DAYS: u64 = 30;

/// Messages that passed in one hour, each way; `None` where the counts do not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Passed {
    /// Unix ms; the beginning of the hour.
    at: i64,
    sent: Option<u64>,
    received: Option<u64>,
}

/// The lines of both streams; of whoever was never noted there are none.
pub async fn lines(
    v: &Voice,
    tx: &mut Tx,
    directory: &Directory,
    id: &InstanceId,
    now_ms: i64,
) -> Result<Vec<Lines>, HubError> {
    let (day, month) = (Span::Day, Span::Month);
    let since = now_ms - day.length();
    let steps = store::samples::of_one(tx, id, day.step(), since).await?;
    // What had passed before the month says what passed in its first hour.
    let before = now_ms - month.length() - month.step();
    let hours = store::samples::of_one(tx, id, month.step(), before).await?;
    let within = hours.partition_point(|step| step.at < now_ms - month.length());
    let passed = passed(&hours, joined_at(directory, id) >= Some(before));
    let charts = [
        lag(v, day, &steps, now_ms),
        lag(v, month, &hours[within..], now_ms),
        by_hour(v, &passed, now_ms),
        by_day(v, &passed, now_ms),
    ];
    Ok(charts.into_iter().flatten().collect())
}

/// When the directory first named the key by which an institution is known (Unix ms).
fn joined_at(directory: &Directory, id: &InstanceId) -> Option<i64> {
    let mut versions = directory.versions_of(id);
    let (version, _) = versions.find(|(_, then)| then.identity.is_some())?;
    directory.published_at(version)
}

/// How long the oldest message waited, in the unit that the longest of it asks for.
fn lag(v: &Voice, span: Span, steps: &[Sample], now_ms: i64) -> Option<Lines> {
    if steps.is_empty() {
        return None;
    }
    let caption = match span {
        Span::Day => text_id("lag-day"),
        Span::Month => text_id("lag-month"),
    };
    let longest = steps
        .iter()
        .flat_map(|step| [step.unsent_age, Some(step.undelivered_age)]);
    let (unit_ms, unit) = unit(longest.flatten().max().unwrap_or(0));
    let series = |name: TextId, tone: Tone, value: fn(&Sample) -> Option<i64>| Series {
        name: v.say(name),
        tone,
        values: steps
            .iter()
            .map(|step| value(step).map(|ms| (ms / unit_ms).unsigned_abs()))
            .collect(),
    };
    let series = vec![
        series(text_id("stream-from"), Tone::Accent, |step| step.unsent_age),
        series(text_id("stream-for"), Tone::Warm, |step| {
            Some(step.undelivered_age)
        }),
    ];
    let stretch = Stretch {
        from: now_ms - span.length(),
        until: now_ms,
        step: span.step(),
    };
    let moments: Vec<i64> = steps.iter().map(|step| step.at).collect();
    Some(Lines::over(
        *v,
        v.with("unit", v.say(unit)).say(caption),
        v.say("lag-moment"),
        stretch,
        &moments,
        series,
    ))
}

/// In what a time is drawn that lasts `longest` ms at most, such that a line has steps.
fn unit(longest: i64) -> (i64, TextId) {
    match longest {
        ms if ms < 6 * HOUR_MS => (MINUTE_MS, text_id("unit-minutes")),
        ms if ms < 6 * DAY_MS => (HOUR_MS, text_id("unit-hours")),
        _ => (DAY_MS, text_id("unit-days")),
    }
}

/// By how much the counts have grown in each hour since the one that was noted before
/// it: while the hub stands still nothing passes. Of the first nothing is known, except
/// of whoever is `new` and had sent and received nothing before.
fn passed(hours: &[Sample], new: bool) -> Vec<Passed> {
    let nothing = new.then(Sample::default);
    let known: Vec<Sample> = nothing.into_iter().chain(hours.iter().copied()).collect();
    let grown = |before: i64, now: i64| u64::try_from(now - before).ok();
    let pairs = known.windows(2).map(|pair| Passed {
        at: pair[1].at,
        sent: grown(pair[0].sent, pair[1].sent),
        received: grown(pair[0].received, pair[1].received),
    });
    pairs.collect()
}

/// The hours of a day and the one that is not over, which together are the messages in
/// 24 hours of the picture.
fn by_hour(v: &Voice, passed: &[Passed], now_ms: i64) -> Option<Lines> {
    let current = now_ms - now_ms.rem_euclid(HOUR_MS);
    let hours = (0..=HOURS).rev().map(|ago| current - ago * HOUR_MS);
    let hours = hours.map(|at| {
        let of = passed.iter().filter(|one| one.at == at);
        (v.moment(at), of.copied().collect::<Vec<_>>())
    });
    traffic(v, text_id("traffic-hours"), hours.collect())
}

/// The days of a month in the zone of the reader, of which the last is not over.
fn by_day(v: &Voice, passed: &[Passed], now_ms: i64) -> Option<Lines> {
    let zone = v.zone();
    let today = day_at(zone, now_ms);
    let days = (0..DAYS).rev().map(|ago| today - Days::new(ago));
    let days = days.map(|day| {
        let of = passed.iter().filter(|one| day_at(zone, one.at) == day);
        (v.day(day), of.copied().collect::<Vec<_>>())
    });
    traffic(v, text_id("traffic-days"), days.collect())
}

/// Messages of each part of a time, each way; nothing where nothing is known of any.
fn traffic(v: &Voice, caption: TextId, parts: Vec<(String, Vec<Passed>)>) -> Option<Lines> {
    let (names, parts): (Vec<String>, Vec<Vec<Passed>>) = parts.into_iter().unzip();
    let series = |name: TextId, tone: Tone, count: fn(&Passed) -> Option<u64>| Series {
        name: v.say(name),
        tone,
        values: parts
            .iter()
            .map(|part| part.iter().filter_map(count).reduce(u64::saturating_add))
            .collect(),
    };
    let series = vec![
        series(text_id("stream-from"), Tone::Accent, |one| one.sent),
        series(text_id("stream-for"), Tone::Warm, |one| one.received),
    ];
    let known = |series: &Series| series.values.iter().any(Option::is_some);
    series.iter().any(known).then(|| {
        let of = v.say("lag-moment");
        Lines::new(*v, v.say(caption), of, names, series)
    })
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use lapor_web::language::Language;

    use super::*;
    use crate::console::texts;

    /// 26 November 2026, 00:00 in Jakarta.
    const MIDNIGHT: i64 = 1_795_626_000_000;

    fn noted(hours: i64, sent: i64, received: i64) -> Sample {
        Sample {
            at: MIDNIGHT + hours * HOUR_MS,
            sent,
            received,
            ..Sample::default()
        }
    }

    fn voice() -> Voice {
        Voice::new(Language::Indonesian, texts(), Tz::Asia__Jakarta, 0)
    }

    /// The cells of a row of the table.
    fn row(drawn: &str, name: &str) -> Vec<String> {
        let begins = format!("<th scope=\"row\">{name}</th>");
        let rest = drawn.split_once(&begins).expect(name).1;
        let cells = rest.split_once("</tr>").unwrap().0.split("</td>");
        let cells = cells.filter_map(|cell| cell.split_once('>'));
        cells.map(|(_, value)| value.to_owned()).collect()
    }

    #[test]
    fn a_month_is_not_drawn_in_minutes() {
        let drawn_in = |ms| unit(ms).0;
        assert_eq!(drawn_in(0), MINUTE_MS);
        assert_eq!(drawn_in(359 * MINUTE_MS), MINUTE_MS);
        assert_eq!(drawn_in(100 * HOUR_MS), HOUR_MS);
        assert_eq!(drawn_in(30 * DAY_MS), DAY_MS);
    }

    #[test]
    fn what_passed_is_what_the_counts_have_grown_by() {
        let hours = [
            noted(0, 10, 4),
            noted(1, 12, 4),
            noted(5, 20, 9),
            noted(6, 3, 9),
        ];
        let told = |new| {
            let passed = passed(&hours, new).into_iter();
            let told = passed.map(|one| ((one.at - MIDNIGHT) / HOUR_MS, one.sent, one.received));
            told.collect::<Vec<_>>()
        };
        let later = [
            (1, Some(2), Some(0)),
            (5, Some(8), Some(5)),
            (6, None, Some(0)),
        ];
        assert_eq!(told(false), later, "what fell says nothing");
        let first = (0, Some(10), Some(4));
        assert_eq!(told(true)[0], first, "all that a new one has");
        assert_eq!(told(true)[1..], later);
        assert_eq!(passed(&[], true), []);
    }

    #[test]
    fn each_hour_of_a_day_has_what_passed_in_it() {
        let v = voice();
        let hours = [
            noted(-30, 0, 0),
            noted(-24, 3, 1),
            noted(-2, 4, 1),
            noted(0, 9, 7),
        ];
        let drawn = by_hour(&v, &passed(&hours, false), MIDNIGHT + 20 * MINUTE_MS);
        let drawn = drawn.unwrap().to_string();
        assert!(drawn.contains("Pesan per jam, 24 jam terakhir"), "{drawn}");
        let at = |hours: i64| row(&drawn, &v.moment(MIDNIGHT + hours * HOUR_MS));
        assert_eq!(at(-24), ["3", "1"]);
        assert_eq!(at(-2), ["1", "0"]);
        assert_eq!(at(-1), ["–", "–"], "nothing was noted");
        assert_eq!(at(0), ["5", "6"], "it is not over");
        assert_eq!(drawn.matches("<th scope=\"row\">").count(), 25);
    }

    #[test]
    fn a_day_is_one_of_the_readers_zone() {
        let hours = [
            noted(-25, 0, 0),
            noted(-24, 1, 0),
            noted(-1, 3, 1),
            noted(0, 8, 1),
        ];
        let passed = passed(&hours, false);
        let now = MIDNIGHT + 20 * MINUTE_MS;
        let drawn = by_day(&voice(), &passed, now).unwrap().to_string();
        assert!(
            drawn.contains("Pesan per hari, 30 hari terakhir"),
            "{drawn}"
        );
        assert_eq!(row(&drawn, "24 November 2026"), ["–", "–"]);
        assert_eq!(row(&drawn, "25 November 2026"), ["3", "1"]);
        assert_eq!(row(&drawn, "26 November 2026"), ["5", "0"]);
        assert_eq!(drawn.matches("<th scope=\"row\">").count(), 30);
        let east = Voice::new(Language::English, texts(), Tz::Asia__Jayapura, 0);
        let drawn = by_day(&east, &passed, now).unwrap().to_string();
        assert_eq!(row(&drawn, "26 November 2026"), ["7", "1"]);
        assert!(by_day(&east, &[], now).is_none());
    }

    #[test]
    fn time_that_was_not_noted_breaks_the_line() {
        let aged = |hours: i64, minutes: i64| Sample {
            undelivered_age: minutes * MINUTE_MS,
            ..noted(hours, 0, 0)
        };
        let hours = [aged(-720, 0), aged(-360, 0), aged(-359, 4), aged(-1, 2)];
        let drawn = lag(&voice(), Span::Month, &hours, MIDNIGHT).unwrap();
        let drawn = drawn.to_string();
        assert!(drawn.contains("<polyline points=\"0,100.0\"/>"), "{drawn}");
        assert!(drawn.contains("<polyline points=\"720,100.0 722,0.0\"/>"));
        assert!(drawn.contains("<polyline points=\"1438,50.0\"/>"));
        assert!(
            drawn.contains("<span>27 Oktober 2026</span>"),
            "30 days ago"
        );
        assert!(lag(&voice(), Span::Month, &[], MIDNIGHT).is_none());
    }
}
