//! Batches that are sent before the one in front of them is answered.

use std::cell::Cell;

use axum::body::{Body, Bytes};
use futures_util::stream;
use http::Method;
use lapor_hub::sequencer::{Batch, Lines, Verifiers, read_batch};
use lapor_migrations::on;
use lapor_protocol::ids::Position;
use lapor_protocol::keys::{CertifiedKey, KeyUse, Signer};
use lapor_protocol::problem::Code;
use lapor_protocol::receipt::Receipt;
use lapor_protocol::wire::{BATCHES_HEADER, BEHIND_HEADER, BOOT_HEADER, NDJSON, OutboxAnswer};
use serde_json::json;
use tokio::sync::{mpsc, oneshot};

use super::harness::{Answered, Institution, NOW, Place, Written, databases, request};

pub fn some(from: &mut Institution, count: u8) -> Vec<Written> {
    (1..=count).map(|number| from.file(number).1).collect()
}

fn lines(written: &[Written]) -> String {
    let lines: Vec<String> = written.iter().map(Written::batch_line).collect();
    lines.join("\n")
}

/// Who has been heard before is let in at once, so that those who ask together come in their order.
async fn is_heard(place: &Place, who: &Institution) {
    assert_eq!(place.get(who, "/outbox/head").await.status, 200);
}

fn exception(answer: &OutboxAnswer) -> Option<(u64, Code)> {
    answer.exceptions.first().map(|e| (e.seq, e.code))
}

/// A batch whose body comes in pieces as they are fed.
async fn fed(place: &Place, from: &Institution, pieces: mpsc::Receiver<String>) -> Answered {
    let pieces = stream::unfold(pieces, |mut pieces| async move {
        let piece = pieces.recv().await?;
        Some((Ok::<_, std::io::Error>(Bytes::from(piece)), pieces))
    });
    let post = request(Method::POST, "/outbox").header("content-type", NDJSON);
    let post = post.body(Body::from_stream(pieces)).unwrap();
    place.call(from, post).await
}

/// A batch behind a place of the chain.
async fn behind(place: &Place, from: &Institution, at: &str, written: &[Written]) -> Answered {
    let post = request(Method::POST, "/outbox")
        .header("content-type", NDJSON)
        .header(BEHIND_HEADER, at);
    let post = post.body(lines(written).into()).unwrap();
    place.call(from, post).await
}

