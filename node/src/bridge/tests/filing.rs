//! Reports filed here, filed there as well.

use lapor_protocol::ids::CaseId;
use lapor_stand_ins::mood::Trouble;

use super::handing::answers;
use super::*;
use crate::bridge::BridgeSettings;
use crate::chance::new_case_id;
use crate::channels::tests::ruled;
use crate::cities::mark;
use crate::testing::{NOW, PaperHub, acts};

const MINUTE_MS: i64 = 60_000;
/// The number that citizens know of the first that is taken there.
const FIRST: &str = "88900001";

/// Bridges over which reports go as well.
async fn filing() -> Vec<Bridge> {
    let mut all = Vec::new();
    for mut bridge in bridges().await {
        let settings = &mut bridge.place.settings.bridge;
        settings.complaint_add_path = Some("complaints/add".into());
        settings.complaint_values = [("Pengaduan".to_owned(), "6".to_owned())].into();
        bridge.place.node = bridge.place.reopened().await;
        all.push(bridge);
    }
    all
}

async fn files(bridge: &Bridge, more: &Value) -> CaseId {
    let mut typed = json!({
        "classification": "complaint", "title": "Lampu padam di Braga",
        "content": "Gelap sejak Senin, hubungi 0812-3456-7890.", "channel": "walk-in",
        "category": "Perhubungan/Penerangan Jalan Umum", "region": "32.73",
        "place": "Jalan Braga 12", "incident_date": "2026-08-30",
        "reporter": {"name": "Siti Canary", "phone": "+628129876543"},
    });
    for (field, value) in more.as_object().unwrap() {
        typed[field.as_str()] = value.clone();
    }
    let typed = serde_json::from_value(typed).unwrap();
    bridge.place.node.file(typed, "test").await.unwrap().case
}

async fn files_verified(bridge: &Bridge, more: &Value) -> CaseId {
    let case = files(bridge, more).await;
    acts(&bridge.place, case, "case.verified", json!({}), None).await;
    case
}

#[tokio::test]
async fn a_verified_report_is_filed_there_once_and_says_nothing_of_its_reporter() {
    for bridge in filing().await {
        let hub = PaperHub::of(&bridge.place);
        let case = files(&bridge, &json!({})).await;
        assert_eq!(
            bridge.hands_over(false).await.lines,
            [],
            "it is not verified"
        );
        acts(&bridge.place, case, "case.verified", json!({}), None).await;
        let tried = bridge.hands_over(true).await;
        assert!(bridge.sp4n.filed().is_empty());
        assert_eq!(bridge.hands_over(false).await, tried);
        assert_eq!(tried.summary(), "1 sent");
        assert_eq!(tried.lines[0].id, case.to_string());
        let filed = bridge.sp4n.filed();
        for (field, expected) in [
            ("title", "Lampu padam di Braga"),
            ("classification_name", "6"),
            ("category_name", "Perhubungan/Penerangan Jalan Umum"),
            ("location_name", "Kota Bandung, Jawa Barat"),
            ("place", "Jalan Braga 12"),
            ("date_of_incident", "2026-08-30"),
            ("is_anonymous", "0"),
            ("is_secret", "0"),
        ] {
            assert_eq!(filed[0][field], expected, "{field}");
        }
        assert_eq!(mark::read(&filed[0]["content"]), Some(case));
        let view = bridge.case(FIRST).await;
        assert_eq!(view.summary.case, case);
        let ticket = view.summary.ticket.unwrap();
        let told = format!("{filed:?}");
        for untold in ["Canary", "0812-3456", "9876543", &ticket] {
            assert!(!told.contains(untold), "{told}");
        }
        assert_eq!(bridge.hands_over(false).await.lines, []);

        // From now on it is followed, and answered there.
        let followed = bridge.follows(Which::All, false).await.unwrap();
        assert_eq!(followed.summary(), "1 unchanged");
        ruled(&bridge.place, &hub).await;
        answers(&bridge, &hub, FIRST, "Sudah menyala.").await;
        assert_eq!(bridge.hands_over(false).await.summary(), "1 sent");
        assert_eq!(bridge.sp4n.taken()[0]["complaint_id"], "900001");
        assert_eq!(bridge.sp4n.filed().len(), 1);
        assert_eq!(cases(&bridge.place, None).await.len(), 1);
    }
}

