//! An answer may be ready before the request's body has been read: a refusal
//! needs none of it. Many clients read no answer before they have sent all, so
//! the rest is read on for a while and thrown away; what is longer or slower
//! than that ends with the stream's reset, or with the connection.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, HttpBody as _};
use axum::extract::Request;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use http::header::EXPECT;
use lapor_protocol::limits::BATCH_BYTES;
use tokio::runtime::Handle;

/// What is read on for nobody: two batches.
const MOST_BYTES: usize = 2 * BATCH_BYTES;
const LONGEST: Duration = Duration::from_secs(5);

/// A body that is read to its end, within bounds, also by nobody.
struct ReadOn {
    /// None once it has ended.
    body: Option<BodyDataStream>,
}

/// Lets the rest of a request's body be read on when its handler has ended.
pub fn read_on(request: Request) -> Request {
    // Who waits to be told to go on has sent nothing, and is not told to.
    if request.body().is_end_stream() || request.headers().contains_key(EXPECT) {
        return request;
    }
    request.map(|body| {
        let body = Some(body.into_data_stream());
        Body::from_stream(ReadOn { body })
    })
}

impl Stream for ReadOn {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        let piece = std::task::ready!(body.poll_next_unpin(cx));
        if !matches!(piece, Some(Ok(_))) {
            self.body = None;
        }
        Poll::Ready(piece)
    }
}

impl Drop for ReadOn {
    fn drop(&mut self) {
        if let (Some(rest), Ok(runtime)) = (self.body.take(), Handle::try_current()) {
            runtime.spawn(throw_away(rest));
        }
    }
}

async fn throw_away(mut rest: BodyDataStream) {
    let reading = async {
        let mut read = 0;
        while let Some(Ok(piece)) = rest.next().await {
            read += piece.len();
            if read > MOST_BYTES {
                return;
            }
        }
    };
    // Nobody is told: the answer has been given.
    let _ = tokio::time::timeout(LONGEST, reading).await;
}
