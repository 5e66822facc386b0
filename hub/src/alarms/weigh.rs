//! Puts rules before a picture: which alarms begin, open, are told again and
//! end. Pure: what it decides is written by [`super::round`], all of it or
//! nothing.

use std::collections::HashMap;

use super::condition::Condition;
use super::judge::{self, OwnFinding, Verdict};
use super::rule::{Rule, fresh_id};
use super::silence::Silence;
use super::{AlarmState, What};
use crate::store::alarms::live::AlarmRow;
use crate::store::code_of;
use crate::watch::{Bounds, Instance, Picture};

/// All that is looked at.
pub struct Seen<'a> {
    pub picture: &'a Picture,
    /// Whether the picture is of this moment; by an old one nothing of an institution is judged.
    pub current: bool,
    pub bounds: &'a Bounds,
    pub own: &'a [OwnFinding],
    pub rules: &'a [Rule],
    /// Alarms that are not over.
    pub live: Vec<AlarmRow>,
    pub silences: &'a [Silence],
    /// Ids of recipients who may be told.
    pub recipients: &'a [String],
    /// Whether every institution can have been heard since the hub began.
    pub settled: bool,
    /// Unix ms.
    pub now: i64,
}

/// What is to be written.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    pub put: Vec<AlarmRow>,
    /// Ids of what never opened.
    pub drop: Vec<String>,
    /// Recipient, alarm, what.
    pub notices: Vec<(String, String, &'static str)>,
}

impl Outcome {
    pub fn is_empty(&self) -> bool {
        self.put.is_empty() && self.drop.is_empty()
    }
}

/// Weighs everything at one moment.
pub fn weigh(mut seen: Seen<'_>) -> Outcome {
    let mut live: HashMap<(String, String), AlarmRow> = std::mem::take(&mut seen.live)
        .into_iter()
        .map(|row| ((row.rule.clone(), row.subject.clone()), row))
        .collect();
    let mut outcome = Outcome::default();
    for rule in seen.rules.iter().filter(|rule| rule.enabled) {
        match rule.condition {
            Condition::Hub(own) => {
                let verdict = judge::own(seen.own, own, rule.least);
                let again = seen.is_repeated(rule, &live);
                seen.subject((rule, again), None, verdict, &mut live, &mut outcome);
            }
            Condition::Institution(_) if !seen.current => live.retain(|(of, _), _| *of != rule.id),
            Condition::Institution(concern) => {
                let again = seen.is_repeated(rule, &live);
                let moment = (seen.bounds, seen.picture.at);
                let within = seen.picture.instances.values();
                for of in within.filter(|of| rule.scope.takes(of)) {
                    let verdict = judge::institution(of, concern, rule.least, moment);
                    seen.subject((rule, again), Some(of), verdict, &mut live, &mut outcome);
                }
            }
        }
    }
    // What no rule looks at any more is over.
    for (_, row) in live {
        seen.end(row, &mut outcome);
    }
    outcome
}

