//! What lists show of a case's messages: its words in short, its last change, why it lies where it
//! lies.
//!
//! Taken in one message after the other where they come in order, and read anew from the history
//! where not; both give the same. It must never show words that an erasure has taken, nor personal
//! numbers that somebody typed into them.

use lapor_migrations::Tx;
use lapor_protocol::case::{Case, Effect, State};
use lapor_protocol::ids::{CaseId, InstanceId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::HistoryEntry;
use super::history::{applied_history, storable};
use super::shown::{drafts, is_replied};
use crate::error::NodeError;
use crate::personal::mask;
use crate::store;
use crate::store::cases::{CaseRow, Glance};

/// Characters of a text in a list.
const EXCERPT: usize = 240;

/// Where a case lies at this desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tray {
    /// Came to this desk, and nothing has been done with it.
    New,
    /// Was dealt with before: returned, recalled, reopened, or the reporter has answered, also
    /// after it had ended.
    CameBack,
    /// Waits for the reporter's answer to a hold.
    Waiting,
    /// In hand.
    Working,
    /// A close is proposed, and the reporter may confirm it.
    Answered,
    /// Another institution has it.
    Elsewhere,
    /// Closed, archived, merged or erased, and nobody waits to be heard; or nothing more is heard of it
    /// here.
    Ended,
}

impl Tray {
    pub const ALL: [Self; 7] = [
        Self::New,
        Self::CameBack,
        Self::Waiting,
        Self::Working,
        Self::Answered,
        Self::Elsewhere,
        Self::Ended,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::CameBack => "came_back",
            Self::Waiting => "waiting",
            Self::Working => "working",
            Self::Answered => "answered",
            Self::Elsewhere => "elsewhere",
            Self::Ended => "ended",
        }
    }

    pub(super) fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tray| tray.as_str() == text)
    }

    /// The tray of a case at `me`.
    pub(super) fn of(case: &Case, glance: &Glance, me: &InstanceId) -> Self {
        let turn = glance.turn.as_deref();
        if case.redacted {
            return Self::Ended;
        }
        if !case.state.is_open() {
            let said = matches!(turn, Some("case.replied" | "report.completed"));
            let heard = glance.is_noted_by(me);
            let waits = said && !heard && case.custodian == *me;
            return if waits { Self::CameBack } else { Self::Ended };
        }
        if case.custodian != *me {
            return Self::Elsewhere;
        }
        if case.state == State::Held {
            return Self::Waiting;
        }
        match turn {
            _ if is_replied(case) => Self::CameBack,
            Some(
                "case.returned" | "case.recalled" | "case.reopened" | "case.replied"
                | "case.unlinked" | "report.completed",
            ) => Self::CameBack,
            Some(
                "report.filed" | "case.disposed" | "case.split" | "case.succeeded"
                | "case.taken_over",
            ) => Self::New,
            _ if case.state == State::Answered => Self::Answered,
            _ => Self::Working,
        }
    }
}

impl Glance {
    /// Of a report at the moment of its filing here.
    pub(super) fn filed(
        title: &str,
        content: &str,
        place: Option<&str>,
        me: &InstanceId,
        at: i64,
    ) -> Self {
        Self {
            title: Some(mask(&storable(title)).into_owned()),
            place: place.map(|place| mask(&storable(place)).into_owned()),
            excerpt: Some(shortened(&mask(&storable(content)))),
            answer: None,
            last_kind: Some("report.filed".to_owned()),
            last_author: Some(me.to_string()),
            last_at: Some(at),
            turn: Some("report.filed".to_owned()),
            taken_up: 0,
            completed: 0,
        }
    }

    /// Takes in the next message of `case`. One that had no effect changes nothing.
    pub(super) fn take(&mut self, case: CaseId, entry: &HistoryEntry) {
        if entry.effect.is_some_and(|effect| effect != Effect::Applied) {
            return;
        }
        self.last_kind = Some(entry.kind.clone());
        self.last_author = entry.author.as_ref().map(ToString::to_string);
        self.last_at = Some(entry.at);
        if moves(case, entry) {
            self.turn = Some(entry.kind.clone());
        }
        if takes_up(case, entry) {
            self.taken_up = 1;
        }
        let word = |name: &str| said(entry, name).map(|text| mask(text).into_owned());
        match entry.kind.as_str() {
            "report.filed" => {
                self.title = word("title");
                self.place = word("place");
                self.excerpt = word("content").as_deref().map(shortened);
            }
            "case.split" if is_child(case, entry) => {
                self.title = word("title");
                self.place = word("place");
                self.excerpt = word("content").as_deref().map(shortened);
            }
            "case.verified" => self.title = word("title").or(self.title.take()),
            "report.completed" => self.completed = 1,
            "case.followed_up" => {
                self.answer = word("text").as_deref().map(shortened);
                self.completed = 0;
            }
            "case.redacted" => self.forget(),
            _ => {}
        }
    }

    /// Whether the last that happened is a note of this desk, which answers for what it has read.
    fn is_noted_by(&self, me: &InstanceId) -> bool {
        let (kind, author) = (self.last_kind.as_deref(), self.last_author.as_deref());
        kind == Some("case.noted") && author == Some(me.as_str())
    }

