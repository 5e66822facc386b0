//! What recipients are told, and when: many at once are one letter, what is
//! silent waits, and whoever knows of a beginning hears of the end.

use super::super::overview::{self, Place as From};
use super::super::{AlarmState, Condition, Quiet, acts, look};
use super::{HOUR_MS, MINUTE_MS, Place, SECOND_MS, SILENT, id};
use crate::clock::Clock as _;
use crate::deeds::Deed;
use crate::watch::Concern;

#[tokio::test]
async fn seven_hundred_that_fall_silent_are_one_letter_and_one_when_they_are_back() {
    for place in Place::all(700).await {
        place.only_silence().await;
        place.told("Piket").await;
        place.told("Kepala").await;
        place.all_silent().await;
        assert_eq!(place.count(SILENT, AlarmState::Open).await, 700);
        assert!(place.letters().await.is_empty(), "the window is open");
        place.after(61 * SECOND_MS).await;
        let letters = place.letters().await;
        assert_eq!(letters.len(), 2, "one for each recipient");
        for letter in &letters {
            assert_eq!((letter.kind.as_str(), letter.alarms), ("summary", 700));
            assert_eq!(letter.subject, "Gawat: Tidak terdengar: 700 instansi");
            for said in [
                "Di antaranya 466 di Jawa Barat, 234 di Jawa Timur.",
                "Sepuluh pertama: Kabupaten",
                "Critical",
                "/konsol/alarm",
            ] {
                assert!(letter.body.contains(said), "{said}: {}", letter.body);
            }
            assert!(letter.body.len() < 4_000, "{}", letter.body);
        }
        place.arrives().await;
        place.hears(700);
        place.after(0).await;
        assert_eq!(place.count(SILENT, AlarmState::Open).await, 0);
        place.after(5 * MINUTE_MS).await;
        assert_eq!(place.letters().await.len(), 2, "a pause after a summary");
        place.hears(700);
        place.after(11 * MINUTE_MS).await;
        let letters = place.letters().await;
        assert_eq!(letters.len(), 4);
        assert_eq!(
            letters[0].subject,
            "Selesai (Gawat): Tidak terdengar: 700 instansi"
        );
    }
}

#[tokio::test]
async fn a_storm_of_hours_is_few_letters_and_none_while_one_has_not_arrived() {
    for place in Place::all(60).await {
        place.only_silence().await;
        place.told("Piket").await;
        place.after(10 * MINUTE_MS).await;
        // A line that comes and goes: another part is silent each minute.
        for minute in 0..180 {
            for number in 0..60 {
                if (number + minute) % 40 != 0 {
                    place.hub.contacts.note(&id(number), place.clock.now_ms());
                }
            }
            place.after(MINUTE_MS).await;
            place.arrives().await;
        }
        assert!(
            place.letters().await.is_empty(),
            "nobody was silent for long"
        );
        for number in 0..60 {
            // Each begins its silence a minute after the one before.
            for later in number..60 {
                place.hub.contacts.note(&id(later), place.clock.now_ms());
            }
            place.after(MINUTE_MS).await;
            if number > 20 {
                place.arrives().await;
            } else {
                assert!(
                    place.letters().await.len() <= 1,
                    "the first has not arrived"
                );
            }
        }
        let letters = place.letters().await;
        assert!((4..=7).contains(&letters.len()), "{}", letters.len());
        for _ in 0..60 {
            place.after(MINUTE_MS).await;
            place.arrives().await;
        }
        let told: i64 = place
            .letters()
            .await
            .iter()
            .map(|letter| letter.alarms)
            .sum();
        assert_eq!(told, 60, "each once");
        // A day later all are told again, together.
        let before = place.letters().await.len();
        for _ in 0..3 {
            place.after(23 * HOUR_MS / 2).await;
            place.after(2 * MINUTE_MS).await;
            place.arrives().await;
        }
        let letters = place.letters().await;
        assert_eq!((letters.len() - before, letters[0].alarms), (1, 60));
    }
}

#[tokio::test]
async fn whoever_was_told_that_it_is_open_is_told_of_its_end_whatever_ends_it() {
    for place in Place::all(2).await {
        place.only_silence().await;
        place.told("Piket").await;
        place.all_silent().await;
        place.after(2 * MINUTE_MS).await;
        place.arrives().await;
        let opened = place.letters().await;
        assert_eq!((opened.len(), opened[0].alarms), (1, 2));
        let quiet = Quiet::Instance("kab-0".into());
        place.does(Deed::Silence { quiet, hours: 1 }).await;
        place.hearing(0);
        place.after(2 * MINUTE_MS).await;
        assert_eq!(place.letters().await.len(), 1, "it is silent");
        let mut rule = place.rule(SILENT).await;
        rule.condition = Condition::Institution(Concern::Frozen);
        let rule = Box::new(rule);
        place.does(Deed::NarrowRule { rule }).await;
        place.after(MINUTE_MS).await;
        place.after(MINUTE_MS).await;
        place.arrives().await;
        let past = overview::past(&place.hub, &From::default(), 10).await;
        let past = past.unwrap();
        let silent = SILENT.to_string();
        assert!(past.iter().all(|alarm| alarm.condition == silent));
        assert_eq!(past.len(), 2, "the rule looks for something else now");
        let letters = place.letters().await;
        assert_eq!((letters.len(), letters[0].alarms), (2, 1));
        assert!(
            letters[0].subject.contains("Kabupaten 1"),
            "{}",
            letters[0].subject
        );
        assert!(letters[0].body.contains(" – "), "{}", letters[0].body);
        place.after(HOUR_MS).await;
        let letters = place.letters().await;
        assert_eq!(
            (letters.len(), letters[0].alarms),
            (3, 1),
            "the silence is over"
        );
        assert!(
            letters[0].subject.contains("Kabupaten 0"),
            "{}",
            letters[0].subject
        );
    }
}

