//! Words in front of a report, as the desk keeps them, and which reports began with one.

use lapor_migrations::{Tx, on};
use sqlx::FromRow;

use crate::store::Stored;

/// A word, in capitals.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct KeywordRow {
    pub word: String,
    pub campaign: Option<String>,
    pub category: Option<String>,
    pub region: Option<String>,
    pub suggested: Option<String>,
    /// Unix ms; in force for ever without it.
    pub until_at: Option<i64>,
    pub changed_at: i64,
    pub changed_by: String,
}

pub async fn all(tx: &mut Tx) -> Stored<Vec<KeywordRow>> {
    const SQL: &str = "select word, campaign, category, region, suggested, until_at, changed_at,
            changed_by
        from channel_keywords order by word";
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?)
}

pub async fn put(tx: &mut Tx, row: &KeywordRow) -> Stored<()> {
    const SQL: &str = "insert into channel_keywords
            (word, campaign, category, region, suggested, until_at, changed_at, changed_by)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict (word) do update set campaign = excluded.campaign,
            category = excluded.category, region = excluded.region,
            suggested = excluded.suggested, until_at = excluded.until_at,
            changed_at = excluded.changed_at, changed_by = excluded.changed_by";
    on!(tx, c => sqlx::query(SQL)
        .bind(&row.word)
        .bind(&row.campaign)
        .bind(&row.category)
        .bind(&row.region)
        .bind(&row.suggested)
        .bind(row.until_at)
        .bind(row.changed_at)
        .bind(&row.changed_by)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Ends a word that is in force; how many that were, 0 or 1.
pub async fn end(tx: &mut Tx, word: &str, at: i64, by: &str) -> Stored<u64> {
    const SQL: &str = "update channel_keywords
        set until_at = $2, changed_at = $2, changed_by = $3
        where word = $1 and (until_at is null or until_at > $2)";
    Ok(on!(tx, c => sqlx::query(SQL)
        .bind(word)
        .bind(at)
        .bind(by)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?)
}

/// A report began with a word.
pub async fn note(tx: &mut Tx, case: &str, word: &str, at: i64) -> Stored<()> {
    const SQL: &str = "insert into channel_keyword_cases (case_id, word, at) values ($1, $2, $3)";
    on!(tx, c => sqlx::query(SQL).bind(case).bind(word).bind(at).execute(c).await.map(drop))?;
    Ok(())
}

/// How many reports began with each word, since a moment and in all.
pub async fn counts(tx: &mut Tx, since: i64) -> Stored<Vec<(String, i64, i64)>> {
    const SQL: &str = "select word, count(case when at >= $1 then 1 end), count(*)
        from channel_keyword_cases group by word";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(since).fetch_all(c).await)?)
}

pub async fn forget(tx: &mut Tx, case: &str) -> Stored<()> {
    const SQL: &str = "delete from channel_keyword_cases where case_id = $1";
    on!(tx, c => sqlx::query(SQL).bind(case).execute(c).await.map(drop))?;
    Ok(())
}
