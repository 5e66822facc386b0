//! `intake`: reports through a node's API over 64 connections, each answered
//! when it is on disk. First the node alone, as when the line is down; then
//! with the link at work beside it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::Plan;
use super::bounds::Bounds;
use super::figures::{Spread, quantile_ms, rate, rounded};
use super::programs::Running;
use super::sync::report;
use super::wire::Caller;
use super::world::World;

const CONNECTIONS: usize = 64;
const TARGET: f64 = 5000.0;
const NODE: &str = "kota-bandung";

#[derive(Default)]
struct Told {
    rate: Spread,
    p50: Spread,
    p99: Spread,
}

pub async fn measure(plan: &Plan) -> Result<Value> {
    let home = tempfile::tempdir()?;
    let folder = home.path().join("world");
    let world = plan.found(&folder, "intake", &[NODE]).await?;
    let hub = world.start_hub()?;
    world.join(NODE, "kota")?;
    hub.stop().await?;
    let token = world.token(NODE)?;
    world.keep().await?;
    let (mut alone, mut linked, mut bounds) = (Told::default(), Told::default(), Bounds::default());
    for round in 1..=plan.repeat {
        bounds.look(plan, home.path()).await?;
        for (connected, told) in [(false, &mut alone), (true, &mut linked)] {
            let copy = tempfile::tempdir()?;
            let world = world.copied(copy.path()).await?;
            let hub = if connected {
                Some(world.start_hub()?)
            } else {
                None
            };
            let node = world.start_node(NODE)?;
            one_run(&world, &node, &token, plan.messages, told).await?;
            eprintln!(
                "intake: round {round}, connected {connected}: {:.0} reports/s",
                told.rate.last()
            );
            node.stop().await?;
            if let Some(hub) = hub {
                hub.stop().await?;
            }
        }
    }
    Ok(json!({
        "what": "reports through a node's JSON API, each answered when it is on disk",
        "connections": CONNECTIONS,
        "reports": plan.messages,
        "reports_per_second": alone.rate.at_least(TARGET, 0),
        "p50_ms": alone.p50.told(2),
        "p99_ms": alone.p99.told(2),
        "while_the_link_sends_them": {
            "reports_per_second": linked.rate.told(0),
            "p50_ms": linked.p50.told(2),
            "p99_ms": linked.p99.told(2),
        },
        "of_durable_inserts": rounded(alone.rate.median() / bounds.inserts.median(), 2),
        "of_durable_commits_one_by_one": rounded(alone.rate.median() / bounds.commits.median(), 2),
        "bounds": bounds.told(),
    }))
}

async fn one_run(
    world: &World,
    node: &Running,
    token: &str,
    reports: usize,
    told: &mut Told,
) -> Result<()> {
    const FILED: &str = "select count(*) from outbox where kind = $1";
    let url = node.said("API")?;
    let body: Arc<str> = serde_json::to_string(&report()?)?.into();
    let left = Arc::new(AtomicUsize::new(reports));
    let mut callers = Vec::new();
    for _ in 0..CONNECTIONS {
        callers.push(Caller::connect(url, token).await?);
    }
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for caller in callers {
        tasks.spawn(file(caller, Arc::clone(&body), Arc::clone(&left)));
    }
    let mut waits: Vec<Duration> = Vec::with_capacity(reports);
    while let Some(done) = tasks.join_next().await {
        waits.extend(done??);
    }
    told.rate.add(rate(waits.len(), began));
    told.p50.add(quantile_ms(&waits, 0.5));
    told.p99.add(quantile_ms(&waits, 0.99));
    let mut peek = world.peek(NODE).await?;
    let filed = peek.number(FILED, "report.filed").await?;
    ensure!(
        filed as usize == reports,
        "{filed} of {reports} reports are in the outbox"
    );
    Ok(())
}

/// Files one after another until none is left.
async fn file(mut caller: Caller, body: Arc<str>, left: Arc<AtomicUsize>) -> Result<Vec<Duration>> {
    let mut waits = Vec::new();
    let take = |left: usize| left.checked_sub(1);
    while left
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
        .is_ok()
    {
        let began = Instant::now();
        caller.post("/api/v1/reports", &body).await?;
        waits.push(began.elapsed());
    }
    Ok(waits)
}
