//! Own messages that were set aside and are sent again while the line is down and others have their places
//! already: they come behind those, and nothing counts as taken that no receipt covers.

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use lapor_migrations::on;
use lapor_node::sync::LinkError;
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::{CaseId, Digest, Position};
use lapor_protocol::message::Message;
use lapor_protocol::receipt::Receipt;
use lapor_tests::fleet::member::{BANDUNG, PUSAT};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{Fleet, Institution, Weather, kinds};

use crate::quarantine::{MEND, SPOIL, write};

const FOLLOW_UP: &str = "case.followed_up";
/// Where a line is kept stand other bytes.
const DAMAGE: &str = "update outbox_lines
    set line = (select envelope_id from outbox where outbox.number = outbox_lines.number)
    where number in (select number from outbox where kind = $1 and case_id = $2)";
/// A disk gives back other bytes of a draft.
const UNREADABLE: &str = "update outbox_drafts set draft = 'x'
    where number in (select number from outbox where kind = $1 and case_id = $2)";
/// As a version of before left what was sealed behind such a draft.
const LEFT_BEHIND: &str = "update outbox set state = 'quarantined', reason = 'waits_for_earlier'
    where kind = $1 and case_id = $2";
/// The order in the chain of the seven messages of a round, numbered as they are written: the two that
/// were set aside come behind the four that were sealed meanwhile, and before the one written last.
const IN_CHAIN: [usize; 7] = [2, 3, 4, 5, 0, 1, 6];

/// An own message as its node keeps it.
#[derive(sqlx::FromRow)]
struct Own {
    message_id: String,
    state: String,
    epoch: Option<i64>,
    seq: Option<i64>,
    envelope_id: Option<Vec<u8>>,
}

impl Own {
    fn place(&self) -> Option<Position> {
        let (epoch, seq) = self.epoch.zip(self.seq)?;
        Some(Position {
            epoch: epoch as u32,
            seq: seq as u64,
        })
    }
}

/// The messages of an institution, as they were written.
async fn written(at: &Institution) -> Vec<Own> {
    const SQL: &str =
        "select message_id, state, epoch, seq, envelope_id from outbox order by number";
    let mut tx = at.node().db().read().await.unwrap();
    on!(&mut tx, c => sqlx::query_as(SQL).fetch_all(c).await).unwrap()
}

/// Its latest seven in the order in which they must stand in the chain: each is in this state, and they
/// have the open epoch to themselves, without a gap.
async fn chained(at: &Institution, state: &str) -> Vec<String> {
    let epoch = at.node().status().await.unwrap().outbox.epoch as u32;
    let all = written(at).await;
    let round = &all[all.len() - IN_CHAIN.len()..];
    for (one, seq) in IN_CHAIN.map(|number| &round[number]).into_iter().zip(1..) {
        let stands = (one.state.as_str(), one.place());
        assert_eq!(stands, (state, Some(Position { epoch, seq })));
    }
    let ids = IN_CHAIN.map(|number| round[number].message_id.clone());
    ids.into()
}

/// What counts as taken is what receipts cover, and each of these is about what stands there.
async fn what_is_taken_is_covered(at: &Institution) {
    const SQL: &str = "select line from receipts";
    let mut tx = at.node().db().read().await.unwrap();
    let lines: Vec<String> = on!(&mut tx, c => sqlx::query_scalar(SQL).fetch_all(c).await).unwrap();
    drop(tx);
    let all = written(at).await;
    let placed = all.iter().filter_map(|one| {
        let id = <[u8; 32]>::try_from(one.envelope_id.as_deref()?).ok()?;
        Some((one.place()?, Digest::new(id)))
    });
    let placed: BTreeMap<Position, Digest> = placed.collect();
    let mut covered = BTreeSet::new();
    for line in lines {
        let payload = Envelope::parse(line.as_bytes()).unwrap().payload;
        let receipt: Receipt = serde_json::from_slice(&payload).unwrap();
        let epoch = receipt.epoch;
        let [from, to] = [receipt.from, receipt.to].map(|seq| Position { epoch, seq });
        let about = placed.range(from..=to);
        let ids: Vec<Digest> = about.clone().map(|(_, id)| *id).collect();
        receipt.covers(&ids).unwrap();
        covered.extend(about.map(|(place, _)| *place));
    }
    let taken = all
        .iter()
        .filter(|one| ["accepted", "ruled"].contains(&one.state.as_str()));
    let taken: BTreeSet<Position> = taken.map(|one| one.place().unwrap()).collect();
    assert_eq!(taken, covered);
}

