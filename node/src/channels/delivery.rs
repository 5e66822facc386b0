//! Saying what waits, on each channel in its order. While a provider is away nothing is counted
//! against a message and nothing is dropped; only who said STOP and who was erased is told no more.
//!
//! A crash between the provider's yes and the commit says something twice; nothing is lost.

use super::manner::Name;
use super::outbox::SAID;
use super::{Address, Channel, Unsaid, codes, log_name, reasons};
use crate::chance::random;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::channels::lines::LineRow;
use crate::store::channels::outbox::{OutRow, PutOff};
use crate::store::channels::refs::NewRef;

const SECOND_MS: i64 = 1000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
/// What is said in one round.
pub(super) const HANDFUL: i64 = 5;
/// Longer than a handful can take.
const LEASE_MS: i64 = 10 * MINUTE_MS;
/// First and longest pause of something that is not taken yet.
const LATER_MS: (i64, i64) = (30 * SECOND_MS, 60 * MINUTE_MS);
/// The same of a line after an outage.
const OUTAGE_MS: (i64, i64) = (15 * SECOND_MS, 10 * MINUTE_MS);
/// No line rests for longer: what says so was noted by a clock that was ahead.
const LONGEST_PAUSE_MS: i64 = 60 * MINUTE_MS;
/// How often something is tried to which the provider answers that it takes it later.
const TRIES: i64 = 20;
/// First and longest pause of something that was handed over and never answered, and how often it is
/// handed over: its person may hear it each time.
const UNANSWERED_MS: (i64, i64) = (5 * MINUTE_MS, 4 * 60 * MINUTE_MS);
const UNANSWERED: i64 = 8;
/// News that waited for longer than this are told by the latest alone.
const STALE_MS: i64 = 60 * MINUTE_MS;

/// What one round came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spoken {
    /// Nothing is due.
    Quiet,
    /// So much was looked at.
    Worked(usize),
    /// The line takes nothing now.
    Paused,
}

/// What saying one thing has shown of the line.
pub(super) enum Met {
    /// Nobody was asked.
    Nothing,
    /// The provider answers.
    Answer,
    /// Nothing else can be said now.
    Pause(Unsaid),
}

/// When something is tried again.
struct Put {
    after_ms: i64,
    /// How often it was handed over and not answered.
    unanswered: i64,
}

impl Node {
    /// Says a handful of what is due on a channel.
    pub(crate) async fn say_round(&self, line: &dyn Channel) -> Result<Spoken, NodeError> {
        let (name, now) = (line.name().as_str(), self.clock().now_ms());
        // No two processes hold anything until the same moment.
        let held = now + LEASE_MS + i64::from(u16::from_be_bytes(random()));
        let mut tx = self.write_tx().await?;
        let known = store::channels::lines::one(&mut tx, name).await?;
        let mut known = known.unwrap_or_default();
        if (1..=LONGEST_PAUSE_MS).contains(&(known.paused_until - now)) {
            return Ok(Spoken::Paused);
        }
        store::channels::outbox::condense(&mut tx, name, now - STALE_MS).await?;
        let rows = store::channels::outbox::claim(&mut tx, name, now, held, HANDFUL).await?;
        if known.failures > 0 && !store::channels::outbox::any_waits(&mut tx, name).await? {
            // Nothing is left whose answer would show that the line is there again.
            known = LineRow::default();
            store::channels::lines::put(&mut tx, name, &known).await?;
        }
        tx.commit().await?;
        for row in &rows {
            match self.say_one(line, row, held).await? {
                Met::Nothing => {}
                Met::Answer if known == LineRow::default() => {}
                Met::Answer => {
                    known = LineRow::default();
                    let mut tx = self.write_tx().await?;
                    store::channels::lines::put(&mut tx, name, &known).await?;
                    tx.commit().await?;
                }
                Met::Pause(why) => {
                    self.pause(&known, why, row, held).await?;
                    return Ok(Spoken::Paused);
                }
            }
        }
        if rows.is_empty() {
            return Ok(Spoken::Quiet);
        }
        Ok(Spoken::Worked(rows.len()))
    }

