//! What `/readyz` tries: the signing key, the database, the attachments'
//! folder, the room on the disk, and whether another process has taken over.

use lapor_web::chance::random;
use lapor_web::monitor::{Check, room, writes_files};

use super::folders;
use crate::app::Hub;
use crate::error::HubError;
use crate::store;

pub async fn checks(hub: &Hub) -> Vec<Check> {
    let settings = hub.settings();
    vec![
        Check::of("signing", &signs(hub)),
        Check::of("database", &writes(hub).await),
        writes_files("blobs", &settings.storage.blobs).await,
        room(&folders(settings), settings.monitor.free_disk_bytes),
        Check::of("sequencer", &orders(hub).await),
        Check::of("record", &is_whole(hub)),
    ]
}

/// Signs with the hub's key, and verifies as the members do: with the key
/// that the directory shows.
fn signs(hub: &Hub) -> Result<(), String> {
    let signer = hub.ground.signer();
    let nonce = random::<32>();
    let directory = hub.ground.directory.current();
    let shown = directory
        .hub_key(signer.kid())
        .ok_or("the directory does not show the hub's signing key")?;
    if shown.verify(&nonce, &signer.sign(&nonce)) {
        Ok(())
    } else {
        Err("the hub's signature does not verify under the key in the directory".into())
    }
}

/// Writes, commits, and reads what was written.
async fn writes(hub: &Hub) -> Result<(), HubError> {
    use store::state::{READINESS, read, write};
    let written = hex::encode(random::<8>());
    let mut tx = hub.ground.db.write().await?;
    write(&mut tx, READINESS, &written).await?;
    let seen = read(&mut tx, READINESS).await?;
    tx.commit().await?;
    let mut tx = hub.ground.db.read().await?;
    let kept = read(&mut tx, READINESS).await?;
    tx.rollback().await?;
    // Another replica may have written meanwhile; a value there must be.
    if seen.as_ref() == Some(&written) && kept.is_some() {
        Ok(())
    } else {
        Err(HubError::damaged("what was written is not what is read"))
    }
}

/// Asks the database, because a hub in whose place another one orders learns
/// of it only with its next message.
async fn orders(hub: &Hub) -> Result<(), HubError> {
    let mut tx = hub.ground.db.read().await?;
    let checked = hub.sequencer.check(&mut tx).await;
    tx.rollback().await?;
    checked
}

/// Whether the hub holds all that it has signed for.
fn is_whole(hub: &Hub) -> Result<(), String> {
    match hub.witness.known_loss() {
        None => Ok(()),
        Some(loss) => Err(format!(
            "it is recovering: it has lost {}, and waits until members have brought that back",
            loss.what
        )),
    }
}
