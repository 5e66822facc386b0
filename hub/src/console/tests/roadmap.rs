//! The road map: every government, who stands for it, what is planned, and since when it is how far.

use http::StatusCode;
use lapor_protocol::directory::{InstanceEntry, Status};
use lapor_protocol::ids::InstanceKind;

use super::membership::{GARUT, id};
use super::{BANDUNG, ConsoleRole, NOW, Place, login};
use crate::levels::{self, Level, Levels};
use crate::testing::publish;
use crate::watch;

#[tokio::test]
async fn a_place_of_the_road_map_names_its_institution() {
    for place in Place::all(false).await {
        let mut entry = InstanceEntry::registered(
            "kab-cianjur".parse().unwrap(),
            InstanceKind::Kabupaten,
            "Pemkab Cianjur".to_owned(),
        );
        entry.region = Some("32.03".parse().unwrap());
        entry.status = Status::Active;
        publish(&place.ground, vec![entry]).await;
        let looks = place.enters(&login(ConsoleRole::Observer)).await;
        let page = looks.open("/konsol/peta-jalan/32.03").await;
        page.shows(">Pemkab Cianjur</a> <code>kab-cianjur</code>");
    }
}

#[tokio::test]
async fn the_road_map_has_every_government_and_what_is_planned_for_it() {
    for place in Place::all(false).await {
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        operator.post("/konsol/undang", GARUT).await;
        let whole = operator.open("/konsol/peta-jalan.csv").await;
        assert_eq!(whole.text.lines().count(), 1 + 38 + 508);
        let at = "/konsol/peta-jalan/32.05";
        let wrong = operator.post(at, &[("rencana", "nanti")]).await;
        wrong.is(StatusCode::UNPROCESSABLE_ENTITY);
        for (by, aim, field) in [
            ("", "bertukar", "rencana"),
            ("2027-q1", "dicabut", "sasaran"),
        ] {
            let wrong = operator
                .post(at, &[("rencana", by), ("sasaran", aim)])
                .await;
            wrong
                .is(StatusCode::UNPROCESSABLE_ENTITY)
                .shows(&format!("href=\"#{field}\""));
        }
        operator.post(at, &[("rencana", "2027-q1")]).await;
        operator.open(at).await.shows("2027-Q1").shows("kab-garut");
        let aim = [("rencana", "2027-q1"), ("sasaran", "bertukar")];
        operator.post(at, &aim).await.is(StatusCode::SEE_OTHER);
        let said = "2027-Q1: Bertukar pesan";
        operator
            .open(at)
            .await
            .shows(said)
            .shows("<option value=\"bertukar\" selected>");
        operator.open("/konsol/peta-jalan").await.shows(said);
        let one = operator.open("/konsol/peta-jalan.csv?cari=garut").await;
        assert!(one.text.contains(",diundang,"), "{}", one.text);
        assert!(
            one.text.contains(",2027-Q1,kab-garut,bertukar"),
            "{}",
            one.text
        );
        operator
            .open("/konsol/peta-jalan?tingkat=diundang")
            .await
            .shows("Kabupaten Garut")
            .hides("Kabupaten Ciamis");
        operator
            .open("/konsol/peta-jalan")
            .await
            .shows("Jawa Barat");
        let (_, detail) = place.audited("roadmap.planned").await.remove(0);
        assert_eq!(detail, "2027-Q1: bertukar");
    }
}

#[tokio::test]
async fn the_road_map_says_since_when_somebody_stands_at_a_level() {
    const MINUTE_MS: i64 = 60_000;
    for place in Place::all(false).await {
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        let bandung = id("kota-bandung");
        let since = async || {
            let picture = watch::look(&place.console.hub).await.unwrap();
            levels::note(&place.console.hub, &picture).await.unwrap();
            let mut tx = place.ground.db.read().await.unwrap();
            let reached = Levels::of_one(&mut tx, picture.at, &picture.instances[&bandung]).await;
            let reached = reached.unwrap();
            (reached.level, reached.since)
        };
        assert_eq!(since().await, (Level::Joined, None), "before it was noted");
        place.clock.advance(MINUTE_MS);
        let reason = [("alasan", "kunci bocor")];
        operator
            .post(&format!("{BANDUNG}/tangguhkan"), &reason)
            .await;
        let suspended = (Level::Suspended, Some(NOW + MINUTE_MS));
        assert_eq!(since().await, suspended);
        place.clock.advance(MINUTE_MS);
        assert_eq!(since().await, suspended, "it stays");
    }
}
