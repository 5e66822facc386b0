//! How a command fails: a message that says what was wrong and what to do
//! next, and an exit code of `sysexits.h` by which a script decides.

use std::io;
use std::process::ExitCode;

use lapor_certs::AuthorityError;
use lapor_migrations::DbError;
use lapor_web::accounts::AccountError;
pub use lapor_web::exit;
use lapor_web::log::FilterError;

use crate::alarms::SenderError;
use crate::error::HubError;
use crate::membership::MembershipError;
use crate::settings::SettingsError;
use crate::vouching::VouchError;

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

    /// Says it on standard error. A reader that went away is no failure.
    pub fn report(&self) -> ExitCode {
        if self.code != 0 {
            eprintln!("lapor-hub: {}", self.message);
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

impl From<SenderError> for Failure {
    fn from(error: SenderError) -> Self {
        Self::new(exit::CONFIGURATION, error.to_string())
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
        let code = match error {
            AccountError::Database(error) => return error.into(),
            AccountError::Unknown => exit::NOT_FOUND,
            AccountError::Damaged(_) => exit::INTERNAL,
            _ => exit::DATA,
        };
        Self::new(code, error.to_string())
    }
}

impl From<HubError> for Failure {
    fn from(error: HubError) -> Self {
        let message = error.to_string();
        let code = match error {
            HubError::Database(error) => return error.into(),
            HubError::File(error) => exit::of_io(&error),
            HubError::Refused(_) => exit::DATA,
            // Or the clock is not right yet, and systemd tries again.
            HubError::Authority(AuthorityError::IssuerExpired | AuthorityError::RootExpired) => {
                exit::UNAVAILABLE
            }
            HubError::Authority(_) => exit::CONFIGURATION,
            HubError::Fenced | HubError::Stopping => exit::TEMPORARY,
            HubError::Elsewhere | HubError::Receded | HubError::Unanswered => exit::UNAVAILABLE,
            HubError::Directory(_)
            | HubError::Damaged(_)
            | HubError::Message(_)
            | HubError::Aborted => exit::INTERNAL,
        };
        Self::new(code, message)
    }
}

impl From<VouchError> for Failure {
    fn from(error: VouchError) -> Self {
        match error {
            VouchError::Database(error) => error.into(),
            _ => Self::new(exit::DATA, error.to_string()),
        }
    }
}

impl From<MembershipError> for Failure {
    fn from(error: MembershipError) -> Self {
        let code = match error {
            MembershipError::Hub(error) => return error.into(),
            MembershipError::Unknown(_) => exit::NOT_FOUND,
            _ => exit::DATA,
        };
        Self::new(code, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_that_has_expired_by_a_clock_that_may_be_wrong_is_tried_again() {
        for (error, code) in [
            (AuthorityError::IssuerExpired, exit::UNAVAILABLE),
            (AuthorityError::RootExpired, exit::UNAVAILABLE),
        ] {
            assert_eq!(Failure::from(HubError::from(error)).code, code);
        }
    }
}
