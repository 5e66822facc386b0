//! The history of a case in words: what happened, who did it, why, and what was said.

use lapor_protocol::case::{Effect, Reason};
use lapor_protocol::ids::{CaseId, InstanceId};
use lapor_protocol::kinds::Classification;
use lapor_web::intake::channel_words;
use lapor_web::language::{TextId, Voice, text_id};
use serde_json::Value;

use super::approval::{People, Who};
use super::attachment::{AttachmentLine, attachment_lines};
use super::deeds::Deed;
use super::reasons::reason_words;
use super::{case_page, counter, shared};
use crate::casework::{CaseView, Coordinates, FailedAct, HistoryEntry, begins, beyond};
use crate::node::Node;
use crate::portal::questions::{answer_words, posed};
use crate::portal::{classification_name, closed_words, name_of};
use crate::regions::national;
use crate::reporters::answer_forms;

/// Something that happened.
pub struct Happened {
    pub said: String,
    pub by: Option<String>,
    pub at: i64,
    pub facts: Vec<Fact>,
    /// Sentences, as somebody wrote them.
    pub words: Vec<String>,
    /// Questions, or the answers to them.
    pub points: Vec<String>,
    pub attachments: Vec<AttachmentLine>,
    /// Who signed it, where somebody had to.
    pub signed: Option<String>,
    /// Only officers read it.
    pub inside: bool,
    pub standing: Standing,
}

/// What became of it at the hub.
pub enum Standing {
    Counts,
    Pending,
    /// It had no effect, and why.
    Void(String),
}

/// A clear field in words.
pub struct Fact {
    pub name: String,
    pub value: String,
    /// A case that is named.
    pub to: Option<String>,
}

/// An own act without effect, as a task.
pub struct Task {
    pub message: String,
    pub said: String,
    pub why: String,
    pub at: i64,
    /// Where it is done again, if it can be.
    pub again_at: Option<String>,
}

/// What the report says, as it was filed or split off.
#[derive(Default)]
pub struct Report {
    pub content: Option<String>,
    /// What of the content says more than the title above it.
    pub beyond: Option<String>,
    pub place: Option<String>,
    pub coordinates: Option<Coordinates>,
    pub incident: Option<String>,
    pub channel: Option<String>,
    pub suggested: Option<String>,
    pub attachments: Vec<AttachmentLine>,
}

/// The report of a case, from the message with which it began.
pub fn report(node: &Node, v: &Voice, view: &CaseView) -> Report {
    let case = view.summary.case;
    let mut history = view.history.iter();
    let Some(entry) = history.find(|entry| begins(case, entry)) else {
        return Report::default();
    };
    let word = |name: &str| text_of(entry.words.as_ref(), name);
    let field = |name: &str| text_of(entry.body.as_ref(), name);
    let content = word("content");
    Report {
        beyond: content
            .as_deref()
            .and_then(|text| beyond(text, view.summary.title.as_deref()))
            .map(str::to_owned),
        content,
        place: word("place"),
        coordinates: entry.words.as_ref().and_then(Coordinates::in_words),
        incident: field("incident_date"),
        channel: field("channel").map(|channel| channel_words(v, &channel)),
        suggested: field("suggested")
            .and_then(|id| id.parse().ok())
            .map(|id: InstanceId| name_of(node, &id)),
        attachments: attachment_lines(case, &entry.attachments),
    }
}

/// Everything that happened, latest first.
pub fn course(node: &Node, v: &Voice, view: &CaseView, people: &People) -> Vec<Happened> {
    let entries = view.history.iter().rev();
    entries
        .map(|entry| happened(node, v, view, entry, people))
        .collect()
}

/// Puts lines that are in no history where they belong by their time, latest first. The history
/// keeps its order, which is no matter of clocks: what waits for the hub stands above what counts.
pub fn put_in(course: &mut Vec<Happened>, lines: Vec<Happened>) {
    let waits = |one: &Happened| matches!(one.standing, Standing::Pending);
    for line in lines {
        let earlier = |one: &Happened| one.at <= line.at;
        let behind = course.iter().position(|one| !waits(one) && earlier(one));
        let mut place = behind.unwrap_or(course.len());
        while place > 0 && waits(&course[place - 1]) && earlier(&course[place - 1]) {
            place -= 1;
        }
        course.insert(place, line);
    }
}

