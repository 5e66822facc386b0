//! Who is told what by letter, and what no letter says.

use lapor_migrations::on;
use lapor_protocol::receipt::Stream;
use lapor_web::accounts::{AccountId, NewAccount};
use serde_json::{Value, json};

use super::{Encryption, HERE, MINUTE_MS, Posted, readable};
use crate::casework::NewReport;
use crate::clock::Clock as _;
use crate::post::Round;
use crate::reporters::{FilingTerms, Notify, Proved};
use crate::staff::StaffRole;
use crate::sync::Link;
use crate::testing::{PaperHub, acts};
use lapor_web::mail::tiny_server::{Manners, Taken};

pub(super) const HOUR: i64 = 60 * MINUTE_MS;
pub(super) const DAY: i64 = 24 * HOUR;
/// Midnight before Tuesday, 22 September 2026 in Jakarta.
pub(super) const TUESDAY: i64 = 1_790_010_000_000;
pub(super) const REPORTER: &str = "siti@contoh.id";
pub(super) const TITLE: &str = "Lampu jalan padam di Cihampelas";

impl Posted {
    pub(super) async fn writes(&self) -> usize {
        self.node().write_post().await.unwrap()
    }

    /// Sends all that waits and gives what has been sent since the last time.
    pub(super) async fn sends(&self, before: usize) -> Vec<Taken> {
        while matches!(self.round().await, Round::Worked(_)) {}
        self.server.taken().split_off(before)
    }

    /// A report whose reporter wants letters and has proved the address.
    pub(super) async fn filed(&self, secret: bool) -> crate::casework::Filed {
        let report: NewReport = serde_json::from_value(json!({
            "classification": "complaint",
            "title": TITLE,
            "content": "Gelap sejak hari Minggu.",
            "secret": secret,
            "channel": "web",
            "reporter": {"name": "Siti Aminah", "email": REPORTER},
        }))
        .unwrap();
        let terms = FilingTerms {
            notify: Notify::Email,
            ..FilingTerms::default()
        };
        let filed = self.node().file_for_reporter(report, terms).await.unwrap();
        assert!(filed.recoverable, "codes are sent to addresses of e-mail");
        let ticket = &filed.filed.ticket;
        let opened = self
            .node()
            .open_conversation(ticket, &filed.key, HERE)
            .await
            .unwrap();
        let visitor = self.node().visitor(&opened.token).await.unwrap().unwrap();
        let conversation = self.node().conversation(&visitor, None).await.unwrap();
        let sent = self.node().ask_confirmation(&conversation).await.unwrap();
        let letters = self.node().letters(0, 100).await.unwrap();
        let code = letters.last().unwrap().code.clone().unwrap();
        let proved = self.node().prove_code(&sent.id, &code, HERE).await.unwrap();
        assert!(matches!(proved, Proved::Confirmed));
        filed.filed
    }

    /// The reporter of this case wants no letters.
    pub(super) async fn leaves(&self, case: lapor_protocol::ids::CaseId) {
        let mut tx = self.node().write_tx().await.unwrap();
        let case = case.to_string();
        let left = crate::store::reporters::set_notify(&mut tx, &case, Notify::Off.as_str());
        left.await.unwrap();
        tx.commit().await.unwrap();
    }

