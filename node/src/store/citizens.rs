//! Contacts that citizens prove: accounts, codes on their way, letters to send.

use lapor_migrations::{Tx, on};
use sqlx::FromRow;

use super::Stored;

#[derive(Clone, FromRow)]
pub struct CodeRow {
    pub id: String,
    pub purpose: String,
    pub contact: String,
    pub case_id: Option<String>,
    pub hash: Vec<u8>,
    pub attempts: i64,
    pub expires_at: i64,
}

/// Something to be sent to a contact.
#[derive(Clone, FromRow)]
pub struct LetterRow {
    pub number: i64,
    pub contact: String,
    pub kind: String,
    pub case_id: Option<String>,
    /// Digits that the letter has to say.
    pub code: Option<String>,
    pub created_at: i64,
    /// After this moment it is not worth sending.
    pub expires_at: i64,
}

/// The citizen of a contact, made with this id if there is none yet.
pub async fn citizen(tx: &mut Tx, id: &str, contact: &str, at: i64) -> Stored<String> {
    const ADD: &str = "insert into citizens (id, contact, created_at) values ($1, $2, $3)
        on conflict (contact) do nothing";
    const SQL: &str = "select id from citizens where contact = $1";
    on!(tx, c => sqlx::query(ADD).bind(id).bind(contact).bind(at).execute(c).await.map(drop))?;
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(contact).fetch_one(c).await)?)
}

pub async fn contact(tx: &mut Tx, id: &str) -> Stored<Option<String>> {
    const SQL: &str = "select contact from citizens where id = $1";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(id).fetch_optional(c).await)?)
}

