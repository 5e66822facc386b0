//! Random acts by random authors: whatever is ruled, a case stays sound, and
//! every copy of it folds to the same.

use lapor_protocol::case::{Case, apply};
use lapor_protocol::ids::{CaseId, MessageId, MessageRef};
use lapor_protocol::kinds::Body;
use lapor_protocol::kinds::case_split::Inheritance;
use proptest::prelude::*;

use crate::acts::*;
use crate::story::{Ordered, Story};
use crate::world::World;

/// One random act; every number is taken modulo what there is.
#[derive(Debug, Clone)]
struct Step {
    author: usize,
    act: u8,
    who: usize,
    also: usize,
    case: usize,
    term: u8,
    reuse: bool,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (
        0..11usize,
        0..34u8,
        0..11usize,
        0..11usize,
        0..4usize,
        0..8u8,
        0..20u8,
    )
        .prop_map(|(author, act, who, also, case, term, reuse)| Step {
            author,
            act,
            who,
            also,
            case,
            term,
            reuse: reuse == 0,
        });
    proptest::collection::vec(step, 1..60)
}

fn slug(index: usize) -> &'static str {
    World::slugs().nth(index % 11).unwrap()
}

fn body(story: &Story, step: &Step, other: CaseId) -> Body {
    let (who, also) = (slug(step.who), slug(step.also));
    let messages: Vec<MessageRef> = story
        .log
        .iter()
        .map(|o| o.message.header.message_ref())
        .collect();
    let some = &messages[step.who * 7 % messages.len()];
    let case = story.cases.get(&story.current);
    let request = case.and_then(|c| c.identity_requests.first_key_value());
    let (request, asked) = request.map_or((some.id, who), |(id, by)| (*id, by.as_str()));
    let link = case
        .and_then(|c| c.merged.as_ref())
        .map_or(some, |m| &m.link);
    let follow_up = case
        .and_then(|c| c.follow_up.as_ref())
        .map_or(some, |f| &f.message);
    match step.act {
        0 => filed_excluding(&[who]),
        1 => completed(),
        2 => verified(),
        3 => excluding(&[who, also]),
        4 => verified_for(who),
        5 => held(),
        6 => archived(),
        7..=9 => disposed_with(who, &[also]),
        10 => returned(),
        11 | 12 => recalled(),
        13 => followed_up(),
        14 => answered(),
        15 => noted(),
        16 => replied(),
        17 => confirmed(),
        18 => silent(follow_up),
        19 => reopened(),
        20 => rated(1 + step.term % 5),
        21 => supported(),
        22 => linked(other, case.map_or(who, |c| c.origin.as_str())),
        23 => unlinked(
            link,
            case.and_then(|c| c.merged.as_ref())
                .map_or(other, |m| m.into),
        ),
        24 => {
            let child = CaseId::mint(story.clock, [200 + step.who as u8; 10]);
            let parent = case.or_else(|| story.cases.values().next()).unwrap();
            split(child, Inheritance::of(parent))
        }
        25 => escalated(if step.who < 6 { "ombudsman" } else { who }),
        26 => succeeded(if step.also < 2 { who } else { "kemenlama" }),
        27 => taken_over(),
        28 => redacted(),
        29 => identity_requested(),
        30 | 31 => identity_disclosed(request, asked),
        _ => identity_refused(request, asked),
    }
}

/// Half of the acts are the custodian's or the origin's, so that many apply.
fn author(story: &Story, step: &Step) -> String {
    let case = story.cases.get(&story.current);
    match (case, step.term % 4) {
        (Some(case), 1 | 2) if step.act >= 30 => case.origin.to_string(),
        (Some(_), 1 | 2) if step.act == 26 => "pusat".to_owned(),
        (Some(case), 0 | 1) => case.custodian.to_string(),
        (Some(case), 2) => case.origin.to_string(),
        _ => slug(step.author).to_owned(),
    }
}

fn play(steps: &[Step]) -> Story {
    let mut story = Story::filed_at("kota-bandung");
    story.new_case("kemenlama", filed());
    story.new_case("kota-tangerang", filed());
    for step in steps {
        let cases: Vec<CaseId> = story.cases.keys().copied().collect();
        story.current = cases[step.case % cases.len()];
        let other = cases[step.also % cases.len()];
        if step.act == 26 && step.term < 2 {
            story.world.dissolve("kemenlama", "kemenhub");
        } else if step.act == 10 && step.term == 7 {
            story.world.suspend("kemenpu");
        }
        let author = author(&story, step);
        let body = body(&story, step, other);
        let current = story.case().term.clone();
        let old = story.log[0].message.header.message_ref();
        let needs = body.needs_term();
        let term = match step.term {
            7 if needs => Some(old),
            6 if !needs => None,
            _ => Some(current),
        };
        let before = story.cases.clone();
        let fresh = MessageId::mint(story.clock, [250; 10]);
        let id = if step.reuse {
            story.log[0].message.header.id
        } else {
            fresh
        };
        let (ruling, _) = story.rule_as(&author, id, term, body);
        if !ruling.applied() {
            assert_eq!(story.cases, before, "what is refused changes nothing");
        }
    }
    story
}

fn refold<'a>(story: &Story, case: CaseId, log: impl Iterator<Item = &'a Ordered>) -> Option<Case> {
    log.filter(|ordered| ordered.order.case == case)
        .fold(None, |before, ordered| {
            let body = ordered.message.body.as_ref().unwrap();
            let world = story.world.at(ordered.directory);
            apply(&ordered.message, body, ordered.order, before, world)
        })
}

fn confidential(ordered: &Ordered) -> bool {
    ordered
        .message
        .body
        .as_ref()
        .is_ok_and(Body::is_confidential)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// The invariants themselves are asserted after every applied message, by
    /// the story.
    #[test]
    fn random_acts_leave_sound_cases_that_every_copy_folds_alike(steps in steps()) {
        let story = play(&steps);
        for (id, case) in &story.cases {
            let again = refold(&story, *id, story.log.iter()).unwrap();
            prop_assert_eq!(&again, case);
            // A party that may read neither notes nor identities.
            let without = story.log.iter().filter(|ordered| !confidential(ordered));
            let bare = refold(&story, *id, without).unwrap();
            prop_assert_eq!(bare.digest(), case.digest());
        }
    }
}

#[test]
fn random_acts_reach_every_kind_and_many_of_them_apply() {
    // Guards the generator above: a property over refusals alone proves little.
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut applied = std::collections::BTreeSet::new();
    for _ in 0..600 {
        let steps = steps().new_tree(&mut runner).unwrap().current();
        for Ordered { message, .. } in play(&steps).log {
            let (kind, body) = (message.header.kind, message.body);
            let named = body.is_ok_and(|body| body.other_case().is_some());
            assert_eq!(named, Body::names_other_case(&kind), "{kind}");
            applied.insert(kind);
        }
    }
    let about_cases = Body::KINDS.iter().filter(|kind| {
        ["report.", "case.", "identity."]
            .iter()
            .any(|family| kind.starts_with(family))
    });
    for kind in about_cases {
        assert!(applied.contains(*kind), "{kind} was never applied");
    }
}
