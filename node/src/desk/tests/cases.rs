//! Inbox and cases at the desk, as officers of each role meet them.

use http::{Request, StatusCode};
use lapor_protocol::case::{Effect, Reason, Ruling, State};
use lapor_protocol::ids::CaseId;
use lapor_protocol::receipt::Stream;
use serde_json::json;

use super::{ADMIN, Browser, Page, SITI, WORDS, hire, staffed};
use crate::casework::{NewAct, NewReport, Sight};
use crate::desk::deeds::Deed;
use crate::desk::shared;
use crate::doors::router;
use crate::media::Door;
use crate::staff::StaffRole;
use crate::sync::Link;
use crate::testing::{PaperHub, Place, acts, databases};

pub(super) const LEADER: &str = "budi@bandung.go.id";
pub const KEY: &str = "0123456789abcdef0123456789abcdef";

pub async fn filed(place: &Place, title: &str, content: &str) -> CaseId {
    let report: NewReport = serde_json::from_value(json!({
        "classification": "complaint",
        "title": title,
        "content": content,
        "region": "32.73",
        "channel": "web",
    }))
    .unwrap();
    place.node.file(report, "test").await.unwrap().case
}

/// One after the other, a second apart.
pub(super) async fn three(place: &Place) -> [CaseId; 3] {
    let mut cases = Vec::new();
    for title in ["Lampu padam", "Jalan rusak", "Parit mampet"] {
        cases.push(filed(place, title, "Isi.").await);
        place.clock.advance(1000);
    }
    cases.try_into().unwrap()
}

/// A file of an officer that waits to be used.
pub(super) async fn uploaded(place: &Place) -> String {
    let text = futures_util::stream::iter([Ok::<_, std::io::Error>(bytes::Bytes::from_static(
        b"catatan rapat",
    ))]);
    let upload = place.node.receive_upload(Door::Staff, text).await;
    upload.unwrap().upload
}

pub fn at(case: CaseId, rest: &str) -> String {
    format!("/meja/kasus/{case}{rest}")
}

/// The key of a form, which makes it act once.
pub fn key_of(page: &Page) -> String {
    page.between("name=\"kunci\" value=\"", "\"")
}

pub async fn state(place: &Place, case: CaseId) -> Option<State> {
    place.node.case(case).await.unwrap().summary.state
}

#[tokio::test]
async fn an_officer_takes_a_report_in_and_works_it_to_its_answer() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let blank = siti.open("/meja/baru").await;
        let mut report = vec![
            ("kunci", key_of(&blank)),
            ("saluran", "telepon".to_owned()),
            ("jenis", "pengaduan".to_owned()),
            ("judul", "Lampu jalan padam".to_owned()),
            ("wilayah", "Kota Bandung".to_owned()),
            ("nama", "Ibu Canary".to_owned()),
        ];
        let sent = async |fields: &[(&str, String)]| {
            let fields: Vec<_> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
            siti.post("/meja/baru", &fields).await
        };
        let missing = sent(&report).await;
        missing
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("value=\"Lampu jalan padam\"");
        report.push(("uraian", "Gelap sejak Minggu.".to_owned()));
        let slip = sent(&report).await;
        let ticket = slip
            .is(StatusCode::OK)
            .between("<dd class=\"ticket\">", "</dd>");
        assert_eq!(
            sent(&report)
                .await
                .between("<dd class=\"ticket\">", "</dd>"),
            ticket,
            "pressed twice, filed once"
        );
        let inbox = siti.open("/meja").await;
        inbox
            .shows(&ticket)
            .shows("Lampu jalan padam")
            .shows("3 hari kerja lagi");
        let case = place
            .node
            .case_by_ticket(&ticket)
            .await
            .unwrap()
            .summary
            .case;
        let page = siti.open(&at(case, "")).await;
        page.shows("Gelap sejak Minggu.").shows("Bukan wewenang");
        assert!(!page.text.contains("Canary"), "an identity stays apart");

        let form = siti.open(&at(case, "/verifikasi")).await;
        let fields = [
            ("kunci", &*key_of(&form)),
            ("judul", "Lampu padam di Jalan Cikutra"),
            ("jenis", "pengaduan"),
            ("kategori", "Perhubungan/Penerangan Jalan Umum"),
            ("wilayah", "32.73"),
        ];
        let done = siti.post(&at(case, "/verifikasi"), &fields).await;
        assert_eq!(done.is(StatusCode::SEE_OTHER).to(), at(case, ""));
        let again = siti.post(&at(case, "/verifikasi"), &fields).await;
        assert_eq!(again.to(), at(case, ""));
        let view = place.node.case(case).await.unwrap();
        assert_eq!(view.summary.state, Some(State::Verified));
        assert_eq!(view.history.len(), 2, "pressed twice, done once");

        let form = siti.open(&at(case, "/tindak-lanjut")).await;
        let mut answer = [
            ("kunci", &*key_of(&form)),
            ("sifat", "usul"),
            ("uraian", ""),
        ];
        let path = at(case, "/tindak-lanjut");
        let empty = siti.post(&path, &answer).await;
        empty.is(StatusCode::UNPROCESSABLE_ENTITY);
        answer[2].1 = "Lampu sudah diganti.";
        siti.post(&path, &answer).await.is(StatusCode::SEE_OTHER);
        assert_eq!(state(&place, case).await, Some(State::Answered));
        siti.open(&at(case, "")).await.shows("Lampu sudah diganti.");
        siti.open("/meja?tab=dijawab").await.shows(&ticket);
    }
}

