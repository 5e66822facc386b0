//! What time brings to the cases of a node, on both databases.

use chrono_tz::Tz;
use lapor_migrations::on;
use lapor_protocol::case::State;
use lapor_protocol::deadline::{ClockKind, ClockState};
use lapor_protocol::ids::CaseId;
use lapor_protocol::kinds::Body;
use lapor_protocol::receipt::Stream;
use lapor_web::language::{Language, Voice};
use serde_json::json;

use super::{NoticeKind, Recipient, RunningClock};
use crate::casework::{CaseFilter, NewReport, Sight, Tab};
use crate::clock::Clock as _;
use crate::doors::texts;
use crate::figures::Side;
use crate::publishing::NewCalendar;
use crate::store;
use crate::sync::Link;
use crate::testing::{NOW, PaperHub, Place, acts, databases};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// Midnight between Monday, 21, and Tuesday, 22 September 2026 in Jakarta;
/// the node's clock begins three hours before.
const TUESDAY: i64 = 1_790_010_000_000;

async fn filed(place: &Place) -> CaseId {
    let report: NewReport = serde_json::from_value(json!({
        "classification": "complaint",
        "title": "Lampu jalan padam",
        "content": "Lampu jalan di depan pasar padam sejak hari Minggu.",
        "channel": "web",
    }))
    .unwrap();
    place.node.file(report, "test").await.unwrap().case
}

async fn answers(place: &Place, case: CaseId) {
    let words = Some(json!({"text": "Lampu telah diganti."}));
    let body = json!({"proposes_to_close": true});
    acts(place, case, "case.followed_up", body, words).await;
}

async fn completes(place: &Place, case: CaseId) {
    let picture = Some(json!({"text": "Ini fotonya."}));
    acts(place, case, "report.completed", json!({}), picture).await;
}

async fn asks(place: &Place, case: CaseId) {
    let questions = Some(json!({"questions": ["Sudah menyala?"]}));
    acts(place, case, "case.held", json!({"questions": 1}), questions).await;
}

/// Whether those who look at a case are told that silence closes it.
async fn ends(place: &Place, case: CaseId) -> bool {
    let view = place.node.case(case).await.unwrap();
    let mut kinds = view.clocks.iter().map(|clock| clock.kind);
    kinds.any(|kind| kind == ClockKind::Silence)
}

/// Goes to a moment and does what is due by then.
async fn passes_to(place: &Place, at: i64) {
    place.clock.advance(at - place.clock.now_ms());
    place.node.look_after_deadlines().await.unwrap();
}

async fn untold(place: &Place) -> Vec<(NoticeKind, Recipient, ClockKind)> {
    let (notices, _) = place.node.untold_notices(None, 50).await.unwrap();
    notices
        .iter()
        .map(|notice| (notice.kind, notice.recipient, notice.clock))
        .collect()
}

async fn state(place: &Place, case: CaseId) -> Option<State> {
    place.node.case(case).await.unwrap().summary.state
}

