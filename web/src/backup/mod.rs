//! A backup as a folder of files: `manifest.json` names every other file with
//! its size and SHA-256 and is written last, so that a backup that was
//! interrupted shows, and an earlier one in the same folder stays good.
//!
//! What is copied, and how a database is copied, is the programs' affair; this
//! part never looks into a file. It is as secret as what is put into it.

mod manifest;
mod reading;
mod writing;

use std::io;
use std::path::{Path, PathBuf};

use crate::exit;
use crate::room::read_only_hint;

pub use manifest::{FileFacts, Manifest, Origin};
pub use reading::{Backup, finished_at};
pub use writing::{NewBackup, make_private};

/// Told of progress, every [`STEP`] bytes and at the end: what is under way,
/// bytes done, bytes in all (0 if unknown).
pub trait Tell: Fn(&str, u64, u64) + Clone + Send + Sync + 'static {}

impl<T: Fn(&str, u64, u64) + Clone + Send + Sync + 'static> Tell for T {}

const STEP: u64 = 64 << 20;

/// Tells of a file that was done, if it is time.
pub(crate) fn tell_of(tell: &impl Tell, what: &str, size: u64, done: u64, total: u64) {
    if done / STEP != (done - size) / STEP || (done == total && total >= STEP) {
        tell(what, done, total);
    }
}

/// Progress as a line for people.
pub fn progress(what: &str, done: u64, total: u64) -> String {
    if total == 0 {
        format!("{what} ...")
    } else {
        format!("{what}: {} of {}", in_units(done), in_units(total))
    }
}

/// A size for people: `12.3 MB`.
pub fn in_units(bytes: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match units.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
        None => format!("{bytes} bytes"),
    }
}

/// Why a backup cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("{path} cannot be read or written: {source}{hint}", hint = read_only_hint(.source))]
    File { path: PathBuf, source: io::Error },
    #[error("{0} holds files that are no backup; name a folder that is empty or missing")]
    Occupied(PathBuf),
    #[error("another backup is being written to {0}; wait for it to end")]
    Busy(PathBuf),
    #[error(
        "{0} holds no finished backup: there is no manifest.json, which is written last; take another backup, or name another folder"
    )]
    Unfinished(PathBuf),
    #[error("{path} cannot be understood: {reason}; this program may be too old for it")]
    Manifest { path: PathBuf, reason: String },
    #[error("{path} is a backup of {found}, not of {expected}")]
    Foreign {
        path: PathBuf,
        expected: &'static str,
        found: String,
    },
    #[error(
        "{0} is gone from the backup: it was removed or moved, its disk is away, or the backup is being made anew; put it back and try again, or use another backup"
    )]
    Gone(PathBuf),
    #[error("{path} is not what was backed up: {reason}; use another backup")]
    Damaged { path: PathBuf, reason: &'static str },
    #[error("{0} holds files already; a restore overwrites nothing: empty it, or name another")]
    InUse(PathBuf),
}

impl BackupError {
    /// How a program ends that failed so.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::File { source, .. } => exit::of_io(source),
            Self::Busy(_) => exit::TEMPORARY,
            Self::Occupied(_) | Self::InUse(_) => exit::CANNOT_CREATE,
            _ => exit::DATA,
        }
    }

    /// What failed at the file system, if that is what failed.
    pub fn io(&self) -> Option<&io::Error> {
        match self {
            Self::File { source, .. } => Some(source),
            _ => None,
        }
    }
}

pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.to_owned();
    move |source| BackupError::File { path, source }
}

/// Whether a folder is missing or empty.
pub fn is_free(folder: &Path) -> Result<bool, BackupError> {
    match std::fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(at(folder)(error)),
    }
}

/// The digest by which a file below a shelf of attachments is named, if it is a
/// whole one. The part of one is sent again from where it stands, and an upload
/// that waits to be used is given again by whoever waits for it.
fn attachment(path: &str) -> Option<&str> {
    let name = path.rsplit('/').next().unwrap_or_default();
    (name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit())).then_some(name)
}

#[cfg(test)]
mod tests;
