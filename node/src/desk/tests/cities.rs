//! The page of cities: who may see and change what, and what a press does.

use http::StatusCode;
use lapor_stand_ins::city311::City311;
use serde_json::{Value, json};

use super::cases::at;
use super::{ADMIN, Browser, Page, SITI, WORDS, hire, in_unit, staffed};
use crate::casework::CaseFilter;
use crate::cities::tests::{HOLE, Linked};
use crate::doors::router;
use crate::staff::StaffRole;
use crate::testing::NOW;

const PAGE: &str = "/meja/saluran/kota";
const LEADER: &str = "pimpinan@bandung.go.id";
const PROBLEM: &str = "400: attribute[tiang] has an unknown value";

async fn linked() -> Vec<Linked> {
    linked_with(&json!({})).await
}

async fn linked_with(more: &Value) -> Vec<Linked> {
    let mut all = Vec::new();
    for place in Box::pin(staffed()).await {
        hire(&place, LEADER, StaffRole::Leader).await;
        let office = City311::open().await;
        office.is_at(NOW);
        let url = office.url();
        all.push(Box::pin(Linked::over(place, office, &url, more)).await);
    }
    all
}

#[tokio::test]
async fn an_administrator_tries_again_or_drops_what_a_city_refused() {
    for linked in linked().await {
        let router = router(linked.place.node.clone());
        let [siti, leader, admin] = [(); 3].map(|()| Browser::new(&router));
        siti.enters(SITI, WORDS).await;
        leader.enters(LEADER, WORDS).await;
        admin.enters(ADMIN, WORDS).await;
        siti.open(PAGE).await.shows("Belum dihubungi");
        linked.look().await.unwrap();
        linked.office.refuses(Some((400, &PROBLEM[5..])));
        for _ in 0..2 {
            linked.files_verified(&json!({})).await;
        }
        linked.look().await.unwrap();
        leader.open(PAGE).await.is(StatusCode::FORBIDDEN);
        let seen = siti.open(PAGE).await;
        seen.shows("Bandung 311")
            .shows("Ditolak kota")
            .shows(PROBLEM);
        assert!(!seen.text.contains("Coba lagi"), "an officer only reads");
        siti.post(PAGE, &[]).await.is(StatusCode::FORBIDDEN);
        admin
            .open("/meja")
            .await
            .shows("2 permintaan kota perlu dilihat");

        let stuck = linked.figures().await.stuck;
        for (id, deed, said) in [
            (&stuck[0].id, "ulang", "Akan dicoba pada putaran berikut."),
            (&stuck[1].id, "buang", "Tidak akan dicoba lagi."),
        ] {
            let fields = [("permintaan", id.as_str()), ("tindakan", deed)];
            let done = admin.post(PAGE, &fields).await;
            done.is(StatusCode::SEE_OTHER);
            admin.open(done.to()).await.shows(said);
        }
        let gone = [("permintaan", stuck[1].id.as_str()), ("tindakan", "ulang")];
        admin.post(PAGE, &gone).await.is(StatusCode::SEE_OTHER);
        linked.office.refuses(None);
        linked.look().await.unwrap();
        assert_eq!(linked.office.filed().len(), 1);
        let calm = siti.open(PAGE).await;
        assert!(!calm.text.contains("Ditolak kota"), "{}", calm.text);
    }
}