#[tokio::test]
async fn a_clock_warns_runs_out_and_is_escalated_each_once() {
    use ClockKind::Verification;
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let case = filed(&place).await;
        passes_to(&place, TUESDAY).await;
        assert_eq!(untold(&place).await, []);
        // The last day is Thursday; its eve begins a day after Tuesday does.
        passes_to(&place, TUESDAY + DAY).await;
        let warning = (NoticeKind::Warning, Recipient::Handler, Verification);
        assert_eq!(untold(&place).await, [warning]);
        let due = TUESDAY + 3 * DAY;
        passes_to(&place, due - 1).await;
        let running = place
            .node
            .case(case)
            .await
            .unwrap()
            .summary
            .deadline
            .unwrap();
        assert_eq!(running.due, Some(due));
        assert_eq!(running.state(due - 1), ClockState::Running);
        assert_eq!(
            place
                .node
                .cases_by_deadline(&Sight::ALL, None, true, None, 50)
                .await
                .unwrap()
                .cases,
            []
        );
        passes_to(&place, due).await;
        let told = untold(&place).await;
        assert_eq!(
            told[1..],
            [(NoticeKind::Overdue, Recipient::Handler, Verification)]
        );
        let me = "kota-bandung".parse().unwrap();
        let late = place
            .node
            .cases_by_deadline(&Sight::ALL, Some(&me), true, None, 50)
            .await
            .unwrap();
        assert_eq!(late.cases[0].case, case);
        assert_eq!(
            late.cases[0].deadline.as_ref().unwrap().state(due),
            ClockState::Overdue
        );
        passes_to(&place, due + DAY).await;
        passes_to(&place, due + 2 * DAY).await;
        let told = untold(&place).await;
        assert_eq!(
            told[2..],
            [(NoticeKind::Escalated, Recipient::Leader, Verification)]
        );
        for notice in place.node.untold_notices(None, 50).await.unwrap().0 {
            let mut tx = place.node.write_tx().await.unwrap();
            assert!(place.node.notice_told(&mut tx, &notice).await.unwrap());
            let again = place.node.notice_told(&mut tx, &notice).await.unwrap();
            assert!(!again, "once");
            tx.commit().await.unwrap();
        }
        passes_to(&place, due + 3 * DAY).await;
        assert_eq!(untold(&place).await, []);
    }
}

#[tokio::test]
async fn whoever_disposed_of_a_case_hears_that_it_is_late() {
    for db in databases().await {
        let place = Place::joined("pusat", db).await;
        let case = filed(&place).await;
        acts(
            &place,
            case,
            "case.disposed",
            json!({"target": "kota-bandung"}),
            None,
        )
        .await;
        passes_to(&place, NOW + 30 * DAY).await;
        let told = untold(&place).await;
        let escalated = |clock| (NoticeKind::Escalated, Recipient::Disposer, clock);
        assert_eq!(told.len(), 2);
        assert!(told.contains(&escalated(ClockKind::FirstFollowUp)));
        assert!(told.contains(&escalated(ClockKind::Complaint)));
        let every = CaseFilter::default();
        let late = CaseFilter {
            overdue: true,
            ..every.clone()
        };
        let node = &place.node;
        for (tab, filter) in [(Tab::Elsewhere, &late), (Tab::LongOverdue, &every)] {
            let list = node.inbox(&Sight::ALL, tab, filter, None, 5).await.unwrap();
            assert_eq!(list.cases.len(), 1, "{tab:?}");
        }
        let counts = node.inbox_counts(&Sight::ALL, &every).await.unwrap();
        let told = (counts.elsewhere, counts.elsewhere_overdue);
        assert_eq!((told, counts.long_overdue), ((1, 1), 1));
        let soon = filed(&place).await;
        let body = json!({"target": "kota-bandung"});
        acts(&place, soon, "case.disposed", body, None).await;
        let list = node.inbox(&Sight::ALL, Tab::Elsewhere, &every, None, 5);
        let listed: Vec<_> = list.await.unwrap().cases.iter().map(|c| c.case).collect();
        assert_eq!(listed, [case, soon], "what runs out next comes first");
        let list = node.inbox(&Sight::ALL, Tab::Elsewhere, &late, None, 5);
        assert_eq!(list.await.unwrap().cases[0].case, case);
    }
}

#[tokio::test]
async fn the_list_by_deadline_has_the_next_first_and_goes_on_where_it_ended() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let mut cases = Vec::new();
        for _ in 0..3 {
            cases.push(filed(&place).await);
            place.clock.advance(DAY);
        }
        acts(
            &place,
            cases[1],
            "case.held",
            json!({"questions": 1}),
            Some(json!({"questions": ["Di mana?"]})),
        )
        .await;
        let first = place
            .node
            .cases_by_deadline(&Sight::ALL, None, false, None, 1)
            .await
            .unwrap();
        assert_eq!(first.cases[0].case, cases[0]);
        let rest = place
            .node
            .cases_by_deadline(&Sight::ALL, None, false, first.next.as_deref(), 50)
            .await
            .unwrap();
        let rest: Vec<_> = rest.cases.iter().map(|case| case.case).collect();
        assert_eq!(rest, [cases[2]], "who waits for the reporter is not listed");
        let held = place.node.case(cases[1]).await.unwrap();
        assert_eq!(
            held.summary.deadline.unwrap().state(NOW),
            ClockState::Paused
        );
        assert_eq!(
            held.clocks[0].days_left, 1,
            "held on the second day of three"
        );
    }
}

