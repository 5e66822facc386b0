//! `case.linked`: a duplicate is merged into the case it repeats.

use serde::{Deserialize, Serialize};

use super::{CaseRules, Limited};
use crate::case::rules::{inapplicable, require, unauthorised};
use crate::case::{Act, Case, Order, Reason, State, Verdict};
use crate::case::{LinkedCase, Merged};
use crate::directory::DirectoryAt;
use crate::ids::{CaseId, InstanceId};
use crate::message::Header;

pub use super::EmptyWords as Words;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CaseLinked {
    /// The case that stays.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub target_case: CaseId,
    /// Origin of the case that is merged; it becomes a party of the target.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub origin: InstanceId,
}

impl Limited for CaseLinked {}

impl CaseRules for CaseLinked {
    fn judge(&self, act: &Act<'_>) -> Verdict {
        let desk = act.is_desk();
        let may = desk || act.case.ever_custodian.contains(act.author());
        require(may, unauthorised(Reason::NeverCustodian))?;
        let target = if self.target_case == act.case.id {
            act.case
        } else {
            act.second(self.target_case)?
        };
        let party = target.is_party(act.author(), act.world);
        require(party, unauthorised(Reason::NeverParty))?;
        let excluded = target.excludes(&self.origin, act.world);
        let comes_in = excluded && !target.is_party(&self.origin, act.world);
        require(!comes_in, unauthorised(Reason::Excluded))?;
        if !desk {
            act.term_is_current()?;
        }
        require(target.id != act.case.id, inapplicable(Reason::SameCase))?;
        act.open()?;
        // A target that is merged itself is not open, so that links cannot form a cycle.
        require(target.state.is_open(), inapplicable(Reason::NotOpen))?;
        let same_origin = self.origin == act.case.origin;
        require(same_origin, inapplicable(Reason::OriginDiffers))?;
        // Ids are unique per author only: one must not take the place of another's link.
        let taken = target.linked.contains_key(&act.header.id);
        require(!taken, inapplicable(Reason::CaseTaken))
    }

    fn apply(&self, header: &Header, order: Order, _: DirectoryAt<'_>, case: &mut Case) {
        if order.case == self.target_case {
            let source = LinkedCase {
                case: header.case.unwrap_or(case.id),
                origin: self.origin.clone(),
            };
            case.linked.insert(header.id, source);
        } else {
            let former = case.state;
            case.merged = Some(Merged {
                into: self.target_case,
                link: header.message_ref(),
                former,
            });
            case.state = State::Merged;
        }
    }
}
