//! How a command fails: a message that says what was wrong and what to do
//! next, and an exit code of `sysexits.h` by which a script decides.

use std::io;
use std::process::ExitCode;

use lapor_migrations::DbError;

use crate::enrolment::EnrolError;
use crate::error::NodeError;
use crate::folder::InitError;
use crate::settings::SettingsError;

/// Exit codes, after `sysexits.h`.
pub mod exit {
    /// The command line is wrong.
    pub const USAGE: u8 = 64;
    /// The input is wrong, or the case does not allow the act.
    pub const DATA: u8 = 65;
    /// There is no such case, ticket, attachment or token.
    pub const NOT_FOUND: u8 = 66;
    /// A database or the hub cannot be reached.
    pub const UNAVAILABLE: u8 = 69;
    /// A mistake of this program, or damaged records.
    pub const INTERNAL: u8 = 70;
    /// A file or folder cannot be made.
    pub const CANNOT_CREATE: u8 = 73;
    /// Reading or writing failed.
    pub const IO: u8 = 74;
    /// Not yet; the same command will work later.
    pub const TEMPORARY: u8 = 75;
    /// This user may not.
    pub const PERMISSION: u8 = 77;
    /// The configuration is missing or wrong, or the node has not joined.
    pub const CONFIGURATION: u8 = 78;
}

/// A command that did not work.
#[derive(Debug)]
pub struct Failure {
    pub code: u8,
    pub message: String,
}

impl Failure {
    pub fn new(code: u8, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(exit::USAGE, message)
    }

    /// Says it on standard error. A reader that went away is no failure.
    pub fn report(&self) -> ExitCode {
        if self.code != 0 {
            eprintln!("lapor-node: {}", self.message);
        }
        ExitCode::from(self.code)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        let code = match error.kind() {
            // `lapor-node case list | head` ends in the middle, as it should.
            io::ErrorKind::BrokenPipe => 0,
            io::ErrorKind::PermissionDenied => exit::PERMISSION,
            _ => exit::IO,
        };
        Self::new(code, error.to_string())
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        Self::new(exit::CONFIGURATION, error.to_string())
    }
}

impl From<InitError> for Failure {
    fn from(error: InitError) -> Self {
        let code = match &error {
            InitError::Write { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                exit::PERMISSION
            }
            _ => exit::CANNOT_CREATE,
        };
        Self::new(code, error.to_string())
    }
}

impl From<EnrolError> for Failure {
    fn from(error: EnrolError) -> Self {
        match error {
            EnrolError::Node(error) => error.into(),
            other => {
                let code = u8::try_from(other.exit_code()).unwrap_or(exit::INTERNAL);
                Self::new(code, other.to_string())
            }
        }
    }
}

impl From<DbError> for Failure {
    fn from(error: DbError) -> Self {
        let code = match error {
            DbError::Unavailable(_) => exit::UNAVAILABLE,
            DbError::DiskFull(_) => exit::IO,
            DbError::Configuration(_)
            | DbError::Newer { .. }
            | DbError::WrongProgram { .. }
            | DbError::Diverged { .. } => exit::CONFIGURATION,
            _ => exit::INTERNAL,
        };
        Self::new(code, error.to_string())
    }
}

impl From<NodeError> for Failure {
    fn from(error: NodeError) -> Self {
        let message = error.to_string();
        let code = match error {
            NodeError::Database(error) => Self::from(error).code,
            NodeError::File(source) if source.kind() == io::ErrorKind::PermissionDenied => {
                exit::PERMISSION
            }
            NodeError::File(_) => exit::IO,
            NodeError::Invalid(_)
            | NodeError::NotAllowed(_)
            | NodeError::Redacted(_)
            | NodeError::TooLarge(_) => exit::DATA,
            NodeError::NotFound { .. } => exit::NOT_FOUND,
            NodeError::KeyMissing(_) | NodeError::BlobPending => exit::TEMPORARY,
            NodeError::NotEnrolled => exit::CONFIGURATION,
            NodeError::Damaged(_) => exit::INTERNAL,
        };
        Self::new(code, message)
    }
}
