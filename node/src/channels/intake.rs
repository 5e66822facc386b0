//! Taking in: what a provider tells is on disk, once, before it is acknowledged. What cannot be
//! read is kept as it came, because a later version may read it.

use lapor_migrations::Tx;
use metrics::counter;

use super::heard::{Form, Heard, Raw};
use super::manner::Name;
use super::parts::{Body, Kept};
use super::{Channel, TAKEN, Unread};
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::channels::taken::NewTaken;

/// How far a line is fetched with something.
pub(super) struct Cursor<'a> {
    pub line: &'a str,
    pub at: &'a str,
    /// What comes with it was there before the node was restored, and may have been taken then.
    pub doubted: bool,
}

/// What became of a message that may have been taken before a restore.
const DOUBTED: &str = "doubted";

/// On which terms messages are taken in.
#[derive(Default)]
struct Terms<'a> {
    cursor: Option<Cursor<'a>>,
    anew_after_ms: Option<i64>,
}

impl Node {
    /// Takes messages of a channel in one transaction; says how many were new. They may be
    /// acknowledged when this returns.
    pub async fn take_in(
        &self,
        channel: &dyn Channel,
        messages: &[Raw],
    ) -> Result<usize, NodeError> {
        self.take_all(channel, messages, Terms::default()).await
    }

    /// The same for what was fetched, with the cursor that follows it.
    pub(super) async fn take_in_until(
        &self,
        channel: &dyn Channel,
        messages: &[Raw],
        cursor: Cursor<'_>,
    ) -> Result<usize, NodeError> {
        let terms = Terms {
            cursor: Some(cursor),
            ..Terms::default()
        };
        self.take_all(channel, messages, terms).await
    }

    /// The same of a provider that gives its messages no ids: one that comes again after so long is
    /// a new one.
    pub(crate) async fn take_in_anew(
        &self,
        channel: &dyn Channel,
        messages: &[Raw],
        after_ms: i64,
    ) -> Result<usize, NodeError> {
        let terms = Terms {
            anew_after_ms: Some(after_ms),
            ..Terms::default()
        };
        self.take_all(channel, messages, terms).await
    }

    async fn take_all(
        &self,
        channel: &dyn Channel,
        messages: &[Raw],
        terms: Terms<'_>,
    ) -> Result<usize, NodeError> {
        let (name, now) = (channel.name().as_str(), self.clock().now_ms());
        let since = terms
            .anew_after_ms
            .map_or(i64::MIN, |after_ms| now - after_ms);
        let mut doubted = false;
        let mut tx = self.write_tx().await?;
        if let Some(Cursor {
            line,
            at,
            doubted: old,
        }) = terms.cursor
        {
            doubted = old;
            store::channels::cursors::put(&mut tx, line, at, now).await?;
        }
        let mut new = 0;
        for raw in messages {
            let hash = self.switch().hash("seen", &[name, &raw.id])?;
            if store::channels::taken::is_new(&mut tx, name, &hash, now, since).await? {
                new += 1;
                self.take_one(&mut tx, channel, (raw.body.as_slice(), doubted), now)
                    .await?;
            }
        }
        tx.commit().await?;
        lapor_killpoints::pass("channel.taken");
        if new > 0 {
            self.switch().heard.notify_waiters();
        }
        Ok(new)
    }

    /// Leaves to a person what a provider has and does not give, with the cursor that follows it.
    pub(super) async fn leave_ungiven(
        &self,
        name: Name,
        problem: &str,
        cursor: &Cursor<'_>,
    ) -> Result<(), NodeError> {
        let now = self.clock().now_ms();
        let new = New {
            channel: name.as_str(),
            thread: None,
            kept: &Kept::Parts { parts: Vec::new() },
            state: "stuck",
            outcome: None,
            due_at: now,
            problem: Some(problem),
            follows: None,
        };
        let mut tx = self.write_tx().await?;
        store::channels::cursors::put(&mut tx, cursor.line, cursor.at, now).await?;
        self.keep_taken(&mut tx, &new, now).await?;
        Ok(tx.commit().await?)
    }