    pub(super) async fn follows(&self, case: lapor_protocol::ids::CaseId, address: &str) {
        let (case, now) = (case.to_string(), self.node().clock().now_ms());
        let mut tx = self.node().write_tx().await.unwrap();
        crate::store::support::follow(&mut tx, &case, address, now)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    pub(super) async fn hires(
        &self,
        login: &str,
        role: StaffRole,
        unit: Option<&str>,
    ) -> AccountId {
        let new = NewAccount {
            login,
            name: "Budi",
            role: role.as_str(),
            unit,
        };
        let (account, link) = self.node().create_account("test", &new).await.unwrap();
        let words = "gerimis tujuh kelapa sepeda";
        let accounts = self.node().accounts();
        accounts
            .choose_password(&link, &words.into(), HERE)
            .await
            .unwrap();
        account.id
    }

    pub(super) async fn ruled(&self, hub: &std::sync::Arc<PaperHub>) {
        let link = Link::over(self.node().clone(), hub.clone()).unwrap();
        link.push().await.unwrap();
        link.pull(Stream::Inbox, 0).await.unwrap();
    }

    pub(super) async fn acts(
        &self,
        case: lapor_protocol::ids::CaseId,
        kind: &str,
        body: Value,
        text: &str,
    ) {
        acts(&self.place, case, kind, body, Some(json!({"text": text}))).await;
    }

    /// Bandung proposes to close.
    pub(super) async fn answers(&self, case: lapor_protocol::ids::CaseId) {
        let body = json!({"proposes_to_close": true});
        self.acts(case, "case.followed_up", body, "Lampu telah diganti.")
            .await;
    }
}

pub(super) fn leave_in(taken: &Taken) -> String {
    let text = taken.text.replace("\n ", " ");
    let header = text.split("List-Unsubscribe: <").nth(1).unwrap();
    assert!(text.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"));
    let link = header.split('>').next().unwrap();
    link.rsplit('/').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_reporter_and_a_follower_hear_each_thing_once_when_it_is_ruled() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let hub = PaperHub::of(&posted.place);
        let filed = posted.filed(false).await;
        posted.ruled(&hub).await;
        posted.follows(filed.case, "budi@contoh.id").await;
        posted.place.clock.advance(MINUTE_MS);
        assert_eq!(
            posted.writes().await,
            0,
            "nobody is told what they did themselves"
        );
        let before = posted.sends(0).await.len();
        posted.answers(filed.case).await;
        assert_eq!(posted.writes().await, 0, "it is not ruled");
        hub.orders_at(posted.place.clock.now_ms());
        posted.ruled(&hub).await;
        assert_eq!(posted.writes().await, 2);
        assert_eq!(posted.writes().await, 0, "once");
        let sent = posted.sends(before).await;
        let to: Vec<&str> = sent.iter().map(|letter| letter.to.as_str()).collect();
        assert_eq!(to, [REPORTER, "budi@contoh.id"]);
        let (own, other) = (readable(&sent[0].text), readable(&sent[1].text));
        for text in [&own, &other] {
            assert!(
                text.contains("Tindak lanjut") && text.contains(TITLE),
                "{text}"
            );
            assert!(
                !text.contains("Lampu telah diganti"),
                "no words of an answer: {text}"
            );
        }
        assert!(
            own.contains(&filed.ticket) && !other.contains(&filed.ticket),
            "{other}"
        );
        assert!(
            other.contains(&format!("/laporan/{}", filed.case)),
            "{other}"
        );
        posted.node().unfollow(&leave_in(&sent[1])).await.unwrap();
        let left = posted.node().followers(filed.case, "", 10).await.unwrap();
        assert_eq!(left, Vec::<String>::new(), "the address is gone");
        posted.node().unfollow(&leave_in(&sent[0])).await.unwrap();
        posted
            .acts(filed.case, "case.followed_up", json!({}), "Sekali lagi.")
            .await;
        posted.ruled(&hub).await;
        assert_eq!(posted.writes().await, 0, "both have left");
    }
}

#[tokio::test]
async fn of_a_secret_case_a_letter_says_the_ticket_and_nothing_else() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let hub = PaperHub::of(&posted.place);
        let filed = posted.filed(true).await;
        posted
            .acts(
                filed.case,
                "case.followed_up",
                json!({}),
                "Sedang diperiksa.",
            )
            .await;
        posted.ruled(&hub).await;
        assert_eq!(posted.writes().await, 1);
        let sent = posted.sends(0).await;
        let news = sent
            .iter()
            .find(|letter| letter.text.contains("Kabar laporan"));
        let text = readable(&news.unwrap().text);
        assert!(text.contains(&filed.ticket), "{text}");
        for word in [TITLE, "Tindak lanjut", "Gelap", "diperiksa"] {
            assert!(!text.contains(word), "{word}: {text}");
        }
    }
}

#[tokio::test]
async fn an_address_that_nobody_has_proved_is_told_nothing() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let hub = PaperHub::of(&posted.place);
        let filed = posted.filed(false).await;
        let mut tx = posted.node().write_tx().await.unwrap();
        let case = filed.case.to_string();
        crate::store::reporters::set_verification(&mut tx, &case, "none", None)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        posted
            .acts(filed.case, "case.followed_up", json!({}), "Diganti.")
            .await;
        posted.ruled(&hub).await;
        assert_eq!(posted.writes().await, 0);
    }
}

