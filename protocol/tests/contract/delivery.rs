//! A page of a stream: whatever the hub or the network changes, drops, swaps
//! or repeats is seen by the reader.

use lapor_protocol::case::{Ruling, Withheld};
use lapor_protocol::delivery::{Cursor, DeliveryError, Item, StreamHead};
use lapor_protocol::dsse::{Envelope, MESSAGE_TYPE};
use lapor_protocol::ids::Digest;
use lapor_protocol::keys::{Signer, Verifier};
use lapor_protocol::page::{Delivered, read_page};
use lapor_protocol::receipt::Stream;
use proptest::prelude::*;

use crate::world::id;

fn hub() -> Signer {
    Signer::from_seed(&[1; 32])
}

/// The lines of a page of `count` items; every third is withheld.
fn page(count: u64, stream: Stream) -> Vec<String> {
    let author = Signer::from_seed(&[2; 32]);
    let mut cursor = Cursor::START;
    let mut lines = Vec::new();
    for dseq in 1..=count {
        let payload = format!("{{\"n\":{dseq}}}").into_bytes();
        let envelope = Envelope::sign(MESSAGE_TYPE, payload, &author);
        let withheld = (dseq % 3 == 0).then_some(Withheld::Own);
        let item = Item {
            depoch: 1,
            dseq,
            dprev: cursor.hash,
            case: None,
            case_seq: Some(dseq),
            kind: "case.noted".into(),
            envelope_id: envelope.id(),
            ruling: Ruling::APPLIED,
            first: None,
            directory: 1,
            ordered_at: 1_000,
            withheld,
        };
        let bytes = item.to_bytes();
        cursor = cursor.advance(&bytes, &item).unwrap();
        let item = String::from_utf8(bytes).unwrap();
        lines.push(match withheld {
            Some(_) => format!(r#"{{"item":{item}}}"#),
            None => format!(r#"{{"item":{item},"envelope":{}}}"#, envelope.to_line()),
        });
    }
    let head = StreamHead {
        recipient: (stream == Stream::Inbox).then(|| id("kemenpu")),
        stream,
        depoch: 1,
        dseq: cursor.dseq,
        hash: cursor.hash,
        at: 2_000,
    };
    lines.push(format!(r#"{{"head":{}}}"#, head.sign(&hub()).to_line()));
    lines
}

fn read(lines: &[String], stream: Stream) -> Result<Vec<Delivered>, DeliveryError> {
    let text = lines.join("\n");
    let key = |e: &Envelope| {
        let key = Verifier::from_jwk(&hub().public()).unwrap();
        (e.kid == *key.kid()).then_some(key)
    };
    read_page(text.as_bytes(), Cursor::START, stream, &id("kemenpu"), key)
}

#[test]
fn a_sound_page_is_read_item_by_item_up_to_its_head() {
    let items = read(&page(5, Stream::Inbox), Stream::Inbox).unwrap();
    assert_eq!(items.len(), 5);
    assert_eq!(items[4].cursor.dseq, 5);
    assert!(items[2].envelope.is_none() && items[2].item.withheld == Some(Withheld::Own));
    let line = items[0].line.as_ref().unwrap();
    assert_eq!(
        Envelope::parse(line.as_bytes()).unwrap().id(),
        items[0].item.envelope_id
    );
    assert!(
        read(&page(0, Stream::Public), Stream::Public)
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_page_of_another_stream_recipient_or_signer_is_refused() {
    assert!(read(&page(2, Stream::Public), Stream::Inbox).is_err());
    assert!(read(&page(2, Stream::Inbox), Stream::Public).is_err());
    let mut lines = page(2, Stream::Inbox);
    let forged = StreamHead {
        recipient: Some(id("kemenpu")),
        stream: Stream::Inbox,
        depoch: 1,
        dseq: 2,
        hash: Digest::ZERO,
        at: 0,
    };
    for (head, signer) in [
        (forged.clone(), hub()),
        (
            StreamHead {
                recipient: Some(id("kemensos")),
                ..forged.clone()
            },
            hub(),
        ),
        (forged, Signer::from_seed(&[9; 32])),
    ] {
        lines[2] = format!(r#"{{"head":{}}}"#, head.sign(&signer).to_line());
        assert_eq!(
            read(&lines, Stream::Inbox).unwrap_err(),
            DeliveryError::Head
        );
    }
}

#[test]
fn an_envelope_is_there_unless_it_is_withheld() {
    let lines = page(3, Stream::Inbox);
    let envelope = lines[0].split_once(r#","envelope":"#).unwrap();
    let mut without = lines.clone();
    without[0] = format!("{}}}", envelope.0);
    assert_eq!(
        read(&without, Stream::Inbox).unwrap_err(),
        DeliveryError::EnvelopeMissing(1)
    );
    let mut swapped = lines.clone();
    let other = lines[1].split_once(r#","envelope":"#).unwrap().1;
    swapped[0] = format!(r#"{},"envelope":{other}"#, envelope.0);
    assert_eq!(
        read(&swapped, Stream::Inbox).unwrap_err(),
        DeliveryError::EnvelopeId(1)
    );
    let mut beside = lines.clone();
    beside[3] = lines[3].replacen('{', r#"{"trace":"x","#, 1);
    assert!(matches!(
        read(&beside, Stream::Inbox),
        Err(DeliveryError::Malformed(_))
    ));
}

#[test]
fn a_page_without_its_end_is_refused_and_a_cut_line_too() {
    let lines = page(3, Stream::Inbox);
    assert_eq!(
        read(&lines[..3], Stream::Inbox).unwrap_err(),
        DeliveryError::HeadMissing
    );
    assert_eq!(
        read(&[], Stream::Inbox).unwrap_err(),
        DeliveryError::HeadMissing
    );
    let text = lines.join("\n");
    for cut in 1..text.len() {
        let cut = vec![text[..cut].to_owned()];
        assert!(read(&cut, Stream::Inbox).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_dropped_swapped_or_repeated_line_is_seen(count in 2u64..9, a in 0usize..9, b in 0usize..9, what in 0..3) {
        let mut lines = page(count, Stream::Inbox);
        let (a, b) = (a % lines.len(), b % lines.len());
        match what {
            0 => drop(lines.remove(a)),
            1 if a != b => lines.swap(a, b),
            _ => lines.insert(b, lines[a].clone()),
        }
        prop_assert!(read(&lines, Stream::Inbox).is_err());
    }

    /// All that the hub says is chained and signed. The author's signature is
    /// checked afterwards, with the author's key, and is left out here.
    #[test]
    fn a_changed_byte_of_an_item_or_head_is_seen(count in 1u64..6, line in 0usize..6, at in any::<prop::sample::Index>(), bit in 0u8..7) {
        let mut lines = page(count, Stream::Inbox);
        let line = line % lines.len();
        let chained = lines[line].find(r#","signatures""#).unwrap_or(lines[line].len());
        let is_head = line + 1 == lines.len();
        let range = if is_head { lines[line].len() } else { chained };
        let mut bytes = lines[line].clone().into_bytes();
        let at = at.index(range);
        bytes[at] ^= 1 << bit;
        if let Ok(changed) = String::from_utf8(bytes) {
            lines[line] = changed;
            prop_assert!(read(&lines, Stream::Inbox).is_err(), "{}", lines[line]);
        }
    }
}
