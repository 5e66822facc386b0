//! Who is told what of reports that are merged, and of halves that are split off.

use lapor_migrations::on;
use lapor_protocol::ids::CaseId;
use lapor_web::mail::tiny_server::{Manners, Taken};
use serde_json::{Value, json};

use super::telling::{DAY, REPORTER, TUESDAY, leave_in};
use super::{Encryption, MINUTE_MS, Posted, readable};
use crate::clock::Clock as _;
use crate::testing::{NOW, PaperHub, acts};

#[tokio::test]
async fn whose_report_was_merged_hears_of_it_and_of_all_that_follows_there() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let (hub, clock) = (PaperHub::of(&posted.place), &posted.place.clock);
        let target = posted.filed(false).await;
        let own = posted.filed(false).await;
        posted.leaves(target.case).await;
        for case in [target.case, own.case] {
            posted
                .acts(case, "case.verified", json!({}), "Diterima.")
                .await;
        }
        let early = json!({"proposes_to_close": false});
        posted
            .acts(target.case, "case.followed_up", early, "Dijadwalkan.")
            .await;
        posted.ruled(&hub).await;
        posted.follows(own.case, "budi@contoh.id").await;
        posted.writes().await;
        let before = posted.sends(0).await.len();
        clock.advance(MINUTE_MS);
        let into = json!({"target_case": target.case});
        acts(&posted.place, own.case, "case.linked", into, None).await;
        hub.orders_at(clock.now_ms());
        posted.ruled(&hub).await;
        assert_eq!(posted.writes().await, 2);
        let sent = posted.sends(before).await;
        let text = readable(&sent[0].text);
        assert_eq!(sent[0].to, REPORTER);
        assert!(text.contains("Digabung dengan laporan lain"), "{text}");
        assert!(!text.contains("Tindak lanjut"), "what was before: {text}");
        let text = readable(&sent[1].text);
        assert_eq!(sent[1].to, "budi@contoh.id");
        assert!(
            text.contains(&format!("/laporan/{}", target.case)),
            "{text}"
        );
        let now = posted.node().followers(target.case, "", 9).await.unwrap();
        assert_eq!(now, ["budi@contoh.id"]);
        clock.advance(MINUTE_MS);
        let body = json!({"proposes_to_close": true});
        posted
            .acts(target.case, "case.followed_up", body, "Lampu diganti.")
            .await;
        hub.orders_at(clock.now_ms());
        posted.ruled(&hub).await;
        assert_eq!(posted.writes().await, 2);
        assert_eq!(posted.writes().await, 0, "once");
        let sent = posted.sends(before + 2).await;
        let own_letter = sent.iter().find(|letter| letter.to == REPORTER).unwrap();
        let text = readable(&own_letter.text);
        assert!(
            text.contains(&own.ticket) && text.contains("Tindak lanjut"),
            "{text}"
        );
        assert!(!text.contains(&target.ticket), "{text}");

        let before = posted.sends(0).await.len();
        clock.advance(MINUTE_MS);
        acts(&posted.place, own.case, "case.unlinked", json!({}), None).await;
        hub.orders_at(clock.now_ms());
        posted.ruled(&hub).await;
        assert_eq!(posted.writes().await, 2);
        assert_eq!(posted.writes().await, 0, "once");
        let sent = posted.sends(before).await;
        let told = sent.iter().find(|letter| letter.to == REPORTER).unwrap();
        let text = readable(&told.text);
        assert!(text.contains("Dipisahkan lagi"), "{text}");
        let led = sent.iter().find(|letter| letter.to != REPORTER).unwrap();
        let text = readable(&led.text);
        assert_eq!(led.to, "budi@contoh.id");
        assert!(text.contains(&format!("/laporan/{}", own.case)), "{text}");
        for case in [own.case, target.case] {
            let now = posted.node().followers(case, "", 9).await.unwrap();
            assert_eq!(now, ["budi@contoh.id"]);
        }
    }
}

