//! The institution's own tree, from the admin's table to the lists and figures.

use http::{Request, StatusCode};

use lapor_protocol::case::{Effect, Reason, Ruling};
use lapor_protocol::ids::CaseId;
use lapor_protocol::kinds::Category;
use lapor_protocol::receipt::Stream;
use serde_json::json;

use super::cases::{KEY, at};
use super::{ADMIN, Browser, SITI, WORDS, staffed};
use crate::casework::NewReport;
use crate::doors::router;
use crate::store;
use crate::sync::Link;
use crate::testing::{PaperHub, Place, acts};

const TREE: &str = "lokal;nasional\r\nParkir/Parkir ngawur;Perhubungan/Parkir Liar\r\n\
    Parkir/Tarif;Perhubungan\r\nPasar;Kesehatan\r\n";

async fn uploads(admin: &Browser<'_>, table: &str) -> super::Page {
    let head = "--batas\r\nContent-Disposition: form-data; name=\"berkas\"; \
        filename=\"kategori.csv\"\r\nContent-Type: text/csv\r\n\r\n";
    let body = format!("{head}{table}\r\n--batas--\r\n");
    let kind = "multipart/form-data; boundary=batas";
    let request = Request::post("/meja/kategori/tabel").header("content-type", kind);
    admin.send(request, body).await
}

#[tokio::test]
async fn citizens_and_officers_choose_in_the_own_tree_and_the_national_category_follows() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let (admin, siti) = (Browser::new(&router), Browser::new(&router));
        admin.enters(ADMIN, WORDS).await;
        siti.enters(SITI, WORDS).await;
        siti.open("/meja/kategori").await.is(StatusCode::FORBIDDEN);
        are_refused(&admin).await;
        uploads(&admin, TREE).await.is(StatusCode::SEE_OTHER);
        admin
            .open("/meja/kategori")
            .await
            .shows("Edisi 1")
            .shows("Parkir ngawur")
            .shows("Perhubungan › Parkir Liar");
        admin
            .open("/meja/pengaturan")
            .await
            .shows("3 kategori sendiri");
        let table = admin.open("/meja/kategori.csv").await;
        table.shows("Parkir/Parkir ngawur,Perhubungan/Parkir Liar");

        let form = siti.open("/lapor").await;
        form.shows("<optgroup label=\"Parkir\">")
            .shows("<option value=\"~Parkir/Tarif\"");
        let report = [
            ("kunci", KEY),
            ("saluran", "loket"),
            ("jenis", "pengaduan"),
            ("judul", "Parkir di trotoar"),
            ("uraian", "Setiap pagi."),
            ("kategori", "~Parkir/Parkir ngawur"),
        ];
        let slip = siti.post("/meja/baru", &report).await;
        slip.is(StatusCode::OK);
        let every = crate::casework::CaseFilter::default();
        let all = crate::casework::Sight::ALL;
        let cases = place.node.search(&all, "", &every, None, 9).await;
        let case = cases.unwrap().cases.remove(0);
        let national = case.category.as_ref().map(Category::as_str);
        assert_eq!(national, Some("Perhubungan/Parkir Liar"));
        assert_eq!(case.local_category.as_deref(), Some("Parkir/Parkir ngawur"));

        for (query, shown) in [("~Parkir", true), ("~Pasar", false), ("Perhubungan", true)] {
            let list = siti
                .open(&format!("/meja?tab=semua&kategori={query}"))
                .await;
            assert_eq!(list.text.contains("Parkir di trotoar"), shown, "{query}");
        }
        let named = "Parkir › Parkir ngawur (Perhubungan › Parkir Liar)";
        siti.open(&at(case.case, "")).await.shows(named);
        let verified = [
            ("kunci", "0123456789abcdef-verifikasi"),
            ("judul", "Parkir di trotoar"),
            ("jenis", "pengaduan"),
            ("kategori", "~Pasar"),
        ];
        let done = siti.post(&at(case.case, "/verifikasi"), &verified).await;
        done.is(StatusCode::SEE_OTHER);
        let now = place.node.case(case.case).await.unwrap().summary;
        assert_eq!(now.local_category.as_deref(), Some("Pasar"));
        assert_eq!(now.category.unwrap().as_str(), "Kesehatan");
        let other = [("lokal", "Parkir/Tarif")];
        siti.post(&at(case.case, "/kategori"), &other).await;
        are_counted(&siti).await;
        let public = format!("/laporan/{}", case.case);
        let kept = siti.open(&public).await;
        kept.shows("Pasar");
        assert!(!kept.text.contains("Tarif"), "it stands for another one");
        let listed = siti.open("/laporan?kategori=~Pasar").await;
        listed.shows("Parkir di trotoar");
        let half = [
            ("kunci", "0123456789abcdef-pemisahan"),
            ("judul", "Tarif"),
            ("uraian", "Tarifnya berbeda-beda."),
            ("kategori", "~Parkir/Tarif"),
        ];
        let split = siti.post(&at(case.case, "/pecah"), &half).await;
        split.is(StatusCode::SEE_OTHER);
        let cases = place.node.search(&all, "", &every, None, 9).await;
        let half = cases
            .unwrap()
            .cases
            .into_iter()
            .find(|one| one.case != case.case);
        let half = half.unwrap().local_category;
        assert_eq!(half.as_deref(), Some("Parkir/Tarif"));

        let gone = [("lokal", "Pasar")];
        admin.post("/meja/kategori/hapus", &gone).await;
        let kept = admin.open("/meja/kategori").await;
        kept.shows("Edisi 2").shows("Berlakukan lagi");
        admin
            .post("/meja/kategori/pulihkan", &[("edisi", "1")])
            .await;
        admin
            .open("/meja/kategori")
            .await
            .shows("Edisi 3")
            .shows("Pasar");
    }
}

