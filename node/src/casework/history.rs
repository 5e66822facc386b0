//! What has been said of a case, one entry for each message, with the words that this node can open.
//!
//! Bytes that a disk has damaged are never taken for what somebody has said.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Display;

use lapor_migrations::Tx;
use lapor_protocol::delivery::Item;
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::{CaseId, EnvelopeId, InstanceId, MessageId};
use lapor_protocol::kinds::Body;
use lapor_protocol::message::{Draft, Message};
use lapor_protocol::seal::{ContentKey, Context, Subject, open_words};
use serde_json::Value;

use super::HistoryEntry;
use super::act::content_key;
use super::glance::begins;
use crate::damage;
use crate::error::NodeError;
use crate::personal;
use crate::store;

impl HistoryEntry {
    /// Hides personal numbers that somebody typed into the words.
    pub(crate) fn mask(&mut self) {
        if let Some(words) = &mut self.words {
            change_texts(words, personal::mask);
        }
    }
}

fn change_texts(value: &mut Value, change: fn(&str) -> Cow<'_, str>) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(changed) = change(text) {
                *text = changed;
            }
        }
        Value::Array(all) => {
            for one in all {
                change_texts(one, change);
            }
        }
        Value::Object(all) => {
            for one in all.values_mut() {
                change_texts(one, change);
            }
        }
        _ => {}
    }
}

/// A text as both databases can keep it. Words may hold a zero, which PostgreSQL has in no text: a message
/// with one could be kept by no institution that uses it.
pub(super) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Ruled messages in the order of the case, then own pending ones.
pub(crate) async fn history(
    tx: &mut Tx,
    id: CaseId,
    me: &InstanceId,
    pending: &[Draft],
) -> Result<Vec<HistoryEntry>, NodeError> {
    entries(tx, id, me, pending, |_| true).await
}

/// The same without what has come and waits to be applied.
pub(super) async fn applied_history(
    tx: &mut Tx,
    id: CaseId,
    me: &InstanceId,
    pending: &[Draft],
) -> Result<Vec<HistoryEntry>, NodeError> {
    entries(tx, id, me, pending, |state| state == "applied").await
}

/// The messages with which cases begin, as far as this node may show them; a case whose own has not
/// come is left out.
pub(super) async fn births(
    tx: &mut Tx,
    cases: &[CaseId],
    me: &InstanceId,
) -> Result<BTreeMap<CaseId, HistoryEntry>, NodeError> {
    let subject = |case: CaseId| Subject::Case(case).to_string();
    let subjects: Vec<String> = cases.iter().map(|case| subject(*case)).collect();
    let keys = store::secrets::content_keys(tx, &subjects).await?;
    let keys: BTreeMap<String, Vec<u8>> = keys.into_iter().collect();
    let key_of = |case: CaseId| {
        let key = keys.get(&subject(case));
        key.map(|key| store::read(ContentKey::from_bytes(key)))
            .transpose()
    };
    let mut found: BTreeMap<CaseId, HistoryEntry> = BTreeMap::new();
    let named = cases.iter().map(|case| case.to_string().into()).collect();
    for (case, item, foreign, own) in store::inbox::births(tx, named).await? {
        let case = store::case_id(&case)?;
        if found.contains_key(&case) {
            continue;
        }
        let Some(item) = kept_item(&item, &case) else {
            continue;
        };
        let key = key_of(case)?;
        let entry = ruled_entry(tx, item, foreign.or(own), key.as_ref()).await?;
        if begins(case, &entry) {
            found.insert(case, entry);
        }
    }
    let unruled = cases.iter().filter(|case| !found.contains_key(*case));
    let unruled = unruled.map(|case| case.to_string().into()).collect();
    for (case, draft) in store::unruled::births(tx, unruled).await? {
        let case = store::case_id(&case)?;
        if found.contains_key(&case) {
            continue;
        }
        // One that is damaged is set aside before it is sealed.
        let Ok(draft) = serde_json::from_str::<Draft>(&draft) else {
            continue;
        };
        let key = key_of(case)?;
        let entry = pending_entry(tx, &draft, me, key.as_ref()).await?;
        if begins(case, &entry) {
            found.insert(case, entry);
        }
    }
    found.values_mut().for_each(HistoryEntry::mask);
    Ok(found)
}

async fn entries(
    tx: &mut Tx,
    id: CaseId,
    me: &InstanceId,
    pending: &[Draft],
    wanted: impl Fn(&str) -> bool,
) -> Result<Vec<HistoryEntry>, NodeError> {
    let key = content_key(tx, id).await?;
    let mut out = Vec::new();
    for (item, foreign, own, state) in store::inbox::history(tx, &id.to_string()).await? {
        let item = Some(item).filter(|_| wanted(&state));
        if let Some(item) = item.and_then(|item| kept_item(&item, &id)) {
            out.push(ruled_entry(tx, item, foreign.or(own), key.as_ref()).await?);
        }
    }
    for draft in pending {
        // One that has its ruling, and waits to be applied, has been said.
        if !out.iter().any(|entry| entry.message == Some(draft.id)) {
            out.push(pending_entry(tx, draft, me, key.as_ref()).await?);
        }
    }
    Ok(out)
}