#[tokio::test]
async fn whose_report_was_merged_into_one_that_was_merged_later_hears_of_what_follows_there() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let hub = PaperHub::of(&posted.place);
        let last = posted.filed(false).await;
        let middle = posted.filed(false).await;
        let own = posted.filed(false).await;
        for case in [last.case, middle.case] {
            posted.leaves(case).await;
        }
        posted.ruled(&hub).await;
        posted.writes().await;
        posted.goes_into(&hub, own.case, middle.case).await;
        posted.goes_into(&hub, middle.case, last.case).await;
        let told = async || {
            let before = posted.sends(0).await.len();
            let said = json!({"proposes_to_close": false});
            posted
                .goes_on(&hub, last.case, "case.followed_up", said)
                .await;
            let mut sent = posted.sends(before).await;
            sent.retain(|letter| letter.to == REPORTER);
            sent
        };
        let sent = told().await;
        assert_eq!(sent.len(), 1);
        let text = readable(&sent[0].text);
        assert!(
            text.contains(&own.ticket) && text.contains("Tindak lanjut"),
            "{text}"
        );
        assert!(!text.contains(&last.ticket), "{text}");
        let undone = json!({});
        posted
            .goes_on(&hub, own.case, "case.unlinked", undone)
            .await;
        assert_eq!(told().await.len(), 0, "it goes on by itself");
    }
}

#[tokio::test]
async fn a_half_that_was_split_off_is_told_like_the_whole_and_warns_before_it_closes() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let (hub, clock) = (PaperHub::of(&posted.place), &posted.place.clock);
        clock.advance(TUESDAY - NOW);
        let filed = posted.filed(false).await;
        posted.writes().await;
        let mut before = posted.sends(0).await.len();
        let words = json!({"title": "Trotoar rusak", "content": "Bagian kedua."});
        let split = crate::casework::NewAct {
            kind: "case.split".into(),
            body: serde_json::Map::new(),
            words: words.as_object().cloned(),
            attachments: Vec::new(),
        };
        let split = posted.node().act(filed.case, split, "test").await.unwrap();
        let half = split.child.unwrap();
        hub.orders_at(clock.now_ms());
        posted.ruled(&hub).await;
        assert_eq!(posted.writes().await, 1, "of the whole alone");
        let sent = posted.sends(before).await;
        let text = readable(&sent[0].text);
        assert!(text.contains("menjadi laporan tersendiri"), "{text}");
        before += 1;
        let body = json!({"proposes_to_close": true});
        posted
            .acts(half, "case.followed_up", body, "Trotoar diperbaiki.")
            .await;
        posted.ruled(&hub).await;
        assert_eq!(posted.writes().await, 1);
        let sent = posted.sends(before).await;
        let text = readable(&sent[0].text);
        for said in [
            &filed.ticket,
            "Trotoar rusak",
            "Tindak lanjut",
            &half.to_string(),
        ] {
            assert!(text.contains(said), "{said}: {text}");
        }
        before += 1;
        clock.advance(14 * DAY);
        posted.node().look_after_deadlines().await.unwrap();
        assert_eq!(posted.writes().await, 1);
        let sent = posted.sends(before).await;
        let text = readable(&sent[0].text);
        assert!(
            text.contains("ditutup") && text.contains(&half.to_string()),
            "{text}"
        );
        let leave = leave_in(&sent[0]);
        posted.node().unfollow(&leave).await.unwrap();
        posted
            .acts(half, "case.followed_up", json!({}), "Sekali lagi.")
            .await;
        posted.ruled(&hub).await;
        assert_eq!(posted.writes().await, 0, "they have left");
    }
}

const BUDI: &str = "budi@contoh.id";

/// Reports that everybody may read; Budi follows the last, and only what Budi gets is looked at.
async fn followed<const N: usize>(posted: &Posted, hub: &std::sync::Arc<PaperHub>) -> [CaseId; N] {
    let mut all = Vec::new();
    for _ in 0..N {
        let case = posted.filed(false).await.case;
        posted.leaves(case).await;
        posted
            .acts(case, "case.verified", json!({}), "Diterima.")
            .await;
        all.push(case);
    }
    posted.ruled(hub).await;
    posted.follows(all[N - 1], BUDI).await;
    posted.writes().await;
    posted.sends(0).await;
    all.try_into().unwrap()
}

impl Posted {
    async fn goes_into(&self, hub: &std::sync::Arc<PaperHub>, case: CaseId, target: CaseId) {
        let into = json!({"target_case": target});
        self.goes_on(hub, case, "case.linked", into).await;
    }

    /// All letters to Budi so far.
    async fn told_budi(&self) -> Vec<Taken> {
        let mut sent = self.sends(0).await;
        sent.retain(|letter| letter.to == BUDI);
        sent
    }

