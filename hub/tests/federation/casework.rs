//! Casework across the federation, as the hub counts it without reading a word.

use lapor_hub::casework::figures::{Figures, Period, Sum, count};
use lapor_hub::casework::{Step, keep_week, skeleton, step, take_in_again, walk};
use lapor_hub::store::casework::lists::{self, After, Asked, ListRow};
use lapor_hub::{casefile, store};
use lapor_protocol::deadline::ClockKind;
use lapor_protocol::ids::InstanceKind;
use lapor_web::holidays::first_edition;
use serde_json::json;

use super::damage::flip;
use super::harness::{NOW, Place, databases};

const HOUR: i64 = 60 * 60_000;
const DAY: i64 = 24 * HOUR;

/// Follows the record to its end.
async fn follow(place: &Place) {
    while step(&place.hub).await.unwrap().is_some() {}
}

/// All that has happened until now, and how it stands.
async fn figures(place: &Place) -> Figures {
    between(place, 0, i64::MAX).await
}

async fn between(place: &Place, from: i64, until: i64) -> Figures {
    count(&place.hub, Period::Between(from, until))
        .await
        .unwrap()
}

fn of<'a>(figures: &'a Figures, slug: &str) -> &'a Sum {
    &figures.by_institution[slug]
}

fn overdue_at(figures: &Figures, step: Step) -> Option<i64> {
    let mut steps = figures.by_step.iter();
    steps.find(|of| of.step == step).unwrap().overdue
}

async fn overdue(place: &Place, institution: &str, now: i64) -> Vec<ListRow> {
    let mut tx = place.hub.ground.db.read().await.unwrap();
    let asked = Asked {
        institution,
        hop: 0,
        after: &After::default(),
        most: 10,
    };
    let rows = lists::overdue(&mut tx, asked, "", now).await.unwrap();
    tx.rollback().await.unwrap();
    rows
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
        let untouched = figures(&place).await;
        assert_eq!(
            of(&untouched, "kemenpu").unaccepted,
            1,
            "nobody has looked at it yet"
        );
        assert_eq!(of(&untouched, "kota-bandung").open, 0);
        assert_eq!(
            (untouched.federation.open, untouched.federation.unanswered),
            (1, 1)
        );

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
        tx.rollback().await.unwrap();
        let terms = walk(&file, &directory, &first_edition()).terms;
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

        let all = figures(&place).await;
        let kemenpu = of(&all, "kemenpu");
        assert_eq!(
            (kemenpu.received, kemenpu.ended, kemenpu.returned),
            (1, 1, 1)
        );
        assert_eq!(kemenpu.misrouted_per_mille(), Some(1000));
        let own = of(&all, "kota-bandung");
        assert_eq!((own.answered, own.answer_median_ms), (1, Some(2 * DAY)));
        let hops: Vec<_> = all
            .by_hop
            .iter()
            .map(|(hop, sum)| (hop.as_str(), sum.received))
            .collect();
        let expected = [("1", 1), ("2", 1), ("3", 1), ("4", 2)];
        assert_eq!(hops, expected, "4 stands for all later ones");
        assert_eq!(all.filed, 1);
        let whole = &all.federation;
        assert_eq!(
            (whole.received, whole.unanswered, whole.answered),
            (5, 0, 1)
        );
        assert_eq!(
            whole.answer_median_ms,
            Some(5 * DAY),
            "what the reporter waited"
        );
        assert_eq!((all.behind, all.since), (0, Some(NOW)));
    }
}

