//! Weeks that are over are counted once and read from then on.

use http::StatusCode;

use super::casework::places;
use super::{ConsoleRole, DAY_MS, login};
use crate::casework::figures::{self, Period};
use crate::casework::weeks::Week;
use crate::casework::{Kept, keep_week};
use crate::store;
use crate::store::state::CASEWORK_CALENDAR;

#[tokio::test]
async fn a_week_that_is_over_is_counted_once_under_each_calendar() {
    for place in places(4).await {
        let hub = &place.console.hub;
        let week = Week::at(hub.now_ms() - 5 * DAY_MS);
        let (from, until) = week.span();
        let period = Period::Between(from, until);
        let under = async |edition: &str| {
            let mut tx = place.ground.db.write().await.unwrap();
            let written = store::state::write(&mut tx, CASEWORK_CALENDAR, edition).await;
            written.unwrap();
            tx.commit().await.unwrap();
        };
        assert!(
            !keep_week(hub).await.unwrap(),
            "no calendar has counted yet"
        );
        under("2026").await;
        place.clock.advance(14 * DAY_MS);
        let counted = figures::count(hub, period).await.unwrap();
        assert_eq!(counted.by_institution["kota-bandung"].received, 4);
        while keep_week(hub).await.unwrap() {}
        let mut tx = place.ground.db.write().await.unwrap();
        store::casework::weeks::forget_terms(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        let kept = Kept::figures(hub, period).await.unwrap();
        assert_eq!(kept.by_institution, counted.by_institution);
        let observer = place.enters(&login(ConsoleRole::Observer)).await;
        let at = format!("/konsol/kasus/minggu/{}", week.monday());
        let page = observer.open(&at).await;
        page.is(StatusCode::OK).shows("Kota Bandung");
        under("2027").await;
        let anew = Kept::figures(hub, period).await.unwrap();
        assert_eq!(
            anew.by_institution["kota-bandung"].received, 0,
            "another calendar counts anew"
        );
    }
}

#[tokio::test]
async fn a_week_that_was_over_by_a_clock_that_was_ahead_is_counted_when_it_is_over() {
    for place in places(4).await {
        let hub = &place.console.hub;
        let mut tx = place.ground.db.write().await.unwrap();
        store::state::write(&mut tx, CASEWORK_CALENDAR, "2026")
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let kept = async |week: Week| {
            while keep_week(hub).await.unwrap() {}
            let mut tx = place.ground.db.read().await.unwrap();
            let kept = store::casework::weeks::kept(&mut tx, "2026").await.unwrap();
            kept.contains(&week.monday().to_string())
        };
        let week = Week::at(hub.now_ms());
        place.clock.set_off(14 * DAY_MS);
        assert!(kept(week).await);
        place.clock.set_off(-14 * DAY_MS);
        assert!(!kept(week).await, "it runs still");
        assert!(kept(week.before()).await);
    }
}
