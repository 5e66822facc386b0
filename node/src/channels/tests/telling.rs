//! What happens in a case is told where it was filed, and what is asked there can be answered there.

use lapor_migrations::on;
use lapor_protocol::ids::CaseId;
use lapor_protocol::kinds::case_redacted::RedactionReason;
use serde_json::json;

use super::{BUDI, DAY_MS, MINUTE_MS, REPORT, SITI, Talked};
use crate::casework::{Decider, NewAct, NewReport, ticket};
use crate::channels::Name;
use crate::error::NodeError;
use crate::staff::StaffRole;
use crate::testing::{FromDesk, NOW, acts};

#[tokio::test]
async fn a_case_is_asked_about_answered_closed_and_rated_by_text_messages() {
    for talked in Talked::on(Name::Sms).await {
        talked.says(SITI, REPORT).await;
        let (case, ticket) = talked.case().await;
        let forms = json!([{"as": "yes_no"}, {"as": "choice", "choices": ["satu", "semua"]}]);
        talked
            .holds(case, json!(["Masih padam?", "Berapa lampu?"]), forms)
            .await;
        assert_eq!(
            talked.told(SITI).await,
            [format!(
                "Tentang laporan {ticket} petugas bertanya: Masih padam? Balas YA atau TIDAK."
            )]
        );
        assert_eq!(talked.says(SITI, "mungkin").await, ["Balas YA atau TIDAK."]);
        assert_eq!(
            talked.says(SITI, "ya").await,
            [format!(
                "Tentang laporan {ticket} petugas bertanya: Berapa lampu? Balas dengan angkanya: 1 satu, 2 semua"
            )]
        );
        let passed_on =
            format!("Terima kasih. Pesan Anda untuk laporan {ticket} sudah kami teruskan.");
        assert_eq!(talked.says(SITI, "2").await.concat(), passed_on);
        let view = talked.node().case(case).await.unwrap();
        let words = view.history.last().unwrap().words.clone().unwrap();
        assert_eq!(words["answers"], json!(["Ya", "semua"]));

        talked
            .follows_up(case, "Semua lampu sudah diganti.", true)
            .await;
        assert_eq!(
            talked.told(SITI).await,
            [format!(
                "Laporan {ticket}: Tindak lanjut, diusulkan selesai. Semua lampu sudah diganti. Sudah selesai? Balas YA, atau TIDAK dengan alasannya."
            )]
        );
        assert_eq!(
            talked.says(SITI, "Belum, dua masih padam").await,
            [passed_on]
        );
        assert_eq!(talked.messages(case).await.last().unwrap(), "case.replied");
        talked
            .follows_up(case, "Dua yang terakhir juga.", true)
            .await;
        talked.told(SITI).await;
        assert_eq!(
            talked.says(SITI, "Ya").await,
            [format!(
                "Terima kasih, laporan {ticket} selesai. Bagaimana penanganannya? Balas 1 (buruk) sampai 5 (baik)."
            )]
        );
        assert_eq!(
            talked.says(SITI, "5").await,
            ["Terima kasih atas penilaian Anda."]
        );
        let kinds = talked.messages(case).await;
        assert_eq!(kinds[kinds.len() - 2..], ["case.closed", "case.rated"]);
        talked.ruled().await;
        talked.place.clock.advance(MINUTE_MS);
        assert!(
            talked.told(SITI).await.is_empty(),
            "nobody is told what they did themselves"
        );
        talked.case().await;
    }
}

#[tokio::test]
async fn what_comes_while_news_is_gathered_is_told_with_its_question_in_the_next_round() {
    for talked in Talked::on(Name::Sms).await {
        talked.says(SITI, REPORT).await;
        let (case, ticket) = talked.case().await;
        let gathered = talked.node().whom_to_tell(case).await.unwrap().unwrap();
        talked
            .follows_up(case, "Semua lampu sudah diganti.", true)
            .await;
        let (rows, asking) = talked.node().news_for(&gathered).await.unwrap();
        assert!(
            rows.is_empty() && asking.is_none(),
            "of what came after the case was read, nothing is told without its question"
        );
        assert_eq!(
            talked.told(SITI).await,
            [format!(
                "Laporan {ticket}: Tindak lanjut, diusulkan selesai. Semua lampu sudah diganti. Sudah selesai? Balas YA, atau TIDAK dengan alasannya."
            )]
        );
    }
}

