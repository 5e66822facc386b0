//! `case.supported`: *saya juga mengalami*: someone else has the same trouble.

use serde::{Deserialize, Serialize};

use super::{CaseRules, Limited};
use crate::case::{Act, Case, Order, Verdict};
use crate::directory::DirectoryAt;
use crate::message::Header;

pub use super::EmptyWords as Words;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CaseSupported {}

impl Limited for CaseSupported {}

impl CaseRules for CaseSupported {
    fn judge(&self, act: &Act<'_>) -> Verdict {
        act.open()
    }

    fn apply(&self, _: &Header, _: Order, _: DirectoryAt<'_>, case: &mut Case) {
        case.supports = case.supports.saturating_add(1);
    }
}
