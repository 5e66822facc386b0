//! Whom a case must not reach: whom it excludes, and whoever has their work by the directory. The rules
//! refuse what would bring one of them in; here nobody is offered one.

use lapor_protocol::ids::InstanceId;

use crate::node::Node;

impl Node {
    /// Those that a case excludes, with all that have succeeded them, one after the other.
    pub(crate) fn barred(&self, excluded: &[InstanceId]) -> Vec<InstanceId> {
        let named = |id: &InstanceId| excluded.contains(id);
        let directory = self.directory();
        let world = directory.latest();
        let others = world.instances().map(|entry| &entry.id);
        let others = others.filter(|id| !named(id) && world.is_or_succeeds(id, named));
        excluded.iter().chain(others).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use lapor_protocol::case::Reason;
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
            let refused = async || match node.file(report(&["kemenpu"]), "test").await {
                Err(NodeError::Invalid(why)) => why,
                done => panic!("{done:?}"),
            };
            assert!(refused().await.starts_with("suggested: "));
            place.directory_dissolves("kota-bandung", "pusat").await;
            assert!(refused().await.starts_with("excluded: "), "nor filed here");
        }
    }
}