#[tokio::test]
async fn what_a_later_hold_asks_is_not_asked_with_the_news_of_an_earlier_one() {
    for talked in Talked::on(Name::Sms).await {
        talked.says(SITI, REPORT).await;
        let (case, ticket) = talked.case().await;
        talked.holds(case, json!(["Masih padam?"]), json!([])).await;
        let mut gathered = talked.node().whom_to_tell(case).await.unwrap().unwrap();
        let answers = NewAct {
            kind: "report.completed".into(),
            body: serde_json::Map::new(),
            words: json!({"answers": ["Masih."]}).as_object().cloned(),
            attachments: Vec::new(),
        };
        let node = talked.node();
        let answered = node.act_of_reporter(case, answers, "reporter", None);
        answered.await.unwrap();
        talked
            .holds(case, json!(["Berapa lampu?"]), json!([]))
            .await;
        let later = node.whom_to_tell(case).await.unwrap().unwrap();
        gathered.own = later.own;
        let (rows, asking) = node.news_for(&gathered).await.unwrap();
        assert_eq!(rows.len(), 1);
        assert!(asking.is_none(), "the later one asks for itself");
        let told = talked.told(SITI).await;
        let asks = format!("Tentang laporan {ticket} petugas bertanya: Berapa lampu?");
        assert!(told.last().unwrap().starts_with(&asks), "{told:?}");
    }
}

#[tokio::test]
async fn news_that_are_gathered_while_their_report_is_erased_are_not_told() {
    for talked in Talked::on(Name::Sms).await {
        let node = talked.node();
        talked.says(SITI, REPORT).await;
        let (case, _) = talked.case().await;
        talked.follows_up(case, "Alamat Canary.", false).await;
        let gathered = node.whom_to_tell(case).await.unwrap().unwrap();
        let (rows, asking) = node.news_for(&gathered).await.unwrap();
        assert_eq!(rows.len(), 1);
        let dewi = Decider::officer(StaffRole::Admin, "account:dewi".into());
        let planned = node.plan_erasure(case, RedactionReason::PersonalData, &dewi);
        planned.await.unwrap();
        talked.place.clock.advance(7 * DAY_MS);
        assert_eq!(node.erase_due().await.unwrap(), 1);
        let mut tx = node.write_tx().await.unwrap();
        let late = node.add_rows(&mut tx, Some(&gathered.thread), &rows, asking);
        assert!(matches!(late.await, Err(NodeError::AnsweredMeanwhile)));
        drop(tx);
        talked.ruled().await;
        let told = talked.told(SITI).await.concat();
        assert!(!told.contains("Canary"), "{told}");
    }
}

#[tokio::test]
async fn why_a_report_was_archived_is_told_whoever_reported_it() {
    const WHY: &str = "Masalahnya sedang diperiksa pengadilan.";
    for talked in Talked::on(Name::Sms).await {
        talked.says(SITI, REPORT).await;
        let (case, ticket) = talked.case().await;
        let reason = json!({"reason": "before_a_court"});
        let long = format!(
            "Perkara di PN Bandung. {}",
            "Tunggu putusannya. ".repeat(10)
        );
        let archives = async |words: &str| {
            let words = json!({"text": words});
            talked
                .acts(case, "case.archived", reason.clone(), words)
                .await;
            talked.told(SITI).await.concat()
        };
        let told = archives("Perkara di PN Bandung.").await;
        let head = format!("Laporan {ticket}: Laporan diarsipkan. {WHY} Perkara di PN Bandung.");
        assert_eq!(told, head);
        let status = talked.says(SITI, "STATUS").await.concat();
        assert!(
            status.starts_with(&format!("{ticket}: Diarsipkan. Di ")),
            "{status}"
        );
        assert!(
            status.contains(WHY) && status.chars().count() <= 160,
            "{status}"
        );
        let again = json!({"text": "Dibuka lagi."});
        talked.acts(case, "case.reopened", json!({}), again).await;
        talked.told(SITI).await;
        let status = talked.says(SITI, "STATUS").await.concat();
        assert!(!status.contains(WHY), "{status}");
        let told = archives(&long).await;
        assert!(told.starts_with(&head) && told.ends_with("..."), "{told}");
        assert!(told.chars().count() <= 160, "{told}");
    }
    for talked in Talked::on(Name::X).await {
        talked.says(SITI, REPORT).await;
        let (case, ticket) = talked.case().await;
        let (reason, words) = (json!({"reason": "abusive"}), json!({"text": "Fitnah."}));
        talked.acts(case, "case.archived", reason, words).await;
        let told = talked.told(SITI).await.concat();
        let said = format!("Laporan {ticket}: Laporan diarsipkan (21 Sep., 21.13).");
        assert_eq!(told, said);
    }
}

