//! The trays of the desk: what lies in them, and in whose.

use std::collections::BTreeMap;

use lapor_protocol::case::{Effect, Reason, Ruling};
use lapor_protocol::ids::CaseId;
use lapor_protocol::receipt::Stream;
use serde_json::json;

use super::search_tests::{act, file, index, tab, verify};
use super::{CaseFilter, Sight, Tab, Tray};
use crate::error::NodeError;
use crate::staff::{StaffRole, UnitId};
use crate::sync::Link;
use crate::testing::{PaperHub, Place, databases};

#[tokio::test]
async fn a_case_moves_through_the_trays_of_the_desk() {
    for db in databases().await {
        let place = Place::joined("pusat", db).await;
        let node = &place.node;
        let new = file(node, "Baru", "Isi.", json!({})).await;
        place.clock.advance(1);
        let [held, worked, away] = [
            file(node, "Ditunda", "Isi.", json!({})).await,
            file(node, "Dikerjakan", "Isi.", json!({})).await,
            file(node, "Disposisi", "Isi.", json!({})).await,
        ];
        assert_eq!(tab(node, Tab::New).await.len(), 4);
        act(
            node,
            held,
            "case.held",
            json!({}),
            Some(json!({ "questions": ["Di mana?"] })),
        )
        .await;
        verify(node, worked).await;
        verify(node, away).await;
        act(
            node,
            away,
            "case.disposed",
            json!({ "target": "kota-bandung" }),
            None,
        )
        .await;
        for (asked, expected) in [
            (Tab::New, &[new][..]),
            (Tab::Waiting, &[held]),
            (Tab::Working, &[worked]),
            (Tab::Elsewhere, &[away]),
            (Tab::RunsOut, &[new, worked]),
            (Tab::CameBack, &[]),
        ] {
            assert_eq!(tab(node, asked).await, expected, "{asked:?}");
        }
        assert_eq!(tab(node, Tab::Pending).await.len(), 4);
        act(
            node,
            away,
            "case.recalled",
            json!({ "reason": "no_answer" }),
            None,
        )
        .await;
        act(
            node,
            held,
            "report.completed",
            json!({}),
            Some(json!({ "answers": ["Di sini"] })),
        )
        .await;
        act(
            node,
            worked,
            "case.archived",
            json!({ "reason": "not_a_report" }),
            None,
        )
        .await;
        let back = tab(node, Tab::CameBack).await;
        assert!(back.contains(&away) && back.contains(&held), "{back:?}");
        assert_eq!(tab(node, Tab::Ended).await, [worked]);
        let counts = node
            .inbox_counts(&Sight::ALL, &CaseFilter::default())
            .await
            .unwrap();
        assert_eq!(
            (
                counts.new,
                counts.came_back,
                counts.runs_out,
                counts.pending
            ),
            (1, 2, 3, 4)
        );
        node.look_at(&Sight::ALL, &[new]).await.unwrap();
        let counts = node
            .inbox_counts(&Sight::ALL, &CaseFilter::default())
            .await
            .unwrap();
        assert_eq!((counts.new, counts.unseen), (1, 0));
    }
}

#[tokio::test]
async fn what_lies_elsewhere_is_counted_by_who_has_it_of_those_that_are_asked_for() {
    for db in databases().await {
        let place = Place::joined("pusat", db).await;
        let node = &place.node;
        let mut cases = Vec::new();
        for target in ["kemenpu", "kota-bandung", "kota-bandung"] {
            let case = file(node, "Lampu", "Isi.", json!({})).await;
            verify(node, case).await;
            let target = json!({ "target": target });
            act(node, case, "case.disposed", target, None).await;
            cases.push(case);
        }
        file(node, "Di sini", "Isi.", json!({})).await;
        let count = async |sight: &Sight, asked: &[&str]| {
            let counted = node.count_elsewhere_with(sight, asked).await.unwrap();
            let counted = counted.into_iter();
            counted.collect::<Vec<_>>()
        };
        let bandung = ("kota-bandung".to_owned(), 2_u64);
        assert_eq!(
            count(&Sight::ALL, &["kota-bandung", "pusat"][..]).await,
            std::slice::from_ref(&bandung)
        );
        assert_eq!(
            count(&Sight::ALL, &["kota-bandung", "kemenpu"][..]).await,
            [("kemenpu".to_owned(), 1), bandung]
        );
        assert!(count(&Sight::ALL, &[][..]).await.is_empty());
        let dishub = Sight {
            units: Some(vec!["dishub".into()]),
            ..Sight::ALL
        };
        node.assign(&Sight::ALL, &cases[..2], Some("dishub"), None, "admin")
            .await
            .unwrap();
        assert_eq!(
            count(&dishub, &["kota-bandung"][..]).await,
            [("kota-bandung".to_owned(), 1_u64)]
        );
    }
}

