//! Registers as an officer brings them in and takes them out.

use http::{Request, StatusCode};

use super::{Browser, Page, SITI, WORDS, staffed};
use crate::casework::{CaseFilter, Sight};
use crate::doors::router;

const PATH: &str = "/meja/register";
const FILE: &str = "No. Register,Curhat,Judul\n1,Jalan rusak,=Jalan\n1,Lampu padam,\n";

async fn uploads(browser: &Browser<'_>, channel: &str, table: &str) -> Page {
    let head = "--batas\r\nContent-Disposition: form-data; name=";
    let body = format!(
        "{head}\"saluran\"\r\n\r\n{channel}\r\n{head}\"berkas\"; filename=\"register 2026.csv\"\r\n\
         Content-Type: text/csv\r\n\r\n{table}\r\n--batas--\r\n"
    );
    let kind = "multipart/form-data; boundary=batas";
    let request = Request::post(PATH).header("content-type", kind);
    browser.send(request, body).await
}

#[tokio::test]
async fn a_register_is_looked_at_mended_and_filed_and_goes_out_again() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        siti.open(PATH).await.shows("Belum ada register");
        let wrong = uploads(&siti, "phone", "Isi\n").await;
        wrong
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("tidak ada baris di bawah judul kolomnya")
            .shows("value=\"phone\" selected");
        let open = uploads(&siti, "phone", "Isi,Judul\nJalan,\"A\nLampu,B\n").await;
        open.is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("Baris 2: tanda kutip yang membuka sebuah sel tidak ditutup");
        let one = uploads(&siti, "phone", FILE).await.to().to_owned();
        let page = siti.open(&one).await;
        page.shows("register 2026.csv")
            .shows("Tidak ada kolom yang dikenali sebagai isi laporan");
        let twice = [("kolom", "number"), ("kolom", "title"), ("kolom", "title")];
        let twice = siti.post(&format!("{one}/kolom"), &twice).await;
        twice
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("Dua kolom dipilih sebagai");
        let columns = [
            ("kolom", "number"),
            ("kolom", "content"),
            ("kolom", "title"),
        ];
        let chosen = siti.post(&format!("{one}/kolom"), &columns).await;
        chosen.is(StatusCode::SEE_OTHER);
        let page = siti.open(&one).await;
        page.shows("Baris 3, kolom No. Register: nomornya sama dengan baris 2")
            .shows("=Jalan");
        let held = siti.post(&format!("{one}/masukkan"), &[]).await;
        held.is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("Perbaiki berkasnya dan bawa lagi");
        let left_out = [("tanpa-salah", "1")];
        let filed = siti.post(&format!("{one}/masukkan"), &left_out).await;
        filed.is(StatusCode::SEE_OTHER);
        let every = CaseFilter::default();
        let cases = place.node.search(&Sight::ALL, "", &every, None, 9).await;
        let cases = cases.unwrap().cases;
        assert_eq!(cases.len(), 1);
        let ticket = cases[0].ticket.clone().unwrap();
        siti.open(&one)
            .await
            .shows(&ticket)
            .shows("Baris yang ditinggalkan")
            .shows("Baris 3, kolom No. Register: nomornya sama dengan baris 2");
        let table = siti.open(&format!("{one}/hasil.csv")).await;
        table
            .shows(&format!("2,1,{ticket},,"))
            .shows("3,,,No. Register,nomornya sama dengan baris 2.");
        let again = uploads(&siti, "phone", FILE).await;
        again
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("Berkas yang sama sudah pernah dibawa")
            .shows(&one);
        let csv = siti.open("/meja/register.csv").await;
        csv.shows(&ticket).shows("'=Jalan");
        let none = siti.open("/meja/register.csv?sampai=2020-01-01").await;
        assert!(!none.text.contains(&ticket));
        let book = siti.open("/meja/register.xlsx").await;
        book.is(StatusCode::OK);
        assert!(
            book.headers["content-type"]
                .to_str()
                .unwrap()
                .contains("spreadsheetml")
        );
    }
}

#[tokio::test]
async fn a_register_that_waits_can_be_dropped() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let one = uploads(&siti, "loket", "Isi\nJalan\n")
            .await
            .to()
            .to_owned();
        let dropped = siti.post(&format!("{one}/buang"), &[]).await;
        dropped.is(StatusCode::SEE_OTHER);
        siti.open(&one).await.is(StatusCode::NOT_FOUND);
        let again = uploads(&siti, "loket", "Isi\nJalan\n").await;
        again.is(StatusCode::SEE_OTHER);
    }
}
