//! The conversation through the router, as a browser without script meets it.

mod account;
mod own_data;
mod short;

use axum::Router;
use http::{Request, StatusCode};
use lapor_protocol::case::State;
use lapor_protocol::ids::CaseId;
use serde_json::json;

use super::super::tests::{Reply, open, places, post, report, send};
use super::*;
use crate::casework::{NewReport, Once, Reporter};
use crate::doors::router;
use crate::reporters::FilingTerms;
use crate::testing::{Place, acts};

mod erasing;

pub(super) const SCRIPT: &str = "%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E";
pub(super) const COOKIE: &str = "lapor-percakapan";

/// A browser with a conversation open in it.
pub(super) struct Talk<'a> {
    pub(super) router: &'a Router,
    pub(super) cookie: String,
}

impl Talk<'_> {
    pub(super) async fn read(&self, path: &str) -> Reply {
        send(
            self.router,
            Request::get(path).header("cookie", &self.cookie),
            "",
        )
        .await
    }

    pub(super) async fn post(&self, path: &str, body: &str) -> Reply {
        let request = Request::post(path)
            .header("cookie", &self.cookie)
            .header("content-type", "application/x-www-form-urlencoded");
        send(self.router, request, body.to_owned()).await
    }

    /// Posts a form with files; fields by name.
    pub(super) async fn write(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let parts = fields.iter().map(|(name, value)| {
            let file = if *name == "lampiran" { "; filename=\"a.pdf\"" } else { "" };
            format!(
                "--batas\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{value}\r\n"
            )
        });
        let body = parts.collect::<String>() + "--batas--\r\n";
        let request = Request::post(path)
            .header("cookie", &self.cookie)
            .header("content-type", "multipart/form-data; boundary=batas");
        send(self.router, request, body).await
    }

    /// The page after something was done.
    pub(super) async fn done(&self, reply: Reply) -> Reply {
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.text);
        let flash = reply
            .header("set-cookie")
            .split(';')
            .next()
            .unwrap()
            .to_owned();
        let cookies = format!("{}; {flash}", self.cookie);
        let request = Request::get(reply.header("location")).header("cookie", cookies);
        send(self.router, request, "").await
    }
}

/// Value of a cookie that an answer gives.
pub(super) fn given(reply: &Reply, name: &str) -> Option<String> {
    let mut lines = reply.headers.get_all("set-cookie").iter();
    let line = lines.find_map(|line| line.to_str().ok().filter(|line| line.starts_with(name)))?;
    Some(line.split(';').next().unwrap().to_owned())
}

pub(super) async fn filed(place: &Place) -> (CaseId, String, String) {
    let siti = Reporter {
        email: Some("siti@contoh.id".into()),
        ..Reporter::default()
    };
    filed_by(place, siti).await
}

pub(super) async fn filed_by(place: &Place, reporter: Reporter) -> (CaseId, String, String) {
    let report = NewReport {
        reporter: Some(reporter),
        ..report("Jalan berlubang", false)
    };
    filed_as(place, report).await
}

/// Files a report; says its case, its ticket and its key.
async fn filed_as(place: &Place, report: NewReport) -> (CaseId, String, String) {
    let terms = FilingTerms::default();
    let filed = place.node.file_for_reporter(report, terms).await.unwrap();
    (filed.filed.case, filed.filed.ticket, filed.key)
}

pub(super) async fn enter<'a>(router: &'a Router, ticket: &str, key: &str) -> Talk<'a> {
    let body = format!("tiket={ticket}&kunci={}", key.replace(' ', "+"));
    let opened = post(router, PATH, &body).await;
    assert_eq!(opened.status, StatusCode::SEE_OTHER, "{}", opened.text);
    let cookie = given(&opened, COOKIE).unwrap();
    Talk { router, cookie }
}

pub(super) async fn last_code(place: &Place) -> String {
    let letters = place.node.letters(0, 100).await.unwrap();
    letters
        .last()
        .unwrap()
        .code
        .clone()
        .unwrap()
        .replace(' ', "+")
}

