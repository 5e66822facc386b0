//! Room that runs out while a program works: its files may not grow any more
//! (`RLIMIT_FSIZE`, which works on every disk and for every user), until it has
//! said so; then they may again, and the work must end as if nothing had been.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

use super::process::Program;

/// More than the log of a database has when it was founded, less than after a few commits.
const ROOM: u64 = 320 * 1024;
const GLANCE: Duration = Duration::from_millis(50);
/// What a program says whose files may not grow.
const COMPLAINTS: [&str; 3] = ["disk I/O error", "File too large", "is full"];

/// The same program, which hears of a file that may not grow as of a full
/// disk, by an error; by default a signal ends it.
pub fn hearing_errors(program: Program, folder: &Path) -> Result<Program> {
    let name = program
        .path
        .file_name()
        .context("a program without a name")?;
    let script = folder.join(name);
    let path = program.path.display();
    std::fs::write(
        &script,
        format!("#!/bin/sh\ntrap '' XFSZ\nexec '{path}' \"$@\"\n"),
    )?;
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o700))?;
    Ok(Program {
        path: script,
        ..program
    })
}

/// Takes the room from a program that has just been started.
pub fn take_room(program: Pid) -> Result<()> {
    limit(program, Some(ROOM))
}

/// Gives it back as soon as the program has complained in its log.
pub async fn give_room_when_missed(program: Pid, log: &Path) -> Result<()> {
    loop {
        let said = std::fs::read_to_string(log).unwrap_or_default();
        if COMPLAINTS.iter().any(|complaint| said.contains(complaint)) {
            return limit(program, None);
        }
        tokio::time::sleep(GLANCE).await;
    }
}

fn limit(program: Pid, bytes: Option<u64>) -> Result<()> {
    let limit = Rlimit {
        current: bytes,
        maximum: getrlimit(Resource::Fsize).maximum,
    };
    let set = prlimit(Some(program), Resource::Fsize, limit);
    set.map(drop).context("the limit cannot be set")
}