#[tokio::test]
async fn what_is_silenced_or_seen_while_a_letter_is_gathered_is_not_in_it() {
    for place in Place::all(3).await {
        place.only_silence().await;
        place.told("Piket").await;
        place.hears(3);
        place.all_silent().await;
        let quiet = Quiet::Instance("kab-0".into());
        place.does(Deed::Silence { quiet, hours: 40 }).await;
        place.after(2 * MINUTE_MS).await;
        place.arrives().await;
        assert_eq!(place.letters().await[0].alarms, 2);
        place.after(24 * HOUR_MS).await;
        let open = overview::open(&place.hub).await.unwrap();
        let mut alarms = open[0].alarms.iter();
        let seen = alarms.find(|alarm| alarm.instance.as_deref() == Some("kab-1"));
        assert!(seen.unwrap().measured_now);
        let ids = [seen.unwrap().id.clone()];
        acts::acknowledge(&place.hub, "test", &ids, "")
            .await
            .unwrap();
        place.after(2 * MINUTE_MS).await;
        let letters = place.letters().await;
        assert_eq!((letters.len(), letters[0].alarms), (2, 1));
        assert!(
            letters[0]
                .body
                .contains("Kabupaten 2: Tidak terdengar selama 24 jam"),
            "as it is now: {}",
            letters[0].body
        );
    }
}

#[tokio::test]
async fn a_critical_alarm_waits_for_no_pause_after_a_summary() {
    for place in Place::all(30).await {
        place.only_silence().await;
        place.told("Piket").await;
        for minutes in [15, 1] {
            place.clock.advance(minutes * MINUTE_MS);
            place.hearing(29);
            look(&place.hub).await.unwrap();
        }
        place.after(2 * MINUTE_MS).await;
        assert_eq!(place.letters().await[0].kind, "summary");
        place.arrives().await;
        let frozen = place.rule(Condition::Institution(Concern::Refused)).await;
        acts::enable_rule(&place.hub, "test", &frozen.id)
            .await
            .unwrap();
        place
            .hub
            .watch
            .refusals
            .refused(&id(29), place.clock.now_ms());
        place.after(MINUTE_MS).await;
        place.after(MINUTE_MS).await;
        let letters = place.letters().await;
        assert_eq!(
            letters[0].subject,
            "Gawat: Pesan ditolak hub: Kabupaten 29",
            "{} letters",
            letters.len()
        );
    }
}

#[tokio::test]
async fn of_what_is_silenced_nobody_is_told_until_the_silence_ends() {
    for place in Place::all(6).await {
        place.only_silence().await;
        place.told("Piket").await;
        for quiet in [
            Quiet::Province("35".into()),
            Quiet::Instance("kab-1".into()),
        ] {
            place.does(Deed::Silence { quiet, hours: 10 }).await;
        }
        place.all_silent().await;
        assert_eq!(place.count(SILENT, AlarmState::Open).await, 6);
        place.after(2 * MINUTE_MS).await;
        let letters = place.letters().await;
        assert_eq!((letters.len(), letters[0].alarms), (1, 3));
        assert!(
            !letters[0].body.contains("Kabupaten 1:"),
            "{}",
            letters[0].body
        );
        place.arrives().await;
        place.after(10 * HOUR_MS).await;
        place.after(2 * MINUTE_MS).await;
        let letters = place.letters().await;
        assert_eq!(
            (letters.len(), letters[0].alarms),
            (2, 3),
            "they are told now"
        );
    }
}

#[tokio::test]
async fn what_comes_and_goes_within_the_window_is_told_to_nobody_and_seen_in_the_past() {
    for place in Place::all(2).await {
        place.only_silence().await;
        place.told("Piket").await;
        place.all_silent().await;
        place.hears(2);
        place.after(10 * SECOND_MS).await;
        place.hears(2);
        place.after(MINUTE_MS).await;
        assert!(place.letters().await.is_empty());
        let past = overview::past(&place.hub, &From::default(), 10).await;
        assert_eq!(past.unwrap().len(), 2);
    }
}
