//! Of the end of the issuer, which no program can put off, people hear long before it.

use super::super::{AlarmState, Condition, Own};
use super::{HOUR_MS, Place};
use crate::clock::Clock as _;

const DAY_MS: i64 = 24 * HOUR_MS;

#[tokio::test]
async fn the_end_of_the_issuer_raises_an_alarm_three_months_before() {
    for place in Place::all(0).await {
        let ends = place.hub.ground.certifier().issuer.not_after_ms();
        for (days, yellow, red) in [(92, 0, 0), (89, 1, 0), (29, 1, 1)] {
            let until = ends - days * DAY_MS - place.clock.now_ms();
            place.after(until).await;
            place.after(HOUR_MS).await;
            let open = place.count(Condition::Hub(Own::Issuer), AlarmState::Open);
            assert_eq!(open.await, yellow + red, "{days}");
            let own = Condition::Hub(Own::Certificate);
            assert_eq!(place.count(own, AlarmState::Open).await, 0, "it has none");
        }
    }
}
