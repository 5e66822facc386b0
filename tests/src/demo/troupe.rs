//! The hub and the nodes as processes: started, watched, and ended on every
//! way out. A process that ends by itself is told with the last lines of its log.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use futures_util::future::join_all;
use lapor_stand_ins::ports::Reserved;
use lapor_web::exit;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, watch};

use super::failure::Failure;
use super::programs::command;

/// Longer than the programs take to drain, also on a busy machine: who is killed leaves what it held held.
const DRAIN: Duration = Duration::from_mins(2);
/// How much of a log is shown.
const TAIL_BYTES: u64 = 4096;
const TAIL_LINES: usize = 12;
/// More processes than a demo has.
const DEATHS: usize = 32;

/// All processes of the demo. Clones are the same troupe.
#[derive(Clone)]
pub struct Troupe {
    running: Arc<Mutex<Vec<Running>>>,
    /// Those on which its programs listen, which are theirs also while they rest.
    ports: Arc<Mutex<Vec<Reserved>>>,
    deaths: mpsc::Sender<Failure>,
}

#[derive(Clone)]
struct Running {
    pid: Pid,
    /// Whether it has been asked to end.
    asked: Arc<AtomicBool>,
    ended: watch::Receiver<bool>,
}

impl Troupe {
    /// A troupe, and where it tells who has ended by itself.
    pub fn new() -> (Self, mpsc::Receiver<Failure>) {
        let (deaths, told) = mpsc::channel(DEATHS);
        let troupe = Self {
            running: Arc::default(),
            ports: Arc::default(),
            deaths,
        };
        (troupe, told)
    }

    /// Lets the programs that are about to start listen on these ports, which nobody else reserves
    /// while the troupe lives.
    pub fn give_ports(&self, ports: impl IntoIterator<Item = Reserved>) {
        let released = ports.into_iter().map(|mut port| {
            port.release();
            port
        });
        let mut kept = self.ports.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(released);
    }

    /// Starts `program serve` with its output in `log`.
    pub fn serve(&self, program: &Path, config: &Path, log: &Path) -> anyhow::Result<()> {
        let mut command = command(program, config);
        command.arg("serve");
        self.start(command, log)
            .with_context(|| format!("{} cannot be started", program.display()))
    }

    /// Starts a program with its output in `log`.
    pub fn start(&self, mut command: Command, log: &Path) -> anyhow::Result<()> {
        let shown = "the system does not start it";
        let open = || OpenOptions::new().create(true).append(true).open(log);
        let log_file = open().with_context(|| format!("{} cannot be written", log.display()))?;
        command
            .stdout(Stdio::from(log_file.try_clone()?))
            .stderr(Stdio::from(log_file));
        let child = command.spawn().context(shown)?;
        let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        let pid = pid.context(shown)?;
        let (tell, ended) = watch::channel(false);
        let asked = Arc::<AtomicBool>::default();
        let running = Running {
            pid,
            asked: Arc::clone(&asked),
            ended,
        };
        self.lock().push(running);
        tokio::spawn(self.clone().attend(child, log.to_owned(), asked, tell));
        Ok(())
    }

    /// Asks all to end: the nodes first, so that they say the last to the hub.
    /// Whoever does not listen is killed. The hub was started first.
    pub async fn stop(&self) {
        let running = self.lock().clone();
        let (hub, nodes) = running.split_at(running.len().min(1));
        end_in_order(nodes).await;
        end_in_order(hub).await;
    }

    /// Asks the nodes alone to end, to be started again.
    pub async fn rest_nodes(&self) {
        let nodes = {
            let mut running = self.lock();
            let hub = running.len().min(1);
            running.split_off(hub)
        };
        end_in_order(&nodes).await;
    }

    /// Ends all at once.
    pub async fn kill(&self) {
        let running = self.lock().clone();
        signal(&running, Signal::KILL);
        join_all(running.into_iter().map(Running::end)).await;
    }

