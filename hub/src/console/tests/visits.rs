//! The history of connections: how visits end with their process, and how the pages show what is kept.

use std::sync::Arc;

use http::StatusCode;
use lapor_migrations::Kind;
use lapor_protocol::ids::InstanceId;

use super::{BANDUNG, ConsoleRole, NOW, Page, Place, login};
use crate::app::Hub;
use crate::store;
use crate::store::presences::{self, PresenceRow};
use crate::watch::{Reason, end_of};

const MINUTE_MS: i64 = 60_000;

fn bandung() -> InstanceId {
    "kota-bandung".parse().unwrap()
}

impl Place {
    /// The leader of a hub's processes ends what one that says nothing has left open.
    async fn ends(&self, hub: &Hub) {
        let mut tx = self.ground.db.write().await.unwrap();
        let silent = hub.sequencer.right().name();
        end_of(&mut tx, silent).await.unwrap();
        tx.commit().await.unwrap();
    }
}

/// Moment, kind and reason of each line, the latest first.
async fn lines(place: &Place) -> Vec<(i64, String, String)> {
    let mut tx = place.ground.db.read().await.unwrap();
    let visits = store::visits::latest(&mut tx, &bandung(), 50).await;
    let visits = visits.unwrap().into_iter();
    visits
        .map(|line| (line.at - NOW, line.what, line.detail))
        .collect()
}

fn line(at: i64, what: &str, detail: &str) -> (i64, String, String) {
    (at, what.to_owned(), detail.to_owned())
}

#[tokio::test]
async fn what_a_killed_process_leaves_open_ends_when_it_was_last_known() {
    for place in Place::all(false).await {
        let (hub, last) = (&place.console.hub, NOW + MINUTE_MS);
        let visits = &hub.connections.visits;
        visits.came(&bandung(), NOW);
        visits.write(hub).await.unwrap();
        place.clock.advance(MINUTE_MS);
        visits.write(hub).await.unwrap();
        place.clock.advance(MINUTE_MS / 2);
        visits.write(hub).await.unwrap();

        let next = Hub::start(Arc::clone(&place.ground)).await.unwrap();
        let came = line(0, "came", "");
        let ended = line(last - NOW, "left", "hub_ended");
        if place.ground.db.kind() == Kind::Postgres {
            assert_eq!(
                lines(&place).await,
                std::slice::from_ref(&came),
                "both may be at work"
            );
            // As its leader does once nothing has come of the other for a while.
            place.ends(hub).await;
        }
        assert_eq!(lines(&place).await, [ended.clone(), came.clone()]);

        let visits = &next.connections.visits;
        let again = NOW + 2 * MINUTE_MS;
        visits.came(&bandung(), again);
        visits.left(&bandung(), Reason::Closed, again + 1);
        visits.write(&next).await.unwrap();
        let mut tx = place.ground.db.write().await.unwrap();
        end_of(&mut tx, "").await.unwrap();
        tx.commit().await.unwrap();
        let gone = line(again + 1 - NOW, "left", "closed");
        let back = line(again - NOW, "came", "");
        assert_eq!(lines(&place).await, [gone, back, ended, came]);
        let looks = place.enters(&login(ConsoleRole::Observer)).await;
        let page = looks.open(BANDUNG).await;
        page.shows("Terputus: hub berakhir tanpa pemberitahuan")
            .hides("sambungan?sebelum");
    }
}

#[tokio::test]
async fn one_process_ends_no_visits_of_another() {
    for place in Place::all(false).await {
        let hub = &place.console.hub;
        hub.connections.visits.came(&bandung(), NOW);
        hub.connections.visits.write(hub).await.unwrap();
        let mut tx = place.ground.db.write().await.unwrap();
        end_of(&mut tx, "another").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(lines(&place).await, [line(0, "came", "")]);
    }
}

#[tokio::test]
async fn who_stays_with_a_process_that_was_taken_for_gone_is_there_again() {
    for place in Place::all(false).await {
        let hub = &place.console.hub;
        let visits = &hub.connections.visits;
        visits.came(&bandung(), NOW);
        visits.write(hub).await.unwrap();
        place.ends(hub).await;
        for _ in 0..2 {
            place.clock.advance(2 * MINUTE_MS);
            visits.write(hub).await.unwrap();
        }
        let before = [
            line(2 * MINUTE_MS, "came", ""),
            line(0, "left", "hub_ended"),
            line(0, "came", ""),
        ];
        assert_eq!(lines(&place).await, before, "it is said once");

        // Whoever came anew meanwhile has a line of its own.
        place.ends(hub).await;
        let anew = 5 * MINUTE_MS;
        place.clock.advance(2 * MINUTE_MS);
        visits.left(&bandung(), Reason::Broken, NOW + anew);
        visits.came(&bandung(), NOW + anew + 1);
        visits.write(hub).await.unwrap();
        let since = [
            line(anew + 1, "came", ""),
            line(anew, "left", "broken"),
            line(4 * MINUTE_MS, "left", "hub_ended"),
        ];
        let all: Vec<_> = since.into_iter().chain(before).collect();
        assert_eq!(lines(&place).await, all);
    }
}

