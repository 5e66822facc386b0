//! A short message is its own title, and its reporter reads it once.

use super::*;

#[tokio::test]
async fn a_reporter_reads_a_report_that_is_its_own_title_once() {
    for place in places().await {
        let router = router(place.node.clone());
        for (content, shown) in [("Jalan berlubang.", 1), ("Jalan berlubang, dalam.", 2)] {
            let report = NewReport {
                content: content.into(),
                ..report("Jalan berlubang", false)
            };
            let (_, ticket, key) = filed_as(&place, report).await;
            let page = enter(&router, &ticket, &key).await.read(PATH).await;
            let times = page.text.matches("Jalan berlubang").count();
            assert_eq!(times, shown, "{}", page.text);
        }
    }
}
