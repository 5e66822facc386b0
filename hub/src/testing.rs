//! What tests of several rooms of the hub begin with.

use lapor_protocol::directory::InstanceEntry;

use crate::directory::Amendment;
use crate::ground::Ground;

/// The directory names these institutions as they are here.
pub async fn publish(ground: &Ground, entries: Vec<InstanceEntry>) {
    let mut tx = ground.db.write().await.unwrap();
    let known = ground.directory.refresh(&mut tx).await.unwrap();
    let amendment = Amendment {
        entries,
        ..Amendment::default()
    };
    let known = ground.publish(&mut tx, &known, amendment).await.unwrap();
    tx.commit().await.unwrap();
    ground.directory.adopt(&known);
}
