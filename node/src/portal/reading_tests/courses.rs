//! What a ticket and a public page say of how far a report has come.

use http::StatusCode;
use lapor_migrations::on;
use lapor_protocol::ids::CaseId;
use lapor_protocol::kinds::Body;
use lapor_protocol::message::Draft;
use lapor_protocol::receipt::Stream;
use serde_json::json;

use super::{file, open, places, published, ruled, say};
use crate::casework::tracking::Step;
use crate::chance::new_message_id;
use crate::doors::router;
use crate::sync::Link;
use crate::testing::{NOW, PaperHub, Place, acts};

const DAY: i64 = 24 * 60 * 60 * 1000;

async fn ticket(place: &Place, case: CaseId) -> String {
    let view = place.node.case(case).await.unwrap();
    view.summary.ticket.unwrap()
}

/// The page of a case's ticket.
async fn tracked(place: &Place, case: CaseId) -> String {
    let ticket = ticket(place, case).await;
    let page = open(
        &router(place.node.clone()),
        &format!("/lacak?tiket={ticket}"),
    )
    .await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    page.text
}

/// How many steps of a page were gone through, and how many left out.
fn steps(page: &str) -> (usize, usize) {
    let (_, steps) = page.split_once("<ol class=\"steps\">").unwrap();
    let (steps, _) = steps.split_once("</ol>").unwrap();
    let count = |class: &str| steps.matches(&format!("class=\"{class}\"")).count();
    assert_eq!(count("skipped"), steps.matches("Tidak dijalani.").count());
    (count("passed"), count("skipped"))
}

#[tokio::test]
async fn steps_that_a_report_has_not_gone_through_are_not_ticked() {
    for place in places().await {
        let spam = file(&place, "Iklan", json!({})).await;
        let reason = json!({ "reason": "not_a_report" });
        acts(&place, spam, "case.archived", reason.clone(), None).await;
        let page = tracked(&place, spam).await;
        assert_eq!(steps(&page), (1, 3), "{page}");
        assert!(!page.contains("Instansi mengerjakan"), "{page}");
        assert!(page.contains("<strong>Diarsipkan</strong>"), "{page}");

        let secret = file(&place, "Pungutan", json!({"secret": true})).await;
        acts(&place, secret, "case.archived", reason, None).await;
        let page = tracked(&place, secret).await;
        assert_eq!(steps(&page), (1, 3), "{page}");

        let target = published(&place, "Lampu padam", json!({})).await;
        let merged = file(&place, "Lampu mati", json!({})).await;
        let into = json!({ "target_case": target });
        acts(&place, merged, "case.linked", into, None).await;
        let page = tracked(&place, merged).await;
        assert_eq!(steps(&page), (1, 3), "{page}");
        assert!(page.contains("<strong>Digabung dengan laporan lain</strong>"));
        assert!(page.contains("Digabung dengan laporan lain tentang hal yang sama"));
        assert!(
            page.contains(&format!("href=\"/laporan/{target}\"")),
            "{page}"
        );
        let page = open(&router(place.node.clone()), &format!("/laporan/{target}")).await;
        assert!(page.text.contains("digabung ke sini"), "{}", page.text);

        let silent = published(&place, "Parit", json!({})).await;
        say(&place, silent, "Sudah dikeruk.").await;
        let history = place.node.case(silent).await.unwrap().history;
        let last = json!({"author": "kota-bandung", "id": history.last().unwrap().message});
        place.clock.advance(40 * DAY);
        let by = json!({ "by": "silence", "follow_up": last });
        acts(&place, silent, "case.closed", by, None).await;
        let page = tracked(&place, silent).await;
        assert_eq!(
            steps(&page),
            (4, 1),
            "the reporter has said nothing: {page}"
        );
        assert!(
            page.contains("Selesai otomatis, tanpa tanggapan pelapor. Laporan dapat"),
            "{page}"
        );
        let from = "192.0.2.7".parse().unwrap();
        let ticket = ticket(&place, silent).await;
        let told = place.node.public_view(&ticket, from).await.unwrap();
        assert_eq!(
            told.walked,
            [
                Step::Written,
                Step::Verification,
                Step::FollowUp,
                Step::Done
            ]
        );
    }
}

