//! Joining from the hub's side, on both databases: an invitation is used once,
//! its answer can be repeated, and the directory tells what happened.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use lapor_certs::{
    Authority, EnrolRequest, EnrolResponse, Invitation, TlsKey, TrustBundle, TrustDomain,
};
use lapor_hub::audit::By;
use lapor_hub::clock::{Clock as _, HandClock};
use lapor_hub::enrolment::enrol;
use lapor_hub::ground::{Ground, Keyring};
use lapor_hub::membership::{self, MembershipError, Profile};
use lapor_hub::settings::Settings;
use lapor_hub::{HubError, epochs, recovery};
use lapor_migrations::Schema;
use lapor_migrations::throwaway::TestDb;
use lapor_protocol::chain::{EpochGrant, EpochRequest};
use lapor_protocol::directory::Status;
use lapor_protocol::ids::{InstanceId, InstanceKind};
use lapor_protocol::keys::{Signer, Verifier};
use lapor_protocol::problem::Code;
use lapor_protocol::seal::Opener;

use super::harness::databases;

const NOW: i64 = 1_790_000_000_000;
const HOUR_MS: i64 = 3_600_000;
const FROM: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

async fn ground(db: &TestDb) -> (Arc<Ground>, Arc<HandClock>) {
    let clock = Arc::new(HandClock::at(NOW));
    let domain: TrustDomain = "lapor.test".parse().unwrap();
    let authority = Authority::create(&domain, NOW).unwrap();
    let keyring = Keyring {
        signer: Signer::from_seed(&[7; 32]),
        issuer: authority.new_issuer(NOW).unwrap(),
        bundle: TrustBundle::new(vec![authority.root().clone()]).unwrap(),
    };
    let opened = db.migrated(Schema::Hub).await.unwrap();
    let ground = Ground::new(Settings::default(), opened, keyring, clock.clone()).await;
    (ground.unwrap(), clock)
}

fn profile(slug: &str, kind: InstanceKind) -> Profile {
    Profile::of(slug.parse().unwrap(), kind)
}

async fn invited(ground: &Ground, slug: &str) -> Invitation {
    let made = membership::invite(
        ground,
        &By::actor("test"),
        &profile(slug, InstanceKind::Kota),
    )
    .await;
    made.unwrap().line.parse().unwrap()
}

/// A request with keys that follow from `seed`.
fn request(invitation: &Invitation, tls: &TlsKey, seed: u8) -> EnrolRequest {
    let sealing = Opener::from_seed(&[seed + 2; 32])
        .public()
        .sealing_key()
        .unwrap();
    EnrolRequest::build(
        invitation,
        tls.request(),
        &Signer::from_seed(&[seed; 32]),
        &Signer::from_seed(&[seed + 1; 32]),
        &sealing,
    )
}

fn code(result: &Result<String, HubError>) -> Option<Code> {
    result.as_ref().err().map(HubError::code)
}

#[tokio::test]
async fn an_invitation_is_used_once_and_its_answer_can_be_repeated() {
    for db in databases().await {
        let (ground, clock) = ground(&db).await;
        let invitation = invited(&ground, "kota-bandung").await;
        let tls = TlsKey::generate();
        let asked = request(&invitation, &tls, 20);
        let answer = enrol(&ground, &asked, FROM).await.unwrap();
        assert_eq!(
            enrol(&ground, &asked, FROM).await.unwrap(),
            answer,
            "a lost answer strands nobody"
        );
        let read: EnrolResponse = serde_json::from_str(&answer).unwrap();
        read.check(&invitation, &tls.public()).unwrap();
        let hub = Verifier::from_jwk(&read.hub_keys[0]).unwrap();
        assert_eq!(EpochGrant::open(&read.epoch, &hub).unwrap().epoch, 1);
        let other = enrol(
            &ground,
            &request(&invitation, &TlsKey::generate(), 40),
            FROM,
        )
        .await;
        assert_eq!(code(&other), Some(Code::InvitationInvalid));
        clock.advance(25 * HOUR_MS);
        assert_eq!(
            code(&enrol(&ground, &asked, FROM).await),
            Some(Code::InvitationInvalid)
        );
        let directory = ground.directory.current();
        let entry = directory
            .latest()
            .instance(&invitation.instance)
            .unwrap()
            .clone();
        assert_eq!((entry.status, entry.keys.len()), (Status::Active, 2));
    }
}

