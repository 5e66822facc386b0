//! Who has joined a moment ago, or renewed one: what the hub tells of it at once is
//! true, and where it must be approved it waits until it is.

use axum::body::Body;
use http::Request;
use lapor_certs::TlsKey;
use lapor_hub::audit::By;
use lapor_hub::enrolment::renew;
use lapor_hub::levels::{Level, Levels};
use lapor_hub::membership::{self, MembershipError, Profile};
use lapor_hub::watch::{Concern, Instance, State, look};
use lapor_protocol::directory::Status;
use lapor_protocol::ids::InstanceKind;
use lapor_protocol::problem::Code;
use lapor_protocol::wire::{Health, PREFIX};

use super::harness::{Institution, NOW, Place, databases};

const DAY: i64 = 86_400_000;

/// A report of a node in good order that has read a directory.
fn report(now_ms: i64, directory: u64, certificate_expires: i64) -> Health {
    Health {
        software: concat!("lapor-node ", env!("CARGO_PKG_VERSION")).into(),
        time: now_ms,
        unsent: 0,
        oldest_unsent: None,
        unapplied: 0,
        quarantined: 0,
        parked: 0,
        directory,
        certificate_expires,
        free_disk_bytes: Some(100 << 30),
        last_backup: Some(now_ms - DAY),
        chain: None,
        inbox: None,
        holds: None,
        portal: None,
    }
}

async fn tell(place: &Place, of: &Institution, health: &Health) {
    let json = serde_json::to_string(health).unwrap();
    let told = place.post(of, "/health", json).await;
    assert_eq!(told.status, 204, "{:?}", told.code());
}

async fn seen(place: &Place, of: &Institution) -> Instance {
    look(&place.hub).await.unwrap().instances[&of.id].clone()
}

async fn found(place: &Place, of: &Institution) -> Vec<(Concern, State)> {
    let health = seen(place, of).await.health;
    let findings = health.findings.into_iter();
    findings.map(|found| (found.concern, found.state)).collect()
}

#[tokio::test]
async fn a_newcomer_lacks_the_directory_since_it_joined() {
    for db in databases().await {
        let place = Place::new(&db).await;
        place.three().await;
        place.clock.advance(60 * DAY);
        let now = NOW + 60 * DAY;
        let newcomer = place.join("kemenkes", InstanceKind::Kementerian, 40).await;
        tell(&place, &newcomer, &report(now, 0, now + 20 * DAY)).await;
        assert_eq!(found(&place, &newcomer).await, []);
        place.clock.advance(DAY);
        let now = now + DAY;
        tell(&place, &newcomer, &report(now, 0, now + 20 * DAY)).await;
        assert_eq!(
            found(&place, &newcomer).await,
            [(Concern::Directory, State::Red)]
        );
    }
}

#[tokio::test]
async fn who_was_suspended_lacks_what_it_could_not_read_since_it_was_resumed() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, bandung, _] = place.three().await;
        let ground = &place.hub.ground;
        let version = ground.directory.current().version();
        let by = By::actor("test");
        membership::suspend(ground, &by, &bandung.id).await.unwrap();
        place.clock.advance(2 * DAY);
        membership::resume(ground, &by, &bandung.id).await.unwrap();
        let now = NOW + 2 * DAY;
        tell(&place, &bandung, &report(now, version, now + 20 * DAY)).await;
        assert_eq!(found(&place, &bandung).await, []);
    }
}

#[tokio::test]
async fn whoever_renews_and_goes_silent_has_the_certificate_that_the_hub_issued() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, bandung, _] = place.three().await;
        tell(&place, &bandung, &report(NOW, 4, NOW + 5 * DAY)).await;
        assert_eq!(
            seen(&place, &bandung).await.certificate_expires,
            Some(NOW + 5 * DAY)
        );
        place.clock.advance(DAY);
        let key = TlsKey::generate().public();
        renew(&place.hub.ground, &bandung.id, None, &key)
            .await
            .unwrap();
        place.clock.advance(10 * DAY);
        let found = found(&place, &bandung).await;
        assert!(
            found.iter().all(|(of, _)| *of != Concern::Certificate),
            "{found:?}"
        );
        let ends = seen(&place, &bandung).await.certificate_expires.unwrap();
        assert!(ends > NOW + 20 * DAY, "{ends}");
    }
}

