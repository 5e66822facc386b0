//! `identity.requested`: the custodian asks the origin who the reporter is.

use serde::{Deserialize, Serialize};

use super::{BodyError, CaseRules};
use crate::case::{Act, Case, Order, Reason, Verdict};
use crate::case::rules::{inapplicable, require};
use crate::directory::DirectoryAt;
use crate::message::Header;

pub use super::EmptyWords as Words;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct IdentityRequested {
    pub purpose: IdentityPurpose,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum IdentityPurpose {
    Contact,
    Eligibility,
    Examination,
    Visit,
    Other,
}

impl IdentityRequested {
    pub(super) fn check(&self, _: &Header) -> Result<(), BodyError> {
        Ok(())
    }
}

impl CaseRules for IdentityRequested {
    fn judge(&self, act: &Act<'_>) -> Verdict {
        act.custodial()?;
        act.open()?;
        require(act.case.origin != *act.author(), inapplicable(Reason::HolderAsks))
    }

    fn apply(&self, header: &Header, _: Order, _: DirectoryAt<'_>, case: &mut Case) {
        case.identity_requests.insert(header.id, header.author.clone());
    }
}
