//! Attachments as files: encrypted by their authors, named by the SHA-256 of
//! their bytes. The files are the truth about what has arrived; a file under
//! its own name is complete, checked and on disk. Whose it is they do not tell:
//! one that is there for one author is there for no other.

use std::fs::TryLockError;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::{Stream, TryStreamExt as _};
use lapor_protocol::ids::{Digest, InstanceId};
use lapor_protocol::problem::Code;
use sha2::{Digest as _, Sha256};
use tokio::fs::{self, File, OpenOptions};
use tokio::io::AsyncWriteExt as _;

use crate::error::HubError;
use crate::store::blobs::Erased;

/// Bytes that are hashed at a time.
const PIECE: usize = 256 * 1024;

/// The folder of uploads under way.
const PARTS: &str = "parts";
/// What the file has behind the name of a part that says who is at it.
const HELD: &str = "held";

/// How much of a blob is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    Whole,
    /// Bytes that its author has uploaded so far.
    Part(u64),
}

/// An upload with which nobody else goes on, in no other process of this hub either, until this is
/// dropped: what one of them still writes of a line that was given up would stand in what another
/// has proved.
#[derive(Debug)]
pub struct Hold {
    path: PathBuf,
    _locked: std::fs::File,
}

impl Hold {
    /// `None` while somebody else is at it.
    pub async fn take(
        folder: &Path,
        sha256: Digest,
        author: &InstanceId,
    ) -> Result<Option<Self>, HubError> {
        let path = folder.join(PARTS).join(format!("{sha256}.{author}.{HELD}"));
        let taking = tokio::task::spawn_blocking(move || Self::at(path));
        Ok(taking.await.map_err(|_| HubError::Aborted)??)
    }

