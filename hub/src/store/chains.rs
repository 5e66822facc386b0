//! Where the authors' chains stand, the epochs granted to them, the receipts
//! they were given, and what contradicted them.

use std::collections::{BTreeSet, HashMap};

use lapor_migrations::{Bulk, DbError, Tx, Value, on};
use lapor_protocol::chain::ChainHead;
use lapor_protocol::ids::{EnvelopeId, InstanceId, Position};

use super::{bytes, digest, id};

static MANY: Bulk = Bulk::new(
    "with v (author) as (values",
    1,
    ") select c.author, c.epoch, c.seq, c.head, c.boot, c.frozen from v join chains c on c.author = v.author",
);
static SAVE: Bulk = Bulk::new(
    "insert into chains (author, epoch, seq, head, boot, frozen) values",
    6,
    "on conflict (author) do update set epoch = excluded.epoch, seq = excluded.seq, \
     head = excluded.head, boot = excluded.boot, frozen = excluded.frozen",
);
const HEADS: &str = "select author, epoch, seq, head, boot, frozen from chains";
const FROZEN: &str = "select author from chains where frozen = 1 order by author";
const GRANT: &str = "select line from grants where author = $1 and nonce = $2";
const INSERT_GRANT: &str =
    "insert into grants (author, epoch, nonce, line, granted_at) values ($1, $2, $3, $4, $5)";
/// A few contradictions prove what a thousand do, and take no room to speak of.
const INSERT_FORK: &str = "insert into forks (id, author, epoch, seq, line, seen_at) \
     select $1, $2, $3, $4, $5, $6 \
     where (select count(*) from forks where author = $2) < 100 on conflict (id) do nothing";
/// Receipts do not overlap: the first that reaches to the end is the last of them, and what came later is
/// not read.
const RECEIPTS: &str = "select line from receipts \
     where author = $1 and epoch = $2 and to_seq >= $3 and from_seq <= $4 \
     and to_seq <= coalesce((select min(to_seq) from receipts \
     where author = $1 and epoch = $2 and to_seq >= $4), $4) order by to_seq";
static INSERT_RECEIPTS: Bulk = Bulk::new(
    "insert into receipts (author, epoch, from_seq, to_seq, line) values",
    5,
    "",
);

type Row = (String, i64, i64, Vec<u8>, Option<String>, i64);

/// An author's chain as the hub holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    pub author: InstanceId,
    pub head: ChainHead,
    /// What the instance last showed in `Lapor-Boot`.
    pub boot: Option<String>,
    /// Two envelopes claimed one position; only a new epoch goes on.
    pub frozen: bool,
}

/// A signed receipt on its way into the database.
#[derive(Debug)]
pub struct StoredReceipt {
    pub author: InstanceId,
    pub epoch: u32,
    pub from: u64,
    pub to: u64,
    pub line: String,
}

impl Chain {
    pub fn new(author: InstanceId) -> Self {
        Self {
            author,
            head: ChainHead::START,
            boot: None,
            frozen: false,
        }
    }
}

pub async fn one(tx: &mut Tx, author: &InstanceId) -> Result<Option<Chain>, DbError> {
    let mut found = many(tx, [author]).await?;
    Ok(found.remove(author))
}

/// Whose chain has been frozen by a contradiction.
pub async fn frozen(tx: &mut Tx) -> Result<BTreeSet<InstanceId>, DbError> {
    let authors: Vec<String> = on!(tx, conn => sqlx::query_scalar(FROZEN).fetch_all(conn).await)?;
    authors.iter().map(|author| id(author)).collect()
}

/// Everybody's chain; one row per instance.
pub async fn all(tx: &mut Tx) -> Result<HashMap<InstanceId, Chain>, DbError> {
    let rows: Vec<Row> = on!(tx, conn => sqlx::query_as(HEADS).fetch_all(conn).await)?;
    rows.iter().map(from_row).collect()
}

pub async fn many<'a>(
    tx: &mut Tx,
    authors: impl IntoIterator<Item = &'a InstanceId>,
) -> Result<HashMap<InstanceId, Chain>, DbError> {
    let values = authors.into_iter().map(|a| Value::from(a.as_str()));
    let rows: Vec<Row> = tx.fetch_rows(&MANY, values.collect()).await?;
    rows.into_iter().map(|row| from_row(&row)).collect()
}