#[tokio::test]
async fn a_hold_on_the_last_day_is_paused_and_listed_as_late_only_after_the_day_of_the_answer() {
    // As the migration finds what an older version has counted.
    const OLDER: [&str; 2] = [
        "update deadlines set due_at = 1, paused_since = null where case_id = $1",
        "update cases set described = 0 where case_id = $1 and fold like '%\"holds\":%'",
    ];
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let node = &place.node;
        let hub = PaperHub::of(&place);
        let link = Link::over(node.clone(), hub.clone()).unwrap();
        let case = filed(&place).await;
        let rules = async || {
            hub.orders_at(place.clock.now_ms());
            link.push().await.unwrap();
            link.pull(Stream::Inbox, 0).await.unwrap();
        };
        let stands = async || {
            let deadline = node.case(case).await.unwrap().summary.deadline.unwrap();
            let listed = node.cases_by_deadline(&Sight::ALL, None, true, None, 50);
            let late = !listed.await.unwrap().cases.is_empty();
            (deadline.state(place.clock.now_ms()), deadline.due, late)
        };
        rules().await;
        // On Thursday, the last of three days.
        passes_to(&place, TUESDAY + 2 * DAY + HOUR).await;
        let runs = (ClockState::Running, Some(TUESDAY + 3 * DAY), false);
        assert_eq!(stands().await, runs);
        asks(&place, case).await;
        rules().await;
        passes_to(&place, TUESDAY + 6 * DAY + HOUR).await;
        assert_eq!(stands().await, (ClockState::Paused, None, false));
        let overdue = |told: &[(NoticeKind, Recipient, ClockKind)]| {
            told.iter().any(|(kind, ..)| *kind == NoticeKind::Overdue)
        };
        assert!(!overdue(&untold(&place).await));
        let id = case.to_string();
        let mut tx = node.write_tx().await.unwrap();
        for sql in OLDER {
            let done = on!(&mut tx, c => sqlx::query(sql).bind(&id).execute(c).await.map(drop));
            done.unwrap();
        }
        tx.commit().await.unwrap();
        assert_eq!(stands().await, (ClockState::Overdue, Some(1), true));
        while node.catch_up_words().await.unwrap() > 0 {}
        assert_eq!(stands().await, (ClockState::Paused, None, false));
        let here = Some(json!({"answers": ["Di depan pasar."]}));
        acts(&place, case, "report.completed", json!({}), here).await;
        rules().await;
        let due = TUESDAY + 7 * DAY;
        assert_eq!(stands().await, (ClockState::Running, Some(due), false));
        passes_to(&place, due).await;
        assert_eq!(stands().await, (ClockState::Overdue, Some(due), true));
        assert!(overdue(&untold(&place).await));
    }
}

