//! The figures that everybody may see, in groups, on both databases.

use std::sync::Arc;

use lapor_protocol::ids::CaseId;
use serde_json::{Value, json};

use super::{By, FEW, Groups, Period, Work, group_csv};
use crate::casework::NewReport;
use crate::testing::{Place, acts, databases};

const HOUR: i64 = 3_600_000;
const MINUTE: i64 = 60_000;

async fn filed(place: &Place, more: Value) -> CaseId {
    let mut report = json!({
        "classification": "complaint", "title": "Parkir", "content": "Di trotoar.",
        "region": "32.73", "category": "Perhubungan/Parkir Liar", "channel": "web",
    });
    let Value::Object(more) = more else {
        panic!("more fields of a report are an object");
    };
    report.as_object_mut().unwrap().extend(more);
    let report: NewReport = serde_json::from_value(report).unwrap();
    place.node.file(report, "test").await.unwrap().case
}

async fn filed_often(place: &Place, times: i64, more: Value) {
    for _ in 0..times {
        filed(place, more.clone()).await;
    }
}

async fn answered_and_rated(place: &Place, score: u8) {
    let case = filed(place, json!({})).await;
    place.clock.advance(3 * HOUR);
    let words = Some(json!({"text": "Sudah."}));
    let body = json!({"proposes_to_close": true});
    acts(place, case, "case.followed_up", body, words).await;
    place.clock.advance(HOUR);
    let body = json!({"by": "reporter", "through_officer": false});
    acts(place, case, "case.closed", body, None).await;
    acts(place, case, "case.rated", json!({"score": score}), None).await;
}

/// The figures as they are a minute later.
async fn groups(place: &Place, by: By) -> Arc<Groups> {
    place.clock.advance(MINUTE);
    place.node.groups(Period::USUAL, by).await.unwrap()
}

/// The figures of one group, if it is told.
async fn work(place: &Place, by: By, of: &str) -> Option<Work> {
    let groups = groups(place, by).await;
    let group = groups.groups.iter().find(|group| group.of == of);
    group.and_then(|group| group.work.clone())
}

#[tokio::test]
async fn few_secret_reports_are_in_no_sum_by_topic_or_province() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let secret = json!({"secret": true});
        filed_often(&place, FEW - 1, json!({})).await;
        filed_often(&place, 2, secret.clone()).await;
        for (by, of) in [(By::Topic, "Perhubungan"), (By::Province, "32")] {
            assert_eq!(work(&place, by, of).await, None, "of few that all may read");
        }
        filed(&place, json!({})).await;
        for (by, of) in [(By::Topic, "Perhubungan"), (By::Province, "32")] {
            let told = work(&place, by, of).await.unwrap();
            assert_eq!(told.intake, FEW, "without the secret ones");
        }
        let months = groups(&place, By::Month).await;
        let now = months.groups.last().unwrap().work.as_ref().unwrap();
        assert_eq!(now.intake, FEW + 2, "a month says nothing of a topic");
        filed_often(&place, FEW - 2, secret).await;
        let told = work(&place, By::Topic, "Perhubungan").await.unwrap();
        assert_eq!(told.intake, 2 * FEW, "many of them tell of nobody");
    }
}

#[tokio::test]
async fn a_mean_of_few_is_not_told_and_the_ends_stay_apart() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        for score in [2, 3, 4, 4] {
            answered_and_rated(&place, score).await;
        }
        let archived = filed(&place, json!({})).await;
        let why = json!({"reason": "not_a_report"});
        acts(&place, archived, "case.archived", why, None).await;
        let few = work(&place, By::Topic, "Perhubungan").await.unwrap();
        let ends = (few.confirmed, few.officer, few.silent, few.archived);
        assert_eq!((few.intake, ends), (FEW, (FEW - 1, 0, 0, 1)));
        let means = [few.first_answer_mean_hours, few.close_mean_hours];
        assert_eq!((means, few.score_mean_tenths), ([None, None], None));
        answered_and_rated(&place, 5).await;
        let told = work(&place, By::Topic, "Perhubungan").await.unwrap();
        let means = [told.first_answer_mean_hours, told.close_mean_hours];
        assert_eq!(means, [Some(3), Some(4)]);
        assert_eq!((told.rated, told.score_mean_tenths), (5, Some(36)));
    }
}

#[tokio::test]
async fn every_month_of_a_period_stands_there_and_a_year_has_its_own() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        filed_often(&place, FEW, json!({})).await;
        let usual = groups(&place, By::Month).await;
        let told: Vec<bool> = usual.groups.iter().map(|g| g.work.is_some()).collect();
        assert_eq!((told.len(), told[10], told[11]), (12, false, true));
        assert_eq!(usual.months[11].filed, FEW.unsigned_abs());
        for (period, months, intake) in [
            (Period::Months(3), 3, Some(FEW)),
            (Period::Year(2026), 9, Some(FEW)),
            (Period::Year(2025), 12, None),
        ] {
            let found = place.node.groups(period, By::Month).await.unwrap();
            let last = found.groups.last().unwrap().work.as_ref();
            assert_eq!(found.groups.len(), months, "{period:?}");
            assert_eq!(last.map(|work| work.intake), intake, "{period:?}");
        }
        let institutions = groups(&place, By::Institution).await;
        let [own] = &institutions.groups[..] else {
            panic!("{:?}", institutions.groups);
        };
        assert_eq!(own.of, "kota-bandung");
    }
}

#[tokio::test]
async fn what_has_run_out_and_was_not_met_is_overdue_in_every_group() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        filed_often(&place, FEW, json!({})).await;
        place.clock.advance(5 * 24 * HOUR);
        for (by, of) in [
            (By::Topic, "Perhubungan"),
            (By::Province, "32"),
            (By::Institution, "kota-bandung"),
        ] {
            let told = work(&place, by, of).await.unwrap();
            assert_eq!(told.overdue, FEW, "{of}");
        }
        let months = groups(&place, By::Month).await;
        let now = months.groups.last().unwrap().work.as_ref().unwrap();
        assert_eq!(now.overdue, FEW);
    }
}

#[tokio::test]
async fn a_crowd_of_visitors_counts_once_a_minute() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let first = groups(&place, By::Month).await;
        filed(&place, json!({})).await;
        let again = place.node.groups(Period::USUAL, By::Month).await.unwrap();
        assert_eq!(again.at, first.at);
        assert_eq!(groups(&place, By::Month).await.months[11].filed, 1);
    }
}

#[test]
fn a_group_that_is_not_told_has_empty_cells_and_no_name_is_a_formula() {
    let text = group_csv("category", [("=1+1".to_owned(), None)]).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("category,intake,open,answered,first_answer_mean_hours,"));
    assert_eq!(lines[1], format!("'=1+1{}", ",".repeat(14)));
}
