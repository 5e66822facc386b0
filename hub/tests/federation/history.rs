//! What the hub remembers of an institution: the worst of each step and what
//! passed in it, and when it came, left and was turned away, with the reasons.

use std::time::Duration;

use lapor_hub::audit::By;
use lapor_hub::membership;
use lapor_hub::store;
use lapor_hub::watch::{Span, look, note};
use lapor_protocol::wire::PREFIX;
use reqwest::Client;

use super::harness::{Institution, NOW, Place, databases};
use super::serving::{Listening, join, listen};
use super::watch::{MINUTE, seen, tell, well};

/// Longer than any step of a test.
const PATIENCE: Duration = Duration::from_secs(15);

#[tokio::test]
async fn the_history_keeps_the_worst_of_each_step_and_counts_traffic() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let told = |minutes: i64, unsent: u64| {
            let mut health = well(&place, &bandung, NOW + minutes * MINUTE);
            health.unsent = unsent;
            health
        };
        let start = NOW - NOW.rem_euclid(Span::Day.step());
        tell(&place, &bandung, &told(0, 5)).await;
        note(&place.hub, &look(&place.hub).await.unwrap())
            .await
            .unwrap();
        tell(&place, &bandung, &told(0, 2)).await;
        note(&place.hub, &look(&place.hub).await.unwrap())
            .await
            .unwrap();
        let written = bandung.file(1).1;
        place.send(&bandung, &[written]).await;
        place.clock.advance(Span::Day.step());
        let picture = look(&place.hub).await.unwrap();
        note(&place.hub, &picture).await.unwrap();
        let of = &picture.instances[&bandung.id];
        assert_eq!(
            of.traffic,
            of.sent + of.received,
            "nothing was sent before the first step"
        );
        assert!(of.traffic > 0);
        let of = seen(&place, &bandung).await;
        assert_eq!(of.traffic, of.sent + of.received, "its first hour counts");

        let mut tx = place.hub.ground.db.read().await.unwrap();
        let steps = store::samples::of_one(&mut tx, &bandung.id, Span::Day.step(), start)
            .await
            .unwrap();
        let kept: Vec<_> = steps
            .iter()
            .map(|s| (s.at - start, s.unsent, s.sent))
            .collect();
        assert_eq!(
            kept,
            [(0, Some(5), 0), (Span::Day.step(), None, 1)],
            "what it said five minutes ago is not known any more"
        );
        tx.rollback().await.unwrap();
        place.clock.advance(Span::Day.step());
        let of = seen(&place, &bandung).await;
        assert_eq!(
            of.traffic,
            of.sent + of.received,
            "and does when the counts of a day ago are read again"
        );

        place
            .clock
            .advance(Span::Day.length() + 2 * Span::Day.step());
        note(&place.hub, &look(&place.hub).await.unwrap())
            .await
            .unwrap();
        let mut tx = place.hub.ground.db.read().await.unwrap();
        let steps = store::samples::of_one(&mut tx, &bandung.id, Span::Day.step(), start)
            .await
            .unwrap();
        assert_eq!(steps.len(), 1, "what is older than a day is forgotten");
        let hours = store::samples::of_one(&mut tx, &bandung.id, Span::Month.step(), 0)
            .await
            .unwrap();
        assert_eq!(hours.len(), 2, "and stands in the month");
        tx.rollback().await.unwrap();

        place.clock.advance(Span::Month.step());
        let of = seen(&place, &bandung).await;
        assert_eq!(of.traffic, 0, "of what was sent a day ago nothing counts");
    }
}

/// An institution joins, asks where its chain ends, and is seen; a second goes by. Returns its client, and
/// where it asks.
async fn comes(place: &Place, at: &Listening) -> (Institution, Client, String) {
    let bandung = Institution::unjoined("kota-bandung", 20);
    let client = join(place, at, &bandung).await;
    let url = format!("{}{PREFIX}/outbox/head", at.federation);
    client.get(&url).send().await.unwrap();
    assert_eq!(seen(place, &bandung).await.connections, 1);
    place.clock.advance(1_000);
    (bandung, client, url)
}

#[tokio::test]
async fn an_institution_comes_goes_and_is_turned_away_with_reasons() {
    lapor_certs::tls::install_default_provider();
    for db in databases().await {
        let place = Place::new(&db).await;
        let at = listen(&place);
        let (bandung, client, url) = comes(&place, &at).await;
        let foreign = client.get(&url).header("lapor-version", "9");
        foreign.send().await.unwrap();
        place.clock.advance(1_000);
        membership::suspend(&place.hub.ground, &By::actor("test"), &bandung.id)
            .await
            .unwrap();
        client.get(&url).send().await.unwrap();
        let expected = [
            ("came", ""),
            ("refused", "version_unsupported"),
            ("refused", "instance_suspended"),
            ("left", "cut_off"),
        ];
        let history = async {
            loop {
                let mut tx = place.hub.ground.db.read().await.unwrap();
                let lines = store::visits::latest(&mut tx, &bandung.id, 50)
                    .await
                    .unwrap();
                tx.rollback().await.unwrap();
                let known: Vec<_> = lines
                    .iter()
                    .map(|l| (l.what.as_str(), l.detail.as_str()))
                    .collect();
                if expected.iter().all(|line| known.contains(line)) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(PATIENCE, history)
            .await
            .expect("every reason stands in the history");

        place.clock.advance(1_000);
        client.get(&url).send().await.unwrap();
        assert_eq!(seen(&place, &bandung).await.connections, 1);
        let by = By::actor("test");
        membership::revoke(&place.hub.ground, &by, &bandung.id, None)
            .await
            .unwrap();
        let cut = async {
            while place.hub.open_connections(&bandung.id) > 0 {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(PATIENCE, cut)
            .await
            .expect("a revocation ends what came while it was suspended");
        place.clock.advance(1_000);
        client.get(&url).send().await.unwrap();
        let told = async {
            loop {
                let mut tx = place.hub.ground.db.read().await.unwrap();
                let lines = store::visits::latest(&mut tx, &bandung.id, 50).await;
                tx.rollback().await.unwrap();
                let lines = lines.unwrap();
                if lines[0].detail == "instance_revoked" {
                    return lines;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        let lines = tokio::time::timeout(PATIENCE, told)
            .await
            .expect("the newest line says why it is refused");
        let came = lines.iter().filter(|line| line.what == "came").count();
        assert_eq!(came, 1, "it comes no more once it is suspended: {lines:?}");
        drop(client);
        at.end().await;
    }
}

#[tokio::test]
async fn who_is_connected_when_the_hub_stops_has_left_because_of_that() {
    lapor_certs::tls::install_default_provider();
    for db in databases().await {
        let place = Place::new(&db).await;
        let at = listen(&place);
        let (bandung, client, _) = comes(&place, &at).await;
        at.end().await;
        drop(client);
        let mut tx = place.hub.ground.db.write().await.unwrap();
        let lines = store::visits::latest(&mut tx, &bandung.id, 50).await;
        let lines = lines.unwrap();
        let said: Vec<_> = lines
            .iter()
            .map(|l| (l.what.as_str(), l.detail.as_str()))
            .collect();
        assert_eq!(said, [("left", "stopped"), ("came", "")]);
        let open = store::presences::take(&mut tx, "").await.unwrap();
        assert_eq!(open, [], "nobody is said to be connected");
        tx.rollback().await.unwrap();
    }
}
