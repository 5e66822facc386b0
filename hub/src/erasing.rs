//! The files of attachments whose case was redacted, and of pictures that no
//! programme shows any more: erased after that is durable, and noted until they
//! are gone, so that neither a hub that is killed nor a disk that fails keeps them.

use crate::blobs;
use crate::error::HubError;
use crate::ground::Ground;
use crate::store;
use crate::store::blobs::Erased;

/// Erases what has just been forgotten. What cannot be erased now stays
/// noted for the next start.
pub async fn erase(ground: &Ground, erased: Vec<Erased>) {
    if let Err(error) = erase_noted(ground, erased).await {
        tracing::error!(%error, "what was erased could not be noted; the next start looks again");
    }
}

/// Erases what an earlier process of this hub has left, and what has come of
/// uploads that no message names any more.
pub async fn finish(ground: &Ground) -> Result<(), HubError> {
    // Looked for first: another process of this hub may take one in whose message is not read below.
    let parts = blobs::parts(&ground.settings.storage.blobs).await?;
    let mut tx = ground.db.read().await?;
    let mut left = store::blobs::erasing(&mut tx).await?;
    for (sha256, author) in parts {
        if !store::blobs::is_named(&mut tx, sha256, &author).await? {
            left.push(Erased { sha256, author });
        }
    }
    tx.rollback().await?;
    erase_noted(ground, left).await
}

/// In a transaction that excludes all others, so that nobody proves the bytes
/// between the look at who has and the end of their file.
async fn erase_noted(ground: &Ground, erased: Vec<Erased>) -> Result<(), HubError> {
    if erased.is_empty() {
        return Ok(());
    }
    let folder = &ground.settings.storage.blobs;
    let mut tx = ground.db.write().await?;
    let mut gone = Vec::new();
    for blob in erased {
        let sha256 = blob.sha256;
        let whole = !store::blobs::is_proved(&mut tx, sha256).await?;
        match blobs::erase(folder, &blob, whole).await {
            Ok(()) => gone.push(blob),
            Err(error) => {
                tracing::error!(%error, %sha256, "a blob that nobody may have any more could not be erased; the next start tries again");
            }
        }
    }
    store::blobs::gone(&mut tx, &gone).await?;
    Ok(tx.commit().await?)
}
