//! Plans of every story, and what holds of all of them together.

use super::*;
use crate::demo::reports::all;

/// `slug kind` of each act, in order.
fn told(expected: &str, channel: &str, region: &str, note: &str) -> Vec<String> {
    let mut report = all().unwrap().remove(0);
    report.id = 1;
    report.classification = "aspirasi".into();
    report.expected_instance = expected.into();
    report.channel = channel.into();
    report.region_code = region.into();
    report.note = note.into();
    let course = course(report, false).unwrap();
    let steps = course.way.iter().chain(&course.answer);
    steps
        .map(|step| format!("{} {}", step.by, word(&step.act)))
        .collect()
}

fn word(act: &Act) -> String {
    match act {
        Act::Verify { on_behalf_of } => match on_behalf_of {
            Some(institution) => format!("verifies for {institution}"),
            None => "verifies".into(),
        },
        Act::Archive(reason) => format!("archives {reason}"),
        Act::Dispose(target) => format!("disposes to {target}"),
        Act::Return { suggested } => format!("returns, better {suggested}"),
        Act::Recall => "recalls".into(),
        Act::Hold => "asks".into(),
        Act::Complete => "completes".into(),
        Act::Escalate => "escalates".into(),
        Act::Link => "links".into(),
        Act::FollowUp { proposes_to_close } if *proposes_to_close => "answers".into(),
        Act::FollowUp { .. } => "follows up".into(),
        Act::Close => "closes".into(),
        Act::Rate(score) => format!("rates {score}"),
        Act::Reopen => "reopens".into(),
    }
}

#[test]
fn a_report_on_a_programme_comes_before_the_public() {
    let families = families(all().unwrap()).unwrap();
    let courses = families.iter().map(|family| &family.head);
    let courses = courses.filter(|course| course.report.programme().is_some());
    let verified = |course: &&Course| {
        let mut way = course.way.iter();
        way.any(|step| matches!(step.act, Act::Verify { .. }))
    };
    assert_eq!(courses.filter(verified).count(), 3);
}

#[test]
fn each_story_is_told_by_those_whom_it_concerns() {
    for (expected, channel, region, note, story) in [
        (
            "kota-bandung",
            "web",
            "32.73",
            "",
            "kota-bandung verifies, kota-bandung answers, kota-bandung closes",
        ),
        (
            "kota-bandung",
            "web",
            "32.04",
            "",
            "prov-jawa-barat verifies, prov-jawa-barat disposes to kota-bandung, kota-bandung answers, prov-jawa-barat closes",
        ),
        (
            "kemenpu",
            "web",
            "32.73",
            "",
            "kota-bandung returns, better kemenpu, pusat verifies, pusat disposes to kemenpu, kemenpu answers, kota-bandung closes",
        ),
        (
            "kab-garut",
            "web",
            "32.05",
            "",
            "prov-jawa-barat returns, better kab-garut, pusat verifies for kab-garut, pusat answers, prov-jawa-barat closes",
        ),
        (
            "kab-garut",
            "sms",
            "32.05",
            "",
            "pusat verifies for kab-garut, pusat answers, pusat closes",
        ),
        (
            "bumn-pln",
            "sms",
            "36.71",
            "misrouted:kemenpu",
            "pusat verifies, pusat disposes to kemenpu, kemenpu returns, better bumn-pln, pusat verifies, pusat disposes to bumn-pln, bumn-pln answers, pusat closes",
        ),
        (
            "bumn-pln",
            "web",
            "32.73",
            "misrouted:kota-bandung",
            "kota-bandung returns, better bumn-pln, pusat verifies, pusat disposes to bumn-pln, bumn-pln answers, kota-bandung closes",
        ),
        (
            "kota-bandung",
            "web",
            "32.73",
            "misrouted:bumn-pln",
            "kota-bandung returns, better bumn-pln, pusat verifies, pusat disposes to bumn-pln, bumn-pln returns, better kota-bandung, pusat verifies, pusat disposes to kota-bandung, kota-bandung answers, kota-bandung closes",
        ),
        (
            "kemenhub",
            "sms",
            "36.71",
            "recalled:kemenpu",
            "pusat verifies, pusat disposes to kemenpu, pusat recalls, pusat verifies, pusat disposes to kemenhub, kemenhub answers, pusat closes",
        ),
        (
            "kemensos",
            "sms",
            "36.71",
            "held",
            "pusat verifies, pusat disposes to kemensos, kemensos asks, pusat completes, kemensos answers, pusat closes",
        ),
        (
            "kemensos",
            "sms",
            "36.71",
            "escalated",
            "pusat verifies, pusat disposes to kemensos, pusat escalates, kemensos answers, pusat closes",
        ),
        (
            "pusat",
            "sms",
            "36.71",
            "reopened",
            "pusat verifies, pusat answers, pusat closes, pusat reopens, pusat follows up",
        ),
        (
            "",
            "web",
            "36.71",
            "iseng",
            "kota-tangerang archives not_a_report",
        ),
    ] {
        assert_eq!(
            told(expected, channel, region, note).join(", "),
            story,
            "{note}"
        );
    }
}