    /// Owns a process until it ends. If the demo itself ends first, by a panic
    /// or an error, the process is killed when this task is dropped.
    async fn attend(
        self,
        mut child: Child,
        log: PathBuf,
        asked: Arc<AtomicBool>,
        tell: watch::Sender<bool>,
    ) {
        let status = child.wait().await;
        tell.send_replace(true);
        if !asked.load(Ordering::SeqCst) {
            // The first death is told; those that follow from it need no room.
            let _ = self.deaths.try_send(died(&log, status.ok()));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    async fn end(mut self) {
        // An error means that whoever watched it is gone, and the process with it.
        let _ = self.ended.wait_for(|ended| *ended).await;
    }
}

async fn end_in_order(group: &[Running]) {
    let ends = || join_all(group.iter().cloned().map(Running::end));
    signal(group, Signal::TERM);
    if tokio::time::timeout(DRAIN, ends()).await.is_err() {
        signal(group, Signal::KILL);
        ends().await;
    }
}

fn signal(running: &[Running], signal: Signal) {
    // All are asked before any is told: one may end because of another.
    for one in running {
        one.asked.store(true, Ordering::SeqCst);
    }
    for one in running.iter().filter(|one| !*one.ended.borrow()) {
        // It may have ended in this moment; then there is nothing to tell it.
        let _ = kill_process(one.pid, signal);
    }
}

fn died(log: &Path, status: Option<ExitStatus>) -> Failure {
    let how = status.map_or_else(|| "unknown status".to_owned(), |status| status.to_string());
    let code = match status.and_then(|status| status.code()) {
        Some(code) if code == i32::from(exit::UNAVAILABLE) => exit::UNAVAILABLE,
        _ => exit::INTERNAL,
    };
    let shown = log.display();
    let message = match tail(log) {
        Ok(lines) if lines.is_empty() => {
            format!("a program ended by itself ({how}); {shown} is empty")
        }
        Ok(lines) => format!("a program ended by itself ({how}); the end of {shown}:\n{lines}"),
        Err(error) => format!("a program ended by itself ({how}); {shown} cannot be read: {error}"),
    };
    Failure::new(code, message)
}

/// The last lines of a log.
fn tail(log: &Path) -> std::io::Result<String> {
    let mut file = File::open(log)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
    let mut bytes = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    let last = &lines[lines.len().saturating_sub(TAIL_LINES)..];
    Ok(last.join("\n"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn script(folder: &Path, text: &str) -> PathBuf {
        let path = folder.join("program");
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
        path
    }

    #[tokio::test]
    async fn who_ends_by_itself_is_told_with_its_last_words() {
        let folder = tempfile::tempdir().unwrap();
        let program = script(folder.path(), "echo the port is taken >&2; exit 69");
        let (troupe, mut deaths) = Troupe::new();
        let log = folder.path().join("node.log");
        troupe
            .serve(&program, Path::new("node.toml"), &log)
            .unwrap();
        let death = deaths.recv().await.unwrap();
        assert_eq!(death.code, exit::UNAVAILABLE);
        assert!(death.to_string().contains("the port is taken"), "{death}");
    }

    #[tokio::test]
    async fn nodes_rest_and_the_hub_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let program = script(folder.path(), "exec sleep 600");
        let (troupe, mut deaths) = Troupe::new();
        for name in ["hub.log", "node.log"] {
            let log = folder.path().join(name);
            troupe
                .serve(&program, Path::new("node.toml"), &log)
                .unwrap();
        }
        troupe.rest_nodes().await;
        assert_eq!(troupe.lock().len(), 1);
        assert!(!*troupe.lock()[0].ended.borrow());
        assert!(deaths.try_recv().is_err());
        // A hub that ends by itself is told, whatever the nodes were asked.
        let hub = troupe.lock()[0].clone();
        kill_process(hub.pid, Signal::KILL).unwrap();
        assert!(deaths.recv().await.is_some());
    }

    #[tokio::test]
    async fn who_is_asked_to_end_is_no_death() {
        let folder = tempfile::tempdir().unwrap();
        let program = script(folder.path(), "exec sleep 600");
        let (troupe, mut deaths) = Troupe::new();
        for name in ["hub.log", "node.log"] {
            let log = folder.path().join(name);
            troupe
                .serve(&program, Path::new("node.toml"), &log)
                .unwrap();
        }
        troupe.stop().await;
        assert!(troupe.lock().iter().all(|one| *one.ended.borrow()));
        assert!(deaths.try_recv().is_err());
    }
}