#[tokio::test]
async fn an_officer_notes_the_number_of_the_own_application() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let case = filed(&place, "Lampu padam", "Gelap.").await;
        let note = async |number: &str| siti.post(&at(case, "/nomor"), &[("nomor", number)]).await;
        assert_eq!(note("=HYPERLINK(1)").await.to(), at(case, ""));
        siti.open(&at(case, "")).await.shows("Nomor tidak disimpan");
        note("BDG-7").await.is(StatusCode::SEE_OTHER);
        siti.open(&at(case, ""))
            .await
            .shows("Nomor tersimpan.")
            .shows("value=\"BDG-7\"");
        siti.open("/meja?cari=BDG-7")
            .await
            .shows("Lampu padam")
            .shows("<span>BDG-7</span>");
        note("").await.is(StatusCode::SEE_OTHER);
        siti.open(&at(case, "")).await.shows("Nomor dihapus.");
        let noted = place.audited("case.numbered").await.len();
        note(" ").await.is(StatusCode::SEE_OTHER);
        let page = siti.open(&at(case, "")).await;
        page.shows("Tidak ada nomor yang disimpan");
        assert!(!page.text.contains("Nomor dihapus."), "{}", page.text);
        assert_eq!(place.audited("case.numbered").await.len(), noted);
    }
}

#[tokio::test]
async fn the_decisions_hold_return_and_archive_say_why() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let held = filed(&place, "Jalan rusak", "Berlubang.").await;
        let archived = filed(&place, "Tes", "Tes.").await;
        let returned = filed(&place, "Tiang miring", "Milik PLN.").await;
        let path = at(held, "/tunda");
        siti.open(&path)
            .await
            .shows("Pilihan jawaban 1</label>")
            .shows("Wajib bila dijawab dengan salah satu pilihan");
        let none = siti.post(&path, &[("kunci", KEY)]).await;
        none.is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("sedikitnya satu pertanyaan");
        let asked = [
            ("kunci", KEY),
            ("tanya1", "Di mana?"),
            ("tanya3", "Sejak kapan?"),
        ];
        siti.post(&path, &asked).await.is(StatusCode::SEE_OTHER);
        assert_eq!(state(&place, held).await, Some(State::Held));
        siti.open(&at(held, ""))
            .await
            .shows("Di mana?")
            .shows("Sejak kapan?")
            .shows("Menunggu pelapor");
        let path = at(archived, "/arsip");
        siti.post(&path, &[("kunci", KEY)])
            .await
            .is(StatusCode::UNPROCESSABLE_ENTITY);
        let why = [
            ("kunci", "archive-archive-archive"),
            ("alasan", "not_a_report"),
        ];
        siti.post(&path, &why).await.is(StatusCode::SEE_OTHER);
        assert_eq!(state(&place, archived).await, Some(State::Archived));
        let offered = siti.open(&at(archived, "")).await;
        offered.shows("Buka kembali").shows("bukan laporan tentang");
        assert!(
            !offered.text.contains("/tunda\""),
            "what is not allowed is not offered"
        );
        let late = siti.open(&at(archived, "/tunda")).await;
        assert_eq!(late.is(StatusCode::SEE_OTHER).to(), at(archived, ""));

        let path = at(returned, "/bukan-wewenang");
        let unknown = [
            ("kunci", "return-return-return"),
            ("alasan", "belongs_to_another"),
            ("instansi", "Entah"),
        ];
        siti.post(&path, &unknown)
            .await
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("Tidak ada instansi");
        let known = [unknown[0], unknown[1], ("instansi", "kemenpu")];
        let unclear = [unknown[0], unknown[1], ("instansi", "kemen")];
        siti.post(&path, &unclear)
            .await
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("Instansi mana yang dimaksud?</legend>")
            .shows("name=\"instansi-pilihan\" value=\"kemenpu\"");
        let chosen = [
            unclear[0],
            unclear[1],
            unclear[2],
            ("instansi-pilihan", "kemenpu"),
        ];
        siti.post(&path, &chosen).await.is(StatusCode::SEE_OTHER);
        let view = place.node.case(returned).await.unwrap();
        assert_eq!(view.summary.custodian.unwrap().as_str(), "pusat");
        assert_eq!(
            view.history[1].body.as_ref().unwrap()["suggested"],
            "kemenpu"
        );

        let report = json!({
            "classification": "complaint", "title": "Pungutan", "content": "Isi.", "channel": "web",
            "excluded": ["kemenpu"],
        });
        let report = serde_json::from_value(report).unwrap();
        let excluding = place.node.file(report, "test").await.unwrap().case;
        let named = [("kunci", "return-to-the-excluded"), known[1], known[2]];
        let refused = siti.post(&at(excluding, "/bukan-wewenang"), &named).await;
        refused
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("dikecualikan dari laporan ini");
    }
}

