//! What a reporter reads of an erasure that has begun, or does not wait.

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

#[tokio::test]
async fn where_an_erasure_does_not_wait_no_days_are_counted() {
    for mut place in places().await {
        place.settings.erasure.reporter_days = 0;
        place.node = place.reopened().await;
        let router = router(place.node.clone());
        let (_, ticket, key) = filed(&place).await;
        let talk = enter(&router, &ticket, &key).await;
        let before = talk.read(PATH).await;
        let about = "Dilakukan segera, dan sesudah itu tidak dapat dibatalkan.";
        assert!(before.text.contains(about), "{}", before.text);
        let asked = talk.post(ERASE, &format!("tiket={ticket}")).await;
        let after = talk.done(asked).await;
        let said = "Penghapusan segera dilakukan.";
        assert!(after.text.contains(said), "{}", after.text);
        for page in [before, after] {
            assert!(!page.text.contains(" 0 hari"), "{}", page.text);
        }
    }
}
