//! Making something of what was taken: of each conversation one message at a time, in its order.
//! What fails is tried again, ever later; what goes on failing waits for a person and is never lost.

use futures_util::future::join_all;
use metrics::counter;

use super::deeds::Step;
use super::manner::Name;
use super::settled::Cause;
use super::talk::{self, Known};
use super::{Lines, Unread, log_name};
use crate::chance::random;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::channels::taken::TakenRow;
use crate::store::channels::threads::{ThreadRow, Turned};

const SECOND_MS: i64 = 1000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
/// Conversations of a channel at once.
const HANDFUL: i64 = 8;
/// Longer than a message can take.
const LEASE_MS: i64 = 5 * MINUTE_MS;
/// First and longest pause of a message that cannot be done yet.
const LATER_MS: (i64, i64) = (30 * SECOND_MS, 60 * MINUTE_MS);
/// How often a message is tried.
const TRIES: i64 = 20;
/// Messages that were looked at, by what became of them.
pub const TAKEN: &str = "lapor_node_channel_taken_total";

impl Node {
    /// Does what is due of what came in, and files drafts after which nothing was said. Returns how
    /// many were looked at.
    pub(crate) async fn hear_round(&self, lines: &Lines) -> Result<usize, NodeError> {
        let mut looked = self.hear_beside(lines).await?;
        let on = lines.names().into_iter();
        for heard in join_all(on.map(|channel| self.hear_on(lines, channel))).await {
            looked += heard?;
        }
        Ok(looked)
    }

    /// Does what is due of one channel: a provider that is slow with a file holds up no other's
    /// messages. Returns how many were looked at.
    pub(super) async fn hear_on(&self, lines: &Lines, channel: &str) -> Result<usize, NodeError> {
        let now = self.clock().now_ms();
        // No two processes hold messages until the same moment.
        let held = now + LEASE_MS + i64::from(u16::from_be_bytes(random()));
        let mut tx = self.write_tx().await?;
        let mut rows = store::channels::taken::claim(&mut tx, channel, now, held, HANDFUL).await?;
        tx.commit().await?;
        rows.sort_by_key(|row| row.number);
        if is_public(channel) {
            // Where everybody reads people refer to what others have said before them.
            for row in &rows {
                self.look_at_message(lines, row, held).await?;
            }
        } else {
            let at_once = rows.iter();
            let at_once = at_once.map(|row| self.look_at_message(lines, row, held));
            for looked in join_all(at_once).await {
                looked?;
            }
        }
        Ok(rows.len())
    }

    /// Does what is due of no channel that is on: parts whose rest stays away, messages of channels
    /// that are off, drafts after which nothing was said. Returns how many were looked at.
    pub(super) async fn hear_beside(&self, lines: &Lines) -> Result<usize, NodeError> {
        let now = self.clock().now_ms();
        let latest = now + self.longest_patience_ms();
        let mut tx = self.write_tx().await?;
        store::channels::parts::give_up(&mut tx, now, latest).await?;
        let due = store::channels::taken::channels_due(&mut tx, now).await?;
        let silent = store::channels::threads::to_wake(&mut tx, now, HANDFUL).await?;
        tx.commit().await?;
        let mut looked = silent.len();
        for channel in &due {
            if lines.named(channel).is_none() {
                looked += self.hear_on(lines, channel).await?;
            }
        }
        for thread in &silent {
            self.end_silence(thread).await?;
        }
        Ok(looked)
    }

    /// Looks at one message. An error of its own keeps no other back.
    pub(super) async fn look_at_message(
        &self,
        lines: &Lines,
        row: &TakenRow,
        held: i64,
    ) -> Result<(), NodeError> {
        let outcome = match Box::pin(self.understand(lines, row, held)).await {
            Ok(outcome) => outcome,
            Err(error) => self.keep_for_later(row, held, &error).await?,
        };
        counter!(TAKEN, "channel" => row.channel.clone(), "outcome" => outcome).increment(1);
        Ok(())
    }

