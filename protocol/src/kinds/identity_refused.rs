//! `identity.refused`: the origin keeps the identity to itself.

use serde::{Deserialize, Serialize};

use super::identity_disclosed::answers;
use super::{CaseRules, Limited};
use crate::case::{Act, Case, Order, Verdict};
use crate::directory::DirectoryAt;
use crate::ids::{InstanceId, MessageId};
use crate::message::Header;

pub use super::EmptyWords as Words;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct IdentityRefused {
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub request: MessageId,
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub requester: InstanceId,
    pub reason: IdentityRefusal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum IdentityRefusal {
    ReporterDeclined,
    NotNeeded,
    Unknown,
    Other,
}

impl Limited for IdentityRefused {}

impl CaseRules for IdentityRefused {
    fn judge(&self, act: &Act<'_>) -> Verdict {
        act.by_origin()?;
        answers(act, self.request, &self.requester)
    }

    fn apply(&self, _: &Header, _: Order, _: DirectoryAt<'_>, case: &mut Case) {
        case.identity_requests.remove(&self.request);
    }
}
