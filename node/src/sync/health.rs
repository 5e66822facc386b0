//! The node's own view of itself, told to the hub.

use http::Method;
use lapor_protocol::ids::Position;
use lapor_protocol::receipt::Stream;
use lapor_protocol::wire::{Health, PREFIX, Reached};

use super::{Call, Link, LinkError};
use crate::store;

impl Link {
    /// Tells the hub how this node is doing.
    pub async fn report_health(&self) -> Result<(), LinkError> {
        let status = self.node.status().await?;
        let mut tx = self.node.read_tx().await?;
        let chain = store::chain::head(&mut tx).await?;
        let cursor = store::chain::cursor(&mut tx, Stream::Inbox.as_str()).await?;
        drop(tx);
        let health = Health {
            software: concat!("lapor-node ", env!("CARGO_PKG_VERSION")).into(),
            time: self.node.clock().now_ms(),
            unsent: status.outbox.unsent,
            oldest_unsent: status.outbox.oldest_unsent,
            unapplied: status.inbox.received + status.inbox.waiting,
            quarantined: status.inbox.quarantined + status.outbox.quarantined,
            parked: status.inbox.parked,
            directory: status.directory,
            certificate_expires: status.certificate_expires.unwrap_or_default(),
            free_disk_bytes: crate::monitor::free_disk(self.node.settings()),
            last_backup: status.last_backup,
            chain: chain.map(|(epoch, _, _, accepted)| Position {
                epoch: epoch as u32,
                seq: accepted as u64,
            }),
            inbox: cursor.map(|(depoch, accepted, _, settled, _)| Reached {
                depoch: depoch as u32,
                accepted: accepted as u64,
                settled: settled as u64,
            }),
        };
        let body = serde_json::to_vec(&health).map_err(LinkError::hub)?;
        let call =
            Call::new(Method::POST, format!("{PREFIX}/health")).body("application/json", body);
        self.call(call).await.map(drop)
    }
}
