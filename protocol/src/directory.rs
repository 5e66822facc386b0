//! The directory: who is in the federation, with which keys and which
//! authority, as a chain of hub-signed versions.
//!
//! A version carries whole entries of what changed. The fold keeps every
//! entry's history, because a ruling is judged by the directory as it stood
//! at that ruling.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::authority::Pattern;
use crate::deadline::OwnTerm;
use crate::dsse::{self, Envelope, EnvelopeError};
use crate::ids::{Digest, InstanceId, InstanceKind, Position};
use crate::keys::{CertifiedKey, Jwk, KeyError, KeyId, KeyUse, Signer, Verifier};
use crate::region::RegionCode;

/// A version that cannot be what the hub published after the one before.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryError {
    #[error("directory version {found} does not follow {expected}", expected = .expected - 1)]
    Version { expected: u64, found: u64 },
    #[error("directory version {0} names another predecessor")]
    Previous(u64),
    #[error("directory version is signed by a key that is not the hub's: {0}")]
    Signer(KeyId),
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    #[error("a key of {instance} in the directory cannot be trusted: {error}")]
    Key {
        instance: InstanceId,
        error: KeyError,
    },
    #[error("the directory replaces or drops the identity key of {0}, which is pinned")]
    Identity(InstanceId),
    #[error("one directory version states {0} twice")]
    Twice(InstanceId),
}

/// Where an instance stands in the federation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Known by name only; the national desk acts for it.
    Registered,
    /// Holds an invitation that it has not used.
    Invited,
    Active,
    Suspended,
    Revoked,
}

/// An epoch of an instance's chain; closed at the head that was accepted when
/// the next one was granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochEntry {
    pub epoch: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<u64>,
}

/// One instance as a directory version states it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceEntry {
    pub id: InstanceId,
    pub kind: InstanceKind,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<RegionCode>,
    pub status: Status,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<InstanceId>,
    /// IANA name of the zone in which its working days are counted.
    pub time_zone: String,
    /// Deadlines that differ from those of the law.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub terms: Vec<OwnTerm>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disposes_to: Vec<Pattern>,
    /// Of all `pengawas`, the one that stands in for an excluded desk.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub default_supervisor: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Jwk>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<CertifiedKey>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub epochs: Vec<EpochEntry>,
    /// The accepted head when the revocation took effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Position>,
    /// Where people open its portal, as its node says: the address of a site, without a path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portal: Option<String>,
}

impl InstanceEntry {
    /// An institution known by name only.
    pub fn registered(id: InstanceId, kind: InstanceKind, name: String) -> Self {
        Self {
            id,
            kind,
            name,
            region: None,
            status: Status::Registered,
            successor: None,
            time_zone: "Asia/Jakarta".into(),
            terms: Vec::new(),
            disposes_to: Vec::new(),
            default_supervisor: false,
            identity: None,
            keys: Vec::new(),
            epochs: Vec::new(),
            revoked_at: None,
            portal: None,
        }
    }

    /// The signing key valid at a position of this instance's chain, if `kid` names it.
    pub fn signing_key(&self, kid: &KeyId, at: Position) -> Option<&CertifiedKey> {
        self.keys
            .iter()
            .find(|key| key.use_for == KeyUse::Signing && key.jwk.kid == *kid && key.valid_at(at))
    }

    /// Whether this instance has or had a key, for whatever use: one key has
    /// one use and one life.
    pub fn has_key(&self, kid: &KeyId) -> bool {
        let identity = self.identity.as_ref().map(|jwk| &jwk.kid);
        let mut all = identity
            .into_iter()
            .chain(self.keys.iter().map(|key| &key.jwk.kid));
        all.any(|known| known == kid)
    }

    /// Whether a wrap to this key can be opened by the instance, now or ever.
    pub fn has_sealing_key(&self, kid: &KeyId) -> bool {
        let mut sealing = self
            .keys
            .iter()
            .filter(|key| key.use_for == KeyUse::Sealing);
        sealing.any(|key| key.jwk.kid == *kid)
    }

    /// The sealing key to wrap to: the latest that has not ended.
    pub fn sealing_key(&self) -> Option<&CertifiedKey> {
        self.current_key(KeyUse::Sealing)
    }

    /// The latest key of a use that has not ended.
    pub fn current_key(&self, use_for: KeyUse) -> Option<&CertifiedKey> {
        self.keys
            .iter()
            .filter(|key| key.use_for == use_for && key.valid_to.is_none())
            .max_by_key(|key| key.valid_from)
    }

