//! How a step of the link can fail, by whose fault it is.

use std::ops::Deref;
use std::time::Duration;

use lapor_certs::tls::Refusal;
use lapor_protocol::problem::{Code, Problem, Retry};

use crate::error::NodeError;
use crate::node::DirectoryRefused;

#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// No answer: the hub is down, or the line to it.
    #[error("the hub cannot be reached: {0}")]
    Unreachable(String),
    /// The handshake failed; says which certificate is wrong.
    #[error("the TLS connection to the hub failed: {}", refusal_text(*.0))]
    Tls(Refusal),
    /// This node has nothing to show, or nothing to know the hub by.
    #[error(transparent)]
    Unusable(#[from] Unusable),
    /// The hub answered with a problem.
    #[error("the hub refused: {} ({})", .0.title, .0.code.as_str())]
    Refused(Box<Refused>),
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

/// What the hub said instead of doing what it was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Refused {
    pub problem: Problem,
    /// How long the hub asks to be left alone with this request.
    pub retry_after: Option<Duration>,
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self {
            problem,
            retry_after: None,
        }
    }
}

impl Deref for Refused {
    type Target = Problem;

    fn deref(&self) -> &Problem {
        &self.problem
    }
}

/// A file of the keys folder without which no connection can be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    #[error("the certificate of this node cannot be used: {0}")]
    Certificate(String),
    #[error("roots.pem cannot be used: {0}; restore it from the backup of the keys folder")]
    Roots(String),
}

impl Unusable {
    pub(super) fn certificate(error: impl std::fmt::Display) -> Self {
        Self::Certificate(error.to_string())
    }

    pub(super) fn roots(error: impl std::fmt::Display) -> Self {
        Self::Roots(error.to_string())
    }
}

impl LinkError {
    /// What is wrong with this node's own certificate, as a stable code, if
    /// that is why there is no connection. Another one mends it.
    pub fn certificate_fault(&self) -> Option<&'static str> {
        match self {
            Self::Tls(Refusal::OurCertificateExpired) => Some("certificate_expired"),
            Self::Tls(Refusal::OurCertificateMissing | Refusal::OurCertificateRefused) => {
                Some("certificate_refused")
            }
            Self::Unusable(Unusable::Certificate(_)) => Some("certificate_unusable"),
            // The hub's staff have made it void, or this process of the hub does not know it yet.
            Self::Refused(problem) if problem.code == Code::CertificateUnknown => {
                Some("certificate_unknown")
            }
            _ => None,
        }
    }

    /// Whether there is no line to the hub, so that nothing else would get through either.
    pub(crate) fn is_of_the_line(&self) -> bool {
        self.certificate_fault().is_some()
            || matches!(
                self,
                Self::Unreachable(_) | Self::Tls(_) | Self::Unusable(_) | Self::NotTheHub(_)
            )
    }

    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Refused(problem) => Some(problem.code),
            _ => None,
        }
    }

    /// Whether only the thing asked for is at fault, so that others go on.
    pub(crate) fn spares_others(&self) -> bool {
        match self {
            Self::Refused(problem) => matches!(
                problem.code,
                Code::RangeUnsatisfiable
                    | Code::BlobMismatch
                    | Code::BlobTooLarge
                    | Code::QuotaExceeded
                    | Code::PictureQuotaExceeded
            ),
            Self::Node(NodeError::Database(error)) => !error.is_transient(),
            Self::Hub(_) | Self::Node(_) => true,
            _ => false,
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

fn refusal_text(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::OurCertificateExpired => {
            "this node's certificate has expired; the identity key brings another"
        }
        Refusal::OurCertificateMissing => "the hub got no certificate from this node",
        Refusal::OurCertificateRefused => {
            "the hub does not take this node's certificate; the identity key brings another"
        }
        Refusal::HubNotPinned => "the hub shows another root than the one that is pinned",
        Refusal::HubNamedOtherwise => "the hub's certificate is for another name",
        Refusal::HubNotTrusted => {
            "the hub's certificate does not verify under the roots trusted here"
        }
    }
}
