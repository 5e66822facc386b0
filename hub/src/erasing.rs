//! The files of attachments whose case was redacted, and of pictures that no
//! programme shows any more: erased after that is durable, and noted until they
//! are gone, so that neither a hub that is killed nor a disk that fails keeps them.
//!
//! A case may have more files than fit between two messages: they go some at a time, and whoever
//! waits to write comes in between.

use crate::blobs;
use crate::error::HubError;
use crate::ground::Ground;
use crate::store;
use crate::store::blobs::Erased;

/// Files that are erased in one transaction.
const AT_ONCE: usize = 100;

/// Erases what has just been forgotten, of which nobody has to wait for the end: what cannot be
/// erased now, or is not before this process ends, stays noted for the next start.
pub async fn erase(ground: &Ground, erased: Vec<Erased>) {
    if let Err(error) = erase_all(ground, erased).await {
        tracing::error!(%error, "what was erased could not be noted; the next start looks again");
    }
}

/// Erases what an earlier process of this hub has left, and what has come of
/// uploads that no message names any more, or that have no room.
pub async fn finish(ground: &Ground) -> Result<(), HubError> {
    // Looked for first: another process of this hub may take one in whose message is not read below.
    let parts = blobs::parts(&ground.settings.storage.blobs).await?;
    let mut tx = ground.db.read().await?;
    let mut left = store::blobs::erasing(&mut tx).await?;
    for (sha256, author) in parts {
        if !store::blobs::is_named(&mut tx, sha256, &author).await?
            || !store::blobs::has_room(&mut tx, sha256, &author).await?
        {
            left.push(Erased {
                sha256,
                author,
                noted: false,
            });
        }
    }
    tx.rollback().await?;
    erase_all(ground, left).await
}

/// What was announced and never brought has no file and costs no transaction.
async fn erase_all(ground: &Ground, mut erased: Vec<Erased>) -> Result<(), HubError> {
    if erased.is_empty() {
        return Ok(());
    }
    let folder = ground.settings.storage.blobs.clone();
    let looking = tokio::task::spawn_blocking(move || {
        erased.retain(|blob| blob.noted || blobs::is_here(&folder, blob));
        erased
    });
    let erased = looking.await.map_err(|_| HubError::Aborted)?;
    for some in erased.chunks(AT_ONCE) {
        erase_some(ground, some).await?;
    }
    Ok(())
}

/// In a transaction that excludes all others, so that nobody proves the bytes
/// between the look at who has and the end of their file.
async fn erase_some(ground: &Ground, erased: &[Erased]) -> Result<(), HubError> {
    let folder = &ground.settings.storage.blobs;
    let mut tx = ground.db.write().await?;
    let proved = store::blobs::proved_of(&mut tx, erased).await?;
    let mut gone = Vec::with_capacity(erased.len());
    for blob in erased {
        let sha256 = blob.sha256;
        match blobs::erase(folder, blob, !proved.contains(&sha256)).await {
            Ok(()) => gone.push(blob.clone()),
            Err(error) => {
                tracing::error!(%error, %sha256, "a blob that nobody may have any more could not be erased; the next start tries again");
            }
        }
    }
    store::blobs::gone(&mut tx, &gone).await?;
    Ok(tx.commit().await?)
}
