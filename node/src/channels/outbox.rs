//! What is to be said, as it is kept until it is.

use serde::Deserialize;

use super::heard::Saying;
use super::manner::Name;
use crate::error::NodeError;
use crate::node::Node;
use crate::store::channels::outbox::OutRow;

/// What was to be said, by what became of it.
pub const SAID: &str = "lapor_node_channel_said_total";

/// Something to be put into the queue.
pub(super) struct Draft<'a> {
    pub channel: Name,
    pub thread: &'a str,
    pub case: Option<&'a str>,
    pub kind: &'a str,
    pub once: String,
    pub says: Saying,
}

/// As it is kept; words alone are of before there was more to say of them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Kept {
    Words(String),
    Saying(Saying),
}

impl Node {
    pub(super) fn to_be_said(&self, draft: Draft<'_>) -> Result<OutRow, NodeError> {
        let words = self
            .switch()
            .seal(&owner(draft.thread, &draft.once), &draft.says)?;
        let now = self.clock().now_ms();
        Ok(OutRow {
            number: 0,
            channel: draft.channel.as_str().to_owned(),
            thread: draft.thread.to_owned(),
            case_id: draft.case.map(str::to_owned),
            kind: draft.kind.to_owned(),
            once: draft.once,
            words: Some(words),
            created_at: now,
            attempts: 0,
            unanswered: 0,
            state: "waiting".into(),
            shut: 0,
            due_at: now,
        })
    }

    pub(super) fn saying_of(&self, row: &OutRow) -> Result<Option<Saying>, NodeError> {
        let sealed = row.words.as_deref();
        let opened =
            sealed.map(|sealed| self.switch().open(&owner(&row.thread, &row.once), sealed));
        let kept: Option<Kept> = opened.transpose()?;
        Ok(kept.map(|kept| match kept {
            Kept::Saying(saying) => saying,
            Kept::Words(words) => Saying {
                words,
                ..Saying::default()
            },
        }))
    }
}

/// Under which name words are sealed.
fn owner(thread: &str, once: &str) -> String {
    format!("channel outbox {thread} {once}")
}
