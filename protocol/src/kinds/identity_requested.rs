//! `identity.requested`: the custodian asks the origin who the reporter is.

use serde::{Deserialize, Serialize};

use super::{CaseRules, Limited};
use crate::case::rules::{inapplicable, require};
use crate::case::{Act, Case, Order, Reason, Verdict};
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

impl Limited for IdentityRequested {}

impl CaseRules for IdentityRequested {
    fn judge(&self, act: &Act<'_>) -> Verdict {
        act.custodial()?;
        act.open()?;
        let stranger = act.case.origin != *act.author();
        require(stranger, inapplicable(Reason::HolderAsks))?;
        // Ids are unique per author only: one must not take the place of another's request.
        let pending = act.case.identity_requests.contains_key(&act.header.id);
        require(!pending, inapplicable(Reason::WrongState))
    }

    fn apply(&self, header: &Header, _: Order, _: DirectoryAt<'_>, case: &mut Case) {
        case.identity_requests
            .insert(header.id, header.author.clone());
    }
}
