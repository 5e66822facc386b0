//! Who wants no news any more hears none, and is asked once more what is open when they want them again.

use serde_json::json;

use super::{MINUTE_MS, REPORT, SITI, Talked};
use crate::channels::Name;

#[tokio::test]
async fn whoever_said_stop_hears_no_news_until_they_want_them_again() {
    for talked in Talked::on(Name::Sms).await {
        talked.says(SITI, REPORT).await;
        let (case, _) = talked.case().await;
        talked.paper.is_down(true);
        talked.follows_up(case, "Petugas berangkat.", false).await;
        talked.hears().await;
        talked.writes(SITI, "stop.").await;
        talked.hears().await;
        talked.paper.is_down(false);
        let told = talked.told(SITI).await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("Kabar dihentikan"), "{told:?}");
        talked.follows_up(case, "Lampu dipesan.", false).await;
        assert!(talked.told(SITI).await.is_empty());
        assert_eq!(
            talked.says(SITI, "STATUS").await.len(),
            1,
            "what they ask is answered"
        );
        assert!(talked.says(SITI, "STOP").await.is_empty(), "once is enough");
        assert_eq!(talked.says(SITI, "MULAI").await.len(), 1);
        talked.follows_up(case, "Lampu dipasang.", false).await;
        let told = talked.told(SITI).await;
        assert_eq!(told.len(), 1, "what came meanwhile is told no more");
        assert!(told[0].ends_with("Lampu dipasang."), "{told:?}");
    }
}

#[tokio::test]
async fn of_what_came_after_a_stop_only_an_open_question_is_said_when_news_are_wanted_again() {
    for talked in Talked::on(Name::Sms).await {
        talked.says(SITI, REPORT).await;
        let (case, ticket) = talked.case().await;
        talked.says(SITI, "STOP").await;
        for text in ["Petugas berangkat.", "Lampu dipesan."] {
            talked.follows_up(case, text, false).await;
            assert!(talked.told(SITI).await.is_empty());
        }
        let forms = json!([{"as": "yes_no"}]);
        talked.holds(case, json!(["Masih padam?"]), forms).await;
        // Nobody has looked at it when they want news again.
        let told = talked.says(SITI, "MULAI").await;
        let asks =
            format!("Tentang laporan {ticket} petugas bertanya: Masih padam? Balas YA atau TIDAK.");
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].starts_with("Anda akan menerima"), "{told:?}");
        assert_eq!(told[1], asks);
        assert!(talked.told(SITI).await.is_empty(), "once is enough");
        let passed_on =
            format!("Terima kasih. Pesan Anda untuk laporan {ticket} sudah kami teruskan.");
        assert_eq!(talked.says(SITI, "ya").await, [passed_on]);
        talked.follows_up(case, "Lampu dipasang.", false).await;
        assert_eq!(
            talked.told(SITI).await,
            [format!("Laporan {ticket}: Tindak lanjut. Lampu dipasang.")]
        );
        talked.says(SITI, "STOP").await;
        assert_eq!(talked.says(SITI, "MULAI").await.len(), 1, "nothing waits");
    }
}

#[tokio::test]
async fn a_damaged_report_keeps_nobody_from_wanting_news_again() {
    for talked in Talked::on(Name::Sms).await {
        talked.says(SITI, REPORT).await;
        talked
            .says(SITI, "Jalan berlubang di depan pasar Sukajadi.")
            .await;
        let cases = talked.cases().await;
        assert_eq!(cases.len(), 2, "{cases:?}");
        talked.says(SITI, "STOP").await;
        for (case, _) in &cases {
            let case = case.parse().unwrap();
            talked.holds(case, json!(["Masih ada?"]), json!([])).await;
        }
        talked.damages(cases[0].0.parse().unwrap()).await;
        let told = talked.says(SITI, "MULAI").await;
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].starts_with("Anda akan menerima"), "{told:?}");
        assert!(told[1].contains(&cases[1].1), "{told:?}");
        assert!(talked.told(SITI).await.is_empty(), "once is enough");
    }
}