#[tokio::test]
async fn what_runs_out_is_overdue_until_it_is_met_and_stays_so_in_the_past() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [mut pusat, mut bandung, _] = place.three().await;
        let (case, filed) = bandung.file(1);
        place.send(&bandung, std::slice::from_ref(&filed)).await;
        follow(&place).await;
        assert_eq!(of(&figures(&place).await, "kota-bandung").overdue, 0);
        // Three working days to verify; nothing new has come that could be noted.
        place.clock.advance(10 * DAY);
        let before = figures(&place).await;
        assert_eq!(of(&before, "kota-bandung").overdue, 1);
        assert_eq!(overdue_at(&before, Step::Verification), Some(1));
        assert_eq!(overdue_at(&before, Step::FirstAnswer), Some(0));
        assert_eq!(
            overdue_at(&before, Step::Acceptance),
            None,
            "it has no clock"
        );
        let late = overdue(&place, "kota-bandung", place.hub.now_ms()).await;
        assert_eq!(late.len(), 1);
        assert_eq!(
            (late[0].case_id.clone(), late[0].step.as_str()),
            (case.to_string(), "verification")
        );
        let ran_out = late[0].since;
        assert!(ran_out > NOW);

        let now = place.hub.now_ms();
        let recalled = json!({ "reason": "now_ours" });
        let recalled = pusat.write("case.recalled", Some(case), Some(&filed.message), recalled);
        place.send(&pusat, &[recalled]).await;
        place.clock.advance(HOUR);
        follow(&place).await;
        let after = figures(&place).await;
        assert_eq!(
            (
                of(&after, "kota-bandung").overdue,
                of(&after, "pusat").overdue
            ),
            (0, 0)
        );
        // A moment that is over keeps what was so.
        let then = between(&place, NOW, now).await;
        assert_eq!(then.by_institution, before.by_institution);
        assert_eq!(overdue_at(&then, Step::Verification), Some(1));
        let missed = |figures: &Figures| figures.by_step[0].ran_out;
        assert_eq!(
            missed(&between(&place, ran_out, ran_out + 1).await),
            Some(1)
        );
        assert_eq!(missed(&between(&place, ran_out + 1, now).await), Some(0));
    }
}

#[tokio::test]
async fn a_case_that_waits_for_its_reporter_does_not_become_overdue() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let (case, filed) = bandung.file(1);
        let held = bandung.write(
            "case.held",
            Some(case),
            Some(&filed.message),
            json!({ "questions": 1 }),
        );
        place.send(&bandung, &[filed, held]).await;
        follow(&place).await;
        place.clock.advance(30 * DAY);
        let waits = figures(&place).await;
        assert_eq!((waits.federation.open, waits.federation.overdue), (1, 0));
        assert_eq!(waits.by_step[0].waiting, Some(1));
        assert!(overdue(&place, "", place.hub.now_ms()).await.is_empty());
    }
}

#[tokio::test]
async fn a_hold_on_the_last_day_of_a_term_makes_nobody_late_until_the_day_of_the_answer_is_over() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let (case, filed) = bandung.file(1);
        place.send(&bandung, std::slice::from_ref(&filed)).await;
        let late = async || {
            follow(&place).await;
            let all = figures(&place).await;
            let listed = overdue(&place, "", place.hub.now_ms()).await;
            (overdue_at(&all, Step::Verification), listed.len())
        };
        // On Thursday, the last of three days.
        place.clock.advance(3 * DAY);
        let asks = json!({ "questions": 1 });
        let held = bandung.write("case.held", Some(case), Some(&filed.message), asks);
        place.send(&bandung, &[held]).await;
        place.clock.advance(5 * DAY);
        assert_eq!(late().await, (Some(0), 0), "held");
        let completed = bandung.write("report.completed", Some(case), None, json!({}));
        place.send(&bandung, &[completed]).await;
        assert_eq!(late().await, (Some(0), 0), "answered today");
        place.clock.advance(DAY);
        assert_eq!(late().await, (Some(1), 1));
    }
}

#[tokio::test]
async fn an_erased_case_waits_for_nobody_and_was_overdue_while_it_was() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let (late, first) = bandung.file(1);
        let (soon, second) = bandung.file(2);
        let redacted = json!({ "reason": "personal_data" });
        let erased = bandung.write("case.redacted", Some(soon), None, redacted.clone());
        place.send(&bandung, &[first, second, erased]).await;
        place.clock.advance(10 * DAY);
        follow(&place).await;
        let before = figures(&place).await;
        assert_eq!(of(&before, "kota-bandung").overdue, 1, "the other one");
        let then = place.hub.now_ms();
        place.clock.advance(HOUR);
        let erased = bandung.write("case.redacted", Some(late), None, redacted);
        place.send(&bandung, &[erased]).await;
        place.clock.advance(HOUR);
        follow(&place).await;
        let after = figures(&place).await;
        assert_eq!(of(&after, "kota-bandung").overdue, 0);
        assert!(overdue(&place, "", place.hub.now_ms()).await.is_empty());
        let past = between(&place, 0, then).await;
        assert_eq!(of(&past, "kota-bandung").overdue, 1);
    }
}

