//! What waits for one person, at the desk and at home.

use std::sync::Arc;

use lapor_migrations::on;
use lapor_protocol::ids::CaseId;
use lapor_protocol::kinds::Body;
use lapor_protocol::kinds::case_redacted::RedactionReason;
use lapor_protocol::kinds::identity_requested::IdentityPurpose;
use lapor_protocol::message::Draft;
use serde_json::json;

use super::telling::TUESDAY;
use super::{Encryption, HERE, MINUTE_MS, Posted, readable};
use crate::casework::{Decider, NewAct, NewDraft, NewReport, Once, Sight};
use crate::chance::new_message_id;
use crate::clock::Clock as _;
use crate::post::LetterChoice;
use crate::reporters::FilingTerms;
use crate::staff::StaffRole;
use crate::store;
use crate::store::deadlines::{held_here, unanswered};
use crate::testing::{NOW, PaperHub, acts};
use lapor_web::mail::tiny_server::{Manners, Taken};

const DAY: i64 = 24 * 60 * MINUTE_MS;
const KEEPER: &str = "penjaga@bandung.go.id";
const OFFICER: &str = "petugas@bandung.go.id";
const LEADER: &str = "pimpinan@bandung.go.id";
const REPORTER: &str = "siti@contoh.id";
const KEY: &str = "0123456789abcdef0123456789abcdef";

/// Whether a letter to somebody says something.
fn says(sent: &[Taken], to: &str, words: &str) -> usize {
    let theirs = sent.iter().filter(|letter| letter.to == to);
    theirs
        .filter(|letter| readable(&letter.text).contains(words))
        .count()
}

impl Posted {
    /// Somebody who wants each letter; as the audit log names them.
    async fn hears(&self, login: &str, role: StaffRole) -> String {
        let account = self.hires(login, role, None).await;
        let chosen = self.node().choose_letters(&account, LetterChoice::Each);
        chosen.await.unwrap();
        account.actor()
    }

    async fn news(&self, before: &mut usize) -> Vec<Taken> {
        self.writes().await;
        let sent = self.sends(*before).await;
        *before += sent.len();
        sent
    }

    async fn asks_reporter(&self, case: CaseId) {
        let words = json!({"questions": ["Nomor berapa?"]});
        let body = json!({"questions": 1});
        acts(&self.place, case, "case.held", body, Some(words)).await;
    }

    /// A case goes to the national desk and comes back with a date.
    async fn comes_back_with_a_date(&self, hub: &Arc<PaperHub>, case: CaseId, date: &str) {
        let why = json!({"reason": "not_our_authority"});
        acts(&self.place, case, "case.returned", why, None).await;
        self.ruled(hub).await;
        let mut tx = self.node().read_tx().await.unwrap();
        let row = store::cases::case(&mut tx, &case.to_string()).await;
        drop(tx);
        let term = row.unwrap().unwrap().ruled().unwrap().unwrap().term;
        let body = json!({"target": "kota-bandung", "deadline": date});
        let draft = Draft {
            kind: "case.disposed".into(),
            id: new_message_id(NOW),
            case: Some(case),
            term: Some(term),
            created_at: NOW,
            body: Body::of_kind("case.disposed", &body.to_string()).unwrap(),
            sealed: None,
            attachments: Vec::new(),
        };
        hub.authors("pusat", &draft);
        self.ruled(hub).await;
    }
}

#[tokio::test]
async fn a_request_for_an_identity_is_told_to_keeper_and_reporter_and_its_answer_to_who_asked() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let node = posted.node();
        let keeper = posted.hears(KEEPER, StaffRole::IdentityKeeper).await;
        let officer = posted.hears(OFFICER, StaffRole::Officer).await;
        let (open, secret) = (posted.filed(false).await, posted.filed(true).await);
        let mut before = 0;
        posted.news(&mut before).await;
        let once = Once::new("test", KEY).unwrap();
        let (why, reason) = (IdentityPurpose::Visit, "Alamat Canary.");
        let asked = node.ask_identity(open.case, why, reason, &officer, &once);
        let asked = asked.await.unwrap();
        let once = Once::new("lain", KEY).unwrap();
        let other = node.ask_identity(secret.case, why, reason, &officer, &once);
        other.await.unwrap();
        let sent = posted.news(&mut before).await;
        assert_eq!(says(&sent, KEEPER, "meminta identitas pelapor"), 1);
        assert_eq!(says(&sent, KEEPER, &secret.ticket), 1);
        assert_eq!(says(&sent, REPORTER, "ingin mengetahui siapa"), 1);
        assert_eq!(says(&sent, REPORTER, &secret.ticket), 1);
        assert_eq!(says(&sent, REPORTER, "/percakapan?kasus="), 2);
        assert_eq!(says(&sent, OFFICER, "identitas"), 0);
        for letter in &sent {
            let text = readable(&letter.text);
            assert!(
                !text.contains("Canary") && !text.contains("Lampu"),
                "{text}"
            );
        }
        assert!(posted.news(&mut before).await.is_empty(), "once");
        let answered = node.answer_identity_ask(open.case, &asked.id, true, &keeper);
        answered.await.unwrap();
        let sent = posted.news(&mut before).await;
        assert_eq!(says(&sent, OFFICER, "identitas pelapor kini dapat"), 1);
        assert_eq!(sent.len(), 1);
        assert!(posted.news(&mut before).await.is_empty(), "once");
    }
}

