//! The cases of a page of the inbox, each in a line: what it is about, how it stands, and what asks for
//! somebody's attention.

use std::collections::BTreeMap;

use lapor_protocol::ids::CaseId;
use lapor_web::language::{TextId, Voice};

use crate::api::problem;
use crate::casework::{CaseSummary, DraftState, Tray};
use crate::desk::clock::{ClockWords, next_clock};
use crate::desk::{Answer, assignment, case_page, shared, suspicion};
use crate::node::Node;
use crate::portal::{classification_name, name_of};
use crate::regions::national;

/// A case of the list.
pub(super) struct Line {
    pub case: CaseSummary,
    /// By what it is told from others.
    pub called: String,
    pub at: String,
    pub state: String,
    pub tone: &'static str,
    pub clock: Option<ClockWords>,
    /// What it is about and where it lies, in a few words each.
    pub notes: Vec<String>,
    pub unseen: bool,
    /// Since when it waits for its reporter.
    pub waits: Option<String>,
    /// Given to somebody who has not opened it since.
    pub handed: bool,
    /// Until when whoever gave it asks for something: tone and words.
    pub asked: Option<(&'static str, String)>,
    /// What became of an answer to it that was not sent: tone and words.
    pub draft: Option<(&'static str, String)>,
    /// Why it looks like abuse.
    pub suspect: Option<String>,
}

pub(super) async fn lines(node: &Node, v: &Voice, cases: Vec<CaseSummary>) -> Answer<Vec<Line>> {
    let days = node.day_count().await.map_err(|error| problem(&error))?;
    let units = node.units().await.map_err(|error| problem(&error))?;
    let units: BTreeMap<&str, &str> = units
        .iter()
        .map(|unit| (unit.id.as_str(), unit.name.as_str()))
        .collect();
    let marks = node.abuse_marks_of(&cases).await;
    let marks = marks.map_err(|error| problem(&error))?;
    let marks: BTreeMap<CaseId, TextId> = marks
        .iter()
        .map(|mark| (mark.case, suspicion::reason(&mark.reason)))
        .collect();
    let me = node.instance().ok();
    let staff = assignment::staff(node).await?;
    let ids: Vec<CaseId> = cases.iter().map(|case| case.case).collect();
    let handed = node.handed(&ids).await.map_err(|error| problem(&error))?;
    let drafts = node.drafts_among(&cases).await;
    let drafts = drafts.map_err(|error| problem(&error))?;
    let line = |case: CaseSummary| {
        let (state, tone) = shared::standing(&case);
        let elsewhere = case.custodian.as_ref().filter(|id| Some(*id) != me);
        let notes = [
            case.own_number.clone(),
            case.classification
                .map(|class| v.say(classification_name(class))),
            shared::case_category(&case),
            case.region
                .as_ref()
                .and_then(|code| national().display_name(code)),
            elsewhere.map(|id| name_of(node, id)),
            case.unit
                .as_deref()
                .map(|unit| (*units.get(unit).unwrap_or(&unit)).to_owned()),
            case.officer.as_deref().map(|id| staff.name(id).to_owned()),
        ];
        let handed = handed.get(&case.case);
        let handed = handed.filter(|_| assignment::is_in_hand(case.tray));
        Line {
            asked: handed.and_then(|handed| assignment::asked(v, handed)),
            handed: handed.is_some_and(|handed| !handed.taken),
            at: case_page::at(case.case),
            state: v.say(state),
            tone,
            clock: next_clock(v, &days, &case),
            called: shared::called(v, &case),
            draft: drafts.get(&case.case).map(|state| match state {
                DraftState::Returned => ("alert", v.say("row-draft-returned")),
                _ => ("quiet", v.say("draft-waiting")),
            }),
            notes: notes.into_iter().flatten().collect(),
            waits: case
                .waits_since
                .filter(|_| case.tray == Some(Tray::Waiting))
                .map(|since| v.with("when", v.days_away(since)).say("row-waits-since")),
            unseen: case.looked_at.is_none() && case.tray == Some(Tray::New),
            suspect: marks.get(&case.case).map(|why| v.say(*why)),
            case,
        }
    };
    Ok(cases.into_iter().map(line).collect())
}