/// The messages of Bandung that the hub holds, in the order of their chain.
async fn at_the_hub(fleet: &Fleet) -> Vec<String> {
    let status = fleet.at("kota-bandung").node().status().await.unwrap();
    let author = fleet.id("kota-bandung");
    let mut tx = fleet.hub.hub().ground.db.read().await.unwrap();
    let mut held = Vec::new();
    for epoch in 1..=status.outbox.epoch as u32 {
        let lines = lapor_hub::store::envelopes::lines(&mut tx, &author, epoch, 0, 100, 1 << 20);
        for (_, line) in lines.await.unwrap() {
            let payload = Envelope::parse(line.as_bytes()).unwrap().payload;
            held.push(Message::parse(&payload).unwrap().header.id.to_string());
        }
    }
    held
}

/// Of three cases a disk has damaged what is to be sent of the first, the hub refuses what is sent of the
/// second, and nothing is wrong with the third.
async fn two_are_set_aside(fleet: &Fleet) -> [CaseId; 3] {
    let bandung = fleet.at("kota-bandung");
    let damaged = bandung.file(report("Lampu jalan padam")).await;
    let refused = bandung.file(report("Trotoar rusak")).await;
    let good = bandung.file(report("Jalan berlubang")).await;
    fleet.settle().await;
    bandung.follow_up(damaged, "Diperiksa.").await;
    bandung.line().lose_calls(Method::POST, "/outbox", 1);
    bandung.link().push().await.unwrap_err();
    write(bandung, DAMAGE, FOLLOW_UP, damaged).await;
    bandung.follow_up(refused, "Diperiksa.").await;
    write(bandung, SPOIL, FOLLOW_UP, refused).await;
    fleet.settle().await;
    let aside = bandung.node().set_aside(false, 10).await.unwrap();
    let why = aside.iter().map(|one| (one.case, one.reason.as_deref()));
    let expected = [
        (Some(damaged), Some("bytes_damaged")),
        (Some(refused), Some("header_invalid")),
    ];
    assert_eq!(why.collect::<Vec<_>>(), expected);
    // As after an upgrade of the node.
    write(bandung, MEND, FOLLOW_UP, refused).await;
    [damaged, refused, good]
}

/// Without a line others are written and sealed, then the two are sent again and sealed with one more.
async fn works_on_without_a_line(bandung: &Institution, good: CaseId) {
    bandung.line().weather(Weather::CUT);
    bandung.follow_up(good, "Dicatat.").await;
    bandung.follow_up(good, "Diperiksa.").await;
    bandung.file(report("Pohon tumbang")).await;
    bandung.follow_up(good, "Dikerjakan.").await;
    seals_in_vain(bandung).await;
    for one in bandung.node().set_aside(false, 10).await.unwrap() {
        bandung.node().replay(one.id, "budi").await.unwrap();
    }
    bandung.follow_up(good, "Selesai besok.").await;
    seals_in_vain(bandung).await;
}

async fn seals_in_vain(at: &Institution) {
    let pushed = at.link().push().await;
    assert!(
        matches!(pushed, Err(LinkError::Unreachable(_))),
        "{pushed:?}"
    );
    what_is_taken_is_covered(at).await;
}

/// The processes of hub and node, which sends two messages a batch from now on, over a line that is whole.
async fn begin_anew(fleet: &mut Fleet) {
    fleet.restart_hub().await;
    let bandung = fleet.at_mut("kota-bandung");
    bandung.stop().await;
    bandung.settings.link.batch = 2;
    bandung.start().await;
}

#[tokio::test]
async fn what_is_sent_again_while_the_line_is_down_comes_behind_what_was_sealed_before_it() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        for all_begin_anew in [false, true] {
            let [damaged, refused, good] = two_are_set_aside(&fleet).await;
            let before = at_the_hub(&fleet).await;
            works_on_without_a_line(fleet.at("kota-bandung"), good).await;
            let sealed = chained(fleet.at("kota-bandung"), "sealed").await;
            assert_eq!(at_the_hub(&fleet).await, before);

            if all_begin_anew {
                begin_anew(&mut fleet).await;
            }
            let [bandung, pusat] = ["kota-bandung", "pusat"].map(|slug| fleet.at(slug));
            bandung.line().weather(Weather::CLEAR);
            assert_eq!(bandung.link().push().await.unwrap(), IN_CHAIN.len());
            assert_eq!(chained(bandung, "accepted").await, sealed);
            what_is_taken_is_covered(bandung).await;
            fleet.settle().await;
            assert_eq!(chained(bandung, "ruled").await, sealed);
            what_is_taken_is_covered(bandung).await;
            assert_eq!(at_the_hub(&fleet).await, [before, sealed].concat());
            let outbox = bandung.node().status().await.unwrap().outbox;
            let left = (outbox.unsent, outbox.quarantined, outbox.accepted);
            assert_eq!(left, (0, 0, 7));
            for (case, place) in [(damaged, 2), (refused, 2), (good, 5)] {
                assert_eq!(pusat.view(case).await.case_seq, place);
            }
        }
        let report = fleet.invariants().await;
        let applied = ["report.filed", FOLLOW_UP].map(|kind| report.applied[kind]);
        assert_eq!(applied, [8, 12]);
        fleet.ends_well().await;
    }
}

