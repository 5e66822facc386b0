//! What officers are told: in the morning, at once, before a deadline, and of what they were given.

use lapor_migrations::on;
use lapor_web::mail::tiny_server::{Manners, Taken};
use serde_json::json;

use super::telling::{DAY, HOUR, TITLE, TUESDAY};
use super::{Encryption, Posted, readable};
use crate::casework::NewReport;
use crate::post::LetterChoice;
use crate::staff::StaffRole;
use crate::testing::NOW;

#[tokio::test]
async fn officers_get_a_digest_in_the_morning_of_a_working_day_or_each_event_or_nothing() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let clock = &posted.place.clock;
        clock.advance(TUESDAY + 6 * HOUR - NOW);
        for (login, choice) in [
            ("ringkas@bandung.go.id", LetterChoice::Digest),
            ("segera@bandung.go.id", LetterChoice::Each),
            ("tenang@bandung.go.id", LetterChoice::None),
        ] {
            let account = posted.hires(login, StaffRole::Officer, None).await;
            posted
                .node()
                .choose_letters(&account, choice)
                .await
                .unwrap();
            assert_eq!(posted.node().letter_choice(&account).await.unwrap(), choice);
        }
        let filed = posted.filed(false).await;
        posted.sends(0).await;
        assert_eq!(posted.writes().await, 1, "whoever wants each");
        assert_eq!(posted.writes().await, 0);
        let before = posted.server.taken().len();
        clock.advance(HOUR);
        assert_eq!(posted.writes().await, 1, "whoever wants a digest");
        assert_eq!(posted.writes().await, 0, "once a day");
        let sent = posted.sends(before).await;
        let to: Vec<&str> = sent.iter().map(|letter| letter.to.as_str()).collect();
        assert_eq!(to, ["segera@bandung.go.id", "ringkas@bandung.go.id"]);
        let text = readable(&sent[1].text);
        assert!(
            text.contains(&filed.ticket) && text.contains(TITLE),
            "{text}"
        );
        assert!(
            text.contains("1 laporan baru") && text.contains("/meja/akun"),
            "{text}"
        );
        // From Tuesday seven o'clock to Saturday, on which nobody works.
        clock.advance(4 * DAY);
        let digests = async || {
            let written = posted.writes().await;
            let sent = posted.sends(posted.server.taken().len()).await;
            assert_eq!(written, sent.len());
            sent.iter()
                .filter(|letter| letter.to.starts_with("ringkas"))
                .count()
        };
        assert_eq!(digests().await, 0, "on a Saturday");
        clock.advance(2 * DAY);
        assert_eq!(digests().await, 1, "on Monday");
    }
}

#[tokio::test]
async fn a_deadline_is_told_to_those_who_work_there_and_not_after_it_has_passed_by() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let (node, clock) = (posted.node(), &posted.place.clock);
        let unit = "dinas-pu".parse().unwrap();
        node.add_unit("test", &unit, "Dinas PU", None)
            .await
            .unwrap();
        let other = "dinkes".parse().unwrap();
        node.add_unit("test", &other, "Dinas Kesehatan", None)
            .await
            .unwrap();
        for (login, unit) in [
            ("pu@bandung.go.id", "dinas-pu"),
            ("sehat@bandung.go.id", "dinkes"),
        ] {
            let account = posted.hires(login, StaffRole::Officer, Some(unit)).await;
            node.choose_letters(&account, LetterChoice::Each)
                .await
                .unwrap();
        }
        let late = posted.filed(false).await;
        let done = posted.filed(false).await;
        // Lies in no unit, where no officer of a unit sees it.
        posted.filed(false).await;
        let cases = [late.case, done.case];
        node.assign(
            &crate::casework::Sight::ALL,
            &cases,
            Some("dinas-pu"),
            None,
            "test",
        )
        .await
        .unwrap();
        posted.writes().await;
        let before = posted.sends(0).await.len();
        clock.advance(TUESDAY + DAY - NOW);
        node.look_after_deadlines().await.unwrap();
        let (some, more) = node.untold_notices(None, 1).await.unwrap();
        let (rest, end) = node.untold_notices(more.as_ref(), 10).await.unwrap();
        assert!(some.len() == 1 && !rest.contains(&some[0]) && end.is_none());
        posted
            .acts(done.case, "case.verified", json!({}), "Diterima.")
            .await;
        posted.writes().await;
        let sent = posted.sends(before).await;
        let warned: Vec<(&str, bool)> = sent
            .iter()
            .filter(|letter| letter.text.contains("segera jatuh tempo"))
            .map(|letter| (letter.to.as_str(), letter.text.contains(&late.ticket)))
            .collect();
        assert_eq!(warned, [("pu@bandung.go.id", true)]);
        assert!(node.untold_notices(None, 10).await.unwrap().0.is_empty());
    }
}

