//! How an alarm, a rule and its scope read on screen.

use std::collections::BTreeMap;

use lapor_protocol::directory::Directory;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::people::actor_named;
use lapor_web::regions::national;

use crate::alarms::overview::Alarm;
use crate::alarms::{AlarmState, Condition, Quiet, Rule, Scope, Severity};
use crate::console::instances;
use crate::console::names::named;
use crate::console::words::{
    age, condition, kind_words, reason_at, severity, state_words as colour,
};

/// An alarm as a table shows it.
pub struct Shown {
    pub id: String,
    /// Page of the institution; nothing for the hub itself.
    pub at: Option<String>,
    pub name: String,
    pub condition: String,
    pub severity: String,
    pub tone: &'static str,
    pub reason: String,
    pub opened_at: i64,
    pub cleared_at: Option<i64>,
    pub state: String,
    pub state_tone: &'static str,
    /// Whether somebody can still acknowledge it.
    pub waits: bool,
    /// Who acknowledged it, and what they said.
    pub seen: Option<String>,
    pub note: Option<String>,
    /// Unix ms.
    pub silent_until: Option<i64>,
}

pub fn shown(
    v: &Voice,
    directory: &Directory,
    names: &BTreeMap<String, String>,
    alarm: Alarm,
) -> Shown {
    let (state, state_tone) = state_words(alarm.state);
    let seen = alarm.acknowledged_by.as_ref();
    let known: Option<Condition> = alarm.condition.parse().ok();
    let measured = (alarm.measured, alarm.measured_now);
    Shown {
        at: alarm
            .instance
            .as_ref()
            .and_then(|slug| Some(instances::one(&slug.parse().ok()?))),
        name: match &alarm.instance {
            Some(slug) => named(v, directory, slug),
            None => v.say("alarm-hub"),
        },
        condition: known.map_or_else(|| alarm.condition.clone(), |known| v.say(condition(known))),
        severity: v.say(severity(alarm.severity)),
        tone: tone(alarm.severity),
        reason: match known {
            Some(known) => reason_at(v, known, alarm.level, measured),
            None => v.say(colour(alarm.level)),
        },
        opened_at: alarm.opened_at,
        cleared_at: alarm.cleared_at,
        state: v.say(state),
        state_tone,
        waits: alarm.state == AlarmState::Open,
        seen: seen.map(|actor| actor_named(v, names, actor)),
        note: alarm.note.filter(|note| !note.is_empty()),
        silent_until: alarm.silent_until,
        id: alarm.id,
    }
}

pub fn tone(severity: Severity) -> &'static str {
    match severity {
        Severity::Warning => "warm",
        Severity::Critical => "alert",
    }
}

fn state_words(state: AlarmState) -> (TextId, &'static str) {
    match state {
        AlarmState::Pending => (text_id("alarm-pending"), "quiet"),
        AlarmState::Open => (text_id("alarm-open"), "alert"),
        AlarmState::Acknowledged => (text_id("alarm-acknowledged"), "accent"),
        AlarmState::Cleared => (text_id("alarm-cleared"), "done"),
    }
}

/// Whom a rule looks at.
pub fn scope(v: &Voice, directory: &Directory, scope: &Scope) -> String {
    match scope {
        Scope::All => v.say("scope-all"),
        Scope::Kind(kind) => v.say(kind_words(*kind)),
        Scope::Province(code) => v.with("name", province_name(code)).say("scope-province"),
        Scope::Instance(id) => named(v, directory, id.as_str()),
    }
}

/// What a rule looks for, from which colour on, where.
pub fn rule(v: &Voice, directory: &Directory, rule: &Rule) -> String {
    let what = v
        .with("condition", v.say(condition(rule.condition)))
        .with("colour", v.say(colour(rule.least)))
        .say("rule-of");
    if rule.condition.is_own() {
        return what;
    }
    v.with("condition", what)
        .with("scope", scope(v, directory, &rule.scope))
        .say("rule-named")
}

/// What a rule would be, beside what it is now among those that stand.
pub fn narrowed(
    v: &Voice,
    directory: &Directory,
    after: &Rule,
    (standing, called): (&[Rule], &BTreeMap<String, String>),
) -> String {
    let before = standing.iter().find(|rule| rule.id == after.id);
    let before = before.map_or_else(
        || after.id.clone(),
        |rule| whole(v, directory, rule, called),
    );
    v.with("before", before)
        .with("after", whole(v, directory, after, called))
        .say("rule-narrowed")
}

/// A rule with all that it says.
pub fn whole(
    v: &Voice,
    directory: &Directory,
    of: &Rule,
    called: &BTreeMap<String, String>,
) -> String {
    let named = |id: &String| called.get(id).unwrap_or(id).clone();
    let chosen: Vec<String> = of.recipients.iter().map(named).collect();
    v.with("rule", rule(v, directory, of))
        .with("severity", v.say(severity(of.severity)))
        .with("stands", span(v, of.stands_ms, text_id("rule-at-once")))
        .with("repeat", span(v, of.repeat_ms, text_id("rule-once")))
        .with("told", told(v, of, &chosen))
        .say("rule-whole")
}

/// Whom a rule tells, of those who were chosen by name.
pub fn told(v: &Voice, rule: &Rule, chosen: &[String]) -> String {
    match chosen {
        _ if rule.everybody => v.say("rule-everybody"),
        [] => v.say("rule-nobody"),
        names => names.join(", "),
    }
}

/// What is silent.
pub fn quiet(v: &Voice, directory: &Directory, rules: &[Rule], of: &Quiet) -> String {
    match of {
        Quiet::Rule(id) => match rules.iter().find(|rule| rule.id == *id) {
            Some(found) => rule(v, directory, found),
            None => id.clone(),
        },
        Quiet::Instance(slug) => named(v, directory, slug),
        Quiet::Province(code) => v.with("name", province_name(code)).say("scope-province"),
    }
}

/// A length of time that a rule states; none is at once or never.
pub fn span(v: &Voice, ms: i64, none: TextId) -> String {
    if ms == 0 { v.say(none) } else { age(v, ms) }
}

fn province_name(code: &str) -> String {
    let code_of = code.parse().ok();
    let region = code_of.and_then(|code| national().region(&code));
    region.map_or_else(|| code.to_owned(), |region| region.name.clone())
}
