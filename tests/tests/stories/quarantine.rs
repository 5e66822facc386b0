//! An own message that the hub cannot accept, or an attachment that cannot be
//! sent, is set aside with what depends on it; everything else goes on, and a
//! person has the last word.

use std::fs;
use std::path::{Path, PathBuf};

use lapor_migrations::{Tx, on};
use lapor_protocol::case::State;
use lapor_protocol::ids::{CaseId, Digest};
use lapor_tests::fleet::member::{BANDUNG, PUSAT};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{Fleet, Institution, kinds};

/// A time that no header may state, instead of the one in the drafts of a case.
pub const SPOIL: &str =
    "update outbox_drafts set draft = replace(draft, '\"created_at\":', '\"created_at\":99999')
    where number in (select number from outbox where kind = $1 and case_id = $2)";
pub const MEND: &str =
    "update outbox_drafts set draft = replace(draft, '\"created_at\":99999', '\"created_at\":')
    where number in (select number from outbox where kind = $1 and case_id = $2)";

/// Has a statement of this page, or of another, change what the institution keeps of a kind and a case.
pub async fn write(institution: &Institution, sql: &'static str, kind: &str, case: CaseId) {
    let mut tx = institution.node().db().write().await.unwrap();
    spoil(&mut tx, sql, kind, &case.to_string()).await;
    tx.commit().await.unwrap();
}

async fn spoil(tx: &mut Tx, sql: &'static str, kind: &str, case: &str) {
    let done = on!(tx, c => sqlx::query(sql).bind(kind).bind(case).execute(c).await.map(drop));
    done.unwrap();
}

#[tokio::test]
async fn a_message_that_the_hub_cannot_accept_stops_its_case_and_no_other() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let [bandung, pusat] = ["kota-bandung", "pusat"].map(|slug| fleet.at(slug));
        let bad = bandung.file(report("Lampu jalan padam")).await;
        let good = bandung.file(report("Jalan berlubang")).await;
        fleet.settle().await;
        bandung.follow_up(good, "Dicatat.").await;
        bandung.follow_up(bad, "Diperiksa.").await;
        bandung.follow_up(bad, "Dikerjakan.").await;
        bandung.follow_up(good, "Selesai besok.").await;
        write(bandung, SPOIL, "case.followed_up", bad).await;
        fleet.settle().await;

        let aside = bandung.node().set_aside(false, 10).await.unwrap();
        assert_eq!(aside.len(), 2, "the bad one and the later one of its case");
        assert!(aside.iter().all(|aside| aside.case == Some(bad)));
        assert_eq!(aside[0].reason.as_deref(), Some("header_invalid"));
        assert_eq!(pusat.view(good).await.case_seq, 3);
        assert_eq!(pusat.view(bad).await.case_seq, 1);
        assert_eq!(bandung.view(bad).await.summary.pending, 0);

        // Somebody sends it again as it is, and nothing else is held up by that.
        bandung.node().replay(aside[0].id, "budi").await.unwrap();
        fleet.settle().await;
        let again = bandung.node().set_aside(false, 10).await.unwrap();
        assert_eq!(again.len(), 2);

        write(bandung, MEND, "case.followed_up", bad).await;
        let later = bandung
            .node()
            .refuse(again[1].id, "sudah disampaikan", "budi")
            .await;
        assert_eq!(later.unwrap().state, "refused");
        bandung.node().replay(again[0].id, "budi").await.unwrap();
        fleet.settle().await;
        assert!(
            bandung
                .node()
                .set_aside(false, 10)
                .await
                .unwrap()
                .is_empty()
        );
        assert_eq!(pusat.view(bad).await.case_seq, 2);
        assert_eq!(pusat.state(bad).await, State::InProgress);

        // Whoever thinks better of what has been refused sends it after all.
        bandung.node().replay(again[1].id, "budi").await.unwrap();
        fleet.settle().await;
        let aside = bandung.node().set_aside(true, 10).await.unwrap();
        assert!(aside.is_empty(), "{aside:?}");
        for institution in [bandung, pusat] {
            assert_eq!(institution.view(bad).await.case_seq, 3);
        }
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_draft_that_nobody_can_read_holds_up_nothing() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let [bandung, pusat] = ["kota-bandung", "pusat"].map(|slug| fleet.at(slug));
        let bad = bandung.file(report("Lampu jalan padam")).await;
        let good = bandung.file(report("Jalan berlubang")).await;
        let spoil = "update outbox_drafts set draft = 'x'
            where number in (select number from outbox where kind = $1 and case_id = $2)";
        write(bandung, spoil, "report.filed", bad).await;
        fleet.settle().await;
        assert!(pusat.knows(good).await && !pusat.knows(bad).await);
        let aside = bandung.node().set_aside(false, 10).await.unwrap();
        assert_eq!(aside[0].reason.as_deref(), Some("draft_unreadable"));
        bandung
            .node()
            .refuse(aside[0].id, "rusak", "budi")
            .await
            .unwrap();
        fleet.ends_well().await;
    }
}

/// The file of a blob below a folder with one shelf for each prefix.
fn blob_file(folder: &Path, sha256: Digest) -> PathBuf {
    let name = sha256.to_string();
    let shelves = fs::read_dir(folder).unwrap();
    let mut files = shelves.map(|shelf| shelf.unwrap().path().join(&name));
    files.find(|path| path.is_file()).unwrap()
}

#[tokio::test]
async fn an_attachment_whose_file_is_gone_holds_up_no_other() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let [bandung, pusat] = ["kota-bandung", "pusat"].map(|slug| fleet.at(slug));
        let mut photos = Vec::new();
        for title in ["Lampu jalan padam", "Jalan berlubang", "Pohon tumbang"] {
            let mut filed = report(title);
            filed.attachments = vec![bandung.upload(title.as_bytes()).await];
            let case = bandung.file(filed).await;
            let photo = bandung.view(case).await.history[0].attachments[0].sha256;
            photos.push((case, photo));
        }
        let file = blob_file(&bandung.settings.node.blobs, photos[1].1);
        let aside = file.with_extension("aside");
        fs::rename(&file, &aside).unwrap();
        fleet.settle().await;
        for (number, (case, photo)) in photos.iter().enumerate() {
            let read = pusat.attachment(*case, *photo).await;
            assert_eq!(read.is_ok(), number != 1, "{number}: {:?}", read.err());
        }
        fs::rename(&aside, &file).unwrap();
        fleet.settle().await;
        let (case, photo) = photos[1];
        assert_eq!(
            pusat.attachment(case, photo).await.unwrap(),
            b"Jalan berlubang"
        );
        fleet.ends_well().await;
    }
}
