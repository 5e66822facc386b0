//! What everybody may look around in, through the node's router.

use std::net::Ipv4Addr;

use axum::Router;
use http::{Request, StatusCode};
use lapor_migrations::on;
use lapor_protocol::ids::CaseId;
use lapor_protocol::receipt::Stream;
use serde_json::{Value, json};

use super::tests::{open, places, post, send};
use crate::casework::{NewReport, PublicFilter};
use crate::doors::router;
use crate::publishing::{NewProgramme, NewProgress};
use crate::store;
use crate::sync::Link;
use crate::testing::{PaperHub, Place, acts};

mod courses;
mod kinds;
mod maps;
mod short;
mod statistics;

async fn file(place: &Place, title: &str, more: Value) -> CaseId {
    let mut report = json!({
        "classification": "complaint", "title": title,
        "content": "Padam sejak Minggu. Hubungi 0812-3456-7890.",
        "region": "32.73", "category": "Perhubungan/Parkir Liar", "channel": "web",
        "reporter": { "name": "Ibu Canary", "email": "canary@contoh.id" },
    });
    let Value::Object(more) = more else {
        panic!("more fields of a report are an object");
    };
    report.as_object_mut().unwrap().extend(more);
    let report: NewReport = serde_json::from_value(report).unwrap();
    place.node.file(report, "test").await.unwrap().case
}

async fn published(place: &Place, title: &str, more: Value) -> CaseId {
    let case = file(place, title, more).await;
    acts(place, case, "case.verified", json!({}), None).await;
    case
}

async fn index(place: &Place) {
    while place.node.catch_up_words().await.unwrap() > 0 {}
}

async fn say(place: &Place, case: CaseId, words: &str) {
    let body = json!({ "proposes_to_close": true });
    let words = Some(json!({ "text": words }));
    acts(place, case, "case.followed_up", body, words).await;
}

/// The hub rules on all that was done here; once in a test.
async fn ruled(place: &Place) {
    let link = Link::over(place.node.clone(), PaperHub::of(place)).unwrap();
    link.push().await.unwrap();
    link.pull(Stream::Inbox, 0).await.unwrap();
}

fn support_of(case: CaseId) -> String {
    format!("/laporan/{case}/dukung")
}

#[tokio::test]
async fn a_confidential_report_and_one_not_verified_are_nowhere() {
    for place in places().await {
        let secret = published(&place, "Pungutan liar di loket", json!({"secret": true})).await;
        let new = file(&place, "Belum diperiksa", json!({})).await;
        index(&place).await;
        let router = router(place.node.clone());
        for path in [
            "/laporan",
            "/laporan?q=pungutan",
            "/laporan?q=periksa",
            "/laporan?status=verified",
            "/laporan?wilayah=32.73",
            &format!("/laporan?q={secret}"),
        ] {
            let page = open(&router, path).await;
            assert_eq!(page.status, StatusCode::OK, "{path}");
            for hidden in ["Pungutan", "Belum diperiksa", &format!("/laporan/{secret}")] {
                assert!(!page.text.contains(hidden), "{path}: {hidden}");
            }
        }
        for case in [secret, new] {
            let page = open(&router, &format!("/laporan/{case}")).await;
            assert_eq!(page.status, StatusCode::NOT_FOUND);
        }
        let supported = post(&router, &support_of(secret), "").await;
        assert_eq!(supported.status, StatusCode::NOT_FOUND);
        let supported = post(&router, &support_of(new), "").await;
        assert_eq!(supported.status, StatusCode::NOT_FOUND, "it may be abuse");
    }
}

