//! What came in and waits for a person, and how it is looked at again: after an upgrade that reads
//! more, or after whatever was wrong has been mended.

use lapor_migrations::Tx;

use super::Lines;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::channels::taken::TakenRow;

pub use crate::store::channels::taken::Trouble;

/// Messages with trouble that are shown at once.
const SHOWN: i64 = 200;

impl Node {
    /// Messages that cannot be read, wait for a person, or were put off; no word and no sender.
    pub async fn channel_trouble(&self) -> Result<Vec<Trouble>, NodeError> {
        let mut tx = self.read_tx().await?;
        Ok(store::channels::taken::troubled(&mut tx, SHOWN).await?)
    }

    /// What this node has said and a provider, or the network behind it, refused; latest first.
    pub async fn channel_refused(&self) -> Result<Vec<Trouble>, NodeError> {
        let mut tx = self.read_tx().await?;
        Ok(store::channels::outbox::refused(&mut tx, SHOWN).await?)
    }

    /// Has everything looked at again that waits for a person or could not be read, or the one of a
    /// number. Returns how much that is.
    pub async fn look_again(
        &self,
        lines: &Lines,
        number: Option<i64>,
        actor: &str,
    ) -> Result<usize, NodeError> {
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        let mut revived = 0;
        for row in store::channels::taken::left(&mut tx, number).await? {
            revived += usize::from(self.revive(&mut tx, lines, &row, now).await?);
        }
        let detail = revived.to_string();
        store::audit::add(&mut tx, now, actor, "channel.looked_again", None, &detail).await?;
        tx.commit().await?;
        self.switch().heard.notify_waiters();
        Ok(revived)
    }

    /// Lays a message aside that waits for a person, where its words can be read, if any are here.
    ///
    /// # Errors
    /// [`NodeError::NotFound`] where none of this number does.
    pub async fn lay_aside(&self, number: i64, actor: &str) -> Result<(), NodeError> {
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        if store::channels::aside::unstick(&mut tx, number, now).await? == 0 {
            return Err(NodeError::not_found("stuck message", &number));
        }
        let detail = number.to_string();
        store::audit::add(&mut tx, now, actor, "channel.laid_aside", None, &detail).await?;
        Ok(tx.commit().await?)
    }

    async fn revive(
        &self,
        tx: &mut Tx,
        lines: &Lines,
        row: &TakenRow,
        now: i64,
    ) -> Result<bool, NodeError> {
        let (Some(line), Some(raw)) = (lines.named(&row.channel), &row.raw) else {
            return Ok(false);
        };
        // What another key has sealed keeps no other from being looked at.
        let Ok(Ok(heard)) = self.taken_again(&**line, (row.number, raw)) else {
            return Ok(false);
        };
        let thread = self.thread_with(tx, line.name(), &heard, now).await?;
        store::channels::taken::revive(tx, row.number, &thread, now).await?;
        Ok(true)
    }
}