#[tokio::test]
async fn figures_follow_hand_made_histories_and_a_past_week_keeps_its_numbers() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [mut pusat, mut bandung, mut kemenpu] = place.three().await;
        let garut = place.join("kab-garut", InstanceKind::Kabupaten, 40).await;
        let mut given = Vec::new();
        for number in 1..=10 {
            let (case, filed) = bandung.file(number);
            place.send(&bandung, std::slice::from_ref(&filed)).await;
            let recalled = json!({ "reason": "now_ours" });
            let recalled = pusat.write("case.recalled", Some(case), Some(&filed.message), recalled);
            let to = if number == 10 { &garut.id } else { &kemenpu.id };
            let disposed = pusat.dispose(case, &recalled.message, to);
            place.send(&pusat, &[recalled, disposed.clone()]).await;
            given.push((case, disposed.message));
        }
        // One given back, six answered after one to six hours, two looked at, one left alone.
        for (number, (case, term)) in given.iter().take(9).enumerate() {
            place.clock.advance(HOUR);
            let act = match number {
                0 => kemenpu.write(
                    "case.returned",
                    Some(*case),
                    Some(term),
                    json!({ "reason": "wrong_region" }),
                ),
                1..=6 => kemenpu.follow_up(*case, term),
                _ => kemenpu.write("case.noted", Some(*case), None, json!({})),
            };
            place.send(&kemenpu, &[act]).await;
        }
        follow(&place).await;
        let week = figures(&place).await;
        let kemenpu_then = of(&week, "kemenpu").clone();
        assert_eq!(
            kemenpu_then,
            Sum {
                received: 9,
                ended: 1,
                returned: 1,
                answered: 6,
                answer_median_ms: Some(4 * HOUR),
                answer_ninetieth_ms: Some(7 * HOUR),
                open: 8,
                unaccepted: 0,
                unanswered: 2,
                overdue: 0,
            }
        );
        let left = of(&week, "kab-garut");
        assert_eq!((left.received, left.unaccepted, left.unanswered), (1, 1, 1));
        assert_eq!((week.filed, week.federation.open), (10, 10));
        assert_eq!(
            (week.federation.unaccepted, week.federation.unanswered),
            (1, 4)
        );

        let until = place.hub.now_ms() + 1;
        place.clock.advance(20 * DAY);
        for (case, term) in given.iter().skip(7).take(2) {
            let answer = kemenpu.follow_up(*case, term);
            place.send(&kemenpu, &[answer]).await;
        }
        follow(&place).await;
        let then = between(&place, 0, until).await;
        assert_eq!(then.by_institution, week.by_institution);
        assert_eq!(then.federation, week.federation);
        let since = between(&place, until, i64::MAX).await;
        assert_eq!((of(&since, "kemenpu").answered, since.filed), (2, 0));
        assert_eq!(of(&since, "kab-garut").overdue, 1);
    }
}

#[tokio::test]
async fn a_list_goes_on_where_its_page_ended() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        for number in 1..=5 {
            let (_, filed) = bandung.file(number);
            place.send(&bandung, &[filed]).await;
            place.clock.advance(HOUR);
        }
        place.clock.advance(10 * DAY);
        follow(&place).await;
        let now = place.hub.now_ms();
        let mut tx = place.hub.ground.db.read().await.unwrap();
        let mut seen = Vec::new();
        let mut after = After::default();
        loop {
            let asked = Asked {
                institution: "kota-bandung",
                hop: 0,
                after: &after,
                most: 2,
            };
            let page = lists::overdue(&mut tx, asked, "verification", now)
                .await
                .unwrap();
            let Some(last) = page.last() else { break };
            after = After {
                since: last.since,
                case: last.case_id.clone(),
            };
            seen.extend(page.into_iter().map(|row| row.case_id));
        }
        let asked = Asked {
            institution: "",
            hop: 0,
            after: &After::default(),
            most: 10,
        };
        let elsewhere = lists::overdue(&mut tx, asked, "handling", now)
            .await
            .unwrap();
        let unanswered = lists::unanswered(&mut tx, asked).await.unwrap();
        let unaccepted = lists::unaccepted(&mut tx, asked).await.unwrap();
        tx.rollback().await.unwrap();
        assert_eq!(
            (elsewhere.len(), unanswered.len(), unaccepted.len()),
            (0, 5, 0)
        );
        let mut once = seen.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!((seen.len(), once.len()), (5, 5));
    }
}

