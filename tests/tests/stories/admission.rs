//! Who is let in, who is not any more, and that one who asks too much costs
//! only itself.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use lapor_certs::tls::{clock, enrolment_client_config, federation_client_config};
use lapor_certs::{Authority, Credential, Serial, TlsKey, TrustBundle};
use lapor_node::sync::LinkError;
use lapor_protocol::case::{Effect, Reason, State};
use lapor_protocol::problem::Code;
use lapor_protocol::receipt::Stream;
use lapor_protocol::wire::{PREFIX, VERSION, VERSION_HEADER, WellKnown};
use lapor_tests::fleet::member::{BANDUNG, KEMENPU, PUSAT};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{BEGINNING, Fleet, Weather, kinds};

fn code(outcome: Result<usize, LinkError>) -> Option<Code> {
    outcome.err().and_then(|error| error.code())
}

#[tokio::test]
async fn who_joins_by_a_line_takes_part_in_nothing_until_it_is_let_in() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        fleet.knock(KEMENPU).await;
        fleet.settle().await;
        let pulled = fleet.at("kemenpu").link().pull(Stream::Inbox, 0).await;
        assert_eq!(code(pulled), Some(Code::InstanceSuspended));

        fleet.admit("kemenpu").await;
        fleet.settle().await;
        let case = fleet.at("pusat").file(report("Jembatan retak")).await;
        fleet.at("pusat").dispose(case, "kemenpu").await;
        fleet.settle().await;
        assert_eq!(fleet.at("kemenpu").state(case).await, State::Disposed);
        fleet.at("kemenpu").follow_up(case, "Ditinjau.").await;
        fleet.settle().await;
        assert_eq!(fleet.at("pusat").state(case).await, State::InProgress);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_suspended_institution_is_cut_off_at_once_and_gets_its_mail_when_it_returns() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let case = fleet.at("pusat").file(report("Jembatan retak")).await;
        fleet.at("pusat").dispose(case, "kemenpu").await;
        fleet.settle().await;
        let link = Arc::clone(fleet.at("kemenpu").link());
        let polling = tokio::spawn(async move { link.pull(Stream::Inbox, 25).await });
        // The poll stands at the hub once a later call has been answered.
        fleet
            .at("kemenpu")
            .link()
            .refresh_directory(0)
            .await
            .unwrap();
        fleet.suspend("kemenpu").await;
        assert_eq!(code(polling.await.unwrap()), Some(Code::InstanceSuspended));
        let kemenpu = fleet.at("kemenpu");
        kemenpu.follow_up(case, "Ditinjau.").await;
        assert_eq!(
            code(kemenpu.link().push().await),
            Some(Code::InstanceSuspended)
        );
        let said = kemenpu.link().state();
        assert_eq!(said.code.as_deref(), Some("instance_suspended"));
        assert!(!said.connected);
        fleet.at("pusat").note(case, "Mengapa diam?").await;
        fleet.settle().await;
        assert_eq!(fleet.at("pusat").state(case).await, State::Disposed);

        fleet.resume("kemenpu").await;
        fleet.settle().await;
        assert_eq!(fleet.at("pusat").state(case).await, State::InProgress);
        assert_eq!(fleet.at("kemenpu").view(case).await.case_seq, 4);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_revoked_institution_changes_nothing_more_and_its_cases_go_back() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let case = fleet.at("pusat").file(report("Jembatan retak")).await;
        fleet.at("pusat").dispose(case, "kemenpu").await;
        let late = fleet.at("pusat").file(report("Lampu padam")).await;
        fleet.settle().await;
        fleet.at("kemenpu").follow_up(case, "Ditinjau.").await;
        fleet.revoke("kemenpu").await;
        // Nobody has told the other yet.
        fleet.at("pusat").dispose(late, "kemenpu").await;
        let outcome = fleet.at("kemenpu").link().push().await;
        assert_eq!(code(outcome), Some(Code::InstanceRevoked));
        fleet.settle().await;
        fleet.at("pusat").recall(case).await;
        fleet.settle().await;
        assert_eq!(fleet.at("pusat").custodian(case).await, "pusat");
        let history = fleet.at("pusat").view(case).await.history;
        assert!(history.iter().all(|entry| entry.kind != "case.followed_up"));
        assert!(
            history
                .iter()
                .all(|entry| entry.effect == Some(Effect::Applied))
        );
        let history = fleet.at("pusat").view(late).await.history;
        let last = history.last().map(|entry| (entry.effect, entry.reason));
        let ruled = (Some(Effect::Inapplicable), Some(Reason::TargetNotActive));
        assert_eq!(last, Some(ruled));
        assert_eq!(fleet.at("pusat").custodian(late).await, "pusat");
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn one_who_is_revoked_in_mid_stream_is_heard_up_to_there_and_no_further() {
    const BACKLOG: u64 = 300;
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let kemenpu = fleet.at_mut("kemenpu");
        kemenpu.stop().await;
        kemenpu.settings.link.batch = 5;
        kemenpu.start().await;
        let kemenpu = fleet.at("kemenpu");
        kemenpu.line().weather(Weather::CUT);
        let case = kemenpu.file(report("Jembatan retak")).await;
        for number in 1..BACKLOG {
            kemenpu.note(case, &format!("Catatan {number}")).await;
        }
        kemenpu.line().weather(Weather::CLEAR);
        let working = kemenpu.work();
        let accepted = async || kemenpu.node().status().await.unwrap().outbox.accepted;
        kemenpu
            .until("sent a part", async || accepted().await >= 20)
            .await;
        fleet.revoke("kemenpu").await;
        let kemenpu = fleet.at("kemenpu");
        kemenpu
            .until("was told", async || {
                kemenpu.link().state().code.as_deref() == Some("instance_revoked")
            })
            .await;
        drop(working);
        assert_eq!(
            code(kemenpu.link().push().await),
            Some(Code::InstanceRevoked)
        );
        fleet.settle().await;

        let heard = fleet.at("pusat").view(case).await.case_seq;
        let receipts = kemenpu_accepted(&fleet).await;
        assert!(
            (20..BACKLOG).contains(&heard),
            "{heard} of {BACKLOG} were heard"
        );
        assert!(
            receipts <= heard,
            "a receipt for {receipts}, and {heard} at the hub"
        );
        let other = fleet.at("kota-bandung").file(report("Lampu padam")).await;
        fleet.at("pusat").recall(case).await;
        fleet.settle().await;
        assert_eq!(fleet.at("pusat").custodian(case).await, "pusat");
        assert_eq!(fleet.at("pusat").state(other).await, State::Received);
        // The audit holds every message against the position of the revocation.
        assert_eq!(fleet.invariants().await.messages, heard + 2);
        fleet.ends_well().await;
    }
}

