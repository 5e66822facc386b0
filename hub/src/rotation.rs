//! Another signing key of the hub: announced in the directory, used once the
//! members have read that, and at last retired. The page about it reads from
//! here how far each key has come and whom a step would leave behind.

use std::collections::BTreeMap;
use std::sync::Arc;

use lapor_migrations::Tx;
use lapor_protocol::directory::{Directory, InstanceEntry, Status};
use lapor_protocol::ids::InstanceId;
use lapor_protocol::keys::{Jwk, KeyId, Verifier};
use lapor_protocol::wire::Health;
use serde::Serialize;
use utoipa::ToSchema;

use crate::audit::{self, By};
use crate::directory::Amendment;
use crate::error::HubError;
use crate::ground::Ground;
use crate::membership::MembershipError;
use crate::store;

/// Why a key or an authority cannot take its next step.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    #[error("another one is on its way ({0}); finish that first, or withdraw it")]
    UnderWay(String),
    #[error("{0} cannot take this step; it may have been taken meanwhile")]
    NotThis(String),
    #[error(
        "{} institutions would be left behind, among them {}; wait for them, or do it even so",
        .0.len(), .0.first().map_or("-", InstanceId::as_str)
    )]
    Behind(Vec<InstanceId>),
}

/// How far a signing key has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// Named in the directory, and never used yet.
    Announced,
    /// Signs what follows.
    Signing,
    /// Signed before, and is still named.
    Leaving,
    /// Named no more; what it signed stays good.
    Retired,
}

/// One signing key of the hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SigningKey {
    #[schema(value_type = String)]
    pub kid: KeyId,
    pub state: KeyState,
    /// Directory version that names it first.
    pub version: u64,
    /// Unix ms of that version.
    pub announced_at: Option<i64>,
    /// Unix ms; from when on it signed.
    pub used_from: Option<i64>,
    /// Unix ms; until when it signed.
    pub used_until: Option<i64>,
    /// Unix ms; since when the directory does not name it.
    pub retired_at: Option<i64>,
    /// Its private half is in this hub's folder.
    pub held: bool,
}

/// A member that has not read, as far as it has said, what a step needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Behind {
    #[schema(value_type = String)]
    pub instance: InstanceId,
    pub name: String,
    /// It cannot read while that lasts, and comes back by what it knew.
    pub suspended: bool,
    /// The directory version that it said it has; `None` if it never did.
    pub directory: Option<u64>,
    /// Unix ms; when it said so.
    pub reported_at: Option<i64>,
}

/// The hub's signing keys, the latest first, and who knows the one on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SigningKeys {
    pub keys: Vec<SigningKey>,
    /// Active and suspended institutions.
    pub members: usize,
    /// Those that have not read of the key that was announced last.
    pub behind: Vec<Behind>,
    /// Unix ms of the last backup of this hub with its keys in it.
    pub last_backup: Option<i64>,
}

impl SigningKeys {
    pub async fn read(ground: &Ground, tx: &mut Tx) -> Result<Self, HubError> {
        let directory = ground.directory.current();
        let keys = history(ground, &directory);
        let version = latest(&keys).map_or(0, |key| key.version);
        let last_backup = store::state::read(tx, store::state::LAST_KEY_BACKUP).await?;
        Ok(Self {
            members: members(&directory).count(),
            behind: behind(tx, &directory, version).await?,
            last_backup: last_backup.and_then(|at| at.parse().ok()),
            keys,
        })
    }

    /// The key that is announced or leaves, if there is one.
    pub fn beside(&self) -> Option<&SigningKey> {
        let on_its_way = [KeyState::Announced, KeyState::Leaving];
        self.keys.iter().find(|key| on_its_way.contains(&key.state))
    }

    /// The key that was announced last and is still named: of it `behind` have not read.
    pub fn latest(&self) -> Option<&SigningKey> {
        latest(&self.keys)
    }
}

fn latest(keys: &[SigningKey]) -> Option<&SigningKey> {
    keys.iter().find(|key| key.state != KeyState::Retired)
}

/// Every key that the directory has named, the latest first.
fn history(ground: &Ground, directory: &Directory) -> Vec<SigningKey> {
    let mut keys: Vec<SigningKey> = Vec::new();
    for (version, named) in directory.key_changes() {
        let at = directory.published_at(*version);
        for kid in named {
            if !keys.iter().any(|key| key.kid == *kid) {
                keys.push(SigningKey {
                    kid: kid.clone(),
                    state: KeyState::Announced,
                    version: *version,
                    announced_at: at,
                    used_from: None,
                    used_until: None,
                    retired_at: None,
                    held: ground.signers.holds(kid),
                });
            }
        }
        for key in &mut keys {
            let signs = named.first() == Some(&key.kid);
            key.state = match key.state {
                _ if signs => KeyState::Signing,
                KeyState::Retired => KeyState::Retired,
                _ if !named.contains(&key.kid) => KeyState::Retired,
                KeyState::Signing => KeyState::Leaving,
                state => state,
            };
            match key.state {
                KeyState::Signing => key.used_from = key.used_from.or(at),
                KeyState::Leaving => key.used_until = key.used_until.or(at),
                KeyState::Retired => {
                    key.retired_at = key.retired_at.or(at);
                    key.used_until = key.used_until.or(key.used_from.and(at));
                }
                KeyState::Announced => {}
            }
        }
    }
    keys.reverse();
    keys
}