/// Why messages of an institution are set aside, oldest first.
async fn why_aside(at: &Institution) -> Vec<String> {
    let aside = at.node().set_aside(false, 10).await.unwrap();
    let why = aside.into_iter().map(|one| one.reason.unwrap());
    why.collect()
}

#[tokio::test]
async fn what_is_sealed_goes_out_though_nobody_can_read_what_is_sent_again_before_it() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let [bandung, pusat] = ["kota-bandung", "pusat"].map(|slug| fleet.at(slug));
        let case = bandung.file(report("Lampu jalan padam")).await;
        fleet.settle().await;
        bandung.follow_up(case, "Diperiksa.").await;
        write(bandung, UNREADABLE, FOLLOW_UP, case).await;
        fleet.settle().await;
        let aside = bandung.node().set_aside(false, 10).await.unwrap();
        assert_eq!(why_aside(bandung).await, ["draft_unreadable"]);

        bandung.line().weather(Weather::CUT);
        bandung.follow_up(case, "Dicatat.").await;
        seals_in_vain(bandung).await;
        bandung.node().replay(aside[0].id, "budi").await.unwrap();
        bandung.follow_up(case, "Dikerjakan.").await;
        seals_in_vain(bandung).await;
        let why = ["draft_unreadable", "waits_for_earlier"];
        assert_eq!(why_aside(bandung).await, why);

        bandung.line().weather(Weather::CLEAR);
        assert_eq!(bandung.link().push().await.unwrap(), 1);
        bandung.follow_up(case, "Selesai besok.").await;
        fleet.settle().await;
        assert_eq!(why_aside(bandung).await, why);
        assert_eq!(pusat.view(case).await.case_seq, 3);
        assert_eq!(bandung.node().status().await.unwrap().outbox.epoch, 1);
        what_is_taken_is_covered(bandung).await;

        for one in bandung.node().set_aside(false, 10).await.unwrap() {
            let done = bandung.node().refuse(one.id, "rusak", "budi").await;
            done.unwrap();
        }
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_hole_that_a_version_of_before_left_in_the_chain_ends_with_the_epoch() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let [bandung, pusat] = ["kota-bandung", "pusat"].map(|slug| fleet.at(slug));
        let bad = bandung.file(report("Lampu jalan padam")).await;
        let good = bandung.file(report("Jalan berlubang")).await;
        fleet.settle().await;
        bandung.line().weather(Weather::CUT);
        bandung.follow_up(bad, "Dicatat.").await;
        seals_in_vain(bandung).await;
        write(bandung, LEFT_BEHIND, FOLLOW_UP, bad).await;
        bandung.follow_up(good, "Dicatat.").await;
        seals_in_vain(bandung).await;
        bandung.line().weather(Weather::CLEAR);
        fleet.settle().await;
        assert_eq!(pusat.view(good).await.case_seq, 2);
        assert_eq!(bandung.node().status().await.unwrap().outbox.epoch, 2);
        what_is_taken_is_covered(bandung).await;

        let aside = bandung.node().set_aside(false, 10).await.unwrap();
        bandung.node().replay(aside[0].id, "budi").await.unwrap();
        fleet.settle().await;
        assert!(why_aside(bandung).await.is_empty());
        assert_eq!(pusat.view(bad).await.case_seq, 2);
        assert_eq!(bandung.node().status().await.unwrap().outbox.epoch, 2);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn what_waits_for_a_damaged_message_goes_out_once_the_hub_turns_out_to_have_that() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let [bandung, pusat] = ["kota-bandung", "pusat"].map(|slug| fleet.at(slug));
        let case = bandung.file(report("Lampu jalan padam")).await;
        fleet.settle().await;
        bandung.follow_up(case, "Diperiksa.").await;
        bandung.line().lose_answers(Method::POST, "/outbox", 1);
        bandung.link().push().await.unwrap_err();
        write(bandung, DAMAGE, FOLLOW_UP, case).await;
        bandung.follow_up(case, "Dikerjakan.").await;
        // Heads are compared, and another epoch is asked for in vain.
        bandung.line().lose_calls(Method::POST, "/epochs", 1);
        bandung.link().push().await.unwrap_err();
        assert_eq!(
            why_aside(bandung).await,
            ["bytes_damaged", "waits_for_earlier"]
        );
        bandung.follow_up(case, "Selesai besok.").await;
        assert_eq!(bandung.link().push().await.unwrap(), 2);
        assert!(why_aside(bandung).await.is_empty());
        assert_eq!(bandung.view(case).await.summary.pending, 3);
        fleet.settle().await;
        assert_eq!(pusat.view(case).await.case_seq, 4);
        what_is_taken_is_covered(bandung).await;
        let ids = written(bandung).await.into_iter().map(|own| own.message_id);
        assert_eq!(at_the_hub(&fleet).await, ids.collect::<Vec<_>>());
        fleet.ends_well().await;
    }
}
