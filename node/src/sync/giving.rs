//! Giving content keys to parties that lack them, in the cases where that is due (`owed`): the hub is
//! asked who lacks a wrap, until they have it.
//!
//! A key is given to nobody because the hub alone says so: the case as it stands
//! here must show them as a party.

use std::collections::BTreeSet;

use http::Method;
use lapor_migrations::Tx;
use lapor_protocol::ids::{CaseId, InstanceId};
use lapor_protocol::limits::WRAPS;
use lapor_protocol::problem::{Code, Retry};
use lapor_protocol::seal::{ContentKey, Subject, Wrap, wrap};
use lapor_protocol::wire::{CaseKeys, PREFIX};

use super::{Call, Link, LinkError};
use crate::casework::shown_case;
use crate::chance::SystemEntropy;
use crate::damage;
use crate::error::NodeError;
use crate::store;

/// Cases asked about in one step.
const STEP: i64 = 50;
/// Until a case is asked about again of which the hub could not answer, or named somebody who is no
/// party of it here.
const AFTER_A_FAILURE_MS: i64 = 5 * 60_000;

/// What was given in one case.
struct Given {
    /// How many wraps the hub has taken.
    wraps: usize,
    /// The hub has named somebody who is no party here, or not yet.
    withheld: bool,
}

impl Link {
    /// A wrap of a key for the recipient's current sealing key. `None` where
    /// the key is not held, or the recipient has no key yet.
    pub(super) async fn wrap(
        &self,
        tx: &mut Tx,
        subject: &str,
        recipient: &InstanceId,
    ) -> Result<Option<Wrap>, NodeError> {
        let Some(held) = store::secrets::content_key(tx, subject).await? else {
            return Ok(None);
        };
        let key = store::read(ContentKey::from_bytes(&held))?;
        let directory = self.node.directory();
        let sealing = directory
            .latest()
            .instance(recipient)
            .and_then(|entry| entry.sealing_key());
        let Some(sealing) = sealing else {
            return Ok(None);
        };
        let subject: Subject = store::read(subject.parse())?;
        store::read(wrap(
            &key,
            subject,
            recipient,
            &sealing.jwk,
            &mut SystemEntropy,
        ))
        .map(Some)
    }

    /// Gives the keys of cases to parties that lack them. Returns how many
    /// wraps the hub has taken.
    pub async fn give_keys(&self) -> Result<usize, LinkError> {
        self.begin_anew_where_lost().await?;
        self.note_new_keys().await?;
        let now = self.node.clock().now_ms();
        let mut tx = self.node.read_tx().await?;
        let due = store::keys_due::due(&mut tx, now, STEP).await?;
        drop(tx);
        let mut given = 0;
        for (case_id, asked) in due {
            match self.give_in(store::case_id(&case_id)?).await {
                Ok(done) => {
                    given += done.wraps;
                    if done.withheld {
                        self.put_off(&case_id, asked).await?;
                        continue;
                    }
                }
                // A case of which this node is no party any more, or one that
                // the hub has forgotten, is others' to look after.
                Err(LinkError::Refused(problem)) if problem.retry == Retry::Never => {
                    tracing::debug!(case = case_id, %problem.title, "no keys to give");
                }
                // What is kept of this case may be damaged, at the hub or here: the others do not wait for it.
                Err(error) if error.code() == Some(Code::Internal) || error.spares_others() => {
                    tracing::warn!(case = case_id, %error, "no keys can be given of a case");
                    self.put_off(&case_id, asked).await?;
                    continue;
                }
                Err(error) => return Err(error),
            }
            let mut tx = self.node.write_tx().await?;
            store::keys_due::settle(&mut tx, &case_id, asked).await?;
            tx.commit().await?;
        }
        Ok(given)
    }

    async fn put_off(&self, case_id: &str, asked: i64) -> Result<(), NodeError> {
        let due_at = self.node.clock().now_ms() + AFTER_A_FAILURE_MS;
        let mut tx = self.node.write_tx().await?;
        store::keys_due::put_off(&mut tx, case_id, asked, due_at).await?;
        Ok(tx.commit().await?)
    }

    /// Who is a party of a case as it is shown here, own acts among it, and so may have its key;
    /// nobody where that cannot be read.
    async fn parties_here(
        &self,
        tx: &mut Tx,
        case: CaseId,
    ) -> Result<BTreeSet<InstanceId>, NodeError> {
        let case = case.to_string();
        let shown = match shown_case(&self.node, tx, &case).await {
            Ok((_, shown)) => shown,
            Err(error @ NodeError::Database(_)) => return Err(error),
            Err(_) => {
                damage::tell("cases", &case);
                None
            }
        };
        let directory = self.node.directory();
        Ok(shown.map_or_else(BTreeSet::new, |case| case.parties(directory.latest())))
    }