#[tokio::test]
async fn an_admin_is_told_of_own_categories_that_an_edition_took_out_of_the_choice() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let [admin, siti] = [(); 2].map(|()| Browser::new(&router));
        admin.enters(ADMIN, WORDS).await;
        siti.enters(SITI, WORDS).await;
        uploads(&admin, TREE).await.is(StatusCode::SEE_OTHER);
        let told = "kategori instansi tidak ditawarkan lagi";
        let part = async || {
            let page = admin.open("/meja/pengaturan").await.text;
            let (_, rest) = page.split_once("<h2>Kategori instansi").unwrap();
            rest.split("</section>").next().unwrap().to_owned()
        };
        let inbox = admin.open("/meja").await.text;
        assert!(!inbox.contains(told), "{inbox}");
        let sound = part().await;
        assert!(
            sound.contains("Sudah diatur") && !sound.contains(told),
            "{sound}"
        );

        let tree = [
            ("Parkir/Parkir ngawur", "Perhubungan/Tidak Ada Lagi"),
            ("Parkir/Tarif", "Tidak Ada Lagi"),
            ("Pasar", "Kesehatan"),
        ];
        let tree = tree.map(|(local, national)| (local.to_owned(), national.to_owned()));
        let mut tx = place.node.write_tx().await.unwrap();
        store::categories::replace(&mut tx, &tree).await.unwrap();
        tx.commit().await.unwrap();
        let told = format!("2 {told}");
        let inbox = admin.open("/meja").await;
        inbox
            .shows(&told)
            .shows("<a href=\"/meja/kategori\">2 kategori");
        let inbox = siti.open("/meja").await.text;
        assert!(!inbox.contains(&told), "{inbox}");
        let lost = part().await;
        assert!(
            lost.contains("Belum diatur") && !lost.contains("Sudah diatur"),
            "{lost}"
        );
        assert!(
            lost.contains("3 kategori sendiri") && lost.contains(&told),
            "{lost}"
        );
    }
}

/// Tables that cannot be the tree, each with what is wrong with it.
async fn are_refused(admin: &Browser<'_>) {
    let wrong = uploads(admin, "lokal,nasional\nA,Tidak Ada\n").await;
    wrong
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("Baris 2: tidak ada kategori nasional");
    let vast = "A,Kesehatan\n".repeat(180_000);
    uploads(admin, &vast)
        .await
        .is(StatusCode::PAYLOAD_TOO_LARGE)
        .shows("berkas dan isiannya, paling besar 2 MB");
    let open = "lokal,nasional\nA,\"Kesehatan\nB,Kesehatan\n";
    uploads(admin, open)
        .await
        .is(StatusCode::UNPROCESSABLE_ENTITY)
        .shows("Baris 2: tanda kutip yang membuka sebuah sel tidak ditutup");
}

/// Figures name what is of a category of the own tree, on the page and in the table.
async fn are_counted(siti: &Browser<'_>) {
    let work = siti.open("/meja/kinerja").await;
    work.shows("<th scope=\"row\">Kesehatan</th>")
        .shows("data-label=\"Kategori instansi\">Pasar<")
        .shows("per=kategori");
    let table = siti.open("/meja/kinerja.csv?per=kategori").await;
    table
        .shows("category,local_category,intake,open,answered,overdue\n")
        .shows("Kesehatan,Pasar,1,1,0,0\n");
}

