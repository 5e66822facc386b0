//! What this institution answers, handed over.

use std::sync::Arc;

use super::*;
use crate::bridge::export::{self, Handing, Told};
use crate::channels::tests::ruled;
use crate::store;
use crate::testing::{PaperHub, acts};

const HOUR_MS: i64 = 3_600_000;

pub(super) async fn answers(bridge: &Bridge, hub: &Arc<PaperHub>, tracking: &str, text: &str) {
    let case = bridge.case(tracking).await.summary.case;
    let words = Some(json!({"text": text}));
    let body = json!({"proposes_to_close": false});
    acts(&bridge.place, case, "case.followed_up", body, words).await;
    ruled(&bridge.place, hub).await;
}

#[tokio::test]
async fn an_answer_is_handed_over_once_when_the_hub_has_ruled_it() {
    for bridge in bridges().await {
        let hub = PaperHub::of(&bridge.place);
        bridge.sp4n.has(complaint(21, "Diproses"));
        bridge.sp4n.says(
            21,
            said(
                3,
                "Pemerintah Kota Bandung",
                "reply",
                "Petugas datang Rabu.",
            ),
        );
        bridge.brings(21).await;
        ruled(&bridge.place, &hub).await;
        assert_eq!(
            bridge.hands_over(false).await.lines,
            [],
            "what came from there stays there"
        );
        let case = bridge.case("7654321").await.summary.case;
        let words = Some(json!({"text": "Sudah menyala."}));
        acts(&bridge.place, case, "case.followed_up", json!({}), words).await;
        assert_eq!(
            bridge.hands_over(false).await.lines,
            [],
            "the hub has not ruled it"
        );
        ruled(&bridge.place, &hub).await;
        let tried = bridge.hands_over(true).await;
        assert_eq!(bridge.sp4n.taken().len(), 0);
        assert_eq!(bridge.hands_over(false).await, tried);
        assert_eq!(tried.summary(), "1 sent");
        let taken = bridge.sp4n.taken();
        let field = |name: &str| taken[0][name].as_str();
        assert_eq!(
            (field("complaint_id"), field("content")),
            ("21", "Sudah menyala.")
        );
        assert_eq!(field("institution_from_id"), "11");
        assert_eq!(bridge.hands_over(false).await.lines, []);
        let followed = bridge.follows(Which::All, false).await.unwrap();
        assert_eq!(followed.summary(), "1 unchanged", "it does not come back");
        assert_eq!(bridge.sp4n.taken().len(), 1);
    }
}

#[tokio::test]
async fn an_answer_whose_way_broke_is_looked_for_before_it_is_said_again() {
    for bridge in bridges().await {
        let hub = PaperHub::of(&bridge.place);
        for id in [21, 22] {
            bridge.sp4n.has(complaint(id, "Diproses"));
            bridge.brings(id).await;
        }
        ruled(&bridge.place, &hub).await;
        answers(&bridge, &hub, "7654321", "Sudah menyala.").await;
        answers(&bridge, &hub, "7654322", "Kabel diganti.").await;
        bridge.sp4n.loses_answer();
        let cut = bridge.hands_over(false).await;
        assert!(cut.interrupted.unwrap().contains("502"));
        assert_eq!(bridge.sp4n.taken().len(), 1);
        bridge.sp4n.mood.is_away(true);
        assert!(bridge.hands_over(false).await.interrupted.is_some());
        bridge.sp4n.mood.is_away(false);
        assert_eq!(bridge.hands_over(false).await.summary(), "2 sent");
        let taken = bridge.sp4n.taken();
        let texts: std::collections::BTreeSet<&str> =
            taken.iter().map(|form| form["content"].as_str()).collect();
        assert_eq!((taken.len(), texts.len()), (2, 2), "neither is there twice");
        assert_eq!(bridge.hands_over(false).await.lines, []);
    }
}

