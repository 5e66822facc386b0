//! Cursors and acknowledgements that are not the caller's, not of this stream,
//! or beyond it; and what belongs to others.

use lapor_protocol::delivery::Cursor;
use lapor_protocol::dsse::{self, ACK_TYPE, Envelope, MESSAGE_TYPE};
use lapor_protocol::ids::{CaseId, Digest};
use lapor_protocol::keys::{Signer, Verifier};
use lapor_protocol::page::read_page;
use lapor_protocol::problem::Code;
use lapor_protocol::receipt::{Ack, Stream};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{BEGINNING, Fleet, kinds};
use lapor_tests::hostile::{Asked, Hostile};
use serde_json::json;

use super::{beside, first_line_of, gather};

/// The cursors of the hostile member's own inbox, oldest first.
async fn own_cursors(fleet: &Fleet, mallory: &Hostile) -> Vec<Cursor> {
    let hub = Verifier::from_jwk(&fleet.hub.hub().ground.signer().public()).unwrap();
    let page = mallory.get("/inbox").await;
    let key = |_: &_| Some(hub.clone());
    let items = read_page(&page.body, Cursor::START, Stream::Inbox, &mallory.id, key);
    items.unwrap().iter().map(|item| item.cursor).collect()
}

fn ack(mallory: &Hostile, at: Cursor) -> Ack {
    Ack {
        recipient: mallory.id.clone(),
        stream: Stream::Inbox,
        depoch: at.depoch,
        accepted: at.dseq,
        settled: at.dseq,
        head: at.hash,
        exceptions: Vec::new(),
        at: BEGINNING,
    }
}

/// Parameters that are none.
async fn unreadable(mallory: &Hostile) {
    for query in [
        "limit=x",
        "limit=-1",
        "wait=x",
        "wait=1e3",
        "after=1&after=2",
    ] {
        let refused = mallory.get(&format!("/inbox?{query}")).await;
        assert_eq!(refused.code(), Some(Code::MalformedRequest), "{query}");
    }
}

