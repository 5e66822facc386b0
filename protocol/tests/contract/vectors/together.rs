//! Messages that have one signature together, and envelopes that claim a place in a tree and have none.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as B64;
use lapor_protocol::dsse::{Envelope, EnvelopeError, MESSAGE_TYPE, RECEIPT_TYPE, TREE_TYPE, pae};
use lapor_protocol::ids::Digest;
use lapor_protocol::keys::Verifier;
use lapor_protocol::merkle;
use lapor_protocol::receipt::Receipt;
use lapor_protocol::together::TreePlace;

use super::cast::{self, NOW};
use super::ordered::{Node, hexed, object, of, text};
use super::refused::{refused, verdict};

/// The three messages of the chain, which keep their ids.
pub fn tree() -> Node {
    let key = Verifier::from_jwk(&cast::signing().public()).unwrap();
    let ids = cast::ids(&cast::chain());
    let signed = signed_bytes(&ids);
    let signature = cast::signing().sign(&signed);
    let mut messages = Vec::new();
    for (index, envelope) in cast::together().iter().enumerate() {
        let path = merkle::path(&ids, index);
        let place = place(index as u16, 3, &path);
        let line = envelope.to_line();
        assert!(line.contains(&format!(r#","tree":"{place}"}}]"#)), "{line}");
        assert_eq!(envelope.signature, signature);
        assert_eq!(envelope.verified_id(MESSAGE_TYPE, &key), Ok(ids[index]));
        assert_eq!(Envelope::parse(line.as_bytes()).as_ref(), Ok(envelope));
        messages.push(object([
            ("path", of(&path)),
            ("tree", text(&place)),
            ("line", text(&line)),
        ]));
    }
    object([
        ("envelope_ids", of(&ids)),
        ("root", text(&merkle::root(&ids))),
        ("pae_hex", hexed(&signed)),
        ("signature_hex", hexed(signature)),
        ("messages", Node::List(messages)),
    ])
}

/// What is signed: the size of the tree and its root.
fn signed_bytes(ids: &[Digest]) -> Vec<u8> {
    let (size, root) = ((ids.len() as u16).to_be_bytes(), merkle::root(ids));
    pae(TREE_TYPE, &[&size[..], &root.as_bytes()[..]].concat())
}

/// `tree` as it stands in a line, whatever it says.
fn place(index: u16, size: u16, path: &[Digest]) -> String {
    let mut bytes = [index.to_be_bytes(), size.to_be_bytes()].concat();
    for hash in path {
        bytes.extend(hash.as_bytes());
    }
    B64.encode(bytes)
}

pub fn inputs() -> Vec<Node> {
    [misplaced(), unreadable(), vec![receipts()]].concat()
}

/// Lines that can be read and lead to a head that nobody has signed.
fn misplaced() -> Vec<Node> {
    let [first, second, _] = <[Envelope; 3]>::try_from(cast::together()).unwrap();
    let alone = cast::chain().remove(0);
    let with = |change: fn(&mut TreePlace)| {
        let mut other = first.clone();
        other.tree.iter_mut().for_each(change);
        other
    };
    let cases = [
        (
            "a hash of the path changed",
            with(|place| place.path[1] = Digest::of(b"another")),
        ),
        ("the place of its neighbour", with(|place| place.index = 1)),
        (
            "a tree of another size, with a path of the same length",
            with(|place| place.size = 4),
        ),
        (
            "signature and place of another message",
            Envelope {
                payload: second.payload,
                ..first.clone()
            },
        ),
        (
            "signed alone, with a place in a tree",
            Envelope {
                tree: first.tree.clone(),
                ..alone
            },
        ),
        (
            "signed together, without its place",
            Envelope {
                tree: None,
                ..first.clone()
            },
        ),
    ];
    let mut out = Vec::new();
    for (name, envelope) in cases {
        let line = envelope.to_line();
        let read = Envelope::parse(line.as_bytes()).unwrap();
        assert_eq!(verdict(&read), "signature_invalid", "{name}");
        out.push(refused(name, "envelope", text(&line), "signature_invalid"));
    }
    out
}

/// A `tree` that is no place in a tree.
fn unreadable() -> Vec<Node> {
    let ids = cast::ids(&cast::chain());
    let path = |index| merkle::path(&ids, index);
    let [first, second, extra] = [path(0), path(1), vec![ids[0]; 9]];
    let sound = place(0, 3, &first);
    let line = cast::together().remove(0).to_line();
    let bytes = B64.decode(&sound).unwrap();
    let cases = [
        ("a tree of one", place(0, 1, &[])),
        ("a tree of 257", place(0, 257, &extra)),
        ("a place behind the last one", place(3, 3, &second)),
        ("a path that is too long", place(0, 3, &extra[..3])),
        ("a path that is too short", place(0, 3, &first[..1])),
        ("a path that ends within a hash", B64.encode(&bytes[..67])),
        ("a place without a size", B64.encode([0_u8, 0])),
        ("an empty place", String::new()),
        (
            "a place without its padding",
            sound.trim_end_matches('=').to_owned(),
        ),
    ];
    let mut lines: Vec<(&str, String)> = Vec::new();
    for (name, other) in cases {
        lines.push((name, line.replacen(&sound, &other, 1)));
    }
    let member = format!(r#""tree":"{sound}""#);
    for (name, other) in [
        ("a place that is null", r#""tree":null"#.to_owned()),
        ("a place that stands twice", format!("{member},{member}")),
    ] {
        lines.push((name, line.replacen(&member, &other, 1)));
    }
    let mut out = Vec::new();
    for (name, bad) in lines {
        assert_ne!(bad, line, "{name}");
        assert!(Envelope::parse(bad.as_bytes()).is_err(), "{name}");
        out.push(refused(name, "envelope", text(&bad), "malformed_batch"));
    }
    out
}

/// Only messages are signed together.
fn receipts() -> Node {
    let key = Verifier::from_jwk(&cast::hub().public()).unwrap();
    let ids = cast::ids(&cast::chain());
    let receipt = |seq: usize| {
        let of_it = Receipt::accepted(cast::bandung(), 1, seq as u64, &ids[seq - 1..seq], NOW);
        of_it.sign(&cast::hub())
    };
    let both = [receipt(1), receipt(2)];
    let ids = cast::ids(&both);
    let [mut first, _] = both;
    first.signature = cast::hub().sign(&signed_bytes(&ids));
    first.tree = Some(TreePlace {
        index: 0,
        size: 2,
        path: merkle::path(&ids, 0),
    });
    let found = first.verify(RECEIPT_TYPE, &key);
    assert_eq!(found, Err(EnvelopeError::Signature));
    let line = text(&first.to_line());
    let name = "a receipt that is signed together";
    refused(name, "receipt", line, "signature_invalid")
}
