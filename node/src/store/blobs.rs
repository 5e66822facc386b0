//! Attachments beside messages.
//!
//! States: `to_send` (encrypted here, not yet at the hub), `to_fetch`
//! (announced, not yet here), `held`, `erased`. `progress` is in bytes.

use lapor_migrations::{Tx, on};
use sqlx::FromRow;

use super::Stored;

#[derive(Debug, Clone, FromRow)]
pub struct BlobRow {
    pub sha256: Vec<u8>,
    pub case_id: String,
    pub message_id: String,
    pub size: i64,
    pub media_type: String,
    pub state: String,
    pub progress: i64,
}

pub async fn add(tx: &mut Tx, row: &BlobRow) -> Stored<()> {
    const SQL: &str =
        "insert into blobs (sha256, case_id, message_id, size, media_type, state, progress)
        values ($1, $2, $3, $4, $5, $6, $7) on conflict (sha256, message_id) do nothing";
    on!(tx, c => sqlx::query(SQL)
        .bind(&row.sha256)
        .bind(&row.case_id)
        .bind(&row.message_id)
        .bind(row.size)
        .bind(&row.media_type)
        .bind(&row.state)
        .bind(row.progress)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Blobs to send whose message the hub has accepted, a page after a case's blob.
pub async fn to_send(tx: &mut Tx, after: (&str, &[u8]), limit: i64) -> Stored<Vec<BlobRow>> {
    const SQL: &str =
        "select b.sha256, b.case_id, b.message_id, b.size, b.media_type, b.state, b.progress
        from blobs b join outbox o on o.message_id = b.message_id
        where b.state = 'to_send' and o.state in ('accepted', 'ruled')
            and (b.case_id > $1 or (b.case_id = $1 and b.sha256 > $2))
        order by b.case_id, b.sha256, b.message_id limit $3";
    Ok(on!(tx, c => sqlx::query_as(SQL)
        .bind(after.0)
        .bind(after.1)
        .bind(limit)
        .fetch_all(c)
        .await)?)
}

/// Announced blobs, a page after a case's blob.
pub async fn to_fetch(tx: &mut Tx, after: (&str, &[u8]), limit: i64) -> Stored<Vec<BlobRow>> {
    const SQL: &str = "select sha256, case_id, message_id, size, media_type, state, progress
        from blobs where state = 'to_fetch' and (case_id > $1 or (case_id = $1 and sha256 > $2))
        order by case_id, sha256, message_id limit $3";
    Ok(on!(tx, c => sqlx::query_as(SQL)
        .bind(after.0)
        .bind(after.1)
        .bind(limit)
        .fetch_all(c)
        .await)?)
}

/// Has what is attached to own messages of an epoch sent once more: the hub may have lost it.
pub async fn send_again(tx: &mut Tx, epoch: i64, (from, to): (i64, i64)) -> Stored<()> {
    const SQL: &str = "update blobs set state = 'to_send', progress = 0
        where state = 'held' and message_id in
        (select message_id from outbox where epoch = $1 and seq between $2 and $3)";
    on!(tx, c => sqlx::query(SQL).bind(epoch).bind(from).bind(to).execute(c).await.map(drop))?;
    Ok(())
}

/// The last case that names a blob, of whatever state.
pub async fn last_case(tx: &mut Tx) -> Stored<Option<String>> {
    const SQL: &str = "select max(case_id) from blobs";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).fetch_one(c).await)?)
}

/// Cases in which blobs of own messages are held, from one back, itself included.
pub async fn own_held(tx: &mut Tx, from: &str, limit: i64) -> Stored<Vec<String>> {
    const SQL: &str = "select b.case_id from blobs b where b.case_id <= $1 and b.state = 'held'
            and exists (select 1 from outbox o where o.message_id = b.message_id)
        group by b.case_id order by b.case_id desc limit $2";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(from).bind(limit).fetch_all(c).await)?)
}

/// Has what is attached to own messages of these cases, both included, sent once more.
pub async fn send_again_of(tx: &mut Tx, (first, last): (&str, &str)) -> Stored<()> {
    const SQL: &str = "update blobs set state = 'to_send', progress = 0
        where state = 'held' and case_id between $1 and $2
            and exists (select 1 from outbox o where o.message_id = blobs.message_id)";
    on!(tx, c => sqlx::query(SQL).bind(first).bind(last).execute(c).await.map(drop))?;
    Ok(())
}

/// A blob has gone the way that its row was waiting for, and with it every row of the same digest and
/// size that waits for that, or for the file, which is here. One whose words were erased meanwhile stays
/// erased, and one that was fetched settles nothing that is to be sent: the hub wants that of its author.
pub async fn hold(tx: &mut Tx, row: &BlobRow) -> Stored<()> {
    const SQL: &str = "update blobs set state = 'held', progress = size
        where sha256 = $1 and size = $2 and state in ('to_fetch', $3)";
    on!(tx, c => sqlx::query(SQL)
        .bind(&row.sha256)
        .bind(row.size)
        .bind(&row.state)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// The words of a case were erased. Another case may name the same digest, whose words were not.
pub async fn erase(tx: &mut Tx, case_id: &str) -> Stored<()> {
    const SQL: &str = "update blobs set state = 'erased', progress = size where case_id = $1";
    on!(tx, c => sqlx::query(SQL).bind(case_id).execute(c).await.map(drop))?;
    Ok(())
}

pub async fn of_case(tx: &mut Tx, case_id: &str) -> Stored<Vec<BlobRow>> {
    const SQL: &str = "select sha256, case_id, message_id, size, media_type, state, progress
        from blobs where case_id = $1";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(case_id).fetch_all(c).await)?)
}

/// Whether a file is named by a message whose words have not been erased, or by
/// a programme.
pub async fn is_named(tx: &mut Tx, sha256: &[u8]) -> Stored<bool> {
    const SQL: &str = "select (select count(*) from blobs where sha256 = $1 and state <> 'erased')
        + (select count(*) from pictures where sha256 = $1 and state <> 'refused')";
    let count: i64 = on!(tx, c => sqlx::query_scalar(SQL).bind(sha256).fetch_one(c).await)?;
    Ok(count > 0)
}

/// Whether an attachment or a picture of this digest and size is still to be fetched.
pub async fn is_awaited(tx: &mut Tx, sha256: &[u8], size: i64) -> Stored<bool> {
    const SQL: &str = "select (select count(*) from blobs
            where sha256 = $1 and size = $2 and state = 'to_fetch')
        + (select count(*) from pictures
            where sha256 = $1 and size = $2 and state in ('to_fetch', 'no_room'))";
    let count: i64 =
        on!(tx, c => sqlx::query_scalar(SQL).bind(sha256).bind(size).fetch_one(c).await)?;
    Ok(count > 0)
}

/// The attachments and pictures whose files are here, whether the hub has them or not.
pub async fn kept(tx: &mut Tx) -> Stored<Vec<Vec<u8>>> {
    const SQL: &str = "select sha256 from blobs where state in ('to_send', 'held')
        union select sha256 from pictures where state in ('pending', 'to_send', 'held')
        order by sha256";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).fetch_all(c).await)?)
}

pub async fn pending_counts(tx: &mut Tx) -> Stored<Vec<(String, i64)>> {
    const SQL: &str = "select state, cast(sum(n) as bigint) from (
            select state, count(*) as n from blobs
            where state in ('to_send', 'to_fetch') group by state
            union all select state, count(*) as n from pictures
            where state in ('to_send', 'to_fetch') group by state
        ) as waiting group by state";
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?)
}
