//! One rule and one fold, used alike by the hub (to rule) and by every node
//! (to fold). Pure functions of what is given.

use super::course::{Former, Moment};
use super::rules::{inapplicable, unauthorised};
use super::{Act, Case, Effect, Reason, Ruling, Verdict};
use crate::directory::DirectoryAt;
use crate::ids::CaseId;
use crate::kinds::{Body, BodyError};
use crate::message::Message;

/// Where a message stands in a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// The case that is folded; a link is ordered in two.
    pub case: CaseId,
    pub case_seq: u64,
    /// Unix ms at the hub.
    pub ordered_at: i64,
}

/// The ruling of a message about a case, first match wins: malformed,
/// duplicate, unauthorised, stale, inapplicable.
///
/// `seen` says whether the hub has accepted a message of this author with
/// this id before; `other` is the second case that the message names.
pub fn rule(
    message: &Message,
    seen: bool,
    case: Option<&Case>,
    other: Option<&Case>,
    world: DirectoryAt<'_>,
) -> Ruling {
    match &message.body {
        Err(error) => {
            let reason = match error {
                BodyError::Kind(_) => Reason::KindUnknown,
                _ => Reason::BodyInvalid,
            };
            Ruling {
                effect: Effect::Malformed,
                reason: Some(reason),
            }
        }
        Ok(_) if seen => Ruling {
            effect: Effect::Duplicate,
            reason: None,
        },
        Ok(body) => judge(message, body, case, other, world).into(),
    }
}

/// Whether an act is allowed on a case as it stands.
pub fn judge(
    message: &Message,
    body: &Body,
    case: Option<&Case>,
    other: Option<&Case>,
    world: DirectoryAt<'_>,
) -> Verdict {
    let Some(rules) = body.case_rules() else {
        return Err(inapplicable(Reason::NoSuchCase));
    };
    match case {
        Some(case) => {
            let child_exists =
                other.is_some_and(|other| body.creates(&message.header) == Some(other.id));
            rules.judge(&Act {
                header: &message.header,
                case,
                other,
                child_exists,
                world,
            })
        }
        None => match body {
            Body::ReportFiled(filed) => filed.judge_birth(&message.header, world),
            Body::CaseSupported(_) => Err(inapplicable(Reason::NoSuchCase)),
            _ => Err(unauthorised(Reason::NoSuchCase)),
        },
    }
}

/// Folds one applied message into one case. `None` stands for a case that is
/// not born yet; the result is `None` only if this message cannot give birth.
pub fn apply(
    message: &Message,
    body: &Body,
    order: Order,
    case: Option<Case>,
    world: DirectoryAt<'_>,
) -> Option<Case> {
    let rules = body.case_rules()?;
    let mut case = match case {
        None => rules.born(&message.header, order, world)?,
        Some(mut case) => {
            let former = Former::of(&case);
            rules.apply(&message.header, order, world, &mut case);
            case.note_course(&former, body, Moment::of(order, world));
            case
        }
    };
    if !body.is_confidential() {
        let parties = case.parties(world);
        case.ever_party.extend(parties);
    }
    Some(case)
}
