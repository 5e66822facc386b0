//! What looks like abuse lies apart until an officer has looked at it, and is worked on like any other
//! once it is taken up.

use http::StatusCode;
use serde_json::json;

use super::cases::{at, filed};
use super::{Browser, SITI, WORDS, staffed};
use crate::casework::{CaseFilter, Sight, Tab};
use crate::doors::router;
use crate::reporters::Suspicion;
use crate::testing::acts;

#[tokio::test]
async fn what_looks_like_abuse_lies_in_a_list_of_its_own_until_it_is_cleared() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let good = filed(&place, "Lampu padam", "Isi.").await;
        let robot = filed(&place, "Beli murah", "Isi.").await;
        let plain = siti.open("/meja?tab=baru").await;
        assert!(
            !plain.text.contains("Diduga penyalahgunaan"),
            "{}",
            plain.text
        );
        let marked = place.node.mark_abuse(robot, Suspicion::Trap, "portal");
        marked.await.unwrap();
        for tab in ["baru", "kerja"] {
            let page = siti.open(&format!("/meja?tab={tab}")).await;
            page.shows("Lampu padam").shows("Diduga penyalahgunaan");
            assert!(!page.text.contains("Beli murah"), "{tab}");
        }
        let every = CaseFilter::default();
        let counts = place.node.inbox_counts(&Sight::ALL, &every);
        let counts = counts.await.unwrap();
        assert_eq!((counts.new, counts.runs_out, counts.suspect), (1, 1, 1));
        assert_eq!(counts.unseen, 1);
        let apart = siti.open("/meja?tab=penyalahgunaan").await;
        apart
            .shows("Beli murah")
            .shows("tidak terlihat oleh orang")
            .shows("Bukan penyalahgunaan");
        assert!(!apart.text.contains("Lampu padam"));
        let page = siti.open(&at(robot, "")).await;
        page.shows("tidak terlihat oleh orang")
            .shows(&at(robot, "/arsip"));
        let clear = [("tindakan", "wajar")];
        let cleared = siti.post(&at(robot, "/penyalahgunaan"), &clear).await;
        assert_eq!(cleared.is(StatusCode::SEE_OTHER).to(), at(robot, ""));
        siti.open("/meja?tab=baru").await.shows("Beli murah");
        let mark = [("tindakan", "tandai")];
        siti.post(&at(good, "/penyalahgunaan"), &mark).await;
        let apart = siti.open("/meja?tab=penyalahgunaan").await;
        apart.shows("Lampu padam").shows("Ditandai oleh petugas");
        let (one, many) = (good.to_string(), robot.to_string());
        let bulk = [
            ("laporan", &*one),
            ("laporan", &*many),
            ("tindakan", "wajar"),
        ];
        siti.post("/meja/bersama", &bulk).await;
        let shown = siti.open("/meja").await;
        shown.shows("1 laporan dinyatakan bukan penyalahgunaan");
        acts(
            &place,
            good,
            "case.archived",
            json!({"reason": "other"}),
            None,
        )
        .await;
        let again = place.node.mark_abuse(good, Suspicion::Officer, "test");
        again.await.unwrap();
        let left = place.node.inbox(&Sight::ALL, Tab::Suspect, &every, None, 5);
        assert!(left.await.unwrap().cases.is_empty(), "it was put away");
    }
}

#[tokio::test]
async fn what_looks_like_abuse_and_is_taken_up_runs_out_like_any_other() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let case = filed(&place, "Lampu padam", "Isi.").await;
        let marked = place.node.mark_abuse(case, Suspicion::Trap, "portal");
        marked.await.unwrap();
        acts(&place, case, "case.verified", json!({}), None).await;
        siti.open("/meja").await.shows("Lampu padam");
        let counts = place
            .node
            .inbox_counts(&Sight::ALL, &CaseFilter::default())
            .await
            .unwrap();
        assert_eq!((counts.new, counts.runs_out, counts.suspect), (0, 1, 1));
        // What has gone meanwhile stops nothing.
        let gone = lapor_protocol::ids::CaseId::mint(1, [7; 10]).to_string();
        let here = case.to_string();
        let both = [
            ("laporan", gone.as_str()),
            ("laporan", here.as_str()),
            ("tindakan", "wajar"),
        ];
        siti.post("/meja/bersama", &both).await;
        let page = siti.open("/meja").await;
        page.shows("1 dari 2 laporan dinyatakan bukan penyalahgunaan");
        assert!(place.node.abuse_mark(case).await.unwrap().is_none());
    }
}
