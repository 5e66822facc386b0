//! Looking for what was not handed over: mentions of the account and posts with the tag, from where
//! the last look ended. What came before the channel was switched on is no report.

use super::super::fetching::Interrupted;
use super::super::heard::Raw;
use super::super::intake::Cursor;
use super::X;
use super::api::Look;
use super::posts;
use crate::node::Node;

const MENTIONS: &str = "x mentions";
const TAG: &str = "x tag";
/// What posts with the tag are found by; who repeats others says nothing of their own.
const TAGGED: &str = "#lapor -is:retweet";
/// When numbers of posts begin, Unix ms; from there they count milliseconds above these bits.
const EPOCH_MS: i64 = 1_288_834_974_657;
const BELOW_MS: u32 = 22;
/// A little less than the week for which posts are found by their words.
const FOUND_MS: i64 = (7 * 24 - 1) * 60 * 60 * 1000;

const FIELDS: [(&str, &str); 4] = [
    (
        "tweet.fields",
        "author_id,conversation_id,referenced_tweets,edit_history_tweet_ids,attachments,geo,note_tweet",
    ),
    ("expansions", "author_id,attachments.media_keys"),
    ("user.fields", "username,name"),
    ("media.fields", "type,url"),
];

impl X {
    /// Fetches what is new and keeps it with how far that was. Returns how many posts were seen.
    pub(in crate::channels) async fn look(&self, node: &Node) -> Result<usize, Interrupted> {
        let mentions = format!("2/users/{}/mentions", self.account.id);
        let mentions = self.fetch_since(node, MENTIONS, |since, _| Look {
            path: &mentions,
            turning: "pagination_token",
            query: vec![("since_id", since.to_string())],
        });
        let mentions = mentions.await?;
        let tagged = self.fetch_since(node, TAG, |since, now| Look {
            path: "2/tweets/search/recent",
            turning: "next_token",
            query: vec![
                ("query", TAGGED.to_owned()),
                ("since_id", since.max(number_at(now - FOUND_MS)).to_string()),
            ],
        });
        Ok(mentions + tagged.await?)
    }

    async fn fetch_since<'l>(
        &self,
        node: &Node,
        line: &'static str,
        look: impl FnOnce(i64, i64) -> Look<'l>,
    ) -> Result<usize, Interrupted> {
        let now = node.clock().now_ms();
        let known = node.fetched_until(line).await?;
        let known = known.and_then(|(since, _)| since.parse::<i64>().ok());
        let Some(since) = known else {
            self.keep(node, line, (number_at(now), false), &[]).await?;
            return Ok(0);
        };
        let mut look = look(since, now);
        let fields = FIELDS.map(|(name, value)| (name, value.to_owned()));
        look.query.extend(fields);
        let pages = self.api.pages(&look).await?;
        let posts = pages.iter().flat_map(|page| &page.data);
        let last = posts
            .filter_map(|post| post["id"].as_str()?.parse::<i64>().ok())
            .max();
        let raws = pages.iter().rev();
        // The oldest first.
        let raws = raws.flat_map(|page| {
            let mut raws = posts::of_page(&page.data, &page.includes, &self.account);
            raws.reverse();
            raws
        });
        let raws: Vec<Raw> = raws.collect();
        let restored = node.restored_at().await?;
        let (old, new): (Vec<Raw>, Vec<Raw>) = raws.into_iter().partition(|raw| {
            let posted = raw.id.parse().ok().map(posted_at);
            posted.is_some() && posted <= restored
        });
        if !old.is_empty() {
            self.keep(node, line, (since, true), &old).await?;
        }
        if let Some(last) = last {
            self.keep(node, line, (last.max(since), false), &new)
                .await?;
        }
        Ok(old.len() + new.len())
    }

    async fn keep(
        &self,
        node: &Node,
        line: &'static str,
        (until, doubted): (i64, bool),
        raws: &[Raw],
    ) -> Result<(), Interrupted> {
        let at = until.to_string();
        let cursor = Cursor {
            line,
            at: &at,
            doubted,
        };
        node.take_in_until(self, raws, cursor).await?;
        Ok(())
    }
}

/// The number of a post that would have been made at a moment.
fn number_at(ms: i64) -> i64 {
    (ms - EPOCH_MS).max(0) << BELOW_MS
}

/// When the post of a number was made, Unix ms.
fn posted_at(number: i64) -> i64 {
    (number >> BELOW_MS) + EPOCH_MS
}

#[cfg(test)]
mod tests {
    use super::{number_at, posted_at};

    #[test]
    fn a_number_of_a_post_tells_its_moment() {
        // Post 1541815603606036480 of 28 June 2022, 16:07:40.105 UTC, of the documentation.
        let made = number_at(1_656_432_460_105);
        assert_eq!(made, 1_541_815_603_606_036_480 >> 22 << 22);
        let at = posted_at(1_541_815_603_606_036_480);
        assert_eq!(at, 1_656_432_460_105);
    }
}
