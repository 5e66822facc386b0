//! Where institutions have their portals, as their nodes say. The directory tells everybody, so that
//! who tracks a report elsewhere finds the way to the institution with which it was filed.
//!
//! Each version of the directory is fetched by every node, checked by it and kept for ever. After an
//! upgrade all nodes say an address within the hour: one version for each would be 700, sent 700 times.
//! So what comes soon after another is named together with all that waits by then. What waits stands
//! in the last report of each, and in no memory: a restart loses nothing, and any process can name it.

use lapor_protocol::directory::{Directory, InstanceEntry};
use lapor_protocol::ids::InstanceId;
use lapor_protocol::problem::Code;
use lapor_protocol::wire::Health;
use lapor_web::public_url::PublicUrl;

use crate::error::HubError;
use crate::ground::Ground;
use crate::membership::publish_if_changed;
use crate::store;
use crate::store::reports::Report;

/// Within which time one version at most names addresses, of whomever.
const GATHERED_MS: i64 = 10 * 60 * 1000;
/// How long an address of an institution stands at least.
const APART_MS: i64 = 60 * 60 * 1000;
/// Within which so many at most: two computers with two addresses would name them by turns for as
/// long as they run.
const MONTH_MS: i64 = 30 * 24 * APART_MS;
const MOST: usize = 4;
/// Bytes of entries in one version: a member brings a version back in a line of 512 KiB at most,
/// where it stands in base64. What is beyond waits for the next.
const VERSION_BYTES: usize = 256 * 1024;
/// Characters of an address, at most.
pub const CHARS: usize = 300;

/// Whether a node can mean this: the address of a site, or that there is none.
pub fn is_sound(said: &str) -> bool {
    said.is_empty() || said.len() <= CHARS && site(said).is_some()
}

/// After a report that says this of a portal has been stored: has the directory name it, with all
/// others that wait; nothing where it is empty. What comes too early, or while the hub recovers and
/// publishes nothing, is taken with a later report, of which each node sends one a minute.
pub async fn follow(ground: &Ground, peer: &InstanceId, said: &str) -> Result<(), HubError> {
    let now_ms = ground.clock.now_ms();
    let is_due = |directory: &Directory| {
        let restated = restated(directory, peer, (said, now_ms), now_ms);
        restated.is_some() && is_time(directory, now_ms)
    };
    if !is_due(&ground.directory.current()) {
        return Ok(());
    }
    let mut tx = ground.db.write().await?;
    let directory = ground.directory.refresh(&mut tx).await?;
    if !is_due(&directory) {
        return Ok(());
    }
    let reports = store::reports::all(&mut tx).await?;
    let entries = waiting(&directory, &reports, now_ms);
    let institutions = entries.len();
    let published = publish_if_changed(ground, &mut tx, directory, entries).await;
    if let Err(error) = &published
        && error.code() == Code::Recovering
    {
        return Ok(());
    }
    let directory = published?;
    tx.commit().await?;
    ground.directory.adopt(&directory);
    tracing::info!(institutions, "the directory names other portals");
    Ok(())
}

/// As it is published: without a slash at its end.
fn site(said: &str) -> Option<String> {
    PublicUrl::try_from(said.to_owned()).ok().map(String::from)
}

/// The entries that name other portals by now, as many as one version holds.
fn waiting(directory: &Directory, reports: &[Report], now_ms: i64) -> Vec<InstanceEntry> {
    let entries = reports.iter().filter_map(|report| {
        let said = serde_json::from_str::<Health>(&report.text).ok()?.portal?;
        restated(directory, &report.slug, (said.as_str(), report.at), now_ms)
    });
    let mut bytes = 0;
    let fits = |entry: &InstanceEntry| {
        let first = bytes == 0;
        bytes += serde_json::to_vec(entry).map_or(0, |text| text.len());
        first || bytes <= VERSION_BYTES
    };
    entries.take_while(fits).collect()
}

/// The entry of an institution with what its node said, where that is news and comes neither too
/// soon nor too often. What it said before the directory was changed is none.
fn restated(
    directory: &Directory,
    id: &InstanceId,
    (said, said_at): (&str, i64),
    now_ms: i64,
) -> Option<InstanceEntry> {
    let known = directory.latest().instance(id)?;
    let portal = site(said);
    if !known.is_active() || known.portal == portal {
        return None;
    }
    let changes = changes(directory, id);
    let apart = |nth: usize, ms: i64| {
        let at = changes.iter().nth_back(nth);
        at.is_none_or(|at| now_ms.saturating_sub(*at) >= ms)
    };
    let is_news = changes.last().is_none_or(|at| said_at >= *at);
    let may_change = is_news && apart(0, APART_MS) && apart(MOST - 1, MONTH_MS);
    may_change.then(|| InstanceEntry {
        portal,
        ..known.clone()
    })
}

/// Whether no portal of anybody was named anew a short while ago.
fn is_time(directory: &Directory, now_ms: i64) -> bool {
    let all = directory.latest().instances();
    let last = all.flat_map(|entry| changes(directory, &entry.id)).max();
    last.is_none_or(|at| now_ms.saturating_sub(at) >= GATHERED_MS)
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
