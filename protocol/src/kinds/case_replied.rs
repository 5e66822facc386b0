//! `case.replied`: the reporter answers a follow-up; after a close this reopens the case.

use serde::{Deserialize, Serialize};

use super::{CaseRules, Limited};
use crate::case::{Act, Case, Order, State, Verdict};
use crate::directory::DirectoryAt;
use crate::message::Header;

pub use super::TextWords as Words;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CaseReplied {}

impl Limited for CaseReplied {}

impl CaseRules for CaseReplied {
    fn judge(&self, act: &Act<'_>) -> Verdict {
        act.by_origin()
    }

    fn apply(&self, _: &Header, _: Order, _: DirectoryAt<'_>, case: &mut Case) {
        if case.state == State::Closed {
            case.reopen();
        } else if let Some(follow_up) = &mut case.follow_up {
            follow_up.replied_since = true;
        }
    }
}
