//! What recipients have acknowledged, as they signed it.

use lapor_migrations::{DbError, Tx, on};
use lapor_protocol::ids::InstanceId;
use lapor_protocol::receipt::{Ack, Stream};
use lapor_protocol::wire::Reached;

use super::id;

const READ: &str =
    "select depoch, accepted, settled from acks where recipient = $1 and stream = $2";
const ALL: &str =
    "select recipient, depoch, accepted, settled, received_at from acks where stream = 'inbox'";
const LINE: &str = "select line from acks where recipient = $1 and stream = $2";
const SAVE: &str = "insert into acks (recipient, stream, depoch, accepted, settled, line, received_at) \
     values ($1, $2, $3, $4, $5, $6, $7) on conflict (recipient, stream) do update set \
     depoch = excluded.depoch, accepted = excluded.accepted, settled = excluded.settled, \
     line = excluded.line, received_at = excluded.received_at";

/// How far a recipient of an inbox has come.
#[derive(Debug)]
pub struct Progress {
    pub recipient: InstanceId,
    pub depoch: u32,
    /// Last `dseq` that is durable there.
    pub accepted: u64,
    /// Last `dseq` up to which everything is applied or set aside.
    pub settled: u64,
    /// Unix ms.
    pub received_at: i64,
}

/// How far everybody has come; one row per instance.
pub async fn all(tx: &mut Tx) -> Result<Vec<Progress>, DbError> {
    let rows: Vec<(String, i64, i64, i64, i64)> =
        on!(tx, conn => sqlx::query_as(ALL).fetch_all(conn).await)?;
    rows.into_iter()
        .map(|(recipient, depoch, accepted, settled, received_at)| {
            Ok(Progress {
                recipient: id(&recipient)?,
                depoch: depoch as u32,
                accepted: accepted as u64,
                settled: settled as u64,
                received_at,
            })
        })
        .collect()
}

/// How far a recipient has come in a stream.
pub async fn reached(
    tx: &mut Tx,
    recipient: &InstanceId,
    stream: Stream,
) -> Result<Option<Reached>, DbError> {
    let row: Option<(i64, i64, i64)> = on!(tx, conn => sqlx::query_as(READ)
        .bind(recipient.as_str())
        .bind(stream.as_str())
        .fetch_optional(conn)
        .await)?;
    Ok(row.map(|(depoch, accepted, settled)| Reached {
        depoch: depoch as u32,
        accepted: accepted as u64,
        settled: settled as u64,
    }))
}

/// The acknowledgement itself, as it was signed.
pub async fn line(
    tx: &mut Tx,
    recipient: &InstanceId,
    stream: Stream,
) -> Result<Option<String>, DbError> {
    Ok(on!(tx, conn => sqlx::query_scalar(LINE)
        .bind(recipient.as_str())
        .bind(stream.as_str())
        .fetch_optional(conn)
        .await)?)
}

pub async fn save(tx: &mut Tx, ack: &Ack, line: &str, now_ms: i64) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(SAVE)
        .bind(ack.recipient.as_str())
        .bind(ack.stream.as_str())
        .bind(i64::from(ack.depoch))
        .bind(ack.accepted as i64)
        .bind(ack.settled as i64)
        .bind(line)
        .bind(now_ms)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}
