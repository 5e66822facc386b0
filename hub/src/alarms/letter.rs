//! What recipients read: a letter in both languages, or the body of a webhook.
//! Few alarms are named each; of many it says how many, where most of them are,
//! and the names of the first.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use lapor_web::language::{Language, TextId, Voice, text_id};
use lapor_web::mail::{Letterhead, Said};
use lapor_web::regions;
use serde::Serialize;

use super::condition::Condition;
use super::present::Present;
use super::rule::{Severity, province};
use crate::app::Hub;
use crate::console::{self, words};
use crate::error::HubError;
use crate::store::alarms::live::AlarmRow;
use crate::store::from_code;
use crate::watch::State;

/// Names in a summary, and provinces.
const FIRST: usize = 10;
const PROVINCES: usize = 3;

/// Types of a webhook.
pub const WEBHOOK_CHANGED: &str = "alarms.changed";
pub const WEBHOOK_TEST: &str = "alarms.test";

/// What one recipient is told at once.
#[derive(Default)]
pub struct Told {
    pub opened: Vec<AlarmRow>,
    pub again: Vec<AlarmRow>,
    pub cleared: Vec<AlarmRow>,
}

impl Told {
    pub fn count(&self) -> usize {
        self.opened.len() + self.again.len() + self.cleared.len()
    }
}

/// The alarms of one rule among those that are told.
#[derive(Serialize)]
struct Group {
    /// Id of the rule.
    rule: String,
    condition: Condition,
    severity: Severity,
    total: usize,
    /// How many are in each province, by its code; the first ten.
    provinces: BTreeMap<String, usize>,
    /// All of them, or the first ten in a summary.
    alarms: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    id: String,
    /// A slug; nothing for the hub itself.
    instance: Option<String>,
    name: Option<String>,
    /// `yellow` or `red`.
    level: String,
    /// Milliseconds, messages or bytes, by the condition.
    measured: Option<i64>,
    /// Whether that is as of this letter; otherwise as of when it opened or changed its colour.
    measured_now: bool,
    /// Unix ms.
    opened_at: i64,
    /// Unix ms.
    cleared_at: Option<i64>,
}

/// The body of a webhook, in the shape that Standard Webhooks advises.
#[derive(Serialize)]
struct Payload<'a> {
    r#type: &'a str,
    /// RFC 3339.
    timestamp: String,
    data: Data,
}

#[derive(Serialize)]
struct Data {
    federation: String,
    /// Where people see the alarms.
    console: String,
    /// Whether only the first of many are named.
    summary: bool,
    opened: Vec<Group>,
    again: Vec<Group>,
    cleared: Vec<Group>,
}

/// Subject and body of a letter.
pub fn mail(hub: &Hub, present: &Present, told: &Told, summary: bool) -> (String, String) {
    let parts = [&told.opened, &told.again, &told.cleared]
        .map(|alarms| groups(present, alarms, usize::MAX));
    let head = letterhead(hub);
    let words = head.write(|v| say(v, &head, &parts, summary));
    (words.subject, words.body)
}

/// Type and body of a webhook.
pub fn webhook(
    hub: &Hub,
    present: &Present,
    told: &Told,
    summary: bool,
) -> Result<(String, String), HubError> {
    let most = if summary { FIRST } else { usize::MAX };
    let data = Data {
        federation: hub.settings().console.name.clone(),
        console: letterhead(hub).at(console::ALARMS),
        summary,
        opened: groups(present, &told.opened, most),
        again: groups(present, &told.again, most),
        cleared: groups(present, &told.cleared, most),
    };
    payload(hub, WEBHOOK_CHANGED, data)
}

/// What tries an address of e-mail.
pub fn test_mail(hub: &Hub) -> (String, String) {
    let head = letterhead(hub);
    let words = head.write(|v| Said {
        subject: v
            .with("federation", head.institution())
            .say("alarm-letter-test-subject"),
        paragraphs: vec![v.say("alarm-letter-test"), head.at(console::ALARMS)],
    });
    (words.subject, words.body)
}

