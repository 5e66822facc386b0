//! The picture of the federation: each trouble shows at the right institution,
//! by the right name, and clears when it is over.

use axum::body::Body;
use http::Method;
use lapor_hub::audit::By;
use lapor_hub::membership;
use lapor_hub::watch::{Concern, Finding, Instance, State, look};
use lapor_protocol::ids::{InstanceKind, Position};
use lapor_protocol::problem::Code;
use lapor_protocol::receipt::{Ack, Stream};
use lapor_protocol::wire::{Health, NDJSON, Reached};

use super::harness::{Institution, NOW, Place, databases, request};

pub(super) const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// What a node in good order says at a moment.
pub(super) fn well(place: &Place, of: &Institution, now_ms: i64) -> Health {
    Health {
        software: concat!("lapor-node ", env!("CARGO_PKG_VERSION")).into(),
        time: now_ms,
        unsent: 0,
        oldest_unsent: None,
        unapplied: 0,
        quarantined: 0,
        parked: 0,
        directory: place.hub.ground.directory.current().version(),
        certificate_expires: now_ms + 20 * DAY,
        free_disk_bytes: Some(100 << 30),
        last_backup: Some(now_ms - DAY),
        chain: Some(of.head.position()),
        inbox: None,
        holds: None,
        portal: None,
    }
}

pub(super) async fn tell(place: &Place, of: &Institution, health: &Health) {
    let json = serde_json::to_string(health).unwrap();
    let told = place.post(of, "/health", json).await;
    assert_eq!(told.status, 204, "{:?}", told.code());
}

pub(super) async fn seen(place: &Place, of: &Institution) -> Instance {
    look(&place.hub).await.unwrap().instances[&of.id].clone()
}

async fn found(place: &Place, of: &Institution) -> Vec<(Concern, State)> {
    let health = seen(place, of).await.health;
    let pair = |finding: &Finding| (finding.concern, finding.state);
    assert_eq!(
        health.state,
        health
            .findings
            .first()
            .map_or(State::Green, |worst| worst.state)
    );
    health.findings.iter().map(pair).collect()
}

#[tokio::test]
async fn silence_shows_within_a_minute_and_ends_with_a_word() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, bandung, _] = place.three().await;
        assert_eq!(
            found(&place, &bandung).await,
            [(Concern::Silent, State::Yellow)],
            "it has joined and never spoken"
        );
        let health = well(&place, &bandung, NOW);
        tell(&place, &bandung, &health).await;
        assert_eq!(found(&place, &bandung).await, []);
        place.clock.advance(46_000);
        assert_eq!(
            found(&place, &bandung).await,
            [(Concern::Silent, State::Yellow)]
        );
        place.clock.advance(15 * MINUTE);
        let silent = [
            (Concern::Silent, State::Red),
            (Concern::Unreported, State::Yellow),
        ];
        assert_eq!(found(&place, &bandung).await, silent);
        place.get(&bandung, "/outbox/head").await;
        assert_eq!(
            found(&place, &bandung).await,
            [(Concern::Unreported, State::Yellow)],
            "it polls, and how it is nobody knows"
        );
        let now = NOW + 46_000 + 15 * MINUTE;
        tell(&place, &bandung, &well(&place, &bandung, now)).await;
        assert_eq!(found(&place, &bandung).await, []);
    }
}

#[tokio::test]
async fn what_a_node_tells_of_itself_is_judged() {
    type Change = fn(&mut Health, i64);
    let troubles: [(Concern, State, Change); 11] = [
        (Concern::Clock, State::Yellow, |health, now| {
            health.time = now + 31_000;
        }),
        (Concern::Clock, State::Red, |health, now| {
            health.time = now - 301_000;
        }),
        (Concern::Unsent, State::Yellow, |health, now| {
            health.oldest_unsent = Some(now - 61 * MINUTE);
        }),
        (Concern::Unsent, State::Red, |health, now| {
            health.oldest_unsent = Some(now - 2 * DAY);
        }),
        (Concern::SetAside, State::Yellow, |health, _| {
            health.quarantined = 1;
        }),
        (Concern::SetAside, State::Red, |health, _| {
            health.parked = 100;
        }),
        (Concern::Disk, State::Yellow, |health, _| {
            health.free_disk_bytes = Some(2 << 30);
        }),
        (Concern::Disk, State::Red, |health, _| {
            health.free_disk_bytes = Some(1 << 20);
        }),
        (Concern::Backup, State::Yellow, |health, _| {
            health.last_backup = None;
        }),
        (Concern::Backup, State::Red, |health, now| {
            health.last_backup = Some(now - 31 * DAY);
        }),
        (Concern::Version, State::Yellow, |health, _| {
            health.software = "lapor-node 0.0.9".into();
        }),
    ];
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, bandung, _] = place.three().await;
        for (concern, state, change) in troubles {
            let mut health = well(&place, &bandung, NOW);
            change(&mut health, NOW);
            tell(&place, &bandung, &health).await;
            assert_eq!(
                found(&place, &bandung).await,
                [(concern, state)],
                "{health:?}"
            );
        }
        let health = well(&place, &bandung, NOW);
        tell(&place, &bandung, &health).await;
        assert_eq!(found(&place, &bandung).await, []);
        let mut foreign = health;
        foreign.software = "our-own 0.0.1".into();
        tell(&place, &bandung, &foreign).await;
        assert_eq!(
            found(&place, &bandung).await,
            [],
            "others count their versions themselves"
        );
    }
}

