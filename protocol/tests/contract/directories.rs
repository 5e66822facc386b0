//! What a hub cannot do to the directory without a node noticing.

use lapor_protocol::directory::{
    Directory, DirectoryAt, DirectoryError, DirectoryVersion, InstanceEntry, Maintenance, Status,
};
use lapor_protocol::ids::{Digest, InstanceId, InstanceKind, Position};
use lapor_protocol::keys::{CertifiedKey, KeyUse, Signer, Verifier};
use proptest::prelude::*;

use crate::world::id;

fn hub() -> Signer {
    Signer::from_seed(&[1; 32])
}

fn joined(seed: u8) -> InstanceEntry {
    let identity = Signer::from_seed(&[seed; 32]);
    let first = Position { epoch: 1, seq: 1 };
    let signing = Signer::from_seed(&[seed + 1; 32]).public();
    let owner = id("kota-bandung");
    let mut entry = InstanceEntry::registered(owner.clone(), InstanceKind::Kota, "x".into());
    entry.status = Status::Active;
    entry.identity = Some(identity.public());
    entry.keys = vec![CertifiedKey::certify(
        &identity,
        &owner,
        KeyUse::Signing,
        signing,
        first,
    )];
    entry
}

/// Applies one version after another; gives the last error.
fn refusal(versions: Vec<Vec<InstanceEntry>>) -> Option<DirectoryError> {
    let key = Verifier::from_jwk(&hub().public()).unwrap();
    let mut directory = Directory::trusting(vec![key]);
    for changes in versions {
        let version = DirectoryVersion {
            version: directory.version() + 1,
            prev: directory.head(),
            at: 0,
            trust_domain: "lapor.test".into(),
            hub_keys: vec![hub().public()],
            changes,
            taxonomy: None,
            calendar: None,
            maintenance: None,
        };
        let before = (directory.version(), directory.head());
        if let Err(error) = directory.apply(&version.sign(&hub())) {
            assert_eq!((directory.version(), directory.head()), before);
            return Some(error);
        }
    }
    None
}

#[test]
fn the_hub_can_neither_slip_in_a_key_nor_replace_an_identity() {
    let mut forged = joined(10);
    forged.keys[0].jwk = Signer::from_seed(&[99; 32]).public();
    let refused = refusal(vec![vec![forged]]);
    assert!(matches!(refused, Some(DirectoryError::Key { .. })));
    let refused = refusal(vec![vec![joined(10)], vec![joined(20)]]);
    assert!(matches!(refused, Some(DirectoryError::Identity(_))));
    assert_eq!(refusal(vec![vec![joined(10)], vec![joined(10)]]), None);
}

#[test]
fn versions_are_chained_and_history_stays_readable() {
    let mut directory = Directory::trusting(vec![Verifier::from_jwk(&hub().public()).unwrap()]);
    let version = |n, prev, changes| {
        DirectoryVersion {
            version: n,
            prev,
            at: 0,
            trust_domain: "lapor.test".into(),
            hub_keys: vec![hub().public()],
            changes,
            taxonomy: None,
            calendar: None,
            maintenance: None,
        }
        .sign(&hub())
    };
    let first = version(1, Digest::ZERO, vec![joined(10)]);
    directory.apply(&first).unwrap();
    let skipped = directory.apply(&version(3, first.id(), vec![]));
    assert!(matches!(
        skipped,
        Err(DirectoryError::Version {
            expected: 2,
            found: 3
        })
    ));
    let forked = directory.apply(&version(2, Digest::ZERO, vec![]));
    assert!(matches!(forked, Err(DirectoryError::Previous(2))));
    let mut suspended = joined(10);
    suspended.status = Status::Suspended;
    directory
        .apply(&version(2, first.id(), vec![suspended]))
        .unwrap();
    let who = id("kota-bandung");
    assert!(directory.at(1).is_active(&who) && !directory.latest().is_active(&who));
    assert!(directory.at(0).instance(&who).is_none());
}

#[test]
fn an_identity_key_cannot_be_replaced_by_dropping_it_first() {
    let mut dropped = joined(10);
    dropped.identity = None;
    dropped.keys.clear();
    let refused = refusal(vec![vec![joined(10)], vec![dropped], vec![joined(20)]]);
    assert!(matches!(refused, Some(DirectoryError::Identity(_))));
}

#[test]
fn a_key_without_an_identity_to_vouch_for_it_is_refused() {
    let mut bare = joined(10);
    bare.identity = None;
    let refused = refusal(vec![vec![bare]]);
    assert!(matches!(refused, Some(DirectoryError::Key { .. })));
}

#[test]
fn one_version_states_an_instance_once() {
    let refused = refusal(vec![vec![joined(10), joined(20)]]);
    assert!(matches!(refused, Some(DirectoryError::Twice(_))));
}

