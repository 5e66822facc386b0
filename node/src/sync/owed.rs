//! Noting in which cases a party may lack the content key, for `giving` to look after.
//!
//! Whoever makes someone a party sends the wrap beside the message. What that
//! misses (a party that joined or renewed its keys meanwhile, a directory that
//! was behind) is noted in `keys_due` in the transaction that shows it, and
//! stays there until the hub has been asked who lacks a wrap and they have it.
//! The other holders of the key note it as well, for later: the one who ought to
//! give it may be gone, or have left the case.
//!
//! No signature of the hub covers a wrap, so one that was restored from a backup
//! cannot learn which it has lost: every holder asks it once more, in each case.

use std::collections::BTreeSet;

use lapor_migrations::Tx;
use lapor_protocol::case::Case;
use lapor_protocol::directory::{Directory, DirectoryAt};
use lapor_protocol::ids::InstanceId;
use lapor_protocol::problem::Code;
use lapor_protocol::seal::Subject;
use serde::{Deserialize, Serialize};

use super::{Link, LinkError};
use crate::casework::Newcomer;
use crate::damage;
use crate::error::NodeError;
use crate::store;
use crate::store::cases::Parties;

/// Cases looked through in one transaction.
const PAGE: i64 = 200;
/// The origin gives at once; the other holders of a key look after it this
/// much later, in case the origin is gone.
const AFTER_THE_ORIGIN_MS: i64 = 15 * 60_000;
/// Who makes someone a party gives at once; the origin looks after it this much
/// later.
const AFTER_THE_AUTHOR_MS: i64 = 15 * 60_000;
const _: () = assert!(AFTER_THE_AUTHOR_MS + AFTER_THE_ORIGIN_MS <= store::keys_due::LONGEST_MS);
const NOTED: &str = "sealing_keys_noted";
/// The hub may have lost wraps that it had taken, and why that is so.
const LOST: &str = "wraps_lost";

/// How far new sealing keys of the directory have been compared with the cases.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Noted {
    /// Every case has been compared up to this version.
    through: u64,
    /// The version that the comparison under way leads to.
    toward: u64,
    /// The last case that it has passed; empty when none is under way.
    after: String,
}

impl Link {
    /// Has all cases compared anew where the hub may have lost wraps; not before it answers again,
    /// since until then it does not say who lacks one.
    pub(super) async fn begin_anew_where_lost(&self) -> Result<(), LinkError> {
        let mut tx = self.node.read_tx().await?;
        let lost = store::chain::fact(&mut tx, LOST).await?.is_some();
        drop(tx);
        if !lost {
            return Ok(());
        }
        self.refresh_directory(0).await?;
        let mut tx = self.node.write_tx().await?;
        store::chain::forget_fact(&mut tx, NOTED).await?;
        store::chain::forget_fact(&mut tx, LOST).await?;
        Ok(tx.commit().await?)
    }

    /// Compares the cases with the sealing keys that are new in the directory,
    /// and notes those whose parties may lack the key. Only reads and writes
    /// here; an interrupted comparison goes on where it was.
    pub(super) async fn note_new_keys(&self) -> Result<(), NodeError> {
        loop {
            let directory = self.node.directory();
            let mut tx = self.node.read_tx().await?;
            let noted = store::chain::fact(&mut tx, NOTED).await?;
            // Where that cannot be read all cases are compared anew.
            let noted = noted.and_then(|text| serde_json::from_str(&text).ok());
            let mut noted: Noted = noted.unwrap_or_default();
            if noted.after.is_empty() {
                noted.toward = directory.version();
            }
            if noted.through == noted.toward {
                return Ok(());
            }
            let renewed = renewed(&directory, &noted);
            let page = if renewed.is_empty() {
                Vec::new()
            } else {
                store::cases::parties(&mut tx, &noted.after, PAGE).await?
            };
            drop(tx);
            noted.after = page
                .last()
                .map(|row| row.case_id.clone())
                .unwrap_or_default();
            if (page.len() as i64) < PAGE {
                noted.after.clear();
                noted.through = noted.toward;
            }
            self.keep_noted(page, &renewed, &noted).await?;
        }
    }

