//! The feed of changes: what happens here as a numbered list that programs read on from where they
//! stopped. It is written in the transaction of what changes, names cases and messages by their ids,
//! and holds no word of a case and nothing of whoever reported it.

mod kinds;
mod reading;
mod seen;
#[cfg(test)]
mod tests;

use lapor_migrations::Tx;
use lapor_protocol::ids::InstanceId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::changes::ChangeRow;
use crate::store::outbox::NewRow;

pub(crate) use kinds::{ERASED, REFUSED};
pub use kinds::{Wanted, kinds};
pub use reading::{Asked, ChangePage, LATEST};
pub(crate) use seen::unseen;

const DAY_MS: i64 = 86_400_000;
/// For how long changes are kept.
const KEPT_MS: i64 = 400 * DAY_MS;
/// Changes that are forgotten in one transaction.
const AT_ONCE: i64 = 1000;
/// Name of the fact that tells this list from that of a database before it was restored.
pub(crate) const FEED: &str = "feed";

/// What a change is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// A case, by its id.
    Case,
    /// A development programme, as `OWNER/SLUG`.
    Programme,
    /// An edition of categories or of the calendar, by its name.
    Edition,
}

/// Something that has changed here. Read what it is about to learn what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Change {
    /// Grows from one change to the next.
    pub number: i64,
    /// Unix ms; when this node took it in.
    pub at: i64,
    pub subject: Subject,
    /// Id of a case, `OWNER/SLUG` of a programme, name of an edition.
    pub id: String,
    /// Kind of the message, or `deadline.warning`, `deadline.overdue`, `deadline.escalated`,
    /// `erasure.done`, `message.refused`.
    pub kind: String,
    /// Id of the message; missing where there is none or it did not come along.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl Subject {
    const ALL: [Self; 3] = [Self::Case, Self::Programme, Self::Edition];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Case => "case",
            Self::Programme => "programme",
            Self::Edition => "edition",
        }
    }

    fn named(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|subject| subject.as_str() == text)
    }
}

impl Change {
    pub(crate) fn of(row: ChangeRow) -> Result<Self, NodeError> {
        let subject = Subject::named(&row.subject);
        let unknown = || NodeError::damaged("a change of something unknown");
        Ok(Self {
            number: row.number,
            at: row.at,
            subject: subject.ok_or_else(unknown)?,
            id: row.id,
            kind: row.kind,
            message: row.message,
        })
    }
}

/// A change of a case.
pub(crate) fn of_case(case: &str, kind: &str, message: Option<&str>, at: i64) -> ChangeRow {
    row((Subject::Case, case.to_owned()), kind, message, at)
}

/// What own messages change: the case that each is about, and the second one that it names.
pub(crate) fn of_own(rows: &[NewRow<'_>]) -> Vec<ChangeRow> {
    let changes = rows.iter().flat_map(|row| {
        let cases = row.case_id.into_iter().chain(row.other_case);
        cases.map(move |case| of_case(case, row.kind, Some(row.message_id), row.created_at))
    });
    changes.collect()
}

/// A change of what is published under a name.
pub(crate) fn of_publication(
    author: &InstanceId,
    (about, name): (&str, &str),
    kind: &str,
    message: Option<&str>,
    at: i64,
) -> ChangeRow {
    let subject = kinds::subject_of(about);
    let id = match subject {
        Subject::Programme => format!("{author}/{name}"),
        Subject::Case | Subject::Edition => name.to_owned(),
    };
    row((subject, id), kind, message, at)
}

fn row((subject, id): (Subject, String), kind: &str, message: Option<&str>, at: i64) -> ChangeRow {
    ChangeRow {
        number: 0,
        at,
        subject: subject.as_str().to_owned(),
        id,
        kind: kind.to_owned(),
        message: message.map(str::to_owned),
    }
}

/// Writes changes, in the transaction of what changes.
pub(crate) async fn note(tx: &mut Tx, rows: &[ChangeRow]) -> Result<(), NodeError> {
    Ok(store::changes::add(tx, rows).await?)
}

impl Node {
    /// Forgets what changed long ago. The oldest come first, so the first that is young ends it; what
    /// was noted while the clock was ahead says nothing of its age. Nothing goes while it is ahead now:
    /// webhooks would never be called with what they have not been shown.
    pub(crate) async fn expire_changes(&self) -> Result<(), NodeError> {
        let now = self.clock().now_ms();
        let before = now - KEPT_MS;
        loop {
            let mut tx = self.write_tx().await?;
            let oldest = store::changes::after(&mut tx, i64::MIN, AT_ONCE).await?;
            let passed = oldest
                .iter()
                .take_while(|row| row.at < before || row.at > now);
            let old = passed.filter(|row| row.at < before);
            let Some(last) = old.last() else {
                return Ok(());
            };
            if !self.may_be_final() {
                return Ok(());
            }
            let gone = store::changes::forget(&mut tx, last.number).await?;
            tx.commit().await?;
            if gone < AT_ONCE.unsigned_abs() {
                return Ok(());
            }
        }
    }
}
