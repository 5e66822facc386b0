//! Sending own messages once more of which the hub says that its disk has damaged them: the bytes that
//! were signed, or nothing. What the hub has not accepted from this node was never its to ask for.

use std::sync::atomic::Ordering;

use lapor_protocol::ids::Position;
use lapor_protocol::page::BatchLine;
use lapor_protocol::problem::Code;
use serde_json::value::RawValue;

use super::{Link, LinkError};
use crate::error::NodeError;
use crate::store;

/// Messages of one report of health.
const MOST: usize = 100;

impl Link {
    /// Sends messages once more, each by itself: the hub takes them for those that it has.
    pub(super) async fn send_again(&self, places: &[Position]) -> Result<(), LinkError> {
        for place in places.iter().take(MOST) {
            match Box::pin(self.send_one_again(*place)).await {
                // What failed may concern this one alone, and the others do not wait for it.
                Err(error) if error.code() == Some(Code::Internal) => {
                    tracing::warn!(%place, %error, "a message could not be sent once more");
                }
                done => done?,
            }
        }
        Ok(())
    }

    async fn send_one_again(&self, place: Position) -> Result<(), LinkError> {
        let _sealer = self.sealer.lock().await;
        self.check_replaced()?;
        if !self.compared.load(Ordering::SeqCst) {
            Box::pin(self.compare_heads()).await?;
        }
        let mut tx = self.node.read_tx().await?;
        let row =
            store::outbox::accepted_at(&mut tx, i64::from(place.epoch), place.seq as i64).await?;
        drop(tx);
        let Some(row) = row else {
            tracing::warn!(
                %place,
                "the hub asks for a message that it has not accepted from here, and is not given it"
            );
            return Ok(());
        };
        let whole = Some(row).filter(|row| self.is_as_signed(row));
        let Some(line) = whole.and_then(|row| row.line) else {
            tracing::error!(
                %place,
                "the hub asks for a message that its disk has damaged, and it is not whole here either"
            );
            return Ok(());
        };
        let raw = RawValue::from_string(line).map_err(NodeError::damaged)?;
        let line = BatchLine {
            envelope: &raw,
            wraps: Vec::new(),
            trace: None,
        };
        let mut body = serde_json::to_vec(&line).map_err(NodeError::damaged)?;
        body.push(b'\n');
        match self.post(body).await?.exceptions.first() {
            None => {
                tracing::warn!(%place, "a message that the disk of the hub had damaged was sent once more");
            }
            Some(exception) => tracing::error!(
                %place,
                code = exception.code.as_str(),
                "the hub asks for a message once more and does not take it"
            ),
        }
        Ok(())
    }
}
