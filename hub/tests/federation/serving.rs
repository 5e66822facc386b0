//! The two listeners over real TLS: who is let in, and how the hub ends.

use std::net::TcpListener;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Version};
use lapor_certs::tls::{clock, enrolment_client_config, federation_client_config};
use lapor_certs::{Credential, EnrolResponse, Invitation};
use lapor_hub::HubError;
use lapor_hub::audit::By;
use lapor_hub::membership::{self, Profile};
use lapor_protocol::ids::InstanceKind;
use lapor_protocol::problem::{Code, Problem};
use lapor_protocol::wire::{OutboxHead, PREFIX, VERSION, VERSION_HEADER, WellKnown};
use tokio::sync::oneshot;

use super::harness::{Institution, NOW, Place, databases};

pub fn client(config: rustls::ClientConfig) -> reqwest::Client {
    let version = HeaderValue::from_static(VERSION);
    let version = (HeaderName::from_static(VERSION_HEADER), version);
    reqwest::Client::builder()
        .default_headers(HeaderMap::from_iter([version]))
        .tls_backend_preconfigured(config)
        .no_proxy()
        .build()
        .unwrap()
}

pub struct Listening {
    pub federation: String,
    pub enrolment: String,
    stop: oneshot::Sender<()>,
    serving: tokio::task::JoinHandle<Result<(), HubError>>,
}

impl Listening {
    pub async fn end(self) {
        self.stop.send(()).unwrap();
        self.serving.await.unwrap().unwrap();
    }

    /// Waits until the hub ends by itself, and says why.
    pub async fn ended(self) -> HubError {
        let Self { stop, serving, .. } = self;
        let why = serving.await.unwrap().unwrap_err();
        drop(stop);
        why
    }
}

pub fn listen(place: &Place) -> Listening {
    let sockets = [(), ()].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let [federation, enrolment] = sockets
        .each_ref()
        .map(|socket| format!("https://localhost:{}", socket.local_addr().unwrap().port()));
    let (stop, stopped) = oneshot::channel();
    let [inner, outer] = sockets;
    let serving = tokio::spawn(lapor_hub::serve(place.hub.clone(), inner, outer, async {
        let _ = stopped.await;
    }));
    Listening {
        federation,
        enrolment,
        stop,
        serving,
    }
}

/// Joins over the enrolment listener; returns a client with the certificate.
pub async fn join(place: &Place, at: &Listening, who: &Institution) -> reqwest::Client {
    let profile = Profile::of(who.id.clone(), InstanceKind::Kota);
    let made = membership::invite(&place.hub.ground, &By::actor("test"), &profile)
        .await
        .unwrap();
    let invitation: Invitation = made.line.parse().unwrap();
    let pinned =
        enrolment_client_config(&[invitation.root_pin], clock(|| NOW), Arc::default()).unwrap();
    let url = format!("{}{PREFIX}/enrol", at.enrolment);
    let asked = client(pinned).post(url).json(&who.request(&invitation));
    let answer = asked.send().await.unwrap();
    assert_eq!(answer.status(), 201);
    let answer: EnrolResponse = answer.json().await.unwrap();
    let accepted = answer.check(&invitation, &who.tls.public()).unwrap();
    let key = lapor_certs::TlsKey::from_pem(&who.tls.to_pem()).unwrap();
    let credential = Credential::new(accepted.chain, key).unwrap();
    let config =
        federation_client_config(&credential, &accepted.bundle, clock(|| NOW), Arc::default());
    client(config.unwrap())
}

#[tokio::test]
async fn an_institution_joins_and_comes_in_and_others_are_kept_out() {
    lapor_certs::tls::install_default_provider();
    for db in databases().await {
        let place = Place::new(&db).await;
        let at = listen(&place);
        let bandung = Institution::unjoined("kota-bandung", 20);
        let client = join(&place, &at, &bandung).await;
        let url = format!("{}{PREFIX}/outbox/head", at.federation);
        let head: OutboxHead = client.get(&url).send().await.unwrap().json().await.unwrap();
        assert_eq!(head.head, bandung.head);

        let bundle = place.roots();
        let bare = enrolment_client_config(&bundle.pins(), clock(|| NOW), Arc::default()).unwrap();
        let bare = self::client(bare);
        assert!(bare.get(&url).send().await.is_err(), "no certificate");
        let public = format!("{}/.well-known/lapor", at.enrolment);
        let known: WellKnown = bare.get(public).send().await.unwrap().json().await.unwrap();
        assert_eq!(known.trust_domain, "lapor.test");
        let inside = format!("{}{PREFIX}/outbox/head", at.enrolment);
        let refused = bare.get(inside).send().await.unwrap();
        assert_eq!(
            refused.status(),
            404,
            "the enrolment listener serves joining only"
        );

        membership::revoke(&place.hub.ground, &By::actor("test"), &bandung.id, None)
            .await
            .unwrap();
        let refused = client.get(&url).send().await.unwrap();
        let problem: Problem = refused.json().await.unwrap();
        assert_eq!(problem.code, Code::InstanceRevoked);
        at.end().await;
    }
}

#[tokio::test]
async fn a_refusal_before_the_body_is_read_reaches_a_client_that_is_still_sending() {
    lapor_certs::tls::install_default_provider();
    for db in databases().await {
        let place = Place::new(&db).await;
        let at = listen(&place);
        let bandung = Institution::unjoined("kota-bandung", 20);
        let client = join(&place, &at, &bandung).await;
        let url = format!("{}{PREFIX}/outbox", at.federation);
        for _ in 0..20 {
            let sent = client.post(&url).header("content-type", "text/plain");
            let answer = sent.body(vec![b'x'; 6 << 20]).send().await.unwrap();
            assert_eq!(
                (answer.status().as_u16(), answer.version()),
                (415, Version::HTTP_2)
            );
            let problem: Problem = answer.json().await.unwrap();
            assert_eq!(problem.code, Code::UnsupportedMedia);
        }
        let open = place.hub.open_connections(&bandung.id);
        assert_eq!(open, 1, "no refusal cost the connection");
        drop(client);
        at.end().await;
    }
}

#[tokio::test]
async fn a_hub_that_stops_answers_its_long_polls_first() {
    lapor_certs::tls::install_default_provider();
    for db in databases().await {
        let place = Place::new(&db).await;
        let at = listen(&place);
        let bandung = Institution::unjoined("kota-bandung", 20);
        let client = join(&place, &at, &bandung).await;
        let poll = client.get(format!("{}{PREFIX}/inbox?wait=25", at.federation));
        let poll = tokio::spawn(poll.send());
        // Answered on the same connection while the poll waits.
        let head = client.get(format!("{}{PREFIX}/outbox/head", at.federation));
        head.send().await.unwrap();
        at.end().await;
        match poll.await.unwrap() {
            Ok(answer) => assert_eq!(answer.status(), 200),
            // The poll had not begun when the hub stopped to take requests.
            Err(error) => assert!(error.is_request(), "{error}"),
        }
    }
}
