//! Who reported is no part of a case: it is asked for, and given or not, and
//! reaches nobody but the desk that asked.

use lapor_node::casework::Once;
use lapor_node::error::NodeError;
use lapor_protocol::case::Withheld;
use lapor_protocol::ids::CaseId;
use lapor_protocol::kinds::identity_requested::IdentityPurpose;
use lapor_tests::fleet::member::{BANDUNG, KEMENPU, PUSAT};
use lapor_tests::fleet::words::{NAME_CANARY, act, report, said};
use lapor_tests::fleet::{Fleet, Institution, kinds};
use serde_json::json;

async fn name(institution: &Institution, case: CaseId) -> Option<String> {
    let reporter = institution.node().identity(case, "penjaga").await;
    reporter.unwrap().and_then(|reporter| reporter.name)
}

/// A case filed at Bandung, in the hands of the ministry that asks for a name.
async fn asked(fleet: &Fleet) -> CaseId {
    let [bandung, pusat, kemenpu] = ["kota-bandung", "pusat", "kemenpu"].map(|slug| fleet.at(slug));
    let case = bandung.file(report("Rumah terendam")).await;
    fleet.settle().await;
    pusat.recall(case).await;
    pusat.dispose(case, "kemenpu").await;
    fleet.settle().await;
    let visit = json!({ "purpose": "visit" });
    let question = said("identity.requested", visit, "Petugas perlu datang.");
    kemenpu.act(case, question).await;
    fleet.settle().await;
    case
}

/// What the officer who asked reads in the list of own requests: whether it was granted, and why not.
async fn heard(institution: &Institution) -> Option<(bool, Option<String>)> {
    let requests = institution.node().identity_requests_of("petugas", None);
    let requests = requests.await.unwrap().requests;
    assert_eq!(requests.len(), 1);
    let origin = requests[0].institution.as_ref().map(ToString::to_string);
    assert_eq!(origin.as_deref(), Some("kota-bandung"));
    let answer = requests[0].answer.clone()?;
    Some((answer.granted, answer.reason))
}

/// The keeper of the institution that was told hands it on to an officer who asks, and to no other.
async fn hands_on(institution: &Institution, case: CaseId) {
    let node = institution.node();
    let early = node.granted_identity(case, "petugas").await;
    assert!(matches!(early, Err(NodeError::Forbidden(_))));
    let once = Once::new("petugas", &Once::fresh_key()).unwrap();
    let why = "Petugas datang besok.";
    let ask = node
        .ask_identity(case, IdentityPurpose::Visit, why, "petugas", &once)
        .await
        .unwrap();
    let granted = node.answer_identity_ask(case, &ask.id, true, "penjaga");
    granted.await.unwrap();
    let known = node.granted_identity(case, "petugas").await.unwrap();
    assert_eq!(known.unwrap().name.as_deref(), Some(NAME_CANARY));
    let other = node.granted_identity(case, "petugas lain").await;
    assert!(matches!(other, Err(NodeError::Forbidden(_))));
}

#[tokio::test]
async fn an_identity_is_disclosed_to_the_desk_that_asked_and_to_nobody_else() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let case = asked(&fleet).await;
        let [bandung, pusat, kemenpu] =
            ["kota-bandung", "pusat", "kemenpu"].map(|slug| fleet.at(slug));
        assert_eq!(name(kemenpu, case).await, None);
        let tasks = bandung.node().identity_tasks().await.unwrap();
        assert_eq!((tasks.len(), &*tasks[0].purpose), (1, "visit"));
        let why = tasks[0].reason.as_deref().unwrap();
        assert!(why.starts_with("Petugas perlu datang."), "{why}");
        bandung
            .act(case, act("identity.disclosed", json!({})))
            .await;
        fleet.settle().await;
        assert_eq!(name(kemenpu, case).await.as_deref(), Some(NAME_CANARY));
        assert_eq!(heard(kemenpu).await, Some((true, None)));
        assert_eq!(name(pusat, case).await, None);
        hands_on(kemenpu, case).await;
        let seen = pusat.view(case).await.history;
        for entry in &seen[3..] {
            assert_eq!(entry.withheld, Some(Withheld::NotEntitled));
        }
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn an_identity_that_is_refused_stays_where_it_is() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let case = asked(&fleet).await;
        let [bandung, kemenpu] = ["kota-bandung", "kemenpu"].map(|slug| fleet.at(slug));
        let declined = json!({ "reason": "reporter_declined" });
        assert_eq!(heard(kemenpu).await, None, "nobody has answered");
        bandung.act(case, act("identity.refused", declined)).await;
        fleet.settle().await;
        let declined = Some("reporter_declined".to_owned());
        assert_eq!(heard(kemenpu).await, Some((false, declined)));
        assert_eq!(name(kemenpu, case).await, None);
        let told = kemenpu.view(case).await.history;
        assert_eq!(told.last().unwrap().kind, "identity.refused");
        assert_eq!(
            told.last().unwrap().body.as_ref().unwrap()["reason"],
            "reporter_declined"
        );
        fleet.ends_well().await;
    }
}
