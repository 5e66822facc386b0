//! Words in front of a report that say what it is about: those of the configuration, and behind
//! them those that the desk keeps. No word stands in both: the configuration goes first.

use lapor_protocol::ids::InstanceId;
use lapor_protocol::kinds::Category;
use lapor_protocol::region::RegionCode;

use super::manner::Manner;
use super::settings::Keyword;
use super::talk::{self, Marks};
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::channels::keywords::KeywordRow;

const MONTH_MS: i64 = 30 * 86_400_000;

/// A word with what it says, and how often it was used.
pub struct KeywordLine {
    pub keyword: Keyword,
    pub campaign: Option<String>,
    /// Until when it is in force, Unix ms.
    pub until: Option<i64>,
    /// It stands in the configuration, and only there it is changed.
    pub configured: bool,
    /// Reports of the last thirty days that began with it.
    pub lately: i64,
    /// All of them.
    pub ever: i64,
}

/// A word to be kept.
pub struct NewKeyword {
    pub keyword: Keyword,
    pub campaign: Option<String>,
    /// Unix ms.
    pub until: Option<i64>,
    /// It stands already and is to be changed.
    pub known: bool,
}

/// Why a word is not kept.
#[derive(Debug, thiserror::Error)]
pub enum KeywordError {
    #[error("word: one word of letters and digits is expected that has no meaning yet")]
    Word,
    #[error("word: it stands in the configuration of this node and is changed there")]
    Configured,
    #[error("word: it stands already; change it instead")]
    Known,
    #[error("category: it is in force neither nationally nor in the institution's own tree")]
    Category,
    #[error(transparent)]
    Node(#[from] NodeError),
}

impl Node {
    /// All words that are in force.
    pub(crate) async fn keywords_in_force(&self) -> Result<Vec<Keyword>, NodeError> {
        let now = self.clock().now_ms();
        let lines = self.keyword_table().await?.into_iter();
        let lines = lines.filter(|line| line.until.is_none_or(|until| until > now));
        Ok(lines.map(|line| line.keyword).collect())
    }

    /// What may stand in front of a report where one talks so.
    pub(super) fn marks_of<'a>(&'a self, keywords: &'a [Keyword], manner: Manner) -> Marks<'a> {
        Marks {
            keywords,
            in_any_letters: manner.short,
            account: self.settings().channels.x.account.as_deref(),
        }
    }

    /// All words, those of the configuration first.
    pub async fn keyword_table(&self) -> Result<Vec<KeywordLine>, NodeError> {
        let since = self.clock().now_ms() - MONTH_MS;
        let mut tx = self.read_tx().await?;
        let rows = store::channels::keywords::all(&mut tx).await?;
        let counts = store::channels::keywords::counts(&mut tx, since).await?;
        drop(tx);
        let configured = self.settings().channels.keywords.iter();
        let mut lines: Vec<KeywordLine> = configured
            .map(|keyword| KeywordLine {
                keyword: keyword.clone(),
                campaign: None,
                until: None,
                configured: true,
                lately: 0,
                ever: 0,
            })
            .collect();
        for row in rows {
            if self.is_configured(&row.word) {
                continue;
            }
            let word = row.word.clone();
            match kept(row) {
                Ok(line) => lines.push(line),
                // What came with any other word, or with none, is heard all the same.
                Err(error) => tracing::warn!(%error, word, "a keyword cannot be read"),
            }
        }
        for line in &mut lines {
            let word = line.keyword.word.to_uppercase();
            if let Some((_, lately, ever)) = counts.iter().find(|(known, ..)| *known == word) {
                (line.lately, line.ever) = (*lately, *ever);
            }
        }
        Ok(lines)
    }

    /// Keeps a word, or changes one that is kept.
    pub async fn put_keyword(&self, new: &NewKeyword, actor: &str) -> Result<(), KeywordError> {
        let word = new.keyword.word.to_uppercase();
        if !talk::is_free(&word) {
            return Err(KeywordError::Word);
        }
        if self.is_configured(&word) {
            return Err(KeywordError::Configured);
        }
        if let Some(category) = &new.keyword.category
            && !self.is_category(category).await?
        {
            return Err(KeywordError::Category);
        }
        let row = KeywordRow {
            campaign: new.campaign.clone(),
            category: new.keyword.category.as_ref().map(text_of),
            region: new.keyword.region.as_ref().map(ToString::to_string),
            suggested: new.keyword.suggested.as_ref().map(ToString::to_string),
            until_at: new.until,
            changed_at: self.clock().now_ms(),
            changed_by: actor.to_owned(),
            word,
        };
        if self.write_keyword(&row, new.known).await? {
            Ok(())
        } else {
            Err(KeywordError::Known)
        }
    }

    /// Writes a word, unless it stands and was not known to; says whether it did.
    async fn write_keyword(&self, row: &KeywordRow, known: bool) -> Result<bool, NodeError> {
        let (now, actor) = (row.changed_at, row.changed_by.as_str());
        let mut tx = self.write_tx().await?;
        let rows = store::channels::keywords::all(&mut tx).await?;
        let stands = |other: &KeywordRow| {
            other.word == row.word && other.until_at.is_none_or(|until| until > now)
        };
        if !known && rows.iter().any(stands) {
            return Ok(false);
        }
        store::channels::keywords::put(&mut tx, row).await?;
        store::audit::add(&mut tx, now, actor, "channel.keyword_set", None, &row.word).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Ends a word; its figures stay.
    ///
    /// # Errors
    /// [`NodeError::NotFound`] where the desk keeps none such that is in force.
    pub async fn end_keyword(&self, word: &str, actor: &str) -> Result<(), NodeError> {
        let (now, word) = (self.clock().now_ms(), word.to_uppercase());
        let mut tx = self.write_tx().await?;
        if store::channels::keywords::end(&mut tx, &word, now, actor).await? == 0 {
            return Err(NodeError::not_found("keyword", &word));
        }
        store::audit::add(&mut tx, now, actor, "channel.keyword_ended", None, &word).await?;
        Ok(tx.commit().await?)
    }

    async fn is_category(&self, category: &Category) -> Result<bool, NodeError> {
        let national = self.categories().await?.knows(category);
        let own = self.local_categories().await?.in_force();
        Ok(national || own.named(category.as_str()).is_some())
    }

    fn is_configured(&self, word: &str) -> bool {
        let mut configured = self.settings().channels.keywords.iter();
        configured.any(|keyword| keyword.word.to_uppercase() == word)
    }
}

fn text_of(category: &Category) -> String {
    category.as_str().to_owned()
}

fn kept(row: KeywordRow) -> Result<KeywordLine, NodeError> {
    let category = row.category.map(Category::try_from).transpose();
    let region: Result<Option<RegionCode>, _> = row.region.map(|code| code.parse()).transpose();
    let suggested: Result<Option<InstanceId>, _> = row.suggested.map(|id| id.parse()).transpose();
    Ok(KeywordLine {
        keyword: Keyword {
            word: row.word,
            category: store::read(category)?,
            region: store::read(region)?,
            suggested: store::read(suggested)?,
        },
        campaign: row.campaign,
        until: row.until_at,
        configured: false,
        lately: 0,
        ever: 0,
    })
}
