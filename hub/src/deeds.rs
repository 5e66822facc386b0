//! Acts of the console that can cut institutions off or change their rights, as data: what one person
//! asks for and another confirms is written down as it will be done. Another act
//! is another variant with its line in each function.

use std::sync::Arc;

use lapor_migrations::Tx;
use lapor_protocol::authority::Pattern;
use lapor_protocol::directory::Directory;
use lapor_protocol::ids::InstanceId;
use serde::{Deserialize, Serialize};

use crate::audit::By;
use crate::ground::Ground;
use crate::maintenance;
use crate::membership::{self, MembershipError};
use crate::succession;

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
    /// Has the hub take nothing in for a time (Unix ms).
    Maintain {
        from: i64,
        until: i64,
    },
    /// Ends that time, or calls it off.
    EndMaintenance,
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
            Self::Maintain { .. } => "maintenance.planned",
            Self::EndMaintenance => "maintenance.ended",
        }
    }

    /// The institution that it concerns; `None` if all.
    pub fn subject(&self) -> Option<&InstanceId> {
        match self {
            Self::Suspend { instance }
            | Self::Resume { instance }
            | Self::Revoke { instance, .. }
            | Self::Replace { instance, .. }
            | Self::Entrust { instance, .. } => Some(instance),
            Self::Maintain { .. } | Self::EndMaintenance => None,
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
            Self::Maintain { from, until } => {
                maintenance::plan_in(ground, tx, by, *from, *until).await
            }
            Self::EndMaintenance => maintenance::end_in(ground, tx, by).await,
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