#[tokio::test]
async fn many_followers_are_told_in_parts_and_each_once_after_a_crash() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let (hub, node) = (PaperHub::of(&posted.place), posted.node());
        let filed = posted.filed(false).await;
        posted.ruled(&hub).await;
        let mut tx = node.write_tx().await.unwrap();
        let text = filed.case.to_string();
        for number in 0..450_u32 {
            let contact = format!("warga{number:03}@contoh.id");
            let followed = crate::store::support::follow(&mut tx, &text, &contact, 0);
            followed.await.unwrap();
        }
        tx.commit().await.unwrap();
        posted.place.clock.advance(MINUTE_MS);
        posted.writes().await;
        let before = node.post_status().await.unwrap().waiting;
        posted
            .acts(filed.case, "case.followed_up", json!({}), "Diganti.")
            .await;
        hub.orders_at(posted.place.clock.now_ms());
        posted.ruled(&hub).await;
        assert_eq!(node.begin_news(filed.case).await.unwrap().0, 1);
        assert_eq!(node.tell_some(filed.case).await.unwrap(), Some(200));
        // Here it crashed.
        posted.writes().await;
        let after = node.post_status().await.unwrap().waiting;
        assert_eq!(after - before, 451);
        assert_eq!(posted.writes().await, 0);
        posted
            .acts(
                filed.case,
                "case.archived",
                json!({"reason": "abusive"}),
                "Fitnah.",
            )
            .await;
        hub.orders_at(posted.place.clock.now_ms());
        posted.ruled(&hub).await;
        assert_eq!(posted.writes().await, 451);
        let left = node.followers(filed.case, "", 10).await.unwrap();
        assert_eq!(left, Vec::<String>::new());
    }
}

#[tokio::test]
async fn followers_of_what_is_not_public_any_more_hear_so_once_and_nothing_else() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let hub = PaperHub::of(&posted.place);
        let filed = posted.filed(false).await;
        posted.ruled(&hub).await;
        posted.follows(filed.case, "budi@contoh.id").await;
        posted.place.clock.advance(MINUTE_MS);
        posted.sends(0).await;
        posted
            .acts(filed.case, "case.followed_up", json!({}), "Diperiksa.")
            .await;
        hub.orders_at(posted.place.clock.now_ms());
        posted.ruled(&hub).await;
        posted
            .acts(
                filed.case,
                "case.archived",
                json!({"reason": "abusive"}),
                "Fitnah.",
            )
            .await;
        // The hub may rule that it has no effect.
        assert_eq!(posted.writes().await, 1, "the reporter");
        let still = posted.node().followers(filed.case, "", 10).await.unwrap();
        assert_eq!(still, ["budi@contoh.id"]);
        posted.sends(0).await;
        let before = posted.server.taken().len();
        hub.orders_at(posted.place.clock.now_ms());
        posted.ruled(&hub).await;
        assert_eq!(posted.writes().await, 2);
        let sent = posted.sends(before).await;
        let other = sent.iter().find(|letter| letter.to == "budi@contoh.id");
        let text = readable(&other.unwrap().text);
        assert!(text.contains("tidak lagi dapat dibaca umum"), "{text}");
        for word in [TITLE, "/laporan/", "diarsipkan", "Fitnah"] {
            assert!(!text.contains(word), "{word}: {text}");
        }
        let left = posted.node().followers(filed.case, "", 10).await.unwrap();
        assert_eq!(left, Vec::<String>::new());
        let own = sent.iter().find(|letter| letter.to == REPORTER).unwrap();
        let text = readable(&own.text);
        assert!(
            text.contains(". Isinya melanggar ketentuan penggunaan.") && !text.contains("Fitnah"),
            "{text}"
        );
        posted.node().unfollow(&leave_in(own)).await.unwrap();
        posted
            .acts(filed.case, "case.reopened", json!({}), "Diperiksa lagi.")
            .await;
        posted.ruled(&hub).await;
        assert_eq!(posted.writes().await, 0, "the reporter has left");
    }
}

#[tokio::test]
async fn news_that_could_not_be_sent_for_a_week_are_old() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let hub = PaperHub::of(&posted.place);
        let filed = posted.filed(false).await;
        posted.sends(0).await;
        posted
            .acts(filed.case, "case.followed_up", json!({}), "Diganti.")
            .await;
        posted.ruled(&hub).await;
        assert_eq!(posted.writes().await, 1);
        posted.place.clock.advance(7 * DAY);
        assert_eq!(posted.round().await, Round::Quiet);
        assert_eq!(posted.node().post_status().await.unwrap().waiting, 0);
    }
}

