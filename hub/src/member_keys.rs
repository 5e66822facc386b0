//! The keys of the members as the directory has them: which are in force, since
//! when, and when the next ones are due; how long each of one member held, by
//! versions of the directory and their moments; and whose certificates nobody has
//! renewed in time.

use lapor_protocol::directory::{Directory, InstanceEntry, Status};
use lapor_protocol::ids::{InstanceId, Position};
use lapor_protocol::keys::{CertifiedKey, Jwk, KeyId, KeyUse};
use serde::Serialize;
use utoipa::ToSchema;

use crate::rotation::active;
use crate::watch::Picture;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Age at which a node replaces a key by itself: 335 days.
pub const ROTATED_AFTER_MS: i64 = 335 * DAY_MS;
/// A node renews its certificate of 30 days at half its life and at most 3 days
/// later: with fewer days left than these it has failed to.
pub const RENEWED_BEFORE_MS: i64 = 12 * DAY_MS;

/// A key of an active institution that is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MemberKey {
    #[schema(value_type = String)]
    pub instance: InstanceId,
    pub name: String,
    /// `signing` or `sealing`.
    #[schema(value_type = String)]
    pub use_for: KeyUse,
    #[schema(value_type = String)]
    pub kid: KeyId,
    /// Unix ms; when the directory first named it.
    pub since: i64,
    /// Unix ms; when its node will replace it by itself.
    pub due_at: i64,
    /// Former keys of this use.
    pub former: usize,
}

/// How long a key of an institution holds or held, by the directory versions that say so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    pub use_for: KeyUse,
    pub kid: KeyId,
    /// Place in the institution's chain from which it is valid; `None` of the identity
    /// key, which stands for all of it.
    pub begins: Option<Position>,
    /// Directory version since which it holds: the first that names it while its
    /// institution takes part. `None` if it never did.
    pub since: Option<u64>,
    /// `None` as long as nothing has ended it.
    pub end: Option<End>,
    /// The last place at which it is valid, once it has one.
    pub last: Option<Position>,
}

/// What ended a key, with the directory version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Another of its use has come.
    Replaced(u64),
    /// Its institution is suspended; it holds again once that is over.
    Suspended(u64),
    /// Its institution was revoked, and perhaps suspended before.
    Revoked { suspended: Option<u64>, at: u64 },
}

/// The moments between which a key holds or held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Moments {
    /// Unix ms; when the directory first named it while its institution took part. Null if it
    /// never did.
    pub from: Option<i64>,
    /// Unix ms; when another of its use came, or its institution was suspended or revoked. Null
    /// as long as none of these has happened.
    pub until: Option<i64>,
    /// It will not hold again: another of its use has come, or its institution was revoked.
    pub retired: bool,
}

/// A key as the directory has it, and when it holds or held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DatedKey {
    #[serde(flatten)]
    pub key: CertifiedKey,
    #[serde(flatten)]
    pub moments: Moments,
}

/// The key by which an institution is known, and when it holds or held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DatedIdentity {
    #[serde(flatten)]
    pub key: Jwk,
    #[serde(flatten)]
    pub moments: Moments,
}

/// A certificate that ends soon and should have been renewed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EndingCertificate {
    #[schema(value_type = String)]
    pub instance: InstanceId,
    pub name: String,
    /// Unix ms.
    pub ends_at: i64,
}

/// Keys in force, the oldest first.
pub fn in_force(directory: &Directory) -> Vec<MemberKey> {
    let of_entry = |entry: &InstanceEntry| {
        let keys = entry.keys.iter().filter(|key| key.valid_to.is_none());
        keys.filter_map(|key| member_key(directory, entry, key))
            .collect::<Vec<_>>()
    };
    let mut keys: Vec<MemberKey> = active(directory).flat_map(of_entry).collect();
    keys.sort_by(|a, b| (a.since, &a.instance).cmp(&(b.since, &b.instance)));
    keys
}