#[tokio::test]
async fn no_close_by_silence_is_late_where_the_reporter_has_completed_the_report() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [mut pusat, mut bandung, _] = place.three().await;
        let (case, filed) = bandung.file(1);
        place.send(&bandung, std::slice::from_ref(&filed)).await;
        let recalled = json!({ "reason": "now_ours" });
        let recalled = pusat.write("case.recalled", Some(case), Some(&filed.message), recalled);
        let disposed = pusat.dispose(case, &recalled.message, &bandung.id);
        place.send(&pusat, &[recalled, disposed.clone()]).await;
        let late = async || {
            follow(&place).await;
            overdue_at(&figures(&place).await, Step::Closing)
        };
        for answered in [1, 2] {
            let answer = bandung.follow_up(case, &disposed.message);
            place.send(&bandung, &[answer]).await;
            assert_eq!(late().await, Some(0), "answer {answered}");
            place.clock.advance(25 * DAY);
            assert_eq!(late().await, Some(1), "answer {answered}");
            let completed = bandung.write("report.completed", Some(case), None, json!({}));
            place.send(&bandung, &[completed]).await;
            place.clock.advance(HOUR);
            assert_eq!(late().await, Some(0), "answer {answered}");
        }
    }
}

#[tokio::test]
async fn a_silence_is_shown_and_counted_only_where_it_will_close_the_case() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let (case, filed) = bandung.file(1);
        place.send(&bandung, std::slice::from_ref(&filed)).await;
        // At the step, overdue at it, listed as overdue, and among the clocks of the case.
        let stands = async || {
            place.clock.advance(HOUR);
            follow(&place).await;
            let all = figures(&place).await;
            let closing = all.by_step.iter().find(|of| of.step == Step::Closing);
            let counted = closing.map(|of| (of.waiting.unwrap(), of.overdue.unwrap()));
            let mut tx = place.hub.ground.db.read().await.unwrap();
            let asked = Asked {
                institution: "",
                hop: 0,
                after: &After::default(),
                most: 10,
            };
            let (step, now) = (Step::Closing.as_str(), place.hub.now_ms());
            let listed = lists::overdue(&mut tx, asked, step, now).await.unwrap();
            tx.rollback().await.unwrap();
            let read = skeleton::read(&place.hub, case).await.unwrap().unwrap();
            let clocks = read.clocks.iter();
            let shown = clocks.filter(|clock| clock.kind == ClockKind::Silence);
            (counted.unwrap(), listed.len(), shown.count())
        };
        for hold in [false, true] {
            let answer = bandung.follow_up(case, &filed.message);
            place.send(&bandung, &[answer]).await;
            assert_eq!(stands().await, ((1, 0), 0, 1));
            place.clock.advance(25 * DAY);
            assert_eq!(stands().await, ((1, 1), 1, 1));
            if hold {
                let asks = json!({ "questions": 1 });
                let held = bandung.write("case.held", Some(case), Some(&filed.message), asks);
                place.send(&bandung, &[held]).await;
                assert_eq!(stands().await, ((0, 0), 0, 0), "held");
            }
            let completed = bandung.write("report.completed", Some(case), None, json!({}));
            place.send(&bandung, &[completed]).await;
            assert_eq!(stands().await, ((0, 0), 0, 0), "completed");
        }
        let read = skeleton::read(&place.hub, case).await.unwrap().unwrap();
        let mut closing = read.way.clocks;
        closing.retain(|ran| ran.step == Step::Closing);
        assert_eq!(closing.len(), 2, "both had run out before");
        assert!(closing.iter().all(|ran| ran.met_at.is_some()));
    }
}

