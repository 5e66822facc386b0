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
use http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use lapor_protocol::ids::{Digest, InstanceId};
use lapor_protocol::problem::Code;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;

use super::envelopes::may_read_in_any;
use super::held::holding;
use super::ranges::{Wanted, content_range, range};
use super::{Peer, body};
use crate::app::Hub;
use crate::blobs::{self, Held, Hold};
use crate::error::{HubError, Refusal};
use crate::store;
use crate::store::blobs::{Announced, Claim, Owner, Room, Standing};

/// How many bytes of a blob the hub has.
const RECEIVED: HeaderName = HeaderName::from_static("lapor-received");
/// Bytes read from the disk at a time.
const PIECE: usize = 64 * 1024;
/// Announcements that are read at a time.
const CLAIMS: usize = 50;
const OCTETS: HeaderValue = HeaderValue::from_static("application/octet-stream");

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
    let folder = &hub.settings().storage.blobs;
    // The place is of this process alone.
    let hold = Hold::take(folder, sha256, &author).await?;
    let _hold = hold.ok_or_else(|| Refusal::of(Code::RateLimited).after_seconds(1))?;
    let range = content_range(&headers)?;
    let mut own = own(&hub, sha256, &author, range).await?;
    let total = own.blob.size;
    take_room(&hub, &mut own).await?;
    let Held::Part(here) = held(&hub, &own).await? else {
        return Ok(progress(StatusCode::CREATED, total));
    };
    let until = match range {
        None => {
            blobs::begin_anew(folder, sha256, &author).await?;
            total
        }
        Some((from, to, stated)) if from == here && stated == total => to + 1,
        Some(_) => return Err(elsewhere(here, total)),
    };
    let size = usize::try_from(until.saturating_sub(here)).unwrap_or(usize::MAX);
    hub.admission.bytes(&author, size)?;
    let pieces = pin!(body::pieces(sent, hub.settings().limits.body_seconds));
    let appended = blobs::append(folder, sha256, &author, until, pieces).await;
    still_named(&hub, &own.blob).await?;
    let length = appended?;
    if length < total {
        return Ok(progress(StatusCode::ACCEPTED, length));
    }
    complete(&hub, &own.blob).await?;
    Ok(progress(StatusCode::CREATED, total))
}

/// An upload whose message was taken back meanwhile leaves nothing, though it be
/// announced again: what came after the rest had been erased is nobody's, and has no room by which
/// it would be erased another time.
async fn still_named(hub: &Hub, blob: &Announced) -> Result<(), HubError> {
    let Announced { sha256, author, .. } = blob;
    let mut tx = hub.ground.db.read().await?;
    let named = store::blobs::is_named(&mut tx, *sha256, author).await?;
    let has_room = store::blobs::has_room(&mut tx, *sha256, author).await?;
    tx.rollback().await?;
    if named && has_room {
        return Ok(());
    }
    blobs::begin_anew(&hub.settings().storage.blobs, *sha256, author).await?;
    if named {
        return Err(elsewhere(0, blob.size));
    }
    Err(Code::BlobUnknown.into())
}

/// Notes that the author has brought the bytes, then gives its part the name:
/// a hub that is killed between the two finds the part and goes on. Bytes of
/// another digest give their room back.
async fn complete(hub: &Hub, blob: &Announced) -> Result<(), HubError> {
    let folder = &hub.settings().storage.blobs;
    let Announced { sha256, author, .. } = blob;
    let checked = blobs::check(folder, *sha256, author).await;
    let mismatch = |error: &HubError| error.code() == Code::BlobMismatch;
    let mut named = true;
    if checked.is_ok() || checked.as_ref().is_err_and(mismatch) {
        let mut tx = hub.ground.db.write().await?;
        match checked {
            Ok(()) => named = store::blobs::prove(&mut tx, blob).await?,
            Err(_) => store::blobs::leave_room(&mut tx, *sha256, author).await?,
        }
        tx.commit().await?;
    }
    checked?;
    if !named {
        still_named(hub, blob).await?;
        // Taken back and announced again meanwhile.
        blobs::begin_anew(folder, *sha256, author).await?;
        return Err(elsewhere(0, blob.size));
    }
    blobs::shelve(folder, *sha256, author).await
}

/// What there is of a blob, once a part that is all there has been given its
/// name: the hub may have been killed before it did. Whoever calls this holds
/// the upload.
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
    if !claim.has_room() || !matches!(found, Held::Part(here) if here >= blob.size) {
        return Ok(found);
    }
    let place = (blob.author.clone(), blob.sha256);
    let Ok(_place) = hub.admission.uploads.take(place) else {
        return Ok(found);
    };
    let folder = &hub.settings().storage.blobs;
    match Hold::take(folder, blob.sha256, &blob.author).await? {
        Some(_hold) => held(hub, claim).await,
        None => Ok(found),
    }
}

async fn found(hub: &Hub, claim: &Claim) -> Result<Held, HubError> {
    let folder = &hub.settings().storage.blobs;
    let blob = &claim.blob;
    blobs::held(folder, blob.sha256, &blob.author, claim.proved()).await
}

