//! A database that belongs to one program: opened, checked, read and written.
//!
//! Reads see one moment, writes happen one after another. Nothing else in the workspace opens a
//! database to write, so the settings that make a commit durable cannot be forgotten.

use std::time::Duration;

use sqlx::postgres::PgPool;
use sqlx::sqlite::SqlitePool;

use crate::address::{self, Address};
use crate::copy::refuse_unfinished;
use crate::{DbError, Schema, Seat, Tx, on, postgres, sqlite};

/// Which database is behind a [`Db`] or [`Tx`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// Limits of the connections; the defaults suit a hub and a node.
#[derive(Debug, Clone)]
pub struct DbOptions {
    /// Connections for reading; one more is for writing. Default 4.
    pub readers: u32,
    /// How long a call waits for a connection of the pool. Default 30 s.
    pub acquire_timeout: Duration,
    /// How long a write waits for another process that is writing. Default 30 s.
    pub busy_timeout: Duration,
    /// PostgreSQL stops a statement, or a transaction that does nothing, after this. Default 60 s.
    pub statement_timeout: Duration,
    /// PostgreSQL ends a write transaction, or the [`Seat`] of a process, that says nothing for so long:
    /// a process that was paused, or whose machine is gone, holds up nobody. Default 15 s.
    pub silence_timeout: Duration,
    /// Prepared statements kept by each connection. Default 512.
    pub statements: usize,
}

/// A handle that is cheap to clone; all clones share the connections.
#[derive(Debug, Clone)]
pub struct Db {
    schema: Schema,
    pub(crate) pools: Pools,
    /// Whether this handle is of whoever restores the database, and may use one that is not whole yet.
    pub(crate) restores: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum Pools {
    Sqlite {
        readers: SqlitePool,
        writer: SqlitePool,
    },
    Postgres {
        readers: PgPool,
        writer: PgPool,
        /// How long a seat may say nothing.
        silence: Duration,
    },
}

impl Default for DbOptions {
    fn default() -> Self {
        Self {
            readers: 4,
            acquire_timeout: Duration::from_secs(30),
            busy_timeout: Duration::from_secs(30),
            statement_timeout: Duration::from_mins(1),
            silence_timeout: Duration::from_secs(15),
            statements: 512,
        }
    }
}

/// What waits for PostgreSQL stands in boxes: it is four times as large as what waits for SQLite, and
/// a future has room for both.
impl Db {
    /// Opens the database at `url` (see the operator's `database.url`): `sqlite://folder/file.db`,
    /// whose file is made when missing, or `postgres://user@host/database`. Refuses one that
    /// belongs to another program, was upgraded by a newer one, or into which a restore has not
    /// ended; an empty one is accepted, and [`Db::migrate`] makes it ours.
    pub async fn open(url: &str, schema: Schema, options: &DbOptions) -> Result<Self, DbError> {
        // Large, and awaited by all that begins with a database.
        Box::pin(Self::open_as(url, schema, options, false)).await
    }

    /// Opens the database at `url` as [`Db::open`] does, for whoever restores it.
    pub(crate) async fn open_to_restore(url: &str, schema: Schema) -> Result<Self, DbError> {
        Self::open_as(url, schema, &DbOptions::default(), true).await
    }

    async fn open_as(
        url: &str,
        schema: Schema,
        options: &DbOptions,
        restores: bool,
    ) -> Result<Self, DbError> {
        let pools = match address::parse(url)? {
            Address::Sqlite(path) => {
                if !restores {
                    refuse_unfinished(&path)?;
                }
                let (readers, writer) = sqlite::open(&path, options).await?;
                Pools::Sqlite { readers, writer }
            }
            Address::Postgres(connect) => {
                let (readers, writer) = Box::pin(postgres::open(*connect, options)).await?;
                Pools::Postgres {
                    readers,
                    writer,
                    silence: options.silence_timeout,
                }
            }
        };
        let db = Self {
            schema,
            pools,
            restores,
        };
        let checked = match db.read().await {
            Ok(mut tx) => db.applied(&mut tx).await.map(|_| ()),
            Err(error) => Err(error),
        };
        if checked.is_err() {
            db.close().await;
        }
        checked.map(|()| db)
    }

