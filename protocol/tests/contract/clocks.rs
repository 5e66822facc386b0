//! The clocks of a case: what starts, stops and pauses them, whose zone and
//! terms hold, and that a verifier sees a silence that was closed too early.

use chrono::NaiveDate;
use lapor_protocol::calendar::{Calendar, Pause};
use lapor_protocol::case::Effect::Inapplicable;
use lapor_protocol::case::{Reason, State};
use lapor_protocol::deadline::{Clock, ClockKind, ClockState, OwnTerm, awaited, clocks, owed};
use lapor_protocol::kinds::calendar_updated::{CalendarUpdated, Holiday, HolidayKind};
use lapor_protocol::kinds::{Body, CaseDisposed, CaseVerified};

use crate::acts::{
    answered, archived, completed, confirmed, disposed, followed_up, held, linked, recalled,
    reopened, replied, returned, succeeded, unlinked, verified,
};
use crate::story::Story;
use crate::world::id;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// Monday, 5 January 2026, 08:00 in Jakarta.
const MONDAY: i64 = 1_767_574_800_000;

fn filed() -> Story {
    let mut story = Story::empty();
    story.clock = MONDAY;
    story.new_case("kota-bandung", crate::acts::filed());
    story
}

/// Disposed to the ministry on Monday.
fn with_ministry() -> Story {
    let mut story = filed();
    story.applied("kota-bandung", verified());
    story.applied("kota-bandung", disposed("kemenpu"));
    story
}

/// A verification that finds an irregularity.
fn oversight() -> Body {
    Body::CaseVerified(CaseVerified {
        oversight: Some(true),
        classification: None,
        category: None,
        region: None,
        excluded: Vec::new(),
        on_behalf_of: None,
    })
}

fn days_later(story: &mut Story, days: i64) {
    story.clock = MONDAY + days * DAY;
}

fn now(story: &Story) -> Vec<Clock> {
    let calendar = Calendar::of_weekdays();
    clocks(story.case(), story.world.now(), &calendar, story.clock)
}

#[track_caller]
fn due(story: &Story, kind: ClockKind) -> String {
    let clock = now(story).into_iter().find(|clock| clock.kind == kind);
    let clock = clock.unwrap_or_else(|| panic!("no clock {kind:?}"));
    clock.due_on.map_or_else(
        || format!("paused with {} days", clock.days_left),
        |day| day.to_string(),
    )
}

fn kinds(story: &Story) -> Vec<ClockKind> {
    now(story).iter().map(|clock| clock.kind).collect()
}

#[test]
fn each_step_starts_its_own_clock_and_stops_the_one_before() {
    use ClockKind::{Complaint, FirstFollowUp, Silence, Verification};
    let mut story = filed();
    assert_eq!(kinds(&story), [Verification]);
    assert_eq!(due(&story, Verification), "2026-01-08");
    story.applied("kota-bandung", verified());
    assert_eq!(kinds(&story), [FirstFollowUp, Complaint]);
    days_later(&mut story, 1);
    story.applied("kota-bandung", disposed("kemenpu"));
    assert_eq!(due(&story, FirstFollowUp), "2026-01-13");
    assert_eq!(due(&story, Complaint), "2026-01-26");
    days_later(&mut story, 2);
    story.applied("kemenpu", followed_up());
    assert_eq!(kinds(&story), [Silence, Complaint]);
    assert_eq!(due(&story, Silence), "2026-01-21");
    days_later(&mut story, 3);
    story.applied("kemenpu", answered());
    assert_eq!(kinds(&story), [Silence]);
    assert_eq!(due(&story, Silence), "2026-01-22");
    story.applied("kota-bandung", replied());
    assert_eq!(kinds(&story), [Complaint], "the reporter wants more");
    story.applied("kemenpu", answered());
    story.applied("kota-bandung", confirmed());
    assert_eq!(kinds(&story), []);
    assert!(story.case().course.ended.is_some());
    days_later(&mut story, 7);
    story.applied("kota-bandung", replied());
    assert_eq!(kinds(&story), [FirstFollowUp, Complaint]);
    assert_eq!(due(&story, FirstFollowUp), "2026-01-19");
    assert_eq!(story.case().course.ended, None);
}

