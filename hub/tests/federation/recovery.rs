//! The way home of an instance whose certificate has expired or is lost: over
//! real TLS with a clock moved by hand, on both databases.

use std::sync::Arc;

use lapor_certs::tls::{
    Refusal, clock, enrolment_client_config, federation_client_config, refusal_in,
};
use lapor_certs::{
    ChallengeRequest, ChallengeResponse, Credential, RecoverRequest, RenewResponse, TlsKey,
    TrustBundle,
};
use lapor_hub::audit::By;
use lapor_hub::ground::{Ground, Keyring};
use lapor_hub::{membership, recovery};
use lapor_protocol::ids::InstanceKind;
use lapor_protocol::keys::Signer;
use lapor_protocol::problem::{Code, Problem};
use lapor_protocol::wire::PREFIX;

use super::harness::{Institution, NOW, Place, databases};
use super::serving::{Listening, client, join, listen};

const DAY_MS: i64 = 86_400_000;
const MINUTE_MS: i64 = 60_000;

/// Somebody at the enrolment listener, without a certificate.
struct Stranger<'a> {
    at: &'a Listening,
    roots: TrustBundle,
    client: reqwest::Client,
}

impl<'a> Stranger<'a> {
    fn of(place: &Place, at: &'a Listening) -> Self {
        let roots = place.roots();
        let config = enrolment_client_config(&roots.pins(), clock(|| NOW), Arc::default());
        Self {
            at,
            roots,
            client: client(config.unwrap()),
        }
    }

    async fn post(&self, path: &str, body: &impl serde::Serialize) -> reqwest::Response {
        let url = format!("{}{PREFIX}/certificates/{path}", self.at.enrolment);
        self.client.post(url).json(body).send().await.unwrap()
    }

    async fn challenge(&self, who: &Institution) -> ChallengeResponse {
        let asked = ChallengeRequest {
            instance: who.id.clone(),
        };
        let answer = self.post("challenge", &asked).await;
        assert_eq!(answer.status(), 200);
        answer.json().await.unwrap()
    }

    async fn request(&self, who: &Institution, tls: &TlsKey) -> RecoverRequest {
        let challenge = self.challenge(who).await;
        proved(who, &challenge, tls)
    }

    async fn refused(&self, request: &RecoverRequest) -> Problem {
        let answer = self.post("recover", request).await;
        let problem: Problem = answer.json().await.unwrap();
        Problem {
            request: None,
            ..problem
        }
    }
}

fn proved(who: &Institution, challenge: &ChallengeResponse, tls: &TlsKey) -> RecoverRequest {
    let domain = "lapor.test".parse().unwrap();
    RecoverRequest::build(&domain, &who.id, challenge, tls.request(), &who.identity)
}

#[tokio::test]
async fn an_expired_certificate_comes_home_with_the_identity_key() {
    lapor_certs::tls::install_default_provider();
    for db in databases().await {
        let place = Place::new(&db).await;
        let at = listen(&place);
        let bandung = Institution::unjoined("kota-bandung", 20);
        let old = join(&place, &at, &bandung).await;
        place.clock.advance(31 * DAY_MS);
        let url = format!("{}{PREFIX}/outbox/head", at.federation);
        let refused = old.get(&url).send().await.unwrap_err();
        assert_eq!(
            refusal_in(&refused),
            Some(Refusal::OurCertificateExpired),
            "{refused:?}"
        );

        let stranger = Stranger::of(&place, &at);
        let key = TlsKey::generate();
        let request = stranger.request(&bandung, &key).await;
        let answer = stranger.post("recover", &request).await;
        assert_eq!(answer.status(), 200);
        let answer: RenewResponse = answer.json().await.unwrap();
        let accepted = answer
            .check(&bandung.id, &key.public(), &stranger.roots)
            .unwrap();
        let credential = Credential::new(accepted.chain, key).unwrap();
        let roots = &accepted.bundle;
        let config =
            federation_client_config(&credential, roots, clock(|| NOW), Arc::default()).unwrap();
        let back = client(config).get(&url).send().await.unwrap();
        assert_eq!(back.status(), 200);
    }
}

