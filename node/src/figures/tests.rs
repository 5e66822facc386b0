//! The figures of a few cases whose ends differ, on both databases.

use chrono::NaiveDate;
use lapor_protocol::ids::{CaseId, InstanceId, MessageRef};
use lapor_protocol::kinds::Body;
use lapor_protocol::message::Draft;
use lapor_protocol::receipt::Stream;
use serde_json::{Value, json};

use super::{FEW, Figures, PublicWork, Side, category_csv, csv};
use crate::casework::NewReport;
use crate::chance::new_message_id;
use crate::clock::Clock;
use crate::error::NodeError;
use crate::store;
use crate::sync::Link;
use crate::testing::{NOW, PaperHub, Place, acts, databases};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

async fn filed(place: &Place) -> CaseId {
    let report: NewReport = serde_json::from_value(json!({
        "classification": "aspiration",
        "title": "Taman kota",
        "content": "Mohon taman di kelurahan kami.",
        "channel": "web",
    }))
    .unwrap();
    place.node.file(report, "test").await.unwrap().case
}

async fn answered(place: &Place) -> CaseId {
    let case = filed(place).await;
    place.clock.advance(HOUR);
    let words = Some(json!({"text": "Sudah."}));
    acts(
        place,
        case,
        "case.followed_up",
        json!({"proposes_to_close": true}),
        words,
    )
    .await;
    place.clock.advance(HOUR);
    case
}

#[tokio::test]
async fn confirmed_noted_by_an_officer_silent_and_archived_stay_apart() {
    for db in databases().await {
        let place = Place::joined("pusat", db).await;
        let confirmed = answered(&place).await;
        acts(
            &place,
            confirmed,
            "case.closed",
            json!({"by": "reporter", "through_officer": false}),
            None,
        )
        .await;
        acts(&place, confirmed, "case.rated", json!({"score": 4}), None).await;
        let silent = answered(&place).await;
        let history = place.node.case(silent).await.unwrap().history;
        let follow_up = json!({"author": "pusat", "id": history[1].message});
        acts(
            &place,
            silent,
            "case.closed",
            json!({"by": "silence", "follow_up": follow_up}),
            None,
        )
        .await;
        let noted = answered(&place).await;
        let by = json!({"by": "reporter"});
        acts(&place, noted, "case.closed", by, None).await;
        let archived = filed(&place).await;
        acts(
            &place,
            archived,
            "case.archived",
            json!({"reason": "not_a_report"}),
            Some(json!({"text": "Iklan."})),
        )
        .await;
        let away = filed(&place).await;
        acts(
            &place,
            away,
            "case.disposed",
            json!({"target": "kota-bandung"}),
            None,
        )
        .await;
        filed(&place).await;
        place.clock.advance(5 * DAY);

        let table = place
            .node
            .figures_of(Side::Origin, NOW, NOW + DAY)
            .await
            .unwrap();
        let of = &table.figures[0];
        assert_eq!((table.figures.len(), of.institution.as_str()), (1, "pusat"));
        assert_eq!((of.intake, of.open), (6, 2));
        assert_eq!(
            (of.confirmed, of.officer, of.silent, of.archived, of.merged),
            (1, 1, 1, 1, 0)
        );
        assert_eq!((of.rated, of.score_mean_hundredths), (1, Some(400)));
        assert_eq!((of.answered, of.first_answer_mean_ms), (3, Some(HOUR)));
        assert_eq!(of.close_mean_ms, Some(2 * HOUR));
        assert_eq!(of.overdue, 1, "nobody has verified it in three days");
        let told = PublicWork::from(of.clone()).figures.unwrap();
        assert_eq!((told.intake, told.rated, told.overdue), (6, 1, 1));
        let means = [told.first_answer_mean_ms, told.close_mean_ms];
        assert_eq!((means, told.score_mean_hundredths), ([None, None], None));
        let few = Figures {
            handled: FEW - 1,
            ..of.clone()
        };
        assert_eq!(PublicWork::from(few).figures, None);
        let handled = place
            .node
            .figures_of(Side::Custodian, NOW, NOW + DAY)
            .await
            .unwrap();
        let intake: Vec<_> = handled
            .figures
            .iter()
            .map(|of| (of.institution.as_str(), of.intake))
            .collect();
        assert_eq!(intake, [("kota-bandung", 1), ("pusat", 5)]);
        let text = csv(&handled).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[0].starts_with("institution,intake,open,"));
        assert_eq!(lines[1], "kota-bandung,1,1,0,0,0,,0,0,0,0,0,,0,0,,1");
        let text = category_csv(&handled).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "category,local_category,intake,open,answered,overdue",
                ",,6,2,3,1"
            ]
        );
    }
}

