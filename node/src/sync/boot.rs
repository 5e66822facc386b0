//! `Lapor-Boot`: which start of this node talks to the hub, so that a copy of
//! it, made from a backup or by cloning its machine, shows before anything of
//! the two could stand at one place of the chain.
//!
//! A start of which no answer was seen may or may not have reached the hub; the
//! next one therefore names, one after another, every start that the hub may hold.

use http::{HeaderName, HeaderValue, Method};
use lapor_migrations::Tx;
use lapor_protocol::chain::ChainHead;
use lapor_protocol::problem::Code;
use lapor_protocol::wire::{BOOT_HEADER, OutboxHead, PREFIX};
use serde::{Deserialize, Serialize};

use super::{Call, Link, LinkError};
use crate::chance::random;
use crate::damage;
use crate::error::NodeError;
use crate::store;

pub(super) const NAME: HeaderName = HeaderName::from_static(BOOT_HEADER);
const FACT: &str = "boot";
/// Starts without an answer that are remembered; a forgotten one costs an epoch.
const REMEMBERED: usize = 8;

/// This start, and those before it that the hub may still hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Boot {
    new: String,
    /// Newest first; the last one was answered.
    former: Vec<String>,
    /// The hub has answered this start.
    #[serde(skip)]
    known: bool,
}

/// What the hub holds of this node.
pub(super) struct Found {
    pub head: ChainHead,
    /// It holds none of our starts: another copy has been there.
    pub conflict: bool,
}

impl Boot {
    fn header(&self, previous: Option<&String>) -> Result<HeaderValue, LinkError> {
        let text = match previous {
            Some(previous) => format!("{}, {previous}", self.new),
            None => self.new.clone(),
        };
        HeaderValue::from_str(&text).map_err(|error| LinkError::Node(NodeError::damaged(error)))
    }
}

impl Link {
    /// Asks the hub for the head of this node's chain, as this start of it.
    pub(super) async fn ask_head(&self) -> Result<Found, LinkError> {
        let boot = self.boot().await?;
        let mut previous = boot.former.iter();
        let mut named = previous.next();
        loop {
            let call = Call::new(Method::GET, format!("{PREFIX}/outbox/head"))
                .header(NAME, boot.header(named)?);
            match self.call(call).await {
                Ok(answer) => {
                    let answer: OutboxHead = answer.json()?;
                    self.boot_is_known(named.cloned()).await?;
                    return Ok(Found {
                        head: answer.head,
                        conflict: false,
                    });
                }
                Err(LinkError::Refused(problem)) if problem.code == Code::BootConflict => {
                    named = previous.next();
                    if named.is_none() {
                        let expected = problem.problem.expected.unwrap_or_default();
                        let head = serde_json::from_value(expected).map_err(LinkError::hub)?;
                        return Ok(Found {
                            head,
                            conflict: true,
                        });
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The header for whatever is sent after heads have been compared.
    pub(super) async fn boot_header(&self) -> Result<HeaderValue, LinkError> {
        let boot = self.boot().await?;
        boot.header(boot.former.first())
    }

    /// The same for what goes without a comparison: nothing before the hub has
    /// answered this start, which may be about to take another's place.
    pub(super) async fn answered_boot_header(&self) -> Result<Option<HeaderValue>, LinkError> {
        let held = self.boot.lock().await;
        let answered = held.as_ref().filter(|boot| boot.known);
        answered
            .map(|boot| boot.header(boot.former.first()))
            .transpose()
    }

    /// Whether another process has started on this very database since.
    pub(super) async fn shares_database(&self) -> Result<bool, NodeError> {
        let ours = self.boot().await?;
        let mut tx = self.node.read_tx().await?;
        let stored = stored(&mut tx).await?;
        Ok(stored.is_some_and(|stored| stored.new != ours.new))
    }

    /// Minted at the first use, and on disk before it.
    async fn boot(&self) -> Result<Boot, NodeError> {
        let mut held = self.boot.lock().await;
        if let Some(boot) = &*held {
            return Ok(boot.clone());
        }
        let mut tx = self.node.write_tx().await?;
        let stored = stored(&mut tx).await?;
        let mut former = Vec::new();
        if let Some(Boot {
            new, former: older, ..
        }) = stored
        {
            former.push(new);
            former.extend(older);
            if former.len() > REMEMBERED {
                former.drain(REMEMBERED - 1..former.len() - 1);
            }
        }
        let boot = Boot {
            new: hex::encode(random::<16>()),
            former,
            known: false,
        };
        let text = serde_json::to_string(&boot).map_err(NodeError::damaged)?;
        store::chain::set_fact(&mut tx, FACT, &text).await?;
        tx.commit().await?;
        *held = Some(boot.clone());
        Ok(boot)
    }

    /// The hub holds this start now; what was before it is of no use any more.
    async fn boot_is_known(&self, previous: Option<String>) -> Result<(), NodeError> {
        let mut held = self.boot.lock().await;
        let Some(boot) = held.as_mut() else {
            return Ok(());
        };
        if boot.known {
            return Ok(());
        }
        boot.former = previous.into_iter().collect();
        boot.known = true;
        let stored = Boot {
            new: boot.new.clone(),
            former: Vec::new(),
            known: true,
        };
        let text = serde_json::to_string(&stored).map_err(NodeError::damaged)?;
        let mut tx = self.node.write_tx().await?;
        // A second process on this database has stored its own start meanwhile.
        let latest = self::stored(&mut tx).await?;
        if latest.is_some_and(|latest| latest.new == stored.new) {
            store::chain::set_fact(&mut tx, FACT, &text).await?;
        }
        Ok(tx.commit().await?)
    }
}

/// What cannot be read is forgotten, which costs an epoch; nothing would be sent any more otherwise.
async fn stored(tx: &mut Tx) -> Result<Option<Boot>, NodeError> {
    let text = store::chain::fact(tx, FACT).await?;
    Ok(text.and_then(|text| {
        let read = serde_json::from_str(&text);
        read.inspect_err(|_| damage::tell("node_facts", FACT)).ok()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{PaperHub, Place, databases};

    #[tokio::test]
    async fn a_start_that_cannot_be_read_keeps_no_later_one_from_the_hub() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let mut tx = place.node.write_tx().await.unwrap();
            store::chain::set_fact(&mut tx, FACT, "{").await.unwrap();
            tx.commit().await.unwrap();
            let link = Link::over(place.node.clone(), PaperHub::of(&place)).unwrap();
            assert!(!link.ask_head().await.unwrap().conflict);
            let boot = link.boot().await.unwrap();
            let mut tx = place.node.read_tx().await.unwrap();
            assert_eq!(stored(&mut tx).await.unwrap().unwrap().new, boot.new);
        }
    }
}
