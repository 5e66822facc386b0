//! Whom the operator makes known and invites: what is said of an institution, the entry of the
//! directory that it leads to, and the line by which it joins.

use lapor_certs::{INVITATION_LIFE_MS, Invitation, InvitationSecret};
use lapor_protocol::authority::Pattern;
use lapor_protocol::deadline::OwnTerm;
use lapor_protocol::directory::{Directory, InstanceEntry, Status};
use lapor_protocol::ids::{InstanceId, InstanceKind};
use lapor_protocol::region::RegionCode;
use lapor_web::chance::random;
use zeroize::Zeroizing;

use super::{Change, MembershipError, may_stand_in, publish_if_changed, status_text};
use crate::audit::{self, By};
use crate::error::HubError;
use crate::ground::Ground;
use crate::store;
use crate::store::joining::NewInvitation;
use crate::succession::written;

/// Zones of Indonesia (WIB, WITA, WIT) in which an institution's working days are counted.
pub const ZONES: [&str; 4] = [
    "Asia/Jakarta",
    "Asia/Pontianak",
    "Asia/Makassar",
    "Asia/Jayapura",
];

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
