//! Files on their way in: opened, continued from wherever the line broke, and
//! cleaned when the last byte is on disk. What is not complete and clean can be
//! used by nothing.
//!
//! How far an upload is, its file says; a row says what was announced.

use std::fmt::Display;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use lapor_migrations::Tx;
use serde::{Deserialize, Serialize};
use tokio::fs::{self, File, OpenOptions};
use tokio::io::AsyncWriteExt;
use utoipa::ToSchema;

use super::Door;
use super::arriving::Piece;
use super::clean::clean_in_turn;
use crate::chance::random;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::uploads::{OPEN, READY, UploadRow};

/// An upload that nobody uses is removed after a day.
const UPLOAD_LIFE_MS: i64 = 86_400_000;
/// One of which no byte has come is removed after an hour: whoever opens it sends at once, and so
/// nothing that was merely announced adds up.
const UNTOUCHED_LIFE_MS: i64 = 3_600_000;
/// What waits with an answer that was given back, and that nobody writes anew, after a month.
const RETURNED_LIFE_MS: i64 = 30 * UPLOAD_LIFE_MS;
const EXPIRED_AT_ONCE: i64 = 1000;

/// A file that waits to be used by a report or an act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UploadReceipt {
    /// Goes into `attachments` of a report or an act.
    pub upload: String,
    /// Bytes as it is kept, without its metadata.
    pub size: u64,
    /// What the file is by its content, whatever was said of it.
    pub media_type: String,
}

/// How far an upload is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    pub upload: String,
    /// Bytes that were announced.
    pub length: u64,
    /// Bytes that are here; equal to `length` once the file can be used.
    pub offset: u64,
}

impl Node {
    /// Takes in a whole file; it is on disk when this returns.
    ///
    /// # Errors
    /// [`NodeError::NoRoom`] for one of the staff's while their files fill their room, [`NodeError::Busy`]
    /// while too many files are cleaned. How much the public may send is judged before, by address.
    pub async fn receive_upload<S, E>(
        &self,
        door: Door,
        mut body: S,
    ) -> Result<UploadReceipt, NodeError>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin + Send,
        E: Display,
    {
        let (id, path) = self.new_upload().await?;
        let file = create(&path).await?;
        let passing = Passing(Some(&path));
        let limit = self.settings().api.upload_bytes;
        let size = write(file, (0, limit), &mut body, None).await;
        let size = size.map_err(|stopped| too_large_or(stopped, limit))?;
        if size == 0 {
            return Err(NodeError::Invalid("the upload is empty".into()));
        }
        self.room_for_staff(door, size).await?;
        self.finish(&id, &path, door, Arrived::AtOnce(passing))
            .await
    }

    /// Opens an upload of so many bytes, which comes in pieces. It takes room as it comes.
    pub async fn begin_upload(&self, door: Door, length: u64) -> Result<Progress, NodeError> {
        let limit = self.settings().api.upload_bytes;
        if length > limit {
            return Err(larger_than(limit));
        }
        if length == 0 {
            return Err(NodeError::Invalid("the upload is empty".into()));
        }
        self.room_for_staff(door, length).await?;
        let (id, path) = self.new_upload().await?;
        create(&path).await?;
        let mut tx = self.write_tx().await?;
        let row = UploadRow {
            id: id.clone(),
            media_type: String::new(),
            size: length as i64,
            state: OPEN.into(),
            door: door.as_str().into(),
        };
        store::uploads::add(&mut tx, &row, self.clock().now_ms()).await?;
        tx.commit().await?;
        Ok(Progress {
            upload: id,
            length,
            offset: 0,
        })
    }

    /// A file that is here as a whole and waits to be used. What a drafted answer keeps is there
    /// for the staff alone.
    pub async fn waiting_upload(
        &self,
        id: &str,
        door: Door,
    ) -> Result<Option<UploadReceipt>, NodeError> {
        let mut tx = self.read_tx().await?;
        let row = store::uploads::one(&mut tx, id).await?;
        let hidden = door == Door::Public && store::drafts::keeper(&mut tx, id).await?.is_some();
        let ready = row.filter(|row| row.state == READY && !hidden);
        Ok(ready.map(|row| UploadReceipt {
            upload: row.id,
            size: row.size as u64,
            media_type: row.media_type,
        }))
    }

