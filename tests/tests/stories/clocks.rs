//! Clocks that are wrong: nothing is accepted, ordered or applied otherwise for
//! it (S18), and it is said.

use std::collections::BTreeMap;

use lapor_migrations::Kind;
use lapor_node::casework::CaseFilter;
use lapor_node::sync::LinkError;
use lapor_tests::fleet::member::{BANDUNG, KEMENPU, PUSAT};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{DAY_MS, Fleet, kinds};

const YEAR_MS: i64 = 365 * DAY_MS;
const SLUGS: [&str; 3] = ["pusat", "kota-bandung", "kemenpu"];

/// What became of every case at every institution, without ids and times.
type Decisions = BTreeMap<(&'static str, String), Vec<String>>;

/// Whose clock is wrong, by how much, and by how much it then jumps.
#[derive(Clone, Copy)]
struct Wrong {
    whose: &'static str,
    by_ms: i64,
    jump_ms: i64,
}

impl Wrong {
    fn moves(&self, fleet: &Fleet, by_ms: i64) {
        match self.whose {
            "hub" => fleet.clock.set_off(by_ms),
            slug => fleet.at(slug).clock().set_off(by_ms),
        }
    }

    /// How far ahead of the hub a node then is, if it is not in step with it.
    fn doubt_at(&self, slug: &str, off_ms: i64) -> Option<i64> {
        let ahead = match self.whose {
            "hub" => -off_ms,
            whose if whose == slug => off_ms,
            _ => 0,
        };
        Some(ahead).filter(|ahead| *ahead != 0)
    }

    fn is_doubted(&self, fleet: &Fleet, off_ms: i64) {
        for slug in SLUGS {
            let said = fleet.at(slug).link().state().clock_ahead_ms;
            assert_eq!(
                said,
                self.doubt_at(slug, off_ms),
                "{slug}, {} is off by {off_ms}",
                self.whose
            );
        }
    }
}

/// One course of events, with acts that get in each other's way, while a
/// clock is wrong and jumps.
async fn told(kind: Kind, wrong: Option<Wrong>) -> Decisions {
    let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
    let [pusat, bandung, kemenpu] = SLUGS.map(|slug| fleet.at(slug));
    let first = pusat.file(report("Jembatan retak")).await;
    pusat.dispose(first, "kemenpu").await;
    fleet.settle().await;
    if let Some(wrong) = wrong {
        wrong.moves(&fleet, wrong.by_ms);
        // The one page that waits was signed before; the next shows the new time.
        fleet.settle().await;
        wrong.is_doubted(&fleet, wrong.by_ms);
    }
    let second = bandung.file(report("Lampu jalan padam")).await;
    kemenpu.answer(first, "Diperbaiki.").await;
    // Neither has heard of the other's act; only the order at the hub decides.
    pusat.recall(first).await;
    fleet.settle().await;
    fleet.pass(DAY_MS);
    if let Some(wrong) = wrong {
        wrong.moves(&fleet, wrong.jump_ms);
        fleet.settle().await;
        wrong.is_doubted(&fleet, wrong.by_ms + wrong.jump_ms);
    }
    bandung.follow_up(second, "Dicatat.").await;
    pusat.recall(second).await;
    fleet.settle().await;
    pusat.note(first, "Selesai.").await;
    if let Some(wrong) = wrong {
        wrong.moves(&fleet, -wrong.by_ms - wrong.jump_ms);
        fleet.settle().await;
        wrong.is_doubted(&fleet, 0);
    }
    bandung.note(second, "Terakhir.").await;
    fleet.settle().await;
    let decisions = decisions(&fleet).await;
    fleet.ends_well().await;
    decisions
}

async fn decisions(fleet: &Fleet) -> Decisions {
    let mut all = Decisions::new();
    for slug in SLUGS {
        for case in fleet.at(slug).cases(&CaseFilter::default()).await {
            let view = fleet.at(slug).view(case.case).await;
            let ruled = view.history.iter().map(|entry| {
                let (author, kind) = (&entry.author, &entry.kind);
                format!(
                    "{:?} {kind} {author:?} {:?} {:?}",
                    entry.case_seq, entry.effect, entry.reason
                )
            });
            let now = format!("{:?} {:?}", case.state, case.custodian);
            let title = case.title.expect("a key");
            all.insert((slug, title), ruled.chain([now]).collect());
        }
    }
    all
}

/// A day and ten years off and then as far on the other side, a year at the hub, whose certificates
/// live no ten; and clocks that stand still for the day that goes by.
const WRONG: [(&str, i64, i64); 8] = [
    ("kota-bandung", 10 * YEAR_MS, -20 * YEAR_MS),
    ("kota-bandung", -DAY_MS, 2 * DAY_MS),
    ("kota-bandung", 0, -DAY_MS),
    ("pusat", -10 * YEAR_MS, 20 * YEAR_MS),
    ("pusat", DAY_MS, -2 * DAY_MS),
    ("hub", YEAR_MS, -2 * YEAR_MS),
    ("hub", -YEAR_MS, 2 * YEAR_MS),
    ("hub", 0, -DAY_MS),
];

#[tokio::test]
async fn a_clock_that_is_off_jumps_or_stands_still_changes_no_decision_and_is_said() {
    let kinds = kinds();
    let mut right = Vec::new();
    for kind in &kinds {
        right.push(Box::pin(told(*kind, None)).await);
    }
    assert!(right.iter().all(|told| told.len() == 4), "{right:?}");
    // By turns on each database, of which no decision asks.
    for (turn, (whose, by_ms, jump_ms)) in WRONG.into_iter().enumerate() {
        let on = turn % kinds.len();
        let wrong = Wrong {
            whose,
            by_ms,
            jump_ms,
        };
        let decided = Box::pin(told(kinds[on], Some(wrong))).await;
        assert_eq!(
            decided, right[on],
            "{whose} is off by {by_ms}, then {jump_ms}"
        );
    }
}

#[tokio::test]
async fn a_hub_that_wakes_up_a_year_ahead_lets_nobody_in_and_finds_all_in_step_once_it_is_put_right()
 {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let before = fleet.at("kota-bandung").file(report("Sebelum")).await;
        fleet.settle().await;
        fleet.hub.stop().await;
        fleet.clock.set_off(YEAR_MS);
        fleet.hub.start().await;
        let bandung = fleet.at("kota-bandung");
        let during = bandung.file(report("Selama")).await;
        bandung.follow_up(before, "Dicatat.").await;
        let refused = bandung.link().push().await;
        assert!(matches!(refused, Err(LinkError::Tls(_))), "{refused:?}");
        let said = bandung.link().state();
        assert!(!said.connected);
        assert!(
            said.problem
                .is_some_and(|problem| problem.contains("certificate"))
        );

        fleet.hub.stop().await;
        fleet.clock.set_off(-YEAR_MS);
        fleet.hub.start().await;
        fleet.settle().await;
        let pusat = fleet.at("pusat");
        assert_eq!(pusat.view(before).await.case_seq, 2);
        assert_eq!(pusat.view(during).await.case_seq, 1);
        fleet.ends_well().await;
    }
}