/// Own acts without effect, with what can be done about each.
pub fn tasks(
    v: &Voice,
    view: &CaseView,
    failed: &[FailedAct],
    may: impl Fn(Deed) -> bool,
) -> Vec<Task> {
    let case = view.summary.case;
    let task = |act: &FailedAct| {
        let deed = Deed::of_kind(&act.kind);
        let entry = view
            .history
            .iter()
            .find(|entry| entry.message == Some(act.message));
        Task {
            message: act.message.to_string(),
            said: v.say(kind_words(&act.kind, false)),
            why: entry
                .and_then(|entry| entry.reason)
                .map_or_else(|| v.say("void-other"), |reason| v.say(void_words(reason))),
            at: act.at,
            again_at: match deed {
                Some(deed) => may(deed).then(|| {
                    let at = case_page::at(case);
                    format!("{at}/{}?ulang={}", deed.slug(), act.message)
                }),
                None => counter::again_at(case, &act.kind),
            },
        }
    };
    failed.iter().map(task).collect()
}

fn happened(
    node: &Node,
    v: &Voice,
    view: &CaseView,
    entry: &HistoryEntry,
    people: &People,
) -> Happened {
    let id = entry.message.map(|id| id.to_string());
    let signer = id.as_ref().and_then(|id| people.signers.get(id));
    let institution = entry.author.as_ref().map(|id| name_of(node, id));
    let by = match id.as_ref().and_then(|id| people.authors.get(id)) {
        Some(Who::Reporter) => Some(v.say("course-by-reporter")),
        Some(Who::Officer(name)) => institution.map(|at| format!("{name}, {at}")),
        None => institution,
    };
    let case = view.summary.case;
    let report = begins(case, entry);
    let word = |name: &str| text_of(entry.words.as_ref(), name);
    let points = |name: &str| -> Vec<String> {
        let list = entry
            .words
            .as_ref()
            .and_then(|words| words.get(name)?.as_array());
        let texts = list.into_iter().flatten().filter_map(Value::as_str);
        texts.map(str::to_owned).collect()
    };
    // The report itself stands above the history, under the title that it has now.
    let title = word("title");
    let content = word("content").filter(|_| !report);
    let content = content
        .as_deref()
        .and_then(|text| beyond(text, title.as_deref()))
        .map(str::to_owned);
    let called = view.summary.title.as_deref();
    let title = title.filter(|title| beyond(title, called).is_some());
    let standing = match entry.effect {
        None => Standing::Pending,
        Some(Effect::Applied) => Standing::Counts,
        Some(_) => Standing::Void(
            entry
                .reason
                .map_or_else(|| v.say("void-other"), |reason| v.say(void_words(reason))),
        ),
    };
    Happened {
        said: v.say(said(entry, report)),
        by,
        at: entry.at,
        facts: facts(node, v, case, entry),
        words: [title, content, word("text")]
            .into_iter()
            .flatten()
            .collect(),
        points: [
            posed(&points("questions"), &answer_forms(entry.words.as_ref()))
                .iter()
                .map(|one| one.words(v))
                .collect::<Vec<String>>(),
            points("answers")
                .iter()
                .map(|answer| answer_words(v, answer))
                .collect(),
        ]
        .concat(),
        attachments: if report {
            Vec::new()
        } else {
            attachment_lines(case, &entry.attachments)
        },
        signed: signer.map(|name| v.with("name", name).say("signed-by")),
        inside: matches!(
            entry.kind.as_str(),
            "case.noted" | "case.disposed" | "case.recalled"
        ),
        standing,
    }
}