    /// Opens the database at `url` as [`Db::open`] does, and makes no file where there is none.
    pub async fn open_existing(
        url: &str,
        schema: Schema,
        options: &DbOptions,
    ) -> Result<Self, DbError> {
        match address::parse(url)? {
            Address::Sqlite(path) if !path.exists() => Err(DbError::Configuration(format!(
                "there is no database at {}; bring it back, or correct `database.url`",
                path.display()
            ))),
            _ => Self::open(url, schema, options).await,
        }
    }

    /// Begins a transaction that sees one moment and can change nothing.
    pub async fn read(&self) -> Result<Tx, DbError> {
        Ok(match &self.pools {
            Pools::Sqlite { readers, .. } => Tx::Sqlite(readers.begin().await?),
            Pools::Postgres { readers, .. } => {
                let begun = readers.begin_with("begin isolation level repeatable read read only");
                Tx::Postgres(Box::pin(begun).await?)
            }
        })
    }

    /// Begins the only write transaction, waiting for the one before it: what it reads stays true
    /// until it commits. Keep it short.
    pub async fn write(&self) -> Result<Tx, DbError> {
        Ok(match &self.pools {
            Pools::Sqlite { writer, .. } => Tx::Sqlite(writer.begin_with("begin immediate").await?),
            Pools::Postgres { writer, .. } => {
                Tx::Postgres(Box::pin(postgres::begin_write(writer)).await?)
            }
        })
    }

    /// Asks the database for nothing, to learn whether it answers.
    pub async fn ping(&self) -> Result<(), DbError> {
        let mut tx = self.read().await?;
        on!(&mut tx, conn => sqlx::query("select 1").execute(conn).await.map(|_| ()))?;
        tx.rollback().await
    }

    /// Whether write transactions exclude each other, across all processes. Some databases that
    /// speak as PostgreSQL does take the lock for them and keep nobody out.
    pub async fn takes_turns(&self) -> Result<bool, DbError> {
        match &self.pools {
            Pools::Sqlite { .. } => Ok(true),
            Pools::Postgres {
                readers, writer, ..
            } => Box::pin(postgres::take_turns(readers, writer)).await,
        }
    }

    /// Takes a seat among the processes that share this database; `None` where it can have but one.
    pub async fn sit(&self, channel: &str) -> Result<Option<Seat>, DbError> {
        match &self.pools {
            Pools::Sqlite { .. } => Ok(None),
            Pools::Postgres {
                writer, silence, ..
            } => Seat::take(writer, *silence, channel).await.map(Some),
        }
    }

    /// Whether a process that has a [`Seat`] leads the others.
    pub async fn is_led(&self) -> Result<bool, DbError> {
        match &self.pools {
            Pools::Sqlite { .. } => Ok(false),
            Pools::Postgres { readers, .. } => Box::pin(postgres::is_led(readers)).await,
        }
    }

