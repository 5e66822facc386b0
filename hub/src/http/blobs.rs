//! Attachments: uploaded in pieces by the author once the message is accepted,
//! fetched by those who were sent the message. To everyone else there is none.
//! Pictures of a programme come the same way and are for every institution.
//!
//! To announce a digest gives nobody the bytes: an announcement counts once its
//! author has brought all of them, whoever else has brought the same before.

use std::io::SeekFrom;
use std::pin::pin;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, RANGE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use lapor_protocol::ids::{Digest, InstanceId};
use lapor_protocol::problem::Code;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;

use super::envelopes::may_read_in_any;
use super::held::holding;
use super::{Peer, body};
use crate::app::Hub;
use crate::blobs::{self, Held};
use crate::error::{HubError, Refusal};
use crate::store;
use crate::store::blobs::{Announced, Claim, Owner};

/// How many bytes of a blob the hub has.
const RECEIVED: HeaderName = HeaderName::from_static("lapor-received");
/// Bytes read from the disk at a time.
const PIECE: usize = 64 * 1024;
const OCTETS: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// What a reader asks for, both ends included.
enum Wanted {
    Whole,
    Part(u64, u64),
    /// Nothing that is here.
    Beyond,
}

/// `PUT /blobs/{sha256}`, with `Content-Range: bytes FROM-TO/TOTAL` in pieces,
/// without it the whole. 201 when the blob is complete, 202 before.
pub async fn receive(
    State(hub): State<Arc<Hub>>,
    Peer(author): Peer,
    Path(sha256): Path<String>,
    headers: HeaderMap,
    sent: Body,
) -> Result<Response, HubError> {
    let sha256: Digest = body::id(&sha256, Code::BlobUnknown)?;
    let _place = hub.admission.uploads.take((author.clone(), sha256))?;
    let own = own(&hub, sha256, &author).await?;
    let total = own.blob.size;
    let folder = &hub.settings().storage.blobs;
    let Held::Part(here) = held(&hub, &own).await? else {
        return Ok(progress(StatusCode::CREATED, total));
    };
    take_room(&hub, sha256, &author, total).await?;
    let until = match content_range(&headers)? {
        None => {
            blobs::begin_anew(folder, sha256, &author).await?;
            total
        }
        Some((from, to, stated)) if from == here && stated == total => to + 1,
        Some(_) => {
            let expected = serde_json::json!({ "received": here, "size": total });
            let refusal = Refusal::of(Code::RangeMismatch).expecting(expected);
            return Err(refusal.into());
        }
    };
    let size = usize::try_from(until.saturating_sub(here)).unwrap_or(usize::MAX);
    hub.admission.bytes(&author, size)?;
    let pieces = pin!(body::pieces(sent, hub.settings().limits.body_seconds));
    let length = blobs::append(folder, sha256, &author, until, pieces).await?;
    if length < total {
        return Ok(progress(StatusCode::ACCEPTED, length));
    }
    complete(&hub, &own.blob).await?;
    Ok(progress(StatusCode::CREATED, total))
}

/// Notes that the author has brought the bytes, then gives its part the name:
/// a hub that is killed between the two finds the part and goes on. Bytes of
/// another digest give their room back.
async fn complete(hub: &Hub, blob: &Announced) -> Result<(), HubError> {
    let folder = &hub.settings().storage.blobs;
    let Announced { sha256, author, .. } = blob;
    let checked = blobs::check(folder, *sha256, author).await;
    let mismatch = |error: &HubError| error.code() == Code::BlobMismatch;
    if checked.is_ok() || checked.as_ref().is_err_and(mismatch) {
        let mut tx = hub.ground.db.write().await?;
        match checked {
            Ok(()) => store::blobs::prove(&mut tx, *sha256, author, blob.size).await?,
            Err(_) => store::blobs::leave_room(&mut tx, *sha256, author).await?,
        }
        tx.commit().await?;
    }
    checked?;
    blobs::shelve(folder, *sha256, author).await
}

/// What there is of a blob, once a part that is all there has been given its
/// name: the hub may have been killed before it did. Whoever calls this holds
/// the place of the upload.
async fn held(hub: &Hub, claim: &Claim) -> Result<Held, HubError> {
    match found(hub, claim).await? {
        Held::Part(here) if here >= claim.blob.size => match complete(hub, &claim.blob).await {
            Ok(()) => Ok(Held::Whole),
            Err(error) if error.code() == Code::BlobMismatch => Ok(Held::Part(0)),
            Err(error) => Err(error),
        },
        held => Ok(held),
    }
}