/// Active institutions.
pub(crate) fn active(directory: &Directory) -> impl Iterator<Item = &InstanceEntry> {
    directory.latest().instances().filter(|e| e.is_active())
}

/// Institutions that are in touch with the hub or will be when their suspension ends.
pub(crate) fn members(directory: &Directory) -> impl Iterator<Item = &InstanceEntry> {
    let all = directory.latest().instances();
    all.filter(|entry| matches!(entry.status, Status::Active | Status::Suspended))
}

/// What every node said of itself last, and when.
pub(crate) async fn reports(tx: &mut Tx) -> Result<BTreeMap<InstanceId, (Health, i64)>, HubError> {
    let reports = store::reports::all(tx).await?;
    let said = reports.into_iter().filter_map(|report| {
        let health = serde_json::from_str(&report.text).ok()?;
        Some((report.slug, (health, report.at)))
    });
    Ok(said.collect())
}

async fn behind(tx: &mut Tx, directory: &Directory, version: u64) -> Result<Vec<Behind>, HubError> {
    let reports = reports(tx).await?;
    let all = members(directory).map(|entry| {
        let said = reports.get(&entry.id);
        Behind {
            instance: entry.id.clone(),
            name: entry.name.clone(),
            suspended: entry.status == Status::Suspended,
            directory: said.map(|(health, _)| health.directory),
            reported_at: said.map(|(_, at)| *at),
        }
    });
    let late = all.filter(|one| one.directory.is_none_or(|known| known < version));
    Ok(late.collect())
}

/// Names another key beside the one that signs.
pub(crate) async fn announce_in(
    ground: &Ground,
    tx: &mut Tx,
    by: &By<'_>,
    kid: &KeyId,
) -> Result<Arc<Directory>, MembershipError> {
    let directory = ground.directory.refresh(tx).await?;
    if let Some(other) = directory.hub_keys().get(1) {
        return Err(RotationError::UnderWay(other.kid().to_string()).into());
    }
    let next = ground.signers.verifier(kid)?;
    let next = next.filter(|_| directory.any_hub_key(kid).is_none());
    let next = next.ok_or_else(|| RotationError::NotThis(kid.to_string()))?;
    let mut keys = named(&directory);
    keys.push(next.jwk());
    publish(ground, tx, by, ("hub_key.announced", kid), &directory, keys).await
}

/// Has the key that is announced sign what follows.
pub(crate) async fn use_in(
    ground: &Ground,
    tx: &mut Tx,
    by: &By<'_>,
    kid: &KeyId,
    even_so: bool,
) -> Result<Arc<Directory>, MembershipError> {
    let directory = ground.directory.refresh(tx).await?;
    let known = of(ground, &directory, kid, KeyState::Announced)?;
    if !known.held {
        return Err(RotationError::NotThis(kid.to_string()).into());
    }
    if !even_so {
        leaves_nobody(behind(tx, &directory, known.version).await?)?;
    }
    let mut keys = named(&directory);
    keys.rotate_right(1);
    publish(ground, tx, by, ("hub_key.used", kid), &directory, keys).await
}

/// Takes a key that does not sign out of the directory for ever.
pub(crate) async fn retire_in(
    ground: &Ground,
    tx: &mut Tx,
    by: &By<'_>,
    kid: &KeyId,
    even_so: bool,
) -> Result<Arc<Directory>, MembershipError> {
    let directory = ground.directory.refresh(tx).await?;
    let keys = history(ground, &directory);
    let stays = keys.iter().find(|key| key.state == KeyState::Signing);
    let leaves = of(ground, &directory, kid, KeyState::Leaving);
    if leaves.is_err() {
        of(ground, &directory, kid, KeyState::Announced)?;
    } else if let Some(stays) = stays.filter(|_| !even_so) {
        leaves_nobody(behind(tx, &directory, stays.version).await?)?;
    }
    let mut keys = named(&directory);
    keys.retain(|key| key.kid != *kid);
    publish(ground, tx, by, ("hub_key.retired", kid), &directory, keys).await
}

fn of(
    ground: &Ground,
    directory: &Directory,
    kid: &KeyId,
    state: KeyState,
) -> Result<SigningKey, RotationError> {
    let mut keys = history(ground, directory).into_iter();
    let found = keys.find(|key| key.kid == *kid && key.state == state);
    found.ok_or_else(|| RotationError::NotThis(kid.to_string()))
}

fn leaves_nobody(behind: Vec<Behind>) -> Result<(), RotationError> {
    if behind.is_empty() {
        return Ok(());
    }
    let behind = behind.into_iter().map(|one| one.instance);
    Err(RotationError::Behind(behind.collect()))
}

fn named(directory: &Directory) -> Vec<Jwk> {
    directory.hub_keys().iter().map(Verifier::jwk).collect()
}

async fn publish(
    ground: &Ground,
    tx: &mut Tx,
    by: &By<'_>,
    (action, kid): (&str, &KeyId),
    directory: &Directory,
    keys: Vec<Jwk>,
) -> Result<Arc<Directory>, MembershipError> {
    audit::note(tx, ground.clock.now_ms(), by, action, kid.as_str()).await?;
    let amendment = Amendment {
        hub_keys: Some(keys),
        ..Amendment::default()
    };
    Ok(ground.publish(tx, directory, amendment).await?)
}
