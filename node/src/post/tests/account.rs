//! The letter to whoever deleted their account, and what goes to them no more.

use super::telling::REPORTER;
use super::*;
use crate::testing::PaperHub;

#[tokio::test]
async fn the_end_of_an_account_is_told_to_its_address() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let node = posted.node();
        let visitor = posted.signs_in(SITI).await;
        node.erase_account(&visitor).await.unwrap();
        assert_eq!(posted.round().await, Round::Worked(1));
        let taken = posted.server.taken().remove(0);
        assert_eq!(taken.to, SITI);
        assert!(taken.text.contains("dihapus"), "{}", taken.text);
        let text = readable(&taken.text);
        assert!(text.contains("Laporannya tetap ada"), "{text}");
        assert!(text.contains("tidak diikuti lagi"), "{text}");
        assert!(text.contains("/percakapan"), "{text}");
    }
}

#[tokio::test]
async fn what_waits_of_what_was_followed_goes_with_the_account_and_news_to_its_reporter_stay() {
    const BUDI: &str = "budi@contoh.id";
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let hub = PaperHub::of(&posted.place);
        let [own, other] = [posted.filed(false).await, posted.filed(false).await];
        posted.leaves(other.case).await;
        posted.ruled(&hub).await;
        for contact in [REPORTER, BUDI] {
            posted.follows(other.case, contact).await;
        }
        posted.place.clock.advance(MINUTE_MS);
        let visitor = posted.signs_in(REPORTER).await;
        let before = posted.sends(0).await.len();
        for case in [own.case, other.case] {
            posted.answers(case).await;
        }
        hub.orders_at(posted.place.clock.now_ms());
        posted.ruled(&hub).await;
        assert_eq!(posted.writes().await, 3, "to a reporter and two followers");
        posted.node().erase_account(&visitor).await.unwrap();
        let sent = posted.sends(before).await;
        let to = |contact: &str| -> Vec<String> {
            let letters = sent.iter().filter(|letter| letter.to == contact);
            letters.map(|letter| readable(&letter.text)).collect()
        };
        assert_eq!(to(BUDI).len(), 1, "who follows as well hears of it");
        let told = to(REPORTER);
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(
            told.iter().any(|text| text.contains(&own.ticket)),
            "{told:?}"
        );
        assert!(told.iter().any(|text| text.contains("dihapus")), "{told:?}");
    }
}
