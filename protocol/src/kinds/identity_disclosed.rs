//! `identity.disclosed`: the origin tells the one desk that asked, under a key of its own.

use serde::{Deserialize, Serialize};

use super::{BodyError, CaseRules, Limited, WordsCheck, checks};
use crate::case::rules::{inapplicable, require};
use crate::case::{Act, Case, Order, Reason, Verdict};
use crate::directory::DirectoryAt;
use crate::ids::{Digest, InstanceId, MessageId};
use crate::message::Header;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct IdentityDisclosed {
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub request: MessageId,
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub requester: InstanceId,
    /// Commitment to the key under which this identity is sealed.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub commitment: Digest,
}

/// Who filed the report, as far as they told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

impl WordsCheck for Words {
    fn check(&self) -> Result<(), BodyError> {
        [&self.name, &self.email, &self.phone, &self.address]
            .into_iter()
            .flatten()
            .try_for_each(|text| checks::filled("identity", text, 500))
    }
}

/// The request is one that this requester made and that is not answered yet.
pub(super) fn answers(act: &Act<'_>, request: MessageId, requester: &InstanceId) -> Verdict {
    require(
        act.case.identity_requests.get(&request) == Some(requester),
        inapplicable(Reason::NotRequested),
    )
}

impl Limited for IdentityDisclosed {}

impl CaseRules for IdentityDisclosed {
    fn judge(&self, act: &Act<'_>) -> Verdict {
        act.by_origin()?;
        answers(act, self.request, &self.requester)?;
        require(
            act.case.is_party(&self.requester, act.world),
            inapplicable(Reason::NoLongerParty),
        )
    }

    fn apply(&self, _: &Header, _: Order, _: DirectoryAt<'_>, case: &mut Case) {
        case.identity_requests.remove(&self.request);
    }
}
