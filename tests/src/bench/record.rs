//! `record`: a hub whose record grows to millions of messages. How fast it takes
//! in more at the beginning and at the end, and how long a page of an inbox and
//! the history of a case take then. The record comes about as all do: light
//! clients of the fleet send, take in what comes back and acknowledge it.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use futures_util::TryStreamExt as _;
use lapor_protocol::delivery::Cursor;
use lapor_protocol::ids::CaseId;
use lapor_protocol::limits::{BATCH_ENVELOPES, LONG_POLL_SECONDS, PAGE_ITEMS};
use serde_json::{Value, json};

use super::Plan;
use super::bounds::Bounds;
use super::figures::{quantile_ms, rate, rounded};
use super::programs::Running;
use super::world::HUB;
use crate::crash::database::Databases;
use crate::muster::founding::Place;
use crate::muster::light::Light;
use crate::muster::person::Person;
use crate::muster::roster;
use crate::muster::traffic::shared;

/// With fewer messages nobody would have two whole pages at the beginning.
pub const LEAST: usize = 100_000;
const INSTITUTIONS: usize = 24;
/// A report and what follows it up.
const MESSAGES_OF_A_CASE: usize = 10;
/// What is compared at both ends: so many messages, or a quarter of fewer.
const PIECE: usize = 100_000;
/// This share of the first piece goes before it is measured.
const WARMING: usize = 10;
/// How often each question is asked.
const LOOKS: usize = 100;

/// A hub that serves, and those who fill its record.
struct Stage {
    place: Place,
    databases: Databases,
    hub: Running,
    person: Person,
    nodes: Vec<Arc<Light>>,
}

/// Messages of each part of a run, in order; `between` is sent in pieces.
#[derive(Debug, PartialEq)]
struct Parts {
    warming: usize,
    first: usize,
    between: usize,
    last: usize,
}

/// How a part went.
struct Filled {
    messages: usize,
    rate: f64,
    hub_cpu_us: f64,
}

/// A whole page of an inbox: what it lies behind, and the cases on it.
struct Whole {
    after: Cursor,
    cases: Vec<CaseId>,
}

impl Parts {
    fn of(messages: usize) -> Self {
        let piece = PIECE.min(messages / 4);
        let warming = piece / WARMING;
        Self {
            warming,
            first: piece - warming,
            between: messages - 2 * piece,
            last: piece,
        }
    }
}

impl Filled {
    fn told(&self, from: usize) -> Value {
        json!({
            "from": from,
            "to": from + self.messages,
            "messages_per_second": rounded(self.rate, 0),
            "hub_cpu_us_a_message": rounded(self.hub_cpu_us, 0),
        })
    }
}

pub async fn measure(plan: &Plan) -> Result<Value> {
    let parts = Parts::of(plan.record);
    let home = tempfile::tempdir()?;
    let (mut bounds, mut rates) = (Bounds::default(), Vec::new());
    let stage = open(plan, &home.path().join("place")).await?;
    bounds.look(plan, home.path()).await?;
    fill(&stage, parts.warming).await?;
    let first = fill(&stage, parts.first).await?;
    let small = parts.warming + parts.first;
    eprintln!("record: {small} messages, at {:.0} a second", first.rate);
    let mut looks = vec![look(&stage, small).await?];
    let mut left = parts.between;
    while left > 0 {
        let piece = fill(&stage, left.min(parts.last)).await?;
        left -= piece.messages;
        let sent = small + parts.between - left;
        eprintln!("record: {sent} messages, at {:.0} a second", piece.rate);
        rates.push(rounded(piece.rate, 0));
    }
    bounds.look(plan, home.path()).await?;
    let last = fill(&stage, parts.last).await?;
    let ratio = last.rate / first.rate;
    eprintln!(
        "record: {} messages, at {:.0} a second, {ratio:.2} of the first",
        plan.record, last.rate
    );
    looks.push(look(&stage, plan.record).await?);
    stage.hub.stop().await?;
    Ok(json!({
        "what": "report.filed and case.followed_up without words, from light clients over mTLS until durable at the hub, ordered, delivered back and acknowledged, clients included; then whole pages of one inbox over mTLS, and pages of cases at the console over HTTP, one after another",
        "messages": plan.record,
        "institutions": INSTITUTIONS,
        "messages_of_a_case": MESSAGES_OF_A_CASE,
        "first": first.told(parts.warming),
        "between_messages_per_second": rates,
        "last": last.told(plan.record - parts.last),
        "last_over_first": rounded(ratio, 2),
        "looks": looks,
        "bounds": bounds.told(),
    }))
}

/// Founds the federation and starts its hub.
async fn open(plan: &Plan, folder: &Path) -> Result<Stage> {
    let databases = plan.databases("record")?;
    databases.clear(&[HUB]).await?;
    let url = databases.url(HUB);
    let place = Place::found(folder, &plan.programs.hub, url.as_deref(), INSTITUTIONS)?;
    let members = place.join(&roster::profiles(INSTITUTIONS)?).await?;
    let (hub, person) = Person::begins(&place).await?;
    Ok(Stage {
        place,
        databases,
        hub,
        person,
        nodes: members.into_iter().map(Light::of).collect(),
    })
}

