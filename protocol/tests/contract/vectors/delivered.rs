//! A page of the ministry's inbox, and its acknowledgement.

use lapor_protocol::case::{Effect, Reason, Ruling, Withheld};
use lapor_protocol::delivery::{Cursor, Item, StreamHead};
use lapor_protocol::dsse::Envelope;
use lapor_protocol::entropy::Seeded;
use lapor_protocol::keys::Verifier;
use lapor_protocol::message::Message;
use lapor_protocol::page::read_page;
use lapor_protocol::receipt::{Ack, Exception, ExceptionState, Stream};
use lapor_protocol::seal::{Subject, Wrap, wrap};

use super::cast::{self, NOW};
use super::ordered::{Node, object, of, text, utf8};
use super::signed::envelope;

struct Page {
    items: Vec<Item>,
    lines: Vec<String>,
    cursors: Vec<Cursor>,
    head: Envelope,
}

/// The content key of the case, wrapped to the ministry.
pub fn key_for_the_ministry() -> Wrap {
    let sealing = cast::ministry_sealing();
    let subject = Subject::Case(cast::case());
    let mut entropy = Seeded::new(3);
    wrap(
        &cast::content_key(),
        subject,
        &cast::ministry(),
        sealing.public(),
        &mut entropy,
    )
    .unwrap()
}

/// The signed head of the page.
pub fn head() -> Envelope {
    made().head
}

/// The disposition, the history that trails it, and an act of the ministry's
/// own that was ruled stale.
fn made() -> Page {
    let chain = cast::chain();
    let stale = Ruling {
        effect: Effect::Stale,
        reason: Some(Reason::TermEnded),
    };
    let own = Envelope::sign(
        lapor_protocol::dsse::MESSAGE_TYPE,
        b"{}".to_vec(),
        &cast::ministry_signing(),
    );
    let contents = [
        (3, &chain[2], Ruling::APPLIED, None),
        (1, &chain[0], Ruling::APPLIED, None),
        (2, &chain[1], Ruling::APPLIED, None),
        (4, &own, stale, Some(Withheld::Own)),
    ];
    let mut page = Page {
        items: Vec::new(),
        lines: Vec::new(),
        cursors: vec![Cursor::START],
        head: own.clone(),
    };
    let mut cursor = Cursor::START;
    for (case_seq, carried, ruling, withheld) in contents {
        let kind = match Message::parse(&carried.payload) {
            Ok(message) => message.header.kind,
            Err(_) => "case.followed_up".into(),
        };
        let item = Item {
            depoch: 1,
            dseq: cursor.dseq + 1,
            dprev: cursor.hash,
            case: Some(cast::case()),
            case_seq: Some(case_seq),
            kind,
            envelope_id: carried.id(),
            ruling,
            first: None,
            directory: 1,
            ordered_at: NOW + case_seq as i64 * 60_000,
            withheld,
        };
        let bytes = item.to_bytes();
        cursor = cursor.advance(&bytes, &item).unwrap();
        page.lines.push(line(&item, carried, page.items.is_empty()));
        page.items.push(item);
        page.cursors.push(cursor);
    }
    let head = StreamHead {
        recipient: Some(cast::ministry()),
        stream: Stream::Inbox,
        depoch: cursor.depoch,
        dseq: cursor.dseq,
        hash: cursor.hash,
        at: NOW + 300_000,
    };
    page.head = head.sign(&cast::hub());
    page.lines
        .push(format!(r#"{{"head":{}}}"#, page.head.to_line()));
    page
}

fn line(item: &Item, carried: &Envelope, with_key: bool) -> String {
    let raw = String::from_utf8(item.to_bytes()).unwrap();
    if item.withheld.is_some() {
        return format!(r#"{{"item":{raw}}}"#);
    }
    let wraps = if with_key {
        let wrap = serde_json::to_string(&key_for_the_ministry()).unwrap();
        format!(r#","wraps":[{wrap}]"#)
    } else {
        String::new()
    };
    format!(
        r#"{{"item":{raw},"envelope":{}{wraps}}}"#,
        carried.to_line()
    )
}

pub fn page() -> Node {
    let page = made();
    let text_of_page = page.lines.join("\n");
    let read = read_page(
        text_of_page.as_bytes(),
        Cursor::START,
        Stream::Inbox,
        &cast::ministry(),
        |_| Verifier::from_jwk(&cast::hub().public()).ok(),
    );
    assert_eq!(read.unwrap().len(), page.items.len());
    let items = page
        .items
        .iter()
        .zip(&page.cursors[1..])
        .map(|(item, cursor)| {
            object([
                ("item", utf8(&item.to_bytes())),
                ("hash", text(&cursor.hash)),
                ("cursor", text(&cursor)),
            ])
        });
    object([
        ("recipient", text("kemenpu")),
        ("start", text(&Cursor::START)),
        ("items", Node::List(items.collect())),
        ("head", envelope(&page.head)),
        ("page", Node::List(page.lines.iter().map(text).collect())),
    ])
}

pub fn acks() -> Node {
    let page = made();
    let last = page.cursors.last().unwrap();
    let ack = Ack {
        recipient: cast::ministry(),
        stream: Stream::Inbox,
        depoch: 1,
        accepted: last.dseq,
        settled: last.dseq,
        head: last.hash,
        exceptions: vec![Exception {
            dseq: 2,
            state: ExceptionState::Quarantined,
            reason: "key_missing".into(),
        }],
        at: NOW + 310_000,
    };
    let signed = ack.sign(&cast::ministry_signing());
    let key = Verifier::from_jwk(&cast::ministry_signing().public()).unwrap();
    assert_eq!(Ack::open(&signed, &key).unwrap(), ack);
    Node::List(vec![envelope(&signed)])
}

/// One line of `POST /outbox`: the disposition, with the key for its target.
pub fn batch_line() -> Node {
    let chain = cast::chain();
    object([
        ("envelope", of(&chain[2])),
        ("wraps", of(&[key_for_the_ministry()])),
        (
            "trace",
            text("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        ),
    ])
}
