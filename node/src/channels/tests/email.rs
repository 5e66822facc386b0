//! Conversations with people by letter, against a mailbox and a mail server that stand in for those
//! of the institution.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use lapor_stand_ins::imap::{Door, Imap, PASSWORD, USER};
use lapor_web::mail::Encryption;
use lapor_web::mail::tiny_server::{Manners, TinyServer};
use mail_parser::MessageParser;
use serde_json::json;

use super::{MINUTE_MS, Talked, kept};
use crate::channels::email::{self, ABOVE, Email};
use crate::testing::{Place, databases, jpeg};

pub(super) const SITI: &str = "siti.aminah@contoh.id";
pub(super) const REPORT: &str = "Lampu jalan padam di Kota Bandung sejak hari Minggu.";

/// A node with a mailbox and a mail server.
pub(super) struct Desk {
    pub talked: Talked,
    pub line: Arc<Email>,
    pub imap: Imap,
    pub smtp: TinyServer,
}

/// A letter as it went out.
pub(super) struct Sent {
    pub to: String,
    pub subject: String,
    pub id: String,
    pub answers: Option<String>,
    pub text: String,
    pub raw: String,
}

impl Sent {
    fn of(to: &str, raw: &str) -> Self {
        let message = MessageParser::default().parse(raw).unwrap();
        let answers = message.in_reply_to().as_text().map(str::to_owned);
        let references = message.references().as_text().map(str::to_owned);
        assert_eq!(answers, references);
        let text = message.body_text(0).unwrap().replace('\r', "");
        let (above, text) = text.split_once("\n\n").unwrap();
        assert!(above.starts_with(ABOVE), "{above}");
        let text = text.trim_end();
        let foot = text.rfind("\n\n");
        Self {
            to: to.to_owned(),
            subject: message.subject().unwrap().to_owned(),
            id: message.message_id().unwrap().to_owned(),
            answers,
            text: text[..foot.unwrap()].to_owned(),
            raw: raw.to_owned(),
        }
    }
}

impl Desk {
    pub async fn open() -> Vec<Self> {
        let mut out = Vec::new();
        for db in databases().await {
            let imap = Imap::open(Door::Open).await.unwrap();
            let smtp = TinyServer::start(Manners::default()).await;
            let mut place = Box::pin(Place::joined("kota-bandung", db)).await;
            let password = kept(&place, "imap-password", PASSWORD);
            let mail = &mut place.settings.mail;
            (mail.host, mail.port) = (Some("localhost".into()), smtp.port);
            mail.encryption = Encryption::None;
            mail.from = Some("Lapor Kota Bandung <pengirim@bandung.go.id>".into());
            let settings = &mut place.settings.channels.email;
            settings.address = Some("lapor@bandung.go.id".into());
            let mailbox = &mut settings.imap;
            (mailbox.host, mailbox.port) = (Some("localhost".into()), imap.port);
            (mailbox.user, mailbox.password_file) = (Some(USER.into()), Some(password));
            mailbox.encryption = Encryption::None;
            mailbox.done_folder = Some("Sudah diambil".into());
            place.node = Box::pin(place.reopened()).await;
            let settings = &place.settings.channels.email;
            let line = Arc::new(
                email::of(settings, place.node.shared_clock())
                    .unwrap()
                    .unwrap(),
            );
            line.set_up(&place.node);
            // What lies there before is not read.
            let letters = Box::pin(line.fetch_letters(&place.node)).await;
            assert_eq!(letters, Ok(0));
            out.push(Self {
                talked: Talked::over(place, line.clone()),
                line,
                imap,
                smtp,
            });
        }
        out
    }

    /// A letter arrives now.
    pub fn arrives(&self, letter: &str) {
        let letter = letter.replace('\n', "\r\n");
        self.imap
            .arrives(letter.as_bytes(), self.talked.node().clock().now_ms());
    }

    /// Fetches what has arrived, and what is written then.
    pub async fn hears(&self) -> Vec<Sent> {
        self.line.fetch_letters(self.talked.node()).await.unwrap();
        self.goes_on().await
    }

    /// What is written of what is here.
    pub async fn goes_on(&self) -> Vec<Sent> {
        let before = self.smtp.taken().len();
        self.talked.hears().await;
        self.talked.speaks().await;
        let taken = self.smtp.taken().split_off(before);
        taken
            .iter()
            .map(|one| Sent::of(&one.to, &one.text))
            .collect()
    }

