//! Signing and sealing keys replaced by announcement: offline, in bad weather,
//! with an epoch opened in between. What was said before stays proved, and what
//! was sealed before stays readable.

use std::sync::Arc;

use http::Method;
use lapor_hub::audit::By;
use lapor_hub::deeds::{self, Deed};
use lapor_node::rotation::{KeyState, ROTATE_AFTER_MS};
use lapor_node::sync::{Call, Transport as _};
use lapor_protocol::case::State;
use lapor_protocol::chain::EpochRequest;
use lapor_protocol::ids::CaseId;
use lapor_protocol::keys::{KeyId, KeyUse};
use lapor_protocol::wire::{CaseKeys, PREFIX};
use lapor_tests::fleet::member::{BANDUNG, KEMENPU, KEMENSOS, PUSAT};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{DAY_MS, Fleet, Institution, Weather, kinds};

async fn rotate(at: &Institution, use_for: KeyUse) -> KeyId {
    let rotation = at.node().rotate(use_for, "petugas").await.unwrap();
    assert!(!rotation.under_way);
    rotation.kid
}

async fn state_of(at: &Institution, kid: &KeyId) -> KeyState {
    let list = at.node().key_list().await.unwrap();
    let key = list.into_iter().find(|key| key.kid == kid.as_str());
    let key = key.expect("a key of this node");
    assert!(key.held);
    key.state
}

/// The id of the key of a use that is in force.
pub async fn in_force(at: &Institution, use_for: &str) -> String {
    let list = at.node().key_list().await.unwrap();
    let mut of_use = list.into_iter().filter(|key| key.use_for == use_for);
    let current = of_use.find(|key| key.state == KeyState::InForce);
    current.expect("a key in force").kid
}

/// The hub opens another epoch for an institution that does not know of it;
/// in a storm it may not come to that.
async fn opens_an_epoch(at: &Institution, round: u32) {
    let request = EpochRequest {
        instance: at.member.id(),
        after: 1,
        nonce: format!("{round:032x}"),
        keys: Vec::new(),
    };
    let signed = request.sign(&at.node().keys().unwrap().identity);
    let call = Call::new(Method::POST, format!("{PREFIX}/epochs"));
    let call = call.body("application/json", signed.to_line());
    drop(at.line().call(call).await);
}

pub async fn keys_at_the_hub(at: &Institution, case: CaseId) -> CaseKeys {
    let path = format!("{PREFIX}/cases/{case}/keys");
    let answer = at.line().call(Call::new(Method::GET, path)).await;
    answer.unwrap().json().unwrap()
}

#[tokio::test]
async fn a_signing_key_replaced_offline_with_a_backlog_signs_what_follows() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let bandung = fleet.at("kota-bandung");
        let former = in_force(bandung, "signing").await;
        bandung.line().weather(Weather::CUT);
        let mut filed = Vec::new();
        for number in 0..20 {
            filed.push(bandung.file(report(&format!("Laporan {number}"))).await);
        }
        let next = rotate(bandung, KeyUse::Signing).await;
        let again = bandung.node().rotate(KeyUse::Signing, "petugas").await;
        let again = again.unwrap();
        assert!(again.under_way && again.kid == next, "one at a time");
        for number in 20..40 {
            filed.push(bandung.file(report(&format!("Laporan {number}"))).await);
        }
        assert_eq!(state_of(bandung, &next).await, KeyState::Announced);
        assert_eq!(in_force(bandung, "signing").await, former);
        // The process ends and begins between the announcement and what follows it.
        let institution = fleet.at_mut("kota-bandung");
        institution.stop().await;
        institution.start().await;
        fleet.settle().await;
        for case in filed {
            assert_eq!(fleet.at("pusat").state(case).await, State::Received);
        }
        let bandung = fleet.at("kota-bandung");
        assert_eq!(in_force(bandung, "signing").await, next.as_str());
        assert_eq!(
            state_of(bandung, &KeyId::from_text(former)).await,
            KeyState::Ended
        );
        // And once more, by itself, before the year is over.
        assert!(
            bandung
                .node()
                .rotate_old_keys("jobs")
                .await
                .unwrap()
                .is_empty()
        );
        fleet.pass(ROTATE_AFTER_MS);
        let rotated = bandung.node().rotate_old_keys("jobs").await.unwrap();
        assert_eq!(rotated.len(), 2, "signing and sealing");
        fleet.settle().await;
        assert_eq!(in_force(bandung, "signing").await, rotated[0].as_str());
        assert_eq!(in_force(bandung, "sealing").await, rotated[1].as_str());
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_lost_answer_to_an_announcement_changes_nothing() {
    for kind in kinds() {
        for heard in [true, false] {
            let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
            let bandung = fleet.at("kota-bandung");
            let next = rotate(bandung, KeyUse::Signing).await;
            let case = bandung.file(report("Sesudahnya")).await;
            if heard {
                bandung.line().lose_answers(Method::POST, "/outbox", 1);
            } else {
                bandung.line().lose_calls(Method::POST, "/outbox", 1);
            }
            assert!(bandung.link().push().await.is_err());
            let institution = fleet.at_mut("kota-bandung");
            institution.stop().await;
            institution.start().await;
            fleet.settle().await;
            let bandung = fleet.at("kota-bandung");
            assert_eq!(in_force(bandung, "signing").await, next.as_str());
            assert_eq!(fleet.at("pusat").state(case).await, State::Received);
            fleet.ends_well().await;
        }
    }
}

