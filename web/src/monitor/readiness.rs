//! Whether a program can do its work: named checks, each of which tries the
//! thing itself. What only slows work down degrades; what makes it impossible
//! fails.

use std::fmt::Display;
use std::fs::DirBuilder;
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::chance::random;

/// How one check turned out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    Ok,
    Degraded,
    Failed,
}

/// One thing that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    pub name: &'static str,
    #[serde(rename = "status")]
    pub standing: Standing,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// The body of `/readyz`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Readiness {
    /// `ready`, `degraded` or `not_ready`.
    status: &'static str,
    checks: Vec<Check>,
}

impl Check {
    pub fn ok(name: &'static str) -> Self {
        Self::new(name, Standing::Ok, None)
    }

    pub fn degraded(name: &'static str, why: impl Into<String>) -> Self {
        Self::new(name, Standing::Degraded, Some(why.into()))
    }

    pub fn failed(name: &'static str, why: impl Into<String>) -> Self {
        Self::new(name, Standing::Failed, Some(why.into()))
    }

    /// Failed if there is an error, which says why.
    pub fn of<E: Display>(name: &'static str, outcome: &Result<(), E>) -> Self {
        match outcome {
            Ok(()) => Self::ok(name),
            Err(error) => Self::failed(name, error.to_string()),
        }
    }

    fn new(name: &'static str, standing: Standing, detail: Option<String>) -> Self {
        Self {
            name,
            standing,
            detail,
        }
    }
}

impl Readiness {
    pub fn of(checks: Vec<Check>) -> Self {
        let any = |standing| checks.iter().any(|check| check.standing == standing);
        let status = if any(Standing::Failed) {
            "not_ready"
        } else if any(Standing::Degraded) {
            "degraded"
        } else {
            "ready"
        };
        Self { status, checks }
    }

    /// Whether requests can be served, if only slowly.
    pub fn is_ready(&self) -> bool {
        self.status != "not_ready"
    }

    pub fn troubles(&self) -> impl Iterator<Item = &Check> {
        let failed = |check: &&Check| check.standing == Standing::Failed;
        self.checks.iter().filter(failed)
    }
}

/// Writes a file below a folder, reads it back, and takes it away.
pub async fn writes_files(name: &'static str, folder: &Path) -> Check {
    let folder = folder.to_owned();
    let tried = tokio::task::spawn_blocking(move || try_folder(&folder)).await;
    match tried {
        Ok(outcome) => Check::of(name, &outcome),
        Err(_) => Check::failed(name, "the attempt broke off"),
    }
}

fn try_folder(folder: &Path) -> io::Result<()> {
    // Made where it is needed, as the program does; nobody else's to read.
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let written = random::<32>();
    let path = folder.join(format!(".readiness-{}", hex::encode(&written[..8])));
    let outcome = write_and_read(&path, &written);
    // What could not be written may be there in part.
    let removed = std::fs::remove_file(&path);
    outcome.and(removed)
}

fn write_and_read(path: &Path, written: &[u8]) -> io::Result<()> {
    let mut file = std::fs::File::create_new(path)?;
    file.write_all(written)?;
    file.sync_all()?;
    if std::fs::read(path)? == written {
        Ok(())
    } else {
        Err(io::Error::other("what was read is not what was written"))
    }
}

/// Bytes that this user may still write, on the fullest of the file systems
/// below these paths; `None` if none can be asked.
pub fn free_disk_bytes<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Option<u64> {
    let free = |path: &Path| {
        let found = rustix::fs::statvfs(path).ok()?;
        Some(found.f_bavail.saturating_mul(found.f_frsize))
    };
    paths.into_iter().filter_map(free).min()
}

/// Fails where there is less room than `least` bytes.
pub fn room(paths: &[PathBuf], least: u64) -> Check {
    const NAME: &str = "disk_space";
    match free_disk_bytes(paths.iter().map(PathBuf::as_path)) {
        Some(free) if free >= least => Check::ok(NAME),
        Some(free) => Check::failed(NAME, format!("{free} bytes are free, {least} are needed")),
        None => Check::failed(NAME, "the file system cannot be asked"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_folder_is_tried_and_left_as_it_was() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(writes_files("blobs", home.path()).await, Check::ok("blobs"));
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
        let file = home.path().join("file");
        std::fs::write(&file, "").unwrap();
        let failed = writes_files("blobs", &file.join("below")).await;
        assert_eq!(failed.standing, Standing::Failed);
    }

    #[test]
    fn room_is_asked_of_the_file_system() {
        let home = tempfile::tempdir().unwrap();
        let paths = [home.path().to_owned()];
        assert_eq!(room(&paths, 1).standing, Standing::Ok);
        assert_eq!(room(&paths, u64::MAX).standing, Standing::Failed);
        assert_eq!(room(&[], 1).standing, Standing::Failed);
    }
}
