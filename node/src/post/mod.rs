//! Letters to people outside of the program: who is told what by e-mail, the
//! queue in which letters wait, and the mail server that takes them.
//!
//! A letter is written in the transaction of what it tells, or not at all, and
//! an outage only keeps it waiting. Of a *rahasia* case no letter says a word;
//! no log says anything of a letter but its number, its kind and a code.

mod account;
mod asking;
mod choices;
mod codes;
mod delivery;
mod digest;
mod erasure;
mod handed;
mod leaving;
mod letterhead;
mod news;
mod officers;
mod own_acts;
mod programmes;
mod settings;
#[cfg(test)]
mod tests;
mod waiting;
mod webhooks;

use std::fmt;

use lapor_migrations::Tx;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::NodeError;
use crate::node::Node;
use crate::personal::mask;
use crate::staff::StaffError;
use crate::store;
use crate::store::letters::LetterRow;

pub use choices::LetterChoice;
pub use delivery::{Delivery, LEAVE, LETTERS, Round, deliver};
pub use lapor_web::mail::{Encryption, Undelivered};
pub(crate) use lapor_web::mail::{Letterhead, Said, Words};
pub(crate) use letterhead::letterhead;
pub(crate) use news::{ever_news, tellable};
pub(crate) use own_acts::is_own_act;
pub use settings::{MailSettings, MailSettingsError};

/// Letters with trouble that are shown at once.
const SHOWN: i64 = 200;
/// Letters that may wait before no more news are written; they are written when there is room.
const MOST_WAITING: i64 = 20_000;
/// For how long news are worth sending.
const NEWS_KEPT_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// What a letter is about; part of the log and of the list of refused ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A code with which somebody proves a contact.
    Code,
    /// A link to a new password.
    Reset,
    /// What has happened in a case.
    News,
    /// What an officer has to look at now.
    Notice,
    /// What an officer finds this morning.
    Digest,
}

/// A letter to be put into the queue.
pub(crate) struct Draft<'a> {
    pub kind: Kind,
    pub address: &'a str,
    pub case: Option<&'a str>,
    pub words: Words,
    /// The secret with which its reader leaves.
    pub leave: Option<String>,
    /// Unix ms; after it the letter is not worth sending.
    pub expires_at: Option<i64>,
}

/// How many letters there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Queue {
    pub waiting: u64,
    pub refused: u64,
    /// For how long the letter that is due longest has been, 0 if none is.
    pub late_ms: i64,
}

/// How the post is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PostStatus {
    /// Whether a mail server is set.
    pub on: bool,
    pub waiting: u64,
    pub refused: u64,
    /// Since when the oldest that waits does, Unix ms.
    pub oldest: Option<i64>,
    /// Refused letters, and those that could not be sent yet.
    pub troubled: Vec<Troubled>,
}

/// A letter that did not go out at once.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Troubled {
    pub number: i64,
    pub kind: String,
    /// Of somebody outside only the host: who reported or follows is not for those who mend the post.
    pub address: String,
    /// Unix ms.
    pub written_at: i64,
    pub attempts: u64,
    /// Never to be sent: the other side refuses it for ever.
    pub refused: bool,
    /// What the mail server said last.
    pub problem: String,
}

impl fmt::Debug for Troubled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Troubled({}, {})", self.number, self.kind)
    }
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Reset => "reset",
            Self::News => "news",
            Self::Notice => "notice",
            Self::Digest => "digest",
        }
    }
}

impl Node {
    /// Whether letters are sent; where not, pages say so.
    pub fn sends_letters(&self) -> bool {
        self.in_force().settings().mail.is_on()
    }

    /// What waits, as the monitoring asks.
    pub(crate) async fn letter_queue(&self) -> Result<Queue, NodeError> {
        let now = self.clock().now_ms();
        let mut tx = self.read_tx().await?;
        let counted = store::letters::count(&mut tx).await?;
        let since = store::letters::due_since(&mut tx, now).await?;
        Ok(Queue {
            waiting: counted.waiting.unsigned_abs(),
            refused: counted.refused.unsigned_abs(),
            late_ms: since.map_or(0, |since| now - since),
        })
    }

