//! Chains that do not hold: replays, gaps, forks, wrong authors, wrong keys,
//! broken headers. Nothing of it is accepted; broken bodies are, as evidence.

use lapor_hub::audit::By;
use lapor_hub::membership;
use lapor_migrations::{Kind, on};
use lapor_protocol::chain::{EpochGrant, EpochRequest};
use lapor_protocol::dsse::{Envelope, MESSAGE_TYPE, RECEIPT_TYPE};
use lapor_protocol::ids::MessageId;
use lapor_protocol::keys::{CertifiedKey, KeyUse, Signer, Verifier};
use lapor_protocol::page::read_page;
use lapor_protocol::problem::Code;
use lapor_protocol::receipt::Stream;
use lapor_protocol::wire::{EpochAnswer, OutboxAnswer};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{Fleet, kinds};
use lapor_tests::hostile::{Hostile, Said, seconded, with_signature};
use serde_json::{Value, json};

use super::{beside, first_line_of, gather};

const FORKS_KEPT: &str = "select line from forks where author = $1";
const KEPT: &str = "select count(*) from envelopes where author = $1";

/// Payloads of the next message in which one thing is wrong, and what it is.
fn broken_headers(mallory: &mut Hostile) -> Vec<(String, String)> {
    let case = mallory.new_case();
    let sound = mallory.payload("report.filed", Some(case), json!({}));
    let long = "k".repeat(61);
    let wrong: Vec<(&str, Vec<Value>)> = vec![
        ("v", vec![json!(2), json!("1"), json!(null)]),
        (
            "kind",
            vec![json!(""), json!(long), json!("Report.Filed"), json!(7)],
        ),
        (
            "id",
            vec![json!("x"), json!("9b8bacdb-4072-4202-8202-020202020202")],
        ),
        ("author", vec![json!("Kota Mallory"), json!("-"), json!(7)]),
        (
            "epoch",
            vec![json!(0), json!(-1), json!("1"), json!(4_294_967_296_u64)],
        ),
        (
            "seq",
            vec![
                json!(0),
                json!(-1),
                json!("1"),
                json!(9_007_199_254_740_992_u64),
            ],
        ),
        ("prev", vec![json!("00"), json!("AB".repeat(32)), json!(0)]),
        ("case", vec![json!("x"), json!(7)]),
        ("term", vec![json!({}), json!([]), json!("x")]),
        (
            "created_at",
            vec![json!("now"), json!(9_007_199_254_740_992_u64)],
        ),
    ];
    let mut broken = Vec::new();
    for (field, values) in wrong {
        for value in values {
            let mut payload = sound.clone();
            payload[field] = value.clone();
            broken.push((format!("{field}: {value}"), payload.to_string()));
        }
        if !["case", "term"].contains(&field) {
            let mut payload = sound.clone();
            payload.as_object_mut().unwrap().remove(field);
            broken.push((format!("no {field}"), payload.to_string()));
        }
    }
    let text = sound.to_string();
    let deep = format!("{}{}", "[".repeat(20), "]".repeat(20));
    let body = |body: &str| text.replace("\"body\":{}", &format!("\"body\":{body}"));
    let huge = format!("{{\"x\":\"{}\"}}", "x".repeat(262_144));
    for (what, payload) in [
        ("a field twice", text.replacen('{', "{\"v\":1,", 1)),
        ("a field of the body twice", body(r#"{"a":1,"a":2}"#)),
        ("an escaped field twice", body(r#"{"a":1,"\u0061":2}"#)),
        ("a fraction", body(r#"{"a":1.5}"#)),
        ("an exponent", body(r#"{"a":1e3}"#)),
        ("a number beyond 2^53", body(r#"{"a":9007199254740992}"#)),
        ("too deep", body(&format!("{{\"a\":{deep}}}"))),
        ("too large", body(&huge)),
        ("an array", format!("[{text}]")),
        ("more behind it", format!("{text} {{}}")),
        ("nothing", String::new()),
        ("a byte order mark", format!("\u{feff}{text}")),
    ] {
        assert_ne!(payload, text, "{what}");
        broken.push((what.to_owned(), payload));
    }
    broken
}

#[tokio::test]
async fn a_header_that_cannot_be_read_is_refused_whatever_is_wrong_with_it() {
    for kind in kinds() {
        let (fleet, mut mallory) = gather(kind).await;
        let (_, first) = mallory.report();
        mallory.push(&[first.line()]).await;
        let broken = broken_headers(&mut mallory);
        assert!(broken.len() > 45);
        beside(
            &fleet,
            Box::pin(async {
                for (what, payload) in &broken {
                    let envelope = mallory.sign_bytes(payload.as_str());
                    let line = format!("{{\"envelope\":{}}}", envelope.to_line());
                    let answered = mallory.push(&[line]).await;
                    assert_eq!(answered.verdict(), Some(Code::HeaderInvalid), "{what}");
                    let answer: OutboxAnswer = answered.json();
                    assert_eq!((answer.head, answer.receipts.len()), (mallory.head, 0));
                    let refused = &answer.exceptions[0];
                    assert!((refused.epoch, refused.seq) == (1, 2), "{what}");
                }
            }),
        )
        .await;
        assert_eq!(mallory.head_at_hub().await, mallory.head);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn what_is_replayed_forged_or_out_of_its_place_changes_nothing() {
    for kind in kinds() {
        let (fleet, mut mallory) = gather(kind).await;
        fleet.at("kota-bandung").file(report("Banjir")).await;
        fleet.settle().await;
        let (case, first) = mallory.report();
        let taken: OutboxAnswer = mallory.push(&[first.line()]).await.json();
        let foreign = first_line_of(&fleet, "kota-bandung").await;
        let foreign = format!("{{\"envelope\":{foreign}}}");
        let next = mallory.payload("case.noted", Some(case), json!({}));
        let with = |field: &str, value: Value| {
            let mut payload = next.clone();
            payload[field] = value;
            mallory.sign(&payload)
        };
        let sound = mallory.sign(&next);
        let stranger = Signer::from_seed(&[99; 32]);
        let by = |signer: &Signer, media: &str| Said {
            envelope: Envelope::sign(media, next.to_string().into(), signer),
            payload: next.clone(),
        };
        let mut retyped = by(&mallory.signing, RECEIPT_TYPE);
        retyped.envelope.payload_type = MESSAGE_TYPE.into();
        let small_r = [[1; 1].as_slice(), &[0; 31], &sound.envelope.signature[32..]].concat();
        let small_r = with_signature(&sound, small_r.try_into().unwrap());
        let attacks = [
            ("another's message", foreign, Code::AuthorMismatch),
            (
                "another's name",
                with("author", json!("pusat")).line(),
                Code::AuthorMismatch,
            ),
            ("a gap", with("seq", json!(9)).line(), Code::SequenceGap),
            (
                "an epoch to come",
                with("epoch", json!(2)).line(),
                Code::SequenceGap,
            ),
            (
                "another predecessor",
                with("prev", json!("ab".repeat(32))).line(),
                Code::PreviousMismatch,
            ),
            (
                "an unknown key",
                by(&stranger, MESSAGE_TYPE).line(),
                Code::KeyUnknown,
            ),
            (
                "the identity key",
                by(&mallory.identity, MESSAGE_TYPE).line(),
                Code::KeyUnknown,
            ),
            (
                "another type",
                by(&mallory.signing, RECEIPT_TYPE).line(),
                Code::HeaderInvalid,
            ),
            (
                "a type that was not signed",
                retyped.line(),
                Code::SignatureInvalid,
            ),
            (
                "S beyond the order",
                seconded(&sound).line(),
                Code::SignatureInvalid,
            ),
            ("a small R", small_r.line(), Code::SignatureInvalid),
            (
                "no signature",
                with_signature(&sound, [0; 64]).line(),
                Code::SignatureInvalid,
            ),
        ];
        beside(
            &fleet,
            Box::pin(async {
                for (what, line, code) in attacks {
                    let answered = mallory.push(&[line]).await;
                    assert_eq!(answered.verdict(), Some(code), "{what}");
                    assert_eq!(mallory.head_at_hub().await, mallory.head, "{what}");
                }
                for _ in 0..3 {
                    let again: OutboxAnswer = mallory.push(&[first.line()]).await.json();
                    assert_eq!(again, taken, "the receipt that is stored, and nothing else");
                }
            }),
        )
        .await;
        assert_eq!(mallory.push(&[sound.line()]).await.verdict(), None);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_fork_is_kept_and_freezes_the_chain_of_who_made_it_until_the_next_epoch() {
    for kind in kinds() {
        let (fleet, mut mallory) = gather(kind).await;
        let (case, first) = mallory.report();
        let before = mallory.head;
        let second = mallory.say("case.noted", Some(case), json!({}));
        mallory.push(&[first.line(), second.line()]).await;
        let kept = mallory.head;
        mallory.head = before;
        let other = mallory.say("case.noted", Some(case), json!({ "other": true }));
        mallory.head = kept;
        let third = mallory.say("case.noted", Some(case), json!({}));
        beside(
            &fleet,
            Box::pin(async {
                for lines in [
                    vec![other.line()],
                    vec![third.line()],
                    vec![first.line(), second.line(), third.line()],
                ] {
                    let answered = mallory.push(&lines).await;
                    assert_eq!(answered.verdict(), Some(Code::ForkDetected));
                    let answer: OutboxAnswer = answered.json();
                    assert_eq!(answer.head, kept);
                }
            }),
        )
        .await;
        let db = fleet.hub.db().await;
        let mut tx = db.read().await.unwrap();
        let me = mallory.id.as_str();
        let forks = on!(&mut tx, c => sqlx::query_scalar::<_, String>(FORKS_KEPT).bind(me).fetch_all(c).await);
        assert_eq!(forks.unwrap(), [other.envelope.to_line()], "both are kept");
        drop(tx);
        db.close().await;

        let grant = open_epoch(&fleet, &mallory).await;
        assert_eq!((grant.epoch, grant.prev), (2, kept.id));
        let old = mallory.push(&[other.line()]).await;
        assert_eq!(old.verdict(), Some(Code::EpochClosed));
        mallory.head = grant.head();
        let (_, fresh) = mallory.report();
        assert_eq!(mallory.push(&[fresh.line()]).await.verdict(), None);
        fleet.ends_well().await;
    }
}

async fn open_epoch(fleet: &Fleet, who: &Hostile) -> EpochGrant {
    let wish = EpochRequest {
        instance: who.id.clone(),
        after: who.head.epoch,
        nonce: "00112233445566778899aabbccddeeff".into(),
        keys: Vec::new(),
    };
    for (signer, code) in [
        (&who.signing, Some(Code::SignatureInvalid)),
        (&who.identity, None),
    ] {
        let answered = who.post("/epochs", wish.sign(signer).to_line()).await;
        assert_eq!(answered.code(), code);
        if code.is_none() {
            let answer: EpochAnswer = answered.json();
            let hub = Verifier::from_jwk(&fleet.hub.hub().ground.signer().public()).unwrap();
            return EpochGrant::open(&answer.grant, &hub).unwrap();
        }
    }
    unreachable!("the second answer is a grant")
}

#[tokio::test]
async fn broken_bodies_are_evidence_and_everything_else_of_the_chain_goes_on() {
    for kind in kinds() {
        let (fleet, mut mallory) = gather(kind).await;
        let (case, filed) = mallory.report();
        let mut said = vec![(filed.clone(), "applied")];
        let new = mallory.new_case();
        let case_of_bandung = fleet.at("kota-bandung").file(report("Banjir")).await;
        fleet.settle().await;
        for (kind, case, body, effect) in [
            (
                "report.filed",
                Some(new),
                json!({ "channel": 7 }),
                "malformed",
            ),
            ("report.filed", Some(new), json!([]), "malformed"),
            ("report.filed", Some(new), json!("x"), "malformed"),
            ("report.filed", None, json!({}), "malformed"),
            ("case.teleported", Some(case), json!({}), "malformed"),
            (
                "case.noted",
                Some(case),
                json!({ "later": [1, 2] }),
                "applied",
            ),
            (
                "case.noted",
                Some(case_of_bandung),
                json!({}),
                "unauthorised",
            ),
            (
                "case.redacted",
                Some(case_of_bandung),
                json!({ "reason": "other" }),
                "unauthorised",
            ),
            (
                "taxonomy.updated",
                None,
                json!({ "edition": "1", "roots": [{ "name": "X" }] }),
                "unauthorised",
            ),
            (
                "programme.published",
                Some(case),
                json!({ "slug": "x" }),
                "malformed",
            ),
        ] {
            said.push((mallory.say(kind, case, body), effect));
        }
        for (field, value) in [
            ("sealed", json!({ "nonce": "x", "ciphertext": 7 })),
            (
                "attachments",
                json!([{ "sha256": "x", "size": -1, "media_type": "" }]),
            ),
            ("attachments", json!({})),
        ] {
            let mut payload = mallory.payload("case.noted", Some(case), json!({}));
            payload[field] = value;
            let broken = mallory.sign(&payload);
            mallory.head = mallory.head.advanced(broken.id());
            said.push((broken, "malformed"));
        }
        let mut twin = mallory.payload("case.noted", Some(case), json!({ "other": 1 }));
        twin["id"] = filed.payload["id"].clone();
        assert!(twin["id"].as_str().unwrap().parse::<MessageId>().is_ok());
        let twin = mallory.sign(&twin);
        mallory.head = mallory.head.advanced(twin.id());
        said.push((twin, "duplicate"));

        beside(
            &fleet,
            Box::pin(async {
                let lines: Vec<String> = said.iter().map(|(said, _)| said.line()).collect();
                assert_eq!(mallory.push(&lines).await.verdict(), None);
            }),
        )
        .await;
        let hub = Verifier::from_jwk(&fleet.hub.hub().ground.signer().public()).unwrap();
        let page = mallory.get("/inbox").await;
        let start = lapor_protocol::delivery::Cursor::START;
        let items = read_page(&page.body, start, Stream::Inbox, &mallory.id, |_| {
            Some(hub.clone())
        });
        let items = items.unwrap();
        assert_eq!(items.len(), said.len());
        for (item, (said, effect)) in items.iter().zip(&said) {
            assert_eq!(item.item.envelope_id, said.id());
            assert_eq!(
                item.item.ruling.effect.as_str(),
                *effect,
                "{}",
                said.payload
            );
        }
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn of_ten_thousand_messages_that_wait_under_a_key_that_has_ended_none_is_taken() {
    // They are judged before the database is asked: one of its kinds is enough.
    let (fleet, mut mallory) = gather(Kind::Sqlite).await;
    let next = Signer::from_seed(&[77; 32]);
    let mut from = mallory.head.next();
    from.seq += 1;
    let jwk = next.public();
    let key = CertifiedKey::certify(&mallory.identity, &mallory.id, KeyUse::Signing, jwk, from);
    let announced = mallory.say("key.announced", None, json!({ "key": key }));
    assert_eq!(mallory.push(&[announced.line()]).await.verdict(), None);
    let ended = mallory.head;
    let waiting: Vec<Vec<String>> = (0..20)
        .map(|_| (0..500).map(|_| mallory.report().1.line()).collect())
        .collect();
    beside(
        &fleet,
        Box::pin(async {
            for batch in &waiting {
                let answered = mallory.push(batch).await;
                assert_eq!(answered.verdict(), Some(Code::KeyRevoked));
            }
        }),
    )
    .await;
    assert_eq!(mallory.head_at_hub().await, ended);

    // Under the key that follows, the place is free; to one who is revoked itself, none is.
    mallory.head = ended;
    mallory.signing = next;
    let (_, fresh) = mallory.report();
    assert_eq!(mallory.push(&[fresh.line()]).await.verdict(), None);
    let ground = &fleet.hub.hub().ground;
    membership::revoke(ground, &By::actor("test"), &mallory.id, None)
        .await
        .unwrap();
    let (_, late) = mallory.report();
    for lines in [waiting[0].as_slice(), &[late.line()]] {
        let answered = mallory.push(lines).await;
        assert_eq!(answered.code(), Some(Code::InstanceRevoked));
    }
    let mut tx = ground.db.read().await.unwrap();
    let me = mallory.id.as_str();
    let kept = on!(&mut tx, c => sqlx::query_scalar::<_, i64>(KEPT).bind(me).fetch_one(c).await);
    assert_eq!(kept.unwrap(), 2);
    drop(tx);
    fleet.ends_well().await;
}
