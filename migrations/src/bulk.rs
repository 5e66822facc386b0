//! Statements that carry many rows at once.
//!
//! A row costs far more as a statement of its own than as one line of a list.

use std::fmt::Write;
use std::sync::{Arc, OnceLock};

use futures_util::TryStreamExt as _;
use sqlx::postgres::PgRow;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, FromRow};

use crate::value::{arguments, arrays};
use crate::{DbError, Tx, Value};

/// Rows of a statement on SQLite, where a row more is another text: they are few, so that all there are
/// stay prepared on each connection. Each small number has its own, because a group of filings is seldom
/// larger, and so has a full batch: a statement is handed to the thread of the database and back, for
/// which both wait where all cores are busy.
const SIZES: [usize; 21] = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 32, 64, 128, 256, 500,
];
/// Parameters a statement may have: <https://www.sqlite.org/limits.html>.
const MOST_PARAMETERS: usize = 32_766;
/// Rows of a statement on PostgreSQL. How long they are is for whoever has them.
const MOST_ROWS: usize = 4096;

/// How the list begins in the text before it.
const LIST: &str = "values";

/// One statement over a `values` list, written once as a `static`, which keeps its texts:
///
/// ```
/// # use lapor_migrations::Bulk;
/// static ADD: Bulk = Bulk::new("insert into letters (id, body) values", 2, "on conflict (id) do nothing");
/// static MARK: Bulk = Bulk::new(
///     "with v (id, state) as (values",
///     2,
///     ") update letters set state = v.state from v where letters.id = v.id",
/// );
/// static KNOWN: Bulk = Bulk::new("with v (id) as (values", 1, ") select id from v join letters using (id)");
/// ```
///
/// PostgreSQL is given an array for each column in place of the list: one short text for any number of
/// rows, where a list had a parameter for each value and a text for each length.
///
/// One list is split over several statements when it is long, so the statement must mean the same
/// for a part of the rows as for all of them.
#[derive(Debug)]
pub struct Bulk {
    before: &'static str,
    columns: usize,
    after: &'static str,
    sqlite: [OnceLock<Arc<str>>; SIZES.len()],
    postgres: OnceLock<Arc<str>>,
}

impl Bulk {
    /// `before` ends in `values`, and it and `after` surround `(?, ?), (?, ?), ...` with `columns` values
    /// in a row.
    pub const fn new(before: &'static str, columns: usize, after: &'static str) -> Self {
        assert!(columns > 0 && columns <= MOST_PARAMETERS);
        assert!(ends_in_list(before.as_bytes()));
        Self {
            before,
            columns,
            after,
            sqlite: [const { OnceLock::new() }; SIZES.len()],
            postgres: OnceLock::new(),
        }
    }

    /// The text for SQLite and `SIZES[size]` rows.
    fn sqlite(&self, size: usize) -> AssertSqlSafe<Arc<str>> {
        let text = self.sqlite[size].get_or_init(|| self.list(SIZES[size]).into());
        AssertSqlSafe(text.clone())
    }

    /// The text for PostgreSQL.
    fn postgres(&self) -> AssertSqlSafe<Arc<str>> {
        let text = self.postgres.get_or_init(|| self.arrays().into());
        AssertSqlSafe(text.clone())
    }

    /// With a list of so many rows. SQLite looks a `$1` up by its name in a list of all names, for each
    /// value of each execution; a bare `?` has no name, and a statement of a thousand values runs several
    /// times as fast.
    pub(crate) fn list(&self, rows: usize) -> String {
        let row = format!("({})", vec!["?"; self.columns].join(", "));
        let list = vec![row; rows].join(", ");
        format!("{} {list} {}", self.before, self.after)
    }

    /// With an array for each column.
    fn arrays(&self) -> String {
        let mut text = self.before[..self.before.len() - LIST.len()].to_owned();
        text.push_str("select * from unnest(");
        for column in 1..=self.columns {
            let separator = if column == 1 { "" } else { ", " };
            write!(text, "{separator}${column}").expect("writing to a string cannot fail");
        }
        text.push_str(") ");
        text.push_str(self.after);
        text
    }

