//! Who has never made a backup is told of, as is whoever has an old one.

use super::super::{AlarmState, Condition, look};
use super::{HOUR_MS, NOW, Place, id};
use crate::store;
use crate::watch::Concern;

const DAY_MS: i64 = 24 * HOUR_MS;
const BACKUP: Condition = Condition::Institution(Concern::Backup);

#[tokio::test]
async fn who_has_never_made_a_backup_raises_an_alarm_after_as_long_as_an_old_one_would() {
    for place in Place::all(2).await {
        let mut tx = place.hub.ground.db.write().await.unwrap();
        let joined = store::joining::readmit(&mut tx, &id(0), NOW).await;
        joined.unwrap();
        tx.commit().await.unwrap();
        look(&place.hub).await.unwrap();
        for (days, open) in [(29, 0), (1, 1)] {
            place.clock.advance(days * DAY_MS);
            for _ in 0..3 {
                place.clock.advance(HOUR_MS / 2);
                place.says(0, |health| health.last_backup = None).await;
                place.reports(1, 100 << 30).await;
                place.after(0).await;
            }
            assert_eq!(place.count(BACKUP, AlarmState::Open).await, open, "{days}");
        }
    }
}