#[tokio::test]
async fn a_report_that_went_back_waits_for_verification_and_is_public_only_if_it_was_before() {
    for place in places().await {
        let never = file(&place, "Belum diperiksa", json!({})).await;
        let known = published(&place, "Sudah diperiksa", json!({})).await;
        let why = json!({ "reason": "wrong_region", "suggested": "kab-garut" });
        for case in [never, known] {
            let words = Some(json!({ "text": "Catatan dalam." }));
            acts(&place, case, "case.returned", why.clone(), words).await;
        }
        ruled(&place).await;
        let router = router(place.node.clone());
        let list = open(&router, "/laporan").await;
        assert!(list.text.contains("Sudah diperiksa") && !list.text.contains("Belum diperiksa"));
        let page = open(&router, &format!("/laporan/{never}")).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND);
        let page = open(&router, &format!("/laporan/{known}")).await;
        let tracked = place
            .node
            .case(known)
            .await
            .unwrap()
            .summary
            .ticket
            .unwrap();
        let tracked = open(&router, &format!("/lacak?tiket={tracked}")).await;
        for (text, filters) in [(&list.text, 1), (&page.text, 0), (&tracked.text, 0)] {
            assert!(text.contains("Menunggu verifikasi"), "{text}");
            let said = text.matches("Terverifikasi").count();
            assert_eq!(said, filters, "only a filter has it: {text}");
        }
        for text in [&page.text, &tracked.text] {
            assert!(text.contains("Alasan: terjadi di wilayah lain."), "{text}");
            assert!(text.contains("yang berwenang: kab-garut."), "{text}");
            assert!(!text.contains("Catatan dalam"), "{text}");
        }
    }
}

#[tokio::test]
async fn what_was_archived_keeps_its_reason_and_what_was_merged_leads_on() {
    for place in places().await {
        let reason = json!({ "reason": "outside_government" });
        let archived = published(&place, "Harga cabai", json!({})).await;
        let abuse = file(&place, "Judul kasar", json!({})).await;
        let secret = published(&place, "Pungutan", json!({"secret": true})).await;
        for case in [archived, abuse, secret] {
            acts(&place, case, "case.archived", reason.clone(), None).await;
        }
        ruled(&place).await;
        let target = published(&place, "Lampu padam", json!({})).await;
        let merged = published(&place, "Lampu mati", json!({})).await;
        let into = json!({ "target_case": target });
        acts(&place, merged, "case.linked", into, None).await;

        let router = router(place.node.clone());
        let page = open(&router, &format!("/laporan/{archived}")).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        assert!(page.text.contains("di luar wewenang pemerintah"));
        assert!(!page.text.contains("Harga cabai") && !page.text.contains("Padam sejak"));
        for hidden in [abuse, secret] {
            let page = open(&router, &format!("/laporan/{hidden}")).await;
            assert_eq!(page.status, StatusCode::NOT_FOUND);
        }
        let led = open(&router, &format!("/laporan/{merged}")).await;
        assert_eq!(led.header("location"), format!("/laporan/{target}"));
        let unknown = open(&router, "/laporan/xyz").await;
        assert_eq!(unknown.status, StatusCode::NOT_FOUND);

        let tally = place.node.tally().await.unwrap();
        let parts = tally.open + tally.archived + tally.merged;
        assert_eq!((tally.all, tally.archived, tally.merged), (parts, 3, 1));
    }
}

#[tokio::test]
async fn merges_that_go_in_a_circle_until_they_are_ruled_are_not_followed_without_end() {
    const MERGED: &str =
        "update cases set fold = $2, state = 'merged', public = 0 where case_id = $1";
    for place in places().await {
        let target = published(&place, "Lampu padam", json!({})).await;
        let merged = published(&place, "Lampu mati", json!({})).await;
        ruled(&place).await;
        let into = json!({ "target_case": target });
        acts(&place, merged, "case.linked", into, None).await;
        let (id, mut tx) = (target.to_string(), place.node.write_tx().await.unwrap());
        let row = store::cases::case(&mut tx, &id).await.unwrap().unwrap();
        let mut fold: Value = serde_json::from_str(&row.fold.unwrap()).unwrap();
        let back = json!({"into": merged, "link": fold["term"], "former": fold["state"]});
        fold["merged"] = back;
        fold["state"] = json!("merged");
        let fold = fold.to_string();
        let done = on!(&mut tx, c => sqlx::query(MERGED)
            .bind(&id)
            .bind(&fold)
            .execute(c)
            .await
            .map(drop));
        done.unwrap();
        tx.commit().await.unwrap();
        let router = router(place.node.clone());
        for case in [merged, target] {
            let page = open(&router, &format!("/laporan/{case}")).await;
            assert_eq!(page.status, StatusCode::NOT_FOUND);
        }
    }
}

