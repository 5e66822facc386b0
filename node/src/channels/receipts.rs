//! What becomes of messages behind the provider: what was sent is delivered, or was refused by the
//! network. A receipt may come before it is noted here what it is for; it is kept until then.

use lapor_migrations::Tx;

use super::delivery::count;
use super::manner::Name;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;

/// As it is kept.
const SHUT: &str = "shut";

/// What a provider tells of something that it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    Delivered,
    /// It will not be delivered, and why. Holds no word and no address.
    Refused(String),
    /// It was not delivered, and can be once the person has written again. The same holds.
    Shut(String),
}

impl Fate {
    fn told(&self) -> (&'static str, Option<&str>) {
        match self {
            Self::Delivered => ("delivered", None),
            Self::Refused(problem) => ("refused", Some(problem)),
            Self::Shut(problem) => (SHUT, Some(problem)),
        }
    }
}

impl Node {
    /// Takes a receipt; it may be acknowledged when this returns.
    pub(crate) async fn take_receipt(
        &self,
        channel: Name,
        id: &str,
        fate: &Fate,
    ) -> Result<(), NodeError> {
        let hash = self.said_hash(channel, id)?;
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        let name = channel.as_str();
        let said = store::channels::outbox::by_said(&mut tx, name, &hash).await?;
        if let Some((number, state)) = said {
            if state == "sent" {
                arrived(&mut tx, name, number, fate.told(), now).await?;
            }
        } else {
            store::channels::receipts::keep(&mut tx, name, &hash, fate.told(), now).await?;
        }
        tx.commit().await?;
        if matches!(fate, Fate::Shut(_)) {
            self.switch().to_say.notify_waiters();
        }
        Ok(())
    }

    /// Notes the provider's id of what was said, and what is known of it already.
    pub(super) async fn note_said_as(
        &self,
        tx: &mut Tx,
        channel: Name,
        number: i64,
        id: &str,
    ) -> Result<(), NodeError> {
        let (name, hash) = (channel.as_str(), self.said_hash(channel, id)?);
        store::channels::outbox::said_as(tx, number, &hash).await?;
        if let Some((state, problem)) = store::channels::receipts::take(tx, name, &hash).await? {
            let now = self.clock().now_ms();
            arrived(tx, name, number, (&state, problem.as_deref()), now).await?;
        }
        Ok(())
    }

    fn said_hash(&self, channel: Name, id: &str) -> Result<Vec<u8>, NodeError> {
        self.switch().hash("said as", &[channel.as_str(), id])
    }
}

async fn arrived(
    tx: &mut Tx,
    channel: &str,
    number: i64,
    (state, problem): (&str, Option<&str>),
    now: i64,
) -> Result<(), NodeError> {
    if state == SHUT {
        store::channels::outbox::shut(tx, number, problem, now).await?;
    } else {
        store::channels::outbox::arrived(tx, number, state, problem).await?;
    }
    let outcome = if state == "delivered" {
        "delivered"
    } else {
        "undelivered"
    };
    count(channel, outcome);
    Ok(())
}