#[tokio::test]
async fn several_cases_are_verified_at_once_and_filters_are_kept() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let one = filed(&place, "Lampu padam", "Isi.").await;
        let two = filed(&place, "Jalan rusak", "Isi.").await;
        let (first, second) = (one.to_string(), two.to_string());
        let bulk = [
            ("laporan", &*first),
            ("laporan", &*second),
            ("tindakan", "verifikasi"),
            ("kunci", KEY),
            ("kembali", "//jahat.example"),
        ];
        let done = siti.post("/meja/bersama", &bulk).await;
        assert_eq!(done.is(StatusCode::SEE_OTHER).to(), "/meja");
        siti.open("/meja").await.shows("2 laporan diverifikasi");
        siti.post("/meja/bersama", &bulk).await;
        for case in [one, two] {
            assert_eq!(place.node.case(case).await.unwrap().history.len(), 2);
        }
        let kept = [
            ("nama", "Pengaduan <b>"),
            ("tab", "semua"),
            ("jenis", "pengaduan"),
        ];
        let back = siti.post("/meja/saringan", &kept).await;
        assert_eq!(back.to(), "/meja?tab=semua&jenis=pengaduan");
        let page = siti.open("/meja").await;
        page.shows("Pengaduan &#60;b&#62;");
        let other = Browser::new(&router);
        other.enters(ADMIN, WORDS).await;
        assert!(!other.open("/meja").await.text.contains("Pengaduan &#60;"));
        siti.post("/meja/saringan", &[("hapus", "Pengaduan <b>")])
            .await;
        assert!(!siti.open("/meja").await.text.contains("Pengaduan &#60;"));
        let odd = siti.open("/meja?cari=-lampu&lanjut=x").await;
        odd.is(StatusCode::OK).shows("tidak dapat dipakai");
    }
}

#[tokio::test]
async fn no_other_site_can_press_a_button_of_the_desk() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let case = filed(&place, "Lampu padam", "Isi.").await;
        let deeds = Deed::ALL.map(|deed| at(case, &format!("/{}", deed.slug())));
        let others = [
            "/meja/bersama".to_owned(),
            "/meja/saringan".to_owned(),
            "/meja/baru".to_owned(),
            at(case, "/unit"),
            at(case, "/abaikan"),
        ];
        for path in deeds.iter().chain(&others) {
            let request = Request::post(path)
                .header("host", "lapor.bandung.test")
                .header("content-type", "application/x-www-form-urlencoded")
                .header("origin", "https://jahat.example");
            let refused = siti.send(request, format!("kunci={KEY}")).await;
            refused.is(StatusCode::FORBIDDEN);
        }
        assert_eq!(place.node.case(case).await.unwrap().history.len(), 1);
    }
}

