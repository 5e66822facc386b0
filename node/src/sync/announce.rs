//! The successor of a signing or sealing key in this node's own chain.
//!
//! An announcement names the position from which the key is valid, so it is
//! written when the sealer gives it its place, with the old key; nothing
//! follows it before the directory shows what became of it. So no message is
//! ever signed with a key of which the hub does not know.

use lapor_protocol::case::Effect;
use lapor_protocol::chain::ChainHead;
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::{InstanceId, Position};
use lapor_protocol::keys::{CertifiedKey, KeyId, KeyUse, Signer};
use lapor_protocol::kinds::Body;
use lapor_protocol::message::Draft;

use super::{Link, LinkError};
use crate::casework::read_message;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::outbox::{AnnouncementRow, OutboxRow};

/// Name of the kind.
pub(crate) const ANNOUNCED: &str = "key.announced";

impl Link {
    /// Whether the sealer may go on: no announcement is on its way, and the
    /// directory shows the key of the last one if it had effect.
    pub(super) async fn announcement_settled(&self) -> Result<bool, LinkError> {
        let mut tx = self.node.read_tx().await?;
        let rows = store::outbox::announcements(&mut tx).await?;
        drop(tx);
        let sent = rows.iter().find(|row| row.state != "pending");
        let Some(last) = sent.filter(|row| may_have_effect(row)) else {
            return Ok(true);
        };
        let Some(key) = announced(last) else {
            return Ok(true);
        };
        if in_directory(&self.node, &key.jwk.kid)? {
            return Ok(true);
        }
        if last.state == "sealed" {
            return Ok(false);
        }
        self.refresh_directory(0).await?;
        Ok(in_directory(&self.node, &key.jwk.kid)?)
    }

    /// Quarantines an announcement whose private key is not here: whoever
    /// announced it could sign or open nothing any more.
    pub(super) async fn without_keyless(
        &self,
        mut drafts: Vec<OutboxRow>,
    ) -> Result<Vec<OutboxRow>, LinkError> {
        let Some(at) = drafts.iter().position(|row| row.kind == ANNOUNCED) else {
            return Ok(drafts);
        };
        let Ok(draft) = serde_json::from_str::<Draft>(&drafts[at].draft) else {
            // It is set aside where it cannot be sealed.
            return Ok(drafts);
        };
        if let Body::KeyAnnounced(announced) = &draft.body {
            let (use_for, kid) = (announced.key.use_for, &announced.key.jwk.kid);
            let held = self.node.reload_keys()?.public(use_for);
            if held.iter().any(|jwk| jwk.kid == *kid) {
                // What follows waits until this one has been ruled.
                drafts.truncate(at + 1);
                return Ok(drafts);
            }
            tracing::error!(%kid, "the file of a key that was to be announced is gone; rotate again");
        }
        let mut tx = self.node.write_tx().await?;
        let reason = "the file of the key is gone";
        store::outbox::quarantine(&mut tx, drafts[at].number, reason).await?;
        tx.commit().await?;
        drafts.truncate(at);
        Ok(drafts)
    }

    /// Whether an own message names a key that this node has or had. It signs with no other, and the id
    /// of a message does not tell what a disk has made of that name.
    pub(super) async fn names_own_key(&self, row: &OutboxRow) -> Result<bool, LinkError> {
        let line = row.line.as_deref().unwrap_or_default();
        let envelope = store::read(Envelope::parse(line.as_bytes()))?;
        if in_directory(&self.node, &envelope.kid)? {
            return Ok(true);
        }
        // Another process of this node may have announced it since.
        self.refresh_directory(0).await?;
        Ok(in_directory(&self.node, &envelope.kid)?)
    }

    /// Whether an own message was refused only because this node did not know
    /// yet that another key is in force.
    pub(super) async fn signed_too_late(&self, row: &OutboxRow) -> Result<bool, LinkError> {
        let line = row.line.as_deref().unwrap_or_default();
        let envelope = store::read(Envelope::parse(line.as_bytes()))?;
        self.refresh_directory(0).await?;
        let lost = self.node.lost_keys()?.contains(&KeyUse::Signing);
        Ok(lost || *self.node.signer()?.kid() != envelope.kid)
    }

    /// Replaces keys that are in force and not in the keys folder, as when it
    /// was restored from an older backup: another epoch brings others. Returns
    /// whether there were any.
    pub(super) async fn replace_lost_keys(&self) -> Result<bool, LinkError> {
        if self.node.lost_keys()?.is_empty() || self.replaced.get().is_some() {
            return Ok(false);
        }
        let _sealer = self.sealer.lock().await;
        self.refresh_directory(0).await?;
        let lost = self.node.lost_keys()?;
        if !lost.is_empty() {
            tracing::warn!(
                ?lost,
                "keys in force are not in the keys folder; replacing them"
            );
            self.compare_heads().await?;
        }
        Ok(true)
    }

    /// The keys with which an epoch is asked for, in place of those that are lost.
    pub(super) async fn keys_for_epoch(&self, epoch: u32) -> Result<Vec<CertifiedKey>, NodeError> {
        let node = &self.node;
        let from = Position { epoch, seq: 1 };
        let mut keys = Vec::new();
        for use_for in node.lost_keys()? {
            let mut tx = node.read_tx().await?;
            let next = node.spare_key(&mut tx, use_for).await?;
            let (identity, me) = (&node.keys()?.identity, node.instance()?);
            keys.push(CertifiedKey::certify(identity, me, use_for, next, from));
        }
        Ok(keys)
    }
}

/// Writes the position into an announcement that gets its place behind `head`.
pub(super) fn certify_at(head: ChainHead, draft: &mut Draft, me: &InstanceId, identity: &Signer) {
    if let Body::KeyAnnounced(announced) = &mut draft.body {
        let place = head.next();
        let from = Position {
            epoch: place.epoch,
            seq: place.seq + 1,
        };
        let (use_for, jwk) = (announced.key.use_for, announced.key.jwk.clone());
        announced.key = CertifiedKey::certify(identity, me, use_for, jwk, from);
    }
}

/// The key that an announcement is about, as far as it can be read. One that
/// came back from the hub has no draft, and one that has no place yet no line.
pub(crate) fn announced(row: &AnnouncementRow) -> Option<CertifiedKey> {
    let line = row.line.as_deref();
    let sent = line.and_then(|line| read_message(line).ok()?.body.ok());
    let written = || Some(serde_json::from_str::<Draft>(&row.draft).ok()?.body);
    match sent.or_else(written) {
        Some(Body::KeyAnnounced(announced)) => Some(announced.key),
        _ => None,
    }
}

fn may_have_effect(row: &AnnouncementRow) -> bool {
    match row.state.as_str() {
        "quarantined" | "refused" => false,
        "ruled" => row.effect.as_deref() == Some(Effect::Applied.as_str()),
        _ => true,
    }
}

fn in_directory(node: &Node, kid: &KeyId) -> Result<bool, NodeError> {
    let directory = node.directory();
    let entry = directory.latest().instance(node.instance()?);
    Ok(entry.is_some_and(|entry| entry.has_key(kid)))
}