/// Sends what waits and takes in what the hub says of it.
async fn ruled(link: &Link) {
    link.push().await.unwrap();
    link.pull(Stream::Inbox, 0).await.unwrap();
}

/// What whoever has the case says of it, and the hub orders now.
async fn says(place: &Place, hub: &PaperHub, case: CaseId, kind: &str, body: &Value) {
    let mut tx = place.node.read_tx().await.unwrap();
    let row = store::cases::case(&mut tx, &case.to_string()).await;
    let fold = row.unwrap().unwrap().ruled().unwrap().unwrap();
    drop(tx);
    let of = (fold.custodian, case, fold.term);
    authored(place, hub, of, kind, body);
}

/// What an institution says of a case in its custody of it, and the hub orders now.
fn authored(
    place: &Place,
    hub: &PaperHub,
    (author, case, term): (InstanceId, CaseId, MessageRef),
    kind: &str,
    body: &Value,
) {
    let draft = Draft {
        kind: kind.into(),
        id: new_message_id(NOW),
        case: Some(case),
        term: Some(term),
        created_at: place.clock.now_ms(),
        body: Body::of_kind(kind, &body.to_string()).unwrap(),
        sealed: None,
        attachments: Vec::new(),
    };
    hub.orders_at(place.clock.now_ms());
    hub.authors(author.as_str(), &draft);
}

/// Of how many cases a clock has run out, with an institution and by where they were filed.
async fn overdue(place: &Place, institution: &str) -> (i64, i64) {
    let (from, until) = (NOW, NOW + DAY);
    let by_work = place.node.figures_of(Side::Custodian, from, until).await;
    let by_origin = place.node.figures_of(Side::Origin, from, until).await;
    let by_work = by_work.unwrap().figures;
    let mut theirs = by_work.iter();
    let theirs = theirs.find(|of| of.institution.as_str() == institution);
    let filed = by_origin.unwrap();
    let all: i64 = filed.figures.iter().map(|of| of.overdue).sum();
    let in_categories: i64 = filed.by_category.iter().map(|of| of.overdue).sum();
    assert_eq!(all, in_categories);
    (theirs.map_or(0, |of| of.overdue), all)
}

#[tokio::test]
async fn each_hop_counts_with_the_institution_that_had_the_case_then() {
    for db in databases().await {
        let place = Place::joined("pusat", db).await;
        let hub = PaperHub::of(&place);
        let link = Link::over(place.node.clone(), hub.clone()).unwrap();
        let case = filed(&place).await;
        ruled(&link).await;
        place.clock.advance(5 * DAY);
        let to = json!({"target": "kemenpu"});
        acts(&place, case, "case.disposed", to, None).await;
        hub.orders_at(place.clock.now_ms());
        ruled(&link).await;
        place.clock.advance(2 * HOUR);
        says(&place, &hub, case, "case.followed_up", &json!({})).await;
        link.pull(Stream::Inbox, 0).await.unwrap();
        let why = json!({"reason": "not_our_authority"});
        says(&place, &hub, case, "case.returned", &why).await;
        link.pull(Stream::Inbox, 0).await.unwrap();
        let table = place
            .node
            .figures_of(Side::Custodian, NOW, NOW + DAY)
            .await
            .unwrap();
        let [ministry, desk] = &table.figures[..] else {
            panic!("{:?}", table.figures);
        };
        assert_eq!(ministry.institution.as_str(), "kemenpu");
        assert_eq!((ministry.intake, ministry.handled), (0, 1));
        assert_eq!((ministry.hops, ministry.misrouted), (1, 1));
        assert_eq!(
            (ministry.answered, ministry.first_answer_mean_ms),
            (1, Some(2 * HOUR))
        );
        assert_eq!(ministry.overdue, 0);
        assert_eq!((desk.intake, desk.handled), (1, 1));
        assert_eq!((desk.hops, desk.misrouted), (0, 0));
        assert_eq!((desk.answered, desk.first_answer_mean_ms), (0, None));
        assert_eq!(desk.overdue, 1, "verified two days late");
    }
}

