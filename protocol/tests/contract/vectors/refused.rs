//! Inputs that must be refused, each with the verdict.

use lapor_protocol::dsse::{Envelope, EnvelopeError, MESSAGE_TYPE, RECEIPT_TYPE};
use lapor_protocol::keys::{Jwk, Verifier};
use lapor_protocol::message::Message;

use super::ordered::{Node, object, of, text};
use super::{cast, together};

/// The order of the Ed25519 base point, little endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

pub fn inputs() -> Node {
    Node::List([envelopes(), together::inputs(), keys(), payloads()].concat())
}

pub fn refused(name: &str, what: &str, input: Node, verdict: &str) -> Node {
    object([
        ("name", text(&name)),
        ("what", text(&what)),
        ("input", input),
        ("verdict", text(&verdict)),
    ])
}

/// What is wrong with an envelope as a message signed by Kota Bandung's signing key.
pub fn verdict(envelope: &Envelope) -> &'static str {
    let key = Verifier::from_jwk(&cast::signing().public()).unwrap();
    match envelope.verify(MESSAGE_TYPE, &key).unwrap_err() {
        EnvelopeError::PayloadType { .. } => "payload_type",
        EnvelopeError::Key(_) => "key_unknown",
        _ => "signature_invalid",
    }
}

fn envelopes() -> Vec<Node> {
    let good = cast::chain().remove(1);
    let mut other_s = good.clone();
    let mut carry = 0u16;
    for (byte, order) in other_s.signature[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = sum as u8;
        carry = sum >> 8;
    }
    let mut changed = good.clone();
    changed.payload[0] ^= 1;
    let receipt = Envelope::sign(RECEIPT_TYPE, good.payload.clone(), &cast::signing());
    let mut retyped = receipt.clone();
    retyped.payload_type = MESSAGE_TYPE.into();
    let stranger = Envelope::sign(
        MESSAGE_TYPE,
        good.payload.clone(),
        &cast::ministry_signing(),
    );
    let mut small_r = good.clone();
    small_r.signature[..32].copy_from_slice(&[0; 32]);
    small_r.signature[0] = 1;
    let cases = [
        ("S plus the group order", other_s, "signature_invalid"),
        ("R of small order", small_r, "signature_invalid"),
        (
            "one bit of the payload changed",
            changed,
            "signature_invalid",
        ),
        ("signed as a receipt", receipt, "payload_type"),
        (
            "signed as a receipt, sent as a message",
            retyped,
            "signature_invalid",
        ),
        ("signed by another instance's key", stranger, "key_unknown"),
    ];
    let mut out = Vec::new();
    for (name, envelope, expected) in cases {
        assert_eq!(verdict(&envelope), expected, "{name}");
        let line = text(&envelope.to_line());
        out.push(refused(name, "envelope", line, expected));
    }
    let line = good.to_line();
    let unpadded = line.replace("=\"", "\"");
    for (name, bad) in [
        (
            "an unknown field beside the payload",
            line.replacen('{', r#"{"x":1,"#, 1),
        ),
        ("base64 without its padding", unpadded),
        (
            "no signature",
            format!("{}[]}}", line.split_once("[{").unwrap().0),
        ),
    ] {
        assert_ne!(bad, line, "{name}");
        assert!(Envelope::parse(bad.as_bytes()).is_err(), "{name}");
        out.push(refused(name, "envelope", text(&bad), "malformed_batch"));
    }
    out
}

fn keys() -> Vec<Node> {
    // x is 32 bytes 01 00.. (the neutral point), all zeros (order 4), and p + 1 (not canonical).
    let weak = [
        (
            "the neutral point",
            "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ),
        (
            "a point of order 4",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ),
        (
            "y not reduced",
            "7v_______________________________________38",
        ),
    ];
    let mut out = Vec::new();
    for (name, x) in weak {
        let jwk = with_thumbprint("Ed25519", x);
        assert!(jwk.verifying_key().is_err(), "{name}");
        out.push(refused(name, "Ed25519 key", of(&jwk), "key refused"));
    }
    let zero = with_thumbprint("X25519", weak[1].1);
    assert!(zero.sealing_key().is_err());
    out.push(refused(
        "a point of small order",
        "X25519 key",
        of(&zero),
        "key refused",
    ));
    let mut renamed = cast::signing().public();
    renamed.kid = cast::hub().kid().clone();
    assert!(renamed.verifying_key().is_err());
    out.push(refused(
        "kid of another key",
        "Ed25519 key",
        of(&renamed),
        "key refused",
    ));
    out
}

fn with_thumbprint(crv: &str, x: &str) -> Jwk {
    use base64::Engine as _;
    let members = format!(r#"{{"crv":"{crv}","kty":"OKP","x":"{x}"}}"#);
    let digest = lapor_protocol::ids::Digest::of(members.as_bytes());
    let kid = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest.as_bytes());
    Jwk {
        kty: "OKP".into(),
        crv: crv.into(),
        x: x.into(),
        kid: lapor_protocol::keys::KeyId::from_text(kid),
    }
}

fn payloads() -> Vec<Node> {
    let good = String::from_utf8(cast::chain()[1].payload.clone()).unwrap();
    let change = |from: &str, to: &str| {
        let changed = good.replacen(from, to, 1);
        assert_ne!(changed, good, "{from}");
        changed
    };
    let cases = [
        (
            "a key stands twice",
            change(r#""v":1"#, r#""v":1,"v":1"#),
            "header_invalid",
        ),
        (
            "a key stands twice, once escaped",
            change(r#""body":{"#, r#""body":{"a":1,"\u0061":2"#),
            "header_invalid",
        ),
        (
            "a float",
            change(r#""body":{"#, r#""body":{"a":1.0"#),
            "header_invalid",
        ),
        (
            "an exponent",
            change(r#""body":{"#, r#""body":{"a":1e3"#),
            "header_invalid",
        ),
        (
            "an integer of 2^53",
            change(r#""body":{"#, r#""body":{"a":9007199254740992"#),
            "header_invalid",
        ),
        (
            "nested deeper than 16",
            change(
                r#""body":{"#,
                &format!(r#""body":{{"a":{}{}"#, "[".repeat(15), "]".repeat(15)),
            ),
            "header_invalid",
        ),
        (
            "seq of 0",
            change(r#""seq":2"#, r#""seq":0"#),
            "header_invalid",
        ),
        (
            "an id in upper case",
            good.replacen("019b", "019B", 1),
            "header_invalid",
        ),
        (
            "another version",
            change(r#""v":1"#, r#""v":2"#),
            "header_invalid",
        ),
        (
            "the body is an array",
            change(r#""body":{}"#, r#""body":[]"#),
            "malformed",
        ),
        (
            "a kind of later",
            change("case.verified", "case.teleported"),
            "malformed",
        ),
        (
            "a custodial act without term",
            change(r#""term":"#, r#""terms":"#),
            "malformed",
        ),
        (
            "unknown fields are no fault",
            change(r#""body":{"#, r#""body":{"later":{"a":[1]}"#),
            "sound",
        ),
    ];
    let mut out = Vec::new();
    for (name, payload, verdict) in cases {
        let found = match Message::parse(payload.as_bytes()) {
            Err(_) => "header_invalid",
            Ok(message) if message.body.is_err() => "malformed",
            Ok(_) => "sound",
        };
        assert_eq!(found, verdict, "{name}: {payload}");
        out.push(refused(name, "payload", text(&payload), verdict));
    }
    out
}