#[tokio::test]
async fn what_nobody_can_read_of_a_former_process_keeps_nobody_from_going_on() {
    for place in Place::all(false).await {
        let mut tx = place.ground.db.write().await.unwrap();
        let row = PresenceRow {
            at: NOW,
            slugs: "[\"Kota Bandung\"".to_owned(),
        };
        presences::put(&mut tx, "former", &row).await.unwrap();
        end_of(&mut tx, "former").await.unwrap();
        let stands = presences::take(&mut tx, "").await.unwrap();
        assert!(stands.is_empty(), "{stands:?}");
        tx.commit().await.unwrap();
        let told = lines(&place).await;
        assert!(told.is_empty(), "{told:?}");
    }
}

#[tokio::test]
async fn whoever_is_connected_when_the_hub_stops_has_left_once() {
    for place in Place::all(false).await {
        let hub = &place.console.hub;
        let visits = &hub.connections.visits;
        visits.came(&bandung(), NOW);
        visits.stopped(NOW + 1);
        visits.left(&bandung(), Reason::Unanswered, NOW + 2);
        visits.write(hub).await.unwrap();
        let expected = [line(1, "left", "stopped"), line(0, "came", "")];
        assert_eq!(lines(&place).await, expected);
    }
}

#[tokio::test]
async fn what_former_processes_have_written_is_shortened_when_one_starts() {
    for place in Place::all(false).await {
        let silent: InstanceId = "kota-bogor".parse().unwrap();
        for process in 0..6 {
            let hub = Hub::start(Arc::clone(&place.ground)).await.unwrap();
            let visits = &hub.connections.visits;
            for number in 0..20 {
                let at = NOW + (process * 20 + number) * MINUTE_MS;
                visits.came(&bandung(), at);
                visits.left(&bandung(), Reason::Broken, at);
                visits.write(&hub).await.unwrap();
            }
            visits.came(&silent, NOW + process);
            visits.left(&silent, Reason::Broken, NOW + process);
            visits.write(&hub).await.unwrap();
            hub.stop().await;
        }
        let kept = async |of: &InstanceId| {
            let mut tx = place.ground.db.read().await.unwrap();
            let kept = store::visits::latest(&mut tx, of, 1_000).await.unwrap();
            tx.rollback().await.unwrap();
            kept
        };
        let before = kept(&bandung()).await;
        Hub::start(Arc::clone(&place.ground)).await.unwrap();
        assert_eq!(kept(&bandung()).await, before[..200], "the latest");
        assert_eq!(kept(&silent).await.len(), 12, "there were no more");
    }
}

#[tokio::test]
async fn older_visits_stand_in_pages_of_their_own() {
    for place in Place::all(false).await {
        let hub = &place.console.hub;
        let visits = &hub.connections.visits;
        for number in 0..39 {
            visits.came(&bandung(), NOW + number * MINUTE_MS);
            visits.left(&bandung(), Reason::Broken, NOW + number * MINUTE_MS);
            visits.write(hub).await.unwrap();
        }
        // Pages end between two lines of one moment.
        visits.refused(&bandung(), "rate_limited", NOW + 40 * MINUTE_MS);
        visits.write(hub).await.unwrap();
        let looks = place.enters(&login(ConsoleRole::Observer)).await;
        let count = |page: &Page| page.text.matches("Tersambung</li>").count();
        let page = looks.open(BANDUNG).await;
        assert_eq!(count(&page), 14);
        let older = page.between("<a href=\"/konsol/instansi/kota-bandung/sambungan?", "\"");
        let all = format!("{BANDUNG}/sambungan");
        let page = looks.open(&format!("{all}?{older}")).await;
        assert_eq!(count(&page), 25, "the rest");
        page.shows("Kembali ke awal").hides("rel=\"next\"");

        let first = looks.open(&all).await;
        assert_eq!(count(&first), 24);
        first.hides("Kembali ke awal");
        let next = first.between("rel=\"next\" href=\"", "\"");
        assert_eq!(count(&looks.open(&next).await), 15);
        for (unplaced, status) in [
            ("kemarin", StatusCode::UNPROCESSABLE_ENTITY),
            ("1.entah", StatusCode::UNPROCESSABLE_ENTITY),
            // PostgreSQL takes no text with it.
            ("1.%00", StatusCode::BAD_REQUEST),
        ] {
            looks
                .open(&format!("{all}?sebelum={unplaced}"))
                .await
                .is(status);
        }
        looks
            .open("/konsol/instansi/kota-entah/sambungan")
            .await
            .is(StatusCode::NOT_FOUND);
    }
}
