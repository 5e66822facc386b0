//! Whoever was replaced bears the name of its successor, and is told from it on every page.

use http::StatusCode;

use super::casework::places;
use super::{BANDUNG, ConsoleRole, login};

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
