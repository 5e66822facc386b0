//! Order, custody and addressing, as the parties see them: every copy of a
//! case is the same, whatever the hub had in memory.

use lapor_hub::audit::By;
use lapor_hub::membership;
use lapor_protocol::case::{Effect, Reason, Withheld};
use lapor_protocol::delivery::Item;
use lapor_protocol::ids::{CaseId, InstanceKind};
use lapor_protocol::kinds::case_split::Inheritance;
use serde_json::json;

use super::harness::{Institution, Place, case_id, content_key, databases};

fn effects(items: &[(Item, Option<String>)]) -> Vec<&'static str> {
    items
        .iter()
        .map(|(i, _)| i.ruling.effect.as_str())
        .collect()
}

/// All parties have folded the same case.
fn agree(place: &Place, parties: &[&Institution], case: CaseId) {
    let digests: Vec<_> = parties
        .iter()
        .map(|party| place.fold(party, case).map(|fold| fold.digest()))
        .collect();
    assert!(digests[0].is_some());
    assert!(digests.windows(2).all(|pair| pair[0] == pair[1]), "{case}");
}

#[tokio::test]
async fn a_new_party_is_sent_the_history_before_what_brought_it_in() {
    for db in databases().await {
        let mut place = Place::new(&db).await;
        let [mut pusat, mut bandung, mut kemenpu] = place.three().await;
        let (case, filed) = bandung.file(1);
        let filed = filed.wrapped_for(case, &pusat);
        let noted = bandung.write("case.noted", Some(case), None, json!({}));
        let held = json!({ "questions": 1 });
        let held = bandung.write("case.held", Some(case), Some(&filed.message), held);
        let completed = bandung.write("report.completed", Some(case), None, json!({}));
        place
            .send(&bandung, &[filed.clone(), noted, held, completed])
            .await;
        place.pull(&mut pusat).await;
        assert!(pusat.opens(case));
        let term = recall(&place, &mut pusat, case, &filed).await;
        place.restart().await;
        let disposed = pusat.dispose(case, &term, &kemenpu.id);
        let disposed = disposed.wrapped_for(case, &kemenpu);
        place.send(&pusat, std::slice::from_ref(&disposed)).await;
        let items = place.pull(&mut kemenpu).await;
        let seqs: Vec<_> = items.iter().filter_map(|d| d.item.case_seq).collect();
        assert_eq!(seqs, [1, 2, 3, 4, 5, 6]);
        assert!(items.iter().all(|d| d.envelope.is_some()));
        assert!(kemenpu.opens(case));
        let followed = kemenpu.follow_up(case, &disposed.message);
        place.send(&kemenpu, &[followed]).await;
        for party in [&mut pusat, &mut bandung, &mut kemenpu] {
            place.pull(party).await;
        }
        agree(&place, &[&pusat, &bandung, &kemenpu], case);
        assert_eq!(place.fold(&bandung, case).unwrap().custodian, kemenpu.id);
    }
}

/// The desk takes a case over; returns the term that it got.
async fn recall(
    place: &Place,
    pusat: &mut Institution,
    case: CaseId,
    ended: &super::harness::Written,
) -> lapor_protocol::ids::MessageRef {
    let body = json!({ "reason": "now_ours" });
    let recalled = pusat.write("case.recalled", Some(case), Some(&ended.message), body);
    place.send(pusat, std::slice::from_ref(&recalled)).await;
    recalled.message
}

#[tokio::test]
async fn of_two_that_race_for_custody_one_is_stale_and_all_agree() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [mut pusat, mut bandung, mut kemenpu] = place.three().await;
        let (case, filed) = bandung.file(1);
        place.send(&bandung, std::slice::from_ref(&filed)).await;
        recall(&place, &mut pusat, case, &filed).await;
        let late = bandung.follow_up(case, &filed.message);
        let never = kemenpu.follow_up(case, &filed.message);
        place.send(&bandung, &[late]).await;
        place.send(&kemenpu, &[never]).await;
        place.pull(&mut bandung).await;
        place.pull(&mut pusat).await;
        assert_eq!(
            effects(&bandung.history(case)),
            ["applied", "applied", "stale", "unauthorised"]
        );
        let told = place.pull(&mut kemenpu).await;
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].item.ruling.effect, Effect::Unauthorised);
        assert_eq!(told[0].item.withheld, Some(Withheld::RulingOnly));
        let last = &pusat.history(case)[3];
        assert_eq!(last.0.withheld, Some(Withheld::NotEntitled));
        agree(&place, &[&pusat, &bandung], case);
    }
}

#[tokio::test]
async fn nobody_comes_in_by_having_the_work_of_an_excluded_institution() {
    for db in databases().await {
        let mut place = Place::new(&db).await;
        let [mut pusat, mut bandung, mut kemenpu] = place.three().await;
        let kemensos = place.join("kemensos", InstanceKind::Kementerian, 40);
        let ended = kemensos.await.id;
        let case = case_id(&bandung.id, 1);
        let body = json!({
            "classification": "complaint", "channel": "web", "excluded": [ended],
            "commitment": content_key(case).commitment(),
        });
        let filed = bandung.write("report.filed", Some(case), None, body);
        place.send(&bandung, std::slice::from_ref(&filed)).await;
        let term = recall(&place, &mut pusat, case, &filed).await;
        let (ground, heir) = (&place.hub.ground, Some(kemenpu.id.clone()));
        membership::revoke(ground, &By::actor("test"), &ended, heir)
            .await
            .unwrap();
        let refused = pusat.dispose(case, &term, &kemenpu.id);
        let refused = refused.wrapped_for(case, &kemenpu);
        place.send(&pusat, &[refused]).await;
        assert!(place.pull(&mut kemenpu).await.is_empty());
        place.restart().await;
        let back = pusat.dispose(case, &term, &bandung.id);
        place.send(&pusat, &[back]).await;
        place.pull(&mut pusat).await;
        place.pull(&mut bandung).await;
        assert_eq!(
            effects(&bandung.history(case)),
            ["applied", "applied", "unauthorised", "applied"]
        );
        let ruling = bandung.history(case)[2].0.ruling;
        assert_eq!(ruling.reason, Some(Reason::Excluded));
        assert!(place.pull(&mut kemenpu).await.is_empty());
        agree(&place, &[&pusat, &bandung], case);
    }
}

