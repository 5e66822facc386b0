//! `make bench`: the release build of hub and node, each in a process of its
//! own, over loopback mTLS on SQLite with `synchronous=FULL`, or on a server of
//! PostgreSQL with `synchronous_commit=on`.
//!
//! One JSON object goes to standard output, progress to standard error. Every
//! run is measured beside the bounds of this machine at that moment, because a
//! figure alone says more about the neighbours than about the program.

mod bounds;
mod clients;
pub mod figures;
mod fleet;
mod growth;
mod idle;
mod intake;
mod latency;
mod peek;
mod peers;
pub mod programs;
mod record;
mod server;
mod sync;
mod wire;
pub mod world;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand, ValueEnum};
use lapor_migrations::throwaway::Cluster;
use serde_json::{Map, Value, json};

use crate::crash::database::{Databases, Engine};
use crate::demo::stop::Stop;
use programs::{Program, Programs};
use world::World;

const INTERRUPTED: u8 = 130;

/// Measures hub and node; prints one JSON object.
#[derive(Debug, Parser)]
#[command(name = "lapor-bench", max_term_width = 100)]
struct Cli {
    /// What to measure
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "NAMES",
        default_value = "sync,latency,idle,intake,growth,fleet,peers"
    )]
    only: Vec<Measure>,
    /// Messages of a run of sync or peers, and reports of an intake run
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    messages: usize,
    /// How often each figure is measured; the median counts
    #[arg(long, value_name = "N", default_value_t = 5)]
    repeat: usize,
    /// Connected nodes of the idle run
    #[arg(long, value_name = "N", default_value_t = 500)]
    clients: usize,
    /// Cases of the growth run
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    cases: usize,
    /// Institutions of the fleet run
    #[arg(long, value_name = "N", default_value_t = 700)]
    institutions: usize,
    /// Messages of the hub's record at the end of the record run
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    record: usize,
    /// Where hub and nodes keep their records
    #[arg(long, value_name = "KIND", value_enum, default_value = "sqlite")]
    database: Engine,
    /// Folder of lapor-hub and lapor-node; by default that of this program
    #[arg(long, value_name = "DIR")]
    programs: Option<PathBuf>,
    /// Folder of the scripts that run what somebody would take instead
    #[arg(long, value_name = "DIR")]
    peers: Option<PathBuf>,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Measure {
    Sync,
    Latency,
    Idle,
    Intake,
    Growth,
    Fleet,
    Peers,
    /// Only where it is named: some minutes and gigabytes
    Record,
}

impl Measure {
    /// What it starts.
    fn programs(self) -> &'static [Program] {
        match self {
            Self::Idle | Self::Record => &[Program::Hub],
            Self::Sync
            | Self::Latency
            | Self::Intake
            | Self::Growth
            | Self::Fleet
            | Self::Peers => &[Program::Hub, Program::Node],
        }
    }
}

#[derive(Debug, Subcommand)]
enum Role {
    /// The idle nodes, in a process of their own
    #[command(hide = true)]
    IdleClients { folder: PathBuf },
}

/// How much is measured.
struct Plan {
    programs: Programs,
    messages: usize,
    repeat: usize,
    clients: usize,
    cases: usize,
    institutions: usize,
    record: usize,
    peers: Option<PathBuf>,
    /// Nothing on SQLite.
    server: Option<Cluster>,
}

impl Plan {
    /// Where the parts of a federation keep their records.
    fn databases(&self, federation: &str) -> Result<Databases> {
        Databases::of(self.server.as_ref(), federation)
    }

    /// A hub, not serving, and room for the nodes that are to join it.
    async fn found(
        &self,
        folder: &Path,
        federation: &str,
        nodes: &[&'static str],
    ) -> Result<World> {
        let databases = self.databases(federation)?;
        World::found_on(databases, folder, &self.programs, nodes).await
    }
}

pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    match cli.role {
        Some(Role::IdleClients { folder }) => ended(runtime.block_on(clients::run(&folder))),
        None => runtime.block_on(until_stopped(cli)),
    }
}

/// Measures until it is done or somebody ends it, so that no server stays behind.
async fn until_stopped(cli: Cli) -> ExitCode {
    let mut stop = match Stop::listen() {
        Ok(stop) => stop,
        Err(error) => return failed(&error.into()),
    };
    tokio::select! {
        outcome = measure(cli) => ended(outcome),
        name = stop.next() => {
            eprintln!("lapor-bench: ended by {name}");
            ExitCode::from(INTERRUPTED)
        }
    }
}

fn ended(outcome: Result<()>) -> ExitCode {
    outcome.map_or_else(|error| failed(&error), |()| ExitCode::SUCCESS)
}

fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("lapor-bench: {error:#}");
    ExitCode::FAILURE
}

async fn measure(cli: Cli) -> Result<()> {
    let started: Vec<Program> = cli
        .only
        .iter()
        .flat_map(|what| what.programs())
        .copied()
        .collect();
    let plan = Plan {
        programs: Programs::find(cli.programs, &started)?,
        messages: cli.messages.max(1000),
        repeat: cli.repeat.max(1),
        clients: cli.clients.max(1),
        cases: cli.cases.max(100),
        institutions: cli.institutions.max(fleet::LEAST),
        record: cli.record.max(record::LEAST),
        peers: cli.peers,
        server: server::start(cli.database).await?,
    };
    let mut report = Map::new();
    report.insert("machine".into(), machine());
    report.insert("repeat".into(), json!(plan.repeat));
    report.insert("database".into(), json!(cli.database));
    if let Some(server) = &plan.server {
        report.insert("postgres".into(), server::settings(server).await?);
    }
    for what in [
        Measure::Sync,
        Measure::Latency,
        Measure::Idle,
        Measure::Intake,
        Measure::Growth,
        Measure::Fleet,
        Measure::Peers,
        Measure::Record,
    ] {
        if !cli.only.contains(&what) {
            continue;
        }
        let (name, figures) = match what {
            Measure::Sync => ("sync", sync::measure(&plan).await.context("sync")?),
            Measure::Latency => ("latency", latency::measure(&plan).await.context("latency")?),
            Measure::Idle => ("idle", idle::measure(&plan).await.context("idle")?),
            Measure::Intake => ("intake", intake::measure(&plan).await.context("intake")?),
            Measure::Growth => ("growth", growth::measure(&plan).await.context("growth")?),
            Measure::Fleet => ("fleet", fleet::measure(&plan).await.context("fleet")?),
            Measure::Peers => match peers::measure(&plan).await.context("peers")? {
                Some(figures) => ("peers", figures),
                None => continue,
            },
            Measure::Record => ("record", record::measure(&plan).await.context("record")?),
        };
        report.insert(name.into(), figures);
    }
    println!("{}", serde_json::to_string_pretty(&Value::Object(report))?);
    Ok(())
}

/// What the figures were measured on, and how busy it was with other things.
pub fn machine() -> Value {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model
        .and_then(|rest| rest.split_once(':'))
        .map(|(_, name)| name.trim());
    let load = read("/proc/loadavg");
    json!({
        "cores": std::thread::available_parallelism().map_or(1, usize::from),
        "cpu": model,
        "load_before": load.split(' ').next().and_then(|load| load.parse::<f64>().ok()),
    })
}