/// As [`held`], for those who only ask: an upload under way is left alone.
async fn seen(hub: &Hub, claim: &Claim) -> Result<Held, HubError> {
    let found = found(hub, claim).await?;
    let blob = &claim.blob;
    if !matches!(found, Held::Part(here) if here >= blob.size) {
        return Ok(found);
    }
    let place = (blob.author.clone(), blob.sha256);
    match hub.admission.uploads.take(place) {
        Ok(_place) => held(hub, claim).await,
        Err(_) => Ok(found),
    }
}

async fn found(hub: &Hub, Claim { blob, proved }: &Claim) -> Result<Held, HubError> {
    let folder = &hub.settings().storage.blobs;
    blobs::held(folder, blob.sha256, &blob.author, *proved).await
}

/// Takes room for the whole of a blob before its first byte is taken in, so
/// that no upload breaks off in the middle for want of it.
async fn take_room(
    hub: &Hub,
    sha256: Digest,
    author: &InstanceId,
    size: u64,
) -> Result<(), HubError> {
    let mut tx = hub.ground.db.read().await?;
    let taken = store::blobs::has_room(&mut tx, sha256, author).await?;
    tx.rollback().await?;
    if taken {
        return Ok(());
    }
    let quota = hub.settings().limits.blob_quota_bytes;
    let mut tx = hub.ground.db.write().await?;
    let used = store::blobs::room_used(&mut tx, author).await?;
    if used.saturating_add(size) > quota {
        let detail = format!(
            "{used} of {quota} bytes are in use and this attachment has {size}; it can be sent when the federation's staff give more room"
        );
        let mut refusal = Refusal::of(Code::QuotaExceeded)
            .expecting(serde_json::json!({ "used": used, "quota": quota }));
        refusal.detail = Some(detail);
        return Err(refusal.into());
    }
    store::blobs::take_room(&mut tx, sha256, author, size).await?;
    Ok(tx.commit().await?)
}

/// `HEAD /blobs/{sha256}`: how much is here.
pub async fn tell(
    State(hub): State<Arc<Hub>>,
    Peer(peer): Peer,
    Path(sha256): Path<String>,
) -> Result<Response, HubError> {
    let sha256: Digest = body::id(&sha256, Code::BlobUnknown)?;
    let (blob, held) = readable(&hub, sha256, &peer).await?;
    match held {
        Held::Whole => Ok(told(blob.size, blob.size)),
        Held::Part(here) if blob.author == peer => Ok(told(here, blob.size)),
        Held::Part(_) => Err(Code::BlobPending.into()),
    }
}

/// What HEAD says: as GET of the whole would, and how much is here.
fn told(received: u64, size: u64) -> Response {
    let mut response = progress(StatusCode::OK, received);
    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, HeaderValue::from(size));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(CONTENT_TYPE, OCTETS);
    response
}

/// `GET /blobs/{sha256}`, whole or a range.
pub async fn send(
    State(hub): State<Arc<Hub>>,
    Peer(peer): Peer,
    Path(sha256): Path<String>,
    headers: HeaderMap,
) -> Result<Response, HubError> {
    let sha256: Digest = body::id(&sha256, Code::BlobUnknown)?;
    let (_, held) = readable(&hub, sha256, &peer).await?;
    if held != Held::Whole {
        return Err(Code::BlobPending.into());
    }
    let place = hub.admission.answers.take(peer)?;
    let path = blobs::path(&hub.settings().storage.blobs, sha256);
    let mut file = match File::open(path).await {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Code::BlobPending.into());
        }
        Err(error) => return Err(error.into()),
    };
    let total = file.metadata().await?.len();
    let wanted = match range(&headers, total) {
        Wanted::Whole => None,
        Wanted::Part(from, to) => Some((from, to)),
        Wanted::Beyond => return beyond(total),
    };
    let (from, to) = wanted.unwrap_or((0, total.saturating_sub(1)));
    file.seek(SeekFrom::Start(from)).await?;
    let length = (to + 1).saturating_sub(from).min(total);
    let stream = ReaderStream::with_capacity(file.take(length), PIECE);
    let mut response = Body::from_stream(stream).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(CONTENT_TYPE, OCTETS);
    if wanted.is_some() {
        let text = format!("bytes {from}-{to}/{total}");
        let text = HeaderValue::from_str(&text).map_err(HubError::damaged)?;
        headers.insert(CONTENT_RANGE, text);
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(holding(response, place))
}

