//! Taking in: what a provider tells is on disk, once, before it is acknowledged. What cannot be
//! read is kept as it came, because a later version may read it.

use super::heard::{Heard, Raw};
use super::{Channel, Unread};
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::channels::taken::NewTaken;

/// How far a line is fetched with something.
pub(super) struct Cursor<'a> {
    pub line: &'a str,
    pub at: &'a str,
}

impl Node {
    /// Takes messages of a channel in one transaction; says how many were new. They may be
    /// acknowledged when this returns.
    pub async fn take_in(
        &self,
        channel: &dyn Channel,
        messages: &[Raw],
    ) -> Result<usize, NodeError> {
        self.take_in_until(channel, messages, None).await
    }

    /// The same for what was fetched, with the cursor that follows it.
    pub(super) async fn take_in_until(
        &self,
        channel: &dyn Channel,
        messages: &[Raw],
        cursor: Option<Cursor<'_>>,
    ) -> Result<usize, NodeError> {
        let (name, now) = (channel.name(), self.clock().now_ms());
        let mut tx = self.write_tx().await?;
        if let Some(Cursor { line, at }) = cursor {
            store::channels::cursors::put(&mut tx, line, at, now).await?;
        }
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
                Ok(heard) => Some(self.thread_with(&mut tx, name, heard, now).await?),
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

    /// How far a line was fetched, and when (Unix ms).
    pub(super) async fn fetched_until(
        &self,
        line: &str,
    ) -> Result<Option<(String, i64)>, NodeError> {
        let mut tx = self.read_tx().await?;
        Ok(store::channels::cursors::one(&mut tx, line).await?)
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
