//! Members whose own disks have damaged some of what a restored hub wants back.

use lapor_hub::restored::Stage;
use lapor_migrations::Db;
use lapor_protocol::ids::CaseId;
use lapor_tests::fleet::member::{BANDUNG, KEMENPU, PUSAT};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{Fleet, kinds};

use super::{all_call, backed_up, found, is_covered};
use crate::kept::Place;

type Spoils = fn(&str) -> String;

const ITEM: Place = Place {
    read: "select dseq, item from inbox where stream = 'inbox' and case_id = $1",
    write: "update inbox set item = $2 where stream = 'inbox' and dseq = $1",
    packed: false,
};
const OWN: Place = Place {
    read: "select own.number, sent.line from outbox own join outbox_lines sent on sent.number = own.number
     where own.case_id = $1",
    write: "update outbox_lines set line = $2 where number = $1",
    packed: true,
};

/// Puts another text in the place of a kept one. Returns its number and what stood there.
async fn spoil(db: &Db, place: Place, case: CaseId, spoils: Spoils) -> (i64, String) {
    let kept = place.read(db, &case).await;
    let text = spoils(&kept.1);
    assert_ne!(text, kept.1);
    place.write(db, kept.0, &text).await;
    kept
}

/// As a disk may leave it: no JSON any more.
fn torn(text: &str) -> String {
    format!("x{}", &text[1..])
}

/// It can be read still, and says something else.
fn turned(item: &str) -> String {
    item.replacen(r#""effect":"applied""#, r#""effect":"stale""#, 1)
}

/// The bytes that were signed, under a signature that is none of theirs.
fn unsigned(line: &str) -> String {
    let at = line.find(r#""sig":""#).unwrap() + r#""sig":""#.len();
    let other = if line[at..].starts_with('A') {
        "B"
    } else {
        "A"
    };
    format!("{}{other}{}", &line[..at], &line[at + 1..])
}

#[tokio::test]
async fn what_a_member_holds_damaged_ends_one_stream_or_chain_and_the_others_bring_the_rest() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let old = fleet.at("kota-bandung").file(report("Jalan rusak")).await;
        let folder = backed_up(&fleet).await;
        fleet.at("pusat").recall(old).await;
        fleet.settle().await;
        let mut cases = Vec::new();
        for title in ["Lampu jalan padam", "Jalan berlubang", "Pohon tumbang"] {
            cases.push(fleet.at("kota-bandung").file(report(title)).await);
        }
        fleet.settle().await;
        let [first, second, third] = [cases[0], cases[1], cases[2]];
        let theirs = fleet.at("kemenpu").file(report("Jembatan retak")).await;
        fleet.settle().await;

        let [bandung, kemenpu, pusat] =
            ["kota-bandung", "kemenpu", "pusat"].map(|slug| fleet.at(slug).node().db().clone());
        let kept: [(&Db, Place, CaseId, Spoils); 3] = [
            (&pusat, ITEM, first, turned),
            (&bandung, OWN, second, unsigned),
            (&kemenpu, ITEM, theirs, torn),
        ];
        let mut whole = Vec::new();
        for (db, place, case, spoils) in kept {
            whole.push((db, place, spoil(db, place, case, spoils).await));
        }

        fleet.restore_hub(folder.path()).await;
        all_call(&fleet).await;
        let is = found(&fleet).await;
        assert_eq!(is.stage, Stage::Lost, "{is:?}");
        let back = |slug: &str| {
            let member = is.members.iter().find(|member| member.id.as_str() == slug);
            let back = &member.unwrap().back;
            (back.items, back.messages, back.whole)
        };
        // Of the streams what stands behind the damaged item, and of a chain what stands before the
        // damaged message: a member that cannot prove all of it says that it is not whole.
        assert_eq!(back("pusat"), (3, 1, false));
        assert_eq!(back("kemenpu"), (0, 1, false));
        assert_eq!(back("kota-bandung"), (4, 1, false));

        // The reports that nobody else can prove are missing still: they come when the rows are mended.
        for (db, place, (number, text)) in whole {
            place.write(db, number, &text).await;
        }
        all_call(&fleet).await;
        let is = found(&fleet).await;
        assert_eq!((is.stage, is.stuck), (Stage::Still, None));
        fleet.settle().await;
        is_covered(&fleet).await;
        let pusat = fleet.at("pusat");
        for case in [first, second, third, theirs] {
            assert_eq!(pusat.view(case).await.case_seq, 1);
        }
        let more = fleet.at("kemenpu").file(report("Banjir")).await;
        fleet.settle().await;
        assert!(fleet.at("pusat").knows(more).await);
        fleet.ends_well().await;
    }
}
