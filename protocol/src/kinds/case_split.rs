//! `case.split`: one report that holds two matters becomes two cases.
//!
//! The child inherits origin, parties, exclusions and the link to the ticket.
//! What it inherits stands in the body, so that a later party of the child,
//! who never sees the parent, folds the same case.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{BodyError, CaseRules, Category, Classification, Limited, checks};
use crate::case::rules::{inapplicable, require};
use crate::case::{Act, Case, Course, Moment, Order, Reason, State, Verdict};
use crate::directory::DirectoryAt;
use crate::ids::{CaseId, Digest, InstanceId};
use crate::limits::INHERITED;
use crate::message::Header;
use crate::region::RegionCode;
use crate::seal::Sealed;

/// Title and content of the child, sealed under the child's key.
pub use super::report_filed::Words;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CaseSplit {
    /// Id of the new case, minted by the author.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub child: CaseId,
    /// Commitment to the child's content key.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub commitment: Digest,
    /// The child's content key, sealed under the parent's as words of this
    /// message in the parent.
    pub child_key: Sealed,
    pub classification: Classification,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub category: Option<Category>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub region: Option<RegionCode>,
    pub inherits: Inheritance,
}

/// What the child takes from its parent, as the parent stands at the split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Inheritance {
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub origin: InstanceId,
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
    pub stack: Vec<InstanceId>,
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
    pub copies: BTreeSet<InstanceId>,
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
    pub supervisors: BTreeSet<InstanceId>,
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
    pub excluded: BTreeSet<InstanceId>,
    pub anonymous: bool,
    pub secret: bool,
    pub channel: String,
    pub escalated: bool,
    pub filed_at: i64,
}

impl Inheritance {
    pub fn of(parent: &Case) -> Self {
        Self {
            origin: parent.origin.clone(),
            stack: parent.stack.clone(),
            copies: parent.copies.clone(),
            supervisors: parent.supervisors.clone(),
            excluded: parent.excluded.clone(),
            anonymous: parent.anonymous,
            secret: parent.secret,
            channel: parent.channel.clone(),
            escalated: parent.escalated,
            filed_at: parent.filed_at,
        }
    }
}

impl Limited for CaseSplit {
    fn check(&self, header: &Header) -> Result<(), BodyError> {
        checks::code("inherits.channel", &self.inherits.channel)?;
        // What many acts have added up is more than any one of them may hold.
        checks::at_most("inherits.stack", self.inherits.stack.len(), INHERITED)?;
        for (field, set) in [
            ("inherits.copies", &self.inherits.copies),
            ("inherits.supervisors", &self.inherits.supervisors),
            ("inherits.excluded", &self.inherits.excluded),
        ] {
            checks::at_most(field, set.len(), INHERITED)?;
        }
        if header.case == Some(self.child) {
            let problem = "a case cannot be its own child";
            return Err(BodyError::Field {
                field: "child",
                problem,
            });
        }
        Ok(())
    }
}

impl CaseRules for CaseSplit {
    fn judge(&self, act: &Act<'_>) -> Verdict {
        act.custodial()?;
        act.open()?;
        require(!act.child_exists, inapplicable(Reason::CaseTaken))?;
        // Parties that joined after the author last heard must not be lost.
        require(
            self.inherits == Inheritance::of(act.case),
            inapplicable(Reason::InheritanceDiffers),
        )
    }

    fn apply(&self, _: &Header, order: Order, _: DirectoryAt<'_>, case: &mut Case) {
        if order.case != self.child {
            case.children.push(self.child);
        }
    }

    fn born(&self, header: &Header, order: Order, world: DirectoryAt<'_>) -> Option<Case> {
        if order.case != self.child {
            return None;
        }
        let now = Moment::of(order, world);
        let from = &self.inherits;
        Some(Case {
            id: self.child,
            origin: from.origin.clone(),
            custodian: header.author.clone(),
            term: header.message_ref(),
            stack: from.stack.clone(),
            copies: from.copies.clone(),
            supervisors: from.supervisors.clone(),
            excluded: from.excluded.clone(),
            linked: BTreeMap::new(),
            ever_party: BTreeSet::new(),
            ever_custodian: from
                .stack
                .iter()
                .cloned()
                .chain([header.author.clone()])
                .collect(),
            ever_disposer: from.stack.iter().cloned().collect(),
            ever_supervisor: from.supervisors.clone(),
            state: State::Verified,
            before_hold: None,
            merged: None,
            classification: self.classification,
            oversight: None,
            category: self.category.clone(),
            region: self.region.clone(),
            anonymous: from.anonymous,
            secret: from.secret,
            channel: from.channel.clone(),
            programme: None,
            on_behalf_of: None,
            commitment: self.commitment,
            follow_up: None,
            close: None,
            parent: header.case,
            children: Vec::new(),
            supports: 0,
            hops: 0,
            escalated: from.escalated,
            redacted: false,
            filed_at: from.filed_at,
            course: Course {
                accepted: Some(now),
                ..Course::begun(now)
            },
            identity_requests: BTreeMap::new(),
        })
    }
}