#[tokio::test]
async fn a_keeper_with_one_letter_a_day_hears_of_a_request_and_of_the_consent_to_it() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let (node, clock) = (posted.node(), &posted.place.clock);
        clock.advance(TUESDAY + DAY / 2 - NOW);
        let keeper = posted.hires(KEEPER, StaffRole::IdentityKeeper, None).await;
        let report: NewReport = serde_json::from_value(json!({
            "classification": "complaint",
            "title": "Lampu jalan padam",
            "content": "Gelap.",
            "anonymous": true,
            "channel": "web",
        }))
        .unwrap();
        let terms = FilingTerms::default();
        let filed = node.file_for_reporter(report, terms).await.unwrap();
        let case = filed.filed.case;
        let once = Once::new("test", KEY).unwrap();
        let asked = node.ask_identity(case, IdentityPurpose::Visit, "Alamat.", "officer", &once);
        let ask = asked.await.unwrap().id;
        let mut before = 0;
        let sent = posted.news(&mut before).await;
        assert_eq!(says(&sent, KEEPER, "meminta identitas pelapor"), 1);
        let opened = node
            .open_conversation(&filed.filed.ticket, &filed.key, HERE)
            .await;
        let visitor = node.visitor(&opened.unwrap().token).await.unwrap().unwrap();
        let conversation = node.conversation(&visitor, None).await.unwrap();
        node.consent(&conversation, &ask, true).await.unwrap();
        assert!(posted.news(&mut before).await.is_empty(), "once a day");
        clock.advance(DAY);
        let sent = posted.news(&mut before).await;
        assert_eq!(says(&sent, KEEPER, "setuju identitasnya dibuka"), 1);
        clock.advance(DAY);
        assert!(posted.news(&mut before).await.is_empty(), "once");
        let choice = node.letter_choice(&keeper).await.unwrap();
        assert_eq!(choice, LetterChoice::Digest);
    }
}

#[tokio::test]
async fn an_answer_to_sign_is_told_to_a_superior_and_one_given_back_to_who_wrote_it() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let node = posted.node();
        let leader = posted.hears(LEADER, StaffRole::Leader).await;
        let officer = posted.hears(OFFICER, StaffRole::Officer).await;
        let filed = posted.filed(false).await;
        let mut before = 0;
        posted.news(&mut before).await;
        let answer = NewDraft {
            text: "Sudah diganti.",
            proposes_to_close: false,
            attachments: &[],
        };
        let drafted = node.draft_answer(filed.case, KEY, &answer, &officer).await;
        drafted.unwrap();
        let sent = posted.news(&mut before).await;
        assert_eq!(says(&sent, LEADER, "menunggu persetujuan Anda"), 1);
        assert_eq!(says(&sent, LEADER, &filed.ticket), 1);
        assert_eq!(sent.len(), 1);
        let drafts = node.answer_drafts(filed.case).await.unwrap();
        let back = node.return_draft(&drafts[0].id, "Sebut tanggalnya.", &leader);
        back.await.unwrap();
        let sent = posted.news(&mut before).await;
        assert_eq!(says(&sent, OFFICER, "dikembalikan dengan catatan"), 1);
        assert_eq!(says(&sent, OFFICER, "Sebut tanggalnya"), 0);
        assert_eq!(sent.len(), 1);
        assert!(posted.news(&mut before).await.is_empty(), "once");
    }
}