    /// The parts of a list of so many values for SQLite, each by its place in [`SIZES`].
    fn parts(&self, values: usize) -> Vec<usize> {
        let most = MOST_PARAMETERS / self.columns;
        let mut rows = values / self.columns;
        let mut parts = Vec::new();
        for (size, count) in SIZES.into_iter().enumerate().rev() {
            while count <= rows && count <= most {
                rows -= count;
                parts.push(size);
            }
        }
        parts
    }

    fn check(&self, values: &[Value]) -> Result<(), DbError> {
        if values.len().is_multiple_of(self.columns) {
            return Ok(());
        }
        let (count, columns) = (values.len(), self.columns);
        Err(DbError::Other(format!(
            "{count} values do not fill rows of {columns}: {}",
            self.before
        )))
    }
}

const fn ends_in_list(text: &[u8]) -> bool {
    match text.split_last_chunk::<{ LIST.len() }>() {
        Some((_, last)) => last.eq_ignore_ascii_case(LIST.as_bytes()),
        None => false,
    }
}

impl Tx {
    /// Runs a bulk statement. `values` holds the rows one after another. Returns how many rows of
    /// the table were inserted, updated or deleted. No rows are no statement.
    pub async fn run_rows(
        &mut self,
        bulk: &'static Bulk,
        mut values: Vec<Value>,
    ) -> Result<u64, DbError> {
        bulk.check(&values)?;
        let mut affected = 0;
        match self {
            Self::Sqlite(transaction) => {
                let parts = bulk.parts(values.len());
                let mut values = values.into_iter();
                for size in parts {
                    let part = values.by_ref().take(bulk.columns * SIZES[size]);
                    let query =
                        sqlx::query_with(bulk.sqlite(size), arguments::<SqliteArguments>(part)?);
                    affected += query.execute(&mut **transaction).await?.rows_affected();
                }
            }
            Self::Postgres(transaction) => {
                while !values.is_empty() {
                    let part = values.len().min(bulk.columns * MOST_ROWS);
                    let part = arrays(values.drain(..part), bulk.columns)?;
                    let query = sqlx::query_with(bulk.postgres(), part);
                    affected += query.execute(&mut **transaction).await?.rows_affected();
                }
            }
        }
        Ok(affected)
    }