    /// How often the address of Budi stands anywhere but in letters.
    async fn knows(&self) -> i64 {
        const SQL: &str = "select (select count(*) from followers where contact = $1)
            + (select count(*) from led_on where contact = $1)
            + (select count(*) from follower_leaves where contact = $1)";
        let mut tx = self.node().read_tx().await.unwrap();
        on!(&mut tx, c => sqlx::query_scalar(SQL).bind(BUDI).fetch_one(c).await).unwrap()
    }

    /// Acts a minute later, and has it ruled and told.
    async fn goes_on(&self, hub: &std::sync::Arc<PaperHub>, case: CaseId, kind: &str, body: Value) {
        self.place.clock.advance(MINUTE_MS);
        let silent = ["case.linked", "case.unlinked", "case.redacted"].contains(&kind);
        let words = (!silent).then(|| json!({"text": "Begitu."}));
        acts(&self.place, case, kind, body, words).await;
        hub.orders_at(self.place.clock.now_ms());
        self.ruled(hub).await;
        self.writes().await;
    }
}

#[tokio::test]
async fn whoever_was_led_to_a_report_that_ended_is_led_back_when_the_merge_is_undone() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let hub = PaperHub::of(&posted.place);
        let [target, own] = followed(&posted, &hub).await;
        let into = json!({"target_case": target});
        posted.goes_on(&hub, own, "case.linked", into).await;
        let followers = async |case| posted.node().followers(case, "", 9).await.unwrap();
        assert_eq!(followers(target).await, [BUDI]);
        let why = json!({"reason": "abusive"});
        posted.goes_on(&hub, target, "case.archived", why).await;
        assert_eq!(followers(target).await, Vec::<String>::new());
        posted.goes_on(&hub, own, "case.unlinked", json!({})).await;
        assert_eq!(followers(own).await, [BUDI]);
    }
}

#[tokio::test]
async fn whoever_follows_a_report_that_goes_on_again_before_they_are_told_of_its_end_follows_it_still()
 {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let hub = PaperHub::of(&posted.place);
        let [case] = followed(&posted, &hub).await;
        let goes = async |kind: &str, body: Value| {
            posted.place.clock.advance(MINUTE_MS);
            posted.acts(case, kind, body, "Begitu.").await;
            hub.orders_at(posted.place.clock.now_ms());
            posted.ruled(&hub).await;
        };
        goes("case.archived", json!({"reason": "other"})).await;
        let (_, ended) = posted.node().begin_news(case).await.unwrap();
        let ended = ended.expect("nobody follows what is archived");
        goes("case.reopened", json!({})).await;
        let written = posted.node().take_leave(case, &ended).await.unwrap();
        assert_eq!(written, 0, "it has not ended");
        let now = posted.node().followers(case, "", 9).await.unwrap();
        assert_eq!(now, [BUDI]);
    }
}

#[tokio::test]
async fn a_letter_of_before_a_merge_ends_what_follows_it_too() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let hub = PaperHub::of(&posted.place);
        let [target, own] = followed(&posted, &hub).await;
        let before = posted.server.taken().len();
        let said = json!({"proposes_to_close": false});
        posted.goes_on(&hub, own, "case.followed_up", said).await;
        let letter = posted.sends(before).await.remove(0);
        assert_eq!(letter.to, BUDI);
        let into = json!({"target_case": target});
        posted.goes_on(&hub, own, "case.linked", into).await;
        posted.node().unfollow(&leave_in(&letter)).await.unwrap();
        for case in [own, target] {
            let still = posted.node().followers(case, "", 9).await.unwrap();
            assert_eq!(still, Vec::<String>::new());
        }
        posted.goes_on(&hub, own, "case.unlinked", json!({})).await;
        let back = posted.node().followers(own, "", 9).await.unwrap();
        assert_eq!(back, Vec::<String>::new(), "who left stays away");
    }
}

