//! Folds SQLite's log into the file beside the writer.
//!
//! By itself SQLite lets the connection that writes do it, once the log is long: that one then writes
//! tens of megabytes and waits for the disk, and whoever wants to write waits with it. Here another
//! connection folds a part whenever one has come together, while the writer goes on behind it, and the
//! file is flushed then: SQLite flushes it only where all of the log is folded, and then all that it was
//! given since. Only the little that is left of a long log is folded while nobody writes, so that the log
//! begins anew.
//!
//! SQLite before 3.51.3 could lose pages where one connection folds and another begins the log anew.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqlitePool};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::sync::{Mutex, MutexGuard, Notify};
use tokio::task::{AbortHandle, JoinError, spawn_blocking};

use crate::DbError;

/// Pages of the log that are folded at once, 16 MB: a page of an index that many batches change is
/// written to the file once for them, and those who commit meanwhile share the disk for a moment only.
const PART: i64 = 4_000;
/// Pages from which on the log is to begin anew, 48 MB.
const LONG: i64 = 12_000;
/// How long commits are let come together before the log is looked at.
const GATHERING: Duration = Duration::from_millis(50);
/// Until the next try where somebody reads what stands there, or folds it, or the disk refuses.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// What both ask for: whether it was busy, the pages of the log, and how many of them are in the file.
const LOOK: &str = "pragma wal_checkpoint(noop)";
const FOLD: &str = "pragma wal_checkpoint(passive)";

/// Folds until it is closed or dropped.
#[derive(Debug)]
pub(crate) struct Folding {
    /// Whoever holds the lock folds, or keeps others from it.
    line: Arc<Mutex<Line>>,
    task: AbortHandle,
}

/// The way to the file.
#[derive(Debug)]
pub(crate) struct Line {
    options: SqliteConnectOptions,
    /// Made with the first commit.
    connection: Option<SqliteConnection>,
    /// The file, to flush it; opened with the first part. It stays open until the process ends, since
    /// closing it takes from SQLite the locks that this process has on the file.
    file: Option<&'static File>,
}

/// What is to be folded still.
enum Left {
    Little,
    More,
    /// As much as before: somebody reads what stands there, or another process folds it.
    Held,
}

/// What SQLite says of its log, in pages.
struct Log {
    /// Another process folds it, and nothing else is known.
    is_busy: bool,
    pages: i64,
    folded: i64,
}

impl Folding {
    /// `committed` is told of each commit of the writer.
    pub fn start(
        options: SqliteConnectOptions,
        writer: SqlitePool,
        committed: Arc<Notify>,
    ) -> Self {
        let line = Line {
            // A part may take longer than what is logged as slow.
            options: options.disable_statement_logging(),
            connection: None,
            file: None,
        };
        let line = Arc::new(Mutex::new(line));
        let folding = fold(Arc::clone(&line), writer, committed);
        Self {
            line,
            task: tokio::spawn(folding).abort_handle(),
        }
    }

    /// Waits for what is being folded; nothing is until the answer is dropped.
    pub async fn pause(&self) -> MutexGuard<'_, Line> {
        self.line.lock().await
    }

    /// Waits for what is being folded, and ends.
    pub async fn close(&self) {
        let mut line = self.pause().await;
        self.task.abort();
        if let Some(connection) = line.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::debug!(%error, "the connection that folds the log was not closed in order");
        }
    }
}

impl Drop for Folding {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn fold(line: Arc<Mutex<Line>>, writer: SqlitePool, committed: Arc<Notify>) {
    let mut has_failed = false;
    loop {
        committed.notified().await;
        tokio::time::sleep(GATHERING).await;
        loop {
            let mut line = line.lock().await;
            let pause = match line.fold_part(&writer).await {
                Ok(Left::Little) => break has_failed = false,
                Ok(Left::More) => Duration::ZERO,
                Ok(Left::Held) => AGAIN_AFTER,
                Err(_) if writer.is_closed() => return,
                Err(error) => {
                    if !has_failed {
                        tracing::warn!(%error, "the log of the database cannot be folded into its file, and grows");
                    }
                    has_failed = true;
                    line.connection = None;
                    AGAIN_AFTER
                }
            };
            drop(line);
            tokio::time::sleep(pause).await;
        }
    }
}

impl Line {
    async fn fold_part(&mut self, writer: &SqlitePool) -> Result<Left, DbError> {
        let before = self.ask(LOOK).await?;
        if before.waiting() < PART {
            return Ok(Left::Little);
        }
        let log = self.ask(FOLD).await?;
        self.flush().await?;
        if log.waiting() >= PART || log.is_busy {
            let moved = log.folded > before.folded;
            return Ok(if moved { Left::More } else { Left::Held });
        }
        if log.pages >= LONG {
            // What came meanwhile, and what came during that: less each time.
            self.ask(FOLD).await?;
            self.flush().await?;
            let _alone = writer.acquire().await?;
            self.ask(FOLD).await?;
        }
        Ok(Left::Little)
    }