    /// How far a line was fetched, and when (Unix ms).
    pub(super) async fn fetched_until(
        &self,
        line: &str,
    ) -> Result<Option<(String, i64)>, NodeError> {
        let mut tx = self.read_tx().await?;
        Ok(store::channels::cursors::one(&mut tx, line).await?)
    }

    async fn take_one(
        &self,
        tx: &mut Tx,
        channel: &dyn Channel,
        (body, doubted): (&[u8], bool),
        now: i64,
    ) -> Result<(), NodeError> {
        let (read, shape) = (channel.read(body), channel.shape(body));
        let thread = match &read {
            Ok(heard) => {
                let name = channel.name();
                let thread = self.thread_with(tx, name, heard, now).await?;
                if name.manner().short {
                    store::channels::threads::shows(tx, &thread, shape.wide).await?;
                }
                Some(thread)
            }
            Err(_) => None,
        };
        if let (Some(thread), Ok(heard)) = (&thread, &read)
            && self
                .take_part(tx, (channel, thread), (heard, body, &shape.form), now)
                .await?
        {
            return Ok(());
        }
        let state = match &read {
            Ok(_) if doubted => "aside",
            Ok(_) => "waiting",
            Err(_) if shape.form == Form::Binary => "aside",
            Err(_) => "unread",
        };
        if state == "aside" {
            let channel = channel.name().as_str();
            counter!(TAKEN, "channel" => channel, "outcome" => "aside").increment(1);
        }
        let new = New {
            channel: channel.name().as_str(),
            thread: thread.as_deref(),
            kept: &Kept::Whole(Body(body.to_vec())),
            state,
            outcome: (doubted && read.is_ok()).then_some(DOUBTED),
            due_at: now,
            problem: read.as_ref().err().map(|Unread(problem)| *problem),
            follows: None,
        };
        self.keep_taken(tx, &new, now).await.map(drop)
    }

    /// Keeps what was taken; answers with its number.
    pub(super) async fn keep_taken(
        &self,
        tx: &mut Tx,
        new: &New<'_>,
        now: i64,
    ) -> Result<i64, NodeError> {
        let number = store::channels::taken::next_number(tx).await?;
        let sealed = self.sealed_taken(number, new.kept)?;
        let row = NewTaken {
            number,
            channel: new.channel,
            thread: new.thread,
            raw: &sealed,
            at: now,
            due_at: new.due_at,
            state: new.state,
            outcome: new.outcome,
            problem: new.problem,
            follows: new.follows,
        };
        store::channels::taken::add(tx, &row).await?;
        Ok(number)
    }

    pub(super) fn sealed_taken(&self, number: i64, kept: &Kept) -> Result<Vec<u8>, NodeError> {
        self.switch().seal(&owner(number), kept)
    }

    pub(super) fn opened_taken(&self, number: i64, sealed: &[u8]) -> Result<Kept, NodeError> {
        self.switch().open(&owner(number), sealed)
    }

    /// What was taken under a number, as it is read now.
    pub(super) fn taken_again(
        &self,
        channel: &dyn Channel,
        (number, sealed): (i64, &[u8]),
    ) -> Result<Result<Heard, Unread>, NodeError> {
        Ok(self.opened_taken(number, sealed)?.read(channel))
    }
}

/// Something to be kept.
pub(super) struct New<'a> {
    pub channel: &'a str,
    pub thread: Option<&'a str>,
    pub kept: &'a Kept,
    pub state: &'a str,
    /// What became of it, of one that lies aside.
    pub outcome: Option<&'a str>,
    /// Unix ms.
    pub due_at: i64,
    pub problem: Option<&'a str>,
    pub follows: Option<i64>,
}

/// Under which name a message is sealed.
fn owner(number: i64) -> String {
    format!("channel taken {number}")
}
