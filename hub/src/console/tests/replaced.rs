//! Whoever was replaced says by whom on every page, and is told from a successor of the same name.

use http::StatusCode;

use super::casework::places;
use super::membership::GARUT;
use super::{BANDUNG, ConsoleRole, Place, login};

const MARKED: &str = "Kota Bandung (digantikan oleh kota-bandung-2)";

#[tokio::test]
async fn one_that_was_replaced_is_marked_wherever_it_is_named() {
    for place in places(3).await {
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        let at = format!("{BANDUNG}/ganti");
        let fields = [
            ("penerus", "kota-bandung-2"),
            ("alasan", "kunci hilang"),
            ("yakin", "1"),
        ];
        operator.open("/konsol/kasus").await.hides(MARKED);
        let done = operator.post(&at, &fields).await;
        done.is(StatusCode::SEE_OTHER);
        for page in [
            "/konsol",
            "/konsol/instansi",
            BANDUNG,
            "/konsol/kasus",
            "/konsol/kasus/daftar?yang=belum-dijawab",
            "/konsol/audit?instansi=kota-bandung",
        ] {
            operator.open(page).await.shows(MARKED);
        }
        let next = operator.open("/konsol/instansi/kota-bandung-2").await;
        next.shows("Kota Bandung").hides("digantikan oleh");
    }
}

#[tokio::test]
async fn one_that_went_over_into_another_says_what_that_is_called() {
    for place in Place::all(false).await {
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        operator.post("/konsol/undang", GARUT).await;
        place.takes_part("kab-garut").await;
        let fields = [
            ("penerus", "kab-garut"),
            ("alasan", "digabung"),
            ("yakin", "1"),
        ];
        let done = operator.post(&format!("{BANDUNG}/cabut"), &fields).await;
        done.is(StatusCode::SEE_OTHER);
        for page in ["/konsol/instansi", BANDUNG] {
            let page = operator.open(page).await;
            page.shows("Kota Bandung (digantikan oleh Pemerintah Kabupaten Garut)");
        }
        let page = operator.open(BANDUNG).await;
        page.shows(">Pemerintah Kabupaten Garut (kab-garut)</a>");
    }
}
