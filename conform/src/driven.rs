//! The command that drives a node. Whatever it starts is in a group of
//! processes of its own, and ends with the run: a client that goes on would
//! otherwise hold the files and pipes of whoever called the kit. One that fails
//! is named at once: what is waited for would not come.

use std::fmt;
use std::process::Stdio;

use anyhow::{Context as _, Result};
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus, kill_process_group, waitid,
};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::node::Wanted;

const JOIN: &str = "join";
const FILE: &str = "file";

/// Passes on what is wanted of the node until nothing more is. Without a
/// command, a person is asked.
///
/// # Errors
/// [`Failed`] where the node was not told, or did not do, what is wanted. A node
/// that joined and ends badly later is named, and the run goes on: the checks say
/// what is missing.
pub async fn drive(command: Option<&str>, mut wanted: mpsc::Receiver<Wanted>) -> Result<()> {
    let mut ended = signal(SignalKind::child())?;
    let mut running: Vec<Driven> = Vec::new();
    let mut has_joined = false;
    loop {
        tokio::select! {
            next = wanted.recv() => {
                let Some(wanted) = next else {
                    return Ok(());
                };
                has_joined |= wanted == Wanted::File;
                match command {
                    None => eprintln!("{}", asked_of_a_person(&wanted)),
                    Some(command) => running.push(Driven::start(command, &wanted)?),
                }
            }
            Some(()) = ended.recv() => {
                for one in &mut running {
                    let Some(failed) = one.failed() else {
                        continue;
                    };
                    if one.act == JOIN && has_joined {
                        eprintln!("{failed}");
                    } else {
                        return Err(failed.into());
                    }
                }
            }
        }
    }
}

/// A command that did not do what it was called for.
#[derive(Debug)]
pub struct Failed {
    command: String,
    act: &'static str,
    /// How it ended, in words.
    end: String,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { command, act, end } = self;
        write!(
            f,
            "the command that drives the node failed at `{act}`: {command} ended with {end}"
        )
    }
}

impl std::error::Error for Failed {}

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
    command: String,
    act: &'static str,
    /// It was told that it failed.
    told: bool,
}

impl Driven {
    fn start(command: &str, wanted: &Wanted) -> Result<Self> {
        let (act, words) = match wanted {
            Wanted::Join(line) => (JOIN, vec![JOIN, line]),
            Wanted::File => (FILE, vec![FILE]),
        };
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(format!("{command} \"$@\""));
        shell.arg("sh").args(words);
        // Its words would stand in the report.
        shell.stdin(Stdio::null()).stdout(Stdio::null());
        let child = shell.process_group(0).spawn();
        Ok(Self {
            child: child.with_context(|| command.to_owned())?,
            command: command.to_owned(),
            act,
            told: false,
        })
    }

    /// The first process, as long as it is not reaped.
    fn first(&self) -> Option<Pid> {
        let number = self.child.id().and_then(|id| i32::try_from(id).ok());
        number.and_then(Pid::from_raw)
    }

    /// That it failed, once. It is looked at and not reaped.
    fn failed(&mut self) -> Option<Failed> {
        let first = self.first().filter(|_| !self.told)?;
        let looked = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let status = waitid(WaitId::Pid(first), looked).ok().flatten()?;
        let end = badly(&status)?;
        self.told = true;
        Some(Failed {
            command: self.command.clone(),
            act: self.act,
            end,
        })
    }
}

/// How a process ended, where that was not well.
fn badly(status: &WaitIdStatus) -> Option<String> {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(0), _) | (None, None) => None,
        (Some(code), _) => Some(format!("exit code {code}")),
        (None, Some(signal)) => Some(format!("signal {signal}")),
    }
}

impl Drop for Driven {
    fn drop(&mut self) {
        if let Some(group) = self.first() {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The sender is held: nothing but the failure ends it.
    #[tokio::test]
    async fn a_command_that_fails_is_named_at_once_with_how_it_ended() {
        for (command, said) in [
            ("sh -c '[ \"$1\" = join ] || exit 7' sh", "failed at `file`"),
            ("sh -c 'kill -9 $$' sh", "failed at `join`"),
        ] {
            let (driver, wanted) = mpsc::channel(2);
            driver.send(Wanted::Join("line".into())).await.unwrap();
            if said.contains("file") {
                driver.send(Wanted::File).await.unwrap();
            }
            let failed = drive(Some(command), wanted).await.unwrap_err();
            assert!(failed.is::<Failed>());
            let text = failed.to_string();
            assert!(text.contains(said) && text.contains(command), "{text}");
            assert!(!text.contains("line"), "an invitation is not told: {text}");
            drop(driver);
        }
    }
}