/// A report of the first category of the tree, which everybody has been told of.
async fn parked(place: &Place, admin: &Browser<'_>) -> CaseId {
    uploads(admin, TREE).await.is(StatusCode::SEE_OTHER);
    let report: NewReport = serde_json::from_value(json!({
        "classification": "complaint",
        "title": "Parkir di trotoar",
        "content": "Setiap pagi.",
        "local_category": "Parkir/Parkir ngawur",
        "channel": "web",
    }))
    .unwrap();
    place.node.file(report, "test").await.unwrap().case
}

async fn own_of(place: &Place, case: CaseId) -> Option<String> {
    let view = place.node.case(case).await.unwrap();
    view.summary.local_category
}

#[tokio::test]
async fn an_own_category_comes_back_where_an_act_turns_out_to_be_without_effect() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let [admin, siti] = [(); 2].map(|()| Browser::new(&router));
        admin.enters(ADMIN, WORDS).await;
        siti.enters(SITI, WORDS).await;
        let case = parked(&place, &admin).await;
        let hub = PaperHub::of(&place);
        let link = Link::over(place.node.clone(), hub.clone()).unwrap();
        let ruled = async || {
            link.push().await.unwrap();
            link.pull(Stream::Inbox, 0).await.unwrap();
        };
        ruled().await;
        hub.rules(Ruling {
            effect: Effect::Inapplicable,
            reason: Some(Reason::WrongState),
        });
        let kept = Some("Parkir/Parkir ngawur".to_owned());
        assert_eq!(own_of(&place, case).await, kept);
        let other = json!({"category": "Kesehatan"});
        acts(&place, case, "case.verified", other, None).await;
        assert_eq!(
            own_of(&place, case).await,
            None,
            "it stands for another one"
        );
        ruled().await;
        assert_eq!(own_of(&place, case).await, kept);
        let verified = [
            ("kunci", KEY),
            ("judul", "Parkir di trotoar"),
            ("jenis", "pengaduan"),
            ("kategori", "~Pasar"),
        ];
        let done = siti.post(&at(case, "/verifikasi"), &verified).await;
        done.is(StatusCode::SEE_OTHER);
        assert_eq!(own_of(&place, case).await.as_deref(), Some("Pasar"));
        ruled().await;
        assert_eq!(own_of(&place, case).await, kept);
        hub.rules(Ruling::APPLIED);
        let other = json!({"category": "Kesehatan"});
        acts(&place, case, "case.verified", other, None).await;
        ruled().await;
        assert_eq!(own_of(&place, case).await, None, "it has had its effect");
    }
}

#[tokio::test]
async fn the_page_of_a_case_offers_what_it_has_even_where_that_was_mapped_anew() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        let case = parked(&place, &admin).await;
        let anew = [("lokal", "Parkir/Parkir ngawur"), ("nasional", "Kesehatan")];
        let mapped = admin.post("/meja/kategori", &anew).await;
        mapped.is(StatusCode::SEE_OTHER);
        let page = admin.open(&at(case, "")).await;
        page.shows("<option value=\"Parkir/Parkir ngawur\" selected>");
    }
}

#[tokio::test]
async fn an_own_category_that_does_not_fit_any_more_is_told() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let [admin, siti] = [(); 2].map(|()| Browser::new(&router));
        admin.enters(ADMIN, WORDS).await;
        siti.enters(SITI, WORDS).await;
        let case = parked(&place, &admin).await;
        let verify = async |key: &str, category: &str| {
            let fields = [
                ("kunci", key),
                ("judul", "Parkir di trotoar"),
                ("jenis", "pengaduan"),
                ("kategori", category),
            ];
            let done = siti.post(&at(case, "/verifikasi"), &fields).await;
            done.is(StatusCode::SEE_OTHER);
        };
        verify(KEY, "~Pasar").await;
        siti.open(&at(case, "")).await;
        verify("0123456789abcdef-yang-lain", "~Parkir/Tarif").await;
        let page = siti.open(&at(case, "")).await;
        assert!(!page.text.contains("kategori instansinya tidak"));
        // The first form comes again: it is done, and its category fits no more.
        verify(KEY, "~Pasar").await;
        let page = siti.open(&at(case, "")).await;
        page.shows("kategori instansinya tidak");
        assert_eq!(own_of(&place, case).await.as_deref(), Some("Parkir/Tarif"));
    }
}