#[test]
fn every_hop_has_a_clock_of_its_own() {
    let mut story = with_ministry();
    days_later(&mut story, 2);
    story.applied("kemenpu", returned());
    assert_eq!(due(&story, ClockKind::Verification), "2026-01-12");
    days_later(&mut story, 3);
    story.applied("kota-bandung", disposed("kemensos"));
    assert_eq!(due(&story, ClockKind::FirstFollowUp), "2026-01-15");
    days_later(&mut story, 4);
    story.applied("kota-bandung", recalled());
    assert_eq!(due(&story, ClockKind::Verification), "2026-01-14");
    // Verifying again gains no time.
    story.applied("kota-bandung", verified());
    days_later(&mut story, 7);
    story.applied("kota-bandung", verified());
    assert_eq!(due(&story, ClockKind::FirstFollowUp), "2026-01-16");
}

#[test]
fn a_hold_stops_the_clocks_until_the_reporter_has_answered() {
    let mut story = with_ministry();
    days_later(&mut story, 2);
    story.applied("kemenpu", held());
    days_later(&mut story, 11);
    assert_eq!(due(&story, ClockKind::FirstFollowUp), "paused with 3 days");
    let paused = &now(&story)[0];
    assert_eq!(paused.state, ClockState::Paused);
    assert_eq!(paused.paused_since, Some(MONDAY + 2 * DAY + 1));
    story.applied("kota-bandung", completed());
    // Wednesday to the Friday of the week after: three days of five are left.
    assert_eq!(due(&story, ClockKind::FirstFollowUp), "2026-01-21");
    // Asked and answered on one day, nothing is gained.
    story.applied("kemenpu", held());
    story.applied("kota-bandung", completed());
    assert_eq!(due(&story, ClockKind::FirstFollowUp), "2026-01-21");
}

#[test]
fn a_hold_on_the_last_day_stops_the_clock_until_the_day_of_the_answer_is_over() {
    let mut story = with_ministry();
    days_later(&mut story, 7);
    assert_eq!(due(&story, ClockKind::FirstFollowUp), "2026-01-12");
    story.applied("kemenpu", held());
    for days in [8, 30] {
        days_later(&mut story, days);
        let clock = &now(&story)[0];
        assert_eq!(clock.kind, ClockKind::FirstFollowUp);
        assert_eq!((clock.state, clock.due), (ClockState::Paused, None));
        assert_eq!((clock.due_on, clock.days_left), (None, 0));
        assert_eq!(clock.paused_since, Some(MONDAY + 7 * DAY + 1));
    }
    story.applied("kota-bandung", completed());
    assert_eq!(due(&story, ClockKind::FirstFollowUp), "2026-02-04");
    let clock = &now(&story)[0];
    assert_eq!((clock.state, clock.days_left), (ClockState::Running, 0));
    days_later(&mut story, 31);
    let clock = &now(&story)[0];
    assert_eq!((clock.state, clock.days_left), (ClockState::Overdue, -1));
}

#[test]
fn a_hold_on_the_day_before_the_last_leaves_a_day() {
    let mut story = with_ministry();
    days_later(&mut story, 4);
    story.applied("kemenpu", held());
    days_later(&mut story, 9);
    story.applied("kota-bandung", completed());
    assert_eq!(due(&story, ClockKind::FirstFollowUp), "2026-01-15");
}

#[test]
fn a_hold_on_the_day_of_the_answer_stops_the_clock_again_unless_it_ends_that_day() {
    let mut story = with_ministry();
    days_later(&mut story, 7);
    story.applied("kemenpu", held());
    story.applied("kota-bandung", completed());
    assert_eq!(due(&story, ClockKind::FirstFollowUp), "2026-01-12");
    story.applied("kemenpu", held());
    days_later(&mut story, 8);
    story.applied("kota-bandung", completed());
    assert_eq!(due(&story, ClockKind::FirstFollowUp), "2026-01-13");
    story.applied("kemenpu", held());
    days_later(&mut story, 10);
    assert_eq!(due(&story, ClockKind::FirstFollowUp), "paused with 0 days");
    story.applied("kota-bandung", completed());
    assert_eq!(due(&story, ClockKind::FirstFollowUp), "2026-01-15");
    story.applied("kemenpu", held());
    story.applied("kota-bandung", completed());
    assert_eq!(due(&story, ClockKind::FirstFollowUp), "2026-01-15");
}

