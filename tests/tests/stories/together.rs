//! What is said at the same time has one signature, and goes to whom it concerns.

use lapor_protocol::dsse::Envelope;
use lapor_tests::fleet::member::{BANDUNG, KEMENPU, PUSAT};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{Fleet, kinds};

/// The sizes of the trees in which the messages of an institution are signed, as the hub keeps them.
async fn trees_of(fleet: &Fleet, slug: &str) -> Vec<Option<u16>> {
    let ground = &fleet.hub.hub().ground;
    let mut tx = ground.db.read().await.unwrap();
    let author = fleet.id(slug);
    let lines = lapor_hub::store::envelopes::lines(&mut tx, &author, 1, 0, 100, 1 << 20).await;
    let lines = lines.unwrap();
    let trees = lines.iter().map(|(_, line)| {
        let envelope = Envelope::parse(line.as_bytes()).unwrap();
        envelope.tree.map(|place| place.size)
    });
    trees.collect()
}

#[tokio::test]
async fn what_is_said_at_once_is_signed_once_and_each_goes_to_its_own_readers() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let [bandung, pusat, kemenpu] =
            ["kota-bandung", "pusat", "kemenpu"].map(|slug| fleet.at(slug));
        let mut cases = Vec::new();
        for target in ["kota-bandung", "kemenpu"] {
            let case = pusat.file(report("Jembatan retak")).await;
            pusat.verify(case).await;
            pusat.dispose(case, target).await;
            cases.push(case);
        }
        fleet.settle().await;
        let trees = trees_of(&fleet, "pusat").await;
        assert!(trees.ends_with(&[Some(6); 6]), "{trees:?}");
        assert!(bandung.knows(cases[0]).await && !bandung.knows(cases[1]).await);
        assert!(kemenpu.knows(cases[1]).await && !kemenpu.knows(cases[0]).await);
        kemenpu.answer(cases[1], "Jembatan telah diperbaiki.").await;
        fleet.settle().await;
        assert_eq!(trees_of(&fleet, "kemenpu").await.last(), Some(&None));
        fleet.ends_well().await;
    }
}
