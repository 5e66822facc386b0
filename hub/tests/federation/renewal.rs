//! Certificates that change while the hub serves: its own, and the issuer of
//! all. Nobody has to be online for it and nobody is cut off.

use lapor_certs::tls::{clock, enrolment_client_config, federation_client_config};
use lapor_certs::{Credential, RenewRequest, RenewResponse, TlsKey};
use lapor_hub::clock::Clock as _;
use lapor_protocol::ids::InstanceId;
use lapor_protocol::wire::PREFIX;
use std::sync::Arc;

use super::harness::{Institution, NOW, Place, databases};
use super::serving::{Listening, client, join, listen};

const DAY_MS: i64 = 86_400_000;

async fn renew(
    place: &Place,
    at: &Listening,
    who: &InstanceId,
    client: &reqwest::Client,
) -> Credential {
    let key = TlsKey::generate();
    let url = format!("{}{PREFIX}/certificates/renew", at.federation);
    let asked = client.post(url).json(&RenewRequest { csr: key.request() });
    let answer = asked.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let answer: RenewResponse = answer.json().await.unwrap();
    let accepted = answer.check(who, &key.public(), &place.roots()).unwrap();
    Credential::new(accepted.chain, key).unwrap()
}

fn member(place: &Place, credential: &Credential) -> reqwest::Client {
    let now = place.clock.now_ms();
    let config = federation_client_config(
        credential,
        &place.roots(),
        clock(move || now),
        Arc::default(),
    );
    client(config.unwrap())
}

#[tokio::test]
async fn the_hub_renews_its_certificate_while_it_serves() {
    lapor_certs::tls::install_default_provider();
    for db in databases().await {
        let place = Place::new(&db).await;
        let mut shown = place.hub.watch_certificate();
        let at = listen(&place);
        shown.wait_for(Option::is_some).await.unwrap();
        let first = *shown.borrow_and_update();
        let bandung = Institution::unjoined("kota-bandung", 20);
        let open = join(&place, &at, &bandung).await;
        let url = format!("{}{PREFIX}/outbox/head", at.federation);
        assert_eq!(open.get(&url).send().await.unwrap().status(), 200);

        place.clock.advance(44 * DAY_MS);
        place.hub.look_after_certificate();
        place.clock.advance(DAY_MS);
        place.hub.look_after_certificate();
        shown.changed().await.unwrap();
        let second = *shown.borrow_and_update();
        assert!(second.is_some() && second != first);
        assert_eq!(
            open.get(&url).send().await.unwrap().status(),
            200,
            "open connections go on"
        );

        // Beyond the life of the first one; who comes now has no doubt of its clock.
        place.clock.advance(50 * DAY_MS);
        let now = place.clock.now_ms();
        assert!(now > NOW + 90 * DAY_MS);
        let doubt = Arc::default();
        let config = enrolment_client_config(
            &place.roots().pins(),
            clock(move || now),
            Arc::clone(&doubt),
        );
        let public = format!("{}/.well-known/lapor", at.enrolment);
        let known = client(config.unwrap()).get(public).send().await.unwrap();
        assert_eq!(known.status(), 200);
        let doubt: &lapor_certs::tls::ClockDoubt = &doubt;
        assert!(!doubt.is_raised());
        at.end().await;
    }
}

#[tokio::test]
async fn another_issuer_certifies_while_half_of_the_nodes_are_away() {
    lapor_certs::tls::install_default_provider();
    for db in databases().await {
        let place = Place::new(&db).await;
        let mut shown = place.hub.watch_certificate();
        let at = listen(&place);
        shown.wait_for(Option::is_some).await.unwrap();
        let (bandung, garut) = (
            Institution::unjoined("kota-bandung", 20),
            Institution::unjoined("kab-garut", 30),
        );
        let here = join(&place, &at, &bandung).await;
        let away = join(&place, &at, &garut).await;
        let url = format!("{}{PREFIX}/outbox/head", at.federation);
        let old = renew(&place, &at, &bandung.id, &here).await;

        place.rotate_issuer();
        place.hub.look_after_certificate();
        shown.changed().await.unwrap();
        let issuer = place.hub.ground.certifier();
        let issuer = issuer.issuer.certificate();
        assert_ne!(&old.chain()[1], issuer);
        let again = member(&place, &old);
        assert_eq!(again.get(&url).send().await.unwrap().status(), 200);
        let new = renew(&place, &at, &bandung.id, &again).await;
        assert_eq!(&new.chain()[1], issuer);
        let renewed = member(&place, &new);
        assert_eq!(renewed.get(&url).send().await.unwrap().status(), 200);

        // It was off all the while, and its certificate is of the former issuer.
        place.clock.advance(29 * DAY_MS);
        assert_eq!(away.get(&url).send().await.unwrap().status(), 200);
        let newcomer = Institution::unjoined("kota-bogor", 40);
        let newcomer = join(&place, &at, &newcomer).await;
        assert_eq!(newcomer.get(&url).send().await.unwrap().status(), 200);
        at.end().await;
    }
}
