//! An answer that holds a place until its last byte is on its way, so that one
//! who asks and does not read cannot make answers pile up.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, BodyDataStream, HttpBody as _};
use axum::response::Response;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use http::HeaderValue;
use http::header::CONTENT_LENGTH;

struct Holding<T> {
    body: BodyDataStream,
    _place: T,
}

/// Keeps `place` for as long as the body of this answer is not sent.
pub fn holding<T: Send + Unpin + 'static>(mut response: Response, place: T) -> Response {
    if response.body().is_end_stream() {
        return response;
    }
    if let Some(length) = response.body().size_hint().exact() {
        let headers = response.headers_mut();
        headers
            .entry(CONTENT_LENGTH)
            .or_insert(HeaderValue::from(length));
    }
    response.map(|body| {
        let body = body.into_data_stream();
        Body::from_stream(Holding {
            body,
            _place: place,
        })
    })
}

impl<T: Unpin> Stream for Holding<T> {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.body.poll_next_unpin(cx)
    }
}
