//! `latency`: while nothing else happens, how long a report takes until it is
//! durable at the hub, and a disposition until another node has applied it.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::Plan;
use super::bounds::Bounds;
use super::figures::{Spread, quantile_ms};
use super::sync::report;
use super::wire::Caller;
use super::world::{DESK, HUB, World};

const TARGET_FILED_P50_MS: f64 = 5.0;
const TARGET_FILED_P99_MS: f64 = 25.0;
const TARGET_DISPOSED_P50_MS: f64 = 10.0;
const OTHER: &str = "kemenpu";
/// How it shows that a disposition is applied.
pub const APPLIED: &str = "select count(*) from inbox where case_id = $1 and kind = 'case.disposed' and state = 'applied'";
/// Reports of one run; each is disposed of afterwards.
const REPORTS: usize = 200;
const PATIENCE: Duration = Duration::from_secs(10);
/// Lets what a report caused come to rest before the next.
const PAUSE: Duration = Duration::from_millis(20);

/// Figures of all runs, in milliseconds.
#[derive(Default)]
struct Told {
    from_request_p50: Spread,
    from_request_p99: Spread,
    from_answer_p50: Spread,
    from_answer_p99: Spread,
    disposed_p50: Spread,
    disposed_p99: Spread,
}

pub async fn measure(plan: &Plan) -> Result<Value> {
    let (mut told, mut bounds) = (Told::default(), Bounds::default());
    let home = tempfile::tempdir()?;
    let folder = home.path().join("world");
    let world = plan.found(&folder, "latency", &[DESK, OTHER]).await?;
    let hub = world.start_hub()?;
    world.join(DESK, "pusat")?;
    world.join(OTHER, "kementerian")?;
    let token = world.token(DESK)?;
    let (desk, other) = (world.start_node(DESK)?, world.start_node(OTHER)?);
    let url = desk.said("API")?.to_owned();
    for round in 1..=plan.repeat {
        bounds.look(plan, home.path()).await?;
        one_run(&world, &mut Caller::connect(&url, &token).await?, &mut told).await?;
        let (filed, disposed) = (told.from_request_p50.median(), told.disposed_p50.median());
        eprintln!("latency: round {round}: filed {filed:.1} ms, disposed {disposed:.1} ms");
    }
    for program in [desk, other, hub] {
        program.stop().await?;
    }
    Ok(json!({
        "what": "a report filed through a node's API until durable at the hub; a disposition sent to one node's API until applied at another; one at a time",
        "reports_of_a_run": REPORTS,
        "filed_until_durable_at_hub_p50_ms": told.from_request_p50.at_most(TARGET_FILED_P50_MS, 2),
        "filed_until_durable_at_hub_p99_ms": told.from_request_p99.at_most(TARGET_FILED_P99_MS, 2),
        "after_the_answer_p50_ms": told.from_answer_p50.told(2),
        "after_the_answer_p99_ms": told.from_answer_p99.told(2),
        "disposed_until_applied_p50_ms": told.disposed_p50.at_most(TARGET_DISPOSED_P50_MS, 2),
        "disposed_until_applied_p99_ms": told.disposed_p99.told(2),
        "flush_ms": super::figures::rounded(1000.0 / bounds.commits.median(), 3),
        "bounds": bounds.told(),
    }))
}

async fn one_run(world: &World, caller: &mut Caller, told: &mut Told) -> Result<()> {
    const DURABLE: &str =
        "select count(*) from envelopes where message_id = $1 and author = 'pusat'";
    let report = serde_json::to_string(&report()?)?;
    let disposal = json!({ "kind": "case.disposed", "body": { "target": OTHER } }).to_string();
    let mut at_hub = world.peek(HUB).await?;
    let mut at_other = world.peek(OTHER).await?;
    let (mut requested, mut answered, mut disposed) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..REPORTS {
        let began = Instant::now();
        let answer: Value =
            serde_json::from_slice(&caller.post("/api/v1/reports", &report).await?)?;
        let stored = Instant::now();
        let message = answer["message"]
            .as_str()
            .context("an answer without a message")?;
        let durable = at_hub.until(DURABLE, message, PATIENCE).await?;
        requested.push(durable - began);
        answered.push(durable - stored);
        tokio::time::sleep(PAUSE).await;
        let case = answer["case"]
            .as_str()
            .context("an answer without a case")?;
        let began = Instant::now();
        caller
            .post(&format!("/api/v1/cases/{case}/acts"), &disposal)
            .await?;
        let applied = at_other.until(APPLIED, case, PATIENCE).await?;
        disposed.push(applied - began);
        tokio::time::sleep(PAUSE).await;
    }
    told.from_request_p50.add(quantile_ms(&requested, 0.5));
    told.from_request_p99.add(quantile_ms(&requested, 0.99));
    told.from_answer_p50.add(quantile_ms(&answered, 0.5));
    told.from_answer_p99.add(quantile_ms(&answered, 0.99));
    told.disposed_p50.add(quantile_ms(&disposed, 0.5));
    told.disposed_p99.add(quantile_ms(&disposed, 0.99));
    Ok(())
}
