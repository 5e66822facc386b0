//! Taking in: what a provider tells is on disk, once, before it is acknowledged. What cannot be
//! read is kept as it came, because a later version may read it.

use super::heard::{Heard, Raw};
use super::{Channel, Unread};
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::channels::taken::NewTaken;

impl Node {
    /// Takes messages of a channel in one transaction; says how many were new. They may be
    /// acknowledged when this returns.
    pub async fn take_in(
        &self,
        channel: &dyn Channel,
        messages: &[Raw],
    ) -> Result<usize, NodeError> {
        let (name, now) = (channel.name(), self.clock().now_ms());
        let mut tx = self.write_tx().await?;
        let mut new = 0;
        for raw in messages {
            let hash = self.switch().hash("seen", &[name.as_str(), &raw.id])?;
            if !store::channels::taken::is_new(&mut tx, name.as_str(), &hash, now).await? {
                continue;
            }
            new += 1;
            let number = store::channels::taken::next_number(&mut tx).await?;
            let sealed = self.switch().seal(&owner(number), &raw.body)?;
            let read = channel.read(&raw.body);
            let thread = match &read {
                Ok(heard) => Some(self.thread_with(&mut tx, name, &heard.from, now).await?),
                Err(_) => None,
            };
            let row = NewTaken {
                number,
                channel: name.as_str(),
                thread: thread.as_deref(),
                raw: &sealed,
                at: now,
                state: if read.is_ok() { "waiting" } else { "unread" },
                problem: read.as_ref().err().map(|Unread(problem)| *problem),
            };
            store::channels::taken::add(&mut tx, &row).await?;
        }
        tx.commit().await?;
        lapor_killpoints::pass("channel.taken");
        if new > 0 {
            self.switch().heard.notify_one();
        }
        Ok(new)
    }

    /// What was taken under a number, as it is read now.
    pub(super) fn taken_again(
        &self,
        channel: &dyn Channel,
        (number, sealed): (i64, &[u8]),
    ) -> Result<Result<Heard, Unread>, NodeError> {
        let body: Vec<u8> = self.switch().open(&owner(number), sealed)?;
        Ok(channel.read(&body))
    }
}

/// Under which name a message is sealed.
fn owner(number: i64) -> String {
    format!("channel taken {number}")
}
