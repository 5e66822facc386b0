//! Ingest: the longest valid prefix, receipts, and everything that can be
//! wrong with a batch.

use axum::body::Body;
use http::Method;
use lapor_hub::HubError;
use lapor_hub::audit::By;
use lapor_hub::membership;
use lapor_migrations::Kind;
use lapor_protocol::chain::{EpochGrant, EpochRequest};
use lapor_protocol::dsse::{self, EPOCH_TYPE};
use lapor_protocol::ids::{Digest, InstanceId, MessageId, Position};
use lapor_protocol::keys::{CertifiedKey, KeyUse, Signer};
use lapor_protocol::problem::Code;
use lapor_protocol::receipt::Receipt;
use lapor_protocol::seal::Opener;
use lapor_protocol::wire::{EpochAnswer, NDJSON, OutboxAnswer, OutboxHead};
use serde_json::json;

use super::harness::{Institution, NOW, Place, Written, case_id, databases, request};

fn exception(answer: &OutboxAnswer) -> Option<(u64, Code)> {
    answer.exceptions.first().map(|e| (e.seq, e.code))
}

fn some(from: &mut Institution, count: u8) -> Vec<Written> {
    (1..=count).map(|number| from.file(number).1).collect()
}

#[tokio::test]
async fn a_batch_becomes_durable_with_a_receipt_and_again_gets_the_same_one() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let written = some(&mut bandung, 5);
        let answer = place.send(&bandung, &written).await;
        assert_eq!((answer.accepted_through, answer.receipts.len()), (5, 1));
        let receipt = Receipt::open(&answer.receipts[0], &place.key()).unwrap();
        let ids: Vec<Digest> = written.iter().map(|w| w.envelope).collect();
        receipt.covers(&ids).unwrap();
        place.clock.advance(1000);
        assert_eq!(place.send(&bandung, &written).await, answer);
        assert_eq!(place.send(&bandung, &written[2..4]).await, answer);
        let more = bandung.file(6).1;
        let both = [written[4].clone(), more];
        let grown = place.send(&bandung, &both).await;
        assert_eq!((grown.accepted_through, grown.receipts.len()), (6, 2));
        assert_eq!(grown.receipts[0], answer.receipts[0]);
        let head: OutboxHead = place.get(&bandung, "/outbox/head").await.json();
        assert_eq!((head.head, head.accepted), (bandung.head, 6));
        let own = place.get(&bandung, "/outbox?epoch=1&after=4").await;
        let lines = format!("{}\n{}\n", both[0].line, both[1].line);
        assert_eq!(String::from_utf8(own.body).unwrap(), lines, "exact bytes");
        place.pull(&mut bandung).await;
        assert_eq!(bandung.received.len(), 6, "nothing twice");
    }
}

#[tokio::test]
async fn the_prefix_before_a_gap_or_another_predecessor_is_committed() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let written = some(&mut bandung, 4);
        let gap = [written[0].clone(), written[2].clone()];
        let answer: OutboxAnswer = place.push(&bandung, &gap).await.json();
        assert_eq!(answer.accepted_through, 1);
        assert_eq!(exception(&answer), Some((3, Code::SequenceGap)));
        let late: OutboxAnswer = place.push(&bandung, &written[3..]).await.json();
        assert_eq!(exception(&late), Some((4, Code::SequenceGap)));
        let mut other = bandung.head;
        other.seq = 1;
        let after = std::mem::replace(&mut bandung.head, other);
        let wrong = bandung.file(9).1;
        bandung.head = after;
        let answer: OutboxAnswer = place.push(&bandung, &[wrong]).await.json();
        assert_eq!(exception(&answer), Some((2, Code::PreviousMismatch)));
        place.send(&bandung, &written[1..]).await;
    }
}

#[tokio::test]
async fn two_messages_for_one_position_freeze_the_chain_until_a_new_epoch() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let start = bandung.head;
        let first = bandung.file(1).1;
        place.send(&bandung, std::slice::from_ref(&first)).await;
        let real = std::mem::replace(&mut bandung.head, start);
        let forked = bandung.file(2).1;
        let answer: OutboxAnswer = place.push(&bandung, &[forked]).await.json();
        assert_eq!(exception(&answer), Some((1, Code::ForkDetected)));
        bandung.head = real;
        assert_eq!(frozen(&place).await, [bandung.id.clone()]);
        let again: OutboxAnswer = place
            .push(&bandung, std::slice::from_ref(&first))
            .await
            .json();
        assert_eq!((exception(&again), again.receipts.len()), (None, 1));
        let next = bandung.file(3).1;
        let answer: OutboxAnswer = place.push(&bandung, &[next]).await.json();
        assert_eq!(exception(&answer), Some((2, Code::ForkDetected)));
        let grant = open_epoch(&place, &bandung, 1).await;
        assert_eq!((grant.epoch, grant.prev), (2, first.envelope));
        bandung.head = grant.head();
        let fresh = bandung.file(4).1;
        place.send(&bandung, &[fresh]).await;
        assert_eq!(frozen(&place).await, []);
    }
}

