//! Disks that give back other rows than they were given: it is noticed before
//! anybody takes it for what was said, it concerns one case, and what is
//! damaged comes back from whoever holds it too.

use std::fmt::Display;

use bytes::Bytes;
use http::Method;
use lapor_hub::casework::{self, skeleton};
use lapor_hub::editions::{Editions, What};
use lapor_hub::store::state;
use lapor_migrations::{Db, Kind, on};
use lapor_node::casework::{CaseFilter, KeyState};
use lapor_node::error::NodeError;
use lapor_node::sync::{Answer, Call};
use lapor_protocol::case::State;
use lapor_protocol::ids::CaseId;
use lapor_protocol::kinds::Body;
use lapor_protocol::problem::Code;
use lapor_protocol::receipt::Stream;
use lapor_tests::fleet::member::{BANDUNG, KEMENPU, PUSAT};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{Fleet, kinds};
use lapor_web::holidays;

use crate::kept::Place;
use crate::restores::{UNCOVERED, count, epoch};

const MINUTE_MS: i64 = 60_000;

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
const AT_THE_HUB: Place = Place {
    read: "select number, line from envelopes where case_id = $1 order by number limit 1",
    write: "update envelopes set line = $2 where number = $1",
    packed: true,
};
const LATEST_AT_THE_HUB: Place = Place {
    read: "select number, line from envelopes where kind = $1 order by number desc limit 1",
    write: AT_THE_HUB.write,
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
const FLIPS: [&str; 5] = [
    "",
    r#""payload":""#,
    r#""sig":""#,
    r#""tree":""#,
    r#""keyid":""#,
];

/// Flips one bit of a kept line, behind these words.
async fn flip(db: &Db, place: Place, of: &impl Display, behind: &str) {
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

/// What the hub says is damaged: whose, and where in the chain.
async fn damaged_at(fleet: &Fleet) -> Vec<(String, u64)> {
    let known = lapor_hub::restored::read(fleet.hub.hub()).await.unwrap();
    let damaged = known.damaged.into_iter();
    damaged.map(|of| (of.author.to_string(), of.seq)).collect()
}

async fn flip_at_the_hub(fleet: &Fleet, case: CaseId, behind: &str) {
    let db = fleet.hub.db().await;
    flip(&db, AT_THE_HUB, &case, behind).await;
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
        flip_at_the_hub(&fleet, bad, FLIPS[1]).await;
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
        flip_at_the_hub(&fleet, bad, FLIPS[0]).await;
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
async fn a_signature_that_the_hub_has_damaged_is_blamed_on_its_disk_and_comes_once_more() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let [bandung, pusat] = ["kota-bandung", "pusat"].map(|slug| fleet.at(slug));
        let told = [(FLIPS[2], "signature_invalid"), (FLIPS[4], "key_unknown")];
        for (seq, (behind, reason)) in (1..).step_by(2).zip(told) {
            let bad = bandung.file(report("Lampu jalan padam")).await;
            let good = bandung.file(report("Jalan berlubang")).await;
            bandung.catch_up().await;
            flip_at_the_hub(&fleet, bad, behind).await;
            pusat.catch_up().await;
            assert!(pusat.knows(good).await);
            let is_aside = async || {
                let aside = pusat.node().set_aside(false, 10).await.unwrap();
                assert_eq!(aside.len(), 1, "{behind}");
                assert_eq!(aside[0].reason.as_deref(), Some(reason), "{behind}");
            };
            is_aside().await;
            let author = "kota-bandung".to_owned();
            assert_eq!(damaged_at(&fleet).await, [(author, seq)], "{behind}");

            // Asked for before it is mended it is what it was, and is asked for again.
            fleet.pass(MINUTE_MS);
            pusat.catch_up().await;
            is_aside().await;
            bandung.link().report_health().await.unwrap();
            assert!(damaged_at(&fleet).await.is_empty(), "{behind}");
            fleet.pass(MINUTE_MS);
            fleet.settle().await;
            assert_eq!(pusat.view(bad).await.case_seq, 1, "{behind}");
            let left = pusat.node().set_aside(true, 10).await.unwrap();
            assert!(left.is_empty(), "{behind}: {left:?}");
        }
        fleet.ends_well().await;
    }
}

/// Flips bits of messages at the hub, each behind these words, and gives what stood there.
async fn flip_all_at_the_hub(fleet: &Fleet, flips: &[(CaseId, &str)]) -> Vec<(i64, String)> {
    let db = fleet.hub.db().await;
    let mut whole = Vec::new();
    for (case, behind) in flips {
        whole.push(AT_THE_HUB.read(&db, case).await);
        flip(&db, AT_THE_HUB, case, behind).await;
    }
    db.close().await;
    whole
}

/// The disk gives back what it was given.
async fn mend_at_the_hub(fleet: &Fleet, whole: Vec<(i64, String)>) {
    let db = fleet.hub.db().await;
    for (number, line) in whole {
        AT_THE_HUB.write(&db, number, &line).await;
    }
    db.close().await;
}

#[tokio::test]
async fn own_messages_that_the_hub_has_damaged_do_not_cut_off_whom_a_restore_took_back_before_them()
{
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let bandung = fleet.at("kota-bandung");
        bandung.file(report("Jalan berlubang")).await;
        fleet.settle().await;
        let folder = tempfile::tempdir().unwrap();
        bandung.back_up(folder.path()).await;
        let (mut good, mut flips) = (Vec::new(), Vec::new());
        // Two with which no page can begin, two that nobody has signed, and one at the very end.
        for behind in [
            Some(FLIPS[1]),
            Some(FLIPS[0]),
            None,
            Some(FLIPS[2]),
            None,
            Some(FLIPS[4]),
            None,
            Some(FLIPS[1]),
        ] {
            let case = bandung.file(report("Lampu jalan padam")).await;
            fleet.settle().await;
            match behind {
                Some(behind) => flips.push((case, behind)),
                None => good.push(case),
            }
        }
        let whole = flip_all_at_the_hub(&fleet, &flips).await;

        let database = fleet.database().await;
        let bandung = fleet.at_mut("kota-bandung");
        bandung.stop().await;
        bandung.restore(folder.path(), database).await;
        bandung.start().await;
        fleet.settle().await;
        let [bandung, pusat] = ["kota-bandung", "pusat"].map(|slug| fleet.at(slug));
        let told = bandung.node().status().await.unwrap();
        assert_eq!(
            (told.restored, told.alarm, told.outbox.epoch),
            (None, None, 2)
        );
        let more = bandung.file(report("Banjir")).await;
        fleet.settle().await;
        assert_eq!(pusat.state(more).await, State::Received);
        pusat.recall(good[0]).await;
        fleet.settle().await;
        assert_eq!(
            bandung.view(good[0]).await.case_seq,
            2,
            "it hears of others"
        );
        for case in &good[1..] {
            assert_eq!(bandung.view(*case).await.case_seq, 1);
        }
        let waiting = bandung.node().status().await.unwrap().inbox.waiting;
        assert_eq!(waiting, flips.len() as u64, "only their own cases wait");

        // Asked for in vain they are asked for again.
        fleet.pass(MINUTE_MS);
        fleet.settle().await;
        mend_at_the_hub(&fleet, whole).await;
        fleet.pass(2 * MINUTE_MS);
        fleet.settle().await;
        let bandung = fleet.at("kota-bandung");
        for (case, behind) in flips {
            let seen = bandung.view(case).await;
            assert_eq!((seen.case_seq, seen.key), (1, KeyState::Held), "{behind}");
        }
        assert_eq!(count(bandung.node().db(), UNCOVERED).await, 0);
        assert_eq!(epoch(bandung).await, 2);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_draft_of_before_a_restore_that_the_hub_holds_damaged_gets_its_place_once_it_is_whole() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let bandung = fleet.at("kota-bandung");
        let bad = bandung.file(report("Lampu jalan padam")).await;
        let folder = tempfile::tempdir().unwrap();
        bandung.back_up(folder.path()).await;
        fleet.settle().await;
        let whole = flip_all_at_the_hub(&fleet, &[(bad, FLIPS[2])]).await;

        let database = fleet.database().await;
        let bandung = fleet.at_mut("kota-bandung");
        bandung.stop().await;
        bandung.restore(folder.path(), database).await;
        bandung.start().await;
        fleet.settle().await;
        let [bandung, pusat] = ["kota-bandung", "pusat"].map(|slug| fleet.at(slug));
        assert_eq!(epoch(bandung).await, 2);
        // Sent once more it is another envelope of the same message, which has had its effect.
        assert_eq!(bandung.node().status().await.unwrap().outbox.unsent, 0);
        assert_eq!(pusat.view(bad).await.case_seq, 1);

        mend_at_the_hub(&fleet, whole).await;
        fleet.pass(MINUTE_MS);
        fleet.settle().await;
        let bandung = fleet.at("kota-bandung");
        assert_eq!(bandung.view(bad).await.case_seq, 1);
        let told = bandung.node().status().await.unwrap();
        assert_eq!((told.alarm, told.outbox.epoch), (None, 3));
        let more = bandung.file(report("Banjir")).await;
        fleet.settle().await;
        assert_eq!(fleet.at("pusat").state(more).await, State::Received);
        fleet.ends_well().await;
    }
}