#[tokio::test]
async fn a_batch_behind_one_that_is_still_coming_is_ordered_after_it() {
    for db in databases().await {
        let place = Place::with(&db, |settings| settings.limits.batches_under_way = 2).await;
        let [_, mut bandung, mut kemenpu] = place.three().await;
        let written = some(&mut bandung, 5);
        let of_another = some(&mut kemenpu, 1);
        is_heard(&place, &bandung).await;
        let (feed, pieces) = mpsc::channel(1);
        let is_answered = Cell::new(false);
        let second = async {
            let second = behind(&place, &bandung, "1.2", &written[2..4]).await;
            is_answered.set(true);
            second
        };
        let meanwhile = async {
            feed.send(lines(&written[..1])).await.unwrap();
            feed.send("\n".to_owned()).await.unwrap();
            // Taken once the hub reads.
            drop(feed.reserve().await.unwrap());
            let third = place.push(&bandung, &written[4..]).await;
            assert_eq!(third.code(), Some(Code::RateLimited), "behind none");
            let third = behind(&place, &bandung, "1.4", &written[4..]).await;
            assert_eq!(third.code(), Some(Code::RateLimited), "two are under way");
            place.send(&kemenpu, &of_another).await;
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            assert!(!is_answered.get(), "its turn has not come");
            feed.send(lines(&written[1..2])).await.unwrap();
            drop(feed);
        };
        let first = fed(&place, &bandung, pieces);
        let (first, second, ()) = tokio::join!(first, second, meanwhile);
        for (answered, through) in [(first, 2), (second, 4)] {
            assert_eq!(answered.headers[BATCHES_HEADER], "2");
            let answer: OutboxAnswer = answered.json();
            assert_eq!(exception(&answer), None);
            assert_eq!(
                (answer.accepted_through, answer.receipts.len()),
                (through, 1)
            );
        }
        place.send(&bandung, &written[4..]).await;
        place.pull(&mut bandung).await;
        let ordered = bandung.received.iter().map(|one| one.item.envelope_id);
        let said = written.iter().map(|one| one.envelope);
        assert_eq!(ordered.collect::<Vec<_>>(), said.collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn each_of_several_batches_that_wait_together_has_an_answer_of_its_own() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, mut kemenpu] = place.three().await;
        let written = some(&mut bandung, 7);
        let of_another = some(&mut kemenpu, 1);
        is_heard(&place, &bandung).await;
        let (first, second, third, fourth, _) = tokio::join!(
            place.push(&bandung, &written[..1]),
            behind(&place, &bandung, "1.1", &written[1..3]),
            behind(&place, &bandung, "1.3", &written[3..6]),
            behind(&place, &bandung, "1.6", &written[6..]),
            place.push(&kemenpu, &of_another),
        );
        for (answered, (from, to)) in [
            (first, (1, 1)),
            (second, (2, 3)),
            (third, (4, 6)),
            (fourth, (7, 7)),
        ] {
            let answer: OutboxAnswer = answered.json();
            assert_eq!((exception(&answer), answer.accepted_through), (None, to));
            assert_eq!(answer.head.position(), Position { epoch: 1, seq: to });
            let receipt: Receipt = serde_json::from_slice(&answer.receipts[0].payload).unwrap();
            assert_eq!(
                (answer.receipts.len(), receipt.from, receipt.to),
                (1, from, to)
            );
        }
        // What is sent again meanwhile is compared with what is on disk, in whatever order they come.
        let again = [
            place.push(&bandung, &written[..3]).await,
            behind(&place, &bandung, "1.3", &written[3..]).await,
        ];
        for (answered, receipts) in again.into_iter().zip([2, 2]) {
            let answer: OutboxAnswer = answered.json();
            assert_eq!((exception(&answer), answer.accepted_through), (None, 7));
            assert_eq!(answer.receipts.len(), receipts);
        }
        place.pull(&mut bandung).await;
        let ordered = bandung.received.iter().map(|one| one.item.envelope_id);
        let said = written.iter().map(|one| one.envelope);
        assert_eq!(ordered.collect::<Vec<_>>(), said.collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn what_is_behind_a_batch_that_is_refused_in_the_middle_meets_a_gap() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let written = some(&mut bandung, 4);
        is_heard(&place, &bandung).await;
        let mut tampered = written[..2].to_vec();
        let other: serde_json::Value = serde_json::from_str(&written[0].line).unwrap();
        let mut line: serde_json::Value = serde_json::from_str(&written[1].line).unwrap();
        line["signatures"] = other["signatures"].clone();
        tampered[1].line = line.to_string();
        let (first, second) = tokio::join!(
            place.push(&bandung, &tampered),
            behind(&place, &bandung, "1.2", &written[2..])
        );
        let (first, second): (OutboxAnswer, OutboxAnswer) = (first.json(), second.json());
        assert_eq!(exception(&first), Some((2, Code::SignatureInvalid)));
        assert_eq!(exception(&second), Some((3, Code::SequenceGap)));
        assert_eq!((first.head, second.receipts.len()), (second.head, 0));
        assert_eq!(first.accepted_through, 1);
        place.send(&bandung, &written[1..]).await;
        place.pull(&mut bandung).await;
        assert_eq!(bandung.received.len(), 4, "nothing twice");
    }
}

#[tokio::test]
async fn what_waits_behind_a_batch_that_is_cut_off_is_told_to_come_again() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let written = some(&mut bandung, 4);
        is_heard(&place, &bandung).await;
        let (feed, pieces) = mpsc::channel(1);
        let (cut, is_cut) = oneshot::channel::<()>();
        let first = async {
            tokio::select! {
                answered = fed(&place, &bandung, pieces) => Some(answered.status),
                _ = is_cut => None,
            }
        };
        let meanwhile = async {
            feed.send(lines(&written[..1])).await.unwrap();
            drop(feed.reserve().await.unwrap());
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            drop(cut);
        };
        let second = behind(&place, &bandung, "1.2", &written[2..]);
        let (first, second, ()) = tokio::join!(first, second, meanwhile);
        assert_eq!((first, second.code()), (None, Some(Code::Overloaded)));
        assert_eq!(second.headers["retry-after"], "1");
        assert_eq!(place.hub.watch.refusals.all().get(&bandung.id), None);
        let (first, second) = tokio::join!(
            place.push(&bandung, &written[..2]),
            behind(&place, &bandung, "1.2", &written[2..])
        );
        let (first, second): (OutboxAnswer, OutboxAnswer) = (first.json(), second.json());
        assert_eq!((first.accepted_through, second.head), (2, bandung.head));
    }
}