#[tokio::test]
async fn a_deadline_of_a_case_that_an_officer_has_is_told_to_that_officer() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let (node, clock) = (posted.node(), &posted.place.clock);
        let account = posted
            .hires("pu@bandung.go.id", StaffRole::Officer, None)
            .await;
        let each = node.choose_letters(&account, LetterChoice::Each).await;
        each.unwrap();
        let other = posted
            .hires("asep@bandung.go.id", StaffRole::Officer, None)
            .await;
        let (own, others) = (posted.filed(false).await, posted.filed(false).await);
        for (filed, officer) in [(&own, &account), (&others, &other)] {
            let sight = crate::casework::Sight::ALL;
            node.assign(&sight, &[filed.case], None, Some(officer.as_str()), "test")
                .await
                .unwrap();
        }
        posted.writes().await;
        let before = posted.sends(0).await.len();
        clock.advance(TUESDAY + DAY - NOW);
        node.look_after_deadlines().await.unwrap();
        posted.writes().await;
        let sent = posted.sends(before).await;
        let warned: Vec<bool> = sent
            .iter()
            .filter(|letter| letter.text.contains("segera jatuh tempo"))
            .map(|letter| letter.text.contains(&own.ticket))
            .collect();
        assert_eq!(warned, [true]);
    }
}

#[tokio::test]
async fn a_damaged_notice_keeps_no_other_from_being_told() {
    const DAMAGE: &str = "update notices set clock = 'x' where case_id = $1";
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let (node, clock) = (posted.node(), &posted.place.clock);
        let account = posted
            .hires("pu@bandung.go.id", StaffRole::Officer, None)
            .await;
        let each = node.choose_letters(&account, LetterChoice::Each).await;
        each.unwrap();
        let damaged = posted.filed(false).await;
        let sound = posted.filed(false).await;
        posted.writes().await;
        let before = posted.sends(0).await.len();
        clock.advance(TUESDAY + DAY - NOW);
        node.look_after_deadlines().await.unwrap();
        let mut tx = node.write_tx().await.unwrap();
        let case = damaged.case.to_string();
        let done = on!(&mut tx, c => sqlx::query(DAMAGE).bind(&case).execute(c).await.map(drop));
        done.unwrap();
        tx.commit().await.unwrap();
        posted.writes().await;
        let sent = posted.sends(before).await;
        let warned: Vec<bool> = sent
            .iter()
            .filter(|letter| letter.text.contains("segera jatuh tempo"))
            .map(|letter| letter.text.contains(&sound.ticket))
            .collect();
        assert_eq!(warned, [true]);
        assert!(node.untold_notices(None, 10).await.unwrap().0.is_empty());
    }
}

#[tokio::test]
async fn whoever_wants_each_arrival_hears_of_it_beside_many_that_lie_there() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let login = "segera@bandung.go.id";
        let account = posted.hires(login, StaffRole::Officer, None).await;
        let node = posted.node();
        node.choose_letters(&account, LetterChoice::Each)
            .await
            .unwrap();
        let files = async |count: usize| {
            for _ in 0..count {
                let report: NewReport = serde_json::from_value(json!({
                    "classification": "complaint",
                    "title": TITLE,
                    "content": "Gelap sejak hari Minggu.",
                    "channel": "web",
                }))
                .unwrap();
                node.file(report, "test").await.unwrap();
            }
        };
        files(51).await;
        assert_eq!(posted.writes().await, 1);
        let sent = posted.sends(0).await;
        let text = readable(&sent[0].text);
        assert!(text.contains("51 laporan menunggu"), "{text}");
        assert!(text.contains("dan 1 lagi di meja Anda"), "{text}");
        assert_eq!(posted.writes().await, 0, "all of them have been told");
        files(1).await;
        assert_eq!(posted.writes().await, 1);
        let sent = posted.sends(1).await;
        assert!(readable(&sent[0].text).contains("1 laporan menunggu"));
    }
}

#[tokio::test]
async fn what_has_been_overdue_for_long_stands_in_the_digest_and_the_inbox() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let (node, clock) = (posted.node(), &posted.place.clock);
        posted
            .hires("pimpinan@bandung.go.id", StaffRole::Leader, None)
            .await;
        let late = posted.filed(false).await;
        clock.advance(TUESDAY + 7 * DAY + 8 * HOUR - NOW);
        node.look_after_deadlines().await.unwrap();
        posted.writes().await;
        let sent = posted.sends(0).await;
        let digest = sent.iter().find(|letter| letter.to.starts_with("pimpinan"));
        let text = readable(&digest.unwrap().text);
        let (_, part) = text.split_once("Lama lewat tenggat").unwrap();
        assert!(part.contains(&late.ticket), "{text}");
        assert!(
            !text.contains("Segera jatuh tempo"),
            "it is said once: {text}"
        );
        assert_eq!(part_of(&text, "Baru"), None, "{text}");
        let every = crate::casework::CaseFilter::default();
        let counts = node.inbox_counts(&crate::casework::Sight::ALL, &every);
        assert_eq!(counts.await.unwrap().long_overdue, 1);
        posted
            .acts(late.case, "case.verified", json!({}), "Diterima.")
            .await;
        let counts = node.inbox_counts(&crate::casework::Sight::ALL, &every);
        assert_eq!(counts.await.unwrap().long_overdue, 0, "something was done");
    }
}

/// What a digest says under a heading, to the end of its paragraph.
fn part_of<'a>(text: &'a str, heading: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("\n{heading}\n"))?;
    rest.split("\n\n").next()
}

