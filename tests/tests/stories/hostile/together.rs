//! Signatures over trees in which a message has no place, or another one.

use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::Digest;
use lapor_protocol::problem::Code;
use lapor_tests::fleet::kinds;
use lapor_tests::hostile::{Hostile, Said, in_tree};
use serde_json::json;

use super::{beside, gather};

/// Envelopes of a message that say of themselves that they were signed together and were not so.
fn attacks(mallory: &Hostile, alone: &Said) -> [(&'static str, Envelope); 5] {
    let [id, other, third] = [alone.id(), Digest::of(b"two"), Digest::of(b"three")];
    let at = |index, leaves: &[Digest]| in_tree(&alone.envelope, index, leaves, &mallory.signing);
    let sound = at(1, &[other, id, third]);
    let mut moved = sound.clone();
    moved.tree = at(0, &[id, other, third]).tree;
    let mut added = alone.envelope.clone();
    added.tree.clone_from(&sound.tree);
    let mut taken = sound.clone();
    taken.tree = None;
    let leaves = [other, id, third];
    let by_identity = in_tree(&alone.envelope, 1, &leaves, &mallory.identity);
    [
        ("another place", moved),
        ("a tree without it", at(1, &leaves.map(|_| other))),
        ("signed alone, with a place", added),
        ("signed together, without its place", taken),
        ("signed by the identity key", by_identity),
    ]
}

#[tokio::test]
async fn what_has_no_place_in_a_tree_that_was_signed_changes_nothing() {
    for kind in kinds() {
        let (fleet, mut mallory) = gather(kind).await;
        let (case, first) = mallory.report();
        assert_eq!(mallory.push(&[first.line()]).await.verdict(), None);
        let next = mallory.payload("case.noted", Some(case), json!({}));
        let alone = mallory.sign(&next);
        let attacks = attacks(&mallory, &alone);
        beside(
            &fleet,
            Box::pin(async {
                for (what, envelope) in attacks {
                    let line = format!("{{\"envelope\":{}}}", envelope.to_line());
                    let answered = mallory.push(&[line]).await;
                    let verdict = answered.verdict();
                    assert_eq!(verdict, Some(Code::SignatureInvalid), "{what}");
                    assert_eq!(mallory.head_at_hub().await, mallory.head, "{what}");
                }
            }),
        )
        .await;
        let leaves = [Digest::of(b"two"), alone.id()];
        let sound = in_tree(&alone.envelope, 1, &leaves, &mallory.signing);
        let line = format!("{{\"envelope\":{}}}", sound.to_line());
        assert_eq!(mallory.push(&[line]).await.verdict(), None);
        fleet.ends_well().await;
    }
}
