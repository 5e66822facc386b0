//! Opens a PostgreSQL database the way SQLite is opened: one writer, several readers, commits that
//! are on disk when they return.
//!
//! Each write transaction takes one lock of the whole database, so that reading and then writing is
//! as safe as on SQLite, also when several processes share the database.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{Connection, PgConnection, Postgres, Transaction};

use crate::{DbError, DbOptions};

/// The advisory lock of writers: the bytes of `lapor`. Locks of another database do not meet it.
const WRITER_LOCK: i64 = 0x6c_61_70_6f_72;
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
            (
                "idle_in_transaction_session_timeout",
                milliseconds(options.statement_timeout),
            ),
        ]);
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
    let writer = pool(options).max_connections(1).connect_lazy_with(connect);
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

fn pool(options: &DbOptions) -> PgPoolOptions {
    PgPoolOptions::new()
        .acquire_timeout(options.acquire_timeout)
        .test_before_acquire(false)
        .before_acquire(|connection, since| {
            Box::pin(async move {
                if since.idle_for < TESTED_AFTER_IDLE {
                    return Ok(true);
                }
                Ok(connection.ping().await.is_ok())
            })
        })
}