/// Whose chain the operators are told is frozen.
async fn frozen(place: &Place) -> Vec<InstanceId> {
    let mut tx = place.hub.ground.db.read().await.unwrap();
    let frozen = lapor_hub::store::chains::frozen(&mut tx).await.unwrap();
    frozen.into_iter().collect()
}

async fn open_epoch(place: &Place, who: &Institution, after: u32) -> EpochGrant {
    let wish = EpochRequest {
        instance: who.id.clone(),
        after,
        nonce: "00112233445566778899aabbccddeeff".into(),
        keys: Vec::new(),
    };
    let line = wish.sign(&who.identity).to_line();
    let answer: EpochAnswer = place.post(who, "/epochs", line).await.json();
    EpochGrant::open(&answer.grant, &place.key()).unwrap()
}

#[tokio::test]
async fn a_message_sealed_again_in_a_new_epoch_is_a_duplicate_that_names_the_first() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let (case, first) = bandung.file(1);
        place.send(&bandung, std::slice::from_ref(&first)).await;
        bandung.head = open_epoch(&place, &bandung, 1).await.head();
        let body = json!({ "classification": "complaint", "channel": "web",
            "commitment": super::harness::content_key(case).commitment() });
        let again = bandung.write_as(first.message.id, "report.filed", Some(case), None, body);
        place.send(&bandung, &[again]).await;
        let old: OutboxAnswer = place
            .push(&bandung, std::slice::from_ref(&first))
            .await
            .json();
        assert_eq!((exception(&old), old.receipts.len()), (None, 1), "known");
        let items = place.pull(&mut bandung).await;
        let last = &items.last().unwrap().item;
        assert_eq!(last.ruling.effect.as_str(), "duplicate");
        assert_eq!((last.first, last.case_seq), (Some(first.envelope), None));
        assert_eq!(items.len(), 2);
    }
}

#[tokio::test]
async fn what_an_author_did_not_sign_is_refused_at_its_position() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, mut kemenpu] = place.three().await;
        let foreign = kemenpu.file(1).1;
        let refused = place.push(&bandung, &[foreign]).await;
        assert_eq!(
            (refused.status.as_u16(), refused.code()),
            (403, Some(Code::AuthorMismatch))
        );

        let mut tampered = some(&mut bandung, 2);
        let mut value: serde_json::Value = serde_json::from_str(&tampered[1].line).unwrap();
        let other: serde_json::Value = serde_json::from_str(&tampered[0].line).unwrap();
        value["signatures"][0]["sig"] = other["signatures"][0]["sig"].clone();
        tampered[1].line = value.to_string();
        let answer: OutboxAnswer = place.push(&bandung, &tampered).await.json();
        assert_eq!(exception(&answer), Some((2, Code::SignatureInvalid)));

        let mut stranger = Signer::from_seed(&[99; 32]);
        bandung.head = answer.head;
        std::mem::swap(&mut bandung.signing, &mut stranger);
        let unknown = bandung.file(3).1;
        let answer: OutboxAnswer = place.push(&bandung, &[unknown]).await.json();
        assert_eq!(exception(&answer), Some((2, Code::KeyUnknown)));

        std::mem::swap(&mut bandung.signing, &mut stranger);
        bandung.head = answer.head;
        let id = MessageId::mint(NOW, [1; 10]);
        let payload = json!({ "v": 2, "kind": "case.noted", "id": id, "author": bandung.id,
            "epoch": 1, "seq": 2, "prev": bandung.head.id, "created_at": NOW, "body": {} });
        let later = bandung.sign(&payload, id);
        let answer: OutboxAnswer = place.push(&bandung, &[later]).await.json();
        assert_eq!(exception(&answer), Some((2, Code::HeaderInvalid)));
    }
}

