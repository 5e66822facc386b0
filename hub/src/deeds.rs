//! Acts of the console that can cut an institution off, as data: what one person
//! asks for and another confirms is written down as it will be done. Another act
//! is another variant with its line in each function.

use std::sync::Arc;

use lapor_migrations::Tx;
use lapor_protocol::directory::Directory;
use lapor_protocol::ids::InstanceId;
use serde::{Deserialize, Serialize};

use crate::audit::By;
use crate::ground::Ground;
use crate::membership::{self, MembershipError};

/// A dangerous act with all that it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "deed", rename_all = "snake_case")]
pub enum Deed {
    Suspend { instance: InstanceId },
    Resume { instance: InstanceId },
}

impl Deed {
    /// How the audit log calls it once it is done.
    pub fn action(&self) -> &'static str {
        match self {
            Self::Suspend { .. } => "instance.suspended",
            Self::Resume { .. } => "instance.resumed",
        }
    }

    /// The institution that it concerns.
    pub fn subject(&self) -> &InstanceId {
        match self {
            Self::Suspend { instance } | Self::Resume { instance } => instance,
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
