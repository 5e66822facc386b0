//! The record in the hub's order, a page at a time: all of it, or what
//! concerns one case.

use lapor_migrations::{DbError, Packed, Tx, on};
use lapor_protocol::audit::Ruled;
use lapor_protocol::ids::{CaseId, EnvelopeId, InstanceId};
use sqlx::FromRow;

use super::rulings::ruling;
use super::{digest, id};

/// Rows of one page.
const PAGE: i64 = 2_000;
const COUNT: &str = "select count(*) from envelopes";
const ENVELOPES: &str =
    "select number, line from envelopes where number > $1 order by number limit $2";
const RULINGS: &str = "select r.case_id, r.case_seq, e.id, r.effect, r.reason, \
     r.directory, r.ordered_at from rulings r join envelopes e on e.number = r.number \
     where r.number > $1 and r.number <= $2 order by r.number, r.leg";
const RECEIPTS: &str = "select author, epoch, to_seq, line from receipts \
     where (author, epoch, to_seq) > ($1, $2, $3) order by author, epoch, to_seq limit $4";
const CASE_ENVELOPES: &str = "select e.number, e.line from envelopes e \
     where e.number in (select number from rulings where case_id = $1) order by e.number";
const CASE_RULINGS: &str = "select r.case_id, r.case_seq, e.id, r.effect, \
     r.reason, r.directory, r.ordered_at from rulings r join envelopes e on e.number = r.number \
     where r.case_id = $1 order by r.number, r.leg";
const CASE_RECEIPTS: &str = "select distinct r.author, r.epoch, r.to_seq, r.line from receipts r \
     join envelopes e on e.author = r.author and e.epoch = r.epoch \
     and e.seq >= r.from_seq and e.seq <= r.to_seq \
     where e.number in (select number from rulings where case_id = $1) \
     order by r.author, r.epoch, r.to_seq";
const CASE_STUBS: &str = "select distinct s.author, s.epoch, s.seq, s.id from envelopes e \
     join receipts r on r.author = e.author and r.epoch = e.epoch \
     and e.seq >= r.from_seq and e.seq <= r.to_seq \
     join envelopes s on s.author = r.author and s.epoch = r.epoch \
     and s.seq >= r.from_seq and s.seq <= r.to_seq \
     where e.number in (select number from rulings where case_id = $1) \
     and s.number not in (select number from rulings where case_id = $1) \
     order by s.author, s.epoch, s.seq";

#[derive(FromRow)]
struct RulingRow {
    case_id: Option<String>,
    case_seq: Option<i64>,
    id: Vec<u8>,
    effect: String,
    reason: Option<String>,
    directory: i64,
    ordered_at: i64,
}

/// Where a walk through the receipts stands.
#[derive(Debug, Clone, Default)]
pub struct ReceiptCursor {
    author: String,
    epoch: i64,
    to_seq: i64,
}

/// An envelope known by its place: author, epoch, seq, id.
pub type Place = (InstanceId, u32, u64, EnvelopeId);

pub async fn count(tx: &mut Tx) -> Result<u64, DbError> {
    let count: i64 = on!(tx, conn => sqlx::query_scalar(COUNT).fetch_one(conn).await)?;
    Ok(count as u64)
}

/// Envelopes after a number: number, line.
pub async fn envelopes(tx: &mut Tx, after: i64) -> Result<Vec<(i64, String)>, DbError> {
    let rows: Vec<(i64, Packed<String>)> = on!(tx, conn => sqlx::query_as(ENVELOPES)
        .bind(after)
        .bind(PAGE)
        .fetch_all(conn)
        .await)?;
    let rows = rows.into_iter();
    Ok(rows.map(|(number, line)| (number, line.line())).collect())
}

/// Rulings of the envelopes after a number, up to another.
pub async fn rulings(tx: &mut Tx, after: i64, to: i64) -> Result<Vec<Ruled>, DbError> {
    let rows: Vec<RulingRow> = on!(tx, conn => sqlx::query_as(RULINGS)
        .bind(after)
        .bind(to)
        .fetch_all(conn)
        .await)?;
    rows.into_iter().map(ruled).collect()
}

/// The next receipts, and where they end; none at the end.
pub async fn receipts(
    tx: &mut Tx,
    after: &ReceiptCursor,
) -> Result<Option<(ReceiptCursor, Vec<String>)>, DbError> {
    let rows: Vec<(String, i64, i64, String)> = on!(tx, conn => sqlx::query_as(RECEIPTS)
        .bind(&after.author)
        .bind(after.epoch)
        .bind(after.to_seq)
        .bind(PAGE)
        .fetch_all(conn)
        .await)?;
    let last = rows.last().map(|(author, epoch, to_seq, _)| ReceiptCursor {
        author: author.clone(),
        epoch: *epoch,
        to_seq: *to_seq,
    });
    Ok(last.map(|last| (last, rows.into_iter().map(|row| row.3).collect())))
}

pub async fn case_envelopes(tx: &mut Tx, case: CaseId) -> Result<Vec<String>, DbError> {
    let rows: Vec<(i64, Packed<String>)> = on!(tx, conn => sqlx::query_as(CASE_ENVELOPES)
        .bind(case.to_string())
        .fetch_all(conn)
        .await)?;
    Ok(rows.into_iter().map(|(_, line)| line.line()).collect())
}

pub async fn case_rulings(tx: &mut Tx, case: CaseId) -> Result<Vec<Ruled>, DbError> {
    let rows: Vec<RulingRow> = on!(tx, conn => sqlx::query_as(CASE_RULINGS)
        .bind(case.to_string())
        .fetch_all(conn)
        .await)?;
    rows.into_iter().map(ruled).collect()
}

/// Receipts whose range covers a message of the case.
pub async fn case_receipts(tx: &mut Tx, case: CaseId) -> Result<Vec<String>, DbError> {
    let rows: Vec<(String, i64, i64, String)> = on!(tx, conn => sqlx::query_as(CASE_RECEIPTS)
        .bind(case.to_string())
        .fetch_all(conn)
        .await)?;
    Ok(rows.into_iter().map(|row| row.3).collect())
}

/// What else those receipts cover.
pub async fn case_stubs(tx: &mut Tx, case: CaseId) -> Result<Vec<Place>, DbError> {
    let rows: Vec<(String, i64, i64, Vec<u8>)> = on!(tx, conn => sqlx::query_as(CASE_STUBS)
        .bind(case.to_string())
        .fetch_all(conn)
        .await)?;
    let place = |(author, epoch, seq, envelope): (String, i64, i64, Vec<u8>)| {
        Ok((id(&author)?, epoch as u32, seq as u64, digest(&envelope)?))
    };
    rows.into_iter().map(place).collect()
}

fn ruled(row: RulingRow) -> Result<Ruled, DbError> {
    Ok(Ruled {
        case: row.case_id.as_deref().map(id).transpose()?,
        case_seq: row.case_seq.map(|seq| seq as u64),
        envelope_id: digest(&row.id)?,
        ruling: ruling(row.effect, row.reason)?,
        directory: row.directory as u64,
        ordered_at: row.ordered_at,
    })
}