    pub fn is_active(&self) -> bool {
        self.status == Status::Active
    }
}

/// A time in which the hub takes nothing in, as it is announced. It ends by itself, or when a
/// later version states the same notice with an earlier end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maintenance {
    /// Unix ms at the hub.
    pub from: i64,
    /// Unix ms at the hub; the first moment after it.
    pub until: i64,
    /// In the operator's words, for people.
    pub reason: String,
}

impl Maintenance {
    /// Whether it lasts at a moment (Unix ms).
    pub fn is_on(&self, now_ms: i64) -> bool {
        (self.from..self.until).contains(&now_ms)
    }

    /// Whether there is nothing left of it at a moment (Unix ms).
    pub fn is_over(&self, now_ms: i64) -> bool {
        now_ms >= self.until || self.from >= self.until
    }
}

/// What one directory version states; the payload of its envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryVersion {
    pub version: u64,
    /// Envelope id of the version before; zeros for version 1.
    pub prev: Digest,
    /// Unix ms at the hub.
    pub at: i64,
    pub trust_domain: String,
    /// All keys with which the hub signs from the next version on; a hub signs with the
    /// first, and whoever verifies takes any.
    pub hub_keys: Vec<Jwk>,
    /// Whole entries of the instances that changed.
    pub changes: Vec<InstanceEntry>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taxonomy: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
    /// The notice of a maintenance from now on; a version without one leaves it as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maintenance: Option<Maintenance>,
}

impl DirectoryVersion {
    pub fn sign(&self, hub: &Signer) -> Envelope {
        dsse::sign_json(dsse::DIRECTORY_TYPE, self, hub)
    }
}

/// The fold of all versions so far.
#[derive(Debug, Clone)]
pub struct Directory {
    version: u64,
    head: Digest,
    trust_domain: String,
    hub_keys: Vec<Verifier>,
    /// Hub keys of earlier versions, which signed what is still stored.
    former_hub_keys: Vec<Verifier>,
    history: BTreeMap<InstanceId, Vec<(u64, Arc<InstanceEntry>)>>,
    /// Who was ever of a kind: the desk is asked for with each act, among hundreds.
    ever: BTreeMap<InstanceKind, BTreeSet<InstanceId>>,
    /// By each successor that was ever named, who named it: asked for with acts on cases that exclude
    /// somebody.
    succeeded: BTreeMap<InstanceId, BTreeSet<InstanceId>>,
    taxonomy: Option<String>,
    calendar: Option<String>,
    /// Unix ms of each version, the first at 0.
    published: Vec<i64>,
    /// The versions that name other hub keys than the one before, with these keys.
    key_changes: Vec<(u64, Vec<KeyId>)>,
    /// With the version that states it.
    maintenance: Option<(u64, Maintenance)>,
    /// The last one that had begun when another was announced in its place.
    former_maintenance: Option<Maintenance>,
}

impl Directory {
    /// Version 0: empty, trusting the hub keys that enrolment pinned.
    pub fn trusting(hub_keys: Vec<Verifier>) -> Self {
        Self {
            version: 0,
            head: Digest::ZERO,
            trust_domain: String::new(),
            hub_keys,
            former_hub_keys: Vec::new(),
            history: BTreeMap::new(),
            ever: BTreeMap::new(),
            succeeded: BTreeMap::new(),
            taxonomy: None,
            calendar: None,
            published: Vec::new(),
            key_changes: Vec::new(),
            maintenance: None,
            former_maintenance: None,
        }
    }

