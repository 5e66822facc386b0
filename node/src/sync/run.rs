//! The link at work: a handful of loops, each of which waits for its cause,
//! does its step, and after a failure pauses with jitter. None ever gives up,
//! and the success of one lets the others try at once.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use lapor_protocol::problem::{Code, Retry};
use lapor_protocol::receipt::Stream;
use tokio_util::sync::CancellationToken;

use super::backoff::Backoff;
use super::under_way::SPELL;
use super::{Link, LinkError};

/// How long a page of the inbox may wait for own messages under way.
const TURN: Duration = Duration::from_secs(1);
/// A refusal that only an operator ends is asked about again this often.
const OPERATOR: Duration = Duration::from_secs(30);
/// Longest pause that the hub can ask for: whatever it says, a node comes back
/// by itself.
const MOST_ASKED: Duration = Duration::from_mins(15);

impl Link {
    /// Runs until `shutdown`; a step in flight is dropped, which loses nothing.
    pub async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        let wait = self.node.settings().link.long_poll_seconds;
        let health = Duration::from_secs(self.node.settings().link.health_seconds.max(1));
        let sweep = Duration::from_secs(self.node.settings().link.sweep_seconds.max(1));
        let link = &self;
        link.look_for_certificate();
        let work = async {
            if let Err(error) = link.unpark().await {
                tracing::error!(%error, "what was parked could not be looked at again");
            }
            tokio::join!(
                link.repeat(
                    "push",
                    || async { link.push().await.map(|sent| sent > 0) },
                    Cause::Outgoing(sweep)
                ),
                link.repeat("inbox", || link.poll_inbox(wait), Cause::None),
                link.repeat("public", || link.poll(Stream::Public, wait), Cause::None),
                link.repeat("directory", || link.poll_directory(wait), Cause::None),
                link.repeat(
                    "certificate",
                    || link.recover_if_refused(),
                    Cause::Certificate
                ),
                link.repeat("recovery", || link.bring_back_if_asked(), Cause::Recovery),
                link.repeat("sweep", || link.sweep(), Cause::Every(sweep)),
                link.repeat(
                    "health",
                    || async { link.report_health().await.map(|()| false) },
                    Cause::Every(health)
                ),
            )
        };
        tokio::select! {
            _ = work => {}
            () = shutdown.cancelled() => {}
        }
        self.leave().await;
    }

    /// A backlog of own messages, which nobody else holds yet, goes before what
    /// the hub keeps for this node, but not for longer than [`Self::turn`].
    async fn poll_inbox(&self, wait: u64) -> Result<bool, LinkError> {
        drop(tokio::time::timeout(self.turn(), self.sealer.lock()).await);
        self.poll(Stream::Inbox, wait).await
    }

    /// On a quick line what came meanwhile stands behind thousands of rulings of the backlog itself, of
    /// which a page in between holds few. What time it is at the hub is not waited for.
    fn turn(&self) -> Duration {
        let is_quick = self.abreast() > 1 && self.node.time_at_hub().is_some();
        if is_quick { SPELL } else { TURN }
    }

    /// The first page is not waited for: it says what time it is at the hub.
    async fn poll(&self, stream: Stream, wait: u64) -> Result<bool, LinkError> {
        let wait = if self.node.time_at_hub().is_none() {
            0
        } else {
            wait
        };
        self.pull(stream, wait).await.map(|_| true)
    }

    async fn poll_directory(&self, wait: u64) -> Result<bool, LinkError> {
        self.refresh_directory(wait).await.map(|_| true)
    }

    async fn sweep(&self) -> Result<bool, LinkError> {
        let replaced = self.replace_lost_keys().await;
        let moved = Box::pin(self.work_off()).await;
        replaced?;
        Ok(moved? > 0)
    }

    /// Does what nobody rings for. A part that fails takes no turn from the others, which may have
    /// nothing to do with it, unless it is the line that fails; the first error is told after them.
    /// Returns how much moved.
    pub(super) async fn work_off(&self) -> Result<usize, LinkError> {
        let mut done = Done::default();
        done.note(Box::pin(self.fetch_again()).await)?;
        done.note(Box::pin(self.fill_holes()).await)?;
        done.note(self.move_on().await)?;
        done.note(self.give_keys().await)?;
        done.note(self.exchange_keys().await)?;
        done.note(self.send_blobs().await)?;
        done.note(self.fetch_blobs().await)?;
        done.note(self.move_pictures().await)?;
        match done.failed {
            None => Ok(done.moved),
            Some(error) => Err(error),
        }
    }

    /// Repeats a step. While it says `true` it goes on at once; otherwise it
    /// waits for its cause.
    async fn repeat<F, Fut>(&self, name: &'static str, step: F, cause: Cause)
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<bool, LinkError>>,
    {
        let cap = Duration::from_secs(self.node.settings().link.backoff_cap_seconds.max(1));
        let mut backoff = Backoff::default();
        loop {
            match step().await {
                Ok(more) => {
                    self.note_step(name, None);
                    backoff.reset();
                    if !more {
                        self.wait_for(cause).await;
                    }
                }
                Err(error) => {
                    self.note_step(name, Some(&error));
                    if error.code() == Some(Code::Maintenance) {
                        // Nothing fails: the hub says when to ask again, and spreads those who do.
                        backoff.reset();
                    }
                    let pause = backoff.next(cap, at_least(&error));
                    tracing::debug!(step = name, %error, pause_ms = pause.as_millis() as u64, "will try again");
                    self.pause(pause, &error, &mut backoff).await;
                }
            }
        }
    }

    /// Pauses; another loop's success ends the pause, unless the hub itself
    /// refused this step.
    async fn pause(&self, pause: Duration, error: &LinkError, backoff: &mut Backoff) {
        if error.is_of_the_line() {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.answered.notified() => backoff.reset(),
            }
        } else {
            tokio::time::sleep(pause).await;
        }
    }

    async fn wait_for(&self, cause: Cause) {
        match cause {
            Cause::None => {}
            Cause::Certificate => self.certificate_refused().await,
            Cause::Recovery => self.returning.asked().await,
            Cause::Every(period) => tokio::time::sleep(period).await,
            Cause::Outgoing(sweep) => {
                // The bell may have been missed by a crash between commit and ring.
                tokio::select! {
                    () = self.node.outgoing_rung() => {}
                    () = tokio::time::sleep(sweep) => {}
                }
            }
        }
    }
}

