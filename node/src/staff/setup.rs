//! What an admin has said of the first set-up: that nothing more is to be told of it, and that the
//! mail server was tried. What is arranged and what is missing is seen from what is there.

use crate::error::NodeError;
use crate::node::Node;
use crate::store;

/// Name of the fact that says nothing more is to be told.
const DISMISSED: &str = "setup_dismissed";

impl Node {
    pub(crate) async fn is_setup_dismissed(&self) -> Result<bool, NodeError> {
        let mut tx = self.read_tx().await?;
        Ok(store::chain::fact(&mut tx, DISMISSED).await?.is_some())
    }

    /// Ends what is told of the set-up, or begins it again.
    pub(crate) async fn dismiss_setup(&self, ended: bool, actor: &str) -> Result<(), NodeError> {
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        if ended {
            store::chain::set_fact(&mut tx, DISMISSED, actor).await?;
            store::audit::add(&mut tx, now, actor, "setup.dismissed", None, "").await?;
        } else {
            store::chain::forget_fact(&mut tx, DISMISSED).await?;
            store::audit::add(&mut tx, now, actor, "setup.resumed", None, "").await?;
        }
        Ok(tx.commit().await?)
    }

    /// Notes that somebody has had a letter sent to themselves.
    pub(crate) async fn note_mail_tried(&self, actor: &str) -> Result<(), NodeError> {
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        store::audit::add(&mut tx, now, actor, "mail.tried", None, "").await?;
        Ok(tx.commit().await?)
    }
}