#[tokio::test]
async fn an_answer_is_in_time_by_the_hubs_order_however_late_it_is_heard_of() {
    for db in databases().await {
        let place = Place::joined("pusat", db).await;
        let hub = PaperHub::of(&place);
        let link = Link::over(place.node.clone(), hub.clone()).unwrap();
        let case = filed(&place).await;
        let to = json!({"target": "kemenpu"});
        acts(&place, case, "case.disposed", to, None).await;
        ruled(&link).await;
        // Five working days after a Monday; the answer comes on the fourth, and the line is down.
        place.clock.advance(4 * DAY);
        says(&place, &hub, case, "case.followed_up", &json!({})).await;
        place.clock.advance(5 * DAY);
        place.node.look_after_deadlines().await.unwrap();
        let known = overdue(&place, "kemenpu").await;
        assert_eq!(known, (1, 1), "as far as is known here");
        link.pull(Stream::Inbox, 0).await.unwrap();
        assert_eq!(overdue(&place, "kemenpu").await, (0, 0));
        place.node.look_after_deadlines().await.unwrap();
        assert_eq!(overdue(&place, "kemenpu").await, (0, 0));
    }
}

#[tokio::test]
async fn what_was_done_too_late_counts_though_it_is_heard_of_in_one_go() {
    for db in databases().await {
        let place = Place::joined("pusat", db).await;
        let hub = PaperHub::of(&place);
        let link = Link::over(place.node.clone(), hub.clone()).unwrap();
        let case = filed(&place).await;
        let to = json!({"target": "kemenpu"});
        acts(&place, case, "case.disposed", to, None).await;
        link.push().await.unwrap();
        let history = place.node.case(case).await.unwrap().history;
        let disposed = history.last().unwrap().message;
        let term = json!({"author": "pusat", "id": disposed});
        let term: MessageRef = serde_json::from_value(term).unwrap();
        place.clock.advance(9 * DAY);
        let of = ("kemenpu".parse().unwrap(), case, term);
        authored(&place, &hub, of, "case.followed_up", &json!({}));
        link.pull(Stream::Inbox, 0).await.unwrap();
        assert_eq!(overdue(&place, "kemenpu").await, (1, 1));
        assert_eq!(overdue(&place, "pusat").await, (0, 1), "disposed at once");
    }
}

#[tokio::test]
async fn a_period_is_whole_days_in_the_institutions_zone_and_no_other() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        filed(&place).await;
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        // 21:13 in Jakarta.
        for (on, found) in [("2026-09-20", 0), ("2026-09-21", 1), ("2026-09-22", 0)] {
            let (from, until) = place.node.span_of_days(day(on), day(on));
            assert_eq!(until - from, DAY);
            let table = place
                .node
                .figures_of(Side::Origin, from, until)
                .await
                .unwrap();
            assert_eq!(table.figures.len(), found, "{on}");
        }
        let (from, until) = place
            .node
            .span_of_days(day("2026-09-22"), day("2026-09-20"));
        let refused = place.node.figures_of(Side::Origin, from, until).await;
        assert!(matches!(refused, Err(NodeError::Invalid(_))), "{refused:?}");
    }
}
