//! Envelopes, and the statements that stand in them.

use std::fmt::Debug;

use lapor_protocol::chain::{EpochGrant, EpochRequest};
use lapor_protocol::delivery::StreamHead;
use lapor_protocol::directory_head::DirectoryHead;
use lapor_protocol::dsse::{self, Envelope, EnvelopeError};
use lapor_protocol::ids::Digest;
use lapor_protocol::keys::KeyStatement;
use lapor_protocol::merkle;
use lapor_protocol::receipt::{Ack, Receipt, ReceiptError};
use lapor_protocol::seen;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Named;
use crate::cast::{HUB, HUB_KEY, STRANGER};

pub const ALL: &[Named] = &[
    ("envelope", envelope),
    ("statement", statement),
    ("seen", shown),
];

/// A line of a batch, a page or a record.
fn envelope(line: &[u8]) {
    let Ok(envelope) = Envelope::parse(line) else {
        return;
    };
    let again = envelope.to_line();
    assert!(!again.contains(['\n', '\r']), "one line");
    assert_eq!(Envelope::parse(again.as_bytes()), Ok(envelope.clone()));
    assert!(envelope.verify(dsse::MESSAGE_TYPE, &STRANGER).is_err());
    let id = envelope.verified_id(dsse::MESSAGE_TYPE, &HUB_KEY);
    assert!(id.is_err() || id == Ok(envelope.id()));
    placed(envelope);
}

/// Wherever a place in a tree leads, the head that is signed there holds for it, and for nothing
/// without the place.
fn placed(mut envelope: Envelope) {
    dsse::MESSAGE_TYPE.clone_into(&mut envelope.payload_type);
    let id = envelope.id();
    let Some(place) = &envelope.tree else {
        return;
    };
    let (index, size) = (usize::from(place.index), usize::from(place.size));
    let root = merkle::climbed(id, index, size, &place.path).expect("what is read leads to a root");
    let head = [&place.size.to_be_bytes()[..], &root.as_bytes()[..]].concat();
    envelope.signature = HUB.sign(&dsse::pae(dsse::TREE_TYPE, &head));
    envelope.kid = HUB.kid().clone();
    let verified = envelope.verified_id(dsse::MESSAGE_TYPE, &HUB_KEY);
    assert_eq!(verified, Ok(id));
    envelope.tree = None;
    let alone = envelope.verify(dsse::MESSAGE_TYPE, &HUB_KEY);
    assert_eq!(alone, Err(EnvelopeError::Signature));
}

/// What hub, node or institution states, by the first byte.
fn statement(bytes: &[u8]) {
    let Some((which, payload)) = bytes.split_first() else {
        return;
    };
    let sealed = |payload_type| Envelope::sign(payload_type, payload.to_vec(), &HUB);
    match which % 7 {
        0 => receipt(&sealed(dsse::RECEIPT_TYPE)),
        1 => acknowledgement(&sealed(dsse::ACK_TYPE)),
        2 => read::<StreamHead>(dsse::HEAD_TYPE, &sealed(dsse::HEAD_TYPE)),
        3 => read::<DirectoryHead>(
            dsse::DIRECTORY_HEAD_TYPE,
            &sealed(dsse::DIRECTORY_HEAD_TYPE),
        ),
        4 => read::<EpochRequest>(dsse::EPOCH_TYPE, &sealed(dsse::EPOCH_TYPE)),
        5 => read::<EpochGrant>(dsse::EPOCH_TYPE, &sealed(dsse::EPOCH_TYPE)),
        _ => read::<KeyStatement>(dsse::KEY_TYPE, &sealed(dsse::KEY_TYPE)),
    }
}

fn receipt(envelope: &Envelope) {
    let Ok(receipt) = Receipt::open(envelope, &HUB_KEY) else {
        return;
    };
    assert_eq!(receipt.level, "accepted");
    let ids: Vec<Digest> = (0..4u8).map(|n| Digest::of(&[n])).collect();
    for held in 0..=ids.len() {
        let ids = &ids[..held];
        let covers = receipt.covers(ids);
        let spans = u128::from(receipt.to) + 1 == u128::from(receipt.from) + held as u128;
        assert!(covers.is_err() || (spans && ids.last() == Some(&receipt.head)));
    }
    read::<Receipt>(dsse::RECEIPT_TYPE, envelope);
}

fn acknowledgement(envelope: &Envelope) {
    match Ack::open(envelope, &HUB_KEY) {
        Ok(ack) => assert!(ack.settled <= ack.accepted),
        Err(ReceiptError::Envelope(_)) => return,
        Err(_) => {}
    }
    read::<Ack>(dsse::ACK_TYPE, envelope);
}

/// What was read is written and read as the same, and as nothing else.
fn read<T: Serialize + DeserializeOwned + PartialEq + Debug>(
    payload_type: &'static str,
    envelope: &Envelope,
) {
    let Ok(stated) = dsse::open_json::<T>(payload_type, envelope, &HUB_KEY) else {
        return;
    };
    let again = dsse::sign_json(payload_type, &stated, &HUB);
    let opened = dsse::open_json::<T>(payload_type, &again, &HUB_KEY);
    assert_eq!(opened, Ok(stated));
    let other = dsse::open_json::<T>(dsse::MESSAGE_TYPE, envelope, &HUB_KEY);
    assert!(matches!(other, Err(EnvelopeError::PayloadType { .. })));
}

/// The header `Lapor-Seen`.
fn shown(header: &[u8]) {
    let Ok(header) = std::str::from_utf8(header) else {
        return;
    };
    let Some(envelopes) = seen::read(header) else {
        return;
    };
    let shown = envelopes.iter().map(|envelope| {
        let shown = seen::shown(envelope);
        shown.expect("what was shown can be shown")
    });
    let again = shown.collect::<Vec<_>>().join(",");
    assert_eq!(seen::read(&again), Some(envelopes));
}