#[tokio::test]
async fn a_report_whose_answer_was_lost_is_looked_for_before_it_is_sent_again() {
    for bridge in filing().await {
        let case = files_verified(&bridge, &json!({})).await;
        bridge.sp4n.has(complaint(21, "Diproses"));
        bridge.sp4n.loses_answer();
        let cut = bridge.hands_over(false).await;
        assert!(cut.interrupted.unwrap().contains("502"));
        bridge.place.clock.advance(6 * MINUTE_MS);
        bridge.sp4n.mood.is_away(true);
        assert!(bridge.hands_over(false).await.interrupted.is_some());
        bridge.sp4n.mood.is_away(false);
        assert_eq!(bridge.hands_over(false).await.summary(), "1 sent");
        assert_eq!(bridge.sp4n.filed().len(), 1);
        assert_eq!(bridge.case(FIRST).await.summary.case, case);
        assert_eq!(bridge.hands_over(false).await.lines, []);
    }
}

#[tokio::test]
async fn what_did_not_arrive_is_sent_again_after_a_while() {
    for bridge in filing().await {
        files_verified(&bridge, &json!({})).await;
        bridge.sp4n.mood.is_away(true);
        assert!(bridge.hands_over(false).await.interrupted.is_some());
        bridge.sp4n.mood.is_away(false);
        let early = bridge.hands_over(false).await;
        assert_eq!(early.summary(), "1 unchanged", "it may be on its way");
        assert!(bridge.sp4n.filed().is_empty());
        bridge.place.clock.advance(6 * MINUTE_MS);
        assert_eq!(bridge.hands_over(false).await.summary(), "1 sent");
        assert_eq!(bridge.sp4n.filed().len(), 1);
    }
}

#[tokio::test]
async fn a_report_whose_number_was_not_told_is_recognised_in_the_list() {
    for mut bridge in filing().await {
        bridge.place.settings.bridge.hand_over = true;
        bridge.place.node = bridge.place.reopened().await;
        let case = files_verified(&bridge, &json!({})).await;
        bridge.sp4n.loses_answer();
        let node = &bridge.place.node;
        let cut = node.tend_bridge().await.unwrap_err();
        assert!(cut.to_string().contains("502"), "{cut}");
        node.tend_bridge().await.unwrap();
        assert_eq!(cases(&bridge.place, None).await.len(), 1, "it is no other");
        assert_eq!(bridge.case(FIRST).await.summary.case, case);
        let runs = node.bridge_runs().await.unwrap();
        assert!(runs.iter().any(|run| run.counts == "1 linked"), "{runs:?}");
        bridge.place.clock.advance(6 * MINUTE_MS);
        node.tend_bridge().await.unwrap();
        assert_eq!(bridge.sp4n.filed().len(), 1);
    }
}

#[tokio::test]
async fn rahasia_and_what_came_from_elsewhere_stay_here_and_anonim_is_said() {
    for bridge in filing().await {
        let elsewhere = mark::with("Gelap sejak Senin.", new_case_id(NOW));
        for more in [json!({"secret": true}), json!({"content": elsewhere})] {
            files_verified(&bridge, &more).await;
        }
        bridge.sp4n.has(complaint(21, "Diproses"));
        bridge.brings(21).await;
        assert_eq!(bridge.hands_over(false).await.lines, []);
        files_verified(&bridge, &json!({"anonymous": true})).await;
        assert_eq!(bridge.hands_over(false).await.summary(), "1 sent");
        let filed = bridge.sp4n.filed();
        assert_eq!((filed.len(), filed[0]["is_anonymous"].as_str()), (1, "1"));
    }
}

#[tokio::test]
async fn what_is_not_filed_there_holds_up_no_other() {
    for mut bridge in filing().await {
        let settings = &mut bridge.place.settings.bridge;
        (settings.hand_over, settings.each_round) = (true, 1);
        bridge.place.node = bridge.place.reopened().await;
        let elsewhere = mark::with("Gelap sejak Senin.", new_case_id(NOW));
        files_verified(&bridge, &json!({"content": elsewhere})).await;
        bridge.place.clock.advance(MINUTE_MS);
        let case = files_verified(&bridge, &json!({})).await;
        for _ in 0..3 {
            bridge.place.clock.advance(MINUTE_MS);
            bridge.place.node.tend_bridge().await.unwrap();
        }
        assert_eq!(bridge.sp4n.filed().len(), 1);
        assert_eq!(bridge.case(FIRST).await.summary.case, case);
    }
}

#[tokio::test]
async fn a_damaged_report_ends_no_run_and_holds_up_no_other() {
    for mut bridge in filing().await {
        let settings = &mut bridge.place.settings.bridge;
        (settings.hand_over, settings.each_round) = (true, 1);
        bridge.place.node = bridge.place.reopened().await;
        let damaged = files_verified(&bridge, &json!({})).await.to_string();
        bridge.place.clock.advance(MINUTE_MS);
        let case = files_verified(&bridge, &json!({})).await;
        bridge.damages(&damaged).await;
        let tried = bridge.hands_over(true).await;
        assert_eq!(tried.summary(), "1 sent, 1 refused");
        assert_eq!(tried.lines[0].id, damaged);
        assert_eq!(tried.lines[0].what, "what is kept of it here is damaged");
        for _ in 0..2 {
            bridge.place.clock.advance(MINUTE_MS);
            bridge.place.node.tend_bridge().await.unwrap();
        }
        assert_eq!(bridge.sp4n.filed().len(), 1);
        assert_eq!(bridge.case(FIRST).await.summary.case, case);
    }
}