pub async fn save<'a>(
    tx: &mut Tx,
    chains: impl IntoIterator<Item = &'a Chain>,
) -> Result<(), DbError> {
    let values = chains.into_iter().flat_map(|chain| {
        [
            Value::from(chain.author.as_str()),
            i64::from(chain.head.epoch).into(),
            (chain.head.seq as i64).into(),
            bytes(chain.head.id).into(),
            chain.boot.clone().into(),
            i64::from(chain.frozen).into(),
        ]
    });
    tx.run_rows(&SAVE, values.collect()).await.map(drop)
}

/// Which start of each node was here last is not known.
pub async fn forget_boots(tx: &mut Tx) -> Result<(), DbError> {
    const SQL: &str = "update chains set boot = null where boot is not null";
    on!(tx, conn => sqlx::query(SQL).execute(conn).await.map(drop))?;
    Ok(())
}

/// The grant that answered the request with this nonce.
pub async fn grant(
    tx: &mut Tx,
    author: &InstanceId,
    nonce: &str,
) -> Result<Option<String>, DbError> {
    Ok(on!(tx, conn => sqlx::query_scalar(GRANT)
        .bind(author.as_str())
        .bind(nonce)
        .fetch_optional(conn)
        .await)?)
}

pub async fn insert_grant(
    tx: &mut Tx,
    author: &InstanceId,
    epoch: u32,
    nonce: &str,
    line: &str,
    now_ms: i64,
) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(INSERT_GRANT)
        .bind(author.as_str())
        .bind(i64::from(epoch))
        .bind(nonce)
        .bind(line)
        .bind(now_ms)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// Keeps an envelope that claims a position already taken.
pub async fn insert_fork(
    tx: &mut Tx,
    author: &InstanceId,
    at: Position,
    envelope: EnvelopeId,
    line: &str,
    now_ms: i64,
) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(INSERT_FORK)
        .bind(bytes(envelope))
        .bind(author.as_str())
        .bind(i64::from(at.epoch))
        .bind(at.seq as i64)
        .bind(line)
        .bind(now_ms)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// Lines of the receipts that cover any of `from..=to`.
pub async fn receipts(
    tx: &mut Tx,
    author: &InstanceId,
    epoch: u32,
    from: u64,
    to: u64,
) -> Result<Vec<String>, DbError> {
    Ok(on!(tx, conn => sqlx::query_scalar(RECEIPTS)
        .bind(author.as_str())
        .bind(i64::from(epoch))
        .bind(from as i64)
        .bind(to as i64)
        .fetch_all(conn)
        .await)?)
}

pub async fn insert_receipts(tx: &mut Tx, receipts: &[StoredReceipt]) -> Result<(), DbError> {
    let values = receipts.iter().flat_map(|receipt| {
        [
            Value::from(receipt.author.as_str()),
            i64::from(receipt.epoch).into(),
            (receipt.from as i64).into(),
            (receipt.to as i64).into(),
            receipt.line.as_str().into(),
        ]
    });
    tx.run_rows(&INSERT_RECEIPTS, values.collect())
        .await
        .map(drop)
}

fn from_row(
    (author, epoch, seq, head, boot, frozen): &Row,
) -> Result<(InstanceId, Chain), DbError> {
    let author: InstanceId = id(author)?;
    let chain = Chain {
        author: author.clone(),
        head: ChainHead {
            epoch: *epoch as u32,
            seq: *seq as u64,
            id: digest(head)?,
        },
        boot: boot.clone(),
        frozen: *frozen != 0,
    };
    Ok((author, chain))
}

#[cfg(test)]
mod tests {
    use lapor_migrations::Schema;
    use lapor_migrations::throwaway::databases_of;

    use super::*;

    #[tokio::test]
    async fn those_that_cover_a_range_are_found_and_none_behind_it() {
        for test in databases_of(Schema::Hub).await {
            let db = test.migrated(Schema::Hub).await.unwrap();
            let mut tx = db.write().await.unwrap();
            let author: InstanceId = "kota-bandung".parse().unwrap();
            let stored = [(1, 1), (2, 2), (3, 5), (6, 6), (7, 9)].map(|(from, to)| StoredReceipt {
                author: author.clone(),
                epoch: 1,
                from,
                to,
                line: format!("{from} to {to}"),
            });
            insert_receipts(&mut tx, &stored).await.unwrap();
            for (from, to, expected) in [
                (1, 1, &["1 to 1"][..]),
                (2, 4, &["2 to 2", "3 to 5"]),
                (4, 5, &["3 to 5"]),
                (5, 6, &["3 to 5", "6 to 6"]),
                (8, 20, &["7 to 9"]),
                (10, 12, &[]),
            ] {
                let found = receipts(&mut tx, &author, 1, from, to).await.unwrap();
                assert_eq!(found, expected, "{}: {from} to {to}", test.name);
            }
        }
    }
}
