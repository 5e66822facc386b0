//! The pages of channels: who may see and change what, and what a press does.

use std::sync::Arc;

use http::StatusCode;
use serde_json::json;

use super::cases::at;
use super::{ADMIN, Browser, Page, SITI, WORDS, hire, in_unit, staffed};
use crate::casework::CaseFilter;
use crate::channels::tests::on_paper;
use crate::channels::tests::paper::Paper;
use crate::channels::{Lines, Name, Raw, Unsaid};
use crate::doors::router;
use crate::staff::StaffRole;
use crate::store;
use crate::testing::Place;

const NUMBER: &str = "+628123456789";
const LEADER: &str = "pimpinan@bandung.go.id";
const PAGES: [&str; 6] = [
    "/meja/saluran",
    "/meja/saluran/percakapan",
    "/meja/saluran/kata-kunci",
    "/meja/saluran/tak-terkirim",
    "/meja/saluran/tak-terbaca",
    "/meja/saluran/blokir",
];

/// A place with a channel of paper.
struct Line<'a> {
    place: &'a Place,
    paper: Arc<Paper>,
    lines: Lines,
}

impl<'a> Line<'a> {
    fn at(place: &'a Place) -> Self {
        Self::of(place, Name::Sms)
    }

    fn of(place: &'a Place, name: Name) -> Self {
        let (paper, lines) = on_paper(&place.node, name);
        Self {
            place,
            paper,
            lines,
        }
    }

    /// Somebody writes, and is answered.
    async fn writes(&self, text: &str) -> Vec<String> {
        self.takes(&json!({"from": NUMBER, "text": text})).await;
        self.speaks().await
    }

    async fn takes(&self, body: &serde_json::Value) {
        let raw = Raw {
            id: self.paper.next_id().to_string(),
            body: serde_json::to_vec(body).unwrap(),
        };
        let node = &self.place.node;
        node.take_in(&*self.paper, &[raw]).await.unwrap();
        while node.hear_round(&self.lines).await.unwrap() > 0 {}
    }

    async fn speaks(&self) -> Vec<String> {
        while !matches!(
            self.place.node.say_round(&*self.paper).await.unwrap(),
            crate::channels::Spoken::Quiet
        ) {}
        self.paper.said_to(NUMBER)
    }
}

/// Sends the first form of a page that holds a hidden field and a button.
async fn press(browser: &Browser<'_>, at: &str, fields: &[(&str, &str)]) -> Page {
    let done = browser.post(at, fields).await;
    done.is(StatusCode::SEE_OTHER);
    browser.open(done.to()).await
}

#[tokio::test]
async fn officers_read_and_administrators_change_and_nobody_else_comes_in() {
    for place in staffed().await {
        hire(&place, LEADER, StaffRole::Leader).await;
        let line = Line::at(&place);
        line.writes("Lampu mati pak").await;
        let router = router(place.node.clone());
        let [siti, leader] = [(); 2].map(|()| Browser::new(&router));
        siti.enters(SITI, WORDS).await;
        leader.enters(LEADER, WORDS).await;
        for path in PAGES {
            siti.open(path).await.is(StatusCode::OK);
            leader.open(path).await.is(StatusCode::FORBIDDEN);
        }
        let all = place.node.conversations(None, false).await.unwrap().all;
        let block = format!("/meja/saluran/blokir/{}", all[0].thread);
        siti.open(&block).await.is(StatusCode::FORBIDDEN);
        for path in [
            "/meja/saluran/kata-kunci",
            "/meja/saluran/kata-kunci/akhiri",
            "/meja/saluran/tak-terkirim",
            "/meja/saluran/tak-terbaca",
            "/meja/saluran/blokir",
            &block,
        ] {
            siti.post(path, &[]).await.is(StatusCode::FORBIDDEN);
        }
        let talks = siti.open(PAGES[1]).await;
        assert!(!talks.text.contains("Blokir …"));
        let left = leader.post(PAGES[1], &[]).await;
        left.is(StatusCode::FORBIDDEN);
        siti.open("/meja")
            .await
            .shows("1 pesan di saluran tidak tampak sebagai laporan");
    }
}

#[tokio::test]
async fn who_handles_cases_finds_channels_and_registers_and_nobody_else() {
    for place in staffed().await {
        hire(&place, LEADER, StaffRole::Leader).await;
        let router = router(place.node.clone());
        let ways = ["href=\"/meja/saluran\"", "href=\"/meja/register\""];
        for (login, heading) in [(SITI, "Halaman lain"), (ADMIN, "Kelola instansi")] {
            let browser = Browser::new(&router);
            browser.enters(login, WORDS).await;
            let account = browser.open("/meja/akun").await;
            account.shows(heading);
            let inbox = browser.open("/meja").await;
            for way in ways {
                account.shows(way);
                inbox.shows(way);
            }
        }
        let leader = Browser::new(&router);
        leader.enters(LEADER, WORDS).await;
        for path in ["/meja/akun", "/meja"] {
            let page = leader.open(path).await;
            page.is(StatusCode::OK);
            for way in ways {
                assert!(!page.text.contains(way), "{path}");
            }
        }
    }
}

