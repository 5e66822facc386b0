//! Accepted envelopes, exactly as their authors sent them; their lines are kept packed
//! ([`lapor_migrations::pack`]).

use std::collections::BTreeSet;

use futures_util::TryStreamExt as _;
use lapor_migrations::{Bulk, DbError, Packed, Tx, Value, on};
use lapor_protocol::ids::{CaseId, EnvelopeId, InstanceId, MessageId};
use sqlx::FromRow;

use super::{bytes, digest, id};

/// The text of a query for the message that has an id. It is looked for in one span of the order after
/// another, the latest first; what comes first there is indexed with the id.
macro_rules! by_id {
    ($before:literal, $after:literal) => {
        concat!(
            "with recursive spans (span) as (select max(number) >> 13 from envelopes \
             union all select span - 1 from spans where span > 0) ",
            $before,
            " from spans cross join envelopes e \
             where e.number >> 13 = spans.span and e.id = $1 limit 1",
            $after
        )
    };
}

static INSERT: Bulk = Bulk::new(
    "insert into envelopes (number, id, author, epoch, seq, message_id, case_id, kind, line, trace, accepted_at) values",
    11,
    "",
);
/// The first alone: an author may have sent one id ten thousand times.
static SEEN: Bulk = Bulk::new(
    "with v (author, message_id) as (values",
    2,
    ") select v.author, v.message_id, e.id from v \
     join envelopes e on e.number = (select min(f.number) from envelopes f \
     where f.author = v.author and f.message_id = v.message_id)",
);
const COUNTS_AFTER: &str =
    "select author, count(*) from envelopes where number > $1 group by author";
const IDS: &str = "select seq, id from envelopes \
     where author = $1 and epoch = $2 and seq between $3 and $4 order by seq";
const LINES: &str = "select id, line from envelopes \
     where author = $1 and epoch = $2 and seq > $3 order by seq limit $4";
/// The kind stands in the text, so that the index of these few messages is used.
const CALENDARS: &str = "select e.id, e.line, e.accepted_at from envelopes e \
     join rulings r on r.number = e.number and r.leg = 0 \
     where e.kind = 'calendar.updated' and r.effect = 'applied' order by e.number desc";
const TAXONOMIES: &str = "select e.id, e.line, e.accepted_at from envelopes e \
     join rulings r on r.number = e.number and r.leg = 0 \
     where e.kind = 'taxonomy.updated' and r.effect = 'applied' order by e.number desc";
const BY_ID: &str = by_id!("select e.number, e.author, e.case_id, e.line", "");
const HEAD: &str = by_id!(
    "select e.author, e.epoch, e.seq, e.message_id, e.accepted_at, e.line, e.trace",
    ""
);
const NUMBER: &str = by_id!("select e.number", "");
const MEND: &str = by_id!(
    "update envelopes set line = $2 where number = (select e.number",
    ")"
);
const AT: &str = "select id from envelopes where number = $1";

/// A row on its way into the table.
#[derive(Debug)]
pub struct NewEnvelope {
    pub number: i64,
    pub id: EnvelopeId,
    pub author: InstanceId,
    pub epoch: u32,
    pub seq: u64,
    pub message_id: MessageId,
    pub case: Option<CaseId>,
    pub kind: String,
    /// Its line, packed.
    pub kept: Vec<u8>,
    pub trace: Option<String>,
    /// Unix ms.
    pub accepted_at: i64,
}

/// An edition that has been published.
#[derive(Debug)]
pub struct PublishedRow {
    pub id: EnvelopeId,
    pub line: String,
    /// Unix ms; when it was accepted.
    pub at: i64,
}

/// The first envelope that had this author's message id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub author: InstanceId,
    pub message_id: MessageId,
    pub id: EnvelopeId,
}

/// A stored envelope.
#[derive(Debug, Clone)]
pub struct Stored {
    pub number: i64,
    pub author: InstanceId,
    pub case: Option<CaseId>,
    pub line: String,
}

/// How long the line of an envelope is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineBytes(pub usize);

impl From<Packed<String>> for LineBytes {
    fn from(packed: Packed<String>) -> Self {
        Self(packed.line().len())
    }
}

/// What stands beside the words of an envelope.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Head {
    pub author: String,
    pub epoch: i64,
    pub seq: i64,
    pub message_id: String,
    /// Unix ms.
    pub accepted_at: i64,
    #[sqlx(rename = "line", try_from = "Packed<String>")]
    pub bytes: LineBytes,
    pub trace: Option<String>,
}

