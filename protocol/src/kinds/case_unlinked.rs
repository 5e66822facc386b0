//! `case.unlinked`: a link is undone, by its author or by whoever must not depend on them: the origin of
//! the merged case, a supervisor of it, the national desk.

use serde::{Deserialize, Serialize};

use super::{CaseRules, Limited};
use crate::case::rules::{inapplicable, require, unauthorised};
use crate::case::{Act, Case, Order, Reason, Verdict};
use crate::directory::DirectoryAt;
use crate::ids::{CaseId, MessageId};
use crate::message::Header;

pub use super::EmptyWords as Words;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CaseUnlinked {
    /// The link that is undone.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub link: MessageId,
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub target_case: CaseId,
}

impl Limited for CaseUnlinked {}

impl CaseRules for CaseUnlinked {
    fn judge(&self, act: &Act<'_>) -> Verdict {
        let (case, author) = (act.case, act.author());
        let over = act.is_desk() || case.origin == *author || case.supervisors.contains(author);
        let ever = over || case.ever_party.contains(author);
        require(ever, unauthorised(Reason::NotLinker))?;
        let merged = case
            .merged
            .as_ref()
            .ok_or(inapplicable(Reason::NotMerged))?;
        let may = over || merged.link.author == *author;
        require(may, unauthorised(Reason::NotLinker))?;
        let names_it = merged.link.id == self.link && merged.into == self.target_case;
        require(names_it, inapplicable(Reason::NotMerged))
    }

    fn apply(&self, _: &Header, order: Order, _: DirectoryAt<'_>, case: &mut Case) {
        if order.case == self.target_case {
            case.linked.remove(&self.link);
        } else if let Some(merged) = case.merged.take() {
            case.state = merged.former;
        }
    }
}
