//! Inviting many at once from a table: what is wrong with it is said before anybody is invited, and what
//! it makes is shown to whoever asked for it.

use http::{Request, StatusCode};
use lapor_protocol::directory::Status;

use super::{Browser, ConsoleRole, Page, Place, login};

impl Browser {
    /// A table in a form with files.
    pub(super) async fn send_table(&self, text: &str) -> Page {
        let body = format!(
            "--x\r\nContent-Disposition: form-data; name=\"berkas\"; filename=\"t.csv\"\r\n\
             Content-Type: text/csv\r\n\r\n{text}\r\n--x--\r\n"
        );
        let request = Request::post("/konsol/undang/massal/periksa")
            .header("content-type", "multipart/form-data; boundary=x");
        self.send(request, body).await
    }
}

#[tokio::test]
async fn a_table_with_one_wrong_row_invites_nobody_and_a_right_one_all() {
    for place in Place::all(false).await {
        place
            .hire("kedua@pusat.example", ConsoleRole::Operator)
            .await;
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        let header = "slug,kind,name,region_code\n";
        let wrong =
            format!("{header}kab-garut,kabupaten,Garut,32.05\nx,kota,,99.99\nkab-garut,desa,Z,\n");
        operator
            .send_table(&wrong)
            .await
            .is(StatusCode::OK)
            .shows("class=\"number\" data-label=\"Baris\">")
            .shows("<code class=\"whole\">region_code</code>")
            .shows("<code class=\"whole\">slug</code>")
            .shows("<code class=\"whole\">kind</code>")
            .hides("massal/mulai");
        assert_eq!(place.status_of("kab-garut"), None);
        let lacking = operator.send_table("slug,kind\na,kota\n").await;
        lacking.shows("tidak ada di baris judul");
        let open = "slug,kind,region_code,name\nkota-a,kota,,\"A\nkota-b,kota,,B\n";
        let page = operator.send_table(open).await;
        page.shows("Tanda kutip yang membuka sebuah sel")
            .hides("massal/mulai");
        let vast = "kota-a,kota,,A\n".repeat(12_000);
        let vast = operator.send_table(&vast).await;
        vast.is(StatusCode::PAYLOAD_TOO_LARGE)
            .shows("berkas dan isiannya, paling besar 150 KB");
        let header_open = operator.send_table("slug,kind,\"name\na,kota,A\n").await;
        header_open
            .shows("Tanda kutip yang membuka sebuah sel")
            .hides("tidak ada di baris judul");
        let desks = "slug,kind,name\npusat,pusat,P\npusat-2,pusat,Q\n";
        operator.send_table(desks).await.hides("massal/mulai");
        let entrusted = "slug,kind,name,region_code,disposes_to\n\
                         kab-garut,kabupaten,Garut,32.05,region:31.* kind:bumn\n";
        operator
            .send_table(entrusted)
            .await
            .shows(">Kabupaten</td>")
            .shows("Garut, Jawa Barat <code>32.05</code>")
            .shows("<code>region:31.*</code> <code>kind:bumn</code>");
        let right =
            format!("{header}kab-garut,kabupaten,Garut,32.05\nkota-cimahi,kota,Cimahi,32.77\n");
        operator.send_table(&right).await.shows("massal/mulai");
        let begun = operator
            .post("/konsol/undang/massal/mulai", &[("isi", &right)])
            .await;
        let at = begun.is(StatusCode::SEE_OTHER).to.clone();
        let mut page = operator.open(&at).await;
        while page.text.contains("setiap dua detik") {
            tokio::task::yield_now().await;
            page = operator.open(&at).await;
        }
        page.shows("2 dari 2")
            .shows("<button class=\"danger\">Selesai");
        assert_eq!(place.status_of("kota-cimahi"), Some(Status::Invited));
        let lines = operator.open(&format!("{at}/hasil.csv")).await;
        assert_eq!(lines.text.matches("lapor1.").count(), 2);
        let sheets = operator.open(&format!("{at}/lembar")).await;
        assert_eq!(sheets.text.matches("class=\"sheet\"").count(), 2);
        let other = place.enters("kedua@pusat.example").await;
        other.open(&at).await.is(StatusCode::NOT_FOUND);
        operator.post(&format!("{at}/hapus"), &[]).await;
        operator.open(&at).await.is(StatusCode::NOT_FOUND);
        assert!(place.line_is_open("kota-cimahi").await);
    }
}

#[tokio::test]
async fn a_table_is_kept_when_the_hub_begins_nothing_with_it() {
    for place in Place::all(false).await {
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        let table = "slug,kind,name\nkota-cimahi,kota,Cimahi\n";
        let path = "/konsol/undang/massal/mulai";
        let mut answer = operator.post(path, &[("isi", table)]).await;
        while answer.status == StatusCode::SEE_OTHER {
            let at = answer.to.clone();
            operator.open(&at).await.shows("<progress");
            answer = operator.post(path, &[("isi", table)]).await;
        }
        answer
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("tunggu setengah jam")
            .shows("massal/mulai")
            .shows("kota-cimahi,kota,Cimahi");
    }
}

#[tokio::test]
async fn where_two_must_agree_is_said_before_a_table_is_sent_that_it_gives_no_authority() {
    const SAID: &str = "biarkan disposes_to kosong";
    for (two, all) in [
        (false, Place::all(false).await),
        (true, Place::all(true).await),
    ] {
        for place in all {
            let operator = place.enters(&login(ConsoleRole::Operator)).await;
            let page = operator.open("/konsol/undang/massal").await;
            assert_eq!(page.is(StatusCode::OK).text.contains(SAID), two);
        }
    }
}
