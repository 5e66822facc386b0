//! What a reporter reads of an erasure that has begun.

use lapor_protocol::kinds::case_redacted::RedactionReason;

use super::*;
use crate::casework::Decider;
use crate::staff::StaffRole;
use crate::store;

#[tokio::test]
async fn an_erasure_that_has_begun_is_shown_and_offers_no_way_back() {
    for place in places().await {
        let router = router(place.node.clone());
        let (case, ticket, key) = filed(&place).await;
        let talk = enter(&router, &ticket, &key).await;
        let admin = Decider::officer(StaffRole::Admin, "account:dewi".into());
        let why = RedactionReason::LegalOrder;
        let planned = place.node.plan_erasure(case, why, &admin).await.unwrap();
        let page = talk.read(PATH).await;
        assert!(page.text.contains("Batalkan penghapusan"), "{}", page.text);
        let mut tx = place.node.write_tx().await.unwrap();
        let due = planned.erasure.due_at;
        let begun = store::erasures::begin(&mut tx, &planned.id, due).await;
        assert_eq!(begun.unwrap(), 1);
        tx.commit().await.unwrap();
        let page = talk.read(PATH).await;
        for said in [
            "sedang menghapus isi laporan ini",
            "tidak dapat dibatalkan lagi",
        ] {
            assert!(page.text.contains(said), "{said}: {}", page.text);
        }
        assert!(!page.text.contains("Batalkan penghapusan"), "{}", page.text);
        let late = talk.post(&format!("{KEEP}?kasus={case}"), "").await;
        let late = talk.done(late).await;
        assert!(
            !late.text.contains("Penghapusan dibatalkan."),
            "{}",
            late.text
        );
    }
}
