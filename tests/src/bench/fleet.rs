//! `fleet`: a federation of hundreds on one hub. What the connected cost while little
//! happens, how long a disposition takes while some of them drain a backlog, and when
//! all are back after a restart of the hub. The two between whom it is measured are
//! nodes as they are shipped, all others light clients; one of those is the desk, which is told of
//! every case.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use lapor_hub::ground::Ground;
use lapor_hub::settings::Settings;
use lapor_node::clock::SystemClock;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::sync::watch;
use tokio::time::{interval, sleep};

use super::Plan;
use super::bounds::Bounds;
use super::figures::{Spread, quantile_ms, rate, rounded};
use super::latency::APPLIED;
use super::peek::Peek;
use super::programs::Running;
use super::sync::report;
use super::wire::Caller;
use super::world::{DESK, World};
use crate::muster::founding::join_all;
use crate::muster::life::live;
use crate::muster::light::{Light, Mood};
use crate::muster::roster;
use crate::muster::script::{AWAY, PROMISED, in_step};

/// Whose backlog is drained.
const DRAINING: usize = 50;
/// With fewer nobody would be left who drains nothing.
pub const LEAST: usize = 2 * DRAINING;
/// Of each of them: so many cases, with a report and what follows it up.
const CASES: usize = 400;
const MESSAGES_OF_A_CASE: usize = 10;

/// Who disposes, and to whom: two that no light client is.
const FROM: &str = "kemenpu";
const TO: &str = "kota-palu";
const REPORT_EVERY: Duration = Duration::from_mins(1);
const TARGET_CPU: f64 = 5.0;
/// What a person does not notice beside a page that takes as long.
const TARGET_DISPOSED_MS: f64 = 100.0;
/// Lets what has begun come to rest.
const SETTLE: Duration = Duration::from_secs(5);
const WATCHED: Duration = Duration::from_secs(30);
/// Dispositions begin so far apart, however long those before them take.
const PACE: Duration = Duration::from_millis(50);
/// So many while nobody drains anything, and so many at most while somebody does.
const ALONE: usize = 200;
const MEANWHILE: usize = 600;
/// Between two looks at whether a disposition is applied.
const LOOK: Duration = Duration::from_millis(1);
/// Between two looks at whether the backlogs are drained.
const COARSE: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_mins(2);

/// All that is up.
struct Stage {
    world: World,
    hub: Running,
    from: Running,
    to: Running,
    light: Vec<Arc<Light>>,
    lives: Lives,
}

/// What the light clients live in: they would keep whoever measures waiting.
struct Lives(Option<Runtime>);

/// The two nodes, as an officer and an observer see them.
struct Officer {
    url: String,
    token: String,
    at_target: Peek,
}

/// Figures of all rounds.
#[derive(Default)]
struct Told {
    cpu: Spread,
    memory: Spread,
    alone: Waits,
    draining: Waits,
    ratio: Spread,
    drained: Spread,
    /// Dispositions that were begun beside the backlogs.
    begun: Spread,
}

/// From the officer's request until it is applied, in milliseconds.
#[derive(Default)]
struct Waits {
    p50: Spread,
    p99: Spread,
}

impl Waits {
    fn add(&mut self, waits: &[Duration]) {
        self.p50.add(quantile_ms(waits, 0.5));
        self.p99.add(quantile_ms(waits, 0.99));
    }
}

impl Drop for Lives {
    fn drop(&mut self) {
        // A runtime may not wait for its end within another.
        if let Some(lives) = self.0.take() {
            lives.shutdown_background();
        }
    }
}