    pub async fn upload_progress(&self, id: &str) -> Result<Progress, NodeError> {
        let mut tx = self.read_tx().await?;
        let row = store::uploads::one(&mut tx, id).await?;
        let row = row.ok_or_else(|| NodeError::not_found("upload", &id))?;
        let length = row.size as u64;
        let offset = match row.state.as_str() {
            READY => length,
            _ => told(fs::metadata(upload_path(self, id)).await?.len(), length),
        };
        Ok(Progress {
            upload: row.id,
            length,
            offset,
        })
    }

    /// Adds the next bytes of an upload; with the last ones it can be used.
    /// What arrived before a line broke is kept. `bytes` is how many come, where that is told.
    ///
    /// # Errors
    /// [`NodeError::NoRoom`] while those would fill the room of the door, [`NodeError::Busy`] while too many
    /// files are cleaned; the upload stays as it is.
    pub async fn continue_upload<S, E>(
        &self,
        id: &str,
        offset: u64,
        door: Door,
        bytes: Option<u64>,
        mut body: S,
    ) -> Result<Progress, NodeError>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin + Send,
        E: Display,
    {
        let known = self.upload_progress(id).await?;
        if offset != known.offset {
            return Err(NodeError::Offset {
                expected: known.offset,
            });
        }
        if offset == known.length {
            return Ok(known);
        }
        let left = known.length - offset;
        self.room_for(door, bytes.unwrap_or(left).min(left)).await?;
        let path = upload_path(self, id);
        let file = OpenOptions::new().append(true).open(&path).await?;
        let file = file.into_std().await;
        // Two who continue one file at once would mix their pieces; whoever had it before may have ended it.
        let is_locked = file.try_lock().is_err();
        let expected = self.upload_progress(id).await?.offset;
        if is_locked || expected != offset {
            return Err(NodeError::Offset { expected });
        }
        file.set_len(offset)?;
        // Held until it is told that the file can be used.
        let lock = file.try_clone()?;
        let mut piece = Piece::begin(self, id, door, offset).await?;
        let (file, bounds) = (File::from_std(file), (offset, known.length));
        let written = write(file, bounds, &mut body, Some(&mut piece)).await;
        piece.end().await;
        let offset = match written {
            Ok(offset) => offset,
            Err(Stopped::TooLong) => {
                self.cancel_upload(id).await?;
                return Err(NodeError::TooLarge(format!(
                    "the upload was announced with {} bytes and has more; it is gone, begin again",
                    known.length
                )));
            }
            Err(Stopped::Failed(error)) => return Err(error),
        };
        if offset == known.length {
            let arrived = Arrived::InPieces(lock.try_clone()?);
            match self.finish(id, &path, door, arrived).await {
                Ok(_) => {}
                // All of it is here, and its last byte may be sent again.
                Err(busy @ NodeError::Busy { .. }) => return Err(busy),
                Err(error) => {
                    self.cancel_upload(id).await?;
                    return Err(error);
                }
            }
        }
        Ok(Progress { offset, ..known })
    }

    /// Gives an upload up. One that is used already is no longer there; one that a drafted answer
    /// keeps is not given up.
    pub async fn cancel_upload(&self, id: &str) -> Result<(), NodeError> {
        let mut tx = self.write_tx().await?;
        use_up(&mut tx, id).await?;
        tx.commit().await?;
        forget_uploads(self, &[id.to_owned()]).await;
        Ok(())
    }

    /// Whether files of officers and applications still have room, apart from those of citizens.
    async fn room_for_staff(&self, door: Door, bytes: u64) -> Result<(), NodeError> {
        match door {
            Door::Public => Ok(()),
            Door::Staff => self.room_for(door, bytes).await,
        }
    }