#[tokio::test]
async fn of_a_city_that_is_away_it_is_said_once_that_it_does_not_answer() {
    for linked in linked().await {
        let router = router(linked.place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        linked.office.mood.is_away(true);
        linked.look().await.unwrap_err();
        for page in [PAGE.to_owned(), format!("{PAGE}/bandung")] {
            let seen = siti.open(&page).await;
            seen.shows("jawabannya tidak terbaca. Tidak ada yang hilang;")
                .shows("it answers 502");
            assert!(!seen.text.contains("belum menjawab"), "{}", seen.text);
        }
    }
}

#[tokio::test]
async fn an_officer_of_a_unit_sees_what_a_city_refused_of_its_cases_and_how_many_others() {
    for linked in linked().await {
        let node = &linked.place.node;
        in_unit(&linked.place).await;
        let router = router(node.clone());
        let [siti, admin] = [(); 2].map(|()| Browser::new(&router));
        siti.enters(SITI, WORDS).await;
        admin.enters(ADMIN, WORDS).await;
        linked.look().await.unwrap();
        linked.office.refuses(Some((400, &PROBLEM[5..])));
        let own = linked.files_verified(&json!({})).await;
        let other = linked.files_verified(&json!({})).await;
        linked.look().await.unwrap();
        let given = [("unit", "dinas-pu"), ("petugas", "")];
        admin.post(&at(own, "/unit"), &given).await;
        let ticket = async |case| node.case(case).await.unwrap().summary.ticket.unwrap();
        let (own, other) = (ticket(own).await, ticket(other).await);
        let rest = "permintaan lain menyangkut";
        for page in [PAGE.to_owned(), format!("{PAGE}/bandung")] {
            let seen = siti.open(&page).await;
            seen.shows(&own).shows(&format!("1 {rest}"));
            assert!(!seen.text.contains(&other), "{}", seen.text);
            assert_eq!(seen.text.matches(PROBLEM).count(), 1, "{}", seen.text);
            let whole = admin.open(&page).await;
            whole.shows(&own).shows(&other);
            assert!(!whole.text.contains(rest), "{}", whole.text);
        }
    }
}

#[tokio::test]
async fn the_page_says_since_when_a_city_does_not_answer() {
    for linked in linked().await {
        linked.office.mood.is_away(true);
        linked.look().await.unwrap_err();
        let router = router(linked.place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let seen = siti.open(PAGE).await;
        seen.shows("it answers 502").shows("Tidak ada yang hilang");
    }
}

#[tokio::test]
async fn a_city_by_itself_says_where_it_is_what_is_mapped_and_how_each_request_stands() {
    for linked in linked().await {
        let router = router(linked.place.node.clone());
        let [siti, admin] = [(); 2].map(|()| Browser::new(&router));
        siti.enters(SITI, WORDS).await;
        admin.enters(ADMIN, WORDS).await;
        let here = format!("{PAGE}/bandung");
        siti.open(PAGE).await.shows(&here);
        siti.open(&format!("{PAGE}/bogor"))
            .await
            .is(StatusCode::NOT_FOUND);
        let before = siti.open(&here).await;
        before
            .shows(&linked.office.url())
            .shows("Belum dihubungi")
            .shows("Perhubungan › Penerangan Jalan Umum")
            .shows("Belum ada yang terhubung");
        let number = linked.office.hears(&HOLE);
        linked.look().await.unwrap();
        let all = CaseFilter::default();
        let found = linked.place.node.cases(&all, None, 1).await.unwrap();
        let ticket = found.cases[0].ticket.clone().unwrap();
        let open = siti.open(&here).await;
        open.shows("semua pertanyaan dijawab")
            .shows(&number)
            .shows(&ticket)
            .shows("Terbuka")
            .shows("Menunggu verifikasi");
        linked.office.puts(&number, "closed", "Sudah ditambal.");
        linked.place.clock.advance(60_000);
        linked.look().await.unwrap();
        let closed = siti.open(&here).await;
        closed.shows("Ditutup</span>");
        assert_eq!(
            closed.between("Kabar kota yang tercatat di laporan</dt><dd>", "<"),
            "1"
        );
        siti.open(&format!("{here}?sesudah=akhir"))
            .await
            .is(StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[tokio::test]
async fn an_administrator_asks_a_city_which_services_are_not_mapped() {
    let map = json!({"map": [
        {"code": "001", "category": "Perhubungan/Penerangan Jalan Umum"},
        {"code": "999", "category": "Kesehatan"},
    ]});
    for linked in linked_with(&map).await {
        let router = router(linked.place.node.clone());
        let [siti, admin] = [(); 2].map(|()| Browser::new(&router));
        siti.enters(SITI, WORDS).await;
        admin.enters(ADMIN, WORDS).await;
        let asking = format!("{PAGE}/bandung?layanan=ya");
        let seen = siti.open(&asking).await;
        seen.shows("999");
        assert!(
            !seen.text.contains("Tidak dipetakan"),
            "an officer only reads"
        );
        let asked = admin.open(&asking).await;
        asked.shows("Jalan berlubang").shows("Tidak dikenal kota");
        assert_eq!(asked.text.matches("Tidak dipetakan").count(), 2);
        linked.office.mood.is_away(true);
        admin
            .open(&asking)
            .await
            .shows("it answers 502")
            .shows("tidak menjawab")
            .shows("Tanyakan semua layanan");
    }
}

#[tokio::test]
async fn what_is_linked_is_listed_page_by_page_and_each_once() {
    for linked in linked().await {
        let router = router(linked.place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let numbers: Vec<String> = (0..51).map(|_| linked.office.hears(&HOLE)).collect();
        linked.look().await.unwrap();
        let here = format!("{PAGE}/bandung");
        let first = siti.open(&here).await;
        let next = first.between("?sesudah=", "\"");
        let second = siti.open(&format!("{here}?sesudah={next}")).await;
        let row = |page: &Page, number: &str| {
            let row = format!("<th scope=\"row\">{number}</th>");
            page.text.matches(&row).count()
        };
        for number in &numbers {
            assert_eq!(row(&first, number) + row(&second, number), 1, "{number}");
        }
        assert_eq!(second.text.matches("<th scope=\"row\">").count(), 2);
        assert!(!second.text.contains("rel=\"next\""), "{}", second.text);
    }
}