#[tokio::test]
async fn a_unit_sees_what_lies_on_the_desks_of_its_parts_and_no_part_sees_more() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let node = &place.node;
        let unit = |id: &str| id.parse::<UnitId>().unwrap();
        let (dishub, lampu, dinkes) = (unit("dishub"), unit("dishub-lampu"), unit("dinkes"));
        for (id, parent) in [(&dishub, None), (&lampu, Some(&dishub)), (&dinkes, None)] {
            node.add_unit("admin", id, id.as_str(), parent)
                .await
                .unwrap();
        }
        let mut cases = BTreeMap::new();
        for id in [&dishub, &lampu, &dinkes] {
            let case = file(node, "Lampu", "Isi.", json!({})).await;
            node.assign(&Sight::ALL, &[case], Some(id.as_str()), None, "admin")
                .await
                .unwrap();
            cases.insert(id.as_str(), case);
        }
        let everything = CaseFilter::default();
        for (role, id, sees) in [
            (StaffRole::Officer, &dishub, vec!["dishub", "dishub-lampu"]),
            (StaffRole::Officer, &lampu, vec!["dishub-lampu"]),
            (
                StaffRole::Leader,
                &lampu,
                vec!["dinkes", "dishub", "dishub-lampu"],
            ),
        ] {
            let sight = node.sight(role, Some(id.as_str())).await.unwrap();
            let listed = node
                .inbox(&sight, Tab::New, &everything, None, 5)
                .await
                .unwrap();
            let mut units: Vec<_> = listed
                .cases
                .into_iter()
                .filter_map(|case| case.unit)
                .collect();
            units.sort();
            assert_eq!(units, sees);
            for (unit, case) in &cases {
                let opened = node.case_seen(&sight, *case).await.is_ok();
                assert_eq!(opened, sees.contains(unit), "{id} opens a case of {unit}");
                let given = node
                    .assign(&sight, &[*case], Some(*unit), Some("Asep"), "asep")
                    .await;
                assert_eq!(given.is_ok(), sees.contains(unit), "{id} gives {unit}");
            }
        }
    }
}

#[tokio::test]
async fn a_unit_sees_what_lies_on_its_desk() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let node = &place.node;
        let ours = file(node, "Lampu", "Isi.", json!({})).await;
        let other = file(node, "Lampu lain", "Isi.", json!({})).await;
        index(node).await;
        node.assign(&Sight::ALL, &[ours], Some("dishub"), Some("Asep"), "admin")
            .await
            .unwrap();
        verify(node, ours).await;
        let sight = Sight {
            secrets: true,
            units: Some(vec!["dishub".into()]),
            regions: None,
        };
        let filter = CaseFilter::default();
        let listed = node
            .inbox(&sight, Tab::RunsOut, &filter, None, 5)
            .await
            .unwrap();
        let searched = node
            .search(&sight, "lampu", &filter, None, 5)
            .await
            .unwrap();
        for list in [&listed, &searched] {
            assert_eq!(
                list.cases.iter().map(|c| c.case).collect::<Vec<_>>(),
                [ours]
            );
            assert_eq!(
                list.cases[0].officer.as_deref(),
                Some("Asep"),
                "an act keeps it"
            );
        }
        assert_eq!(
            node.inbox_counts(&sight, &filter).await.unwrap().runs_out,
            1
        );
        let asep = CaseFilter {
            officer: Some("Asep".into()),
            ..filter
        };
        assert_eq!(node.cases(&asep, None, 5).await.unwrap().cases.len(), 1);
        let unknown = CaseId::mint(1, [1; 10]);
        let refused = node
            .assign(
                &Sight::ALL,
                &[other, unknown],
                Some("dishub"),
                None,
                "admin",
            )
            .await;
        assert!(matches!(refused, Err(NodeError::Invalid(_))));
        let view = node.case(other).await.unwrap();
        assert_eq!(view.summary.unit, None, "all or none");
        let taken = node
            .assign(&sight, &[ours, other], None, None, "asep")
            .await;
        assert!(taken.is_err(), "what is not seen is not taken");
        node.look_at(&sight, &[ours, other]).await.unwrap();
        let looked = async |case| node.case(case).await.unwrap().summary.looked_at.is_some();
        assert_eq!((looked(ours).await, looked(other).await), (true, false));
        assert!(node.case_seen(&sight, ours).await.is_ok());
        let hidden = node.case_seen(&sight, other).await;
        assert!(matches!(hidden, Err(NodeError::NotFound { .. })));
    }
}

#[tokio::test]
async fn an_act_without_effect_is_a_task_until_it_is_dropped() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let node = &place.node;
        let hub = PaperHub::of(&place);
        let link = Link::over(node.clone(), hub.clone()).unwrap();
        let case = file(node, "Lampu", "Isi.", json!({})).await;
        link.push().await.unwrap();
        link.pull(Stream::Inbox, 0).await.unwrap();
        hub.rules(Ruling {
            effect: Effect::Stale,
            reason: Some(Reason::TermEnded),
        });
        act(
            node,
            case,
            "case.verified",
            json!({}),
            Some(json!({ "title": "Lain" })),
        )
        .await;
        assert_eq!(
            node.case(case).await.unwrap().summary.title.as_deref(),
            Some("Lain")
        );
        link.push().await.unwrap();
        link.pull(Stream::Inbox, 0).await.unwrap();
        let summary = node.case(case).await.unwrap().summary;
        assert_eq!(
            (summary.title.as_deref(), summary.tray),
            (Some("Lampu"), Some(Tray::New))
        );
        assert_eq!(tab(node, Tab::Failed).await, [case]);
        let failed = node.failed_acts(&Sight::ALL, 0, 10).await.unwrap();
        assert_eq!((failed.len(), failed[0].effect.as_str()), (1, "stale"));
        let elsewhere = Sight {
            secrets: true,
            units: Some(vec!["dishub".into()]),
            regions: None,
        };
        let unseen = node.failed_acts(&elsewhere, 0, 10).await.unwrap();
        assert!(unseen.is_empty());
        let (message, by) = (failed[0].message, "asep");
        assert!(node.drop_failed_act(&elsewhere, message, by).await.is_err());
        node.drop_failed_act(&Sight::ALL, failed[0].message, "asep")
            .await
            .unwrap();
        assert!(tab(node, Tab::Failed).await.is_empty());
        assert!(
            node.drop_failed_act(&Sight::ALL, failed[0].message, "asep")
                .await
                .is_err()
        );
        assert_eq!(place.audited("act.dropped").await.len(), 1);
    }
}
