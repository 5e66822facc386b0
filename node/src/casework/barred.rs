//! Whom a case must not reach: whom it excludes, and whoever has their work by the directory. The rules
//! know an institution by its slug alone; this node offers nothing, and sends nothing, by which one of
//! the others comes in.

use std::collections::BTreeSet;
use std::iter::once;

use lapor_protocol::case::{Case, Effect, Reason, Refusal, Verdict, judge};
use lapor_protocol::directory::DirectoryAt;
use lapor_protocol::ids::InstanceId;
use lapor_protocol::kinds::Body;
use lapor_protocol::message::Draft;

use crate::node::Node;

impl Node {
    /// Those that a case excludes, with all that have succeeded them, one after the other.
    pub(crate) fn barred(&self, excluded: &[InstanceId]) -> Vec<InstanceId> {
        let directory = self.directory();
        let all = barred(excluded, directory.latest());
        all.into_iter().cloned().collect()
    }
}

/// The same by a directory.
pub(super) fn barred<'a>(
    excluded: impl IntoIterator<Item = &'a InstanceId>,
    world: DirectoryAt<'a>,
) -> BTreeSet<&'a InstanceId> {
    let mut all = BTreeSet::new();
    for institution in excluded {
        let mut next = Some(institution);
        // Who is known already has been followed.
        while let Some(id) = next.filter(|id| all.insert(*id)) {
            next = world
                .instance(id)
                .and_then(|entry| entry.successor.as_ref());
        }
    }
    all
}

/// What is said of an act of this node's own before it is sent: the rules, and whom it brings in.
pub(super) fn judge_own(
    draft: &Draft,
    me: &InstanceId,
    case: Option<&Case>,
    other: Option<&Case>,
    world: DirectoryAt<'_>,
) -> Verdict {
    judge(&draft.provisional(me), &draft.body, case, other, world)?;
    let excluded = case.into_iter().flat_map(|case| &case.excluded);
    let barred = barred(excluded, world);
    if brought_in(&draft.body, world)
        .iter()
        .any(|id| barred.contains(id))
    {
        return Err(Refusal {
            effect: Effect::Unauthorised,
            reason: Reason::Excluded,
        });
    }
    Ok(())
}

/// Institutions that a body names, for a case to reach them or to be acted on for them.
fn brought_in<'a>(body: &'a Body, world: DirectoryAt<'a>) -> Vec<&'a InstanceId> {
    match body {
        Body::CaseDisposed(disposed) => once(&disposed.target).chain(&disposed.copies).collect(),
        Body::CaseVerified(verified) => verified.on_behalf_of.iter().collect(),
        Body::CaseEscalated(escalated) => vec![&escalated.supervisor],
        Body::CaseSucceeded(succeeded) => {
            let ended = world.instance(&succeeded.institution);
            let successor = ended.and_then(|entry| entry.successor.as_ref());
            successor.into_iter().collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::casework::{NewAct, NewReport};
    use crate::error::NodeError;
    use crate::testing::{Place, acts, databases};

    use super::*;

    fn report(excluded: &[&str]) -> NewReport {
        serde_json::from_value(json!({
            "classification": "complaint",
            "title": "Lampu jalan padam",
            "content": "Gelap sejak hari Minggu.",
            "excluded": excluded,
            "suggested": "kota-bandung",
            "channel": "web",
        }))
        .unwrap()
    }

    #[tokio::test]
    async fn whoever_has_the_work_of_an_excluded_institution_is_excluded_at_this_node() {
        for db in databases().await {
            let place = Place::joined("pusat", db).await;
            place.directory_gains_supervisor().await;
            let node = &place.node;
            let case = node.file(report(&["kemenpu"]), "test").await;
            let case = case.unwrap().case;
            let open = node.file(report(&[]), "test").await.unwrap().case;
            let heir: InstanceId = "kota-bandung".parse().unwrap();
            let goes_to = async |case| {
                let allowed = node.allowed_acts(case).await.unwrap();
                let hints = node.hints(case).await.unwrap().hints;
                let hinted = hints.iter().any(|hint| hint.institution == heir);
                (allowed.targets.contains(&heir), hinted)
            };
            assert_eq!(goes_to(case).await, (true, true));
            place.directory_dissolves("kemenpu", "kab-garut").await;
            place.directory_dissolves("kab-garut", "kota-bandung").await;
            assert_eq!(goes_to(case).await, (false, false));
            assert_eq!(goes_to(open).await, (true, true));
            for body in [
                json!({"target": "kota-bandung"}),
                json!({"target": "ombudsman", "copies": ["kota-bandung"]}),
            ] {
                let act = NewAct {
                    kind: "case.disposed".into(),
                    body: body.as_object().cloned().unwrap(),
                    words: None,
                    attachments: Vec::new(),
                };
                match node.act(case, act, "test").await {
                    Err(NodeError::NotAllowed(refused)) => {
                        assert_eq!(refused.ruling.reason, Some(Reason::Excluded));
                    }
                    done => panic!("{body}: {done:?}"),
                }
            }
            let other = json!({"target": "ombudsman"});
            acts(&place, case, "case.disposed", other, None).await;
            let suggested = node.file(report(&["kemenpu"]), "test").await;
            assert!(matches!(suggested, Err(NodeError::Invalid(_))));
        }
    }
}