async fn joins(place: &Place, slug: &str, seed: u8, approved: bool) -> Institution {
    let profile = Profile {
        approved,
        ..Profile::of(slug.parse().unwrap(), InstanceKind::Kota)
    };
    let made = membership::invite(&place.hub.ground, &By::actor("test"), &profile).await;
    let invitation = made.unwrap().line.parse().unwrap();
    let institution = Institution::unjoined(slug, seed);
    let request = institution.request(&invitation);
    let from = [192, 0, 2, 9].into();
    let ground = &place.hub.ground;
    lapor_hub::enrolment::enrol(ground, &request, from)
        .await
        .unwrap();
    institution
}

async fn level(place: &Place, of: &Institution) -> Level {
    let seen = seen(place, of).await;
    let mut tx = place.hub.ground.db.read().await.unwrap();
    let reached = Levels::of_one(&mut tx, place.hub.now_ms(), &seen).await;
    reached.unwrap().level
}

#[tokio::test]
async fn who_joins_waits_until_it_is_approved_and_is_refused_meanwhile() {
    for db in databases().await {
        let place = Place::with(&db, |settings| settings.enrolment.approval = true).await;
        let ground = &place.hub.ground;
        let by = By::actor("test");
        let handed = joins(&place, "kota-bogor", 50, true).await;
        assert_eq!(seen(&place, &handed).await.status, Status::Active);
        let bandung = joins(&place, "kota-bandung", 20, false).await;
        assert_eq!(seen(&place, &bandung).await.waits_since, Some(NOW));
        assert_eq!(level(&place, &bandung).await, Level::Joined);
        let refused = place.get(&bandung, "/directory?after=0").await;
        assert_eq!(refused.code(), Some(Code::InstanceSuspended));
        let resumed = membership::resume(ground, &by, &bandung.id).await;
        assert!(
            matches!(resumed, Err(MembershipError::Unapproved(_))),
            "who was never approved is not resumed"
        );
        place.clock.advance(3 * DAY);
        membership::admit(ground, &by, &bandung.id).await.unwrap();
        let now = seen(&place, &bandung).await;
        assert_eq!((now.status, now.waits_since), (Status::Active, None));
        let read = place.get(&bandung, "/directory?after=0").await;
        assert_eq!(read.status, 200);
        let now = NOW + 3 * DAY;
        tell(&place, &bandung, &report(now, 0, now + 20 * DAY)).await;
        assert_eq!(found(&place, &bandung).await, [], "it can read since now");
        let again = membership::admit(ground, &by, &bandung.id).await;
        assert!(matches!(again, Err(MembershipError::NotWaiting(_))));
        membership::suspend(ground, &by, &bandung.id).await.unwrap();
        membership::resume(ground, &by, &bandung.id).await.unwrap();
    }
}

#[tokio::test]
async fn who_is_refused_is_revoked_and_waits_no_more() {
    for db in databases().await {
        let place = Place::with(&db, |settings| settings.enrolment.approval = true).await;
        let ground = &place.hub.ground;
        let bandung = joins(&place, "kota-bandung", 20, false).await;
        let by = By {
            reason: "sidik jari berbeda",
            ..By::actor("test")
        };
        membership::revoke(ground, &by, &bandung.id, None)
            .await
            .unwrap();
        assert_eq!(seen(&place, &bandung).await.waits_since, None);
        let admitted = membership::admit(ground, &by, &bandung.id).await;
        assert!(matches!(admitted, Err(MembershipError::Status { .. })));
        let request = Request::get(format!("{PREFIX}/outbox/head")).header("lapor-version", "1");
        let refused = place
            .call(&bandung, request.body(Body::empty()).unwrap())
            .await;
        assert_eq!(refused.code(), Some(Code::InstanceRevoked));
    }
}