#[tokio::test]
async fn what_cannot_be_read_for_one_officer_keeps_no_letter_of_another() {
    const DAMAGE: &str = "update answer_drafts set message_id = $1 where state = 'waiting'";
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let node = posted.node();
        let leader = posted.hears(LEADER, StaffRole::Leader).await;
        let officer = posted.hears(OFFICER, StaffRole::Officer).await;
        let cases = [posted.filed(false).await, posted.filed(false).await];
        let mut before = 0;
        posted.news(&mut before).await;
        let answer = NewDraft {
            text: "Sudah diganti.",
            proposes_to_close: false,
            attachments: &[],
        };
        for (filed, key) in cases.iter().zip([KEY, "fedcba9876543210fedcba9876543210"]) {
            let drafted = node.draft_answer(filed.case, key, &answer, &officer).await;
            drafted.unwrap();
        }
        let drafts = node.answer_drafts(cases[0].case).await.unwrap();
        let back = node.return_draft(&drafts[0].id, "Sebut tanggalnya.", &leader);
        back.await.unwrap();
        for (message, to, words) in [
            (Some("?"), OFFICER, "dikembalikan dengan catatan"),
            (None, LEADER, "menunggu persetujuan Anda"),
        ] {
            let mut tx = node.write_tx().await.unwrap();
            on!(&mut tx, c => sqlx::query(DAMAGE).bind(message).execute(c).await.map(drop))
                .unwrap();
            tx.commit().await.unwrap();
            let sent = posted.news(&mut before).await;
            assert_eq!(says(&sent, to, words), 1);
            assert_eq!(sent.len(), 1);
        }
    }
}

#[tokio::test]
async fn an_answer_that_was_written_anew_meanwhile_is_not_taken_for_the_one_given_back() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let node = posted.node();
        let leader = posted.hears(LEADER, StaffRole::Leader).await;
        let officer = posted.hears(OFFICER, StaffRole::Officer).await;
        let case = posted.filed(false).await.case;
        let answer = NewDraft {
            text: "Sudah diganti.",
            proposes_to_close: false,
            attachments: &[],
        };
        let back = async || {
            let drafts = node.answer_drafts(case).await.unwrap();
            let last = &drafts.last().unwrap().id;
            node.return_draft(last, "Sebut tanggalnya.", &leader)
                .await
                .unwrap();
        };
        let drafted = node.draft_answer(case, KEY, &answer, &officer).await;
        drafted.unwrap();
        back().await;
        let found = node.returned_drafts(&Sight::ALL, &officer).await.unwrap();
        assert_eq!(found.len(), 1);
        posted.place.clock.advance(MINUTE_MS);
        let anew = format!("{KEY}-anew");
        let drafted = node.draft_answer(case, &anew, &answer, &officer).await;
        drafted.unwrap();
        let told = node.given_back(&found[0], &officer).await.unwrap();
        assert!(told.is_none(), "nobody has given that one back");
        back().await;
        let told = node.given_back(&found[0], &officer).await.unwrap();
        assert!(told.is_some());
    }
}

#[tokio::test]
async fn questions_that_wait_are_brought_back_to_the_reporter_and_then_to_the_desk() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let (hub, clock) = (PaperHub::of(&posted.place), &posted.place.clock);
        posted.hears(OFFICER, StaffRole::Officer).await;
        let filed = posted.filed(false).await;
        let words = json!({"questions": ["Nomor berapa?"]});
        let body = json!({"questions": 1});
        acts(&posted.place, filed.case, "case.held", body, Some(words)).await;
        posted.ruled(&hub).await;
        let mut before = 0;
        posted.news(&mut before).await;
        clock.advance(4 * DAY);
        assert!(posted.news(&mut before).await.is_empty());
        clock.advance(2 * DAY);
        let sent = posted.news(&mut before).await;
        assert_eq!(says(&sent, REPORTER, "Selama belum dijawab"), 1);
        assert_eq!(sent.len(), 1);
        clock.advance(9 * DAY);
        let whose = (OFFICER, Sight::ALL.limits());
        let mut tx = posted.node().read_tx().await.unwrap();
        let before_now = clock.now_ms();
        let held = held_here(&mut tx, before_now, whose, None, 1)
            .await
            .unwrap();
        assert_eq!(held.len(), 1);
        let rest = held_here(&mut tx, before_now, whose, held.first(), 1).await;
        assert!(rest.unwrap().is_empty(), "behind it there is none");
        drop(tx);
        let sent = posted.news(&mut before).await;
        assert_eq!(says(&sent, OFFICER, "sudah lama menunggu pelapor"), 1);
        assert_eq!(sent.len(), 1);
        assert!(posted.news(&mut before).await.is_empty(), "once");
    }
}