#[tokio::test]
async fn silence_closes_a_case_once_when_its_clock_has_run_out_by_the_hubs_order() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let hub = PaperHub::of(&place);
        let link = Link::over(place.node.clone(), hub.clone()).unwrap();
        let case = filed(&place).await;
        answers(&place, case).await;
        // While the hub has not ordered it, nobody has been silent.
        passes_to(&place, NOW + 20 * DAY).await;
        assert_eq!(state(&place, case).await, Some(State::Answered));
        let ordered = TUESDAY + 21 * DAY;
        hub.orders_at(ordered);
        link.push().await.unwrap();
        link.pull(Stream::Inbox, 0).await.unwrap();
        let due = place.node.case(case).await.unwrap().clocks[0].due.unwrap();
        assert_eq!(due, ordered + 15 * DAY, "ten working days after a Tuesday");
        passes_to(&place, due).await;
        assert_eq!(
            state(&place, case).await,
            Some(State::Answered),
            "the hub's clock may be late"
        );
        passes_to(&place, due + 6 * HOUR).await;
        assert_eq!(state(&place, case).await, Some(State::Closed));
        passes_to(&place, due + 7 * DAY).await;
        let closes = place.audited("case.closed").await;
        assert_eq!(closes.len(), 1);
        assert_eq!(closes[0].0, "deadlines");
        let view = place.node.case(case).await.unwrap();
        let close = view.history.last().unwrap().body.clone().unwrap();
        assert_eq!(close["by"], "silence");
        let answer = view
            .history
            .iter()
            .find(|entry| entry.kind == "case.followed_up");
        assert_eq!(close["follow_up"]["id"], json!(answer.unwrap().message));
        assert_eq!(view.clocks, []);
    }
}

#[tokio::test]
async fn a_clock_that_is_ahead_of_the_hubs_closes_nothing_by_silence_and_tells_what_is_due() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let link = Link::over(place.node.clone(), PaperHub::of(&place)).unwrap();
        let (answered, waiting) = (filed(&place).await, filed(&place).await);
        answers(&place, answered).await;
        link.push().await.unwrap();
        link.pull(Stream::Inbox, 0).await.unwrap();
        place.clock.set_off(60 * DAY);
        place.node.look_after_deadlines().await.unwrap();
        assert_eq!(state(&place, answered).await, Some(State::Answered));
        assert!(!untold(&place).await.is_empty(), "{waiting} is late");
        place.clock.set_off(-60 * DAY);
        passes_to(&place, NOW + 60 * DAY).await;
        assert_eq!(state(&place, answered).await, Some(State::Closed));
    }
}

#[tokio::test]
async fn a_reply_and_a_case_that_stands_still_keep_silence_from_closing() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let hub = PaperHub::of(&place);
        let link = Link::over(place.node.clone(), hub.clone()).unwrap();
        let (replied, held) = (filed(&place).await, filed(&place).await);
        for case in [replied, held] {
            answers(&place, case).await;
        }
        link.push().await.unwrap();
        link.pull(Stream::Inbox, 0).await.unwrap();
        acts(
            &place,
            replied,
            "case.replied",
            json!({}),
            Some(json!({"text": "Belum menyala."})),
        )
        .await;
        asks(&place, held).await;
        passes_to(&place, NOW + 60 * DAY).await;
        assert_eq!(state(&place, replied).await, Some(State::Answered));
        assert_eq!(state(&place, held).await, Some(State::Held));
    }
}

#[tokio::test]
async fn a_damaged_case_keeps_no_other_from_its_notices_and_from_its_close_by_silence() {
    const DAMAGE: &str = "update cases set fold = '{' where case_id in ($1, $2)";
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let hub = PaperHub::of(&place);
        let link = Link::over(place.node.clone(), hub).unwrap();
        let (damaged, sound) = (filed(&place).await, filed(&place).await);
        let (mute, silent) = (filed(&place).await, filed(&place).await);
        for case in [mute, silent] {
            answers(&place, case).await;
        }
        link.push().await.unwrap();
        link.pull(Stream::Inbox, 0).await.unwrap();
        let [first, second] = [damaged, mute].map(|case| case.to_string());
        let mut tx = place.node.write_tx().await.unwrap();
        let done = on!(&mut tx, c => sqlx::query(DAMAGE)
            .bind(&first)
            .bind(&second)
            .execute(c)
            .await
            .map(drop));
        done.unwrap();
        tx.commit().await.unwrap();
        passes_to(&place, TUESDAY + DAY).await;
        let (notices, _) = place.node.untold_notices(None, 50).await.unwrap();
        let warned = |case| notices.iter().any(|notice| notice.case == case);
        assert!(warned(sound) && !warned(damaged));
        let at = NOW + 60 * DAY;
        passes_to(&place, at).await;
        assert_eq!(state(&place, silent).await, Some(State::Closed));
        let again = at + 6 * HOUR;
        let mut tx = place.node.read_tx().await.unwrap();
        for (moment, due) in [(again - 1, false), (again, true)] {
            let looked = store::deadlines::to_look_at(&mut tx, moment, 50).await;
            assert_eq!(looked.unwrap().contains(&first), due);
            let silences = store::deadlines::silent(&mut tx, moment, 50).await.unwrap();
            assert_eq!(silences.iter().any(|row| row.case_id == second), due);
        }
    }
}

