//! Disks that are full or slow, at a node and at the hub, in the middle of
//! things: it is said clearly, and when there is room again nothing is lost or
//! doubled.

use std::sync::Arc;

use lapor_migrations::DbError;
use lapor_node::casework::CaseFilter;
use lapor_node::error::NodeError;
use lapor_protocol::case::State;
use lapor_protocol::ids::CaseId;
use lapor_protocol::problem::Code;
use lapor_protocol::receipt::Stream;
use lapor_tests::fleet::member::{BANDUNG, KEMENPU, PUSAT};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{Fleet, Institution, disk, document, kinds};

/// Reports for which the free pages of a small database suffice, and more.
const MANY: usize = 300;

/// Files until there is no room; what was filed.
async fn file_until_full(at: &Institution) -> Vec<CaseId> {
    let mut filed = Vec::new();
    for number in 0..MANY {
        match at
            .node()
            .file(report(&format!("Laporan {number}")), "loket")
            .await
        {
            Ok(done) => filed.push(done.case),
            Err(NodeError::Database(DbError::DiskFull(_))) => return filed,
            Err(error) => panic!("{error}"),
        }
    }
    panic!("the disk does not fill")
}

#[tokio::test]
async fn a_node_without_room_refuses_what_it_cannot_keep_and_goes_on_when_there_is_room() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let bandung = fleet.at("kota-bandung");
        let db = bandung.node().db();
        disk::fill(db, "outbox").await;
        let mut filed = file_until_full(bandung).await;
        disk::free(db, "outbox").await;
        filed.push(bandung.file(report("Sesudahnya")).await);
        fleet.settle().await;
        for case in &filed {
            assert_eq!(fleet.at("pusat").state(*case).await, State::Received);
        }
        let report = fleet.invariants().await;
        assert_eq!(report.applied["report.filed"], filed.len() as u64);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_node_without_room_for_its_mail_takes_it_in_once_it_has_some() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let (pusat, bandung) = (fleet.at("pusat"), fleet.at("kota-bandung"));
        for number in 0..40 {
            bandung.file(report(&format!("Laporan {number}"))).await;
        }
        bandung.catch_up().await;
        disk::fill(pusat.node().db(), "inbox").await;
        let failed = pusat.link().catch_up().await.unwrap_err();
        assert!(failed.to_string().contains("free some space"), "{failed}");
        assert!(
            pusat
                .link()
                .state()
                .problem
                .unwrap()
                .contains("free some space")
        );
        disk::free(pusat.node().db(), "inbox").await;
        fleet.settle().await;
        assert_eq!(pusat.cases(&CaseFilter::default()).await.len(), 40);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_hub_without_room_in_mid_batch_takes_all_of_it_or_nothing_and_says_so() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let hub = &fleet.hub.hub().ground.db;
        let (bandung, kemenpu) = (fleet.at("kota-bandung"), fleet.at("kemenpu"));
        for number in 0..100 {
            bandung.file(report(&format!("Laporan {number}"))).await;
        }
        disk::fill(hub, "deliveries").await;
        let refused = bandung.link().push().await.unwrap_err();
        assert_eq!(refused.code(), Some(Code::StorageFull), "{refused}");
        let status = bandung.node().status().await.unwrap();
        assert_eq!((status.outbox.accepted, status.outbox.unsent), (0, 100));
        assert_eq!(bandung.link().state().code.as_deref(), Some("storage_full"));
        let other = kemenpu.file(report("Jembatan retak")).await;

        disk::free(hub, "deliveries").await;
        fleet.settle().await;
        assert_eq!(fleet.at("pusat").state(other).await, State::Received);
        let report = fleet.invariants().await;
        assert_eq!(report.applied["report.filed"], 101);
        fleet.ends_well().await;
    }
}

/// A file that takes nothing, which is what a full disk looks like to a write.
#[tokio::test]
async fn a_hub_without_room_for_an_attachment_gets_it_when_there_is_some() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let bandung = fleet.at("kota-bandung");
        let upload = bandung.upload(&document(&[7; 10_000])).await;
        let mut with_file = report("Jembatan retak");
        with_file.attachments = vec![upload];
        let case = bandung.file(with_file).await;
        bandung.link().push().await.unwrap();
        let sha256 = fleet_attachment(bandung, case).await;
        let parts = fleet.hub.hub().settings().storage.blobs.join("parts");
        std::fs::create_dir_all(&parts).unwrap();
        let part = parts.join(format!("{sha256}.kota-bandung"));
        std::os::unix::fs::symlink("/dev/full", &part).unwrap();
        let refused = bandung.link().send_blobs().await.unwrap_err();
        assert_eq!(refused.code(), Some(Code::StorageFull), "{refused}");
        assert_eq!(bandung.node().status().await.unwrap().blobs_to_send, 1);

        std::fs::remove_file(&part).unwrap();
        fleet.settle().await;
        let read = fleet.at("pusat").attachment(case, sha256).await.unwrap();
        assert!(read == document(&[7; 10_000]));
        fleet.ends_well().await;
    }
}

/// A commit that does not come to an end is what a slow disk looks like to everybody who writes after
/// it; whoever reads is served meanwhile.
#[tokio::test]
async fn a_disk_that_takes_its_time_holds_up_what_is_written_and_nothing_else() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let [bandung, pusat] = ["kota-bandung", "pusat"].map(|slug| fleet.at(slug));
        let before = bandung.file(report("Sebelum")).await;
        fleet.settle().await;
        let slow = bandung.node().db().write().await.unwrap();
        let node = Arc::clone(bandung.node());
        let filing = tokio::spawn(async move { node.file(report("Selama"), "loket").await });
        assert_eq!(bandung.view(before).await.case_seq, 1);
        assert_eq!(bandung.cases(&CaseFilter::default()).await.len(), 1);
        assert!(!filing.is_finished());
        slow.rollback().await.unwrap();
        let during = filing.await.unwrap().unwrap().case;

        let slow = fleet.hub.hub().ground.db.write().await.unwrap();
        let link = Arc::clone(bandung.link());
        let pushing = tokio::spawn(async move { link.push().await });
        for _ in 0..3 {
            assert_eq!(pusat.link().refresh_directory(0).await.unwrap(), 0);
            assert_eq!(pusat.link().pull(Stream::Inbox, 0).await.unwrap(), 0);
        }
        assert!(!pushing.is_finished());
        let status = bandung.node().status().await.unwrap();
        assert_eq!(status.outbox.unsent, 1, "nothing is taken for sent");
        slow.rollback().await.unwrap();
        assert_eq!(pushing.await.unwrap().unwrap(), 1);
        fleet.settle().await;
        assert_eq!(pusat.state(during).await, State::Received);
        fleet.ends_well().await;
    }
}

async fn fleet_attachment(at: &Institution, case: CaseId) -> lapor_protocol::ids::Digest {
    let history = at.view(case).await.history;
    history[0].attachments[0].sha256
}
