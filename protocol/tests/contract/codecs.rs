//! Bytes from anyone: reading never panics, and what was written reads back.

use lapor_protocol::chain::{ChainError, ChainHead};
use lapor_protocol::delivery::Cursor;
use lapor_protocol::dsse::{Envelope, MESSAGE_TYPE};
use lapor_protocol::ids::{CaseId, Digest, InstanceId, MessageId, MessageRef, Position};
use lapor_protocol::kinds::Body;
use lapor_protocol::message::{Attachment, Draft, Message};
use lapor_protocol::page::{BatchLine, PageLine};
use lapor_protocol::seal::{Sealed, Wrap};
use proptest::prelude::*;
use serde_json::Value;

use crate::acts;
use crate::world::id;

fn bodies() -> Vec<Body> {
    let reference = reference(3);
    vec![
        acts::filed_excluding(&["kemensos"]),
        acts::completed(),
        acts::verified_for("bumn-pln"),
        acts::held(),
        acts::archived(),
        acts::disposed_with("kemenhub", &["kemensos", "pusat"]),
        acts::returned(),
        acts::recalled(),
        acts::answered(),
        acts::noted(),
        acts::replied(),
        acts::silent(&reference),
        acts::reopened(),
        acts::rated(3),
        acts::supported(),
        acts::linked(CaseId::mint(8, [8; 10]), "kemenpu"),
        acts::unlinked(&reference, CaseId::mint(8, [8; 10])),
        acts::escalated("ombudsman"),
        acts::succeeded("kemenlama"),
        acts::taken_over(),
        acts::redacted(),
        acts::identity_requested(),
        acts::identity_disclosed(reference.id, "kemenpu"),
        acts::identity_refused(reference.id, "kemenpu"),
    ]
}

fn reference(n: u8) -> MessageRef {
    MessageRef {
        author: id("kemenpu"),
        id: MessageId::mint(1, [n; 10]),
    }
}

fn draft(body: Body) -> Draft {
    Draft {
        kind: body.kind().into(),
        id: MessageId::mint(5, [5; 10]),
        case: Some(CaseId::mint(6, [6; 10])),
        term: Some(reference(4)),
        created_at: 1_700_000_000_000,
        body,
        sealed: Some(Sealed {
            nonce: "AAAA".into(),
            ciphertext: "BBBB".into(),
        }),
        attachments: vec![Attachment {
            sha256: Digest::of(b"blob"),
            size: 5,
            media_type: "image/jpeg".into(),
        }],
    }
}

fn payload(body: Body) -> Vec<u8> {
    let at = Position { epoch: 2, seq: 9 };
    draft(body).payload(&id("kota-bandung"), at, Digest::of(b"before"))
}

#[test]
fn a_draft_says_as_a_message_what_it_said_as_a_draft() {
    for body in bodies() {
        let draft = draft(body);
        let at = Position { epoch: 2, seq: 9 };
        let bytes = draft.payload(&id("kota-bandung"), at, Digest::of(b"before"));
        let message = Message::parse(&bytes).unwrap();
        assert_eq!(message.body.as_ref(), Ok(&draft.body));
        assert_eq!(message.header.position(), at);
        assert_eq!(message.header.prev, Digest::of(b"before"));
        let provisional = draft.provisional(&id("kota-bandung"));
        assert_eq!(provisional.sealed, message.sealed);
        assert_eq!(provisional.attachments, message.attachments);
        assert_eq!(provisional.header.term, message.header.term);
        let stored = serde_json::to_string(&draft).unwrap();
        assert_eq!(serde_json::from_str::<Draft>(&stored).unwrap(), draft);
    }
}

#[test]
fn unknown_fields_make_nothing_malformed_and_leave_the_bytes_alone() {
    for body in bodies() {
        let mut value: Value = serde_json::from_slice(&payload(body.clone())).unwrap();
        value["later"] = Value::from("x");
        value["body"]["later"] = serde_json::json!({"deep": [1, 2]});
        let text = value.to_string();
        let message = Message::parse(text.as_bytes()).unwrap();
        assert_eq!(message.body, Ok(body));
    }
}

