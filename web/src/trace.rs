//! W3C Trace Context, level 1: one id that runs with a piece of work through
//! all programs, from the filing of a report to its arrival elsewhere. It says
//! nothing of what the work is about, and nobody may decide anything by it.

use std::fmt;
use std::future::Future;
use std::str::FromStr;

use http::{HeaderMap, HeaderName};

use crate::chance::random;

pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// `00-TRACE-PARENT-FLAGS` in lower-case hexadecimal.
const SHAPE: [usize; 4] = [2, 32, 16, 2];
const VERSION: &str = "00";

tokio::task_local! {
    static CURRENT: Trace;
}

/// A `traceparent`.
#[derive(Clone, PartialEq, Eq)]
pub struct Trace {
    id: String,
    parent: String,
    flags: String,
}

/// A text that is no `traceparent` of version 00.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 00-TRACE-PARENT-FLAGS in lower-case hexadecimal, with ids other than zero")]
pub struct NoTrace;

impl Trace {
    /// A new piece of work.
    pub fn begin() -> Self {
        Self {
            id: hex::encode(random::<16>()),
            parent: hex::encode(random::<8>()),
            flags: "00".into(),
        }
    }

    /// What a caller brought, if it is one; otherwise a new one.
    pub fn of(headers: &HeaderMap) -> Self {
        let brought = headers.get(TRACEPARENT);
        let text = brought.and_then(|value| value.to_str().ok());
        text.and_then(|text| text.parse().ok())
            .unwrap_or_else(Self::begin)
    }

    /// The next step of the work that is being done; outside of any, the first of a new one.
    pub fn here() -> Self {
        let step = CURRENT.try_with(Self::next);
        step.unwrap_or_else(|_| Self::begin())
    }

    /// What names the whole of the work, in 32 digits.
    pub fn trace_id(&self) -> &str {
        &self.id
    }

    /// Does some work as part of this trace.
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        CURRENT.scope(self, work).await
    }

    /// The span of one message on its way, for whatever is logged of it.
    pub fn span(&self) -> tracing::Span {
        tracing::info_span!("message", trace_id = self.id)
    }

    fn next(&self) -> Self {
        Self {
            parent: hex::encode(random::<8>()),
            ..self.clone()
        }
    }
}

impl FromStr for Trace {
    type Err = NoTrace;

    fn from_str(text: &str) -> Result<Self, NoTrace> {
        let parts: Vec<&str> = text.split('-').collect();
        let lower = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        let shaped = parts.len() == SHAPE.len()
            && parts
                .iter()
                .zip(SHAPE)
                .all(|(part, length)| part.len() == length && part.bytes().all(lower));
        let [VERSION, id, parent, flags] = parts[..] else {
            return Err(NoTrace);
        };
        let zero = |id: &str| id.bytes().all(|b| b == b'0');
        if !shaped || zero(id) || zero(parent) {
            return Err(NoTrace);
        }
        Ok(Self {
            id: id.into(),
            parent: parent.into(),
            flags: flags.into(),
        })
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, parent, flags } = self;
        write!(f, "{VERSION}-{id}-{parent}-{flags}")
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_traceparent_is_read_and_written_as_it_was() {
        let trace: Trace = KNOWN.parse().unwrap();
        assert_eq!(trace.to_string(), KNOWN);
        assert_eq!(trace.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        let made = Trace::begin();
        assert_eq!(made.to_string().parse(), Ok(made));
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            "",
            "00",
            &KNOWN.to_uppercase(),
            &KNOWN.replace("00-", "01-"),
            &KNOWN.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            &KNOWN.replace("00f067aa0ba902b7", &"0".repeat(16)),
            &format!("{KNOWN}-00"),
            &KNOWN[1..],
            "00-burung kenari di pohon besar ini-00f067aa0ba902b7-01",
        ] {
            assert_eq!(text.parse::<Trace>(), Err(NoTrace), "{text}");
        }
    }

    #[tokio::test]
    async fn work_within_a_trace_goes_on_with_it_and_other_work_begins_one() {
        let trace: Trace = KNOWN.parse().unwrap();
        let step = trace.clone().scope(async { Trace::here() }).await;
        assert_eq!(step.trace_id(), trace.trace_id());
        assert_ne!(step, trace, "another step has an id of its own");
        assert_ne!(Trace::here().trace_id(), Trace::here().trace_id());
    }
}
