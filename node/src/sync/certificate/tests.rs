//! When a certificate is renewed, and a hub that takes none.

use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;

use futures_util::future::BoxFuture;
use lapor_certs::tls::Refusal;
use lapor_certs::{Authority, Issued, Issuer, RecoverRequest, Serial};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::folder::roots_path;
use crate::sync::{Answer, Transport};
use crate::testing::{NOW, Place, databases};

const DAY_MS: i64 = 86_400_000;

#[test]
fn renewal_comes_after_half_of_a_life_at_a_moment_that_the_serial_gives() {
    let facts = |serial: u8| CertificateFacts {
        serial: hex::encode([serial; 16]),
        not_before_ms: 0,
        not_after_ms: 30 * DAY_MS,
        key_digest: Digest::ZERO,
    };
    let due: Vec<i64> = (0..50).map(|n| renewal_due_ms(&facts(n))).collect();
    assert!(
        due.iter()
            .all(|at| (15 * DAY_MS..=18 * DAY_MS).contains(at))
    );
    let (first, last) = (due.iter().min().unwrap(), due.iter().max().unwrap());
    assert!(last - first > 2 * DAY_MS, "{first} to {last}");
    assert_eq!(due[7], renewal_due_ms(&facts(7)));
}

/// A hub that certifies whoever asks and takes no certificate at all.
struct Contrary {
    issuer: Issuer,
    certified: AtomicUsize,
    shown: Mutex<usize>,
    /// Whether calls of members get no answer at all.
    silent: bool,
    /// How many have been certified when a certificate was last taken up.
    taken_up: watch::Sender<usize>,
}

impl Contrary {
    fn new(silent: bool) -> Arc<Self> {
        let authority = Authority::create(&"lapor.test".parse().unwrap(), NOW).unwrap();
        Arc::new(Self {
            issuer: authority.new_issuer(NOW).unwrap(),
            certified: AtomicUsize::new(0),
            shown: Mutex::new(0),
            silent,
            taken_up: watch::Sender::new(0),
        })
    }

    fn answer(&self, call: &Call) -> Result<Answer, LinkError> {
        let body = match call.path.rsplit('/').next().unwrap_or_default() {
            "challenge" => serde_json::to_vec(&ChallengeResponse {
                nonce: Digest::of(b"nonce"),
            }),
            "recover" => {
                let request: RecoverRequest = serde_json::from_slice(&call.body).unwrap();
                let number = self.certified.fetch_add(1, Ordering::SeqCst) as u8;
                let key = request.csr.public_key().unwrap();
                let serial = Serial::from_random([number; 16]);
                let issued: Issued = self
                    .issuer
                    .issue_instance(&key, &request.instance, NOW, serial)
                    .unwrap();
                serde_json::to_vec(&RenewResponse {
                    certificate: issued.chain_pem(),
                    trust_bundle: bundle(&self.issuer).to_pem(),
                })
            }
            _ => return Err(LinkError::Tls(Refusal::OurCertificateRefused)),
        };
        Ok(Answer {
            status: 200,
            headers: http::HeaderMap::new(),
            body: body.unwrap().into(),
        })
    }
}

fn link(place: &Place, hub: &Arc<Contrary>) -> Arc<Link> {
    let roots = bundle(&hub.issuer).to_pem();
    std::fs::write(roots_path(&place.settings.node.keys), roots).unwrap();
    Link::over(place.node.clone(), hub.clone()).unwrap()
}

fn bundle(issuer: &Issuer) -> TrustBundle {
    TrustBundle::new(vec![issuer.root().clone()]).unwrap()
}

impl Transport for Contrary {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Answer, LinkError>> {
        Box::pin(async move {
            if self.silent && call.listener == Listener::Federation {
                return std::future::pending().await;
            }
            self.answer(&call)
        })
    }

    fn take_up_certificate(&self) -> Result<bool, LinkError> {
        let certified = self.certified.load(Ordering::SeqCst);
        self.taken_up.send_replace(certified);
        let mut shown = self.shown.lock().unwrap();
        Ok(std::mem::replace(&mut *shown, certified) != certified)
    }
}

#[tokio::test]
async fn a_hub_that_refuses_what_it_has_just_certified_is_not_asked_again_at_once() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let hub = Contrary::new(false);
        let link = link(&place, &hub);
        for attempt in 0..5 {
            let outcome = link.catch_up().await.unwrap_err();
            let fault = outcome.certificate_fault();
            assert_eq!(fault, Some("certificate_refused"), "{attempt}");
        }
        assert_eq!(hub.certified.load(Ordering::SeqCst), 1);
        let said = link.state();
        assert_eq!(said.code.as_deref(), Some("certificate_refused"));
        place.clock.advance(RECOVERY_PAUSE_MS);
        assert!(link.catch_up().await.is_err());
        assert_eq!(hub.certified.load(Ordering::SeqCst), 2);
        let held = held(&place.node).unwrap();
        assert_eq!(held.serial, Serial::from_random([1; 16]).to_hex());
    }
}

#[tokio::test]
async fn a_lost_certificate_is_recovered_at_the_start_though_no_call_has_failed_for_it() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let hub = Contrary::new(true);
        let shutdown = CancellationToken::new();
        let link = link(&place, &hub);
        let mut taken_up = hub.taken_up.subscribe();
        assert!(held(&place.node).is_err(), "there is none");
        let running = tokio::spawn(link.run(shutdown.clone()));
        let recovered = taken_up.wait_for(|certified| *certified == 1);
        let recovered = tokio::time::timeout(Duration::from_secs(20), recovered).await;
        assert!(recovered.is_ok_and(|seen| seen.is_ok()));
        assert!(held(&place.node).is_ok());
        shutdown.cancel();
        running.await.unwrap();
    }
}
