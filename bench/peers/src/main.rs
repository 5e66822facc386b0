//! What somebody would take instead of Lapor's link, doing the same work: both ends of NATS
//! JetStream. `bench/peers/nats` starts the two servers between them and takes them away.

mod certificates;
mod database;
mod hub;
mod node;
mod outbox;
mod processor;
mod run;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Parser, Subcommand};
use mimalloc::MiMalloc;
use tokio::signal::unix::{SignalKind, signal};

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Moves messages from a node's outbox into a hub's database by NATS JetStream.
#[derive(Debug, Parser)]
#[command(name = "lapor-peers", max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Makes a root, and a certificate each for the hub and the node
    Certificates { folder: PathBuf },
    /// One run between two servers that are connected; prints one JSON object
    Run(run::Plan),
    /// The node's end of a run, in a process of its own
    #[command(hide = true)]
    Node { folder: PathBuf, url: String },
}

fn main() -> ExitCode {
    let outcome = tokio::runtime::Runtime::new()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(act(Cli::parse().act)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lapor-peers: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn act(act: Act) -> Result<()> {
    match act {
        Act::Certificates { folder } => certificates::make(&folder),
        Act::Node { folder, url } => node::send(&folder, &url).await,
        Act::Run(plan) => {
            // Not only this process ends then, but the node's as well.
            let mut asked_to_end = signal(SignalKind::terminate())?;
            let figures = tokio::select! {
                figures = run::run(&plan) => figures?,
                _ = asked_to_end.recv() => bail!("ended before it was over"),
            };
            println!("{figures}");
            Ok(())
        }
    }
}