#[tokio::test]
async fn a_damaged_case_keeps_no_news_of_another() {
    const DAMAGE: &str = "update cases set fold = '{' where case_id = $1";
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let hub = PaperHub::of(&posted.place);
        let damaged = posted.filed(false).await.case;
        let sound = posted.filed(false).await.case;
        for case in [damaged, sound] {
            posted
                .acts(case, "case.followed_up", json!({}), "Diganti.")
                .await;
        }
        posted.ruled(&hub).await;
        let mut tx = posted.node().write_tx().await.unwrap();
        let case = damaged.to_string();
        let done = on!(&mut tx, c => sqlx::query(DAMAGE).bind(&case).execute(c).await.map(drop));
        done.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(posted.writes().await, 1);
        assert_eq!(posted.writes().await, 0, "it ends all the same");
    }
}

#[tokio::test]
async fn while_the_post_is_full_news_wait() {
    const FILL: &str = "insert into letters (number, kind, address, subject, body, created_at,
            attempts, due_at, leased_until, state)
        with recursive numbers (n) as (
            select 1 union all select n + 1 from numbers where n < 20000
        )
        select n + 1000, 'notice', 'x@contoh.id', '', '', 0, 0, 0, 0, 'waiting' from numbers";
    const EMPTY: &str = "delete from letters where number > 20000";
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let hub = PaperHub::of(&posted.place);
        let filed = posted.filed(false).await;
        posted
            .acts(filed.case, "case.followed_up", json!({}), "Diganti.")
            .await;
        posted.ruled(&hub).await;
        for (sql, written) in [(FILL, 0), (EMPTY, 1)] {
            let mut tx = posted.node().write_tx().await.unwrap();
            let done = on!(&mut tx, c => sqlx::query(sql).execute(c).await.map(drop));
            done.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(posted.writes().await, written, "{sql}");
        }
    }
}

#[tokio::test]
async fn a_reporter_hears_of_questions_and_of_what_an_institution_reopens_or_erases() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let hub = PaperHub::of(&posted.place);
        let filed = posted.filed(false).await;
        let last = async || {
            hub.orders_at(posted.place.clock.now_ms());
            posted.ruled(&hub).await;
            let before = posted.sends(0).await.len();
            posted.writes().await;
            let sent = posted.sends(before).await;
            sent.iter()
                .rfind(|letter| letter.to == REPORTER)
                .map(|letter| readable(&letter.text))
        };
        let words = Some(json!({"questions": ["Di mana?", "Sejak kapan?"]}));
        let held = json!({"questions": 2});
        acts(&posted.place, filed.case, "case.held", held, words).await;
        let text = last().await.unwrap();
        assert!(
            text.contains("2 pertanyaan") && text.contains("/percakapan"),
            "{text}"
        );
        let archived = json!({"reason": "other"});
        acts(&posted.place, filed.case, "case.archived", archived, None).await;
        let text = last().await.unwrap();
        assert!(!text.contains("pertanyaan untuk Anda"), "{text}");
        posted
            .acts(filed.case, "case.reopened", json!({}), "Dibuka lagi.")
            .await;
        let text = last().await.unwrap();
        assert!(text.contains("Dibuka kembali"), "{text}");
    }
}

#[tokio::test]
async fn nobody_is_told_that_silence_closes_what_they_have_completed_meanwhile() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let node = posted.node();
        let hub = PaperHub::of(&posted.place);
        let (silent, completed) = (posted.filed(false).await, posted.filed(false).await);
        for filed in [&silent, &completed] {
            posted.answers(filed.case).await;
        }
        posted.ruled(&hub).await;
        posted.writes().await;
        let before = posted.sends(0).await.len();
        // The last day but one of ten, a Friday, and the day after.
        let eve = TUESDAY + 11 * DAY;
        posted.place.clock.advance(eve - node.clock().now_ms());
        node.look_after_deadlines().await.unwrap();
        let noted = node.untold_notices(None, 10).await.unwrap().0;
        assert_eq!(noted.len(), 2);
        posted
            .acts(
                completed.case,
                "report.completed",
                json!({}),
                "Masih padam.",
            )
            .await;
        posted.writes().await;
        let sent = posted.sends(before).await;
        let texts = sent.iter().map(|letter| readable(&letter.text));
        let warned = texts.filter(|text| text.contains("ditutup otomatis"));
        let warned: Vec<bool> = warned.map(|text| text.contains(&silent.ticket)).collect();
        assert_eq!(warned, [true]);
    }
}