#[tokio::test]
async fn ticket_and_key_open_the_conversation_and_nothing_else_does() {
    for place in places().await {
        let router = router(place.node.clone());
        let (_, ticket, key) = filed(&place).await;
        let door = open(&router, PATH).await;
        assert!(door.text.contains("name=\"kunci\""), "{}", door.text);
        let wrong = post(&router, PATH, &format!("tiket={ticket}&kunci=1234")).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(wrong.text.contains("tidak membuka percakapan") && !wrong.text.contains("1234"));
        let talk = enter(&router, &ticket, &key).await;
        let page = talk.read(PATH).await;
        assert!(page.text.contains("Jalan berlubang"), "{}", page.text);
        assert!(
            page.text.contains("Lubang sedalam 20 cm"),
            "the reporter reads the content"
        );
        assert!(
            page.text.contains("Verifikasi: 3 hari kerja lagi"),
            "{}",
            page.text
        );
        let stranger = talk
            .read(&format!("{PATH}?kasus={}", crate::chance::new_case_id(1)))
            .await;
        assert_eq!(stranger.status, StatusCode::NOT_FOUND);
        let left = talk.post(LEAVE, "").await;
        assert_eq!(given(&left, COOKIE).as_deref(), Some("lapor-percakapan="));
        let after = talk.read(PATH).await;
        assert!(!after.text.contains("Jalan berlubang") && after.text.contains("name=\"kunci\""));
        for path in [DATA, DATA_FILE] {
            let away = talk.read(path).await;
            assert_eq!(away.header("location"), PATH, "{path}");
        }
    }
}

#[tokio::test]
async fn a_cookie_that_was_planted_opens_nothing_and_is_replaced() {
    for place in places().await {
        let router = router(place.node.clone());
        let (_, ticket, key) = filed(&place).await;
        let (_, other_ticket, other_key) = filed(&place).await;
        let planted = enter(&router, &other_ticket, &other_key).await;
        let body = format!("tiket={ticket}&kunci={}", key.replace(' ', "+"));
        let opened = planted.post(PATH, &body).await;
        let fresh = given(&opened, COOKIE).unwrap();
        assert_ne!(fresh, planted.cookie);
        let page = planted.read(PATH).await;
        assert!(
            page.text.contains("name=\"kunci\""),
            "the planted token has ended"
        );
        let forged = Talk {
            router: &router,
            cookie: format!("{COOKIE}=lrs_{}", "A".repeat(43)),
        };
        assert!(forged.read(PATH).await.text.contains("name=\"kunci\""));
    }
}

#[tokio::test]
async fn who_guesses_keys_is_told_when_to_come_back() {
    for place in places().await {
        let router = router(place.node.clone());
        let (_, ticket, _) = filed(&place).await;
        let body = format!("tiket={ticket}&kunci=0000+0000+0000+0000");
        for _ in 0..10 {
            let wrong = post(&router, PATH, &body).await;
            assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        }
        let refused = post(&router, PATH, &body).await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(!refused.header("retry-after").is_empty());
        assert!(
            refused.text.contains("Silakan coba lagi dalam"),
            "{}",
            refused.text
        );
    }
}

#[tokio::test]
async fn questions_are_answered_a_reply_is_sent_and_what_is_wrong_keeps_the_words() {
    for place in places().await {
        let router = router(place.node.clone());
        let (case, ticket, key) = filed(&place).await;
        let words = json!({
            "questions": ["Di depan <b>nomor</b> berapa?", "Sejak kapan?", "Ada fotonya?"],
            "forms": [{"as": "text"}, {"as": "date"}, {"as": "picture"}],
        });
        acts(&place, case, "case.held", json!({}), Some(words)).await;
        let talk = enter(&router, &ticket, &key).await;
        let page = talk.read(PATH).await;
        assert!(
            page.text.contains("Di depan &#60;b&#62;nomor"),
            "{}",
            page.text
        );
        assert!(!page.text.contains("Kirim pesan"), "one form at a time");
        let empty = talk
            .write(ANSWER, &[("jawaban", " "), ("jawaban", "")])
            .await;
        assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            empty.text.contains("id=\"jawaban-error\""),
            "{}",
            empty.text
        );
        let kept = talk
            .write(
                ANSWER,
                &[("jawaban", "Nomor <7>"), ("lampiran", "bukan berkas")],
            )
            .await;
        assert!(
            kept.text.contains("Nomor &#60;7&#62;</textarea>"),
            "{}",
            kept.text
        );
        let undated = [("jawaban", "Nomor 7"), ("jawaban", "Sejak Minggu")];
        let undated = talk.write(ANSWER, &undated).await;
        assert_eq!(undated.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(undated.text.contains("type=\"date\""), "{}", undated.text);
        let answered = [
            ("kunci", "0123456789abcdef"),
            ("jawaban", "Nomor 7"),
            ("jawaban", "2026-11-01"),
            ("jawaban", ""),
            ("lampiran", "%PDF-1.7 denah"),
        ];
        let page = talk.done(talk.write(ANSWER, &answered).await).await;
        assert!(page.text.contains("Jawaban Anda terkirim"), "{}", page.text);
        for said in ["1 November 2026", "Berkas terlampir.", "Anda melengkapi"] {
            assert!(page.text.contains(said), "{said}: {}", page.text);
        }
        let file = page.text.split("/percakapan/lampiran/").nth(1).unwrap();
        let file = format!("/percakapan/lampiran/{}", file.split('"').next().unwrap());
        let file = talk.read(&file).await;
        assert_eq!(file.text, "%PDF-1.7 denah");
        assert!(file.header("content-disposition").starts_with("attachment"));
        assert!(
            file.header("content-security-policy")
                .starts_with("sandbox")
        );

        let reply = [
            ("kunci", "fedcba9876543210"),
            ("pesan", "Masih <script>alert(1)</script>"),
        ];
        let page = talk.done(talk.write(REPLY, &reply).await).await;
        assert!(page.text.contains("Masih &#60;script&#62;") && !page.text.contains("<script>a"));
        talk.done(talk.write(REPLY, &reply).await).await;
        let page = talk.read(PATH).await;
        assert_eq!(
            page.text.matches("<strong>Anda menulis</strong>").count(),
            1
        );
        let missing = talk.write(REPLY, &[("pesan", "")]).await;
        assert_eq!(missing.status, StatusCode::UNPROCESSABLE_ENTITY);

        // A file that went up before is used up by the first of two that are the same.
        let wrong = [("pesan", ""), ("lampiran", "%PDF-1.7 denah")];
        let shown = talk.write(REPLY, &wrong).await;
        let held = shown
            .text
            .split("name=\"unggahan\" value=\"")
            .nth(1)
            .unwrap();
        let held = held.split('"').next().unwrap();
        let reply = [
            ("kunci", "00112233445566778899"),
            ("pesan", "Denah menyusul"),
            ("unggahan", held),
        ];
        for _ in 0..2 {
            let page = talk.done(talk.write(REPLY, &reply).await).await;
            assert!(page.text.contains("Pesan Anda terkirim"), "{}", page.text);
            assert_eq!(page.text.matches("Denah menyusul").count(), 1);
        }
    }
}

