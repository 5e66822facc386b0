//! What members have brought back since a loss was shown, until it has its
//! place in the record again.

use std::collections::BTreeMap;

use lapor_migrations::{DbError, Tx, on};
use lapor_protocol::delivery::Cursor;
use lapor_protocol::ids::{Digest, EnvelopeId, InstanceId};
use lapor_protocol::receipt::Receipt;
use sqlx::FromRow;

use super::{bytes, digest, id};
use crate::streams::StreamKey;

const ADD_ITEM: &str = "insert into retrieved_items (recipient, depoch, dseq, hash, item) \
     values ($1, $2, $3, $4, $5) on conflict (recipient, depoch, dseq) do nothing";
const ITEM: &str =
    "select hash from retrieved_items where recipient = $1 and depoch = $2 and dseq = $3";
/// The last of a run without holes that goes back from a place.
const RUN: &str = "select a.dseq, a.item from retrieved_items a \
     where a.recipient = $1 and a.depoch = $2 and a.dseq <= $3 and not exists \
     (select 1 from retrieved_items b \
      where b.recipient = a.recipient and b.depoch = a.depoch and b.dseq = a.dseq - 1) \
     order by a.dseq desc limit 1";
const ITEMS: &str = "select recipient, depoch, dseq, hash, item from retrieved_items \
     where (recipient, depoch, dseq) > ($1, $2, $3) order by recipient, depoch, dseq limit 1000";
const ADD_ENVELOPE: &str = "insert into retrieved_envelopes \
     (id, author, epoch, seq, prev, line, wraps, own) values ($1, $2, $3, $4, $5, $6, $7, $8) \
     on conflict (id) do update set wraps = excluded.wraps, own = excluded.own \
     where retrieved_envelopes.own < excluded.own";
const OWN: &str = "select id from retrieved_envelopes \
     where author = $1 and epoch = $2 and seq = $3 and own = 1";
const OWN_RUN: &str = "select a.seq, a.prev from retrieved_envelopes a \
     where a.author = $1 and a.epoch = $2 and a.seq <= $3 and a.own = 1 and not exists \
     (select 1 from retrieved_envelopes b where b.author = a.author and b.epoch = a.epoch \
      and b.seq = a.seq - 1 and b.own = 1) \
     order by a.seq desc limit 1";
const ENVELOPES: &str = "select r.id, r.author, r.epoch, r.seq, r.prev from retrieved_envelopes r \
     where not exists (select 1 from envelopes e where e.author = r.author and e.epoch = r.epoch \
      and e.seq = r.seq and e.id = r.id)";
const LINE: &str = "select line, wraps from retrieved_envelopes where id = $1";
const ADD_RECEIPT: &str = "insert into retrieved_receipts \
     (author, epoch, from_seq, to_seq, line) values ($1, $2, $3, $4, $5) \
     on conflict (author, epoch, to_seq) do nothing";
const RECEIPTS: &str = "select line from retrieved_receipts order by author, epoch, to_seq";
const NOTE_MEMBER: &str = "insert into retrieved_members \
     (member, versions, items, messages, whole, conflict) values ($1, $2, $3, $4, $5, $6) \
     on conflict (member) do update set versions = retrieved_members.versions + excluded.versions, \
     items = retrieved_members.items + excluded.items, \
     messages = retrieved_members.messages + excluded.messages, \
     whole = excluded.whole, conflict = excluded.conflict";
const MEMBERS: &str =
    "select member, versions, items, messages, whole, conflict from retrieved_members";
const CLEAR: [&str; 3] = [
    "delete from retrieved_items",
    "delete from retrieved_envelopes",
    "delete from retrieved_receipts",
];
const FORGET_MEMBERS: &str = "delete from retrieved_members";
const FORGET_BROUGHT: &str = "delete from retrieved_members where conflict is null";