fn member_key(
    directory: &Directory,
    entry: &InstanceEntry,
    key: &CertifiedKey,
) -> Option<MemberKey> {
    let mut versions = directory.versions_of(&entry.id);
    let (first, _) = versions.find(|(_, then)| then.has_key(&key.jwk.kid))?;
    let since = directory.published_at(first)?;
    let same_use = entry.keys.iter().filter(|one| one.use_for == key.use_for);
    Some(MemberKey {
        instance: entry.id.clone(),
        name: entry.name.clone(),
        use_for: key.use_for,
        kid: key.jwk.kid.clone(),
        since,
        due_at: since + ROTATED_AFTER_MS,
        former: same_use.filter(|one| one.valid_to.is_some()).count(),
    })
}

/// Every key that an institution has or had: its identity key, then the others, the
/// latest first.
pub fn terms(directory: &Directory, id: &InstanceId) -> Vec<Term> {
    let Some(entry) = directory.latest().instance(id) else {
        return Vec::new();
    };
    let stop = stop(directory, id);
    let term = |use_for, kid: &KeyId, key: Option<&CertifiedKey>| {
        let mut versions = directory.versions_of(id);
        let first = versions.find(|(_, then)| then.is_active() && then.has_key(kid));
        let valid_to = key.and_then(|key| key.valid_to);
        let replaced = valid_to.and_then(|_| replaced(directory, id, kid));
        Term {
            use_for,
            kid: kid.clone(),
            begins: key.map(|key| key.valid_from),
            since: first.map(|(version, _)| version),
            end: replaced.or(stop),
            last: valid_to.or(entry.revoked_at),
        }
    };
    let identity = entry.identity.iter();
    let identity = identity.map(|jwk| term(KeyUse::Identity, &jwk.kid, None));
    let others = entry.keys.iter().rev();
    let others = others.map(|key| term(key.use_for, &key.jwk.kid, Some(key)));
    identity.chain(others).collect()
}

/// The identity key of an institution, and its others as the directory has them, each with the
/// moments of its term.
pub fn dated(directory: &Directory, id: &InstanceId) -> (Option<DatedIdentity>, Vec<DatedKey>) {
    let Some(entry) = directory.latest().instance(id) else {
        return (None, Vec::new());
    };
    let terms = terms(directory, id).into_iter();
    let mut moments = terms.map(|term| moments(directory, &term));
    let identity = entry.identity.clone().zip(moments.next());
    let identity = identity.map(|(key, moments)| DatedIdentity { key, moments });
    let others = entry.keys.iter().rev().cloned().zip(moments);
    let mut keys: Vec<DatedKey> = others
        .map(|(key, moments)| DatedKey { key, moments })
        .collect();
    keys.reverse();
    (identity, keys)
}

fn moments(directory: &Directory, term: &Term) -> Moments {
    let at = |version: u64| directory.published_at(version);
    let until = match term.end {
        Some(End::Replaced(version) | End::Suspended(version)) => at(version),
        Some(End::Revoked {
            suspended,
            at: version,
        }) => at(suspended.unwrap_or(version)),
        None => None,
    };
    Moments {
        from: term.since.and_then(at),
        until,
        retired: matches!(term.end, Some(End::Replaced(_) | End::Revoked { .. })),
    }
}

/// The version that gave a key an end.
fn replaced(directory: &Directory, id: &InstanceId, kid: &KeyId) -> Option<End> {
    let mut versions = directory.versions_of(id);
    let ended = |key: &CertifiedKey| key.jwk.kid == *kid && key.valid_to.is_some();
    let (version, _) = versions.find(|(_, then)| then.keys.iter().any(ended))?;
    Some(End::Replaced(version))
}

