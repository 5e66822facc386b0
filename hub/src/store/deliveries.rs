//! The recipients' streams: items exactly as hashed, and where each stands.

use std::collections::HashMap;

use futures_util::TryStreamExt as _;
use lapor_migrations::{Bulk, DbError, Packed, Tx, Value, on};
use lapor_protocol::delivery::Cursor;
use lapor_protocol::ids::{CaseId, EnvelopeId, InstanceId};

use super::{bytes, digest, id};
use crate::streams::StreamKey;

static INSERT: Bulk = Bulk::new(
    "insert into deliveries (recipient, depoch, dseq, item, number, case_id, whole) values",
    7,
    "",
);
/// Few items are of this kind: the others carry nothing for it.
static INSERT_LATER: Bulk = Bulk::new(
    "insert into deliveries (recipient, depoch, dseq, item, number, case_id, whole, told_later_at) \
     values",
    8,
    "",
);
static SAVE_HEADS: Bulk = Bulk::new(
    "insert into streams (recipient, depoch, dseq, hash, number) values",
    5,
    "on conflict (recipient) do update set depoch = excluded.depoch, dseq = excluded.dseq, \
     hash = excluded.hash, number = excluded.number",
);
static ORDERED: Bulk = Bulk::new(
    "with v (recipient, depoch, dseq) as (values",
    3,
    ") select d.recipient, d.dseq, coalesce(d.told_later_at, e.accepted_at) from v \
     join deliveries d on d.recipient = v.recipient and d.depoch = v.depoch and d.dseq = v.dseq \
     join envelopes e on e.number = d.number",
);
const HEADS: &str = "select recipient, depoch, dseq, hash from streams";
const GROWN: &str = "select recipient, depoch, dseq, hash from streams where number > $1";
const END: &str = "select dseq from streams where recipient = $1 and depoch = $2";
const ITEM: &str = "select item from deliveries where recipient = $1 and depoch = $2 and dseq = $3";
const PAGE: &str = "select d.item, d.number, d.case_id, e.id, e.line, e.trace from deliveries d \
     left join envelopes e on e.number = d.number and d.whole = 1 \
     where d.recipient = $1 and d.depoch = $2 and d.dseq > $3 order by d.dseq limit $4";

/// Links and other kinds of several legs are of cases and not here.
const APPLIED_IN_PUBLIC: &str = "select d.depoch, d.dseq, d.number, e.line from deliveries d \
     join envelopes e on e.number = d.number \
     join rulings r on r.number = d.number and r.effect = 'applied' \
     where d.recipient = '' and (d.depoch, d.dseq) > ($1, $2) order by d.depoch, d.dseq limit $3";

/// A place on the public stream: `depoch` and `dseq`.
pub type PublicPlace = (i64, i64);

/// Recipient, `depoch`, `dseq` and hash of a stream's last item.
type HeadRow = (String, i64, i64, Vec<u8>);

/// A row on its way into the table.
#[derive(Debug)]
pub struct NewDelivery {
    pub to: StreamKey,
    pub depoch: u32,
    pub dseq: u64,
    /// The exact bytes of the item.
    pub item: String,
    pub number: i64,
    pub case: Option<CaseId>,
    /// Whether the envelope travels beside it.
    pub whole: bool,
    /// Unix ms; when it was put there, where its message was ordered before.
    pub told_later_at: Option<i64>,
}

/// One item of a page.
#[derive(Debug)]
pub struct PageRow {
    pub item: String,
    pub number: i64,
    pub case: Option<CaseId>,
    /// Of the envelope that travels beside it, if one does.
    pub id: Option<EnvelopeId>,
    pub line: Option<String>,
    pub trace: Option<String>,
}

/// Applied messages of the public stream behind a place, with their numbers in
/// the hub's order and their envelopes.
pub async fn applied_in_public(
    tx: &mut Tx,
    after: &PublicPlace,
    limit: i64,
) -> Result<Vec<(PublicPlace, i64, String)>, DbError> {
    let rows: Vec<(i64, i64, i64, Packed<String>)> = on!(tx, conn => sqlx::query_as(APPLIED_IN_PUBLIC)
            .bind(after.0)
            .bind(after.1)
            .bind(limit)
            .fetch_all(conn)
            .await)?;
    let rows = rows.into_iter();
    Ok(rows
        .map(|(depoch, dseq, number, line)| ((depoch, dseq), number, line.line()))
        .collect())
}

pub async fn insert(tx: &mut Tx, rows: Vec<NewDelivery>) -> Result<(), DbError> {
    let mut values = Vec::with_capacity(rows.len() * 7);
    let mut later = Vec::new();
    for row in rows {
        let told_later_at = row.told_later_at;
        let into = match told_later_at {
            None => &mut values,
            Some(_) => &mut later,
        };
        into.extend([
            Value::from(row.to.column()),
            i64::from(row.depoch).into(),
            (row.dseq as i64).into(),
            row.item.into(),
            row.number.into(),
            row.case.map(|case| case.to_string()).into(),
            i64::from(row.whole).into(),
        ]);
        into.extend(told_later_at.map(Value::from));
    }
    tx.run_rows(&INSERT, values).await?;
    tx.run_rows(&INSERT_LATER, later).await.map(drop)
}