/// What tries a webhook.
pub fn test_webhook(hub: &Hub) -> Result<(String, String), HubError> {
    let data = Data {
        federation: hub.settings().console.name.clone(),
        console: letterhead(hub).at(console::ALARMS),
        summary: false,
        opened: Vec::new(),
        again: Vec::new(),
        cleared: Vec::new(),
    };
    payload(hub, WEBHOOK_TEST, data)
}

fn payload(hub: &Hub, kind: &str, data: Data) -> Result<(String, String), HubError> {
    let zone = chrono_tz::Tz::UTC;
    let v = Voice::new(Language::ALL[0], console::texts(), zone, hub.now_ms());
    let payload = Payload {
        r#type: kind,
        timestamp: v.machine_time(hub.now_ms()),
        data,
    };
    let body = serde_json::to_string(&payload).map_err(HubError::damaged)?;
    Ok((kind.to_owned(), body))
}

/// Writes letters of this hub.
pub fn letterhead(hub: &Hub) -> Letterhead {
    let settings = &hub.settings().console;
    Letterhead::new(
        console::texts(),
        console::facts(settings),
        hub.now_ms(),
        settings.site(settings.listen.0),
        text_id("alarm-letter-automatic"),
    )
}

/// By rule, the worst and the most first.
fn groups(present: &Present, alarms: &[AlarmRow], most: usize) -> Vec<Group> {
    let mut by_rule: BTreeMap<&str, Vec<&AlarmRow>> = BTreeMap::new();
    for alarm in alarms {
        by_rule.entry(&alarm.rule).or_default().push(alarm);
    }
    let mut groups: Vec<Group> = by_rule
        .into_values()
        .filter_map(|alarms| group(present, &alarms, most))
        .collect();
    groups.sort_by_key(|group| (Reverse(group.severity), Reverse(group.total)));
    groups
}

fn group(present: &Present, alarms: &[&AlarmRow], most: usize) -> Option<Group> {
    let first = alarms.first()?;
    let seen = |alarm: &AlarmRow| {
        let id = alarm.subject.parse().ok()?;
        present.picture.instances.get(&id)
    };
    let mut provinces = BTreeMap::new();
    for alarm in alarms {
        let region = seen(alarm).and_then(|of| of.region.as_ref());
        if let Some(code) = province(region) {
            *provinces.entry(code.to_owned()).or_default() += 1;
        }
    }
    let line = |alarm: &&AlarmRow| {
        let now = present.of(alarm).filter(|_| alarm.cleared_at.is_none());
        Line {
            id: alarm.id.clone(),
            instance: Some(alarm.subject.clone()).filter(|slug| !slug.is_empty()),
            name: seen(alarm).map(|of| of.name.clone()),
            level: alarm.level.clone(),
            measured: now.map_or(alarm.measured, |now| now.measured),
            measured_now: now.is_some(),
            opened_at: alarm.opened_at.unwrap_or(alarm.began_at),
            cleared_at: alarm.cleared_at,
        }
    };
    Some(Group {
        rule: first.rule.clone(),
        condition: first.condition.parse().ok()?,
        severity: from_code(first.severity.clone()).ok()?,
        total: alarms.len(),
        provinces,
        alarms: alarms.iter().take(most).map(line).collect(),
    })
}

fn say(v: &Voice, head: &Letterhead, parts: &[Vec<Group>; 3], summary: bool) -> Said {
    let [opened, again, cleared] = parts;
    let sections = [
        (text_id("alarm-letter-opened"), opened),
        (text_id("alarm-letter-again"), again),
        (text_id("alarm-letter-cleared"), cleared),
    ];
    let mut paragraphs = Vec::new();
    for (title, groups) in sections {
        if groups.is_empty() {
            continue;
        }
        paragraphs.push(v.say(title));
        paragraphs.extend(groups.iter().map(|group| paragraph(v, group, summary)));
    }
    paragraphs.push(
        v.with("at", head.at(console::ALARMS))
            .say("alarm-letter-see"),
    );
    Said {
        subject: subject(v, parts),
        paragraphs,
    }
}