    /// Takes the next version; on an error nothing has changed.
    pub fn apply(&mut self, envelope: &Envelope) -> Result<DirectoryVersion, DirectoryError> {
        let key = self
            .hub_keys
            .iter()
            .find(|key| *key.kid() == envelope.kid)
            .ok_or_else(|| DirectoryError::Signer(envelope.kid.clone()))?;
        let stated: DirectoryVersion = dsse::open_json(dsse::DIRECTORY_TYPE, envelope, key)?;
        if stated.version != self.version + 1 {
            return Err(DirectoryError::Version {
                expected: self.version + 1,
                found: stated.version,
            });
        }
        if stated.prev != self.head {
            return Err(DirectoryError::Previous(stated.version));
        }
        let mut stated_ids = BTreeSet::new();
        for entry in &stated.changes {
            if !stated_ids.insert(&entry.id) {
                return Err(DirectoryError::Twice(entry.id.clone()));
            }
            self.check_entry(entry)?;
        }
        let hub_keys = stated
            .hub_keys
            .iter()
            .map(Verifier::from_jwk)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| DirectoryError::Signer(envelope.kid.clone()))?;
        let retired = std::mem::replace(&mut self.hub_keys, hub_keys);
        self.former_hub_keys.extend(retired);
        self.former_hub_keys
            .retain(|key| !self.hub_keys.contains(key));
        self.record(&stated, envelope.id());
        Ok(stated)
    }

    /// The directory as the latest version states it.
    pub fn latest(&self) -> DirectoryAt<'_> {
        self.at(self.version)
    }

    /// The directory as it stood when `version` was in force.
    pub fn at(&self, version: u64) -> DirectoryAt<'_> {
        DirectoryAt {
            directory: self,
            version,
        }
    }

    pub fn version(&self) -> u64 {
        self.version
    }

    /// Envelope id of the latest version.
    pub fn head(&self) -> Digest {
        self.head
    }

    pub fn trust_domain(&self) -> &str {
        &self.trust_domain
    }

    pub fn taxonomy(&self) -> Option<&str> {
        self.taxonomy.as_deref()
    }

    pub fn calendar(&self) -> Option<&str> {
        self.calendar.as_deref()
    }

    /// The maintenance that was announced last, unless it is over at `now_ms`.
    pub fn maintenance(&self, now_ms: i64) -> Option<&Maintenance> {
        self.announced().filter(|notice| !notice.is_over(now_ms))
    }

    /// The maintenance that was announced last, which may be over.
    pub fn announced(&self) -> Option<&Maintenance> {
        self.maintenance.as_ref().map(|(_, notice)| notice)
    }

    /// The version that states what was announced last; 0 where nothing was.
    pub fn announced_in(&self) -> u64 {
        self.maintenance.as_ref().map_or(0, |(version, _)| *version)
    }

    /// The maintenance that began last before `now_ms`, whatever was announced after it.
    pub fn last_begun(&self, now_ms: i64) -> Option<&Maintenance> {
        let mut both = self.announced().into_iter().chain(&self.former_maintenance);
        both.find(|notice| notice.from <= now_ms && notice.from < notice.until)
    }

    /// A key with which the hub signs now.
    pub fn hub_key(&self, kid: &KeyId) -> Option<&Verifier> {
        self.hub_keys.iter().find(|key| key.kid() == kid)
    }

    /// A key with which the hub signs or has signed, for what is already stored.
    pub fn any_hub_key(&self, kid: &KeyId) -> Option<&Verifier> {
        self.hub_key(kid)
            .or_else(|| self.former_hub_keys.iter().find(|key| key.kid() == kid))
    }

    pub fn hub_keys(&self) -> &[Verifier] {
        &self.hub_keys
    }

    /// The versions that named other hub keys than the one before, with the keys that
    /// they name, the first of which signs what follows; oldest first.
    pub fn key_changes(&self) -> &[(u64, Vec<KeyId>)] {
        &self.key_changes
    }

    /// Unix ms at the hub, when a version was published.
    pub fn published_at(&self, version: u64) -> Option<i64> {
        let place = usize::try_from(version.checked_sub(1)?).ok()?;
        self.published.get(place).copied()
    }

    /// Every key with which the hub has ever signed, the former ones first.
    pub fn all_hub_keys(&self) -> impl Iterator<Item = &Verifier> {
        self.former_hub_keys.iter().chain(&self.hub_keys)
    }

    /// What every version that changed an instance says of it, oldest first.
    pub fn history_of(&self, id: &InstanceId) -> impl Iterator<Item = &InstanceEntry> {
        self.versions_of(id).map(|(_, entry)| entry)
    }

    /// The same with the numbers of these versions.
    pub fn versions_of(&self, id: &InstanceId) -> impl Iterator<Item = (u64, &InstanceEntry)> {
        let all = self.history.get(id).into_iter().flatten();
        all.map(|(version, entry)| (*version, entry.as_ref()))
    }

    fn check_entry(&self, entry: &InstanceEntry) -> Result<(), DirectoryError> {
        let wrong = |error| DirectoryError::Key {
            instance: entry.id.clone(),
            error,
        };
        let former = self
            .history
            .get(&entry.id)
            .and_then(|all| all.last())
            .and_then(|(_, e)| e.identity.as_ref());
        // Dropping the identity key first would be the way to replace it later.
        if former.is_some() && former != entry.identity.as_ref() {
            return Err(DirectoryError::Identity(entry.id.clone()));
        }
        let Some(identity) = &entry.identity else {
            return if entry.keys.is_empty() {
                Ok(())
            } else {
                Err(wrong(KeyError::Certificate))
            };
        };
        let identity = Verifier::from_jwk(identity).map_err(wrong)?;
        entry
            .keys
            .iter()
            .try_for_each(|key| key.check(&identity, &entry.id))
            .map_err(wrong)
    }

    fn record(&mut self, stated: &DirectoryVersion, id: Digest) {
        self.version = stated.version;
        self.head = id;
        self.trust_domain.clone_from(&stated.trust_domain);
        self.taxonomy.clone_from(&stated.taxonomy);
        self.calendar.clone_from(&stated.calendar);
        self.published.push(stated.at);
        let keys: Vec<KeyId> = self.hub_keys.iter().map(|key| key.kid().clone()).collect();
        if self
            .key_changes
            .last()
            .is_none_or(|(_, last)| *last != keys)
        {
            self.key_changes.push((stated.version, keys));
        }
        if let Some(notice) = &stated.maintenance {
            let began = self.last_begun(stated.at).cloned();
            self.former_maintenance = began.or(self.former_maintenance.take());
            self.maintenance = Some((stated.version, notice.clone()));
        }
        for entry in &stated.changes {
            let ever = self.ever.entry(entry.kind).or_default();
            ever.insert(entry.id.clone());
            if let Some(successor) = &entry.successor {
                let named_by = self.succeeded.entry(successor.clone()).or_default();
                named_by.insert(entry.id.clone());
            }
            let all = self.history.entry(entry.id.clone()).or_default();
            all.push((stated.version, Arc::new(entry.clone())));
        }
    }
}

