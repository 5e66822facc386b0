//! Certificates that change while the hub serves: its own, and the issuer of
//! all. Nobody has to be online for it and nobody is cut off, but by certificates
//! that an operator has made void.

use lapor_certs::tls::{clock, enrolment_client_config, federation_client_config};
use lapor_certs::{
    ChallengeRequest, ChallengeResponse, Credential, RecoverRequest, RenewRequest, RenewResponse,
    Serial, TlsKey,
};
use lapor_hub::audit::By;
use lapor_hub::clock::Clock as _;
use lapor_hub::membership;
use lapor_hub::store::joining;
use lapor_migrations::on;
use lapor_protocol::ids::{InstanceId, InstanceKind};
use lapor_protocol::problem::{Code, Problem};
use lapor_protocol::wire::PREFIX;
use std::sync::Arc;
use std::time::Duration;

use super::harness::{Institution, NOW, Place, databases};
use super::serving::{Listening, client, join, listen};

const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;

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

/// Asks for a certificate by the identity key.
async fn recover(place: &Place, at: &Listening, who: &Institution) -> Result<Credential, Code> {
    let now = place.clock.now_ms();
    let pins = place.roots().pins();
    let config = enrolment_client_config(&pins, clock(move || now), Arc::default());
    let bare = client(config.unwrap());
    let ask = |what: &str| bare.post(format!("{}{PREFIX}/certificates/{what}", at.enrolment));
    let instance = who.id.clone();
    let asked = ask("challenge").json(&ChallengeRequest { instance });
    let challenge: ChallengeResponse = asked.send().await.unwrap().json().await.unwrap();
    let key = TlsKey::generate();
    let domain = &place.hub.ground.trust_domain;
    let request = RecoverRequest::build(domain, &who.id, &challenge, key.request(), &who.identity);
    let answer = ask("recover").json(&request).send().await.unwrap();
    if answer.status() != 200 {
        let problem: Problem = answer.json().await.unwrap();
        return Err(problem.code);
    }
    let answer: RenewResponse = answer.json().await.unwrap();
    let accepted = answer.check(&who.id, &key.public(), &place.roots());
    Ok(Credential::new(accepted.unwrap().chain, key).unwrap())
}

/// A certificate that somebody makes who has the issuer.
fn minted(place: &Place, who: &InstanceId, serial: u8) -> Credential {
    let key = TlsKey::generate();
    let certifier = place.hub.ground.certifier();
    let serial = Serial::from_random([serial; 16]);
    let now = place.clock.now_ms();
    let issued = certifier
        .issuer
        .issue_instance(&key.public(), who, now, serial);
    Credential::new(issued.unwrap().chain, key).unwrap()
}