/// What keeps an institution that took part from doing so, or has ended it; nothing of
/// whoever has joined and waits to be let in.
fn stop(directory: &Directory, id: &InstanceId) -> Option<End> {
    let versions = directory.versions_of(id);
    let states: Vec<(u64, Status)> = versions.map(|(n, then)| (n, then.status)).collect();
    let is_active = |(_, status): &(u64, Status)| *status == Status::Active;
    let active = states.iter().rposition(is_active);
    let since = &states[active.map_or(0, |last| last + 1)..];
    let first = |wanted: Status| {
        let found = since.iter().find(|(_, status)| *status == wanted);
        found.map(|(version, _)| *version)
    };
    let suspended = first(Status::Suspended).filter(|_| active.is_some());
    match first(Status::Revoked) {
        Some(at) => Some(End::Revoked { suspended, at }),
        None => suspended.map(End::Suspended),
    }
}

/// Certificates of active institutions that end within [`RENEWED_BEFORE_MS`] of
/// the picture, the first to end first.
pub fn ending(picture: &Picture) -> Vec<EndingCertificate> {
    let all = picture.instances.values().filter_map(|seen| {
        let ends_at = seen.certificate_expires?;
        let soon = ends_at - picture.at < RENEWED_BEFORE_MS;
        let active = seen.status == Status::Active;
        (soon && active).then(|| EndingCertificate {
            instance: seen.id.clone(),
            name: seen.name.clone(),
            ends_at,
        })
    });
    let mut all: Vec<EndingCertificate> = all.collect();
    all.sort_by(|a, b| (a.ends_at, &a.instance).cmp(&(b.ends_at, &b.instance)));
    all
}

#[cfg(test)]
mod tests {
    use lapor_protocol::directory::DirectoryVersion;
    use lapor_protocol::ids::InstanceKind;
    use lapor_protocol::keys::{Signer, Verifier};

    use super::*;

    /// A directory of which each version states one entry.
    struct Published {
        hub: Signer,
        directory: Directory,
    }

    impl Published {
        fn new() -> Self {
            let hub = Signer::from_seed(&[1; 32]);
            let known = Verifier::from_jwk(&hub.public()).unwrap();
            Self {
                directory: Directory::trusting(vec![known]),
                hub,
            }
        }

        fn state(&mut self, entry: &InstanceEntry, status: Status) {
            let entry = InstanceEntry {
                status,
                ..entry.clone()
            };
            let version = DirectoryVersion {
                version: self.directory.version() + 1,
                prev: self.directory.head(),
                at: version_at(self.directory.version() + 1),
                trust_domain: "lapor.test".into(),
                hub_keys: vec![self.hub.public()],
                changes: vec![entry],
                taxonomy: None,
                calendar: None,
                maintenance: None,
            };
            self.directory.apply(&version.sign(&self.hub)).unwrap();
        }

        /// Use, beginning and end of each key of an institution.
        fn told(&self, entry: &InstanceEntry) -> Vec<(KeyUse, Option<u64>, Option<End>)> {
            let terms = terms(&self.directory, &entry.id).into_iter();
            terms
                .map(|term| (term.use_for, term.since, term.end))
                .collect()
        }
    }

    /// A second after the one before.
    fn version_at(version: u64) -> i64 {
        version as i64 * 1_000
    }

    fn place(seq: u64) -> Position {
        Position { epoch: 1, seq }
    }

    fn signing(identity: &Signer, id: &InstanceId, seed: u8, from: Position) -> CertifiedKey {
        let key = Signer::from_seed(&[seed; 32]).public();
        CertifiedKey::certify(identity, id, KeyUse::Signing, key, from)
    }