#[tokio::test]
async fn whoever_leaves_the_end_of_a_chain_of_merges_is_led_back_to_none_of_it_and_forgotten() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let hub = PaperHub::of(&posted.place);
        let [last, middle, first] = followed(&posted, &hub).await;
        let said = json!({"proposes_to_close": false});
        posted.goes_on(&hub, first, "case.followed_up", said).await;
        posted.goes_into(&hub, first, middle).await;
        posted.goes_into(&hub, middle, last).await;
        let letter = posted.told_budi().await.pop().unwrap();
        let follows = posted.node().followers(last, "", 9).await.unwrap();
        assert_eq!(follows, [BUDI]);
        posted.node().unfollow(&leave_in(&letter)).await.unwrap();
        assert_eq!(posted.knows().await, 0);
        for case in [middle, first] {
            posted.goes_on(&hub, case, "case.unlinked", json!({})).await;
        }
        for case in [first, middle, last] {
            let still = posted.node().followers(case, "", 9).await.unwrap();
            assert_eq!(still, Vec::<String>::new());
        }
    }
}

#[tokio::test]
async fn a_letter_of_before_two_merges_ends_what_both_led_to() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let hub = PaperHub::of(&posted.place);
        let [last, middle, first] = followed(&posted, &hub).await;
        let said = json!({"proposes_to_close": false});
        posted.goes_on(&hub, first, "case.followed_up", said).await;
        let letter = posted.told_budi().await.pop().unwrap();
        posted.goes_into(&hub, first, middle).await;
        posted.goes_into(&hub, middle, last).await;
        posted.node().unfollow(&leave_in(&letter)).await.unwrap();
        let still = posted.node().followers(last, "", 9).await.unwrap();
        assert_eq!(still, Vec::<String>::new());
        assert_eq!(posted.knows().await, 0);
    }
}

#[tokio::test]
async fn whoever_deleted_their_account_is_led_nowhere_and_hears_no_more_of_a_merge() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let hub = PaperHub::of(&posted.place);
        let [target, own] = followed(&posted, &hub).await;
        let budi = posted.signs_in(BUDI).await;
        posted.goes_into(&hub, own, target).await;
        assert!(posted.knows().await > 0, "Budi was led on");
        posted.node().erase_account(&budi).await.unwrap();
        assert_eq!(posted.knows().await, 0);
        let told = posted.told_budi().await;
        assert!(told.iter().any(|letter| letter.text.contains("dihapus")));
        let said = json!({"proposes_to_close": false});
        posted.goes_on(&hub, target, "case.followed_up", said).await;
        posted.goes_on(&hub, own, "case.unlinked", json!({})).await;
        for case in [target, own] {
            let still = posted.node().followers(case, "", 9).await.unwrap();
            assert_eq!(still, Vec::<String>::new());
        }
        assert_eq!(posted.told_budi().await.len(), told.len());
    }
}

#[tokio::test]
async fn an_address_is_forgotten_when_its_merge_can_bring_no_news_any_more() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let hub = PaperHub::of(&posted.place);
        let [target, own] = followed(&posted, &hub).await;
        posted.goes_into(&hub, own, target).await;
        let why = json!({"reason": "abusive"});
        posted.goes_on(&hub, target, "case.archived", why).await;
        posted.node().expire_led().await.unwrap();
        assert!(posted.knows().await > 0, "it may still be led back");
        posted.place.clock.advance(31 * DAY);
        posted.node().expire_led().await.unwrap();
        assert_eq!(posted.knows().await, 0);
    }
}

#[tokio::test]
async fn nobody_stays_noted_at_a_report_that_was_erased_and_who_leaves_stays_away_beyond_it() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let hub = PaperHub::of(&posted.place);
        let [last, middle, first] = followed(&posted, &hub).await;
        posted.goes_into(&hub, first, middle).await;
        posted.goes_into(&hub, middle, last).await;
        let why = json!({"reason": "personal_data"});
        posted.goes_on(&hub, middle, "case.redacted", why).await;
        let mut tx = posted.node().read_tx().await.unwrap();
        let text = middle.to_string();
        let led = crate::store::support::led_on(&mut tx, &text, 9).await;
        assert_eq!(led.unwrap(), Vec::<String>::new());
        drop(tx);
        let said = json!({"proposes_to_close": false});
        posted.goes_on(&hub, last, "case.followed_up", said).await;
        let letter = posted.told_budi().await.pop().unwrap();
        posted.node().unfollow(&leave_in(&letter)).await.unwrap();
        assert_eq!(posted.knows().await, 0);
        posted
            .goes_on(&hub, first, "case.unlinked", json!({}))
            .await;
        let back = posted.node().followers(first, "", 9).await.unwrap();
        assert_eq!(back, Vec::<String>::new());
    }
}
