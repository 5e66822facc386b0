//! What of a case's history is public: what was done, by whom, when, and how far that has brought
//! the case.
//!
//! Never who reported, never an internal note, an instruction or a request for an identity.

use std::collections::BTreeSet;

use lapor_protocol::case::Effect;
use lapor_protocol::ids::{CaseId, InstanceId};
use lapor_protocol::kinds::ClosedBy;
use lapor_protocol::kinds::case_archived::ArchiveReason;
use lapor_protocol::kinds::case_returned::ReturnReason;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::glance::{begins, named};
use super::tracking::Step;
use super::{HistoryEntry, Outcome};

/// Something that happened to a case in public.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Received,
    /// It began as a part of another case.
    SplitOff,
    Verified,
    /// Given to an institution.
    Disposed(InstanceId),
    /// Waits for the reporter's answers.
    Held,
    /// The reporter has answered.
    Completed,
    /// What was done; the words are missing where this node has no key.
    FollowedUp(Option<String>),
    /// The same, and the reporter is asked whether that ends it.
    Answered(Option<String>),
    /// Came back as another's: why, and whose it should be instead.
    Returned(ReturnReason, Option<InstanceId>),
    /// Taken back by whoever had passed it on.
    Recalled,
    /// The reporter asked this supervisor to look into it.
    Escalated(InstanceId),
    /// A supervisor has it now.
    TakenOver,
    /// The work of this institution has gone to its successor.
    Succeeded(InstanceId),
    /// It goes on in another.
    Merged,
    /// Another goes on here.
    MergedHere,
    /// A merge with another was undone.
    Unmerged,
    /// A part has become a case of its own.
    Split,
    Reopened,
    /// By whom, and whether an officer's word is all there is of the reporter's.
    Closed(ClosedBy, bool),
    Archived(ArchiveReason),
}

/// An event, who made it happen and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    pub event: Event,
    pub by: Option<InstanceId>,
    /// Files of an answer; the reporter opens them, everybody learns how many there are.
    pub files: usize,
    /// Another institution has to hear of it, and the hub has not passed it on yet.
    pub waits: bool,
    /// Unix ms; of a filing when it was filed.
    pub at: i64,
}

/// What of a history is public, in its order.
pub(crate) fn course(case: CaseId, filed_at: i64, history: &[HistoryEntry]) -> Vec<Happened> {
    let public = history
        .iter()
        .filter_map(|entry| happened(case, filed_at, entry));
    public.collect()
}

/// The steps that a case has gone through: what ended early has not gone through all of them.
pub(crate) fn walked(course: &[Happened], outcome: Option<Outcome>) -> Vec<Step> {
    let mut walked = BTreeSet::from([Step::Written]);
    for happened in course {
        match &happened.event {
            Event::Verified | Event::Disposed(_) | Event::TakenOver | Event::SplitOff => {
                walked.insert(Step::Verification);
            }
            Event::FollowedUp(_) | Event::Answered(_) => {
                walked.extend([Step::Verification, Step::FollowUp]);
            }
            Event::Closed(ClosedBy::Reporter, _) => {
                walked.insert(Step::Response);
            }
            _ => {}
        }
    }
    if outcome.is_some_and(|outcome| Outcome::CLOSES.contains(&outcome)) {
        walked.insert(Step::Done);
    }
    walked.into_iter().collect()
}

/// Whether an act is only done once another institution hears of it, by its kind.
pub(crate) fn needs_the_hub(kind: &str) -> bool {
    matches!(
        kind,
        "case.disposed"
            | "case.returned"
            | "case.recalled"
            | "case.escalated"
            | "case.taken_over"
            | "case.succeeded"
    )
}

/// What is ruled and applied happened, and what this institution itself has done: its own word
/// stands here before the hub has seen it, as the state does.
fn happened(case: CaseId, filed_at: i64, entry: &HistoryEntry) -> Option<Happened> {
    let pending = entry.effect.is_none();
    if !pending && entry.effect != Some(Effect::Applied) {
        return None;
    }
    let event = event(case, entry)?;
    let answers = matches!(event, Event::FollowedUp(_) | Event::Answered(_));
    let at = if event == Event::Received {
        filed_at
    } else {
        entry.at
    };
    Some(Happened {
        event,
        by: entry.author.clone(),
        files: if answers { entry.attachments.len() } else { 0 },
        waits: pending && needs_the_hub(&entry.kind),
        at,
    })
}

fn event(case: CaseId, entry: &HistoryEntry) -> Option<Event> {
    let words = || text(entry.words.as_ref(), "text");
    let fact = |name: &str| entry.body.as_ref()?.get(name).cloned();
    let institution = |name: &str| text(entry.body.as_ref(), name)?.parse().ok();
    let here = || named(entry, "target_case") == Some(case);
    Some(match entry.kind.as_str() {
        "report.filed" => Event::Received,
        "case.verified" => Event::Verified,
        "case.disposed" => Event::Disposed(institution("target")?),
        "case.held" => Event::Held,
        "report.completed" => Event::Completed,
        "case.followed_up" if fact("proposes_to_close") == Some(Value::Bool(true)) => {
            Event::Answered(words())
        }
        "case.followed_up" => Event::FollowedUp(words()),
        "case.returned" => Event::Returned(read(fact("reason")?)?, institution("suggested")),
        "case.recalled" => Event::Recalled,
        "case.escalated" => Event::Escalated(institution("supervisor")?),
        "case.taken_over" => Event::TakenOver,
        "case.succeeded" => Event::Succeeded(institution("institution")?),
        "case.linked" if here() => Event::MergedHere,
        "case.linked" => Event::Merged,
        "case.unlinked" => Event::Unmerged,
        "case.split" if begins(case, entry) => Event::SplitOff,
        "case.split" => Event::Split,
        "case.reopened" => Event::Reopened,
        "case.closed" => Event::Closed(
            read(fact("by")?)?,
            fact("through_officer").is_some_and(|told| told == true),
        ),
        "case.archived" => Event::Archived(read(fact("reason")?)?),
        _ => return None,
    })
}

fn read<T: DeserializeOwned>(value: Value) -> Option<T> {
    serde_json::from_value(value).ok()
}

fn text(holder: Option<&Value>, field: &str) -> Option<String> {
    holder?.get(field)?.as_str().map(str::to_owned)
}