    async fn give_in(&self, case: CaseId) -> Result<Given, LinkError> {
        let path = format!("{PREFIX}/cases/{case}/keys");
        let call = Call::new(Method::GET, path.clone());
        let lacking: CaseKeys = self.call(call).await?.json()?;
        let directory = self.node.directory();
        let known = |party: &InstanceId| {
            let entry = directory.latest().instance(party);
            entry.is_some_and(|entry| entry.sealing_key().is_some())
        };
        if !lacking.missing.iter().all(known) {
            self.refresh_directory(0).await?;
        }
        let subject = Subject::Case(case).to_string();
        let mut tx = self.node.read_tx().await?;
        let parties = self.parties_here(&mut tx, case).await?;
        let named = lacking.missing.iter();
        let (owed, others): (Vec<_>, Vec<_>) = named.partition(|named| parties.contains(*named));
        let mut wraps: Vec<Wrap> = Vec::new();
        for recipient in owed {
            wraps.extend(self.wrap(&mut tx, &subject, recipient).await?);
        }
        drop(tx);
        if let Some(first) = others.first() {
            tracing::warn!(
                %case,
                named = %first,
                count = others.len(),
                "the hub wants the key of a case for who is no party of it here; they are not given it"
            );
        }
        for some in wraps.chunks(WRAPS) {
            let keys = CaseKeys {
                case,
                wraps: some.to_vec(),
                missing: Vec::new(),
            };
            let call = Call::new(Method::PUT, path.clone()).json(&keys)?;
            self.call(call).await?;
        }
        Ok(Given {
            wraps: wraps.len(),
            withheld: !others.is_empty(),
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::{Arc, Mutex};

    use lapor_migrations::on;
    use serde_json::json;

    use super::*;
    use crate::casework::NewReport;
    use crate::channels::tests::ruled;
    use crate::testing::{NOW, PaperHub, Place, SaidHub, acts, answered, databases, refused};

    /// How many wraps came with each call that brings some.
    type Brought = Arc<Mutex<Vec<usize>>>;

    /// A hub that wants a wrap of each case for the desk, so many times, and cannot answer of one case.
    fn lacking(times: usize, damaged: Option<CaseId>, brought: &Brought) -> Arc<SaidHub> {
        let brought = brought.clone();
        SaidHub::of(move |call| {
            let case: CaseId = call.path.split('/').nth_back(1).unwrap().parse().unwrap();
            if damaged == Some(case) {
                return Err(refused(Code::Internal));
            }
            if call.method == Method::PUT {
                let keys: CaseKeys = serde_json::from_slice(&call.body).unwrap();
                brought.lock().unwrap().push(keys.wraps.len());
                return Ok(answered("null"));
            }
            let lacking = CaseKeys {
                case,
                wraps: Vec::new(),
                missing: vec!["pusat".parse().unwrap(); times],
            };
            Ok(answered(serde_json::to_vec(&lacking).unwrap()))
        })
    }

    /// Cases that were filed here and that the hub has ruled.
    pub(in crate::sync) async fn filed<const N: usize>(place: &Place) -> [CaseId; N] {
        filed_without(place, [&[]; N]).await
    }

    /// The same, each without these institutions.
    async fn filed_without<const N: usize>(place: &Place, excluded: [&[&str]; N]) -> [CaseId; N] {
        let mut cases = Vec::new();
        for excluded in excluded {
            let report: NewReport = serde_json::from_value(json!({
                "classification": "complaint",
                "title": "Lampu padam",
                "content": "Gelap.",
                "channel": "web",
                "excluded": excluded,
            }))
            .unwrap();
            cases.push(place.node.file(report, "test").await.unwrap().case);
        }
        ruled(place, &PaperHub::of(place)).await;
        cases.try_into().unwrap()
    }

    /// A hub that wants a wrap of each case for all of these, whoever they are.
    fn wanting(
        named: [&'static str; 3],
        given: &Arc<Mutex<BTreeSet<(CaseId, String)>>>,
    ) -> Arc<SaidHub> {
        let given = given.clone();
        SaidHub::of(move |call| {
            let case: CaseId = call.path.split('/').nth_back(1).unwrap().parse().unwrap();
            if call.method == Method::PUT {
                let keys: CaseKeys = serde_json::from_slice(&call.body).unwrap();
                let recipients = keys.wraps.iter().map(|wrap| wrap.recipient.to_string());
                given
                    .lock()
                    .unwrap()
                    .extend(recipients.map(|to| (case, to)));
                return Ok(answered("null"));
            }
            let lacking = CaseKeys {
                case,
                wraps: Vec::new(),
                missing: named.map(|named| named.parse().unwrap()).to_vec(),
            };
            Ok(answered(serde_json::to_vec(&lacking).unwrap()))
        })
    }

    /// Notes cases, each for its moment, in the place of what is noted of them.
    pub(in crate::sync) async fn note(place: &Place, cases: &[(CaseId, i64)]) {
        let mut tx = place.node.write_tx().await.unwrap();
        for (case, due_at) in cases {
            let case = case.to_string();
            store::keys_due::forget(&mut tx, &case).await.unwrap();
            let due = [(case, *due_at)];
            store::keys_due::add(&mut tx, due).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    pub(in crate::sync) async fn due(place: &Place) -> Vec<CaseId> {
        let now = place.node.clock().now_ms();
        let mut tx = place.node.read_tx().await.unwrap();
        let due = store::keys_due::due(&mut tx, now, STEP).await.unwrap();
        due.iter().map(|(case, _)| case.parse().unwrap()).collect()
    }

    #[tokio::test]
    async fn a_case_of_which_the_hub_cannot_answer_takes_no_turn_from_others() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let [damaged, sound] = filed::<2>(&place).await;
            note(&place, &[(damaged, NOW - 1), (sound, NOW)]).await;
            let brought = Brought::default();
            let hub = lacking(1, Some(damaged), &brought);
            let link = Link::over(place.node.clone(), hub).unwrap();
            assert_eq!(link.give_keys().await.unwrap(), 1);
            assert!(due(&place).await.is_empty(), "others come first");
            place.clock.advance(AFTER_A_FAILURE_MS);
            assert_eq!(due(&place).await, [damaged], "it is owed still");
            let mended = lacking(1, None, &brought);
            let link = Link::over(place.node.clone(), mended).unwrap();
            assert_eq!(link.give_keys().await.unwrap(), 1);
            assert!(due(&place).await.is_empty());
            assert_eq!(*brought.lock().unwrap(), [1, 1]);
        }
    }

    #[tokio::test]
    async fn whom_the_case_here_does_not_show_as_a_party_is_given_no_key_whatever_the_hub_says() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let [excluding, plain] = filed_without(&place, [&["kemenpu"], &[]]).await;
            place.directory_gains_supervisor().await;
            note(&place, &[(excluding, NOW), (plain, NOW)]).await;
            let given = Arc::default();
            let hub = wanting(["kemenpu", "ombudsman", "pusat"], &given);
            let link = Link::over(place.node.clone(), hub).unwrap();
            assert_eq!(link.give_keys().await.unwrap(), 2);
            let desk = |case| (case, "pusat".to_owned());
            let mut expected = BTreeSet::from([desk(excluding), desk(plain)]);
            assert_eq!(*given.lock().unwrap(), expected, "the party alone");
            assert!(due(&place).await.is_empty());
            place.clock.advance(AFTER_A_FAILURE_MS);
            assert_eq!(due(&place).await.len(), 2, "they may be parties by then");
            let agreed = json!({"consent": true});
            acts(&place, plain, "case.escalated", agreed, None).await;
            assert_eq!(link.give_keys().await.unwrap(), 3);
            expected.insert((plain, "ombudsman".to_owned()));
            assert_eq!(*given.lock().unwrap(), expected);
        }
    }

    #[tokio::test]
    async fn of_a_case_that_cannot_be_read_nobody_is_given_the_key_and_others_go_on() {
        const DAMAGE: &str = "update cases set fold = '{' where case_id = $1";
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let [damaged, sound] = filed::<2>(&place).await;
            place.directory_gains_supervisor().await;
            let (text, mut tx) = (damaged.to_string(), place.node.write_tx().await.unwrap());
            on!(&mut tx, c => sqlx::query(DAMAGE).bind(&text).execute(c).await.map(drop)).unwrap();
            tx.commit().await.unwrap();
            note(&place, &[(damaged, NOW - 1), (sound, NOW)]).await;
            let given = Arc::default();
            let hub = wanting(["kemenpu", "ombudsman", "pusat"], &given);
            let link = Link::over(place.node.clone(), hub).unwrap();
            assert_eq!(link.give_keys().await.unwrap(), 1);
            let expected = BTreeSet::from([(sound, "pusat".to_owned())]);
            assert_eq!(*given.lock().unwrap(), expected);
        }
    }

    #[tokio::test]
    async fn a_key_that_is_damaged_here_keeps_no_other_from_being_given() {
        const DAMAGE: &str = "update content_keys set content_key = $2 where case_id = $1";
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let [damaged, sound] = filed::<2>(&place).await;
            let (text, mut tx) = (damaged.to_string(), place.node.write_tx().await.unwrap());
            let done = on!(&mut tx, c => sqlx::query(DAMAGE)
                .bind(&text)
                .bind(vec![7_u8; 31])
                .execute(c)
                .await
                .map(drop));
            done.unwrap();
            tx.commit().await.unwrap();
            note(&place, &[(damaged, NOW - 1), (sound, NOW)]).await;
            let brought = Brought::default();
            let link = Link::over(place.node.clone(), lacking(1, None, &brought)).unwrap();
            assert_eq!(link.give_keys().await.unwrap(), 1);
            assert!(due(&place).await.is_empty(), "others come first");
        }
    }

    #[tokio::test]
    async fn more_keys_than_the_hub_takes_at_once_are_given_one_part_after_the_other() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let [case] = filed::<1>(&place).await;
            note(&place, &[(case, NOW)]).await;
            let brought = Brought::default();
            let hub = lacking(WRAPS + 1, None, &brought);
            let link = Link::over(place.node.clone(), hub).unwrap();
            assert_eq!(link.give_keys().await.unwrap(), WRAPS + 1);
            assert_eq!(*brought.lock().unwrap(), [WRAPS, 1]);
        }
    }
}
