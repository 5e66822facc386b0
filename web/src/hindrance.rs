//! Why something did not reach another machine: what happened, by kind, which each program says in
//! the language of whoever reads of it; and what the other side or the line said, as it was said.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How the standard library begins what it says of a name that leads to no machine; it has no kind
/// for that.
const NO_SUCH_NAME: &str = "failed to lookup address information";

/// Why something did not arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hindrance {
    pub cause: Cause,
    /// In the words of the other side, of the line or of this program: one short line.
    pub said: String,
}

/// What happened, by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schema(as = DeliveryCause)]
pub enum Cause {
    /// Nothing is set by which it could be sent.
    Unset,
    /// Whoever it was for is known no more.
    NoRecipient,
    /// What it is signed with cannot be opened.
    Sealed,
    /// It is no address, or one to which nothing may be sent.
    Address,
    /// The name in the address leads to no machine.
    NoHost,
    /// No connection is taken there, or no way leads there.
    Unreachable,
    /// Nobody answered in time.
    Timeout,
    /// No safe line came about, because of a certificate for instance.
    Tls,
    /// A mail server offers no safe line.
    NoTls,
    /// A mail server refuses the log-in.
    LogIn,
    /// The line broke, or no answer could be made out on it.
    Broken,
    /// A mail server refused.
    Mail {
        /// Its code (RFC 5321), 400 to 599.
        code: u16,
    },
    /// A web server answered otherwise than that it has it.
    Http {
        /// The status of its answer.
        status: u16,
    },
}

impl Hindrance {
    pub fn new(cause: Cause, said: impl fmt::Display) -> Self {
        Self {
            cause,
            said: said.to_string(),
        }
    }
}

/// An error, and behind it its causes, each behind what it brought about.
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

impl fmt::Display for Hindrance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said)
    }
}

impl Cause {
    /// What happened to a line, by the error that ended it or by a cause of that; it broke where
    /// none says more.
    pub(crate) fn of_line(error: &(dyn Error + 'static)) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            let found = error.downcast_ref::<io::Error>().and_then(of_io);
            if let Some(cause) = found {
                return cause;
            }
            next = error.source();
        }
        Self::Broken
    }
}

fn of_io(error: &io::Error) -> Option<Cause> {
    // What it wraps does not show among its causes.
    if let Some(inner) = error.get_ref() {
        if inner.is::<rustls::Error>() {
            return Some(Cause::Tls);
        }
        if let Some(inner) = inner.downcast_ref::<io::Error>() {
            return of_io(inner);
        }
    }
    match error.kind() {
        ErrorKind::TimedOut => Some(Cause::Timeout),
        ErrorKind::ConnectionRefused
        | ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::AddrNotAvailable => Some(Cause::Unreachable),
        _ if error.to_string().starts_with(NO_SUCH_NAME) => Some(Cause::NoHost),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the client failed")]
    struct Wrapped(#[source] io::Error);

    #[test]
    fn an_error_is_told_to_its_last_cause() {
        let refused = Wrapped(io::Error::other("connection refused"));
        assert_eq!(
            with_causes(&refused),
            "the client failed: connection refused"
        );
        assert_eq!(with_causes(&io::Error::other("no text")), "no text");
    }

    #[test]
    fn a_line_that_ends_is_told_by_the_kind_of_its_error_however_deep_that_lies() {
        let untrusted = || {
            let error = rustls::Error::General("the certificate is not trusted".to_owned());
            io::Error::new(ErrorKind::InvalidData, error)
        };
        let unknown = format!("{NO_SUCH_NAME}: Name or service not known");
        for (error, cause) in [
            (io::Error::from(ErrorKind::TimedOut), Cause::Timeout),
            (ErrorKind::ConnectionRefused.into(), Cause::Unreachable),
            (ErrorKind::HostUnreachable.into(), Cause::Unreachable),
            (ErrorKind::ConnectionReset.into(), Cause::Broken),
            (ErrorKind::UnexpectedEof.into(), Cause::Broken),
            (untrusted(), Cause::Tls),
            (io::Error::other(untrusted()), Cause::Tls),
            (io::Error::other(unknown), Cause::NoHost),
            (
                io::Error::new(ErrorKind::InvalidData, "no text"),
                Cause::Broken,
            ),
        ] {
            let said = error.to_string();
            assert_eq!(Cause::of_line(&Wrapped(error)), cause, "{said}");
        }
    }

    #[test]
    fn a_cause_is_kept_by_its_kind_with_the_number_that_came() {
        for (cause, kept) in [
            (Cause::NoTls, r#"{"kind":"no_tls"}"#),
            (
                Cause::Http { status: 503 },
                r#"{"kind":"http","status":503}"#,
            ),
            (Cause::Mail { code: 550 }, r#"{"kind":"mail","code":550}"#),
        ] {
            assert_eq!(serde_json::to_string(&cause).unwrap(), kept);
            assert_eq!(serde_json::from_str::<Cause>(kept).unwrap(), cause);
        }
    }
}
