//! What an instance receives: pages of its inbox and of the public stream,
//! built from the exact bytes that were stored, and its acknowledgements.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use lapor_migrations::Tx;
use lapor_protocol::delivery::{Cursor, StreamHead};
use lapor_protocol::dsse::{Envelope, EnvelopeError};
use lapor_protocol::ids::{CaseId, Digest, EnvelopeId, InstanceId};
use lapor_protocol::keys::Verifier;
use lapor_protocol::limits::PAGE_ITEMS;
use lapor_protocol::problem::Code;
use lapor_protocol::receipt::{Ack, ReceiptError, Stream};
use lapor_protocol::wire::NDJSON;
use serde::Deserialize;

use super::held::holding;
use super::{Peer, body};
use crate::app::Hub;
use crate::damage;
use crate::error::{HubError, Refusal};
use crate::replicas;
use crate::store;
use crate::store::deliveries::PageRow;
use crate::store::wraps::StoredWrap;
use crate::streams::StreamKey;

/// A page ends when it has more than this.
const PAGE_BYTES: usize = 4 << 20;
/// From so many bytes on, the messages of a page are hashed where nobody waits.
const ASIDE_BYTES: usize = 256 << 10;

/// `GET /inbox` and `GET /public`.
#[derive(Debug, Deserialize)]
pub struct PageQuery {
    after: Option<String>,
    limit: Option<usize>,
    #[serde(default)]
    wait: u64,
}

