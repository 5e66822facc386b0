//! How a membership ends and who goes on with its work, and whom an institution
//! may dispose to. A slug is never used again, and peers trust the identity that
//! they saw first: whoever has lost that key joins anew under another name, as
//! the successor of what it was.

use std::sync::Arc;

use lapor_migrations::Tx;
use lapor_protocol::authority::Pattern;
use lapor_protocol::directory::{Directory, InstanceEntry, Status};
use lapor_protocol::ids::{InstanceId, InstanceKind};

use crate::audit::{self, By};
use crate::ground::Ground;
use crate::membership::{Change, MembershipError, may_stand_in, publish_if_changed, status_text};
use crate::store;

/// Ends a membership for ever, at the head that is accepted now. The directory
/// is to be adopted once that is committed.
pub(crate) async fn revoke_in(
    ground: &Ground,
    tx: &mut Tx,
    by: &By<'_>,
    id: &InstanceId,
    successor: Option<&InstanceId>,
) -> Result<Arc<Directory>, MembershipError> {
    let directory = ground.directory.refresh(tx).await?;
    may_end(&directory, id)?;
    if let Some(next) = successor {
        may_succeed(&directory, id, next)?;
    }
    let reason = successor.map_or_else(
        || by.reason.to_owned(),
        |next| format!("{} (successor: {next})", by.reason),
    );
    let by = By {
        reason: reason.trim_start(),
        ..*by
    };
    let change = Change {
        action: "instance.revoked",
        act: "revoked",
        needed: "not yet revoked",
        from: &NOT_REVOKED,
    };
    let supervised = directory.latest().instance(id);
    let supervised = supervised.is_some_and(|entry| entry.default_supervisor);
    let alter = |entry: &mut InstanceEntry, head| {
        entry.status = Status::Revoked;
        entry.revoked_at = head;
        entry.successor = successor.cloned();
        entry.default_supervisor = false;
    };
    let directory = change.make(ground, tx, &by, id, alter).await?;
    let heir = successor.and_then(|next| directory.latest().instance(next));
    match heir.filter(|heir| supervised && heir.kind == InstanceKind::Pengawas) {
        None => Ok(directory),
        Some(heir) => {
            let heir = InstanceEntry {
                default_supervisor: true,
                ..heir.clone()
            };
            Ok(publish_if_changed(ground, tx, directory, vec![heir]).await?)
        }
    }
}

/// Revokes an institution that has lost its identity key and registers its
/// successor, which is the same in all but name and keys and is then invited.
pub(crate) async fn replace_in(
    ground: &Ground,
    tx: &mut Tx,
    by: &By<'_>,
    id: &InstanceId,
    next: &InstanceId,
) -> Result<Arc<Directory>, MembershipError> {
    let directory = ground.directory.refresh(tx).await?;
    may_end(&directory, id)?;
    let world = directory.latest();
    let known = world.instance(id);
    let known = known.ok_or_else(|| MembershipError::Unknown(id.clone()))?;
    if !matches!(known.status, Status::Active | Status::Suspended) {
        return Err(MembershipError::Status {
            id: id.clone(),
            status: status_text(known.status),
            needed: "active or suspended",
            act: "replaced",
        });
    }
    if world.instance(next).is_some() {
        return Err(MembershipError::Taken(next.clone()));
    }
    let heir = InstanceEntry {
        region: known.region.clone(),
        time_zone: known.time_zone.clone(),
        terms: known.terms.clone(),
        disposes_to: known.disposes_to.clone(),
        default_supervisor: known.default_supervisor,
        ..InstanceEntry::registered(next.clone(), known.kind, known.name.clone())
    };
    let chain = store::chains::one(tx, id).await?;
    let former = InstanceEntry {
        status: Status::Revoked,
        revoked_at: chain.map(|chain| chain.head.position()),
        successor: Some(next.clone()),
        default_supervisor: false,
        ..known.clone()
    };
    let (now_ms, reason) = (
        ground.clock.now_ms(),
        format!("{} (successor: {next})", by.reason),
    );
    let replaced = By {
        reason: reason.trim_start(),
        ..*by
    };
    audit::note(tx, now_ms, &replaced, "instance.replaced", id.as_str()).await?;
    audit::note(tx, now_ms, by, "instance.registered", next.as_str()).await?;
    Ok(publish_if_changed(ground, tx, directory, vec![former, heir]).await?)
}

/// Says anew whom an institution may dispose to, and whether it stands in for an
/// excluded desk (`None` leaves that as it is).
pub(crate) async fn entrust_in(
    ground: &Ground,
    tx: &mut Tx,
    by: &By<'_>,
    id: &InstanceId,
    (disposes_to, stands_in): (&[Pattern], Option<bool>),
) -> Result<Arc<Directory>, MembershipError> {
    if stands_in == Some(true) {
        let directory = ground.directory.refresh(tx).await?;
        let entry = directory.latest().instance(id);
        let entry = entry.ok_or_else(|| MembershipError::Unknown(id.clone()))?;
        may_stand_in(&directory, entry)?;
    }
    let reason = format!("{} ({})", by.reason, entrusted(disposes_to, stands_in));
    let by = By {
        reason: reason.trim_start(),
        ..*by
    };
    let change = Change {
        action: "instance.authority_changed",
        act: "given another authority",
        needed: "not yet revoked",
        from: &NOT_REVOKED,
    };
    let alter = |entry: &mut InstanceEntry, _| {
        entry.disposes_to = disposes_to.to_vec();
        entry.default_supervisor = stands_in.unwrap_or(entry.default_supervisor);
    };
    change.make(ground, tx, &by, id, alter).await
}

/// What is entrusted, in the words of the audit log.
pub fn entrusted(disposes_to: &[Pattern], stands_in: Option<bool>) -> String {
    let patterns = written(disposes_to);
    match stands_in {
        None => format!("disposes to: {patterns}"),
        Some(true) => format!("disposes to: {patterns}; stands in for an excluded desk"),
        Some(false) => format!("disposes to: {patterns}; does not stand in for the desk"),
    }
}

const NOT_REVOKED: [Status; 4] = [
    Status::Registered,
    Status::Invited,
    Status::Active,
    Status::Suspended,
];

/// Patterns in a line; `-` where there is none.
pub fn written(patterns: &[Pattern]) -> String {
    let all: Vec<String> = patterns.iter().map(ToString::to_string).collect();
    if all.is_empty() {
        "-".to_owned()
    } else {
        all.join(" ")
    }
}

fn may_end(directory: &Directory, id: &InstanceId) -> Result<(), MembershipError> {
    let known = directory.latest().instance(id);
    if known.is_some_and(|entry| entry.kind == InstanceKind::Pusat) {
        return Err(MembershipError::LastDesk(id.clone()));
    }
    Ok(())
}

fn may_succeed(
    directory: &Directory,
    id: &InstanceId,
    next: &InstanceId,
) -> Result<(), MembershipError> {
    if next == id {
        return Err(MembershipError::OwnSuccessor(id.clone()));
    }
    match directory.latest().instance(next) {
        None => Err(MembershipError::Unknown(next.clone())),
        Some(entry) if entry.status == Status::Active => Ok(()),
        Some(entry) => Err(MembershipError::IdleSuccessor {
            id: next.clone(),
            status: status_text(entry.status),
        }),
    }
}
