//! The history of connections: how visits end with their process, and how the pages show what is kept.

use std::sync::Arc;

use http::StatusCode;
use lapor_migrations::Kind;
use lapor_protocol::ids::InstanceId;

use super::{BANDUNG, ConsoleRole, NOW, Page, Place, login};
use crate::app::Hub;
use crate::store;
use crate::watch::{Reason, end_of};

const MINUTE_MS: i64 = 60_000;

fn bandung() -> InstanceId {
    "kota-bandung".parse().unwrap()
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
            let former = hub.sequencer.right().name();
            let mut tx = place.ground.db.write().await.unwrap();
            end_of(&mut tx, former).await.unwrap();
            tx.commit().await.unwrap();
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
        looks
            .open(&format!("{all}?sebelum=kemarin"))
            .await
            .is(StatusCode::UNPROCESSABLE_ENTITY);
        looks
            .open("/konsol/instansi/kota-entah/sambungan")
            .await
            .is(StatusCode::NOT_FOUND);
    }
}