/// The directory at one version; what the rules of a case look at.
#[derive(Debug, Clone, Copy)]
pub struct DirectoryAt<'a> {
    directory: &'a Directory,
    version: u64,
}

impl<'a> DirectoryAt<'a> {
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The same directory as it stood at an earlier version.
    #[must_use]
    pub fn as_of(&self, version: u64) -> Self {
        self.directory.at(version.min(self.version))
    }

    pub fn instance(&self, id: &InstanceId) -> Option<&'a InstanceEntry> {
        self.directory
            .history
            .get(id)
            .and_then(|all| self.pick(all))
    }

    pub fn instances(&self) -> impl Iterator<Item = &'a InstanceEntry> + use<'a> {
        let at = *self;
        self.directory
            .history
            .values()
            .filter_map(move |all| at.pick(all))
    }

    pub fn is_active(&self, id: &InstanceId) -> bool {
        self.instance(id).is_some_and(InstanceEntry::is_active)
    }

    /// The one national desk, whatever its status.
    pub fn desk(&self) -> Option<&'a InstanceEntry> {
        self.of_kind(InstanceKind::Pusat).next()
    }

    /// The `pengawas` that stands in for an excluded desk; never one that was revoked.
    pub fn default_supervisor(&self) -> Option<&'a InstanceEntry> {
        self.of_kind(InstanceKind::Pengawas)
            .find(|entry| entry.default_supervisor && entry.status != Status::Revoked)
    }

    /// Whether an institution is one of those that are meant, or has succeeded one of them, directly or
    /// through others.
    pub fn is_or_succeeds(
        &self,
        institution: &InstanceId,
        meant: impl Fn(&InstanceId) -> bool,
    ) -> bool {
        meant(institution) || self.predecessors(institution).into_iter().any(meant)
    }

    /// All whose work an institution has: who names it as successor, who names one of these, and so on.
    fn predecessors(&self, institution: &InstanceId) -> BTreeSet<&'a InstanceId> {
        let mut all = BTreeSet::new();
        let mut next = vec![institution];
        while let Some(successor) = next.pop() {
            let ever = self.directory.succeeded.get(successor);
            for former in ever.into_iter().flatten() {
                let named = self.instance(former).and_then(|e| e.successor.as_ref());
                // Who is known already has been followed, also where they name each other.
                if named == Some(successor) && all.insert(former) {
                    next.push(former);
                }
            }
        }
        all
    }

    fn of_kind(&self, kind: InstanceKind) -> impl Iterator<Item = &'a InstanceEntry> + use<'a> {
        let at = *self;
        let ever = at.directory.ever.get(&kind).into_iter().flatten();
        ever.filter_map(move |id| at.instance(id))
            .filter(move |entry| entry.kind == kind)
    }

    fn pick(&self, all: &'a [(u64, Arc<InstanceEntry>)]) -> Option<&'a InstanceEntry> {
        let upto = all.partition_point(|(version, _)| *version <= self.version);
        upto.checked_sub(1).map(|last| all[last].1.as_ref())
    }
}
