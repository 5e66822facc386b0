//! Two processes of one hub serve at once, as real programs on PostgreSQL, while institutions work:
//! one is killed, one is paused and wakes up, the primary of the database is lost and its
//! synchronous standby promoted. The nodes go on by themselves, and nothing that was acknowledged
//! is missing.

use std::path::Path;

use lapor_migrations::Kind;
use lapor_tests::fleet::kinds;
use lapor_tests::twins::Twins;

/// A hub has but one process on SQLite, whose story is told elsewhere.
async fn twins() -> Option<Twins> {
    if !kinds().contains(&Kind::Postgres) {
        eprintln!("several processes of a hub need PostgreSQL: left out");
        return None;
    }
    lapor_certs::tls::install_default_provider();
    let folder = Path::new(env!("CARGO_BIN_EXE_lapor-crash")).parent();
    let folder = folder.expect("a folder of programs");
    Some(Twins::found(folder).await.expect("a federation"))
}

#[tokio::test]
async fn of_two_processes_either_is_killed_under_load_and_missed_by_nobody() {
    let Some(mut twins) = twins().await else {
        return;
    };
    let load = twins.load();
    for at in [0, 1] {
        twins.only(at);
        twins.goes_on("Satu proses").await.unwrap();
        twins.both();
        twins.goes_on("Dua proses").await.unwrap();
        twins.kill(at).await.unwrap();
        twins.goes_on("Tanpa satu").await.unwrap();
        twins.start(at).await.unwrap();
    }
    twins.goes_on("Berdua lagi").await.unwrap();
    let acknowledged = load.end().await.unwrap();
    assert!(acknowledged.len() > 20, "hardly anything happened");
    twins.end_well(&acknowledged).await.unwrap();
}

#[tokio::test]
async fn a_process_that_was_paused_under_load_holds_up_nobody_and_goes_on_when_it_wakes() {
    let Some(twins) = twins().await else {
        return;
    };
    let load = twins.load();
    for at in [0, 1, 0] {
        // Whatever it was in the middle of; the other waits for it no longer than the server does.
        twins.only(at);
        twins.goes_on("Sebelum tidur").await.unwrap();
        twins.pause(at).unwrap();
        twins.goes_on("Selama tidur").await.unwrap();
        twins.wake(at).unwrap();
        twins.only(at);
        twins.goes_on("Sesudah bangun").await.unwrap();
        twins.both();
    }
    let acknowledged = load.end().await.unwrap();
    twins.end_well(&acknowledged).await.unwrap();
}

#[tokio::test]
async fn when_the_primary_is_lost_the_standby_has_all_that_was_acknowledged() {
    let Some(mut twins) = twins().await else {
        return;
    };
    twins.follow_primary().await.unwrap();
    let load = twins.load();
    twins.goes_on("Berdua di basis data").await.unwrap();
    twins.lose_primary().await.unwrap();
    twins.goes_on("Di server cadangan").await.unwrap();
    for at in [0, 1] {
        twins.only(at);
        twins.goes_on("Lewat satu proses").await.unwrap();
    }
    let acknowledged = load.end().await.unwrap();
    twins.end_well(&acknowledged).await.unwrap();
}
