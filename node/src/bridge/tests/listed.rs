//! New complaints of its list, brought by themselves.

use std::time::Duration;

use lapor_stand_ins::mood::Trouble;

use super::*;

const HOUR_MS: i64 = 3_600_000;

/// How many imports were kept.
async fn imports(bridge: &Bridge) -> usize {
    let runs = bridge.place.node.bridge_runs().await.unwrap();
    runs.iter().filter(|run| run.kind == "import").count()
}

#[tokio::test]
async fn new_complaints_of_the_list_are_brought_by_themselves_and_once() {
    for bridge in bridges().await {
        let node = &bridge.place.node;
        for id in 21..24 {
            bridge.sp4n.has(complaint(id, "Diproses"));
        }
        for _ in 0..2 {
            node.tend_bridge().await.unwrap();
            assert_eq!(cases(&bridge.place, None).await.len(), 3);
        }
        bridge.sp4n.has(complaint(24, "Selesai"));
        node.tend_bridge().await.unwrap();
        assert_eq!(cases(&bridge.place, None).await.len(), 4);
        let view = bridge.case("7654324").await;
        assert_eq!(view.summary.state, Some(State::Archived));
        assert_eq!(imports(&bridge).await, 2, "one that brings nothing is none");
    }
}

#[tokio::test]
async fn a_long_list_is_read_on_where_it_was_left() {
    for bridge in bridges().await {
        let node = &bridge.place.node;
        // Two are on a page, and ten pages are read in one go.
        for id in 10..34 {
            bridge.sp4n.has(complaint(id, "Belum Terverifikasi"));
        }
        for expected in [20, 24] {
            node.tend_bridge().await.unwrap();
            assert_eq!(cases(&bridge.place, None).await.len(), expected);
        }
        bridge.sp4n.has(complaint(34, "Belum Terverifikasi"));
        for expected in [24, 25] {
            node.tend_bridge().await.unwrap();
            assert_eq!(cases(&bridge.place, None).await.len(), expected);
        }
    }
}

#[tokio::test]
async fn an_outage_puts_new_complaints_off() {
    for bridge in bridges().await {
        let node = &bridge.place.node;
        bridge.sp4n.has(complaint(21, "Diproses"));
        bridge.sp4n.mood.is_away(true);
        let failed = node.tend_bridge().await.unwrap_err();
        assert!(failed.to_string().contains("502"), "{failed}");
        bridge.sp4n.mood.is_away(false);
        // The list is told, and then nothing.
        bridge
            .sp4n
            .mood
            .orders([Trouble::Slow(Duration::ZERO), Trouble::Busy(60)]);
        let failed = node.tend_bridge().await.unwrap_err();
        assert!(failed.to_string().contains("429"), "{failed}");
        assert_eq!(cases(&bridge.place, None).await, []);
        node.tend_bridge().await.unwrap();
        assert_eq!(cases(&bridge.place, None).await.len(), 1);
    }
}

#[tokio::test]
async fn a_complaint_that_is_not_told_comes_behind_the_others() {
    for bridge in bridges().await {
        let node = &bridge.place.node;
        for id in [21, 22] {
            bridge.sp4n.has(complaint(id, "Diproses"));
        }
        // The list is told.
        let told = Trouble::Slow(Duration::ZERO);
        bridge.sp4n.mood.orders([told, Trouble::Fails(500)]);
        let failed = node.tend_bridge().await.unwrap_err();
        assert!(failed.to_string().contains("500"), "{failed}");
        assert_eq!(cases(&bridge.place, None).await.len(), 1);
        node.tend_bridge().await.unwrap();
        assert_eq!(cases(&bridge.place, None).await.len(), 1);
        bridge.place.clock.advance(24 * HOUR_MS);
        node.tend_bridge().await.unwrap();
        assert_eq!(cases(&bridge.place, None).await.len(), 2);
    }
}

