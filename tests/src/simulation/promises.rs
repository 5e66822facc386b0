//! What was promised to people: each message that a node has taken is to be at
//! the hub in the end, once. Only what a lost machine had told nobody is lost.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use lapor_migrations::{Db, on};
use lapor_protocol::ids::{InstanceId, MessageId};

const HELD: &str = "select author, message_id, epoch, seq, line from envelopes";
const AT_HUB: &str = "select message_id from envelopes where author = $1";
const AT_NODE: &str = "select message_id from outbox";

/// By seat.
#[derive(Debug, Default)]
pub struct Promises(Vec<(usize, String)>);

impl Promises {
    pub fn note(&mut self, at: usize, message: MessageId) {
        self.0.push((at, message.to_string()));
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Drops what is neither at the hub nor at the machine that goes on.
    pub async fn forget_lost(
        &mut self,
        at: usize,
        id: &InstanceId,
        hub: &Db,
        node: &Db,
    ) -> Result<()> {
        let mut known = of_author(hub, id).await?;
        let mut tx = node.read().await?;
        let own: Vec<String> = on!(&mut tx, c => sqlx::query_scalar(AT_NODE).fetch_all(c).await)?;
        known.extend(own);
        self.0
            .retain(|(seat, message)| *seat != at || known.contains(message));
        Ok(())
    }

    /// Every message of a seat that was promised is at the hub.
    pub async fn are_kept(&self, at: usize, id: &InstanceId, hub: &Db) -> Result<()> {
        let known = of_author(hub, id).await?;
        let own = self.0.iter().filter(|(seat, _)| *seat == at);
        let missing: Vec<&str> = own
            .map(|(_, message)| message.as_str())
            .filter(|message| !known.contains(*message))
            .collect();
        ensure!(
            missing.is_empty(),
            "{id} had taken what is nowhere: {}",
            missing.join(", ")
        );
        Ok(())
    }
}

async fn of_author(hub: &Db, id: &InstanceId) -> Result<BTreeSet<String>> {
    let mut tx = hub.read().await?;
    let author = id.as_str();
    let all: Vec<String> =
        on!(&mut tx, c => sqlx::query_scalar(AT_HUB).bind(author).fetch_all(c).await)?;
    Ok(all.into_iter().collect())
}

/// All that a hub holds, byte for byte.
pub async fn held(hub: &Db) -> Result<BTreeSet<(String, String, i64, i64, Vec<u8>)>> {
    let mut tx = hub.read().await?;
    let all: Vec<_> = on!(&mut tx, c => sqlx::query_as(HELD).fetch_all(c).await)?;
    Ok(all.into_iter().collect())
}
