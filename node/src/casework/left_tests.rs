//! A case that leaves this institution: where it lies then, and what still counts of it.

use lapor_migrations::on;
use lapor_protocol::ids::CaseId;
use lapor_protocol::receipt::Stream;

use super::search_tests::{index, tab};
use super::{CaseFilter, Sight, Tab};
use crate::error::NodeError;
use crate::figures::{Figures, Side};
use crate::node::Node;
use crate::sync::Link;
use crate::testing::{FromDesk, NOW, PaperHub, Place, databases};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// Institutions with what each has now and has had at some time, by the figures.
async fn figures(node: &Node) -> Vec<(String, i64, i64)> {
    let table = node.figures_of(Side::Custodian, NOW - DAY, NOW + DAY).await;
    let figures = table.unwrap().figures;
    let line = |of: &Figures| (of.institution.to_string(), of.intake, of.handled);
    figures.iter().map(line).collect()
}

/// It is shown as it left, and nowhere as if it still stood so.
async fn has_left(node: &Node, case: CaseId, at: i64) {
    let view = node.case(case).await.unwrap();
    assert_eq!(view.summary.left_at, Some(at));
    assert_eq!(view.summary.custodian.unwrap().as_str(), "pusat");
    assert_eq!((view.clocks, view.summary.deadline), (vec![], None));
    assert!(node.allowed_acts(case).await.unwrap().is_empty());
    for open in [Tab::New, Tab::RunsOut, Tab::CameBack, Tab::Elsewhere] {
        assert!(tab(node, open).await.is_empty(), "{open:?}");
    }
    assert_eq!(tab(node, Tab::Ended).await, [case]);
    let every = CaseFilter::default();
    assert_eq!(node.count_open(&every).await.unwrap(), 0);
    assert_eq!(node.tally().await.unwrap().all, 0);
    assert_eq!(figures(node).await, [("kota-bandung".to_owned(), 0, 1)]);
    let own = node.figures_of(Side::Origin, NOW - DAY, NOW + DAY).await;
    let own = own.unwrap();
    assert_eq!((own.figures, own.by_category), (vec![], vec![]));
    let cases = [case];
    let given = node.assign(&Sight::ALL, &cases, None, Some("siti"), "test");
    assert!(matches!(given.await, Err(NodeError::Invalid(_))));
}

#[tokio::test]
async fn what_was_taken_back_is_read_as_it_left_until_it_comes_again() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let node = &place.node;
        let hub = PaperHub::of(&place);
        let link = Link::over(node.clone(), hub.clone()).unwrap();
        let mut given = FromDesk::given(&hub, "kota-bandung");
        link.pull(Stream::Inbox, 0).await.unwrap();
        let case = given.case;
        assert_eq!(tab(node, Tab::New).await, [case]);
        let view = node.case(case).await.unwrap();
        assert_eq!(view.summary.left_at, None);
        assert!(!view.clocks.is_empty());
        hub.orders_at(NOW + HOUR);
        given.recalled();
        link.pull(Stream::Inbox, 0).await.unwrap();
        has_left(node, case, NOW + HOUR).await;

        place.clock.advance(2 * HOUR);
        hub.orders_at(NOW + 2 * HOUR);
        given.disposed("kota-bandung");
        link.pull(Stream::Inbox, 0).await.unwrap();
        assert_eq!(tab(node, Tab::New).await, [case]);
        let view = node.case(case).await.unwrap();
        assert_eq!(view.summary.left_at, None);
        assert!(!view.clocks.is_empty());
        assert_eq!(node.tally().await.unwrap().open, 1);
        let both = [
            ("kota-bandung".to_owned(), 1, 1),
            ("pusat".to_owned(), 0, 1),
        ];
        assert_eq!(figures(node).await, both);
    }
}

#[tokio::test]
async fn what_had_left_before_this_was_kept_is_found_in_its_history() {
    const CASES: &str = "update cases set left_at = null, tray = 'elsewhere', described = 0";
    const FACTS: &str = "update case_facts set left_by = null";
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let node = &place.node;
        let hub = PaperHub::of(&place);
        let link = Link::over(node.clone(), hub.clone()).unwrap();
        let mut given = FromDesk::given(&hub, "kota-bandung");
        hub.orders_at(NOW + HOUR);
        given.recalled();
        link.pull(Stream::Inbox, 0).await.unwrap();
        let mut tx = node.write_tx().await.unwrap();
        for sql in [CASES, FACTS] {
            let done = on!(&mut tx, c => sqlx::query(sql).execute(c).await.map(drop));
            done.unwrap();
        }
        tx.commit().await.unwrap();
        assert_eq!(tab(node, Tab::Elsewhere).await, [given.case]);
        index(node).await;
        has_left(node, given.case, NOW + HOUR).await;
    }
}