    /// Runs a bulk statement that gives rows: a `select`, or one that ends in `returning`. The rows
    /// of each part follow one another, in no promised order within a part.
    pub async fn fetch_rows<T>(
        &mut self,
        bulk: &'static Bulk,
        values: Vec<Value>,
    ) -> Result<Vec<T>, DbError>
    where
        T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let mut found = Vec::new();
        self.each_row(bulk, values, |row| {
            found.push(row);
            Ok::<_, DbError>(())
        })
        .await?;
        Ok(found)
    }

    /// As [`Self::fetch_rows`], with each row as it comes, so that no more than a few are in memory: for
    /// rows of which nobody knows how many there are.
    pub async fn each_row<T, E>(
        &mut self,
        bulk: &'static Bulk,
        mut values: Vec<Value>,
        mut take: impl FnMut(T) -> Result<(), E> + Send,
    ) -> Result<(), E>
    where
        T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin,
        E: From<DbError> + Send,
    {
        bulk.check(&values)?;
        match self {
            Self::Sqlite(transaction) => {
                let parts = bulk.parts(values.len());
                let mut values = values.into_iter();
                for size in parts {
                    let part = values.by_ref().take(bulk.columns * SIZES[size]);
                    let query =
                        sqlx::query_as_with(bulk.sqlite(size), arguments::<SqliteArguments>(part)?);
                    let mut rows = query.fetch(&mut **transaction);
                    while let Some(row) = rows.try_next().await.map_err(DbError::from)? {
                        take(row)?;
                    }
                }
            }
            Self::Postgres(transaction) => {
                while !values.is_empty() {
                    let part = values.len().min(bulk.columns * MOST_ROWS);
                    let part = arrays(values.drain(..part), bulk.columns)?;
                    let query = sqlx::query_as_with(bulk.postgres(), part);
                    let mut rows = query.fetch(&mut **transaction);
                    while let Some(row) = rows.try_next().await.map_err(DbError::from)? {
                        take(row)?;
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::throwaway::{TestDb, databases};
    use crate::{Schema, on};

    #[test]
    fn a_list_is_cut_into_few_parts() {
        let bulk = Bulk::new("insert into t (a, b) values", 2, "");
        let rows = |count: usize| -> Vec<usize> {
            let parts = bulk.parts(2 * count).into_iter();
            parts.map(|size| SIZES[size]).collect()
        };
        assert!(rows(0).is_empty());
        assert_eq!(rows(11), [11]);
        assert_eq!(rows(63), [32, 16, 15]);
        assert_eq!(rows(1001), [500, 500, 1]);
    }

    #[test]
    fn no_part_has_more_parameters_than_sqlite_takes() {
        let wide = Bulk::new("insert into t values", 1000, "");
        let parts = wide.parts(1000 * 100);
        assert!(
            parts
                .iter()
                .all(|size| 1000 * SIZES[*size] <= MOST_PARAMETERS),
            "{parts:?}"
        );
    }

    #[test]
    fn values_that_do_not_fill_a_row_are_refused() {
        let bulk = Bulk::new("insert into t (a, b) values", 2, "");
        let values = vec![Value::from(1); 3];
        assert!(matches!(bulk.check(&values), Err(DbError::Other(_))));
    }

    #[test]
    fn the_text_is_what_its_author_would_write() {
        let bulk = Bulk::new("insert into t (a, b) values", 2, "on conflict do nothing");
        assert_eq!(
            bulk.arrays(),
            "insert into t (a, b) select * from unnest($1, $2) on conflict do nothing"
        );
        assert_eq!(
            bulk.list(2),
            "insert into t (a, b) values (?, ?), (?, ?) on conflict do nothing"
        );
    }

    static ADD: Bulk = Bulk::new(
        "insert into letters (id, size, state, note, seal, body) values",
        6,
        "",
    );
    static ADD_NEW: Bulk = Bulk::new(
        "insert into marks (id) values",
        1,
        "on conflict (id) do nothing returning id",
    );
    static MARK: Bulk = Bulk::new(
        "with v (id, state, seal) as (values",
        3,
        ") update letters set state = v.state, seal = v.seal from v where letters.id = v.id",
    );
    type Letter = (
        i64,
        Option<i64>,
        String,
        Option<String>,
        Vec<u8>,
        Option<Vec<u8>>,
    );

    async fn letters(test: &TestDb) -> crate::Db {
        let db = test.migrated(Schema::Hub).await.unwrap();
        let mut tx = db.write().await.unwrap();
        for sql in [
            "create table letters (id bigint primary key, size bigint, state text not null, note text, \
             seal bytea not null, body bytea)",
            "create table marks (id bigint primary key)",
        ] {
            on!(&mut tx, conn => sqlx::query(sql).execute(conn).await.map(|_| ())).unwrap();
        }
        tx.commit().await.unwrap();
        db
    }

    fn letter(id: i64) -> Letter {
        let full = id % 3 == 0;
        let bytes = vec![id as u8; 3];
        (
            id,
            full.then_some(-id),
            format!("s{id}"),
            full.then(|| "catatan".into()),
            bytes.clone(),
            full.then_some(bytes),
        )
    }

    fn rows(ids: std::ops::Range<i64>) -> Vec<Value> {
        ids.flat_map(|id| {
            let (id, size, state, note, seal, body) = letter(id);
            [
                id.into(),
                size.into(),
                state.into(),
                note.into(),
                seal.into(),
                body.into(),
            ]
        })
        .collect()
    }

    #[tokio::test]
    async fn rows_of_every_kind_come_back_as_they_went_in() {
        const ALL: &str = "select id, size, state, note, seal, body from letters order by id";
        for test in databases().await {
            let db = letters(&test).await;
            let mut tx = db.write().await.unwrap();
            assert_eq!(
                tx.run_rows(&ADD, rows(0..5001)).await,
                Ok(5001),
                "{}",
                test.name
            );
            let found: Vec<Letter> =
                on!(&mut tx, conn => sqlx::query_as(ALL).fetch_all(conn).await).unwrap();
            assert_eq!(
                found,
                (0..5001).map(letter).collect::<Vec<_>>(),
                "{}",
                test.name
            );
            assert_eq!(tx.run_rows(&ADD, vec![]).await, Ok(0), "{}", test.name);
        }
    }

    #[tokio::test]
    async fn many_rows_are_updated_at_once() {
        const SENT: &str = "select count(*) from letters where state = 'sent' and seal = $1";
        for test in databases().await {
            let db = letters(&test).await;
            let mut tx = db.write().await.unwrap();
            tx.run_rows(&ADD, rows(0..100)).await.unwrap();
            let changes =
                (50..150).flat_map(|id| [Value::from(id), "sent".into(), Value::from(vec![9_u8])]);
            assert_eq!(
                tx.run_rows(&MARK, changes.collect()).await,
                Ok(50),
                "{}",
                test.name
            );
            let sent: i64 =
                on!(&mut tx, conn => sqlx::query_scalar(SENT).bind(vec![9_u8]).fetch_one(conn).await).unwrap();
            assert_eq!(sent, 50, "{}", test.name);
        }
    }

    #[tokio::test]
    async fn rows_come_one_by_one_until_somebody_has_enough() {
        static ORDERED: Bulk = Bulk::new(
            "with v (id) as (values",
            1,
            ") select letters.id from v join letters on letters.id = v.id order by letters.id",
        );
        let enough = || DbError::Other("enough".into());
        for test in databases().await {
            let db = letters(&test).await;
            let mut tx = db.write().await.unwrap();
            tx.run_rows(&ADD, rows(0..600)).await.unwrap();
            let ids = || (0..600).map(Value::from).collect::<Vec<_>>();
            let mut found = Vec::new();
            let taken = tx.each_row(&ORDERED, ids(), |(id,): (i64,)| {
                found.push(id);
                if id == 400 { Err(enough()) } else { Ok(()) }
            });
            assert_eq!(taken.await, Err(enough()), "{}", test.name);
            assert_eq!(found, (0..=400).collect::<Vec<_>>(), "{}", test.name);
            let mut count = 0;
            let taken = tx.each_row(&ORDERED, ids(), |_: (i64,)| {
                count += 1;
                Ok::<_, DbError>(())
            });
            taken.await.unwrap();
            assert_eq!(count, 600, "the connection goes on");
        }
    }

    #[tokio::test]
    async fn only_new_rows_are_returned() {
        for test in databases().await {
            let db = letters(&test).await;
            let mut tx = db.write().await.unwrap();
            let ids = |range: std::ops::Range<i64>| range.map(Value::from).collect::<Vec<_>>();
            let first: Vec<(i64,)> = tx.fetch_rows(&ADD_NEW, ids(0..10)).await.unwrap();
            let mut second: Vec<(i64,)> = tx.fetch_rows(&ADD_NEW, ids(5..13)).await.unwrap();
            second.sort_unstable();
            assert_eq!(
                (first.len(), second),
                (10, vec![(10,), (11,), (12,)]),
                "{}",
                test.name
            );
        }
    }

    #[tokio::test]
    async fn a_key_taken_twice_is_a_conflict_that_names_it() {
        for test in databases().await {
            let db = letters(&test).await;
            let mut tx = db.write().await.unwrap();
            tx.run_rows(&ADD, rows(0..2)).await.unwrap();
            let again = tx.run_rows(&ADD, rows(1..2)).await;
            assert_eq!(
                again,
                Err(DbError::Conflict {
                    on: "letters(id)".into()
                }),
                "{}",
                test.name
            );
        }
    }
}
