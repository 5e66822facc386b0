//! `peers`: our sync of one node beside what somebody would take instead, at equal work. Each round
//! runs both, and who begins changes, so that the ratio says little about the neighbours.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Plan;
use super::bounds::Bounds;
use super::figures::{Spread, rounded};
use super::sync::{self, NODES};

/// As fast at least, and what we aim at.
const TARGET: f64 = 1.0;
const AIM: f64 = 1.5;
/// What a script ends with where it lacks what it needs.
const UNAVAILABLE: i32 = 69;

/// NATS JetStream, by its script.
struct Nats(PathBuf);

/// What the script says of a run.
#[derive(Deserialize)]
struct Ran {
    peer: String,
    messages: usize,
    payload_bytes: i64,
    messages_per_second: f64,
    cpu_us_a_message: Spent,
}

#[derive(Deserialize)]
struct Spent {
    hub: f64,
    node: f64,
}

/// Nothing where the peer cannot run.
pub async fn measure(plan: &Plan) -> Result<Option<Value>> {
    if plan.server.is_some() {
        eprintln!("peers: left out, since what they take in is kept in SQLite");
        return Ok(None);
    }
    let Some(nats) = Nats::find(plan.peers.as_deref())? else {
        return Ok(None);
    };
    let (mut ours, mut theirs) = <(sync::Told, sync::Told)>::default();
    let (mut ratios, mut bounds) = (Spread::default(), Bounds::default());
    let (mut payload_bytes, mut peer) = (0, String::new());
    let (home, node) = (tempfile::tempdir()?, [NODES[0]]);
    eprintln!("peers: preparing {} messages", plan.messages);
    let world = sync::prepare(home.path(), "peers", &node, plan).await?;
    for round in 1..=plan.repeat {
        bounds.look(plan, home.path()).await?;
        // The first is ours: it tells how many bytes a message has.
        let we_begin = round % 2 == 1;
        for our_turn in [we_begin, !we_begin] {
            if our_turn {
                payload_bytes = sync::run_copy(&world, &node, plan.messages, &mut ours).await?;
            } else {
                peer = nats.run(plan.messages, payload_bytes, &mut theirs)?;
            }
        }
        let (us, them) = (ours.rate.last(), theirs.rate.last());
        ratios.add(us / them);
        eprintln!("peers: round {round}: {us:.0} beside {them:.0} messages/s");
    }
    Ok(Some(json!({
        "nats_equal_work": {
            "what": "signed messages from an outbox on disk at a node's site until verified and durable at the hub, over mTLS; our sync of one node beside NATS JetStream, both with signing, in turn",
            "peer": peer,
            "messages": plan.messages,
            "payload_bytes": payload_bytes,
            "ratio": rounded(ratios.median(), 2),
            "ratios": ratios.at_least(TARGET, 2),
            "aim": AIM,
            "ours": told(&ours),
            "theirs": told(&theirs),
            "bounds": bounds.told(),
        },
    })))
}

fn told(side: &sync::Told) -> Value {
    json!({
        "messages_per_second": side.rate.told(0),
        "cpu_us_a_message": { "hub": side.hub_cpu.told(0), "node": side.node_cpu.told(0) },
    })
}

impl Nats {
    /// Nothing, and a sentence why, where it cannot run.
    fn find(folder: Option<&Path>) -> Result<Option<Self>> {
        let Some(folder) = folder else {
            eprintln!("peers: left out, since --peers names no folder with their scripts");
            return Ok(None);
        };
        let nats = Self(folder.join("nats"));
        let can_run = can_run(&nats.ask(&["--check"])?)?;
        Ok(can_run.then_some(nats))
    }

    /// One run, from new servers to their end; gives the name of what ran.
    fn run(&self, messages: usize, bytes: i64, told: &mut sync::Told) -> Result<String> {
        let (count, size) = (messages.to_string(), bytes.to_string());
        let ran = ran(&self.ask(&["--messages", &count, "--bytes", &size])?)?;
        ensure!(
            (ran.messages, ran.payload_bytes) == (messages, bytes),
            "the peer moved {} messages of {} bytes",
            ran.messages,
            ran.payload_bytes
        );
        told.rate.add(ran.messages_per_second);
        told.hub_cpu.add(ran.cpu_us_a_message.hub);
        told.node_cpu.add(ran.cpu_us_a_message.node);
        Ok(ran.peer)
    }

    fn ask(&self, arguments: &[&str]) -> Result<Output> {
        let mut script = Command::new(&self.0);
        let script = script.args(arguments).stdin(Stdio::null());
        script.output().with_context(|| format!("{script:?}"))
    }
}

/// What a script said when it was asked whether it has all that it needs.
fn can_run(checked: &Output) -> Result<bool> {
    let said = String::from_utf8_lossy(&checked.stderr);
    match checked.status.code() {
        Some(0) => Ok(true),
        Some(UNAVAILABLE) => {
            eprintln!("peers: left out: {}", said.trim());
            Ok(false)
        }
        _ => bail!("{}", said.trim()),
    }
}

fn ran(done: &Output) -> Result<Ran> {
    let said = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success(), "{}", said.trim());
    Ok(serde_json::from_slice(&done.stdout)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(arguments: &[&str], target: &Path) -> Output {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../bench/peers/nats");
        let mut script = Command::new(script);
        let script = script.args(arguments).env("CARGO_TARGET_DIR", target);
        script.output().unwrap()
    }

    #[test]
    fn a_peer_that_lacks_something_is_left_out_and_says_what() {
        let empty = tempfile::tempdir().unwrap();
        let checked = script(&["--check"], empty.path());
        assert!(!can_run(&checked).unwrap());
        assert!(String::from_utf8_lossy(&checked.stderr).contains("is missing; "));
        assert!(ran(&script(&["--messages", "1000"], empty.path())).is_err());
    }

    #[test]
    fn a_question_that_the_script_does_not_know_is_an_error() {
        let empty = tempfile::tempdir().unwrap();
        assert!(can_run(&script(&["--chek"], empty.path())).is_err());
    }
}