#[tokio::test]
async fn a_report_does_not_wait_for_a_reporter_who_has_replied() {
    const OLDER: &str = "update cases set replied = 0, described = 0";
    for place in places().await {
        let case = published(&place, "Jalan berlubang", json!({})).await;
        say(&place, case, "Sudah ditambal.").await;
        let waits = "Menunggu tanggapan pelapor";
        let replied = "Pelapor sudah menanggapi";
        let page = tracked(&place, case).await;
        assert!(page.contains(waits) && !page.contains(replied), "{page}");
        let says_so = async || {
            let public = open(&router(place.node.clone()), &format!("/laporan/{case}")).await;
            for page in [tracked(&place, case).await, public.text] {
                assert!(page.contains(replied) && !page.contains(waits), "{page}");
            }
        };
        let words = Some(json!({ "text": "Belum, masih berlubang." }));
        acts(&place, case, "case.replied", json!({}), words).await;
        says_so().await;
        // What is added moves the report, and takes no reply back.
        let words = Some(json!({ "text": "Yang di depan pasar." }));
        acts(&place, case, "report.completed", json!({}), words).await;
        says_so().await;
        // A row of an older version is read off its case.
        let mut tx = place.node.write_tx().await.unwrap();
        on!(&mut tx, c => sqlx::query(OLDER).execute(c).await.map(drop)).unwrap();
        tx.commit().await.unwrap();
        assert!(tracked(&place, case).await.contains(waits));
        while place.node.catch_up_words().await.unwrap() > 0 {}
        says_so().await;
        say(&place, case, "Kini ditambal lagi.").await;
        let page = tracked(&place, case).await;
        assert!(page.contains(waits) && !page.contains(replied), "{page}");
    }
}

#[tokio::test]
async fn what_this_institution_has_said_is_told_while_the_hub_is_away() {
    for place in places().await {
        let case = published(&place, "Lampu jalan padam", json!({})).await;
        say(&place, case, "Sudah menyala.").await;
        let public = open(&router(place.node.clone()), &format!("/laporan/{case}")).await;
        for page in [tracked(&place, case).await, public.text] {
            for said in ["Laporan diverifikasi", "Sudah menyala.", "Selesai otomatis"] {
                assert!(page.contains(said), "{said}: {page}");
            }
            assert!(!page.contains("Menunggu jalur pusat"), "{page}");
        }
        let away = published(&place, "Jalan provinsi", json!({})).await;
        let why = json!({ "reason": "another_level" });
        let words = Some(json!({ "text": "Catatan dalam." }));
        acts(&place, away, "case.returned", why, words).await;
        let page = tracked(&place, away).await;
        assert!(page.contains("Dikembalikan"), "{page}");
        assert_eq!(page.matches("Menunggu jalur pusat").count(), 1, "{page}");
        assert!(!page.contains("Catatan dalam"), "{page}");
        ruled(&place).await;
        let page = tracked(&place, away).await;
        assert!(!page.contains("Menunggu jalur pusat"), "{page}");
    }
}

#[tokio::test]
async fn a_report_was_filed_at_one_moment() {
    for place in places().await {
        let case = published(&place, "Lampu jalan padam", json!({})).await;
        let hub = PaperHub::of(&place);
        hub.orders_at(NOW + 12 * DAY);
        let link = Link::over(place.node.clone(), hub).unwrap();
        link.push().await.unwrap();
        link.pull(Stream::Inbox, 0).await.unwrap();
        let report = place.node.public_report(case).await.unwrap();
        assert_eq!((report.filed_at, report.course[0].at), (NOW, NOW));
        assert_eq!(report.course[1].at, NOW + 12 * DAY);
        let from = "192.0.2.7".parse().unwrap();
        let ticket = ticket(&place, case).await;
        let told = place.node.public_view(&ticket, from).await.unwrap();
        assert_eq!((told.filed_at, told.events[0].at), (Some(NOW), NOW));
    }
}

