//! Casework across the federation, as the hub counts it without reading a word.

use lapor_hub::casework::{step, walk};
use lapor_hub::store::casework::{SumRow, by_hop, by_institution, intake, late_cases};
use lapor_hub::{casefile, store};
use lapor_migrations::throwaway::databases;
use lapor_web::holidays::first_edition;
use serde_json::json;

use super::harness::{NOW, Place};

const DAY: i64 = 24 * 60 * 60_000;

/// Follows the record to its end.
async fn follow(place: &Place) {
    while step(&place.hub).await.unwrap() {}
}

async fn sums(place: &Place) -> Vec<SumRow> {
    let mut tx = place.hub.ground.db.read().await.unwrap();
    let now = place.hub.now_ms();
    let sums = by_institution(&mut tx, 0, now + 1, now).await.unwrap();
    tx.rollback().await.unwrap();
    sums
}

fn of<'a>(sums: &'a [SumRow], slug: &str) -> &'a SumRow {
    sums.iter()
        .find(|row| row.part == slug)
        .expect("it had a case")
}

#[tokio::test]
async fn a_case_is_followed_from_hand_to_hand() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [mut pusat, mut bandung, mut kemenpu] = place.three().await;
        let (case, filed) = bandung.file(1);
        place.send(&bandung, std::slice::from_ref(&filed)).await;
        follow(&place).await;
        place.clock.advance(DAY);
        let recalled = json!({ "reason": "now_ours" });
        let recalled = pusat.write("case.recalled", Some(case), Some(&filed.message), recalled);
        let disposed = pusat.dispose(case, &recalled.message, &kemenpu.id);
        place.send(&pusat, &[recalled, disposed.clone()]).await;
        follow(&place).await;
        let untouched = sums(&place).await;
        assert_eq!(
            of(&untouched, "kemenpu").untouched,
            1,
            "nobody has looked at it yet"
        );
        assert_eq!(of(&untouched, "kota-bandung").open, 0);

        place.clock.advance(DAY);
        let returned = json!({ "reason": "not_our_authority" });
        let returned = kemenpu.write(
            "case.returned",
            Some(case),
            Some(&disposed.message),
            returned,
        );
        place.send(&kemenpu, std::slice::from_ref(&returned)).await;
        place.clock.advance(DAY);
        let again = pusat.dispose(case, &returned.message, &bandung.id);
        place.send(&pusat, std::slice::from_ref(&again)).await;
        place.clock.advance(2 * DAY);
        let answer = bandung.follow_up(case, &again.message);
        place.send(&bandung, &[answer]).await;
        follow(&place).await;

        let mut tx = place.hub.ground.db.read().await.unwrap();
        let directory = place.hub.ground.directory.current();
        let file = casefile::load_one(&mut tx, &directory, case)
            .await
            .unwrap()
            .unwrap();
        let terms = walk(&file, &directory, &first_edition(), place.hub.now_ms());
        let way: Vec<_> = terms
            .iter()
            .map(|term| {
                (
                    term.institution.as_str(),
                    term.ended_by,
                    term.reason.as_deref(),
                )
            })
            .collect();
        assert_eq!(
            way,
            [
                ("kota-bandung", Some("case.recalled"), None),
                ("pusat", Some("case.disposed"), None),
                ("kemenpu", Some("case.returned"), Some("not_our_authority")),
                ("pusat", Some("case.disposed"), None),
                ("kota-bandung", None, None),
            ]
        );
        let last = terms.last().unwrap();
        assert_eq!(last.answered_at.map(|at| at - last.since), Some(2 * DAY));

        let now = place.hub.now_ms();
        let all = by_institution(&mut tx, 0, now + 1, now).await.unwrap();
        assert_eq!(
            (of(&all, "kemenpu").terms, of(&all, "kemenpu").returned),
            (1, 1)
        );
        assert_eq!(
            (
                of(&all, "kota-bandung").answered,
                of(&all, "kota-bandung").answer_ms
            ),
            (1, 2 * DAY)
        );
        let hops = by_hop(&mut tx, 0, now + 1, now).await.unwrap();
        let counts: Vec<_> = hops
            .iter()
            .map(|row| (row.part.as_str(), row.terms))
            .collect();
        let expected = [("1", 1), ("2", 1), ("3", 1), ("4", 2)];
        assert_eq!(counts, expected, "4 stands for all later ones");
        let cases = intake(&mut tx, 0, now + 1).await.unwrap();
        assert_eq!(
            (
                cases.cases,
                cases.answered,
                cases.unanswered,
                cases.misrouted
            ),
            (1, 1, 0, 1)
        );
        tx.rollback().await.unwrap();
    }
}

#[tokio::test]
async fn what_runs_out_is_overdue_now_and_was_late_for_ever() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [mut pusat, mut bandung, _] = place.three().await;
        let (case, filed) = bandung.file(1);
        place.send(&bandung, std::slice::from_ref(&filed)).await;
        follow(&place).await;
        assert_eq!(of(&sums(&place).await, "kota-bandung").overdue, 0);
        // Three working days to verify; nothing new has come that could be noted.
        place.clock.advance(10 * DAY);
        let before = sums(&place).await;
        assert_eq!(
            (
                of(&before, "kota-bandung").overdue,
                of(&before, "kota-bandung").late
            ),
            (1, 1)
        );
        let mut tx = place.hub.ground.db.read().await.unwrap();
        let late = late_cases(&mut tx, "kota-bandung", place.hub.now_ms(), 10)
            .await
            .unwrap();
        tx.rollback().await.unwrap();
        assert_eq!(late.len(), 1);
        assert_eq!(late[0].case_id, case.to_string());
        assert!(late[0].due_at.unwrap() > NOW);

        let recalled = json!({ "reason": "now_ours" });
        let recalled = pusat.write("case.recalled", Some(case), Some(&filed.message), recalled);
        place.send(&pusat, &[recalled]).await;
        follow(&place).await;
        let after = sums(&place).await;
        assert_eq!(
            (
                of(&after, "kota-bandung").overdue,
                of(&after, "kota-bandung").late
            ),
            (0, 1)
        );
        assert_eq!(of(&after, "pusat").late, 0, "its own clock has just begun");
    }
}

#[tokio::test]
async fn another_calendar_moves_what_is_due() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [mut pusat, mut bandung, _] = place.three().await;
        let (_, filed) = bandung.file(1);
        place.send(&bandung, &[filed]).await;
        follow(&place).await;
        let due = async || {
            let mut tx = place.hub.ground.db.read().await.unwrap();
            let far = place.hub.now_ms() + 365 * DAY;
            let late = late_cases(&mut tx, "kota-bandung", far, 10).await.unwrap();
            tx.rollback().await.unwrap();
            late[0].due_at.unwrap()
        };
        let before = due().await;
        let september = (20..=30).map(|day| format!("2026-09-{day}"));
        let october = (1..=31).map(|day| format!("2026-10-{day:02}"));
        let free: Vec<_> = september
            .chain(october)
            .map(|date| json!({ "date": date, "name": "Libur", "kind": "national_holiday" }))
            .collect();
        let calendar = json!({ "edition": "test.1", "days": free });
        let published = pusat.write("calendar.updated", None, None, calendar);
        place.send(&pusat, &[published]).await;
        follow(&place).await;
        assert!(due().await >= before + 20 * DAY);
        let mut tx = place.hub.ground.db.read().await.unwrap();
        let by = store::state::read(&mut tx, store::state::CASEWORK_CALENDAR)
            .await
            .unwrap();
        tx.rollback().await.unwrap();
        assert_eq!(by.as_deref(), Some("test.1"));
    }
}
