//! Reading what a peer sends: never more than a limit, never for longer than
//! a limit, and unpacked into no more memory than the same limit.

use std::io::Read;
use std::str::FromStr;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use http_body_util::BodyExt as _;
use lapor_protocol::problem::Code;
use lapor_protocol::wire::read_object;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::error::{HubError, Refusal};

/// JSON bodies: signed statements, enrolment, health.
pub const JSON_BYTES: usize = 256 * 1024;
/// A body, and every stretch of a long one, may take this many times the limit
/// between two pieces of it.
const PIECES: u32 = 20;
/// Bytes of a long body that must come in that time; what a node sends at once.
const STRETCH: usize = 1 << 20;
/// Memory for unpacking zstd: a window of 8 MiB, RFC 8878's recommendation.
const WINDOW_LOG: u32 = 23;

/// Reads a whole body of at most `most` bytes.
pub async fn read(
    body: Body,
    most: usize,
    piece_seconds: u64,
    too_large: Code,
) -> Result<Bytes, HubError> {
    let mut read = BytesMut::new();
    let mut pieces = std::pin::pin!(pieces(body, piece_seconds));
    let total = Duration::from_secs(piece_seconds) * PIECES;
    let reading = async {
        use futures_util::TryStreamExt as _;
        while let Some(piece) = pieces.try_next().await? {
            if read.len() + piece.len() > most {
                return Err(HubError::from(too_large));
            }
            read.extend_from_slice(&piece);
        }
        Ok(())
    };
    tokio::time::timeout(total, reading)
        .await
        .map_err(|_| too_slow())??;
    Ok(read.freeze())
}

/// The pieces of a body as they arrive; each must arrive in time, and so must
/// every [`STRETCH`] of them: a byte a second is no progress.
pub fn pieces(
    body: Body,
    piece_seconds: u64,
) -> impl Stream<Item = Result<Bytes, HubError>> + Send {
    let limit = Duration::from_secs(piece_seconds);
    let stretch = limit * PIECES;
    let begin = (body, Instant::now(), 0);
    futures_util::stream::try_unfold(begin, move |(mut body, began, came)| async move {
        loop {
            let left = stretch.saturating_sub(began.elapsed());
            let frame = tokio::time::timeout(limit.min(left), body.frame());
            match frame.await.map_err(|_| too_slow())? {
                None => return Ok(None),
                Some(Err(error)) => {
                    return Err(HubError::refused(Code::MalformedRequest, error.to_string()));
                }
                Some(Ok(frame)) => {
                    let Ok(piece) = frame.into_data() else {
                        continue;
                    };
                    let came = came + piece.len();
                    let next = match came < STRETCH {
                        true => (body, began, came),
                        false => (body, Instant::now(), 0),
                    };
                    return Ok(Some((piece, next)));
                }
            }
        }
    })
}

/// Reads JSON.
pub async fn json<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Body,
    piece_seconds: u64,
) -> Result<T, HubError> {
    expect_type(headers, "application/json")?;
    let bytes = read(body, JSON_BYTES, piece_seconds, Code::MalformedRequest).await?;
    read_object(&bytes)
        .map_err(|error| HubError::refused(Code::MalformedRequest, error.to_string()))
}

/// Refuses any other content type than this one.
pub fn expect_type(headers: &HeaderMap, expected: &'static str) -> Result<(), HubError> {
    let given = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok());
    let essence = given.map(|v| v.split(';').next().unwrap_or(v).trim());
    if essence.is_some_and(|essence| essence.eq_ignore_ascii_case(expected)) {
        Ok(())
    } else {
        let detail = format!("expected Content-Type {expected}");
        Err(HubError::refused(Code::UnsupportedMedia, detail))
    }
}

/// Unpacks a body by its content encoding into at most `most` bytes.
pub async fn unpack(headers: &HeaderMap, packed: Bytes, most: usize) -> Result<Bytes, HubError> {
    let encoding = headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes);
    let unpack: fn(&[u8], usize) -> std::io::Result<Vec<u8>> = match encoding {
        None | Some(b"identity") => return Ok(packed),
        Some(b"zstd") => unpack_zstd,
        Some(b"gzip") => unpack_gzip,
        Some(_) => {
            let detail = "expected Content-Encoding identity, zstd or gzip";
            return Err(HubError::refused(Code::UnsupportedMedia, detail));
        }
    };
    let unpacked = tokio::task::spawn_blocking(move || unpack(&packed, most));
    let unpacked = unpacked.await.map_err(|_| HubError::Aborted)?;
    match unpacked {
        Ok(bytes) if bytes.len() > most => Err(Code::BatchTooLarge.into()),
        Ok(bytes) => Ok(bytes.into()),
        Err(_) => {
            let detail = "the body is not what its Content-Encoding says";
            Err(HubError::refused(Code::MalformedBatch, detail))
        }
    }
}

/// A query string.
pub fn query<T>(query: Result<Query<T>, QueryRejection>) -> Result<T, HubError> {
    match query {
        Ok(Query(value)) => Ok(value),
        Err(error) => Err(HubError::refused(Code::MalformedRequest, error.body_text())),
    }
}

/// An id in a path; one that is none names nothing that is here.
pub fn id<T: FromStr>(text: &str, unknown: Code) -> Result<T, HubError> {
    text.parse().map_err(|_| unknown.into())
}

fn unpack_zstd(packed: &[u8], most: usize) -> std::io::Result<Vec<u8>> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(packed)?;
    decoder.window_log_max(WINDOW_LOG)?;
    take(decoder, most)
}

fn unpack_gzip(packed: &[u8], most: usize) -> std::io::Result<Vec<u8>> {
    take(flate2::read::MultiGzDecoder::new(packed), most)
}

/// One byte more than the limit shows that there is more.
fn take(reader: impl Read, most: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(most as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn too_slow() -> HubError {
    let mut refusal = Refusal::of(Code::Overloaded).after_seconds(5);
    refusal.detail = Some("the body did not arrive in time".into());
    refusal.into()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn encoded(encoding: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_ENCODING, HeaderValue::from_static(encoding))])
    }

    fn gzip(bytes: &[u8]) -> Bytes {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap().into()
    }

    #[tokio::test]
    async fn what_is_packed_comes_out_and_a_bomb_does_not() {
        let (text, bomb) = (vec![b'x'; 1000], vec![0; 64 << 20]);
        let zstd = |bytes: &[u8]| Bytes::from(zstd::bulk::compress(bytes, 19).unwrap());
        for (encoding, small, large) in [
            ("zstd", zstd(&text), zstd(&bomb)),
            ("gzip", gzip(&text), gzip(&bomb)),
        ] {
            assert!(large.len() < 100_000);
            let headers = encoded(encoding);
            assert_eq!(unpack(&headers, small, 1000).await.unwrap(), text);
            let refused = unpack(&headers, large, 1000).await.unwrap_err();
            assert_eq!(refused.code(), Code::BatchTooLarge);
            let junk = unpack(&headers, Bytes::from_static(b"junk"), 1000).await;
            assert_eq!(junk.unwrap_err().code(), Code::MalformedBatch);
        }
        let other = unpack(&encoded("br"), Bytes::new(), 10).await.unwrap_err();
        assert_eq!(other.code(), Code::UnsupportedMedia);
    }
}
