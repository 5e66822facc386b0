//! Keys, certificates, messages, receipts, directory, epochs.

use lapor_protocol::chain::{EpochGrant, EpochRequest};
use lapor_protocol::directory::{Directory, DirectoryVersion, EpochEntry, InstanceEntry, Status};
use lapor_protocol::directory_head::DirectoryHead;
use lapor_protocol::dsse::{Envelope, pae};
use lapor_protocol::ids::{Digest, InstanceKind};
use lapor_protocol::keys::{Jwk, Signer, Verifier};
use lapor_protocol::merkle;
use lapor_protocol::message::Message;
use lapor_protocol::receipt::Receipt;

use super::cast::{self, NOW};
use super::ordered::{Node, hexed, object, of, text, utf8};

/// A signed form in full: what is signed, how it is encoded, what is sent.
pub fn envelope(envelope: &Envelope) -> Node {
    object([
        ("payload_type", text(&envelope.payload_type)),
        ("payload", utf8(&envelope.payload)),
        (
            "pae_hex",
            hexed(pae(&envelope.payload_type, &envelope.payload)),
        ),
        ("envelope_id", text(&envelope.id())),
        ("signature_hex", hexed(envelope.signature)),
        ("line", text(&envelope.to_line())),
    ])
}

fn ed25519(name: &str, signer: &Signer) -> Node {
    let verifier = Verifier::from_jwk(&signer.public()).unwrap();
    let mut fields = key(name, signer.seed(), &signer.public());
    fields.push(("fingerprint", text(&verifier.fingerprint())));
    object(fields)
}

fn key<'a>(name: &str, private: &[u8; 32], public: &Jwk) -> Vec<(&'a str, Node)> {
    vec![
        ("name", text(&name)),
        ("private_hex", hexed(private)),
        ("jwk", of(public)),
    ]
}

pub fn keys() -> Node {
    let x25519 = |name, opener: lapor_protocol::seal::Opener| {
        object(key(name, opener.seed(), opener.public()))
    };
    Node::List(vec![
        ed25519("hub", &cast::hub()),
        ed25519("kota-bandung identity", &cast::identity()),
        ed25519("kota-bandung signing", &cast::signing()),
        x25519("kota-bandung sealing", cast::sealing()),
        ed25519("kemenpu identity", &cast::ministry_identity()),
        ed25519("kemenpu signing", &cast::ministry_signing()),
        x25519("kemenpu sealing", cast::ministry_sealing()),
    ])
}

/// The certificate of Kota Bandung's signing key.
pub fn certificate() -> Node {
    let keys = cast::certified(
        &cast::identity(),
        &cast::bandung(),
        &cast::signing(),
        &cast::sealing(),
    );
    object([
        ("statement", envelope(&keys[0].cert)),
        ("certified_key", of(&keys[0])),
    ])
}

pub fn messages() -> Node {
    let chain = cast::chain();
    for (envelope, seq) in chain.iter().zip(1..) {
        let message = Message::parse(&envelope.payload).unwrap();
        assert!(message.body.is_ok() && message.header.seq == seq);
    }
    Node::List(chain.iter().map(envelope).collect())
}

/// A programme with a picture, and the picture.
pub fn programme() -> Node {
    let signed = cast::programme();
    let message = Message::parse(&signed.payload).unwrap();
    assert!(message.body.is_ok() && message.attachments.is_empty());
    let picture = object([
        ("bytes", text("byte n is n mod 251")),
        ("size", Node::Number(cast::picture().len() as i64)),
        ("sha256", text(&Digest::of(&cast::picture()))),
    ]);
    object([("message", envelope(&signed)), ("picture", picture)])
}

