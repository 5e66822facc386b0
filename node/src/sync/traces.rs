//! What is told of a message's way, for the log and for a collector of spans:
//! which was taken in and in what state it then was, which is durable at the
//! hub. Told after the commit, and nothing of what it says.

use lapor_protocol::delivery::Item;
use lapor_protocol::ids::{CaseId, EnvelopeId, InstanceId};
use lapor_web::spans::{Passage, Step};
use lapor_web::trace::Trace;
use tracing::Level;

use crate::node::Node;
use crate::store;
use crate::store::inbox::InboxRow;
use crate::store::outbox::OutboxRow;

/// Where these lines stand in the filter of the log.
const TARGET: &str = "lapor::message";

/// An item of which is told once it is durable.
pub(crate) struct Traced {
    /// That it came with, for the log.
    trace: Option<Trace>,
    envelope: EnvelopeId,
    case: Option<CaseId>,
    kind: String,
    /// Unix ms at the hub.
    ordered_at: i64,
    state: &'static str,
}

impl Traced {
    /// `None` for an item without a trace or whose line the log leaves out, where no spans are told
    /// either.
    pub fn of(node: &Node, row: &InboxRow, item: &Item, state: &'static str) -> Option<Self> {
        let is_logged =
            node.settings().log.follows_spans() || tracing::enabled!(target: TARGET, Level::INFO);
        let trace = row.trace.as_deref().filter(|_| is_logged);
        let trace = trace.and_then(|text| text.parse().ok());
        (trace.is_some() || node.spans().are_told()).then(|| Self {
            trace,
            envelope: item.envelope_id,
            case: item.case,
            kind: item.kind.clone(),
            ordered_at: item.ordered_at,
            state,
        })
    }
}

/// What was taken in, one line and one span each.
pub(crate) fn tell_taken_in(node: &Node, items: &[Traced]) {
    let place = node.instance().map_or("", InstanceId::as_str);
    let now = node.clock().now_ms();
    for item in items {
        let (envelope, state) = (item.envelope, item.state);
        if let Some(trace) = &item.trace {
            trace.span().in_scope(|| {
                tracing::info!(target: TARGET, %envelope, state, "a message was taken in");
            });
        }
        node.spans().tell(&Passage {
            step: Step::TakenIn,
            case: item.case,
            envelope: envelope.as_bytes(),
            kind: &item.kind,
            place,
            state: Some(state),
            from: item.ordered_at,
            until: now,
        });
    }
}

/// What is durable at the hub, one line and one span each.
pub(super) fn tell_sent<'a>(
    node: &Node,
    me: &InstanceId,
    sent: impl Iterator<Item = &'a OutboxRow>,
    now: i64,
) {
    // Mostly nobody wants to know, and it is asked for each message of a backlog.
    let is_logged =
        node.settings().log.follows_spans() || tracing::enabled!(target: TARGET, Level::DEBUG);
    if !is_logged && !node.spans().are_told() {
        return;
    }
    for row in sent {
        let Some(bytes) = &row.envelope_id else {
            continue;
        };
        let trace = row.trace.as_deref().filter(|_| is_logged);
        if let Some(trace) = trace.and_then(|text| text.parse::<Trace>().ok()) {
            let envelope = hex::encode(bytes);
            trace.span().in_scope(|| {
                tracing::debug!(target: TARGET, envelope, "a message is durable at the hub");
            });
        }
        let Ok(envelope) = store::digest(bytes) else {
            continue;
        };
        node.spans().tell(&Passage {
            step: Step::Sent,
            case: row.case_id.as_deref().and_then(|case| case.parse().ok()),
            envelope: envelope.as_bytes(),
            kind: &row.kind,
            place: me.as_str(),
            state: None,
            from: row.created_at,
            until: now,
        });
    }
}
