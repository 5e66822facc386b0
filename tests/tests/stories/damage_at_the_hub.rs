//! The disk of the hub gives back other rows than it was given: nobody is told
//! what it damaged, its author sends it once more, and until then nobody is cut
//! off who needs it, not even whoever was restored behind it.

use lapor_hub::casework::{self, skeleton};
use lapor_hub::editions::{Editions, What};
use lapor_hub::store::state;
use lapor_node::casework::KeyState;
use lapor_protocol::case::State;
use lapor_protocol::ids::CaseId;
use lapor_protocol::kinds::Body;
use lapor_protocol::problem::Code;
use lapor_protocol::receipt::Stream;
use lapor_tests::fleet::member::{BANDUNG, KEMENPU, PUSAT};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{Fleet, kinds};
use lapor_web::holidays;

use crate::damage::{FLIPS, MINUTE_MS, flip};
use crate::kept::Place;
use crate::restores::{UNCOVERED, count, epoch};

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