#[tokio::test]
async fn what_completes_an_answered_report_keeps_silence_from_closing_until_the_next_answer() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let hub = PaperHub::of(&place);
        let link = Link::over(place.node.clone(), hub.clone()).unwrap();
        let (held, added) = (filed(&place).await, filed(&place).await);
        let silent = filed(&place).await;
        for case in [held, added, silent] {
            answers(&place, case).await;
        }
        asks(&place, held).await;
        let no = Some(json!({"answers": ["Belum, masih padam."]}));
        acts(&place, held, "report.completed", json!({}), no).await;
        link.push().await.unwrap();
        link.pull(Stream::Inbox, 0).await.unwrap();
        // One that the hub has not ruled yet was said all the same.
        completes(&place, added).await;
        // Nobody is told of a close that does not come.
        assert!(ends(&place, silent).await);
        assert!(!ends(&place, held).await && !ends(&place, added).await);
        for day in 9..=14 {
            passes_to(&place, NOW + day * DAY).await;
        }
        let (notices, _) = place.node.untold_notices(None, 50).await.unwrap();
        let warned = notices.iter().filter(|one| one.clock == ClockKind::Silence);
        let warned: Vec<CaseId> = warned.map(|notice| notice.case).collect();
        assert_eq!(warned, [silent]);
        passes_to(&place, NOW + 60 * DAY).await;
        for case in [held, added] {
            assert_eq!(state(&place, case).await, Some(State::Answered));
        }
        answers(&place, held).await;
        link.push().await.unwrap();
        link.pull(Stream::Inbox, 0).await.unwrap();
        passes_to(&place, NOW + 120 * DAY).await;
        assert_eq!(state(&place, held).await, Some(State::Closed));
        assert_eq!(state(&place, added).await, Some(State::Answered));
    }
}

#[tokio::test]
async fn a_silence_that_closes_nothing_stands_in_no_list() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let node = &place.node;
        let link = Link::over(node.clone(), PaperHub::of(&place)).unwrap();
        let (silent, completed) = (filed(&place).await, filed(&place).await);
        let held = filed(&place).await;
        for case in [silent, completed, held] {
            answers(&place, case).await;
        }
        link.push().await.unwrap();
        link.pull(Stream::Inbox, 0).await.unwrap();
        completes(&place, completed).await;
        // Nobody has looked since it ran out, so that in the hold it does not stand still.
        place.clock.advance(60 * DAY);
        asks(&place, held).await;
        assert!(ends(&place, silent).await);
        for case in [completed, held] {
            assert!(!ends(&place, case).await);
            let view = node.case(case).await.unwrap();
            assert_eq!(RunningClock::of(&view.clocks), None);
        }
        let now = place.clock.now_ms();
        let mut tx = node.read_tx().await.unwrap();
        let looked = store::deadlines::to_look_at(&mut tx, now, 50).await;
        assert_eq!(looked.unwrap(), [silent.to_string()]);
        let closes = store::deadlines::silent(&mut tx, now, 50).await.unwrap();
        let closes: Vec<&str> = closes.iter().map(|row| row.case_id.as_str()).collect();
        assert_eq!(closes, [silent.to_string()]);
        drop(tx);
        // That a reporter is silent is nobody's delay: no list of what is due has any of them.
        let listed = node.cases_by_deadline(&Sight::ALL, None, false, None, 50);
        assert_eq!(listed.await.unwrap().cases, []);
        let late = CaseFilter {
            overdue: true,
            ..CaseFilter::default()
        };
        assert_eq!(node.cases(&late, None, 50).await.unwrap().cases, []);
        let figures = node.figures_of(Side::Custodian, 0, now).await.unwrap();
        assert_eq!(
            (figures.figures[0].handled, figures.figures[0].overdue),
            (3, 0)
        );
    }
}