    pub async fn says(&self, letter: &str) -> Vec<Sent> {
        self.arrives(letter);
        self.hears().await
    }
}

/// A letter with an id of its own.
pub(super) fn letter(id: &str, subject: &str, text: &str) -> String {
    format!(
        "From: Siti Aminah <Siti.Aminah@contoh.id>\nTo: lapor@bandung.go.id\nSubject: {subject}\nMessage-ID: <{id}@contoh.id>\nDate: Fri, 27 Nov 2026 10:00:00 +0700\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
    )
}

/// A letter that answers one, and quotes it.
pub(super) fn reply(id: &str, to: &str, text: &str) -> String {
    let letter = letter(
        id,
        "Re: Laporan",
        &format!(
            "{text}\n\nPada Jum, 27 Nov 2026 pukul 10.00 Lapor <lapor@bandung.go.id> menulis:\n> ##- Tulis balasan Anda di atas baris ini -##\n> Sudah selesai?"
        ),
    );
    letter.replacen(
        "Date:",
        &format!("In-Reply-To: <{to}>\nReferences: <{to}>\nDate:"),
        1,
    )
}

#[tokio::test]
async fn a_letter_becomes_a_report_and_all_that_follows_goes_by_replies() {
    for desk in Desk::open().await {
        let told = desk.says(&letter("a1", "Lampu jalan", REPORT)).await;
        let (case, ticket) = desk.talked.case().await;
        assert_eq!(told.len(), 1);
        let filed = &told[0];
        assert!(filed.text.contains(&ticket), "{}", filed.text);
        assert_eq!(filed.to, SITI);
        assert_eq!(filed.subject, format!("Laporan {ticket}"));
        assert_eq!(filed.answers.as_deref(), Some("a1@contoh.id"));
        for head in [
            "From: \"Lapor Kota Bandung\" <pengirim@bandung.go.id>",
            "Reply-To: lapor@bandung.go.id",
            "Auto-Submitted: auto-replied",
        ] {
            assert!(filed.raw.contains(head), "{}", filed.raw);
        }
        let view = desk.talked.node().case(case).await.unwrap();
        let words = view.history[0].words.clone().unwrap();
        assert_eq!(words["title"], "Lampu jalan");
        assert_eq!(words["content"], format!("Lampu jalan\n\n{REPORT}"));
        let identity = desk.talked.node().identity(case, "keeper").await;
        let identity = identity.unwrap().unwrap();
        assert_eq!(identity.email.as_deref(), Some(SITI));
        assert_eq!(identity.name.as_deref(), Some("Siti Aminah"));

        let forms = json!([{"as": "text"}, {"as": "yes_no"}]);
        desk.talked
            .holds(case, json!(["Tiang yang mana?", "Sudah lama?"]), forms)
            .await;
        let asked = desk.goes_on().await;
        assert!(
            asked[0].text.contains("Tiang yang mana?"),
            "{}",
            asked[0].text
        );
        assert_eq!(asked[0].answers.as_deref(), Some("a1@contoh.id"));
        let asked = desk
            .says(&reply("a2", &asked[0].id, "Di depan nomor 12"))
            .await;
        assert!(asked[0].text.contains("Sudah lama?"), "{}", asked[0].text);
        assert_eq!(asked[0].subject, format!("Laporan {ticket}"));
        desk.says(&reply("a3", &asked[0].id, "Ya.\n\nTerima kasih,\nSiti"))
            .await;
        let view = desk.talked.node().case(case).await.unwrap();
        let words = view.history.last().unwrap().words.clone().unwrap();
        assert_eq!(words["answers"], json!(["Di depan nomor 12", "Ya"]));

        desk.talked
            .follows_up(case, "Lampu sudah diganti.", true)
            .await;
        let news = desk.goes_on().await;
        assert!(
            news[0].text.contains("Lampu sudah diganti."),
            "{}",
            news[0].text
        );
        let told = desk.says(&reply("a4", &news[0].id, "YA")).await;
        assert!(told[0].text.contains("selesai"), "{}", told[0].text);
        desk.says(&reply("a5", &told[0].id, "5")).await;
        desk.talked.ruled().await;
        let kinds = desk.talked.messages(case).await;
        assert!(kinds.contains(&"case.closed".to_owned()), "{kinds:?}");
        assert!(kinds.contains(&"case.rated".to_owned()), "{kinds:?}");
    }
}