    async fn understand(
        &self,
        lines: &Lines,
        row: &TakenRow,
        held: i64,
    ) -> Result<&'static str, NodeError> {
        let off = || NodeError::Locked("the channel is not switched on");
        let line = lines.named(&row.channel).ok_or_else(off)?;
        let number = row.number;
        let read = match &row.raw {
            Some(sealed) => self.taken_again(&**line, (number, sealed))?,
            None => Err(Unread("its words were erased")),
        };
        let heard = read.map_err(|Unread(problem)| NodeError::damaged(problem))?;
        let thread = self.thread_of(row).await?;
        let blocked = self.is_blocked(&thread.id).await?;
        let facts = self.facts_of(&thread, &heard, row.follows).await?;
        let step = Step {
            node: self,
            channel: line.name(),
            thread: &thread,
            cause: Cause::Message { number, held },
            message: heard.id.as_deref(),
            below: facts.below.as_ref(),
        };
        if let Some(acted) = step.done_before().await? {
            return step.end_done(&facts, &acted).await;
        }
        let manner = line.name().manner();
        let unproved = manner.by_reply && !facts.is_below_own(&thread.id);
        if blocked {
            let stops = !unproved && talk::is_stop(&heard);
            return step.keep_out(&facts.talk, stops).await;
        }
        let keywords = self.keywords_in_force().await?;
        let unsaid = self.unsaid_before(&thread.id, &facts.talk, row.came_at);
        let known = Known {
            manner,
            marks: self.marks_of(&keywords, manner),
            tickets: &facts.tickets,
            cases: &facts.cases,
            referred: facts.referred,
            of_another: facts.is_of_another(&thread.id),
            unproved,
            recent: facts.recent,
            again: facts.again.clone(),
            unsaid: unsaid.await?,
            stopped: thread.stopped_at.is_some(),
        };
        let mut turn = talk::hear(&facts.talk, &heard, &known, self.clock().now_ms());
        let last = row.attempts >= TRIES;
        let files = self.carry(&**line, (&heard, last), &facts.talk, &mut turn);
        let files = files.await?;
        let performed = match self.is_still_ours(&files, (number, held)).await {
            Ok(()) => step.perform(turn, &facts.text).await,
            Err(error) => Err(error),
        };
        if performed.is_err() {
            self.give_up(&files).await;
        }
        performed
    }

    /// Fetching takes long: another process may have done the message meanwhile.
    async fn is_still_ours(
        &self,
        files: &[String],
        (number, held): (i64, i64),
    ) -> Result<(), NodeError> {
        if files.is_empty() {
            return Ok(());
        }
        let mut tx = self.read_tx().await?;
        if store::channels::taken::is_held(&mut tx, number, held).await? {
            return Ok(());
        }
        Err(NodeError::AnsweredMeanwhile)
    }

    async fn thread_of(&self, row: &TakenRow) -> Result<ThreadRow, NodeError> {
        let id = row.thread.as_deref().unwrap_or_default();
        let mut tx = self.read_tx().await?;
        let thread = store::channels::threads::one(&mut tx, id).await?;
        thread.ok_or_else(|| NodeError::damaged("a message belongs to no conversation"))
    }

    /// Puts a message off, or leaves it to a person.
    async fn keep_for_later(
        &self,
        row: &TakenRow,
        held: i64,
        error: &NodeError,
    ) -> Result<&'static str, NodeError> {
        let (now, problem) = (self.clock().now_ms(), error.to_string());
        let due = match error {
            // Somebody else has changed the conversation: it is read again as it is now.
            NodeError::AnsweredMeanwhile => Some(now),
            NodeError::TooMany { retry_after_s } => {
                Some(now + i64::from(*retry_after_s) * SECOND_MS)
            }
            // It says more than a report may hold, or what no report can be.
            NodeError::Invalid(_) => None,
            _ if row.attempts >= TRIES => None,
            _ => Some(now + later_ms(row.attempts)),
        };
        let who = log_name(&row.channel, row.thread.as_deref().unwrap_or_default());
        let mut tx = self.write_tx().await?;
        let outcome = if let Some(due) = due {
            tracing::debug!(who, number = row.number, "a message waits: {problem}");
            store::channels::taken::put_off(&mut tx, row.number, held, due, &problem).await?;
            "put_off"
        } else {
            tracing::error!(
                who,
                number = row.number,
                "a message waits for a person: {problem}"
            );
            store::channels::taken::stick(&mut tx, row.number, held, &problem).await?;
            "stuck"
        };
        tx.commit().await?;
        Ok(outcome)
    }

    /// Files a draft after which nothing was said for long.
    async fn end_silence(&self, thread: &ThreadRow) -> Result<(), NodeError> {
        let talk = match self.talk_of(thread) {
            Ok(talk) => talk,
            // Another key has sealed it, or it is damaged.
            Err(error) => return self.file_later(thread, &error).await,
        };
        let (Some(turn), Some(channel)) = (talk::silence(&talk), Name::read(&thread.channel))
        else {
            return self.wake_later(thread).await;
        };
        let step = Step {
            node: self,
            channel,
            thread,
            cause: Cause::Silence,
            message: None,
            below: None,
        };
        let text = talk
            .draft
            .map(|draft| draft.said.content)
            .unwrap_or_default();
        let text = self.text_hash(&thread.id, &text)?;
        match Box::pin(step.perform(turn, &text)).await {
            Ok(outcome) => {
                let channel = thread.channel.clone();
                counter!(TAKEN, "channel" => channel, "outcome" => outcome).increment(1);
                Ok(())
            }
            // Something was said just now.
            Err(NodeError::AnsweredMeanwhile) => Ok(()),
            Err(error @ NodeError::Database(_)) => Err(error),
            Err(error) => self.file_later(thread, &error).await,
        }
    }

    /// What is wrong with one draft holds up nobody else.
    async fn file_later(&self, thread: &ThreadRow, error: &NodeError) -> Result<(), NodeError> {
        let who = log_name(&thread.channel, &thread.id);
        tracing::warn!(%error, who, "a draft cannot be filed and is tried again");
        self.wake_later(thread).await
    }

    async fn wake_later(&self, thread: &ThreadRow) -> Result<(), NodeError> {
        let later = Turned {
            thread: &thread.id,
            turn: thread.turn,
            talk: thread.talk.as_deref(),
            wake_at: Some(self.clock().now_ms() + LATER_MS.1),
            stopped_at: thread.stopped_at,
        };
        let mut tx = self.write_tx().await?;
        store::channels::threads::turn(&mut tx, &later).await?;
        Ok(tx.commit().await?)
    }
}

fn is_public(channel: &str) -> bool {
    Name::read(channel).is_some_and(|name| name.manner().public)
}

fn later_ms(attempts: i64) -> i64 {
    let doublings = attempts.clamp(1, 16) - 1;
    (LATER_MS.0 << doublings).min(LATER_MS.1)
}
