//! Who belongs to the federation: registered, invited (`inviting`), suspended, revoked.
//! Every act here is one write transaction with one directory version and its
//! entries in the audit log; it works while the hub serves in another process.

mod inviting;

use std::sync::Arc;

use lapor_migrations::Tx;
use lapor_protocol::directory::{Directory, InstanceEntry, Status};
use lapor_protocol::ids::{Digest, InstanceId, InstanceKind, Position};
use lapor_protocol::keys::Verifier;

use crate::alarms::ActError;
use crate::audit::{self, By};
use crate::deeds::{self, Deed};
use crate::directory::Amendment;
use crate::error::HubError;
use crate::ground::Ground;
use crate::maintenance::MaintenanceError;
use crate::restored::CloseError;
use crate::rotation::RotationError;
use crate::store;
use crate::voided;

pub use inviting::{Invited, Profile, ZONES, invitable, invite, invite_all, register, withdraw};

/// Why an institution cannot get the status that the operator wants.
#[derive(Debug, thiserror::Error)]
pub enum MembershipError {
    #[error("{0} is unknown; register or invite it first")]
    Unknown(InstanceId),
    #[error(
        "{id} has joined already ({status}); suspend, resume or revoke it instead of inviting it"
    )]
    Joined {
        id: InstanceId,
        status: &'static str,
    },
    #[error("{id} is {status}; only {needed} institutions can be {act}")]
    Status {
        id: InstanceId,
        status: &'static str,
        needed: &'static str,
        act: &'static str,
    },
    #[error("{0} has joined and waits for approval; approve or revoke it")]
    Unapproved(InstanceId),
    #[error("{0} does not wait for approval")]
    NotWaiting(InstanceId),
    #[error("{id} stands in the directory as {known}, not as {given}")]
    Kind {
        id: InstanceId,
        known: InstanceKind,
        given: InstanceKind,
    },
    #[error("there is one national desk, and it is {0}")]
    SecondDesk(InstanceId),
    #[error(
        "{0} is the national desk, without which the federation cannot go on; suspend it instead"
    )]
    LastDesk(InstanceId),
    #[error("{0} cannot be its own successor")]
    OwnSuccessor(InstanceId),
    #[error("{id} is {status} and cannot be a successor; name an institution that is active")]
    IdleSuccessor {
        id: InstanceId,
        status: &'static str,
    },
    #[error("{0} stands in the directory already; a slug is used once")]
    Taken(InstanceId),
    #[error("only an institution of kind pengawas can be the default supervisor")]
    NoSupervisor,
    #[error("the default supervisor is {0} already")]
    SecondSupervisor(InstanceId),
    /// A recovery cannot be closed.
    #[error(transparent)]
    Recovery(#[from] CloseError),
    /// What was to be done about alarms is not.
    #[error(transparent)]
    Alarm(#[from] ActError),
    #[error(transparent)]
    Rotation(#[from] RotationError),
    #[error(transparent)]
    Maintenance(#[from] MaintenanceError),
    #[error(transparent)]
    Hub(#[from] HubError),
}

impl From<lapor_migrations::DbError> for MembershipError {
    fn from(error: lapor_migrations::DbError) -> Self {
        Self::Hub(error.into())
    }
}

/// How the audit log calls it that certificates count no more.
const VOIDED: &str = "instance.certificates_voided";
/// Of those that have joined and are not revoked.
const JOINED: [Status; 2] = [Status::Active, Status::Suspended];

pub fn status_text(status: Status) -> &'static str {
    match status {
        Status::Registered => "registered",
        Status::Invited => "invited",
        Status::Active => "active",
        Status::Suspended => "suspended",
        Status::Revoked => "revoked",
    }
}

/// SHA-256 of an institution's identity key, to compare with what its node shows.
pub fn fingerprint(entry: &InstanceEntry) -> Option<Digest> {
    let identity = Verifier::from_jwk(entry.identity.as_ref()?).ok()?;
    Some(identity.fingerprint())
}

/// Cuts an institution off until it is resumed.
pub async fn suspend(ground: &Ground, by: &By<'_>, id: &InstanceId) -> Result<(), MembershipError> {
    let instance = id.clone();
    deeds::act(ground, by, &Deed::Suspend { instance }).await
}

/// Lets an institution take part that has joined and waits for it.
pub async fn admit(ground: &Ground, by: &By<'_>, id: &InstanceId) -> Result<(), MembershipError> {
    let instance = id.clone();
    deeds::act(ground, by, &Deed::Admit { instance }).await
}

/// Lets a suspended institution take part again.
pub async fn resume(ground: &Ground, by: &By<'_>, id: &InstanceId) -> Result<(), MembershipError> {
    let instance = id.clone();
    deeds::act(ground, by, &Deed::Resume { instance }).await
}

/// Has no certificate count that an institution has; returns when it is decided, and bites within
/// two seconds.
pub async fn void_certificates(
    ground: &Ground,
    by: &By<'_>,
    id: &InstanceId,
) -> Result<(), MembershipError> {
    let instance = id.clone();
    deeds::act(ground, by, &Deed::VoidCertificates { instance }).await
}

/// The same of everybody; of whoever joins later a certificate counts only where the hub has written
/// down that it gave it. Returns of how many.
pub async fn void_all_certificates(ground: &Ground, by: &By<'_>) -> Result<usize, MembershipError> {
    let mut tx = ground.db.write().await?;
    let directory = ground.directory.refresh(&mut tx).await?;
    let world = directory.latest();
    let joined = world
        .instances()
        .filter(|entry| JOINED.contains(&entry.status));
    let joined: Vec<&InstanceId> = joined.map(|entry| &entry.id).collect();
    let now_ms = ground.clock.now_ms();
    voided::void_all(&mut tx, now_ms).await?;
    for id in &joined {
        audit::note(&mut tx, now_ms, by, VOIDED, id.as_str()).await?;
    }
    tx.commit().await?;
    Ok(joined.len())
}

/// [`suspend`] in a transaction of the caller's; the directory is to be adopted
/// once that is committed.
pub(crate) async fn suspend_in(
    ground: &Ground,
    tx: &mut Tx,
    by: &By<'_>,
    id: &InstanceId,
) -> Result<Arc<Directory>, MembershipError> {
    let change = Change {
        action: "instance.suspended",
        act: "suspended",
        needed: "active",
        from: &[Status::Active],
    };
    change
        .make(ground, tx, by, id, |entry, _| {
            entry.status = Status::Suspended;
        })
        .await
}

/// [`admit`] in a transaction of the caller's.
pub(crate) async fn admit_in(
    ground: &Ground,
    tx: &mut Tx,
    by: &By<'_>,
    id: &InstanceId,
) -> Result<Arc<Directory>, MembershipError> {
    if !store::joining::admit(tx, id, ground.clock.now_ms()).await? {
        return Err(MembershipError::NotWaiting(id.clone()));
    }
    let change = Change {
        action: "instance.admitted",
        act: "approved",
        needed: "waiting",
        from: &[Status::Suspended],
    };
    change
        .make(ground, tx, by, id, |entry, _| {
            entry.status = Status::Active;
        })
        .await
}

/// [`resume`] in a transaction of the caller's.
pub(crate) async fn resume_in(
    ground: &Ground,
    tx: &mut Tx,
    by: &By<'_>,
    id: &InstanceId,
) -> Result<Arc<Directory>, MembershipError> {
    if store::joining::waits(tx, id).await? {
        return Err(MembershipError::Unapproved(id.clone()));
    }
    // Meanwhile it has read nothing.
    store::joining::readmit(tx, id, ground.clock.now_ms()).await?;
    let change = Change {
        action: "instance.resumed",
        act: "resumed",
        needed: "suspended",
        from: &[Status::Suspended],
    };
    change
        .make(ground, tx, by, id, |entry, _| {
            entry.status = Status::Active;
        })
        .await
}

/// [`void_certificates`] in a transaction of the caller's.
pub(crate) async fn void_certificates_in(
    ground: &Ground,
    tx: &mut Tx,
    by: &By<'_>,
    id: &InstanceId,
) -> Result<Arc<Directory>, MembershipError> {
    voided::void(tx, id, ground.clock.now_ms()).await?;
    let change = Change {
        action: VOIDED,
        act: "asked for other certificates",
        needed: "active or suspended",
        from: &JOINED,
    };
    change.make(ground, tx, by, id, |_, _| {}).await
}

/// Ends a membership for ever, at the head that is accepted now.
pub async fn revoke(
    ground: &Ground,
    by: &By<'_>,
    id: &InstanceId,
    successor: Option<InstanceId>,
) -> Result<(), MembershipError> {
    let instance = id.clone();
    let deed = Deed::Revoke {
        instance,
        successor,
    };
    deeds::act(ground, by, &deed).await
}

/// Another state of an institution.
pub(crate) struct Change<'a> {
    /// How the audit log calls it.
    pub(crate) action: &'static str,
    pub(crate) act: &'static str,
    pub(crate) needed: &'static str,
    pub(crate) from: &'a [Status],
}

impl Change<'_> {
    pub(crate) async fn make(
        self,
        ground: &Ground,
        tx: &mut Tx,
        by: &By<'_>,
        id: &InstanceId,
        alter: impl FnOnce(&mut InstanceEntry, Option<Position>),
    ) -> Result<Arc<Directory>, MembershipError> {
        let directory = ground.directory.refresh(tx).await?;
        let known = directory.latest().instance(id);
        let mut entry = known
            .cloned()
            .ok_or_else(|| MembershipError::Unknown(id.clone()))?;
        if !self.from.contains(&entry.status) {
            return Err(MembershipError::Status {
                id: id.clone(),
                status: status_text(entry.status),
                needed: self.needed,
                act: self.act,
            });
        }
        let chain = store::chains::one(tx, id).await?;
        alter(&mut entry, chain.map(|chain| chain.head.position()));
        let now_ms = ground.clock.now_ms();
        audit::note(tx, now_ms, by, self.action, id.as_str()).await?;
        Ok(publish_if_changed(ground, tx, directory, vec![entry]).await?)
    }
}

pub(crate) async fn publish_if_changed(
    ground: &Ground,
    tx: &mut Tx,
    directory: Arc<Directory>,
    entries: Vec<InstanceEntry>,
) -> Result<Arc<Directory>, HubError> {
    let latest = directory.latest();
    if entries.iter().all(|e| latest.instance(&e.id) == Some(e)) {
        return Ok(directory);
    }
    let amendment = Amendment {
        entries,
        ..Amendment::default()
    };
    ground.publish(tx, &directory, amendment).await
}

/// Whether an institution can be the one that stands in for an excluded desk.
pub(crate) fn may_stand_in(
    directory: &Directory,
    entry: &InstanceEntry,
) -> Result<(), MembershipError> {
    if entry.kind != InstanceKind::Pengawas {
        return Err(MembershipError::NoSupervisor);
    }
    let known = directory.latest().default_supervisor();
    match known.filter(|other| other.id != entry.id) {
        Some(other) => Err(MembershipError::SecondSupervisor(other.id.clone())),
        None => Ok(()),
    }
}