#[test]
fn a_term_on_whose_last_day_a_pause_begins_ends_with_it_on_whatever_day_that_is() {
    type Days = (u32, Option<u32>);
    let edition = CalendarUpdated {
        edition: "2026.1".into(),
        days: vec![Holiday {
            date: "2026-01-14".into(),
            name: "Libur".into(),
            kind: HolidayKind::NationalHoliday,
        }],
    };
    let calendar = Calendar::of(&edition);
    let january = |day: u32| NaiveDate::from_ymd_opt(2026, 1, day).unwrap();
    let pause = |&(after, upto): &Days| Pause {
        after: january(after),
        upto: upto.map(january),
    };
    // Five working days after Monday, the 5th, is the 12th.
    let table: [(&[Days], Option<u32>); 11] = [
        (&[], Some(12)),
        (&[(12, Some(12))], Some(12)),
        (&[(12, None)], None),
        // A holiday, a Sunday.
        (&[(12, Some(14))], Some(14)),
        (&[(12, Some(18))], Some(18)),
        (&[(12, Some(14)), (14, Some(14)), (14, Some(16))], Some(16)),
        (&[(12, Some(14)), (14, None)], None),
        (&[(12, Some(13)), (14, None)], Some(13)),
        // Begun on the Saturday before, it leaves a day; on the day after, all is over.
        (&[(10, None)], None),
        (&[(10, Some(12))], Some(13)),
        (&[(13, None)], Some(12)),
    ];
    for (days, expected) in table {
        let pauses: Vec<Pause> = days.iter().map(pause).collect();
        let due = calendar.due_on(january(5), 5, &pauses);
        assert_eq!(due, expected.map(january), "{days:?}");
    }
}

#[test]
fn what_has_run_out_before_a_hold_stays_overdue() {
    let mut story = with_ministry();
    days_later(&mut story, 8);
    story.applied("kemenpu", held());
    let clock = &now(&story)[0];
    assert_eq!(clock.kind, ClockKind::FirstFollowUp);
    assert_eq!((clock.state, clock.days_left), (ClockState::Overdue, -1));
    assert_eq!(clock.paused_since, None);
}

#[test]
fn a_merged_case_waits_and_an_archived_one_has_no_clock() {
    let mut story = with_ministry();
    let first = story.current;
    let second = story.new_case("kota-bandung", crate::acts::filed());
    story.current = first;
    days_later(&mut story, 1);
    let link = story.applied("pusat", linked(second, "kota-bandung"));
    assert_eq!(kinds(&story), []);
    days_later(&mut story, 4);
    story.applied("pusat", unlinked(&link, second));
    assert_eq!(due(&story, ClockKind::FirstFollowUp), "2026-01-15");
    story.applied("kemenpu", archived());
    assert_eq!(kinds(&story), []);
    story.applied("kota-bandung", reopened());
    assert_eq!(due(&story, ClockKind::FirstFollowUp), "2026-01-16");
}

#[test]
fn whoever_is_late_gains_no_time_by_verifying_in_a_hold() {
    for act in [None, Some(answered()), Some(followed_up())] {
        let mut story = with_ministry();
        days_later(&mut story, 40);
        if let Some(act) = act {
            story.applied("kemenpu", act);
        }
        story.applied("kemenpu", held());
        story.refused("kemenpu", oversight(), Inapplicable, Reason::WrongState);
        story.stands("kemenpu", State::Held);
    }
    let mut late = with_ministry();
    days_later(&mut late, 40);
    let terms = |story: &Story| -> Vec<_> {
        let all = now(story).into_iter();
        all.map(|clock| (clock.kind, clock.due)).collect()
    };
    let before = terms(&late);
    late.applied("kemenpu", held());
    late.applied("kemenpu", verified());
    assert_eq!(terms(&late), before, "it says nothing new");
    let mut story = filed();
    for _ in ["received", "verified"] {
        story.applied("kota-bandung", held());
        story.applied("kota-bandung", oversight());
        story.stands("kota-bandung", State::Verified);
    }
}

