//! Opens a PostgreSQL database the way SQLite is opened: one writer, several readers, commits that
//! are on disk when they return.
//!
//! Each write transaction takes one lock of the whole database, so that reading and then writing is
//! as safe as on SQLite, also when several processes share the database.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgExecutor, Postgres, Transaction};

use crate::{DbError, DbOptions};

/// The advisory lock of writers: the bytes of `lapor`. Locks of another database do not meet it.
pub const WRITER_LOCK: i64 = 0x6c_61_70_6f_72;
/// The advisory lock of the process that leads the others, which it holds as long as its seat lasts.
const LEADER_LOCK: i64 = WRITER_LOCK + 1;
const IDLE_IN_TRANSACTION: &str = "idle_in_transaction_session_timeout";
/// A connection unused for this long is tested before use, as the server may have restarted.
const TESTED_AFTER_IDLE: Duration = Duration::from_secs(5);

/// Connects. Returns readers and writer. The first connection is made by hand, as a pool would
/// hide the reason behind its own timeout.
pub async fn open(
    connect: PgConnectOptions,
    options: &DbOptions,
) -> Result<(PgPool, PgPool), DbError> {
    let milliseconds = |time: Duration| time.as_millis().to_string();
    let connect = connect
        .application_name("lapor")
        .statement_cache_capacity(options.statements)
        .options([
            ("synchronous_commit", "on".to_owned()),
            ("lock_timeout", milliseconds(options.busy_timeout)),
            ("statement_timeout", milliseconds(options.statement_timeout)),
            (IDLE_IN_TRANSACTION, milliseconds(options.statement_timeout)),
        ]);
    let writing = connect
        .clone()
        .options([(IDLE_IN_TRANSACTION, milliseconds(options.silence_timeout))]);
    let first = tokio::time::timeout(
        options.acquire_timeout,
        PgConnection::connect_with(&connect),
    );
    let first = first
        .await
        .map_err(|_| DbError::Unavailable("PostgreSQL does not answer".into()))??;
    first.close().await?;
    let readers = pool(options)
        .max_connections(options.readers.max(1))
        .connect_lazy_with(connect.clone());
    let writer = pool(options).max_connections(1).connect_lazy_with(writing);
    Ok((readers, writer))
}

/// Begins the only write transaction, waiting at most the pool's and then the lock's timeout.
pub async fn begin_write(writer: &PgPool) -> Result<Transaction<'static, Postgres>, DbError> {
    let mut transaction = writer
        .begin_with("begin isolation level read committed read write")
        .await?;
    sqlx::query("select pg_advisory_xact_lock($1)")
        .bind(WRITER_LOCK)
        .execute(&mut *transaction)
        .await?;
    Ok(transaction)
}

/// Whether the lock of one write transaction keeps another connection from taking it.
pub async fn take_turns(readers: &PgPool, writer: &PgPool) -> Result<bool, DbError> {
    let writing = begin_write(writer).await?;
    let kept_out = !try_lock(readers, WRITER_LOCK).await?;
    writing.rollback().await?;
    Ok(kept_out)
}

/// Whether some session holds the lock of the leader.
pub async fn is_led(readers: &PgPool) -> Result<bool, DbError> {
    Ok(!try_lock(readers, LEADER_LOCK).await?)
}

/// Tries to take the lock of the leader for as long as this connection lasts.
pub async fn lead(connection: impl PgExecutor<'_>) -> Result<bool, DbError> {
    const LEAD: &str = "select pg_try_advisory_lock($1)";
    let leads = sqlx::query_scalar(LEAD).bind(LEADER_LOCK);
    Ok(leads.fetch_one(connection).await?)
}

/// Whether a lock is nobody's; it is so again at once.
pub async fn try_lock(connection: impl PgExecutor<'_>, lock: i64) -> Result<bool, DbError> {
    const TRY: &str = "select pg_try_advisory_xact_lock($1)";
    Ok(sqlx::query_scalar(TRY)
        .bind(lock)
        .fetch_one(connection)
        .await?)
}

fn pool(options: &DbOptions) -> PgPoolOptions {
    PgPoolOptions::new()
        .acquire_timeout(options.acquire_timeout)
        .test_before_acquire(false)
        .after_connect(|connection, _| Box::pin(refuse_standby(connection)))
        .before_acquire(|connection, since| {
            Box::pin(async move {
                if since.idle_for < TESTED_AFTER_IDLE {
                    return Ok(true);
                }
                Ok(connection.ping().await.is_ok())
            })
        })
}

/// In the middle of a failover an address may still lead to a server that only follows: what is
/// read there is of a moment ago, and nothing can be written.
async fn refuse_standby(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    const FOLLOWS: &str = "select pg_is_in_recovery()";
    let follows: bool = sqlx::query_scalar(FOLLOWS).fetch_one(connection).await?;
    if follows {
        let why = "this PostgreSQL server is a standby; `database.url` must lead to the primary";
        return Err(sqlx::Error::Io(std::io::Error::other(why)));
    }
    Ok(())
}
