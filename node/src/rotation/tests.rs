//! Rotations that are interrupted, refused, or bereft of their key.

use std::sync::Arc;

use lapor_migrations::on;
use lapor_protocol::case::{Effect, Reason, Ruling};
use lapor_protocol::keys::KeyUse;
use lapor_protocol::receipt::Stream;
use serde_json::json;

use super::*;
use crate::sync::Link;
use crate::testing::{NOW, PaperHub, Place, databases};

fn linked(place: &Place) -> (Arc<PaperHub>, Arc<Link>) {
    let hub = PaperHub::of(place);
    let link = Link::over(place.node.clone(), hub.clone());
    (hub, link.unwrap())
}

async fn file(place: &Place) {
    let report = json!({
        "classification": "complaint",
        "title": "Lampu padam",
        "content": "Gelap sejak Senin.",
        "channel": "web",
    });
    let report = serde_json::from_value(report).unwrap();
    place.node.file(report, "loket").await.unwrap();
}

async fn states(place: &Place) -> Vec<KeyState> {
    let list = place.node.key_list().await.unwrap();
    let signing = list.into_iter().filter(|key| key.use_for == "signing");
    signing.map(|key| key.state).collect()
}

#[tokio::test]
async fn a_key_that_was_made_before_the_machine_stopped_is_the_one_that_is_announced() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let made = NodeKeys::make(&place.settings.node.keys, KeyUse::Signing).unwrap();
        let node = place.reopened().await;
        let list = node.key_list().await.unwrap();
        assert!(list.iter().any(|key| key.state == KeyState::Made));
        let rotation = node.rotate(KeyUse::Signing, "petugas").await.unwrap();
        assert_eq!(
            (&rotation.kid, rotation.under_way),
            (&made.kid, false),
            "no second key"
        );
        let again = node.rotate(KeyUse::Signing, "petugas").await.unwrap();
        assert!(again.under_way && again.kid == made.kid);
        assert_eq!(place.audited(ANNOUNCED).await.len(), 1);
    }
}

#[tokio::test]
async fn a_key_whose_file_is_gone_is_not_announced_and_holds_nothing_up() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let (hub, link) = linked(&place);
        let lost = place.node.rotate(KeyUse::Signing, "petugas").await.unwrap();
        let file_of = |kid: &KeyId| place.settings.node.keys.join(format!("signing-{kid}.key"));
        std::fs::remove_file(file_of(&lost.kid)).unwrap();
        file(&place).await;
        link.push().await.unwrap();
        assert_eq!(link.push().await.unwrap(), 1, "what stood behind it");
        assert_eq!(hub.accepted(), 1);
        let status = place.node.status().await.unwrap();
        assert_eq!(status.outbox.quarantined, 1);
        let next = place.node.rotate(KeyUse::Signing, "petugas").await.unwrap();
        assert!(!next.under_way && next.kid != lost.kid);
        assert!(file_of(&next.kid).exists());
    }
}

#[tokio::test]
async fn nothing_follows_an_announcement_before_it_is_known_what_became_of_it() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let (hub, link) = linked(&place);
        hub.rules(Ruling {
            effect: Effect::Inapplicable,
            reason: Some(Reason::KeyTaken),
        });
        file(&place).await;
        place.node.rotate(KeyUse::Signing, "petugas").await.unwrap();
        file(&place).await;
        assert_eq!(link.push().await.unwrap(), 2, "up to the announcement");
        // The directory cannot be asked on paper.
        assert!(link.push().await.is_err());
        assert_eq!(hub.accepted(), 2);
        link.pull(Stream::Inbox, 0).await.unwrap();
        // Refused: the old key, which this hub knows, signs on.
        assert_eq!(link.push().await.unwrap(), 1);
        assert_eq!(states(&place).await[0], KeyState::InForce);
        let again = place.node.rotate(KeyUse::Signing, "petugas").await.unwrap();
        assert!(!again.under_way, "another one can be tried");
    }
}

#[tokio::test]
async fn how_old_a_key_is_goes_by_the_hubs_time_whatever_the_clock_says() {
    const YEAR_MS: i64 = 365 * 86_400_000;
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        place.clock.set_off(YEAR_MS);
        for _ in 0..3 {
            let rotated = place.node.rotate_old_keys("jobs").await.unwrap();
            assert!(rotated.is_empty());
            place.clock.advance(3_600_000);
        }
        // It begins again, and the hub has said nothing yet.
        let node = place.begun_again().await;
        let rotated = node.rotate_old_keys("jobs").await.unwrap();
        assert!(rotated.is_empty());
        place.clock.advance(ROTATE_AFTER_MS);
        let rotated = place.node.rotate_old_keys("jobs").await.unwrap();
        assert_eq!(rotated.len(), 2, "signing and sealing");
        let again = place.node.rotate_old_keys("jobs").await.unwrap();
        assert_eq!(again, rotated, "they are under way");
    }
}

#[tokio::test]
async fn a_damaged_version_of_the_directory_keeps_no_key_from_being_listed_or_replaced() {
    const DAMAGE: &str = "update directory_versions set line = '{' where version = 1";
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        place.directory_announces(NOW, NOW + 1).await;
        let mut tx = place.node.write_tx().await.unwrap();
        on!(&mut tx, c => sqlx::query(DAMAGE).execute(c).await.map(drop)).unwrap();
        tx.commit().await.unwrap();
        let list = place.node.key_list().await.unwrap();
        let signing = list.iter().find(|key| key.use_for == "signing").unwrap();
        assert_eq!(signing.since, Some(NOW));
        place.clock.advance(ROTATE_AFTER_MS);
        let rotated = place.node.rotate_old_keys("jobs").await.unwrap();
        assert_eq!(rotated.len(), 2);
    }
}
