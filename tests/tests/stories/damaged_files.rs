//! Disks that give back other files and pages than they were given, and writes
//! that the power took in the middle: it is noticed before anybody takes it for
//! what was said, and nothing acknowledged is gone.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use http::Method;
use lapor_hub::clock::Clock as _;
use lapor_migrations::{Kind, on};
use lapor_node::backup::back_up;
use lapor_protocol::case::State;
use lapor_protocol::ids::Digest;
use lapor_protocol::receipt::Stream;
use lapor_tests::fleet::member::{BANDUNG, PUSAT};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{Fleet, Institution, document, kinds};

const ROOT: &str = "select rootpage from sqlite_schema where type = 'table' and name = 'inbox'";

/// Flips a bit in the middle of a file; again, and it is as it was.
fn flip_file(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

fn node_file(at: &Institution, sha256: Digest) -> PathBuf {
    let name = sha256.to_string();
    at.settings.node.blobs.join(&name[..2]).join(name)
}

#[tokio::test]
async fn a_flipped_bit_of_an_attachment_is_noticed_wherever_it_lies_and_holds_up_no_other() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let [bandung, pusat] = ["kota-bandung", "pusat"].map(|slug| fleet.at(slug));
        let contents = [1, 2].map(|number| document(&vec![number; 20_000]));
        let mut photos = Vec::new();
        for bytes in &contents {
            let mut filed = report("Lampu jalan padam");
            filed.attachments = vec![bandung.upload(bytes).await];
            let case = bandung.file(filed).await;
            let photo = bandung.view(case).await.history[0].attachments[0].sha256;
            photos.push((case, photo));
        }
        let bad = photos[0].1;
        let of_hub = lapor_hub::blobs::path(&fleet.hub.hub().settings().storage.blobs, bad);
        let [of_author, of_reader] = [bandung, pusat].map(|at| node_file(at, bad));
        let reads = async |expected: [bool; 2]| {
            for (number, (case, photo)) in photos.iter().enumerate() {
                let read = pusat.attachment(*case, *photo).await.ok();
                let whole = read.as_ref() == Some(&contents[number]);
                assert_eq!(whole, expected[number], "{number}");
                assert!(read.is_none() || whole, "other bytes are shown");
            }
        };

        // At the author, before it is sent.
        flip_file(&of_author);
        fleet.settle().await;
        reads([false, true]).await;
        assert_eq!(bandung.node().status().await.unwrap().blobs_to_send, 1);
        flip_file(&of_author);
        // At the hub, before anybody has fetched it.
        bandung.catch_up().await;
        flip_file(&of_hub);
        pusat.catch_up().await;
        reads([false, true]).await;
        flip_file(&of_hub);
        fleet.settle().await;
        reads([true, true]).await;
        // At the reader.
        flip_file(&of_reader);
        reads([false, true]).await;
        flip_file(&of_reader);
        reads([true, true]).await;
        fleet.ends_well().await;
    }
}

/// SQLite says so when it meets the page, and reads every page of a backup; of PostgreSQL's pages the
/// server knows, where `data_checksums` are on.
#[tokio::test]
async fn a_flipped_bit_of_a_page_of_the_database_is_named_and_comes_into_no_backup() {
    let mut fleet = Fleet::gather(Kind::Sqlite, &[PUSAT, BANDUNG]).await;
    fleet.at("kota-bandung").file(report("Sebelum")).await;
    fleet.settle().await;
    let [good, none] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    fleet.at("pusat").back_up(good.path()).await;
    let case = fleet.at("kota-bandung").file(report("Sesudah")).await;
    fleet.at("kota-bandung").catch_up().await;

    let pusat = fleet.at_mut("pusat");
    let mut tx = pusat.node().db().read().await.unwrap();
    let root: i64 = on!(&mut tx, c => sqlx::query_scalar(ROOT).fetch_one(c).await).unwrap();
    drop(tx);
    pusat.stop().await;
    let file = pusat.database().file();
    let mut bytes = fs::read(file).unwrap();
    let page = usize::from(u16::from_be_bytes([bytes[16], bytes[17]]));
    // The kind of the page.
    bytes[(root as usize - 1) * page] ^= 1;
    fs::write(file, bytes).unwrap();
    pusat.start().await;
    let failed = pusat.link().pull(Stream::Inbox, 0).await.unwrap_err();
    let said = failed.to_string();
    assert!(said.contains("damaged, restore it from a backup"), "{said}");
    let (settings, now) = (&pusat.settings, pusat.clock().now_ms());
    let made = back_up(settings, None, none.path(), true, now, |_, _, _| {}).await;
    assert!(made.is_err(), "a backup of damaged pages");

    // Others go on meanwhile.
    let bandung = fleet.at("kota-bandung");
    bandung.follow_up(case, "Dikerjakan.").await;
    assert_eq!(bandung.link().push().await.unwrap(), 1);
    let database = fleet.database().await;
    let pusat = fleet.at_mut("pusat");
    pusat.stop().await;
    pusat.restore(good.path(), database).await;
    pusat.start().await;
    fleet.settle().await;
    assert_eq!(fleet.at("pusat").view(case).await.case_seq, 2);
    fleet.ends_well().await;
}

