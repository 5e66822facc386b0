//! `case.followed_up`: *tindak lanjut*: what the custodian did, for the reporter and the public.

use serde::{Deserialize, Serialize};

use super::{CaseRules, Limited};
use crate::case::FollowUp;
use crate::case::{Act, Case, Order, State, Verdict};
use crate::directory::DirectoryAt;
use crate::message::Header;

pub use super::TextWords as Words;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CaseFollowedUp {
    /// The officer's close is a proposal; what ends a case is the reporter, or silence.
    #[serde(default)]
    pub proposes_to_close: bool,
}

impl Limited for CaseFollowedUp {}

impl CaseRules for CaseFollowedUp {
    fn judge(&self, act: &Act<'_>) -> Verdict {
        act.custodial()?;
        act.open()
    }

    fn apply(&self, header: &Header, order: Order, world: DirectoryAt<'_>, case: &mut Case) {
        case.follow_up = Some(FollowUp {
            message: header.message_ref(),
            ordered_at: order.ordered_at,
            directory: world.version(),
            replied_since: false,
        });
        case.enter(if self.proposes_to_close {
            State::Answered
        } else {
            State::InProgress
        });
    }
}