/// The requests for identities in the histories of the named cases, by their messages.
pub(super) async fn identity_requests(
    tx: &mut Tx,
    cases: &[String],
) -> Result<BTreeMap<MessageId, HistoryEntry>, NodeError> {
    let subjects: Vec<String> = cases
        .iter()
        .map(|case| subject(case))
        .collect::<Result<_, _>>()?;
    let keys = store::secrets::content_keys(tx, &subjects).await?;
    let keys: BTreeMap<String, Vec<u8>> = keys.into_iter().collect();
    let named = cases.iter().map(|case| case.as_str().into()).collect();
    let mut out = BTreeMap::new();
    for (case, item, foreign, own) in store::inbox::identity_requests(tx, named).await? {
        let Some(item) = kept_item(&item, &case) else {
            continue;
        };
        let key = keys.get(&subject(&case)?);
        let key = key.map(|key| store::read(ContentKey::from_bytes(key)));
        let entry = ruled_entry(tx, item, foreign.or(own), key.transpose()?.as_ref()).await?;
        out.extend(entry.message.map(|message| (message, entry)));
    }
    Ok(out)
}

/// Names the key of a case.
fn subject(case: &str) -> Result<String, NodeError> {
    Ok(Subject::Case(store::case_id(case)?).to_string())
}

/// An item as it was taken in; `None` where it is damaged, for which its case waits.
fn kept_item(item: &str, case: &impl Display) -> Option<Item> {
    let read = serde_json::from_str(item);
    read.inspect_err(|_| damage::tell("inbox", &case.to_string()))
        .ok()
}

async fn ruled_entry(
    tx: &mut Tx,
    item: Item,
    line: Option<String>,
    key: Option<&ContentKey>,
) -> Result<HistoryEntry, NodeError> {
    // Damaged bytes are shown as what is not here; the case waits for a person because of them.
    let message = line.and_then(|line| kept_message(&line, item.envelope_id));
    let words = match &message {
        Some(message) => words_of(tx, message, key).await?,
        None => None,
    };
    Ok(HistoryEntry {
        case_seq: item.case_seq,
        message: message.as_ref().map(|m| m.header.id),
        kind: item.kind,
        author: message.as_ref().map(|m| m.header.author.clone()),
        effect: Some(item.ruling.effect),
        reason: item.ruling.reason,
        at: item.ordered_at,
        arrived: Some((item.depoch, item.dseq)),
        body: message
            .as_ref()
            .and_then(|m| m.body.as_ref().ok())
            .map(body_value)
            .transpose()?,
        words,
        withheld: item.withheld,
        attachments: message.map(|m| m.attachments).unwrap_or_default(),
    })
}

/// An own message that waits for its ruling.
pub(super) async fn pending_entry(
    tx: &mut Tx,
    draft: &Draft,
    me: &InstanceId,
    key: Option<&ContentKey>,
) -> Result<HistoryEntry, NodeError> {
    let words = words_of(tx, &draft.provisional(me), key).await?;
    Ok(HistoryEntry {
        case_seq: None,
        message: Some(draft.id),
        kind: draft.kind.clone(),
        author: Some(me.clone()),
        effect: None,
        reason: None,
        at: draft.created_at,
        arrived: None,
        body: Some(body_value(&draft.body)?),
        words,
        withheld: None,
        attachments: draft.attachments.clone(),
    })
}

fn body_value(body: &Body) -> Result<Value, NodeError> {
    store::read(serde_json::to_value(body))
}

pub(crate) fn read_message(line: &str) -> Result<Message, NodeError> {
    let envelope = store::read(Envelope::parse(line.as_bytes()))?;
    store::read(Message::parse(&envelope.payload))
}

/// The message of a line that was kept under an envelope's id; `None` where its bytes are others by
/// now, which must never be taken for what somebody has said.
pub(crate) fn kept_message(line: &str, id: EnvelopeId) -> Option<Message> {
    let envelope = Envelope::parse(line.as_bytes()).ok()?;
    if envelope.id() != id {
        return None;
    }
    Message::parse(&envelope.payload).ok()
}

/// The words of a message, if this node can open them.
async fn words_of(
    tx: &mut Tx,
    message: &Message,
    case_key: Option<&ContentKey>,
) -> Result<Option<Value>, NodeError> {
    let (Some(sealed), Some(context)) = (&message.sealed, message.seal_context()) else {
        return Ok(None);
    };
    let own_key = key_beside(tx, message, context).await?;
    let Some(key) = own_key.as_ref().or(case_key) else {
        return Ok(None);
    };
    let Ok(words) = open_words(key, context, sealed) else {
        return Ok(None);
    };
    let mut words: Option<Value> = serde_json::from_slice(&words).ok();
    if let Some(words) = &mut words {
        change_texts(words, storable);
    }
    Ok(words)
}

/// The key of words that are not sealed under the case at hand: a split's
/// child, a disclosed identity.
async fn key_beside(
    tx: &mut Tx,
    message: &Message,
    context: Context<'_>,
) -> Result<Option<ContentKey>, NodeError> {
    match &message.body {
        Ok(Body::CaseSplit(_)) => content_key(tx, context.case).await,
        // Identities are opened by `Node::identity` only, which logs it.
        _ => Ok(None),
    }
}

/// The title as last edited, or as filed. A split says the child's title, in
/// the parent too.
pub(crate) fn title_of(case: CaseId, history: &[HistoryEntry]) -> Option<String> {
    let child = |entry: &HistoryEntry| {
        let body = entry.body.as_ref();
        body.and_then(|body| body.get("child")?.as_str()?.parse().ok()) == Some(case)
    };
    let counts = |entry: &&HistoryEntry| {
        entry
            .effect
            .is_none_or(|effect| effect.as_str() == "applied")
    };
    history
        .iter()
        .filter(counts)
        .filter(|entry| {
            let kind = entry.kind.as_str();
            matches!(kind, "report.filed" | "case.verified")
                || (kind == "case.split" && child(entry))
        })
        .filter_map(|entry| {
            entry
                .words
                .as_ref()?
                .get("title")?
                .as_str()
                .map(str::to_owned)
        })
        .next_back()
}
