//! How a command fails: a message that says what was wrong and what to do
//! next, and an exit code of `sysexits.h` by which a script decides.

use std::io;
use std::process::ExitCode;

use lapor_migrations::DbError;
use lapor_web::accounts::AccountError;
pub use lapor_web::exit;
use lapor_web::log::FilterError;
use lapor_web::webhook::CallerError;

use crate::bridge::{BridgeError, BridgeSettingsError};
use crate::channels::ChannelSettingsError;
use crate::cities::CitySettingsError;
use crate::enrolment::EnrolError;
use crate::error::NodeError;
use crate::folder::InitError;
use crate::post::MailSettingsError;
use crate::settings::SettingsError;
use crate::staff::StaffError;

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
        Self::new(exit::of_io(&error), error.to_string())
    }
}

impl From<FilterError> for Failure {
    fn from(error: FilterError) -> Self {
        Self::new(exit::CONFIGURATION, error.to_string())
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        let code = match error {
            SettingsError::Denied(_) => exit::PERMISSION,
            _ => exit::CONFIGURATION,
        };
        Self::new(code, error.to_string())
    }
}

impl From<MailSettingsError> for Failure {
    fn from(error: MailSettingsError) -> Self {
        Self::new(exit::CONFIGURATION, error.to_string())
    }
}

impl From<ChannelSettingsError> for Failure {
    fn from(error: ChannelSettingsError) -> Self {
        Self::new(exit::CONFIGURATION, error.to_string())
    }
}

impl From<CitySettingsError> for Failure {
    fn from(error: CitySettingsError) -> Self {
        Self::new(exit::CONFIGURATION, error.to_string())
    }
}

impl From<CallerError> for Failure {
    fn from(error: CallerError) -> Self {
        Self::new(exit::CONFIGURATION, format!("webhooks.roots: {error}"))
    }
}

impl From<BridgeSettingsError> for Failure {
    fn from(error: BridgeSettingsError) -> Self {
        Self::new(exit::CONFIGURATION, error.to_string())
    }
}

impl From<BridgeError> for Failure {
    fn from(error: BridgeError) -> Self {
        match error {
            BridgeError::Settings(error) => error.into(),
            BridgeError::Node(error) => error.into(),
            BridgeError::Table(problem) => Self::new(exit::DATA, problem),
            BridgeError::Unheard(_) | BridgeError::Interrupted(_) => {
                Self::new(exit::TEMPORARY, error.to_string())
            }
        }
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
            other => Self::new(other.exit_code(), other.to_string()),
        }
    }
}

impl From<DbError> for Failure {
    fn from(error: DbError) -> Self {
        let code = match error {
            DbError::Unavailable(_) | DbError::Cancelled(_) => exit::UNAVAILABLE,
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

impl From<AccountError> for Failure {
    fn from(error: AccountError) -> Self {
        let message = error.to_string();
        let code = match error {
            AccountError::Database(error) => Self::from(error).code,
            AccountError::Unknown => exit::NOT_FOUND,
            AccountError::Throttled { .. } | AccountError::Busy { .. } => exit::TEMPORARY,
            AccountError::Damaged(_) => exit::INTERNAL,
            _ => exit::DATA,
        };
        Self::new(code, message)
    }
}

impl From<StaffError> for Failure {
    fn from(error: StaffError) -> Self {
        match error {
            StaffError::Account(error) => error.into(),
            StaffError::Node(error) => error.into(),
        }
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
            | NodeError::TooLarge(_)
            | NodeError::KeyReused
            | NodeError::EvidenceNeeded
            | NodeError::DraftChanged
            | NodeError::DeskChanged
            | NodeError::UploadHeld
            | NodeError::ProgrammeChanged
            | NodeError::MediaType(_)
            | NodeError::Known(_)
            | NodeError::StillWaits
            | NodeError::WaitsWhileOff
            | NodeError::CursorGone { .. }
            | NodeError::Offset { .. } => exit::DATA,
            NodeError::Forbidden(_) | NodeError::Locked(_) | NodeError::ApprovalNeeded => {
                exit::PERMISSION
            }
            NodeError::NotFound { .. } => exit::NOT_FOUND,
            NodeError::KeyMissing(_)
            | NodeError::BlobPending
            | NodeError::TooMany { .. }
            | NodeError::NoRoom
            | NodeError::Busy { .. }
            | NodeError::Unfinished
            | NodeError::AnsweredMeanwhile => exit::TEMPORARY,
            NodeError::NotEnrolled => exit::CONFIGURATION,
            NodeError::Damaged(_) => exit::INTERNAL,
        };
        Self::new(code, message)
    }
}
