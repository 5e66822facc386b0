//! The list by kind of report.

use super::*;

#[tokio::test]
async fn public_reports_are_listed_by_their_kind() {
    for place in places().await {
        published(&place, "Lampu padam", json!({})).await;
        let wish = json!({"classification": "aspiration"});
        published(&place, "Taman bermain", wish).await;
        let question = json!({"classification": "information_request"});
        published(&place, "Jam buka loket", question).await;
        let router = router(place.node.clone());
        let all = ["Lampu padam", "Taman bermain", "Jam buka loket"];
        for (kind, shown) in [
            ("pengaduan", all[0]),
            ("aspirasi", all[1]),
            ("informasi", all[2]),
        ] {
            let page = open(&router, &format!("/laporan?jenis={kind}")).await;
            for title in all {
                assert_eq!(page.text.contains(title), title == shown, "{kind} {title}");
            }
            assert!(page.text.contains("class=\"chip\" href=\"/laporan\""));
        }
        let unknown = open(&router, "/laporan?jenis=keluhan").await;
        assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}
