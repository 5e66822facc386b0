//! `lapor-model`: checks every run, prints how many states it has looked at, and ends with 1 where
//! something does not hold. `lapor-model --small` checks what the tests check.

use std::process::ExitCode;
use std::thread::available_parallelism;

use lapor_model::rules::Rules;
use lapor_model::runs::{LARGE, Run, SMALL};

fn main() -> ExitCode {
    let small = std::env::args().any(|argument| argument == "--small");
    let large = if small { &[][..] } else { &LARGE[..] };
    let mut holds = true;
    for run in SMALL.iter().chain(large) {
        holds &= check(*run);
    }
    if holds {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn check(run: Run) -> bool {
    let threads = available_parallelism().map_or(1, usize::from);
    let report = run.check(Rules::KEPT, threads);
    println!(
        "{:<32} {:>10} states, {:>3} steps deep, {:>4} s",
        run.name,
        report.states,
        report.depth,
        report.took.as_secs()
    );
    for missing in &report.missing {
        println!("  never: {missing}");
    }
    if let Some((name, steps)) = &report.wrong {
        println!("  does not hold: {name}");
        for step in steps {
            println!("    {step:?}");
        }
    }
    report.wrong.is_none() && report.missing.is_empty()
}
