//! Answers that a superior sees before they are sent.

use lapor_migrations::{Bulk, Composed, Tx, Value, on};
use sqlx::FromRow;

use super::Stored;
use super::lists::{Limits, limit};

pub const WAITING: &str = "waiting";
pub const PUBLISHED: &str = "published";
pub const RETURNED: &str = "returned";

#[derive(Clone, PartialEq, Eq, FromRow)]
pub struct DraftRow {
    pub id: String,
    pub case_id: String,
    pub answer: String,
    pub proposes_to_close: i64,
    pub written_by: String,
    pub written_at: i64,
    pub state: String,
    pub decided_by: Option<String>,
    pub decided_at: Option<i64>,
    pub remark: Option<String>,
    pub message_id: Option<String>,
}

/// Drafts with all their columns, under a condition.
macro_rules! drafts {
    ($condition:literal) => {
        concat!(
            "select id, case_id, answer, proposes_to_close, written_by, written_at, state,
            decided_by, decided_at, remark, message_id
        from answer_drafts ",
            $condition
        )
    };
}

/// What a superior decided.
pub struct Decision<'a> {
    pub state: &'a str,
    pub by: &'a str,
    pub at: i64,
    pub remark: Option<&'a str>,
    pub message: Option<&'a str>,
}

/// A file that goes with a draft.
#[derive(Clone, PartialEq, Eq, FromRow)]
pub struct FileRow {
    pub draft_id: String,
    pub upload: String,
    pub media_type: String,
    pub size: i64,
}

/// Adds a draft, or corrects one of the same id that waits. Whether it did.
pub async fn put(tx: &mut Tx, row: &DraftRow) -> Stored<bool> {
    const SQL: &str = "insert into answer_drafts
            (id, case_id, answer, proposes_to_close, written_by, written_at, state)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (id) do update set answer = excluded.answer,
            proposes_to_close = excluded.proposes_to_close, written_at = excluded.written_at
        where answer_drafts.state = 'waiting' and answer_drafts.case_id = excluded.case_id";
    let put = on!(tx, c => sqlx::query(SQL)
        .bind(&row.id)
        .bind(&row.case_id)
        .bind(&row.answer)
        .bind(row.proposes_to_close)
        .bind(&row.written_by)
        .bind(row.written_at)
        .bind(&row.state)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(put > 0)
}

pub async fn one(tx: &mut Tx, id: &str) -> Stored<Option<DraftRow>> {
    const SQL: &str = drafts!("where id = $1");
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(id).fetch_optional(c).await)?)
}

/// Those of a case, oldest first.
pub async fn of_case(tx: &mut Tx, case_id: &str) -> Stored<Vec<DraftRow>> {
    const SQL: &str = drafts!("where case_id = $1 order by written_at, id");
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(case_id).fetch_all(c).await)?)
}

/// Those that wait for a superior about cases that whoever asks may see, oldest first; behind them
/// those of cases that take no answer of ours now.
pub async fn waiting(tx: &mut Tx, limits: Limits<'_>, most: i64) -> Stored<Vec<DraftRow>> {
    let mut query = Composed::new(
        "select d.id, d.case_id, d.answer, d.proposes_to_close, d.written_by, d.written_at,
            d.state, d.decided_by, d.decided_at, d.remark, d.message_id
        from answer_drafts d join cases on cases.case_id = d.case_id
        where d.state = 'waiting'",
    );
    limit(&mut query, limits);
    query.add(
        " order by case when tray in ('elsewhere', 'ended') then 1 else 0 end, d.written_at, d.id
        limit {}",
        [most.into()],
    );
    tx.fetch_composed(query).await
}

static OF_CASES: Bulk = Bulk::new(
    "with v (case_id) as (values",
    1,
    ") select case_id, state from answer_drafts
        where case_id in (select case_id from v) and answer <> '' order by written_at, id",
);

/// Of the named cases, what became of each draft that still says something, oldest first.
pub async fn states(tx: &mut Tx, cases: Vec<Value>) -> Stored<Vec<(String, String)>> {
    tx.fetch_rows(&OF_CASES, cases).await
}

/// Cases whose last draft somebody wrote and was given back, the oldest first.
pub async fn returned_to(tx: &mut Tx, actor: &str, most: i64) -> Stored<Vec<String>> {
    const SQL: &str = "select d.case_id from answer_drafts d
        where d.state = 'returned' and d.written_by = $1 and d.answer <> ''
            and not exists (select 1 from answer_drafts later where later.case_id = d.case_id
                and (later.written_at > d.written_at
                    or (later.written_at = d.written_at and later.id > d.id)))
        order by d.decided_at limit $2";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(actor).bind(most).fetch_all(c).await)?)
}

