//! What happened in a case, as its reporter reads it.

use lapor_protocol::deadline::ClockKind;
use lapor_protocol::ids::InstanceId;
use lapor_protocol::kinds::case_archived::ArchiveReason;
use lapor_protocol::message::Attachment;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::Choice;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::speaker::Speaker;
use crate::casework::beyond;
use crate::casework::course::needs_the_hub;
use crate::node::Node;
use crate::portal::name_of;
use crate::portal::questions::{answer_words, posed};
use crate::portal::track::{archive_words, return_words};
use crate::reporters::{Event, IdentityEvent, IdentityStep, Relation, RunningClock};

/// A file that can be fetched.
pub struct File {
    pub kind: TextId,
    pub to: String,
}

/// One thing that happened.
pub struct Line {
    pub said: String,
    pub by: Option<String>,
    /// Whether the reporter did it.
    pub own: bool,
    pub words: Option<String>,
    /// Questions with their answers, as far as there are any.
    pub asked: Vec<String>,
    pub answers: Vec<String>,
    pub files: Vec<File>,
    /// Another institution has not heard of it yet.
    pub waits: bool,
    pub at: i64,
}

/// A request for the identity and what became of it.
pub struct Asked {
    /// Names it, where the reporter may still decide.
    pub ask: Option<String>,
    pub said: String,
    pub reason: Option<String>,
    /// What the reporter said last.
    pub given: Option<bool>,
    /// It was granted inside the institution that took the report in, where a word of the reporter
    /// still ends it; what another has been told cannot be taken back.
    pub granted: bool,
    pub at: i64,
}

/// A clock in one sentence.
pub fn clock(v: &Voice, clock: &RunningClock) -> String {
    let what = match clock.kind {
        ClockKind::Verification => text_id("talk-clock-verification"),
        ClockKind::FirstFollowUp => text_id("talk-clock-first-follow-up"),
        ClockKind::InformationRequest | ClockKind::Complaint | ClockKind::OversightComplaint => {
            text_id("clock-answer")
        }
        ClockKind::Disposer => text_id("talk-clock-disposer"),
        ClockKind::Silence => text_id("talk-clock-silence"),
    };
    let said = v.with("what", v.say(what)).with("day", v.day(clock.due_on));
    if clock.due_at <= v.now_ms() {
        return match clock.days_left.abs() {
            // Over since a day on which nobody works.
            0 => said.say("talk-clock-overdue-now"),
            days => said.with("n", days).say("talk-clock-overdue"),
        };
    }
    match clock.days_left {
        0 => said.say("clock-today"),
        days => said.with("n", days).say("talk-clock-left"),
    }
}

/// How good it was, 1 to 5.
pub fn scores(v: &Voice) -> Vec<Choice> {
    let words = [
        text_id("score-1"),
        text_id("score-2"),
        text_id("score-3"),
        text_id("score-4"),
        text_id("score-5"),
    ];
    let scores = words.into_iter().enumerate();
    scores
        .map(|(place, words)| Choice::new((place + 1).to_string(), v.say(words)))
        .collect()
}

pub fn relation(relation: Relation) -> TextId {
    match relation {
        Relation::MergedInto => text_id("linked-merged"),
        Relation::Child => text_id("linked-child"),
        Relation::Parent => text_id("linked-parent"),
    }
}

/// What happened, in its order; the report says no word that the title above has said.
pub fn course(
    node: &Node,
    v: &Voice,
    events: &[Event],
    title: Option<&str>,
    speaker: &Speaker,
) -> Vec<Line> {
    let lines = events.iter().map(|event| {
        let line = line(node, v, event, speaker);
        let title = title.filter(|_| event.kind == "report.filed");
        let words = line.words.as_deref().and_then(|text| beyond(text, title));
        Line {
            words: words.map(str::to_owned),
            ..line
        }
    });
    lines.collect()
}

fn line(node: &Node, v: &Voice, event: &Event, speaker: &Speaker) -> Line {
    let own = is_own(event);
    Line {
        said: said(node, v, event),
        by: event
            .by
            .as_ref()
            .filter(|_| !own)
            .map(|id| name_of(node, id)),
        own,
        words: words(node, v, event),
        asked: posed(&event.questions, &event.forms)
            .iter()
            .map(|one| one.words(v))
            .collect(),
        answers: event
            .answers
            .iter()
            .map(|answer| answer_words(v, answer))
            .collect(),
        files: event
            .attachments
            .iter()
            .map(|one| file(one, speaker))
            .collect(),
        waits: event.pending && needs_the_hub(&event.kind),
        at: event.at,
    }
}

