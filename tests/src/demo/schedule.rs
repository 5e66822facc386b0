//! When each act of the plans comes about: in which half of which day of the weeks that a demo shows.
//!
//! Pure, so that it is the same at each demo, however busy the machine is. Most of it follows within
//! days, and some of it after a term has run out; a reporter speaks before silence would.

use std::collections::BTreeMap;

use super::plan::{Act, Course, Family, Step};
use super::weeks::{HALVES, SPANS};

/// Half days before the present within which the last families come to their end.
const LAST: usize = 8;
/// Half days after which the terms of all first steps have run out, over holidays too.
const LATE: usize = 26;
/// Parts of the weeks by which families are told apart.
const PARTS: usize = 1 << 20;

/// A filing or an act of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// Half days since the weeks began.
    pub span: usize,
    /// The report, the head of the family being 0.
    pub course: usize,
    /// Which step of its way and its answer; none for the filing.
    pub step: Option<usize>,
}

/// The families in the order in which they begin, each with its turns in theirs. Those that one
/// institution answers are spread over all of the weeks.
pub fn schedule(families: Vec<Family>) -> Vec<(Family, Vec<Turn>)> {
    let mut of_each: BTreeMap<&str, usize> = BTreeMap::new();
    for family in &families {
        *of_each.entry(answers(family)).or_default() += 1;
    }
    let all = of_each.len();
    let mut before: BTreeMap<&str, usize> = BTreeMap::new();
    let mut places = Vec::new();
    for family in &families {
        let institution = answers(family);
        let rank = before.entry(institution).or_default();
        // Not all institutions begin at once.
        let earlier = of_each.keys().filter(|known| **known < institution);
        places.push((*rank * all + earlier.count()) * PARTS / (all * of_each[institution]));
        *rank += 1;
    }
    let mut settled: Vec<(usize, Family)> = places.into_iter().zip(families).collect();
    settled.sort_by_key(|(place, _)| *place);
    let of = settled.len();
    let numbered = settled.into_iter().enumerate();
    numbered
        .map(|(number, (_, family))| {
            let turns = turns(&family, number, of);
            (family, turns)
        })
        .collect()
}

fn answers(family: &Family) -> &str {
    &family.head.report.expected_instance
}

/// All reports of the family reach their institution, then those that repeat the head are linked to
/// it, then the head is answered; faster where the present is near.
fn turns(family: &Family, number: usize, of: usize) -> Vec<Turn> {
    let (head, repeats) = (&family.head, &family.repeats);
    let mut turns = Vec::new();
    let mut brought = 0;
    for (course, one) in std::iter::once(head).chain(repeats).enumerate() {
        let filed = HALVES * course;
        turns.push(Turn {
            span: filed,
            course,
            step: None,
        });
        let end = follow(&mut turns, course, one, 0..one.way.len(), filed);
        brought = brought.max(end);
    }
    let mut linked = brought;
    for (course, one) in repeats.iter().enumerate() {
        let steps = one.way.len()..one.way.len() + one.answer.len();
        let end = follow(&mut turns, course + 1, one, steps, brought);
        linked = linked.max(end);
    }
    let steps = head.way.len()..head.way.len() + head.answer.len();
    let last = follow(&mut turns, 0, head, steps, linked);
    turns.sort_by_key(|turn| turn.span);
    let begins = number * (SPANS - LAST) / of;
    let room = SPANS - 1 - begins - number % LAST;
    for turn in &mut turns {
        if last > room {
            turn.span = turn.span * room / last;
        }
        turn.span += begins;
    }
    turns
}

/// Puts steps of a course one after the other, from a moment on; when the last comes about.
fn follow(
    turns: &mut Vec<Turn>,
    course: usize,
    told: &Course,
    steps: std::ops::Range<usize>,
    from: usize,
) -> usize {
    let mut span = from;
    for step in steps {
        if let Some(next) = told.step(step) {
            span += pause(told.report.id as usize + 7 * step, next);
            turns.push(Turn {
                span,
                course,
                step: Some(step),
            });
        }
    }
    span
}

/// Half days before a step.
fn pause(number: usize, step: &Step) -> usize {
    match step.act {
        Act::Close | Act::Complete => 1 + number % 6,
        Act::Rate(_) | Act::Reopen | Act::Link | Act::Escalate | Act::Recall => 1 + number % 3,
        _ if number.is_multiple_of(6) => LATE,
        _ => 1 + number % 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::plan::families;
    use crate::demo::reports::all;
    use crate::demo::weeks::{LEGS, SPANS_OF_LEG};

    fn whole() -> Vec<(Family, Vec<Turn>)> {
        schedule(families(all().unwrap()).unwrap())
    }

    #[test]
    fn every_act_comes_about_once_in_the_order_of_its_plan() {
        for (family, turns) in whole() {
            let courses: Vec<&Course> = std::iter::once(&family.head)
                .chain(&family.repeats)
                .collect();
            let mut next = vec![None; courses.len()];
            for turn in &turns {
                assert_eq!(turn.step, next[turn.course], "{}", family.head.report.id);
                next[turn.course] = Some(turn.step.map_or(0, |step| step + 1));
                assert!(turn.span < SPANS);
            }
            for (course, next) in courses.iter().zip(next) {
                assert_eq!(next, Some(course.way.len() + course.answer.len()));
            }
            assert!(turns.is_sorted_by_key(|turn| turn.span));
            // Those that repeat the head are linked after all have come, and before it is answered.
            let at = |wanted: &dyn Fn(&Turn) -> bool| turns.iter().position(wanted);
            let linked = at(&|turn: &Turn| {
                let course = courses[turn.course];
                turn.course > 0 && turn.step == Some(course.way.len())
            });
            let answered =
                at(&|turn: &Turn| turn.course == 0 && turn.step == Some(family.head.way.len()));
            if let (Some(linked), Some(answered)) = (linked, answered) {
                assert!(linked < answered);
                let filed = turns.iter().rposition(|turn| turn.step.is_none());
                assert!(filed.unwrap() < linked);
            }
        }
    }

    #[test]
    fn each_large_desk_has_reports_of_all_weeks_and_some_that_waited_too_long() {
        let whole = whole();
        for slug in ["kota-bandung", "kota-tangerang", "kemenpu", "bumn-pln"] {
            let own = whole.iter().filter(|(family, _)| answers(family) == slug);
            let mut legs = [0; LEGS];
            let mut late = 0;
            for (_, turns) in own {
                legs[turns[0].span / SPANS_OF_LEG] += 1;
                let head: Vec<&Turn> = turns.iter().filter(|turn| turn.course == 0).collect();
                let pauses = head.windows(2).map(|two| two[1].span - two[0].span);
                late += pauses.filter(|pause| *pause >= LATE).count();
            }
            assert!(legs.iter().all(|reports| *reports >= 3), "{slug}: {legs:?}");
            assert!(late > 0, "{slug}");
        }
    }

    #[test]
    fn no_reporter_is_asked_for_so_long_that_silence_would_answer() {
        for (family, turns) in whole() {
            let mut before = vec![0; 1 + family.repeats.len()];
            for turn in turns {
                let course = match turn.course {
                    0 => &family.head,
                    repeat => &family.repeats[repeat - 1],
                };
                let step = turn.step.and_then(|step| course.step(step));
                if step.is_some_and(|step| step.act == Act::Close) {
                    assert!(turn.span - before[turn.course] <= 5 * HALVES);
                }
                before[turn.course] = turn.span;
            }
        }
    }
}