    /// Waits for the transactions under way, then closes all connections. The writer goes last, so
    /// that SQLite can fold its log into the file.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { readers, writer } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres {
                readers, writer, ..
            } => {
                readers.close().await;
                writer.close().await;
            }
        }
    }

    pub fn kind(&self) -> Kind {
        match &self.pools {
            Pools::Sqlite { .. } => Kind::Sqlite,
            Pools::Postgres { .. } => Kind::Postgres,
        }
    }

    pub fn schema(&self) -> Schema {
        self.schema
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::throwaway::{TestDb, databases};

    const READ: &str = "select value from counters where name = 'n'";
    const SET: &str = "update counters set value = $1 where name = 'n'";

    async fn counter(test: &TestDb) -> Db {
        let db = test.migrated(Schema::Hub).await.unwrap();
        let mut tx = db.write().await.unwrap();
        for sql in [
            "create table counters (name text primary key, value bigint not null)",
            "insert into counters (name, value) values ('n', 0)",
        ] {
            on!(&mut tx, conn => sqlx::query(sql).execute(conn).await.map(|_| ())).unwrap();
        }
        tx.commit().await.unwrap();
        db
    }

    async fn value(tx: &mut Tx) -> i64 {
        on!(tx, conn => sqlx::query_scalar(READ).fetch_one(conn).await).unwrap()
    }

    async fn set(tx: &mut Tx, value: i64) -> Result<(), DbError> {
        Ok(on!(tx, conn => sqlx::query(SET).bind(value).execute(conn).await.map(|_| ()))?)
    }

    #[tokio::test]
    async fn what_is_committed_is_read_and_what_is_dropped_is_not() {
        for test in databases().await {
            let db = counter(&test).await;
            let mut tx = db.write().await.unwrap();
            set(&mut tx, 1).await.unwrap();
            tx.commit().await.unwrap();
            let mut tx = db.write().await.unwrap();
            set(&mut tx, 2).await.unwrap();
            drop(tx);
            let mut tx = db.write().await.unwrap();
            set(&mut tx, 3).await.unwrap();
            tx.rollback().await.unwrap();
            assert_eq!(
                value(&mut db.read().await.unwrap()).await,
                1,
                "{}",
                test.name
            );
            db.ping().await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_read_sees_one_moment_and_changes_nothing() {
        for test in databases().await {
            let db = counter(&test).await;
            let mut before = db.read().await.unwrap();
            assert_eq!(value(&mut before).await, 0, "{}", test.name);
            let mut tx = db.write().await.unwrap();
            set(&mut tx, 1).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(value(&mut before).await, 0, "{}", test.name);
            assert!(set(&mut before, 5).await.is_err(), "{}", test.name);
            drop(before);
            assert_eq!(
                value(&mut db.read().await.unwrap()).await,
                1,
                "{}",
                test.name
            );
        }
    }

    /// Two handles stand for two processes.
    #[tokio::test(flavor = "multi_thread")]
    async fn writers_that_read_first_lose_nothing() {
        for test in databases().await {
            let handles = [counter(&test).await, test.open(Schema::Hub).await.unwrap()];
            let tasks: Vec<_> = (0..16)
                .map(|task| {
                    let db = handles[task % 2].clone();
                    tokio::spawn(async move {
                        for _ in 0..25 {
                            let mut tx = db.write().await.unwrap();
                            let read = value(&mut tx).await;
                            set(&mut tx, read + 1).await.unwrap();
                            tx.commit().await.unwrap();
                        }
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
            assert_eq!(
                value(&mut handles[1].read().await.unwrap()).await,
                16 * 25,
                "{}",
                test.name
            );
        }
    }

    #[tokio::test]
    async fn a_write_that_waits_too_long_is_unavailable_and_leaves_the_next_one_alone() {
        let options = DbOptions {
            busy_timeout: Duration::from_millis(50),
            ..DbOptions::default()
        };
        for test in databases().await {
            let holder = counter(&test).await;
            let other = Db::open(&test.url, Schema::Hub, &options).await.unwrap();
            let held = holder.write().await.unwrap();
            match other.write().await.map(|_| ()) {
                Err(error) => assert!(
                    matches!(error, DbError::Unavailable(_)),
                    "{}: {error:?}",
                    test.name
                ),
                Ok(()) => panic!("{}: two writers at once", test.name),
            }
            held.commit().await.unwrap();
            let mut tx = other.write().await.unwrap();
            set(&mut tx, 7).await.unwrap();
            tx.commit().await.unwrap();
        }
    }

    #[tokio::test]
    async fn commits_are_on_disk_when_they_return() {
        for test in databases().await {
            let mut tx = counter(&test).await.write().await.unwrap();
            let (setting, expected) = match tx.kind() {
                Kind::Sqlite => ("pragma synchronous", "2"),
                Kind::Postgres => ("show synchronous_commit", "on"),
            };
            let found = match &mut tx {
                Tx::Sqlite(tx) => {
                    let journal: String = sqlx::query_scalar("pragma journal_mode")
                        .fetch_one(&mut **tx)
                        .await
                        .unwrap();
                    assert_eq!(journal, "wal");
                    sqlx::query_scalar::<_, i64>(setting)
                        .fetch_one(&mut **tx)
                        .await
                        .unwrap()
                        .to_string()
                }
                Tx::Postgres(tx) => sqlx::query_scalar(setting)
                    .fetch_one(&mut **tx)
                    .await
                    .unwrap(),
            };
            assert_eq!(found, expected, "{}", test.name);
        }
    }

    #[tokio::test]
    async fn a_closed_database_is_unavailable() {
        for test in databases().await {
            let db = counter(&test).await;
            db.close().await;
            assert!(
                matches!(db.ping().await, Err(DbError::Unavailable(_))),
                "{}",
                test.name
            );
        }
    }

    #[tokio::test]
    async fn a_folder_that_is_missing_and_a_file_that_is_no_database_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let missing = format!("sqlite://{}/missing/hub.db", folder.path().display());
        let error = Db::open(&missing, Schema::Hub, &DbOptions::default())
            .await
            .unwrap_err();
        assert!(error.to_string().contains("does not exist"), "{error}");
        let letter = folder.path().join("letter.txt");
        std::fs::write(
            &letter,
            "Yth. Bapak, jalan di depan rumah kami berlubang".repeat(200),
        )
        .unwrap();
        let url = format!("sqlite://{}", letter.display());
        let error = Db::open(&url, Schema::Hub, &DbOptions::default())
            .await
            .unwrap_err();
        assert!(
            matches!(&error, DbError::Configuration(why) if why.contains("not an SQLite")),
            "{error:?}"
        );
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn only_its_owner_may_read_the_file() {
        use std::os::unix::fs::PermissionsExt;
        let test = TestDb::sqlite().unwrap();
        let db = counter(&test).await;
        let path = test.url.trim_start_matches("sqlite://");
        for file in [path.to_owned(), format!("{path}-wal")] {
            let mode = std::fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
        db.close().await;
    }

    #[tokio::test]
    async fn a_full_disk_is_named_and_loses_nothing() {
        let test = TestDb::sqlite().unwrap();
        let db = counter(&test).await;
        let mut tx = db.write().await.unwrap();
        for sql in ["update counters set value = 1", "pragma max_page_count = 1"] {
            on!(&mut tx, conn => sqlx::query(sql).execute(conn).await.map(|_| ())).unwrap();
        }
        tx.commit().await.unwrap();
        let mut tx = db.write().await.unwrap();
        let long = "update counters set name = hex(zeroblob(1000000)), value = 2";
        let full = on!(&mut tx, conn => sqlx::query(long).execute(conn).await.map(|_| ()));
        assert!(matches!(
            full.map_err(DbError::from),
            Err(DbError::DiskFull(_))
        ));
        drop(tx);
        assert_eq!(value(&mut db.read().await.unwrap()).await, 1);
        let mut tx = db.write().await.unwrap();
        set(&mut tx, 3).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// SQLite rolls back by itself when a disk is full, and the driver goes on counting a transaction.
    #[tokio::test]
    async fn a_writer_whose_transaction_ended_unasked_is_replaced() {
        let test = TestDb::sqlite().unwrap();
        let db = counter(&test).await;
        let mut tx = db.write().await.unwrap();
        on!(&mut tx, conn => sqlx::query("rollback").execute(conn).await.map(|_| ())).unwrap();
        drop(tx);
        let mut tx = db.write().await.unwrap();
        set(&mut tx, 1).await.unwrap();
        tx.commit().await.unwrap();
    }
}