#[tokio::test]
async fn numbers_that_no_node_can_mean_are_refused_and_change_nothing() {
    type Change = fn(&mut Health);
    let impossible: [Change; 5] = [
        |health| health.directory = u64::MAX,
        |health| health.time = i64::MIN,
        |health| health.quarantined = 1 << 53,
        |health| health.oldest_unsent = Some(-1),
        |health| health.software = "x".repeat(81),
    ];
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, bandung, _] = place.three().await;
        let sound = well(&place, &bandung, NOW);
        tell(&place, &bandung, &sound).await;
        for change in impossible {
            let mut health = sound.clone();
            change(&mut health);
            let json = serde_json::to_string(&health).unwrap();
            let told = place.post(&bandung, "/health", json).await;
            assert_eq!(told.code(), Some(Code::MalformedRequest), "{health:?}");
        }
        assert_eq!(found(&place, &bandung).await, []);
    }
}

#[tokio::test]
async fn after_a_restart_the_hub_blames_nobody_for_its_own_absence() {
    for db in databases().await {
        let mut place = Place::new(&db).await;
        let [_, bandung, _] = place.three().await;
        tell(&place, &bandung, &well(&place, &bandung, NOW)).await;
        place.clock.advance(DAY);
        place.restart().await;
        assert_eq!(found(&place, &bandung).await, []);
        place.clock.advance(MINUTE);
        assert_eq!(
            found(&place, &bandung).await,
            [(Concern::Silent, State::Yellow)]
        );
    }
}

#[tokio::test]
async fn a_certificate_and_a_directory_that_are_left_behind_show() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, bandung, _] = place.three().await;
        let behind = well(&place, &bandung, NOW);
        let _ = place.join("kemenkes", InstanceKind::Kementerian, 40).await;
        place.clock.advance(11 * MINUTE);
        tell(
            &place,
            &bandung,
            &Health {
                time: NOW + 11 * MINUTE,
                ..behind
            },
        )
        .await;
        assert_eq!(
            found(&place, &bandung).await,
            [(Concern::Directory, State::Yellow)]
        );
        place.clock.advance(21 * DAY);
        let now = NOW + 11 * MINUTE + 21 * DAY;
        tell(&place, &bandung, &well(&place, &bandung, now)).await;
        assert_eq!(
            found(&place, &bandung).await,
            [(Concern::Certificate, State::Yellow)]
        );
        place.clock.advance(7 * DAY);
        tell(&place, &bandung, &well(&place, &bandung, now + 7 * DAY)).await;
        assert_eq!(
            found(&place, &bandung).await,
            [(Concern::Certificate, State::Red)]
        );
    }
}

#[tokio::test]
async fn messages_that_are_refused_show_at_once_until_one_is_taken() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let written: Vec<_> = (1..=2).map(|n| bandung.file(n).1).collect();
        place.push(&bandung, &written[1..]).await;
        let found_now = found(&place, &bandung).await;
        assert!(found_now.contains(&(Concern::Refused, State::Yellow)));
        place.clock.advance(MINUTE);
        place.push(&bandung, &written[1..]).await;
        let found_now = found(&place, &bandung).await;
        assert!(found_now.contains(&(Concern::Refused, State::Red)));
        place.send(&bandung, &written).await;
        place.pull(&mut bandung).await;
        assert_eq!(found(&place, &bandung).await, []);
    }
}