#[tokio::test]
async fn what_an_older_version_took_for_silence_closes_nothing_and_is_put_right() {
    const OLDER: [&str; 2] = [
        "update cases set completed = 0, described = 0 where case_id = $1",
        "update deadlines set silence_at = 1, look_at = 1 where case_id = $1",
    ];
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let node = &place.node;
        let link = Link::over(node.clone(), PaperHub::of(&place)).unwrap();
        let case = filed(&place).await;
        answers(&place, case).await;
        completes(&place, case).await;
        link.push().await.unwrap();
        link.pull(Stream::Inbox, 0).await.unwrap();
        let id = case.to_string();
        let is_older = async || {
            let mut tx = node.write_tx().await.unwrap();
            for sql in OLDER {
                let done = on!(&mut tx, c => sqlx::query(sql).bind(&id).execute(c).await.map(drop));
                done.unwrap();
            }
            tx.commit().await.unwrap();
        };
        is_older().await;
        assert!(ends(&place, case).await, "the row says so");
        passes_to(&place, NOW + 60 * DAY).await;
        assert_eq!(state(&place, case).await, Some(State::Answered));
        is_older().await;
        while node.catch_up_words().await.unwrap() > 0 {}
        assert!(!ends(&place, case).await);
        let mut tx = node.read_tx().await.unwrap();
        let rows = store::deadlines::these(&mut tx, vec![id.as_str().into()]).await;
        let rows = rows.unwrap();
        assert_eq!((rows[0].silence_at, rows[0].look_at), (None, None));
    }
}

#[tokio::test]
async fn another_edition_of_the_calendar_moves_what_is_due() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let hub = PaperHub::of(&place);
        let link = Link::over(place.node.clone(), hub.clone()).unwrap();
        let case = filed(&place).await;
        let due = async || {
            let view = place.node.case(case).await.unwrap();
            let kept = view.summary.deadline.unwrap().due;
            assert_eq!(kept, view.clocks[0].due);
            kept.unwrap()
        };
        assert_eq!(due().await, TUESDAY + 3 * DAY);
        place.node.look_after_deadlines().await.unwrap();
        let edition: NewCalendar = serde_json::from_value(json!({
            "edition": "2026.2",
            "days": [{"date": "2026-09-23", "name": "Cuti", "kind": "collective_leave"}],
        }))
        .unwrap();
        hub.publishes("pusat", Body::from(edition));
        link.pull(Stream::Public, 0).await.unwrap();
        assert_eq!(place.node.count_deadlines_anew().await.unwrap(), 1);
        assert_eq!(due().await, TUESDAY + 4 * DAY);
        assert_eq!(place.node.count_deadlines_anew().await.unwrap(), 0);
        let again = place.reopened().await;
        assert_eq!(again.count_deadlines_anew().await.unwrap(), 0);
    }
}

#[tokio::test]
async fn people_are_told_the_last_day_of_a_term_and_not_the_one_after() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let case = filed(&place).await;
        let view = place.node.case(case).await.unwrap();
        let clock = &view.clocks[0];
        let last = clock.due_on.unwrap();
        let told = RunningClock::of(&view.clocks).unwrap();
        assert_eq!(told.due_on, last);
        let custodian = view.summary.custodian.as_ref();
        assert_eq!(place.node.last_day(custodian, told.due_at), last);
        let voice = Voice::new(Language::Indonesian, texts(), Tz::Asia__Jakarta, NOW);
        let due = voice.date(told.due_at);
        assert_ne!(
            voice.day(last),
            due,
            "the term is over when that day begins"
        );
    }
}