    /// Keeps what happened, without a word.
    pub(crate) fn forget(&mut self) {
        (self.title, self.place, self.excerpt, self.answer) = (None, None, None, None);
    }
}

/// Reads what lists show of a row anew from the case's messages, own pending ones on top.
pub(crate) async fn describe(
    tx: &mut Tx,
    row: &mut CaseRow,
    me: &InstanceId,
) -> Result<(), NodeError> {
    let id = store::case_id(&row.case_id)?;
    let pending = drafts(tx, &row.case_id).await?;
    let mut glance = Glance::default();
    for entry in applied_history(tx, id, me, &pending).await? {
        glance.take(id, &entry);
    }
    row.glance = glance;
    Ok(())
}

/// Whether a message says why the case now lies where it lies. Notes, supports, ratings and
/// questions about the reporter do not, nor does what only touches another case.
fn moves(case: CaseId, entry: &HistoryEntry) -> bool {
    match entry.kind.as_str() {
        "case.split" => is_child(case, entry),
        "case.linked" | "case.unlinked" => named(entry, "target_case") != Some(case),
        "report.filed" | "report.completed" | "case.verified" | "case.held" | "case.archived"
        | "case.disposed" | "case.returned" | "case.recalled" | "case.followed_up"
        | "case.replied" | "case.closed" | "case.reopened" | "case.succeeded"
        | "case.taken_over" => true,
        _ => false,
    }
}

/// Whether somebody who could have refused it takes the case up as a report with this message.
fn takes_up(case: CaseId, entry: &HistoryEntry) -> bool {
    match entry.kind.as_str() {
        "case.split" => is_child(case, entry),
        "case.verified" | "case.disposed" | "case.followed_up" | "case.taken_over" => true,
        _ => false,
    }
}

/// Whether a case begins with this message: its filing, or the split that made it.
pub(crate) fn begins(case: CaseId, entry: &HistoryEntry) -> bool {
    entry.kind == "report.filed" || (entry.kind == "case.split" && is_child(case, entry))
}

/// Whether a split gave birth to this case; the same message stands in its parent.
fn is_child(case: CaseId, entry: &HistoryEntry) -> bool {
    named(entry, "child") == Some(case)
}

pub(super) fn named(entry: &HistoryEntry, field: &str) -> Option<CaseId> {
    entry.body.as_ref()?.get(field)?.as_str()?.parse().ok()
}

/// A word of a message by its name.
pub(super) fn said<'a>(entry: &'a HistoryEntry, name: &str) -> Option<&'a str> {
    entry.words.as_ref()?.get(name).and_then(Value::as_str)
}

/// What a text says beyond the title above it, so that nobody reads it twice: nothing where it has the
/// same words, whatever ends them, as a short message has; of a letter, which begins with its subject,
/// what follows that; else all of it.
pub(crate) fn beyond<'t>(text: &'t str, title: Option<&str>) -> Option<&'t str> {
    let Some(title) = title else {
        return Some(text);
    };
    if words(text).eq(words(title)) {
        return None;
    }
    match text.trim_start().split_once('\n') {
        Some((first, rest)) if words(first).eq(words(title)) => Some(rest.trim_start()),
        _ => Some(text),
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let ends = |c: char| c.is_whitespace() || ['.', '!', '?'].contains(&c);
    text.trim_end_matches(ends).split_whitespace()
}

/// The beginning of a text on one line.
fn shortened(text: &str) -> String {
    let mut out = String::new();
    for word in text.split_whitespace() {
        let room = EXCERPT.saturating_sub(out.chars().count());
        if word.chars().count() + 1 > room {
            out.extend(word.chars().take(if out.is_empty() { room } else { 0 }));
            out.push('…');
            break;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_text_says_beyond_its_title_is_read_and_the_title_is_not_read_twice() {
        let title = Some("Lampu jalan padam");
        for text in [
            "Lampu jalan padam",
            "Lampu  jalan\npadam.",
            "Lampu jalan padam?! ",
        ] {
            assert_eq!(beyond(text, title), None, "{text}");
        }
        for text in [
            "Lampu jalan padam. Gelap.",
            "Lampu jalan",
            "Lampu. jalan padam",
            "Gelap.\n\nLampu jalan padam",
            "",
        ] {
            assert_eq!(beyond(text, title), Some(text));
        }
        let letter = "Lampu jalan padam\n\nSejak Minggu.\nGelap.";
        assert_eq!(beyond(letter, title), Some("Sejak Minggu.\nGelap."));
        let cut = Some("Lampu jalan padam…");
        assert_eq!(beyond("Lampu jalan padam", cut), Some("Lampu jalan padam"));
        assert_eq!(beyond("Lampu", None), Some("Lampu"));
    }

    #[test]
    fn an_excerpt_is_one_line_and_never_longer_than_it_may_be() {
        assert_eq!(shortened(" Lampu\n\npadam  "), "Lampu padam");
        assert_eq!(shortened(""), "");
        for text in ["kata ".repeat(500), "k".repeat(5000)] {
            let short = shortened(&text);
            let length = short.chars().count();
            assert!(short.ends_with('…') && length <= EXCERPT + 1, "{length}");
        }
    }
}
