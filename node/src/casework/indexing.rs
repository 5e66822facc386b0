//! Keeps the index of words: what has changed is read, reduced to stems and written, a moment after
//! the change, so that filing and acting do not wait for it. While much is written it gives way, and
//! catches up afterwards.
//!
//! An erasure does not wait: it empties the index in its own transaction, and what was read before
//! it is not written after it.

use std::sync::Arc;
use std::time::Duration;

use lapor_migrations::{Tx, Value};
use lapor_protocol::case::Effect;
use lapor_protocol::ids::CaseId;
use serde_json::Value as Json;
use tokio_util::sync::CancellationToken;

use super::glance::{begins, describe, said};
use super::history::applied_history;
use super::shown::{drafts, refresh};
use super::{HistoryEntry, keep};
use crate::courtesy::Courtesy;
use crate::damage;
use crate::deadlines::record;
use crate::error::NodeError;
use crate::node::Node;
use crate::personal::mask;
use crate::stemming::stems;
use crate::store;
use crate::store::texts::TextRow;

/// Cases in one go.
const STEP: i64 = 64;
/// Stems of one field of a case that are kept, beginning with the oldest.
const MOST_STEMS: usize = 8000;
/// How long a change waits to be found, about, when nothing else is to be done.
const PAUSE: Duration = Duration::from_millis(500);
/// After an error of the database.
const LONG_PAUSE: Duration = Duration::from_secs(10);
/// While others write, they have the database so many times as long as a go has taken.
const WAY_GIVEN: u32 = 24;
/// Transactions of one go that are its own.
const OWN_WRITES: u64 = 2;
/// Digits from which on a number may be somebody's identity or telephone.
const PERSONAL_DIGITS: usize = 9;

/// Indexes what changes until `shutdown`.
pub(crate) async fn run(node: Arc<Node>, shutdown: CancellationToken) {
    let work = async {
        loop {
            let courtesy = Courtesy::begin(&node, WAY_GIVEN);
            let pause = match node.catch_up_words().await {
                Ok(0) => PAUSE,
                Ok(_) => courtesy.pause(&node, OWN_WRITES),
                Err(error) => {
                    tracing::warn!(%error, "the words of changed cases could not be indexed");
                    LONG_PAUSE
                }
            };
            tokio::time::sleep(pause).await;
        }
    };
    tokio::select! {
        () = work => {}
        () = shutdown.cancelled() => {}
    }
}

impl Node {
    /// Describes rows of an older version, finds where its programmes are built, then indexes cases
    /// whose words have changed; a bounded number of them. Returns how many, 0 when nothing is left.
    pub async fn catch_up_words(&self) -> Result<usize, NodeError> {
        if self.joined().is_err() {
            return Ok(0);
        }
        let described = self.describe_old_rows().await?;
        let located = self.locate_programmes().await?;
        Ok(described + located + self.index_changed().await?)
    }

    async fn describe_old_rows(&self) -> Result<usize, NodeError> {
        let mut tx = self.read_tx().await?;
        let any = !store::cases::undescribed(&mut tx, 1).await?.is_empty();
        drop(tx);
        if !any {
            return Ok(0);
        }
        let (me, directory) = (self.instance()?, self.directory());
        let mut tx = self.write_tx().await?;
        let rows = store::cases::undescribed(&mut tx, STEP).await?;
        let ids: Vec<Value> = rows.iter().map(|row| row.case_id.as_str().into()).collect();
        let (mut described, mut cases) = (Vec::new(), Vec::with_capacity(rows.len()));
        for mut row in rows {
            // One that is damaged keeps no other from it, nor any words from being found.
            let Ok(fold) = row.ruled() else {
                damage::tell("cases", &row.case_id);
                continue;
            };
            describe(&mut tx, &mut row, me).await?;
            let case = refresh(&mut tx, &mut row, fold.as_ref(), me, directory.latest()).await?;
            cases.push((row.case_id.clone(), case));
            described.push(row);
        }
        keep(&mut tx, &described).await?;
        // What older versions took for heard of, or for a silence that closes a case, still runs out.
        let pairs = cases.iter().map(|(id, case)| (id.as_str(), case.as_ref()));
        let pairs: Vec<_> = pairs.collect();
        Box::pin(record(self, &mut tx, &pairs)).await?;
        let count = ids.len();
        store::cases::set_described(&mut tx, ids).await?;
        tx.commit().await?;
        Ok(count)
    }

