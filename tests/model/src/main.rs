//! `lapor-model`: checks every run, prints how many states it has looked at, and ends with 1 where
//! something does not hold. `lapor-model --small` checks what the tests check, `--only "NAME"` one
//! run.

use std::process::ExitCode;
use std::thread::available_parallelism;

use lapor_model::rules::Rules;
use lapor_model::runs::{LARGE, Run, SMALL};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let all = SMALL.into_iter().chain(LARGE);
    let runs: Vec<Run> = match arguments[..] {
        [] => all.collect(),
        ["--small"] => SMALL.into(),
        ["--only", name] => all.filter(|run| run.name == name).collect(),
        _ => Vec::new(),
    };
    if runs.is_empty() {
        eprintln!("lapor-model [--small | --only \"NAME OF A RUN\"]");
        return ExitCode::FAILURE;
    }
    let broken = runs.into_iter().filter(|run| !holds(*run)).count();
    if broken == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn holds(run: Run) -> bool {
    let threads = available_parallelism().map_or(1, usize::from);
    let report = run.check(Rules::KEPT, threads);
    println!(
        "{:<40} {:>11} states, {:>3} steps deep, {:>7.1} s",
        run.name,
        report.states,
        report.depth,
        report.took.as_secs_f64()
    );
    for missing in &report.missing {
        println!("  never: {missing}");
    }
    for (name, steps) in &report.wrong {
        println!("  does not hold: {name}");
        for step in steps {
            println!("    {step:?}");
        }
    }
    report.wrong.is_empty() && report.missing.is_empty()
}
