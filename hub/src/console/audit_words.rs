//! What the audit log says beside an act, in the words and the zone of whoever reads it. Entries
//! keep what was written when it was done; what has none of these forms is shown as it is.

use std::collections::BTreeMap;

use lapor_protocol::directory::Directory;
use lapor_web::clock::of_instant;
use lapor_web::language::Voice;
use lapor_web::people::{actor_named, asked_by};

use super::acts::disposing_said;
use super::alarms::recipients::channel_words;
use super::alarms::{silenced, whole};
use super::names::whom;
use super::resting::act_words;
use super::roadmap::level_words;
use super::roles::WORDS;
use super::words::condition;
use crate::alarms::{Channel, Condition, Quiet, Rule};
use crate::levels::Level;

/// Before what an alarm's rule or recipient was, behind what it is.
const BEFORE: &str = "; before: ";

/// Reads entries to somebody.
pub struct Reader<'a> {
    pub v: &'a Voice,
    /// Accounts, by how the audit log calls them.
    pub names: &'a BTreeMap<String, String>,
    /// Rules and recipients of alarms, by their ids.
    pub called: &'a BTreeMap<String, String>,
    pub directory: &'a Directory,
}

impl Reader<'_> {
    /// What the entry of an action says besides.
    pub fn told(&self, action: &str, detail: &str) -> String {
        asked_by(self.v, self.names, detail, |text| self.said(action, text))
    }

    fn said(&self, action: &str, text: &str) -> String {
        let known = match action.split_once('.').unwrap_or((action, "")) {
            ("instance", "invited") => self.given(text),
            ("instance", "tried") => (text == "no answer").then(|| self.v.say("told-no-answer")),
            ("roadmap", "planned") => self.planned(text),
            ("operator", _) => beside(text, |inner| {
                let (login, act) = inner.rsplit_once(": ")?;
                Some(format!("{login}: {}", self.v.say(act_words(act))))
            }),
            ("token", "created") => self.token(text),
            ("alarm", "acknowledged") => self.acknowledged(text),
            ("alarm", "silenced") => self.silenced(text),
            ("alarm", "silence_ended") => self.silent(text.split_once(' ')),
            ("alarm", act) if act.starts_with("rule_") => self.rule(text),
            ("alarm", _) => self.recipient(text),
            _ => None,
        };
        known
            .or_else(|| beside(text, |inner| self.particulars(inner)))
            .unwrap_or_else(|| text.to_owned())
    }

    /// What an act names beside its institution, as [`crate::deeds::Deed::detail`] has it.
    fn particulars(&self, text: &str) -> Option<String> {
        if text == "even so" {
            return Some(self.v.say("told-even-so"));
        }
        let of_alarms = || match text.split_once(": ")? {
            ("successor", next) => Some(self.successor(next)),
            ("recipient", id) => Some(self.v.with("name", self.name(id)).say("told-recipient")),
            ("rule", of) => self.silence_asked("rule", of).or_else(|| {
                let rule = Rule::of_said(of)
                    .map(|(rule, _)| whole(self.v, self.directory, &rule, self.called));
                let name = rule.unwrap_or_else(|| self.name(of).to_owned());
                Some(self.v.with("name", name).say("told-rule"))
            }),
            (scope, of) => self.silence_asked(scope, of),
        };
        self.given(text)
            .or_else(|| self.maintained(text))
            .or_else(of_alarms)
    }

    /// What a rule or a recipient is called.
    fn name<'a>(&'a self, id: &'a str) -> &'a str {
        self.called.get(id).map_or(id, String::as_str)
    }

    fn successor(&self, slug: &str) -> String {
        let name = whom(self.v, self.directory, slug);
        self.v.with("name", name).say("told-successor")
    }

    /// What is given to an institution: to whom it may dispose, and more.
    fn given(&self, text: &str) -> Option<String> {
        let v = self.v;
        let part = |part: &str| match part {
            "stands in for an excluded desk" => Some(v.say("authority-stands-in")),
            "does not stand in for the desk" => Some(v.say("authority-stands-not-in")),
            "joins without approval" => Some(v.say("told-without-approval")),
            _ => {
                let patterns = part.strip_prefix("disposes to: ");
                patterns.map(|patterns| disposing_said(v, patterns))
            }
        };
        let parts: Option<Vec<String>> = text.split("; ").map(part).collect();
        parts.map(|parts| parts.join("; "))
    }

    fn maintained(&self, text: &str) -> Option<String> {
        let (from, until) = text.strip_prefix("from ")?.split_once(" until ")?;
        let [from, until] = [of_instant(from)?, of_instant(until)?].map(|at| self.v.moment(at));
        Some(format!("{from} – {until}"))
    }

    fn planned(&self, text: &str) -> Option<String> {
        if text == "-" {
            return Some(self.v.say("told-no-plan"));
        }
        let (by, code) = text.split_once(": ")?;
        let level = Level::ALL.into_iter().find(|level| level.code() == code)?;
        let said = self.v.with("by", by);
        let said = said.with("level", self.v.say(level_words(level)));
        Some(said.say("roadmap-planned-level"))
    }

    /// A token's name, its role, and whose it is that acts for somebody.
    fn token(&self, text: &str) -> Option<String> {
        let mut words = text.split(' ');
        let name = words.next()?.to_owned();
        let role = words.next()?;
        let role = WORDS.iter().find(|words| words.code == role)?;
        let owner = words.map(|actor| actor_named(self.v, self.names, actor));
        let said = [name, self.v.say(role.name)].into_iter().chain(owner);
        Some(said.collect::<Vec<_>>().join(", "))
    }

    fn acknowledged(&self, text: &str) -> Option<String> {
        let (alarm, note) = text.split_once(": ")?;
        let found: Condition = alarm.split_once(' ')?.0.parse().ok()?;
        let found = self.v.say(condition(found));
        Some(match note {
            "" => found,
            note => format!("{found}: {note}"),
        })
    }

    fn silenced(&self, text: &str) -> Option<String> {
        let (what, rest) = text.split_once(" until ")?;
        let (until, why) = rest.split_once(": ")?;
        let said = self.v.with("what", self.silent(what.split_once(' '))?);
        let said = said.with("until", self.v.moment(until.parse::<i64>().ok()?));
        Some(said.with("why", self.why(why)).say("told-silenced"))
    }

    fn silence_asked(&self, scope: &str, text: &str) -> Option<String> {
        let (of, hours) = text.strip_suffix(" hours")?.rsplit_once(", ")?;
        let said = self.v.with("what", self.silent(Some((scope, of)))?);
        let said = said.with("hours", hours.parse::<i64>().ok()?);
        Some(said.say("silence-about"))
    }

    /// What is silent, by its two columns.
    fn silent(&self, columns: Option<(&str, &str)>) -> Option<String> {
        let (scope, to) = columns?;
        Some(silenced(
            self.v,
            self.directory,
            &Quiet::of(scope, to)?,
            self.called,
        ))
    }

    fn rule(&self, text: &str) -> Option<String> {
        let (rule, rest) = Rule::of_said(text)?;
        let (said, rest) = match rest.strip_prefix(BEFORE) {
            None => (whole(self.v, self.directory, &rule, self.called), rest),
            Some(before) => {
                let (before, rest) = Rule::of_said(before)?;
                let both =
                    [before, rule].map(|rule| whole(self.v, self.directory, &rule, self.called));
                (both.join(" → "), rest)
            }
        };
        match rest.strip_prefix(": ") {
            Some(why) => Some(format!("{said}: {}", self.why(why))),
            None => rest.is_empty().then_some(said),
        }
    }

    fn recipient(&self, text: &str) -> Option<String> {
        if let Some((after, before)) = text.split_once(BEFORE) {
            let (before, after) = (self.channel(before)?, self.channel(after)?);
            return Some(format!("{before} → {after}"));
        }
        let said = self.channel(text)?;
        Some(match said.split_once(": asked by ") {
            Some((who, asked)) => format!("{who}: {}", self.why(&format!("asked by {asked}"))),
            None => said,
        })
    }

    /// Somebody who is told, with the channel in words.
    fn channel(&self, text: &str) -> Option<String> {
        let (code, rest) = text.split_once(' ')?;
        let mut all = [Channel::Mail, Channel::Webhook].into_iter();
        let channel = all.find(|channel| channel.code() == code)?;
        let channel = self.v.say(channel_words(channel));
        Some(format!("{channel}: {rest}"))
    }

    /// A reason in somebody's own words.
    fn why(&self, text: &str) -> String {
        asked_by(self.v, self.names, text, str::to_owned)
    }
}

/// A reason with what stands in brackets behind it.
fn beside(text: &str, said: impl Fn(&str) -> Option<String>) -> Option<String> {
    let (reason, inner) = text.strip_suffix(')')?.rsplit_once('(')?;
    let more = said(inner)?;
    Some(match reason.trim_end() {
        "" => more,
        reason => format!("{reason} ({more})"),
    })
}
