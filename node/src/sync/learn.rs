//! What an applied message brings beside its effect: the case's key, its
//! ticket, attachments to fetch; or that all of it is to be forgotten.

use lapor_migrations::Tx;
use lapor_protocol::case::Case;
use lapor_protocol::ids::CaseId;
use lapor_protocol::kinds::Body;
use lapor_protocol::message::Message;
use lapor_protocol::seal::{ContentKey, Context, Subject, Wrap, open_words};

use super::apply::Batch;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::blobs::BlobRow;
use crate::store::inbox::InboxRow;

/// Keys, tickets, attachments and erasure that come with an applied message.
pub(super) async fn learn(
    batch: &mut Batch<'_>,
    tx: &mut Tx,
    node: &Node,
    row: &InboxRow,
    message: &Message,
    case: &Case,
) -> Result<(), NodeError> {
    let id = case.id;
    if matches!(message.body, Ok(Body::CaseSplit(_))) && case.origin == *batch.me {
        batch.halves.insert(id);
    }
    let wraps: Vec<Wrap> = match &row.wraps {
        Some(text) => store::read(serde_json::from_str(text))?,
        None => Vec::new(),
    };
    if matches!(message.body, Ok(Body::CaseRedacted(_))) {
        return Box::pin(forget(batch, tx, node, message, id, Some(case))).await;
    }
    if case.redacted || is_erased(batch, id) {
        return erase(batch, tx, id).await;
    }
    if !batch.cases.get(&id).is_some_and(|working| working.keyed) {
        let held = learn_key(tx, node, &wraps, case, message).await?;
        if let Some(working) = batch.cases.get_mut(&id) {
            working.keyed = held;
        }
    }
    if let Ok(Body::IdentityDisclosed(disclosed)) = &message.body
        && disclosed.requester == *batch.me
    {
        let subject = Subject::Identity(message.header.id);
        if let Some(key) = unwrap(node, &wraps, subject, &disclosed.commitment)? {
            store::secrets::add_content_key(
                tx,
                &subject.to_string(),
                &id.to_string(),
                key.as_bytes(),
            )
            .await?;
        }
    }
    // Of own messages nothing is new, unless a backup lacked them.
    announce_blobs(tx, id, message).await?;
    learn_ticket(batch, tx, message, id).await
}

/// Whether the case's content key is held, now if not before.
async fn learn_key(
    tx: &mut Tx,
    node: &Node,
    wraps: &[Wrap],
    case: &Case,
    message: &Message,
) -> Result<bool, NodeError> {
    let subject = Subject::Case(case.id);
    let name = subject.to_string();
    if store::secrets::content_key(tx, &name).await?.is_some() {
        return Ok(true);
    }
    let Some(key) = find_key(tx, node, wraps, subject, case, message).await? else {
        return Ok(false);
    };
    store::secrets::add_content_key(tx, &name, &case.id.to_string(), key.as_bytes()).await?;
    Ok(true)
}

/// The case's content key from a wrap, or from the parent's key for a split.
pub(super) async fn find_key(
    tx: &mut Tx,
    node: &Node,
    wraps: &[Wrap],
    subject: Subject,
    case: &Case,
    message: &Message,
) -> Result<Option<ContentKey>, NodeError> {
    if let Some(key) = unwrap(node, wraps, subject, &case.commitment)? {
        return Ok(Some(key));
    }
    let (Ok(Body::CaseSplit(split)), Some(parent)) = (&message.body, message.header.case) else {
        return Ok(None);
    };
    let held = store::secrets::content_key(tx, &Subject::Case(parent).to_string()).await?;
    let Some(held) = held.filter(|_| split.child == case.id) else {
        return Ok(None);
    };
    let parent_key = store::read(ContentKey::from_bytes(&held))?;
    let header = &message.header;
    let context = Context {
        kind: &header.kind,
        id: header.id,
        case: parent,
        author: &header.author,
    };
    let opened = open_words(&parent_key, context, &split.child_key).ok();
    let key = opened.and_then(|bytes| ContentKey::from_bytes(&bytes).ok());
    Ok(key.filter(|key| key.commitment() == case.commitment))
}

/// A key from the first wrap that is for one of our sealing keys and opens.
pub(super) fn unwrap(
    node: &Node,
    wraps: &[Wrap],
    subject: Subject,
    commitment: &lapor_protocol::ids::Digest,
) -> Result<Option<ContentKey>, NodeError> {
    let (me, keys) = (node.instance()?, node.keys()?);
    Ok(wraps
        .iter()
        .filter(|wrap| wrap.recipient == *me)
        .find_map(|wrap| {
            keys.opener(&wrap.kid)
                .and_then(|opener| opener.unwrap(wrap, subject, commitment).ok())
        }))
}