    /// Says one thing.
    async fn say_one(&self, line: &dyn Channel, row: &OutRow, held: i64) -> Result<Met, NodeError> {
        let now = self.clock().now_ms();
        let mut tx = self.read_tx().await?;
        let thread = store::channels::threads::one(&mut tx, &row.thread).await?;
        drop(tx);
        let thread = thread.ok_or_else(|| NodeError::damaged("words are for nobody"))?;
        let opened = self.address_of(&thread);
        let opened = opened.and_then(|address| Ok((address, self.saying_of(row)?)));
        let Ok((address, what)) = opened else {
            // Another key has sealed it: it holds up nothing that can be said.
            let refused = self.over(row, held, "refused", Some(reasons::SEALED)).await;
            return refused.map(|()| Met::Nothing);
        };
        let stopped = thread.stopped_at.is_some() && row.kind == "news";
        let over = stopped || codes::is_spent(row, now);
        let window = line.name().manner().window_ms;
        let late = row.shut == 1 || window.is_some_and(|window| now - thread.heard_at >= window);
        let whom = address.clone();
        let said = match (address, what) {
            (Some(_), Some(_)) if late && !over => Err(Unsaid::WindowClosed),
            (Some(address), Some(mut what)) if !over => {
                what.again = row.unanswered > 0;
                lapor_killpoints::pass("channel.saying");
                let said = line.say(&address, &what).await;
                lapor_killpoints::pass("channel.said");
                said
            }
            _ => {
                let dropped = self.over(row, held, "dropped", None).await;
                return dropped.map(|()| Met::Nothing);
            }
        };
        match said {
            Ok(id) => {
                let id = id.as_deref();
                self.was_said(line.name(), row, (held, now), id).await?;
            }
            Err(Unsaid::Later(problem)) => {
                let tried = row.attempts - row.unanswered;
                let next = (tried < TRIES).then(|| Put {
                    after_ms: doubled(LATER_MS, tried),
                    unanswered: row.unanswered,
                });
                self.put_off(row, held, next, &problem).await?;
            }
            Err(Unsaid::Never(problem)) => self.was_refused(row, held, &problem).await?,
            Err(Unsaid::Stopped) => self.was_shut_out(row, held).await?,
            Err(Unsaid::WindowClosed) => {
                let whom = (whom.as_ref(), thread.heard_at);
                let met = self.close(line, row, held, whom).await?;
                // Else it is the provider that has said so.
                let asked = late || !matches!(met, Met::Nothing);
                return Ok(if asked { met } else { Met::Answer });
            }
            Err(Unsaid::Unanswered(problem)) => {
                let unanswered = row.unanswered + 1;
                let next = (unanswered < UNANSWERED).then(|| Put {
                    after_ms: doubled(UNANSWERED_MS, unanswered),
                    unanswered,
                });
                self.put_off(row, held, next, &problem).await?;
                return Ok(Met::Pause(Unsaid::Unanswered(problem)));
            }
            Err(pause @ (Unsaid::Slower(_) | Unsaid::Down(_))) => return Ok(Met::Pause(pause)),
        }
        Ok(Met::Answer)
    }

    /// Has it tried again, or no more.
    async fn put_off(
        &self,
        row: &OutRow,
        held: i64,
        next: Option<Put>,
        problem: &str,
    ) -> Result<(), NodeError> {
        let Some(next) = next else {
            return self.was_refused(row, held, problem).await;
        };
        let put = PutOff {
            due: self.clock().now_ms() + next.after_ms,
            unanswered: next.unanswered,
            problem,
        };
        let mut tx = self.write_tx().await?;
        store::channels::outbox::put_off(&mut tx, row.number, held, &put).await?;
        tx.commit().await?;
        count(&row.channel, "put_off");
        Ok(())
    }

    async fn was_refused(&self, row: &OutRow, held: i64, problem: &str) -> Result<(), NodeError> {
        let who = log_name(&row.channel, &row.thread);
        tracing::warn!(
            who,
            number = row.number,
            "something was refused and will not be said"
        );
        self.over(row, held, "refused", Some(problem)).await
    }

    /// Notes that something was said, with when that began: whoever hears it may answer at once.
    async fn was_said(
        &self,
        channel: Name,
        row: &OutRow,
        (held, now): (i64, i64),
        id: Option<&str>,
    ) -> Result<(), NodeError> {
        // A code is not said twice: whoever needs one asks for another.
        let keeps = id.is_some() && channel.manner().comes_back && !codes::is_code(row);
        let mut tx = self.write_tx().await?;
        if let Some(id) = id {
            let hash = self.switch().hash("ref", &[channel.as_str(), id])?;
            let of = NewRef {
                channel: channel.as_str(),
                hash: &hash,
                thread: &row.thread,
                case_id: row.case_id.as_deref(),
                at: now,
            };
            store::channels::refs::add(&mut tx, &of).await?;
        }
        store::channels::outbox::sent(&mut tx, row.number, held, keeps, now).await?;
        if let Some(id) = id {
            self.note_said_as(&mut tx, channel, row.number, id).await?;
        }
        tx.commit().await?;
        count(&row.channel, "sent");
        Ok(())
    }

    /// Whoever shuts this node out wants no news, as with STOP.
    async fn was_shut_out(&self, row: &OutRow, held: i64) -> Result<(), NodeError> {
        let mut tx = self.write_tx().await?;
        store::channels::threads::stop(&mut tx, &row.thread, self.clock().now_ms()).await?;
        store::channels::outbox::drop_news(&mut tx, &row.thread).await?;
        store::channels::outbox::end(&mut tx, row.number, held, "dropped", None).await?;
        tx.commit().await?;
        count(&row.channel, "dropped");
        Ok(())
    }

