//! What this hub reads of a request before it knows whether any of it is true, for the crate
//! `lapor-parsers`. Never part of a released program.

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_RANGE, RANGE};
use http::{HeaderMap, HeaderName, HeaderValue};
use lapor_protocol::problem::Code;
use lapor_protocol::wire::BEHIND_HEADER;

use super::ranges::{Wanted, content_range, range};
use super::{body, outbox};
use crate::error::HubError;

/// A body unpacked by its encoding into at most `most` bytes.
pub async fn unpacked(
    encoding: Option<&'static str>,
    packed: Bytes,
    most: usize,
) -> Result<Bytes, HubError> {
    let encoding = encoding.map(|name| (CONTENT_ENCODING, HeaderValue::from_static(name)));
    body::unpack(&HeaderMap::from_iter(encoding), packed, most).await
}

/// Reads which part of a blob is brought, and which is asked for, and proves that it is one.
pub fn parts(value: &HeaderValue) {
    let brought = HeaderMap::from_iter([(CONTENT_RANGE, value.clone())]);
    if let Ok(Some((from, to, total))) = content_range(&brought) {
        assert!(from <= to && to < total);
    }
    let asked = HeaderMap::from_iter([(RANGE, value.clone())]);
    for total in [0, 1, 1000, u64::MAX] {
        if let Wanted::Part(from, to) = range(&asked, total) {
            assert!(from <= to && to < total);
        }
    }
}

/// Reads behind which message a batch is sent, and proves that a place has one spelling and is named once.
pub fn place(value: &HeaderValue) {
    let name = HeaderName::from_static(BEHIND_HEADER);
    let mut named = HeaderMap::from_iter([(name.clone(), value.clone())]);
    match outbox::behind(&named) {
        Ok(place) => {
            let place = place.expect("it was named").to_string();
            assert_eq!(place.as_bytes(), value.as_bytes());
        }
        Err(error) => assert_eq!(error.code(), Code::MalformedRequest),
    }
    named.append(name, value.clone());
    assert!(outbox::behind(&named).is_err(), "it was named twice");
}
