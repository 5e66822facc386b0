//! To how many institutions the notice of a maintenance has come.

use http::StatusCode;

use super::{BANDUNG, Place, login};
use crate::console::ConsoleRole;

const MAINTENANCE: &str = "/konsol/perawatan/pemeliharaan";

#[tokio::test]
async fn who_has_read_of_a_maintenance_is_told_until_another_is_announced() {
    for place in Place::all(false).await {
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        place.hears(None).await;
        let plan = async |until: &str| {
            let plan = [("sampai", until), ("alasan", "ganti mesin")];
            let planned = operator.post(MAINTENANCE, &plan).await;
            planned.is(StatusCode::SEE_OTHER);
        };
        let told = async |said: &str| {
            operator.open(MAINTENANCE).await.shows(said);
        };
        // NOW is 2026-09-21, 21:13 in Jakarta.
        plan("2026-09-21T23:13").await;
        told("0 dari 1").await;
        place.hears(None).await;
        told("1 dari 1").await;
        // Later versions of the directory say nothing new of it.
        let why = [("alasan", "ganti mesin")];
        for act in ["tangguhkan", "pulihkan"] {
            operator.post(&format!("{BANDUNG}/{act}"), &why).await;
        }
        told("1 dari 1").await;
        plan("2026-09-22T01:13").await;
        told("0 dari 1").await;
        place.hears(None).await;
        told("1 dari 1").await;
    }
}
