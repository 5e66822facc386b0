//! A transaction on either database, and the macro that runs one query text on both.
//!
//! A transaction that is dropped without [`Tx::commit`] is rolled back. Nothing here may look at
//! what the query says: a text that must differ between the two is two constants at its caller.

use sqlx::{Postgres, Sqlite, Transaction};

use crate::{DbError, Kind};

/// A read or write transaction, made by [`crate::Db::read`] and [`crate::Db::write`].
pub enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// Expands a query body for both databases. The first argument is an expression of type `&mut Tx`;
/// inside the body the second is `&mut SqliteConnection` or `&mut PgConnection`. Both arms must
/// give the same type, so results such as `SqliteQueryResult` are mapped inside the body:
///
/// ```
/// # use lapor_migrations::{on, DbError, Tx};
/// async fn rename(tx: &mut Tx, id: i64, name: &str) -> Result<u64, DbError> {
///     const SQL: &str = "update instances set name = $1 where id = $2";
///     let renamed = on!(tx, conn => sqlx::query(SQL)
///         .bind(name)
///         .bind(id)
///         .execute(conn)
///         .await
///         .map(|done| done.rows_affected()))?;
///     Ok(renamed)
/// }
/// ```
#[macro_export]
macro_rules! on {
    ($tx:expr, $conn:ident => $body:expr) => {
        match $tx {
            $crate::Tx::Sqlite(transaction) => {
                let $conn = &mut **transaction;
                $body
            }
            $crate::Tx::Postgres(transaction) => {
                let $conn = &mut **transaction;
                $body
            }
        }
    };
}

impl Tx {
    /// Makes everything done in this transaction durable. After `Ok` it survives a power cut; after
    /// an error it may or may not have happened, and the caller has to look.
    pub async fn commit(self) -> Result<(), DbError> {
        lapor_killpoints::pass("commit.before");
        match self {
            Self::Sqlite(transaction) => transaction.commit().await?,
            Self::Postgres(transaction) => transaction.commit().await?,
        }
        lapor_killpoints::pass("commit.after");
        Ok(())
    }

    /// Undoes everything done in this transaction, and waits until that has happened.
    pub async fn rollback(self) -> Result<(), DbError> {
        match self {
            Self::Sqlite(transaction) => transaction.rollback().await?,
            Self::Postgres(transaction) => transaction.rollback().await?,
        }
        Ok(())
    }

    /// Tells the processes that have a [`crate::Seat`] on this channel a word, once this
    /// transaction is committed. A database that one process has alone has nobody to tell.
    pub async fn tell(&mut self, channel: &str, word: &str) -> Result<(), DbError> {
        const TELL: &str = "select pg_notify($1, $2)";
        if let Self::Postgres(transaction) = self {
            let telling = sqlx::query(TELL).bind(channel).bind(word);
            telling.execute(&mut **transaction).await?;
        }
        Ok(())
    }

    /// Which database this is, to choose between two constants of SQL.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Sqlite(_) => Kind::Sqlite,
            Self::Postgres(_) => Kind::Postgres,
        }
    }
}
