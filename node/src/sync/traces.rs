//! The end of a message's trace, for the log: which item was taken in, in what
//! state it then was. Told after the commit, and nothing of what it says.

use lapor_protocol::ids::EnvelopeId;
use lapor_web::trace::Trace;

use crate::store::inbox::InboxRow;

/// Where these lines stand in the filter of the log.
const TARGET: &str = "lapor::message";

/// An item that came with a trace.
pub(crate) struct Traced {
    trace: Trace,
    envelope: EnvelopeId,
    state: &'static str,
}

impl Traced {
    /// `None` for an item without one.
    pub fn of(row: &InboxRow, envelope: EnvelopeId, state: &'static str) -> Option<Self> {
        let trace = row.trace.as_deref()?.parse().ok()?;
        Some(Self {
            trace,
            envelope,
            state,
        })
    }
}

/// What was taken in, one line each.
pub(crate) fn tell_taken_in(items: &[Traced]) {
    for item in items {
        let (envelope, state) = (item.envelope, item.state);
        item.trace.span().in_scope(|| {
            tracing::info!(target: TARGET, %envelope, state, "a message was taken in");
        });
    }
}

/// What is durable at the hub, one line each.
pub(super) fn tell_sent<'a>(sent: impl Iterator<Item = (&'a str, &'a [u8])>) {
    for (trace, envelope) in sent {
        let (Ok(trace), envelope) = (trace.parse::<Trace>(), hex::encode(envelope)) else {
            continue;
        };
        trace.span().in_scope(|| {
            tracing::debug!(target: TARGET, envelope, "a message is durable at the hub");
        });
    }
}