/// The edition of the calendar by which the figures of the hub are counted, once they are in step.
async fn counted_by(fleet: &Fleet) -> String {
    let hub = fleet.hub.hub();
    while casework::step(hub).await.unwrap().is_some() {}
    let mut tx = hub.ground.db.read().await.unwrap();
    let counted = state::read(&mut tx, state::CASEWORK_CALENDAR).await;
    tx.rollback().await.unwrap();
    counted.unwrap().unwrap()
}

/// Editions of the calendar that the hub cannot read.
async fn unread_calendars(fleet: &Fleet) -> usize {
    let editions = Editions::read(&fleet.hub.hub().ground).await.unwrap();
    let mut shelves = editions.shelves.into_iter();
    let shelf = shelves.find(|shelf| shelf.what == What::Calendar);
    shelf.unwrap().damaged
}

#[tokio::test]
async fn the_calendar_before_stands_in_for_one_that_is_damaged_at_the_hub_until_it_comes_again() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let [bandung, pusat] = ["kota-bandung", "pusat"].map(|slug| fleet.at(slug));
        for edition in ["2026.1", "2026.2"] {
            let calendar = holidays::read(holidays::FIRST_EDITION, edition).unwrap();
            let body = Body::CalendarUpdated(calendar);
            pusat.node().publish(body, "meja").await.unwrap();
            pusat.catch_up().await;
        }
        let before = bandung.file(report("Jalan berlubang")).await;
        fleet.settle().await;
        assert_eq!(counted_by(&fleet).await, "2026.2");
        assert_eq!(unread_calendars(&fleet).await, 0);

        let db = fleet.hub.db().await;
        flip(&db, LATEST_AT_THE_HUB, &"calendar.updated", FLIPS[1]).await;
        db.close().await;
        let after = bandung.file(report("Pohon tumbang")).await;
        fleet.settle().await;
        assert_eq!(counted_by(&fleet).await, "2026.1");
        assert_eq!(unread_calendars(&fleet).await, 1);
        for case in [before, after] {
            let seen = skeleton::read(fleet.hub.hub(), case).await.unwrap();
            assert!(seen.is_some(), "{case}");
        }
        assert_eq!(damaged_at(&fleet).await, [("pusat".to_owned(), 2)]);

        pusat.link().report_health().await.unwrap();
        assert!(damaged_at(&fleet).await.is_empty());
        assert_eq!(counted_by(&fleet).await, "2026.2");
        assert_eq!(unread_calendars(&fleet).await, 0);
        fleet.ends_well().await;
    }
}