#[tokio::test]
async fn a_badge_says_with_whom_a_report_is_and_how_it_ended() {
    for place in places().await {
        let case = published(&place, "Lampu jalan padam", json!({})).await;
        let words = Some(json!({ "text": "Petugas berangkat." }));
        acts(&place, case, "case.followed_up", json!({}), words).await;
        let router = router(place.node.clone());
        let at = format!("/laporan/{case}");
        let page = open(&router, &at).await;
        assert!(page.text.contains("Ditindaklanjuti oleh"), "{}", page.text);
        let ends = "Selesai otomatis dalam 10 hari kerja";
        assert!(page.text.contains(ends), "{}", page.text);
        say(&place, case, "Sudah menyala.").await;
        let by = json!({ "by": "reporter", "through_officer": false });
        acts(&place, case, "case.closed", by, None).await;
        ruled(&place).await;
        let page = open(&router, &at).await;
        for said in [
            "Tindak lanjut, diusulkan selesai",
            "Selesai, dikonfirmasi pelapor",
            "Selesai: dikonfirmasi pelapor",
        ] {
            assert!(page.text.contains(said), "{}", page.text);
        }
        let confirmed = open(&router, "/laporan?status=confirmed").await;
        let silent = open(&router, "/laporan?status=silence").await;
        assert!(confirmed.text.contains("Lampu jalan") && !silent.text.contains("Lampu jalan"));
    }
}

#[tokio::test]
async fn privacy_is_told_on_a_page_that_every_page_leads_to() {
    for place in places().await {
        let router = router(place.node.clone());
        let front = open(&router, "/").await;
        assert!(front.text.contains("href=\"/privasi\""));
        let page = open(&router, "/privasi").await;
        assert!(page.text.contains("Berapa lama"), "{}", page.text);
    }
}