#[test]
fn an_answer_in_a_hold_ends_it_and_the_reporter_has_as_long_as_ever() {
    let mut story = with_ministry();
    story.applied("kemenpu", held());
    assert_eq!(story.case().before_hold, Some(State::Disposed));
    story.applied("kemenpu", answered());
    assert_eq!(story.case().before_hold, None);
    assert!(kinds(&story).contains(&ClockKind::Silence));
}

#[test]
fn silence_is_awaited_only_where_it_will_close_the_case() {
    use ClockKind::{Complaint, Silence};
    let calendar = Calendar::of_weekdays();
    let waits = |story: &Story, completed: bool| -> Vec<ClockKind> {
        let (world, now) = (story.world.now(), story.clock);
        let all = awaited(story.case(), completed, world, &calendar, now);
        all.iter().map(|clock| clock.kind).collect()
    };
    let mut story = with_ministry();
    story.applied("kemenpu", followed_up());
    for days in [1, 40] {
        days_later(&mut story, days);
        assert_eq!(waits(&story, false), [Silence, Complaint]);
        assert_eq!(waits(&story, true), [Complaint]);
    }
    story.applied("kemenpu", held());
    assert_eq!(kinds(&story), [Silence, Complaint], "it had run out before");
    assert_eq!(waits(&story, false), [Complaint]);
    let all = owed(story.case(), story.world.now(), &calendar, story.clock);
    assert_eq!(all.len(), 1);
}

#[test]
fn the_disposers_date_counts_too_and_stands_through_a_hold() {
    let mut story = filed();
    story.applied("kota-bandung", verified());
    let disposal = CaseDisposed {
        target: id("kemenpu"),
        copies: Vec::new(),
        deadline: Some("2026-01-07".into()),
    };
    story.applied("kota-bandung", Body::CaseDisposed(disposal));
    assert_eq!(kinds(&story)[0], ClockKind::Disposer);
    story.applied("kemenpu", held());
    days_later(&mut story, 3);
    let clock = &now(&story)[0];
    assert_eq!(
        (clock.kind, clock.state),
        (ClockKind::Disposer, ClockState::Overdue)
    );
    assert_eq!(clock.due, Some(MONDAY + 2 * DAY + 16 * HOUR));
}

#[test]
fn an_irregularity_has_sixty_days_and_an_edition_of_the_calendar_moves_the_end() {
    let mut story = filed();
    story.applied("kota-bandung", oversight());
    assert_eq!(due(&story, ClockKind::OversightComplaint), "2026-03-30");
    let day = |date: &str| Holiday {
        date: date.into(),
        name: "Libur".into(),
        kind: HolidayKind::NationalHoliday,
    };
    let edition = CalendarUpdated {
        edition: "2026.1".into(),
        days: vec![day("2026-01-06"), day("2026-01-10")],
    };
    let moved = clocks(
        story.case(),
        story.world.now(),
        &Calendar::of(&edition),
        story.clock,
    );
    let first = moved[0].due_on.unwrap().to_string();
    assert_eq!(first, "2026-01-13", "a free Saturday moves nothing");
}

#[test]
fn the_zone_and_the_terms_are_those_of_the_directory_when_the_clock_started() {
    let mut story = filed();
    let term = |days, service: Option<&str>| OwnTerm {
        clock: ClockKind::FirstFollowUp,
        service: service.map(|name| name.to_owned().try_into().unwrap()),
        working_days: days,
    };
    story.world.change("kemenpu", |entry| {
        entry.time_zone = "Asia/Jayapura".into();
        entry.terms = vec![term(2, None), term(1, Some("Perairan"))];
    });
    // 23:00 on Monday in Jakarta is 01:00 on Tuesday in Jayapura.
    story.clock = MONDAY + 15 * HOUR;
    story.applied("kota-bandung", disposed("kemenpu"));
    let clock = now(&story).remove(0);
    assert_eq!(clock.due_on.unwrap().to_string(), "2026-01-08");
    assert_eq!(clock.due, Some(MONDAY + 3 * DAY + 14 * HOUR));
    // Who is late cannot grant itself time.
    story.world.change("kemenpu", |entry| entry.terms.clear());
    assert_eq!(due(&story, ClockKind::FirstFollowUp), "2026-01-08");
    story.applied("kemenpu", returned());
    story.clock += 1;
    story.applied("kota-bandung", disposed("kemenpu"));
    assert_eq!(due(&story, ClockKind::FirstFollowUp), "2026-01-13");
}

