//! The crash test on the real programs: a hub and two nodes as processes, one of
//! them killed with SIGKILL at one of its kill points, started again, and driven
//! on until everything is exchanged. Then all are killed, and what must hold is
//! read from their files and databases alone. Three more runs take the room on
//! the disk away, where the databases are files of the programs.
//!
//! A first run without a kill lists every passage of every kill point; each is
//! a run of its own. SIGKILL loses no page that the kernel has: what only a
//! power cut can lose is not proved here.

pub mod database;
pub(crate) mod desk;
mod full;
mod joining;
mod kill;
pub(crate) mod place;
pub(crate) mod process;
mod texts;
mod verdict;
mod workload;
pub(crate) mod world;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use futures_util::future::{join_all, try_join_all};
use futures_util::stream::{self, StreamExt as _};
use lapor_web::exit;
use serde::Serialize;
use tokio::sync::Mutex;

use crate::demo::programs::Programs;
use database::{Databases, Engine};
use kill::{Count, Kill, Outcome, Victim};
use world::World;

/// After so many runs it says how far it is.
const TOLD_EVERY: usize = 50;

/// Kills a hub and two nodes at every write, and looks at what is left.
///
/// Prints one JSON object: the kill points by program and place, how many runs were killed, and
/// what was wrong. The exit code is 70 if anything was.
#[derive(Debug, Parser)]
#[command(name = "lapor-crash", max_term_width = 100)]
struct Options {
    /// Only so many kill points of the work, spread evenly; without it all of them
    #[arg(long, value_name = "N")]
    sample: Option<usize>,
    /// Where an even spread begins
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: usize,
    /// Federations at work side by side
    #[arg(long, value_name = "N", default_value_t = 6)]
    jobs: usize,
    /// One kill point, as PROGRAM/PLACE:PASSAGE, for instance hub/commit.before:17
    #[arg(long, value_name = "POINT", conflicts_with = "sample")]
    only: Option<Kill>,
    /// What the programs keep their records on; `postgres` is a server of the test's own
    #[arg(long, value_name = "KIND", value_enum, default_value_t = Engine::Sqlite)]
    database: Engine,
    /// Keep the folder of every run that failed below this one; not the databases of a server
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

/// What is printed.
#[derive(Debug, Serialize)]
struct Summary {
    database: Engine,
    seed: usize,
    /// Passages of a run that nobody kills, by program and place.
    points: Vec<Count>,
    kill_points: usize,
    runs: usize,
    killed: usize,
    /// Runs in which the passage did not come, because there were fewer of them.
    not_reached: usize,
    failures: Vec<String>,
    seconds: u64,
}

pub fn main() -> ExitCode {
    let options = Options::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    match runtime.block_on(run(&options)) {
        Ok(summary) => match serde_json::to_string(&summary) {
            Ok(text) => {
                println!("{text}");
                if summary.failures.is_empty() {
                    ExitCode::SUCCESS
                } else {
                    exit::INTERNAL.into()
                }
            }
            Err(error) => failed(&error.into()),
        },
        Err(error) => failed(&error),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("lapor-crash: {error:#}");
    exit::INTERNAL.into()
}

async fn run(options: &Options) -> Result<Summary> {
    let began = Instant::now();
    let programs = Programs::beside_me()?;
    let home = tempfile::Builder::new().prefix("lapor-crash-").tempdir()?;
    let cluster = options.database.start().await?;
    let databases = |name: &str| Databases::of(cluster.as_ref(), name);
    let first = World::found(
        home.path().join("world-0"),
        &programs,
        databases("world_0")?,
    )
    .await?;
    let (join, join_databases) = (home.path().join("join"), databases("join")?);
    let (mut counts, of_joining) = tokio::try_join!(
        async { first.count().await.context("the run that nobody kills") },
        joining::count(&join, &programs, &join_databases),
    )?;
    counts.extend(of_joining);
    let all: Vec<Kill> = counts.iter().flat_map(Count::kills).collect();
    ensure!(
        !all.is_empty(),
        "the programs pass no kill point; build them with --all-features"
    );
    let chosen = match (&options.only, options.sample) {
        (Some(one), _) => vec![one.clone()],
        (None, Some(most)) => spread(&all, most, options.seed),
        (None, None) => all.clone(),
    };
    eprintln!(
        "lapor-crash: {} kill points, {} runs",
        all.len(),
        chosen.len()
    );
    let mut founding = Vec::new();
    for number in 1..options.jobs.clamp(1, chosen.len().max(1)) {
        let folder = home.path().join(format!("world-{number}"));
        let databases = databases(&format!("world_{number}"))?;
        founding.push(World::found(folder, &programs, databases));
    }
    let mut worlds = vec![first];
    worlds.extend(try_join_all(founding).await?);
    // A server's disk is not the programs' to run out of.
    let mut failures = match options.database {
        Engine::Sqlite => without_room(&worlds).await,
        Engine::Postgres => Vec::new(),
    };
    let outcomes = kill_all(worlds, &chosen, options).await;
    let failed = outcomes.iter().filter_map(|(kill, outcome)| match outcome {
        Err(error) => Some(format!("{kill}: {error:#}")),
        Ok(_) => None,
    });
    failures.extend(failed);
    let of = |wanted: Outcome| {
        let same = outcomes
            .iter()
            .filter(|(_, outcome)| matches!(outcome, Ok(o) if *o == wanted));
        same.count()
    };
    Ok(Summary {
        database: options.database,
        seed: options.seed,
        kill_points: all.len(),
        points: counts,
        runs: outcomes.len(),
        killed: of(Outcome::Killed),
        not_reached: of(Outcome::NotReached),
        failures,
        seconds: began.elapsed().as_secs(),
    })
}

/// What is wrong after the room was taken from each program in turn.
async fn without_room(worlds: &[World]) -> Vec<String> {
    let mut failures = Vec::new();
    for victims in [Victim::Hub, Victim::Desk, Victim::City].chunks(worlds.len()) {
        let runs = worlds.iter().zip(victims);
        let runs = runs.map(async |(world, victim)| (victim, world.without_room(*victim).await));
        for (victim, outcome) in join_all(runs).await {
            if let Err(error) = outcome {
                failures.push(format!("{} without room: {error:#}", victim.name()));
            }
        }
    }
    failures
}

/// Every world takes the next point as soon as it is done with the last.
async fn kill_all(
    worlds: Vec<World>,
    kills: &[Kill],
    options: &Options,
) -> Vec<(Kill, Result<Outcome>)> {
    let jobs = worlds.len();
    let mut done = 0;
    let idle = Arc::new(Mutex::new(worlds));
    let runs = stream::iter(kills.iter().cloned()).map(|kill| {
        let idle = Arc::clone(&idle);
        async move {
            let world = idle.lock().await.pop().expect("as many worlds as jobs");
            let outcome = if kill.joins() {
                joining::run(&world, &kill).await
            } else {
                world.run(&kill).await
            };
            if let Err(error) = &outcome {
                eprintln!("lapor-crash: {kill}: {error:#}");
                if let Some(keep) = &options.keep {
                    world.keep(keep, &kill.to_string().replace(['/', ':'], "-"));
                }
            }
            idle.lock().await.push(world);
            (kill, outcome)
        }
    });
    let told = runs.buffer_unordered(jobs).inspect(|_| {
        done += 1;
        if done % TOLD_EVERY == 0 {
            eprintln!("lapor-crash: {done} of {} runs", kills.len());
        }
    });
    told.collect().await
}

/// So many of all, in even steps, from a place that the seed gives.
fn spread(all: &[Kill], most: usize, seed: usize) -> Vec<Kill> {
    if most >= all.len() {
        return all.to_vec();
    }
    let step = all.len() / most.max(1);
    (0..most)
        .map(|number| all[(number * all.len() / most + seed % step.max(1)) % all.len()].clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_spread_evenly_and_takes_none_twice() {
        let all: Vec<Kill> = (1..=100)
            .map(|number| format!("hub/commit.before:{number}").parse().unwrap())
            .collect();
        for seed in [0, 1, 7, 1000] {
            let chosen = spread(&all, 7, seed);
            let passages: Vec<u64> = chosen.iter().map(|kill| kill.passage).collect();
            assert_eq!(passages.len(), 7);
            assert!(
                passages
                    .windows(2)
                    .all(|two| (13..=16).contains(&(two[1] - two[0]))),
                "{passages:?}"
            );
        }
        assert_eq!(spread(&all, 200, 3).len(), 100);
    }
}
