//! Two batches of a node that are at the hub at once: whatever becomes of the one in front, each
//! message gets its place, once.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::Method;
use lapor_migrations::on;
use lapor_node::sync::{Answer, Call, Https, LinkError, Transport};
use lapor_protocol::ids::CaseId;
use lapor_protocol::wire::BEHIND_HEADER;
use lapor_tests::fleet::member::{BANDUNG, PUSAT};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{Fleet, Institution, kinds};
use tokio::sync::watch;

/// In which a node with more to say has sent a batch behind another.
const PATIENCE: Duration = Duration::from_mins(1);

/// What becomes of a batch; each waits until the hub has answered the one behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lot {
    /// Only then does the hub hear it.
    Overtaken,
    /// It never arrives.
    Lost,
    /// The hub has done its work, and the answer is lost.
    AnswerLost,
    /// The hub has done its work, and the answer comes.
    AnswerLate,
}

/// A way to the hub on which a story says what becomes of a batch.
struct Crossing {
    hub: Https,
    /// Of the next batch that names none in front of it.
    lot: Mutex<Option<Lot>>,
    /// How many batches behind another have been answered.
    answered: watch::Sender<usize>,
}

impl Crossing {
    fn draws(&self, lot: Lot) {
        *self.lot.lock().unwrap_or_else(PoisonError::into_inner) = Some(lot);
    }

    async fn carry(&self, call: Call) -> Result<Answer, LinkError> {
        if call.method != Method::POST || !call.path.ends_with("/outbox") {
            return self.hub.call(call).await;
        }
        if call.headers.iter().any(|(name, _)| name == BEHIND_HEADER) {
            let answer = self.hub.call(call).await;
            self.answered.send_modify(|count| *count += 1);
            return answer;
        }
        let lot = self
            .lot
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let answered = self.answered.subscribe();
        match lot {
            None => self.hub.call(call).await,
            Some(Lot::Overtaken) => {
                another(answered).await;
                self.hub.call(call).await
            }
            Some(Lot::Lost) => {
                another(answered).await;
                Err(LinkError::Unreachable("the call was lost".into()))
            }
            Some(Lot::AnswerLost) => {
                self.hub.call(call).await?;
                another(answered).await;
                Err(LinkError::Unreachable("the answer was lost".into()))
            }
            Some(Lot::AnswerLate) => {
                let answer = self.hub.call(call).await;
                another(answered).await;
                answer
            }
        }
    }
}

impl Transport for Crossing {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Answer, LinkError>> {
        Box::pin(self.carry(call))
    }

    /// Also where the machine is busy with much else.
    fn quick(&self) -> Duration {
        PATIENCE
    }

    fn take_up_certificate(&self) -> Result<bool, LinkError> {
        self.hub.take_up_certificate()
    }
}

/// Waits until one more batch behind another has been answered.
async fn another(mut answered: watch::Receiver<usize>) {
    let changed = tokio::time::timeout(PATIENCE, answered.changed()).await;
    assert!(changed.is_ok(), "no batch came behind the one in front");
}

/// Its process begins anew, sends two messages a batch and goes by a way of the story's.
async fn goes_over(at: &mut Institution) -> Arc<Crossing> {
    at.stop().await;
    at.settings.link.batch = 2;
    let mut made = None;
    at.start_over(|node| {
        let crossing = Arc::new(Crossing {
            hub: Https::of(node).unwrap(),
            lot: Mutex::default(),
            answered: watch::Sender::new(0),
        });
        made = Some(Arc::clone(&crossing));
        crossing
    })
    .await;
    made.unwrap()
}

/// Files, and sends at once: from the answer the node knows that the hub takes two batches.
async fn sends_one(at: &Institution) -> CaseId {
    let case = at.file(report("Lampu jalan padam")).await;
    assert_eq!(at.link().push().await.unwrap(), 1);
    case
}

#[tokio::test]
async fn whatever_becomes_of_the_batch_in_front_all_is_in_order_once() {
    const LOTS: [Lot; 4] = [Lot::Overtaken, Lot::Lost, Lot::AnswerLost, Lot::AnswerLate];
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let mut crossing = goes_over(fleet.at_mut("kota-bandung")).await;
        for (lot, all_begin_anew) in LOTS.into_iter().flat_map(|lot| [(lot, false), (lot, true)]) {
            let bandung = fleet.at("kota-bandung");
            let mut cases = vec![sends_one(bandung).await];
            for number in 1..=5 {
                let title = format!("Jalan berlubang, RT {number}");
                cases.push(bandung.file(report(&title)).await);
            }
            crossing.draws(lot);
            let pushed = bandung.link().push().await;
            let is_answered = matches!(lot, Lot::Overtaken | Lot::AnswerLate);
            assert_eq!(pushed.is_ok(), is_answered, "{lot:?}: {pushed:?}");
            if all_begin_anew {
                fleet.restart_hub().await;
                crossing = goes_over(fleet.at_mut("kota-bandung")).await;
            }
            fleet.settle().await;
            for case in cases {
                assert_eq!(fleet.at("pusat").view(case).await.case_seq, 1, "{lot:?}");
            }
            let status = fleet.at("kota-bandung").node().status().await.unwrap();
            let outbox = (status.outbox.epoch, status.outbox.unsent);
            assert_eq!(outbox, (1, 0), "{lot:?}");
        }
        let report = fleet.invariants().await;
        assert_eq!(report.applied["report.filed"], 48);
        fleet.ends_well().await;
    }
}

/// A time that no header may state, instead of the one in the drafts of a case.
async fn spoil(at: &Institution, case: CaseId) {
    const SPOIL: &str = "update outbox_drafts
        set draft = replace(draft, '\"created_at\":', '\"created_at\":99999') where number in
        (select number from outbox where kind = 'case.followed_up' and case_id = $1)";
    let case = case.to_string();
    let mut tx = at.node().db().write().await.unwrap();
    let done = on!(&mut tx, c => sqlx::query(SPOIL).bind(&case).execute(c).await.map(drop));
    done.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_message_that_is_refused_before_a_batch_behind_it_is_set_aside_in_one_epoch() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let crossing = goes_over(fleet.at_mut("kota-bandung")).await;
        let [bandung, pusat] = ["kota-bandung", "pusat"].map(|slug| fleet.at(slug));
        let bad = sends_one(bandung).await;
        let good = sends_one(bandung).await;
        fleet.settle().await;
        for case in [good, bad, good, good, bad, good] {
            bandung.follow_up(case, "Diperiksa.").await;
        }
        spoil(bandung, bad).await;
        crossing.draws(Lot::AnswerLate);
        fleet.settle().await;

        let aside = bandung.node().set_aside(false, 10).await.unwrap();
        assert_eq!(aside.len(), 2, "the bad one and the later one of its case");
        assert!(aside.iter().all(|aside| aside.case == Some(bad)));
        assert_eq!(aside[0].reason.as_deref(), Some("header_invalid"));
        assert_eq!(pusat.view(good).await.case_seq, 5);
        assert_eq!(pusat.view(bad).await.case_seq, 1);
        let status = bandung.node().status().await.unwrap();
        assert_eq!((status.outbox.epoch, status.outbox.unsent), (2, 0));
        assert_eq!(aside[1].reason.as_deref(), Some("waits_for_earlier"));
        // Its case is at the hub, so that the later one could go without it; nobody wants that here.
        for one in &aside {
            let refused = bandung.node().refuse(one.id, "salah waktu", "admin").await;
            assert_eq!(refused.unwrap().state, "refused");
        }
        fleet.settle().await;
        fleet.ends_well().await;
    }
}