/// Removes an account: what it has opened, codes and letters with which it would be opened or its
/// contact would follow something, and its link to reports, which stay; how many those were.
pub async fn remove(tx: &mut Tx, id: &str, contact: &str) -> Stored<u64> {
    const LINKS: &str = "update reporters set citizen = null where citizen = $1";
    const SESSIONS: &str = "delete from reporter_sessions where citizen = $1";
    const CODES: &str =
        "delete from reporter_codes where contact = $1 and purpose in ('sign_in', 'follow')";
    const LETTERS: &str =
        "delete from reporter_letters where contact = $1 and kind in ('sign_in', 'follow')";
    const ACCOUNT: &str = "delete from citizens where id = $1";
    let links = on!(tx, c => sqlx::query(LINKS)
        .bind(id)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    for (sql, of) in [
        (SESSIONS, id),
        (CODES, contact),
        (LETTERS, contact),
        (ACCOUNT, id),
    ] {
        on!(tx, c => sqlx::query(sql).bind(of).execute(c).await.map(drop))?;
    }
    Ok(links)
}

pub async fn add_code(tx: &mut Tx, row: &CodeRow) -> Stored<()> {
    const SQL: &str = "insert into reporter_codes
            (id, purpose, contact, case_id, hash, attempts, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7)";
    on!(tx, c => sqlx::query(SQL)
        .bind(&row.id)
        .bind(&row.purpose)
        .bind(&row.contact)
        .bind(&row.case_id)
        .bind(&row.hash)
        .bind(row.attempts)
        .bind(row.expires_at)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

pub async fn code(tx: &mut Tx, id: &str) -> Stored<Option<CodeRow>> {
    const SQL: &str = "select id, purpose, contact, case_id, hash, attempts, expires_at
        from reporter_codes where id = $1";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(id).fetch_optional(c).await)?)
}

pub async fn count_attempt(tx: &mut Tx, id: &str) -> Stored<()> {
    const SQL: &str = "update reporter_codes set attempts = attempts + 1 where id = $1";
    on!(tx, c => sqlx::query(SQL).bind(id).execute(c).await.map(drop))?;
    Ok(())
}

/// A code and those that were sent to the same contact for the same purpose.
pub async fn codes_like(tx: &mut Tx, row: &CodeRow) -> Stored<Vec<CodeRow>> {
    const SQL: &str = "select id, purpose, contact, case_id, hash, attempts, expires_at
        from reporter_codes
        where contact = $1 and purpose = $2 and coalesce(case_id, '') = $3";
    let case = row.case_id.as_deref().unwrap_or_default();
    Ok(on!(tx, c => sqlx::query_as(SQL)
        .bind(&row.contact)
        .bind(&row.purpose)
        .bind(case)
        .fetch_all(c)
        .await)?)
}

pub async fn use_up_code(tx: &mut Tx, id: &str) -> Stored<()> {
    const SQL: &str = "delete from reporter_codes where id = $1";
    on!(tx, c => sqlx::query(SQL).bind(id).execute(c).await.map(drop))?;
    Ok(())
}

/// Removes codes and letters whose time is over.
pub async fn expire(tx: &mut Tx, at: i64) -> Stored<()> {
    const CODES: &str = "delete from reporter_codes where expires_at <= $1";
    const LETTERS: &str = "delete from reporter_letters where expires_at <= $1";
    on!(tx, c => sqlx::query(CODES).bind(at).execute(c).await.map(drop))?;
    on!(tx, c => sqlx::query(LETTERS).bind(at).execute(c).await.map(drop))?;
    Ok(())
}

/// Adds a letter behind those that wait; its `number` is not looked at.
pub async fn add_letter(tx: &mut Tx, row: &LetterRow) -> Stored<()> {
    const SQL: &str = "insert into reporter_letters
            (number, contact, kind, case_id, code, created_at, expires_at)
        select coalesce(max(number), 0) + 1, $1, $2, $3, $4, $5, $6 from reporter_letters";
    on!(tx, c => sqlx::query(SQL)
        .bind(&row.contact)
        .bind(&row.kind)
        .bind(&row.case_id)
        .bind(&row.code)
        .bind(row.created_at)
        .bind(row.expires_at)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Letters behind a number that are worth sending at a moment, oldest first.
pub async fn letters(tx: &mut Tx, after: i64, at: i64, limit: i64) -> Stored<Vec<LetterRow>> {
    const SQL: &str = "select number, contact, kind, case_id, code, created_at, expires_at
        from reporter_letters where number > $1 and expires_at > $2 order by number limit $3";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(after).bind(at).bind(limit).fetch_all(c).await)?)
}

/// The same, of those that go to an address of e-mail.
pub async fn letters_by_mail(
    tx: &mut Tx,
    after: i64,
    at: i64,
    limit: i64,
) -> Stored<Vec<LetterRow>> {
    const SQL: &str = "select number, contact, kind, case_id, code, created_at, expires_at
        from reporter_letters
        where number > $1 and expires_at > $2 and contact like '%@%' order by number limit $3";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(after).bind(at).bind(limit).fetch_all(c).await)?)
}

/// The same, of those whose contact looks so.
pub async fn letters_to(tx: &mut Tx, pattern: &str, at: i64, limit: i64) -> Stored<Vec<LetterRow>> {
    const SQL: &str = "select number, contact, kind, case_id, code, created_at, expires_at
        from reporter_letters
        where contact like $1 and expires_at > $2 order by number limit $3";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(pattern).bind(at).bind(limit).fetch_all(c).await)?)
}

/// Removes a letter; how many that were, 0 or 1.
pub async fn remove_letter(tx: &mut Tx, number: i64) -> Stored<u64> {
    const SQL: &str = "delete from reporter_letters where number = $1";
    Ok(on!(tx, c => sqlx::query(SQL)
        .bind(number)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?)
}

/// Forgets codes and letters of a case.
pub async fn forget(tx: &mut Tx, case_id: &str) -> Stored<()> {
    const CODES: &str = "delete from reporter_codes where case_id = $1";
    const LETTERS: &str = "delete from reporter_letters where case_id = $1";
    on!(tx, c => sqlx::query(CODES).bind(case_id).execute(c).await.map(drop))?;
    on!(tx, c => sqlx::query(LETTERS).bind(case_id).execute(c).await.map(drop))?;
    Ok(())
}