/// The file of an SQLite database as it is in this moment, with the log that belongs to it. Another
/// program copies it: closing it here would take the database's own locks away.
struct Snapshot {
    folder: tempfile::TempDir,
    database: PathBuf,
}

impl Snapshot {
    fn of(database: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut copying = Command::new("cp");
        copying.arg(database).arg(log_of(database));
        let copied = copying.arg(folder.path()).status();
        assert!(copied.unwrap().success());
        Self {
            folder,
            database: database.to_owned(),
        }
    }

    /// Puts it where the database was, as if its last write had come no further than this.
    fn comes_back_torn(self, length: u64) {
        let copy = self.folder.path().join(self.database.file_name().unwrap());
        let log = fs::File::options().write(true).open(log_of(&copy)).unwrap();
        assert!(log.metadata().unwrap().len() > length, "nothing is torn");
        log.set_len(length).unwrap();
        fs::copy(&copy, &self.database).unwrap();
        fs::copy(log_of(&copy), log_of(&self.database)).unwrap();
    }
}

fn log_of(database: &Path) -> PathBuf {
    PathBuf::from(format!("{}-wal", database.display()))
}

fn length(log: &Path) -> u64 {
    fs::metadata(log).unwrap().len()
}

/// Of SQLite's log one page of 4,096 bytes with its head, and some of the next.
const TORN: u64 = 4_096 + 24 + 2_000;

/// The power goes while a commit is being written: what was committed before is there, and of that
/// one nothing. PostgreSQL has its own log for it.
#[tokio::test]
async fn a_write_that_was_torn_leaves_all_that_was_committed_and_nothing_of_itself() {
    let mut fleet = Fleet::gather(Kind::Sqlite, &[PUSAT, BANDUNG]).await;
    let bandung = fleet.at_mut("kota-bandung");
    let kept = bandung.file(report("Sebelum")).await;
    let file = bandung.database().file().to_owned();
    let before = length(&log_of(&file));
    let torn = bandung.file(report("Terputus")).await;
    let snapshot = Snapshot::of(&file);
    bandung.stop().await;
    snapshot.comes_back_torn(before + TORN);
    bandung.start().await;
    assert!(bandung.knows(kept).await && !bandung.knows(torn).await);
    fleet.settle().await;
    assert_eq!(fleet.at("pusat").state(kept).await, State::Received);

    // The same at the hub, in the middle of a batch: nobody was told that it was taken.
    let bandung = fleet.at("kota-bandung");
    let mut filed = Vec::new();
    for number in 0..20 {
        filed.push(bandung.file(report(&format!("Laporan {number}"))).await);
    }
    let file = fleet.hub.database().file().to_owned();
    let before = length(&log_of(&file));
    bandung.line().lose_answers(Method::POST, "/outbox", 1);
    bandung.link().push().await.unwrap_err();
    let snapshot = Snapshot::of(&file);
    fleet.hub.stop().await;
    snapshot.comes_back_torn(before + TORN);
    fleet.hub.start().await;
    fleet.settle().await;
    for case in filed {
        assert_eq!(fleet.at("pusat").view(case).await.case_seq, 1);
    }
    let status = fleet.at("kota-bandung").node().status().await.unwrap();
    assert_eq!((status.outbox.epoch, status.outbox.accepted), (1, 21));
    let report = fleet.invariants().await;
    assert_eq!(report.applied["report.filed"], 21);
    fleet.ends_well().await;
}
