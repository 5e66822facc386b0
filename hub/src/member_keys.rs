//! The keys of the members as the directory has them: which are in force, since
//! when, and when the next ones are due; and whose certificates nobody has
//! renewed in time.

use lapor_protocol::directory::{Directory, InstanceEntry, Status};
use lapor_protocol::ids::InstanceId;
use lapor_protocol::keys::{CertifiedKey, KeyId, KeyUse};
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