pub async fn insert(tx: &mut Tx, rows: Vec<NewEnvelope>) -> Result<(), DbError> {
    let mut values = Vec::with_capacity(rows.len() * 11);
    for row in rows {
        values.extend([
            Value::from(row.number),
            bytes(row.id).into(),
            row.author.as_str().into(),
            i64::from(row.epoch).into(),
            (row.seq as i64).into(),
            row.message_id.to_string().into(),
            row.case.map(|case| case.to_string()).into(),
            row.kind.into(),
            row.kept.into(),
            row.trace.into(),
            row.accepted_at.into(),
        ]);
    }
    tx.run_rows(&INSERT, values).await.map(drop)
}

/// The message that has a number in the hub's order.
pub async fn at(tx: &mut Tx, number: i64) -> Result<Option<EnvelopeId>, DbError> {
    let found: Option<Vec<u8>> =
        on!(tx, conn => sqlx::query_scalar(AT).bind(number).fetch_optional(conn).await)?;
    found.as_deref().map(digest).transpose()
}

/// Of these messages, those that have been accepted before, each as it came first.
pub async fn seen(
    tx: &mut Tx,
    messages: BTreeSet<(&InstanceId, MessageId)>,
) -> Result<Vec<Seen>, DbError> {
    let values = messages
        .into_iter()
        .flat_map(|(author, id)| [Value::from(author.as_str()), id.to_string().into()]);
    let rows: Vec<(String, String, Vec<u8>)> = tx.fetch_rows(&SEEN, values.collect()).await?;
    rows.into_iter()
        .map(|(author, message_id, envelope)| {
            Ok(Seen {
                author: id(&author)?,
                message_id: id(&message_id)?,
                id: digest(&envelope)?,
            })
        })
        .collect()
}

/// How many of whom came after a number.
pub async fn counts_after(tx: &mut Tx, number: i64) -> Result<Vec<(InstanceId, u64)>, DbError> {
    let rows: Vec<(String, i64)> =
        on!(tx, conn => sqlx::query_as(COUNTS_AFTER).bind(number).fetch_all(conn).await)?;
    let count = |(author, count): (String, i64)| Ok((id(&author)?, count as u64));
    rows.into_iter().map(count).collect()
}

/// Envelope ids at `from..=to` of an epoch, in order.
pub async fn ids(
    tx: &mut Tx,
    author: &InstanceId,
    epoch: u32,
    from: u64,
    to: u64,
) -> Result<Vec<(u64, EnvelopeId)>, DbError> {
    let rows: Vec<(i64, Vec<u8>)> = on!(tx, conn => sqlx::query_as(IDS)
        .bind(author.as_str())
        .bind(i64::from(epoch))
        .bind(from as i64)
        .bind(to as i64)
        .fetch_all(conn)
        .await)?;
    rows.into_iter()
        .map(|(seq, id)| Ok((seq as u64, digest(&id)?)))
        .collect()
}

/// An author's own lines after `after`, each with its id, until they have more than `most_bytes`
/// together or are `most`.
pub async fn lines(
    tx: &mut Tx,
    author: &InstanceId,
    epoch: u32,
    after: u64,
    most: usize,
    most_bytes: usize,
) -> Result<Vec<(EnvelopeId, String)>, DbError> {
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let mut lines: Vec<(EnvelopeId, String)> = Vec::new();
    let mut size = 0;
    on!(tx, conn => {
        let mut rows = sqlx::query_as::<_, (Vec<u8>, Packed<String>)>(LINES)
            .bind(author.as_str())
            .bind(i64::from(epoch))
            .bind(after)
            .bind(most as i64)
            .fetch(conn);
        while let Some((id, line)) = rows.try_next().await? {
            let line = line.line();
            size += line.len();
            lines.push((digest(&id)?, line));
            if size > most_bytes {
                break;
            }
        }
    });
    Ok(lines)
}

/// Whether an envelope is here.
pub async fn is_here(tx: &mut Tx, envelope: EnvelopeId) -> Result<bool, DbError> {
    let number: Option<i64> = on!(tx, conn => sqlx::query_scalar(NUMBER)
        .bind(bytes(envelope))
        .fetch_optional(conn)
        .await)?;
    Ok(number.is_some())
}

