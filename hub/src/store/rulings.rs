//! What the hub decided about each envelope, and a case's history by it.

use std::collections::BTreeSet;

use lapor_migrations::{Bulk, DbError, Packed, Tx, Value, on};
use lapor_protocol::case::Ruling;
use lapor_protocol::ids::{CaseId, EnvelopeId};

use super::{bytes, code_of, digest, from_code, id};

static INSERT: Bulk = Bulk::new(
    "insert into rulings (number, leg, case_id, case_seq, effect, reason, first, directory, ordered_at) values",
    9,
    "",
);
static HISTORY: Bulk = Bulk::new(
    "with v (case_id) as (values",
    1,
    ") select r.case_id, r.case_seq, r.number, r.effect, r.reason, r.directory, r.ordered_at, e.id, e.line \
     from v join rulings r on r.case_id = v.case_id and r.case_seq >= 1 \
     join envelopes e on e.number = r.number order by r.case_id, r.case_seq",
);
const CASES: &str =
    "select case_id from rulings where number = $1 and case_seq is not null order by leg";
const EFFECT: &str = "select effect from rulings where number = $1 and leg = 0";

/// A row on its way into the table.
#[derive(Debug)]
pub struct NewRuling {
    pub number: i64,
    /// 0 in the case of the header, 1 in the second case.
    pub leg: i64,
    pub case: Option<CaseId>,
    pub case_seq: Option<u64>,
    pub ruling: Ruling,
    /// For a duplicate: the envelope that was first.
    pub first: Option<EnvelopeId>,
    pub directory: u64,
    /// Unix ms.
    pub ordered_at: i64,
}

/// One message with a place in a case.
#[derive(Debug)]
pub struct Placed {
    pub case: CaseId,
    pub case_seq: u64,
    pub number: i64,
    pub ruling: Ruling,
    pub directory: u64,
    pub ordered_at: i64,
    pub id: EnvelopeId,
    pub line: String,
}

type Row = (
    String,
    i64,
    i64,
    String,
    Option<String>,
    i64,
    i64,
    Vec<u8>,
    Packed<String>,
);

pub async fn insert(tx: &mut Tx, rows: Vec<NewRuling>) -> Result<(), DbError> {
    let mut values = Vec::with_capacity(rows.len() * 9);
    for row in rows {
        values.extend([
            Value::from(row.number),
            row.leg.into(),
            row.case.map(|case| case.to_string()).into(),
            row.case_seq.map(|seq| seq as i64).into(),
            row.ruling.effect.as_str().into(),
            row.ruling.reason.as_ref().map(code_of).into(),
            row.first.map(bytes).into(),
            (row.directory as i64).into(),
            row.ordered_at.into(),
        ]);
    }
    tx.run_rows(&INSERT, values).await.map(drop)
}

/// Every placed message of these cases, those of a case in the order of their places. None is held behind
/// the next: a case may have any number.
pub async fn history<E>(
    tx: &mut Tx,
    cases: BTreeSet<CaseId>,
    mut take: impl FnMut(Placed) -> Result<(), E> + Send,
) -> Result<(), E>
where
    E: From<DbError> + Send,
{
    let values = cases.into_iter().map(|case| Value::from(case.to_string()));
    tx.each_row(&HISTORY, values.collect(), |row: Row| take(from_row(row)?))
        .await
}

/// The cases in which a message has a place.
pub async fn cases(tx: &mut Tx, number: i64) -> Result<Vec<CaseId>, DbError> {
    let rows: Vec<String> =
        on!(tx, conn => sqlx::query_scalar(CASES).bind(number).fetch_all(conn).await)?;
    rows.iter().map(|case| id(case)).collect()
}

/// Whether a message was applied where its header says.
pub async fn applied(tx: &mut Tx, number: i64) -> Result<bool, DbError> {
    let effect: Option<String> =
        on!(tx, conn => sqlx::query_scalar(EFFECT).bind(number).fetch_optional(conn).await)?;
    Ok(effect.as_deref() == Some("applied"))
}

fn from_row(row: Row) -> Result<Placed, DbError> {
    let (case, case_seq, number, effect, reason, directory, ordered_at, envelope, line) = row;
    Ok(Placed {
        case: id(&case)?,
        case_seq: case_seq as u64,
        number,
        ruling: ruling(effect, reason)?,
        directory: directory as u64,
        ordered_at,
        id: digest(&envelope)?,
        line: line.line(),
    })
}

/// A ruling from its two columns.
pub fn ruling(effect: String, reason: Option<String>) -> Result<Ruling, DbError> {
    Ok(Ruling {
        effect: from_code(effect)?,
        reason: reason.map(from_code).transpose()?,
    })
}