#[tokio::test]
async fn words_that_come_too_late_are_shown_to_their_author() {
    for place in places().await {
        let router = router(place.node.clone());
        let (case, ticket, key) = filed(&place).await;
        let talk = enter(&router, &ticket, &key).await;
        let reply = |text| [("kunci", "fedcba9876543210"), ("pesan", text)];
        let sent = talk.write(REPLY, &reply("Masih gelap")).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER);
        let again = talk.write(REPLY, &reply("Yang lain")).await;
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(again.text.contains("sudah terkirim sebelumnya"));
        assert!(again.text.contains("Yang lain</textarea>"));
        assert!(!again.text.contains("belum terkirim"), "{}", again.text);

        let body = json!({"questions": 1});
        let words = json!({"questions": ["Di depan nomor berapa?"]});
        acts(&place, case, "case.held", body, Some(words)).await;
        let before = case.to_string();
        let stale = [("tahanan", &*before), ("jawaban", "Untuk yang lama")];
        let stale = talk.write(ANSWER, &stale).await;
        assert_eq!(stale.status, StatusCode::UNPROCESSABLE_ENTITY);
        for said in ["sudah berganti", "<p class=\"said\">Untuk yang lama</p>"] {
            assert!(stale.text.contains(said), "{said}: {}", stale.text);
        }
        let body = json!({"reason": "other"});
        acts(&place, case, "case.redacted", body, None).await;
        let answer = [("jawaban", "Nomor <7>"), ("pesan", "Sejak Minggu")];
        let late = talk.write(ANSWER, &answer).await;
        assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
        for said in [
            "sudah berubah",
            "belum terkirim",
            "<p class=\"said\">Nomor &#60;7&#62;</p>",
            "<p class=\"said\">Sejak Minggu</p>",
        ] {
            assert!(late.text.contains(said), "{said}: {}", late.text);
        }
    }
}