#[tokio::test]
async fn a_split_and_a_link_have_a_place_in_both_cases() {
    for db in databases().await {
        let mut place = Place::new(&db).await;
        let [mut pusat, mut bandung, mut kemenpu] = place.three().await;
        let (parent, filed) = bandung.file(1);
        place.send(&bandung, std::slice::from_ref(&filed)).await;
        place.pull(&mut bandung).await;
        let child = case_id(&bandung.id, 50);
        let split = json!({
            "child": child, "commitment": content_key(child).commitment(),
            "child_key": { "nonce": "", "ciphertext": "" }, "classification": "complaint",
            "inherits": Inheritance::of(&place.fold(&bandung, parent).unwrap()),
        });
        let split = bandung.write("case.split", Some(parent), Some(&filed.message), split);
        place.send(&bandung, std::slice::from_ref(&split)).await;
        place.restart().await;
        for party in [&mut pusat, &mut bandung] {
            place.pull(party).await;
            assert_eq!(party.history(parent).len(), 2);
            assert_eq!(party.history(child).len(), 1);
        }
        let born = place.fold(&pusat, child).unwrap();
        assert_eq!(
            (born.parent, born.custodian),
            (Some(parent), bandung.id.clone())
        );
        let (other, second) = kemenpu.file(2);
        place.send(&kemenpu, std::slice::from_ref(&second)).await;
        let term = recall(&place, &mut pusat, other, &second).await;
        let link = json!({ "target_case": child, "origin": kemenpu.id });
        let linked = pusat.write("case.linked", Some(other), Some(&term), link);
        let linked = linked.wrapped_for(child, &kemenpu);
        place.send(&pusat, &[linked]).await;
        for party in [&mut pusat, &mut bandung, &mut kemenpu] {
            place.pull(party).await;
        }
        agree(&place, &[&pusat, &bandung, &kemenpu], child);
        agree(&place, &[&pusat, &kemenpu], other);
        assert!(kemenpu.opens(child), "the linker wraps the target's key");
        let target = place.fold(&kemenpu, child).unwrap();
        assert!(target.linked.values().any(|linked| linked.case == other));
    }
}

#[tokio::test]
async fn what_the_hub_had_in_memory_makes_no_difference() {
    for db in databases().await {
        let forgetful = |settings: &mut lapor_hub::settings::Settings| {
            settings.limits.cached_messages = 0;
        };
        let place = Place::with(&db, forgetful).await;
        let [mut pusat, mut bandung, mut kemenpu] = place.three().await;
        let mut omb = place.join("ombudsman", InstanceKind::Pengawas, 40).await;
        let (case, filed) = bandung.file(1);
        place.send(&bandung, std::slice::from_ref(&filed)).await;
        let term = recall(&place, &mut pusat, case, &filed).await;
        let away = pusat.dispose(case, &term, &kemenpu.id);
        place.send(&pusat, std::slice::from_ref(&away)).await;
        let back = json!({ "reason": "no_answer" });
        let back = pusat.write("case.recalled", Some(case), Some(&away.message), back);
        let followed = pusat.follow_up(case, &back.message);
        let again = pusat.dispose(case, &back.message, &kemenpu.id);
        place.send(&pusat, &[back, followed, again.clone()]).await;
        let wish = json!({ "supervisor": omb.id, "consent": true });
        let escalated = bandung.write("case.escalated", Some(case), None, wish);
        place.send(&bandung, &[escalated]).await;
        let asked = json!({ "purpose": "contact" });
        let asked = kemenpu.write(
            "identity.requested",
            Some(case),
            Some(&again.message),
            asked,
        );
        place.send(&kemenpu, &[asked]).await;
        for party in [&mut pusat, &mut bandung, &mut kemenpu, &mut omb] {
            place.pull(party).await;
        }
        // A party that went and came back is sent what it missed, once.
        assert_eq!(kemenpu.history(case).len(), bandung.history(case).len());
        agree(&place, &[&pusat, &bandung, &kemenpu, &omb], case);
        let request = bandung.history(case).last().unwrap().clone();
        assert_eq!(
            (request.0.kind.as_str(), request.0.withheld),
            ("identity.requested", None)
        );
        let hidden = pusat.history(case).last().unwrap().0.withheld;
        assert_eq!(hidden, Some(Withheld::NotEntitled));
    }
}

#[tokio::test]
async fn batches_of_many_institutions_are_ordered_together_and_each_is_answered() {
    for db in databases().await {
        let place = std::sync::Arc::new(Place::new(&db).await);
        let [mut pusat, bandung, kemenpu] = place.three().await;
        let mut tasks = Vec::new();
        for mut from in [bandung, kemenpu] {
            let place = place.clone();
            tasks.push(tokio::spawn(async move {
                for round in 0..5u8 {
                    let file = |n| from.file(round * 20 + n).1;
                    let written: Vec<_> = (0..20).map(file).collect();
                    place.send(&from, &written).await;
                }
                from
            }));
        }
        for task in tasks {
            let mut from = task.await.unwrap();
            assert_eq!(place.pull(&mut from).await.len(), 100);
        }
        assert_eq!(place.pull(&mut pusat).await.len(), 200);
    }
}