#[tokio::test]
async fn questions_that_were_answered_in_part_go_on_where_they_were_after_a_stop() {
    for talked in Talked::on(Name::Sms).await {
        talked.says(SITI, REPORT).await;
        let (case, ticket) = talked.case().await;
        let forms = json!([{"as": "yes_no"}, {"as": "choice", "choices": ["satu", "semua"]}]);
        talked
            .holds(case, json!(["Masih padam?", "Berapa lampu?"]), forms)
            .await;
        talked.told(SITI).await;
        let second = talked.says(SITI, "ya").await;
        talked.says(SITI, "STOP").await;
        let told = talked.says(SITI, "MULAI").await;
        assert_eq!(told[1..], second);
        let told = talked.says(SITI, "2").await.concat();
        assert!(told.contains(&ticket), "{told}");
        let view = talked.node().case(case).await.unwrap();
        let words = view.history.last().unwrap().words.clone().unwrap();
        assert_eq!(words["answers"], json!(["Ya", "semua"]));
    }
}

#[tokio::test]
async fn of_several_questions_that_are_asked_once_more_each_is_answered_by_its_ticket() {
    for talked in Talked::on(Name::Sms).await {
        talked.says(SITI, REPORT).await;
        talked.place.clock.advance(MINUTE_MS);
        let other = "Jalan berlubang di depan pasar Sukajadi.";
        talked.says(SITI, other).await;
        let cases = talked.cases().await;
        talked.says(SITI, "STOP").await;
        let forms = json!([{"as": "yes_no"}]);
        for (case, _) in &cases {
            let case = case.parse().unwrap();
            talked.holds(case, json!(["Masih?"]), forms.clone()).await;
        }
        let told = talked.says(SITI, "MULAI").await;
        assert_eq!(told.len(), 3, "{told:?}");
        for (told, (_, ticket)) in told[1..].iter().zip(&cases) {
            let ends = format!("Balas YA atau TIDAK. Awali jawaban dengan {ticket}.");
            assert!(told.ends_with(&ends), "{told}");
        }
        let first = format!("{} tidak", cases[0].1);
        for (text, (case, _), answer) in [
            (first.as_str(), &cases[0], "Tidak"),
            ("ya", &cases[1], "Ya"),
        ] {
            talked.says(SITI, text).await;
            let view = talked.node().case(case.parse().unwrap()).await.unwrap();
            let words = view.history.last().unwrap().words.clone().unwrap();
            assert_eq!(words["answers"], json!([answer]));
        }
        assert_eq!(talked.cases().await.len(), 2);
    }
}

#[tokio::test]
async fn whether_it_is_done_is_asked_once_more_after_a_stop_until_the_reporter_has_answered() {
    for talked in Talked::on(Name::Sms).await {
        talked.says(SITI, REPORT).await;
        let (case, _) = talked.case().await;
        talked.follows_up(case, "Lampu diganti.", true).await;
        let asked = talked.told(SITI).await;
        talked.says(SITI, "STOP").await;
        let told = talked.says(SITI, "MULAI").await;
        assert_eq!(told[1..], asked);
        talked.says(SITI, "Belum, masih padam").await;
        assert_eq!(talked.messages(case).await.last().unwrap(), "case.replied");
        talked.says(SITI, "STOP").await;
        assert_eq!(talked.says(SITI, "MULAI").await.len(), 1);
    }
}

#[tokio::test]
async fn where_everybody_reads_nothing_is_asked_when_news_are_wanted_again() {
    for talked in Talked::on(Name::X).await {
        talked.says(SITI, REPORT).await;
        let (case, _) = talked.case().await;
        talked.says(SITI, "STOP").await;
        talked
            .holds(case, json!(["Nama Ibu siapa?"]), json!([]))
            .await;
        assert!(talked.told(SITI).await.is_empty());
        assert_eq!(talked.says(SITI, "MULAI").await.len(), 1);
        assert!(talked.told(SITI).await.is_empty());
    }
}

#[tokio::test]
async fn of_a_secret_report_a_question_is_asked_once_more_without_its_words() {
    for talked in Talked::on(Name::Sms).await {
        talked.says(SITI, &format!("RAHASIA {REPORT}")).await;
        let (case, ticket) = talked.case().await;
        talked.says(SITI, "STOP").await;
        talked
            .holds(case, json!(["Nama petugasnya?"]), json!([]))
            .await;
        talked.told(SITI).await;
        let told = talked.says(SITI, "MULAI").await;
        let begins = format!("Ada kabar tentang laporan {ticket}. Karena rahasia,");
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[1].starts_with(&begins), "{told:?}");
    }
}
