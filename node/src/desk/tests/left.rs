//! Pages of a case of which this institution hears no more.

use http::StatusCode;
use lapor_migrations::on;
use lapor_protocol::receipt::Stream;

use super::{Browser, SITI, WORDS, hire};
use crate::casework::ticket;
use crate::doors::router;
use crate::staff::StaffRole;
use crate::sync::Link;
use crate::testing::{FromDesk, PaperHub, Place, databases};

const TICKET: &str = "update cases set ticket = $1";

/// Gives the one case of a place a ticket.
async fn ticketed(place: &Place) -> String {
    let ticket = ticket::mint();
    let mut tx = place.node.write_tx().await.unwrap();
    let done = on!(&mut tx, c => sqlx::query(TICKET).bind(&ticket).execute(c).await.map(drop));
    done.unwrap();
    tx.commit().await.unwrap();
    ticket
}

#[tokio::test]
async fn a_case_that_left_is_read_without_a_clock_and_without_an_act() {
    for db in databases().await {
        let mut place = Place::joined("kota-bandung", db).await;
        let national = "https://www.lapor.go.id".to_owned();
        place.settings.portal.national_url = Some(national.try_into().unwrap());
        place.node = place.reopened().await;
        hire(&place, SITI, StaffRole::Officer).await;
        let hub = PaperHub::of(&place);
        let link = Link::over(place.node.clone(), hub.clone()).unwrap();
        let mut given = FromDesk::given(&hub, "kota-bandung");
        link.pull(Stream::Inbox, 0).await.unwrap();
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let at = format!("/meja/kasus/{}", given.case);
        siti.open(&at).await.shows("Simpan penugasan");
        given.recalled();
        link.pull(Stream::Inbox, 0).await.unwrap();
        let ticket = ticketed(&place).await;

        let tracked = siti.open(&format!("/lacak?tiket={ticket}")).await;
        let case = siti.open(&at).await;
        let report = siti.open(&format!("/laporan/{}", given.case)).await;
        for page in [&tracked, &case, &report] {
            page.is(StatusCode::OK)
                .shows("Tidak lagi di sini")
                .shows("tidak lagi mendapat kabar tentang laporan ini. Waktu itu")
                .shows("href=\"https://www.lapor.go.id");
            for stale in ["Menunggu verifikasi", "Simpan penugasan", "Sampai di mana"] {
                assert!(!page.text.contains(stale), "{stale}: {}", page.text);
            }
        }
        siti.open("/meja?tab=selesai")
            .await
            .shows("Tidak lagi di sini");
        let list = siti.open("/meja?tab=lain").await;
        assert!(!list.text.contains(&ticket), "{}", list.text);
    }
}

#[tokio::test]
async fn the_portal_of_the_origin_is_led_to_where_the_directory_has_a_sound_address() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let hub = PaperHub::of(&place);
        let link = Link::over(place.node.clone(), hub.clone()).unwrap();
        let mut given = FromDesk::given(&hub, "kota-bandung");
        link.pull(Stream::Inbox, 0).await.unwrap();
        given.recalled();
        link.pull(Stream::Inbox, 0).await.unwrap();
        let at = format!("/lacak?tiket={}", ticketed(&place).await);
        let router = router(place.node.clone());
        let anybody = Browser::new(&router);
        anybody
            .open(&at)
            .await
            .shows("di portal pusat, tempat laporan ini ditulis.</p>");
        for (said, sound) in [
            ("https://pusat.lapor.test", true),
            ("javascript:alert(1)", false),
            ("https://pusat.lapor.test/masuk?ke=x", false),
        ] {
            place.directory_names_portal("pusat", said).await;
            let page = anybody.open(&at).await;
            assert_eq!(page.text.contains(said), sound, "{}", page.text);
            let led = page.text.contains(&format!("<a href=\"{said}\""));
            assert_eq!(led, sound, "{}", page.text);
        }
    }
}
