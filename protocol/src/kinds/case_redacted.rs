//! `case.redacted`: the words of a case are erased everywhere (UU 27/2022); its skeleton stays.

use serde::{Deserialize, Serialize};

use super::{CaseRules, Limited};
use crate::case::rules::{inapplicable, require, unauthorised};
use crate::case::{Act, Case, Order, Reason, Verdict};
use crate::directory::DirectoryAt;
use crate::message::Header;

pub use super::EmptyWords as Words;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CaseRedacted {
    pub reason: RedactionReason,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RedactionReason {
    ReporterRequest,
    LegalOrder,
    PersonalData,
    Other,
}

impl Limited for CaseRedacted {}

impl CaseRules for CaseRedacted {
    fn judge(&self, act: &Act<'_>) -> Verdict {
        require(
            act.case.origin == *act.author() || act.is_desk(),
            unauthorised(Reason::NotOrigin),
        )?;
        require(!act.case.redacted, inapplicable(Reason::AlreadyRedacted))
    }

    fn apply(&self, _: &Header, _: Order, _: DirectoryAt<'_>, case: &mut Case) {
        case.redacted = true;
    }
}