    async fn keep_noted(
        &self,
        page: Vec<Parties>,
        renewed: &BTreeSet<InstanceId>,
        noted: &Noted,
    ) -> Result<(), NodeError> {
        let me = self.node.instance()?;
        let now = self.node.clock().now_ms();
        let directory = self.node.directory();
        let mut due = Vec::new();
        for row in page {
            if concerns(&row, renewed, me, directory.latest()) {
                let ours = row.origin.as_deref() == Some(me.as_str());
                let wait = if ours { 0 } else { AFTER_THE_ORIGIN_MS };
                due.push((row.case_id, now + wait));
            }
        }
        let text = serde_json::to_string(noted).map_err(NodeError::damaged)?;
        let mut tx = self.node.write_tx().await?;
        store::keys_due::add(&mut tx, due).await?;
        store::chain::set_fact(&mut tx, NOTED, &text).await?;
        Ok(tx.commit().await?)
    }
}

/// Notes that the hub has been restored, and may have lost wraps with what it signed for or alone.
pub(super) async fn note_lost(tx: &mut Tx) -> Result<(), NodeError> {
    let why = Code::Recovering.as_str();
    Ok(store::chain::set_fact(tx, LOST, why).await?)
}

/// Institutions whose sealing key is another one than when cases were last
/// compared.
fn renewed(directory: &Directory, noted: &Noted) -> BTreeSet<InstanceId> {
    let key = |world: DirectoryAt<'_>, id: &InstanceId| {
        let entry = world.instance(id);
        entry.and_then(|entry| entry.sealing_key().map(|key| key.jwk.clone()))
    };
    let (before, after) = (directory.at(noted.through), directory.at(noted.toward));
    let all = after.instances().map(|entry| entry.id.clone());
    all.filter(|id| key(before, id) != key(after, id)).collect()
}

/// Whether one of these is a party of the case. One on which own messages are
/// under way may get parties by them, and is looked at to be sure; so is one
/// whose row is damaged.
fn concerns(
    row: &Parties,
    renewed: &BTreeSet<InstanceId>,
    me: &InstanceId,
    world: DirectoryAt<'_>,
) -> bool {
    if row.pending > 0 {
        return true;
    }
    let Some(fold) = &row.fold else {
        return false;
    };
    let Ok(case) = serde_json::from_str::<Case>(fold) else {
        damage::tell("cases", &row.case_id);
        return true;
    };
    let parties = case.parties(world);
    let mut others = parties.intersection(renewed).filter(|party| *party != me);
    others.next().is_some()
}

