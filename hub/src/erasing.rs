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

/// Erases what an earlier process of this hub has left.
pub async fn finish(ground: &Ground) -> Result<(), HubError> {
    let mut tx = ground.db.read().await?;
    let left = store::blobs::erasing(&mut tx).await?;
    drop(tx);
    erase_noted(ground, left).await
}

async fn erase_noted(ground: &Ground, erased: Vec<Erased>) -> Result<(), HubError> {
    let mut gone = Vec::new();
    for blob in erased {
        let sha256 = blob.sha256;
        match blobs::erase(&ground.settings.storage.blobs, &blob).await {
            Ok(()) => gone.push(blob),
            Err(error) => {
                tracing::error!(%error, %sha256, "a blob that nobody may have any more could not be erased; the next start tries again");
            }
        }
    }
    if gone.is_empty() {
        return Ok(());
    }
    let mut tx = ground.db.write().await?;
    store::blobs::gone(&mut tx, &gone).await?;
    Ok(tx.commit().await?)
}