#[tokio::test]
async fn a_text_with_a_ticket_in_front_is_for_that_case() {
    for talked in Talked::on(Name::Sms).await {
        talked.says(SITI, REPORT).await;
        let (case, ticket) = talked.case().await;
        let told = talked
            .says(SITI, &format!("{}: masih padam", ticket.to_lowercase()))
            .await;
        assert!(told[0].starts_with("Terima kasih. Pesan"), "{told:?}");
        assert_eq!(talked.messages(case).await.last().unwrap(), "case.replied");
        let told = talked.says(SITI, &ticket).await;
        assert!(
            told[0].starts_with(&format!("{ticket}: Menunggu verifikasi. Di ")),
            "{told:?}"
        );
        // Of another's case one hears what everybody may, and says nothing in it.
        let told = talked
            .says("+628120000001", &format!("STATUS {ticket}"))
            .await;
        assert!(told[0].starts_with(&ticket), "{told:?}");
        talked
            .says("+628120000001", &format!("{ticket} tutup saja laporan ini"))
            .await;
        assert_eq!(talked.messages(case).await.len(), 2);
    }
}

#[tokio::test]
async fn of_a_secret_report_no_word_is_told_and_where_everybody_listens_no_answer() {
    for talked in Talked::on(Name::Sms).await {
        talked.says(SITI, &format!("RAHASIA {REPORT}")).await;
        let (case, ticket) = talked.case().await;
        talked.follows_up(case, "Kata rahasia petugas.", true).await;
        let told = talked.told(SITI).await;
        let begins = format!("Ada kabar tentang laporan {ticket}. Karena rahasia, bacalah di http");
        assert!(told[0].starts_with(&begins), "{told:?}");
    }
    for talked in Talked::on(Name::X).await {
        talked.says(SITI, REPORT).await;
        let (case, ticket) = talked.case().await;
        talked
            .holds(case, json!(["Nama Ibu siapa?"]), json!([]))
            .await;
        talked.follows_up(case, "Kata petugas.", true).await;
        let told = talked.told(SITI).await;
        let said =
            format!("Laporan {ticket}: Tindak lanjut, diusulkan selesai (21 Sep., 21.13, ke-2).");
        assert_eq!(told.last().unwrap(), &said);
        assert!(
            told.iter().all(|told| !told.contains("Nama Ibu")),
            "{told:?}"
        );
        let public = talked
            .says(SITI, "RAHASIA Kepala dinas minta uang kepada warga")
            .await;
        assert!(
            public[0].starts_with("Untuk hal itu silakan buka"),
            "{public:?}"
        );
        talked.case().await;
    }
}

#[tokio::test]
async fn news_that_may_not_be_alike_says_which_of_its_own_minute_it_was() {
    for talked in Talked::on(Name::X).await {
        talked.says(SITI, REPORT).await;
        let (case, ticket) = talked.case().await;
        let minutes = [0, 5, 5, 9];
        for (at, text) in ["Datang.", "Dipesan.", "Dipasang.", "Diuji."]
            .into_iter()
            .enumerate()
        {
            talked.hub.orders_at(NOW + minutes[at] * MINUTE_MS);
            talked.follows_up(case, text, false).await;
        }
        let when = [
            "21 Sep., 21.13",
            "21 Sep., 21.18",
            "21 Sep., 21.18, ke-2",
            "21 Sep., 21.22",
        ];
        let expected = when.map(|when| format!("Laporan {ticket}: Tindak lanjut ({when})."));
        assert_eq!(talked.told(SITI).await, expected, "in one round");
        // The clock of the hub goes before ours, and rounds lie between.
        let mut told = Vec::new();
        for text in ["Diuji lagi.", "Selesai."] {
            talked.follows_up(case, text, false).await;
            told.extend(talked.told(SITI).await);
        }
        let when = ["21 Sep., 21.22, ke-2", "21 Sep., 21.22, ke-3"];
        let expected = when.map(|when| format!("Laporan {ticket}: Tindak lanjut ({when})."));
        assert_eq!(told, expected);
    }
}

