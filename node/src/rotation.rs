//! Replacing the signing and sealing keys of this node, and what is known of
//! each. The identity key is never replaced.
//!
//! The next key is on disk before anything says that it exists; its
//! announcement is an own message like any other and is sent when the line
//! allows. Whatever moment the machine stops at, doing it again goes on from
//! there.

use lapor_migrations::Tx;
use lapor_protocol::directory::DirectoryVersion;
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::Position;
use lapor_protocol::keys::{CertifiedKey, Jwk, KeyId, KeyUse};
use lapor_protocol::kinds::{Body, KeyAnnounced};
use lapor_protocol::message::Draft;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::casework::store_drafts;
use crate::chance::new_message_id;
use crate::damage;
use crate::error::NodeError;
use crate::folder::NodeKeys;
use crate::node::Node;
use crate::store;
use crate::sync::announce::{ANNOUNCED, announced};

#[cfg(test)]
mod tests;

/// A key is replaced when it is as old as this: 30 days before twelve months.
pub const ROTATE_AFTER_MS: i64 = (365 - 30) * 86_400_000;

/// What a key is to the federation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    InForce,
    /// On its way to the hub; in force from the next position on.
    Announced,
    /// On disk; nobody has been told.
    Made,
    /// Its successor is in force. A sealing key still opens old mail.
    Ended,
}

/// One of this node's keys, without its private half.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeyStatus {
    /// `identity`, `signing` or `sealing`.
    #[serde(rename = "use")]
    pub use_for: String,
    pub kid: String,
    pub state: KeyState,
    /// Unix ms; since when the directory has it.
    pub since: Option<i64>,
    /// Whether the private half lies in the keys folder.
    pub held: bool,
}

/// What a rotation came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    pub kid: KeyId,
    /// Another rotation of this use was under way already.
    pub under_way: bool,
}

impl Node {
    /// Replaces the key of a use: makes another and queues its announcement.
    /// `actor` is who did it, for the audit log.
    pub async fn rotate(&self, use_for: KeyUse, actor: &str) -> Result<Rotation, NodeError> {
        let me = self.instance()?;
        let now = self.clock().now_ms();
        // Of several who rotate at once, one is here.
        let mut tx = self.write_tx().await?;
        for row in store::outbox::announcements(&mut tx).await? {
            let on_its_way = ["pending", "sealed", "accepted"].contains(&row.state.as_str());
            let key = announced(&row).filter(|key| on_its_way && key.use_for == use_for);
            if let Some(key) = key.filter(|key| self.key(&key.jwk.kid).is_none()) {
                return Ok(Rotation {
                    kid: key.jwk.kid,
                    under_way: true,
                });
            }
        }
        let next = self.spare_key(&mut tx, use_for).await?;
        let kid = next.kid.clone();
        let draft = Draft {
            kind: ANNOUNCED.into(),
            id: new_message_id(now),
            case: None,
            term: None,
            created_at: now,
            body: self.announcement(use_for, next)?,
            sealed: None,
            attachments: Vec::new(),
        };
        store_drafts(&mut tx, &[(&draft, &[])]).await?;
        let detail = format!("{} {kid} of {me}", name(use_for));
        store::audit::add(&mut tx, now, actor, ANNOUNCED, None, &detail).await?;
        tx.commit().await?;
        self.ring_outgoing();
        Ok(Rotation {
            kid,
            under_way: false,
        })
    }

    /// Replaces the keys that have become old by the hub's time, which also says since when they are
    /// in force; before it is known none is. Returns which.
    pub async fn rotate_old_keys(&self, actor: &str) -> Result<Vec<KeyId>, NodeError> {
        let mut rotated = Vec::new();
        let Some(now) = self.time_at_hub() else {
            return Ok(rotated);
        };
        for use_for in [KeyUse::Signing, KeyUse::Sealing] {
            let since = self.current_since(use_for).await?;
            if since.is_some_and(|since| now - since >= ROTATE_AFTER_MS) {
                rotated.push(self.rotate(use_for, actor).await?.kid);
            }
        }
        Ok(rotated)
    }

    /// Every key that this node holds or the directory names for it.
    pub async fn key_list(&self) -> Result<Vec<KeyStatus>, NodeError> {
        let keys = self.keys()?;
        let mut tx = self.read_tx().await?;
        let rows = store::outbox::announcements(&mut tx).await?;
        drop(tx);
        let mut on_their_way = Vec::new();
        for row in rows
            .iter()
            .filter(|row| !["quarantined", "refused"].contains(&row.state.as_str()))
        {
            on_their_way.extend(announced(row).map(|key| key.jwk.kid));
        }
        let mut list = Vec::new();
        for use_for in [KeyUse::Identity, KeyUse::Signing, KeyUse::Sealing] {
            let held = keys.public(use_for);
            let mut kids: Vec<KeyId> = held.iter().map(|jwk| jwk.kid.clone()).collect();
            for kid in self.directory_kids(use_for)? {
                if !kids.contains(&kid) {
                    kids.push(kid);
                }
            }
            for kid in kids {
                let known = self.key(&kid);
                let state = match &known {
                    Some(key) if key.valid_to.is_some() => KeyState::Ended,
                    Some(_) => KeyState::InForce,
                    None if use_for == KeyUse::Identity => KeyState::InForce,
                    None if on_their_way.contains(&kid) => KeyState::Announced,
                    None => KeyState::Made,
                };
                list.push(KeyStatus {
                    use_for: name(use_for).into(),
                    state,
                    since: self.since(&kid).await?,
                    held: held.iter().any(|jwk| jwk.kid == kid),
                    kid: kid.to_string(),
                });
            }
        }
        Ok(list)
    }