pub async fn measure(plan: &Plan) -> Result<Value> {
    let home = tempfile::tempdir()?;
    let (mut told, mut bounds) = (Told::default(), Bounds::default());
    bounds.look(plan, home.path()).await?;
    eprintln!("fleet: enrolling {} institutions", plan.institutions);
    let (stage, connected) = open(plan, &home.path().join("world")).await?;
    let mut officer = Officer::of(&stage).await?;
    for round in 1..=plan.repeat.min(3) {
        idle(&stage, &mut told).await?;
        drain(&stage, &mut officer, &mut told).await?;
        bounds.look(plan, home.path()).await?;
        let (alone, draining) = (told.alone.p99.last(), told.draining.p99.last());
        eprintln!(
            "fleet: round {round}: {:.0} MB, {:.2} % of a core; disposed p99 {alone:.1} ms, {draining:.1} ms while {DRAINING} drain {:.0} messages/s",
            told.memory.last(),
            told.cpu.last(),
            told.drained.last(),
        );
    }
    let [in_order, killed] = restarts(plan, stage, &mut officer).await?;
    Ok(json!({
        "what": "light clients (protocol, mTLS, one connection with two long polls, a report of health each minute) and two nodes as they are shipped; a disposition sent to the API of one of these until applied at the other, due every 50 ms however long those before it take and counted from then, first alone and then while 50 light clients send a backlog and take in what comes back of it, and the desk, a light client too, what it is told of it",
        "institutions": plan.institutions,
        "all_connected_after_s": rounded(connected.as_secs_f64(), 1),
        "hub_memory_mb": told.memory.told(0),
        "hub_cpu_percent_of_a_core": told.cpu.at_most(TARGET_CPU, 2),
        "draining": {
            "institutions": DRAINING,
            "messages": backlog(),
            "messages_per_second": told.drained.told(0),
        },
        "disposed_until_applied_alone_p50_ms": told.alone.p50.told(1),
        "disposed_until_applied_alone_p99_ms": told.alone.p99.told(1),
        "disposed_until_applied_while_draining_p50_ms": told.draining.p50.told(1),
        "disposed_until_applied_while_draining_p99_ms": told.draining.p99.at_most(TARGET_DISPOSED_MS, 1),
        "while_draining_over_alone_p99": told.ratio.told(1),
        "dispositions_while_draining": told.begun.told(0),
        "all_back_after_sigterm_s": in_order.at_most(PROMISED.as_secs_f64(), 1),
        "all_back_after_sigkill_s": killed.at_most(PROMISED.as_secs_f64(), 1),
        "bounds": bounds.told(),
    }))
}

fn backlog() -> usize {
    DRAINING * CASES * MESSAGES_OF_A_CASE
}

/// Founds the federation; how long it takes until all are connected and in step.
async fn open(plan: &Plan, folder: &Path) -> Result<(Stage, Duration)> {
    let world = plan.found(folder, "fleet", &[FROM, TO]).await?;
    let hub = world.start_hub()?;
    world.join_disposing(FROM, "kementerian")?;
    world.join(TO, "kota")?;
    hub.stop().await?;
    let light = enrol(&world, plan.institutions - 2).await?;
    let hub = start_hub(&world, plan.institutions)?;
    let (from, to) = (world.start_node(FROM)?, world.start_node(TO)?);
    let runtime = Runtime::new()?;
    let began = Instant::now();
    for node in &light {
        runtime.spawn(live(Arc::clone(node), REPORT_EVERY));
    }
    let lives = Lives(Some(runtime));
    let connected = in_step(&light, began).await?;
    let stage = Stage {
        world,
        hub,
        from,
        to,
        light,
        lives,
    };
    Ok((stage, connected))
}

/// By the hub's own functions, before it serves.
async fn enrol(world: &World, count: usize) -> Result<Vec<Arc<Light>>> {
    let settings = Settings::load(&world.hub_folder().join("hub.toml"))?;
    let ground = Ground::open(settings, Arc::new(SystemClock)).await?;
    let profiles = roster::profiles(count + 2)?.into_iter();
    let profiles = profiles.filter(|one| ![FROM, TO].contains(&one.id.as_str()));
    let profiles: Vec<_> = profiles.take(count).collect();
    let members = join_all(&ground, &profiles).await;
    ground.db.close().await;
    Ok(members?.into_iter().map(Light::of).collect())
}

/// All of them come from one network here.
fn start_hub(world: &World, institutions: usize) -> Result<Running> {
    let strangers = (2 * institutions + 100).to_string();
    world.start_hub_with(Some((
        "LAPOR_HUB__LIMITS__STRANGERS_PER_NETWORK",
        strangers,
    )))
}

async fn idle(stage: &Stage, told: &mut Told) -> Result<()> {
    sleep(SETTLE).await;
    let (began, spent) = (Instant::now(), stage.hub.cpu_seconds()?);
    sleep(WATCHED).await;
    let spent = stage.hub.cpu_seconds()? - spent;
    told.cpu.add(spent / began.elapsed().as_secs_f64() * 100.0);
    told.memory.add(stage.hub.resident_kb()? / 1024.0);
    Ok(())
}

