//! `sync`: follow-ups that a node wrote while it was alone, from its outbox
//! until they are durable at the hub and receipted at the node; sealing and
//! signing included. First one node, then four at once.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use lapor_migrations::Packed;
use lapor_node::casework::{NewAct, NewReport};
use lapor_node::node::Node;
use lapor_node::sync::Link;
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::CaseId;
use serde_json::{Value, json};

use super::Plan;
use super::bounds::Bounds;
use super::figures::{Spread, rate, rounded};
use super::programs::Running;
use super::world::{DESK, HUB, World};

const CASES: usize = 1000;
pub const NODES: [&str; 4] = ["kota-bandung", "kota-medan", "kota-palu", "kota-sorong"];
/// Messages a second from one node, on SQLite and on PostgreSQL.
const TARGETS: [f64; 2] = [15_000.0, 10_000.0];
/// Acts under way at once while a run is prepared.
const WRITERS: usize = 32;
const PATIENCE: Duration = Duration::from_mins(3);
/// Between two looks at how far the nodes are.
const COARSE: Duration = Duration::from_millis(5);
/// Makes a payload of about 1 KB.
const WORDS: &str = "Petugas telah memeriksa lokasi bersama perangkat kelurahan. Saluran yang \
    tersumbat dibersihkan hari ini, penutup yang pecah diganti, dan genangan di depan sekolah \
    sudah surut. Perbaikan permanen dijadwalkan pada minggu kedua bulan depan; warga akan \
    diberi tahu melalui ketua RT. Terima kasih atas laporan Bapak/Ibu.";

#[derive(Default)]
pub struct Told {
    pub rate: Spread,
    /// Processor time of all nodes, and of the hub, a message.
    pub node_cpu: Spread,
    pub hub_cpu: Spread,
}

pub async fn measure(plan: &Plan) -> Result<Value> {
    let (mut one, mut four, mut bounds) = (Told::default(), Told::default(), Bounds::default());
    let mut payload_bytes = 0;
    let home = tempfile::tempdir()?;
    let mut worlds = Vec::new();
    for (name, nodes) in [("one", &NODES[..1]), ("four", &NODES[..])] {
        eprintln!(
            "sync: preparing {} messages of {} node(s)",
            plan.messages,
            nodes.len()
        );
        let world = prepare(home.path(), name, nodes, plan).await?;
        worlds.push((world, nodes));
    }
    for round in 1..=plan.repeat {
        bounds.look(plan, home.path()).await?;
        for ((world, nodes), told) in worlds.iter().zip([&mut one, &mut four]) {
            payload_bytes = run_copy(world, nodes, plan.messages, told).await?;
            let last = told.rate.last();
            eprintln!(
                "sync: round {round}, {} node(s): {last:.0} messages/s",
                nodes.len()
            );
        }
    }
    let target = TARGETS[usize::from(plan.server.is_some())];
    let of_bound = |bound: &Spread| json!(rounded(one.rate.median() / bound.median(), 2));
    Ok(json!({
        "what": "case.followed_up from a node's outbox until durable at the hub and receipted at the node; sealing, signing, the node's start and its handshake included",
        "messages": plan.messages,
        "cases": CASES,
        "payload_bytes": payload_bytes,
        "messages_per_second": one.rate.at_least(target, 0),
        "four_nodes_messages_per_second": four.rate.at_least(one.rate.median(), 0),
        "cpu_us_a_message": { "hub": one.hub_cpu.told(0), "node": one.node_cpu.told(0) },
        "of_verifications_on_one_core": of_bound(&bounds.verifications),
        "of_durable_inserts": of_bound(&bounds.inserts),
        "bounds": bounds.told(),
    }))
}