/// Takes room for the whole of a blob before its first byte is taken in, so
/// that no upload breaks off in the middle for want of it.
async fn take_room(hub: &Hub, claim: &mut Claim) -> Result<(), HubError> {
    if claim.has_room() {
        return Ok(());
    }
    let blob = &claim.blob;
    if let Some(room) = claim
        .room
        .filter(|room| room.proved && room.size != blob.size)
    {
        let detail = format!(
            "the message announces {} bytes, and of this digest there are {}",
            blob.size, room.size
        );
        return Err(HubError::refused(Code::BlobMismatch, &detail));
    }
    let limits = &hub.settings().limits;
    let (picture, code, quota) = match blob.of {
        Owner::Case(_) => (false, Code::QuotaExceeded, limits.blob_quota_bytes),
        Owner::Programme(_) => (true, Code::PictureQuotaExceeded, limits.picture_quota_bytes),
    };
    let taken = claim.room.filter(|room| room.picture == picture);
    let mut tx = hub.ground.db.write().await?;
    if !store::blobs::is_named(&mut tx, blob.sha256, &blob.author).await? {
        return Err(Code::BlobUnknown.into());
    }
    let used = store::blobs::room_used(&mut tx, &blob.author, picture).await?;
    let others = used.saturating_sub(taken.map_or(0, |room| room.size));
    if others.saturating_add(blob.size) > quota {
        let what = if picture { "picture" } else { "attachment" };
        let detail = format!(
            "{used} of {quota} bytes are in use and this {what} has {}; it can be sent when the federation's staff give more room",
            blob.size
        );
        let mut refusal =
            Refusal::of(code).expecting(serde_json::json!({ "used": used, "quota": quota }));
        refusal.detail = Some(detail);
        return Err(refusal.into());
    }
    store::blobs::take_room(&mut tx, blob).await?;
    tx.commit().await?;
    claim.room = Some(Room {
        size: blob.size,
        proved: claim.room.is_some_and(|room| room.proved),
        picture,
    });
    Ok(())
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

/// The announcement by which an author may upload: one of the size that it
/// states, one that has no room yet, and a picture, whose room is smaller, before others.
async fn own(
    hub: &Hub,
    sha256: Digest,
    author: &InstanceId,
    range: Option<(u64, u64, u64)>,
) -> Result<Claim, HubError> {
    // No blob has so many bytes that they are no number of the database.
    let stated = range.map(|(.., total)| i64::try_from(total).unwrap_or(i64::MAX));
    let mut tx = hub.ground.db.read().await?;
    let own = store::blobs::own(&mut tx, sha256, author, stated).await?;
    Ok(own.ok_or(Code::BlobUnknown)?)
}

/// An announcement by which an instance may know of a blob, and what its author
/// has brought; one whose bytes are all here before any other.
async fn readable(
    hub: &Hub,
    sha256: Digest,
    peer: &InstanceId,
) -> Result<(Announced, Held), HubError> {
    let mut begun: Option<(Announced, Held)> = None;
    for standing in Standing::ALL {
        let mut behind = Some(i64::MIN);
        while let Some(number) = behind {
            let claims = page(hub, sha256, (standing, number)).await?;
            let last = claims.last().filter(|_| claims.len() == CLAIMS);
            behind = last.map(|last| last.blob.number);
            for claim in claims {
                let own = claim.blob.author == *peer;
                // One upload under way is enough to tell of, an author's own before others.
                let told = begun.as_ref();
                let told = told.is_some_and(|(blob, _)| !own || blob.author == *peer);
                if told && !claim.proved() || !own && !may_read(hub, &claim.blob, peer).await? {
                    continue;
                }
                match seen(hub, &claim).await? {
                    Held::Whole => return Ok((claim.blob, Held::Whole)),
                    part @ Held::Part(_) => begun = Some((claim.blob, part)),
                }
            }
        }
    }
    begun.ok_or_else(|| Code::BlobUnknown.into())
}

/// Announcements behind a number, some at most.
async fn page(hub: &Hub, sha256: Digest, place: (Standing, i64)) -> Result<Vec<Claim>, HubError> {
    let mut tx = hub.ground.db.read().await?;
    let claims = store::blobs::announced(&mut tx, sha256, place, CLAIMS).await?;
    tx.rollback().await?;
    Ok(claims)
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

/// 416, which says where the end is.
fn beyond(total: u64) -> Result<Response, HubError> {
    let expected = serde_json::json!({ "size": total });
    let refused = HubError::from(Refusal::of(Code::RangeUnsatisfiable).expecting(expected));
    let mut response = refused.into_response();
    let text = HeaderValue::from_str(&format!("bytes */{total}")).map_err(HubError::damaged)?;
    response.headers_mut().insert(CONTENT_RANGE, text);
    Ok(response)
}

/// The upload goes on at another byte.
fn elsewhere(received: u64, size: u64) -> HubError {
    let expected = serde_json::json!({ "received": received, "size": size });
    Refusal::of(Code::RangeMismatch).expecting(expected).into()
}