async fn kemenpu_accepted(fleet: &Fleet) -> u64 {
    let status = fleet.at("kemenpu").node().status().await.unwrap();
    status.outbox.accepted
}

#[tokio::test]
async fn without_a_certificate_of_this_federation_nobody_comes_in() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT]).await;
        let ground = &fleet.hub.hub().ground;
        let bundle = TrustBundle::new(vec![ground.certifier().issuer.root().clone()]).unwrap();
        let now = || clock(|| BEGINNING);
        let bare = enrolment_client_config(&bundle.pins(), now(), Arc::default()).unwrap();
        let bare = client(bare);
        let inside = format!("https://{}{PREFIX}/outbox/head", fleet.hub.federation());
        assert!(bare.get(&inside).send().await.is_err(), "no certificate");

        let other = Authority::create(&"lapor.test".parse().unwrap(), BEGINNING).unwrap();
        let issuer = other.new_issuer(BEGINNING).unwrap();
        let key = TlsKey::generate();
        let serial = Serial::from_random([7; 16]);
        let forged = issuer.issue_instance(&key.public(), &PUSAT.id(), BEGINNING, serial);
        let forged = Credential::new(forged.unwrap().chain, key).unwrap();
        let forged = federation_client_config(&forged, &bundle, now(), Arc::default());
        let forged = client(forged.unwrap());
        assert!(
            forged.get(&inside).send().await.is_err(),
            "a foreign certificate"
        );

        let outside = format!("https://{}", fleet.hub.enrolment());
        let known = bare
            .get(format!("{outside}/.well-known/lapor"))
            .send()
            .await;
        let known: WellKnown = known.unwrap().json().await.unwrap();
        assert_eq!(known.trust_domain, "lapor.test");
        for path in ["/outbox/head", "/inbox", "/directory", "/public"] {
            let refused = bare.get(format!("{outside}{PREFIX}{path}")).send().await;
            assert_eq!(refused.unwrap().status(), 404, "{path}");
        }
        fleet.ends_well().await;
    }
}

fn client(config: rustls::ClientConfig) -> reqwest::Client {
    let version = HeaderValue::from_static(VERSION);
    let version = (HeaderName::from_static(VERSION_HEADER), version);
    reqwest::Client::builder()
        .default_headers(HeaderMap::from_iter([version]))
        .tls_backend_preconfigured(config)
        .no_proxy()
        .build()
        .unwrap()
}

#[tokio::test]
async fn one_who_floods_is_told_to_wait_and_delays_nobody_else() {
    for kind in kinds() {
        let slow = |settings: &mut lapor_hub::settings::Settings| {
            settings.limits.envelopes_per_second = 1;
            settings.limits.envelope_burst = 500;
        };
        let members = [PUSAT, BANDUNG, KEMENPU];
        let mut fleet = Fleet::with(kind, &members, 1, slow).await;
        let bandung = fleet.at("kota-bandung");
        bandung.line().weather(Weather::CUT);
        let case = bandung.file(report("Banjir")).await;
        for number in 0..539 {
            bandung.note(case, &format!("Catatan {number}")).await;
        }
        bandung.line().weather(Weather::CLEAR);
        // Batches overlap on their way, so the second may be refused with the first or after it.
        let mut pushed = bandung.link().push().await;
        if pushed.is_ok() {
            pushed = bandung.link().push().await;
        }
        assert_eq!(code(pushed), Some(Code::RateLimited));
        let status = bandung.node().status().await.unwrap();
        // None where the second overtook the first on its way and drew what that needs.
        assert!([0, 500].contains(&status.outbox.accepted));
        let kemenpu = fleet.at("kemenpu");
        let other = kemenpu.file(report("Jembatan retak")).await;
        assert_eq!(
            kemenpu.link().push().await.unwrap(),
            1,
            "its own measure is full"
        );
        fleet.at("pusat").attempt().await;
        assert_eq!(fleet.at("pusat").state(other).await, State::Received);

        fleet.hub.settings.limits.envelopes_per_second = 10_000;
        fleet.restart_hub().await;
        fleet.settle().await;
        assert_eq!(fleet.at("pusat").view(case).await.case_seq, 540);
        let status = fleet.at("kota-bandung").node().status().await.unwrap();
        assert_eq!((status.outbox.epoch, status.outbox.unsent), (1, 0));
        fleet.ends_well().await;
    }
}
