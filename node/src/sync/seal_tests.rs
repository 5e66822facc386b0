//! What is sealed at once has one signature, and each of it is proved alone.

use std::collections::BTreeSet;

use lapor_protocol::dsse::{Envelope, MESSAGE_TYPE};
use lapor_protocol::keys::Verifier;
use lapor_protocol::together::TOGETHER;
use serde_json::json;

use super::Link;
use crate::testing::{PaperHub, Place, databases};

async fn file(place: &Place, count: usize) {
    for _ in 0..count {
        let report = json!({ "classification": "complaint", "title": "Lampu padam",
            "content": "Gelap sejak Senin.", "channel": "web" });
        let report = serde_json::from_value(report).unwrap();
        place.node.file(report, "loket").await.unwrap();
    }
}

#[tokio::test]
async fn what_is_sealed_at_once_has_one_signature_and_one_message_has_its_own() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let hub = PaperHub::of(&place);
        let link = Link::over(place.node.clone(), hub.clone()).unwrap();
        let key = place.node.signer().unwrap().public();
        let key = Verifier::from_jwk(&key).unwrap();
        for (count, sizes) in [
            (1, vec![None]),
            (3, vec![Some(3); 3]),
            (TOGETHER + 1, {
                let mut sizes = vec![Some(TOGETHER as u16); TOGETHER];
                sizes.push(None);
                sizes
            }),
        ] {
            let before = hub.sent().len();
            file(&place, count).await;
            assert_eq!(link.push().await.unwrap(), count);
            let sent = hub.sent();
            let sent = sent[before..].iter();
            let sent: Vec<Envelope> = sent
                .map(|line| Envelope::parse(line.as_bytes()).unwrap())
                .collect();
            for envelope in &sent {
                assert_eq!(envelope.verify(MESSAGE_TYPE, &key), Ok(()));
            }
            let signatures: BTreeSet<_> = sent.iter().map(|one| one.signature).collect();
            assert_eq!(signatures.len(), count.div_ceil(TOGETHER));
            let places = sent.iter().map(|one| one.tree.as_ref());
            let places: Vec<_> = places.map(|place| place.map(|place| place.size)).collect();
            assert_eq!(places, sizes);
        }
    }
}