#[tokio::test]
async fn questions_are_brought_back_whatever_the_clocks_of_the_case_do() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let (hub, clock) = (PaperHub::of(&posted.place), &posted.place.clock);
        posted.hears(OFFICER, StaffRole::Officer).await;
        let mut cases = Vec::new();
        for _ in 0..3 {
            cases.push(posted.filed(false).await.case);
        }
        posted.ruled(&hub).await;
        let [late, answered, dated] = <[_; 3]>::try_from(cases).unwrap();
        posted
            .comes_back_with_a_date(&hub, dated, "2027-03-01")
            .await;
        posted.answers(answered).await;
        // The three days of the verification are over when the first is put on hold.
        clock.advance(5 * DAY);
        hub.orders_at(clock.now_ms());
        for case in [late, answered, dated] {
            posted.asks_reporter(case).await;
        }
        posted.ruled(&hub).await;
        let mut before = 0;
        posted.news(&mut before).await;
        clock.advance(6 * DAY);
        let me = posted.node().instance().unwrap().to_string();
        let mut tx = posted.node().read_tx().await.unwrap();
        let now = clock.now_ms();
        let whose = (OFFICER, Sight::ALL.limits());
        let waiting = unanswered(&mut tx, &me, now, 9).await.unwrap();
        let held = held_here(&mut tx, now, whose, None, 9).await.unwrap();
        drop(tx);
        assert_eq!((waiting.len(), held.len()), (3, 3));
        let sent = posted.news(&mut before).await;
        assert_eq!(says(&sent, REPORTER, "Selama belum dijawab"), 3);
        clock.advance(9 * DAY);
        let sent = posted.news(&mut before).await;
        assert_eq!(says(&sent, OFFICER, "sudah lama menunggu pelapor"), 1);
    }
}

#[tokio::test]
async fn who_answers_while_others_are_reminded_is_not_reminded() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let (hub, clock) = (PaperHub::of(&posted.place), &posted.place.clock);
        let (node, filed) = (posted.node(), posted.filed(false).await);
        let words = json!({"questions": ["Nomor berapa?"]});
        let body = json!({"questions": 1});
        acts(&posted.place, filed.case, "case.held", body, Some(words)).await;
        posted.ruled(&hub).await;
        clock.advance(6 * DAY);
        let me = node.instance().unwrap().to_string();
        let mut tx = node.read_tx().await.unwrap();
        let held = unanswered(&mut tx, &me, clock.now_ms(), 9).await.unwrap();
        drop(tx);
        let [(case, custodian, since)] = <[_; 1]>::try_from(held).unwrap();
        let answers = NewAct {
            kind: "report.completed".into(),
            body: serde_json::Map::new(),
            words: json!({"answers": ["Nomor 12."]}).as_object().cloned(),
            attachments: Vec::new(),
        };
        let answered = node.act_of_reporter(filed.case, answers, "reporter", None);
        answered.await.unwrap();
        assert!(!node.remind(&case, &custodian, since).await.unwrap());
    }
}

#[tokio::test]
async fn an_erasure_that_is_ahead_is_told_with_its_reason_and_to_who_confirms_it() {
    for mut posted in Posted::all(&Manners::default(), Encryption::None).await {
        posted.place.settings.erasure.second_person = true;
        posted.place.node = posted.place.reopened().await;
        let (hub, clock) = (PaperHub::of(&posted.place), posted.place.clock.clone());
        let first = posted.hears(OFFICER, StaffRole::Admin).await;
        let second = posted.hears(LEADER, StaffRole::Admin).await;
        let [first, second] =
            [first, second].map(|actor| Decider::officer(StaffRole::Admin, actor));
        let node = posted.node();
        let filed = posted.filed(false).await;
        posted.ruled(&hub).await;
        let mut before = 0;
        posted.news(&mut before).await;
        let planned = node.plan_erasure(filed.case, RedactionReason::PersonalData, &first);
        planned.await.unwrap();
        let sent = posted.news(&mut before).await;
        assert_eq!(says(&sent, LEADER, "menunggu persetujuan orang kedua"), 1);
        assert_eq!(says(&sent, LEADER, &filed.ticket), 1);
        assert_eq!(sent.len(), 1, "neither who asked nor the reporter yet");
        let id = node.planned_erasures().await.unwrap()[0].id.clone();
        node.confirm_erasure(&id, &second).await.unwrap();
        let sent = posted.news(&mut before).await;
        assert_eq!(says(&sent, REPORTER, "Memuat data pribadi"), 1);
        assert_eq!(says(&sent, REPORTER, "batalkan penghapusan itu"), 1);
        assert_eq!(says(&sent, REPORTER, "Lampu"), 0);
        assert_eq!(sent.len(), 1);
        clock.advance(7 * DAY);
        assert_eq!(node.erase_due().await.unwrap(), 1);
        posted.ruled(&hub).await;
        // The address is erased with the rest: nobody can be told any more.
        assert!(posted.news(&mut before).await.is_empty(), "told ahead");
    }
}
