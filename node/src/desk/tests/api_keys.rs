//! Keys of applications, as an administrator makes and ends them.

use http::{Request, StatusCode};

use super::{ADMIN, Browser, SITI, WORDS, staffed};
use crate::doors::router;
use crate::testing::NOW;
use crate::tokens::{self, Bounds, NewToken, Role};

const PATH: &str = "/meja/kunci-api";

async fn cases_with(browser: &Browser<'_>, secret: &str) -> StatusCode {
    let request = Request::get("/api/v1/cases").header("authorization", format!("Bearer {secret}"));
    browser.send(request, String::new()).await.status
}

#[tokio::test]
async fn a_key_is_shown_once_opens_what_was_ticked_and_ends_when_it_is_revoked() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let (admin, program) = (Browser::new(&router), Browser::new(&router));
        admin.enters(ADMIN, WORDS).await;
        admin.open(PATH).await.shows("Belum ada kunci");
        let wrong = [("nama", "dua kata"), ("berlaku", "90")];
        let wrong = admin.post(PATH, &wrong).await;
        wrong
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("Pakai huruf, angka")
            .shows("Centang sedikitnya satu")
            .shows("value=\"dua kata\"")
            .shows("value=\"90\" checked");
        let filing = [
            ("nama", "aplikasi-kota"),
            ("cakupan", "cases:read"),
            ("cakupan", "identity"),
            ("berlaku", "30"),
        ];
        let made = admin.post(PATH, &filing).await;
        let secret = made
            .is(StatusCode::OK)
            .between("<code class=\"secret\">", "</code>");
        assert!(secret.starts_with("lpt_"), "{secret}");
        assert_eq!(made.headers["cache-control"], "no-store");
        assert_eq!(cases_with(&program, &secret).await, StatusCode::OK);
        let list = admin.open(PATH).await;
        list.shows("aplikasi-kota")
            .shows("Membaca berkas laporan")
            .shows("Berlaku sampai");
        assert!(!list.text.contains(&secret));
        let taken = admin.post(PATH, &filing).await;
        taken
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("Nama ini sudah dipakai")
            .shows("value=\"cases:read\" id=\"cakupan\" checked");
        let tokens = crate::tokens::list(place.node.db()).await.unwrap();
        assert_eq!(tokens.len(), 1);
        assert_eq!(
            tokens[0].rights(),
            "cases:read",
            "identities are not opened by ticking"
        );
        assert_eq!(tokens[0].owner.as_deref(), Some(ADMIN));
        assert_eq!(tokens[0].expires_at, Some(NOW + 30 * 86_400_000));
        let revoke = "/meja/kunci-api/cabut";
        let gone = admin.post(revoke, &[("nama", "aplikasi-kota")]).await;
        gone.is(StatusCode::SEE_OTHER);
        place.clock.advance(1000);
        assert_eq!(
            cases_with(&program, &secret).await,
            StatusCode::UNAUTHORIZED
        );
        admin.open(PATH).await.shows("Dicabut");
    }
}

#[tokio::test]
async fn a_key_is_bounded_to_units_and_regions_by_their_names() {
    for place in staffed().await {
        let unit = "dinas-lampu".parse().unwrap();
        let added = place.node.add_unit("test", &unit, "Dinas Lampu", None);
        added.await.unwrap();
        let router = router(place.node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        let key = |regions: &'static str| {
            [
                ("nama", "aplikasi-lampu"),
                ("cakupan", "cases:read"),
                ("unit", "dinas-lampu"),
                ("wilayah", regions),
                ("berlaku", "30"),
            ]
        };
        let wrong = admin.post(PATH, &key("Kota Bandung; Atlantis")).await;
        wrong
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("kota yang jelas: Atlantis")
            .shows("value=\"Kota Bandung; Atlantis\"")
            .shows("value=\"dinas-lampu\" id=\"unit\" checked");
        let made = admin.post(PATH, &key("Kota Bandung; 31")).await;
        made.is(StatusCode::OK);
        let tokens = crate::tokens::list(place.node.db()).await.unwrap();
        assert_eq!(tokens[0].bounds(), "dinas-lampu 31 32.73");
        let list = admin.open(PATH).await;
        list.shows("Hanya: Dinas Lampu; ")
            .shows("Kota Bandung, Jawa Barat");
    }
}

#[tokio::test]
async fn a_key_of_who_is_disabled_is_listed_as_off_and_can_be_revoked() {
    for place in staffed().await {
        let node = &place.node;
        let siti = node.accounts().find_by_login(SITI).await.unwrap().id;
        let new = NewToken {
            name: "aplikasi-siti",
            rights: Role::Admin.into(),
            bounds: Bounds::default(),
            expires_at: None,
            owner: Some(&siti),
        };
        let made = tokens::create_for(node.db(), new, "test", NOW).await;
        made.unwrap();
        let router = router(node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        let good = admin.open(PATH).await;
        good.shows("badge done\">Berlaku")
            .shows("Tidak dalam peran pemiliknya sekarang");
        node.accounts().disable("test", &siti).await.unwrap();
        let off = admin.open(PATH).await;
        off.shows("Tidak berlaku selama pemiliknya dinonaktifkan")
            .shows("Cabut kunci aplikasi-siti");
        assert!(!off.text.contains("badge done"), "{}", off.text);
        admin
            .post("/meja/kunci-api/cabut", &[("nama", "aplikasi-siti")])
            .await
            .is(StatusCode::SEE_OTHER);
        admin.open(PATH).await.shows("Dicabut");
    }
}

#[tokio::test]
async fn keys_are_for_administrators() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        siti.open(PATH).await.is(StatusCode::FORBIDDEN);
        let form = [("nama", "a"), ("cakupan", "cases:read"), ("berlaku", "30")];
        siti.post(PATH, &form).await.is(StatusCode::FORBIDDEN);
        assert!(
            crate::tokens::list(place.node.db())
                .await
                .unwrap()
                .is_empty()
        );
    }
}