/// The clear fields that say something to a reader.
fn facts(node: &Node, v: &Voice, case: CaseId, entry: &HistoryEntry) -> Vec<Fact> {
    let Some(body) = &entry.body else {
        return Vec::new();
    };
    let text = |name: &str| text_of(Some(body), name);
    let institution = |id: &str| {
        id.parse()
            .map_or_else(|_| id.to_owned(), |id| name_of(node, &id))
    };
    let mut out = Vec::new();
    let mut tell = |name: TextId, value: Option<String>| {
        if let Some(value) = value {
            out.push(Fact {
                name: v.say(name),
                value,
                to: None,
            });
        }
    };
    let why = text("reason").or_else(|| text("purpose"));
    tell(
        text_id("fact-reason"),
        why.map(|code| reason_words(v, &entry.kind, &code)),
    );
    for (field, name) in [
        ("target", text_id("fact-target")),
        ("suggested", text_id("fact-suggested")),
        ("supervisor", text_id("fact-supervisor")),
        ("on_behalf_of", text_id("fact-on-behalf-of")),
        ("institution", text_id("fact-institution")),
    ] {
        tell(name, text(field).map(|id| institution(&id)));
    }
    let listed = |field: &str| -> Option<String> {
        let all = body
            .get(field)?
            .as_array()?
            .iter()
            .filter_map(Value::as_str);
        let names: Vec<String> = all.map(institution).collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    tell(text_id("fact-copies"), listed("copies"));
    tell(text_id("fact-excluded"), listed("excluded"));
    tell(
        text_id("fact-deadline"),
        text("deadline").map(|day| shared::day_words(v, &day)),
    );
    if entry.kind == "case.verified" {
        let class = body.get("classification").cloned();
        let class: Option<Classification> =
            class.and_then(|class| serde_json::from_value(class).ok());
        tell(
            text_id("case-class"),
            class.map(|class| v.say(classification_name(class))),
        );
        tell(
            text_id("case-category"),
            text("category").map(|c| shared::category_name(&c)),
        );
        let region = text("region").and_then(|code| code.parse().ok());
        tell(
            text_id("case-region"),
            region.and_then(|code| national().display_name(&code)),
        );
        let oversight = body.get("oversight").and_then(Value::as_bool) == Some(true);
        tell(text_id("case-oversight"), oversight.then(|| v.say("yes")));
    }
    if let Some(score) = body.get("score").and_then(Value::as_i64) {
        tell(
            text_id("fact-score"),
            Some(v.with("n", score).say("score-of-five")),
        );
    }
    let other = text("target_case").or_else(|| text("child"));
    if let Some(other) = other.filter(|other| *other != case.to_string()) {
        out.push(Fact {
            name: v.say("fact-case"),
            to: other.parse().ok().map(case_page::at),
            value: other,
        });
    }
    out
}

fn text_of(value: Option<&Value>, name: &str) -> Option<String> {
    let text = value?.get(name)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

/// What has happened, told apart by what a message of its kind decides.
fn said(entry: &HistoryEntry, begins: bool) -> TextId {
    let field = |name: &str| entry.body.as_ref()?.get(name).cloned();
    match entry.kind.as_str() {
        "case.followed_up" if field("proposes_to_close") == Some(Value::Bool(true)) => {
            text_id("event-answered")
        }
        "case.closed" => {
            let by = field("by").and_then(|by| serde_json::from_value(by).ok());
            let officer = field("through_officer") == Some(Value::Bool(true));
            by.map_or(text_id("course-closed"), |by| closed_words(by, officer))
        }
        kind => kind_words(kind, begins),
    }
}

/// What a message says has happened; a split may be the beginning of the case itself.
fn kind_words(kind: &str, begins: bool) -> TextId {
    match kind {
        "case.split" if begins => text_id("course-born"),
        "report.filed" => text_id("course-filed"),
        "report.completed" => text_id("course-completed"),
        "case.verified" => text_id("course-verified"),
        "case.held" => text_id("course-held"),
        "case.archived" => text_id("course-archived"),
        "case.disposed" => text_id("course-disposed"),
        "case.returned" => text_id("course-returned"),
        "case.recalled" => text_id("course-recalled"),
        "case.followed_up" => text_id("course-followed-up"),
        "case.noted" => text_id("course-noted"),
        "case.replied" => text_id("course-replied"),
        "case.closed" => text_id("course-closed"),
        "case.reopened" => text_id("course-reopened"),
        "case.rated" => text_id("course-rated"),
        "case.supported" => text_id("course-supported"),
        "case.linked" => text_id("course-linked"),
        "case.unlinked" => text_id("course-unlinked"),
        "case.split" => text_id("course-split"),
        "case.escalated" => text_id("course-escalated"),
        "case.succeeded" => text_id("course-succeeded"),
        "case.taken_over" => text_id("course-taken-over"),
        "case.redacted" => text_id("course-redacted"),
        "identity.requested" => text_id("course-identity-requested"),
        "identity.disclosed" => text_id("course-identity-disclosed"),
        "identity.refused" => text_id("course-identity-refused"),
        _ => text_id("course-other"),
    }
}

/// Why an act had no effect, as far as somebody at a desk needs to know.
pub fn void_words(reason: Reason) -> TextId {
    match reason {
        Reason::TermEnded => text_id("void-term-ended"),
        Reason::NotOpen | Reason::WrongState => text_id("void-wrong-state"),
        Reason::Excluded => text_id("void-excluded"),
        Reason::NobodyToReturnTo => text_id("void-nobody"),
        _ => text_id("void-other"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(said: &str, at: i64, standing: Standing) -> Happened {
        Happened {
            said: said.into(),
            by: None,
            at,
            facts: Vec::new(),
            words: Vec::new(),
            points: Vec::new(),
            attachments: Vec::new(),
            signed: None,
            inside: true,
            standing,
        }
    }

    #[test]
    fn what_is_put_in_leaves_the_order_of_the_history_alone() {
        // An act that waits stands above what the hub has ordered, whatever its clock says.
        let counts = |said, at| line(said, at, Standing::Counts);
        let waits = line("waits", 50, Standing::Pending);
        let mut course = vec![waits, counts("ruled", 90), counts("filed", 10)];
        let given = vec![counts("later", 95), counts("given", 60), counts("first", 5)];
        put_in(&mut course, given);
        let said: Vec<&str> = course.iter().map(|one| one.said.as_str()).collect();
        assert_eq!(said, ["later", "waits", "ruled", "given", "filed", "first"]);
    }
}
