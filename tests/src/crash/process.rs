//! A program that is started again when it was killed, as a service manager
//! would, and whose any other end is a failure.

use std::fs::OpenOptions;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result, bail};
use lapor_killpoints::KILL_LIST;
use rustix::process::Pid;
use tokio::process::{Child, Command};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::kill::Kill;
use crate::demo::programs::command;

/// A kill point fires once, so more deaths than this have another cause.
const DEATHS: usize = 1;
const SIGKILL: i32 = 9;
/// How much of a log is told.
const TAIL: usize = 1500;

/// What to start, and where it writes.
#[derive(Debug, Clone)]
pub struct Program {
    pub path: PathBuf,
    pub config: PathBuf,
    pub log: PathBuf,
}

/// What the programs of a run are told.
#[derive(Debug, Clone, Default)]
pub struct Orders {
    pub kill: Option<Kill>,
    /// Where passages are listed.
    pub list: Option<PathBuf>,
}

/// A program under supervision; killed when this is dropped.
pub struct Supervised {
    /// Of the first process.
    pub pid: Pid,
    deaths: Arc<AtomicUsize>,
    stop: oneshot::Sender<()>,
    /// None once it has said how it ended.
    watching: Option<JoinHandle<Result<()>>>,
}

impl Program {
    pub fn command(&self, orders: &Orders) -> Command {
        let mut command = command(&self.path, &self.config);
        if let Some(kill) = &orders.kill {
            let (name, value) = kill.order();
            command.env(name, value);
        }
        if let Some(list) = &orders.list {
            command.env(KILL_LIST, list);
        }
        command
    }

    /// Serves until [`Supervised::kill`].
    pub fn supervise(self, orders: Orders) -> Result<Supervised> {
        let child = self.serve(&orders)?;
        let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        let pid = pid.context("a program that ended at once")?;
        let deaths = Arc::new(AtomicUsize::new(0));
        let (stop, stopped) = oneshot::channel();
        let watching = tokio::spawn(self.watch(child, Arc::clone(&deaths), stopped, orders.list));
        Ok(Supervised {
            pid,
            deaths,
            stop,
            watching: Some(watching),
        })
    }

    async fn watch(
        self,
        mut child: Child,
        deaths: Arc<AtomicUsize>,
        mut stopped: oneshot::Receiver<()>,
        list: Option<PathBuf>,
    ) -> Result<()> {
        loop {
            let status = tokio::select! {
                status = child.wait() => status?,
                _ = &mut stopped => {
                    child.kill().await?;
                    return Ok(());
                }
            };
            let times = deaths.fetch_add(1, Ordering::SeqCst) + 1;
            if status.signal() != Some(SIGKILL) || times > DEATHS {
                bail!(
                    "{} ended with {status}: {}",
                    self.log.display(),
                    tail(&self.log)
                );
            }
            let orders = Orders {
                kill: None,
                list: list.clone(),
            };
            child = self.serve(&orders)?;
        }
    }

    /// Starts it; killed when what this returns is dropped.
    pub fn serve(&self, orders: &Orders) -> Result<Child> {
        let shown = || self.log.display().to_string();
        let log = OpenOptions::new().create(true).append(true).open(&self.log);
        let log = log.with_context(shown)?;
        let mut command = self.command(orders);
        command
            .stdout(Stdio::from(log.try_clone()?))
            .stderr(Stdio::from(log))
            .arg("serve");
        command.spawn().with_context(shown)
    }

    /// The end of what it has written into its log.
    pub fn said(&self) -> String {
        tail(&self.log)
    }

    /// Runs a command once; whether it was killed, and otherwise what it answered.
    pub async fn once(&self, orders: &Orders, arguments: &[&str]) -> Result<Option<String>> {
        let mut command = self.command(orders);
        let done = command.args(arguments).output().await?;
        if done.status.signal() == Some(SIGKILL) {
            return Ok(None);
        }
        if !done.status.success() {
            bail!(
                "{} failed ({}): {}",
                arguments.join(" "),
                done.status,
                String::from_utf8_lossy(&done.stderr).trim()
            );
        }
        Ok(Some(
            String::from_utf8_lossy(&done.stdout).trim().to_owned(),
        ))
    }
}

impl Supervised {
    pub fn was_killed(&self) -> bool {
        self.deaths.load(Ordering::SeqCst) > 0
    }

    /// How often it has died, as it is counted.
    pub fn deaths(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.deaths)
    }

    /// An error as soon as the program has ended otherwise than it should.
    pub async fn failed(&mut self) -> anyhow::Error {
        let Some(watching) = &mut self.watching else {
            return std::future::pending().await;
        };
        let ended = watching.await;
        self.watching = None;
        match ended {
            Ok(Err(error)) => error,
            Ok(Ok(())) => anyhow::anyhow!("a program was stopped too early"),
            Err(error) => error.into(),
        }
    }

    /// Ends it with SIGKILL, at whatever it does.
    pub async fn kill(self) -> Result<()> {
        // Whoever has ended already tells why below.
        let _ = self.stop.send(());
        match self.watching {
            Some(watching) => watching.await?,
            None => Ok(()),
        }
    }
}

fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let from = text.len().saturating_sub(TAIL);
    let from = (from..text.len()).find(|at| text.is_char_boundary(*at));
    text[from.unwrap_or_default()..].to_owned()
}
