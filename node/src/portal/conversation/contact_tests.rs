//! Contacts that are proved, keys that are replaced through them, and citizens who sign in with one.

use http::{Request, StatusCode};

use super::super::tests::{open, places, post, send};
use super::tests::{COOKIE, SCRIPT, Talk, enter, filed, filed_by, given, last_code};
use super::*;
use crate::casework::{Reporter, ticket};
use crate::doors::router;

#[tokio::test]
async fn a_contact_is_proved_and_replaces_a_lost_key() {
    for place in places().await {
        let router = router(place.node.clone());
        let (_, ticket, key) = filed(&place).await;
        let talk = enter(&router, &ticket, &key).await;
        let asked = talk.post(CONFIRM, "").await;
        let code_at = asked.header("location").to_owned();
        assert!(code_at.starts_with("/percakapan/kode/"), "{code_at}");
        let wrong = talk.post(&code_at, "kode=0000+0000").await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        let right = talk
            .post(&code_at, &format!("kode={}", last_code(&place).await))
            .await;
        assert!(talk.done(right).await.text.contains("Kontak Anda terbukti"));

        let nobodys = format!("tiket={}", ticket::mint());
        let unknown = post(&router, LOST, &nobodys).await;
        let lost = post(&router, LOST, &format!("tiket={ticket}")).await;
        assert_eq!(unknown.status, lost.status, "one answer for all");
        let led = unknown.header("location");
        assert!(led.starts_with("/percakapan/kode/"), "{led}");
        let code_at = lost.header("location").to_owned();
        let proved = post(
            &router,
            &code_at,
            &format!("kode={}", last_code(&place).await),
        )
        .await;
        assert_eq!(proved.status, StatusCode::OK, "{}", proved.text);
        let fresh = proved.text.split("class=\"code\">").nth(1).unwrap();
        let fresh = fresh.split('<').next().unwrap();
        enter(&router, &ticket, fresh).await;
        assert!(
            talk.read(PATH).await.text.contains("name=\"kunci\""),
            "the old one has ended"
        );
    }
}

#[tokio::test]
async fn a_citizen_enters_by_contact_and_sees_their_own_reports_alone() {
    for place in places().await {
        let router = router(place.node.clone());
        filed(&place).await;
        let asked = post(&router, SIGN_IN, "kontak=siti%40contoh.id").await;
        let code_at = asked.header("location").to_owned();
        let entered = post(
            &router,
            &code_at,
            &format!("kode={}", last_code(&place).await),
        )
        .await;
        let talk = Talk {
            router: &router,
            cookie: given(&entered, COOKIE).unwrap(),
        };
        let none = talk.read(PATH).await;
        assert!(none.text.contains("Belum ada laporan"), "{}", none.text);
        let fields = [
            ("klasifikasi", "aspirasi"),
            ("judul", "Taman bermain di Cihapit"),
            ("uraian", "Mohon dibangun taman bermain."),
            ("tetap", "1"),
        ];
        let form = talk.read("/lapor").await;
        assert!(form.text.contains("akun siti@contoh.id"), "{}", form.text);
        let other = [
            ("judul", "Taman milik orang lain"),
            ("klasifikasi", "aspirasi"),
        ];
        let other = [other[0], other[1], fields[2], fields[3]];
        let sent = talk.write("/lapor", &other).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
        let none = talk.read(PATH).await;
        assert!(none.text.contains("Belum ada laporan"), "{}", none.text);
        let own = [&fields[..], &[("akun", "1")]].concat();
        let sent = talk.write("/lapor", &own).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
        let mine = talk.read(PATH).await;
        assert!(
            mine.text.contains("Taman bermain di Cihapit"),
            "{}",
            mine.text
        );
        let to = mine.text.split("href=\"/percakapan?kasus=").nth(1).unwrap();
        let to = format!("/percakapan?kasus={}", to.split('"').next().unwrap());
        let one = talk.read(&to).await;
        assert!(one.text.contains("Semua laporan saya") && one.text.contains("Mohon dibangun"));
        let elsewhere = open(&router, "/percakapan/kode/..%2F..%2Fpilihan").await;
        assert_eq!(elsewhere.status, StatusCode::NOT_FOUND);
        let unusable = post(&router, SIGN_IN, &format!("kontak={SCRIPT}")).await;
        assert_eq!(unusable.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(!unusable.text.contains("<script>alert"));
    }
}

#[tokio::test]
async fn a_new_key_ends_the_old_one_once_it_is_used_and_a_form_of_another_site_does_nothing() {
    for place in places().await {
        let router = router(place.node.clone());
        let (_, ticket, key) = filed(&place).await;
        let talk = enter(&router, &ticket, &key).await;
        for path in [
            REPLY, ANSWER, ACT, CONSENT, NOTIFY, CONFIRM, ERASE, KEEP, RENEW, LEAVE, PATH,
        ] {
            let request = Request::post(path)
                .header("host", "lapor.bandung.test")
                .header("origin", "https://jahat.example")
                .header("cookie", &talk.cookie)
                .header("content-type", "application/x-www-form-urlencoded");
            let refused = send(&router, request, "a=b").await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
        }
        let notified = talk.done(talk.post(NOTIFY, "kabari=1").await).await;
        assert!(
            notified.text.contains("Kami mengabari Anda"),
            "{}",
            notified.text
        );
        let renewed = talk.post(RENEW, "").await;
        assert_eq!(renewed.status, StatusCode::OK, "{}", renewed.text);
        let fresh = renewed.text.split("class=\"code\">").nth(1).unwrap();
        let fresh = fresh.split('<').next().unwrap();
        assert_eq!(
            talk.read(PATH).await.text.matches("name=\"kunci\"").count(),
            1,
            "the conversation has ended"
        );
        // The answer may have been lost: then there is only the old key.
        let by_old = enter(&router, &ticket, &key).await;
        let again = by_old.done(by_old.post(RENEW, "").await).await;
        assert!(again.text.contains("belum dipakai"), "{}", again.text);
        enter(&router, &ticket, fresh).await;
        let old = post(
            &router,
            PATH,
            &format!("tiket={ticket}&kunci={}", key.replace(' ', "+")),
        )
        .await;
        assert_eq!(old.status, StatusCode::UNPROCESSABLE_ENTITY);
        let ended = by_old.read(DATA).await;
        assert_eq!(ended.status, StatusCode::SEE_OTHER);
    }
}

#[tokio::test]
async fn who_told_a_telephone_alone_is_not_promised_letters() {
    for place in places().await {
        let router = router(place.node.clone());
        let siti = Reporter {
            phone: Some("0813 1234 5678".into()),
            ..Reporter::default()
        };
        let (_, ticket, key) = filed_by(&place, siti).await;
        let talk = enter(&router, &ticket, &key).await;
        let page = talk.read(PATH).await.text;
        assert!(!page.contains("name=\"kabari\""), "{page}");
        let asked = talk.done(talk.post(NOTIFY, "kabari=1").await).await.text;
        assert!(asked.contains("tidak memuat alamat surel"), "{asked}");
        assert!(!asked.contains("Kami mengabari Anda"));
    }
}
