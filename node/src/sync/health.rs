//! The node's own view of itself, told to the hub.

use http::Method;
use lapor_certs::Credential;
use lapor_protocol::ids::Position;
use lapor_protocol::receipt::Stream;
use lapor_protocol::wire::{Health, HealthAnswer, Holds, PREFIX, Reached};
use lapor_web::regions;

use super::https::trusted;
use super::{Call, Link, LinkError, boot};
use crate::folder::credential_path;
use crate::publishing::{calendar_in_force, taxonomy_in_force};
use crate::store;

impl Link {
    /// Tells the hub how this node is doing, sends it once more what it asks for, and learns
    /// whether it was restored.
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
            holds: Some(self.holds().await?),
            portal: Some(self.portal()),
        };
        let body = serde_json::to_vec(&health).map_err(LinkError::hub)?;
        let mut call =
            Call::new(Method::POST, format!("{PREFIX}/health")).body("application/json", body);
        if let Some(boot) = self.answered_boot_header().await? {
            call = call.header(boot::NAME, boot);
        }
        let answer = self.call(call).await?;
        if answer.body.is_empty() {
            return Ok(());
        }
        let answer: HealthAnswer = answer.json()?;
        if let Some(at) = answer.restored {
            self.note_restore(at).await?;
        }
        self.send_again(&answer.again).await
    }

    /// Where people open the pages; empty where nobody has said so.
    fn portal(&self) -> String {
        let in_force = self.node.in_force();
        let site = in_force.settings().portal.public_url.as_ref();
        site.map(ToString::to_string).unwrap_or_default()
    }

    async fn holds(&self) -> Result<Holds, LinkError> {
        let directory = self.node.directory();
        let mut tx = self.node.read_tx().await?;
        let taxonomy = taxonomy_in_force(&mut tx, directory.taxonomy()).await?;
        let calendar = calendar_in_force(&mut tx, directory.calendar()).await?;
        drop(tx);
        let keys = &self.node.settings().node.keys;
        let roots = trusted(keys).ok();
        let issuer = Credential::load(&credential_path(keys)).ok();
        let issuer = issuer.as_ref().and_then(|held| held.chain().get(1));
        Ok(Holds {
            taxonomy,
            calendar,
            regions: Some(regions::EDITION.to_owned()),
            certified_by: roots.as_ref().and_then(|roots| roots.root_above(issuer?)),
            roots: roots.map(|roots| roots.pins()).unwrap_or_default(),
        })
    }
}