pub async fn by_id(tx: &mut Tx, envelope: EnvelopeId) -> Result<Option<Stored>, DbError> {
    type Row = (i64, String, Option<String>, Packed<String>);
    let row: Option<Row> = on!(tx, conn => sqlx::query_as(BY_ID)
        .bind(bytes(envelope))
        .fetch_optional(conn)
        .await)?;
    row.map(|(number, author, case, line)| {
        Ok(Stored {
            number,
            author: id(&author)?,
            case: case.as_deref().map(id).transpose()?,
            line: line.line(),
        })
    })
    .transpose()
}

/// Puts a line, packed, in the place of one that is damaged.
pub async fn mend(tx: &mut Tx, envelope: EnvelopeId, kept: &[u8]) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(MEND)
        .bind(bytes(envelope))
        .bind(kept)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

pub async fn head(tx: &mut Tx, envelope: EnvelopeId) -> Result<Option<Head>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(HEAD)
        .bind(bytes(envelope))
        .fetch_optional(conn)
        .await)?)
}

/// The calendars that have been published, the latest first.
pub async fn calendars(tx: &mut Tx) -> Result<Vec<PublishedRow>, DbError> {
    published(tx, CALENDARS).await
}

/// The same of the categories.
pub async fn taxonomies(tx: &mut Tx) -> Result<Vec<PublishedRow>, DbError> {
    published(tx, TAXONOMIES).await
}

async fn published(tx: &mut Tx, sql: &'static str) -> Result<Vec<PublishedRow>, DbError> {
    let rows: Vec<(Vec<u8>, Packed<String>, i64)> =
        on!(tx, conn => sqlx::query_as(sql).fetch_all(conn).await)?;
    let rows = rows.into_iter().map(|(id, line, at)| {
        Ok(PublishedRow {
            id: digest(&id)?,
            line: line.line(),
            at,
        })
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use lapor_migrations::throwaway::{databases_of, goes_from_the_list};
    use lapor_migrations::{Schema, pack};
    use lapor_protocol::ids::Digest;

    use super::*;

    fn row(number: i64) -> NewEnvelope {
        NewEnvelope {
            number,
            id: Digest::of(&number.to_be_bytes()),
            author: "kota-bandung".parse().unwrap(),
            epoch: 1,
            seq: number as u64,
            message_id: "019b8bab-f0e0-7101-8101-010101010101".parse().unwrap(),
            case: None,
            kind: "case.noted".into(),
            kept: pack(&format!("line {number}")),
            trace: None,
            accepted_at: 7,
        }
    }

    #[tokio::test]
    async fn of_an_id_that_came_often_the_first_is_seen_and_no_other() {
        for test in databases_of(Schema::Hub).await {
            let db = test.migrated(Schema::Hub).await.unwrap();
            let mut tx = db.write().await.unwrap();
            goes_from_the_list(&mut tx, &SEEN).await;
            insert(&mut tx, (3..40).map(row).collect()).await.unwrap();
            let first = row(3);
            let other = "019b8bab-f0e0-7101-8101-020202020202".parse().unwrap();
            let asked = [first.message_id, other].map(|id| (&first.author, id));
            let seen = seen(&mut tx, asked.into()).await.unwrap();
            let expected = Seen {
                author: first.author.clone(),
                message_id: first.message_id,
                id: first.id,
            };
            assert_eq!(seen, [expected], "{}", test.name);
        }
    }

    #[tokio::test]
    async fn a_message_is_found_by_its_id_in_whatever_span_it_stands() {
        for test in databases_of(Schema::Hub).await {
            let db = test.migrated(Schema::Hub).await.unwrap();
            let mut tx = db.write().await.unwrap();
            let stranger = Digest::of(b"stranger");
            assert!(!is_here(&mut tx, stranger).await.unwrap());
            let numbers = [1, 8191, 8192, 20_000, 100_000];
            insert(&mut tx, numbers.map(row).into()).await.unwrap();
            for number in numbers {
                let id = row(number).id;
                assert!(is_here(&mut tx, id).await.unwrap());
                let found = by_id(&mut tx, id).await.unwrap().unwrap();
                assert_eq!(found.number, number, "{}", test.name);
                assert_eq!(found.line, format!("line {number}"));
                mend(&mut tx, id, &pack("mended")).await.unwrap();
                let head = head(&mut tx, id).await.unwrap().unwrap();
                assert_eq!((head.seq, head.bytes), (number, LineBytes(6)));
            }
            assert!(by_id(&mut tx, stranger).await.unwrap().is_none());
        }
    }
}