#[test]
fn who_takes_the_place_of_a_custodian_owes_what_it_owed_when_it_owed_it() {
    let mut story = filed();
    story.world.change("kemenpu", |entry| {
        entry.time_zone = "Asia/Jayapura".into();
        entry.terms = vec![OwnTerm {
            clock: ClockKind::FirstFollowUp,
            service: None,
            working_days: 2,
        }];
    });
    story.applied("kota-bandung", disposed("kemenpu"));
    let owed = now(&story);
    for (former, next) in [("kemenpu", "kemenpu-2"), ("kemenpu-2", "kemenpu-3")] {
        story.world.replace(former, next);
        story.applied("pusat", succeeded(former));
        assert_eq!(story.case().custodian, id(next));
        // Nor does it grant itself time.
        story.world.change(next, |entry| entry.terms.clear());
        assert_eq!(now(&story), owed, "{next}");
    }
}

#[test]
fn who_takes_the_place_of_two_custodians_owes_by_the_rules() {
    let mut story = filed();
    for (slug, working_days) in [("kemensos", 1), ("kemenpu", 2)] {
        story.world.change(slug, |entry| {
            entry.terms = vec![OwnTerm {
                clock: ClockKind::FirstFollowUp,
                service: None,
                working_days,
            }];
        });
    }
    story.applied("kota-bandung", disposed("kemensos"));
    story.applied("kemensos", returned());
    story.applied("kota-bandung", disposed("kemenpu"));
    assert_eq!(due(&story, ClockKind::FirstFollowUp), "2026-01-07");
    story.world.replace("kemenpu", "kemenpu-2");
    story.world.dissolve("kemensos", "kemenpu-2");
    story.applied("pusat", succeeded("kemenpu"));
    assert_eq!(story.case().custodian, id("kemenpu-2"));
    assert_eq!(due(&story, ClockKind::FirstFollowUp), "2026-01-12");
}

#[test]
fn a_service_may_have_a_term_of_its_own() {
    let story = filed();
    let world = story.world.now();
    let mut entry = world.instance(&id("kemenpu")).unwrap().clone();
    let term = |days, service: Option<&str>| OwnTerm {
        clock: ClockKind::Complaint,
        service: service.map(|name| name.to_owned().try_into().unwrap()),
        working_days: days,
    };
    entry.terms = vec![
        term(10, None),
        term(7, Some("Perairan")),
        term(3, Some("Perairan/Banjir")),
    ];
    for (category, days) in [
        (None, 10),
        (Some("Kesehatan"), 10),
        (Some("Perairan"), 7),
        (Some("Perairan/Irigasi"), 7),
        (Some("Perairan/Banjir"), 3),
    ] {
        let category = category.map(|name| name.to_owned().try_into().unwrap());
        let found = entry.working_days(ClockKind::Complaint, category.as_ref());
        assert_eq!(found, Some(days), "{category:?}");
    }
    assert_eq!(entry.working_days(ClockKind::Silence, None), Some(10));
    assert_eq!(entry.working_days(ClockKind::Disposer, None), None);
}

#[test]
fn a_term_is_read_as_it_is_written_and_nonsense_is_refused() {
    for text in [
        "complaint=10",
        "first_follow_up@Perairan/Banjir=2",
        "silence=366",
    ] {
        let term: OwnTerm = text.parse().unwrap();
        assert_eq!(term.to_string(), text);
    }
    for text in [
        "",
        "complaint",
        "complaint=0",
        "complaint=367",
        "complaint=-1",
        "disposer=3",
        "lunch=3",
        "complaint@=3",
        "complaint@A/B/C=3",
    ] {
        assert!(text.parse::<OwnTerm>().is_err(), "{text}");
    }
}