#[test]
fn a_key_is_valid_between_its_positions_only() {
    let mut entry = joined(10);
    let kid = entry.keys[0].jwk.kid.clone();
    entry.keys[0].valid_to = Some(Position { epoch: 2, seq: 5 });
    let at = |epoch, seq| entry.signing_key(&kid, Position { epoch, seq }).is_some();
    assert!(at(1, 1) && at(1, 900) && at(2, 5));
    assert!(!at(2, 6) && !at(3, 1));
}

#[test]
fn a_maintenance_stands_until_its_end_or_until_another_notice() {
    let hub = hub();
    let mut directory = Directory::trusting(vec![Verifier::from_jwk(&hub.public()).unwrap()]);
    let mut state = |maintenance: Option<(i64, i64)>| {
        let version = DirectoryVersion {
            version: directory.version() + 1,
            prev: directory.head(),
            at: 0,
            trust_domain: "lapor.test".into(),
            hub_keys: vec![hub.public()],
            changes: Vec::new(),
            taxonomy: None,
            calendar: None,
            maintenance: maintenance.map(|(from, until)| Maintenance {
                from,
                until,
                reason: "ganti mesin".into(),
            }),
        };
        directory.apply(&version.sign(&hub)).unwrap();
        [4, 5, 9, 10].map(|now| {
            let notice = directory.maintenance(now);
            notice.map(|notice| notice.is_on(now))
        })
    };
    assert_eq!(state(None), [None; 4]);
    let announced = [Some(false), Some(true), Some(true), None];
    assert_eq!(state(Some((5, 10))), announced);
    assert_eq!(state(None), announced, "a version that says nothing of it");
    assert_eq!(state(Some((5, 5))), [None; 4], "called off");
}

#[test]
fn a_hub_key_signs_from_the_version_after_the_one_that_names_it() {
    let (old, new) = (hub(), Signer::from_seed(&[2; 32]));
    let mut directory = Directory::trusting(vec![Verifier::from_jwk(&old.public()).unwrap()]);
    let version = |n, prev| DirectoryVersion {
        version: n,
        prev,
        at: 0,
        trust_domain: "lapor.test".into(),
        hub_keys: vec![new.public()],
        changes: Vec::new(),
        taxonomy: None,
        calendar: None,
        maintenance: None,
    };
    let first = version(1, Digest::ZERO);
    assert!(directory.apply(&first.sign(&new)).is_err());
    directory.apply(&first.sign(&old)).unwrap();
    let second = version(2, directory.head());
    assert!(matches!(
        directory.apply(&second.sign(&old)),
        Err(DirectoryError::Signer(_))
    ));
    directory.apply(&second.sign(&new)).unwrap();
    assert!(directory.hub_key(old.kid()).is_none());
    assert!(
        directory.any_hub_key(old.kid()).is_some(),
        "what is stored stays verifiable"
    );
    assert_eq!(directory.key_changes(), [(1, vec![new.kid().clone()])]);
    assert_eq!(directory.published_at(2), Some(0));
    assert_eq!(directory.published_at(3), None);
}

/// Whether following the successors of an institution leads to another one; as many steps as there are
/// institutions are enough, also where they name each other.
fn leads_to(world: DirectoryAt<'_>, from: &InstanceId, to: &InstanceId) -> bool {
    let onward = |id: &InstanceId| world.instance(id)?.successor.clone();
    let all = std::iter::successors(Some(from.clone()), onward);
    all.take(MERGING.len()).any(|id| id == *to)
}

const MERGING: [&str; 5] = ["dinas-a", "dinas-b", "dinas-c", "dinas-d", "dinas-e"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever successors the versions name, also in a circle, and at each version by that one alone.
    #[test]
    fn who_has_the_work_of_whom_is_what_following_the_successors_says(
        changes in proptest::collection::vec((0..5usize, proptest::option::of(0..5usize)), 1..10)
    ) {
        let mut directory = Directory::trusting(vec![Verifier::from_jwk(&hub().public()).unwrap()]);
        for (former, successor) in changes {
            let (former, kind) = (id(MERGING[former]), InstanceKind::Lembaga);
            let mut entry = InstanceEntry::registered(former, kind, "x".into());
            entry.successor = successor.map(|one| id(MERGING[one]));
            let version = DirectoryVersion {
                version: directory.version() + 1,
                prev: directory.head(),
                at: 0,
                trust_domain: "lapor.test".into(),
                hub_keys: vec![hub().public()],
                changes: vec![entry],
                taxonomy: None,
                calendar: None,
                maintenance: None,
            };
            directory.apply(&version.sign(&hub())).unwrap();
        }
        for version in 0..=directory.version() {
            let world = directory.at(version);
            for (one, other) in MERGING.iter().flat_map(|one| MERGING.map(|other| (*one, other))) {
                let (one, other) = (id(one), id(other));
                let found = world.is_or_succeeds(&other, |id| *id == one);
                prop_assert_eq!(found, leads_to(world, &one, &other), "{} {} {}", version, one, other);
            }
        }
    }
}
