//! A query whose conditions are chosen at run time.
//!
//! An optional condition written as `($1 is null or state = $1)` keeps SQLite from using an index,
//! so a list that must stay fast is put together from the conditions that are given. The parts are
//! `&'static str` and values are bound: no text from outside ever becomes SQL.

use std::fmt::Write as _;

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, FromRow};

use crate::value::arguments;
use crate::{DbError, Tx, Value};

/// A query and the values bound to it.
///
/// ```
/// # use lapor_migrations::{Composed, Value};
/// let mut query = Composed::new("select id from letters where true");
/// query.add(" and state = {}", [Value::from("open")]);
/// query.add(" order by id limit {}", [Value::from(10)]);
/// assert_eq!(query.text(), "select id from letters where true and state = $1 order by id limit $2");
/// ```
#[derive(Debug, Clone)]
pub struct Composed {
    text: String,
    values: Vec<Value>,
}

impl Composed {
    /// Begins with a part that binds nothing.
    pub fn new(part: &'static str) -> Self {
        Self {
            text: part.to_owned(),
            values: Vec::new(),
        }
    }

    /// Appends a part; each `{}` in it stands for the next of `values`.
    ///
    /// # Panics
    /// When there are not as many values as places, which is a mistake in the program.
    pub fn add(&mut self, part: &'static str, values: impl IntoIterator<Item = Value>) {
        let mut values = values.into_iter();
        let mut pieces = part.split("{}");
        self.text.push_str(pieces.next().unwrap_or_default());
        for piece in pieces {
            let value = values.next().expect("a value for each place of a query");
            self.values.push(value);
            write!(self.text, "${}{piece}", self.values.len())
                .expect("writing to a string cannot fail");
        }
        assert!(values.next().is_none(), "more values than places in {part}");
    }

    /// The text as it stands.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl Tx {
    /// Runs a composed query and gives its rows in order.
    pub async fn fetch_composed<T>(&mut self, query: Composed) -> Result<Vec<T>, DbError>
    where
        T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let Composed { text, values } = query;
        let (text, values) = (AssertSqlSafe(text), values.into_iter());
        Ok(match self {
            Self::Sqlite(transaction) => {
                sqlx::query_as_with(text, arguments::<SqliteArguments>(values)?)
                    .fetch_all(&mut **transaction)
                    .await?
            }
            Self::Postgres(transaction) => {
                sqlx::query_as_with(text, arguments::<PgArguments>(values)?)
                    .fetch_all(&mut **transaction)
                    .await?
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Schema;
    use crate::throwaway::databases;

    #[tokio::test]
    async fn values_are_bound_where_their_parts_say() {
        for test in databases().await {
            let db = test.migrated(Schema::Node).await.unwrap();
            let mut tx = db.read().await.unwrap();
            let mut query = Composed::new("select value from schema_facts where true");
            query.add(" and name = {}", [Value::from("program")]);
            query.add(
                " and value in ({}, {}) limit {}",
                ["x' or 'a' = 'a".into(), "lapor-node".into(), Value::from(5)],
            );
            let found: Vec<(String,)> = tx.fetch_composed(query).await.unwrap();
            assert_eq!(found, [("lapor-node".to_owned(),)], "{}", test.name);
        }
    }

    #[test]
    #[should_panic(expected = "a value for each place")]
    fn a_place_without_a_value_is_a_mistake() {
        Composed::new("select 1").add(" where a = {}", []);
    }
}
