//! A batch over which the database takes too long, in one transaction with others.

use lapor_migrations::throwaway::cancelled;
use lapor_migrations::{Kind, on};
use lapor_protocol::ids::InstanceKind;
use lapor_protocol::problem::Code;

use super::harness::{Place, databases};
use super::turns::{judged, some};

const ENVELOPES: &str = "envelopes";
const OF_WHO_HAS_GONE: &str = "select count(*) from envelopes where author = 'kemensos'";

#[tokio::test]
async fn a_batch_over_which_the_database_takes_too_long_fails_alone() {
    let servers = databases().await.into_iter();
    for db in servers.filter(|db| db.kind == Kind::Postgres) {
        let place = Place::new(&db).await;
        let [mut pusat, mut bandung, mut kemenpu] = place.three().await;
        let kind = InstanceKind::Kementerian;
        let mut kemensos = place.join("kemensos", kind, 40).await;
        let (first, slow) = (some(&mut pusat, 1), some(&mut kemenpu, 1));
        let (quick, gone) = (some(&mut bandung, 1), some(&mut kemensos, 1));
        let first = judged(&place, &pusat, &first).await;
        let too_long = judged(&place, &kemenpu, &slow).await;
        let quick = judged(&place, &bandung, &quick).await;
        let gone = judged(&place, &kemensos, &gone).await;
        let (ground, sequencer) = (&place.hub.ground, &place.hub.sequencer);
        let submit = |batch| sequencer.submit(batch, None, false).unwrap();
        let mut writing = ground.db.write().await.unwrap();
        let begun = cancelled::begin(&mut writing, ENVELOPES, "new.author = 'kemenpu'").await;
        begun.unwrap();
        let mut holding = ground.db.read().await.unwrap();
        cancelled::hold_up(&mut holding).await.unwrap();
        // The three come into one group behind the first.
        let first = submit(first);
        while sequencer.waiting() > 0 {
            tokio::task::yield_now().await;
        }
        let (too_long, gone, quick) = (submit(too_long), submit(gone), submit(quick));
        writing.commit().await.unwrap();
        let hanging_up = async {
            while !cancelled::is_held_up(&mut holding).await.unwrap() {}
            drop(gone);
            holding.rollback().await.unwrap();
        };
        let (first, too_long, quick, ()) = tokio::join!(first, too_long, quick, hanging_up);
        for answer in [first, quick] {
            assert_eq!(answer.unwrap().accepted_through, 1);
        }
        assert_eq!(too_long.unwrap_err().code(), Code::Overloaded);

        let mut writing = ground.db.write().await.unwrap();
        cancelled::end(&mut writing, ENVELOPES).await.unwrap();
        writing.commit().await.unwrap();
        place.send(&kemenpu, &slow).await;
        let mut tx = ground.db.read().await.unwrap();
        let taken: i64 = on!(&mut tx, c => sqlx::query_scalar(OF_WHO_HAS_GONE)
            .fetch_one(c)
            .await)
        .unwrap();
        assert_eq!(taken, 0, "nobody waits for it");
    }
}

#[tokio::test]
async fn where_the_database_takes_too_long_over_all_not_each_is_tried_alone() {
    let servers = databases().await.into_iter();
    for db in servers.filter(|db| db.kind == Kind::Postgres) {
        let place = Place::new(&db).await;
        let [mut pusat, mut bandung, mut kemenpu] = place.three().await;
        let kind = InstanceKind::Kementerian;
        let mut kemensos = place.join("kemensos", kind, 40).await;
        let mut kemenhub = place.join("kemenhub", kind, 50).await;
        let first = some(&mut pusat, 1);
        let first = judged(&place, &pusat, &first).await;
        let mut slow = Vec::new();
        for of in [&mut bandung, &mut kemenpu, &mut kemensos, &mut kemenhub] {
            let written = some(of, 1);
            slow.push(judged(&place, of, &written).await);
        }
        let (ground, sequencer) = (&place.hub.ground, &place.hub.sequencer);
        let submit = |batch| sequencer.submit(batch, None, false).unwrap();
        let mut writing = ground.db.write().await.unwrap();
        let begun = cancelled::begin(&mut writing, ENVELOPES, "new.author <> 'pusat'").await;
        begun.unwrap();
        // The others come into one group behind the first.
        let first = submit(first);
        while sequencer.waiting() > 0 {
            tokio::task::yield_now().await;
        }
        let slow: Vec<_> = slow.into_iter().map(submit).collect();
        writing.commit().await.unwrap();
        assert_eq!(first.await.unwrap().accepted_through, 1);
        for answer in slow {
            assert_eq!(answer.await.unwrap_err().code(), Code::Overloaded);
        }
        let mut tx = ground.db.read().await.unwrap();
        let tries = cancelled::count(&mut tx).await.unwrap();
        assert_eq!(tries, 3, "all together, and two alone");
    }
}
