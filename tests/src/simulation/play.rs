//! One simulation from its first step to rest: what the plan says, then clear
//! weather, then nothing but exchange. What must hold is looked at half-way and
//! at rest.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};
use lapor_migrations::{Db, on};
use lapor_protocol::ids::{Digest, InstanceId};

use super::inside::Broken;
use super::plan::{Part, Plan, SEATS};
use super::world::World;
use crate::fleet::words::{NAME_CANARY, WORDS_CANARY};
use crate::invariants::{self, Report};

/// Rounds of an hour in which a federation must come to rest.
const ROUNDS: usize = 48;
const HOUR_MS: i64 = 3_600_000;
/// Steps in which nobody asks for as much as a bucket holds.
const FILLED_EVERY: usize = 150;

/// A place of the chain is never claimed twice, whatever happens.
const FORKS: &str = "select count(*) from forks";
/// What a hub and a node came to, without keys and hashes.
const ORDER: &str = "select e.author || ' ' || e.epoch || ' ' || e.seq || ' ' || e.message_id \
     || ' ' || e.kind || ' ' || coalesce(r.case_id, '') || ' ' || coalesce(r.case_seq, 0) \
     || ' ' || r.effect || ' ' || coalesce(r.reason, '') || ' ' || r.ordered_at \
     from envelopes e join rulings r on r.number = e.number order by e.number, r.leg";
const STREAMS: &str =
    "select recipient || ' ' || depoch || ' ' || dseq from streams order by recipient";
const CASES: &str = "select case_id || ' ' || next_seq || ' ' || coalesce(state, '') || ' ' \
     || coalesce(custodian, '') from cases order by case_id";
const INBOX: &str = "select stream || ' ' || dseq || ' ' || kind || ' ' || state from inbox \
     order by stream, depoch, dseq";

/// How a simulation went.
#[derive(Debug, Clone, Default)]
pub struct Course {
    /// Messages that nodes had taken and no lost machine has taken with it.
    pub promised: usize,
    /// Messages at the hub.
    pub messages: u64,
    pub cases: u64,
    /// Messages with an effect, by kind.
    pub applied: BTreeMap<String, u64>,
    /// Rounds of an hour that it took to come to rest.
    pub rounds: usize,
    pub virtual_ms: i64,
    /// What each step came to.
    pub trace: Vec<String>,
    /// SHA-256 of the trace and of what hub and nodes came to.
    pub digest: String,
}

/// A simulation that did not keep what is promised.
#[derive(Debug, Clone)]
pub struct Failure {
    pub why: String,
    pub trace: Vec<String>,
}

pub async fn play(plan: &Plan, broken: Option<Broken>) -> Result<Course, Failure> {
    let mut course = Course::default();
    let outcome = Box::pin(through(plan, broken, &mut course)).await;
    course.ends(outcome)
}

impl Course {
    pub(super) fn ends(self, outcome: Result<()>) -> Result<Self, Failure> {
        match outcome {
            Ok(()) => Ok(self),
            Err(error) => Err(Failure {
                why: format!("{error:#}"),
                trace: self.trace,
            }),
        }
    }
}

async fn through(plan: &Plan, broken: Option<Broken>, course: &mut Course) -> Result<()> {
    let mut world = Box::pin(World::begin(broken)).await?;
    for (number, step) in plan.steps.iter().enumerate() {
        if number == plan.steps.len() / 2 && world.is_plain() {
            Box::pin(look(&world)).await.context("half-way")?.1?;
        }
        if step.number.is_multiple_of(FILLED_EVERY) {
            world.fill_buckets().await?;
        }
        let done = Box::pin(world.perform(step)).await;
        let done = done.with_context(|| format!("step {step}"))?;
        course.trace.push(format!("{step}: {done}"));
    }
    Box::pin(ends_well(&mut world, course)).await
}

/// The weather clears, everything is exchanged, and what must hold is looked at.
pub(super) async fn ends_well(world: &mut World, course: &mut Course) -> Result<()> {
    world.fill_buckets().await?;
    Box::pin(world.clears_up()).await.context("clearing up")?;
    course.rounds = Box::pin(comes_to_rest(world, course)).await?;
    let (report, wrong) = Box::pin(look(world)).await?;
    wrong?;
    ensure!(report.behind.is_empty(), "behind: {:?}", report.behind);
    let content = Box::pin(kept(world)).await?;
    course.promised = world.promises.count();
    course.messages = report.messages;
    course.cases = report.cases;
    course.applied = report.applied;
    course.virtual_ms = world.virtual_ms;
    let all = [course.trace.join("\n"), content].join("\n");
    course.digest = Digest::of(all.as_bytes()).to_string();
    Ok(())
}

/// Everybody exchanges, and time passes, until nothing moves any more.
async fn comes_to_rest(world: &mut World, course: &mut Course) -> Result<usize> {
    let mut quiet = 0;
    let mut words = Vec::new();
    for round in 0..ROUNDS {
        words.clear();
        for at in 0..SEATS {
            words.push(Box::pin(world.exchanges(at, Part::All, false)).await?);
        }
        Box::pin(world.house.minute()).await?;
        world.pass(HOUR_MS);
        course
            .trace
            .push(format!("round {round}: {}", words.join(" ")));
        // A key that is given in one round is fetched in the next.
        let still = words.iter().all(|word| word == "0");
        quiet = if still { quiet + 1 } else { 0 };
        if quiet == 2 {
            return Ok(round + 1);
        }
    }
    bail!("it does not come to rest: {}", words.join(", "))
}

/// The invariants, and what is wrong with them.
async fn look(world: &World) -> Result<(Report, Result<()>)> {
    let hub = world.house.db().await?;
    let running = world.seats.iter().filter(|seat| seat.here.is_running());
    let nodes: Vec<(InstanceId, Db)> = running
        .map(|seat| (seat.here.member.id(), seat.here.node().db().clone()))
        .collect();
    let canaries = [WORDS_CANARY.to_owned(), NAME_CANARY.to_owned()];
    let report = invariants::check(&hub, &nodes, &canaries).await?;
    let forks = count(&hub, FORKS).await?;
    hub.close().await;
    let mut wrongs = report.wrongs();
    if forks > 0 {
        wrongs.push(format!("chains: {forks} places are claimed twice"));
    }
    let wrong = if wrongs.is_empty() {
        Ok(())
    } else {
        Err(anyhow::anyhow!("{}", wrongs.join("; ")))
    };
    Ok((report, wrong))
}

/// Whether every promise is kept. Gives what hub and nodes came to.
async fn kept(world: &World) -> Result<String> {
    let hub = world.house.db().await?;
    let mut content = Vec::new();
    for sql in [ORDER, STREAMS] {
        content.extend(texts(&hub, sql).await?);
    }
    for (at, seat) in world.seats.iter().enumerate() {
        let id = seat.here.member.id();
        world.promises.are_kept(at, &id, &hub).await?;
        for sql in [CASES, INBOX] {
            content.extend(texts(seat.here.node().db(), sql).await?);
        }
    }
    hub.close().await;
    Ok(content.join("\n"))
}

async fn count(db: &Db, sql: &'static str) -> Result<i64> {
    let mut tx = db.read().await?;
    Ok(on!(&mut tx, c => sqlx::query_scalar(sql).fetch_one(c).await)?)
}

async fn texts(db: &Db, sql: &'static str) -> Result<Vec<String>> {
    let mut tx = db.read().await?;
    Ok(on!(&mut tx, c => sqlx::query_scalar(sql).fetch_all(c).await)?)
}