    async fn new_upload(&self) -> Result<(String, PathBuf), NodeError> {
        let id = hex::encode(random::<16>());
        let path = upload_path(self, &id);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).await?;
        Ok((id, path))
    }

    /// Cleans a file that is all here and lets it be used.
    async fn finish(
        &self,
        id: &str,
        path: &Path,
        door: Door,
        arrived: Arrived<'_>,
    ) -> Result<UploadReceipt, NodeError> {
        let (passing, alone) = match arrived {
            Arrived::AtOnce(passing) => (Some(passing), None),
            Arrived::InPieces(alone) => (None, Some(alone)),
        };
        let (media_type, size) = clean_in_turn(self.turns(), path, door, alone).await?;
        lapor_killpoints::pass("upload.kept");
        let row = UploadRow {
            id: id.to_owned(),
            media_type: media_type.to_owned(),
            size: size as i64,
            state: READY.into(),
            door: door.as_str().into(),
        };
        let mut tx = self.write_tx().await?;
        if passing.is_some() {
            store::uploads::add(&mut tx, &row, self.clock().now_ms()).await?;
        } else {
            store::uploads::complete(&mut tx, &row).await?;
        }
        // Whether a commit that is cut off took effect nobody knows: the file stays.
        if let Some(passing) = passing {
            passing.keep();
        }
        tx.commit().await?;
        self.end_arriving(id);
        Ok(UploadReceipt {
            upload: row.id,
            size,
            media_type: row.media_type,
        })
    }
}

/// Uses an upload up, with what uses it; one that a drafted answer keeps is only that answer's.
pub(crate) async fn use_up(tx: &mut Tx, id: &str) -> Result<(), NodeError> {
    if store::drafts::keeper(tx, id).await?.is_some() {
        return Err(NodeError::UploadHeld);
    }
    if store::uploads::remove(tx, id).await? == 0 {
        return Err(NodeError::not_found("upload", &id));
    }
    Ok(())
}

/// Removes the files of uploads that have been used. A failure leaves a file
/// behind and nothing else.
pub(crate) async fn forget_uploads(node: &Node, uploads: &[String]) {
    for id in uploads {
        lapor_killpoints::pass("upload.forget");
        if let Err(error) = fs::remove_file(upload_path(node, id)).await {
            tracing::warn!(%error, "an upload that is not needed any more could not be removed");
        }
        node.end_arriving(id);
    }
}

/// Removes uploads that no report or act has used within a day and no draft keeps, some at most, and
/// those of which nothing has come within an hour. Returns how many.
pub(crate) async fn expire_uploads(node: &Node) -> Result<usize, NodeError> {
    let now = node.clock().now_ms();
    let untouched = expire_untouched(node, now - UNTOUCHED_LIFE_MS).await?;
    let before = now - UPLOAD_LIFE_MS;
    let mut tx = node.write_tx().await?;
    store::drafts::release_old(&mut tx, now - RETURNED_LIFE_MS).await?;
    let old = store::uploads::before(&mut tx, before, EXPIRED_AT_ONCE).await?;
    for id in &old {
        store::uploads::remove(&mut tx, id).await?;
    }
    tx.commit().await?;
    forget_uploads(node, &old).await;
    node.look_after_arriving().await?;
    Ok(untouched + old.len())
}

/// Removes those that were begun before a moment (Unix ms) and of which nothing has come.
async fn expire_untouched(node: &Node, before: i64) -> Result<usize, NodeError> {
    let open = store::uploads::open_before(&mut node.read_tx().await?, before).await?;
    let mut untouched = Vec::new();
    for id in open {
        match fs::metadata(upload_path(node, &id)).await {
            Ok(facts) if facts.len() > 0 => {}
            Ok(_) => untouched.push(id),
            Err(error) if error.kind() == ErrorKind::NotFound => untouched.push(id),
            Err(error) => return Err(error.into()),
        }
    }
    let mut removed = 0;
    for some in untouched.chunks(EXPIRED_AT_ONCE as usize) {
        let mut tx = node.write_tx().await?;
        let mut gone = Vec::with_capacity(some.len());
        for id in some {
            if store::uploads::remove_open(&mut tx, id).await? {
                gone.push(id.clone());
            }
        }
        tx.commit().await?;
        forget_uploads(node, &gone).await;
        removed += gone.len();
    }
    Ok(removed)
}