/// What has come of several parts of a step.
#[derive(Default)]
struct Done {
    moved: usize,
    /// Why the first of those failed that did.
    failed: Option<LinkError>,
}

impl Done {
    fn note(&mut self, part: Result<usize, LinkError>) -> Result<(), LinkError> {
        match part {
            Ok(moved) => self.moved += moved,
            Err(error) if error.is_of_the_line() => return Err(error),
            Err(error) => {
                tracing::debug!(%error, "a part of the link's work failed");
                self.failed.get_or_insert(error);
            }
        }
        Ok(())
    }
}

/// What a loop waits for when there is nothing to do.
#[derive(Clone, Copy)]
enum Cause {
    /// The step itself waits at the hub.
    None,
    /// Something to send, looked for at least so often.
    Outgoing(Duration),
    /// The hub refuses the certificate of this node.
    Certificate,
    /// The hub has lost what this node holds.
    Recovery,
    Every(Duration),
}

/// The pause that an error asks for, whatever the jitter adds.
fn at_least(error: &LinkError) -> Option<Duration> {
    match error {
        LinkError::Refused(refused) if refused.retry == Retry::Operator => Some(OPERATOR),
        LinkError::Refused(refused) => refused.retry_after.map(|asked| asked.min(MOST_ASKED)),
        LinkError::Replaced(_) => Some(OPERATOR),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use lapor_protocol::ids::Digest;
    use lapor_protocol::problem::Problem;

    use super::super::Refused;
    use super::super::under_way::ABREAST;
    use super::*;
    use crate::store;
    use crate::store::blobs::BlobRow;
    use crate::testing::{FromDesk, PaperHub, Place, SaidHub, answered, databases, refused};

    #[tokio::test]
    async fn a_part_of_the_sweep_that_fails_takes_no_turn_from_the_others() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let paper = PaperHub::of(&place);
            let case = FromDesk::given(&paper, "kota-bandung").case.to_string();
            let link = Link::over(place.node.clone(), paper.clone()).unwrap();
            link.pull(Stream::Inbox, 0).await.unwrap();
            let bytes = b"ciphertext".as_slice();
            let row = BlobRow {
                sha256: Digest::of(bytes).as_bytes().to_vec(),
                case_id: case.clone(),
                message_id: "message".into(),
                size: bytes.len() as i64,
                media_type: "image/jpeg".into(),
                state: "to_fetch".into(),
                progress: 0,
            };
            let mut tx = place.node.write_tx().await.unwrap();
            store::blobs::add(&mut tx, &row).await.unwrap();
            tx.commit().await.unwrap();
            let hub = SaidHub::of(move |call| {
                if call.path.contains("/blobs/") {
                    return Ok(answered(bytes));
                }
                Err(refused(Code::Overloaded))
            });
            let link = Link::over(place.node.clone(), hub).unwrap();
            let failed = link.sweep().await.unwrap_err();
            assert_eq!(failed.code(), Some(Code::Overloaded), "of a key");
            let mut tx = place.node.read_tx().await.unwrap();
            let kept = store::blobs::of_case(&mut tx, &case).await.unwrap();
            assert_eq!(kept[0].state, "held");
        }
    }

    #[tokio::test]
    async fn a_hub_that_has_not_said_what_time_it_is_is_not_waited_for() {
        for db in databases().await {
            let mut place = Place::joined("kota-bandung", db).await;
            place.node = place.begun_again().await;
            let paper = PaperHub::of(&place);
            for wait in ["&wait=0", "&wait=25"] {
                let hub = SaidHub::of(move |call| {
                    assert!(call.path.ends_with(wait), "{}", call.path);
                    Err(refused(Code::Overloaded))
                });
                let link = Link::over(place.node.clone(), hub).unwrap();
                let failed = link.poll(Stream::Inbox, 25).await.unwrap_err();
                assert_eq!(failed.code(), Some(Code::Overloaded));
                let link = Link::over(place.node.clone(), paper.clone()).unwrap();
                link.pull(Stream::Inbox, 0).await.unwrap();
            }
        }
    }

    #[tokio::test]
    async fn a_backlog_keeps_the_inbox_waiting_for_a_spell_once_the_line_is_quick_and_the_hub_has_said_its_time()
     {
        for db in databases().await {
            let mut place = Place::joined("kota-bandung", db).await;
            place.node = place.begun_again().await;
            let link = Link::over(place.node.clone(), PaperHub::of(&place)).unwrap();
            assert_eq!(link.turn(), TURN);
            link.abreast.store(ABREAST, Ordering::SeqCst);
            assert_eq!(link.turn(), TURN, "the first page says what time it is");
            link.pull(Stream::Inbox, 0).await.unwrap();
            assert_eq!(link.turn(), SPELL);
            link.abreast.store(1, Ordering::SeqCst);
            assert_eq!(link.turn(), TURN);
        }
    }

    #[test]
    fn the_hub_is_left_alone_for_as_long_as_it_asks_up_to_a_bound() {
        let refused = |code: Code, seconds: Option<u64>| {
            at_least(&LinkError::Refused(Box::new(Refused {
                problem: Problem::new(code),
                retry_after: seconds.map(Duration::from_secs),
            })))
        };
        let seconds = |count| Some(Duration::from_secs(count));
        assert_eq!(refused(Code::RateLimited, Some(90)), seconds(90));
        assert_eq!(refused(Code::Overloaded, Some(86_400)), Some(MOST_ASKED));
        assert_eq!(refused(Code::Overloaded, None), None);
        assert_eq!(refused(Code::InstanceSuspended, None), Some(OPERATOR));
        assert_eq!(at_least(&LinkError::Unreachable(String::new())), None);
    }
}
