//! What follows from an act that waits for a second person, in the sentences of the page on which
//! the first asked for it: who agrees to it has read the same.

use lapor_web::language::{TextId, Voice, text_id};

use super::Console;
use super::acts::Act;
use super::keys::Keys;
use super::steps::Step;
use crate::approvals::Approval;
use crate::deeds::Deed;
use crate::error::HubError;
use crate::maintenance::{MaintenanceError, hindered};
use crate::restored;

/// Of each act in its turn, sentence by sentence; none of an act whose page says none. Where they
/// cannot be told there are none either, for the act is to be decided all the same.
pub async fn of_all(console: &Console, v: &Voice, waiting: &[Approval]) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for Approval { id, deed, .. } in waiting {
        let follows = of(console, v, deed).await.unwrap_or_else(|error| {
            tracing::warn!(%error, %id, "what follows from an act that waits cannot be told");
            Vec::new()
        });
        all.push(follows);
    }
    all
}

/// Why a maintenance that was asked for cannot be announced or ended any more, or not yet.
pub fn hindrance(wrong: MaintenanceError) -> TextId {
    match wrong {
        MaintenanceError::Over | MaintenanceError::TooLong => text_id("maintenance-too-late"),
        MaintenanceError::Lasts => text_id("maintenance-lasts-still"),
        MaintenanceError::None => text_id("maintenance-none-to-end"),
        MaintenanceError::Another => text_id("maintenance-another"),
    }
}

async fn of(console: &Console, v: &Voice, deed: &Deed) -> Result<Vec<String>, HubError> {
    if let Some(wrong) = hindered(&console.hub.ground, deed) {
        return Ok(vec![v.say(hindrance(wrong))]);
    }
    let follows = match deed {
        Deed::Suspend { .. } => vec![text_id("console-suspend-about")],
        Deed::Resume { .. } => vec![text_id("console-resume-about")],
        Deed::VoidCertificates { .. } => Act::Void.follows(),
        Deed::Revoke { .. } => Act::Revoke.follows(),
        Deed::Replace { .. } => Act::Replace.follows(),
        Deed::Entrust { .. } => Act::Entrust.follows(),
        Deed::AnnounceKey { .. } => Step::AnnounceKey.follows(),
        Deed::UseKey { even_so, .. } => return step(console, v, Step::UseKey, *even_so).await,
        Deed::RetireKey { even_so, .. } => {
            return step(console, v, Step::RetireKey, *even_so).await;
        }
        Deed::AnnounceAuthority { .. } => Step::AnnounceRoot.follows(),
        Deed::UseAuthority { even_so, .. } => {
            return step(console, v, Step::UseRoot, *even_so).await;
        }
        Deed::WithdrawAuthority { even_so, .. } => {
            return step(console, v, Step::WithdrawRoot, *even_so).await;
        }
        Deed::DisableRule { .. } => vec![text_id("rule-disable-about")],
        Deed::DisableRecipient { .. } => vec![text_id("recipient-disable-about")],
        Deed::RemoveRecipient { .. } => vec![text_id("recipient-remove-about")],
        Deed::Maintain { .. } => {
            let ground = &console.hub.ground;
            let announced = ground.directory.current();
            let announced = announced.maintenance(ground.clock.now_ms()).is_some();
            let replaces = announced.then(|| text_id("maintenance-replaces"));
            let follows = [
                text_id("maintenance-follows-hub"),
                text_id("maintenance-follows-nodes"),
                text_id("maintenance-follows-alarms"),
            ];
            replaces.into_iter().chain(follows).collect()
        }
        Deed::CloseRecovery => {
            let recovery = Box::pin(restored::read(&console.hub)).await?;
            vec![match recovery.loss {
                Some(_) => text_id("recovery-close-lost"),
                None => text_id("recovery-close-about"),
            }]
        }
        Deed::EndMaintenance { .. } => {
            let ground = &console.hub.ground;
            let (now, directory) = (ground.clock.now_ms(), ground.directory.current());
            let announced = directory.maintenance(now);
            vec![if announced.is_some_and(|notice| notice.is_on(now)) {
                text_id("maintenance-end-about")
            } else {
                text_id("maintenance-call-off-about")
            }]
        }
        Deed::Admit { .. } | Deed::NarrowRule { .. } | Deed::Silence { .. } => Vec::new(),
    };
    Ok(follows.into_iter().map(|id| v.say(id)).collect())
}

/// Of a step of a key or a root, which may take back what was only announced; and whom it leaves
/// behind, where it is to be taken even so.
async fn step(
    console: &Console,
    v: &Voice,
    step: Step,
    even_so: bool,
) -> Result<Vec<String>, HubError> {
    let keys = Box::pin(Keys::read(console)).await?;
    if step.takes_back(&keys) {
        return Ok(vec![v.say("step-takes-back")]);
    }
    let follows = step.follows().into_iter();
    let mut follows: Vec<String> = follows.map(|id| v.say(id)).collect();
    if even_so {
        follows.push(match step.leaves_behind(&keys) {
            0 => v.say("step-leaves-nobody"),
            behind => v
                .with("n", behind)
                .with("all", keys.signing.members)
                .say("step-leaves-some"),
        });
        let directory = console.hub.ground.directory.current();
        follows.extend(step.left_said(v, &directory, &keys));
    }
    Ok(follows)
}