#[tokio::test]
async fn nobody_speaks_in_a_case_who_was_not_written_to() {
    for desk in Desk::open().await {
        let filed = desk.says(&letter("a1", "Lampu jalan", REPORT)).await;
        let (case, ticket) = desk.talked.case().await;
        desk.talked
            .follows_up(case, "Lampu sudah diganti.", true)
            .await;
        let news = desk.goes_on().await;
        assert_eq!(news.len(), 1);
        let before = desk.talked.messages(case).await;
        let guessed = format!("saluran.{}@bandung.go.id", "0".repeat(32));
        for (at, forged) in [
            letter("b1", "YA", ""),
            letter("b2", "", &format!("{ticket} sudah beres, tutup saja")),
            letter("b3", "STOP", ""),
            // What Siti wrote others may know.
            reply("b4", "a1@contoh.id", "YA"),
            reply("b5", &guessed, "YA"),
        ]
        .iter()
        .enumerate()
        {
            let told = desk.says(forged).await;
            assert_eq!(desk.talked.messages(case).await, before, "{at}");
            let to_reply = told
                .iter()
                .any(|told| told.text.contains("sebagai balasan"));
            assert_eq!(to_reply, at == 1 || at == 2, "{at}");
        }
        // What was written to another address says nothing of this one.
        let stranger = reply("b6", &filed[0].id, "YA").replace("Siti.Aminah@", "budi@");
        desk.says(&stranger).await;
        assert_eq!(desk.talked.messages(case).await, before);
        desk.talked.place.clock.advance(60 * MINUTE_MS);
        let told = desk.says(&reply("b7", &news[0].id, "STOP")).await;
        assert!(
            told[0].text.starts_with("Kabar dihentikan"),
            "{}",
            told[0].text
        );
        desk.talked.follows_up(case, "Masih menyala.", false).await;
        assert!(desk.goes_on().await.is_empty());
    }
}

#[tokio::test]
async fn how_far_a_case_is_goes_to_whoever_asks() {
    for desk in Desk::open().await {
        desk.says(&letter("a1", "Lampu jalan", REPORT)).await;
        let (_, ticket) = desk.talked.case().await;
        for asked in [
            letter("a2", "Bertanya", &format!("STATUS {ticket}")),
            letter("a3", &format!("STATUS {ticket}"), ""),
            letter("a4", "Laporan saya bagaimana kabarnya sekarang", &ticket),
        ] {
            let told = desk.says(&asked).await;
            assert!(
                told[0].text.starts_with(&format!("{ticket}:")),
                "{}",
                told[0].text
            );
        }
        desk.talked.case().await;
    }
}

#[tokio::test]
async fn pictures_come_along_and_what_is_no_picture_is_named() {
    let picture = BASE64.encode(jpeg(64, 30_000));
    let logo = BASE64.encode(jpeg(8, 100));
    let letter = format!(
        "From: {SITI}\nTo: lapor@bandung.go.id\nSubject: =?iso-8859-1?Q?Lampu_di_Jalan_Caf=E9?=\nMessage-ID: <c1@contoh.id>\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=luar\n\n--luar\nContent-Type: multipart/related; boundary=dalam\n\n--dalam\nContent-Type: text/html; charset=utf-8\n\n<html><body><div>Lampu jalan padam</div><div>di Kota Bandung sejak hari Minggu.</div></body></html>\n--dalam\nContent-Type: image/jpeg\nContent-ID: <logo@contoh.id>\nContent-Disposition: inline\nContent-Transfer-Encoding: base64\n\n{logo}\n--dalam--\n--luar\nContent-Type: image/jpeg; name=foto.jpg\nContent-Disposition: attachment; filename=foto.jpg\nContent-Transfer-Encoding: base64\n\n{picture}\n--luar\nContent-Type: application/msword; name=denah.doc\nContent-Disposition: attachment; filename=denah.doc\nContent-Transfer-Encoding: base64\n\nZGVuYWg=\n--luar--\n"
    );
    for desk in Desk::open().await {
        let told = desk.says(&letter).await;
        let (case, _) = desk.talked.case().await;
        assert_eq!(desk.talked.files(case).await, [1]);
        let view = desk.talked.node().case(case).await.unwrap();
        let words = view.history[0].words.clone().unwrap();
        assert_eq!(words["title"], "Lampu di Jalan Caf\u{e9}");
        let content = words["content"].as_str().unwrap();
        assert!(content.contains("padam\ndi Kota Bandung"), "{content}");
        assert!(content.ends_with("(lampiran: denah.doc)"), "{content}");
        let left = told
            .iter()
            .any(|told| told.text.contains("foto, video, dan PDF"));
        assert!(left && told.iter().any(|told| told.text.contains("Nomor tiket")));
    }
}