#[tokio::test]
async fn a_reporter_confirms_rates_and_reopens() {
    for place in places().await {
        let router = router(place.node.clone());
        let (case, ticket, key) = filed(&place).await;
        let talk = enter(&router, &ticket, &key).await;
        let early = talk
            .post(ACT, "tindakan=selesai&kunci=0123456789abcdef")
            .await;
        assert!(talk.done(early).await.text.contains("sudah berubah"));
        acts(
            &place,
            case,
            "case.verified",
            json!({"classification": "complaint"}),
            None,
        )
        .await;
        let body = json!({"proposes_to_close": true});
        let words = json!({"text": "Sudah ditambal."});
        acts(&place, case, "case.followed_up", body, Some(words)).await;
        let page = talk.read(PATH).await;
        assert!(
            page.text.contains("Apakah masalahnya sudah selesai?"),
            "{}",
            page.text
        );
        assert!(
            page.text.contains("Sudah ditambal.") && page.text.contains("Selesai otomatis bila")
        );
        let closed = talk
            .post(ACT, "tindakan=selesai&kunci=1123456789abcdef")
            .await;
        let page = talk.done(closed).await;
        assert!(
            page.text.contains("Bagaimana penanganannya?"),
            "{}",
            page.text
        );
        for wrong in ["", "&nilai=9", "&nilai=baik", &format!("&nilai={SCRIPT}")] {
            let body = format!("tindakan=nilai&kunci=2123456789abcdef{wrong}");
            let page = talk.post(ACT, &body).await;
            assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
            assert!(!page.text.contains("<script>alert"));
        }
        let rated = talk
            .post(ACT, "tindakan=nilai&nilai=4&kunci=2123456789abcdef")
            .await;
        assert!(
            talk.done(rated)
                .await
                .text
                .contains("Anda memberi nilai 4 dari 5")
        );
        let again = talk.post(ACT, "tindakan=buka&kunci=3123456789abcdef").await;
        assert!(
            talk.done(again)
                .await
                .text
                .contains("Laporan dibuka kembali.")
        );
    }
}

#[tokio::test]
async fn what_was_not_read_is_not_confirmed() {
    for place in places().await {
        let router = router(place.node.clone());
        let (case, ticket, key) = filed(&place).await;
        let talk = enter(&router, &ticket, &key).await;
        let confirms = |page: &str, key: &str| {
            let shown = page
                .split("name=\"tindak-lanjut\" value=\"")
                .nth(1)
                .unwrap();
            let shown = shown.split('"').next().unwrap();
            format!("tindakan=selesai&kunci={key}&tindak-lanjut={shown}")
        };
        let state = async || place.node.case(case).await.unwrap().summary.state;
        let body = json!({"proposes_to_close": true});
        let words = Some(json!({"text": "Sudah ditambal."}));
        acts(&place, case, "case.followed_up", body.clone(), words).await;
        let first = talk.read(PATH).await.text;
        let words = Some(json!({"text": "Hanya separuhnya."}));
        acts(&place, case, "case.followed_up", body, words).await;
        let unread = confirms(&first, "1123456789abcdef");
        let page = talk.done(talk.post(ACT, &unread).await).await.text;
        assert!(page.contains("Ada tindak lanjut baru"), "{page}");
        assert!(page.contains("Hanya separuhnya."), "{page}");
        assert_eq!(state().await, Some(State::Answered));
        let read = confirms(&page, "2123456789abcdef");
        for _ in ["once", "and again"] {
            let page = talk.done(talk.post(ACT, &read).await).await.text;
            assert!(page.contains("Laporan ditutup atas pernyataan"), "{page}");
            assert_eq!(state().await, Some(State::Closed));
        }
    }
}

#[tokio::test]
async fn who_asks_for_the_identity_is_in_the_log_and_the_reporter_has_a_say() {
    for place in places().await {
        let router = router(place.node.clone());
        let (case, ticket, key) = filed(&place).await;
        let purpose = lapor_protocol::kinds::identity_requested::IdentityPurpose::Contact;
        let why = "Untuk <b>menelepon</b> pelapor";
        let once = Once::new("account:1", &Once::fresh_key()).unwrap();
        place
            .node
            .ask_identity(case, purpose, why, "account:1", &once)
            .await
            .unwrap();
        let talk = enter(&router, &ticket, &key).await;
        let page = talk.read(PATH).await;
        assert!(
            page.text.contains("kota-bandung menanyakan identitas Anda"),
            "{}",
            page.text
        );
        assert!(
            page.text.contains("Untuk &#60;b&#62;menelepon"),
            "{}",
            page.text
        );
        let ask = page
            .text
            .split("name=\"permintaan\" value=\"")
            .nth(1)
            .unwrap();
        let ask = ask.split('"').next().unwrap().to_owned();
        let consented = talk
            .post(CONSENT, &format!("permintaan={ask}&izin=ya"))
            .await;
        let page = talk.done(consented).await;
        assert!(
            page.text.contains("Persetujuan Anda dicatat"),
            "{}",
            page.text
        );
        assert!(
            !page.text.contains("name=\"izin\" value=\"ya\""),
            "it can be taken back only"
        );
        let granted = place
            .node
            .answer_identity_ask(case, &ask, true, "account:2")
            .await;
        granted.unwrap();
        let page = talk.read(PATH).await;
        assert!(
            page.text.contains("name=\"izin\" value=\"tidak\"")
                && !page.text.contains("name=\"izin\" value=\"ya\""),
            "inside this institution it still can: {}",
            page.text
        );
        let unknown = talk.post(CONSENT, "permintaan=lain&izin=ya").await;
        assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    }
}
