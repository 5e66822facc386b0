//! Who appears in the vectors, each made from a seed: the hub, Kota Bandung
//! and the ministry of public works.

use lapor_protocol::chain::ChainHead;
use lapor_protocol::dsse::{Envelope, MESSAGE_TYPE};
use lapor_protocol::entropy::Seeded;
use lapor_protocol::ids::{CaseId, Digest, InstanceId, MessageId, MessageRef, Position};
use lapor_protocol::keys::{CertifiedKey, KeyUse, Signer};
use lapor_protocol::kinds::programme_published::Picture;
use lapor_protocol::kinds::{Body, ProgrammePublished};
use lapor_protocol::message::Draft;
use lapor_protocol::seal::{ContentKey, Context, Opener, Sealed, seal_words};
use lapor_protocol::together::{Unsigned, sign_together};

use crate::acts;
use crate::world::id;

/// 2026-01-05 08:00 in Jakarta.
pub const NOW: i64 = 1_767_574_800_000;
pub const FIRST: Position = Position { epoch: 1, seq: 1 };
pub const WORDS: &str =
    r#"{"title":"Jalan berlubang","content":"Lubang besar di depan pasar.","place":"Jl. Cibadak"}"#;

pub fn hub() -> Signer {
    Signer::from_seed(&[1; 32])
}

pub fn identity() -> Signer {
    Signer::from_seed(&[2; 32])
}

pub fn signing() -> Signer {
    Signer::from_seed(&[3; 32])
}

pub fn sealing() -> Opener {
    Opener::from_seed(&[4; 32])
}

pub fn ministry_identity() -> Signer {
    Signer::from_seed(&[5; 32])
}

pub fn ministry_signing() -> Signer {
    Signer::from_seed(&[6; 32])
}

pub fn ministry_sealing() -> Opener {
    Opener::from_seed(&[7; 32])
}

pub fn bandung() -> InstanceId {
    id("kota-bandung")
}

pub fn ministry() -> InstanceId {
    id("kemenpu")
}

pub fn case() -> CaseId {
    CaseId::mint(NOW, [0xca; 10])
}

pub fn message_id(n: u8) -> MessageId {
    MessageId::mint(NOW + i64::from(n) * 60_000, [n; 10])
}

pub fn content_key() -> ContentKey {
    ContentKey::generate(&mut Seeded::new(1))
}

pub fn certified(
    identity: &Signer,
    owner: &InstanceId,
    signing: &Signer,
    sealing: &Opener,
) -> Vec<CertifiedKey> {
    [
        (KeyUse::Signing, signing.public()),
        (KeyUse::Sealing, sealing.public().clone()),
    ]
    .into_iter()
    .map(|(use_for, jwk)| CertifiedKey::certify(identity, owner, use_for, jwk, FIRST))
    .collect()
}

/// The words of the filing, sealed as they stand in its payload.
pub fn sealed_words() -> Sealed {
    let author = bandung();
    let context = Context {
        kind: "report.filed",
        id: message_id(1),
        case: case(),
        author: &author,
    };
    seal_words(
        &content_key(),
        context,
        WORDS.as_bytes(),
        &mut Seeded::new(2),
    )
    .unwrap()
}

/// The first three messages of Kota Bandung: filed, verified, disposed.
pub fn chain() -> Vec<Envelope> {
    let Body::ReportFiled(mut filed) = acts::filed() else {
        unreachable!()
    };
    filed.category = Some("Infrastruktur/Jalan".to_owned().try_into().unwrap());
    filed.incident_date = Some("2026-01-04".into());
    filed.commitment = content_key().commitment();
    let custody = MessageRef {
        author: bandung(),
        id: message_id(1),
    };
    let bodies = [
        (Body::ReportFiled(filed), None, Some(sealed_words())),
        (acts::verified(), Some(custody.clone()), None),
        (
            acts::disposed_with("kemenpu", &["kemensos"]),
            Some(custody),
            None,
        ),
    ];
    let mut head = ChainHead::START;
    let mut envelopes = Vec::new();
    for (n, (body, term, sealed)) in (1..).zip(bodies) {
        let draft = Draft {
            kind: body.kind().into(),
            id: message_id(n),
            case: Some(case()),
            term,
            created_at: NOW + i64::from(n) * 60_000,
            body,
            sealed,
            attachments: Vec::new(),
        };
        let payload = draft.payload(&bandung(), head.next(), head.id);
        let envelope = Envelope::sign(MESSAGE_TYPE, payload, &signing());
        head = head.advanced(envelope.id());
        envelopes.push(envelope);
    }
    envelopes
}

/// The same messages under one signature.
pub fn together() -> Vec<Envelope> {
    let alone = chain().into_iter();
    let unsigned = alone.map(|one| Unsigned::new(MESSAGE_TYPE, one.payload));
    sign_together(unsigned.collect(), &signing())
}

/// The picture of [`programme`]: byte `n` is `n mod 251`.
pub fn picture() -> Vec<u8> {
    (0..1000).map(|n: usize| (n % 251) as u8).collect()
}

/// What Kota Bandung says fourth: a programme with a picture.
pub fn programme() -> Envelope {
    let head = chain().iter().fold(ChainHead::START, |head, envelope| {
        head.advanced(envelope.id())
    });
    let body = Body::ProgrammePublished(ProgrammePublished {
        slug: "jembatan-cikapundung".into(),
        name: "Jembatan Cikapundung".into(),
        region: Some("32.73".parse().unwrap()),
        budget_idr: Some(18_500_000_000),
        start: Some("2026-02-01".into()),
        end: None,
        description: "Jembatan baru di atas Sungai Cikapundung.".into(),
        pictures: vec![Picture {
            sha256: Digest::of(&picture()),
            size: picture().len() as u64,
            media_type: "image/jpeg".into(),
            alt: "Dua pekerja memasang besi di tepi sungai.".into(),
        }],
        coordinates: None,
    });
    let draft = Draft {
        kind: body.kind().into(),
        id: message_id(4),
        case: None,
        term: None,
        created_at: NOW + 240_000,
        body,
        sealed: None,
        attachments: Vec::new(),
    };
    let payload = draft.payload(&bandung(), head.next(), head.id);
    Envelope::sign(MESSAGE_TYPE, payload, &signing())
}

pub fn ids(envelopes: &[Envelope]) -> Vec<Digest> {
    envelopes.iter().map(Envelope::id).collect()
}
