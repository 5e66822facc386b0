//! Conversations that an administrator has blocked: what comes is taken and lies aside, nothing is
//! answered and no news is told, until a day. A block is told to nobody.

use super::log_name;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::channels::blocks::NewBlock;

pub use crate::store::channels::blocks::BlockRow as Block;

const DAY_MS: i64 = 86_400_000;
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
        let detail = format!("{name}, {days} d: {why}");
        store::audit::add(&mut tx, now, actor, "channel.blocked", None, &detail).await?;
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
