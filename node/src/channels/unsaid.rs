//! What was to be said and was not: refused by the provider, or until the person writes again. An
//! administrator has it said again, or drops it. None of its words are shown.

use super::log_name;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;

pub use crate::store::channels::unsaid::UnsaidRow as NotSaid;

const SHOWN: i64 = 200;

impl Node {
    /// The latest first, for the month for which words are kept.
    pub async fn not_said(&self) -> Result<Vec<NotSaid>, NodeError> {
        let mut tx = self.read_tx().await?;
        Ok(store::channels::unsaid::list(&mut tx, SHOWN).await?)
    }

    /// Has something said again that was refused.
    ///
    /// # Errors
    /// [`NodeError::NotFound`] where nothing of this number was refused, or its words are gone.
    pub async fn say_again(&self, number: i64, actor: &str) -> Result<(), NodeError> {
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        let revived = store::channels::unsaid::again(&mut tx, number, now).await?;
        let (channel, thread) =
            revived.ok_or_else(|| NodeError::not_found("refused message", &number))?;
        let name = log_name(&channel, &thread);
        store::audit::add(&mut tx, now, actor, "channel.said_again", None, &name).await?;
        tx.commit().await?;
        self.switch().to_say.notify_waiters();
        Ok(())
    }

    /// Drops something that was not said.
    ///
    /// # Errors
    /// [`NodeError::NotFound`] where nothing of this number waits so.
    pub async fn drop_unsaid(&self, number: i64, actor: &str) -> Result<(), NodeError> {
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        let dropped = store::channels::unsaid::drop_one(&mut tx, number).await?;
        let (channel, thread) =
            dropped.ok_or_else(|| NodeError::not_found("message that was not said", &number))?;
        let name = log_name(&channel, &thread);
        store::audit::add(&mut tx, now, actor, "channel.dropped", None, &name).await?;
        Ok(tx.commit().await?)
    }
}
