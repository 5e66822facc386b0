//! What `/metrics` says of what the pages show.

use std::sync::Arc;

use axum::body::Body;
use http::Request;
use http_body_util::BodyExt as _;
use lapor_web::monitor;
use tower::ServiceExt as _;

use super::upkeep::works;
use super::{BANDUNG, Place, login};
use crate::console::ConsoleRole;
use crate::levels;
use crate::monitor::Monitor;
use crate::watch;

const BACKUPS: &str = "/konsol/perawatan/cadangan";

async fn metrics(place: &Place) -> String {
    let monitor = Arc::new(Monitor(Arc::clone(&place.console.hub)));
    let request = Request::get("/metrics").body(Body::empty()).unwrap();
    let answer = monitor::router(monitor).oneshot(request).await.unwrap();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.to_vec()).unwrap()
}

#[tokio::test]
async fn a_level_is_as_it_was_noted_and_not_found_anew_for_each_scrape() {
    for place in Place::all(false).await {
        let noted = async || {
            let picture = watch::look(&place.console.hub).await.unwrap();
            levels::note(&place.console.hub, &picture).await.unwrap();
        };
        let level = |level: &str| {
            format!("lapor_hub_instance_level{{instance=\"kota-bandung\",level=\"{level}\"}} 1")
        };
        assert!(!metrics(&place).await.contains(&level("joined")));
        noted().await;
        assert!(metrics(&place).await.contains(&level("joined")));
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        let why = [("alasan", "kunci bocor")];
        operator.post(&format!("{BANDUNG}/tangguhkan"), &why).await;
        assert!(metrics(&place).await.contains(&level("joined")));
        noted().await;
        assert!(metrics(&place).await.contains(&level("suspended")));
    }
}

#[tokio::test]
async fn whether_the_last_trial_held_is_measured() {
    for place in Place::all(false).await {
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        works(&place, &operator, BACKUPS, "harian").await;
        let failed = "\nlapor_hub_trial_restore_failed ";
        assert!(!metrics(&place).await.contains(failed), "none was tried");
        place.clock.advance(1_000);
        works(&place, &operator, &format!("{BACKUPS}/uji"), "harian").await;
        let text = metrics(&place).await;
        assert!(text.contains(&format!("{failed}0\n")), "{text}");
        assert!(text.contains("\nlapor_hub_last_trial_restore_timestamp_seconds 1790000001\n"));
    }
}

#[tokio::test]
async fn what_the_pages_show_is_measured() {
    for place in Place::all(true).await {
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        works(&place, &operator, BACKUPS, "harian").await;
        let why = [("alasan", "kunci bocor")];
        operator.post(&format!("{BANDUNG}/tangguhkan"), &why).await;
        let text = metrics(&place).await;
        for line in [
            "lapor_hub_instance_open_connections{instance=\"kota-bandung\"} 0",
            "lapor_hub_waiting_decisions{of=\"act\"} 1",
            "lapor_hub_waiting_decisions{of=\"institution\"} 0",
            "lapor_hub_acknowledged_alarms{severity=\"critical\"} 0",
            "lapor_hub_casework_received_cases 0",
            "lapor_hub_casework_ended_dispositions 0",
            "lapor_hub_casework_answered_cases 0",
            "lapor_hub_active_institutions 1",
            "lapor_hub_signing_key_unaware_institutions 1",
            "lapor_hub_authority_cut_off_institutions 0",
            "lapor_hub_next_lapse_timestamp_seconds ",
            "lapor_hub_last_backup_bytes ",
            "lapor_hub_root_trusting_institutions{root=\"",
        ] {
            assert!(text.contains(&format!("\n{line}")), "{line} in {text}");
        }
        assert!(!text.contains("\nlapor_hub_recovery_heard_institutions"));
        assert!(!text.contains("\nlapor_hub_maintenance_told_institutions"));
    }
}

#[tokio::test]
async fn whom_a_first_person_has_let_in_waits_once() {
    const ADMISSION: &str = "/konsol/persetujuan/instansi/kota-bogor";
    for place in Place::all(true).await {
        let waiting = async || {
            let text = metrics(&place).await;
            ["act", "institution"].map(|of| {
                let name = format!("\nlapor_hub_waiting_decisions{{of=\"{of}\"}} ");
                let (_, value) = text.split_once(&name).unwrap();
                value.lines().next().unwrap().to_owned()
            })
        };
        place.someone_joins().await;
        assert_eq!(waiting().await, ["0", "1"]);
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        let compared = [("alasan", "surat"), ("cocok", "1")];
        operator.post(ADMISSION, &compared).await;
        assert_eq!(waiting().await, ["1", "0"]);
    }
}
