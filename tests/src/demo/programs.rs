//! The real programs, found beside this one, and their commands: run to the
//! end with what they answer, or with what they said when they refused.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, bail};
use lapor_web::clock::late::FILE;
use lapor_web::exit;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::PATIENCE;
use super::failure::Failure;
use super::folder::CLOCK;

/// A setting of the caller's own hub or node must not reach those of the demo.
const FOREIGN: &str = "LAPOR_";

/// Where the programs are.
#[derive(Debug, Clone)]
pub struct Programs {
    pub hub: PathBuf,
    pub node: PathBuf,
}

impl Programs {
    /// Both beside this executable, or an error that says how to build them.
    pub fn beside_me() -> anyhow::Result<Self> {
        let me = std::env::current_exe().context("this program does not know where it is")?;
        let folder = me.parent().context("this program lies in no folder")?;
        let programs = Self {
            hub: folder.join("lapor-hub"),
            node: folder.join("lapor-node"),
        };
        for program in [&programs.hub, &programs.node] {
            if !program.is_file() {
                let release = if folder.ends_with("release") {
                    " --release"
                } else {
                    ""
                };
                let message = format!(
                    "{} is missing; build it with `cargo build{release} -p lapor-hub -p lapor-node`, or run `make demo`",
                    program.display()
                );
                return Err(Failure::new(exit::UNAVAILABLE, message).into());
            }
        }
        Ok(programs)
    }
}

/// A command with the caller's settings of other hubs and nodes left out. It
/// is in a process group of its own, so that Ctrl-C reaches the demo alone,
/// which then ends it in order.
pub fn command(program: &Path, config: &Path) -> Command {
    let mut command = alone(program);
    if let Some(clock) = clock_beside(config) {
        command.env(FILE, clock);
    }
    command.arg("--config").arg(config);
    command
}

/// The same of a program of others, which the demo ends too.
pub fn alone(program: &Path) -> Command {
    let mut command = bound_to_me(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with(FOREIGN) {
            command.env_remove(name);
        }
    }
    command
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .process_group(0);
    command
}

/// The clock of the demo to which a configuration belongs.
fn clock_beside(config: &Path) -> Option<PathBuf> {
    let clock = clock_in(config.parent()?.parent()?);
    clock.is_file().then_some(clock)
}

/// The file that says how late the clock is of all programs whose folders lie in a folder.
pub fn clock_in(folder: &Path) -> PathBuf {
    folder.join(CLOCK)
}

/// Where this machine has a program. Those for administrators lie where not everybody looks.
pub fn installed(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let others = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    let mut found = std::env::split_paths(&path).chain(others);
    found.find_map(|folder| Some(folder.join(name)).filter(|path| path.is_file()))
}

/// Where util-linux is, the kernel ends the program when the demo is killed
/// with SIGKILL, which nobody can catch.
fn bound_to_me(program: &Path) -> Command {
    let Some(setpriv) = installed("setpriv") else {
        return Command::new(program);
    };
    let mut command = Command::new(setpriv);
    command.args(["--pdeathsig", "TERM", "--"]).arg(program);
    command
}

/// Runs a command to its end and returns what it answered.
pub async fn run<S: AsRef<OsStr>>(
    program: &Path,
    config: &Path,
    arguments: &[S],
    input: Option<&str>,
) -> anyhow::Result<String> {
    let mut command = command(program, config);
    command
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if input.is_some() {
        command.stdin(Stdio::piped());
    }
    let shown = format!(
        "{} {}",
        program.file_name().unwrap_or_default().to_string_lossy(),
        arguments
            .first()
            .map(|first| first.as_ref().to_string_lossy())
            .unwrap_or_default(),
    );
    let mut child = command
        .spawn()
        .with_context(|| format!("{shown} cannot be started"))?;
    if let (Some(text), Some(mut stdin)) = (input, child.stdin.take()) {
        stdin
            .write_all(text.as_bytes())
            .await
            .with_context(|| format!("{shown} reads no input"))?;
    }
    let ended = tokio::time::timeout(PATIENCE, child.wait_with_output()).await;
    let ended = ended.with_context(|| format!("{shown} did not end"))??;
    if !ended.status.success() {
        let said = String::from_utf8_lossy(&ended.stderr);
        bail!("{shown} failed ({}): {}", ended.status, said.trim());
    }
    Ok(String::from_utf8_lossy(&ended.stdout).trim().to_owned())
}