/// Decides a draft that waits; how many that were, 0 or 1.
pub async fn decide(tx: &mut Tx, id: &str, decision: &Decision<'_>) -> Stored<u64> {
    const SQL: &str = "update answer_drafts set state = $2, decided_by = $3, decided_at = $4,
            remark = $5, message_id = $6
        where id = $1 and state = 'waiting'";
    Ok(on!(tx, c => sqlx::query(SQL)
        .bind(id)
        .bind(decision.state)
        .bind(decision.by)
        .bind(decision.at)
        .bind(decision.remark)
        .bind(decision.message)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?)
}

/// Forgets what the drafts of a case say and bring; who wrote and signed them stays. Their files
/// are removed with the next uploads that have expired.
pub async fn forget(tx: &mut Tx, case_id: &str) -> Stored<()> {
    const EXPIRE: &str = "update uploads set created_at = 0 where id in (select f.upload
        from answer_draft_files f join answer_drafts d on d.id = f.draft_id
        where d.case_id = $1)";
    const RELEASE: &str = "delete from answer_draft_files
        where draft_id in (select id from answer_drafts where case_id = $1)";
    const FORGET: &str = "update answer_drafts set answer = '', remark = null,
            state = case state when 'waiting' then 'returned' else state end
        where case_id = $1";
    for sql in [EXPIRE, RELEASE, FORGET] {
        on!(tx, c => sqlx::query(sql).bind(case_id).execute(c).await.map(drop))?;
    }
    Ok(())
}

static FILES: Bulk = Bulk::new(
    "with v (draft_id) as (values",
    1,
    ") select f.draft_id, f.upload, u.media_type, u.size
        from answer_draft_files f join uploads u on u.id = f.upload
        where f.draft_id in (select draft_id from v) order by f.draft_id, f.place",
);

/// The files of the named drafts, each draft's in their order.
pub async fn files(tx: &mut Tx, drafts: Vec<Value>) -> Stored<Vec<FileRow>> {
    tx.fetch_rows(&FILES, drafts).await
}

static HOLD: Bulk = Bulk::new(
    "insert into answer_draft_files (upload, draft_id, place) values",
    3,
    "on conflict (upload) do nothing",
);

/// Keeps uploads for a draft, in this order and no others. Those of them that an earlier draft of
/// the case has kept which was given back are this one's. How many are kept: one that any other
/// draft keeps is not among them.
pub async fn hold(tx: &mut Tx, draft: &str, case_id: &str, uploads: &[String]) -> Stored<u64> {
    release(tx, draft).await?;
    for upload in uploads {
        give_up(tx, upload, case_id).await?;
    }
    let rows = uploads.iter().enumerate().flat_map(|(place, upload)| {
        [
            Value::from(upload.as_str()),
            draft.to_owned().into(),
            (place as i64).into(),
        ]
    });
    tx.run_rows(&HOLD, rows.collect()).await
}

/// Bytes of the files that all drafts together keep.
pub async fn bytes(tx: &mut Tx) -> Stored<i64> {
    const SQL: &str = "select cast(coalesce(sum(u.size), 0) as bigint)
        from answer_draft_files f join uploads u on u.id = f.upload";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).fetch_one(c).await)?)
}

/// Keeps nothing more for drafts that were given back before a moment (Unix ms).
pub async fn release_old(tx: &mut Tx, before: i64) -> Stored<()> {
    const SQL: &str = "delete from answer_draft_files where draft_id in
        (select id from answer_drafts where state = 'returned' and decided_at < $1)";
    Ok(on!(tx, c => sqlx::query(SQL).bind(before).execute(c).await.map(drop))?)
}

/// The draft that keeps an upload.
pub async fn keeper(tx: &mut Tx, upload: &str) -> Stored<Option<String>> {
    const SQL: &str = "select draft_id from answer_draft_files where upload = $1";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(upload).fetch_optional(c).await)?)
}

/// Gives an upload up that a draft of the case keeps which was given back.
pub async fn give_up(tx: &mut Tx, upload: &str, case_id: &str) -> Stored<()> {
    const SQL: &str = "delete from answer_draft_files where upload = $1
        and draft_id in (select id from answer_drafts where case_id = $2 and state = 'returned')";
    Ok(on!(tx, c => sqlx::query(SQL).bind(upload).bind(case_id).execute(c).await.map(drop))?)
}

/// Keeps nothing more for a draft.
pub async fn release(tx: &mut Tx, draft: &str) -> Stored<()> {
    const SQL: &str = "delete from answer_draft_files where draft_id = $1";
    Ok(on!(tx, c => sqlx::query(SQL).bind(draft).execute(c).await.map(drop))?)
}