    async fn index_changed(&self) -> Result<usize, NodeError> {
        // Read apart from the writer: opening the words takes longer than storing their stems.
        let mut tx = self.read_tx().await?;
        let due = store::texts::due(&mut tx, STEP).await?;
        let mut texts = Vec::with_capacity(due.len());
        for (case, _) in &due {
            texts.push(self.text_of(&mut tx, case).await?);
        }
        drop(tx);
        if due.is_empty() {
            return Ok(0);
        }
        let asked: Vec<Value> = due
            .iter()
            .flat_map(|(case, asked)| [Value::from(case.as_str()), Value::from(*asked)])
            .collect();
        let mut tx = self.write_tx().await?;
        let still = store::texts::still_due(&mut tx, asked.clone()).await?;
        texts.retain(|text| still.contains(&text.case_id));
        let (empty, full): (Vec<_>, Vec<_>) = texts.into_iter().partition(is_empty);
        for text in &empty {
            store::texts::forget(&mut tx, &text.case_id).await?;
        }
        store::texts::put(&mut tx, &full).await?;
        store::texts::done(&mut tx, asked).await?;
        tx.commit().await?;
        Ok(due.len())
    }

    async fn text_of(&self, tx: &mut Tx, case: &str) -> Result<TextRow, NodeError> {
        let id = store::case_id(case)?;
        let pending = drafts(tx, case).await?;
        let history = applied_history(tx, id, self.instance()?, &pending).await?;
        Ok(text(id, &history))
    }
}

fn is_empty(text: &TextRow) -> bool {
    text.title.is_empty() && text.body.is_empty() && text.inside.is_empty()
}

/// The stems of a case's words. The public reads the title, the report and the follow-ups; the
/// desk everything that it has a key for, but for notes about who reported.
fn text(case: CaseId, history: &[HistoryEntry]) -> TextRow {
    let (mut title, mut body, mut inside) = (Vec::new(), Vec::new(), Vec::new());
    let applied = |entry: &&HistoryEntry| entry.effect.is_none_or(|e| e == Effect::Applied);
    for entry in history.iter().filter(applied) {
        let word = |name: &str| said(entry, name).map(indexed).unwrap_or_default();
        match entry.kind.as_str() {
            "case.redacted" => {
                (title, body, inside) = (Vec::new(), Vec::new(), Vec::new());
            }
            _ if begins(case, entry) => {
                title = word("title");
                body.extend(word("content"));
                body.extend(word("place"));
            }
            "case.split" => {}
            "case.verified" => {
                let edited = word("title");
                if !edited.is_empty() {
                    // Who remembers the reporter's own title finds the case by it.
                    inside.extend(std::mem::replace(&mut title, edited));
                }
                inside.extend(word("text"));
            }
            "case.followed_up" => body.extend(word("text")),
            kind if kind.starts_with("identity.") => {}
            _ => inside.extend(other_words(entry)),
        }
    }
    let (open, personal): (Vec<_>, Vec<_>) =
        body.into_iter().partition(|stem| !may_be_personal(stem));
    inside.extend(personal);
    let (title, named): (Vec<_>, Vec<_>) =
        title.into_iter().partition(|stem| !may_be_personal(stem));
    inside.extend(named);
    TextRow {
        case_id: case.to_string(),
        title: joined(title),
        body: joined(open),
        inside: joined(inside),
    }
}

fn joined(mut stems: Vec<String>) -> String {
    stems.truncate(MOST_STEMS);
    stems.join(" ")
}

/// Nobody from outside finds a report by a long number in it.
fn may_be_personal(stem: &str) -> bool {
    stem.bytes().filter(u8::is_ascii_digit).count() >= PERSONAL_DIGITS
}

/// The stems of a text without the personal numbers that somebody typed into it: nobody is found by them.
fn indexed(text: &str) -> Vec<String> {
    stems(&mask(text))
}

/// Stems of every text in the words of a message.
fn other_words(entry: &HistoryEntry) -> Vec<String> {
    let words = entry.words.as_ref().and_then(Json::as_object);
    let texts = words.into_iter().flat_map(|words| words.values());
    let texts = texts.flat_map(|value| match value {
        Json::String(text) => vec![text.as_str()],
        Json::Array(many) => many.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    });
    texts.flat_map(indexed).collect()
}
