//! Messages: what an author's payload says, what it does to cases, and the words in it.

use std::collections::{BTreeMap, HashSet};

use lapor_protocol::blob::{BlobCipher, HEADER_BYTES};
use lapor_protocol::calendar::Calendar;
use lapor_protocol::case::{Case, Effect, Order, apply, audience, entitlement, rule};
use lapor_protocol::deadline::{clocks, silent_from};
use lapor_protocol::entropy::Seeded;
use lapor_protocol::ids::{CaseId, Digest, InstanceId, MessageId};
use lapor_protocol::kinds::Body;
use lapor_protocol::message::{Draft, Message};
use lapor_protocol::seal::{
    ContentKey, Context, Opener, Sealed, Subject, Wrap, open_words, seal_words,
};

use crate::Named;
use crate::cast::{FEDERATION, author};
use crate::lines;

pub const ALL: &[Named] = &[
    ("message", message),
    ("ruling", ruling),
    ("words", words),
    ("sealed", sealed),
];

/// A payload whose signature holds.
fn message(payload: &[u8]) {
    let Ok(message) = Message::parse(payload) else {
        return;
    };
    let header = &message.header;
    assert!(header.v == 1 && header.epoch > 0 && header.seq > 0);
    let Ok(body) = &message.body else {
        assert!(message.sealed.is_none() && message.attachments.is_empty());
        return;
    };
    assert_eq!(body.kind(), header.kind);
    let draft = Draft {
        kind: header.kind.clone(),
        id: header.id,
        case: header.case,
        term: header.term.clone(),
        created_at: header.created_at,
        body: body.clone(),
        sealed: message.sealed.clone(),
        attachments: message.attachments.clone(),
    };
    let again = draft.payload(&header.author, header.position(), header.prev);
    assert_eq!(Message::parse(&again), Ok(message.clone()));
}

/// Payloads in the order in which the hub has them, a line each.
fn ruling(payloads: &[u8]) {
    let messages: Vec<Message> = lines(payloads)
        .filter_map(|line| Message::parse(line).ok())
        .take(40)
        .collect();
    let told = Told::of(&messages);
    // Whoever folds the same comes to the same.
    assert_eq!(Told::of(&messages).digests(), told.digests());
}

/// The cases after some messages.
#[derive(Default)]
struct Told {
    cases: BTreeMap<CaseId, Case>,
    seen: HashSet<String>,
    places: BTreeMap<CaseId, u64>,
}

impl Told {
    fn of(messages: &[Message]) -> Self {
        let mut told = Self::default();
        for message in messages {
            told.take(message);
        }
        told
    }

    fn digests(&self) -> Vec<Digest> {
        self.cases.values().map(Case::digest).collect()
    }

    fn take(&mut self, message: &Message) {
        let Some(id) = message.header.case else {
            return;
        };
        let seen = !self
            .seen
            .insert(format!("{:?}", message.header.message_ref()));
        let named = message.body.as_ref().ok().and_then(Body::other_case);
        let other = named.and_then(|other| self.cases.get(&other));
        let world = FEDERATION.latest();
        let ruled = rule(message, seen, self.cases.get(&id), other, world);
        assert_eq!(
            ruled.reason.is_none(),
            matches!(ruled.effect, Effect::Applied | Effect::Duplicate)
        );
        let (true, Ok(body)) = (ruled.applied(), &message.body) else {
            return;
        };
        let legs = [Some(id), named.filter(|other| *other != id)];
        for case in legs.into_iter().flatten() {
            self.fold(message, body, case);
        }
    }

    fn fold(&mut self, message: &Message, body: &Body, case: CaseId) {
        let world = FEDERATION.latest();
        let place = self.places.entry(case).or_default();
        *place += 1;
        let order = Order {
            case,
            case_seq: *place,
            ordered_at: message.header.created_at,
        };
        let before = self.cases.remove(&case);
        let Some(after) = apply(message, body, order, before.clone(), world) else {
            return;
        };
        hold(message, before.as_ref(), &after);
        self.cases.insert(case, after);
    }
}

/// What holds of a case, whoever wrote.
fn hold(message: &Message, before: Option<&Case>, after: &Case) {
    let world = FEDERATION.latest();
    let parties = after.parties(world);
    assert!(parties.contains(&after.origin) && parties.contains(&after.custodian));
    assert!(after.ever_custodian.contains(&after.custodian));
    assert!(after.excluded.iter().all(|out| !parties.contains(out)));
    let text = serde_json::to_string(after).expect("a case is written");
    assert_eq!(
        serde_json::from_str::<Case>(&text).ok().as_ref(),
        Some(after)
    );
    for (recipient, _) in audience(message, Effect::Applied, before, Some(after), world) {
        entitlement(message, Effect::Applied, &recipient, after, world);
    }
    let calendar = Calendar::of_weekdays();
    clocks(after, world, &calendar, message.header.created_at);
    silent_from(after, world, &calendar);
}

/// The words of a kind, as they are before they are sealed; the first byte says of which.
fn words(bytes: &[u8]) {
    let Some((which, words)) = bytes.split_first() else {
        return;
    };
    let kind = Body::KINDS[usize::from(*which) % Body::KINDS.len()];
    if let Ok(body) = Body::of_kind(kind, "{}") {
        let _ = body.check_words(words);
    }
    let key = ContentKey::generate(&mut Seeded::new(1));
    let author = author();
    let context = said_in(kind, &author);
    let Ok(sealed) = seal_words(&key, context, words, &mut Seeded::new(2)) else {
        return;
    };
    let opened = open_words(&key, context, &sealed).expect("what was sealed opens");
    assert_eq!(opened.as_slice(), words);
}

fn said_in<'a>(kind: &'a str, author: &'a InstanceId) -> Context<'a> {
    Context {
        kind,
        id: MessageId::mint(1, [1; 10]),
        case: CaseId::mint(1, [2; 10]),
        author,
    }
}

/// Sealed words, wraps and blobs of somebody who has another key.
fn sealed(bytes: &[u8]) {
    let key = ContentKey::generate(&mut Seeded::new(3));
    if let Ok(sealed) = serde_json::from_slice::<Sealed>(bytes) {
        let author = author();
        assert!(open_words(&key, said_in("report.filed", &author), &sealed).is_err());
    }
    if let Ok(wrap) = serde_json::from_slice::<Wrap>(bytes) {
        let subject = Subject::Case(CaseId::mint(1, [2; 10]));
        let opened = Opener::from_seed(&[9; 32]).unwrap(&wrap, subject, &key.commitment());
        assert!(opened.is_err());
    }
    let (head, rest) = bytes.split_at(bytes.len().min(HEADER_BYTES));
    if let Ok(mut blob) = BlobCipher::opening(&key, head) {
        assert!(blob.open(rest, true).is_err());
    }
}