#[tokio::test]
async fn an_answer_that_a_clock_ahead_has_emptied_is_not_repeated() {
    for db in databases().await {
        let (ground, clock) = ground(&db).await;
        let invitation = invited(&ground, "kota-bandung").await;
        let asked = request(&invitation, &TlsKey::generate(), 20);
        enrol(&ground, &asked, FROM).await.unwrap();
        clock.set_off(25 * HOUR_MS);
        recovery::forget(&ground).await.unwrap();
        clock.set_off(-25 * HOUR_MS);
        assert_eq!(
            code(&enrol(&ground, &asked, FROM).await),
            Some(Code::InvitationInvalid),
            "an empty answer would be no answer"
        );
    }
}

#[tokio::test]
async fn an_invitation_expires_and_a_new_one_voids_the_old() {
    for db in databases().await {
        let (ground, clock) = ground(&db).await;
        let first = invited(&ground, "kota-bandung").await;
        let second = invited(&ground, "kota-bandung").await;
        let tls = TlsKey::generate();
        let old = enrol(&ground, &request(&first, &tls, 20), FROM).await;
        assert_eq!(code(&old), Some(Code::InvitationInvalid));
        clock.advance(73 * HOUR_MS);
        let late = enrol(&ground, &request(&second, &tls, 20), FROM).await;
        assert_eq!(code(&late), Some(Code::InvitationInvalid));
        let third = invited(&ground, "kota-bandung").await;
        enrol(&ground, &request(&third, &tls, 20), FROM)
            .await
            .unwrap();
        let again = membership::invite(
            &ground,
            &By::actor("test"),
            &profile("kota-bandung", InstanceKind::Kota),
        )
        .await;
        assert!(matches!(again, Err(MembershipError::Joined { .. })));
    }
}

#[tokio::test]
async fn there_is_one_national_desk_and_it_may_dispose_to_anyone() {
    for db in databases().await {
        let (ground, _) = ground(&db).await;
        membership::invite(
            &ground,
            &By::actor("test"),
            &profile("pusat", InstanceKind::Pusat),
        )
        .await
        .unwrap();
        let directory = ground.directory.current();
        let desk = directory.latest().desk().unwrap();
        assert_eq!(
            desk.disposes_to
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>(),
            ["*"]
        );
        let second = membership::invite(
            &ground,
            &By::actor("test"),
            &profile("pusat-dua", InstanceKind::Pusat),
        )
        .await;
        assert!(second.is_err());
    }
}

#[tokio::test]
async fn an_epoch_is_granted_to_the_identity_key_and_repeated_for_its_nonce() {
    for db in databases().await {
        let (ground, _) = ground(&db).await;
        let invitation = invited(&ground, "kota-bandung").await;
        enrol(
            &ground,
            &request(&invitation, &TlsKey::generate(), 20),
            FROM,
        )
        .await
        .unwrap();
        let me: InstanceId = invitation.instance.clone();
        let wish = EpochRequest {
            instance: me.clone(),
            after: 1,
            nonce: "0123456789abcdef0123456789abcdef".into(),
            keys: Vec::new(),
        };
        let signed = wish.sign(&Signer::from_seed(&[20; 32]));
        let granted = epochs::grant(&ground, &me, &signed).await.unwrap();
        let hub = Verifier::from_jwk(&ground.signer().public()).unwrap();
        assert_eq!(EpochGrant::open(&granted, &hub).unwrap().epoch, 2);
        assert_eq!(epochs::grant(&ground, &me, &signed).await.unwrap(), granted);
        let forged = wish.sign(&Signer::from_seed(&[21; 32]));
        assert!(epochs::grant(&ground, &me, &forged).await.is_err());
        let directory = ground.directory.current();
        let epochs = &directory.latest().instance(&me).unwrap().epochs;
        assert_eq!(
            epochs
                .iter()
                .map(|e| (e.epoch, e.closed_at))
                .collect::<Vec<_>>(),
            [(1, Some(0)), (2, None)]
        );
    }
}

#[tokio::test]
async fn a_restarted_hub_knows_what_it_published() {
    for db in databases().await {
        let (first, clock) = ground(&db).await;
        invited(&first, "kota-bandung").await;
        let keyring = Keyring {
            signer: Signer::from_seed(&[7; 32]),
            issuer: Authority::create(&first.trust_domain, NOW)
                .unwrap()
                .new_issuer(NOW)
                .unwrap(),
            bundle: TrustBundle::new(first.certifier().bundle.roots().to_vec()).unwrap(),
        };
        let again = Ground::new(
            Settings::default(),
            first.db.clone(),
            keyring,
            clock.clone(),
        )
        .await
        .unwrap();
        let (before, after) = (first.directory.current(), again.directory.current());
        assert_eq!(
            (before.version(), before.head()),
            (after.version(), after.head())
        );
        assert_eq!(clock.now_ms(), NOW);
    }
}