impl Seen<'_> {
    fn subject(
        &self,
        (rule, again): (&Rule, bool),
        of: Option<&Instance>,
        verdict: Verdict,
        live: &mut HashMap<(String, String), AlarmRow>,
        outcome: &mut Outcome,
    ) {
        let subject = of.map_or_else(String::new, |of| of.id.to_string());
        let known = live.remove(&(rule.id.clone(), subject.clone()));
        let silent = self.is_silent(rule, of);
        match (verdict, known) {
            (Verdict::Stands { level, measured }, known) => {
                let (fresh, mut row) = match known {
                    Some(row) => (false, row),
                    None => (true, self.begin(rule, subject)),
                };
                let before = row.clone();
                self.set_back(&mut row);
                row.level = code_of(&level);
                row.severity = code_of(&rule.severity);
                if row.level != before.level || fresh {
                    row.measured = measured;
                }
                self.advance(rule, of.is_some(), measured, &mut row);
                self.tell((rule, again), silent, &mut row, outcome);
                if fresh || row != before {
                    outcome.put.push(row);
                }
            }
            (Verdict::Clear, Some(row)) => self.end(row, outcome),
            (Verdict::Unknown, Some(mut row)) => {
                let before = row.clone();
                self.set_back(&mut row);
                self.tell((rule, again), silent, &mut row, outcome);
                if row != before {
                    outcome.put.push(row);
                }
            }
            (Verdict::Clear | Verdict::Unknown, None) => {}
        }
    }

    fn begin(&self, rule: &Rule, subject: String) -> AlarmRow {
        AlarmRow {
            id: fresh_id(),
            rule: rule.id.clone(),
            subject,
            condition: rule.condition.to_string(),
            severity: code_of(&rule.severity),
            level: String::new(),
            measured: None,
            state: code_of(&AlarmState::Pending),
            began_at: self.now,
            opened_at: None,
            told_at: None,
            acknowledged_at: None,
            acknowledged_by: None,
            note: None,
            cleared_at: None,
        }
    }

    /// What was noted by a clock that has been set back since counts from now on.
    fn set_back(&self, row: &mut AlarmRow) {
        if row.opened_at.is_none() {
            row.began_at = row.began_at.min(self.now);
        }
        row.told_at = row.told_at.map(|at| at.min(self.now));
    }

    /// Opens what has stood for long enough.
    fn advance(&self, rule: &Rule, waits: bool, measured: Option<i64>, row: &mut AlarmRow) {
        let stood = self.now.saturating_sub(row.began_at) >= rule.stands_ms;
        let ready = self.settled || !waits;
        if row.opened_at.is_none() && stood && ready {
            row.state = code_of(&AlarmState::Open);
            row.opened_at = Some(self.now);
            row.measured = measured;
        }
    }

    /// Whether it is time to tell again of what a rule has raised.
    fn is_repeated(&self, rule: &Rule, live: &HashMap<(String, String), AlarmRow>) -> bool {
        let long = |row: &AlarmRow| {
            row.told_at
                .is_some_and(|at| self.now - at >= rule.repeat_ms)
        };
        rule.repeat_ms > 0
            && live.values().any(|row| {
                let waits = row.rule == rule.id && row.state == code_of(&AlarmState::Open);
                waits && long(row) && !self.is_silent(rule, self.instance(&row.subject))
            })
    }

    fn instance(&self, slug: &str) -> Option<&Instance> {
        self.picture.instances.get(&slug.parse().ok()?)
    }

    /// Notes an alarm for those who have not been told, or not for long. What
    /// one rule has raised is told again at once, as soon as one of them is due.
    fn tell(
        &self,
        (rule, again): (&Rule, bool),
        silent: bool,
        row: &mut AlarmRow,
        outcome: &mut Outcome,
    ) {
        if silent || row.state != code_of(&AlarmState::Open) {
            return;
        }
        let what = match row.told_at {
            None => What::Opened,
            Some(at) if again && self.now - at >= rule.repeat_ms / 2 => What::Again,
            Some(_) => return,
        };
        if self.note(rule, row, what, outcome) {
            row.told_at = Some(self.now);
        }
    }

    /// Whether there is anybody to be told.
    fn note(&self, rule: &Rule, row: &AlarmRow, what: What, outcome: &mut Outcome) -> bool {
        let mut told = rule.tells(self.recipients).peekable();
        let any = told.peek().is_some();
        let notice = |to: &String| (to.clone(), row.id.clone(), what.code());
        outcome.notices.extend(told.map(notice));
        any
    }

    fn end(&self, mut row: AlarmRow, outcome: &mut Outcome) {
        if row.opened_at.is_none() {
            outcome.drop.push(row.id);
            return;
        }
        row.state = code_of(&AlarmState::Cleared);
        row.cleared_at = Some(self.now);
        outcome.put.push(row);
    }

    fn is_silent(&self, rule: &Rule, of: Option<&Instance>) -> bool {
        let mut silences = self.silences.iter();
        silences.any(|silence| silence.covers(rule, of))
    }
}