/// What a member has brought since the loss was shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, FromRow)]
pub struct Brought {
    pub member: String,
    /// Versions of the directory.
    pub versions: i64,
    /// Items of its inbox and of the public stream.
    pub items: i64,
    /// Own messages.
    pub messages: i64,
    /// 1 where nothing more is wanted of it.
    pub whole: i64,
    /// What of it contradicts the record, as JSON.
    pub conflict: Option<String>,
}

impl Brought {
    /// All that it has brought.
    pub fn count(&self) -> u64 {
        (self.versions + self.items + self.messages) as u64
    }
}

/// An item as it was brought.
#[derive(Debug)]
pub struct Item {
    pub to: String,
    pub depoch: u32,
    pub dseq: u64,
    pub hash: Digest,
    pub text: String,
}

/// A message that was brought, without its bytes.
#[derive(Debug, Clone)]
pub struct Place {
    pub id: EnvelopeId,
    pub author: InstanceId,
    pub epoch: u32,
    pub seq: u64,
    pub prev: EnvelopeId,
}

pub async fn add_item(tx: &mut Tx, to: &StreamKey, at: Cursor, item: &str) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(ADD_ITEM)
        .bind(to.column())
        .bind(i64::from(at.depoch))
        .bind(at.dseq as i64)
        .bind(bytes(at.hash))
        .bind(item)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// The hash of the item that was brought for a place.
pub async fn item(
    tx: &mut Tx,
    to: &StreamKey,
    depoch: u32,
    dseq: u64,
) -> Result<Option<Digest>, DbError> {
    let hash: Option<Vec<u8>> = on!(tx, conn => sqlx::query_scalar(ITEM)
        .bind(to.column())
        .bind(i64::from(depoch))
        .bind(dseq as i64)
        .fetch_optional(conn)
        .await)?;
    hash.map(|hash| digest(&hash)).transpose()
}

/// `dseq` and text of the item at which a run without holes begins that reaches a place.
pub async fn run(
    tx: &mut Tx,
    to: &StreamKey,
    depoch: u32,
    dseq: u64,
) -> Result<Option<(u64, String)>, DbError> {
    let row: Option<(i64, String)> = on!(tx, conn => sqlx::query_as(RUN)
        .bind(to.column())
        .bind(i64::from(depoch))
        .bind(dseq as i64)
        .fetch_optional(conn)
        .await)?;
    Ok(row.map(|(dseq, item)| (dseq as u64, item)))
}

/// The next thousand items behind a place: recipient, `depoch`, `dseq`.
pub async fn items(tx: &mut Tx, after: (&str, u32, u64)) -> Result<Vec<Item>, DbError> {
    let rows: Vec<(String, i64, i64, Vec<u8>, String)> = on!(tx, conn => sqlx::query_as(ITEMS)
        .bind(after.0)
        .bind(i64::from(after.1))
        .bind(after.2 as i64)
        .fetch_all(conn)
        .await)?;
    let item = |(to, depoch, dseq, hash, text): (String, i64, i64, Vec<u8>, String)| {
        Ok(Item {
            to,
            depoch: depoch as u32,
            dseq: dseq as u64,
            hash: digest(&hash)?,
            text,
        })
    };
    rows.into_iter().map(item).collect()
}

/// Keeps a message; `wraps` are there where its author has brought it.
pub async fn add_envelope(
    tx: &mut Tx,
    place: &Place,
    line: &str,
    wraps: Option<&str>,
) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(ADD_ENVELOPE)
        .bind(bytes(place.id))
        .bind(place.author.as_str())
        .bind(i64::from(place.epoch))
        .bind(place.seq as i64)
        .bind(bytes(place.prev))
        .bind(line)
        .bind(wraps.unwrap_or("[]"))
        .bind(i64::from(wraps.is_some()))
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// The message that an author has brought for a place of its chain.
pub async fn own(
    tx: &mut Tx,
    author: &InstanceId,
    epoch: u32,
    seq: u64,
) -> Result<Option<EnvelopeId>, DbError> {
    let id: Option<Vec<u8>> = on!(tx, conn => sqlx::query_scalar(OWN)
        .bind(author.as_str())
        .bind(i64::from(epoch))
        .bind(seq as i64)
        .fetch_optional(conn)
        .await)?;
    id.map(|id| digest(&id)).transpose()
}

