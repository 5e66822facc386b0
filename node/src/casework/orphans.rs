//! Files that a crash left behind: ciphertext that was sealed for a message which
//! was never kept, parts of attachments that nobody waits for, uploads without a
//! row. They are removed when they are a day old, which is longer than any act
//! takes. A file that the database names is never touched.

use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use lapor_migrations::Tx;
use lapor_protocol::ids::Digest;

use crate::error::NodeError;
use crate::node::Node;
use crate::store;

/// Nobody is in the middle of an act for so long.
const AGE: Duration = Duration::from_hours(24);
/// One sweep looks at one part of the shelves; a day's sweeps at all.
const PARTS: i64 = 24;
const HOUR_MS: i64 = 3_600_000;
/// Files removed in one sweep, at most.
const AT_ONCE: usize = 1000;
/// Made and removed to learn the time of the file system, by which ages are
/// told: a clock that is wrong must not make a new file old.
const PROBE: &str = "sweep.probe";

/// What a file is by its name and place.
enum Found {
    /// An attachment or a picture.
    Blob(Digest),
    /// The part of one that is being fetched, with its announced size. A release before named none.
    Part(Digest, Option<i64>),
    /// An upload that waits to be used.
    Upload(String),
    /// The ciphertext of an upload on its way to its shelf.
    Sealed,
}

/// Removes old files that nothing refers to, from the part of the shelves whose
/// hour it is. Returns how many.
pub(crate) async fn sweep_orphans(node: &Node) -> Result<usize, NodeError> {
    let hour = (node.clock().now_ms() / HOUR_MS).rem_euclid(PARTS);
    let blobs = node.settings().node.blobs.clone();
    let listing = tokio::task::spawn_blocking(move || old_files(&blobs, hour));
    let (now, old) = listing.await.map_err(NodeError::damaged)??;
    let removed = remove_unwanted(node, now, old).await?;
    if removed > 0 {
        tracing::info!(removed, "files that a crash had left were removed");
    }
    Ok(removed)
}

/// Removes those of the listed files that nothing refers to. `now` is when they were listed, by the file system.
async fn remove_unwanted(
    node: &Node,
    now: SystemTime,
    old: Vec<(PathBuf, Found)>,
) -> Result<usize, NodeError> {
    let mut removed = 0;
    for (path, found) in old {
        let mut tx = node.read_tx().await?;
        let wanted = is_wanted(&mut tx, &found).await?;
        drop(tx);
        if wanted {
            continue;
        }
        let removing = tokio::task::spawn_blocking(move || remove_old(&path, now));
        removed += usize::from(removing.await.map_err(NodeError::damaged)??);
        if removed == AT_ONCE {
            break;
        }
    }
    Ok(removed)
}

/// Removes a file, and says whether it did. One that is new by now stays: a picture that is shown again is put
/// on its shelf before a row names it.
fn remove_old(path: &Path, now: SystemTime) -> io::Result<bool> {
    if !is_old(std::fs::symlink_metadata(path), now) {
        return Ok(false);
    }
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        outcome => outcome.map(|()| true),
    }
}

async fn is_wanted(tx: &mut Tx, found: &Found) -> Result<bool, NodeError> {
    match found {
        Found::Blob(sha256) => Ok(store::blobs::is_named(tx, sha256.as_bytes()).await?),
        Found::Part(sha256, Some(size)) => {
            Ok(store::blobs::is_awaited(tx, sha256.as_bytes(), *size).await?)
        }
        Found::Upload(id) => Ok(store::uploads::one(tx, id).await?.is_some()),
        Found::Part(_, None) | Found::Sealed => Ok(false),
    }
}

fn old_files(blobs: &Path, hour: i64) -> io::Result<(SystemTime, Vec<(PathBuf, Found)>)> {
    let now = now_by(blobs)?;
    let mut old = Vec::new();
    for shelf in 0..=u8::MAX {
        if i64::from(shelf) % PARTS == hour {
            look_into(&blobs.join(hex::encode([shelf])), now, blob, &mut old)?;
        }
    }
    look_into(&blobs.join("uploads"), now, upload, &mut old)?;
    Ok((now, old))
}

fn look_into(
    folder: &Path,
    now: SystemTime,
    what: fn(&Path) -> Option<Found>,
    old: &mut Vec<(PathBuf, Found)>,
) -> io::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        if let (true, Some(found)) = (is_old(entry.metadata(), now), what(&path)) {
            old.push((path, found));
        }
    }
    Ok(())
}

/// One that is gone meanwhile is nobody's orphan.
fn is_old(facts: io::Result<Metadata>, now: SystemTime) -> bool {
    let written = facts.and_then(|facts| facts.modified());
    written.is_ok_and(|written| now.duration_since(written).unwrap_or_default() >= AGE)
}

