//! How long a call to the hub waits. All calls share one line, and on a poor one
//! an answer waits behind the page, or the attachment, of another call: a call
//! is given up when the hub is silent, and not when the line is busy. Knows the
//! line only by what the calls tell of it.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use lapor_web::pace::Pace;
use tokio::time::{Instant, timeout, timeout_at};

use super::LinkError;

/// What the hub may take to answer beyond the time it is asked to wait, and the
/// longest pause in an answer.
const SILENCE: Duration = Duration::from_mins(1);
/// The least pace of what is sent and of an answer: an eighth of a line of
/// 16 kbit/s, which several calls share.
const PACE: Pace = Pace {
    pause: SILENCE,
    grace: SILENCE,
    bytes_per_second: 250,
};

/// What is known of the line to the hub.
#[derive(Debug)]
pub(crate) struct Patience {
    pace: Pace,
    /// Bytes of calls that have been begun and have no answer yet.
    sending: AtomicU64,
    /// Time spent so far between the pieces of answers, ms: next to nothing on a
    /// good line, all the time on a poor one.
    busy_ms: AtomicU64,
}

impl Default for Patience {
    fn default() -> Self {
        Self::of(PACE)
    }
}

impl Patience {
    pub(super) fn of(pace: Pace) -> Self {
        Self {
            pace,
            sending: AtomicU64::new(0),
            busy_ms: AtomicU64::new(0),
        }
    }

    /// Waits for the head of an answer to a call with so many bytes, which the
    /// hub may hold back for `wait`.
    pub(super) async fn answer<T>(
        &self,
        (bytes, wait): (u64, Duration),
        answering: impl Future<Output = T>,
    ) -> Result<T, LinkError> {
        let ahead = self.sending.fetch_add(bytes, Ordering::SeqCst) + bytes;
        let _sending = Sending(&self.sending, bytes);
        let (began, busy) = (Instant::now(), self.busy());
        let least = self.pace.pause + wait + self.pace.takes(ahead);
        let mut most = least;
        let mut answering = std::pin::pin!(answering);
        loop {
            if let Ok(answer) = timeout_at(began + most, &mut answering).await {
                return Ok(answer);
            }
            // Others' answers have come meanwhile, and this one may be behind them.
            let now = least + self.busy().saturating_sub(busy);
            if now <= most {
                return Err(silent());
            }
            most = now;
        }
    }

    /// Waits for the next piece of an answer of which so much has come since it began.
    pub(super) async fn piece<T>(
        &self,
        began: Instant,
        arrived: usize,
        arriving: impl Future<Output = T>,
    ) -> Result<T, LinkError> {
        let asked = Instant::now();
        let left = self.pace.left(began.elapsed(), arrived as u64);
        let piece = timeout(left, arriving).await.map_err(|_| silent())?;
        let waited = asked.elapsed().as_millis() as u64;
        self.busy_ms.fetch_add(waited, Ordering::SeqCst);
        Ok(piece)
    }

    fn busy(&self) -> Duration {
        Duration::from_millis(self.busy_ms.load(Ordering::SeqCst))
    }
}

/// Bytes under way, until their call has its answer or is dropped.
struct Sending<'a>(&'a AtomicU64, u64);

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(self.1, Ordering::SeqCst);
    }
}

fn silent() -> LinkError {
    LinkError::Unreachable("it has fallen silent in the middle of a call".into())
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    const SHORT: Duration = Duration::from_millis(20);

    fn short() -> Patience {
        Patience::of(Pace {
            pause: SHORT,
            grace: SHORT,
            bytes_per_second: 1000,
        })
    }

    #[tokio::test]
    async fn a_silent_hub_is_given_up_and_a_busy_line_is_waited_for() {
        let line = short();
        let began = Instant::now();
        let silent = line.answer((0, Duration::ZERO), pending::<()>()).await;
        assert!(matches!(silent, Err(LinkError::Unreachable(_))));
        assert!(began.elapsed() >= SHORT);

        // Another answer takes its time while this call waits.
        let began = Instant::now();
        let other = async {
            let arriving = timeout(SHORT / 2, pending::<()>());
            line.piece(Instant::now(), 0, arriving).await.unwrap()
        };
        let waiting = line.answer((0, Duration::ZERO), pending::<()>());
        let (given_up, _) = tokio::join!(waiting, other);
        assert!(given_up.is_err());
        assert!(began.elapsed() >= SHORT + SHORT / 2);

        // Behind what others send, and as long as the hub was asked to wait.
        let began = Instant::now();
        let sending = line.answer((40, Duration::ZERO), pending::<()>());
        let behind = line.answer((0, SHORT), pending::<()>());
        let (first, second) = tokio::join!(sending, behind);
        assert!(first.is_err() && second.is_err());
        assert!(began.elapsed() >= SHORT + SHORT + Duration::from_millis(40));
        assert_eq!(line.sending.load(Ordering::SeqCst), 0);
    }
}