/// `seq` and `prev` of the message at which a run without holes begins that reaches a place.
pub async fn own_run(
    tx: &mut Tx,
    author: &InstanceId,
    epoch: u32,
    seq: u64,
) -> Result<Option<(u64, EnvelopeId)>, DbError> {
    let row: Option<(i64, Vec<u8>)> = on!(tx, conn => sqlx::query_as(OWN_RUN)
        .bind(author.as_str())
        .bind(i64::from(epoch))
        .bind(seq as i64)
        .fetch_optional(conn)
        .await)?;
    row.map(|(seq, prev)| Ok((seq as u64, digest(&prev)?)))
        .transpose()
}

/// Every message that was brought and is not in the record.
pub async fn envelopes(tx: &mut Tx) -> Result<Vec<Place>, DbError> {
    type Row = (Vec<u8>, String, i64, i64, Vec<u8>);
    let rows: Vec<Row> = on!(tx, conn => sqlx::query_as(ENVELOPES).fetch_all(conn).await)?;
    let place = |(envelope, author, epoch, seq, prev): Row| {
        Ok(Place {
            id: digest(&envelope)?,
            author: id(&author)?,
            epoch: epoch as u32,
            seq: seq as u64,
            prev: digest(&prev)?,
        })
    };
    rows.into_iter().map(place).collect()
}

/// Line and wraps (JSON) of a message.
pub async fn line(tx: &mut Tx, envelope: EnvelopeId) -> Result<Option<(String, String)>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(LINE)
        .bind(bytes(envelope))
        .fetch_optional(conn)
        .await)?)
}

pub async fn add_receipt(tx: &mut Tx, receipt: &Receipt, line: &str) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(ADD_RECEIPT)
        .bind(receipt.author.as_str())
        .bind(i64::from(receipt.epoch))
        .bind(receipt.from as i64)
        .bind(receipt.to as i64)
        .bind(line)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

pub async fn receipts(tx: &mut Tx) -> Result<Vec<String>, DbError> {
    Ok(on!(tx, conn => sqlx::query_scalar(RECEIPTS).fetch_all(conn).await)?)
}

/// Adds to what a member has brought, and says how it stands now.
pub async fn note_member(tx: &mut Tx, brought: &Brought) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(NOTE_MEMBER)
        .bind(&brought.member)
        .bind(brought.versions)
        .bind(brought.items)
        .bind(brought.messages)
        .bind(brought.whole)
        .bind(brought.conflict.as_deref())
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

pub async fn members(tx: &mut Tx) -> Result<BTreeMap<InstanceId, Brought>, DbError> {
    let rows: Vec<Brought> = on!(tx, conn => sqlx::query_as(MEMBERS).fetch_all(conn).await)?;
    rows.into_iter()
        .map(|row| Ok((id(&row.member)?, row)))
        .collect()
}

/// Forgets what has its place in the record; who brought how much is kept.
pub async fn clear(tx: &mut Tx) -> Result<(), DbError> {
    for sql in CLEAR {
        on!(tx, conn => sqlx::query(sql).execute(conn).await.map(drop))?;
    }
    Ok(())
}

/// Forgets who brought what, when another loss is shown; what contradicted the record does so still.
pub async fn forget_brought(tx: &mut Tx) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(FORGET_BROUGHT).execute(conn).await.map(drop))?;
    Ok(())
}

/// Forgets who brought what, and who contradicted.
pub async fn forget_members(tx: &mut Tx) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(FORGET_MEMBERS).execute(conn).await.map(drop))?;
    Ok(())
}
