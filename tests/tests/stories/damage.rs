//! Disks of nodes that give back other rows than they were given: it is noticed
//! before anybody takes it for what was said, it concerns one case, and what is
//! damaged comes back from whoever holds it too.

use std::fmt::Display;

use bytes::Bytes;
use http::Method;
use lapor_migrations::{Db, Kind, on};
use lapor_node::casework::{CaseFilter, KeyState};
use lapor_node::error::NodeError;
use lapor_node::sync::{Answer, Call};
use lapor_protocol::case::State;
use lapor_protocol::ids::CaseId;
use lapor_protocol::receipt::Stream;
use lapor_tests::fleet::member::{BANDUNG, PUSAT};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{Fleet, kinds};

use crate::kept::Place;

pub const MINUTE_MS: i64 = 60_000;

const OUTBOX: Place = Place {
    read: "select number, line from outbox join outbox_lines using (number)
        where case_id = $1 and state = 'sealed'",
    write: "update outbox_lines set line = $2 where number = $1",
    packed: true,
};
const INBOX: Place = Place {
    read:
        "select dseq, line from inbox where stream = 'inbox' and case_id = $1 and state = 'waiting'
        order by case_seq limit 1",
    write: "update inbox set line = $2 where stream = 'inbox' and dseq = $1",
    packed: false,
};
/// A message that the hub has taken, and of which its author has not heard more yet.
const ACCEPTED: Place = Place {
    read: "select number, line from outbox join outbox_lines using (number)
        where case_id = $1 and state = 'accepted'",
    write: "update outbox_lines set line = $2 where number = $1",
    packed: true,
};
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

/// Where a bit of a line is flipped, behind these words: the brace of the envelope, the brace of the
/// payload, the signature, its place in the tree of those that have it together, the id of the key.
pub const FLIPS: [&str; 5] = [
    "",
    r#""payload":""#,
    r#""sig":""#,
    r#""tree":""#,
    r#""keyid":""#,
];

/// Flips one bit of a kept line, behind these words.
pub async fn flip(db: &Db, place: Place, of: &impl Display, behind: &str) {
    let (number, line) = place.read(db, of).await;
    let at = line.find(behind).unwrap() + behind.len();
    let mut bytes = line.into_bytes();
    let flips = [1, 2, 4, 64, 8].map(|bit| bytes[at] ^ bit);
    // What stands there is a letter still, so that it may be read as something.
    let letter = flips.into_iter().find(u8::is_ascii_alphanumeric);
    bytes[at] = letter.unwrap();
    let line = String::from_utf8(bytes).unwrap();
    place.write(db, number, &line).await;
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
    "update outbox_drafts set draft = cast(x'ff' || substr(cast(draft as blob), 2) as text)
        where number in (select number from outbox where case_id = $1)",
    "update outbox_drafts set draft = 'x' || substr(draft, 2)
        where number in (select number from outbox where case_id = $1)",
];
const WHOLE_DRAFT: [&str; 2] = [
    "update outbox_drafts set draft = '{' || cast(substr(cast(draft as blob), 2) as text)
        where number in (select number from outbox where case_id = $1)",
    "update outbox_drafts set draft = '{' || substr(draft, 2)
        where number in (select number from outbox where case_id = $1)",
];

