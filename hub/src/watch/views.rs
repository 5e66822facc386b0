//! Both sides' view of the streams between them. A message on its way makes
//! them differ for a moment; a difference that two reports in a row show
//! unchanged, while the hub's own view stood still, is none of those.

use lapor_protocol::ids::{InstanceId, Position};
use lapor_protocol::problem::Code;
use lapor_protocol::receipt::Stream;
use lapor_protocol::wire::{Health, Holds, Reached};
use serde::{Deserialize, Serialize};

use crate::error::HubError;
use crate::ground::Ground;
use crate::store;
use crate::store::reports::Report;

/// The largest whole number of the contract, 2^53 - 1.
const MOST: i64 = (1 << 53) - 1;
/// Characters of a program or an edition, at most.
const SOFTWARE_CHARS: usize = 80;
/// Roots that are named, at most.
const ROOTS: usize = 8;

/// What the node said, and what the hub knew when it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Views {
    pub told: View,
    pub known: View,
}

/// How far the two streams of an institution have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// The last accepted place of its chain; `None` where a node does not say.
    pub chain: Option<Position>,
    /// The acknowledged place of its inbox; likewise.
    pub inbox: Option<Reached>,
}

impl Views {
    /// Whether the two say different things of what both speak of.
    fn differ(&self) -> bool {
        let chain = self
            .told
            .chain
            .filter(|told| Some(*told) != self.known.chain);
        let inbox = self
            .told
            .inbox
            .filter(|told| Some(*told) != self.known.inbox);
        chain.is_some() || inbox.is_some()
    }

    /// Since when the two are apart, after a report at `now_ms`.
    fn apart_since(&self, before: Option<&Self>, since: Option<i64>, now_ms: i64) -> Option<i64> {
        let unchanged = before == Some(self);
        (self.differ() && unchanged).then(|| since.unwrap_or(now_ms))
    }
}

/// Takes in what a node says of itself.
pub async fn receive(ground: &Ground, peer: &InstanceId, told: &Health) -> Result<(), HubError> {
    check(told)?;
    let now_ms = ground.clock.now_ms();
    let text = serde_json::to_string(told).map_err(HubError::damaged)?;
    // One node reports once a minute: nobody writes between the two.
    let mut tx = ground.db.read().await?;
    let former = store::reports::latest(&mut tx, peer).await?;
    let chain = store::chains::one(&mut tx, peer).await?;
    let inbox = store::acks::reached(&mut tx, peer, Stream::Inbox).await?;
    tx.rollback().await?;
    let nothing = Reached {
        depoch: ground.depoch,
        accepted: 0,
        settled: 0,
    };
    let views = Views {
        told: View {
            chain: told.chain,
            inbox: told.inbox,
        },
        known: View {
            chain: chain.map(|chain| chain.head.position()),
            inbox: Some(inbox.unwrap_or(nothing)),
        },
    };
    let before = former.as_ref().and_then(|former| former.views.as_deref());
    let before: Option<Views> = before.and_then(|text| serde_json::from_str(text).ok());
    let held = former.as_ref().and_then(|former| holds(&former.text));
    let since = former.and_then(|former| former.apart_since);
    let report = Report {
        slug: peer.clone(),
        at: now_ms,
        text,
        clock_offset: told.time.saturating_sub(now_ms),
        views: Some(serde_json::to_string(&views).map_err(HubError::damaged)?),
        apart_since: views.apart_since(before.as_ref(), since, now_ms),
    };
    let mut tx = ground.db.write().await?;
    store::reports::save(&mut tx, &report).await?;
    if let Some(now_held) = told.holds.as_ref().filter(|now| held.as_ref() != Some(now)) {
        for (what, edition) in editions(now_held) {
            let edition = edition.unwrap_or_default();
            store::adoptions::note(&mut tx, peer, what, edition, now_ms).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

/// What a stored report says that its node holds.
fn holds(text: &str) -> Option<Holds> {
    serde_json::from_str::<Health>(text).ok()?.holds
}

fn editions(holds: &Holds) -> [(&'static str, Option<&str>); 3] {
    [
        ("taxonomy", holds.taxonomy.as_deref()),
        ("calendar", holds.calendar.as_deref()),
        ("regions", holds.regions.as_deref()),
    ]
}

/// Refuses numbers that no node can mean, with which nothing could be counted.
fn check(told: &Health) -> Result<(), HubError> {
    let reached = told.inbox.map_or(0, |at| at.accepted.max(at.settled));
    let counts = [
        told.unsent,
        told.unapplied,
        told.quarantined,
        told.parked,
        told.directory,
        told.free_disk_bytes.unwrap_or(0),
        told.chain.map_or(0, |at| at.seq),
        reached,
    ];
    let moments = [
        told.time,
        told.certificate_expires,
        told.oldest_unsent.unwrap_or(0),
        told.last_backup.unwrap_or(0),
    ];
    let counted = counts.iter().all(|count| *count <= MOST as u64);
    let dated = moments.iter().all(|at| (0..=MOST).contains(at));
    let holds = told.holds.as_ref();
    let named = holds.is_none_or(|holds| {
        let mut names = editions(holds).into_iter().filter_map(|(_, name)| name);
        holds.roots.len() <= ROOTS && names.all(|name| name.chars().count() <= SOFTWARE_CHARS)
    });
    if counted && dated && named && told.software.chars().count() <= SOFTWARE_CHARS {
        return Ok(());
    }
    let detail = format!(
        "numbers must be from 0 to {MOST}, `software` and editions may have {SOFTWARE_CHARS} characters, and {ROOTS} roots may be named"
    );
    Err(HubError::refused(Code::MalformedRequest, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn views(told: u64, known: u64) -> Views {
        let view = |seq| View {
            chain: Some(Position { epoch: 1, seq }),
            inbox: None,
        };
        Views {
            told: view(told),
            known: view(known),
        }
    }

    #[test]
    fn only_a_difference_that_stays_is_one() {
        let first = views(7, 9);
        assert_eq!(
            first.apart_since(None, None, 100),
            None,
            "it may be on its way"
        );
        assert_eq!(first.apart_since(Some(&first), None, 200), Some(200));
        assert_eq!(first.apart_since(Some(&first), Some(200), 300), Some(200));
        let moving = views(8, 9);
        assert_eq!(moving.apart_since(Some(&first), Some(200), 400), None);
        let agreed = views(9, 9);
        assert_eq!(agreed.apart_since(Some(&agreed), Some(200), 500), None);
    }

    #[test]
    fn a_node_that_does_not_say_agrees() {
        let mut silent = views(1, 9);
        silent.told.chain = None;
        assert!(!silent.differ());
    }
}