pub(crate) fn upload_path(node: &Node, id: &str) -> PathBuf {
    node.settings().node.blobs.join("uploads").join(id)
}

/// How much of an upload that cannot be used yet is here, as its sender is told: what is here as a whole and was
/// not cleaned lacks its last byte, with which it is tried again.
fn told(here: u64, length: u64) -> u64 {
    here.min(length.saturating_sub(1))
}

async fn create(path: &Path) -> Result<File, NodeError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    Ok(options.open(path).await?)
}

/// How a file has come.
enum Arrived<'a> {
    /// In one go.
    AtOnce(Passing<'a>),
    /// In pieces; the lock of what was opened before.
    InPieces(std::fs::File),
}

/// A file that goes again unless it is kept: whoever sends it may hang up at any moment, at which nothing more
/// is done for them, and what has no row is counted by nobody.
struct Passing<'a>(Option<&'a Path>);

impl Passing<'_> {
    fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Passing<'_> {
    fn drop(&mut self) {
        if let Some(path) = self.0 {
            std::fs::remove_file(path).ok();
        }
    }
}

/// Why a file did not arrive as a whole.
enum Stopped {
    TooLong,
    Failed(NodeError),
}

/// Appends a body to a file that has `offset` bytes and may have `most`;
/// returns how many it has then. They are on disk.
async fn write<S, E>(
    mut file: File,
    (offset, most): (u64, u64),
    body: &mut S,
    mut piece: Option<&mut Piece<'_>>,
) -> Result<u64, Stopped>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin + Send,
    E: Display,
{
    let failed = |error: std::io::Error| Stopped::Failed(error.into());
    let mut size = offset;
    let mut broken = None;
    while let Some(chunk) = body.next().await {
        let chunk = match chunk {
            Ok(chunk) => chunk,
            Err(error) => {
                broken = Some(NodeError::Invalid(format!("the upload broke off: {error}")));
                break;
            }
        };
        size += chunk.len() as u64;
        if size > most {
            return Err(Stopped::TooLong);
        }
        if let Some(piece) = &mut piece
            && let Err(error) = piece.admit(chunk.len() as u64).await
        {
            broken = Some(error);
            break;
        }
        file.write_all(&chunk).await.map_err(failed)?;
        lapor_killpoints::pass("upload.piece");
    }
    // A write ends in the background; only this tells that the last one failed.
    file.flush().await.map_err(failed)?;
    file.sync_all().await.map_err(failed)?;
    broken.map_or(Ok(size), |error| Err(Stopped::Failed(error)))
}

fn too_large_or(stopped: Stopped, limit: u64) -> NodeError {
    match stopped {
        Stopped::TooLong => larger_than(limit),
        Stopped::Failed(error) => error,
    }
}

fn larger_than(limit: u64) -> NodeError {
    NodeError::TooLarge(format!("an attachment has at most {limit} bytes"))
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use tokio::sync::Notify;

    use super::*;
    use crate::testing::{Place, databases};

    #[tokio::test]
    async fn a_file_whose_sender_hangs_up_is_gone_at_once() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let asked = &Notify::new();
            let pieces = stream::iter(0..2).then(move |n| async move {
                if n == 1 {
                    asked.notify_one();
                    std::future::pending::<()>().await;
                }
                Ok::<_, String>(Bytes::from_static(b"%PDF-1.7\n"))
            });
            let coming = place.node.receive_upload(Door::Public, Box::pin(pieces));
            let mut coming = Box::pin(coming);
            tokio::select! {
                _ = &mut coming => panic!("it has not come as a whole"),
                () = asked.notified() => {}
            }
            let uploads = place.settings.node.blobs.join("uploads");
            let here = || std::fs::read_dir(&uploads).unwrap().count();
            assert_eq!(here(), 1);
            drop(coming);
            assert_eq!(here(), 0);
        }
    }
}
