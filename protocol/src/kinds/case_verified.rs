//! `case.verified`: the custodian accepts the report as one, and corrects what describes it.

use serde::{Deserialize, Serialize};

use super::{BodyError, CaseRules, Category, Classification, Limited, WordsCheck, checks};
use crate::case::rules::{inapplicable, require};
use crate::case::{Act, Case, Order, Reason, State, Verdict};
use crate::directory::DirectoryAt;
use crate::ids::InstanceId;
use crate::limits::{EXCLUSIONS, TEXT_CHARS, TITLE_CHARS};
use crate::message::Header;
use crate::region::RegionCode;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CaseVerified {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classification: Option<Classification>,
    /// *Berkadar pengawasan*.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oversight: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub category: Option<Category>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub region: Option<RegionCode>,
    /// Institutions excluded from now on, beside those that the filing excluded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
    pub excluded: Vec<InstanceId>,
    /// An institution that has not joined and for which the custodian acts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub on_behalf_of: Option<InstanceId>,
}

/// The title as edited; the reporter's own stays in the history.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl WordsCheck for Words {
    fn check(&self) -> Result<(), BodyError> {
        if let Some(title) = &self.title {
            checks::filled("title", title, TITLE_CHARS)?;
        }
        checks::chars("text", self.text.as_deref().unwrap_or(""), TEXT_CHARS)
    }
}

impl Limited for CaseVerified {
    fn check(&self, _: &Header) -> Result<(), BodyError> {
        checks::at_most("excluded", self.excluded.len(), EXCLUSIONS)
    }
}

impl CaseVerified {
    /// Whether a case is already what this says of it, but for who is excluded.
    fn describes(&self, case: &Case) -> bool {
        self.classification
            .is_none_or(|stated| stated == case.classification)
            && (self.oversight.is_none() || self.oversight == case.oversight)
            && (self.category.is_none() || self.category == case.category)
            && (self.region.is_none() || self.region == case.region)
            && self.on_behalf_of == case.on_behalf_of
    }
}

impl CaseRules for CaseVerified {
    fn judge(&self, act: &Act<'_>) -> Verdict {
        act.was_custodian()?;
        if let Some(institution) = &self.on_behalf_of {
            act.known(institution)?;
            act.not_excluded(institution)?;
        }
        act.term_is_current()?;
        // A hold gains nobody time: what was to be handled before it is not described anew in it.
        let fits = match (act.case.state, act.case.before_hold) {
            (State::Held, Some(State::Disposed)) => self.describes(act.case),
            (State::Held, before) => {
                matches!(before, None | Some(State::Received | State::Verified))
            }
            (state, _) => matches!(state, State::Received | State::Verified),
        };
        require(fits, inapplicable(Reason::WrongState))?;
        let needed = [&act.case.origin, &act.case.custodian];
        let excludes_needed = self
            .excluded
            .iter()
            .any(|institution| needed.contains(&institution));
        require(!excludes_needed, inapplicable(Reason::ExcludesParty))?;
        let known = self
            .excluded
            .iter()
            .all(|institution| act.world.instance(institution).is_some());
        require(known, inapplicable(Reason::UnknownInstance))?;
        let joined = self
            .on_behalf_of
            .as_ref()
            .is_some_and(|institution| act.world.is_active(institution));
        require(!joined, inapplicable(Reason::HasJoined))
    }

    fn apply(&self, _: &Header, _: Order, _: DirectoryAt<'_>, case: &mut Case) {
        case.classification = self.classification.unwrap_or(case.classification);
        case.oversight = self.oversight.or(case.oversight);
        case.category = self.category.clone().or(case.category.take());
        case.region = self.region.clone().or(case.region.take());
        case.on_behalf_of.clone_from(&self.on_behalf_of);
        case.exclude(&self.excluded);
        case.enter(State::Verified);
    }
}
