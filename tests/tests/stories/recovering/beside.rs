//! What a restored hub lacks beside messages that it has: nobody misses a message, and nothing that the
//! hub has signed shows the rest.

use lapor_tests::fleet::member::{BANDUNG, KEMENPU, PUSAT};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{Fleet, Weather, kinds};

#[tokio::test]
async fn an_attachment_that_came_after_the_backup_of_its_message_is_sent_again() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let folder = tempfile::tempdir().unwrap();
        let bandung = fleet.at("kota-bandung");
        let mut filed = report("Lampu padam");
        filed.attachments = vec![bandung.upload(b"foto lampu padam").await];
        let case = bandung.file(filed).await;
        bandung.link().push().await.unwrap();
        fleet.hub.back_up(folder.path()).await;

        // The hub takes the whole of it, and nobody has fetched it yet.
        fleet.at("pusat").line().weather(Weather::CUT);
        fleet.settle().await;
        let bandung = fleet.at("kota-bandung");
        assert_eq!(bandung.node().status().await.unwrap().blobs_to_send, 0);
        let photo = bandung.view(case).await.history[0].attachments[0].sha256;

        fleet.restore_hub(folder.path()).await;
        fleet.weather_clears().await;
        fleet.settle().await;
        let pusat = fleet.at("pusat");
        assert_eq!(pusat.view(case).await.case_seq, 1, "no message is lost");
        assert!(pusat.attachment(case, photo).await.is_err());

        let bandung = fleet.at("kota-bandung");
        bandung.link().report_health().await.unwrap();
        fleet.settle().await;
        let read = fleet.at("pusat").attachment(case, photo).await.unwrap();
        assert_eq!(read, b"foto lampu padam");
        fleet.ends_well().await;
    }
}
