//! `lapor-fleet`: a federation of hundreds of institutions with troubles by
//! script, and whether the hub's console tells the truth of them.
//!
//! The hub is a process of its own, as it is shipped; the institutions are light
//! clients in this one, each with its own certificate and connection. What is
//! asked is asked as a person would, at the console's door. Progress goes to
//! standard error, one JSON object to standard output.

pub(crate) mod founding;
pub(crate) mod life;
pub(crate) mod light;
pub(crate) mod person;
mod restart;
pub(crate) mod roster;
mod saying;
pub(crate) mod script;
pub(crate) mod traffic;
mod trouble;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Parser;
use lapor_hub::membership::Profile;
use serde_json::{Map, Value, json};
use tokio::task::JoinSet;

use crate::bench::figures::{quantile_ms, rounded};
use crate::bench::machine;
use crate::bench::programs::{Program, Programs, Running};
use crate::crash::database::{Databases, Engine};
use crate::demo::stop::Stop;
use founding::Place;
use light::Light;
use person::{LOGIN, PASSWORD, Person};
use trouble::Trouble;

/// Looks at each page that is measured.
const LOOKS: usize = 100;
/// The pages that are measured.
const PAGES: [(&str, &str); 7] = [
    ("federation", "/konsol"),
    ("institution", "/konsol/instansi/{slug}"),
    ("institutions", "/konsol/instansi"),
    ("casework", "/konsol/kasus"),
    ("overdue", "/konsol/kasus/daftar?yang=terlambat"),
    ("alarms", "/konsol/alarm"),
    ("road_map", "/konsol/peta-jalan"),
];
/// Milliseconds in which a page answers at the median.
const PAGE_MS: f64 = 100.0;
const INTERRUPTED: u8 = 130;

/// Hundreds of institutions, troubles by script, and what the hub's console says of them.
///
/// Prints one JSON object. The exit code is 1 if a promise is not kept, 130 if it was interrupted.
#[derive(Debug, Parser)]
#[command(name = "lapor-fleet", max_term_width = 100)]
struct Cli {
    #[arg(
        long,
        value_name = "N",
        default_value_t = 700,
        help = format!("Institutions of the federation, at least {}", roster::LEAST)
    )]
    nodes: usize,
    /// Messages that they have sent before the first trouble
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    messages: usize,
    /// Messages a second, of all together, while the troubles are played
    #[arg(long, value_name = "N", default_value_t = 5.0)]
    rate: f64,
    /// Which troubles; all of them if none is named
    #[arg(long = "script", value_delimiter = ',', value_name = "NAMES")]
    scripts: Vec<Trouble>,
    /// Leave the restarts of the hub out
    #[arg(long)]
    no_restart: bool,
    /// Seconds after which a node reports again; a node of ours takes 60
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    report_every: u64,
    /// Seconds for which it is watched what the hub costs
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    watched: u64,
    /// Where the hub keeps its record
    #[arg(long, value_enum, default_value = "sqlite")]
    database: Engine,
    /// Stay up afterwards, for somebody to look at the console, until Ctrl-C
    #[arg(long)]
    stay: bool,
    /// Folder of lapor-hub; by default that of this program
    #[arg(long, value_name = "DIR")]
    programs: Option<PathBuf>,
}

/// All that is up while the scripts are played.
struct Stage {
    place: Place,
    nodes: Vec<Arc<Light>>,
    person: Person,
    /// `None` while it is away.
    hub: Option<Running>,
    report_every: Duration,
    /// The institutions' days; they end with it.
    _lives: JoinSet<()>,
}

impl Stage {
    /// Ends the hub, in order or with SIGKILL.
    async fn end_hub(&mut self, killed: bool) -> Result<()> {
        match self.hub.take() {
            Some(hub) if !killed => hub.stop().await,
            // It is killed when it is dropped.
            _ => Ok(()),
        }
    }
}

pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    runtime.block_on(async {
        let mut stop = match Stop::listen() {
            Ok(stop) => stop,
            Err(error) => return failed(&error.into()),
        };
        tokio::select! {
            outcome = run(&cli) => match outcome {
                Ok(true) => ExitCode::SUCCESS,
                Ok(false) => ExitCode::FAILURE,
                Err(error) => failed(&error),
            },
            name = stop.next() => {
                eprintln!("lapor-fleet: ended by {name}");
                ExitCode::from(INTERRUPTED)
            }
        }
    })
}

fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("lapor-fleet: {error:#}");
    ExitCode::FAILURE
}

/// Whether every promise was kept.
async fn run(cli: &Cli) -> Result<bool> {
    ensure!(
        cli.rate.is_finite() && cli.rate > 0.0 && cli.report_every > 0,
        "--rate and --report-every must be more than 0"
    );
    let profiles = roster::profiles(cli.nodes).context("--nodes")?;
    let programs = Programs::find(cli.programs.clone(), &[Program::Hub])?;
    let home = tempfile::tempdir()?;
    let server = cli.database.start().await?;
    let databases = Databases::of(server.as_ref(), "fleet")?;
    databases.clear(&["hub"]).await?;
    let url = databases.url("hub");
    let mut told = Map::new();
    let mut tell = |name: &str, value: Value| drop(told.insert(name.to_owned(), value));
    tell("machine", machine());
    tell("database", json!(cli.database));
    let place = Place::found(home.path(), &programs.hub, url.as_deref(), cli.nodes)?;
    tell("settings", place.told());
    let (mut stage, founded) = open(cli, place, &profiles).await?;
    tell("federation", founded);

    let past = traffic::past(&stage.nodes, cli.messages).await?;
    let rate = cli.messages as f64 / past.took.as_secs_f64();
    let rates = past.rates.iter().map(|rate| rounded(*rate, 0));
    tell(
        "past",
        json!({
            "messages": cli.messages,
            "seconds": rounded(past.took.as_secs_f64(), 1),
            "messages_per_second": rounded(rate, 0),
            "rates_of_pieces": rates.collect::<Vec<_>>(),
            "last_over_first": past.last_over_first().map(|ratio| rounded(ratio, 2)),
            "database_bytes": stage.place.database_bytes(),
        }),
    );
    let mut present = JoinSet::new();
    present.spawn(traffic::present(stage.nodes.clone(), cli.rate));

    let mut kept = Map::new();
    let pages = pages(&stage).await?;
    kept.insert("pages_within_100_ms".into(), json!(pages.1));
    tell("pages", pages.0);
    tell(
        "cost",
        cost(&stage, Duration::from_secs(cli.watched)).await?,
    );
    let (courses, truthful) = scripts(cli, &stage).await?;
    kept.insert("console_truthful_within_60_s".into(), json!(truthful));
    tell("troubles", courses);
    if !cli.no_restart {
        let restarts = restart::both(&mut stage).await?;
        kept.insert("in_step_within_60_s".into(), json!(restarts.1));
        tell("restarts", restarts.0);
    }
    tell("exchanged", exchanged(&stage.nodes));
    let all = kept.values().all(|kept| *kept == json!(true));
    tell("kept", Value::Object(kept));
    println!("{}", serde_json::to_string_pretty(&Value::Object(told))?);
    if cli.stay {
        let at = stage.place.console;
        eprintln!("fleet: the console is at http://{at}/konsol");
        eprintln!("fleet: log in as {LOGIN} with the password {PASSWORD}; Ctrl-C ends it");
        std::future::pending::<()>().await;
    }
    stage.end_hub(false).await?;
    Ok(all)
}