#[test]
fn a_plan_says_how_the_case_must_look_before_each_act() {
    let mut report = all().unwrap().remove(0);
    report.expected_instance = "kemensos".into();
    report.channel = "sms".into();
    report.note = "held".into();
    let course = course(report, false).unwrap();
    let seen = |act: &Act| {
        let step = course
            .way
            .iter()
            .chain(&course.answer)
            .find(|step| step.act == *act)
            .unwrap();
        (step.custodian.clone(), step.state)
    };
    assert_eq!(seen(&Act::Hold), ("kemensos".into(), "disposed"));
    assert_eq!(seen(&Act::Complete), ("kemensos".into(), "held"));
    let follow_up = Act::FollowUp {
        proposes_to_close: false,
    };
    assert_eq!(seen(&follow_up), ("kemensos".into(), "disposed"));
    assert_eq!(seen(&Act::Close), ("kemensos".into(), "answered"));
}

#[test]
fn no_report_is_skipped_and_a_hundred_are_disposed_of() {
    let reports = all().unwrap();
    let count = reports.len();
    let families = families(reports).unwrap();
    let courses: Vec<&Course> = families
        .iter()
        .flat_map(|family| std::iter::once(&family.head).chain(&family.repeats))
        .collect();
    assert_eq!(courses.len(), count);
    let steps = || {
        courses
            .iter()
            .flat_map(|course| course.way.iter().chain(&course.answer))
    };
    let dispositions = steps().filter(|step| matches!(step.act, Act::Dispose(_)));
    assert!(dispositions.count() >= 100);
    for wanted in [
        "returns",
        "recalls",
        "asks",
        "escalates",
        "links",
        "reopens",
        "archives",
    ] {
        assert!(
            steps().any(|step| word(&step.act).starts_with(wanted)),
            "{wanted}"
        );
    }
    let mut ends: BTreeMap<&str, usize> = BTreeMap::new();
    for course in courses {
        let last = course.answer.last().or(course.way.last());
        let end = match last.map(|step| &step.act) {
            None => "received",
            Some(Act::Verify { .. }) => "verified",
            Some(Act::Return { .. }) => "returned",
            Some(Act::Dispose(_)) => "disposed",
            Some(Act::Hold) => "held",
            Some(Act::FollowUp { proposes_to_close }) if *proposes_to_close => "answered",
            Some(Act::FollowUp { .. }) => "in progress",
            Some(Act::Close | Act::Rate(_)) => "closed",
            Some(Act::Link) => "merged",
            Some(Act::Archive(_)) => "archived",
            Some(act) => panic!("report {} ends with {act:?}", course.report.id),
        };
        *ends.entry(end).or_default() += 1;
    }
    assert_eq!(ends.len(), 10, "{ends:?}");
    assert!(ends.values().all(|count| *count >= 2), "{ends:?}");
    assert!(ends["closed"] > count / 2, "{ends:?}");
}

#[test]
fn who_repeats_a_report_stands_behind_the_one_it_repeats() {
    let families = families(all().unwrap()).unwrap();
    let repeats = |head: u32| -> Vec<u32> {
        let family = families
            .iter()
            .find(|family| family.head.report.id == head)
            .unwrap();
        family
            .repeats
            .iter()
            .map(|course| course.report.id)
            .collect()
    };
    assert_eq!(repeats(24), [25, 26, 1015]);
    assert_eq!(repeats(274), [281, 283, 285, 1102]);
    assert_eq!(repeats(1003), [1005, 1007]);
    assert!(repeats(2).is_empty());
}