#[tokio::test]
async fn a_conversation_becomes_a_report_at_one_press_and_shows_no_number() {
    for place in staffed().await {
        let line = Line::at(&place);
        line.writes("Lampu mati pak").await;
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let page = siti.open(PAGES[1]).await;
        page.shows("sms\u{b7}").shows("Lampu mati pak");
        for path in PAGES {
            let page = siti.open(path).await;
            assert!(!page.text.contains(&NUMBER[1..]), "{path}");
        }
        let thread = page.between("name=\"utas\" value=\"", "\"");
        let message = page.between("name=\"pesan\" value=\"", "\"");
        let fields = |act| {
            [
                ("utas", thread.as_str()),
                ("pesan", message.as_str()),
                ("tindakan", act),
            ]
        };
        let none = [("utas", thread.as_str()), ("tindakan", "laporkan")];
        press(&siti, PAGES[1], &none)
            .await
            .shows("Pilih sedikitnya satu pesan");
        let done = press(&siti, PAGES[1], &fields("laporkan")).await;
        let told = line.speaks().await;
        let ticket = told[0].split("STATUS ").nth(1).unwrap();
        let ticket = ticket.split('.').next().unwrap();
        done.shows(&format!("Laporan {ticket} dibuat"))
            .shows("Tidak ada yang menunggu");
        press(&siti, PAGES[1], &fields("laporkan"))
            .await
            .shows("sudah ditangani orang lain");
        press(&siti, PAGES[1], &fields("biarkan"))
            .await
            .shows("Pesan dibiarkan");
        siti.open("/meja?tab=baru").await.shows("Lampu mati pak");
        siti.open(PAGES[0]).await.shows("Untuk laporan");
    }
}

#[tokio::test]
async fn a_case_says_by_which_channel_its_reporter_is_reached_and_not_who_it_is() {
    let report = "Lampu jalan padam di Kota Bandung sejak hari Minggu.";
    for (name, from, words) in [
        (Name::Sms, NUMBER, "lewat SMS"),
        (Name::X, "6253282", "lewat X"),
    ] {
        for place in staffed().await {
            let line = Line::of(&place, name);
            let body = json!({"from": from, "name": "Siti Aminah", "text": report});
            line.takes(&body).await;
            let every = CaseFilter::default();
            let case = place.node.cases(&every, None, 9).await.unwrap().cases[0].case;
            let router = router(place.node.clone());
            let siti = Browser::new(&router);
            siti.enters(SITI, WORDS).await;
            let page = siti.open(&at(case, "")).await;
            page.shows("Kontak pelapor").shows(words);
            // The number by which they write is no other contact.
            let hidden = [&NUMBER[1..], "6253282", "Siti Aminah", "tidak dikirimi"];
            for hidden in hidden.into_iter().chain(["kontak lain"]) {
                assert!(!page.text.contains(hidden), "{hidden}");
            }
            line.takes(&json!({"from": from, "text": "STOP"})).await;
            let page = siti.open(&at(case, "")).await;
            let stopped = format!("{words}, tetapi saat ini tidak dikirimi kabar di sana");
            page.shows(&format!("{stopped}</dd>"));
            let (id, proved) = (case.to_string(), Some("canary@contoh.id"));
            let mut tx = place.node.write_tx().await.unwrap();
            store::reporters::set_verification(&mut tx, &id, "contact", proved)
                .await
                .unwrap();
            tx.commit().await.unwrap();
            let page = siti.open(&at(case, "")).await;
            page.shows(&format!("{stopped}; satu kontak dibuktikan dengan kode"));
            assert!(!page.text.contains("canary"), "who it is stays apart");
        }
    }
}

