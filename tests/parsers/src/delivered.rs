//! Pages of a stream, as a node reads them.

use lapor_protocol::delivery::{Cursor, Item, StreamHead};
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::{Digest, InstanceId};
use lapor_protocol::page::{Delivered, PageLine, read_page, signed_at};
use lapor_protocol::receipt::Stream;
use serde_json::{Value, json};

use crate::Named;
use crate::cast::{HUB, HUB_KEY};
use crate::lines;

pub const ALL: &[Named] = &[("page", page)];

/// A page as it came, and one of the same items in a chain of their own with a head that holds.
fn page(bytes: &[u8]) {
    read(bytes);
    if let Some(chained) = chained(bytes) {
        read(&chained);
    }
}

fn read(page: &[u8]) {
    let reader = reader();
    let key = |_: &Envelope| Some(HUB_KEY.clone());
    let Ok(items) = read_page(page, Cursor::START, Stream::Inbox, &reader, key) else {
        return;
    };
    assert!(signed_at(page).is_some());
    let mut before = Cursor::START;
    for item in &items {
        hold(before, item);
        before = item.cursor;
    }
}

fn hold(before: Cursor, delivered: &Delivered) {
    let item = &delivered.item;
    assert_eq!((item.dseq, item.dprev), (before.dseq + 1, before.hash));
    assert_eq!(delivered.cursor.hash, Digest::of(&delivered.bytes));
    match (&delivered.envelope, item.withheld) {
        (Some(envelope), None) => assert_eq!(envelope.id(), item.envelope_id),
        (envelope, withheld) => assert!(envelope.is_none() && withheld.is_some()),
    }
}

fn reader() -> InstanceId {
    "kemenpu".parse().expect("a slug")
}

/// The lines with places that follow each other, and behind them the head that says so.
fn chained(bytes: &[u8]) -> Option<Vec<u8>> {
    let (mut out, mut at) = (Vec::new(), Cursor::START);
    for line in lines(bytes).take(30) {
        let read: PageLine<'_> = serde_json::from_slice(line).ok()?;
        let Some(item) = read.item else { continue };
        let mut item: Value = serde_json::from_str(item.get()).ok()?;
        let fields = item.as_object_mut()?;
        fields.insert("depoch".into(), at.depoch.into());
        fields.insert("dseq".into(), (at.dseq + 1).into());
        fields.insert("dprev".into(), at.hash.to_hex().into());
        let text = item.to_string();
        let typed: Item = serde_json::from_str(&text).ok()?;
        at = at.advance(text.as_bytes(), &typed).ok()?;
        let beside = read
            .envelope
            .map(|raw| format!(r#","envelope":{}"#, raw.get()));
        let beside = beside.unwrap_or_default();
        out.extend_from_slice(format!("{{\"item\":{text}{beside}}}\n").as_bytes());
    }
    let head = StreamHead {
        recipient: Some(reader()),
        stream: Stream::Inbox,
        depoch: at.depoch,
        dseq: at.dseq,
        hash: at.hash,
        at: 1,
    };
    let head = json!({ "head": head.sign(&HUB) });
    out.extend_from_slice(head.to_string().as_bytes());
    Some(out)
}