    /// How many letters wait or were refused, and which have trouble.
    pub async fn post_status(&self) -> Result<PostStatus, NodeError> {
        let mut tx = self.read_tx().await?;
        let counted = store::letters::count(&mut tx).await?;
        let rows = store::letters::troubled(&mut tx, SHOWN).await?;
        Ok(PostStatus {
            on: self.sends_letters(),
            waiting: counted.waiting.unsigned_abs(),
            refused: counted.refused.unsigned_abs(),
            oldest: counted.oldest,
            troubled: rows.into_iter().map(troubled).collect(),
        })
    }

    /// Drops a letter that was refused, once somebody has seen it.
    pub async fn drop_refused_letter(&self, number: i64, actor: &str) -> Result<(), NodeError> {
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        if store::letters::drop_refused(&mut tx, number).await? == 0 {
            return Err(NodeError::not_found("refused letter", &number));
        }
        let detail = number.to_string();
        store::audit::add(&mut tx, now, actor, "letter.dropped", None, &detail).await?;
        Ok(tx.commit().await?)
    }

    /// Writes what is to be told by now: news to reporters and followers (of reports and of programmes), and to officers what has
    /// come, what they were given, what runs out, and in the morning all of it.
    pub(crate) async fn write_post(&self) -> Result<usize, StaffError> {
        if !self.sends_letters() || self.post_is_full().await? {
            return Ok(0);
        }
        let mut written = self.write_news().await?;
        written += self.write_programme_news().await?;
        written += self.write_reminders().await?;
        let readers = self.readers().await?;
        let staff = self.staff().await?;
        written += self.write_notices(&readers, &staff).await?;
        written += self.write_arrivals(&readers).await?;
        written += self.write_handed(&readers, &staff).await?;
        written += self.write_waiting(&readers, &staff).await?;
        written += self.write_digests(&readers, &staff).await?;
        if written > 0 {
            self.ring_post();
        }
        Ok(written)
    }

    async fn post_is_full(&self) -> Result<bool, NodeError> {
        let mut tx = self.read_tx().await?;
        let waiting = store::letters::count(&mut tx).await?.waiting;
        if waiting >= MOST_WAITING {
            tracing::warn!(waiting, "so many letters wait that no news are written");
        }
        Ok(waiting >= MOST_WAITING)
    }

    /// Puts a letter into the queue, in the transaction of what it tells.
    pub(crate) async fn write_letter(
        &self,
        tx: &mut Tx,
        draft: Draft<'_>,
    ) -> Result<(), NodeError> {
        let row = LetterRow {
            number: 0,
            kind: draft.kind.as_str().to_owned(),
            address: draft.address.to_owned(),
            case_id: draft.case.map(str::to_owned),
            subject: draft.words.subject,
            body: draft.words.body,
            leave: draft.leave,
            created_at: self.clock().now_ms(),
            expires_at: draft.expires_at,
            attempts: 0,
            state: String::new(),
            problem: None,
        };
        Ok(store::letters::add(tx, &row).await?)
    }
}

/// How many letters somebody at the desk is written: what is wrong for one keeps none of another.
fn of_one(written: Result<bool, NodeError>) -> Result<usize, NodeError> {
    match written {
        Ok(written) => Ok(usize::from(written)),
        Err(error @ NodeError::Database(_)) => Err(error),
        Err(error) => {
            tracing::warn!(%error, "a letter to somebody at the desk cannot be written");
            Ok(0)
        }
    }
}

fn troubled(row: LetterRow) -> Troubled {
    let outside = [Kind::Code, Kind::News].map(Kind::as_str);
    let (mut address, mut problem) = (row.address, row.problem.unwrap_or_default());
    if outside.contains(&row.kind.as_str()) {
        let host = address.rsplit_once('@').map_or("", |(_, host)| host);
        let shown = format!("\u{2022}\u{2022}\u{2022}@{host}");
        problem = mask(&problem.replace(&address, &shown)).into_owned();
        address = shown;
    }
    Troubled {
        number: row.number,
        kind: row.kind,
        address,
        written_at: row.created_at,
        attempts: row.attempts.unsigned_abs(),
        refused: row.state == "refused",
        problem,
    }
}
