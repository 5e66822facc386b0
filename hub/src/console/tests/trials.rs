//! Trials that nobody asked for, and those that could not be run.

use futures_util::FutureExt as _;

use super::upkeep::works;
use super::{DAY_MS, NOW, Place, login};
use crate::audit::By;
use crate::console::ConsoleRole;
use crate::store;
use crate::store::upkeep::RunRow;
use crate::trials;
use crate::upkeep::{self, Outcome, UpkeepError, Work};

const BACKUPS: &str = "/konsol/perawatan/cadangan";
const TRY: &str = "/konsol/perawatan/cadangan/uji";
const HOUR_MS: i64 = 3_600_000;

/// Tries by itself what is due, and waits until that is over.
async fn by_itself(place: &Place) -> Option<String> {
    let hub = &place.console.hub;
    let mut changes = hub.upkeep.subscribe();
    let begun = trials::try_when_due(hub).await.unwrap();
    while hub.upkeep.running().is_some() {
        changes.changed().await.unwrap();
    }
    begun
}

#[tokio::test]
async fn the_latest_backup_is_tried_by_itself_once_a_week_and_is_shown_so() {
    for place in Place::all(false).await {
        let none = trials::try_when_due(&place.console.hub).await;
        assert!(matches!(none, Err(UpkeepError::Unknown)), "there is none");
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        works(&place, &operator, BACKUPS, "lama").await;
        place.clock.advance(1_000);
        works(&place, &operator, BACKUPS, "baru").await;
        place.clock.advance(1_000);
        assert_eq!(by_itself(&place).await.as_deref(), Some("baru"));
        operator
            .open(BACKUPS)
            .await
            .shows(">Lulus<")
            .shows("hub sendiri, menurut jadwal")
            .shows("setiap 7 hari, pukul 04.00 WIB");
        let (actor, detail) = place.audited("backup.tried").await.remove(0);
        assert_eq!((actor.as_str(), detail.as_str()), ("hub", "baru"));
        place.clock.advance(6 * DAY_MS);
        assert_eq!(by_itself(&place).await, None, "it held a few days ago");
        place.clock.advance(DAY_MS - HOUR_MS);
        assert_eq!(by_itself(&place).await.as_deref(), Some("baru"));
    }
}

#[tokio::test]
async fn a_clock_that_was_ahead_keeps_no_trial_from_being_due_once_it_is_set_back() {
    for place in Place::all(false).await {
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        works(&place, &operator, BACKUPS, "harian").await;
        place.clock.set_off(40 * DAY_MS);
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        works(&place, &operator, BACKUPS, "nanti").await;
        assert_eq!(by_itself(&place).await.as_deref(), Some("nanti"));
        place.clock.set_off(-39 * DAY_MS);
        assert_eq!(by_itself(&place).await.as_deref(), Some("harian"));
        assert_eq!(by_itself(&place).await, None, "it held a moment ago");
    }
}

#[tokio::test]
async fn a_backup_of_which_a_file_is_gone_could_not_be_tried() {
    for place in Place::all(false).await {
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        let why = [("nama", "harian"), ("alasan", "sebelum pindah mesin")];
        let mut changes = place.console.hub.upkeep.subscribe();
        operator.post(BACKUPS, &why).await;
        while place.console.hub.upkeep.running().is_some() {
            changes.changed().await.unwrap();
        }
        let (_, detail) = place.audited("backup.begun").await.remove(0);
        assert_eq!(detail, "harian: sebelum pindah mesin");
        let shelf = place.ground.settings.backup.folder.clone().unwrap();
        let backup = shelf.join("harian");
        let opened = crate::backup::open(&backup).unwrap();
        std::fs::remove_file(opened.path("keys/hub-signing.key")).unwrap();
        place.clock.advance(1_000);
        works(&place, &operator, TRY, "harian").await;
        operator
            .open(BACKUPS)
            .await
            .shows(">Tidak selesai<")
            .shows("Ada berkas yang hilang dari cadangan")
            .shows("<summary>Rincian teknis</summary>")
            .shows("put it back and try again")
            .hides(">Gagal<");
        std::fs::remove_dir_all(&backup).unwrap();
        place.clock.advance(1_000);
        let by = By::actor("cli:test");
        let tried = upkeep::attempt(&place.ground, &by, &backup, |_, _, _| {}).await;
        assert!(tried.is_err());
        let shelf = upkeep::read(&place.console.hub).await.unwrap();
        let outcomes: Vec<_> = shelf.runs.iter().map(|run| run.outcome).collect();
        let expected = [Outcome::Aborted, Outcome::Aborted, Outcome::Done];
        assert_eq!(outcomes, expected.map(Some));
    }
}

/// How the runs that are kept have ended, the latest first.
async fn outcomes(place: &Place) -> Vec<Option<Outcome>> {
    let shelf = upkeep::read(&place.console.hub).await.unwrap();
    shelf.runs.iter().map(|run| run.outcome).collect()
}

#[tokio::test]
async fn a_backup_is_made_though_whoever_has_asked_for_it_hangs_up() {
    for place in Place::all(false).await {
        let hub = &place.console.hub;
        let mut changes = hub.upkeep.subscribe();
        let by = By::actor("test");
        let begun = upkeep::begin(hub, &by, Work::Backup, "harian");
        assert!(begun.now_or_never().is_none());
        while hub.upkeep.running().is_some() {
            changes.changed().await.unwrap();
        }
        assert_eq!(outcomes(&place).await, [Some(Outcome::Done)]);
        assert_eq!(place.audited("backup.begun").await.len(), 1);
    }
}

#[tokio::test]
async fn a_run_of_which_the_end_could_not_be_written_is_over_when_the_next_begins() {
    for place in Place::all(false).await {
        let row = RunRow {
            id: "0a1b2c3d".to_owned(),
            work: "trial".to_owned(),
            name: "lama".to_owned(),
            backup_at: None,
            asked_by: "test".to_owned(),
            began_at: NOW - 1,
            ended_at: None,
            outcome: None,
            result: None,
        };
        let replica = place.console.hub.sequencer.right().name().to_owned();
        let mut tx = place.ground.db.write().await.unwrap();
        store::upkeep::begin(&mut tx, &row).await.unwrap();
        store::upkeep::be_of(&mut tx, &row.id, &replica)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        works(&place, &operator, BACKUPS, "harian").await;
        let expected = [Outcome::Done, Outcome::Aborted];
        assert_eq!(outcomes(&place).await, expected.map(Some));
    }
}
