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
use crate::portals;
use crate::store;
use crate::store::chains::Chain;
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
    /// Unix ms; since when the two differ of the chain, each report in the same way.
    #[serde(default)]
    pub chain_since: Option<i64>,
    /// Likewise of the inbox.
    #[serde(default)]
    pub inbox_since: Option<i64>,
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
    /// What both say at one moment, after what they said before it. Chain and
    /// inbox are compared each by itself: one that moves hides nothing of the other.
    fn of((told, known): (View, View), before: Option<&Self>, now_ms: i64) -> Self {
        let chain = before.map(|before| (before.told.chain, before.known.chain));
        let inbox = before.map(|before| (before.told.inbox, before.known.inbox));
        Self {
            chain_since: since(
                (told.chain, known.chain),
                chain,
                before.and_then(|before| before.chain_since),
                now_ms,
            ),
            inbox_since: since(
                (told.inbox, known.inbox),
                inbox,
                before.and_then(|before| before.inbox_since),
                now_ms,
            ),
            told,
            known,
        }
    }

    /// Since when the two are apart.
    fn apart_since(&self) -> Option<i64> {
        let both = [self.chain_since, self.inbox_since];
        both.into_iter().flatten().min()
    }
}

/// Since when two say different things, after a report at `now_ms`; what a node
/// does not say differs from nothing.
fn since<T: Copy + PartialEq>(
    (told, known): (Option<T>, Option<T>),
    before: Option<(Option<T>, Option<T>)>,
    since: Option<i64>,
    now_ms: i64,
) -> Option<i64> {
    let differ = told.is_some() && told != known;
    let unchanged = before == Some((told, known));
    (differ && unchanged).then(|| since.unwrap_or(now_ms))
}

/// Takes in what a node says of itself.
pub async fn receive(
    ground: &Ground,
    peer: &InstanceId,
    told: &Health,
) -> Result<Option<Chain>, HubError> {
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
    let says = View {
        chain: told.chain,
        inbox: told.inbox,
    };
    let known = View {
        chain: chain.as_ref().map(|chain| chain.head.position()),
        inbox: Some(inbox.unwrap_or(nothing)),
    };
    let before = former.as_ref().and_then(|former| former.views.as_deref());
    let before: Option<Views> = before.and_then(|text| serde_json::from_str(text).ok());
    let held = former.as_ref().and_then(|former| holds(&former.text));
    let views = Views::of((says, known), before.as_ref(), now_ms);
    let report = Report {
        slug: peer.clone(),
        at: now_ms,
        text,
        clock_offset: told.time.saturating_sub(now_ms),
        views: Some(serde_json::to_string(&views).map_err(HubError::damaged)?),
        apart_since: views.apart_since(),
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
    Ok(chain)
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
    let led = told.portal.as_deref().is_none_or(portals::is_sound);
    if counted && dated && named && led && told.software.chars().count() <= SOFTWARE_CHARS {
        return Ok(());
    }
    let detail = format!(
        "numbers must be from 0 to {MOST}, `software` and editions may have {SOFTWARE_CHARS} characters, {ROOTS} roots may be named, and `portal` is the address of a site without a path, of {} characters at most",
        portals::CHARS
    );
    Err(HubError::refused(Code::MalformedRequest, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(chain: Option<u64>, inbox: u64) -> View {
        View {
            chain: chain.map(|seq| Position { epoch: 1, seq }),
            inbox: Some(Reached {
                depoch: 1,
                accepted: inbox,
                settled: inbox,
            }),
        }
    }

    /// What is found of reports a second apart: of each, the chain as the node
    /// and as the hub has it, and likewise the inbox.
    fn found(reports: &[(Option<u64>, u64, u64, u64)]) -> Vec<Option<i64>> {
        let mut before = None;
        let mut now_ms = 0;
        let after = |(told, known, inbox, acked): &(Option<u64>, u64, u64, u64)| {
            now_ms += 1_000;
            let both = (view(*told, *inbox), view(Some(*known), *acked));
            let views = Views::of(both, before.as_ref(), now_ms);
            before.insert(views).apart_since()
        };
        reports.iter().map(after).collect()
    }

    #[test]
    fn only_a_difference_that_stays_is_one() {
        let stays = (Some(7), 9, 1, 1);
        let moved = (Some(8), 9, 1, 1);
        let agreed = (Some(9), 9, 1, 1);
        assert_eq!(
            found(&[stays, stays, stays, moved, moved, agreed, agreed]),
            [
                None,
                Some(2_000),
                Some(2_000),
                None,
                Some(5_000),
                None,
                None
            ],
            "a first one may be on its way"
        );
    }

    #[test]
    fn a_chain_that_differs_is_found_while_the_inbox_moves() {
        let busy = [(Some(7), 9, 1, 1), (Some(7), 9, 4, 3), (Some(7), 9, 8, 8)];
        assert_eq!(found(&busy), [None, Some(2_000), Some(2_000)]);
    }

    #[test]
    fn a_node_that_does_not_say_agrees() {
        assert_eq!(found(&[(None, 9, 1, 1), (None, 9, 1, 1)]), [None, None]);
    }
}