#[tokio::test]
async fn an_act_without_effect_is_done_again_or_dropped() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let hub = PaperHub::of(&place);
        let link = Link::over(place.node.clone(), hub.clone()).unwrap();
        let case = filed(&place, "Lampu padam", "Isi.").await;
        link.push().await.unwrap();
        link.pull(Stream::Inbox, 0).await.unwrap();
        for _ in 0..2 {
            hub.rules(Ruling {
                effect: Effect::Stale,
                reason: Some(Reason::TermEnded),
            });
            let text = [("text", json!("Petugas berangkat besok."))];
            let act = NewAct {
                attachments: vec![uploaded(&place).await],
                ..shared::act("case.followed_up", &[], &text)
            };
            place.node.act(case, act, "siti").await.unwrap();
            link.push().await.unwrap();
            link.pull(Stream::Inbox, 0).await.unwrap();
        }
        siti.open("/meja?tab=gagal").await.shows("Lampu padam");
        let failed = place.node.failed_acts(&Sight::ALL, 0, 5).await.unwrap();
        assert_eq!(failed.len(), 2);
        let page = siti.open(&at(case, "")).await;
        page.shows("sudah berpindah tangan").shows("Ulangi");
        let dropped = failed[0].message.to_string();
        let path = at(case, "/abaikan");
        siti.post(&path, &[("pesan", &dropped)])
            .await
            .is(StatusCode::SEE_OTHER);
        siti.open(&at(case, "")).await.shows("Tindakan diabaikan");
        let form = at(case, &format!("/tindak-lanjut?ulang={}", failed[1].message));
        let form = siti.open(&form).await;
        form.shows("Petugas berangkat besok.");
        let file = form.between("name=\"semula\" value=\"", "\"");
        let message = failed[1].message.to_string();
        let fields = [
            ("kunci", &*key_of(&form)),
            ("ganti", &*message),
            ("semula", &*file),
            ("sifat", "publik"),
        ];
        let path = at(case, "/tindak-lanjut");
        let wrong = siti.post(&path, &fields).await;
        let still = wrong.between("name=\"semula\" value=\"", "\"");
        assert_eq!(
            still, file,
            "it is brought back with a form that can be used"
        );
        let fields = [
            ("kunci", &*key_of(&form)),
            ("ganti", &*message),
            ("semula", &*still),
            ("sifat", "publik"),
            ("uraian", "Petugas berangkat lusa."),
        ];
        siti.post(&path, &fields).await.is(StatusCode::SEE_OTHER);
        let history = place.node.case(case).await.unwrap().history;
        assert_eq!(history.last().unwrap().attachments.len(), 1);
        let left = place.node.failed_acts(&Sight::ALL, 0, 5).await.unwrap();
        assert!(left.is_empty());
        assert_eq!(state(&place, case).await, Some(State::InProgress));
    }
}

#[tokio::test]
async fn every_deed_has_a_page_where_it_is_allowed() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let case = filed(&place, "Lampu padam", "Isi.").await;
        let mut open = 0;
        let own = Deed::ALL.into_iter();
        for deed in own.filter(|deed| deed.is_for(StaffRole::Officer)) {
            let path = at(case, &format!("/{}", deed.slug()));
            let page = siti.open(&path).await;
            if page.status == StatusCode::OK {
                open += 1;
                page.shows("name=\"kunci\"");
                let english = Request::get(&path).header("accept-language", "en");
                let english = siti.send(english, String::new()).await;
                assert_ne!(english.is(StatusCode::OK).text, page.text);
                let policy = page.headers["content-security-policy"].to_str().unwrap();
                assert!(policy.contains("frame-ancestors 'none'"));
                assert!(!page.text.contains(" style="), "{path}");
            } else {
                assert_eq!(page.is(StatusCode::SEE_OTHER).to(), at(case, ""));
            }
        }
        assert!(open >= 9, "{open} deeds of a new report");
        siti.open(&at(case, "/entah"))
            .await
            .is(StatusCode::NOT_FOUND);
        siti.open("/meja/kasus/entah")
            .await
            .is(StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn an_officer_erases_nothing_and_an_erased_report_waits_for_nobody() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let [siti, admin] = [(); 2].map(|()| Browser::new(&router));
        siti.enters(SITI, WORDS).await;
        admin.enters(ADMIN, WORDS).await;
        let case = filed(&place, "Lampu padam", "Isi.").await;
        let path = at(case, "/hapus-isi");
        assert!(!siti.open(&at(case, "")).await.text.contains(&path));
        siti.open(&path).await.is(StatusCode::FORBIDDEN);
        let fields = [
            ("kunci", KEY),
            ("alasan", "reporter_request"),
            ("setuju", "1"),
        ];
        siti.post(&path, &fields).await.is(StatusCode::FORBIDDEN);
        admin.post(&path, &fields).await.is(StatusCode::SEE_OTHER);
        let page = admin.open(&at(case, "")).await;
        page.shows("dalam 7 hari").shows("Alasan: Diminta pelapor");
        admin.post(&path, &fields).await.is(StatusCode::SEE_OTHER);
        let planned = admin.open("/meja/penghapusan").await;
        let id = planned.between("name=\"penghapusan\" value=\"", "\"");
        assert_eq!(planned.text.matches("name=\"penghapusan\"").count(), 1);
        siti.open("/meja/penghapusan")
            .await
            .is(StatusCode::FORBIDDEN);
        let stop = [("penghapusan", id.as_str()), ("tindakan", "batal")];
        let stopped = admin.post("/meja/penghapusan", &stop).await;
        stopped.is(StatusCode::SEE_OTHER);
        let list = admin.open("/meja/penghapusan").await;
        list.shows("Penghapusan dibatalkan.")
            .shows("Tidak ada yang akan dihapus");
        let again = [
            ("kunci", "fedcba9876543210fedcba9876543210"),
            fields[1],
            fields[2],
        ];
        admin.post(&path, &again).await.is(StatusCode::SEE_OTHER);
        place.clock.advance(7 * 86_400_000 - 1);
        assert_eq!(place.node.erase_due().await.unwrap(), 0, "it waits");
        place.clock.advance(1);
        assert_eq!(place.node.erase_due().await.unwrap(), 1);
        admin.enters(ADMIN, WORDS).await;
        siti.enters(SITI, WORDS).await;
        let page = admin.open(&at(case, "")).await;
        page.shows("Isi laporan ini sudah dihapus.");
        assert!(!page.text.contains("class=\"clocks\""));
        let ticket = place.node.case(case).await.unwrap().summary.ticket.unwrap();
        assert!(!siti.open("/meja").await.text.contains(&ticket));
        siti.open("/meja?tab=selesai").await.shows(&ticket);
    }
}

