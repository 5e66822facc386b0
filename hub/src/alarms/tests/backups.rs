//! Who has never made a backup is told of, as is whoever has an old one: counted from when it has
//! taken part.

use lapor_protocol::ids::Digest;

use super::super::{AlarmState, Condition, look};
use super::{HOUR_MS, NOW, Place, id};
use crate::store;
use crate::store::joining::IssuedCertificate;
use crate::watch::{self, Concern};

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

/// An institution gets a certificate at a moment.
async fn certified(place: &Place, number: usize, at: i64) {
    let certificate = IssuedCertificate {
        serial: format!("{number}-{at}"),
        slug: id(number),
        fingerprint: Digest::of(b"der"),
        not_after: at + 30 * DAY_MS,
    };
    let mut tx = place.hub.ground.db.write().await.unwrap();
    let noted = store::joining::certify(&mut tx, &certificate, at).await;
    noted.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn since_when_an_institution_takes_part_shows_at_the_next_look_and_stays() {
    for place in Place::all(2).await {
        let since = async |number: usize| {
            let picture = watch::look(&place.hub).await.unwrap();
            picture.instances[&id(number)].member_since
        };
        for number in 0..2 {
            assert_eq!(since(number).await, None);
            certified(&place, number, NOW).await;
            assert_eq!(since(number).await, Some(NOW));
            certified(&place, number, NOW + DAY_MS).await;
            assert_eq!(since(number).await, Some(NOW), "its first one");
        }
    }
}
