//! Who may decide about an erasure, by each door.

use lapor_protocol::case::Reason;
use lapor_protocol::ids::CaseId;
use lapor_protocol::kinds::case_redacted::RedactionReason;
use lapor_web::accounts::{AccountId, NewAccount};
use serde_json::json;

use super::{Decider, NewReport};
use crate::error::NodeError;
use crate::reporters::ErasureState;
use crate::staff::StaffRole;
use crate::testing::{NOW, Place, databases};
use crate::tokens::{Bearer, Bounds, NewToken, Role, Scope, create_for};

const WHY: RedactionReason = RedactionReason::LegalOrder;

async fn filed(place: &Place) -> CaseId {
    let report: NewReport = serde_json::from_value(json!({
        "classification": "complaint",
        "title": "Lampu padam",
        "content": "Gelap.",
        "channel": "web",
    }))
    .unwrap();
    place.node.file(report, "test").await.unwrap().case
}

async fn hired(place: &Place, login: &str, role: StaffRole) -> AccountId {
    let new = NewAccount {
        login,
        name: "Petugas",
        role: role.as_str(),
        unit: None,
    };
    let (account, link) = place.node.create_account("test", &new).await.unwrap();
    let words = "gerimis tujuh kelapa sepeda";
    let from = "192.0.2.7".parse().unwrap();
    let accounts = place.node.accounts();
    let chosen = accounts.choose_password(&link, &words.into(), from).await;
    chosen.unwrap();
    account.id
}

/// Who calls with a token of this name.
async fn token(place: &Place, name: &str, role: Role, owner: Option<&AccountId>) -> Decider {
    let new = NewToken {
        name,
        rights: role.into(),
        bounds: Bounds::default(),
        expires_at: None,
        owner,
    };
    let secret = create_for(place.node.db(), new, "test", NOW).await.unwrap();
    let bearer: Option<Bearer> = place.node.bearer(&secret).await.unwrap();
    Decider::bearer(&bearer.unwrap())
}

fn is_forbidden<T>(result: &Result<T, NodeError>) -> bool {
    matches!(result, Err(NodeError::Forbidden(_)))
}

#[tokio::test]
async fn only_an_administrator_decides_about_an_erasure() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let (node, case) = (&place.node, filed(&place).await);
        let admin = Decider::officer(StaffRole::Admin, "account:dewi".into());
        let planned = node.plan_erasure(case, WHY, &admin).await.unwrap();
        assert_eq!(planned.erasure.state, ErasureState::Waiting);
        for role in StaffRole::ALL
            .into_iter()
            .filter(|role| !role.administers())
        {
            let other = Decider::officer(role, "account:budi".into());
            assert!(is_forbidden(&node.plan_erasure(case, WHY, &other).await));
            assert!(is_forbidden(
                &node.confirm_erasure(&planned.id, &other).await
            ));
            assert!(is_forbidden(&node.stop_erasure(&planned.id, &other).await));
        }
        for role in Role::ALL
            .into_iter()
            .filter(|role| !role.has(Scope::Erasures))
        {
            let other = token(&place, role.as_str(), role, None).await;
            assert!(is_forbidden(&node.plan_erasure(case, WHY, &other).await));
            assert!(is_forbidden(
                &node.confirm_erasure(&planned.id, &other).await
            ));
            assert!(is_forbidden(&node.stop_erasure(&planned.id, &other).await));
        }
        node.stop_erasure(&planned.id, &admin).await.unwrap();
    }
}

#[tokio::test]
async fn a_second_person_is_another_account_whatever_door_they_take() {
    for db in databases().await {
        let mut place = Place::joined("kota-bandung", db).await;
        place.settings.erasure.second_person = true;
        place.node = place.reopened().await;
        let (node, case) = (&place.node, filed(&place).await);
        let dewi = hired(&place, "dewi@bandung.go.id", StaffRole::Admin).await;
        let budi = hired(&place, "budi@bandung.go.id", StaffRole::Admin).await;
        let siti = hired(&place, "siti@bandung.go.id", StaffRole::Officer).await;
        let own = token(&place, "dewis", Role::Admin, Some(&dewi)).await;
        let nobodys = token(&place, "app", Role::Admin, None).await;
        let officers = token(&place, "sitis", Role::Admin, Some(&siti)).await;
        let budis = token(&place, "budis", Role::Admin, Some(&budi)).await;
        let operator = Decider::operator("cli:root".into());
        for unknown in [&nobodys, &officers, &operator] {
            assert!(is_forbidden(&node.plan_erasure(case, WHY, unknown).await));
        }
        let at_desk = |account: &AccountId| Decider::officer(StaffRole::Admin, account.actor());
        let planned = node.plan_erasure(case, WHY, &own).await.unwrap();
        assert_eq!(planned.erasure.state, ErasureState::Asked);
        let waits = async |account: &AccountId| {
            let waits = node.erasures_to_confirm(&account.actor()).await;
            waits.unwrap()
        };
        assert_eq!((waits(&dewi).await, waits(&budi).await), (0, 1));
        for wrong in [&own, &at_desk(&dewi), &nobodys, &officers, &operator] {
            assert!(is_forbidden(
                &node.confirm_erasure(&planned.id, wrong).await
            ));
        }
        let accounts = node.accounts();
        accounts.disable("test", &budi).await.unwrap();
        let gone = node.confirm_erasure(&planned.id, &budis).await;
        assert!(is_forbidden(&gone), "the token of somebody who has left");
        accounts.enable("test", &budi).await.unwrap();
        node.confirm_erasure(&planned.id, &budis).await.unwrap();
        let waiting = node.planned_erasures().await.unwrap();
        assert_eq!(waiting[0].erasure.state, ErasureState::Waiting);
        assert_eq!(waiting[0].confirmed_by.as_deref(), Some("token:budis"));
    }
}

#[tokio::test]
async fn what_the_rules_do_not_allow_here_is_not_planned() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let (node, case) = (&place.node, filed(&place).await);
        let admin = Decider::officer(StaffRole::Admin, "account:dewi".into());
        let planned = node.plan_erasure(case, WHY, &admin).await.unwrap();
        place
            .clock
            .advance(planned.erasure.due_at - planned.erasure.asked_at);
        assert_eq!(node.erase_due().await.unwrap(), 1);
        let Err(NodeError::NotAllowed(refused)) = node.plan_erasure(case, WHY, &admin).await else {
            panic!("it was planned");
        };
        assert_eq!(refused.ruling.reason, Some(Reason::AlreadyRedacted));
    }
}
