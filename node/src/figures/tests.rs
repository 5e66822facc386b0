//! The figures of a few cases whose ends differ, on both databases.

use chrono::NaiveDate;
use lapor_migrations::throwaway::databases;
use lapor_protocol::ids::CaseId;
use serde_json::json;

use super::{FEW, Figures, PublicWork, Side, category_csv, csv};
use crate::casework::NewReport;
use crate::error::NodeError;
use crate::testing::{NOW, Place, acts};

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
        let late = filed(&place).await;
        place.clock.advance(5 * DAY);
        acts(&place, late, "case.verified", json!({}), None).await;

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
        assert_eq!(of.overdue, 1, "verified, but two days late");
        let told = PublicWork::from(of.clone()).figures.unwrap();
        assert_eq!((told.intake, told.rated, told.overdue), (6, 1, 1));
        let means = [told.first_answer_mean_ms, told.close_mean_ms];
        assert_eq!((means, told.score_mean_hundredths), ([None, None], None));
        let few = Figures {
            intake: FEW - 1,
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
        assert_eq!(lines[1], "kota-bandung,1,1,0,0,0,,0,0,0,0,0,,0,0,");
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

#[tokio::test]
async fn a_case_that_comes_back_is_misrouted_and_counts_its_hop() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let case = filed(&place).await;
        acts(
            &place,
            case,
            "case.returned",
            json!({"reason": "not_our_authority"}),
            Some(json!({"text": "Bukan kami."})),
        )
        .await;
        let table = place
            .node
            .figures_of(Side::Custodian, NOW, NOW + DAY)
            .await
            .unwrap();
        let of = &table.figures[0];
        assert_eq!(
            (of.institution.as_str(), of.hops, of.misrouted),
            ("pusat", 1, 1)
        );
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
