//! The page of an account, as a browser without script meets it.

use super::*;

async fn signed_in<'a>(place: &Place, router: &'a Router) -> Talk<'a> {
    let asked = post(router, SIGN_IN, "kontak=siti%40contoh.id").await;
    let digits = format!("kode={}", last_code(place).await);
    let entered = post(router, asked.header("location"), &digits).await;
    let cookie = given(&entered, COOKIE).unwrap();
    Talk { router, cookie }
}

#[tokio::test]
async fn a_report_is_added_by_ticket_and_key_and_a_new_one_is_kept_unless_it_is_unticked() {
    for place in places().await {
        let router = router(place.node.clone());
        let (_, ticket, key) = filed(&place).await;
        let talk = signed_in(&place, &router).await;
        let home = talk.read(PATH).await;
        assert!(home.text.contains("Akun siti@contoh.id"), "{}", home.text);
        let wrong = talk.post(ADD, &format!("tiket={ticket}&kunci=1234")).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(wrong.text.contains("tidak cocok"), "{}", wrong.text);
        let body = format!("tiket={ticket}&kunci={}", key.replace(' ', "+"));
        let added = talk.done(talk.post(ADD, &body).await).await;
        assert!(added.text.contains("Jalan berlubang"), "{}", added.text);
        let form = talk.read("/lapor").await;
        let tick = "name=\"akun\" value=\"1\" checked";
        assert!(form.text.contains(tick), "{}", form.text);
        assert!(!open(&router, "/lapor").await.text.contains("name=\"akun\""));
        let by_key = enter(&router, &ticket, &key).await;
        let led = by_key.post(ADD, &body).await;
        assert_eq!(led.header("location"), PATH, "it has no account");
    }
}

#[tokio::test]
async fn an_account_is_deleted_when_that_is_ticked_and_its_browser_forgets_it() {
    for place in places().await {
        let router = router(place.node.clone());
        let talk = signed_in(&place, &router).await;
        let about = talk.read(PATH).await.text;
        assert!(about.contains("akun ini tidak diikuti lagi"), "{about}");
        let unsure = talk.post(END_ACCOUNT, "").await;
        assert_eq!(unsure.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(place.audited("citizen.account_erased").await.is_empty());
        let ended = talk.post(END_ACCOUNT, "yakin=1").await;
        assert_eq!(ended.header("location"), "/");
        assert_eq!(given(&ended, COOKIE).unwrap(), format!("{COOKIE}="));
        let after = talk.read(PATH).await;
        assert!(after.text.contains("name=\"kunci\""), "{}", after.text);
        let privacy = open(&router, "/privasi").await;
        assert!(privacy.text.contains("akun dapat Anda hapus"));
    }
}
