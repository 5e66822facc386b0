//! `lapor-soak`: as many simulations as somebody has time for, one of them
//! again, or the long absence. Progress goes to standard error, one JSON object
//! to standard output.

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::Result;
use clap::Parser;
use serde::Serialize;

use lapor_web::exit;

use super::plan::Span;
use super::{Broken, Course, Failure, MOST, Plan, command, leave, run, shorter, size};
use crate::fleet::DAY_MS;

/// Messages of a long absence.
const ABSENCE_MESSAGES: usize = 200_000;
/// Plans that are tried to make one that fails shorter.
const TRIES: usize = 300;
const TOLD_EVERY: u64 = 50;

/// Plays federations step by step from seeds, and looks whether what is promised is kept.
///
/// Prints one JSON object. The exit code is 70 if anything was wrong.
#[derive(Debug, Parser)]
#[command(name = "lapor-soak", max_term_width = 100)]
struct Options {
    /// Play this seed alone, and tell every step
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// How many seeds to play
    #[arg(long, value_name = "N", default_value_t = 1000)]
    seeds: u64,
    /// The first of them
    #[arg(long, value_name = "N", default_value_t = 1)]
    from: u64,
    /// Messages of a seed, at most; most seeds have far fewer. With --seed: exactly so many
    #[arg(long, value_name = "N")]
    messages: Option<usize>,
    /// Leave one institution without a line for so many days instead, with --messages (200000)
    #[arg(long, value_name = "DAYS", conflicts_with = "seed")]
    absence: Option<usize>,
    /// Only these steps of the seed, by their numbers, for instance 3,7-12
    #[arg(long, value_name = "LIST", value_delimiter = ',', requires = "seed")]
    steps: Vec<Span>,
    /// Simulations side by side; by default as many as there are cores
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Break a rule on purpose, to see it noticed
    #[arg(long, value_name = "RULE", value_enum)]
    broken: Option<Broken>,
}

/// What is printed.
#[derive(Debug, Default, Serialize)]
struct Summary {
    seeds: u64,
    steps: u64,
    messages: u64,
    cases: u64,
    virtual_days: i64,
    most_rounds: usize,
    /// Of a single seed: SHA-256 of its course.
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    failures: Vec<Failed>,
    seconds: u64,
}

#[derive(Debug, Serialize)]
struct Failed {
    why: String,
    replay: String,
    /// The same failure with fewer steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    shorter: Option<String>,
    steps: Vec<String>,
}

pub fn main() -> ExitCode {
    let options = Options::parse();
    let began = Instant::now();
    let mut summary = match (options.absence, options.seed) {
        (Some(days), _) => absent(&options, days),
        (None, Some(seed)) => one(&options, seed),
        (None, None) => many(&options),
    };
    summary.seconds = began.elapsed().as_secs();
    match print(&summary) {
        Ok(()) if summary.failures.is_empty() => ExitCode::SUCCESS,
        Ok(()) => exit::INTERNAL.into(),
        Err(error) => {
            eprintln!("lapor-soak: {error:#}");
            exit::INTERNAL.into()
        }
    }
}

fn print(summary: &Summary) -> Result<()> {
    println!("{}", serde_json::to_string_pretty(summary)?);
    Ok(())
}

fn absent(options: &Options, days: usize) -> Summary {
    let messages = options.messages.unwrap_or(ABSENCE_MESSAGES);
    let mut summary = Summary::default();
    match leave(days, messages) {
        Ok(course) => summary.add(&course),
        Err(failure) => {
            let replay = format!("make soak ARGS=\"--absence {days} --messages {messages}\"");
            eprintln!("lapor-soak: {}\n  again: {replay}", failure.why);
            summary.failures.push(Failed {
                why: failure.why,
                replay,
                shorter: None,
                steps: failure.trace,
            });
        }
    }
    summary
}

fn one(options: &Options, seed: u64) -> Summary {
    let messages = options.messages.unwrap_or_else(|| size(seed, MOST));
    let mut plan = Plan::draw(seed, messages);
    if !options.steps.is_empty() {
        plan = plan.only(&options.steps);
    }
    let mut summary = Summary::default();
    let played = run(&plan, options.broken);
    let trace = match &played {
        Ok(course) => &course.trace,
        Err(failure) => &failure.trace,
    };
    for line in trace {
        eprintln!("{line}");
    }
    summary.take(&plan, options.broken, played, options.steps.is_empty());
    summary
}

fn many(options: &Options) -> Summary {
    let most = options.messages.unwrap_or(MOST);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicU64::new(options.from);
    let end = options.from + options.seeds;
    let summary = Mutex::new(Summary::default());
    thread::scope(|scope| {
        for _ in 0..options.jobs.unwrap_or(cores) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= end {
                        return;
                    }
                    let plan = Plan::draw(seed, size(seed, most));
                    let played = run(&plan, options.broken);
                    let mut summary = summary.lock().expect("a lock that nobody poisons");
                    summary.take(&plan, options.broken, played, true);
                    if summary.seeds.is_multiple_of(TOLD_EVERY) {
                        eprintln!(
                            "lapor-soak: {} seeds, {} messages",
                            summary.seeds, summary.messages
                        );
                    }
                }
            });
        }
    });
    let mut summary = summary.into_inner().expect("a lock that nobody poisons");
    summary.digest = None;
    summary
}

impl Summary {
    fn add(&mut self, course: &Course) {
        self.messages += course.messages;
        self.cases += course.cases;
        self.virtual_days += course.virtual_ms / DAY_MS;
        self.most_rounds = self.most_rounds.max(course.rounds);
    }

    fn take(
        &mut self,
        plan: &Plan,
        broken: Option<Broken>,
        played: Result<Course, Failure>,
        whole: bool,
    ) {
        self.seeds += 1;
        self.steps += plan.steps.len() as u64;
        match played {
            Ok(course) => {
                self.add(&course);
                self.digest = Some(course.digest);
            }
            Err(failure) => {
                let replay = command(plan, broken, whole);
                eprintln!("lapor-soak: {}\n  again: {replay}", failure.why);
                let least = shorter(plan, broken, failure, TRIES);
                let steps = least.plan.steps.iter().map(ToString::to_string);
                let fewer = command(&least.plan, broken, false);
                eprintln!("  shorter: {fewer}");
                self.failures.push(Failed {
                    why: least.failure.why.clone(),
                    replay,
                    shorter: Some(fewer),
                    steps: steps.collect(),
                });
            }
        }
    }
}