#[tokio::test]
async fn a_flipped_bit_of_what_waits_to_be_sent_stops_one_message_which_is_signed_anew() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let [bandung, pusat] = ["kota-bandung", "pusat"].map(|slug| fleet.at(slug));
        for behind in FLIPS {
            let bad = bandung.file(report("Lampu jalan padam")).await;
            let good = bandung.file(report("Jalan berlubang")).await;
            bandung.line().lose_calls(Method::POST, "/outbox", 1);
            bandung.link().push().await.unwrap_err();
            flip(bandung.node().db(), OUTBOX, &bad, behind).await;
            fleet.settle().await;
            let aside = bandung.node().set_aside(false, 10).await.unwrap();
            assert_eq!(aside.len(), 1, "{behind}");
            let why = aside[0].reason.as_deref();
            let damaged = (Some(bad), Some("bytes_damaged"));
            assert_eq!((aside[0].case, why), damaged, "{behind}");
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
        flip(bandung.node().db(), OUTBOX, &both[0], FLIPS[1]).await;
        fleet.settle().await;
        let aside = bandung.node().set_aside(false, 10).await.unwrap();
        assert!(aside.is_empty(), "{aside:?}");
        for case in both {
            assert_eq!(pusat.view(case).await.case_seq, 1);
        }
        let report = fleet.invariants().await;
        assert_eq!(report.applied["report.filed"], 12);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_report_whose_filing_is_damaged_is_shown_as_unsent_until_somebody_refuses_it() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let [bandung, pusat] = ["kota-bandung", "pusat"].map(|slug| fleet.at(slug));
        let bad = bandung.file(report("Lampu jalan padam")).await;
        let ticket = bandung.view(bad).await.summary.ticket.unwrap();
        bandung.line().lose_calls(Method::POST, "/outbox", 1);
        bandung.link().push().await.unwrap_err();
        flip(bandung.node().db(), OUTBOX, &bad, FLIPS[1]).await;
        fleet.settle().await;
        bandung.note(bad, "Dicatat.").await;
        fleet.settle().await;
        assert!(!pusat.knows(bad).await);
        let aside = bandung.node().set_aside(false, 10).await.unwrap();
        assert_eq!(aside.len(), 2, "what is done to it waits with it");
        for (one, reason) in aside.iter().zip(["bytes_damaged", "waits_for_earlier"]) {
            let why = one.reason.as_deref();
            assert_eq!((one.case, why), (Some(bad), Some(reason)));
        }
        let shown = async || {
            let listed = bandung.cases(&CaseFilter::default()).await;
            [
                listed.iter().any(|summary| summary.case == bad),
                bandung.knows(bad).await,
                bandung.node().case_by_ticket(&ticket).await.is_ok(),
                bandung.node().track(&ticket).await.is_ok(),
            ]
        };
        assert_eq!(shown().await, [true; 4]);
        assert_eq!(bandung.view(bad).await.summary.pending, 2);

        let refused = bandung.node().refuse(aside[0].id, "rusak", "budi").await;
        assert_eq!(refused.unwrap().state, "refused");
        assert_eq!(shown().await, [false; 4]);
        let left = bandung.node().set_aside(false, 10).await.unwrap();
        assert!(
            left.is_empty(),
            "what waits for it is refused too: {left:?}"
        );
        let alone = bandung.node().replay(aside[1].id, "budi").await;
        assert!(matches!(alone, Err(NodeError::Invalid(_))), "{alone:?}");

        bandung.node().replay(aside[0].id, "budi").await.unwrap();
        fleet.settle().await;
        assert_eq!(shown().await, [true; 4]);
        assert_eq!(bandung.view(bad).await.case_seq, 2);
        assert!(bandung.node().set_aside(true, 10).await.unwrap().is_empty());
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn what_waits_for_a_damaged_filing_takes_it_along_when_it_is_sent_again() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let [bandung, pusat] = ["kota-bandung", "pusat"].map(|slug| fleet.at(slug));
        let other = bandung.file(report("Jalan berlubang")).await;
        fleet.settle().await;
        let bad = bandung.file(report("Lampu jalan padam")).await;
        bandung.line().lose_calls(Method::POST, "/outbox", 1);
        bandung.link().push().await.unwrap_err();
        let half = bandung.split(bad, "Trotoar rusak").await;
        let quarter = bandung.split(half, "Saluran mampet").await;
        flip(bandung.node().db(), OUTBOX, &bad, FLIPS[1]).await;
        fleet.settle().await;
        bandung.note(quarter, "Dicatat.").await;
        bandung.link_to(other, quarter).await;
        fleet.settle().await;
        let aside = bandung.node().set_aside(false, 10).await.unwrap();
        let waiting: Vec<_> = aside.iter().map(|one| one.kind.as_str()).collect();
        let expected = [
            "report.filed",
            "case.split",
            "case.split",
            "case.noted",
            "case.linked",
        ];
        assert_eq!(waiting, expected);
        for case in [bad, half, quarter] {
            assert!(bandung.knows(case).await && !pusat.knows(case).await);
        }

        let replayed = bandung.node().replay(aside[4].id, "budi").await.unwrap();
        assert_eq!((replayed.looked_at, replayed.still), (5, None));
        fleet.settle().await;
        assert!(bandung.node().set_aside(true, 10).await.unwrap().is_empty());
        for institution in [bandung, pusat] {
            assert_eq!(institution.state(other).await, State::Merged);
            assert_eq!(institution.view(other).await.merged_into, Some(quarter));
        }
        // Its birth, the note and the merge.
        assert_eq!(bandung.view(quarter).await.case_seq, 3);
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
        flip(pusat.node().db(), INBOX, &bad, FLIPS[1]).await;
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
        let seen = pusat.view(bad).await.history;
        assert_eq!(seen.len(), 1, "and the rest of its case is shown");
        assert_eq!(pusat.state(good).await, State::InProgress);
        pusat.catch_up().await;
        assert_eq!(pusat.state(bad).await, State::InProgress);

        // Of an own message only the ruling comes back.
        let own = bandung.file(report("Pohon tumbang")).await;
        bandung.link().push().await.unwrap();
        flip(bandung.node().db(), ACCEPTED, &own, FLIPS[1]).await;
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