#[tokio::test]
async fn a_cursor_or_an_acknowledgement_of_elsewhere_is_told_where_the_stream_ends() {
    for kind in kinds() {
        let (fleet, mut mallory) = gather(kind).await;
        let lines: Vec<String> = (0..3).map(|_| mallory.report().1.line()).collect();
        assert_eq!(mallory.push(&lines).await.verdict(), None);
        let own = own_cursors(&fleet, &mallory).await;
        let end = own[2];
        let elsewhere = Cursor {
            hash: Digest::of(b"another"),
            ..end
        };
        let beyond = Cursor { dseq: 4, ..end };
        let former = Cursor { depoch: 2, ..end };
        let far = Cursor {
            dseq: 1 << 40,
            ..end
        };
        beside(
            &fleet,
            Box::pin(async {
                for (after, code) in [
                    (elsewhere.to_string(), Code::CursorMismatch),
                    (former.to_string(), Code::CursorMismatch),
                    (beyond.to_string(), Code::CursorAhead),
                    (far.to_string(), Code::CursorAhead),
                    (format!("0{end}"), Code::CursorMalformed),
                    (format!("{end}0"), Code::CursorMalformed),
                    ("1.2".into(), Code::CursorMalformed),
                    ("%00".into(), Code::CursorMalformed),
                ] {
                    let refused = mallory.get(&format!("/inbox?after={after}")).await;
                    assert_eq!(refused.code(), Some(code), "{after}");
                    if code != Code::CursorMalformed {
                        assert_eq!(refused.problem().expected, Some(json!(end.to_string())));
                    }
                }
                unreadable(&mallory).await;
                let sound = ack(&mallory, end);
                let signed = |ack: &Ack| ack.sign(&mallory.signing);
                let of_others = Ack {
                    recipient: "pusat".parse().unwrap(),
                    ..sound.clone()
                };
                let turned = Ack {
                    settled: 4,
                    ..sound.clone()
                };
                let stranger = Signer::from_seed(&[99; 32]);
                let retyped = dsse::sign_json(MESSAGE_TYPE, &sound, &mallory.signing);
                let mute = dsse::sign_json(ACK_TYPE, &json!({ "accepted": 3 }), &mallory.signing);
                let at = |cursor| signed(&ack(&mallory, cursor));
                for (what, envelope, code) in [
                    ("sound", signed(&sound), None),
                    ("going back", at(own[0]), None),
                    ("again", signed(&sound), None),
                    ("beyond the head", at(beyond), Some(Code::CursorAhead)),
                    ("another hash", at(elsewhere), Some(Code::CursorMismatch)),
                    ("another generation", at(former), Some(Code::CursorMismatch)),
                    (
                        "another's stream",
                        signed(&of_others),
                        Some(Code::AuthorMismatch),
                    ),
                    (
                        "another's key",
                        sound.sign(&stranger),
                        Some(Code::KeyUnknown),
                    ),
                    (
                        "the identity key",
                        sound.sign(&mallory.identity),
                        Some(Code::KeyUnknown),
                    ),
                    ("another type", retyped, Some(Code::SignatureInvalid)),
                    (
                        "settled beyond accepted",
                        signed(&turned),
                        Some(Code::MalformedRequest),
                    ),
                    ("no acknowledgement", mute, Some(Code::MalformedRequest)),
                ] {
                    let answered = mallory.post("/inbox/ack", envelope.to_line()).await;
                    assert_eq!(answered.code(), code, "{what}");
                    assert!(code.is_some() || answered.status == 204, "{what}");
                }
            }),
        )
        .await;
        let mut tx = fleet.hub.hub().ground.db.read().await.unwrap();
        let kept = lapor_hub::store::acks::reached(&mut tx, &mallory.id, Stream::Inbox).await;
        let reached = kept.unwrap().map(|at| (at.depoch, at.accepted, at.settled));
        assert_eq!(reached, Some((1, 3, 3)), "it never went back");
        drop(tx);
        // Who acknowledges and keeps nothing may ask for all of it again.
        assert_eq!(own_cursors(&fleet, &mallory).await, own);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn what_belongs_to_others_is_as_if_it_did_not_exist() {
    for kind in kinds() {
        let (fleet, mallory) = gather(kind).await;
        let case = fleet.at("kota-bandung").file(report("Banjir")).await;
        fleet.settle().await;
        let line = first_line_of(&fleet, "kota-bandung").await;
        let envelope = Envelope::parse(line.as_bytes()).unwrap().id();
        let none = CaseId::mint(BEGINNING, [9; 10]);
        let nothing = Digest::of(b"nothing");
        let keys = |case: CaseId| json!({ "case": case, "wraps": [] }).to_string();
        let put = |case: CaseId, body: String| {
            Asked::new("PUT", &format!("/cases/{case}/keys")).body("application/json", body)
        };
        let get = |path: String| Asked::new("GET", &path);
        beside(&fleet, Box::pin(async {
            for (theirs, nobodys, code) in [
                (get(format!("/envelopes/{envelope}")), get(format!("/envelopes/{nothing}")), Code::EnvelopeUnknown),
                (get(format!("/envelopes/{envelope}")), get("/envelopes/x".into()), Code::EnvelopeUnknown),
                (get(format!("/cases/{case}/keys")), get(format!("/cases/{none}/keys")), Code::CaseUnknown),
                (get(format!("/cases/{case}/keys")), get("/cases/..%2f/keys".into()), Code::CaseUnknown),
                (put(case, keys(case)), put(none, keys(none)), Code::CaseUnknown),
            ] {
                let [theirs, nobodys] = [mallory.ask(&theirs).await, mallory.ask(&nobodys).await];
                assert_eq!(theirs.code(), Some(code));
                // But for the name of the request they are the same to the letter.
                let told = [&theirs, &nobodys].map(|answered| {
                    let mut problem = answered.problem();
                    problem.request = None;
                    (answered.status, problem)
                });
                assert_eq!(told[0], told[1]);
            }
            for (what, body) in [
                ("another case", keys(none)),
                ("65 wraps", json!({ "case": case, "wraps": vec![json!({ "recipient": "pusat", "kid": "x", "enc": "", "ciphertext": "" }); 65] }).to_string()),
                ("no JSON", "x".into()),
                ("too large", format!("{{\"x\":\"{}\"}}", "x".repeat(262_144))),
            ] {
                let refused = mallory.ask(&put(case, body)).await;
                assert_eq!(refused.code(), Some(Code::MalformedRequest), "{what}");
            }
            let epoch = mallory.get("/outbox?epoch=1").await;
            assert_eq!((epoch.code(), epoch.body.len()), (None, 0), "only its own chain");
        }))
        .await;
        fleet.ends_well().await;
    }
}
