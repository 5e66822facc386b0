//! How this node is doing, for `lapor-node status`, the API and the hub.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::backup::{self, RestoredFrom};
use crate::error::NodeError;
use crate::node::Node;
use crate::rotation::KeyStatus;
use crate::store;
use crate::sync::certificate::{held, renewal_due_ms};
use crate::sync::{ALARM, Alarm, LinkState, read_state};

const DAY_MS: i64 = 86_400_000;

/// Everything that an operator asks first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Status {
    pub instance: Option<String>,
    pub hub: Option<String>,
    pub link: LinkState,
    /// The maintenance of the hub that is announced, until it is over.
    pub maintenance: Option<HubMaintenance>,
    /// What only the operator can end: this node runs twice.
    pub alarm: Option<Alarm>,
    /// The backup from which this node was restored, until it has met the hub.
    pub restored: Option<RestoredFrom>,
    /// Unix ms of the last backup.
    pub last_backup: Option<i64>,
    pub outbox: OutboxStatus,
    pub inbox: InboxStatus,
    pub cursors: Vec<CursorStatus>,
    /// Attachments still to be sent.
    pub blobs_to_send: u64,
    /// Attachments still to be fetched.
    pub blobs_to_fetch: u64,
    /// Bytes of pictures of other institutions' programmes that are here.
    pub picture_bytes: u64,
    /// Pictures of other institutions that were not fetched for want of room.
    pub pictures_without_room: u64,
    /// Directory version that this node has.
    pub directory: u64,
    /// Unix ms.
    pub certificate_expires: Option<i64>,
    /// Whole days until the certificate expires; negative when it has.
    pub certificate_days: Option<i64>,
    /// Unix ms; from when on the node renews the certificate.
    pub certificate_renews: Option<i64>,
    /// This node's keys, the TLS key excepted.
    pub keys: Vec<KeyStatus>,
    /// Cases by state.
    pub cases: std::collections::BTreeMap<String, u64>,
}

/// A time in which the hub takes nothing in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HubMaintenance {
    /// Unix ms.
    pub from: i64,
    /// Unix ms; the first moment after it.
    pub until: i64,
    /// In the words of the hub's staff.
    pub reason: String,
    /// Whether it has begun, by this node's clock.
    pub on: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OutboxStatus {
    /// Messages that are not durable at the hub yet.
    pub unsent: u64,
    /// Unix ms; when the oldest of them was made.
    pub oldest_unsent: Option<i64>,
    /// Accepted by the hub, ruling not here yet.
    pub unruled: u64,
    pub quarantined: u64,
    /// The open epoch, and the last position that is durable at the hub.
    pub epoch: u64,
    pub accepted: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InboxStatus {
    /// On disk, not looked at.
    pub received: u64,
    /// In a case that waits for an earlier message.
    pub waiting: u64,
    pub quarantined: u64,
    /// Of a kind that this version does not know.
    pub parked: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CursorStatus {
    pub stream: String,
    /// `depoch.dseq`: the last item on disk.
    pub accepted: String,
    pub settled: u64,
    pub acknowledged: u64,
}

impl Node {
    /// The maintenance of the hub that is announced and not over.
    pub fn hub_maintenance(&self) -> Option<HubMaintenance> {
        let (now, directory) = (self.clock().now_ms(), self.directory());
        directory.maintenance(now).map(|notice| HubMaintenance {
            from: notice.from,
            until: notice.until,
            reason: notice.reason.clone(),
            on: notice.is_on(now),
        })
    }

    pub async fn status(&self) -> Result<Status, NodeError> {
        let joined = self.joined().ok();
        let link = read_state(self).await?;
        let mut tx = self.read_tx().await?;
        let mut outbox = OutboxStatus::default();
        for (state, count, oldest) in store::outbox::backlog(&mut tx).await? {
            let count = count as u64;
            match state.as_str() {
                "accepted" => outbox.unruled += count,
                "quarantined" => outbox.quarantined += count,
                _ => {
                    outbox.unsent += count;
                    outbox.oldest_unsent = outbox.oldest_unsent.into_iter().chain(oldest).min();
                }
            }
        }
        if let Some((epoch, _, _, accepted)) = store::chain::head(&mut tx).await? {
            (outbox.epoch, outbox.accepted) = (epoch as u64, accepted as u64);
        }
        let (last_backup, restored) = backup::history(&mut tx).await?;
        let alarm = store::chain::fact(&mut tx, ALARM).await?;
        let alarm = alarm.map(|text| store::read(serde_json::from_str(&text)));
        let mut inbox = InboxStatus::default();
        for (state, count) in store::inbox::counts(&mut tx).await? {
            let slot = match state.as_str() {
                "received" => &mut inbox.received,
                "waiting" => &mut inbox.waiting,
                "quarantined" => &mut inbox.quarantined,
                _ => &mut inbox.parked,
            };
            *slot = count as u64;
        }
        let mut cursors = Vec::new();
        for stream in ["inbox", "public"] {
            if let Some((depoch, dseq, _, settled, acked)) =
                store::chain::cursor(&mut tx, stream).await?
            {
                cursors.push(CursorStatus {
                    stream: stream.into(),
                    accepted: format!("{depoch}.{dseq}"),
                    settled: settled as u64,
                    acknowledged: acked as u64,
                });
            }
        }
        let blobs: std::collections::BTreeMap<_, _> = store::blobs::pending_counts(&mut tx)
            .await?
            .into_iter()
            .collect();
        let count = |state: &str| blobs.get(state).copied().unwrap_or(0) as u64;
        let me = joined.map_or("", |joined| joined.instance.as_str());
        let picture_bytes = store::pictures::bytes_of_others(&mut tx, me).await?;
        let pictures_without_room = store::pictures::count(&mut tx, "no_room").await?;
        let cases = store::cases::counts(&mut tx).await?;
        drop(tx);
        let keys = match joined {
            Some(_) => self.key_list().await?,
            None => Vec::new(),
        };
        // If it cannot be read, the link says why.
        let facts = joined.and_then(|_| held(self).ok());
        let expires = facts.as_ref().map(|facts| facts.not_after_ms);
        Ok(Status {
            instance: joined.map(|joined| joined.instance.to_string()),
            hub: joined.map(|joined| joined.federation_url.as_str().to_owned()),
            link,
            maintenance: self.hub_maintenance(),
            alarm: alarm.transpose()?,
            restored,
            last_backup,
            outbox,
            inbox,
            cursors,
            blobs_to_send: count("to_send"),
            blobs_to_fetch: count("to_fetch"),
            picture_bytes,
            pictures_without_room,
            directory: self.directory().version(),
            certificate_expires: expires,
            certificate_days: expires.map(|at| (at - self.clock().now_ms()).div_euclid(DAY_MS)),
            certificate_renews: facts.as_ref().map(renewal_due_ms),
            keys,
            cases: cases
                .into_iter()
                .map(|(state, count)| (state, count as u64))
                .collect(),
        })
    }
}
