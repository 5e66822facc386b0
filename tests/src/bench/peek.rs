//! Looks into the SQLite file of a running program from outside. What a
//! reader sees there has been flushed: with `synchronous=FULL` the log is
//! synced before a commit becomes visible.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection as _};

/// Between two looks: rare enough to leave the programs their cores.
const FINE: Duration = Duration::from_micros(250);

pub struct Peek(SqliteConnection);

impl Peek {
    pub async fn open(file: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .read_only(true)
            .busy_timeout(Duration::from_secs(5));
        Ok(Self(SqliteConnection::connect_with(&options).await?))
    }

    /// The number that a query gives; 0 if it gives no row.
    pub async fn number(&mut self, sql: &'static str, argument: &str) -> Result<i64> {
        let query = sqlx::query_scalar(AssertSqlSafe(sql)).bind(argument);
        let found: Option<i64> = query.fetch_optional(&mut self.0).await?;
        Ok(found.unwrap_or_default())
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
