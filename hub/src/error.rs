//! The one error of the hub: what a caller did wrong has a code of the
//! contract, what failed here is told to nobody but the log. No message holds
//! a secret, a payload or the words of a case.

use std::io;
use std::sync::Arc;

use lapor_certs::AuthorityError;
use lapor_migrations::DbError;
use lapor_protocol::directory::DirectoryError;
use lapor_protocol::ids::EnvelopeId;
use lapor_protocol::problem::{Code, Problem};
use lapor_web::room::{is_full, read_only_hint};
use serde_json::Value;

/// Seconds after which a busy hub may be asked again.
const RETRY_AFTER_SECONDS: u32 = 2;

/// A refusal by a rule of the contract; the caller's to act upon.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    pub code: Code,
    pub detail: Option<String>,
    /// Where the hub stands, if the caller is somewhere else.
    pub expected: Option<Value>,
    pub retry_after_seconds: Option<u32>,
}

#[derive(Debug, Clone, thiserror::Error)]
pub enum HubError {
    #[error("{}: {}", .0.code.as_str(), .0.detail.as_deref().unwrap_or(.0.code.title()))]
    Refused(Box<Refusal>),
    #[error(transparent)]
    Database(#[from] DbError),
    #[error("a file of the hub cannot be read or written: {0}{hint}", hint = read_only_hint(.0))]
    File(Arc<io::Error>),
    #[error("the authority cannot issue: {0}")]
    Authority(#[from] AuthorityError),
    #[error("the stored directory does not hold together: {0}")]
    Directory(#[from] DirectoryError),
    /// Something that this program stored and cannot make sense of.
    #[error("the hub's own records are damaged: {0}")]
    Damaged(String),
    /// The stored bytes of this message are not those that were signed.
    #[error("the bytes of message {0} are damaged at the hub; its author is asked for them")]
    Message(EnvelopeId),
    #[error("another process orders the messages of this database; stop one of the two")]
    Fenced,
    /// Begun again it waits until that is done.
    #[error(
        "another process of this hub puts its record together again, which one does alone; this one is of use when that is done"
    )]
    Elsewhere,
    /// Begun anew, with nothing in memory, the hub listens and learns from its members what is lost.
    #[error(
        "the database stands at an earlier moment than this process has seen of it: it was brought back from a backup, or a standby that lacked something has taken over"
    )]
    Receded,
    /// Begun anew it has others.
    #[error(
        "nobody answers at the connections of this process to the database, which answers at others: its server has gone and another has taken its place"
    )]
    Unanswered,
    #[error("the hub is shutting down")]
    Stopping,
    #[error("a task of the hub ended in the middle of its work")]
    Aborted,
}

impl HubError {
    pub fn refused(code: Code, detail: impl Into<String>) -> Self {
        let mut refusal = Refusal::of(code);
        refusal.detail = Some(detail.into());
        Self::Refused(Box::new(refusal))
    }

    pub fn damaged(what: impl std::fmt::Display) -> Self {
        Self::Damaged(what.to_string())
    }

    pub fn code(&self) -> Code {
        match self {
            Self::Refused(refusal) => refusal.code,
            Self::Database(DbError::DiskFull(_)) => Code::StorageFull,
            Self::Database(DbError::Unavailable(_) | DbError::Cancelled(_))
            | Self::Unanswered
            | Self::Stopping => Code::Overloaded,
            Self::Elsewhere | Self::Receded => Code::Recovering,
            Self::File(error) if is_full(error) => Code::StorageFull,
            _ => Code::Internal,
        }
    }

    /// HTTP status.
    pub fn status(&self) -> u16 {
        self.code().status()
    }

    /// Whether other requests may succeed at this moment.
    pub fn spares_others(&self) -> bool {
        match self {
            Self::Database(error) => error.spares_others(),
            Self::Stopping => false,
            _ => true,
        }
    }

    /// Whether this process must not go on.
    pub fn ends_process(&self) -> bool {
        matches!(
            self,
            Self::Fenced | Self::Elsewhere | Self::Receded | Self::Unanswered
        )
    }

    pub fn retry_after_seconds(&self) -> Option<u32> {
        match self {
            Self::Refused(refusal) => refusal.retry_after_seconds,
            _ => None,
        }
        .or_else(|| {
            (self.code().retry() == lapor_protocol::problem::Retry::After)
                .then_some(RETRY_AFTER_SECONDS)
        })
    }

    /// What the caller is told; of our own failures only the request's id.
    pub fn problem(&self, request: &str) -> Problem {
        let mut problem = Problem::new(self.code());
        problem.request = Some(request.to_owned());
        if let Self::Refused(refusal) = self {
            problem.detail.clone_from(&refusal.detail);
            problem.expected.clone_from(&refusal.expected);
        }
        problem
    }
}

impl Refusal {
    pub fn of(code: Code) -> Self {
        Self {
            code,
            detail: None,
            expected: None,
            retry_after_seconds: None,
        }
    }

    #[must_use]
    pub fn expecting(mut self, expected: impl serde::Serialize) -> Self {
        self.expected = serde_json::to_value(expected).ok();
        self
    }

    #[must_use]
    pub fn after_seconds(mut self, seconds: u32) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }
}

impl From<Refusal> for HubError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl From<Code> for HubError {
    fn from(code: Code) -> Self {
        Refusal::of(code).into()
    }
}

impl From<io::Error> for HubError {
    fn from(error: io::Error) -> Self {
        Self::File(Arc::new(error))
    }
}
