//! Who belongs to the federation: registered, invited, suspended, revoked.
//! Every act here is one write transaction with one directory version and its
//! entries in the audit log; it works while the hub serves in another process.

use std::sync::Arc;

use lapor_certs::{INVITATION_LIFE_MS, Invitation, InvitationSecret};
use lapor_migrations::Tx;
use lapor_protocol::authority::Pattern;
use lapor_protocol::deadline::OwnTerm;
use lapor_protocol::directory::{Directory, InstanceEntry, Status};
use lapor_protocol::ids::{Digest, InstanceId, InstanceKind, Position};
use lapor_protocol::keys::Verifier;
use lapor_protocol::region::RegionCode;
use zeroize::Zeroizing;

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
use crate::store::joining::NewInvitation;
use crate::succession::written;
use crate::voided;
use lapor_web::chance::random;

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

/// Zones of Indonesia (WIB, WITA, WIT) in which an institution's working days are counted.
pub const ZONES: [&str; 4] = [
    "Asia/Jakarta",
    "Asia/Pontianak",
    "Asia/Makassar",
    "Asia/Jayapura",
];

/// How the audit log calls it that certificates count no more.
const VOIDED: &str = "instance.certificates_voided";
/// Of those that have joined and are not revoked.
const JOINED: [Status; 2] = [Status::Active, Status::Suspended];

/// What the operator says of an institution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub id: InstanceId,
    pub kind: InstanceKind,
    /// `None` keeps what is known, or takes the slug.
    pub name: Option<String>,
    pub region: Option<RegionCode>,
    pub disposes_to: Vec<Pattern>,
    pub default_supervisor: bool,
    /// IANA name.
    pub time_zone: Option<String>,
    /// Deadlines of its own; `None` keeps what is known.
    pub terms: Option<Vec<OwnTerm>>,
    /// Whether a region and a stand-in for the desk that are not named here are
    /// taken away; otherwise what is known of them stays.
    pub clears: bool,
    /// Whether it may take part as soon as it has joined, where others wait for an approval.
    pub approved: bool,
}

impl Profile {
    /// What is known by name and kind alone.
    pub fn of(id: InstanceId, kind: InstanceKind) -> Self {
        Self {
            id,
            kind,
            name: None,
            region: None,
            disposes_to: Vec::new(),
            default_supervisor: false,
            time_zone: None,
            terms: None,
            clears: false,
            approved: false,
        }
    }

    /// Whether an invitation by it would give an authority that the institution does not have.
    pub fn widens(&self, directory: &Directory) -> bool {
        let known = directory.latest().instance(&self.id);
        let has = |pattern| known.is_some_and(|entry| entry.disposes_to.contains(pattern));
        let stands_in = known.is_some_and(|entry| entry.default_supervisor);
        !self.disposes_to.iter().all(has) || (self.default_supervisor && !stands_in)
    }

    /// What an invitation gives, for the audit log.
    fn given(&self) -> String {
        let mut given = Vec::new();
        if !self.disposes_to.is_empty() {
            given.push(format!("disposes to: {}", written(&self.disposes_to)));
        }
        if self.default_supervisor {
            given.push("stands in for an excluded desk".to_owned());
        }
        if self.approved {
            given.push("joins without approval".to_owned());
        }
        given.join("; ")
    }
}

/// A line to paste, and what the operator should know of it.
#[derive(Debug)]
pub struct Invited {
    pub line: Zeroizing<String>,
    /// Unix ms.
    pub expires_at: i64,
}

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

/// Makes a line for an institution that has not joined, and voids the lines
/// made for it before.
pub async fn invite(
    ground: &Ground,
    by: &By<'_>,
    profile: &Profile,
) -> Result<Invited, MembershipError> {
    let mut all = invite_all(ground, by, std::slice::from_ref(profile)).await?;
    let invited = all.pop();
    Ok(invited.ok_or_else(|| HubError::damaged("an invitation was not made"))?)
}

/// Makes a line for each, in one directory version: for all of them or for none.
pub async fn invite_all(
    ground: &Ground,
    by: &By<'_>,
    profiles: &[Profile],
) -> Result<Vec<Invited>, MembershipError> {
    let now_ms = ground.clock.now_ms();
    let expires_at = now_ms + INVITATION_LIFE_MS;
    let mut tx = ground.db.write().await?;
    let directory = ground.directory.refresh(&mut tx).await?;
    let (mut entries, mut all) = (Vec::new(), Vec::new());
    for profile in profiles {
        entries.push(invitable(&directory, profile)?);
        let secret = InvitationSecret::from_random(random());
        let number = hex::encode(random::<8>());
        let (id, hash) = (&profile.id, secret.hash());
        let made = NewInvitation {
            id: &number,
            slug: id,
            secret_hash: hash,
            expires_at,
            approval: ground.settings.enrolment.approval && !profile.approved,
        };
        store::joining::invite(&mut tx, &made, now_ms).await?;
        let (said, given) = (by.reason, profile.given());
        let reason = if said.is_empty() || given.is_empty() {
            format!("{said}{given}")
        } else {
            format!("{said} ({given})")
        };
        let noted = By {
            reason: &reason,
            ..*by
        };
        audit::note(&mut tx, now_ms, &noted, "instance.invited", id.as_str()).await?;
        all.push(Invited {
            line: line(ground, id, secret),
            expires_at,
        });
    }
    one_desk(&entries)?;
    let directory = publish_if_changed(ground, &mut tx, directory, entries).await?;
    tx.commit().await?;
    ground.directory.adopt(&directory);
    Ok(all)
}