#[tokio::test]
async fn a_skeleton_says_what_was_done_and_no_word() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [mut pusat, mut bandung, kemenpu] = place.three().await;
        let (case, filed) = bandung.file(1);
        place.send(&bandung, std::slice::from_ref(&filed)).await;
        let recalled = json!({ "reason": "now_ours" });
        let recalled = pusat.write("case.recalled", Some(case), Some(&filed.message), recalled);
        let disposed = pusat.dispose(case, &recalled.message, &kemenpu.id);
        let again = pusat.dispose(case, &recalled.message, &bandung.id);
        place.send(&pusat, &[recalled, disposed, again]).await;
        let read = skeleton::read(&place.hub, case).await.unwrap().unwrap();
        let acts: Vec<_> = read
            .acts
            .iter()
            .map(|act| (act.case_seq, act.kind.as_str(), act.effect))
            .collect();
        let expected = [
            (1, "report.filed", "applied"),
            (2, "case.recalled", "applied"),
            (3, "case.disposed", "applied"),
            (4, "case.disposed", "stale"),
        ];
        assert_eq!(acts, expected);
        assert_eq!(read.acts[2].to.as_ref(), Some(&kemenpu.id));
        assert_eq!(read.acts[0].envelope, filed.envelope);
        assert_eq!(read.case.custodian, kemenpu.id);
        assert!(!read.clocks.is_empty());
        assert_eq!(read.way.terms.len(), 3);
        let unknown = super::harness::case_id(&bandung.id, 99);
        assert!(skeleton::read(&place.hub, unknown).await.unwrap().is_none());
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
            let far = place.hub.now_ms() + 365 * DAY;
            overdue(&place, "kota-bandung", far).await[0].since
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

#[tokio::test]
async fn a_case_that_cannot_be_read_stops_no_figures_and_is_counted_once_it_can() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let (damaged, first) = bandung.file(1);
        let (_, second) = bandung.file(2);
        place.send(&bandung, &[first.clone(), second]).await;
        flip(&place, first.envelope).await;
        follow(&place).await;
        let told = figures(&place).await;
        assert_eq!((told.filed, told.behind, told.unread), (1, 0, 1));
        place.clock.advance(8 * DAY);
        assert!(keep_week(&place.hub).await.unwrap());
        assert_eq!(take_in_again(&place.hub).await.unwrap(), 0, "not yet");
        assert_eq!(figures(&place).await.unread, 1);

        // Its author, who is asked for it, sends it once more.
        place.send(&bandung, std::slice::from_ref(&first)).await;
        assert_eq!(take_in_again(&place.hub).await.unwrap(), 1);
        let told = figures(&place).await;
        assert_eq!((told.filed, told.behind, told.unread), (2, 0, 0));
        let found = skeleton::read(&place.hub, damaged).await.unwrap();
        assert_eq!(found.map(|found| found.case.id), Some(damaged));
        assert!(keep_week(&place.hub).await.unwrap(), "it is counted anew");
        assert_eq!(take_in_again(&place.hub).await.unwrap(), 0, "once");
    }
}

#[tokio::test]
async fn a_case_that_is_damaged_after_it_was_counted_stands_as_it_did() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let (case, filed) = bandung.file(1);
        let (other, second) = bandung.file(2);
        place.send(&bandung, &[filed.clone(), second.clone()]).await;
        let answers = [
            bandung.follow_up(case, &filed.message),
            bandung.follow_up(other, &second.message),
        ];
        follow(&place).await;
        place.send(&bandung, &answers).await;
        flip(&place, answers[0].envelope).await;
        follow(&place).await;
        let told = figures(&place).await;
        let open = told.federation.open;
        assert_eq!((told.filed, open, told.unread), (2, 2, 1));
        assert_eq!(told.federation.unanswered, 1, "as it stood");
    }
}
