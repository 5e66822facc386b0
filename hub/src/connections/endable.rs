//! A stream that can be ended from outside, and notes why it ends.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::Place;
use crate::watch::Reason;

/// Whoever was heard so short a time before the hub closes has asked for it: the hub's own reasons to
/// close come of silence, and take longer.
const JUST_HEARD: Duration = Duration::from_secs(5);

/// The stream of a connection, which stands in the table as long as it is there.
pub struct Endable<T> {
    stream: T,
    ended: Pin<Box<WaitForCancellationFutureOwned>>,
    /// When the other side was last heard.
    heard: Instant,
    place: Place,
}

impl<T> Endable<T> {
    /// A stream that ends when its place in the table is ended.
    pub(super) fn new(stream: T, place: Place) -> Self {
        Self {
            stream,
            ended: Box::pin(place.end.clone().cancelled_owned()),
            heard: Instant::now(),
            place,
        }
    }

    /// An error once the connection must end; whoever waits is woken then.
    fn check(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        match self.ended.as_mut().poll(cx) {
            Poll::Ready(()) => Err(io::ErrorKind::ConnectionAborted.into()),
            Poll::Pending => Ok(()),
        }
    }

    /// Notes a line that broke while the hub wrote to it.
    fn broken<O>(&self, outcome: Poll<io::Result<O>>) -> Poll<io::Result<O>> {
        if let Poll::Ready(Err(_)) = &outcome {
            let _ = self.place.cause.set(Reason::Broken);
        }
        outcome
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Endable<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.check(cx)?;
        let before = buf.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(cx, buf);
        let reason = match &read {
            Poll::Ready(Ok(())) if buf.filled().len() > before => {
                this.heard = Instant::now();
                None
            }
            Poll::Ready(Ok(())) if buf.remaining() > 0 => Some(Reason::Closed),
            Poll::Ready(Err(error)) => Some(why(error)),
            _ => None,
        };
        if let Some(reason) = reason {
            let _ = this.place.cause.set(reason);
        }
        read
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Endable<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.check(cx)?;
        let written = Pin::new(&mut this.stream).poll_write(cx, buf);
        this.broken(written)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.check(cx)?;
        let flushed = Pin::new(&mut this.stream).poll_flush(cx);
        this.broken(flushed)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // A goodbye within HTTP/2 is answered by one, and what comes behind it is read no more.
        if this.heard.elapsed() < JUST_HEARD {
            let _ = this.place.cause.set(Reason::Closed);
        }
        Pin::new(&mut this.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.check(cx)?;
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, bufs);
        this.broken(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// Why a line ended that can be read no more: whose program is killed has the line closed, and never
/// says so within TLS.
fn why(error: &io::Error) -> Reason {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Reason::Ended,
        _ => Reason::Broken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_killed_is_told_from_a_line_that_breaks() {
        let of = |kind: io::ErrorKind| why(&kind.into());
        assert_eq!(of(io::ErrorKind::UnexpectedEof), Reason::Ended);
        assert_eq!(of(io::ErrorKind::ConnectionReset), Reason::Broken);
        assert_eq!(of(io::ErrorKind::TimedOut), Reason::Broken);
    }
}