#[tokio::test]
async fn news_of_the_halves_of_a_report_which_share_its_ticket_is_not_alike_either() {
    for talked in Talked::on(Name::X).await {
        talked.says(SITI, REPORT).await;
        let (case, ticket) = talked.case().await;
        talked.hub.orders_at(NOW);
        let words = json!({"title": "Trotoar", "content": "Bagian kedua."});
        talked.acts(case, "case.split", json!({}), words).await;
        let half = talked.node().case(case).await.unwrap().children[0];
        let mut told = talked.told(SITI).await;
        for one in [case, half] {
            talked.follows_up(one, "Sudah dibahas.", false).await;
            told.extend(talked.told(SITI).await);
        }
        let follow_up =
            |place| format!("Laporan {ticket}: Tindak lanjut (21 Sep., 21.13, {place}).");
        assert_eq!(told.len(), 3, "{told:?}");
        assert_eq!(told[1..], [follow_up("ke-2"), follow_up("ke-3")]);
    }
}

#[tokio::test]
async fn news_of_a_half_and_of_where_the_whole_went_on_is_not_alike_nor_what_follows_the_merge() {
    for talked in Talked::on(Name::X).await {
        talked.says(SITI, REPORT).await;
        let (case, ticket) = talked.case().await;
        let fallen = "Pohon tumbang menutup jalan di Dago sejak kemarin.";
        talked.says(BUDI, fallen).await;
        let cases = talked.cases().await.into_iter();
        let mut cases = cases.map(|(id, _)| id.parse::<CaseId>().unwrap());
        let other = cases.find(|id| *id != case).unwrap();
        // What the hub orders together has one time.
        talked.hub.orders_at(NOW);
        let words = json!({"title": "Trotoar", "content": "Bagian kedua."});
        talked.acts(case, "case.split", json!({}), words).await;
        let mut told = talked.told(SITI).await;
        let half = talked.node().case(case).await.unwrap().children[0];
        let into = json!({"target_case": other});
        acts(&talked.place, case, "case.linked", into, None).await;
        talked.ruled().await;
        told.extend(talked.told(SITI).await);
        for one in [half, other] {
            talked.follows_up(one, "Sudah dibahas.", false).await;
            told.extend(talked.told(SITI).await);
        }
        acts(&talked.place, case, "case.unlinked", json!({}), None).await;
        talked.ruled().await;
        told.extend(talked.told(SITI).await);
        // What is done where it went on is news no more, and has no place among what is.
        for one in [other, case] {
            talked.follows_up(one, "Sudah dibahas.", false).await;
            told.extend(talked.told(SITI).await);
        }
        let news = [
            ("Sebagian dipisah menjadi laporan tersendiri", ""),
            (
                "Digabung dengan laporan lain tentang hal yang sama",
                ", ke-2",
            ),
            ("Tindak lanjut", ", ke-3"),
            ("Tindak lanjut", ", ke-4"),
            ("Dipisahkan lagi dari laporan lain", ", ke-5"),
            ("Tindak lanjut", ", ke-6"),
        ];
        let expected =
            news.map(|(said, place)| format!("Laporan {ticket}: {said} (21 Sep., 21.13{place})."));
        assert_eq!(told, expected);
    }
}

#[tokio::test]
async fn what_is_done_in_a_secret_report_leaves_no_place_out_among_news_of_one_merged_into_it() {
    for talked in Talked::on(Name::X).await {
        talked.says(SITI, REPORT).await;
        let (case, ticket) = talked.case().await;
        let report: NewReport = serde_json::from_value(json!({
            "classification": "complaint",
            "title": "Pungutan di loket",
            "content": "Petugas loket minta uang.",
            "secret": true,
            "channel": "web",
        }))
        .unwrap();
        let secret = talked.node().file(report, "test").await.unwrap().case;
        talked.hub.orders_at(NOW);
        let into = json!({"target_case": secret});
        acts(&talked.place, case, "case.linked", into, None).await;
        talked.ruled().await;
        let mut told = talked.told(SITI).await;
        talked.follows_up(secret, "Sedang diperiksa.", false).await;
        assert!(talked.told(SITI).await.is_empty());
        acts(&talked.place, case, "case.unlinked", json!({}), None).await;
        talked.ruled().await;
        told.extend(talked.told(SITI).await);
        talked.follows_up(case, "Sudah dibahas.", false).await;
        told.extend(talked.told(SITI).await);
        let news = [
            ("Digabung dengan laporan lain tentang hal yang sama", ""),
            ("Dipisahkan lagi dari laporan lain", ", ke-2"),
            ("Tindak lanjut", ", ke-3"),
        ];
        let expected =
            news.map(|(said, place)| format!("Laporan {ticket}: {said} (21 Sep., 21.13{place})."));
        assert_eq!(told, expected);
    }
}