    async fn ask(&mut self, what: &'static str) -> Result<Log, DbError> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(self.options.connect().await?),
        };
        let (busy, pages, folded): (i64, i64, i64) =
            sqlx::query_as(what).fetch_one(connection).await?;
        Ok(Log {
            is_busy: busy != 0,
            pages,
            folded,
        })
    }

    /// Waits until what was folded is on the disk.
    async fn flush(&mut self) -> Result<(), DbError> {
        let file = if let Some(file) = self.file {
            file
        } else {
            let path: PathBuf = self.options.get_filename().to_owned();
            let opened = spawn_blocking(|| File::open(path));
            &*Box::leak(Box::new(flushed(opened.await)?))
        };
        self.file = Some(file);
        flushed(spawn_blocking(|| file.sync_data()).await)
    }
}

fn flushed<T>(done: Result<std::io::Result<T>, JoinError>) -> Result<T, DbError> {
    done.map_err(std::io::Error::other)
        .flatten()
        .map_err(|error| DbError::from(sqlx::Error::Io(error)))
}

impl Log {
    fn waiting(&self) -> i64 {
        self.pages - self.folded
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::throwaway::TestDb;
    use crate::{Db, Schema, Tx, on};

    /// What a commit of the test writes, and how often it writes: less than what the writer folds by itself.
    const MEGABYTE: i64 = 1 << 20;
    const COMMITS: i64 = 200;
    /// A log that began anew is not longer than this, in megabytes.
    const SHORT: u64 = 100;

    async fn say(db: &Db, id: i64) {
        let insert = "insert into said (id, words) values ($1, zeroblob($2))";
        let mut tx = db.write().await.unwrap();
        on!(&mut tx, c => sqlx::query(insert).bind(id).bind(MEGABYTE).execute(c).await.map(drop))
            .unwrap();
        tx.commit().await.unwrap();
    }

    async fn said(tx: &mut Tx) -> i64 {
        let count = "select count(*) from said";
        on!(tx, c => sqlx::query_scalar(count).fetch_one(c).await).unwrap()
    }

    async fn until_folded(look: &mut Line) {
        let folding = async {
            while look.ask(LOOK).await.unwrap().waiting() >= PART {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), folding)
            .await
            .expect("it is folded");
    }

    #[tokio::test]
    async fn the_sqlite_that_is_built_in_loses_no_page_where_two_fold() {
        let test = TestDb::sqlite().unwrap();
        let db = test.migrated(Schema::Node).await.unwrap();
        let mut tx = db.read().await.unwrap();
        let version: String =
            on!(&mut tx, c => sqlx::query_scalar("select sqlite_version()").fetch_one(c).await)
                .unwrap();
        let parts: Vec<u32> = version
            .split('.')
            .map(|part| part.parse().unwrap())
            .collect();
        assert!(parts >= vec![3, 51, 3], "{version}");
    }

    #[tokio::test]
    async fn the_log_is_folded_beside_the_writer_and_begins_anew() {
        let test = TestDb::sqlite().unwrap();
        let file = test.url.trim_start_matches("sqlite://");
        let name = format!("{file}-wal");
        let log = || std::fs::metadata(&name).unwrap().len() >> 20;
        let db = test.migrated(Schema::Node).await.unwrap();
        let mut tx = db.write().await.unwrap();
        let create = "create table said (id integer primary key, words blob not null)";
        on!(&mut tx, c => sqlx::query(create).execute(c).await.map(drop)).unwrap();
        tx.commit().await.unwrap();
        let mut look = Line {
            options: SqliteConnectOptions::new().filename(file),
            connection: None,
            file: None,
        };
        for id in 1..=COMMITS {
            say(&db, id).await;
            if id % 10 == 0 {
                until_folded(&mut look).await;
            }
        }
        let megabytes = log();
        assert!(megabytes < SHORT, "{megabytes} MB");

        // Whoever reads sees its moment, and keeps what came later in the log; then that is folded, although
        // nobody writes any more.
        let mut reading = db.read().await.unwrap();
        assert_eq!(said(&mut reading).await, COMMITS);
        for id in COMMITS + 1..=COMMITS + 50 {
            say(&db, id).await;
        }
        tokio::time::sleep(2 * AGAIN_AFTER).await;
        assert!(look.ask(LOOK).await.unwrap().waiting() >= PART);
        assert_eq!(said(&mut reading).await, COMMITS);
        reading.rollback().await.unwrap();
        until_folded(&mut look).await;

        drop(look);
        assert!(db.empty_log().await.unwrap());
        assert_eq!(log(), 0);
        db.close().await;
        let db = test.open(Schema::Node).await.unwrap();
        assert_eq!(said(&mut db.read().await.unwrap()).await, COMMITS + 50);
    }
}