#[tokio::test]
async fn a_report_that_is_never_answered_there_holds_up_no_other() {
    for mut bridge in filing().await {
        bridge.place.settings.bridge.hand_over = true;
        bridge.place.node = bridge.place.reopened().await;
        files_verified(&bridge, &json!({})).await;
        bridge.place.clock.advance(MINUTE_MS);
        let case = files_verified(&bridge, &json!({})).await;
        // The list is told.
        let told = Trouble::Slow(std::time::Duration::ZERO);
        bridge.sp4n.mood.orders([told, Trouble::Fails(500)]);
        let node = &bridge.place.node;
        let failed = node.tend_bridge().await.unwrap_err();
        assert!(failed.to_string().contains("500"), "{failed}");
        assert_eq!(bridge.case(FIRST).await.summary.case, case);
        bridge.place.clock.advance(6 * MINUTE_MS);
        node.tend_bridge().await.unwrap();
        assert_eq!(bridge.sp4n.filed().len(), 2);
    }
}

#[tokio::test]
async fn reports_that_are_never_answered_there_come_behind_the_others() {
    const NEVER: usize = 4;
    for mut bridge in filing().await {
        bridge.place.settings.bridge.hand_over = true;
        bridge.place.node = bridge.place.reopened().await;
        for _ in 0..NEVER {
            files_verified(&bridge, &json!({})).await;
        }
        bridge.place.clock.advance(MINUTE_MS);
        let case = files_verified(&bridge, &json!({})).await;
        // The list is told, and of what is sent nothing.
        let told = Trouble::Slow(std::time::Duration::ZERO);
        let node = &bridge.place.node;
        bridge.sp4n.mood.orders([told]);
        bridge.sp4n.mood.orders([Trouble::Fails(500); NEVER]);
        node.tend_bridge().await.unwrap_err();
        assert!(bridge.sp4n.filed().is_empty(), "it is taken to be away");
        bridge.place.clock.advance(6 * MINUTE_MS);
        // The list, the report that was not tried, the list for those that may be there.
        bridge.sp4n.mood.orders([told; 3]);
        bridge.sp4n.mood.orders([Trouble::Fails(500); NEVER]);
        node.tend_bridge().await.unwrap_err();
        assert_eq!(bridge.sp4n.filed().len(), 1);
        assert_eq!(bridge.case(FIRST).await.summary.case, case);
    }
}

#[tokio::test]
async fn what_ends_there_goes_on_here_and_that_is_said_once() {
    for bridge in filing().await {
        files_verified(&bridge, &json!({})).await;
        bridge.hands_over(false).await;
        let mut ended = complaint(900_001, "Ditolak");
        ended["tracking_id"] = json!(FIRST);
        bridge.sp4n.has(ended);
        let followed = bridge.follows(Which::All, false).await.unwrap();
        assert_eq!(followed.summary(), "1 unchanged, 1 remark");
        assert_eq!(remarks(&followed), [(None, "status")]);
        let view = bridge.case(FIRST).await;
        assert_eq!(view.summary.state, Some(State::Verified));
        let again = bridge.follows(Which::All, false).await.unwrap();
        assert_eq!(again.summary(), "1 unchanged");
    }
}

#[tokio::test]
async fn what_is_refused_there_is_said_and_tried_again() {
    for bridge in filing().await {
        files_verified(&bridge, &json!({})).await;
        bridge.sp4n.mood.orders([Trouble::Fails(422)]);
        let refused = bridge.hands_over(false).await;
        assert_eq!(refused.summary(), "1 refused");
        assert!(refused.lines[0].what.contains("422"), "{refused:?}");
        assert_eq!(bridge.hands_over(false).await.summary(), "1 sent");
        assert_eq!(bridge.sp4n.filed().len(), 1);
    }
}

#[test]
fn reports_are_handed_over_only_where_they_can_be_looked_for() {
    let settings = BridgeSettings {
        base_url: Some("https://example.org/lapor".into()),
        complaint_add_path: Some("complaints/add".into()),
        ..BridgeSettings::default()
    };
    let refused = crate::bridge::Sp4n::of(&settings).err().unwrap();
    let refused = refused.to_string();
    assert!(refused.starts_with("bridge.list_path: needed"), "{refused}");
}
