//! What `/readyz` tries: the signing key, the database, the attachments'
//! folder, the room on the disk. The link to the hub only degrades.

use lapor_protocol::keys::Verifier;
use lapor_web::chance::random;
use lapor_web::monitor::{Check, room, writes_files};

use super::folders;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::sync::read_state;

/// Name of the fact that the probe of the database writes.
const FACT: &str = "readiness";

pub async fn checks(node: &Node) -> Vec<Check> {
    let settings = node.settings();
    vec![
        Check::of("signing", &signs(node)),
        Check::of("database", &writes(node).await),
        writes_files("blobs", &settings.node.blobs).await,
        room(&folders(settings), settings.monitor.free_disk_bytes),
        hub(node).await,
    ]
}

/// Signs with the key that signs messages, and verifies.
fn signs(node: &Node) -> Result<(), NodeError> {
    let signer = node.signer()?;
    let nonce = random::<32>();
    let verifier = store::read(Verifier::from_jwk(&signer.public()))?;
    if verifier.verify(&nonce, &signer.sign(&nonce)) {
        Ok(())
    } else {
        Err(NodeError::damaged("the signing key signs nothing"))
    }
}

/// Writes, commits, and reads what was written.
async fn writes(node: &Node) -> Result<(), NodeError> {
    let written = hex::encode(random::<8>());
    let mut tx = node.write_tx().await?;
    store::chain::set_fact(&mut tx, FACT, &written).await?;
    tx.commit().await?;
    let mut tx = node.read_tx().await?;
    let kept = store::chain::fact(&mut tx, FACT).await?;
    if kept.as_ref() == Some(&written) {
        Ok(())
    } else {
        Err(NodeError::damaged("what was written is not what is read"))
    }
}

/// Whether the hub has said that it would be away now.
fn in_maintenance(node: &Node) -> bool {
    node.hub_maintenance().is_some_and(|notice| notice.on)
}

async fn hub(node: &Node) -> Check {
    const NAME: &str = "hub";
    match read_state(node).await {
        Ok(state) if state.connected || in_maintenance(node) => Check::ok(NAME),
        Ok(state) => {
            let why = state.problem.unwrap_or_else(|| "not tried yet".into());
            Check::degraded(NAME, why)
        }
        Err(error) => Check::degraded(NAME, error.to_string()),
    }
}