/// One receipt over each of 1 to 7 ids, with the audit path of the first.
pub fn receipts() -> Node {
    let leaves: Vec<Digest> = (1..=7u8).map(|n| Digest::of(&[n])).collect();
    let receipt = |count: usize| {
        let ids = &leaves[..count];
        let receipt = Receipt::accepted(cast::bandung(), 1, 11, ids, NOW);
        let signed = receipt.sign(&cast::hub());
        let key = Verifier::from_jwk(&cast::hub().public()).unwrap();
        assert_eq!(Receipt::open(&signed, &key).unwrap().covers(ids), Ok(()));
        object([
            ("envelope_ids", of(&ids)),
            ("root", text(&merkle::root(ids))),
            ("path_of_first", of(&merkle::path(ids, 0))),
            ("receipt", envelope(&signed)),
        ])
    };
    Node::List((1..=7).map(receipt).collect())
}

fn member(signer: &Signer, seed: u8) -> InstanceEntry {
    let bandung = seed == 1;
    let (owner, kind, name) = if bandung {
        (
            cast::bandung(),
            InstanceKind::Kota,
            "Pemerintah Kota Bandung",
        )
    } else {
        (
            cast::ministry(),
            InstanceKind::Kementerian,
            "Kementerian Pekerjaan Umum",
        )
    };
    let (signing, sealing) = if bandung {
        (cast::signing(), cast::sealing())
    } else {
        (cast::ministry_signing(), cast::ministry_sealing())
    };
    let mut entry = InstanceEntry::registered(owner.clone(), kind, name.into());
    entry.status = Status::Active;
    entry.identity = Some(signer.public());
    entry.keys = cast::certified(signer, &owner, &signing, &sealing);
    entry.epochs = vec![EpochEntry {
        epoch: 1,
        closed_at: None,
    }];
    entry
}

/// The two versions: both join, then the ministry is suspended.
pub fn versions() -> Vec<Envelope> {
    let mut city = member(&cast::identity(), 1);
    city.region = Some("32.73".parse().unwrap());
    city.disposes_to = vec!["kind:kementerian".parse().unwrap()];
    let ministry = member(&cast::ministry_identity(), 2);
    let mut desk = InstanceEntry::registered(
        crate::world::id("pusat"),
        InstanceKind::Pusat,
        "Pusat".into(),
    );
    desk.disposes_to = vec!["*".parse().unwrap()];
    let suspended = InstanceEntry {
        status: Status::Suspended,
        ..ministry.clone()
    };
    let version = |n, prev, changes| {
        DirectoryVersion {
            version: n,
            prev,
            at: NOW + n as i64,
            trust_domain: "lapor.test".into(),
            hub_keys: vec![cast::hub().public()],
            changes,
            taxonomy: None,
            calendar: None,
            maintenance: None,
        }
        .sign(&cast::hub())
    };
    let first = version(1, Digest::ZERO, vec![city, desk, ministry]);
    let second = version(2, first.id(), vec![suspended]);
    vec![first, second]
}

/// The hub's word for the second version.
pub fn directory_head() -> Envelope {
    DirectoryHead {
        version: 2,
        id: versions()[1].id(),
        at: NOW + 3,
    }
    .sign(&cast::hub())
}

pub fn directory() -> Node {
    let mut directory =
        Directory::trusting(vec![Verifier::from_jwk(&cast::hub().public()).unwrap()]);
    let versions = versions();
    for version in &versions {
        directory.apply(version).unwrap();
    }
    Node::List(versions.iter().map(envelope).collect())
}

pub fn epoch_exchange() -> (Envelope, Envelope) {
    let nonce = "00112233445566778899aabbccddeeff".to_owned();
    let request = EpochRequest {
        instance: cast::bandung(),
        after: 1,
        nonce: nonce.clone(),
        keys: Vec::new(),
    };
    let grant = EpochGrant {
        instance: cast::bandung(),
        epoch: 2,
        prev: cast::chain()[2].id(),
        nonce,
    };
    (request.sign(&cast::identity()), grant.sign(&cast::hub()))
}

pub fn epochs() -> Node {
    let (request, grant) = epoch_exchange();
    object([("request", envelope(&request)), ("grant", envelope(&grant))])
}
