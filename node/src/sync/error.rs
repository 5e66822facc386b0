//! How a step of the link can fail, by whose fault it is.

use lapor_protocol::problem::{Code, Problem, Retry};

use crate::error::NodeError;
use crate::node::DirectoryRefused;

#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// No answer: the hub is down, or the line to it.
    #[error("the hub cannot be reached: {0}")]
    Unreachable(String),
    /// The handshake failed; says which certificate is wrong.
    #[error("the TLS connection to the hub failed: {0}")]
    Tls(String),
    /// The hub answered with a problem.
    #[error("the hub refused: {} ({})", .0.title, .0.code.as_str())]
    Refused(Box<Problem>),
    /// The hub answered something that cannot be right.
    #[error("the hub contradicts itself: {0}")]
    Hub(String),
    /// What answered is not the hub: a proxy's page, a captive portal.
    #[error("what answered is not the hub: {0}")]
    NotTheHub(String),
    /// Another copy of this node has taken its place; only a person can choose.
    #[error("{0}")]
    Replaced(&'static str),
    #[error(transparent)]
    Node(#[from] NodeError),
}

impl LinkError {
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Refused(problem) => Some(problem.code),
            _ => None,
        }
    }

    /// Whether positions must be compared before the next attempt.
    pub(crate) fn needs_comparison(&self) -> bool {
        matches!(self, Self::Refused(problem) if problem.retry == Retry::Resync)
    }

    pub(crate) fn hub(error: impl std::fmt::Display) -> Self {
        Self::Hub(error.to_string())
    }
}

impl From<DirectoryRefused> for LinkError {
    fn from(error: DirectoryRefused) -> Self {
        match error {
            DirectoryRefused::Hub(text) => Self::Hub(text),
            DirectoryRefused::Node(error) => Self::Node(error),
        }
    }
}

impl From<lapor_migrations::DbError> for LinkError {
    fn from(error: lapor_migrations::DbError) -> Self {
        Self::Node(error.into())
    }
}
