//! Sending own messages once more of which the hub says that its disk has damaged them: the bytes that
//! were signed, or nothing.

use lapor_protocol::ids::Position;
use lapor_protocol::page::BatchLine;
use serde_json::value::RawValue;

use super::outgoing::is_whole;
use super::{Link, LinkError};
use crate::error::NodeError;
use crate::store;

/// Messages of one report of health.
const MOST: usize = 100;

impl Link {
    /// Sends messages once more, each by itself: the hub takes them for those that it has.
    pub(super) async fn send_again(&self, places: &[Position]) -> Result<(), LinkError> {
        if places.is_empty() {
            return Ok(());
        }
        let _sealer = self.sealer.lock().await;
        self.check_replaced()?;
        for place in places.iter().take(MOST) {
            let (epoch, seq) = (i64::from(place.epoch), place.seq as i64);
            let mut tx = self.node.read_tx().await?;
            let row = store::outbox::at(&mut tx, epoch, seq).await?;
            drop(tx);
            let Some(line) = row.filter(is_whole).and_then(|row| row.line) else {
                tracing::error!(
                    %place,
                    "the hub asks for a message that its disk has damaged, and it is not whole here either"
                );
                continue;
            };
            let raw = RawValue::from_string(line).map_err(NodeError::damaged)?;
            let line = BatchLine {
                envelope: &raw,
                wraps: Vec::new(),
                trace: None,
            };
            let mut body = serde_json::to_vec(&line).map_err(NodeError::damaged)?;
            body.push(b'\n');
            self.post(body).await?;
            tracing::warn!(%place, "a message that the disk of the hub had damaged was sent once more");
        }
        Ok(())
    }
}
