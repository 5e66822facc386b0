//! One report as everybody reads it: what was reported, its public course, and what it is about.
//!
//! Only what the public list shows has such a page: nothing of a *rahasia* case, nothing that waits
//! for verification. Who reported stands nowhere in it, and personal numbers are hidden.

use lapor_protocol::case::State;
use lapor_protocol::ids::{CaseId, InstanceId};
use lapor_protocol::kinds::{Category, Classification, ProgrammeRef};
use lapor_protocol::region::RegionCode;
use serde_json::Value;

use super::CaseView;
use super::glance::begins;
use super::tracking::{Happened, Step, course, step};
use crate::error::NodeError;
use crate::node::Node;

/// A public report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicReport {
    pub case: CaseId,
    pub title: Option<String>,
    /// What the reporter wrote, without personal numbers; `None` while its key has not arrived.
    pub content: Option<String>,
    /// Where, in words.
    pub place: Option<String>,
    pub state: State,
    pub step: Step,
    pub classification: Option<Classification>,
    pub category: Option<Category>,
    pub region: Option<RegionCode>,
    pub programme: Option<ProgrammeRef>,
    pub custodian: Option<InstanceId>,
    /// An institution that has not joined and for which the custodian acts.
    pub on_behalf_of: Option<InstanceId>,
    pub supports: u32,
    /// Unix ms.
    pub filed_at: i64,
    /// Oldest first.
    pub course: Vec<Happened>,
}

impl Node {
    /// A report that the public list shows; any other is not found.
    pub async fn public_report(&self, id: CaseId) -> Result<PublicReport, NodeError> {
        let hidden = || NodeError::not_found("public report", &id);
        let view = self.case(id).await.map_err(|error| match error {
            NodeError::NotFound { .. } => hidden(),
            other => other,
        })?;
        let state = view.summary.state.filter(|_| view.summary.public);
        Ok(read(id, state.ok_or_else(hidden)?, view))
    }
}

fn read(id: CaseId, state: State, view: CaseView) -> PublicReport {
    let course = course(&view.history);
    let birth = view.history.iter().find(|entry| begins(id, entry));
    let programme = birth.and_then(|entry| entry.body.as_ref()?.get("programme").cloned());
    let content = birth.and_then(|entry| entry.words.as_ref()?.get("content"));
    let content = content.and_then(Value::as_str).map(str::to_owned);
    let summary = view.summary;
    PublicReport {
        case: id,
        title: summary.title,
        content,
        place: summary.place,
        state,
        step: step(state, &course),
        classification: summary.classification,
        category: summary.category,
        region: summary.region,
        programme: programme.and_then(|value| serde_json::from_value(value).ok()),
        custodian: summary.custodian,
        on_behalf_of: summary.on_behalf_of,
        supports: summary.supports,
        filed_at: summary.filed_at,
        course,
    }
}
