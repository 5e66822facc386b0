//! A short message is its own title, and is read once.

use super::*;

const TITLE: &str = "Lampu padam di Gang Mawar";

#[tokio::test]
async fn what_says_no_more_than_its_title_stands_once_in_the_list_and_on_its_page() {
    for place in places().await {
        let same = json!({ "content": "Lampu padam  di Gang Mawar." });
        let short = published(&place, TITLE, same).await;
        let more = json!({ "content": "Lampu padam di Gang Mawar. Gelap sekali." });
        let long = published(&place, TITLE, more).await;
        let router = router(place.node.clone());
        let list = open(&router, "/laporan").await.text;
        let card = |case: CaseId| {
            let own = list.split_once(&format!("/laporan/{case}")).unwrap().1;
            own.split_once("</li>").unwrap().0.to_owned()
        };
        assert_eq!(card(short).matches("Gang Mawar").count(), 1, "{list}");
        assert_eq!(card(long).matches("Gang Mawar").count(), 2, "{list}");
        let said = "class=\"said report-content\"";
        let page = open(&router, &format!("/laporan/{short}")).await.text;
        assert!(page.contains(&format!("<h1>{TITLE}</h1>")), "{page}");
        assert!(!page.contains(said), "{page}");
        let page = open(&router, &format!("/laporan/{long}")).await.text;
        assert!(
            page.contains(said) && page.contains("Gelap sekali."),
            "{page}"
        );
    }
}
