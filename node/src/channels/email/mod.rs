//! Letters of citizens: fetched from a mailbox by IMAP, answered by the mail server of this node.
//! Anybody can write in the name of another, so that only a reply to a letter of ours speaks in a
//! case: its id cannot be guessed.

pub(super) mod letter;
mod mailbox;
mod post;
mod quoted;
mod settings;
mod usual;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use lapor_web::mail::is_address;
use tokio::sync::{Mutex, watch};
use tokio_util::sync::CancellationToken;

use super::fetching::{self, Interrupted, Next};
use super::heard::{Address, Heard, Raw, Saying, Unread};
use super::intake::Cursor;
use super::manner::Name;
use super::receipts::Fate;
use super::settings::ChannelSettingsError;
use super::{Channel, Unsaid};
use crate::clock::Clock;
use crate::node::Node;
use mailbox::{Letter, Line, Mailbox};
use post::Post;

#[cfg(test)]
pub use quoted::ABOVE;
pub use settings::{EmailSettings, ImapSettings};

/// The line whose cursor says how far the mailbox was read.
const CURSOR: &str = "email";
/// Bytes of a letter that is kept whole.
const LARGEST: u32 = 25_000_000;
/// Bytes kept of a larger one, and of one that a machine wrote.
const BEGINNING: usize = 256 * 1024;
/// Letters behind one that is not given, of which one must be given before that is passed over.
const BEHIND: usize = 3;
/// Clocks differ by less.
const CLOCKS_MS: i64 = 60 * 60 * 1000;

pub struct Email {
    address: String,
    mailbox: Mailbox,
    /// The line that was open last.
    line: Mutex<Option<Line>>,
    /// The letter that was not given last, by its validity and number.
    ungiven: Mutex<Option<(u32, u32)>>,
    /// How letters go out now, or why they do not.
    post: watch::Sender<Result<Arc<Post>, String>>,
    clock: Arc<dyn Clock>,
}

/// How far a mailbox was read.
#[derive(Clone, Copy)]
struct Place {
    validity: u32,
    uid: u32,
    /// What came before was there when the channel was switched on, Unix ms.
    since: i64,
}

/// The channel, where it is switched on.
pub fn of(
    settings: &EmailSettings,
    clock: Arc<dyn Clock>,
) -> Result<Option<Email>, ChannelSettingsError> {
    let Some(address) = &settings.address else {
        return Ok(None);
    };
    if !is_address(address) {
        return Err(ChannelSettingsError::MailAddress(address.clone()));
    }
    Ok(Some(Email {
        address: address.clone(),
        mailbox: Mailbox::of(settings)?,
        line: Mutex::default(),
        ungiven: Mutex::default(),
        post: watch::Sender::new(Err("the post is not set up yet".into())),
        clock,
    }))
}

/// Tries the mailbox; says how many letters are in it, or why nobody gets in. `None` where the
/// channel is off.
pub async fn try_out(
    settings: &EmailSettings,
    clock: Arc<dyn Clock>,
) -> Result<Option<Result<u32, String>>, ChannelSettingsError> {
    let Some(email) = of(settings, clock)? else {
        return Ok(None);
    };
    Ok(Some(email.mailbox.open().await.map(|line| line.count)))
}

impl Email {
    /// Fetches what is new. Returns how many letters were seen.
    pub(super) async fn fetch_letters(&self, node: &Node) -> Result<usize, Interrupted> {
        let mut line = self.opened().await?;
        let seen = self.take_new(node, &mut line).await?;
        *self.line.lock().await = Some(line);
        Ok(seen)
    }

    /// One step of listening: waits on a line that is open, and fetches. A line that was lost is
    /// opened and read at once, so that it is known to be there long before the wait is over.
    async fn listens(&self, node: &Node) -> Result<Next, Interrupted> {
        let open = self.line.lock().await.take();
        if let Some(line) = open {
            *self.line.lock().await = Some(self.mailbox.wait(line).await?);
        }
        self.fetch_letters(node).await?;
        Ok(Some(Duration::ZERO))
    }

    async fn opened(&self) -> Result<Line, String> {
        let open = self.line.lock().await.take();
        match open {
            Some(line) => Ok(line),
            None => self.mailbox.open().await,
        }
    }

    async fn take_new(&self, node: &Node, line: &mut Line) -> Result<usize, Interrupted> {
        let known = node.fetched_until(CURSOR).await?;
        let Some(read) = known.and_then(|(at, _)| Place::parse(&at)) else {
            let begins = Place {
                validity: line.validity,
                uid: line.latest().await?,
                since: node.clock().now_ms() - CLOCKS_MS,
            };
            self.keep(node, begins, &[], false).await?;
            return Ok(0);
        };
        // Numbers of another validity mean nothing; what was taken is known all the same.
        let after = if read.validity == line.validity {
            read.uid
        } else {
            0
        };
        let found = line.above(after, read.since).await?;
        for (nth, uid) in found.iter().enumerate() {
            let place = Place {
                validity: line.validity,
                uid: *uid,
                since: read.since,
            };
            match line.letter(*uid, LARGEST).await {
                Ok(letter) => self.take_one(node, line, place, letter).await?,
                Err(problem) => {
                    let passed = self.pass_over(node, place, &found[nth + 1..], problem);
                    *line = Box::pin(passed).await?;
                }
            }
        }
        Ok(found.len())
    }