/// The worst of what is new; else of what goes on; else what is over.
fn subject(v: &Voice, parts: &[Vec<Group>; 3]) -> String {
    let ids = [
        (
            text_id("alarm-subject-opened"),
            text_id("alarm-subject-opened-many"),
        ),
        (
            text_id("alarm-subject-again"),
            text_id("alarm-subject-again-many"),
        ),
        (
            text_id("alarm-subject-cleared"),
            text_id("alarm-subject-cleared-many"),
        ),
    ];
    let Some((groups, (one, many))) = parts.iter().zip(ids).find(|(groups, _)| !groups.is_empty())
    else {
        return String::new();
    };
    let (worst, rest) = (&groups[0], groups.len() - 1);
    let about = worded(v, worst, one, many);
    if rest == 0 {
        about
    } else {
        v.with("about", about)
            .with("n", rest)
            .say("alarm-subject-more")
    }
}

fn worded(v: &Voice, group: &Group, one: TextId, many: TextId) -> String {
    let severity = v.say(words::severity(group.severity));
    let condition = v.say(words::condition(group.condition));
    let said = v.with("severity", severity).with("condition", condition);
    match group.alarms.as_slice() {
        [only] if group.total == 1 => said.with("name", name(v, only)).say(one),
        _ => said.with("n", group.total).say(many),
    }
}

fn paragraph(v: &Voice, group: &Group, summary: bool) -> String {
    let title = v
        .with("condition", v.say(words::condition(group.condition)))
        .with("severity", v.say(words::severity(group.severity)))
        .with("n", group.total)
        .say("alarm-letter-group");
    let mut lines = vec![title];
    if summary && group.total > FIRST {
        lines.extend(where_most(v, group));
        let names = group.alarms.iter().take(FIRST).map(|line| name(v, line));
        let names = names.collect::<Vec<_>>().join(", ");
        lines.push(v.with("names", names).say("alarm-letter-first"));
    } else {
        lines.extend(group.alarms.iter().map(|line| one(v, group, line)));
    }
    lines.join("\n")
}

/// `27 in Jawa Timur`, for the provinces with most of them.
fn where_most(v: &Voice, group: &Group) -> Option<String> {
    let mut most: Vec<(&String, &usize)> = group.provinces.iter().collect();
    most.sort_by_key(|(_, count)| Reverse(**count));
    let named = most
        .into_iter()
        .take(PROVINCES)
        .filter_map(|(code, count)| {
            let region = regions::national().region(&code.parse().ok()?)?;
            Some(
                v.with("n", *count)
                    .with("province", &region.name)
                    .say("alarm-letter-in"),
            )
        });
    let named: Vec<String> = named.collect();
    (!named.is_empty()).then(|| v.with("where", named.join(", ")).say("alarm-letter-where"))
}

fn one(v: &Voice, group: &Group, line: &Line) -> String {
    let opened = v.moment(line.opened_at);
    if let Some(cleared) = line.cleared_at {
        return v
            .with("name", name(v, line))
            .with("from", opened)
            .with("until", v.moment(cleared))
            .say("alarm-letter-line-over");
    }
    let level = from_code(line.level.clone()).unwrap_or(State::Yellow);
    let measured = (line.measured, line.measured_now);
    let reason = words::reason_at(v, group.condition, level, measured);
    v.with("name", name(v, line))
        .with("reason", reason)
        .with("at", opened)
        .say("alarm-letter-line")
}

fn name(v: &Voice, line: &Line) -> String {
    match (&line.name, &line.instance) {
        (Some(name), _) => name.clone(),
        (None, Some(slug)) => slug.clone(),
        (None, None) => v.say("alarm-hub"),
    }
}
