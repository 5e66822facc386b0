//! Forms of which a part can be had many times over.

use http::StatusCode;
use lapor_protocol::case::State;

use super::cases::{KEY, at, filed, state};
use super::{Browser, SITI, WORDS, central, staffed};
use crate::doors::router;

#[tokio::test]
async fn a_hold_asks_as_many_questions_as_the_protocol_allows() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let case = filed(&place, "Jalan rusak", "Berlubang.").await;
        let path = at(case, "/tunda");
        let fresh = siti.open(&path).await;
        assert!(!fresh.text.contains("name=\"tanya3\""));
        let typed = [
            ("kunci", KEY),
            ("tanya1", ""),
            ("tanya2", "Di <mana>?"),
            ("tambah", "tanya"),
        ];
        let more = siti.post(&path, &typed).await;
        more.is(StatusCode::OK)
            .shows("name=\"tanya3\"")
            .shows("name=\"bentuk3\"")
            .shows("Di &#60;mana&#62;?")
            .shows(&format!("value=\"{KEY}\""));
        assert!(!more.text.contains("name=\"tanya4\""));
        assert!(!more.text.contains("class=\"complaint\""));
        assert_eq!(state(&place, case).await, Some(State::Received));
        let names: Vec<String> = (1..=20).map(|n| format!("tanya{n}")).collect();
        let mut all = vec![("kunci", KEY)];
        all.extend(names.iter().map(|name| (name.as_str(), "Sejak kapan?")));
        all.push(("bentuk20", "tanggal"));
        siti.post(&path, &all).await.is(StatusCode::SEE_OTHER);
        let view = place.node.case(case).await.unwrap();
        let words = view.history[1].words.as_ref().unwrap();
        assert_eq!(words["questions"].as_array().unwrap().len(), 20);
        assert_eq!(words["forms"][19]["as"], "date", "{words}");
    }
}

#[tokio::test]
async fn a_disposition_names_more_copies_than_three_and_a_complaint_loses_none() {
    for place in central().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let case = filed(&place, "Jalan rusak", "Berlubang.").await;
        let path = at(case, "/disposisi");
        let page = siti.open(&path).await;
        page.shows("list=\"daftar-instansi\"")
            .shows("name=\"tembusan1\"");
        assert!(!page.text.contains("name=\"tembusan2\""));
        let mut typed = vec![
            ("kunci", KEY),
            ("instansi", "kemenpu"),
            ("tembusan1", "kota-bandung"),
            ("tembusan2", ""),
            ("tembusan3", ""),
            ("tembusan5", "Entah"),
        ];
        let wrong = siti.post(&path, &typed).await;
        wrong
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("id=\"tembusan5-error\"")
            .shows("value=\"kota-bandung\"");
        (typed[2].1, typed[5].1) = ("", "kota-bandung");
        siti.post(&path, &typed).await.is(StatusCode::SEE_OTHER);
        let view = place.node.case(case).await.unwrap();
        let said = view.history[1].body.as_ref().unwrap();
        assert_eq!(said["copies"], serde_json::json!(["kota-bandung"]));
    }
}
