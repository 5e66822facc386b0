//! W3C Trace Context, level 1: one id that runs with a piece of work through
//! all programs, from the filing of a report to its arrival elsewhere. It says
//! nothing of what the work is about, and nobody may decide anything by it.

use std::fmt;
use std::future::Future;
use std::ops::{Range, RangeFrom};
use std::str::FromStr;

use http::{HeaderMap, HeaderName};

use crate::chance::random;

pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Digits of the four parts of `00-TRACE-PARENT-FLAGS`, in lower-case hexadecimal.
const SHAPE: [usize; 4] = [2, 32, 16, 2];
const VERSION: &str = "00";
/// Where two of these parts stand.
const ID: Range<usize> = 3..35;
const FLAGS: RangeFrom<usize> = 53..;

tokio::task_local! {
    static CURRENT: Trace;
}

/// A `traceparent`.
#[derive(Clone, PartialEq, Eq)]
pub struct Trace(String);

/// A text that is no `traceparent` of version 00.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 00-TRACE-PARENT-FLAGS in lower-case hexadecimal, with ids other than zero")]
pub struct NoTrace;

impl Trace {
    /// A new piece of work.
    pub fn begin() -> Self {
        Self::step(&hex::encode(random::<16>()), "00")
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
        &self.0[ID]
    }

    /// Does some work as part of this trace.
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        CURRENT.scope(self, work).await
    }

    /// The span of one message on its way, for whatever is logged of it.
    pub fn span(&self) -> tracing::Span {
        tracing::info_span!("message", trace_id = self.trace_id())
    }

    fn next(&self) -> Self {
        Self::step(self.trace_id(), &self.0[FLAGS])
    }

    fn step(id: &str, flags: &str) -> Self {
        let parent = hex::encode(random::<8>());
        Self(format!("{VERSION}-{id}-{parent}-{flags}"))
    }
}

impl FromStr for Trace {
    type Err = NoTrace;

    fn from_str(text: &str) -> Result<Self, NoTrace> {
        if is_trace(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NoTrace)
        }
    }
}

impl TryFrom<String> for Trace {
    type Error = NoTrace;

    fn try_from(text: String) -> Result<Self, NoTrace> {
        if is_trace(&text) {
            Ok(Self(text))
        } else {
            Err(NoTrace)
        }
    }
}

impl From<Trace> for String {
    fn from(trace: Trace) -> Self {
        trace.0
    }
}

fn is_trace(text: &str) -> bool {
    let lower = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    let zero = |id: &str| id.bytes().all(|b| b == b'0');
    let mut parts = text.split('-');
    let mut part = |length: usize| {
        let part = parts.next()?;
        (part.len() == length && part.bytes().all(lower)).then_some(part)
    };
    let [Some(version), Some(id), Some(parent), Some(_)] = SHAPE.map(&mut part) else {
        return false;
    };
    parts.next().is_none() && version == VERSION && !zero(id) && !zero(parent)
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
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
        assert_eq!(Trace::try_from(KNOWN.to_owned()), Ok(trace.clone()));
        assert_eq!(String::from(trace), KNOWN);
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
            assert_eq!(Trace::try_from(text.to_owned()), Err(NoTrace), "{text}");
        }
    }

    #[tokio::test]
    async fn work_within_a_trace_goes_on_with_it_and_other_work_begins_one() {
        let trace: Trace = KNOWN.parse().unwrap();
        let step = trace.clone().scope(async { Trace::here() }).await;
        assert_eq!(step.trace_id(), trace.trace_id());
        assert_eq!(step.to_string().parse(), Ok(step.clone()));
        assert!(step.to_string().ends_with("-01"), "{step}");
        assert_ne!(step, trace, "another step has an id of its own");
        assert_ne!(Trace::here().trace_id(), Trace::here().trace_id());
    }
}