#[tokio::test]
async fn the_overview_is_one_table_that_adds_up_and_each_channel_has_a_page() {
    for place in staffed().await {
        let line = Line::at(&place);
        line.writes("Lampu mati pak").await;
        line.writes("BANTUAN").await;
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let one = "/meja/saluran/rincian/sms";
        for (span, label) in [("hari", "Hari ini"), ("bulan", "30 hari")] {
            let page = siti.open(&format!("{}?kurun={span}", PAGES[0])).await;
            assert_eq!(page.text.matches("<table").count(), 1, "{}", page.text);
            page.shows(&format!("aria-current=\"true\">{label}</a>"))
                .shows(&format!("href=\"{one}\""));
            for (column, count) in [("Pesan masuk", 2), ("Perintah", 1), ("Bukan laporan", 1)] {
                let cell = format!("data-label=\"{column}\">{count}</td>");
                let found = page.text.matches(&cell).count();
                assert_eq!(found, 2, "of the channel and of all: {cell}");
            }
        }
        siti.open(one)
            .await
            .shows("Masuk, belum dibaca")
            .shows("diduga penyalahgunaan");
        let none = siti.open("/meja/saluran/rincian/merpati").await;
        none.is(StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_word_is_added_changed_and_ended_and_a_wrong_form_keeps_what_was_typed() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        let words = PAGES[2];
        let wrong = [
            ("kata", "STATUS"),
            ("kampanye", "Terang Bersama"),
            ("sampai", "2020-01-01"),
            ("instansi", "tidak ada"),
        ];
        let refused = admin.post(words, &wrong).await;
        refused
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("value=\"Terang Bersama\"")
            .shows("Pilih hari ini atau sesudahnya");
        let taken = [("kata", "STATUS"), ("kampanye", "Terang Bersama")];
        let refused = admin.post(words, &taken).await;
        refused
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("belum berarti lain")
            .shows("value=\"Terang Bersama\"");
        let lampu = [
            ("kata", "lampu"),
            ("kampanye", "Terang Bersama"),
            ("kategori", "Perhubungan"),
            ("wilayah", "Kota Bandung"),
            ("instansi", "kemenpu"),
        ];
        press(&admin, words, &lampu)
            .await
            .shows("Kata LAMPU disimpan")
            .shows("Terang Bersama")
            .shows("Perhubungan");
        let double = admin.post(words, &lampu).await;
        double
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("Kata ini sudah ada");
        let form = admin.open("/meja/saluran/kata-kunci?kata=LAMPU").await;
        form.shows("Ubah kata LAMPU")
            .shows("<option value=\"Perhubungan\" selected>")
            .shows("name=\"ubah\" value=\"1\"");
        let changed = [
            ("ubah", "1"),
            ("kata", "LAMPU"),
            ("kampanye", "Gelap Bersama"),
        ];
        let page = press(&admin, words, &changed).await;
        page.shows("Gelap Bersama");
        assert!(!page.text.contains("Terang Bersama"));
        let line = Line::at(&place);
        line.writes("LAMPU mati sejak hari Minggu di depan pasar")
            .await;
        press(
            &admin,
            "/meja/saluran/kata-kunci/akhiri",
            &[("kata", "LAMPU")],
        )
        .await
        .shows("Kata kunci berakhir")
        .shows("data-label=\"30 hari\">1<");
        admin.open("/meja/audit").await.shows("Kata kunci diakhiri");
    }
}

#[tokio::test]
async fn a_conversation_is_blocked_with_a_reason_and_unblocked() {
    for place in staffed().await {
        let line = Line::at(&place);
        line.writes("Lampu mati pak").await;
        let router = router(place.node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        let talks = admin.open(PAGES[1]).await;
        let to = talks.between("<a class=\"button quiet\" href=\"", "\"");
        admin.open(&to).await.shows("Blokir percakapan sms\u{b7}");
        let refused = admin.post(&to, &[("lama", "30")]).await;
        refused
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("value=\"30\" checked");
        let blocked = press(&admin, &to, &[("lama", "30"), ("alasan", "Ancaman")]).await;
        blocked.shows("Ancaman").shows("Petugas Loket");
        let told = line
            .writes("Jalan berlubang di depan pasar Sukajadi.")
            .await;
        assert!(told.is_empty());
        let thread = blocked.between("name=\"utas\" value=\"", "\"");
        press(&admin, PAGES[5], &[("utas", thread.as_str())])
            .await
            .shows("Blokir dibuka")
            .shows("Tidak ada yang diblokir");
        press(&admin, PAGES[5], &[("utas", thread.as_str())])
            .await
            .shows("sudah ditangani orang lain");
        assert_eq!(line.writes("STATUS").await.len(), 1);
        let nobody = admin.open("/meja/saluran/blokir/tidak-ada").await;
        nobody.is(StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn what_was_refused_is_sent_again_and_what_cannot_be_read_is_read_again() {
    for place in staffed().await {
        let line = Line::at(&place);
        line.paper.orders([Unsaid::Never("no such number".into())]);
        line.writes("Lampu jalan padam di Cihampelas sejak hari Minggu.")
            .await;
        line.takes(&json!({"hologram": 3})).await;
        line.takes(&json!({"from": NUMBER, "text": "kata ".repeat(5000)}))
            .await;
        let router = router(place.node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        let page = admin.open(PAGES[3]).await;
        page.shows("no such number").shows("/meja/kasus/");
        let number = page.between("name=\"nomor\" value=\"", "\"");
        let again = [("nomor", number.as_str()), ("tindakan", "kirim")];
        press(&admin, PAGES[3], &again)
            .await
            .shows("Akan dikirim lagi")
            .shows("Semua terkirim");
        assert_eq!(line.speaks().await.len(), 1);
        let dropped = [("nomor", number.as_str()), ("tindakan", "buang")];
        press(&admin, PAGES[3], &dropped)
            .await
            .shows("sudah ditangani orang lain");

        let page = admin.open(PAGES[4]).await;
        page.shows("Tidak terbaca").shows("Menunggu orang");
        let unread = [("nomor", "2"), ("tindakan", "baca")];
        press(&admin, PAGES[4], &unread)
            .await
            .shows("Belum dapat dibaca");
        let aside = [("nomor", "3"), ("tindakan", "sisihkan")];
        press(&admin, PAGES[4], &aside)
            .await
            .shows("Pesan ada di Percakapan");
        admin.open(PAGES[1]).await.shows("kata kata kata");
        admin
            .open("/meja/audit")
            .await
            .shows("Pesan yang ditolak dikirim lagi");
    }
}

#[tokio::test]
async fn why_something_was_not_sent_stands_in_the_words_of_the_page() {
    const WHY: &str = "something on the way to the gateway has waited for its answer in vain (504)";
    for place in staffed().await {
        let line = Line::at(&place);
        line.paper.orders([Unsaid::Never(WHY.into())]);
        assert!(line.writes("STATUS").await.is_empty());
        let router = router(place.node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        let page = admin.open(PAGES[3]).await;
        page.shows("Perantara di jalan menuju SMS menunggu jawabannya dengan sia-sia (504).");
        assert!(!page.text.contains("on the way"), "{}", page.text);
    }
}

#[tokio::test]
async fn an_officer_of_a_unit_sees_what_was_not_sent_of_its_cases_and_how_many_others() {
    for place in staffed().await {
        in_unit(&place).await;
        let line = Line::at(&place);
        let never = || Unsaid::Never("no such number".into());
        line.paper.orders([never(), never()]);
        for (from, street) in [(NUMBER, "Cihampelas"), ("+628123456780", "Cikutra")] {
            let text = format!("Lampu jalan padam di {street} sejak hari Minggu.");
            line.takes(&json!({"from": from, "text": text})).await;
            line.speaks().await;
        }
        let router = router(place.node.clone());
        let [siti, admin] = [(); 2].map(|()| Browser::new(&router));
        siti.enters(SITI, WORDS).await;
        admin.enters(ADMIN, WORDS).await;
        let every = CaseFilter::default();
        let cases = place.node.cases(&every, None, 9).await.unwrap().cases;
        let [own, other] = &cases[..] else {
            panic!("{cases:?}")
        };
        let tickets = [own, other].map(|case| case.ticket.clone().unwrap());
        let none = siti.open(PAGES[3]).await;
        none.shows("2 lainnya menyangkut laporan yang tidak terlihat");
        for hidden in ["no such number", "Semua terkirim"] {
            assert!(!none.text.contains(hidden), "{}", none.text);
        }
        let given = [("unit", "dinas-pu"), ("petugas", "")];
        admin.post(&at(own.case, "/unit"), &given).await;
        let seen = siti.open(PAGES[3]).await;
        seen.shows(&tickets[0])
            .shows("1 lainnya menyangkut laporan yang tidak terlihat");
        assert!(!seen.text.contains(&tickets[1]), "{}", seen.text);
        let lines = seen.text.matches("no such number").count();
        assert_eq!(lines, 1, "{}", seen.text);
        let whole = admin.open(PAGES[3]).await;
        whole.shows(&tickets[0]).shows(&tickets[1]);
        assert!(!whole.text.contains("lainnya menyangkut"), "{}", whole.text);
    }
}

#[tokio::test]
async fn a_report_that_looks_like_abuse_leads_to_the_block_of_its_conversation() {
    for place in staffed().await {
        let line = Line::at(&place);
        line.writes("https://menang-undian.example/hadiah www.hadiah.example")
            .await;
        let router = router(place.node.clone());
        let [admin, siti] = [(); 2].map(|()| Browser::new(&router));
        admin.enters(ADMIN, WORDS).await;
        siti.enters(SITI, WORDS).await;
        let case = place.node.abuse_queue().await.unwrap()[0].case;
        let at = format!("/meja/kasus/{case}");
        let page = admin.open(&at).await;
        page.shows("hanya tautan")
            .shows("href=\"/meja/saluran/blokir/");
        let page = siti.open(&at).await;
        assert!(!page.text.contains("/meja/saluran/blokir/"));
    }
}