#[tokio::test]
async fn a_report_shows_its_words_and_never_who_wrote_them() {
    for place in places().await {
        for anonymous in [true, false] {
            let more = json!({ "anonymous": anonymous });
            let case = published(&place, "Lampu jalan padam", more).await;
            say(
                &place,
                case,
                "Lampu diganti. Tanya Pak Dadang di 0813-2222-3333.",
            )
            .await;
            let router = router(place.node.clone());
            let page = open(&router, &format!("/laporan/{case}")).await;
            assert_eq!(page.status, StatusCode::OK, "{}", page.text);
            assert!(page.text.contains("Padam sejak Minggu"), "{}", page.text);
            assert!(page.text.contains("Kota Bandung"), "{}", page.text);
            let list = open(&router, "/laporan").await;
            for text in [&page.text, &list.text] {
                for hidden in ["Canary", "canary", "3456", "2222"] {
                    assert!(!text.contains(hidden), "{hidden}: {text}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_list_is_searched_narrowed_and_read_page_by_page() {
    for place in places().await {
        for number in 0..23 {
            published(&place, &format!("Trotoar rusak {number}"), json!({})).await;
            place.clock.advance(1000);
        }
        let elsewhere = json!({"region": "31.71", "category": "Kesehatan"});
        published(&place, "Antrean puskesmas", elsewhere).await;
        index(&place).await;
        let router = router(place.node.clone());
        let first = open(&router, "/laporan?wilayah=kota+bandung&status=verified").await;
        assert_eq!(first.text.matches("<li class=\"report\">").count(), 20);
        assert!(!first.text.contains("Antrean"));
        let next = first.text.split("rel=\"next\" href=\"").nth(1).unwrap();
        let next = next.split('"').next().unwrap().replace("&#38;", "&");
        assert!(next.contains("status=verified&wilayah=kota%20bandung"));
        let second = open(&router, &next).await;
        assert_eq!(second.text.matches("<li class=\"report\">").count(), 3);
        assert!(second.text.contains("Trotoar rusak 0<") && !second.text.contains("rel=\"next\""));

        let found = open(&router, "/laporan?q=antrean").await;
        assert!(found.text.contains("Antrean puskesmas") && !found.text.contains("Trotoar"));
        let found = open(&router, "/laporan?kategori=Kesehatan&instansi=kota-bandung").await;
        assert!(found.text.contains("Antrean puskesmas") && !found.text.contains("Trotoar"));
        let none = open(&router, "/laporan?sampai=2020-01-01").await;
        assert!(none.text.contains("Tidak ada laporan yang cocok"));
    }
}

#[tokio::test]
async fn whoever_searches_without_end_is_told_to_wait() {
    for place in places().await {
        let router = router(place.node.clone());
        for _ in 0..120 {
            let spent = place.node.admit_search(Ipv4Addr::UNSPECIFIED.into());
            spent.unwrap();
        }
        let found = open(&router, "/laporan?q=lampu").await;
        assert_eq!(found.status, StatusCode::TOO_MANY_REQUESTS);
        let listed = open(&router, "/laporan?q=&status=verified").await;
        assert_eq!(listed.status, StatusCode::OK, "without words of a search");
    }
}

#[tokio::test]
async fn a_condition_that_cannot_be_used_is_explained_and_kept() {
    for place in places().await {
        let router = router(place.node.clone());
        for (query, kept, said) in [
            (
                "wilayah=xyzzyq%22%3E%3Cb%3E",
                "xyzzyq&#34;&#62;&#60;b&#62;",
                "Wilayah ini tidak dikenal",
            ),
            ("dari=kemarin", "kemarin", "Tulis tanggal yang lengkap"),
            ("status=selesai", "", "Pilih salah satu dari daftar"),
            ("program=satu", "", "Pilih salah satu dari daftar"),
            ("after=xx", "", "Pencarian ini tidak dapat dibaca"),
        ] {
            let page = open(&router, &format!("/laporan?{query}")).await;
            assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
            assert!(
                page.text.contains(kept) && page.text.contains(said),
                "{}",
                page.text
            );
        }
        let odd = open(&router, "/laporan?utm_source=x").await;
        assert_eq!(
            odd.status,
            StatusCode::OK,
            "what is not asked here is not minded"
        );
    }
}

#[tokio::test]
async fn words_of_a_report_are_words_and_no_markup() {
    for place in places().await {
        let more = json!({
            "content": "<script>alert(1)</script>", "place": "<img src=x onerror=alert(2)>",
        });
        let case = published(&place, "<b>Tebal</b>", more).await;
        say(&place, case, "</p><script>alert(3)</script>").await;
        let router = router(place.node.clone());
        for path in [
            "/laporan",
            &format!("/laporan/{case}"),
            "/laporan?q=%3Cscript%3Ealert(4)%3C%2Fscript%3E",
        ] {
            let page = open(&router, path).await;
            for markup in ["<script>", "<b>", "<img"] {
                assert!(!page.text.contains(markup), "{path}: {}", page.text);
            }
        }
    }
}

/// The cookie that a reply gave, as the browser sends it back.
fn cookie_of(reply: &super::tests::Reply) -> String {
    let all = reply.headers.get_all("set-cookie").iter();
    let given = all.filter_map(|value| value.to_str().ok());
    let mut given = given.filter(|line| line.starts_with("lapor_dukungan="));
    let line = given.next_back().expect("a cookie for the browser");
    assert!(line.contains("HttpOnly; SameSite=Lax"), "{line}");
    line.split(';').next().unwrap().to_owned()
}

async fn supported(router: &Router, case: CaseId, cookie: &str) -> super::tests::Reply {
    let request = Request::post(support_of(case))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("cookie", cookie);
    send(router, request, "").await
}

#[tokio::test]
async fn a_browser_supports_a_report_once_and_comes_back_to_it() {
    for place in places().await {
        let case = published(&place, "Lampu jalan padam", json!({})).await;
        let router = router(place.node.clone());
        let first = supported(&router, case, "").await;
        assert_eq!(first.status, StatusCode::SEE_OTHER);
        assert_eq!(first.header("location"), format!("/laporan/{case}"));
        let cookie = cookie_of(&first);
        let again = supported(&router, case, &cookie).await;
        assert_eq!(
            (again.status, cookie_of(&again)),
            (StatusCode::SEE_OTHER, cookie)
        );
        let other = supported(&router, case, "lapor_dukungan=pendek").await;
        assert!(
            !cookie_of(&other).contains("pendek"),
            "a token of our own is given"
        );
        let all = PublicFilter::default();
        let list = place.node.public_cases("", &all, None, 1);
        assert_eq!(list.await.unwrap().cases[0].supports, 2);
        let page = open(&router, &format!("/laporan/{case}")).await;
        assert!(
            page.text.contains("2 orang sudah menyatakannya"),
            "{}",
            page.text
        );
    }
}

#[tokio::test]
async fn the_four_endings_are_four_figures() {
    for place in places().await {
        let confirmed = published(&place, "Satu", json!({})).await;
        say(&place, confirmed, "Selesai dikerjakan.").await;
        acts(
            &place,
            confirmed,
            "case.closed",
            json!({"by": "reporter", "through_officer": false}),
            None,
        )
        .await;
        let noted = published(&place, "Empat", json!({})).await;
        say(&place, noted, "Selesai dikerjakan.").await;
        let by = json!({"by": "reporter"});
        acts(&place, noted, "case.closed", by, None).await;
        for title in ["Dua", "Tiga"] {
            let archived = file(&place, title, json!({})).await;
            acts(
                &place,
                archived,
                "case.archived",
                json!({"reason": "not_a_report"}),
                None,
            )
            .await;
        }
        let figures = place.node.public_figures().await.unwrap();
        let now = figures.months.last().unwrap();
        let ends = (now.confirmed, now.officer, now.silent, now.archived);
        assert_eq!((figures.months.len(), ends), (12, (1, 1, 0, 2)));
        assert!(
            figures
                .months
                .windows(2)
                .all(|two| two[0].begins_at < two[1].begins_at)
        );
        assert_eq!(figures.by_institution["kota-bandung"], 2);
        assert_eq!(figures.by_regency["32.73"], 2);
        assert_eq!(figures.work[0].figures, None, "of few cases");

        let router = router(place.node.clone());
        let page = open(&router, "/statistik?menurut=instansi").await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        assert_eq!(page.text.matches("kurang dari 5").count(), 1);
        for (name, count) in [
            ("Dikonfirmasi pelapor", 1),
            ("Ditutup karena pelapor diam", 0),
            ("Ditutup petugas untuk pelapor", 1),
            ("Diarsipkan dengan alasan", 2),
        ] {
            let row = page
                .text
                .split(&format!("<th scope=\"row\">{name}</th>"))
                .nth(1)
                .unwrap();
            let row = row.split("</tr>").next().unwrap();
            assert!(
                row.contains(&format!("<span class=\"number\">{count}</span>")),
                "{row}"
            );
        }
        file(&place, "Lima", json!({})).await;
        ruled(&place).await;
        place.clock.advance(60_000);
        let page = open(&router, "/statistik?menurut=instansi").await;
        let work = page.text.split("<table class=\"stacked work\">").nth(1);
        let work = work.unwrap();
        assert!(work.contains("data-label=\"Diterima\">5</td>"), "{work}");
        assert_eq!(
            work.matches("kurang dari 5").count(),
            2,
            "two answers and two closes are no mean: {work}"
        );
    }
}

#[tokio::test]
async fn a_programme_is_read_with_its_progress_and_its_reports() {
    for place in places().await {
        let programme: NewProgramme = serde_json::from_value(json!({
            "slug": "trotoar", "name": "Trotoar <b>Braga</b>", "region": "32.73",
            "budget_idr": 4_750_000_000_i64, "start": "2026-03-02",
            "description": "Diperlebar.",
            "coordinates": {"latitude": -6.9175, "longitude": 107.6095},
        }))
        .unwrap();
        place
            .node
            .publish_programme(programme, "test")
            .await
            .unwrap();
        let progress: NewProgress =
            serde_json::from_value(json!({"percent": 62, "status": "late", "text": "Hujan."}))
                .unwrap();
        place
            .node
            .publish(progress.about("trotoar".into()), "test")
            .await
            .unwrap();
        let about = json!({"programme": {"owner": "kota-bandung", "slug": "trotoar"}});
        published(&place, "Ubin lepas", about.clone()).await;
        let secret = json!({"secret": true, "programme": about["programme"]});
        published(&place, "Suap", secret).await;

        let router = router(place.node.clone());
        let list = open(&router, "/program").await;
        assert!(
            list.text.contains("Trotoar &#60;b&#62;Braga"),
            "{}",
            list.text
        );
        for shown in [
            "62 persen",
            "Rp\u{a0}4.750.000.000",
            "class=\"picture none\"",
        ] {
            assert!(list.text.contains(shown), "{shown}: {}", list.text);
        }
        let page = open(&router, "/program/kota-bandung/trotoar").await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        for shown in [
            "62 persen",
            "Terlambat",
            "Hujan.",
            "Rp\u{a0}4.750.000.000",
            "2 Maret 2026",
            "Ubin lepas",
            "-6.91750, 107.60950",
            "<circle cx=",
        ] {
            assert!(page.text.contains(shown), "{shown}: {}", page.text);
        }
        assert!(!page.text.contains("Suap"));
        let map = open(&router, "/peta/32").await;
        assert!(map.text.contains("href=\"/program/kota-bandung/trotoar\""));
        let other = open(&router, "/peta/33").await;
        assert!(!other.text.contains("/program/kota-bandung/trotoar"));
        let none = open(&router, "/program?wilayah=papua").await;
        assert!(none.text.contains("Tidak ada program di wilayah ini"));
        for missing in ["/program/kota-bandung/lain", "/program/kemenpu/trotoar"] {
            assert_eq!(open(&router, missing).await.status, StatusCode::NOT_FOUND);
        }
    }
}

#[tokio::test]
async fn the_worker_is_this_programs_and_keeps_nothing_of_the_desk() {
    for place in places().await {
        let router = router(place.node.clone());
        let page = open(&router, "/").await;
        assert!(
            page.text
                .contains("<link rel=\"manifest\" href=\"/manifest.webmanifest\">")
        );
        let worker = open(&router, "/sw.js").await;
        assert_eq!(worker.status, StatusCode::OK);
        assert!(worker.header("content-type").starts_with("text/javascript"));
        assert_eq!(worker.header("cache-control"), "no-cache");
        let policy = worker.header("content-security-policy");
        assert_eq!(
            policy,
            "default-src 'none'; script-src 'self'; connect-src 'self'"
        );
        let files = worker.text.split("const FILES = ").nth(1).unwrap();
        let files: Vec<String> = serde_json::from_str(files.split(';').next().unwrap()).unwrap();
        for kept in &files {
            assert_eq!(open(&router, kept).await.status, StatusCode::OK, "{kept}");
        }
        assert!(worker.text.contains("meja|masuk|sandi|pasang|api"));
        let manifest = open(&router, "/manifest.webmanifest").await;
        let manifest: Value = serde_json::from_str(&manifest.text).unwrap();
        assert_eq!(
            (&manifest["lang"], &manifest["start_url"]),
            (&json!("id"), &json!("/"))
        );
    }
}