#[tokio::test]
async fn numbers_in_another_report_are_masked_where_one_merged_into_it_was_written() {
    for talked in Talked::on(Name::Sms).await {
        talked.says(SITI, REPORT).await;
        let (target, theirs) = talked.case().await;
        let fallen = "Pohon tumbang menutup jalan di Dago sejak kemarin.";
        talked.says(BUDI, fallen).await;
        let cases = talked.cases().await.into_iter();
        let mut cases = cases.map(|(id, ticket)| (id.parse::<CaseId>().unwrap(), ticket));
        let (merged, ticket) = cases.find(|(id, _)| *id != target).unwrap();
        talked.ruled().await;
        let into = json!({"target_case": target});
        acts(&talked.place, merged, "case.linked", into, None).await;
        talked.ruled().await;
        talked.told(SITI).await;
        talked.told(BUDI).await;
        let answer = "Ibu Siti 0812-3456-7890, NIK 3273014508990001.";
        talked.follows_up(target, answer, false).await;
        let whole = format!("Laporan {theirs}: Tindak lanjut. {answer}");
        assert_eq!(talked.told(SITI).await, [whole], "their own");
        // Text messages have this sign for what is hidden.
        let hidden = |letters| "-".repeat(letters);
        let masked = format!("Ibu Siti {}, NIK {}.", hidden(14), hidden(16));
        let masked = format!("Laporan {ticket}: Tindak lanjut. {masked}");
        assert_eq!(talked.told(BUDI).await, [masked]);
    }
}

#[tokio::test]
async fn talk_that_is_no_report_is_made_none_and_is_kept_aside() {
    for talked in Talked::on(Name::Sms).await {
        let told = talked.says(SITI, "Assalamualaikum").await;
        assert!(told[0].starts_with("Tulis keluhan Anda"), "{told:?}");
        assert!(
            talked.says(SITI, "terima kasih ya min").await.is_empty(),
            "help comes once a day"
        );
        assert_eq!(talked.says(SITI, "status").await.len(), 1);
        assert!(talked.cases().await.is_empty());
        let states: Vec<_> = talked
            .taken()
            .await
            .into_iter()
            .map(|(state, _)| state)
            .collect();
        assert_eq!(states, ["aside", "aside", "done"]);
    }
}

#[tokio::test]
async fn who_asks_for_what_has_left_is_led_to_the_portal_of_its_origin_where_there_is_room() {
    const TICKET: &str = "update cases set ticket = $1";
    for talked in Talked::on(Name::Sms).await {
        let mut given = FromDesk::given(&talked.hub, "kota-bandung");
        talked.ruled().await;
        given.recalled();
        talked.ruled().await;
        let ticket = ticket::mint();
        let mut tx = talked.node().write_tx().await.unwrap();
        let done = on!(&mut tx, c => sqlx::query(TICKET).bind(&ticket).execute(c).await.map(drop));
        done.unwrap();
        tx.commit().await.unwrap();
        let asks = format!("STATUS {ticket}");
        let led = "Lacak di portal pusat, tempat laporan itu ditulis.";
        let told = talked.says(SITI, &asks).await.concat();
        assert!(told.ends_with(led), "{told}");
        let portal = "https://pusat.lapor.test";
        talked.place.directory_names_portal("pusat", portal).await;
        let told = talked.says(SITI, &asks).await.concat();
        assert!(told.ends_with(&format!("{led} {portal}")), "{told}");
        let long = format!("https://{}.test", "a".repeat(120));
        talked.place.directory_names_portal("pusat", &long).await;
        let told = talked.says(SITI, &asks).await.concat();
        assert!(told.ends_with(led), "{told}");
    }
}
