//! Telling texts apart where a provider refuses words that were said before: each says when what it is
//! about came, and of several within a minute which it was. A text has the same words however often it
//! is tried, so that a refusal means that it stands there already.

use lapor_migrations::Tx;
use lapor_web::language::Voice;

use super::deeds::Step;
use super::manner::Name;
use super::settled::Cause;
use super::words;
use crate::error::NodeError;
use crate::node::Node;
use crate::store::channels::{outbox, taken};

const MINUTE_MS: i64 = 60_000;

/// When something came, Unix ms, and which it was within its minute, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub at: i64,
    pub place: i64,
}

/// News of which the words are sought.
pub(super) struct Fresh<'a> {
    pub channel: Name,
    pub thread: &'a str,
    /// When it happened, Unix ms.
    pub at: i64,
    /// How many are told before it that are not noted yet.
    pub behind: usize,
}

impl Mark {
    /// `28 Nov., 23.55`, and behind it which it was where it was not the first.
    pub fn said(self, v: &Voice) -> String {
        let at = v.brief_moment(self.at);
        if self.place == 1 {
            return at;
        }
        v.with("at", at).with("n", self.place).say("chat-nth")
    }
}

impl Step<'_> {
    /// What tells the answers to this message from others; nothing where they may be alike.
    pub(super) async fn mark(&self) -> Result<Option<String>, NodeError> {
        if !self.channel.manner().tells_apart {
            return Ok(None);
        }
        let number = match &self.cause {
            Cause::Message { number, .. } => Some(*number),
            Cause::Desk { numbers, .. } => numbers.first().copied(),
            Cause::Silence => None,
        };
        let mut came = None;
        if let Some(number) = number {
            let mut tx = self.node.read_tx().await?;
            came = taken::in_its_minute(&mut tx, number).await?;
        }
        let now = || (self.node.clock().now_ms(), 1);
        let (at, place) = came.unwrap_or_else(now);
        Ok(Some(Mark { at, place }.said(&words::voice(self.node))))
    }
}

impl Node {
    /// The same of news. What was told of the same minute was noted after it began.
    pub(super) async fn mark_of_news(
        &self,
        tx: &mut Tx,
        news: &Fresh<'_>,
    ) -> Result<Option<String>, NodeError> {
        if !news.channel.manner().tells_apart {
            return Ok(None);
        }
        let now = self.clock().now_ms();
        // The clock of the hub may go before ours.
        let known_by = if news.at > now {
            now - MINUTE_MS
        } else {
            news.at
        };
        let from = known_by - known_by.rem_euclid(MINUTE_MS);
        let noted = outbox::news_since(tx, news.thread, from).await?;
        let behind = i64::try_from(news.behind).unwrap_or(i64::MAX);
        let mark = Mark {
            at: news.at,
            place: noted.saturating_add(behind).saturating_add(1),
        };
        Ok(Some(mark.said(&words::voice(self))))
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use lapor_web::language::Language;

    use super::*;
    use crate::doors::texts;
    use crate::testing::NOW;

    #[test]
    fn a_mark_says_when_and_of_several_in_a_minute_which() {
        let said = |language, place| {
            let v = Voice::new(language, texts(), Tz::Asia__Jakarta, NOW);
            Mark { at: NOW, place }.said(&v)
        };
        assert_eq!(said(Language::Indonesian, 1), "21 Sep., 21.13");
        assert_eq!(said(Language::Indonesian, 2), "21 Sep., 21.13, ke-2");
        assert_eq!(said(Language::English, 1), "21 Sep., 21:13");
        assert_eq!(said(Language::English, 3), "21 Sep., 21:13, no. 3");
    }
}
