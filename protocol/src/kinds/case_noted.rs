//! `case.noted`: an internal note; it changes nothing and the reporter never sees it.

use serde::{Deserialize, Serialize};

use super::{CaseRules, Limited};
use crate::case::rules::{require, stale, unauthorised};
use crate::case::{Act, Case, Order, Reason, Verdict};
use crate::directory::DirectoryAt;
use crate::message::Header;

pub use super::TextWords as Words;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CaseNoted {}

impl Limited for CaseNoted {}

impl CaseRules for CaseNoted {
    fn judge(&self, act: &Act<'_>) -> Verdict {
        let ever = act.case.ever_party.contains(act.author())
            || act.case.is_party(act.author(), act.world);
        require(ever, unauthorised(Reason::NeverParty))?;
        require(
            act.case.is_party(act.author(), act.world),
            stale(Reason::NoLongerParty),
        )
    }

    fn apply(&self, _: &Header, _: Order, _: DirectoryAt<'_>, _: &mut Case) {}
}
