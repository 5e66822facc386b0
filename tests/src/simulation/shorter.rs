//! Makes a plan that fails shorter: steps are left out, many at first and then
//! one by one, as long as it fails in the same way.

use super::inside::Broken;
use super::plan::Plan;
use super::play::Failure;
use super::run;

/// What is left of a plan, and how that fails.
#[derive(Debug, Clone)]
pub struct Shorter {
    pub plan: Plan,
    pub failure: Failure,
    /// How many plans were tried.
    pub tried: usize,
}

/// Tries so many plans at most.
pub fn shorter(plan: &Plan, broken: Option<Broken>, failure: Failure, most: usize) -> Shorter {
    let mut least = Shorter {
        plan: plan.clone(),
        failure,
        tried: 0,
    };
    let mut size = plan.steps.len().div_ceil(2);
    while size > 0 && least.tried < most {
        let before = least.plan.steps.len();
        without_some(&mut least, broken, size, most);
        let same = least.plan.steps.len() == before;
        size = match (size, same) {
            (1, true) => 0,
            (_, true) => size.div_ceil(2),
            (_, false) => size.min(least.plan.steps.len().div_ceil(2)),
        };
    }
    least
}

/// One pass over the plan, leaving out so many steps at a time.
fn without_some(least: &mut Shorter, broken: Option<Broken>, size: usize, most: usize) {
    let mut from = 0;
    while from < least.plan.steps.len() && least.tried < most {
        let mut plan = least.plan.clone();
        let to = (from + size).min(plan.steps.len());
        plan.steps.drain(from..to);
        least.tried += 1;
        match run(&plan, broken) {
            Err(failure) if kind(&failure.why) == kind(&least.failure.why) => {
                least.plan = plan;
                least.failure = failure;
            }
            _ => from = to,
        }
    }
}

/// What a failure is about, without the ids and numbers in it.
fn kind(why: &str) -> String {
    let last = why.split(": ").filter(|part| !part.starts_with("step "));
    let words = last.flat_map(str::split_whitespace);
    let plain = words.filter(|word| word.bytes().all(|b| b.is_ascii_alphabetic()));
    plain.take(5).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::kind;

    #[test]
    fn a_failure_is_the_same_whatever_ids_stand_in_it() {
        let first = "step 7 Act(2): kemenpu at Push: the hub lacks 0199-7 of kemenpu";
        let later = "step 12 Act(2): kemenpu at Push: the hub lacks 0188-1 of kemenpu";
        assert_eq!(kind(first), kind(later));
        assert_ne!(kind(first), kind("it does not come to rest: 0"));
    }
}