#[tokio::test]
async fn of_two_runs_at_once_one_hands_an_answer_over() {
    for bridge in bridges().await {
        let hub = PaperHub::of(&bridge.place);
        bridge.sp4n.has(complaint(21, "Diproses"));
        bridge.brings(21).await;
        ruled(&bridge.place, &hub).await;
        answers(&bridge, &hub, "7654321", "Sudah menyala.").await;
        let (node, view) = (&bridge.place.node, bridge.case("7654321").await);
        let mut tx = node.read_tx().await.unwrap();
        let row = store::bridge::all(&mut tx).await.unwrap().remove(0);
        drop(tx);
        let answer = export::answers(node, &view).unwrap().remove(0);
        let handing = Handing {
            node,
            sp4n: &node.sp4n().unwrap(),
            dry: false,
        };
        // Both have seen that nobody has noted it.
        for came in [Told::There, Told::Pending] {
            let told = handing.once(&row, &answer, None).await.unwrap();
            assert_eq!(told.unwrap(), came);
        }
        // What another run noted a moment ago may be on its way.
        bridge.sp4n.mood.is_away(true);
        answers(&bridge, &hub, "7654321", "Kabel diganti.").await;
        assert!(bridge.hands_over(false).await.interrupted.is_some());
        bridge.sp4n.mood.is_away(false);
        assert_eq!(bridge.hands_over(false).await.summary(), "1 unchanged");
        assert_eq!(bridge.sp4n.taken().len(), 1);
        bridge.place.clock.advance(HOUR_MS);
        assert_eq!(bridge.hands_over(false).await.summary(), "1 sent");
        assert_eq!(bridge.sp4n.taken().len(), 2);
    }
}

#[tokio::test]
async fn answers_go_by_themselves_where_that_is_wanted() {
    for mut bridge in bridges().await {
        let hub = PaperHub::of(&bridge.place);
        bridge.sp4n.has(complaint(21, "Diproses"));
        bridge.brings(21).await;
        ruled(&bridge.place, &hub).await;
        answers(&bridge, &hub, "7654321", "Sudah menyala.").await;
        bridge.place.clock.advance(4 * HOUR_MS);
        bridge.place.node.tend_bridge().await.unwrap();
        assert_eq!(bridge.sp4n.taken().len(), 0, "only where it is wanted");
        bridge.place.settings.bridge.hand_over = true;
        bridge.place.node = bridge.place.reopened().await;
        for _ in 0..2 {
            bridge.place.clock.advance(4 * HOUR_MS);
            bridge.place.node.tend_bridge().await.unwrap();
            let taken = bridge.sp4n.taken();
            assert_eq!(taken.len(), 1);
            assert_eq!(taken[0]["content"], "Sudah menyala.");
        }
        let runs = bridge.place.node.bridge_runs().await.unwrap();
        assert_eq!(runs[0].counts, "1 unchanged, 1 sent");
    }
}

#[tokio::test]
async fn what_is_rahasia_is_not_handed_over() {
    for bridge in bridges().await {
        let hub = PaperHub::of(&bridge.place);
        let mut secret = complaint(21, "Diproses");
        secret["is_secret"] = json!(1);
        bridge.sp4n.has(secret);
        bridge.brings(21).await;
        ruled(&bridge.place, &hub).await;
        answers(&bridge, &hub, "7654321", "Sudah diperiksa.").await;
        assert_eq!(bridge.hands_over(false).await.lines, []);
        let (mut table, node) = (Vec::new(), &bridge.place.node);
        let case = bridge.case("7654321").await.summary.case;
        acts(
            &bridge.place,
            case,
            "case.archived",
            json!({"reason": "other"}),
            None,
        )
        .await;
        let counts = node.bridge_table(&mut table, &mut |_, _| ()).await.unwrap();
        assert_eq!(counts, (0, 1));
        assert_eq!(String::from_utf8(table).unwrap().lines().count(), 1);
    }
}