pub async fn inbox(
    State(hub): State<Arc<Hub>>,
    Peer(peer): Peer,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<Response, HubError> {
    hub.contacts.note_fetch(&peer);
    let key = StreamKey::Inbox(peer.clone());
    page(&hub, &peer, &key, body::query(query)?).await
}

pub async fn public(
    State(hub): State<Arc<Hub>>,
    Peer(peer): Peer,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<Response, HubError> {
    page(&hub, &peer, &StreamKey::Public, body::query(query)?).await
}

/// `POST /inbox/ack`: a stale one changes nothing. Of what it says is not signed, the disk of this hub
/// may be the cause.
pub async fn acknowledge(
    State(hub): State<Arc<Hub>>,
    Peer(peer): Peer,
    headers: HeaderMap,
    sent: Body,
) -> Result<StatusCode, HubError> {
    let seconds = hub.settings().limits.body_seconds;
    let envelope: Envelope = body::json(&headers, sent, seconds).await?;
    let ack = open_ack(&hub, &peer, &envelope).await?;
    let key = match ack.stream {
        Stream::Inbox => StreamKey::Inbox(peer.clone()),
        Stream::Public => StreamKey::Public,
    };
    let at = Cursor {
        depoch: ack.depoch,
        dseq: ack.accepted,
        hash: ack.head,
    };
    let mut tx = hub.ground.db.write().await?;
    locate(&hub, &mut tx, &key, at).await?;
    let progress = store::acks::reached(&mut tx, &ack.recipient, ack.stream).await?;
    let risen = progress.is_none_or(|at| {
        ack.depoch > at.depoch
            || (ack.depoch == at.depoch && ack.accepted >= at.accepted && ack.settled >= at.settled)
    });
    if risen {
        store::acks::save(&mut tx, &ack, &envelope.to_line(), hub.now_ms()).await?;
        tx.commit().await?;
        if damage::look_again(&hub.ground, &key, &ack).await {
            hub.witness.stir();
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn page(
    hub: &Hub,
    peer: &InstanceId,
    key: &StreamKey,
    query: PageQuery,
) -> Result<Response, HubError> {
    let after = match &query.after {
        None => hub.streams.start(),
        Some(text) => text
            .parse()
            .map_err(|_| HubError::from(Code::CursorMalformed))?,
    };
    let mut grown = hub.streams.watch(key);
    // A cursor that stands at the head needs no query and no page yet.
    if *grown.borrow_and_update() == after {
        let event = async { grown.changed().await.unwrap_or(()) };
        hub.wait_for(peer, query.wait, event).await?;
    }
    // Boxed, so that a request that waits does not hold the room for its page.
    Box::pin(answer(hub, peer, key, after, query.limit)).await
}

/// The page after a cursor as it is now.
async fn answer(
    hub: &Hub,
    peer: &InstanceId,
    key: &StreamKey,
    after: Cursor,
    limit: Option<usize>,
) -> Result<Response, HubError> {
    let limit = limit.unwrap_or(PAGE_ITEMS).clamp(1, PAGE_ITEMS);
    let mut place = None;
    let (rows, wraps) = if hub.streams.head(key) == after {
        (Vec::new(), Vec::new())
    } else {
        place = Some(hub.admission.answers.take(peer.clone())?);
        let mut tx = hub.ground.db.read().await?;
        locate(hub, &mut tx, key, after).await?;
        let rows = store::deliveries::page(&mut tx, key, after, limit, PAGE_BYTES).await?;
        let cases: BTreeSet<CaseId> = rows.iter().filter_map(|row| row.case).collect();
        let wraps = store::wraps::of_cases(&mut tx, peer, cases).await?;
        (rows, wraps)
    };
    // What stands before it is told; the stream goes on once it is whole again.
    let (rows, damaged) = checked(rows).await?;
    if let Some(id) = damaged {
        if damage::note(&hub.ground, id).await {
            hub.witness.stir();
        }
        if rows.is_empty() {
            return Err(HubError::Message(id));
        }
    }
    let last = rows.last().map_or(after, |row| Cursor {
        depoch: after.depoch,
        dseq: after.dseq + rows.len() as u64,
        hash: Digest::of(row.item.as_bytes()),
    });
    let head = sign_head(hub, key, last);
    let text = write_page(&rows, &wraps, &head);
    let response = ([(CONTENT_TYPE, NDJSON)], text).into_response();
    Ok(holding(response, place))
}

/// A page up to the first message whose bytes are others than were taken in, and the id of that.
async fn checked(rows: Vec<PageRow>) -> Result<(Vec<PageRow>, Option<EnvelopeId>), HubError> {
    let lines = rows.iter().filter_map(|row| row.line.as_ref());
    if lines.map(String::len).sum::<usize>() < ASIDE_BYTES {
        return Ok(up_to_damage(rows));
    }
    let checking = tokio::task::spawn_blocking(move || up_to_damage(rows));
    checking.await.map_err(|_| HubError::Aborted)
}

fn up_to_damage(mut rows: Vec<PageRow>) -> (Vec<PageRow>, Option<EnvelopeId>) {
    let first = rows.iter().enumerate().find_map(|(at, row)| {
        let (id, line) = (row.id?, row.line.as_ref()?);
        (!damage::is_whole(line, id)).then_some((at, id))
    });
    if let Some((at, _)) = first {
        rows.truncate(at);
    }
    (rows, first.map(|(_, id)| id))
}

/// Whether a cursor is of this stream, and not beyond it.
async fn locate(hub: &Hub, tx: &mut Tx, key: &StreamKey, at: Cursor) -> Result<(), HubError> {
    let mut head = hub.streams.head(key);
    if (head.depoch, head.dseq) < (at.depoch, at.dseq) {
        // Another process of this hub may have ordered what this one has not heard of.
        let moment = store::state::moment(tx).await?;
        replicas::catch_up(hub, tx, &moment).await?;
        head = hub.streams.head(key);
    }
    let mismatch = || Refusal::of(Code::CursorMismatch).expecting(head.to_string());
    if at.depoch != head.depoch {
        return Err(mismatch().into());
    }
    if at.dseq > head.dseq {
        let ahead = Refusal::of(Code::CursorAhead).expecting(head.to_string());
        return Err(ahead.into());
    }
    let hash = match at.dseq {
        0 => Digest::ZERO,
        dseq if dseq == head.dseq => head.hash,
        dseq => {
            let item = store::deliveries::item(tx, key, at.depoch, dseq).await?;
            let item = item.ok_or_else(|| HubError::damaged("a stream has a hole"))?;
            Digest::of(item.as_bytes())
        }
    };
    if hash == at.hash {
        Ok(())
    } else {
        Err(mismatch().into())
    }
}

fn sign_head(hub: &Hub, key: &StreamKey, at: Cursor) -> String {
    let (recipient, stream) = match key {
        StreamKey::Inbox(recipient) => (Some(recipient.clone()), Stream::Inbox),
        StreamKey::Public => (None, Stream::Public),
    };
    let head = StreamHead {
        recipient,
        stream,
        depoch: at.depoch,
        dseq: at.dseq,
        hash: at.hash,
        at: hub.now_ms(),
    };
    head.sign(&hub.ground.signer()).to_line()
}

/// One line an item, then the head. A case's wraps stand beside its first
/// item of the page, and beside the message with which they came.
fn write_page(rows: &[PageRow], wraps: &[StoredWrap], head: &str) -> String {
    let size = |row: &PageRow| row.item.len() + row.line.as_ref().map_or(0, String::len) + 64;
    let mut page = String::with_capacity(rows.iter().map(size).sum::<usize>() + head.len() + 16);
    let mut begun: BTreeSet<CaseId> = BTreeSet::new();
    for row in rows {
        page.push_str("{\"item\":");
        page.push_str(&row.item);
        if let Some(line) = &row.line {
            page.push_str(",\"envelope\":");
            page.push_str(line);
        }
        let first = row.case.is_some_and(|case| begun.insert(case));
        let beside: Vec<&str> = wraps
            .iter()
            .filter(|wrap| Some(wrap.case) == row.case)
            .filter(|wrap| {
                wrap.number == Some(row.number) || (first && wrap.subject.starts_with("case:"))
            })
            .map(|wrap| wrap.wrap.as_str())
            .collect();
        if !beside.is_empty() {
            page.push_str(",\"wraps\":[");
            page.push_str(&beside.join(","));
            page.push(']');
        }
        // A trace holds only hexadecimal digits and hyphens.
        if let Some(trace) = &row.trace {
            page.push_str(",\"trace\":\"");
            page.push_str(trace);
            page.push('"');
        }
        page.push_str("}\n");
    }
    page.push_str("{\"head\":");
    page.push_str(head);
    page.push_str("}\n");
    page
}

/// Verifies an acknowledgement under a signing key that is valid now: at the
/// head of the signer's chain, or next after it.
async fn open_ack(hub: &Hub, peer: &InstanceId, envelope: &Envelope) -> Result<Ack, HubError> {
    let mut tx = hub.ground.db.read().await?;
    let chain = store::chains::one(&mut tx, peer).await?;
    tx.rollback().await?;
    let chain = chain.ok_or_else(|| HubError::damaged("an active instance has no chain"))?;
    let directory = hub.ground.directory.current();
    let key = directory.latest().instance(peer).and_then(|entry| {
        let at = |position| entry.signing_key(&envelope.kid, position);
        at(chain.head.next()).or_else(|| at(chain.head.position()))
    });
    let key = key.ok_or(Code::KeyUnknown)?;
    let key = Verifier::from_jwk(&key.jwk).map_err(HubError::damaged)?;
    let ack = Ack::open(envelope, &key).map_err(|error| {
        let code = match error {
            ReceiptError::Envelope(EnvelopeError::Payload(_)) => Code::MalformedRequest,
            ReceiptError::Envelope(_) => Code::SignatureInvalid,
            _ => Code::MalformedRequest,
        };
        HubError::refused(code, error.to_string())
    })?;
    if ack.recipient == *peer {
        Ok(ack)
    } else {
        Err(Code::AuthorMismatch.into())
    }
}
