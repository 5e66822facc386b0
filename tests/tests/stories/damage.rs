//! Disks that give back other bytes than they were given, and writes that the
//! power took in the middle: it is noticed before anybody takes it for what
//! was said, it concerns one case or one file, and nothing acknowledged is gone.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use bytes::Bytes;
use http::Method;
use lapor_hub::clock::Clock as _;
use lapor_migrations::{Db, Kind, on};
use lapor_node::backup::back_up;
use lapor_node::casework::{CaseFilter, KeyState};
use lapor_node::sync::{Answer, Call};
use lapor_protocol::case::State;
use lapor_protocol::ids::{CaseId, Digest};
use lapor_protocol::problem::Code;
use lapor_protocol::receipt::Stream;
use lapor_tests::fleet::member::{BANDUNG, KEMENPU, PUSAT};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{Fleet, Institution, document, kinds};

const MINUTE_MS: i64 = 60_000;

/// A kept line of a case, and how it is written back: by number, with the line.
type Place = (&'static str, &'static str);

const OUTBOX: Place = (
    "select number, line from outbox where case_id = $1 and state = 'sealed'",
    "update outbox set line = $2 where number = $1",
);
const INBOX: Place = (
    "select dseq, line from inbox where stream = 'inbox' and case_id = $1 and state = 'waiting'
        order by case_seq limit 1",
    "update inbox set line = $2 where stream = 'inbox' and dseq = $1",
);
/// A message that the hub has taken, and of which its author has not heard more yet.
const ACCEPTED: Place = (
    "select number, line from outbox where case_id = $1 and state = 'accepted'",
    "update outbox set line = $2 where number = $1",
);
const AT_THE_HUB: Place = (
    "select number, line from envelopes where case_id = $1 order by number limit 1",
    "update envelopes set line = $2 where number = $1",
);
const BLOCK: &str = "update cases set blocked = 'a gap' where case_id = $1";
const UNBLOCK: &str = "update cases set blocked = null where case_id = $1";
/// As if the process had ended between the two transactions of a page.
const UNREAD: &str = "update inbox set state = 'received', reason = null
    where stream = 'inbox' and case_id = $1 and state = 'waiting'";
const NEWCOMERS: &str = "update outbox set newcomers = '[{' where case_id = $1";
/// What is no institution, and back.
const NOBODYS: [&str; 2] = [
    "update cases set custodian = '?' || custodian where case_id = $1",
    "update cases set custodian = substr(custodian, 2) where case_id = $1",
];
const ROOT: &str = "select rootpage from sqlite_schema where type = 'table' and name = 'inbox'";

