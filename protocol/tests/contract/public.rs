//! What stands outside cases: programmes, taxonomy, calendar, keys.

use lapor_protocol::case::Effect::{Applied, Duplicate, Inapplicable, Malformed, Unauthorised};
use lapor_protocol::case::{Effect, Reason};
use lapor_protocol::ids::{Digest, MessageId, Position};
use lapor_protocol::keys::{CertifiedKey, KeyUse, Signer};
use lapor_protocol::kinds::{Body, KeyAnnounced};
use lapor_protocol::message::{Draft, Message};
use lapor_protocol::public::{needs_programme, rule_public};

use crate::world::{World, id};

const PUBLISHED: &str = r#"{"slug":"jalan-1","name":"Jalan","description":""}"#;
const PROGRESSED: &str = r#"{"slug":"jalan-1","percent":40,"status":"running"}"#;
const TAXONOMY: &str = r#"{"edition":"2026.1","roots":[{"name":"Jalan","below":["Lubang"]}]}"#;
const CALENDAR: &str =
    r#"{"edition":"2026.1","days":[{"date":"2026-01-01","name":"x","kind":"national_holiday"}]}"#;

/// Author, kind, body, whether the programme is published; effect and reason.
type Case = (
    &'static str,
    &'static str,
    &'static str,
    bool,
    Effect,
    Option<Reason>,
);

fn message(author: &str, kind: &str, body: Body) -> Message {
    let draft = Draft {
        kind: kind.into(),
        id: MessageId::mint(1, [1; 10]),
        case: None,
        term: None,
        created_at: 1,
        body,
        sealed: None,
        attachments: Vec::new(),
    };
    let at = Position { epoch: 1, seq: 7 };
    Message::parse(&draft.payload(&id(author), at, Digest::ZERO)).unwrap()
}

#[test]
fn programmes_are_their_owners_and_editions_the_desks() {
    let world = World::new();
    let cases: [Case; 7] = [
        (
            "kemenpu",
            "programme.published",
            PUBLISHED,
            false,
            Applied,
            None,
        ),
        (
            "kemenpu",
            "programme.progressed",
            PROGRESSED,
            true,
            Applied,
            None,
        ),
        (
            "kemensos",
            "programme.progressed",
            PROGRESSED,
            false,
            Inapplicable,
            Some(Reason::NotPublished),
        ),
        ("pusat", "taxonomy.updated", TAXONOMY, false, Applied, None),
        (
            "kemenpu",
            "taxonomy.updated",
            TAXONOMY,
            false,
            Unauthorised,
            Some(Reason::NotDesk),
        ),
        ("pusat", "calendar.updated", CALENDAR, false, Applied, None),
        (
            "ombudsman",
            "calendar.updated",
            CALENDAR,
            false,
            Unauthorised,
            Some(Reason::NotDesk),
        ),
    ];
    for (author, kind, body, published, effect, reason) in cases {
        let message = message(author, kind, Body::of_kind(kind, body).unwrap());
        let ruling = rule_public(&message, false, published, world.now());
        assert_eq!(
            (ruling.effect, ruling.reason),
            (effect, reason),
            "{kind} by {author}"
        );
        let again = rule_public(&message, true, published, world.now());
        assert_eq!(again.effect, Duplicate);
        let body = message.body.unwrap();
        let needs = (kind == "programme.progressed").then_some("jalan-1");
        assert_eq!(needs_programme(&body), needs);
    }
}

#[test]
fn an_announced_key_is_certified_and_starts_at_the_next_position() {
    let mut world = World::new();
    let identity = Signer::from_seed(&[5; 32]);
    world.change("kemenpu", |entry| entry.identity = Some(identity.public()));
    let stranger = Signer::from_seed(&[6; 32]);
    let next = Position { epoch: 1, seq: 8 };
    let certify = |signer: &Signer, owner: &str, from: Position| {
        let jwk = Signer::from_seed(&[7; 32]).public();
        CertifiedKey::certify(signer, &id(owner), KeyUse::Signing, jwk, from)
    };
    let not_certified = Some(Reason::KeyNotCertified);
    let position = Some(Reason::KeyPosition);
    let past = Position { epoch: 1, seq: 7 };
    for (author, key, effect, reason) in [
        (
            "kemenpu",
            certify(&identity, "kemenpu", next),
            Applied,
            None,
        ),
        (
            "kemenpu",
            certify(&identity, "kemenpu", past),
            Inapplicable,
            position,
        ),
        (
            "kemenpu",
            certify(&stranger, "kemenpu", next),
            Unauthorised,
            not_certified,
        ),
        (
            "kemenpu",
            certify(&identity, "kemenhub", next),
            Unauthorised,
            not_certified,
        ),
        (
            "kemenhub",
            certify(&identity, "kemenhub", next),
            Unauthorised,
            not_certified,
        ),
    ] {
        let body = Body::KeyAnnounced(KeyAnnounced { key });
        let message = message(author, "key.announced", body);
        let ruling = rule_public(&message, false, false, world.now());
        assert_eq!((ruling.effect, ruling.reason), (effect, reason), "{author}");
    }
}

#[test]
fn a_key_that_an_instance_has_or_had_is_not_announced_again() {
    let mut world = World::new();
    let identity = Signer::from_seed(&[5; 32]);
    let former = Signer::from_seed(&[6; 32]);
    let first = Position { epoch: 1, seq: 1 };
    world.change("kemenpu", |entry| {
        let key = CertifiedKey::certify(
            &identity,
            &entry.id,
            KeyUse::Signing,
            former.public(),
            first,
        );
        entry.identity = Some(identity.public());
        entry.keys = vec![key];
    });
    let next = Position { epoch: 1, seq: 8 };
    for taken in [&identity, &former] {
        let jwk = taken.public();
        let key = CertifiedKey::certify(&identity, &id("kemenpu"), KeyUse::Signing, jwk, next);
        let body = Body::KeyAnnounced(KeyAnnounced { key });
        let message = message("kemenpu", "key.announced", body);
        let ruling = rule_public(&message, false, false, world.now());
        assert_eq!(ruling.effect, Inapplicable);
        assert_eq!(ruling.reason, Some(Reason::KeyTaken));
    }
}

#[test]
fn an_identity_key_is_not_announced_and_a_case_has_no_place_here() {
    let world = World::new();
    let identity = Signer::from_seed(&[5; 32]);
    let at = Position { epoch: 1, seq: 8 };
    let own = identity.public();
    let key = CertifiedKey::certify(&identity, &id("kemenpu"), KeyUse::Identity, own, at);
    let announced = message(
        "kemenpu",
        "key.announced",
        Body::KeyAnnounced(KeyAnnounced { key }),
    );
    let filed = message("kemenpu", "report.filed", crate::acts::filed());
    for message in [announced, filed] {
        let ruling = rule_public(&message, false, false, world.now());
        assert_eq!(ruling.effect, Malformed);
    }
}