#[tokio::test]
async fn a_batch_uses_up_nothing_that_the_one_in_front_of_it_needs() {
    for db in databases().await {
        let place = Place::with(&db, |settings| {
            settings.limits.envelopes_per_second = 1;
            settings.limits.envelope_burst = 500;
        })
        .await;
        let [_, mut bandung, _] = place.three().await;
        let written = some(&mut bandung, 250);
        // Of the measure is left what either needs, and not what both do.
        let drawn = request(Method::POST, "/outbox").header("content-type", NDJSON);
        let drawn = drawn.body("{}\n".repeat(310).into()).unwrap();
        let drawn = place.call(&bandung, drawn).await;
        assert_eq!(drawn.code(), Some(Code::MalformedBatch));
        let (feed, pieces) = mpsc::channel(1);
        let meanwhile = async {
            feed.send(lines(&written[..1])).await.unwrap();
            feed.send("\n".to_owned()).await.unwrap();
            drop(feed.reserve().await.unwrap());
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            feed.send(lines(&written[1..130])).await.unwrap();
            drop(feed);
        };
        let (first, second, ()) = tokio::join!(
            fed(&place, &bandung, pieces),
            behind(&place, &bandung, "1.130", &written[130..]),
            meanwhile
        );
        assert_eq!(first.json::<OutboxAnswer>().accepted_through, 130);
        assert_eq!(second.code(), Some(Code::RateLimited));
    }
}

/// What a start of the node sends behind a place of the chain, or behind none.
async fn by_start(
    place: &Place,
    from: &Institution,
    start: &str,
    at: Option<&str>,
    written: &[Written],
) -> Answered {
    let mut post = request(Method::POST, "/outbox").header("content-type", NDJSON);
    post = post.header(BOOT_HEADER, start);
    if let Some(at) = at {
        post = post.header(BEHIND_HEADER, at);
    }
    place
        .call(from, post.body(lines(written).into()).unwrap())
        .await
}

#[tokio::test]
async fn what_waited_while_its_node_began_anew_is_no_sign_of_a_second_copy() {
    let former = "a".repeat(32);
    let later = format!("{}, {former}", "b".repeat(32));
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let written = some(&mut bandung, 4);
        let answered = by_start(&place, &bandung, &former, None, &written[..1]).await;
        assert_eq!(answered.code(), None);
        let (feed, pieces) = mpsc::channel(1);
        let meanwhile = async {
            feed.send(lines(&written[1..2])).await.unwrap();
            drop(feed.reserve().await.unwrap());
            let head = request(Method::GET, "/outbox/head").header(BOOT_HEADER, &later);
            let head = head.body(Body::empty()).unwrap();
            assert_eq!(place.call(&bandung, head).await.status, 200);
            drop(feed);
        };
        // The one in front tells of no start.
        let (first, second, ()) = tokio::join!(
            fed(&place, &bandung, pieces),
            by_start(&place, &bandung, &former, Some("1.2"), &written[2..3]),
            meanwhile
        );
        assert_eq!(first.json::<OutboxAnswer>().accepted_through, 2);
        assert_eq!(second.code(), Some(Code::BootConflict));
        assert!(place.hub.watch.copies.at(NOW).is_empty());
        // Who names one in front of it, and waits for none, shows.
        let third = by_start(&place, &bandung, &former, Some("1.2"), &written[2..]).await;
        assert_eq!(third.code(), Some(Code::BootConflict));
        assert!(place.hub.watch.copies.at(NOW).contains(&bandung.id));
    }
}

