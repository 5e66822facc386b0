//! The clock of the hub was ahead and is set back: it goes on looking, telling and listening as
//! after a start, and waits for no moment that it has noted before.

use lapor_migrations::Schema;
use lapor_migrations::throwaway::databases_of;

use super::super::{AlarmState, Condition, Own, round};
use super::{HOUR_MS, MINUTE_MS, NOW, Place, SILENT};
use crate::clock::Clock as _;
use crate::restored;
use crate::store::alarms::deliveries::{self, DeliveryRow};
use crate::watch::{Concern, State};

const DAY_MS: i64 = 24 * HOUR_MS;

/// Letters that were written since the clock was set back.
async fn since_then(place: &Place) -> Vec<DeliveryRow> {
    let now = place.clock.now_ms();
    let letters = place.letters().await.into_iter();
    letters.filter(|one| one.created_at <= now).collect()
}

#[tokio::test]
async fn after_the_clock_was_set_back_silence_is_seen_and_told_as_before() {
    for place in Place::all(1).await {
        place.only_silence().await;
        place.told("Piket").await;
        place.all_silent().await;
        place.after(2 * MINUTE_MS).await;
        place.arrives().await;
        place.reports(0, 100 << 30).await;
        place.after(0).await;
        place.after(2 * MINUTE_MS).await;
        assert_eq!(place.letters().await.len(), 2, "the end waits to be sent");
        assert_eq!(place.count(SILENT, AlarmState::Open).await, 0);

        place.after(-DAY_MS).await;
        let picture = place.hub.watch.picture();
        assert_eq!(picture.at, place.clock.now_ms());
        let mut tx = place.hub.ground.db.read().await.unwrap();
        let due = deliveries::is_due(&mut tx, picture.at).await.unwrap();
        tx.rollback().await.unwrap();
        assert!(due, "not a day later");
        place.arrives().await;
        place.after(20 * MINUTE_MS).await;
        let picture = place.hub.watch.picture();
        let of = picture.instances.values().next().unwrap();
        let silent = of.health.findings.iter();
        let mut silent = silent.filter(|finding| finding.concern == Concern::Silent);
        let silent = silent.next().unwrap();
        assert_eq!(silent.state, State::Red);
        assert_eq!(silent.measured, Some(20 * MINUTE_MS));
        assert_eq!(place.count(SILENT, AlarmState::Open).await, 1);
        place.after(2 * MINUTE_MS).await;
        let told = since_then(&place).await;
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].subject, "Gawat: Tidak terdengar: Kabupaten 0");
    }
}

#[tokio::test]
async fn what_stands_when_the_clock_is_set_back_is_told_again_after_as_long_as_ever() {
    for place in Place::all(1).await {
        place.only_silence().await;
        place.told("Piket").await;
        place.all_silent().await;
        place.after(2 * MINUTE_MS).await;
        assert_eq!(place.letters().await.len(), 1);
        place.arrives().await;
        place.after(-10 * DAY_MS).await;
        assert_eq!(place.count(SILENT, AlarmState::Open).await, 1);
        place.after(23 * HOUR_MS).await;
        place.after(2 * MINUTE_MS).await;
        assert!(since_then(&place).await.is_empty(), "not yet a day");
        place.after(HOUR_MS).await;
        place.after(2 * MINUTE_MS).await;
        let told = since_then(&place).await;
        assert_eq!(told.len(), 1);
        assert_eq!(
            told[0].subject,
            "Masih terbuka (Gawat): Tidak terdengar: Kabupaten 0"
        );
    }
}

#[tokio::test]
async fn a_picture_from_before_the_clock_was_set_back_is_none_of_this_moment() {
    const WATCH: Condition = Condition::Hub(Own::Watch);
    for place in Place::all(2).await {
        place.all_silent().await;
        let old = place.hub.watch.picture();
        place.hears(2);
        place.clock.advance(-DAY_MS);
        assert!(!old.is_current(place.clock.now_ms()));
        round(&place.hub, &old).await.unwrap();
        assert_eq!(place.count(WATCH, AlarmState::Open).await, 1);
        assert_eq!(place.count(SILENT, AlarmState::Open).await, 2);
        place.after(0).await;
        assert_eq!(place.count(WATCH, AlarmState::Open).await, 0);
        assert_eq!(place.count(SILENT, AlarmState::Open).await, 0);
    }
}

#[tokio::test]
async fn a_restored_hub_listens_for_no_longer_after_its_clock_was_set_back() {
    for db in databases_of(Schema::Hub).await {
        let mut place = Place::on(db, 1, |settings| settings.limits.listen_seconds = 300).await;
        let noted = restored::note(&place.hub.ground.db, NOW, NOW).await;
        noted.unwrap();
        place.restart().await;
        place.clock.advance(-DAY_MS);
        let listens = || place.hub.witness.listens(&place.hub.ground);
        assert!(listens());
        place.clock.advance(299_000);
        assert!(listens());
        place.clock.advance(1_000);
        assert!(!listens());
    }
}