/// Notes a case when a message has made someone a party to whom this node may
/// owe the key. Beside an own one it went, unless the directory in which it was
/// written did not show that they would be one. Beside a foreign one its author
/// has sent it, who may have lacked the key itself, or be no party any more when
/// it could give it: so every holder looks after it later. `own` is the number of an own one.
pub(super) async fn note_gained(
    tx: &mut Tx,
    (author, own): (&InstanceId, Option<i64>),
    before: Option<&Case>,
    after: &Case,
    me: &InstanceId,
    (world, now): (DirectoryAt<'_>, i64),
) -> Result<(), NodeError> {
    let former = before.map(|case| case.parties(world)).unwrap_or_default();
    let mut gained = after.parties(world);
    gained.retain(|party| party != me && !former.contains(party));
    if gained.is_empty() {
        return Ok(());
    }
    let after_ms = if author == me {
        // Where that is damaged, the hub is asked whether they were given it.
        let given = match own {
            Some(number) => store::outbox::newcomers(tx, number).await?,
            None => None,
        };
        let given = given.and_then(|text| serde_json::from_str(&text).ok());
        let given: Vec<Newcomer> = given.unwrap_or_default();
        let subject = Subject::Case(after.id).to_string();
        gained.retain(|party| {
            let same = |given: &Newcomer| given.recipient == *party && given.subject == subject;
            !given.iter().any(same)
        });
        0
    } else if after.origin == *me {
        AFTER_THE_AUTHOR_MS
    } else {
        AFTER_THE_AUTHOR_MS + AFTER_THE_ORIGIN_MS
    };
    if gained.is_empty() {
        return Ok(());
    }
    let due = (after.id.to_string(), now + after_ms);
    Ok(store::keys_due::add(tx, [due]).await?)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, Mutex};

    use lapor_protocol::wire::{CaseKeys, DirectoryPage};

    use super::*;
    use crate::sync::giving::tests::{due, filed, note};
    use crate::testing::{NOW, Place, SaidHub, answered, databases, refused};

    const DAY_MS: i64 = 86_400_000;

    #[tokio::test]
    async fn all_cases_are_asked_about_once_more_when_a_restored_hub_answers_again() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let [case] = filed::<1>(&place).await;
            let (recovers, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(0)));
            let (is_recovering, told) = (recovers.clone(), asked.clone());
            let hub = SaidHub::of(move |call| {
                if call.path.ends_with("/recovery") {
                    return Err(refused(Code::NotFound));
                }
                if is_recovering.load(Ordering::SeqCst) {
                    return Err(refused(Code::Recovering));
                }
                if call.path.contains("/directory") {
                    let page = DirectoryPage {
                        versions: Vec::new(),
                        head: None,
                        latest: 1,
                    };
                    return Ok(answered(serde_json::to_vec(&page).unwrap()));
                }
                *told.lock().unwrap() += 1;
                let keys = CaseKeys {
                    case,
                    wraps: Vec::new(),
                    missing: Vec::new(),
                };
                Ok(answered(serde_json::to_vec(&keys).unwrap()))
            });
            let link = Link::over(place.node.clone(), hub).unwrap();
            let asked = || std::mem::take(&mut *asked.lock().unwrap());
            link.give_keys().await.unwrap();
            asked();
            link.give_keys().await.unwrap();
            assert_eq!(asked(), 0, "nobody is owed anything");
            recovers.store(true, Ordering::SeqCst);
            link.bring_back().await.unwrap();
            let failed = link.give_keys().await.unwrap_err();
            assert_eq!(failed.code(), Some(Code::Recovering));
            recovers.store(false, Ordering::SeqCst);
            for expected in [1, 0] {
                link.give_keys().await.unwrap();
                assert_eq!(asked(), expected);
            }
            for expected in [1, 0] {
                link.note_restore(NOW).await.unwrap();
                link.send_blobs().await.unwrap();
                link.give_keys().await.unwrap();
                assert_eq!(asked(), expected, "the hub tells of a restore itself");
            }
        }
    }

    #[tokio::test]
    async fn where_it_cannot_be_read_how_far_cases_were_compared_they_are_compared_anew() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let [case] = filed::<1>(&place).await;
            let hub = SaidHub::of(|_| Err(refused(Code::Internal)));
            let link = Link::over(place.node.clone(), hub).unwrap();
            link.note_new_keys().await.unwrap();
            let mut tx = place.node.write_tx().await.unwrap();
            let forgotten = store::keys_due::forget(&mut tx, &case.to_string()).await;
            forgotten.unwrap();
            store::chain::set_fact(&mut tx, NOTED, "{").await.unwrap();
            tx.commit().await.unwrap();
            link.note_new_keys().await.unwrap();
            assert_eq!(due(&place).await, [case]);
        }
    }

    #[tokio::test]
    async fn what_was_noted_while_the_clock_was_years_ahead_is_looked_at_now() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let [ahead, later] = filed::<2>(&place).await;
            let wait = AFTER_THE_AUTHOR_MS + AFTER_THE_ORIGIN_MS;
            let noted = [(ahead, NOW + 3650 * DAY_MS), (later, NOW + wait)];
            note(&place, &noted).await;
            assert_eq!(due(&place).await, [ahead]);
            place.clock.advance(wait);
            assert_eq!(due(&place).await, [later, ahead]);
        }
    }
}