#[tokio::test]
async fn what_a_key_signs_that_the_batch_in_front_announces_is_taken_behind_it() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let successor = Signer::from_seed(&[77; 32]);
        let key = CertifiedKey::certify(
            &bandung.identity,
            &bandung.id,
            KeyUse::Signing,
            successor.public(),
            Position { epoch: 1, seq: 2 },
        );
        let announced = [bandung.write("key.announced", None, None, json!({ "key": key }))];
        bandung.signing = successor;
        let by_new = some(&mut bandung, 2);
        is_heard(&place, &bandung).await;
        let (first, second) = tokio::join!(
            place.push(&bandung, &announced),
            behind(&place, &bandung, "1.1", &by_new)
        );
        let (first, second): (OutboxAnswer, OutboxAnswer) = (first.json(), second.json());
        assert_eq!((exception(&first), exception(&second)), (None, None));
        assert_eq!((first.accepted_through, second.head), (1, bandung.head));
    }
}

/// As the order takes it.
pub async fn judged(place: &Place, from: &Institution, written: &[Written]) -> Batch {
    let directory = place.hub.ground.directory.current();
    let lines = Lines::of(lines(written).into());
    let verifiers = Verifiers::new(1);
    let batch = read_batch(from.id.clone(), &lines, &directory, &verifiers).await;
    batch.unwrap()
}

#[tokio::test]
async fn who_sends_little_is_ordered_before_the_backlog_of_another_that_came_first() {
    const AUTHORS: &str = "select author from envelopes order by number";
    for db in databases().await {
        let place = Place::new(&db).await;
        let [mut pusat, mut bandung, mut kemenpu] = place.three().await;
        let (first, backlog, little) = (
            some(&mut bandung, 1),
            some(&mut kemenpu, 40),
            some(&mut pusat, 1),
        );
        let first = judged(&place, &bandung, &first).await;
        let backlog = judged(&place, &kemenpu, &backlog).await;
        let little = judged(&place, &pusat, &little).await;
        let sequencer = &place.hub.sequencer;
        let submit = |batch| sequencer.submit(batch, None, false).unwrap();
        // Nobody else writes meanwhile.
        let writing = place.hub.ground.db.write().await.unwrap();
        let first = submit(first);
        while sequencer.waiting() > 0 {
            tokio::task::yield_now().await;
        }
        let (backlog, little) = (submit(backlog), submit(little));
        assert_eq!(sequencer.waiting(), 2);
        writing.rollback().await.unwrap();
        let (first, backlog, little) = tokio::join!(first, backlog, little);
        for (answer, through) in [(first, 1), (backlog, 40), (little, 1)] {
            assert_eq!(answer.unwrap().accepted_through, through);
        }
        let mut tx = place.hub.ground.db.read().await.unwrap();
        let mut authors: Vec<String> =
            on!(&mut tx, conn => sqlx::query_scalar(AUTHORS).fetch_all(conn).await).unwrap();
        authors.dedup();
        assert_eq!(authors, ["kota-bandung", "pusat", "kemenpu"]);
    }
}

#[tokio::test]
async fn what_an_ended_key_signs_is_not_ordered_by_the_directory_in_which_it_was_good() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let key = CertifiedKey::certify(
            &bandung.identity,
            &bandung.id,
            KeyUse::Signing,
            Signer::from_seed(&[77; 32]).public(),
            Position { epoch: 1, seq: 2 },
        );
        let announced = [bandung.write("key.announced", None, None, json!({ "key": key }))];
        let by_old = some(&mut bandung, 1);
        let first = judged(&place, &bandung, &announced).await;
        let second = judged(&place, &bandung, &by_old).await;
        // Both are in the queue before one is looked at.
        let submit = |batch| place.hub.sequencer.submit(batch, None, false).unwrap();
        let (first, second) = tokio::join!(submit(first), submit(second));
        let (first, second) = (first.unwrap(), second.unwrap());
        assert_eq!((exception(&first), first.accepted_through), (None, 1));
        assert_eq!(exception(&second), Some((2, Code::KeyRevoked)));
        assert_eq!((second.head, second.receipts.len()), (first.head, 0));
    }
}