#[tokio::test]
async fn a_refusal_is_over_once_its_author_reports_that_nothing_waits_any_more() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let written: Vec<_> = (1..=2).map(|n| bandung.file(n).1).collect();
        place.push(&bandung, &written[1..]).await;
        place.clock.advance(MINUTE);
        let mut health = well(&place, &bandung, NOW + MINUTE);
        (health.unsent, health.oldest_unsent) = (1, Some(NOW));
        tell(&place, &bandung, &health).await;
        let found_now = found(&place, &bandung).await;
        assert!(found_now.contains(&(Concern::Refused, State::Red)));
        // It has set the message aside, and has nothing else to send.
        (health.unsent, health.oldest_unsent) = (0, None);
        tell(&place, &bandung, &health).await;
        let found_now = found(&place, &bandung).await;
        let refused = |(concern, _): &(Concern, State)| *concern == Concern::Refused;
        assert!(!found_now.iter().any(refused), "{found_now:?}");
    }
}

#[tokio::test]
async fn what_waits_for_an_institution_shows_until_it_is_applied() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [mut pusat, mut bandung, _] = place.three().await;
        let written: Vec<_> = (1..=3).map(|n| bandung.file(n).1).collect();
        place.send(&bandung, &written).await;
        let items = place.pull(&mut bandung).await.len() as u64;
        place.pull(&mut pusat).await;
        place.clock.advance(61 * MINUTE);
        tell(&place, &bandung, &well(&place, &bandung, NOW + 61 * MINUTE)).await;
        assert_eq!(
            found(&place, &bandung).await,
            [(Concern::Unapplied, State::Yellow)]
        );
        let before = seen(&place, &bandung).await;
        assert_eq!((before.sent, before.received), (3, items));
        assert_eq!((before.undelivered, before.unapplied), (items, items));

        acknowledge(&place, &bandung, items, items - 1).await;
        let between = seen(&place, &bandung).await;
        assert_eq!((between.undelivered, between.unapplied), (0, 1));
        assert_eq!(
            found(&place, &bandung).await,
            [(Concern::Unapplied, State::Yellow)]
        );
        acknowledge(&place, &bandung, items, items).await;
        assert_eq!(found(&place, &bandung).await, []);
    }
}

#[tokio::test]
async fn what_was_there_when_the_clock_was_set_back_waits_from_then_on() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let (_, filed) = bandung.file(1);
        place.send(&bandung, &[filed]).await;
        place.clock.advance(-DAY);
        let now = NOW - DAY;
        let mut health = well(&place, &bandung, now);
        health.directory -= 1;
        tell(&place, &bandung, &health).await;
        let waits = seen(&place, &bandung).await;
        assert_eq!(waits.oldest_unapplied, Some(now));
        assert_eq!(waits.directory_since, Some(now));
        let concerns = [Concern::Unapplied, Concern::Directory];
        let found_now = found(&place, &bandung).await;
        assert!(!found_now.iter().any(|(of, _)| concerns.contains(of)));
        place.clock.advance(61 * MINUTE);
        let found_now = found(&place, &bandung).await;
        for concern in concerns {
            let yellow = (concern, State::Yellow);
            assert!(found_now.contains(&yellow), "{found_now:?}");
        }
    }
}

#[tokio::test]
async fn what_a_new_party_is_told_of_an_old_case_is_as_old_as_the_telling() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [mut pusat, _, mut kemenpu] = place.three().await;
        let (case, filed) = pusat.file(1);
        place.send(&pusat, std::slice::from_ref(&filed)).await;
        place.clock.advance(54 * DAY);
        let disposed = pusat.dispose(case, &filed.message, &kemenpu.id);
        place.send(&pusat, &[disposed]).await;
        let told_at = NOW + 54 * DAY;
        place.clock.advance(MINUTE);
        let waits = seen(&place, &kemenpu).await;
        assert_eq!((waits.undelivered, waits.unapplied), (2, 2));
        assert_eq!(waits.oldest_undelivered, Some(told_at));
        assert_eq!(waits.oldest_unapplied, Some(told_at));
        let found_now = found(&place, &kemenpu).await;
        let unapplied = |(concern, _): &(Concern, State)| *concern == Concern::Unapplied;
        assert!(!found_now.iter().any(unapplied), "{found_now:?}");

        place.pull(&mut kemenpu).await;
        acknowledge(&place, &kemenpu, 2, 1).await;
        let waits = seen(&place, &kemenpu).await;
        assert_eq!(
            (waits.oldest_undelivered, waits.oldest_unapplied),
            (None, Some(told_at))
        );
        place.clock.advance(61 * MINUTE);
        let found_now = found(&place, &kemenpu).await;
        assert!(found_now.iter().any(unapplied), "{found_now:?}");
    }
}