/// Replaces, removes or moves one value somewhere in a document.
fn mutate(value: &mut Value, path: &[usize], with: &Value) {
    let Some((step, rest)) = path.split_first() else {
        *value = with.clone();
        return;
    };
    match value {
        Value::Object(map) if !map.is_empty() => {
            let key = map.keys().nth(step % map.len()).unwrap().clone();
            if rest.is_empty() && step % 5 == 0 {
                map.remove(&key);
            } else {
                mutate(map.get_mut(&key).unwrap(), rest, with);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            let index = step % items.len();
            mutate(&mut items[index], rest, with);
        }
        _ => *value = with.clone(),
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(Value::from("kemenpu")),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-z]{1,6}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reading_arbitrary_bytes_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400), text in ".{0,200}") {
        for input in [&bytes[..], text.as_bytes()] {
            let _ = Message::parse(input);
            let _ = Envelope::parse(input);
            let _ = serde_json::from_slice::<BatchLine<'_>>(input);
            let _ = serde_json::from_slice::<PageLine<'_>>(input);
        }
        let _ = text.parse::<Cursor>();
        let _ = text.parse::<InstanceId>();
        for kind in Body::KINDS {
            if let Ok(body) = Body::of_kind(kind, &text) {
                let _ = body.check_words(&bytes);
            }
        }
    }

    #[test]
    fn a_mutated_payload_is_refused_malformed_or_read_and_never_panics(
        which in 0usize..24, path in proptest::collection::vec(0usize..12, 1..5), with in any_json(),
    ) {
        let mut value: Value = serde_json::from_slice(&payload(bodies()[which].clone())).unwrap();
        mutate(&mut value, &path, &with);
        if let Ok(message) = Message::parse(value.to_string().as_bytes()) {
            // What was read survives being written and read again.
            if let Ok(body) = &message.body {
                let written = serde_json::to_string(body).unwrap();
                prop_assert_eq!(&Body::of_kind(&message.header.kind, &written).unwrap(), body);
            }
        }
    }

    #[test]
    fn a_cursor_has_one_spelling(depoch in any::<u32>(), dseq in 0u64..=9_007_199_254_740_991, seed in any::<u8>()) {
        let cursor = Cursor { depoch, dseq, hash: Digest::of(&[seed]) };
        let text = cursor.to_string();
        prop_assert_eq!(text.parse::<Cursor>(), Ok(cursor));
        let variants = [format!("+{text}"), format!("0{text}"), format!("{text}."), text.replacen('.', ".0", 1), text.to_uppercase()];
        for other in variants {
            if other != text {
                prop_assert!(other.parse::<Cursor>().is_err(), "{}", other);
            }
        }
    }

    #[test]
    fn an_envelope_line_reads_back_and_any_other_base64_does_not(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let signer = lapor_protocol::keys::Signer::from_seed(&[3; 32]);
        let envelope = Envelope::sign(MESSAGE_TYPE, bytes, &signer);
        let line = envelope.to_line();
        prop_assert_eq!(Envelope::parse(line.as_bytes()).unwrap(), envelope);
        prop_assert!(Envelope::parse(line.replace('=', "").as_bytes()).is_err() || !line.contains('='));
        let value: Value = serde_json::from_str(&line).unwrap();
        let signature = &value["signatures"][0];
        let array = serde_json::json!([value["payloadType"], value["payload"], [signature]]);
        prop_assert!(Envelope::parse(array.to_string().as_bytes()).is_err());
        let inner = serde_json::json!([signature["keyid"], signature["sig"]]);
        let array = serde_json::json!({"payloadType": value["payloadType"], "payload": value["payload"], "signatures": [inner]});
        prop_assert!(Envelope::parse(array.to_string().as_bytes()).is_err());
    }
}

#[test]
fn a_cursor_counts_no_further_than_the_protocol() {
    let beyond = format!("1.{}.{}", u64::MAX, Digest::ZERO);
    assert!(beyond.parse::<Cursor>().is_err());
}

#[test]
fn a_batch_line_keeps_its_envelope_byte_for_byte_and_knows_no_other_field() {
    let wrap = Wrap {
        recipient: id("kemenpu"),
        kid: lapor_protocol::keys::KeyId::from_text("k"),
        enc: "e".into(),
        ciphertext: "c".into(),
    };
    let wrap = serde_json::to_string(&wrap).unwrap();
    let envelope = r#"{ "payloadType" : "x", "later": 1 }"#;
    let line = format!(r#"{{"envelope":{envelope},"wraps":[{wrap}],"trace":"00-a"}}"#);
    let read: BatchLine<'_> = serde_json::from_str(&line).unwrap();
    assert_eq!(read.envelope.get(), envelope);
    assert_eq!(serde_json::to_string(&read).unwrap(), line);
    for bad in [
        r#"{"envelope":{},"x":1}"#,
        r#"{"wraps":[]}"#,
        r#"{"envelope":{},"envelope":{}}"#,
    ] {
        assert!(serde_json::from_str::<BatchLine<'_>>(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_chain_admits_only_its_next_message() {
    let head = ChainHead {
        epoch: 2,
        seq: 8,
        id: Digest::of(b"before"),
    };
    let header = Message::parse(&payload(acts::noted())).unwrap().header;
    assert_eq!(head.admits(&header), Ok(()));
    assert_eq!(head.advanced(Digest::of(b"next")).seq, 9);
    let at = |epoch, seq| {
        let mut moved = header.clone();
        (moved.epoch, moved.seq) = (epoch, seq);
        head.admits(&moved)
    };
    assert!(matches!(at(2, 8), Err(ChainError::Gap { .. })));
    assert!(matches!(at(2, 10), Err(ChainError::Gap { .. })));
    assert!(matches!(at(3, 1), Err(ChainError::Gap { .. })));
    assert_eq!(
        at(1, 9),
        Err(ChainError::EpochClosed {
            current: 2,
            found: 1
        })
    );
    let last = ChainHead {
        seq: u64::MAX,
        ..head
    };
    assert_eq!(last.next().seq, u64::MAX, "a hub may state what it likes");
    let mut forked = header;
    forked.prev = Digest::ZERO;
    let position = Position { epoch: 2, seq: 9 };
    assert_eq!(head.admits(&forked), Err(ChainError::Previous(position)));
}