#[tokio::test]
async fn the_digest_tells_what_is_overdue_from_what_is_due_soon() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let (node, clock) = (posted.node(), &posted.place.clock);
        posted
            .hires("siti@bandung.go.id", StaffRole::Officer, None)
            .await;
        let late = posted.filed(false).await;
        let summary = node.case(late.case).await.unwrap().summary;
        let due = summary.deadline.unwrap().due.unwrap();
        // A term ends with its last day: eight o'clock of that day, and of the next.
        for (at, said, unsaid) in [
            (due - 16 * HOUR, "Segera jatuh tempo", "Lewat tenggat"),
            (due + 8 * HOUR, "Lewat tenggat", "Segera jatuh tempo"),
        ] {
            clock.advance(at - node.clock().now_ms());
            node.look_after_deadlines().await.unwrap();
            let before = posted.server.taken().len();
            posted.writes().await;
            let sent = posted.sends(before).await;
            let digest = sent.iter().find(|letter| letter.to.starts_with("siti@b"));
            let text = readable(&digest.unwrap().text);
            let listed = part_of(&text, said).unwrap_or_default();
            assert!(listed.contains(&late.ticket), "{text}");
            assert_eq!(part_of(&text, unsaid), None, "{text}");
        }
    }
}

#[tokio::test]
async fn who_is_given_a_case_is_told_once_and_again_when_its_day_is_near() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let (node, clock) = (posted.node(), &posted.place.clock);
        let mut accounts = Vec::new();
        for login in ["siti@bandung.go.id", "asep@bandung.go.id"] {
            let account = posted.hires(login, StaffRole::Officer, None).await;
            node.choose_letters(&account, LetterChoice::Each)
                .await
                .unwrap();
            accounts.push(account);
        }
        let filed = posted.filed(false).await;
        posted
            .acts(filed.case, "case.verified", json!({}), "Diterima.")
            .await;
        posted.writes().await;
        let new = async || {
            let before = posted.sends(0).await.len();
            posted.writes().await;
            let sent = posted.sends(before).await;
            let told = |taken: &Taken| (taken.to.clone(), readable(&taken.text));
            sent.iter().map(told).collect::<Vec<_>>()
        };
        let due = (node.today() + chrono::Days::new(5)).to_string();
        let desk = crate::casework::OnDesk {
            unit: None,
            officer: Some(accounts[0].to_string()),
        };
        let said = crate::casework::Instruction {
            words: "Periksa tiang.".into(),
            due: Some(due),
        };
        let sight = crate::casework::Sight::ALL;
        node.assign_with(&sight, filed.case, desk, said, &accounts[1].actor())
            .await
            .unwrap();
        let told = new().await;
        assert_eq!(told.len(), 1, "{told:?}");
        let (to, text) = &told[0];
        assert_eq!(to, "siti@bandung.go.id");
        assert!(
            text.contains("diserahkan kepada Anda") && text.contains(&filed.ticket),
            "{text}"
        );
        assert!(text.contains("diminta sampai"), "{text}");
        assert!(new().await.is_empty(), "once");
        let siti = node.accounts().find(&accounts[0]).await.unwrap();
        let until = node.today() + chrono::Days::new(30);
        node.goes_away("test", &siti, &accounts[1], until)
            .await
            .unwrap();
        clock.advance(4 * DAY);
        let told = new().await;
        let mut to: Vec<&str> = told.iter().map(|(to, _)| to.as_str()).collect();
        to.sort_unstable();
        assert_eq!(to, ["asep@bandung.go.id", "siti@bandung.go.id"]);
        assert!(told[0].1.contains("hari yang diminta sudah dekat"));
        assert!(new().await.is_empty(), "once");
    }
}

#[tokio::test]
async fn the_digest_has_what_was_given_and_not_opened() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let (node, clock) = (posted.node(), &posted.place.clock);
        let account = posted
            .hires("siti@bandung.go.id", StaffRole::Officer, None)
            .await;
        let filed = posted.filed(false).await;
        posted
            .acts(filed.case, "case.verified", json!({}), "Diterima.")
            .await;
        let (cases, officer) = ([filed.case], Some(account.as_str()));
        node.assign(&crate::casework::Sight::ALL, &cases, None, officer, "test")
            .await
            .unwrap();
        posted.sends(0).await;
        clock.advance(TUESDAY + 8 * HOUR - NOW);
        let before = posted.server.taken().len();
        posted.writes().await;
        let sent = posted.sends(before).await;
        let digest = sent.iter().find(|letter| letter.to.starts_with("siti@b"));
        let text = readable(&digest.unwrap().text);
        let (_, part) = text.split_once("Diserahkan kepada Anda").unwrap();
        assert!(part.contains(&filed.ticket), "{text}");
        node.take(filed.case).await.unwrap();
        clock.advance(DAY);
        let before = posted.server.taken().len();
        posted.writes().await;
        for letter in posted.sends(before).await {
            let text = readable(&letter.text);
            assert!(!text.contains("Diserahkan kepada Anda"), "{text}");
        }
    }
}
