//! The node's own view of itself, told to the hub.

use http::Method;
use lapor_protocol::wire::{Health, PREFIX};

use super::{Call, Link, LinkError};

impl Link {
    /// Tells the hub how this node is doing.
    pub async fn report_health(&self) -> Result<(), LinkError> {
        let status = self.node.status().await?;
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
        };
        let body = serde_json::to_vec(&health).map_err(LinkError::hub)?;
        let call =
            Call::new(Method::POST, format!("{PREFIX}/health")).body("application/json", body);
        self.call(call).await.map(drop)
    }
}