    /// Lets something wait until the person writes again, and asks them to if they were not asked. Who
    /// has written since they were heard last is told.
    pub(super) async fn close(
        &self,
        line: &dyn Channel,
        row: &OutRow,
        held: i64,
        (whom, heard_at): (Option<&Address>, i64),
    ) -> Result<Met, NodeError> {
        let mut tx = self.read_tx().await?;
        let asked = store::channels::outbox::has_closed(&mut tx, &row.thread).await?;
        drop(tx);
        let mut met = Met::Nothing;
        if let (Some(whom), false, "news") = (whom, asked, row.kind.as_str()) {
            met = match line.knock(whom).await {
                Ok(true) => Met::Answer,
                Ok(false) => Met::Nothing,
                Err(pause @ (Unsaid::Slower(_) | Unsaid::Down(_))) => {
                    return Ok(Met::Pause(pause));
                }
                // They may have been asked, and once is enough.
                Err(pause @ Unsaid::Unanswered(_)) => Met::Pause(pause),
                Err(unsaid) => {
                    let who = log_name(&row.channel, &row.thread);
                    tracing::warn!(?unsaid, who, "nobody could be asked to write again");
                    Met::Answer
                }
            };
        }
        let mut tx = self.write_tx().await?;
        store::channels::outbox::close(&mut tx, row.number, held).await?;
        let thread = store::channels::threads::one(&mut tx, &row.thread).await?;
        let written = thread.is_some_and(|thread| thread.heard_at > heard_at);
        if written {
            let now = self.clock().now_ms();
            store::channels::outbox::open(&mut tx, &row.thread, now).await?;
        }
        tx.commit().await?;
        count(&row.channel, if written { "put_off" } else { "closed" });
        Ok(met)
    }

    async fn over(
        &self,
        row: &OutRow,
        held: i64,
        state: &'static str,
        problem: Option<&str>,
    ) -> Result<(), NodeError> {
        let mut tx = self.write_tx().await?;
        store::channels::outbox::end(&mut tx, row.number, held, state, problem).await?;
        tx.commit().await?;
        count(&row.channel, state);
        Ok(())
    }

    /// Notes that a line stands over which things are said, which ends what was known of an outage,
    /// unless it is one that takes things and does not answer them.
    pub(super) async fn note_opened(&self, name: Name) {
        if let Err(error) = self.put_opened(name).await {
            let channel = name.as_str();
            tracing::warn!(%error, channel, "that a line stands again could not be noted");
        }
    }

    async fn put_opened(&self, name: Name) -> Result<(), NodeError> {
        // What is submitted may go unanswered all the same: the first pause stays.
        let until = self.clock().now_ms() + OUTAGE_MS.0;
        let mut tx = self.write_tx().await?;
        store::channels::lines::opened(&mut tx, name.as_str(), until).await?;
        Ok(tx.commit().await?)
    }

    /// Lets a line rest and gives back what was not said. That by which it showed comes behind the others:
    /// it may be the only one that is not taken.
    async fn pause(
        &self,
        known: &LineRow,
        why: Unsaid,
        row: &OutRow,
        held: i64,
    ) -> Result<(), NodeError> {
        let name = row.channel.as_str();
        let now = self.clock().now_ms();
        let next = match why {
            Unsaid::Down(problem) | Unsaid::Unanswered(problem) => {
                let failures = known.failures + 1;
                if failures == 1 {
                    tracing::warn!(
                        channel = name,
                        "the line is down and what is to be said waits: {problem}"
                    );
                }
                LineRow {
                    paused_until: now + doubled(OUTAGE_MS, failures),
                    failures,
                    since: known.since.or(Some(now)),
                    problem: Some(problem),
                }
            }
            Unsaid::Slower(pause) => {
                let ms = i64::try_from(pause.as_millis()).unwrap_or(LONGEST_PAUSE_MS);
                LineRow {
                    paused_until: now + ms.min(LONGEST_PAUSE_MS),
                    ..known.clone()
                }
            }
            Unsaid::Later(_) | Unsaid::Never(_) | Unsaid::Stopped | Unsaid::WindowClosed => {
                known.clone()
            }
        };
        let mut tx = self.write_tx().await?;
        store::channels::lines::put(&mut tx, name, &next).await?;
        if next.failures > known.failures {
            store::channels::outbox::behind(&mut tx, row.number, held, now).await?;
        }
        store::channels::outbox::give_back(&mut tx, name, held).await?;
        Ok(tx.commit().await?)
    }
}

pub(super) fn count(channel: &str, outcome: &'static str) {
    metrics::counter!(SAID, "channel" => channel.to_owned(), "outcome" => outcome).increment(1);
}

fn doubled((first, longest): (i64, i64), times: i64) -> i64 {
    let doublings = times.clamp(1, 16) - 1;
    (first << doublings).min(longest)
}