    fn at(path: PathBuf) -> io::Result<Option<Self>> {
        if let Some(parts) = path.parent() {
            std::fs::create_dir_all(parts)?;
        }
        let mut options = std::fs::OpenOptions::new();
        let locked = options.create(true).append(true).open(&path)?;
        match locked.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // Whoever had it may have taken the file away since it was opened, and another made it anew.
        match std::fs::metadata(&path) {
            Ok(named) if named.ino() == locked.metadata()?.ino() => Ok(Some(Self {
                path,
                _locked: locked,
            })),
            Ok(_) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        // What is left of it holds nothing: the next one takes it up.
        std::fs::remove_file(&self.path).ok();
    }
}

/// Where the complete file of a blob stands.
pub fn path(folder: &Path, sha256: Digest) -> PathBuf {
    let name = sha256.to_hex();
    folder.join(&name[..2]).join(name)
}

/// What there is of a blob that `author` announced, who has brought all of it
/// before or has not.
pub async fn held(
    folder: &Path,
    sha256: Digest,
    author: &InstanceId,
    proved: bool,
) -> Result<Held, HubError> {
    if proved && fs::try_exists(path(folder, sha256)).await? {
        return Ok(Held::Whole);
    }
    match fs::metadata(part(folder, sha256, author)).await {
        Ok(facts) => Ok(Held::Part(facts.len())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Held::Part(0)),
        Err(error) => Err(error.into()),
    }
}

/// Appends to the part that is here, at most until it has `until` bytes, and
/// makes that durable. What arrived before a failure is kept, so that the
/// next upload can go on from there. Returns the new length.
pub async fn append<S>(
    folder: &Path,
    sha256: Digest,
    author: &InstanceId,
    until: u64,
    mut bytes: S,
) -> Result<u64, HubError>
where
    S: Stream<Item = Result<Bytes, HubError>> + Unpin + Send,
{
    let part = part(folder, sha256, author);
    if let Some(parts) = part.parent() {
        fs::create_dir_all(parts).await?;
    }
    let mut options = OpenOptions::new();
    let mut file = options.create(true).append(true).open(&part).await?;
    let mut length = file.metadata().await?.len();
    let outcome = loop {
        match bytes.try_next().await {
            Ok(Some(piece)) if length + piece.len() as u64 <= until => {
                file.write_all(&piece).await?;
                length += piece.len() as u64;
                lapor_killpoints::pass("blob.piece");
            }
            Ok(Some(_)) => {
                let detail = "the body is longer than its Content-Range says";
                break Err(HubError::refused(Code::MalformedRequest, detail));
            }
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    // A write ends in the background; only this tells that the last one failed.
    file.flush().await?;
    file.sync_all().await?;
    outcome.map(|()| length)
}

/// Whether the bytes of a part are those of the digest; otherwise it is thrown
/// away and the upload begins anew.
pub async fn check(folder: &Path, sha256: Digest, author: &InstanceId) -> Result<(), HubError> {
    let part = part(folder, sha256, author);
    let hashed = part.clone();
    let found = tokio::task::spawn_blocking(move || digest_of(&hashed))
        .await
        .map_err(|_| HubError::Aborted)??;
    if found != sha256 {
        fs::remove_file(&part).await?;
        return Err(Code::BlobMismatch.into());
    }
    Ok(())
}

/// Gives a part that has been checked its name.
pub async fn shelve(folder: &Path, sha256: Digest, author: &InstanceId) -> Result<(), HubError> {
    let part = part(folder, sha256, author);
    let whole = path(folder, sha256);
    let shelf = whole.parent().unwrap_or(folder);
    fs::create_dir_all(shelf).await?;
    lapor_killpoints::pass("blob.before");
    fs::rename(&part, &whole).await?;
    lapor_killpoints::pass("blob.renamed");
    File::open(shelf).await?.sync_all().await?;
    Ok(())
}

/// Throws away what an author has uploaded so far.
pub async fn begin_anew(
    folder: &Path,
    sha256: Digest,
    author: &InstanceId,
) -> Result<(), HubError> {
    remove(&part(folder, sha256, author)).await
}

/// Whether there is a file of a blob, or a part that its author has uploaded.
pub fn is_here(folder: &Path, blob: &Erased) -> bool {
    part(folder, blob.sha256, &blob.author).exists() || path(folder, blob.sha256).exists()
}

/// Erases what an author has uploaded, and the whole file if it is nobody else's.
pub async fn erase(folder: &Path, erased: &Erased, whole: bool) -> Result<(), HubError> {
    begin_anew(folder, erased.sha256, &erased.author).await?;
    if whole {
        remove(&path(folder, erased.sha256)).await?;
    }
    Ok(())
}

/// The uploads that have been begun and are not complete, and whose they are.
pub async fn parts(folder: &Path) -> Result<Vec<(Digest, InstanceId)>, HubError> {
    let mut listing = match fs::read_dir(folder.join(PARTS)).await {
        Ok(listing) => listing,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let mut parts = Vec::new();
    while let Some(entry) = listing.next_entry().await? {
        let name = entry.file_name();
        let read = name.to_str().and_then(|name| name.split_once('.'));
        let read =
            read.and_then(|(sha256, author)| Some((sha256.parse().ok()?, author.parse().ok()?)));
        parts.extend(read);
    }
    Ok(parts)
}

/// Two authors may announce one blob; neither can spoil the other's upload.
fn part(folder: &Path, sha256: Digest, author: &InstanceId) -> PathBuf {
    folder.join(PARTS).join(format!("{sha256}.{author}"))
}

async fn remove(path: &Path) -> Result<(), HubError> {
    match fs::remove_file(path).await {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

fn digest_of(path: &Path) -> io::Result<Digest> {
    use std::io::Read as _;
    let mut file = std::fs::File::open(path)?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; PIECE];
    loop {
        let count = file.read(&mut piece)?;
        if count == 0 {
            return Ok(Digest::new(hash.finalize().into()));
        }
        hash.update(&piece[..count]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_upload_is_held_by_one_at_a_time_and_nothing_is_left_of_that() {
        let folder = tempfile::tempdir().unwrap();
        let [author, other] = ["kota-bandung", "kemenpu"].map(|slug| slug.parse().unwrap());
        let sha256 = Digest::of(b"x");
        let held = Hold::take(folder.path(), sha256, &author).await.unwrap();
        assert!(held.is_some());
        let twice = Hold::take(folder.path(), sha256, &author).await.unwrap();
        assert!(twice.is_none());
        let others = Hold::take(folder.path(), sha256, &other).await.unwrap();
        assert!(others.is_some(), "each author's upload is its own");
        assert_eq!(parts(folder.path()).await.unwrap(), []);
        drop(held);
        let next = Hold::take(folder.path(), sha256, &author).await.unwrap();
        assert!(next.is_some());
        drop((next, others));
        let left = std::fs::read_dir(folder.path().join(PARTS)).unwrap();
        assert_eq!(left.count(), 0);
    }
}
