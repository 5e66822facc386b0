//! The alarm about backups that no trial has proved.

use super::super::rule::Severity;
use super::super::{AlarmState, Condition, Own, fresh_id, look, overview};
use super::{HOUR_MS, Place};
use crate::clock::Clock as _;
use crate::store;
use crate::store::state::LAST_BACKUP;
use crate::store::upkeep::RunRow;

const TRIAL: Condition = Condition::Hub(Own::Trial);
const DAY_MS: i64 = 24 * HOUR_MS;

impl Place {
    /// A trial has ended so, and the hub looks.
    async fn tried(&self, outcome: &str) {
        self.clock.advance(1);
        let now = self.clock.now_ms();
        let row = RunRow {
            id: fresh_id(),
            work: "trial".into(),
            name: "harian".into(),
            backup_at: Some(now),
            asked_by: "test".into(),
            began_at: now,
            ended_at: Some(now),
            outcome: Some(outcome.into()),
            result: None,
        };
        let mut tx = self.hub.ground.db.write().await.unwrap();
        store::upkeep::begin(&mut tx, &row).await.unwrap();
        store::upkeep::end(&mut tx, &row).await.unwrap();
        tx.commit().await.unwrap();
        look(&self.hub).await.unwrap();
    }

    async fn unproved(&self) -> usize {
        self.count(TRIAL, AlarmState::Open).await
    }
}

#[tokio::test]
async fn backups_that_are_not_proved_raise_an_alarm_until_a_trial_holds() {
    for place in Place::all(0).await {
        place.after(0).await;
        place.after(25 * HOUR_MS).await;
        assert_eq!(place.unproved().await, 0, "there is no backup to try");
        let mut tx = place.hub.ground.db.write().await.unwrap();
        let now = place.clock.now_ms().to_string();
        store::state::write(&mut tx, LAST_BACKUP, &now)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        place.after(0).await;
        place.after(25 * HOUR_MS).await;
        assert_eq!(place.unproved().await, 1, "none was ever tried");
        place.tried("done").await;
        assert_eq!(place.unproved().await, 0);
        place.tried("failed").await;
        let open = overview::open(&place.hub).await.unwrap();
        let found = open.iter().find(|group| group.rule.condition == TRIAL);
        assert_eq!(found.unwrap().rule.severity, Severity::Critical, "at once");
        place.tried("done").await;
        assert_eq!(place.unproved().await, 0);
        place.after(13 * DAY_MS).await;
        place.after(25 * HOUR_MS).await;
        assert_eq!(place.unproved().await, 0, "not for a day yet");
        place.after(25 * HOUR_MS).await;
        assert_eq!(place.unproved().await, 1, "the last one was long ago");
        place.tried("done").await;
        assert_eq!(place.unproved().await, 0);
        place.tried("aborted").await;
        assert_eq!(place.unproved().await, 0, "it says nothing of a backup");
        place.after(25 * HOUR_MS).await;
        assert_eq!(place.unproved().await, 1, "and stays so");
    }
}
