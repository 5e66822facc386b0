//! One run, with the clock: from the start of the node's process until all that its outbox had is
//! on disk at the hub and acknowledged, and the outbox knows that it is sent.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::hub::Hub;
use crate::outbox::Outbox;
use crate::processor;

const PATIENCE: Duration = Duration::from_mins(3);

#[derive(Debug, Args)]
pub struct Plan {
    /// Where outbox and database are made; empty
    #[arg(long)]
    folder: PathBuf,
    /// Address of the hub's server, and of the node's
    #[arg(long, value_name = "URL")]
    hub: String,
    #[arg(long, value_name = "URL")]
    node: String,
    /// The processes of both servers, whose processor time is counted
    #[arg(long, value_name = "PID")]
    hub_server: u32,
    #[arg(long, value_name = "PID")]
    node_server: u32,
    #[arg(long, value_name = "N")]
    messages: i64,
    /// Bytes of a message before it is signed
    #[arg(long, value_name = "N")]
    bytes: usize,
}

/// Seconds of processor time so far.
struct Spent {
    hub: f64,
    node: f64,
}

pub async fn run(plan: &Plan) -> Result<Value> {
    Outbox::fill(&plan.folder, plan.messages, plan.bytes).await?;
    let mut hub = Hub::open(&plan.folder, &plan.hub, &plan.node).await?;
    let before = plan.spent()?;
    let began = Instant::now();
    let run = tokio::time::timeout(PATIENCE, async {
        tokio::try_join!(hub.take_in(plan.messages), plan.send())
    });
    run.await
        .with_context(|| format!("the outbox is not empty after {PATIENCE:?}"))??;
    let seconds = began.elapsed().as_secs_f64();
    let after = plan.spent()?;
    let stored = hub.stored().await?;
    let sent = Outbox::open(&plan.folder).await?.sent().await?;
    ensure!(
        (stored, sent) == (plan.messages, plan.messages),
        "of {} messages {sent} are sent and {stored} stored",
        plan.messages
    );
    let us = |seconds: f64| (seconds * 1e6 / plan.messages as f64).round();
    Ok(json!({
        "peer": format!("NATS JetStream {}", hub.server()),
        "messages": plan.messages,
        "payload_bytes": plan.bytes,
        "seconds": seconds,
        "messages_per_second": plan.messages as f64 / seconds,
        "cpu_us_a_message": {
            "hub": us(after.hub - before.hub),
            "node": us(after.node - before.node),
        },
    }))
}

impl Plan {
    /// Runs the node's end in a process of its own.
    async fn send(&self) -> Result<()> {
        let mut node = Command::new(std::env::current_exe()?);
        node.arg("node").arg(&self.folder).arg(&self.node);
        let ended = node.kill_on_drop(true).status().await?;
        ensure!(ended.success(), "the node's end: {ended}");
        Ok(())
    }

    fn spent(&self) -> Result<Spent> {
        let this = processor::own()?;
        Ok(Spent {
            hub: this.own + processor::seconds(self.hub_server)?,
            node: this.children + processor::seconds(self.node_server)?,
        })
    }
}
