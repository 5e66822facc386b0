//! Which message has made a version of the directory: that tells when the
//! message was ordered, although nobody may hold an item about it.

use lapor_migrations::Tx;
use lapor_protocol::directory::DirectoryVersion;
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::InstanceId;
use lapor_protocol::kinds::Body;

use crate::error::HubError;
use crate::store;

/// Bytes of versions that are read at once.
const PAGE: usize = 8 << 20;

/// Whether an applied message of this kind makes a version.
pub fn changes(body: &Body) -> bool {
    matches!(
        body,
        Body::KeyAnnounced(_) | Body::TaxonomyUpdated(_) | Body::CalendarUpdated(_)
    )
}

/// What every version that is here states.
pub async fn versions(tx: &mut Tx) -> Result<Vec<DirectoryVersion>, HubError> {
    let mut versions: Vec<DirectoryVersion> = Vec::new();
    loop {
        let last = versions.last().map_or(0, |version| version.version);
        let lines = store::directory::after(tx, last, PAGE).await?;
        if lines.is_empty() {
            return Ok(versions);
        }
        for line in lines {
            let envelope = Envelope::parse(line.as_bytes()).map_err(HubError::damaged)?;
            versions.push(serde_json::from_slice(&envelope.payload).map_err(HubError::damaged)?);
        }
    }
}

/// The version that a message of this author has made.
pub fn by<'a>(
    versions: &'a [DirectoryVersion],
    author: &InstanceId,
    body: &Body,
) -> Option<&'a DirectoryVersion> {
    let mut pairs = versions.iter().zip(versions.iter().skip(1));
    let made = match body {
        // The entry stays as it is in all later versions.
        Body::KeyAnnounced(announced) => pairs.find(|(_, version)| {
            let kid = &announced.key.jwk.kid;
            let mut entries = version.changes.iter();
            entries.any(|entry| entry.id == *author && entry.has_key(kid))
        }),
        Body::TaxonomyUpdated(update) => pairs.rfind(|(before, version)| {
            let edition = Some(&update.edition);
            version.taxonomy.as_ref() == edition && before.taxonomy.as_ref() != edition
        }),
        Body::CalendarUpdated(update) => pairs.rfind(|(before, version)| {
            let edition = Some(&update.edition);
            version.calendar.as_ref() == edition && before.calendar.as_ref() != edition
        }),
        _ => None,
    };
    made.map(|(_, version)| version)
}