#[tokio::test]
async fn who_takes_a_report_over_and_what_is_split_off_stands_in_its_course() {
    for place in places().await {
        place.directory_gains_supervisor().await;
        let case = published(&place, "Dua perkara", json!({})).await;
        let words = Some(json!({"title": "Trotoar", "content": "Bagian kedua."}));
        acts(&place, case, "case.split", json!({}), words).await;
        let child = place.node.case(case).await.unwrap().children[0];
        let asked = json!({ "supervisor": "ombudsman", "consent": true });
        acts(&place, case, "case.escalated", asked, None).await;
        let hub = PaperHub::of(&place);
        let link = Link::over(place.node.clone(), hub.clone()).unwrap();
        link.push().await.unwrap();
        link.pull(Stream::Inbox, 0).await.unwrap();
        let kind = "case.taken_over";
        let taken = Draft {
            kind: kind.into(),
            id: new_message_id(NOW),
            case: Some(case),
            term: None,
            created_at: NOW,
            body: Body::of_kind(kind, "{}").unwrap(),
            sealed: None,
            attachments: Vec::new(),
        };
        hub.authors("ombudsman", &taken);
        link.pull(Stream::Inbox, 0).await.unwrap();
        let page = tracked(&place, case).await;
        let mut rest = page.as_str();
        for said in [
            "Laporan diterima",
            "Sebagian dipisah menjadi laporan tersendiri",
            "Pelapor meminta Ombudsman ikut memeriksa",
            "Diambil alih oleh pengawas",
        ] {
            let (_, after) = rest.split_once(said).expect(said);
            rest = after;
        }
        assert!(!page.contains("Trotoar"), "words of another: {page}");
        let child = place.node.case(child).await.unwrap();
        let course = crate::casework::course::course(child.summary.case, NOW, &child.history);
        assert_eq!(course[0].event, crate::casework::course::Event::SplitOff);
    }
}

#[tokio::test]
async fn the_ways_in_which_reports_ended_are_never_added_up() {
    for place in places().await {
        for (title, by) in [
            ("Satu", json!({"by": "reporter", "through_officer": false})),
            ("Dua", json!({"by": "reporter"})),
            ("Tiga", json!({"by": "reporter"})),
        ] {
            let case = published(&place, title, json!({})).await;
            say(&place, case, "Selesai dikerjakan.").await;
            acts(&place, case, "case.closed", by, None).await;
        }
        let tally = place.node.tally().await.unwrap();
        let ends = (tally.confirmed, tally.officer, tally.silent);
        assert_eq!((tally.all, ends), (3, (1, 2, 0)));
        let figures = place.node.public_figures().await.unwrap();
        let told = ["confirmed", "officer", "silence"].map(|end| figures.by_outcome.get(end));
        assert_eq!(told, [Some(&1), Some(&2), None]);
        let router = router(place.node.clone());
        for path in ["/", "/statistik"] {
            let page = open(&router, path).await.text;
            let count = |name: &str| {
                let (_, rest) = page
                    .split_once(&format!("<dt>{name}</dt><dd>"))
                    .expect(name);
                rest.split_once('<').unwrap().0.to_owned()
            };
            assert_eq!(count("selesai, dikonfirmasi pelapor"), "1");
            assert_eq!(count("ditutup petugas atas keterangan pelapor"), "2");
            assert_eq!(count("ditutup karena pelapor diam"), "0");
            assert!(!page.contains("<dt>selesai</dt>"), "{page}");
        }
        let page = open(&router, "/statistik").await.text;
        for listed in ["status=confirmed", "status=officer"] {
            assert!(page.contains(listed), "{page}");
        }
        assert!(!page.contains("status=closed"), "{page}");
    }
}
