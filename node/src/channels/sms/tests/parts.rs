//! Messages that the network split on the way are one report, also where a part is missing or late.

use lapor_stand_ins::smsc::Sms;

use super::spoken::{BUDI, MINUTE_MS, Networked, SITI, sms};
use crate::channels::Raw;
use crate::channels::sms::alphabet;

const FIRST: &str = "Lampu jalan padam di depan pasar Cihampelas sejak hari Minggu, ";
const SECOND: &str = "warga takut lewat, dan dua kali ada kecelakaan, ";
const THIRD: &str = "mohon segera diperbaiki.";

/// A part with a reference of one byte.
fn part(reference: u8, total: u8, place: u8, text: &str) -> Sms {
    Sms {
        header: vec![5, 0, 3, reference, total, place],
        ..sms(SITI, text)
    }
}

#[tokio::test]
async fn parts_with_a_reference_are_joined_in_whatever_order_they_come() {
    for one in Networked::bound().await {
        one.takes(&part(9, 3, 3, THIRD)).await;
        one.takes(&part(9, 3, 1, FIRST)).await;
        // Somebody else uses the same reference.
        let other = Sms {
            from: BUDI.into(),
            ..part(9, 3, 2, "bukan bagian ini")
        };
        one.takes(&other).await;
        one.hears().await;
        assert!(one.reports().await.is_empty());
        assert_eq!(
            one.node().channel_queues().await.unwrap().taken[0],
            ("waiting", 2)
        );
        one.takes(&part(9, 3, 2, SECOND)).await;
        one.hears().await;
        assert_eq!(one.reports().await, [format!("{FIRST}{SECOND}{THIRD}")]);
        assert_eq!(one.taken().await, ["done", "parts"]);
    }
}

#[tokio::test]
async fn a_reference_of_two_bytes_and_one_beside_the_text_are_read_too() {
    for one in Networked::bound().await {
        let long = |place, text| Sms {
            header: vec![6, 8, 4, 1, 2, 2, place],
            coding: 8,
            text: alphabet::to_wide(text),
            ..sms(SITI, "")
        };
        let beside = |place, text| Sms {
            sar: Some((0x0102, 2, place)),
            ..sms(BUDI, text)
        };
        one.takes(&long(2, "\u{201c}segera\u{201d}")).await;
        one.takes(&long(1, "Saluran air mampet sejak kemarin, "))
            .await;
        one.hears().await;
        one.place.clock.advance(MINUTE_MS);
        one.takes(&beside(1, FIRST)).await;
        one.takes(&beside(2, THIRD)).await;
        one.hears().await;
        assert_eq!(
            one.reports().await,
            [
                "Saluran air mampet sejak kemarin, \u{201c}segera\u{201d}".to_owned(),
                format!("{FIRST}{THIRD}")
            ]
        );
    }
}

#[tokio::test]
async fn a_long_text_as_a_parameter_is_one_message() {
    for one in Networked::bound().await {
        let text = format!("{FIRST}{}", SECOND.repeat(6));
        one.takes(&sms(SITI, &text)).await;
        one.hears().await;
        assert_eq!(one.reports().await, [text.trim()]);
    }
}

#[tokio::test]
async fn a_part_that_does_not_come_leaves_a_gap_and_goes_to_the_case_when_it_comes() {
    for one in Networked::bound().await {
        one.takes(&part(9, 3, 1, FIRST)).await;
        one.takes(&part(9, 3, 3, THIRD)).await;
        one.place.clock.advance(29 * MINUTE_MS);
        one.hears().await;
        assert!(one.reports().await.is_empty());
        one.place.clock.advance(2 * MINUTE_MS);
        one.hears().await;
        assert_eq!(one.reports().await, [format!("{FIRST} [\u{2026}] {THIRD}")]);
        one.takes(&part(9, 3, 2, SECOND)).await;
        one.hears().await;
        let (kinds, text) = one.course().await;
        assert_eq!(kinds, ["report.filed", "case.replied"]);
        assert_eq!(text, format!("[\u{2026}] {SECOND} [\u{2026}]"));
        // The reference is used again: another message.
        one.place.clock.advance(60 * MINUTE_MS);
        one.takes(&part(9, 3, 1, "Jalan berlubang di Sukajadi, "))
            .await;
        one.takes(&part(9, 3, 2, "tiga motor jatuh, ")).await;
        one.takes(&part(9, 3, 3, "tolong.")).await;
        one.hears().await;
        let last = one.reports().await.pop().unwrap();
        assert_eq!(
            last,
            "Jalan berlubang di Sukajadi, tiga motor jatuh, tolong."
        );
    }
}

#[tokio::test]
async fn a_text_that_fills_a_message_waits_for_the_one_that_goes_on_from_it() {
    let full = "Lampu padam. ".repeat(13)[..160].to_owned();
    for one in Networked::bound().await {
        one.takes(&sms(SITI, &full)).await;
        one.hears().await;
        assert!(one.reports().await.is_empty());
        // Nobody means this to be in a report.
        one.takes(&sms(SITI, "STATUS")).await;
        one.takes(&sms(SITI, THIRD)).await;
        one.hears().await;
        assert_eq!(one.reports().await, [format!("{full}{THIRD}")]);
        assert_eq!(one.taken().await, ["done", "done"]);
        // Where nothing follows it is a report after a while.
        one.takes(&sms(BUDI, &full)).await;
        one.place.clock.advance(2 * MINUTE_MS);
        one.takes(&sms(BUDI, THIRD)).await;
        assert_eq!(one.taken().await.len(), 4);
        one.hears().await;
        assert!(one.reports().await.contains(&full));
    }
}

#[tokio::test]
async fn by_kannel_a_text_that_fills_a_message_waits_too() {
    let full = "Lampu+padam.".repeat(14)[..157].to_owned();
    for one in Networked::bound().await {
        for (id, text) in [("a", full.as_str()), ("b", "Mohon+segera.")] {
            let raw = Raw {
                id: id.into(),
                body: format!("dari=08123456789&coding=0&charset=UTF-8&isi={text}").into(),
            };
            one.node().take_in(&*one.line, &[raw]).await.unwrap();
        }
        one.hears().await;
        let text = full.replace('+', " ");
        assert_eq!(one.reports().await, [format!("{text}Mohon segera.")]);
    }
}