/// The announcement by which an author may upload.
async fn own(hub: &Hub, sha256: Digest, author: &InstanceId) -> Result<Claim, HubError> {
    let mut tx = hub.ground.db.read().await?;
    let claims = store::blobs::announced(&mut tx, sha256).await?;
    let own = claims
        .into_iter()
        .find(|claim| claim.blob.author == *author);
    Ok(own.ok_or(Code::BlobUnknown)?)
}

/// An announcement by which an instance may know of a blob, and what its author
/// has brought; one whose bytes are all here before any other.
async fn readable(
    hub: &Hub,
    sha256: Digest,
    peer: &InstanceId,
) -> Result<(Announced, Held), HubError> {
    let mut tx = hub.ground.db.read().await?;
    let claims = store::blobs::announced(&mut tx, sha256).await?;
    tx.rollback().await?;
    let mut begun: Option<(Announced, Held)> = None;
    for claim in claims {
        let own = claim.blob.author == *peer;
        // One upload under way is enough to tell of, an author's own before others.
        let told = begun.as_ref();
        let told = told.is_some_and(|(blob, _)| !own || blob.author == *peer);
        if told && !claim.proved || !own && !may_read(hub, &claim.blob, peer).await? {
            continue;
        }
        match seen(hub, &claim).await? {
            Held::Whole => return Ok((claim.blob, Held::Whole)),
            part @ Held::Part(_) => begun = Some((claim.blob, part)),
        }
    }
    begun.ok_or_else(|| Code::BlobUnknown.into())
}

/// Whether an instance was sent the message that announced a blob.
async fn may_read(hub: &Hub, blob: &Announced, peer: &InstanceId) -> Result<bool, HubError> {
    let Owner::Case(case) = blob.of else {
        return Ok(true);
    };
    let mut tx = hub.ground.db.read().await?;
    may_read_in_any(hub, &mut tx, &[case], blob.number, peer).await
}

fn progress(status: StatusCode, received: u64) -> Response {
    (status, [(RECEIVED, HeaderValue::from(received))]).into_response()
}

/// `bytes FROM-TO/TOTAL`, both ends included.
fn content_range(headers: &HeaderMap) -> Result<Option<(u64, u64, u64)>, HubError> {
    let Some(value) = headers.get(CONTENT_RANGE) else {
        return Ok(None);
    };
    let read = |text: &str| {
        let (ends, total) = text.strip_prefix("bytes ")?.split_once('/')?;
        let (from, to) = ends.split_once('-')?;
        let (from, to): (u64, u64) = (from.parse().ok()?, to.parse().ok()?);
        let total: u64 = total.parse().ok()?;
        (from <= to && to < total).then_some((from, to, total))
    };
    let range = value.to_str().ok().and_then(read);
    range
        .map(Some)
        .ok_or_else(|| malformed("Content-Range is bytes FROM-TO/TOTAL"))
}

/// One range of bytes, after RFC 9110 section 14.1.2: `FROM-TO`, `FROM-` or
/// `-COUNT` from the end. A form that this hub does not serve counts as none.
fn range(headers: &HeaderMap, total: u64) -> Wanted {
    let text = headers.get(RANGE).and_then(|value| value.to_str().ok());
    let ends = text.and_then(|text| text.strip_prefix("bytes=")?.split_once('-'));
    let number = |text: &str| text.parse::<u64>().ok();
    let last = total.saturating_sub(1);
    let (from, to) = match ends {
        None => return Wanted::Whole,
        Some(("", count)) => match number(count) {
            None => return Wanted::Whole,
            Some(0) => return Wanted::Beyond,
            Some(count) => (total.saturating_sub(count), last),
        },
        Some((from, to)) => match (number(from), number(to)) {
            (Some(from), None) if to.is_empty() => (from, last),
            (Some(from), Some(to)) if from <= to => (from, to.min(last)),
            _ => return Wanted::Whole,
        },
    };
    if from < total {
        Wanted::Part(from, to)
    } else {
        Wanted::Beyond
    }
}

/// 416, which says where the end is.
fn beyond(total: u64) -> Result<Response, HubError> {
    let expected = serde_json::json!({ "size": total });
    let refused = HubError::from(Refusal::of(Code::RangeUnsatisfiable).expecting(expected));
    let mut response = refused.into_response();
    let text = HeaderValue::from_str(&format!("bytes */{total}")).map_err(HubError::damaged)?;
    response.headers_mut().insert(CONTENT_RANGE, text);
    Ok(response)
}

fn malformed(detail: &str) -> HubError {
    HubError::refused(Code::MalformedRequest, detail)
}
