//! Where institutions have their portals, as their nodes say. The directory tells everybody, so that
//! who tracks a report elsewhere finds the way to the institution with which it was filed.

use lapor_protocol::directory::{Directory, InstanceEntry};
use lapor_protocol::ids::InstanceId;
use lapor_protocol::problem::Code;
use lapor_web::public_url::PublicUrl;

use crate::directory::admit;
use crate::error::HubError;
use crate::ground::Ground;
use crate::membership::publish_if_changed;

/// How long an address of an institution stands at least: each is a version of the directory, which
/// everybody fetches, checks and keeps for ever.
const APART_MS: i64 = 60 * 60 * 1000;
/// Within which so many at most: two computers with two addresses would name them by turns for as
/// long as they run.
const MONTH_MS: i64 = 30 * 24 * APART_MS;
const MOST: usize = 4;
/// Characters of an address, at most.
pub const CHARS: usize = 300;

/// Whether a node can mean this: the address of a site, or that there is none.
pub fn is_sound(said: &str) -> bool {
    said.is_empty() || said.len() <= CHARS && site(said).is_some()
}

/// Has the directory name what a node says of its portal; nothing where that is empty.
/// What comes too early, or while the hub recovers and publishes nothing, is taken with a later report.
pub async fn follow(ground: &Ground, peer: &InstanceId, said: &str) -> Result<(), HubError> {
    let (portal, now_ms) = (site(said), ground.clock.now_ms());
    let is_due = |directory: &Directory| {
        let known = directory.latest().instance(peer);
        known.is_some_and(|entry| entry.portal != portal) && may_change(directory, peer, now_ms)
    };
    if !is_due(&ground.directory.current()) {
        return Ok(());
    }
    let mut tx = ground.db.write().await?;
    let directory = ground.directory.refresh(&mut tx).await?;
    admit(&directory, peer)?;
    let known = directory.latest().instance(peer);
    let Some(known) = known.filter(|_| is_due(&directory)).cloned() else {
        return Ok(());
    };
    let entry = InstanceEntry { portal, ..known };
    let published = publish_if_changed(ground, &mut tx, directory, vec![entry]).await;
    if let Err(error) = &published
        && error.code() == Code::Recovering
    {
        return Ok(());
    }
    let directory = published?;
    tx.commit().await?;
    ground.directory.adopt(&directory);
    tracing::info!(instance = %peer, "the directory names another portal");
    Ok(())
}

/// As it is published: without a slash at its end.
fn site(said: &str) -> Option<String> {
    PublicUrl::try_from(said.to_owned()).ok().map(String::from)
}

/// Whether another address comes neither too soon nor too often.
fn may_change(directory: &Directory, id: &InstanceId, now_ms: i64) -> bool {
    let changes = changes(directory, id);
    let apart = |nth: usize, ms: i64| {
        let at = changes.iter().nth_back(nth);
        at.is_none_or(|at| now_ms.saturating_sub(*at) >= ms)
    };
    apart(0, APART_MS) && apart(MOST - 1, MONTH_MS)
}

/// When the directory changed what it says of a portal, in Unix ms.
fn changes(directory: &Directory, id: &InstanceId) -> Vec<i64> {
    let (mut before, mut changes) = (None, Vec::new());
    for (version, entry) in directory.versions_of(id) {
        if entry.portal.as_deref() != before {
            before = entry.portal.as_deref();
            changes.extend(directory.published_at(version));
        }
    }
    changes
}