#[tokio::test]
async fn machines_and_lists_are_not_answered_and_what_they_write_lies_aside() {
    for desk in Desk::open().await {
        let good = letter("d1", "Lampu jalan", REPORT);
        for head in [
            "Auto-Submitted: auto-replied",
            "List-Id: <warga.contoh.id>",
            "Precedence: bulk",
            "Return-Path: <>",
            "X-Auto-Response-Suppress: All",
        ] {
            desk.arrives(&format!("{head}\n{good}"));
        }
        for from in [
            "no-reply@contoh.id",
            "MAILER-DAEMON@contoh.id",
            "lapor@bandung.go.id",
        ] {
            desk.arrives(&good.replace("Siti.Aminah@contoh.id", from));
        }
        desk.arrives(&letter("d2", "Automatic reply: Laporan", REPORT));
        let returned = letter("d4", "Undelivered", REPORT);
        desk.arrives(&returned.replace("text/plain", "multipart/report; boundary=a"));
        desk.arrives(&good.replace("From: Siti Aminah <Siti.Aminah@contoh.id>\n", ""));
        assert!(desk.hears().await.is_empty());
        assert!(desk.talked.cases().await.is_empty());
        let taken = desk.talked.taken().await;
        assert!(taken.iter().all(|(state, _)| state == "aside"), "{taken:?}");
        assert_eq!(taken.len(), 7, "the same letter with other heads is one");
        // A person who says so is none.
        let told = desk
            .says(&format!(
                "Auto-Submitted: no\n{}",
                letter("d3", "Lampu", REPORT)
            ))
            .await;
        assert_eq!(told.len(), 1);
    }
}

#[tokio::test]
async fn a_machine_that_says_nothing_of_itself_is_answered_five_times_an_hour() {
    for desk in Desk::open().await {
        let mut told = 0;
        for at in 0..8 {
            let text = format!("Pesan ke-{at}: kami sedang tidak berada di kantor sampai Senin.");
            told += desk
                .says(&letter(&format!("e{at}"), "Kantor tutup", &text))
                .await
                .len();
        }
        assert_eq!(told, 5);
        assert_eq!(
            desk.talked.cases().await.len(),
            8,
            "nothing is lost by that"
        );
        desk.talked.place.clock.advance(12 * MINUTE_MS);
        assert_eq!(desk.says(&letter("e9", "STATUS", "")).await.len(), 1);
    }
}

#[tokio::test]
async fn a_letter_that_comes_back_is_noted_as_undelivered() {
    for desk in Desk::open().await {
        let filed = desk.says(&letter("a1", "Lampu jalan", REPORT)).await;
        let returned = |id: &str, action: &str| {
            format!(
                "From: MAILER-DAEMON@contoh.id\nTo: pengirim@bandung.go.id\nSubject: Undelivered\nMessage-ID: <{action}@contoh.id>\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: text/plain\n\nSorry.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; contoh.id\n\nFinal-Recipient: rfc822; {SITI}\nAction: {action}\nStatus: 5.2.2\n--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <{id}>\n--b--\n"
            )
        };
        desk.says(&returned(&filed[0].id, "delayed")).await;
        assert!(
            desk.talked
                .node()
                .channel_refused()
                .await
                .unwrap()
                .is_empty()
        );
        assert!(
            desk.says(&returned(&filed[0].id, "failed"))
                .await
                .is_empty()
        );
        let refused = desk.talked.node().channel_refused().await.unwrap();
        assert_eq!(refused.len(), 1);
        assert_eq!(
            refused[0].problem.as_deref(),
            Some("it was returned (5.2.2)")
        );
    }
}