/// A federation whose nodes have written all their follow-ups alone.
pub async fn prepare(
    home: &Path,
    name: &str,
    nodes: &[&'static str],
    plan: &Plan,
) -> Result<World> {
    let parts: Vec<&str> = [DESK].iter().chain(nodes).copied().collect();
    let world = plan.found(&home.join(name), name, &parts).await?;
    let hub = world.start_hub()?;
    world.join(DESK, "pusat")?;
    let mut cases = Vec::new();
    for slug in nodes {
        world.join(slug, "kota")?;
        let node = world.open_node(slug).await?;
        cases.push(file(&node, CASES / nodes.len()).await?);
        let link = Link::connect(node.clone())?;
        link.catch_up().await?;
        drop(link);
        node.db().close().await;
    }
    hub.stop().await?;
    for (slug, cases) in nodes.iter().zip(&cases) {
        let node = world.open_node(slug).await?;
        follow_up(&node, cases, plan.messages / nodes.len()).await?;
        node.db().close().await;
    }
    world.keep().await?;
    Ok(world)
}

async fn file(node: &Node, count: usize) -> Result<Vec<CaseId>> {
    let filed = stream::iter(0..count)
        .map(|_| async { anyhow::Ok(node.file(report()?, "bench").await?.case) })
        .buffered(WRITERS);
    filed.try_collect().await
}

async fn follow_up(node: &Node, cases: &[CaseId], count: usize) -> Result<()> {
    let acts = stream::iter(cases.iter().cycle().take(count))
        .map(|case| async {
            node.act(*case, act()?, "bench")
                .await
                .map_err(anyhow::Error::from)
        })
        .buffered(WRITERS);
    acts.try_for_each(|_| async { Ok(()) }).await
}

/// A report as it comes through the API.
pub fn report() -> Result<NewReport> {
    let report = json!({
        "classification": "complaint", "title": "Saluran tersumbat di Jalan Melati",
        "content": WORDS, "channel": "web", "region": "32.73",
        "reporter": { "name": "Contoh Pelapor", "phone": "+62 812 0000 0000" },
    });
    Ok(serde_json::from_value(report)?)
}

fn act() -> Result<NewAct> {
    let act = json!({
        "kind": "case.followed_up", "body": { "proposes_to_close": false },
        "words": { "text": WORDS },
    });
    Ok(serde_json::from_value(act)?)
}

/// One run of a copy of that federation; gives the bytes of a payload.
pub async fn run_copy(
    world: &World,
    nodes: &[&str],
    messages: usize,
    told: &mut Told,
) -> Result<i64> {
    let copy = tempfile::tempdir()?;
    let copied = world.copied(copy.path()).await?;
    run(&copied, nodes, messages, told).await?;
    stored(&copied, nodes, messages).await
}

/// From the start of the node processes until the last of them has its last
/// receipt.
async fn run(world: &World, nodes: &[&str], messages: usize, told: &mut Told) -> Result<()> {
    const ACCEPTED: &str =
        "select count(*) from outbox where state in ('accepted', 'ruled') and kind = $1";
    const HEAD: &str = "select accepted from chain where id = cast($1 as bigint)";
    let mut looks = Vec::new();
    for slug in nodes {
        let mut peek = world.peek(slug).await?;
        let head = peek.number(HEAD, "1").await?;
        looks.push((peek, head + (messages / nodes.len()) as i64));
    }
    let hub = world.start_hub()?;
    let began = Instant::now();
    let running: Vec<_> = nodes
        .iter()
        .map(|slug| world.start_node(slug))
        .collect::<Result<_>>()?;
    for (peek, goal) in &mut looks {
        while peek.number(HEAD, "1").await? < *goal {
            ensure!(
                began.elapsed() < PATIENCE,
                "the outbox is not empty after {PATIENCE:?}"
            );
            tokio::time::sleep(COARSE).await;
        }
    }
    let all = messages / nodes.len() * nodes.len();
    told.rate.add(rate(all, began));
    let us = |seconds: f64| seconds * 1e6 / all as f64;
    told.hub_cpu.add(us(hub.cpu_seconds()?));
    let spent = running
        .iter()
        .map(Running::cpu_seconds)
        .sum::<Result<f64>>()?;
    told.node_cpu.add(us(spent));
    for (peek, _) in &mut looks {
        let accepted = peek.number(ACCEPTED, "case.followed_up").await?;
        ensure!(
            accepted as usize == messages / nodes.len(),
            "{accepted} were accepted"
        );
    }
    for node in running {
        node.stop().await?;
    }
    hub.stop().await
}

/// Makes sure that the hub has all of them; gives the bytes of a payload.
async fn stored(world: &World, nodes: &[&str], messages: usize) -> Result<i64> {
    const STORED: &str = "select count(*) from envelopes where kind = $1";
    const LINE: &str = "select line from envelopes where kind = $1 limit 1";
    let mut at_hub = world.peek(HUB).await?;
    let stored = at_hub.number(STORED, "case.followed_up").await?;
    let all = messages / nodes.len() * nodes.len();
    ensure!(stored as usize == all, "the hub has {stored} of {all}");
    let line: Option<Packed<String>> = at_hub.one(LINE, "case.followed_up").await?;
    let line = line.context("a run of no messages")?.line();
    Ok(Envelope::parse(line.as_bytes())?.payload.len() as i64)
}
