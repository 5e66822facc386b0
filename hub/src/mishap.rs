//! Why a backup was not made, or not tried to the end: by kind, for those who are told of it in their
//! language. The error itself is kept beside it.

use lapor_migrations::DbError;
use lapor_web::backup::BackupError;
use lapor_web::room::is_full;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::backup::HubBackupError;
use crate::error::HubError;
use crate::evidence::ExportError;
use crate::trial::TrialError;

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mishap {
    /// The program ended meanwhile.
    Interrupted,
    /// There is less room than a trial needs.
    NoRoom,
    /// The disk is full.
    DiskFull,
    /// A file or a folder of this machine cannot be read or written.
    File,
    /// A file is gone from the backup.
    Gone,
    /// A file of the backup is not what was backed up.
    Damaged,
    /// There is no finished backup there.
    Unfinished,
    /// It is no backup of a hub, or of none that this program understands.
    Foreign,
    /// A newer program made it.
    Newer,
    /// Another backup is being written there.
    Busy,
    /// Other files stand there.
    Occupied,
    /// It has no keys in it, and there are none here.
    Keys,
    /// The database cannot be used now, or not as it is set.
    Database,
    /// A database, or the copy of one, is damaged or none of a hub.
    Copy,
    /// What is kept in it does not hold together.
    Record,
    /// The settings cannot be used.
    Settings,
}

impl From<&TrialError> for Mishap {
    fn from(error: &TrialError) -> Self {
        match error {
            TrialError::Backup(error) => error.into(),
            TrialError::Export(ExportError::Hub(error)) => error.into(),
            TrialError::Export(ExportError::Write { source, .. })
            | TrialError::Unreadable(source) => of_io(source),
            TrialError::Export(ExportError::Exists(_)) => Self::Occupied,
            TrialError::Export(ExportError::NoSuchCase(_)) => Self::Record,
            TrialError::NoRoom { .. } => Self::NoRoom,
        }
    }
}

impl From<&HubBackupError> for Mishap {
    fn from(error: &HubBackupError) -> Self {
        match error {
            HubBackupError::Backup(error) => error.into(),
            HubBackupError::Database(error) => error.into(),
            HubBackupError::Hub(error) => error.into(),
            HubBackupError::Settings(_) => Self::Settings,
            HubBackupError::KeysMissing(_) => Self::Keys,
        }
    }
}

impl From<&BackupError> for Mishap {
    fn from(error: &BackupError) -> Self {
        match error {
            BackupError::File { source, .. } => of_io(source),
            BackupError::Occupied(_) | BackupError::InUse(_) => Self::Occupied,
            BackupError::Busy(_) => Self::Busy,
            BackupError::Unfinished(_) => Self::Unfinished,
            BackupError::Manifest { .. } | BackupError::Foreign { .. } => Self::Foreign,
            BackupError::Gone(_) => Self::Gone,
            BackupError::Damaged { .. } => Self::Damaged,
        }
    }
}

impl From<&HubError> for Mishap {
    fn from(error: &HubError) -> Self {
        match error {
            HubError::Database(error) => error.into(),
            HubError::File(error) => of_io(error),
            HubError::Refused(_)
            | HubError::Authority(_)
            | HubError::Directory(_)
            | HubError::Damaged(_)
            | HubError::Message(_) => Self::Record,
            HubError::Stopping | HubError::Aborted => Self::Interrupted,
            HubError::Fenced | HubError::Elsewhere | HubError::Receded | HubError::Unanswered => {
                Self::Database
            }
        }
    }
}

impl From<&DbError> for Mishap {
    fn from(error: &DbError) -> Self {
        match error {
            DbError::DiskFull(_) => Self::DiskFull,
            DbError::Newer { .. } => Self::Newer,
            DbError::Configuration(_) | DbError::Unavailable(_) | DbError::Cancelled(_) => {
                Self::Database
            }
            DbError::Conflict { .. }
            | DbError::WrongProgram { .. }
            | DbError::Diverged { .. }
            | DbError::Corrupt(_)
            | DbError::Other(_) => Self::Copy,
        }
    }
}

fn of_io(error: &std::io::Error) -> Mishap {
    if is_full(error) {
        Mishap::DiskFull
    } else {
        Mishap::File
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn what_went_wrong_is_told_by_kind_however_deep_it_lies() {
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        for (error, mishap) in [
            (
                TrialError::from(BackupError::Gone("a".into())),
                Mishap::Gone,
            ),
            (
                BackupError::Damaged {
                    path: "a".into(),
                    reason: "its size differs",
                }
                .into(),
                Mishap::Damaged,
            ),
            (
                BackupError::File {
                    path: "a".into(),
                    source: full(),
                }
                .into(),
                Mishap::DiskFull,
            ),
            (
                DbError::Newer {
                    found: 99,
                    known: 1,
                }
                .into(),
                Mishap::Newer,
            ),
            (DbError::Corrupt(String::new()).into(), Mishap::Copy),
            (HubError::from(full()).into(), Mishap::DiskFull),
            (HubError::damaged("a line").into(), Mishap::Record),
            (HubError::Stopping.into(), Mishap::Interrupted),
            (
                TrialError::Unreadable(io::ErrorKind::NotFound.into()),
                Mishap::File,
            ),
            (
                TrialError::NoRoom {
                    folder: "a".to_owned(),
                    needed: 2,
                    free: 1,
                },
                Mishap::NoRoom,
            ),
        ] {
            assert_eq!(Mishap::from(&error), mishap, "{error}");
        }
    }
}