/// Notes where streams stand that have grown up to a number in the hub's order.
pub async fn save_heads<'a>(
    tx: &mut Tx,
    heads: impl IntoIterator<Item = (&'a StreamKey, &'a Cursor)>,
    number: i64,
) -> Result<(), DbError> {
    let values = heads.into_iter().flat_map(|(to, head)| {
        [
            Value::from(to.column()),
            i64::from(head.depoch).into(),
            (head.dseq as i64).into(),
            bytes(head.hash).into(),
            number.into(),
        ]
    });
    tx.run_rows(&SAVE_HEADS, values.collect()).await.map(drop)
}

/// Where every stream stands; one row per instance.
pub async fn heads(tx: &mut Tx) -> Result<Vec<(StreamKey, Cursor)>, DbError> {
    let rows: Vec<HeadRow> = on!(tx, conn => sqlx::query_as(HEADS).fetch_all(conn).await)?;
    rows.into_iter().map(stands).collect()
}

/// Those that have grown since a number in the hub's order.
pub async fn grown(tx: &mut Tx, since: i64) -> Result<Vec<(StreamKey, Cursor)>, DbError> {
    let rows: Vec<HeadRow> =
        on!(tx, conn => sqlx::query_as(GROWN).bind(since).fetch_all(conn).await)?;
    rows.into_iter().map(stands).collect()
}

fn stands((recipient, depoch, dseq, hash): HeadRow) -> Result<(StreamKey, Cursor), DbError> {
    let to = match recipient.as_str() {
        "" => StreamKey::Public,
        slug => StreamKey::Inbox(id(slug)?),
    };
    let head = Cursor {
        depoch: depoch as u32,
        dseq: dseq as u64,
        hash: digest(&hash)?,
    };
    Ok((to, head))
}

/// The last `dseq` of a stream in a generation; 0 before the first.
pub async fn end(tx: &mut Tx, to: &StreamKey, depoch: u32) -> Result<u64, DbError> {
    let dseq: Option<i64> = on!(tx, conn => sqlx::query_scalar(END)
        .bind(to.column())
        .bind(i64::from(depoch))
        .fetch_optional(conn)
        .await)?;
    Ok(dseq.unwrap_or_default() as u64)
}

/// When items were put into inboxes (Unix ms), by recipient and `dseq`.
pub async fn told_at(
    tx: &mut Tx,
    depoch: u32,
    places: impl IntoIterator<Item = (&InstanceId, u64)>,
) -> Result<HashMap<(InstanceId, u64), i64>, DbError> {
    let values = places.into_iter().flat_map(|(recipient, dseq)| {
        [
            Value::from(recipient.as_str()),
            i64::from(depoch).into(),
            (dseq as i64).into(),
        ]
    });
    let rows: Vec<(String, i64, i64)> = tx.fetch_rows(&ORDERED, values.collect()).await?;
    rows.into_iter()
        .map(|(recipient, dseq, at)| Ok(((id(&recipient)?, dseq as u64), at)))
        .collect()
}

/// The exact bytes of one item.
pub async fn item(
    tx: &mut Tx,
    to: &StreamKey,
    depoch: u32,
    dseq: u64,
) -> Result<Option<String>, DbError> {
    Ok(on!(tx, conn => sqlx::query_scalar(ITEM)
        .bind(to.column())
        .bind(i64::from(depoch))
        .bind(dseq as i64)
        .fetch_optional(conn)
        .await)?)
}

/// The items after a position, until they are `most` or have more than
/// `most_bytes` together.
pub async fn page(
    tx: &mut Tx,
    to: &StreamKey,
    after: Cursor,
    most: usize,
    most_bytes: usize,
) -> Result<Vec<PageRow>, DbError> {
    type Row = (
        String,
        i64,
        Option<String>,
        Option<Vec<u8>>,
        Packed<Option<String>>,
        Option<String>,
    );
    let mut page: Vec<PageRow> = Vec::new();
    let mut size = 0;
    on!(tx, conn => {
        let mut rows = sqlx::query_as::<_, Row>(PAGE)
            .bind(to.column())
            .bind(i64::from(after.depoch))
            .bind(after.dseq as i64)
            .bind(most as i64)
            .fetch(conn);
        while let Some((item, number, case, envelope, line, trace)) = rows.try_next().await? {
            let line = line.line();
            size += item.len() + line.as_ref().map_or(0, String::len);
            let case = case.as_deref().map(id).transpose()?;
            let id = envelope.as_deref().map(digest).transpose()?;
            page.push(PageRow { item, number, case, id, line, trace });
            if size > most_bytes {
                break;
            }
        }
    });
    Ok(page)
}
