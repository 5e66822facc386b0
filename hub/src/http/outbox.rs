//! What an instance sends: batches of its own chain, and what the hub holds
//! of it.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue};
use lapor_protocol::ids::{CaseId, EnvelopeId, InstanceId, Position};
use lapor_protocol::limits::{BATCH_BYTES, BATCH_ENVELOPES};
use lapor_protocol::problem::Code;
use lapor_protocol::wire::{
    BATCHES_HEADER, BEHIND_HEADER, BOOT_HEADER, NDJSON, OutboxAnswer, OutboxHead,
};
use lapor_web::spans::{Passage, Step};
use lapor_web::trace::Trace;
use serde::Deserialize;
use tracing::Level;

use super::held::holding;
use super::{Peer, body};
use crate::app::Hub;
use crate::damage;
use crate::epochs;
use crate::error::HubError;
use crate::sequencer::{Batch, Boot, Lines, read_batch};
use crate::store;

/// How many batches of the caller may be under way at once.
const BATCHES: HeaderName = HeaderName::from_static(BATCHES_HEADER);
/// Where the line of a message stands in the filter of the log.
const TARGET: &str = "lapor::message";

/// `GET /outbox?epoch=&after=`.
#[derive(Debug, Deserialize)]
pub struct OwnQuery {
    epoch: u32,
    #[serde(default)]
    after: u64,
}

/// `POST /outbox`.
pub async fn accept(
    State(hub): State<Arc<Hub>>,
    Peer(author): Peer,
    headers: HeaderMap,
    sent: Body,
) -> Result<Response, HubError> {
    body::expect_type(&headers, NDJSON)?;
    let boot = boot(&headers)?;
    let behind = behind(&headers)?;
    let turn = hub.admission.batches.take(author.clone(), behind)?;
    let seconds = hub.settings().limits.body_seconds;
    let packed = body::read(sent, BATCH_BYTES, seconds, Code::BatchTooLarge).await?;
    let patience = Duration::from_secs(seconds);
    turn.may_be_measured(patience).await?;
    hub.admission.bytes(&author, packed.len())?;
    let lines = body::unpack(&headers, packed, BATCH_BYTES).await?;
    let lines = Lines::of(lines);
    hub.admission.envelopes(&author, lines.count())?;
    turn.measured();
    let arrived_at = hub.now_ms();
    let mut batch = judged(&hub, &author, &lines).await?;
    // What is in front of it may bring the key.
    let again = batch.ends_at_key().then_some(lines);
    let follows = turn.comes(patience).await?;
    if let Some(lines) = again
        && hub.ground.directory.current().version() != batch.directory
    {
        batch = judged(&hub, &author, &lines).await?;
    }
    if batch.announces_key() {
        epochs::refuse_where_full(&hub.ground.directory.current(), &batch.author)?;
        hub.admission.change(&batch.author)?;
    }
    let is_logged =
        hub.settings().log.follows_spans() || tracing::enabled!(target: TARGET, Level::INFO);
    let traced = traced(&batch, is_logged, hub.spans().are_told());
    let is_whole = batch.is_whole();
    let answered = hub.sequencer.submit(batch, boot, follows)?;
    if is_whole {
        turn.queued();
    }
    let answer = answered.await.inspect_err(|error| {
        if error.code() == Code::BootConflict {
            // Only a start that the hub has answered before sends messages. What had to wait may be of
            // one that has ended meanwhile.
            if !turn.had_front() {
                hub.watch.copies.met(&author, hub.now_ms());
            }
            turned_away(&hub, &author, Code::BootConflict);
        }
    })?;
    turn.passes_on();
    match answer.exceptions.first() {
        Some(exception) => refuse(&hub, &author, exception.code),
        None => hub.watch.refusals.taken(&author, hub.now_ms()),
    }
    tell(&hub, &traced, arrived_at, &answer);
    let most = HeaderValue::from(hub.settings().limits.batches_under_way);
    Ok(([(BATCHES, most)], Json(answer)).into_response())
}

/// Verifies a batch by the directory as it is.
async fn judged(hub: &Hub, author: &InstanceId, lines: &Lines) -> Result<Batch, HubError> {
    let directory = hub.ground.directory.current();
    let batch = read_batch(author.clone(), lines, &directory, &hub.verifiers).await;
    batch.inspect_err(|error| {
        if error.status() < 500 {
            refuse(hub, author, error.code());
        }
    })
}

/// Lets the console show that what an instance sends is not taken, and why.
fn refuse(hub: &Hub, author: &InstanceId, code: Code) {
    hub.watch.refusals.refused(author, hub.now_ms());
    turned_away(hub, author, code);
}

/// A line in the history of its connections.
fn turned_away(hub: &Hub, author: &InstanceId, code: Code) {
    let visits = &hub.connections.visits;
    visits.refused(author, code.as_str(), hub.now_ms());
}

/// A message of which is told once it is durable.
struct Traced {
    at: Position,
    envelope: EnvelopeId,
    case: Option<CaseId>,
    kind: String,
    /// That it came with, for the log.
    trace: Option<Trace>,
}