fn file(attachment: &Attachment, speaker: &Speaker) -> File {
    let kind = match attachment.media_type.split('/').next() {
        Some("image") => text_id("file-picture"),
        Some("video") => text_id("file-video"),
        _ => text_id("file-of-office"),
    };
    let to = speaker.at(&format!("/lampiran/{}", attachment.sha256));
    File {
        kind,
        to: to.to_string(),
    }
}

/// What only a reporter says, whoever's node says it for them.
fn is_own(event: &Event) -> bool {
    match event.kind.as_str() {
        "report.filed" | "report.completed" | "case.replied" | "case.rated" | "case.escalated" => {
            true
        }
        "case.closed" => event.closed_by.as_deref() == Some("reporter"),
        _ => false,
    }
}

fn said(node: &Node, v: &Voice, event: &Event) -> String {
    let target = || {
        let id: Option<InstanceId> = event.to.as_deref().and_then(|id| id.parse().ok());
        id.map_or_else(String::new, |id| name_of(node, &id))
    };
    let id = match event.kind.as_str() {
        "report.filed" => text_id("did-file"),
        "report.completed" => text_id("did-complete"),
        "case.replied" => text_id("did-reply"),
        "case.escalated" => text_id("did-escalate"),
        "case.closed" if event.closed_by.as_deref() == Some("officer") => text_id("closed-officer"),
        "case.closed" if event.closed_by.as_deref() == Some("silence") => text_id("closed-silence"),
        "case.closed" => text_id("did-confirm"),
        "case.verified" => text_id("event-verified"),
        "case.held" => text_id("event-held"),
        "case.followed_up" if event.proposes_to_close => text_id("event-answered"),
        "case.followed_up" => text_id("event-followed-up"),
        "case.returned" => text_id("event-returned"),
        "case.recalled" => text_id("event-recalled"),
        "case.reopened" => text_id("event-reopened"),
        "case.archived" => text_id("event-archived"),
        "case.linked" => text_id("event-merged"),
        "case.unlinked" => text_id("event-unmerged"),
        "case.split" => text_id("event-split"),
        "case.taken_over" => text_id("event-taken-over"),
        "case.succeeded" => text_id("event-succeeded"),
        "case.redacted" => text_id("event-erased"),
        "case.disposed" => return v.with("institution", target()).say("event-disposed"),
        "case.rated" => {
            let score = event.score.unwrap_or_default();
            return v.with("n", score).say("did-rate");
        }
        _ => text_id("event-other"),
    };
    v.say(id)
}

/// What was said, or why it was archived or went back.
fn words(node: &Node, v: &Voice, event: &Event) -> Option<String> {
    match (why(node, v, event), event.text.clone()) {
        (Some(reason), Some(text)) => Some(format!("{reason}\n\n{text}")),
        (reason, text) => reason.or(text),
    }
}

/// Why a case was archived, went back or lost its words; never in the words of an institution.
pub(crate) fn why(node: &Node, v: &Voice, event: &Event) -> Option<String> {
    match event.kind.as_str() {
        "case.archived" => coded::<ArchiveReason>(event).map(|why| v.say(archive_words(why))),
        "case.returned" => returned(node, v, event),
        "case.redacted" => {
            let code = event.reason.as_deref();
            code.map(|code| v.say(erasure_words(code)))
        }
        _ => None,
    }
}

/// Why a case went back, and to whom it should go.
fn returned(node: &Node, v: &Voice, event: &Event) -> Option<String> {
    let suggested: Option<InstanceId> = event.suggested.as_deref().and_then(|id| id.parse().ok());
    Some(return_words(node, v, coded(event)?, suggested.as_ref()))
}

/// Why the words of a report are erased, by the code of the message.
pub(crate) fn erasure_words(code: &str) -> TextId {
    match code {
        "reporter_request" => text_id("redact-reporter-request"),
        "legal_order" => text_id("redact-legal-order"),
        "personal_data" => text_id("redact-personal-data"),
        _ => text_id("erasure-other"),
    }
}

