//! What stands beside the words of a case on its page: what is known of it, the clocks that run, and
//! the cases that belong to it.

use lapor_protocol::deadline::Clock;
use lapor_protocol::ids::{CaseId, InstanceId};
use lapor_web::intake::channel_words;
use lapor_web::language::{TextId, Voice, text_id};

use super::case_page::at;
use super::clock::{ClockWords, clock_name, clock_words};
use super::{Answer, Officer, shared};
use crate::api::problem;
use crate::casework::CaseView;
use crate::channels::ReachedBy;
use crate::error::NodeError;
use crate::node::Node;
use crate::portal::{classification_name, name_of};
use crate::regions::national;
use crate::reporters::{Reachable, Reached};

/// A clock that runs.
pub struct ClockLine {
    pub name: String,
    pub words: ClockWords,
    /// The last day of the term.
    pub until: Option<String>,
}

/// A case that belongs to the one shown.
pub struct Relative {
    pub relation: String,
    /// Its title and where it is, where the officer may see it here.
    pub shown: Option<(String, String)>,
}

pub fn clocks(v: &Voice, view: &CaseView) -> Vec<ClockLine> {
    let line = |clock: &Clock| ClockLine {
        name: v.say(clock_name(clock.kind)),
        words: clock_words(v, clock),
        until: clock
            .due_on
            .map(|day| shared::day_words(v, &day.to_string())),
    };
    view.clocks.iter().map(line).collect()
}

/// What is known of a case beside its words.
pub async fn facts(node: &Node, v: &Voice, view: &CaseView) -> Answer<Vec<(String, String)>> {
    let case = &view.summary;
    let names = |all: &[InstanceId]| -> Option<String> {
        let names: Vec<String> = all.iter().map(|id| name_of(node, id)).collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    let one = |id: &Option<InstanceId>| id.as_ref().map(|id| name_of(node, id));
    let had = if case.left_at.is_some() {
        text_id("case-custodian-then")
    } else {
        text_id("case-custodian")
    };
    let all = [
        (text_id("case-own-number"), case.own_number.clone()),
        (had, one(&case.custodian)),
        (text_id("case-for"), one(&case.on_behalf_of)),
        (text_id("case-origin"), one(&case.origin)),
        (text_id("reachable"), reached(node, v, case.case).await?),
        (text_id("case-stack"), names(&view.stack)),
        (text_id("fact-copies"), names(&view.copies)),
        (text_id("fact-supervisor"), names(&view.supervisors)),
        (text_id("fact-excluded"), names(&view.excluded)),
        (
            text_id("case-class"),
            case.classification
                .map(|class| v.say(classification_name(class))),
        ),
        (
            text_id("case-oversight"),
            (view.oversight == Some(true)).then(|| v.say("yes")),
        ),
        (text_id("case-category"), shared::case_category(case)),
        (
            text_id("case-region"),
            case.region
                .as_ref()
                .and_then(|code| national().display_name(code)),
        ),
        (text_id("case-filed"), Some(v.moment(case.filed_at))),
        (
            text_id("case-supports"),
            (case.supports > 0).then(|| v.number(case.supports)),
        ),
        (
            text_id("case-hops"),
            (case.hops > 0).then(|| v.number(case.hops)),
        ),
        (
            text_id("fact-score"),
            view.score
                .map(|score| v.with("n", score).say("score-of-five")),
        ),
    ];
    Ok(all
        .into_iter()
        .filter_map(|(name, value)| Some((v.say(name), value?)))
        .collect())
}

/// Whether the reporter is reached: where they wrote, or by a contact that they told. Never who it is.
async fn reached(node: &Node, v: &Voice, case: CaseId) -> Answer<Option<String>> {
    let reached = node.reached(case).await;
    let Reached { by, contact } = reached.map_err(|error| problem(&error))?;
    let Some(ReachedBy { channel, told }) = by else {
        let words = contact.map(|one| match one {
            Reachable::No => text_id("reachable-no"),
            Reachable::Told => text_id("reachable-told"),
            Reachable::Proved => text_id("reachable-proved"),
        });
        return Ok(words.map(|words| v.say(words)));
    };
    let words = if told {
        text_id("reachable-by")
    } else {
        text_id("reachable-untold")
    };
    let called = channel_words(v, channel.as_str());
    let by = v.with("channel", called).say(words);
    let words = match contact {
        Some(Reachable::Told) => text_id("reachable-beside-told"),
        Some(Reachable::Proved) => text_id("reachable-beside-proved"),
        Some(Reachable::No) | None => return Ok(Some(by)),
    };
    let both = v.with("by", by).with("contact", v.say(words));
    Ok(Some(both.say("reachable-both")))
}

/// Cases that belong to this one.
pub async fn related(node: &Node, officer: &Officer, view: &CaseView) -> Answer<Vec<Relative>> {
    let v = officer.visit.v;
    let said = |text: TextId| move |id: &CaseId| (text, *id);
    let into = view
        .merged_into
        .iter()
        .map(said(text_id("case-merged-into")));
    let from = view
        .merged_from
        .iter()
        .map(said(text_id("case-merged-from")));
    let parent = view.parent.iter().map(said(text_id("case-parent")));
    let children = view.children.iter().map(said(text_id("case-child")));
    let mut all = Vec::new();
    for (relation, id) in into.chain(from).chain(parent).chain(children) {
        let shown = match node.case_seen(&officer.sight, id).await {
            Ok(other) => Some((shared::title(&v, &other.summary), at(id))),
            Err(NodeError::NotFound { .. }) => None,
            Err(error) => return Err(problem(&error)),
        };
        all.push(Relative {
            relation: v.say(relation),
            shown,
        });
    }
    Ok(all)
}