/// The messages of a batch that came with a trace, unless the log leaves out their lines; all where
/// spans are told.
fn traced(batch: &Batch, is_logged: bool, are_told: bool) -> Vec<Traced> {
    let messages = batch.messages.iter().filter_map(|incoming| {
        let trace = incoming.trace.clone().filter(|_| is_logged);
        let header = &incoming.message.header;
        (are_told || trace.is_some()).then(|| Traced {
            at: header.position(),
            envelope: incoming.id,
            case: header.case,
            kind: header.kind.clone(),
            trace,
        })
    });
    messages.collect()
}

/// Those that are durable now, for the log and the collector.
fn tell(hub: &Hub, traced: &[Traced], arrived_at: i64, answer: &OutboxAnswer) {
    let durable =
        |of: &&Traced| of.at.epoch == answer.head.epoch && of.at.seq <= answer.accepted_through;
    for of in traced.iter().filter(durable) {
        let envelope = of.envelope;
        if let Some(trace) = &of.trace {
            trace.span().in_scope(|| {
                tracing::info!(target: TARGET, %envelope, "a message is in order");
            });
        }
        hub.spans().tell(&Passage {
            step: Step::Ordered,
            case: of.case,
            envelope: envelope.as_bytes(),
            kind: &of.kind,
            place: "hub",
            state: None,
            from: arrived_at,
            until: hub.now_ms(),
        });
    }
}

/// `GET /outbox/head`.
pub async fn head(
    State(hub): State<Arc<Hub>>,
    Peer(author): Peer,
    headers: HeaderMap,
) -> Result<Json<OutboxHead>, HubError> {
    if let Some(boot) = boot(&headers)? {
        check_boot(&hub, &author, &boot).await?;
    }
    let mut tx = hub.ground.db.read().await?;
    let chain = store::chains::one(&mut tx, &author).await?;
    let chain = chain.ok_or_else(|| HubError::damaged("an active instance has no chain"))?;
    Ok(Json(OutboxHead {
        head: chain.head,
        accepted: chain.head.seq,
        archived: 0,
    }))
}

/// `GET /outbox`: the exact lines, for an instance that lost them, up to one that is damaged here.
pub async fn own(
    State(hub): State<Arc<Hub>>,
    Peer(author): Peer,
    query: Result<Query<OwnQuery>, QueryRejection>,
) -> Result<Response, HubError> {
    let OwnQuery { epoch, after } = body::query(query)?;
    let place = hub.admission.answers.take(author.clone())?;
    let mut tx = hub.ground.db.read().await?;
    let most = BATCH_ENVELOPES;
    let lines = store::envelopes::lines(&mut tx, &author, epoch, after, most, BATCH_BYTES);
    let mut lines = lines.await?;
    tx.rollback().await?;
    let is_damaged = |(id, line): &(EnvelopeId, String)| !damage::is_whole(line, *id);
    if let Some(at) = lines.iter().position(is_damaged) {
        let id = lines[at].0;
        lines.truncate(at);
        damage::note(&hub.ground, id).await;
        if lines.is_empty() {
            return Err(HubError::Message(id));
        }
    }
    let size: usize = lines.iter().map(|(_, line)| line.len() + 1).sum();
    let mut answer = String::with_capacity(size);
    for (_, line) in &lines {
        answer.push_str(line);
        answer.push('\n');
    }
    let response = ([(CONTENT_TYPE, NDJSON)], answer).into_response();
    Ok(holding(response, place))
}

/// Which start of its node a request says that it comes from.
pub fn boot(headers: &HeaderMap) -> Result<Option<Boot>, HubError> {
    let Some(value) = headers.get(BOOT_HEADER) else {
        return Ok(None);
    };
    let boot = value.to_str().ok().and_then(Boot::parse);
    boot.map(Some).ok_or_else(|| {
        let detail = "Lapor-Boot is `new, previous`, each of 32 hexadecimal digits";
        HubError::refused(Code::MalformedRequest, detail)
    })
}

/// Behind which message a batch is sent whose sender has no answer to the one in front of it.
pub(super) fn behind(headers: &HeaderMap) -> Result<Option<Position>, HubError> {
    let mut named = headers.get_all(BEHIND_HEADER).iter();
    let Some(value) = named.next() else {
        return Ok(None);
    };
    let place = value.to_str().ok().and_then(|text| {
        let (epoch, seq) = text.split_once('.')?;
        let place = Position {
            epoch: epoch.parse().ok()?,
            seq: seq.parse().ok()?,
        };
        (place.to_string() == text).then_some(place)
    });
    let place = place.filter(|_| named.next().is_none());
    place.map(Some).ok_or_else(|| {
        let detail = "Lapor-Behind is `EPOCH.SEQ`, one place of the chain";
        HubError::refused(Code::MalformedRequest, detail)
    })
}

/// Takes over a boot at the first comparison of heads, before anything is sealed.
async fn check_boot(hub: &Hub, author: &InstanceId, boot: &Boot) -> Result<(), HubError> {
    let mut tx = hub.ground.db.write().await?;
    let chain = store::chains::one(&mut tx, author).await?;
    let mut chain = chain.ok_or_else(|| HubError::damaged("an active instance has no chain"))?;
    if chain.boot.as_deref() == Some(&boot.new) {
        return Ok(());
    }
    let taken = boot.take_over(&mut chain);
    taken.inspect_err(|_| turned_away(hub, author, Code::BootConflict))?;
    store::chains::save(&mut tx, [&chain]).await?;
    Ok(tx.commit().await?)
}
