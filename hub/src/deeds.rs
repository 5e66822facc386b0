//! Acts of the console that can cut an institution off, change its rights or keep
//! an alarm from people, as data: what one person asks for and another confirms is
//! written down as it will be done. Another act is another variant with its line
//! in each function.

use std::sync::Arc;

use lapor_migrations::Tx;
use lapor_protocol::authority::Pattern;
use lapor_protocol::directory::Directory;
use lapor_protocol::ids::InstanceId;
use serde::{Deserialize, Serialize};

use crate::alarms::{Quiet, acts, recipients};
use crate::audit::By;
use crate::ground::Ground;
use crate::membership::{self, MembershipError};
use crate::succession;

const HOUR_MS: i64 = 3_600_000;

/// A dangerous act with all that it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "deed", rename_all = "snake_case")]
pub enum Deed {
    Suspend {
        instance: InstanceId,
    },
    Resume {
        instance: InstanceId,
    },
    /// For ever; with a successor, which may have joined already (a merger) or not.
    Revoke {
        instance: InstanceId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        successor: Option<InstanceId>,
    },
    /// Revokes an institution without its key and registers what takes its place.
    Replace {
        instance: InstanceId,
        successor: InstanceId,
    },
    /// Says anew whom it may dispose to.
    Entrust {
        instance: InstanceId,
        disposes_to: Vec<Pattern>,
    },
    /// Switches a rule of alarms off, by its id.
    DisableRule {
        rule: String,
    },
    /// Tells a recipient of alarms no more, by its id.
    DisableRecipient {
        recipient: String,
    },
    /// Forgets one.
    RemoveRecipient {
        recipient: String,
    },
    /// Tells nobody of something for so many hours from when it is done.
    Silence {
        quiet: Quiet,
        hours: i64,
    },
}

impl Deed {
    /// How the audit log calls it once it is done.
    pub fn action(&self) -> &'static str {
        match self {
            Self::Suspend { .. } => "instance.suspended",
            Self::Resume { .. } => "instance.resumed",
            Self::Revoke { .. } => "instance.revoked",
            Self::Replace { .. } => "instance.replaced",
            Self::Entrust { .. } => "instance.authority_changed",
            Self::DisableRule { .. } => "alarm.rule_disabled",
            Self::DisableRecipient { .. } => "alarm.recipient_disabled",
            Self::RemoveRecipient { .. } => "alarm.recipient_removed",
            Self::Silence { .. } => "alarm.silenced",
        }
    }

    /// The institution that it concerns, if it is one.
    pub fn subject(&self) -> Option<&str> {
        match self {
            Self::Suspend { instance }
            | Self::Resume { instance }
            | Self::Revoke { instance, .. }
            | Self::Replace { instance, .. }
            | Self::Entrust { instance, .. } => Some(instance.as_str()),
            Self::Silence { quiet, .. } => quiet.instance(),
            Self::DisableRule { .. }
            | Self::DisableRecipient { .. }
            | Self::RemoveRecipient { .. } => None,
        }
    }

    /// Does it in a transaction and writes it down. The directory is to be
    /// adopted once that is committed.
    pub async fn apply(
        &self,
        ground: &Ground,
        tx: &mut Tx,
        by: &By<'_>,
    ) -> Result<Arc<Directory>, MembershipError> {
        let now = ground.clock.now_ms();
        match self {
            Self::Suspend { instance } => membership::suspend_in(ground, tx, by, instance).await,
            Self::Resume { instance } => membership::resume_in(ground, tx, by, instance).await,
            Self::Revoke {
                instance,
                successor,
            } => succession::revoke_in(ground, tx, by, instance, successor.as_ref()).await,
            Self::Replace {
                instance,
                successor,
            } => succession::replace_in(ground, tx, by, instance, successor).await,
            Self::Entrust {
                instance,
                disposes_to,
            } => succession::entrust_in(ground, tx, by, instance, disposes_to).await,
            Self::DisableRule { rule } => {
                acts::disable_rule_in(tx, now, by, rule).await?;
                Ok(ground.directory.current())
            }
            Self::DisableRecipient { recipient } => {
                recipients::disable_in(tx, now, by, recipient).await?;
                Ok(ground.directory.current())
            }
            Self::RemoveRecipient { recipient } => {
                recipients::remove_in(tx, now, by, recipient).await?;
                Ok(ground.directory.current())
            }
            Self::Silence { quiet, hours } => {
                let until = now.saturating_add(hours.saturating_mul(HOUR_MS));
                acts::silence_in(tx, now, by, quiet, until).await?;
                Ok(ground.directory.current())
            }
        }
    }
}

/// Does it at once, in a transaction of its own.
pub async fn act(ground: &Ground, by: &By<'_>, deed: &Deed) -> Result<(), MembershipError> {
    let mut tx = ground.db.write().await?;
    let directory = deed.apply(ground, &mut tx, by).await?;
    tx.commit().await?;
    ground.directory.adopt(&directory);
    Ok(())
}