/// Dispositions alone, and while some drain what they have to send.
async fn drain(stage: &Stage, officer: &mut Officer, told: &mut Told) -> Result<()> {
    let others = stage.light.iter().filter(|one| one.id.as_str() != DESK);
    let draining: Vec<_> = others.take(DRAINING).collect();
    tokio::task::block_in_place(|| {
        for node in &draining {
            node.mood.send_replace(Mood::Holding);
            (0..CASES).for_each(|_| node.handle(MESSAGES_OF_A_CASE - 1));
        }
    });
    let cases = officer.file(ALONE + MEANWHILE).await?;
    sleep(SETTLE).await;
    let (first, others) = cases.split_at(ALONE);
    let (over, is_over) = watch::channel(false);
    let alone = officer.dispose(first, &is_over).await?;
    let began = Instant::now();
    for node in &draining {
        node.mood.send_replace(Mood::Sound);
    }
    let drained = async {
        while !draining.iter().all(|node| node.has_all_back()) {
            ensure!(
                began.elapsed() < PATIENCE,
                "the backlogs are not drained after {PATIENCE:?}"
            );
            sleep(COARSE).await;
        }
        let drained = rate(backlog(), began);
        over.send_replace(true);
        anyhow::Ok(drained)
    };
    let (drained, meanwhile) = tokio::try_join!(drained, officer.dispose(others, &is_over))?;
    // The desk takes in what all of them have sent.
    in_step(&stage.light, Instant::now()).await?;
    ensure!(!meanwhile.is_empty(), "nothing was disposed of meanwhile");
    told.drained.add(drained);
    told.alone.add(&alone);
    told.draining.add(&meanwhile);
    let ratio = told.draining.p99.last() / told.alone.p99.last();
    told.ratio.add(ratio);
    told.begun.add(meanwhile.len() as f64);
    Ok(())
}

/// Seconds until all are back: of the hub ended in order, and killed.
async fn restarts(plan: &Plan, stage: Stage, officer: &mut Officer) -> Result<[Spread; 2]> {
    let Stage {
        world,
        mut hub,
        from,
        to,
        light,
        lives,
    } = stage;
    let mut told = <[Spread; 2]>::default();
    let (_never, is_over) = watch::channel(false);
    for (killed, told) in [false, true].into_iter().zip(&mut told) {
        let case = officer.file(1).await?;
        sleep(SETTLE).await;
        if killed {
            drop(hub);
        } else {
            hub.stop().await?;
        }
        sleep(AWAY).await;
        let began = Instant::now();
        hub = start_hub(&world, plan.institutions)?;
        let disposed = officer.dispose(&case, &is_over);
        tokio::try_join!(in_step(&light, began), disposed)?;
        told.add(began.elapsed().as_secs_f64());
        eprintln!("fleet: all are back {:.1} s after the start", told.last());
    }
    drop(lives);
    for program in [from, to, hub] {
        program.stop().await?;
    }
    Ok(told)
}

impl Officer {
    async fn of(stage: &Stage) -> Result<Self> {
        Ok(Self {
            url: stage.from.said("API")?.to_owned(),
            token: stage.world.token(FROM)?,
            at_target: stage.world.peek(TO).await?,
        })
    }

    /// Files so many reports.
    async fn file(&self, count: usize) -> Result<Vec<String>> {
        let report = serde_json::to_string(&report()?)?;
        let mut caller = Caller::connect(&self.url, &self.token).await?;
        let mut cases = Vec::with_capacity(count);
        for _ in 0..count {
            let answer = caller.post("/api/v1/reports", &report).await?;
            let answer: Value = serde_json::from_slice(&answer)?;
            let case = answer["case"].as_str();
            cases.push(case.context("an answer without a case")?.to_owned());
        }
        Ok(cases)
    }

    /// Disposes of these cases at the pace, until it is over; how long each took from the moment at
    /// which it was to begin.
    async fn dispose(
        &mut self,
        cases: &[String],
        is_over: &watch::Receiver<bool>,
    ) -> Result<Vec<Duration>> {
        let disposal = json!({ "kind": "case.disposed", "body": { "target": TO } }).to_string();
        let (started, mut dispositions) = mpsc::channel(MEANWHILE);
        let mut caller = Caller::connect(&self.url, &self.token).await?;
        let at_target = &mut self.at_target;
        let begins = async move {
            // What comes late begins at once, and has waited since.
            let mut due = interval(PACE);
            for case in cases {
                let at = due.tick().await;
                if *is_over.borrow() || started.send((case, at)).await.is_err() {
                    break;
                }
                caller
                    .post(&format!("/api/v1/cases/{case}/acts"), &disposal)
                    .await?;
            }
            anyhow::Ok(())
        };
        // The chain has them in this order.
        let ends = async move {
            let mut waits = Vec::new();
            while let Some((case, at)) = dispositions.recv().await {
                while at_target.number(APPLIED, case).await? == 0 {
                    ensure!(
                        at.elapsed() < PATIENCE,
                        "{case} is not applied after {PATIENCE:?}"
                    );
                    sleep(LOOK).await;
                }
                waits.push(at.elapsed());
            }
            Ok(waits)
        };
        let ((), waits) = tokio::try_join!(begins, ends)?;
        Ok(waits)
    }
}
