//! The page of a hub that has lost something: what members bring back is told as it comes.

use http::StatusCode;

use super::{Place, login};
use crate::console::ConsoleRole;
use crate::directory::Amendment;
use crate::restored::{self, Stage};
use crate::store;
use crate::store::retrieved::Brought;
use crate::stuck::Stuck;

const RECOVERY: &str = "/konsol/perawatan/pemulihan";

#[tokio::test]
async fn what_members_bring_back_is_told_as_it_comes_and_whoever_acts_may_end_the_wait() {
    for place in Place::all(false).await {
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        let said = place.is_shown(&place.ground.signer()).await;
        assert_eq!(said.unwrap_err().status(), 503);
        operator
            .open(RECOVERY)
            .await
            .shows("hub mengumpulkannya dari instansi")
            .shows("ditunjukkan sampai 9")
            .hides("item 1.9");
        operator.open("/konsol").await.shows(RECOVERY);
        let mut tx = place.ground.db.write().await.unwrap();
        let brought = Brought {
            member: "kota-bandung".to_owned(),
            versions: 1,
            items: 12,
            messages: 3,
            whole: 0,
            conflict: Some(r#"{"of":"inbox","epoch":1,"number":9}"#.to_owned()),
        };
        store::retrieved::note_member(&mut tx, &brought)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        operator
            .open(RECOVERY)
            .await
            .shows("3 pesan, 12 kiriman, 1 versi direktori")
            .shows("Bertentangan dengan catatan hub: kiriman 9 di alirannya")
            .shows("0 dari 1 instansi aktif");
        let refused = place.ground.directory.current();
        let mut tx = place.ground.db.write().await.unwrap();
        let said = place
            .ground
            .publish(&mut tx, &refused, Amendment::default());
        assert_eq!(said.await.unwrap_err().status(), 503, "members hold it");
        tx.rollback().await.unwrap();

        let close = format!("{RECOVERY}/tutup");
        let reason = [("alasan", "simpul mereka dipulihkan")];
        operator
            .post(&close, &reason)
            .await
            .is(StatusCode::SEE_OTHER);
        restored::settle(&place.console.hub).await.unwrap();
        let now = restored::read(&place.console.hub).await.unwrap();
        assert_eq!((now.stage, now.stuck), (Stage::Still, None));
        assert_eq!(place.audited("recovery.closed").await.len(), 1);
        let alone = place.is_shown(&place.ground.signer()).await;
        assert_eq!(alone.unwrap_err().status(), 503, "it is refused alone");
        assert!(place.console.hub.witness.known_loss().is_none());
    }
}

#[tokio::test]
async fn what_does_not_get_its_place_is_in_words_with_the_programs_own_below() {
    for place in Place::all(false).await {
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        let stuck = Stuck::Unfit {
            messages: 3,
            epoch: 1,
            seq: 7,
            author: "kota-bandung".parse().unwrap(),
        };
        let note = async |text: &str| {
            let mut tx = place.ground.db.write().await.unwrap();
            store::state::write(&mut tx, store::state::STUCK, text)
                .await
                .unwrap();
            tx.commit().await.unwrap();
        };
        note(&serde_json::to_string(&stuck).unwrap()).await;
        operator
            .open(RECOVERY)
            .await
            .shows("3 pesan tidak sesuai dengan yang sudah diberitahukan kepada instansi")
            .shows("yang pertama dari Kota Bandung")
            .shows("<summary>Rincian teknis</summary>")
            .shows("the first 1.7 of kota-bandung");
        let now = restored::read(&place.console.hub).await.unwrap();
        assert_eq!(now.stuck_by, Some(stuck));
        // As a program of before has noted it.
        note("two messages of kota-bandung follow one").await;
        operator
            .open(RECOVERY)
            .await
            .shows("two messages of kota-bandung follow one")
            .hides("tidak sesuai");
    }
}

#[tokio::test]
async fn a_message_that_the_disk_has_damaged_is_named_with_what_mends_it() {
    for place in Place::all(false).await {
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        operator.open(RECOVERY).await.hides("Pesan yang rusak");
        let zeros = "0".repeat(64);
        let noted = format!(
            r#"[{{"author":"kota-bandung","epoch":1,"seq":7,"envelope":"{zeros}","found_at":1}}]"#
        );
        let mut tx = place.ground.db.write().await.unwrap();
        store::state::write(&mut tx, store::state::DAMAGED, &noted)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        operator
            .open(RECOVERY)
            .await
            .shows("Pesan yang rusak di sini")
            .shows("bagian rantai 1, pesan 7")
            .shows(&zeros)
            .shows("diminta mengirimnya sekali lagi");
    }
}
