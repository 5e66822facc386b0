//! Hub and node as processes: found, run once for a command, or started and
//! stopped as a service manager would.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use lapor_web::chance::random;

/// How long a stopping program may drain, also on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_mins(2);
/// Below those that a system gives to whoever asks for any, and how many of them are tried.
const PORTS: Range<u16> = 20_000..30_000;
const MOST_PORTS: usize = 100;

/// Where the programs are.
#[derive(Debug, Clone)]
pub struct Programs {
    pub hub: PathBuf,
    pub node: PathBuf,
    pub bench: PathBuf,
}

/// A program that may be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    Hub,
    Node,
}

/// A program that serves; killed when it is dropped.
pub struct Running {
    child: Child,
    /// What it said when it was ready.
    pub greeting: Vec<String>,
}

impl Programs {
    /// Those of a folder, by default of this program's; whatever is `started` must be there.
    pub fn find(folder: Option<PathBuf>, started: &[Program]) -> Result<Self> {
        let bench = std::env::current_exe()?;
        let folder = folder
            .or_else(|| bench.parent().map(Path::to_owned))
            .context("this program is in no folder")?;
        let found = Self {
            hub: folder.join("lapor-hub"),
            node: folder.join("lapor-node"),
            bench,
        };
        for program in started {
            let program = match program {
                Program::Hub => &found.hub,
                Program::Node => &found.node,
            };
            ensure!(
                program.is_file(),
                "there is no {}; build it, or name its folder with --programs",
                program.display()
            );
        }
        Ok(found)
    }
}

/// Runs a command to its end and gives the first line that it printed.
pub fn ask(command: &mut Command) -> Result<String> {
    let done = command.stdin(Stdio::null()).output()?;
    ensure!(
        done.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    let text = String::from_utf8(done.stdout)?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

impl Running {
    /// Starts a server and waits for the line of its greeting that contains `ready`.
    pub fn start(command: &mut Command, log: &Path, ready: &str) -> Result<Self> {
        let log = File::options().create(true).append(true).open(log)?;
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .with_context(|| format!("{command:?}"))?;
        let mut said = BufReader::new(child.stdout.take().context("a pipe")?);
        let mut greeting = Vec::new();
        loop {
            let mut line = String::new();
            if said.read_line(&mut line)? == 0 {
                let status = child.wait()?;
                bail!("{command:?} ended with {status} before it was ready");
            }
            greeting.push(line.trim().to_owned());
            if line.contains(ready) {
                break;
            }
        }
        Ok(Self { child, greeting })
    }

    /// What it has in memory, in KB.
    pub fn resident_kb(&self) -> Result<f64> {
        self.memory_kb("VmRSS:")
    }

    /// The most that it ever had in memory, in KB.
    pub fn peak_kb(&self) -> Result<f64> {
        self.memory_kb("VmHWM:")
    }

    fn memory_kb(&self, figure: &str) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(figure));
        let kb = line.and_then(|rest| rest.split_whitespace().next());
        Ok(kb.context("a process without memory")?.parse()?)
    }

    /// Processor time that it has used, from proc(5): user and system, in
    /// hundredths of a second on every Linux.
    pub fn cpu_seconds(&self) -> Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let (_, rest) = stat.rsplit_once(')').context("a process without a name")?;
        let ticks = rest.split_whitespace().skip(11).take(2);
        let ticks: Vec<f64> = ticks.map(str::parse).collect::<Result<_, _>>()?;
        Ok(ticks.iter().sum::<f64>() / 100.0)
    }

    /// The word after `label` in the greeting.
    pub fn said(&self, label: &str) -> Result<&str> {
        let mut words = self.greeting.iter().map(|line| line.split_whitespace());
        let found = words.find_map(|mut words| {
            words.by_ref().find(|word| *word == label)?;
            words.next()
        });
        found.with_context(|| format!("no {label} in {:?}", self.greeting))
    }

    /// Asks it to end, and waits until it has drained.
    pub async fn stop(mut self) -> Result<()> {
        ask(Command::new("kill").args(["-TERM", &self.child.id().to_string()]))?;
        let drained = async {
            while self.child.try_wait()?.is_none() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            anyhow::Ok(())
        };
        tokio::time::timeout(PATIENCE, drained)
            .await
            .context("it did not drain in time")?
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port on which nobody listens now, and which no machine gives to whoever asks for any: it is bound
/// later, and others ask meanwhile.
pub fn free_port() -> Result<u16> {
    let any = || PORTS.start + u16::from_be_bytes(random()) % (PORTS.end - PORTS.start);
    let mut some = std::iter::repeat_with(any).take(MOST_PORTS);
    let free = some.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    free.context("no port is free")
}

/// Copies a folder with all that is in it.
pub fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_started_must_be_there() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("lapor-hub"), "").unwrap();
        let find = |started: &[Program]| Programs::find(Some(folder.path().to_owned()), started);
        assert!(find(&[Program::Hub]).is_ok());
        let missing = find(&[Program::Hub, Program::Node])
            .unwrap_err()
            .to_string();
        assert!(missing.contains("lapor-node; build it"), "{missing}");
    }
}