/// Asks until a client is refused, which must be soon; connections that are open end meanwhile.
async fn until_refused(client: &reqwest::Client, url: &str) -> Code {
    let refused = async {
        loop {
            if let Ok(answer) = client.get(url).send().await
                && answer.status() == 403
            {
                let problem: Problem = answer.json().await.unwrap();
                return problem.code;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let refused = tokio::time::timeout(Duration::from_secs(5), refused).await;
    refused.expect("within five seconds")
}

#[tokio::test]
async fn void_certificates_let_nobody_in_and_the_identity_key_brings_another() {
    lapor_certs::tls::install_default_provider();
    for db in databases().await {
        let place = Place::new(&db).await;
        let at = listen(&place);
        let bandung = Institution::unjoined("kota-bandung", 20);
        let garut = Institution::unjoined("kab-garut", 30);
        let copied = join(&place, &at, &bandung).await;
        let other = join(&place, &at, &garut).await;
        let url = |path: &str| format!("{}{PREFIX}{path}", at.federation);
        let head = url("/outbox/head");
        // Whoever copied the file has a key of their own from now on.
        let thief = renew(&place, &at, &bandung.id, &copied).await;
        let thief = member(&place, &thief);
        let forged = member(&place, &minted(&place, &bandung.id, 7));
        for client in [&copied, &thief, &forged] {
            assert_eq!(client.get(&head).send().await.unwrap().status(), 200);
        }
        let poll = tokio::spawn(thief.get(url("/inbox?wait=25")).send());
        assert_eq!(thief.get(&head).send().await.unwrap().status(), 200);

        let by = By::actor("test");
        membership::void_certificates(&place.hub.ground, &by, &bandung.id)
            .await
            .unwrap();
        // Before this process has looked: the transaction of a renewal does.
        let key = TlsKey::generate();
        let asked = thief.post(url("/certificates/renew"));
        let asked = asked.json(&RenewRequest { csr: key.request() });
        assert_eq!(asked.send().await.unwrap().status(), 403);
        let ended = tokio::time::timeout(Duration::from_secs(5), poll).await;
        let ended = ended.expect("a poll that is held ends").unwrap();
        assert!(ended.is_err() || ended.is_ok_and(|answer| answer.status() == 403));
        for client in [&copied, &thief, &forged] {
            assert_eq!(until_refused(client, &head).await, Code::CertificateUnknown);
            for path in ["/inbox", "/directory", "/public"] {
                let answer = client.get(url(path)).send().await.unwrap();
                assert_eq!(answer.status(), 403, "{path}");
            }
            let asked = client.post(url("/certificates/renew"));
            let asked = asked.json(&RenewRequest { csr: key.request() });
            assert_eq!(asked.send().await.unwrap().status(), 403);
        }
        let takes_places = async {
            while place.hub.open_connections(&bandung.id) > 0 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let gone = tokio::time::timeout(Duration::from_secs(5), takes_places).await;
        assert!(gone.is_ok(), "what is refused takes no place of its own");
        let without = Institution::unjoined("kota-bandung", 40);
        let refused = recover(&place, &at, &without).await.err();
        assert_eq!(refused, Some(Code::RecoveryInvalid));

        let recovered = recover(&place, &at, &bandung).await.unwrap();
        let recovered = member(&place, &recovered);
        assert_eq!(recovered.get(&head).send().await.unwrap().status(), 200);
        let renewed = renew(&place, &at, &bandung.id, &recovered).await;
        let renewed = member(&place, &renewed);
        assert_eq!(renewed.get(&head).send().await.unwrap().status(), 200);
        assert_eq!(other.get(&head).send().await.unwrap().status(), 200);
        at.end().await;
    }
}

#[tokio::test]
async fn where_all_are_void_what_a_stolen_issuer_makes_for_whoever_joins_later_is_void_too() {
    lapor_certs::tls::install_default_provider();
    for db in databases().await {
        let place = Place::new(&db).await;
        let at = listen(&place);
        let head = format!("{}{PREFIX}/outbox/head", at.federation);
        let bandung = Institution::unjoined("kota-bandung", 20);
        let before = join(&place, &at, &bandung).await;
        let by = By::actor("test");
        let all = membership::void_all_certificates(&place.hub.ground, &by).await;
        assert_eq!(all.unwrap(), 1);
        assert_eq!(
            until_refused(&before, &head).await,
            Code::CertificateUnknown
        );
        // At the same moment, by a clock that stands still.
        let garut = Institution::unjoined("kab-garut", 30);
        let later = join(&place, &at, &garut).await;
        assert_eq!(later.get(&head).send().await.unwrap().status(), 200);
        let forged = member(&place, &minted(&place, &garut.id, 8));
        assert_eq!(forged.get(&head).send().await.unwrap().status(), 403);
        let again = recover(&place, &at, &bandung).await.unwrap();
        let again = member(&place, &again);
        assert_eq!(again.get(&head).send().await.unwrap().status(), 200);
        at.end().await;
    }
}

#[tokio::test]
async fn of_certificates_that_ended_long_ago_those_are_kept_that_somebody_asks_for() {
    const COUNT: &str = "select count(*) from certificates where slug = 'kota-bandung'";
    for db in databases().await {
        let place = Place::new(&db).await;
        let kind = InstanceKind::Kota;
        let bandung = place.join("kota-bandung", kind, 20).await;
        let gone = place.join("kab-garut", InstanceKind::Kabupaten, 30).await;
        let ground = &place.hub.ground;
        let renews = async |times: i64, after: i64| {
            for _ in 0..times {
                place.clock.advance(after);
                let key = TlsKey::generate().public();
                let renewed = lapor_hub::enrolment::renew(ground, &bandung.id, None, &key);
                renewed.await.unwrap();
            }
            let mut tx = ground.db.read().await.unwrap();
            let kept: i64 =
                on!(&mut tx, c => sqlx::query_scalar(COUNT).fetch_one(c).await).unwrap();
            kept
        };
        assert_eq!(renews(20, 10 * DAY_MS).await, 21, "none is beyond the list");
        assert_eq!(renews(20, 10 * DAY_MS).await, 21, "the first, and 20");
        let good = renews(30, HOUR_MS).await;
        assert_eq!(good, 1 + 6 + 30, "what ended a month ago at most, too");

        let now = place.clock.now_ms();
        let mut tx = ground.db.read().await.unwrap();
        let listed = joining::certificates(&mut tx, &bandung.id).await.unwrap();
        let listed: Vec<i64> = listed.iter().map(|line| line.1).collect();
        let latest: Vec<i64> = (0..20).map(|before| now - before * HOUR_MS).collect();
        assert_eq!(listed, latest);
        let first = joining::begins(&mut tx).await.unwrap();
        assert!(first.contains(&(bandung.id.clone(), NOW)), "{first:?}");
        let mut ends = joining::ends(&mut tx).await.unwrap();
        ends.sort();
        let expected = [
            (gone.id, NOW + 30 * DAY_MS),
            (bandung.id.clone(), now + 30 * DAY_MS),
        ];
        assert_eq!(ends, expected, "also of whoever is gone");
    }
}