async fn learn_ticket(
    batch: &mut Batch<'_>,
    tx: &mut Tx,
    message: &Message,
    id: CaseId,
) -> Result<(), NodeError> {
    let Ok(Body::ReportFiled(_)) = &message.body else {
        return Ok(());
    };
    let known = batch.cases.get(&id).and_then(|w| w.row.ticket.as_ref());
    if known.is_some() {
        return Ok(());
    }
    let ticket = ticket_of(tx, message, id).await?;
    if let (Some(ticket), Some(working)) = (ticket, batch.cases.get_mut(&id)) {
        working.row.ticket.get_or_insert(ticket);
    }
    Ok(())
}

/// The ticket in the words of a filing, if it is well formed and this node
/// holds the key.
pub(super) async fn ticket_of(
    tx: &mut Tx,
    message: &Message,
    id: CaseId,
) -> Result<Option<String>, NodeError> {
    let held = store::secrets::content_key(tx, &Subject::Case(id).to_string()).await?;
    let (Some(held), Some(sealed), Some(context)) = (held, &message.sealed, message.seal_context())
    else {
        return Ok(None);
    };
    let key = store::read(ContentKey::from_bytes(&held))?;
    let words = open_words(&key, context, sealed).ok();
    let words: Option<lapor_protocol::kinds::report_filed::Words> =
        words.and_then(|words| serde_json::from_slice(&words).ok());
    let ticket = words
        .and_then(|words| words.ticket)
        .and_then(|text| crate::casework::ticket::parse(&text));
    // Tickets are random; one that is taken is another filer's mischief.
    match ticket {
        Some(ticket) if store::cases::by_ticket(tx, &ticket).await?.is_none() => Ok(Some(ticket)),
        _ => Ok(None),
    }
}

async fn announce_blobs(tx: &mut Tx, id: CaseId, message: &Message) -> Result<(), NodeError> {
    for attachment in &message.attachments {
        let row = BlobRow {
            sha256: attachment.sha256.as_bytes().to_vec(),
            case_id: id.to_string(),
            message_id: message.header.id.to_string(),
            size: attachment.size as i64,
            media_type: attachment.media_type.clone(),
            state: "to_fetch".into(),
            progress: 0,
        };
        store::blobs::add(tx, &row).await?;
    }
    Ok(())
}

/// Tells the reporter while they can be reached still. What is wrong with a letter keeps nothing from
/// being erased.
async fn tell_redaction(
    tx: &mut Tx,
    node: &Node,
    message: &Message,
    case: &Case,
) -> Result<(), NodeError> {
    match node.tell_redaction(tx, case, message.header.id).await {
        Err(error @ NodeError::Database(_)) => Err(error),
        Err(error) => {
            tracing::warn!(%error, case = %case.id, "a reporter is not told of an erasure");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

/// Executes an erasure, from its message alone: also where it stands behind messages of the case
/// that have not come, or never will. One that comes again in its turn tells nobody twice.
pub(super) async fn forget(
    batch: &mut Batch<'_>,
    tx: &mut Tx,
    node: &Node,
    message: &Message,
    id: CaseId,
    case: Option<&Case>,
) -> Result<(), NodeError> {
    let told = message.header.author == *batch.me || is_erased(batch, id);
    if let Some(case) = case.filter(|_| !told) {
        tell_redaction(tx, node, message, case).await?;
    }
    // Once, so that it takes away what was gathered before and not what tells of the erasure.
    if !is_erased(batch, id) {
        Box::pin(node.unsay_on_channels(tx, id)).await?;
    }
    erase(batch, tx, id).await
}

fn is_erased(batch: &Batch<'_>, id: CaseId) -> bool {
    let working = batch.cases.get(&id);
    working.is_some_and(|working| working.row.erased != 0)
}

async fn erase(batch: &mut Batch<'_>, tx: &mut Tx, id: CaseId) -> Result<(), NodeError> {
    let text = id.to_string();
    tx.overwrite(true).await?;
    store::secrets::erase(tx, &text).await?;
    store::consents::forget_reasons(tx, &text).await?;
    store::drafts::forget(tx, &text).await?;
    store::keys_due::forget(tx, &text).await?;
    store::texts::forget(tx, &text).await?;
    store::instructions::forget(tx, &text).await?;
    store::blobs::erase(tx, &text).await?;
    tx.overwrite(false).await?;
    if let Some(working) = batch.cases.get_mut(&id) {
        working.row.erased = 1;
        working.row.glance.forget();
    }
    Ok(())
}