#[tokio::test]
async fn a_batch_that_cannot_be_read_or_is_too_large_changes_nothing() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let good = bandung.file(1).1.batch_line();
        let many = vec![good.as_str(); 501].join("\n");
        let long = format!("{{\"trace\":\"{}\"}}", "x".repeat(600_000));
        let bomb = zstd::bulk::compress(&vec![b'\n'; 64 << 20], 1).unwrap();
        let array = format!("[{},[],null]", &good[12..good.find(",\"wraps\"").unwrap()]);
        let cases: [(&str, Option<&str>, Vec<u8>, Code); 9] = [
            (NDJSON, None, array.into(), Code::MalformedBatch),
            (NDJSON, None, b"no json".to_vec(), Code::MalformedBatch),
            (NDJSON, None, b"\n\n".to_vec(), Code::MalformedBatch),
            (
                NDJSON,
                None,
                b"{\"envelope\":{}}".to_vec(),
                Code::MalformedBatch,
            ),
            (NDJSON, None, many.into(), Code::BatchTooLarge),
            (NDJSON, None, long.into(), Code::BatchTooLarge),
            (NDJSON, Some("zstd"), bomb, Code::BatchTooLarge),
            (NDJSON, Some("br"), vec![], Code::UnsupportedMedia),
            (
                "application/json",
                None,
                good.clone().into(),
                Code::UnsupportedMedia,
            ),
        ];
        for (media, encoding, body, code) in cases {
            let mut request = request(Method::POST, "/outbox").header("content-type", media);
            if let Some(encoding) = encoding {
                request = request.header("content-encoding", encoding);
            }
            let refused = place
                .call(&bandung, request.body(body.into()).unwrap())
                .await;
            assert_eq!(refused.code(), Some(code));
        }
        let packed = zstd::bulk::compress(good.as_bytes(), 3).unwrap();
        let request = request(Method::POST, "/outbox")
            .header("content-type", NDJSON)
            .header("content-encoding", "zstd");
        let answer: OutboxAnswer = place
            .call(&bandung, request.body(packed.into()).unwrap())
            .await
            .json();
        assert_eq!(answer.head, bandung.head);
    }
}

#[tokio::test]
async fn an_announced_key_signs_from_the_next_message_on() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let successor = Signer::from_seed(&[77; 32]);
        let mut from = bandung.head.next();
        from.seq += 1;
        let id = bandung.id.clone();
        let certified = CertifiedKey::certify(
            &bandung.identity,
            &id,
            KeyUse::Signing,
            successor.public(),
            from,
        );
        let announced = bandung.write("key.announced", None, None, json!({ "key": certified }));
        let mut old = std::mem::replace(&mut bandung.signing, successor);
        let by_new = bandung.file(1).1;
        let both = [announced, by_new.clone()];
        let answer: OutboxAnswer = place.push(&bandung, &both).await.json();
        assert_eq!((answer.accepted_through, exception(&answer)), (1, None));
        place.send(&bandung, &[by_new]).await;
        std::mem::swap(&mut bandung.signing, &mut old);
        let by_old = bandung.file(2).1;
        let answer: OutboxAnswer = place.push(&bandung, &[by_old]).await.json();
        assert_eq!(exception(&answer), Some((3, Code::KeyRevoked)));
        let directory = place.hub.ground.directory.current();
        let entry = directory.latest().instance(&id).unwrap();
        assert_eq!(entry.keys.len(), 3);
    }
}

#[tokio::test]
async fn a_key_has_one_use_and_one_life_and_a_new_epoch_brings_one_for_each_use() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let first = Position { epoch: 2, seq: 1 };
        let certified = |jwk, use_for| {
            CertifiedKey::certify(&bandung.identity, &bandung.id, use_for, jwk, first)
        };
        let fresh = |seed| certified(Signer::from_seed(&[seed; 32]).public(), KeyUse::Signing);
        let sealing = Opener::from_seed(&[99; 32]).public().clone();
        let tries = [
            (
                vec![certified(bandung.signing.public(), KeyUse::Signing)],
                400,
            ),
            (
                vec![certified(bandung.identity.public(), KeyUse::Signing)],
                400,
            ),
            (vec![fresh(77), fresh(78)], 400),
            (vec![fresh(77), certified(sealing, KeyUse::Sealing)], 200),
        ];
        for (keys, status) in tries {
            let wish = EpochRequest {
                instance: bandung.id.clone(),
                after: 1,
                nonce: "00112233445566778899aabbccddeeff".into(),
                keys,
            };
            let line = wish.sign(&bandung.identity).to_line();
            let answered = place.post(&bandung, "/epochs", line).await;
            assert_eq!(answered.status.as_u16(), status);
        }
        let mute = dsse::sign_json(EPOCH_TYPE, &json!({ "after": 1 }), &bandung.identity);
        let answered = place.post(&bandung, "/epochs", mute.to_line()).await;
        assert_eq!(answered.code(), Some(Code::MalformedRequest));
        let head = place.get(&bandung, "/outbox/head").await;
        bandung.head = head.json::<OutboxHead>().head;
        bandung.signing = Signer::from_seed(&[77; 32]);
        let filed = bandung.file(1).1;
        place.send(&bandung, &[filed]).await;
    }
}