#[tokio::test]
async fn two_views_that_stay_apart_are_an_alarm_and_two_that_move_are_not() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let written = bandung.file(1).1;
        place.send(&bandung, &[written]).await;
        let mut health = well(&place, &bandung, NOW);
        health.chain = Some(Position { epoch: 1, seq: 7 });
        tell(&place, &bandung, &health).await;
        assert_eq!(
            found(&place, &bandung).await,
            [],
            "the first may be on its way"
        );
        tell(&place, &bandung, &health).await;
        assert_eq!(
            found(&place, &bandung).await,
            [(Concern::Apart, State::Red)]
        );
        health.chain = Some(bandung.head.position());
        health.inbox = Some(Reached {
            depoch: 1,
            accepted: 0,
            settled: 0,
        });
        for _ in 0..2 {
            tell(&place, &bandung, &health).await;
            assert_eq!(found(&place, &bandung).await, []);
        }
        health.inbox = Some(Reached {
            depoch: 1,
            accepted: 1,
            settled: 0,
        });
        for _ in 0..2 {
            tell(&place, &bandung, &health).await;
        }
        assert_eq!(
            found(&place, &bandung).await,
            [(Concern::Apart, State::Red)]
        );
    }
}

/// The code with which what one start of a node asks, or tells of itself, is refused.
async fn as_start(place: &Place, of: &Institution, boot: &str, health: bool) -> Option<Code> {
    let asked = if health {
        let json = serde_json::to_string(&well(place, of, NOW)).unwrap();
        let asked = request(Method::POST, "/health").header("content-type", "application/json");
        asked.header("lapor-boot", boot).body(Body::from(json))
    } else {
        let asked = request(Method::GET, "/outbox/head").header("lapor-boot", boot);
        asked.body(Body::empty())
    };
    place.call(of, asked.unwrap()).await.code()
}

#[tokio::test]
async fn a_node_that_runs_twice_shows_while_the_former_copy_is_heard() {
    let twice = [(Concern::Twice, State::Red)];
    let (a, b, c) = ("a".repeat(32), "b".repeat(32), "c".repeat(32));
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let (later, restored) = (format!("{b}, {a}"), format!("{c}, {a}"));
        for start in [&a, &later] {
            assert_eq!(as_start(&place, &bandung, start, false).await, None);
            assert_eq!(as_start(&place, &bandung, start, true).await, None);
        }
        let refused = as_start(&place, &bandung, &restored, false).await;
        assert_eq!(refused, Some(Code::BootConflict));
        assert_eq!(
            found(&place, &bandung).await,
            [],
            "a node that was restored opens an epoch"
        );
        assert_eq!(as_start(&place, &bandung, &a, true).await, None);
        assert_eq!(found(&place, &bandung).await, twice, "the former one lives");
        place.clock.advance(4 * MINUTE);
        tell(&place, &bandung, &well(&place, &bandung, NOW + 4 * MINUTE)).await;
        assert_eq!(found(&place, &bandung).await, twice);
        place.clock.advance(MINUTE);
        tell(&place, &bandung, &well(&place, &bandung, NOW + 5 * MINUTE)).await;
        assert_eq!(found(&place, &bandung).await, [], "it was heard no more");

        let line = bandung.file(1).1.batch_line();
        let batch = request(Method::POST, "/outbox").header("content-type", NDJSON);
        let batch = batch.header("lapor-boot", &a).body(Body::from(line));
        let refused = place.call(&bandung, batch.unwrap()).await;
        assert_eq!(refused.code(), Some(Code::BootConflict));
        assert_eq!(found(&place, &bandung).await, twice, "it tried to send");
    }
}

#[tokio::test]
async fn who_is_not_expected_to_speak_is_grey() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, bandung, _] = place.three().await;
        membership::suspend(&place.hub.ground, &By::actor("test"), &bandung.id)
            .await
            .unwrap();
        let health = seen(&place, &bandung).await.health;
        assert_eq!((health.state, health.findings.len()), (State::Grey, 0));
        let counts = look(&place.hub).await.unwrap().counts();
        assert_eq!(counts[&State::Grey], 1);
        assert_eq!(counts[&State::Yellow], 2);
    }
}

async fn acknowledge(place: &Place, of: &Institution, accepted: u64, settled: u64) {
    let ack = Ack {
        recipient: of.id.clone(),
        stream: Stream::Inbox,
        depoch: of.inbox.depoch,
        accepted,
        settled,
        head: of.inbox.hash,
        exceptions: Vec::new(),
        at: NOW,
    };
    let line = ack.sign(&of.signing).to_line();
    let told = place.post(of, "/inbox/ack", line).await;
    assert_eq!(told.status, 204, "{:?}", told.code());
}
