//! A report that is split: its files go along where the officer leaves them ticked.

use http::StatusCode;
use serde_json::json;

use super::cases::{at, key_of, uploaded};
use super::{ADMIN, Browser, WORDS, staffed};
use crate::doors::router;
use crate::testing::acts;

#[tokio::test]
async fn files_of_a_report_go_to_its_half_once_where_they_are_ticked() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        let report = json!({
            "classification": "complaint",
            "title": "Lampu padam dan jalan rusak",
            "content": "Isi.",
            "region": "32.73",
            "channel": "web",
            "attachments": [uploaded(&place).await, uploaded(&place).await],
        });
        let report = serde_json::from_value(report).unwrap();
        let case = place.node.file(report, "test").await.unwrap().case;
        acts(&place, case, "case.verified", json!({}), None).await;
        let path = at(case, "/pecah");
        let form = admin.open(&path).await;
        let file = form.between("name=\"semula\" value=\"", "\"");
        assert_eq!(form.text.matches("name=\"semula\"").count(), 2);
        let key = key_of(&form);
        let mut half = vec![("kunci", &*key), ("semula", &file), ("judul", "")];
        let wrong = admin.post(&path, &half).await;
        wrong.is(StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(
            wrong.text.matches("name=\"semula\"").count(),
            1,
            "what was not ticked is not offered as ticked"
        );
        half[2].1 = "Jalan rusak";
        half.push(("uraian", "Jalan rusak."));
        for _ in 0..2 {
            let done = admin.post(&path, &half).await;
            done.is(StatusCode::SEE_OTHER);
        }
        let whole = place.node.case(case).await.unwrap();
        let [child] = whole.children[..] else {
            panic!("{:?}", whole.children)
        };
        assert_eq!(whole.history[0].attachments.len(), 2);
        let history = place.node.case(child).await.unwrap().history;
        let noted: Vec<_> = history.iter().filter(|e| e.kind == "case.noted").collect();
        assert_eq!(noted.len(), 1, "sent twice, noted once");
        assert_eq!(noted[0].attachments.len(), 1);
        let page = admin.open(&at(child, "")).await;
        page.shows("Berkas dari laporan asal sebelum dipecah.");
        let file = page.between("<ul class=\"attachments\">\n<li><a href=\"", "\"");
        assert_eq!(admin.open(&file).await.text, "catatan rapat");
    }
}