    /// Passes over a letter that was not given on another line before, where one behind it is: then it
    /// is no outage. It stays unread. Returns the line on which the other was given.
    async fn pass_over(
        &self,
        node: &Node,
        at: Place,
        behind: &[u32],
        problem: String,
    ) -> Result<Line, Interrupted> {
        let this = (at.validity, at.uid);
        let before = self.ungiven.lock().await.replace(this);
        if before != Some(this) {
            return Err(problem.into());
        }
        let Some(line) = self.line_that_gives(at.validity, behind).await? else {
            return Err(problem.into());
        };
        let problem = format!("letter {} stays unread in the mailbox: {problem}", at.uid);
        tracing::warn!("a letter is passed over, which the IMAP server never gives: {problem}");
        let at = at.to_string();
        let cursor = Cursor {
            line: CURSOR,
            at: &at,
            doubted: false,
        };
        node.leave_ungiven(Name::Email, &problem, &cursor).await?;
        Ok(line)
    }

    /// A line on which one of these letters was given.
    async fn line_that_gives(&self, validity: u32, uids: &[u32]) -> Result<Option<Line>, String> {
        for uid in uids.iter().take(BEHIND) {
            let mut line = self.mailbox.open().await?;
            if line.validity != validity {
                return Ok(None);
            }
            if matches!(line.letter(*uid, LARGEST).await, Ok(Some(_))) {
                return Ok(Some(line));
            }
        }
        Ok(None)
    }

    async fn take_one(
        &self,
        node: &Node,
        line: &mut Line,
        at: Place,
        letter: Option<Letter>,
    ) -> Result<(), Interrupted> {
        let since = |came_at: i64| came_at >= at.since;
        let Some(letter) = letter.filter(|letter| letter.came_at.is_none_or(since)) else {
            return self.keep(node, at, &[], false).await;
        };
        let restored = node.restored_at().await?;
        let doubted = letter.came_at.is_some() && letter.came_at <= restored;
        let raw = letter::raw(letter.bytes);
        let is_noise = letter::is_noise(&raw.body, &self.address);
        let is_usual = usual::is_usual(&raw.body);
        let is_kept = letter.is_whole && (!is_noise || raw.body.len() <= BEGINNING);
        let raw = match (is_usual, is_kept) {
            (true, true) => raw,
            (true, false) => letter::cut(raw, BEGINNING),
            (false, _) => letter::cut(raw, usual::HEAD),
        };
        let taken = match letter::undelivered(&raw.body) {
            Some((id, problem)) => {
                let fate = Fate::Refused(problem);
                node.take_receipt(Name::Email, &id, &fate).await?;
                None
            }
            None => Some(raw),
        };
        self.keep(node, at, taken.as_slice(), doubted).await?;
        Ok(self.mailbox.put_away(line, at.uid).await?)
    }

    async fn keep(
        &self,
        node: &Node,
        at: Place,
        letters: &[Raw],
        doubted: bool,
    ) -> Result<(), Interrupted> {
        let at = at.to_string();
        let cursor = Cursor {
            line: CURSOR,
            at: &at,
            doubted,
        };
        node.take_in_until(self, letters, cursor).await?;
        Ok(())
    }

    /// Takes up how letters go out, whenever somebody sets it up anew.
    async fn follow(&self, node: &Node, stop: &CancellationToken) {
        let mut changes = node.changes();
        loop {
            changes.borrow_and_update();
            self.set_up(node);
            tokio::select! {
                told = changes.changed() => if told.is_err() {
                    return;
                },
                () = stop.cancelled() => return,
            }
        }
    }

    pub(super) fn set_up(&self, node: &Node) {
        let post = Post::of(node).map(Arc::new);
        self.post.send_modify(|now| *now = post);
    }

    async fn write(&self, to: &Address, what: &Saying) -> Result<Option<String>, Unsaid> {
        let post = self.post.borrow().clone().map_err(Unsaid::Down)?;
        let now = self.clock.now_ms();
        post.say(&self.address, to, what, now).await
    }
}

impl Place {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let mut next = || parts.next();
        Some(Self {
            validity: next()?.parse().ok()?,
            uid: next()?.parse().ok()?,
            since: next()?.parse().ok()?,
        })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            validity,
            uid,
            since,
        } = self;
        write!(f, "{validity}:{uid}:{since}")
    }
}

impl Channel for Email {
    fn name(&self) -> Name {
        Name::Email
    }

    fn read(&self, body: &[u8]) -> Result<Heard, Unread> {
        letter::read(body, &self.address)
    }

    fn say<'a>(
        &'a self,
        to: &'a Address,
        what: &'a Saying,
    ) -> BoxFuture<'a, Result<Option<String>, Unsaid>> {
        Box::pin(self.write(to, what))
    }

    fn listen<'a>(&'a self, node: &'a Node, stop: &'a CancellationToken) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let fetching = fetching::again(node, Name::Email, stop, || self.listens(node));
            tokio::join!(fetching, self.follow(node, stop));
        })
    }
}