#[tokio::test]
async fn an_erasure_that_does_not_wait_is_said_without_days() {
    for mut place in staffed().await {
        place.settings.erasure.officer_days = 0;
        place.node = place.reopened().await;
        let router = router(place.node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        let case = filed(&place, "Lampu padam", "Isi.").await;
        let fields = [
            ("kunci", KEY),
            ("alasan", "reporter_request"),
            ("setuju", "1"),
        ];
        let erased = admin.post(&at(case, "/hapus-isi"), &fields).await;
        erased.is(StatusCode::SEE_OTHER);
        let page = admin.open(&at(case, "")).await;
        page.shows("Isi laporan segera dihapus di semua instansi");
        assert!(!page.text.contains("dalam 0 hari"));
    }
}

#[tokio::test]
async fn the_desk_puts_a_successor_in_the_place_of_an_institution_that_ended() {
    for db in databases().await {
        let place = Place::joined("pusat", db).await;
        hire(&place, ADMIN, StaffRole::Admin).await;
        let router = router(place.node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        let mut cases = Vec::new();
        for title in ["Jembatan retak", "Jalan longsor"] {
            let case = filed(&place, title, "Isi.").await;
            let target = json!({"target": "kemenpu"});
            acts(&place, case, "case.disposed", target, None).await;
            cases.push(case);
        }
        let link = Link::over(place.node.clone(), PaperHub::of(&place)).unwrap();
        link.push().await.unwrap();
        link.pull(Stream::Inbox, 0).await.unwrap();
        let page = admin.open(&at(cases[0], "")).await;
        assert!(!page.text.contains("Alihkan ke penerus"));
        let inbox = admin.open("/meja").await;
        assert!(!inbox.text.contains("yang dicabut dan punya penerus"));
        place.directory_dissolves("kemenpu", "kota-bandung").await;
        let inbox = admin.open("/meja").await;
        inbox.shows("2 laporan ada di kemenpu, yang dicabut dan punya penerus");
        inbox.shows("tab=lain&#38;instansi=kemenpu");
        let page = admin.open(&at(cases[0], "")).await;
        page.shows("Alihkan ke penerus");
        let form = admin.open(&at(cases[0], "/penerus")).await;
        form.shows("kemenpu, diteruskan kota-bandung");
        let fields = [("kunci", &*key_of(&form)), ("instansi", "kemenpu")];
        admin
            .post(&at(cases[0], "/penerus"), &fields)
            .await
            .is(StatusCode::SEE_OTHER);
        let other = cases[1].to_string();
        let list = admin.open("/meja?tab=lain").await;
        let ticked = [
            ("kunci", &*key_of(&list)),
            ("laporan", &*other),
            ("tindakan", "penerus"),
        ];
        admin.post("/meja/bersama", &ticked).await;
        let again = admin.post("/meja/bersama", &ticked).await;
        again.is(StatusCode::SEE_OTHER);
        let said = admin.open("/meja?tab=lain").await;
        said.shows("Pada 1 laporan instansi penerus");
        assert!(!said.text.contains("yang dicabut dan punya penerus"));
        for case in cases {
            let summary = place.node.case(case).await.unwrap().summary;
            assert_eq!(summary.custodian.unwrap().as_str(), "kota-bandung");
        }
    }
}