#[tokio::test]
async fn what_is_queued_behind_a_batch_that_is_not_taken_is_sent_back_and_else_meets_a_gap() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let written = some(&mut bandung, 4);
        for follows in [true, false] {
            let batch = judged(&place, &bandung, &written[2..]).await;
            let answer = place.hub.sequencer.submit(batch, None, follows);
            match answer.unwrap().await {
                Err(error) => assert_eq!((follows, error.code()), (true, Code::Overloaded)),
                Ok(answer) => {
                    let met = exception(&answer);
                    assert_eq!((follows, met), (false, Some((3, Code::SequenceGap))));
                }
            }
        }
        place.send(&bandung, &written).await;
    }
}

#[tokio::test]
async fn a_gap_shows_wherever_a_batch_says_that_it_stands_until_one_is_taken() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let written = some(&mut bandung, 4);
        let refused = || {
            let judged = place.hub.watch.refusals.all().remove(&bandung.id);
            judged.and_then(|judged| judged.since)
        };
        let early = behind(&place, &bandung, "1.2", &written[2..]).await;
        let early: OutboxAnswer = early.json();
        assert_eq!(exception(&early), Some((3, Code::SequenceGap)));
        assert!(refused().is_some(), "its front never comes");
        let gap: OutboxAnswer = place.push(&bandung, &written[2..]).await.json();
        assert_eq!(exception(&gap), Some((3, Code::SequenceGap)));
        assert!(refused().is_some(), "it names nothing in front of it");
        let first: OutboxAnswer = place.push(&bandung, &written[..2]).await.json();
        assert_eq!((first.accepted_through, refused()), (2, None));
        // What was sent again meets the receipts that are stored, wherever it says that it stands.
        for _ in 0..2 {
            let second = behind(&place, &bandung, "1.2", &written[2..]).await;
            let second: OutboxAnswer = second.json();
            assert_eq!((second.head, second.receipts.len()), (bandung.head, 1));
        }
    }
}

#[tokio::test]
async fn a_hub_that_takes_one_batch_at_a_time_says_so_and_refuses_another() {
    for db in databases().await {
        let place = Place::with(&db, |settings| settings.limits.batches_under_way = 1).await;
        let [_, mut bandung, _] = place.three().await;
        let written = some(&mut bandung, 2);
        is_heard(&place, &bandung).await;
        let (feed, pieces) = mpsc::channel(1);
        let meanwhile = async {
            feed.send(lines(&written[..1])).await.unwrap();
            feed.send("\n".to_owned()).await.unwrap();
            drop(feed.reserve().await.unwrap());
            let second = behind(&place, &bandung, "1.1", &written[1..]).await;
            assert_eq!(second.code(), Some(Code::RateLimited));
            drop(feed);
        };
        let (first, ()) = tokio::join!(fed(&place, &bandung, pieces), meanwhile);
        assert_eq!(first.headers[BATCHES_HEADER], "1");
        assert_eq!(first.json::<OutboxAnswer>().accepted_through, 1);
        let odd = [
            "", "1", "1.", ".1", "1.x", "x.1", "1.1.1", "+1.1", "1.+1", "01.1", "1.01",
        ];
        for odd in odd {
            let refused = behind(&place, &bandung, odd, &written[1..]).await;
            assert_eq!(refused.code(), Some(Code::MalformedRequest), "{odd:?}");
        }
        let twice = request(Method::POST, "/outbox")
            .header("content-type", NDJSON)
            .header(BEHIND_HEADER, "1.1")
            .header(BEHIND_HEADER, "1.1");
        let twice = twice.body(lines(&written[1..]).into()).unwrap();
        let refused = place.call(&bandung, twice).await;
        assert_eq!(refused.code(), Some(Code::MalformedRequest));
        place.send(&bandung, &written[1..]).await;
    }
}