/// Where a bit of a line is flipped, behind these words, and why the message is set aside then: the
/// brace of the envelope, the brace of the payload, the signature.
const FLIPS: [(&str, &str); 3] = [
    ("", "bytes_damaged"),
    (r#""payload":""#, "bytes_damaged"),
    (r#""sig":""#, "signature_invalid"),
];

/// Flips one bit of a kept line, behind these words.
async fn flip(db: &Db, (read, write): Place, case: CaseId, behind: &str) {
    let case = case.to_string();
    let mut tx = db.write().await.unwrap();
    let (number, line): (i64, String) =
        on!(&mut tx, c => sqlx::query_as(read).bind(case.as_str()).fetch_one(c).await).unwrap();
    let at = line.find(behind).unwrap() + behind.len();
    let mut bytes = line.into_bytes();
    let flips = [1, 2, 4, 64].map(|bit| bytes[at] ^ bit);
    // What stands there is a letter still, so that it may be read as something.
    let letter = flips.into_iter().find(u8::is_ascii_alphanumeric);
    bytes[at] = letter.unwrap();
    let line = String::from_utf8(bytes).unwrap();
    let written = on!(&mut tx, c => sqlx::query(write)
        .bind(number)
        .bind(line.as_str())
        .execute(c)
        .await
        .map(drop));
    written.unwrap();
    tx.commit().await.unwrap();
}

async fn run(db: &Db, sql: &'static str, case: CaseId) {
    let case = case.to_string();
    let mut tx = db.write().await.unwrap();
    let done = on!(&mut tx, c => sqlx::query(sql)
        .bind(case.as_str())
        .execute(c)
        .await
        .map(|done| done.rows_affected()));
    assert_eq!(done.unwrap(), 1, "{sql}");
    tx.commit().await.unwrap();
}

/// The first byte of a column is another: one that begins no text on SQLite. PostgreSQL takes nothing
/// in that is none.
fn spoiling(kind: Kind, [sqlite, postgres]: [&'static str; 2]) -> &'static str {
    match kind {
        Kind::Sqlite => sqlite,
        Kind::Postgres => postgres,
    }
}

const ITEM: [&str; 2] = [
    "update inbox set item = cast(x'ff' || substr(cast(item as blob), 2) as text)
        where stream = 'inbox' and case_id = $1 and state = 'received'",
    "update inbox set item = 'x' || substr(item, 2)
        where stream = 'inbox' and case_id = $1 and state = 'received'",
];
const DRAFT: [&str; 2] = [
    "update outbox set draft = cast(x'ff' || substr(cast(draft as blob), 2) as text)
        where case_id = $1",
    "update outbox set draft = 'x' || substr(draft, 2) where case_id = $1",
];
const WHOLE_DRAFT: [&str; 2] = [
    "update outbox set draft = '{' || cast(substr(cast(draft as blob), 2) as text)
        where case_id = $1",
    "update outbox set draft = '{' || substr(draft, 2) where case_id = $1",
];

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
async fn a_flipped_bit_of_what_waits_to_be_sent_stops_one_message_which_is_signed_anew() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let [bandung, pusat] = ["kota-bandung", "pusat"].map(|slug| fleet.at(slug));
        for (behind, reason) in FLIPS {
            let bad = bandung.file(report("Lampu jalan padam")).await;
            let good = bandung.file(report("Jalan berlubang")).await;
            bandung.line().lose_calls(Method::POST, "/outbox", 1);
            bandung.link().push().await.unwrap_err();
            flip(bandung.node().db(), OUTBOX, bad, behind).await;
            fleet.settle().await;
            let aside = bandung.node().set_aside(false, 10).await.unwrap();
            assert_eq!(aside.len(), 1, "{reason}");
            assert_eq!(
                (aside[0].case, aside[0].reason.as_deref()),
                (Some(bad), Some(reason))
            );
            assert!(pusat.knows(good).await && !pusat.knows(bad).await);

            bandung.node().replay(aside[0].id, "budi").await.unwrap();
            fleet.settle().await;
            assert_eq!(pusat.view(bad).await.case_seq, 1);
        }
        // The hub has it already, as it was signed.
        let both = [
            bandung.file(report("Pohon tumbang")).await,
            bandung.file(report("Banjir")).await,
        ];
        bandung.line().lose_answers(Method::POST, "/outbox", 1);
        bandung.link().push().await.unwrap_err();
        flip(bandung.node().db(), OUTBOX, both[0], FLIPS[1].0).await;
        fleet.settle().await;
        let aside = bandung.node().set_aside(false, 10).await.unwrap();
        assert!(aside.is_empty(), "{aside:?}");
        for case in both {
            assert_eq!(pusat.view(case).await.case_seq, 1);
        }
        let report = fleet.invariants().await;
        assert_eq!(report.applied["report.filed"], 8);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_damaged_row_of_what_waits_to_be_sent_keeps_nothing_from_anybody() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let [bandung, pusat] = ["kota-bandung", "pusat"].map(|slug| fleet.at(slug));
        let mut cases = Vec::new();
        for title in ["Lampu jalan padam", "Jalan berlubang", "Pohon tumbang"] {
            cases.push(bandung.file(report(title)).await);
        }
        let [keyless, bad, good] = [cases[0], cases[1], cases[2]];
        let db = bandung.node().db();
        run(db, NEWCOMERS, keyless).await;
        run(db, spoiling(kind, DRAFT), bad).await;
        fleet.settle().await;
        for case in [keyless, good] {
            assert_eq!(pusat.view(case).await.key, KeyState::Held);
        }
        assert!(!pusat.knows(bad).await);
        let aside = bandung.node().set_aside(false, 10).await.unwrap();
        assert_eq!(aside.len(), 1);
        let why = aside[0].reason.as_deref();
        assert_eq!((aside[0].case, why), (Some(bad), Some("draft_unreadable")));
        let status = bandung.node().status().await.unwrap();
        assert_eq!(status.outbox.quarantined, 1);

        // The disk gives back what it was given.
        run(db, spoiling(kind, WHOLE_DRAFT), bad).await;
        bandung.node().replay(aside[0].id, "budi").await.unwrap();
        fleet.settle().await;
        assert_eq!(pusat.view(bad).await.case_seq, 1);

        // A list goes on without a row that cannot be read.
        let [damaged, whole] = NOBODYS;
        run(pusat.node().db(), damaged, bad).await;
        let listed = pusat.cases(&CaseFilter::default()).await;
        let mut listed: Vec<CaseId> = listed.iter().map(|summary| summary.case).collect();
        listed.retain(|case| *case != keyless);
        assert_eq!(listed, [good]);
        run(pusat.node().db(), whole, bad).await;
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_flipped_bit_of_what_was_taken_in_stops_its_case_until_it_comes_once_more() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let [bandung, pusat] = ["kota-bandung", "pusat"].map(|slug| fleet.at(slug));
        let bad = bandung.file(report("Lampu jalan padam")).await;
        let good = bandung.file(report("Jalan berlubang")).await;
        fleet.settle().await;
        // Taken in, and not applied yet.
        run(pusat.node().db(), BLOCK, bad).await;
        for case in [bad, bad, good] {
            bandung.follow_up(case, "Dikerjakan.").await;
        }
        bandung.catch_up().await;
        pusat.link().pull(Stream::Inbox, 0).await.unwrap();
        flip(pusat.node().db(), INBOX, bad, FLIPS[1].0).await;
        pusat.catch_up().await;

        let aside = pusat.node().set_aside(false, 10).await.unwrap();
        assert_eq!(aside.len(), 1);
        assert_eq!(aside[0].reason.as_deref(), Some("bytes_damaged"));
        assert_eq!((aside[0].case, aside[0].behind), (Some(bad), 1));
        assert_eq!(pusat.view(bad).await.case_seq, 1, "nothing of it is shown");
        assert_eq!(pusat.state(good).await, State::InProgress);
        let replayed = pusat.node().replay(aside[0].id, "budi").await.unwrap();
        assert_eq!(replayed.still.as_deref(), Some("bytes_damaged"));

        // Asked for in vain it is asked for again, and not at once.
        pusat.line().forge(|call: &Call, mut answer: Answer| {
            if call.path.contains("limit=1&") {
                answer.body = Bytes::from_static(b"{}");
            }
            answer
        });
        pusat.catch_up().await;
        pusat.line().be_honest();
        pusat.catch_up().await;
        assert_eq!(pusat.view(bad).await.case_seq, 1);
        fleet.pass(MINUTE_MS);
        fleet.settle().await;
        assert_eq!(pusat.view(bad).await.case_seq, 3);
        assert!(pusat.node().set_aside(true, 10).await.unwrap().is_empty());
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_damaged_item_or_own_message_comes_once_more_and_holds_up_no_other() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let [bandung, pusat] = ["kota-bandung", "pusat"].map(|slug| fleet.at(slug));
        let bad = bandung.file(report("Lampu jalan padam")).await;
        let good = bandung.file(report("Jalan berlubang")).await;
        fleet.settle().await;
        let db = pusat.node().db();
        for case in [bad, good] {
            run(db, BLOCK, case).await;
            bandung.follow_up(case, "Dikerjakan.").await;
        }
        bandung.catch_up().await;
        pusat.link().pull(Stream::Inbox, 0).await.unwrap();
        for case in [bad, good] {
            run(db, UNREAD, case).await;
            run(db, UNBLOCK, case).await;
        }
        run(db, spoiling(kind, ITEM), bad).await;
        pusat.link().pull(Stream::Inbox, 0).await.unwrap();
        let aside = pusat.node().set_aside(false, 10).await.unwrap();
        assert_eq!(aside.len(), 1);
        let why = aside[0].reason.as_deref();
        assert_eq!((aside[0].case, why), (Some(bad), Some("bytes_damaged")));
        let shown = pusat.node().aside(aside[0].id).await.unwrap();
        assert_eq!(shown.envelope, None);
        assert_eq!(pusat.state(good).await, State::InProgress);
        pusat.catch_up().await;
        assert_eq!(pusat.state(bad).await, State::InProgress);

        // Of an own message only the ruling comes back.
        let own = bandung.file(report("Pohon tumbang")).await;
        bandung.link().push().await.unwrap();
        flip(bandung.node().db(), ACCEPTED, own, FLIPS[1].0).await;
        bandung.link().pull(Stream::Inbox, 0).await.unwrap();
        assert_eq!(bandung.node().set_aside(false, 10).await.unwrap().len(), 1);
        fleet.settle().await;
        assert_eq!(bandung.view(own).await.case_seq, 1);
        for at in [bandung, pusat] {
            assert!(at.node().set_aside(true, 10).await.unwrap().is_empty());
        }
        fleet.ends_well().await;
    }
}

/// What the hub says is damaged: whose, and where in the chain.
async fn damaged_at(fleet: &Fleet) -> Vec<(String, u64)> {
    let known = lapor_hub::restored::read(fleet.hub.hub()).await.unwrap();
    let damaged = known.damaged.into_iter();
    damaged.map(|of| (of.author.to_string(), of.seq)).collect()
}

async fn flip_at_the_hub(fleet: &Fleet, case: CaseId, behind: &str) {
    let db = fleet.hub.db().await;
    flip(&db, AT_THE_HUB, case, behind).await;
    db.close().await;
}

#[tokio::test]
async fn a_flipped_bit_of_what_the_hub_keeps_is_named_and_its_author_sends_it_once_more() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let [bandung, pusat] = ["kota-bandung", "pusat"].map(|slug| fleet.at(slug));
        let mut cases = Vec::new();
        for title in ["Lampu jalan padam", "Jalan berlubang", "Pohon tumbang"] {
            cases.push(bandung.file(report(title)).await);
        }
        let [before, bad, after] = [cases[0], cases[1], cases[2]];
        bandung.catch_up().await;
        flip_at_the_hub(&fleet, bad, FLIPS[1].0).await;
        // What stands before it is told, and nothing is told without it.
        assert_eq!(pusat.link().pull(Stream::Inbox, 0).await.unwrap(), 1);
        assert!(pusat.knows(before).await && !pusat.knows(bad).await);
        let refused = pusat.link().pull(Stream::Inbox, 0).await.unwrap_err();
        assert_eq!(refused.code(), Some(Code::Internal));
        assert!(!pusat.knows(after).await);
        assert_eq!(damaged_at(&fleet).await, [("kota-bandung".to_owned(), 2)]);
        bandung.link().report_health().await.unwrap();
        assert!(damaged_at(&fleet).await.is_empty());
        fleet.settle().await;
        for case in cases {
            assert_eq!(pusat.view(case).await.case_seq, 1);
        }

        // The same of what the hub needs to order what comes next in its case.
        fleet.restart_hub().await;
        flip_at_the_hub(&fleet, bad, FLIPS[0].0).await;
        let [bandung, kemenpu] = ["kota-bandung", "kemenpu"].map(|slug| fleet.at(slug));
        bandung.follow_up(bad, "Dikerjakan.").await;
        let refused = bandung.link().push().await.unwrap_err();
        assert_eq!(refused.code(), Some(Code::Internal));
        kemenpu.file(report("Jembatan retak")).await;
        assert_eq!(kemenpu.link().push().await.unwrap(), 1);
        assert_eq!(damaged_at(&fleet).await, [("kota-bandung".to_owned(), 2)]);
        bandung.link().report_health().await.unwrap();
        fleet.settle().await;
        assert_eq!(fleet.at("pusat").view(bad).await.case_seq, 2);
        assert!(damaged_at(&fleet).await.is_empty());
        fleet.ends_well().await;
    }
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
