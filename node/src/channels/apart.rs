//! Telling texts apart where a provider refuses words that were said before: each says when what it is
//! about came, and of several within a minute which it was. A text has the same words however often it
//! is tried, so that a refusal means that it stands there already.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use lapor_migrations::Tx;
use lapor_protocol::ids::{CaseId, MessageId};
use lapor_web::language::Voice;

use super::deeds::Step;
use super::manner::Name;
use super::settled::Cause;
use super::words;
use crate::error::NodeError;
use crate::node::Node;
use crate::post::ever_news;
use crate::reporters::Event;
use crate::store::channels::taken;

const MINUTE_MS: i64 = 60_000;

/// When something came, Unix ms, and which it was within its minute, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub at: i64,
    pub place: i64,
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
    /// The same of all news of a case, of which its reporter hears this, and of those that share its
    /// ticket, by their messages; empty where they may be alike. A mark that was given stands: what comes
    /// later counts behind it, though the hub may have ordered both at once, and what is news no more,
    /// because a merge was undone, still counts. What never was news, as of a secret case or after a merge
    /// was undone, does not, for a place that is left out would tell of it.
    pub(super) async fn marks_of_news(
        &self,
        tx: &mut Tx,
        channel: Name,
        case: CaseId,
        own: &[Event],
    ) -> Result<BTreeMap<MessageId, String>, NodeError> {
        if !channel.manner().tells_apart {
            return Ok(BTreeMap::new());
        }
        let whole = self.filed_as(tx, case).await?;
        let mut arrived = self.arrivals(tx, case, own).await?;
        for id in self.family(tx, whole).await? {
            if id != case {
                let own = self.heard_by_reporter(tx, id).await?;
                arrived.extend(self.arrivals(tx, id, &own).await?);
            }
        }
        arrived.sort_unstable_by_key(|news| news.place);
        let v = words::voice(self);
        let marks = in_their_minutes(arrived.into_iter().map(|news| (news.message, news.at)));
        let marks = marks.into_iter();
        Ok(marks.map(|(id, mark)| (id, mark.said(&v))).collect())
    }

    /// All that was ever news of a case, of which its reporter hears this.
    async fn arrivals(
        &self,
        tx: &mut Tx,
        case: CaseId,
        own: &[Event],
    ) -> Result<Vec<Arrival>, NodeError> {
        let beyond = self.ever_done_beyond(tx, case, own).await?;
        let arrived = ever_news(case, own, &beyond).filter_map(|event| {
            Some(Arrival {
                place: event.arrived?,
                message: event.message?,
                at: event.at,
            })
        });
        Ok(arrived.collect())
    }
}

/// News as it arrived.
struct Arrival {
    /// Among all that the hub has told this node.
    place: (u32, u64),
    message: MessageId,
    /// Unix ms at the hub.
    at: i64,
}

/// Which each was within its minute, of what is told in the order in which it arrived, with when it
/// came, Unix ms. What two cases tell counts once.
fn in_their_minutes<K: Ord>(came: impl Iterator<Item = (K, i64)>) -> BTreeMap<K, Mark> {
    let mut marks = BTreeMap::new();
    let mut places = BTreeMap::<i64, i64>::new();
    for (id, at) in came {
        if let Entry::Vacant(new) = marks.entry(id) {
            let place = places.entry(at.div_euclid(MINUTE_MS)).or_default();
            *place += 1;
            new.insert(Mark { at, place: *place });
        }
    }
    marks
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

    #[test]
    fn only_what_came_in_the_same_minute_counts_and_what_two_cases_tell_counts_once() {
        let of = |seconds: i64| NOW - NOW.rem_euclid(MINUTE_MS) + seconds * 1000;
        let came = [
            ("a", of(0)),
            ("b", of(30)),
            ("c", of(59)),
            ("d", of(60)),
            ("c", of(59)),
            ("e", of(300)),
            ("f", of(300)),
            ("g", of(30)),
        ];
        let marks = in_their_minutes(came.into_iter()).into_iter();
        let places: Vec<_> = marks.map(|(id, mark)| (id, mark.place)).collect();
        let expected = [
            ("a", 1),
            ("b", 2),
            ("c", 3),
            ("d", 1),
            ("e", 1),
            ("f", 2),
            ("g", 4),
        ];
        assert_eq!(places, expected);
    }
}
