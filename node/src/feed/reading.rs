//! Reading on from a cursor, and waiting for what comes. A cursor names the list that it is of: after a
//! restore numbers are given anew, and whoever goes on with an old one would miss what it now hides.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use lapor_migrations::Tx;
use serde::Serialize;
use tokio::time::{Instant, sleep, sleep_until};
use utoipa::ToSchema;

use super::kinds::is_seen;
use super::seen::unseen;
use super::{Change, FEED, Subject, Wanted};
use crate::casework::Sight;
use crate::chance::random;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::changes::ChangeRow;
use crate::tokens::Rights;

/// In place of a cursor: what changes from now on.
pub const LATEST: &str = "latest";
/// Changes that are looked at in one piece, and for one answer.
const CHUNK: i64 = 500;
const LOOKED_AT: i64 = 10 * CHUNK;
/// How often whoever waits looks, when another process of this node may have changed something.
const LOOK: Duration = Duration::from_secs(1);

/// What somebody wants to read.
pub struct Asked<'a> {
    pub rights: &'a Rights,
    pub sight: &'a Sight,
    /// `next` of the answer before, or [`LATEST`]; without it from the first that is kept.
    pub after: Option<String>,
    pub subject: Option<Subject>,
    pub wanted: Wanted,
    /// How many, at most.
    pub limit: u32,
}

/// Changes in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChangePage {
    pub changes: Vec<Change>,
    /// For `after`; there always is one, and it moves on although nothing was found.
    pub next: String,
    /// Whether there may be more at once.
    pub more: bool,
}

/// A place in a list of changes: behind this number.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cursor {
    list: String,
    number: i64,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.list, self.number)
    }
}

impl FromStr for Cursor {
    type Err = NodeError;

    fn from_str(text: &str) -> Result<Self, NodeError> {
        let read = || {
            let (list, number) = text.split_once('-')?;
            let number: i64 = number.parse().ok()?;
            (!list.is_empty() && number >= 0).then(|| Self {
                list: list.to_owned(),
                number,
            })
        };
        read().ok_or_else(|| {
            let wrong = "after: expected `next` of an answer, or `latest`";
            NodeError::Invalid(wrong.into())
        })
    }
}

impl Asked<'_> {
    fn takes(&self, row: &ChangeRow) -> bool {
        let subject = self.subject.map(Subject::as_str);
        subject.is_none_or(|subject| subject == row.subject)
            && self.wanted.takes(&row.kind)
            && is_seen(self.rights, row)
    }
}

impl Node {
    /// Changes behind a cursor, as far as the caller may see them.
    ///
    /// # Errors
    /// [`NodeError::CursorGone`] of one that is older than what is kept, or of another list.
    pub async fn changes_after(&self, asked: &Asked<'_>) -> Result<ChangePage, NodeError> {
        let list = self.list_of_changes().await?;
        let mut tx = self.read_tx().await?;
        let ends = store::changes::ends(&mut tx).await?;
        let mut number = place(asked.after.as_deref(), &list, ends)?;
        let (mut changes, mut looked_at) = (Vec::new(), 0);
        let more = loop {
            let rows = store::changes::after(&mut tx, number, CHUNK).await?;
            let read = rows.len() as i64;
            let unseen = unseen(&mut tx, asked.sight, &rows).await?;
            let mut full = false;
            for row in rows {
                full = changes.len() as u64 >= u64::from(asked.limit);
                if full {
                    break;
                }
                number = row.number;
                if asked.takes(&row) && !unseen.contains(&row.id) {
                    changes.push(Change::of(row)?);
                }
            }
            looked_at += read;
            if full || read < CHUNK || looked_at >= LOOKED_AT {
                break full || read == CHUNK;
            }
        };
        let next = Cursor { list, number }.to_string();
        Ok(ChangePage {
            changes,
            next,
            more,
        })
    }

    /// The same, and where there is nothing yet, what comes while there is time.
    pub async fn changes_within(
        &self,
        mut asked: Asked<'_>,
        wait: Duration,
    ) -> Result<ChangePage, NodeError> {
        let until = Instant::now() + wait;
        let mut rung = self.changed();
        loop {
            rung.mark_unchanged();
            let page = self.changes_after(&asked).await?;
            if !page.changes.is_empty() || wait.is_zero() {
                return Ok(page);
            }
            asked.after = Some(page.next.clone());
            if page.more {
                continue;
            }
            tokio::select! {
                _ = rung.changed() => {}
                () = sleep(LOOK) => {}
                () = sleep_until(until) => return Ok(page),
            }
        }
    }

    /// Name of this list, which it gets when it is first read.
    async fn list_of_changes(&self) -> Result<String, NodeError> {
        let mut tx = self.read_tx().await?;
        if let Some(list) = store::chain::fact(&mut tx, FEED).await? {
            return Ok(list);
        }
        drop(tx);
        let mut tx = self.write_tx().await?;
        let list = name_list(&mut tx).await?;
        tx.commit().await?;
        Ok(list)
    }
}

async fn name_list(tx: &mut Tx) -> Result<String, NodeError> {
    if let Some(list) = store::chain::fact(tx, FEED).await? {
        return Ok(list);
    }
    let list = hex::encode(random::<4>());
    store::chain::set_fact(tx, FEED, &list).await?;
    Ok(list)
}

/// The number behind which is read on.
fn place(after: Option<&str>, list: &str, ends: Option<(i64, i64)>) -> Result<i64, NodeError> {
    let (first, end) = ends.unwrap_or((1, 0));
    let cursor: Cursor = match after {
        None => return Ok(first - 1),
        Some(LATEST) => return Ok(end),
        Some(text) => text.parse()?,
    };
    if cursor.list == list && (first - 1..=end).contains(&cursor.number) {
        return Ok(cursor.number);
    }
    let earliest = Cursor {
        list: list.to_owned(),
        number: first - 1,
    };
    Err(NodeError::CursorGone {
        earliest: earliest.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_goes_on_where_its_list_still_has_what_follows() {
        let ends = Some((11, 20));
        let gone = |text| match place(Some(text), "aa", ends) {
            Err(NodeError::CursorGone { earliest }) => earliest,
            other => panic!("{text}: {other:?}"),
        };
        for (text, number) in [("aa-10", 10), ("aa-15", 15), ("aa-20", 20), (LATEST, 20)] {
            assert_eq!(place(Some(text), "aa", ends).unwrap(), number, "{text}");
        }
        assert_eq!(place(None, "aa", ends).unwrap(), 10);
        assert_eq!(place(Some(LATEST), "aa", None).unwrap(), 0);
        for text in ["aa-9", "aa-21", "bb-15"] {
            assert_eq!(gone(text), "aa-10", "{text}");
        }
        for wrong in ["", "15", "aa-", "-15", "aa-x", "aa--1"] {
            let refused = place(Some(wrong), "aa", ends);
            assert!(matches!(refused, Err(NodeError::Invalid(_))), "{wrong}");
        }
    }
}