/// Puts so many messages more into the record.
async fn fill(stage: &Stage, messages: usize) -> Result<Filled> {
    let (began, spent) = (Instant::now(), stage.hub.cpu_seconds()?);
    let sending = shared(&stage.nodes, messages, exchange);
    let sum = sending.try_fold(0, |sum: usize, more| async move { Ok(sum + more) });
    let sum = sum.await?;
    ensure!(sum == messages, "{sum} of {messages} messages were sent");
    let rate = rate(messages, began);
    let spent = stage.hub.cpu_seconds()? - spent;
    Ok(Filled {
        messages,
        rate,
        hub_cpu_us: spent * 1e6 / messages as f64,
    })
}

/// Sends its share in batches, and takes in what came back of each.
async fn exchange(node: Arc<Light>, share: usize) -> Result<usize> {
    let mut left = share;
    while left > 0 {
        let mut batch = left.min(BATCH_ENVELOPES);
        left -= batch;
        while batch > 0 {
            let messages = batch.min(MESSAGES_OF_A_CASE);
            node.handle(messages - 1);
            batch -= messages;
        }
        node.flush().await?;
        take_in(&node).await?;
    }
    // It says nothing until its next share, for longer than the hub listens.
    node.hang_up();
    Ok(share)
}

/// Polls until all that it ever sent is back.
async fn take_in(node: &Light) -> Result<()> {
    let (made, _, mut received) = node.counts();
    while received < made {
        node.poll(LONG_POLL_SECONDS).await?;
        let (_, _, now) = node.counts();
        ensure!(now > received, "{received} of {made} messages came back");
        received = now;
    }
    Ok(())
}

/// What the hub answers with so many messages in its record.
async fn look(stage: &Stage, messages: usize) -> Result<Value> {
    let node = &stage.nodes[0];
    let (began, spent) = (Instant::now(), stage.hub.cpu_seconds()?);
    let (first, last) = ends(node).await?;
    let mut told = json!({
        "messages": messages,
        "inbox_first_page": pages(node, &first).await?,
        "inbox_last_page": pages(node, &last).await?,
        "history_of_first_cases": histories(&stage.person, &first).await?,
        "history_of_last_cases": histories(&stage.person, &last).await?,
        "database_bytes": bytes(stage).await?,
        "hub_memory_mb": rounded(stage.hub.resident_kb()? / 1024.0, 0),
    });
    let spent = stage.hub.cpu_seconds()? - spent;
    let busy = spent / began.elapsed().as_secs_f64() * 100.0;
    told["hub_cpu_percent_meanwhile"] = json!(rounded(busy, 0));
    eprintln!("record: {told}");
    Ok(told)
}

async fn bytes(stage: &Stage) -> Result<u64> {
    let on_server = stage.databases.bytes(HUB).await?;
    Ok(on_server.unwrap_or_else(|| stage.place.database_bytes()))
}

/// Reads a whole inbox; gives its first and its last whole page.
async fn ends(node: &Light) -> Result<(Whole, Whole)> {
    let (mut after, mut first, mut last) = (Cursor::START, None, None);
    loop {
        let items = node.read(&node.page(after, 0).await?, after)?;
        let refused = items.iter().find(|item| !item.item.ruling.applied());
        ensure!(refused.is_none(), "a message had no effect: {refused:?}");
        let Some(end) = items.get(PAGE_ITEMS - 1) else {
            break;
        };
        let cases: BTreeSet<CaseId> = items.iter().filter_map(|item| item.item.case).collect();
        let cases = cases.into_iter().collect();
        let place = if first.is_none() {
            &mut first
        } else {
            &mut last
        };
        *place = Some(Whole { after, cases });
        after = end.cursor;
    }
    first.zip(last).context("an inbox of fewer than two pages")
}

async fn pages(node: &Light, whole: &Whole) -> Result<Value> {
    let mut waits = Vec::with_capacity(LOOKS);
    for _ in 0..LOOKS {
        let began = Instant::now();
        let page = node.page(whole.after, 0).await?;
        waits.push(began.elapsed());
        let items = node.read(&page, whole.after)?.len();
        ensure!(items == PAGE_ITEMS, "a page has {items} items now");
    }
    Ok(waited(&waits))
}

async fn histories(person: &Person, whole: &Whole) -> Result<Value> {
    let mut waits = Vec::with_capacity(LOOKS);
    for case in whole.cases.iter().cycle().take(LOOKS) {
        let began = Instant::now();
        person.opens(&format!("/konsol/kasus/{case}")).await?;
        waits.push(began.elapsed());
    }
    Ok(waited(&waits))
}

fn waited(waits: &[Duration]) -> Value {
    json!({
        "median_ms": rounded(quantile_ms(waits, 0.5), 1),
        "p99_ms": rounded(quantile_ms(waits, 0.99), 1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_run_are_all_its_messages() {
        let million = Parts {
            warming: 10_000,
            first: 90_000,
            between: 800_000,
            last: 100_000,
        };
        assert_eq!(Parts::of(1_000_000), million);
        for messages in [LEAST, 123_457, 5_000_000] {
            let parts = Parts::of(messages);
            let sum = parts.warming + parts.first + parts.between + parts.last;
            assert_eq!(sum, messages, "{parts:?}");
            // Each institution has two pages when the first part has ended.
            let each = (parts.warming / INSTITUTIONS) + (parts.first / INSTITUTIONS);
            assert!(each >= 2 * PAGE_ITEMS, "{parts:?}");
        }
    }
}