#[tokio::test]
async fn a_cloned_machine_is_noticed_by_its_boot() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let (a, b, c) = ("a".repeat(32), "b".repeat(32), "c".repeat(32));
        let line = bandung.file(1).1.batch_line();
        for (boot, refused) in [
            (a.clone(), None),
            (format!("{b}, {a}"), None),
            (format!("{b}, {a}"), None),
            (format!("{c}, {a}"), Some(Code::BootConflict)),
            ("nonsense".to_owned(), Some(Code::MalformedRequest)),
        ] {
            let batch = request(Method::POST, "/outbox")
                .header("content-type", NDJSON)
                .header("lapor-boot", &boot);
            let answered = place
                .call(&bandung, batch.body(line.clone().into()).unwrap())
                .await;
            assert_eq!(answered.code(), refused, "{boot}");
            let head = request(Method::GET, "/outbox/head").header("lapor-boot", &boot);
            let answered = place
                .call(&bandung, head.body(Body::empty()).unwrap())
                .await;
            assert_eq!(answered.code(), refused, "{boot}");
        }
    }
}

#[tokio::test]
async fn a_suspended_or_revoked_instance_is_refused_on_every_path() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let first = bandung.file(1).1;
        place.send(&bandung, std::slice::from_ref(&first)).await;
        let ground = &place.hub.ground;
        membership::suspend(ground, &By::actor("test"), &bandung.id)
            .await
            .unwrap();
        for path in ["/outbox/head", "/inbox", "/directory", "/no/such/path"] {
            let refused = place.get(&bandung, path).await;
            assert_eq!(refused.code(), Some(Code::InstanceSuspended), "{path}");
        }
        membership::resume(ground, &By::actor("test"), &bandung.id)
            .await
            .unwrap();
        let second = bandung.file(2).1;
        place.send(&bandung, &[first, second.clone()]).await;
        membership::revoke(ground, &By::actor("test"), &bandung.id, None)
            .await
            .unwrap();
        let refused = place.push(&bandung, &[second]).await;
        assert_eq!(refused.code(), Some(Code::InstanceRevoked));
        let directory = ground.directory.current();
        let entry = directory.latest().instance(&bandung.id).unwrap();
        assert_eq!(entry.revoked_at, Some(bandung.head.position()));
        let stranger = "kota-x".parse().unwrap();
        let empty = request(Method::GET, "/inbox").body(Body::empty()).unwrap();
        let refused = place.call_as(&stranger, empty).await;
        assert_eq!(refused.code(), Some(Code::CertificateUnknown));
    }
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_accepted_as_evidence() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let case = case_id(&bandung.id, 1);
        let bad = bandung.write("report.filed", Some(case), None, json!({ "channel": 7 }));
        let unknown = bandung.write("case.teleported", Some(case), None, json!({}));
        place.send(&bandung, &[bad, unknown]).await;
        let items = place.pull(&mut bandung).await;
        let effects: Vec<_> = items
            .iter()
            .map(|d| d.item.ruling.effect.as_str())
            .collect();
        assert_eq!(effects, ["malformed", "malformed"]);
        assert!(items.iter().all(|d| d.item.case_seq.is_none()));
    }
}

#[tokio::test]
async fn a_second_process_that_orders_fences_the_first_where_a_hub_can_have_but_one() {
    for db in databases().await {
        if db.kind == Kind::Postgres {
            continue;
        }
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let second = lapor_hub::Hub::start(place.hub.ground.clone())
            .await
            .unwrap();
        let filed = bandung.file(1).1;
        let refused = place.push(&bandung, &[filed]).await;
        assert_eq!(refused.code(), Some(Code::Internal));
        let ended = place.hub.sequencer.ended().borrow().clone();
        assert!(matches!(ended, Some(HubError::Fenced)), "{ended:?}");
        second.stop().await;
    }
}

#[tokio::test]
async fn too_much_at_once_is_told_when_to_come_back() {
    for db in databases().await {
        let place = Place::with(&db, |settings| {
            settings.limits.envelopes_per_second = 1;
            settings.limits.envelope_burst = 500;
        })
        .await;
        let [_, mut bandung, _] = place.three().await;
        let many: Vec<Written> = (0..250).map(|n| bandung.file(n).1).collect();
        place.send(&bandung, &many).await;
        place.send(&bandung, &many).await;
        let refused = place.push(&bandung, &many).await;
        assert_eq!(refused.code(), Some(Code::RateLimited));
        assert!(refused.headers.contains_key("retry-after"));
    }
}

#[tokio::test]
async fn a_batch_that_meets_a_lost_database_is_not_acknowledged_and_can_be_sent_again() {
    for db in databases().await {
        let mut place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let written = some(&mut bandung, 3);
        place.hub.ground.db.close().await;
        let refused = place.push(&bandung, &written).await;
        assert_eq!(
            (refused.status.as_u16(), refused.code()),
            (503, Some(Code::Overloaded))
        );
        assert!(refused.headers.contains_key("retry-after"));
        place.restart().await;
        place.send(&bandung, &written).await;
        assert_eq!(place.pull(&mut bandung).await.len(), 3);
    }
}
