//! What follows from an act that waits for a second person, in the sentences of the page on which
//! the first asked for it: who agrees to it has read the same.

use lapor_web::language::{TextId, text_id};

use super::Console;
use super::acts::Act;
use super::keys::Keys;
use super::steps::Step;
use crate::approvals::Approval;
use crate::deeds::Deed;
use crate::error::HubError;
use crate::restored;

/// Of each act in its turn, sentence by sentence; none of an act whose page says none.
pub async fn of_all(console: &Console, waiting: &[Approval]) -> Result<Vec<Vec<TextId>>, HubError> {
    let mut all = Vec::new();
    for approval in waiting {
        all.push(of(console, &approval.deed).await?);
    }
    Ok(all)
}

async fn of(console: &Console, deed: &Deed) -> Result<Vec<TextId>, HubError> {
    Ok(match deed {
        Deed::Suspend { .. } => vec![text_id("console-suspend-about")],
        Deed::Resume { .. } => vec![text_id("console-resume-about")],
        Deed::Revoke { .. } => Act::Revoke.follows(),
        Deed::Replace { .. } => Act::Replace.follows(),
        Deed::Entrust { .. } => Act::Entrust.follows(),
        Deed::AnnounceKey { .. } => Step::AnnounceKey.follows(),
        Deed::UseKey { .. } => Step::UseKey.follows(),
        Deed::RetireKey { .. } => ending(console, Step::RetireKey).await?,
        Deed::AnnounceAuthority { .. } => Step::AnnounceRoot.follows(),
        Deed::UseAuthority { .. } => Step::UseRoot.follows(),
        Deed::WithdrawAuthority { .. } => ending(console, Step::WithdrawRoot).await?,
        Deed::DisableRule { .. } => vec![text_id("rule-disable-about")],
        Deed::DisableRecipient { .. } => vec![text_id("recipient-disable-about")],
        Deed::RemoveRecipient { .. } => vec![text_id("recipient-remove-about")],
        Deed::Maintain { .. } => vec![
            text_id("maintenance-follows-hub"),
            text_id("maintenance-follows-nodes"),
            text_id("maintenance-follows-alarms"),
        ],
        Deed::CloseRecovery => {
            let recovery = Box::pin(restored::read(&console.hub)).await?;
            vec![match recovery.loss {
                Some(_) => text_id("recovery-close-lost"),
                None => text_id("recovery-close-about"),
            }]
        }
        Deed::Admit { .. }
        | Deed::NarrowRule { .. }
        | Deed::Silence { .. }
        | Deed::EndMaintenance => Vec::new(),
    })
}

/// Of a step that ends something, or takes back what was only announced.
async fn ending(console: &Console, step: Step) -> Result<Vec<TextId>, HubError> {
    let keys = Box::pin(Keys::read(console)).await?;
    Ok(if step.takes_back(&keys) {
        vec![text_id("step-takes-back")]
    } else {
        step.follows()
    })
}
