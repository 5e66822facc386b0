//! Federations that are driven step by step from seeds, through every trouble
//! of the list; and that the simulation notices a rule that is broken.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use lapor_tests::simulation::dice::Dice;
use lapor_tests::simulation::plan::{Part, Step, What};
use lapor_tests::simulation::{Broken, Failure, Plan, command, leave, run, shorter, size};

const SEEDS: u64 = 200;
/// Federations at work side by side.
const JOBS: usize = 2;
/// Messages of a seed, at most: what two cores do in less than a minute.
const MOST: usize = 120;
/// Plans that are tried to make one that fails shorter, for a person to read.
const TRIES: usize = 60;
/// Where nobody reads it.
const FEW_TRIES: usize = 8;

fn told(plan: &Plan, broken: Option<Broken>, failure: Failure) -> String {
    let replay = command(plan, broken, true);
    let least = shorter(plan, broken, failure, TRIES);
    let fewer = command(&least.plan, broken, false);
    let steps: Vec<String> = least.plan.steps.iter().map(ToString::to_string).collect();
    format!(
        "{}\n  again: {replay}\n  shorter: {fewer}\n  {}",
        least.failure.why,
        steps.join("\n  ")
    )
}

#[test]
fn two_hundred_federations_in_every_trouble_lose_nothing_and_double_nothing() {
    let next = AtomicU64::new(1);
    let failures = Mutex::new(Vec::new());
    let messages = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..JOBS {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed > SEEDS || !failures.lock().unwrap().is_empty() {
                        return;
                    }
                    let plan = Plan::draw(seed, size(seed, MOST));
                    match run(&plan, None) {
                        Ok(course) => {
                            messages.fetch_add(course.messages, Ordering::SeqCst);
                        }
                        Err(failure) => failures.lock().unwrap().push((plan, failure)),
                    }
                }
            });
        }
    });
    if let Some((plan, failure)) = failures.into_inner().unwrap().pop() {
        panic!("{}", told(&plan, None, failure));
    }
    let messages = messages.into_inner();
    assert!(messages > 5 * SEEDS, "hardly anything happened: {messages}");
}

#[test]
fn a_seed_gives_the_same_course_again() {
    for seed in [3, 20_261_127] {
        let plan = Plan::draw(seed, 60);
        let [first, second] = [(); 2].map(|()| run(&plan, None).map_err(|f| f.why).unwrap());
        for (one, other) in first.trace.iter().zip(&second.trace) {
            assert_eq!(one, other, "seed {seed}");
        }
        assert_eq!(first.digest, second.digest, "seed {seed}");
    }
}

/// Somebody's machine is copied, both are in step with the hub, and then each of them says something.
fn two_copies() -> Plan {
    const AT: usize = 1;
    // The first throw of a step says which of the two does it.
    let throws = |copy: bool| (0..64).find(|dice| (Dice::new(*dice).below(2) == 0) == copy);
    let [own, copy] = [false, true].map(|copy| throws(copy).unwrap());
    let steps = [
        (own, What::File(AT)),
        (own, What::Exchange(AT, Part::All)),
        (own, What::Twin(AT)),
        (copy, What::Exchange(AT, Part::All)),
        (own, What::File(AT)),
        (own, What::Exchange(AT, Part::Push)),
        (copy, What::File(AT)),
        (copy, What::Exchange(AT, Part::Push)),
    ];
    let steps = steps.into_iter().enumerate();
    Plan {
        seed: 1,
        messages: 3,
        steps: steps
            .map(|(before, (dice, what))| Step {
                number: before + 1,
                dice,
                what,
            })
            .collect(),
    }
}

/// The first plan that notices it, made shorter: one of those that are known to, or else one that is
/// drawn.
fn is_noticed(broken: Broken, known: impl IntoIterator<Item = Plan>) -> (Plan, Failure) {
    let drawn = (1..=SEEDS).map(|seed| Plan::draw(seed, 40));
    for plan in known.into_iter().chain(drawn) {
        if let Err(failure) = run(&plan, Some(broken)) {
            let least = shorter(&plan, Some(broken), failure, FEW_TRIES);
            return (least.plan, least.failure);
        }
    }
    panic!("nobody notices that {broken:?} are not told")
}

#[test]
fn that_nodes_hide_which_start_of_them_calls_is_noticed() {
    let (plan, failure) = is_noticed(Broken::Boots, [two_copies()]);
    let again = run(&plan, Some(Broken::Boots)).unwrap_err();
    assert_eq!(again.why, failure.why);
    run(&plan, None).map_err(|f| f.why).unwrap();
}

#[test]
fn that_nodes_hide_what_the_hub_has_signed_is_noticed() {
    let (plan, failure) = is_noticed(Broken::Heads, []);
    let again = run(&plan, Some(Broken::Heads)).unwrap_err();
    assert_eq!(again.why, failure.why);
    run(&plan, None).map_err(|f| f.why).unwrap();
}

#[test]
fn an_institution_without_a_line_for_half_a_year_is_in_step_again_by_itself() {
    let course = leave(180, 360).map_err(|failure| failure.why).unwrap();
    assert_eq!(course.messages, 360);
    assert_eq!(course.promised, 360);
}