fn coded<T: DeserializeOwned>(event: &Event) -> Option<T> {
    serde_json::from_value(Value::String(event.reason.clone()?)).ok()
}

/// The log of who asked for the identity, each request with the say that the reporter has.
pub fn identity(node: &Node, v: &Voice, log: &[IdentityEvent]) -> Vec<Asked> {
    let about = |ask: &Option<String>| {
        let ask = ask.clone();
        log.iter()
            .filter(move |event| ask.is_some() && event.ask == ask)
    };
    let lines = log.iter().map(|event| {
        let became = |step| about(&event.ask).any(|other| other.step == step);
        let inside = event.institution.as_ref() == node.instance().ok();
        let granted = became(IdentityStep::Granted) && inside;
        let ended = became(IdentityStep::Refused) || (became(IdentityStep::Granted) && !inside);
        let said = about(&event.ask).rev().find_map(|other| match other.step {
            IdentityStep::Consented => Some(true),
            IdentityStep::Objected => Some(false),
            _ => None,
        });
        let asked = event.step == IdentityStep::Asked;
        let who = event
            .institution
            .as_ref()
            .map_or_else(String::new, |id| name_of(node, id));
        Asked {
            ask: event.ask.clone().filter(|_| asked && !ended),
            said: v.with("institution", who).say(step(event.step)),
            reason: reason(v, event),
            given: said.filter(|_| asked),
            granted,
            at: event.at,
        }
    });
    lines.collect()
}

fn step(step: IdentityStep) -> TextId {
    match step {
        IdentityStep::Asked => text_id("talk-identity-asked"),
        IdentityStep::Consented => text_id("identity-consented"),
        IdentityStep::Objected => text_id("identity-objected"),
        IdentityStep::Granted => text_id("talk-identity-granted"),
        IdentityStep::Refused => text_id("identity-refused"),
        IdentityStep::Opened => text_id("identity-opened"),
        IdentityStep::Denied => text_id("identity-denied"),
    }
}

/// The purpose in words, and what was written beside it.
fn reason(v: &Voice, event: &IdentityEvent) -> Option<String> {
    let purpose = match event.purpose.as_deref() {
        Some("contact") => Some(text_id("talk-purpose-contact")),
        Some("eligibility") => Some(text_id("talk-purpose-eligibility")),
        Some("examination") => Some(text_id("talk-purpose-examination")),
        Some("visit") => Some(text_id("talk-purpose-visit")),
        Some("reporter_declined") => Some(text_id("talk-refusal-reporter-declined")),
        Some("not_needed") => Some(text_id("talk-refusal-not-needed")),
        Some("unknown") => Some(text_id("talk-refusal-unknown")),
        _ => None,
    };
    let parts: Vec<String> = purpose
        .map(|id| v.say(id))
        .into_iter()
        .chain(event.reason.clone())
        .collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

#[cfg(test)]
mod tests {
    use lapor_web::language::Language;

    use super::*;
    use crate::doors::texts;

    #[test]
    fn a_clock_that_ran_out_before_days_off_counts_none() {
        let past = |days_left| RunningClock {
            kind: ClockKind::FirstFollowUp,
            due_at: 0,
            due_on: "2026-02-06".parse().unwrap(),
            days_left,
        };
        for (language, none, one, two) in [
            (
                Language::Indonesian,
                "Tindak lanjut pertama: lewat tenggat, sejak 6 Februari 2026",
                "Tindak lanjut pertama: lewat 1 hari kerja, sejak 6 Februari 2026",
                "Tindak lanjut pertama: lewat 2 hari kerja, sejak 6 Februari 2026",
            ),
            (
                Language::English,
                "First follow-up: overdue, since 6 February 2026",
                "First follow-up: 1 working day late, since 6 February 2026",
                "First follow-up: 2 working days late, since 6 February 2026",
            ),
        ] {
            let v = Voice::new(language, texts(), chrono_tz::UTC, 1);
            assert_eq!(clock(&v, &past(0)), none);
            assert_eq!(clock(&v, &past(-1)), one);
            assert_eq!(clock(&v, &past(-2)), two);
        }
    }
}