#[tokio::test]
async fn a_challenge_brings_one_certificate_within_five_minutes() {
    lapor_certs::tls::install_default_provider();
    for db in databases().await {
        let place = Place::new(&db).await;
        let at = listen(&place);
        let bandung = Institution::unjoined("kota-bandung", 20);
        join(&place, &at, &bandung).await;
        let stranger = Stranger::of(&place, &at);
        let key = TlsKey::generate();
        let late = stranger.request(&bandung, &key).await;
        place.clock.advance(5 * MINUTE_MS);
        assert_eq!(stranger.refused(&late).await.code, Code::ChallengeInvalid);

        // Somebody who asks in its name does not take its challenge away.
        let request = stranger.request(&bandung, &key).await;
        stranger.challenge(&bandung).await;
        assert_eq!(stranger.post("recover", &request).await.status(), 200);
        let again = stranger.refused(&request).await;
        assert_eq!(again.code, Code::ChallengeInvalid);
        assert_eq!(again.status, 409);
    }
}

#[tokio::test]
async fn who_cannot_prove_to_be_an_instance_learns_nothing_of_it() {
    lapor_certs::tls::install_default_provider();
    for db in databases().await {
        let place = Place::new(&db).await;
        let at = listen(&place);
        let bandung = Institution::unjoined("kota-bandung", 20);
        join(&place, &at, &bandung).await;
        let stranger = Stranger::of(&place, &at);
        let key = TlsKey::generate();
        let unknown = Institution::unjoined("kota-atlantis", 40);
        let impostor = Institution::unjoined("kota-bandung", 60);
        let told = stranger
            .refused(&stranger.request(&unknown, &key).await)
            .await;
        assert_eq!(told.code, Code::RecoveryInvalid);
        let attempts = [
            (None, None),
            (Some(Code::InstanceSuspended), Some(())),
            (Some(Code::InstanceRevoked), None),
        ];
        for (status, suspend) in attempts {
            let (ground, by) = (&place.hub.ground, By::actor("test"));
            match (&status, suspend) {
                (Some(_), Some(())) => membership::suspend(ground, &by, &bandung.id).await.unwrap(),
                (Some(_), None) => membership::revoke(ground, &by, &bandung.id, None)
                    .await
                    .unwrap(),
                (None, _) => {}
            }
            let request = stranger.request(&impostor, &key).await;
            assert_eq!(stranger.refused(&request).await, told, "{status:?}");
            if let Some(code) = status {
                let request = stranger.request(&bandung, &key).await;
                let problem = stranger.refused(&request).await;
                assert_eq!((problem.code, problem.status), (code, 403));
            }
        }
    }
}

#[tokio::test]
async fn every_replica_honours_a_challenge_and_all_together_honour_it_once() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let bandung = place.join("kota-bandung", InstanceKind::Kota, 20).await;
        let here = &place.hub.ground;
        let keyring = Keyring {
            signer: Signer::from_seed(&[7; 32]),
            issuer: place.issuer(),
            bundle: place.roots(),
        };
        let opened = db.migrated(lapor_migrations::Schema::Hub).await.unwrap();
        let there = Ground::new(here.settings.clone(), opened, keyring, place.clock.clone());
        let there = there.await.unwrap();
        let asked = ChallengeRequest {
            instance: bandung.id.clone(),
        };
        let challenge = recovery::challenge(here, &asked);
        let request = proved(&bandung, &challenge, &TlsKey::generate());
        let (at_one, at_other) = (
            recovery::prove(&there, &request).unwrap(),
            recovery::prove(here, &request).unwrap(),
        );
        recovery::recover(&there, &request, &at_one).await.unwrap();
        let second = recovery::recover(here, &request, &at_other).await;
        assert_eq!(second.unwrap_err().code(), Code::ChallengeInvalid);
    }
}

#[tokio::test]
async fn a_flood_of_strangers_is_told_to_come_back_later() {
    lapor_certs::tls::install_default_provider();
    for db in databases().await {
        let place = Place::with(&db, |settings| {
            settings.limits.join_burst = 4;
            settings.limits.joins_per_second = 1;
        })
        .await;
        let at = listen(&place);
        let bandung = Institution::unjoined("kota-bandung", 20);
        let inside = join(&place, &at, &bandung).await;
        let stranger = Stranger::of(&place, &at);
        let asked = ChallengeRequest {
            instance: bandung.id.clone(),
        };
        let mut statuses = Vec::new();
        for _ in 0..30 {
            let answer = stranger.post("challenge", &asked).await;
            let limited = answer.status() == 429;
            assert_eq!(answer.headers().contains_key("retry-after"), limited);
            statuses.push(answer.status().as_u16());
        }
        assert!(statuses.starts_with(&[200, 200, 200]), "{statuses:?}");
        assert!(statuses.contains(&429), "{statuses:?}");
        let url = format!("{}{PREFIX}/outbox/head", at.federation);
        assert_eq!(inside.get(url).send().await.unwrap().status(), 200);
    }
}
