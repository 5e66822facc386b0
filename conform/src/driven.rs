//! The command that drives a node. Whatever it starts is in a group of
//! processes of its own, and ends with the run: a client that goes on would
//! otherwise hold the files and pipes of whoever called the kit.

use std::process::Stdio;

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::node::Wanted;

/// Passes on what is wanted of the node until nothing more is. Without a
/// command, a person is asked.
pub async fn drive(command: Option<&str>, mut wanted: mpsc::Receiver<Wanted>) -> Result<()> {
    let mut running = Vec::new();
    while let Some(wanted) = wanted.recv().await {
        match command {
            None => eprintln!("{}", asked_of_a_person(&wanted)),
            Some(command) => running.push(Driven::start(command, &wanted)?),
        }
    }
    Ok(())
}

fn asked_of_a_person(wanted: &Wanted) -> String {
    match wanted {
        Wanted::Join(line) => format!("Let the node join by this line, and let it run:\n{line}"),
        Wanted::File => "Now file a report at the node.".to_owned(),
    }
}

/// A command that was called, with whatever it has started.
struct Driven {
    /// The first process of the group. It is reaped no sooner than the group has
    /// ended, so that its number cannot have become somebody else's.
    child: Child,
}

impl Driven {
    fn start(command: &str, wanted: &Wanted) -> Result<Self> {
        let words = match wanted {
            Wanted::Join(line) => vec!["join", line],
            Wanted::File => vec!["file"],
        };
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(format!("{command} \"$@\""));
        shell.arg("sh").args(words);
        // Its words would stand in the report.
        shell.stdin(Stdio::null()).stdout(Stdio::null());
        let child = shell.process_group(0).spawn();
        Ok(Self {
            child: child.with_context(|| command.to_owned())?,
        })
    }
}

impl Drop for Driven {
    fn drop(&mut self) {
        let number = self.child.id().and_then(|id| i32::try_from(id).ok());
        if let Some(group) = number.and_then(Pid::from_raw) {
            // Where all of it has ended by itself there is nothing to end.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// Waits until somebody wants the run to end before it has.
pub async fn told_to_stop() -> Result<()> {
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed?,
        _ = terminated.recv() => {}
    }
    anyhow::bail!("stopped before its end")
}
