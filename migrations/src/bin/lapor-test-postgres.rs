//! Runs a command with a throwaway PostgreSQL: `lapor-test-postgres -- cargo nextest run`.
//!
//! The command finds the server in `LAPOR_TEST_POSTGRES`, and its exit code becomes ours. Without a
//! command it prints the address and keeps the server until Ctrl-C. Never for real data.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitCode, ExitStatus};

use lapor_migrations::throwaway::{Cluster, POSTGRES_VARIABLE};
use tokio::process::{Child, Command};
use tokio::signal::unix::{Signal, SignalKind, signal};

const USAGE: &str = "usage: lapor-test-postgres [-- COMMAND [ARGUMENT]...]";
/// Exit codes of the shell's convention: wrong usage, and a start that failed.
const WRONG_USAGE: u8 = 64;
const NOT_STARTED: u8 = 125;

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let command = match arguments.next() {
        None => None,
        Some(dashes) if dashes == "--" => arguments.next().map(|program| {
            let mut command = Command::new(program);
            command.args(arguments);
            command
        }),
        Some(_) => {
            eprintln!("{USAGE}");
            return ExitCode::from(WRONG_USAGE);
        }
    };
    match run(command).await {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("lapor-test-postgres: {error}");
            ExitCode::from(NOT_STARTED)
        }
    }
}

async fn run(command: Option<Command>) -> Result<u8, Box<dyn std::error::Error>> {
    // Listening begins before the server does, so that no signal can leave a server behind.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let cluster = Cluster::start().await?;
    let Some(mut command) = command else {
        println!("{POSTGRES_VARIABLE}='{}'", cluster.url());
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        return Ok(0);
    };
    let program = command.as_std().get_program().to_owned();
    let child = command.env(POSTGRES_VARIABLE, cluster.url()).spawn();
    let mut child = child.map_err(|error| format!("cannot run {}: {error}", program.display()))?;
    let status = wait(&mut child, &mut interrupt, &mut terminate).await?;
    drop(cluster);
    Ok(exit_code(status))
}

/// Waits for the command to end, which a signal to us is passed on to make happen.
async fn wait(
    child: &mut Child,
    interrupt: &mut Signal,
    terminate: &mut Signal,
) -> io::Result<ExitStatus> {
    loop {
        let name = tokio::select! {
            status = child.wait() => return status,
            _ = interrupt.recv() => "-INT",
            _ = terminate.recv() => "-TERM",
        };
        if let Some(id) = child.id() {
            Command::new("kill")
                .args([name, &id.to_string()])
                .status()
                .await?;
        }
    }
}

fn exit_code(status: ExitStatus) -> u8 {
    let killed_by = status.signal().map(|signal| 128 + signal);
    status
        .code()
        .or(killed_by)
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(1)
}
