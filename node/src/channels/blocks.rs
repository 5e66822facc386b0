//! Conversations that an administrator has blocked: what comes is taken and lies aside, nothing is
//! answered and no news is told, until a day. A block is told to nobody, nor that it is over; what
//! still waits for an answer then is asked once more.

use super::forgetting::ENDED_KEPT_MS;
use super::log_name;
use super::silence::Resumed;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::channels::blocks::NewBlock;

pub use crate::store::channels::blocks::BlockRow as Block;

const DAY_MS: i64 = 86_400_000;
/// Blocks whose end is looked at in one go.
const AT_ONCE: i64 = 100;
/// For how many days a conversation can be blocked.
pub const BLOCK_DAYS: [i64; 4] = [1, 7, 30, 90];

impl Node {
    pub(super) async fn is_blocked(&self, thread: &str) -> Result<bool, NodeError> {
        let now = self.clock().now_ms();
        let mut tx = self.read_tx().await?;
        let until = store::channels::blocks::until(&mut tx, thread, now).await?;
        Ok(until.is_some())
    }

    /// All conversations that are blocked, the latest first.
    pub async fn blocked(&self) -> Result<Vec<Block>, NodeError> {
        let now = self.clock().now_ms();
        let mut tx = self.read_tx().await?;
        Ok(store::channels::blocks::all(&mut tx, now).await?)
    }

    /// How logs and pages name a conversation.
    ///
    /// # Errors
    /// [`NodeError::NotFound`] where there is none.
    pub async fn conversation_name(&self, thread: &str) -> Result<String, NodeError> {
        let mut tx = self.read_tx().await?;
        let row = store::channels::threads::one(&mut tx, thread).await?;
        let row = row.ok_or_else(|| NodeError::not_found("conversation", &thread))?;
        Ok(log_name(&row.channel, &row.id))
    }

    /// Blocks a conversation for some days; news that wait for it are dropped.
    pub async fn block(
        &self,
        thread: &str,
        days: i64,
        why: &str,
        actor: &str,
    ) -> Result<(), NodeError> {
        let (now, name) = (self.clock().now_ms(), self.conversation_name(thread).await?);
        let block = NewBlock {
            thread,
            until: now + days * DAY_MS,
            why,
            at: now,
            by: actor,
        };
        let mut tx = self.write_tx().await?;
        store::channels::blocks::put(&mut tx, &block).await?;
        store::channels::outbox::drop_news(&mut tx, thread).await?;
        // News that are being written were gathered for somebody who was not blocked.
        store::channels::threads::turned(&mut tx, thread).await?;
        let detail = format!("{name}, {days} d: {why}");
        store::audit::add(&mut tx, now, actor, "channel.blocked", None, &detail).await?;
        Ok(tx.commit().await?)
    }

    /// Forgets blocks that are over, and writes what still waits for an answer of whoever was blocked.
    /// Returns how many things that were.
    pub(super) async fn end_blocks(&self) -> Result<usize, NodeError> {
        let mut tx = self.read_tx().await?;
        let now = self.clock().now_ms();
        let over = store::channels::blocks::over(&mut tx, now, AT_ONCE).await?;
        drop(tx);
        let mut written = 0;
        for (thread, until) in over {
            match self.end_block(&thread, until).await {
                Ok(asked) => written += asked,
                Err(error @ NodeError::Database(_)) => return Err(error),
                // The conversation has just changed: it is looked at in the next round.
                Err(NodeError::AnsweredMeanwhile) => {}
                // What is wrong with one conversation keeps no news of another.
                Err(error) => {
                    tracing::warn!(%error, "what follows from the end of a block cannot be told");
                    if until < now - ENDED_KEPT_MS {
                        self.forget_block(&thread, until).await?;
                    }
                }
            }
        }
        Ok(written)
    }

    async fn end_block(&self, thread: &str, until: i64) -> Result<usize, NodeError> {
        let mut tx = self.read_tx().await?;
        let row = store::channels::threads::one(&mut tx, thread).await?;
        drop(tx);
        // Who has said STOP before is told nothing either way.
        let row = row.filter(|row| row.sealed.is_some() && row.stopped_at.is_none());
        let mut resumed = Resumed::default();
        if let Some(row) = &row {
            resumed = Box::pin(self.resumed(row, until)).await?;
        }
        let asks = resumed.asks.len();
        let mut tx = self.write_tx().await?;
        if store::channels::blocks::end(&mut tx, thread, until).await? == 0 {
            return Err(NodeError::AnsweredMeanwhile);
        }
        let mut rows = resumed.asks;
        rows.extend(resumed.untold);
        let asking = resumed.asking;
        self.add_rows(&mut tx, row.as_ref(), &rows, asking).await?;
        tx.commit().await?;
        Ok(asks)
    }

    async fn forget_block(&self, thread: &str, until: i64) -> Result<(), NodeError> {
        let mut tx = self.write_tx().await?;
        store::channels::blocks::end(&mut tx, thread, until).await?;
        Ok(tx.commit().await?)
    }

    /// Ends a block before its day.
    ///
    /// # Errors
    /// [`NodeError::NotFound`] where the conversation is not blocked.
    pub async fn unblock(&self, thread: &str, actor: &str) -> Result<(), NodeError> {
        let (now, name) = (self.clock().now_ms(), self.conversation_name(thread).await?);
        let mut tx = self.write_tx().await?;
        if store::channels::blocks::lift(&mut tx, thread, now).await? == 0 {
            return Err(NodeError::not_found("block of a conversation", &thread));
        }
        store::audit::add(&mut tx, now, actor, "channel.unblocked", None, &name).await?;
        Ok(tx.commit().await?)
    }
}
