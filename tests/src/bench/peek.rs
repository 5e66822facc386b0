//! Looks into the database of a running program from outside. What a reader
//! sees there has been flushed: with `synchronous=FULL` in SQLite, and with
//! `synchronous_commit=on` in PostgreSQL, the log is synced before a commit
//! becomes visible.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Connection as _, FromRow, Postgres, Sqlite};

/// Between two looks: rare enough to leave the programs their cores.
const FINE: Duration = Duration::from_micros(250);

pub enum Peek {
    File(SqliteConnection),
    Server(PgConnection),
}

impl Peek {
    pub async fn open_file(file: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .read_only(true)
            .busy_timeout(Duration::from_secs(5));
        Ok(Self::File(SqliteConnection::connect_with(&options).await?))
    }

    pub async fn open_server(url: &str) -> Result<Self> {
        Ok(Self::Server(PgConnection::connect(url).await?))
    }

    /// The number that a query gives; 0 if it gives no row.
    pub async fn number(&mut self, sql: &'static str, argument: &str) -> Result<i64> {
        let found: Option<i64> = self.one(sql, argument).await?;
        Ok(found.unwrap_or_default())
    }

    /// What stands in the one column of the first row.
    pub async fn one<T>(&mut self, sql: &'static str, argument: &str) -> Result<Option<T>>
    where
        T: Send + Unpin,
        (T,): for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow>,
    {
        Ok(match self {
            Self::File(connection) => {
                let query = sqlx::query_scalar::<Sqlite, T>(AssertSqlSafe(sql)).bind(argument);
                query.fetch_optional(connection).await?
            }
            Self::Server(connection) => {
                let query = sqlx::query_scalar::<Postgres, T>(AssertSqlSafe(sql)).bind(argument);
                query.fetch_optional(connection).await?
            }
        })
    }

    /// Waits, as finely as a program can without spinning, until a query gives
    /// another number than 0.
    pub async fn until(
        &mut self,
        sql: &'static str,
        argument: &str,
        patience: Duration,
    ) -> Result<Instant> {
        let began = Instant::now();
        loop {
            let found = self.number(sql, argument).await?;
            let now = Instant::now();
            if found != 0 {
                return Ok(now);
            }
            ensure!(
                now - began < patience,
                "nothing came of {argument} in {patience:?}"
            );
            // The runtime's own timer counts whole milliseconds.
            tokio::task::block_in_place(|| std::thread::park_timeout(FINE));
        }
    }
}