/// Founds the federation, lets it connect, and looks whether all are well.
async fn open(cli: &Cli, place: Place, profiles: &[Profile]) -> Result<(Stage, Value)> {
    eprintln!("fleet: inviting and enrolling {} institutions", cli.nodes);
    let began = Instant::now();
    let members = place.join(profiles).await?;
    let joined = began.elapsed();
    let (hub, person) = Person::begins(&place).await?;
    let report_every = Duration::from_secs(cli.report_every);
    let nodes: Vec<Arc<Light>> = members.into_iter().map(Light::of).collect();
    let mut lives = JoinSet::new();
    let began = Instant::now();
    for node in &nodes {
        lives.spawn(life::live(Arc::clone(node), report_every));
    }
    let connected = script::in_step(&nodes, began).await?;
    let well = script::all_well(&person).await?;
    eprintln!("fleet: all connected after {connected:.1?}");
    let founded = json!({
        "nodes": nodes.len(),
        "enrolment": "invitation and enrolment by the hub's own functions before it serves, without handshakes",
        "enrolled_in_s": rounded(joined.as_secs_f64(), 1),
        "connected_in_s": rounded(connected.as_secs_f64(), 1),
        "all_well_after_s": rounded((connected + well).as_secs_f64(), 1),
        "report_every_s": cli.report_every,
        "messages_a_second": cli.rate,
    });
    let stage = Stage {
        place,
        nodes,
        person,
        hub: Some(hub),
        report_every,
        _lives: lives,
    };
    Ok((stage, founded))
}

/// Plays the scripts one after the other; all of them, and whether each was shown as it was.
async fn scripts(cli: &Cli, stage: &Stage) -> Result<(Value, bool)> {
    use clap::ValueEnum as _;
    let wanted = match cli.scripts.as_slice() {
        [] => Trouble::value_variants(),
        named => named,
    };
    script::all_well(&stage.person).await?;
    let mut courses = Vec::new();
    for trouble in wanted {
        let of = (&stage.nodes, &stage.place, &stage.person);
        let course = script::play(*trouble, of.0, of.1, of.2, stage.report_every).await;
        let course = course.with_context(|| format!("{trouble:?}"))?;
        let (shown, cleared) = (course.shown_after_s, course.cleared_after_s);
        eprintln!("fleet: {trouble:?}: shown after {shown:?} s, cleared after {cleared:?} s");
        if cleared.is_none() {
            bail!("{trouble:?} stays: {}", serde_json::to_string(&course)?);
        }
        courses.push(course);
    }
    let truthful = courses.iter().all(script::Course::is_kept);
    Ok((json!(courses), truthful))
}

/// How long the pages take, with a session and over HTTP, one after the other.
async fn pages(stage: &Stage) -> Result<(Value, bool)> {
    let (mut pages, mut within) = (Map::new(), true);
    for (page, path) in PAGES {
        let mut waits = Vec::new();
        for at in 0..LOOKS {
            let node = &stage.nodes[at * stage.nodes.len() / LOOKS];
            let began = Instant::now();
            let path = path.replace("{slug}", node.id.as_str());
            stage.person.opens(&path).await?;
            waits.push(began.elapsed());
        }
        let (median, p99) = (quantile_ms(&waits, 0.5), quantile_ms(&waits, 0.99));
        within &= median <= PAGE_MS;
        let told = json!({ "median_ms": rounded(median, 1), "p99_ms": rounded(p99, 1) });
        eprintln!("fleet: {page}: {told}");
        pages.insert(page.to_owned(), told);
    }
    Ok((Value::Object(pages), within))
}

/// What the hub costs while little happens.
async fn cost(stage: &Stage, watched: Duration) -> Result<Value> {
    let hub = stage.hub.as_ref().context("the hub is away")?;
    let (began, spent) = (Instant::now(), hub.cpu_seconds()?);
    tokio::time::sleep(watched).await;
    let spent = hub.cpu_seconds()? - spent;
    Ok(json!({
        "hub_cpu_percent_of_a_core": rounded(spent / began.elapsed().as_secs_f64() * 100.0, 1),
        "hub_memory_mb": rounded(hub.resident_kb()? / 1024.0, 0),
    }))
}

fn exchanged(nodes: &[Arc<Light>]) -> Value {
    let counts = nodes.iter().map(|node| node.counts());
    let (made, receipts, received) = counts.fold((0, 0, 0), |sum, of| {
        (sum.0 + of.0, sum.1 + of.1, sum.2 + of.2)
    });
    json!({ "messages": made, "receipts_checked": receipts, "items_taken_in": received })
}