/// The entry of whoever would be invited with this profile.
pub fn invitable(
    directory: &Directory,
    profile: &Profile,
) -> Result<InstanceEntry, MembershipError> {
    let known = directory.latest().instance(&profile.id);
    if let Some(entry) = known.filter(|e| !matches!(e.status, Status::Registered | Status::Invited))
    {
        return Err(MembershipError::Joined {
            id: entry.id.clone(),
            status: status_text(entry.status),
        });
    }
    let mut entry = entry_of(directory, profile)?;
    entry.status = Status::Invited;
    Ok(entry)
}

fn line(ground: &Ground, id: &InstanceId, secret: InvitationSecret) -> Zeroizing<String> {
    let invitation = Invitation {
        enrolment_url: ground.settings.enrolment.public_url.clone(),
        federation_url: ground.settings.federation.public_url.clone(),
        trust_domain: ground.trust_domain.clone(),
        root_pin: ground.certifier().issuer.root_pin(),
        instance: id.clone(),
        secret,
    };
    invitation.to_line()
}

/// Voids the line of an institution that has not joined by it.
pub async fn withdraw(
    ground: &Ground,
    by: &By<'_>,
    id: &InstanceId,
) -> Result<(), MembershipError> {
    let change = Change {
        action: "instance.invitation_withdrawn",
        act: "invited no more",
        needed: "invited",
        from: &[Status::Invited],
    };
    let mut tx = ground.db.write().await?;
    let withdrawn = change.make(ground, &mut tx, by, id, |entry, _| {
        entry.status = Status::Registered;
    });
    let directory = withdrawn.await?;
    store::joining::void(&mut tx, id, ground.clock.now_ms()).await?;
    tx.commit().await?;
    ground.directory.adopt(&directory);
    Ok(())
}

/// Makes institutions known by name, in one directory version; those known
/// already keep their status. Returns how many entries changed.
pub async fn register(
    ground: &Ground,
    by: &By<'_>,
    profiles: &[Profile],
) -> Result<usize, MembershipError> {
    let now_ms = ground.clock.now_ms();
    let mut tx = ground.db.write().await?;
    let directory = ground.directory.refresh(&mut tx).await?;
    let mut entries: Vec<InstanceEntry> = Vec::new();
    for profile in profiles {
        let entry = entry_of(&directory, profile)?;
        if directory.latest().instance(&profile.id) != Some(&entry) {
            entries.push(entry);
        }
    }
    one_desk(&entries)?;
    let changed = entries.len();
    for entry in &entries {
        let subject = entry.id.as_str();
        audit::note(&mut tx, now_ms, by, "instance.registered", subject).await?;
    }
    let directory = publish_if_changed(ground, &mut tx, directory, entries).await?;
    tx.commit().await?;
    ground.directory.adopt(&directory);
    Ok(changed)
}

/// Of those that come into the directory together, one may be the national desk.
fn one_desk(entries: &[InstanceEntry]) -> Result<(), MembershipError> {
    let mut desks = entries.iter().filter(|e| e.kind == InstanceKind::Pusat);
    match (desks.next(), desks.next()) {
        (Some(desk), Some(_)) => Err(MembershipError::SecondDesk(desk.id.clone())),
        _ => Ok(()),
    }
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

/// The entry that a profile leads to; status and keys stay as they are.
fn entry_of(directory: &Directory, profile: &Profile) -> Result<InstanceEntry, MembershipError> {
    let world = directory.latest();
    let id = &profile.id;
    let mut entry = match world.instance(id) {
        Some(known) if known.kind != profile.kind => {
            return Err(MembershipError::Kind {
                id: id.clone(),
                known: known.kind,
                given: profile.kind,
            });
        }
        Some(known) => known.clone(),
        None => InstanceEntry::registered(id.clone(), profile.kind, id.to_string()),
    };
    let desk = world.desk().filter(|desk| desk.id != *id);
    if let (InstanceKind::Pusat, Some(desk)) = (profile.kind, desk) {
        return Err(MembershipError::SecondDesk(desk.id.clone()));
    }
    if profile.default_supervisor {
        may_stand_in(directory, &entry)?;
        entry.default_supervisor = true;
    } else if profile.clears {
        entry.default_supervisor = false;
    }
    if let Some(name) = &profile.name {
        entry.name.clone_from(name);
    }
    if profile.region.is_some() || profile.clears {
        entry.region.clone_from(&profile.region);
    }
    if let Some(zone) = &profile.time_zone {
        entry.time_zone.clone_from(zone);
    }
    if let Some(terms) = &profile.terms {
        entry.terms.clone_from(terms);
    }
    if !profile.disposes_to.is_empty() {
        entry.disposes_to.clone_from(&profile.disposes_to);
    } else if profile.kind == InstanceKind::Pusat && entry.disposes_to.is_empty() {
        entry.disposes_to = vec![Pattern::Anyone];
    }
    Ok(entry)
}