fn blob(path: &Path) -> Option<Found> {
    let name = path.file_name()?.to_str()?;
    let Some(part) = name.strip_suffix(".part") else {
        return Some(Found::Blob(name.parse().ok()?));
    };
    let (sha256, size) = part.split_once('.').unwrap_or((part, ""));
    Some(Found::Part(sha256.parse().ok()?, size.parse().ok()))
}

fn upload(path: &Path) -> Option<Found> {
    match path.extension() {
        None => Some(Found::Upload(path.file_name()?.to_str()?.to_owned())),
        Some(extension) => (extension == "sealed").then_some(Found::Sealed),
    }
}

fn now_by(folder: &Path) -> io::Result<SystemTime> {
    let path = folder.join(PROBE);
    let now = std::fs::File::create(&path)?.metadata()?.modified();
    std::fs::remove_file(&path)?;
    now
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::store::blobs::BlobRow;
    use crate::store::uploads::{READY, UploadRow};
    use crate::testing::{NOW, Place, databases};

    fn lay(path: &Path, age: Duration) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let file = fs::File::create(path).unwrap();
        let now = file.metadata().unwrap().modified().unwrap();
        file.set_modified(now - age).unwrap();
    }

    async fn name(place: &Place, sha256: Digest, state: &str) {
        let row = BlobRow {
            sha256: sha256.as_bytes().to_vec(),
            case_id: "case".into(),
            message_id: sha256.to_hex(),
            size: 1,
            media_type: "image/jpeg".into(),
            state: state.into(),
            progress: 0,
        };
        let mut tx = place.node.write_tx().await.unwrap();
        store::blobs::add(&mut tx, &row).await.unwrap();
        tx.commit().await.unwrap();
    }

    #[tokio::test]
    async fn what_a_crash_left_goes_after_a_day_and_nothing_else() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let blobs = &place.settings.node.blobs;
            let days = |count: u32| AGE * count;
            let file = |sha256: Digest| crate::casework::blob_path(&place.node, &sha256);
            let part =
                |sha256: Digest, size: u64| crate::casework::part_path(&place.node, &sha256, size);
            let [lost, erased, young, held, fetched] =
                [b"1", b"2", b"3", b"4", b"5"].map(|text| Digest::of(text));
            for (sha256, state) in [(erased, "erased"), (held, "held"), (fetched, "to_fetch")] {
                name(&place, sha256, state).await;
            }
            let mut tx = place.node.write_tx().await.unwrap();
            let waits = UploadRow {
                door: "public".into(),
                id: "waits".into(),
                media_type: "image/jpeg".into(),
                size: 1,
                state: READY.into(),
            };
            store::uploads::add(&mut tx, &waits, NOW).await.unwrap();
            tx.commit().await.unwrap();
            let uploads = blobs.join("uploads");
            let gone = [
                file(lost),
                file(erased),
                part(young, 1),
                part(held, 1),
                part(fetched, 2),
                file(fetched).with_extension("part"),
                uploads.join("waits.sealed"),
                uploads.join("forgotten"),
            ];
            let kept = [
                file(held),
                part(fetched, 1),
                uploads.join("waits"),
                blobs.join("ab").join("notes.txt"),
            ];
            for path in gone.iter().chain(&kept) {
                lay(path, days(2));
            }
            lay(&file(young), Duration::from_mins(5));
            let mut removed = 0;
            for _ in 0..PARTS {
                removed += sweep_orphans(&place.node).await.unwrap();
                place.clock.advance(HOUR_MS);
            }
            assert_eq!(removed, gone.len());
            assert!(gone.iter().all(|path| !path.exists()));
            assert!(kept.iter().all(|path| path.exists()) && file(young).exists());
        }
    }

    #[tokio::test]
    async fn a_picture_that_is_shown_again_while_its_old_file_is_listed_stays() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let sha256 = Digest::of(b"picture");
            let file = crate::casework::blob_path(&place.node, &sha256);
            lay(&file, AGE * 2);
            let hour = i64::from(sha256.as_bytes()[0]) % PARTS;
            let list = || old_files(&place.settings.node.blobs, hour).unwrap();
            let (now, old) = list();
            assert_eq!(old.len(), 1);
            lay(&file, Duration::ZERO);
            let removed = remove_unwanted(&place.node, now, old).await.unwrap();
            assert!(removed == 0 && file.exists());

            lay(&file, AGE * 2);
            let (now, old) = list();
            let removed = remove_unwanted(&place.node, now, old).await.unwrap();
            assert!(removed == 1 && !file.exists());
        }
    }
}