#[tokio::test]
async fn an_epoch_opened_in_the_middle_of_a_rotation_in_a_storm_loses_nothing() {
    for kind in kinds() {
        let members = [PUSAT, BANDUNG, KEMENPU];
        let mut fleet = Fleet::with(kind, &members, 3, |_| {}).await;
        fleet.weather(Weather::STORM);
        let mut filed = Vec::new();
        for round in 0..8 {
            let bandung = fleet.at("kota-bandung");
            filed.push(bandung.file(report(&format!("Laporan {round}"))).await);
            if round % 4 == 1 {
                bandung
                    .node()
                    .rotate(KeyUse::Signing, "petugas")
                    .await
                    .unwrap();
            }
            if round % 4 == 3 {
                bandung
                    .node()
                    .rotate(KeyUse::Sealing, "petugas")
                    .await
                    .unwrap();
            }
            filed.push(bandung.file(report(&format!("Sesudah {round}"))).await);
            if round % 2 == 1 {
                // Sealed here or on its way, and the hub opens another epoch: for
                // a process that had agreed with it that is the work of a copy,
                // so the operator starts it again.
                let _ = bandung.link().push().await;
                opens_an_epoch(fleet.at("kota-bandung"), round).await;
            }
            let institution = fleet.at_mut("kota-bandung");
            if round % 2 == 1 || round % 3 == 2 {
                institution.stop().await;
                institution.start().await;
                institution.line().weather(Weather::STORM);
            }
            for slug in fleet.slugs() {
                fleet.at(slug).attempt().await;
            }
        }
        fleet.weather_clears().await;
        fleet.settle().await;
        for case in filed {
            assert_eq!(fleet.at("pusat").state(case).await, State::Received);
        }
        let status = fleet.at("kota-bandung").node().status().await.unwrap();
        assert!(status.outbox.epoch > 3, "{}", status.outbox.epoch);
        assert_eq!(status.outbox.quarantined, 0);
        let list = fleet.at("kota-bandung").node().key_list().await.unwrap();
        let on_its_way = |state| state == KeyState::Announced || state == KeyState::Made;
        assert!(list.iter().all(|key| key.held && !on_its_way(key.state)));
        assert!(list.len() > 5, "{}", list.len());
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_sealing_key_is_replaced_old_cases_stay_readable_and_new_keys_arrive() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let old = fleet.at("kota-bandung").file(report("Sebelum")).await;
        fleet.settle().await;
        fleet.at("pusat").recall(old).await;
        fleet.at("pusat").dispose(old, "kemenpu").await;
        fleet.settle().await;
        // A case that is on its way to the old key while the new one is announced.
        fleet.at("kemenpu").line().weather(Weather::CUT);
        let between = fleet.at("kota-bandung").file(report("Di antara")).await;
        fleet.settle().await;
        fleet.at("pusat").recall(between).await;
        fleet.at("pusat").dispose(between, "kemenpu").await;
        fleet.settle().await;
        let former = in_force(fleet.at("kemenpu"), "sealing").await;
        let next = rotate(fleet.at("kemenpu"), KeyUse::Sealing).await;
        fleet.at("kemenpu").line().weather(Weather::CLEAR);
        fleet.settle().await;
        fleet.pass(DAY_MS);
        fleet.settle().await;
        let kemenpu = fleet.at("kemenpu");
        assert_eq!(in_force(kemenpu, "sealing").await, next.as_str());
        assert_eq!(
            state_of(kemenpu, &KeyId::from_text(former)).await,
            KeyState::Ended
        );
        let new = fleet.at("kota-bandung").file(report("Sesudah")).await;
        fleet.settle().await;
        fleet.at("pusat").recall(new).await;
        fleet.at("pusat").dispose(new, "kemenpu").await;
        fleet.settle().await;
        let institution = fleet.at_mut("kemenpu");
        institution.stop().await;
        institution.start().await;
        for case in [old, between, new] {
            fleet.at("kemenpu").answer(case, "Dikerjakan.").await;
            fleet.settle().await;
            assert_eq!(fleet.at("kota-bandung").state(case).await, State::Answered);
        }
        // Whoever holds the keys of cases has wrapped them to the new key as well.
        for case in [old, between, new] {
            let keys = keys_at_the_hub(fleet.at("kemenpu"), case).await;
            assert!(!keys.missing.contains(&fleet.id("kemenpu")));
            assert!(keys.wraps.iter().any(|wrap| wrap.kid == next));
        }
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_keys_folder_of_before_a_rotation_gets_other_keys_by_another_epoch() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let (signing, sealing) = {
            let bandung = fleet.at("kota-bandung");
            bandung.file(report("Sebelum")).await;
            (
                rotate(bandung, KeyUse::Signing).await,
                rotate(bandung, KeyUse::Sealing).await,
            )
        };
        let before = fleet.at("kota-bandung").file(report("Di antara")).await;
        fleet.settle().await;
        let institution = fleet.at_mut("kota-bandung");
        institution.stop().await;
        for (name, kid) in [("signing", &signing), ("sealing", &sealing)] {
            let file = format!("{name}-{kid}.key");
            std::fs::remove_file(institution.settings.node.keys.join(file)).unwrap();
        }
        institution.start().await;
        let after = fleet.at("kota-bandung").file(report("Sesudah")).await;
        fleet.settle().await;
        let bandung = fleet.at("kota-bandung");
        for (use_for, lost) in [("signing", &signing), ("sealing", &sealing)] {
            assert_ne!(in_force(bandung, use_for).await, lost.as_str());
        }
        let status = bandung.node().status().await.unwrap();
        assert_eq!((status.outbox.epoch, status.outbox.quarantined), (2, 0));
        for case in [before, after] {
            assert_eq!(fleet.at("pusat").state(case).await, State::Received);
        }
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn the_hub_takes_another_signing_key_while_a_member_is_away() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        fleet.at("kemenpu").line().weather(Weather::CUT);
        let ground = Arc::clone(&fleet.hub.hub().ground);
        let former = ground.signer().kid().clone();
        let key = ground.signers.prepare(&ground.directory.current()).unwrap();
        let by = By::actor("cli:test");
        for deed in [
            Deed::AnnounceKey { key: key.clone() },
            Deed::UseKey {
                key: key.clone(),
                even_so: true,
            },
            Deed::RetireKey {
                key: former.clone(),
                even_so: true,
            },
        ] {
            deeds::act(&ground, &by, &deed).await.unwrap();
        }
        assert_eq!(*ground.signer().kid(), key);
        drop(ground);
        let case = fleet.at("kota-bandung").file(report("Sesudahnya")).await;
        // It comes back with its files alone, which lack the former private key.
        fleet.restart_hub().await;
        let ground = &fleet.hub.hub().ground;
        assert!(!ground.signers.holds(&former) && ground.signers.holds(&key));
        fleet.join(KEMENSOS).await;
        fleet.weather_clears().await;
        fleet.settle().await;
        assert_eq!(fleet.at("pusat").state(case).await, State::Received);
        let latest = fleet.hub.hub().ground.directory.current().version();
        for slug in ["kemenpu", "kemensos"] {
            let known = fleet.at(slug).node().directory();
            assert_eq!(known.version(), latest, "{slug}");
            assert!(known.hub_key(&former).is_none(), "{slug}");
        }
        fleet.ends_well().await;
    }
}