    #[test]
    fn a_key_holds_from_when_its_institution_takes_part_until_the_next_comes() {
        let identity = Signer::from_seed(&[2; 32]);
        let id: InstanceId = "kota-bandung".parse().unwrap();
        let mut published = Published::new();
        let mut entry = InstanceEntry::registered(id.clone(), InstanceKind::Kota, "B".into());
        published.state(&entry, Status::Invited);
        assert!(published.told(&entry).is_empty());
        entry.identity = Some(identity.public());
        entry.keys = vec![signing(&identity, &id, 3, place(1))];
        published.state(&entry, Status::Suspended);
        let waits = [
            (KeyUse::Identity, None, None),
            (KeyUse::Signing, None, None),
        ];
        assert_eq!(published.told(&entry), waits, "nobody has let it in");
        published.state(&entry, Status::Active);
        entry.keys[0].valid_to = Some(place(7));
        entry.keys.push(signing(&identity, &id, 4, place(8)));
        published.state(&entry, Status::Active);
        let replaced = Some(End::Replaced(4));
        assert_eq!(
            published.told(&entry),
            [
                (KeyUse::Identity, Some(3), None),
                (KeyUse::Signing, Some(4), None),
                (KeyUse::Signing, Some(3), replaced),
            ]
        );
        let (_, keys) = dated(&published.directory, &id);
        let kids = keys.iter().map(|dated| &dated.key.jwk.kid);
        assert!(kids.eq(entry.keys.iter().map(|key| &key.jwk.kid)));
        let moments = |from, until, retired| Moments {
            from,
            until,
            retired,
        };
        let told: Vec<Moments> = keys.iter().map(|dated| dated.moments).collect();
        let at = |version| published.directory.published_at(version);
        assert_eq!(
            told,
            [moments(at(3), at(4), true), moments(at(4), None, false)]
        );
        let former = terms(&published.directory, &id).remove(2);
        assert_eq!(former.begins, Some(place(1)));
        assert_eq!(former.last, Some(place(7)));
    }

    #[test]
    fn no_key_of_whoever_is_suspended_or_revoked_holds() {
        let identity = Signer::from_seed(&[2; 32]);
        let id: InstanceId = "kota-bandung".parse().unwrap();
        let mut published = Published::new();
        let mut entry = InstanceEntry::registered(id, InstanceKind::Kota, "B".into());
        entry.identity = Some(identity.public());
        let told = |published: &Published, entry: &InstanceEntry| published.told(entry).remove(0);
        published.state(&entry, Status::Active);
        published.state(&entry, Status::Suspended);
        entry.name = "Bandung".into();
        published.state(&entry, Status::Suspended);
        let suspended = (KeyUse::Identity, Some(1), Some(End::Suspended(2)));
        assert_eq!(
            told(&published, &entry),
            suspended,
            "since the first of them"
        );
        let identity = |published: &Published| {
            let (identity, _) = dated(&published.directory, &entry.id);
            identity.unwrap().moments
        };
        let paused = identity(&published);
        assert_eq!((paused.until, paused.retired), (Some(2_000), false));
        published.state(&entry, Status::Active);
        let holds = (KeyUse::Identity, Some(1), None);
        assert_eq!(told(&published, &entry), holds, "it was let in again");
        published.state(&entry, Status::Suspended);
        entry.revoked_at = Some(place(9));
        published.state(&entry, Status::Revoked);
        let end = End::Revoked {
            suspended: Some(5),
            at: 6,
        };
        let ended = (KeyUse::Identity, Some(1), Some(end));
        assert_eq!(told(&published, &entry), ended);
        let over = Moments {
            from: Some(1_000),
            until: Some(5_000),
            retired: true,
        };
        assert_eq!(identity(&published), over);
        let identity = terms(&published.directory, &entry.id).remove(0);
        assert_eq!((identity.begins, identity.last), (None, Some(place(9))));
    }

    #[test]
    fn a_key_that_was_never_let_in_never_held() {
        let mut published = Published::new();
        let id: InstanceId = "kota-bogor".parse().unwrap();
        let mut entry = InstanceEntry::registered(id, InstanceKind::Kota, "B".into());
        entry.identity = Some(Signer::from_seed(&[2; 32]).public());
        published.state(&entry, Status::Suspended);
        published.state(&entry, Status::Revoked);
        let end = End::Revoked {
            suspended: None,
            at: 2,
        };
        let never = (KeyUse::Identity, None, Some(end));
        assert_eq!(published.told(&entry), [never]);
        let (identity, _) = dated(&published.directory, &entry.id);
        let ended = identity.unwrap().moments;
        assert_eq!((ended.from, ended.until), (None, Some(2_000)));
    }
}