#[tokio::test]
async fn an_import_whose_list_is_not_told_stands_among_the_runs() {
    for mut bridge in bridges().await {
        let asks = async |bridge: &Bridge, dry| {
            let node = &bridge.place.node;
            let mut still = |_: usize, _: usize| ();
            let asked = node.bridge_import(&Source::List, terms(dry), false, &mut still);
            asked.await.unwrap_err().to_string()
        };
        bridge.sp4n.mood.is_away(true);
        let said = asks(&bridge, true).await;
        assert!(said.contains("502"), "{said}");
        assert_eq!(imports(&bridge).await, 0, "a trial is kept nowhere");
        assert_eq!(asks(&bridge, false).await, said);
        let latest = async |bridge: &Bridge| {
            let runs = bridge.place.node.bridge_runs().await.unwrap();
            let latest = runs.into_iter().find(|run| run.kind == "import").unwrap();
            (latest.counts, latest.problem.unwrap())
        };
        assert_eq!(latest(&bridge).await, ("nothing to do".to_owned(), said));
        bridge.sp4n.mood.is_away(false);
        bridge.place.settings.bridge.list_path = Some("daftar".into());
        bridge.place.node = bridge.place.reopened().await;
        bridge.place.clock.advance(HOUR_MS);
        asks(&bridge, false).await;
        let (_, problem) = latest(&bridge).await;
        assert!(problem.starts_with("bridge.list_path: "), "{problem}");
    }
}

#[tokio::test]
async fn what_cannot_be_brought_is_asked_for_again_the_next_day() {
    for bridge in bridges().await {
        let node = &bridge.place.node;
        let mut broken = complaint(21, "Diproses");
        broken["title"] = json!("x".repeat(301));
        bridge.sp4n.has(broken);
        bridge.sp4n.has(complaint(22, "Diproses"));
        for _ in 0..2 {
            node.tend_bridge().await.unwrap();
            assert_eq!(cases(&bridge.place, None).await.len(), 1);
        }
        assert_eq!(imports(&bridge).await, 1);
        bridge.sp4n.has(complaint(21, "Diproses"));
        bridge.place.clock.advance(24 * HOUR_MS);
        node.tend_bridge().await.unwrap();
        assert_eq!(cases(&bridge.place, None).await.len(), 2);
    }
}

#[tokio::test]
async fn a_list_that_is_not_there_holds_up_nothing_else() {
    for mut bridge in bridges().await {
        bridge.place.settings.bridge.list_path = Some("daftar".into());
        bridge.place.node = bridge.place.reopened().await;
        bridge.sp4n.has(complaint(21, "Diproses"));
        bridge.brings(21).await;
        let answer = said(3, "Pemerintah Kota Bandung", "reply", "Sudah menyala.");
        bridge.sp4n.says(21, answer);
        bridge.place.clock.advance(4 * HOUR_MS);
        let failed = bridge.place.node.tend_bridge().await.unwrap_err();
        assert!(failed.to_string().contains("bridge.list_path"), "{failed}");
        let view = bridge.case("7654321").await;
        assert_eq!(view.summary.state, Some(State::InProgress));
    }
}

#[tokio::test]
async fn complaints_of_before_a_restore_are_brought_once_somebody_asks_for_them() {
    for bridge in bridges().await {
        let node = &bridge.place.node;
        bridge.sp4n.has(complaint(21, "Diproses"));
        node.seems_restored().await;
        node.tend_bridge().await.unwrap();
        assert_eq!(cases(&bridge.place, None).await, []);
        assert_eq!(imports(&bridge).await, 1, "it says why");
        bridge.brings(21).await;
        assert_eq!(cases(&bridge.place, None).await.len(), 1);
        let mut later = complaint(22, "Diproses");
        later["created_at"] = json!("22-09-2026 08:00:00");
        bridge.sp4n.has(later);
        node.tend_bridge().await.unwrap();
        assert_eq!(cases(&bridge.place, None).await.len(), 2);
    }
}
