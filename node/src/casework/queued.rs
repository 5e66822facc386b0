//! What an act puts into the queue: its draft, and who then needs the key of the case to read it.

use lapor_migrations::Tx;
use lapor_protocol::case::{Case, Order, apply};
use lapor_protocol::directory::DirectoryAt;
use lapor_protocol::ids::{CaseId, InstanceId, MessageId};
use lapor_protocol::kinds::Body;
use lapor_protocol::message::Draft;
use lapor_protocol::seal::Subject;
use lapor_web::trace::Trace;

use super::compose::Newcomer;
use crate::error::NodeError;
use crate::feed;
use crate::store;
use crate::store::outbox::NewRow;

/// Stores drafts with the wraps that their sending needs, in this order, as
/// part of the work that is being done.
pub(crate) async fn store_drafts(
    tx: &mut Tx,
    drafts: &[(&Draft, &[Newcomer])],
) -> Result<(), NodeError> {
    let trace = Trace::here();
    let drafts = drafts
        .iter()
        .map(|(draft, newcomers)| (*draft, *newcomers, &trace));
    store_traced(tx, drafts).await
}

/// Stores drafts of several pieces of work, in this order.
pub(super) async fn store_traced<'a>(
    tx: &mut Tx,
    drafts: impl Iterator<Item = (&'a Draft, &'a [Newcomer], &'a Trace)>,
) -> Result<(), NodeError> {
    let mut written = Vec::new();
    for (draft, newcomers, trace) in drafts {
        written.push((
            draft,
            draft.id.to_string(),
            draft.case.map(|case| case.to_string()),
            draft.body.other_case().map(|case| case.to_string()),
            serde_json::to_string(draft).map_err(NodeError::damaged)?,
            serde_json::to_string(newcomers).map_err(NodeError::damaged)?,
            trace.to_string(),
        ));
    }
    let rows: Vec<_> = written
        .iter()
        .map(|(draft, id, case, other, text, newcomers, trace)| NewRow {
            message_id: id,
            case_id: case.as_deref(),
            other_case: other.as_deref(),
            kind: &draft.kind,
            draft: text,
            newcomers,
            created_at: draft.created_at,
            trace,
        })
        .collect();
    feed::note(tx, &feed::of_own(&rows)).await?;
    Ok(store::outbox::add(tx, &rows).await?)
}

/// Everyone whom the act makes a party, with the key they need. The origin
/// gives the key of its report to itself as well: it lies at the hub, sealed,
/// for a node that is restored from a backup made before the report.
pub(crate) fn newcomers(
    draft: &Draft,
    case: Option<&Case>,
    other: Option<&Case>,
    me: &InstanceId,
    world: DirectoryAt<'_>,
) -> Vec<Newcomer> {
    let Some(id) = draft.case else {
        return Vec::new();
    };
    let message = draft.provisional(me);
    let born = draft.body.creates(&message.header) == Some(id);
    let mut out = Vec::new();
    let mut gain = |id: CaseId, before: Option<&Case>| {
        let order = Order {
            case: id,
            case_seq: 0,
            ordered_at: draft.created_at,
        };
        let Some(after) = apply(&message, &draft.body, order, before.cloned(), world) else {
            return;
        };
        let former = before.map(|case| case.parties(world)).unwrap_or_default();
        for recipient in after
            .parties(world)
            .difference(&former)
            .filter(|party| *party != me || born)
        {
            out.push(Newcomer {
                subject: Subject::Case(id).to_string(),
                recipient: recipient.clone(),
            });
        }
    };
    if case.is_some() || draft.body.creates(&message.header).is_some() {
        gain(id, case);
    }
    if let (Body::CaseLinked(link), Some(target)) = (&draft.body, other) {
        gain(link.target_case, Some(target));
    }
    out.extend(told_identity(draft.id, &draft.body));
    out
}

/// Whom a message tells an identity, which has a key of its own.
pub(crate) fn told_identity(id: MessageId, body: &Body) -> Option<Newcomer> {
    let Body::IdentityDisclosed(disclosed) = body else {
        return None;
    };
    Some(Newcomer {
        subject: Subject::Identity(id).to_string(),
        recipient: disclosed.requester.clone(),
    })
}