    /// Uses whose key in force is not in the keys folder.
    pub(crate) fn lost_keys(&self) -> Result<Vec<KeyUse>, NodeError> {
        let directory = self.directory();
        let entry = directory.latest().instance(self.instance()?);
        let current = |use_for| entry.and_then(|entry| entry.current_key(use_for));
        let lost_by = |keys: &NodeKeys| {
            let mut lost = vec![KeyUse::Signing, KeyUse::Sealing];
            lost.retain(|use_for| {
                current(*use_for).is_some_and(|key| !keys.public(*use_for).contains(&key.jwk))
            });
            lost
        };
        let lost = lost_by(&*self.keys()?);
        if lost.is_empty() {
            return Ok(lost);
        }
        // Another process may have made it.
        Ok(lost_by(&*self.reload_keys()?))
    }

    /// A key of which nobody has been told: one that was made before the
    /// machine stopped, or another. It is on disk when this returns.
    pub(crate) async fn spare_key(&self, tx: &mut Tx, use_for: KeyUse) -> Result<Jwk, NodeError> {
        let mut told = Vec::new();
        for row in store::outbox::announcements(tx).await? {
            told.extend(announced(&row).map(|key| key.jwk.kid));
        }
        let held = self.reload_keys()?.public(use_for);
        // The first one was told at the enrolment.
        let mut spare = held.into_iter().skip(1);
        let spare = spare.find(|jwk| !told.contains(&jwk.kid) && self.key(&jwk.kid).is_none());
        if let Some(jwk) = spare {
            return Ok(jwk);
        }
        let jwk = NodeKeys::make(&self.settings().node.keys, use_for)?;
        self.reload_keys()?;
        Ok(jwk)
    }

    /// The draft states a position that is not known yet; the sealer writes
    /// the right one.
    fn announcement(&self, use_for: KeyUse, jwk: Jwk) -> Result<Body, NodeError> {
        let from = Position { epoch: 1, seq: 2 };
        let (me, keys) = (self.instance()?, self.keys()?);
        let key = CertifiedKey::certify(&keys.identity, me, use_for, jwk, from);
        Ok(Body::KeyAnnounced(KeyAnnounced { key }))
    }

    /// A key of this node as the directory has it.
    fn key(&self, kid: &KeyId) -> Option<CertifiedKey> {
        let directory = self.directory();
        let entry = directory.latest().instance(self.instance().ok()?)?;
        entry.keys.iter().find(|key| key.jwk.kid == *kid).cloned()
    }

    fn directory_kids(&self, use_for: KeyUse) -> Result<Vec<KeyId>, NodeError> {
        let directory = self.directory();
        let entry = directory.latest().instance(self.instance()?);
        let keys = entry.map_or(&[][..], |entry| &entry.keys);
        let of_use = keys.iter().filter(|key| key.use_for == use_for);
        Ok(of_use.map(|key| key.jwk.kid.clone()).collect())
    }

    async fn current_since(&self, use_for: KeyUse) -> Result<Option<i64>, NodeError> {
        let directory = self.directory();
        let entry = directory.latest().instance(self.instance()?);
        match entry.and_then(|entry| entry.current_key(use_for)) {
            Some(key) => self.since(&key.jwk.kid).await,
            None => Ok(None),
        }
    }

    /// When the hub published a key of this node, Unix ms: a key that is in
    /// the directory once is in every later version. `None` where no version says it.
    async fn since(&self, kid: &KeyId) -> Result<Option<i64>, NodeError> {
        let (me, directory) = (self.instance()?, self.directory());
        let has = |version| {
            let entry = directory.at(version).instance(me);
            entry.is_some_and(|entry| entry.has_key(kid))
        };
        let (mut without, mut with) = (0, directory.version());
        if !has(with) {
            return Ok(None);
        }
        while with - without > 1 {
            let middle = without + (with - without) / 2;
            if has(middle) {
                with = middle;
            } else {
                without = middle;
            }
        }
        let mut tx = self.read_tx().await?;
        for version in with..=directory.version() {
            let line = store::chain::directory_line(&mut tx, version as i64).await?;
            if let Some(at) = line.as_deref().and_then(published_at) {
                return Ok(Some(at));
            }
            // The next one is a little younger, and tells it as well.
            damage::tell("directory_versions", &version.to_string());
        }
        Ok(None)
    }
}

/// When the hub signed a version of the directory, Unix ms; `None` where its line is damaged.
fn published_at(line: &str) -> Option<i64> {
    let envelope = Envelope::parse(line.as_bytes()).ok()?;
    let version: DirectoryVersion = serde_json::from_slice(&envelope.payload).ok()?;
    Some(version.at)
}

fn name(use_for: KeyUse) -> &'static str {
    match use_for {
        KeyUse::Identity => "identity",
        KeyUse::Signing => "signing",
        KeyUse::Sealing => "sealing",
    }
}
