//! Statements over which PostgreSQL takes longer than it may, and which it ends. A test that waits for a
//! timeout is slow, and which of several statements meets it is chance.

use sqlx::{AssertSqlSafe, PgConnection};

use crate::{DbError, Tx};

/// Counts them, also where nothing comes of their transaction.
const COUNTER: &str = "create sequence cancelled_statements";
const COUNT: &str =
    "select case when is_called then last_value else 0 end from cancelled_statements";
const HOLD_UP: &str = "select pg_advisory_xact_lock(57014)";
/// Locks of all databases of the server are listed.
const IS_HELD_UP: &str = "select exists (select 1 from pg_locks \
     where locktype = 'advisory' and objid = 57014 and not granted \
     and database = (select oid from pg_database where datname = current_database()))";

/// From the commit on, a statement that adds a row to this table for which a condition of `new` holds waits
/// for whoever holds it up, if anybody does, and is then ended as one that takes too long.
pub async fn begin(tx: &mut Tx, table: &str, condition: &str) -> Result<(), DbError> {
    let function = format!(
        "create function cancel_statement() returns trigger language plpgsql as $$ begin
            if {condition} then
                perform nextval('cancelled_statements');
                perform pg_advisory_xact_lock(57014);
                raise exception 'canceling statement due to statement timeout' using errcode = '57014';
            end if;
            return new;
         end $$"
    );
    let trigger = format!(
        "create trigger cancel_statement before insert on {table}
            for each row execute function cancel_statement()"
    );
    for text in [COUNTER.to_owned(), function, trigger] {
        execute(tx, text).await?;
    }
    Ok(())
}

/// From the commit on no more are ended.
pub async fn end(tx: &mut Tx, table: &str) -> Result<(), DbError> {
    execute(tx, format!("drop trigger cancel_statement on {table}")).await
}

/// Holds up those to come, until this transaction ends.
pub async fn hold_up(tx: &mut Tx) -> Result<(), DbError> {
    execute(tx, HOLD_UP.to_owned()).await
}

/// Whether one is held up at this moment.
pub async fn is_held_up(tx: &mut Tx) -> Result<bool, DbError> {
    let asked = sqlx::query_scalar(IS_HELD_UP);
    Ok(asked.fetch_one(postgres(tx)?).await?)
}

/// How many have been ended so far.
pub async fn count(tx: &mut Tx) -> Result<i64, DbError> {
    let asked = sqlx::query_scalar(COUNT);
    Ok(asked.fetch_one(postgres(tx)?).await?)
}

async fn execute(tx: &mut Tx, text: String) -> Result<(), DbError> {
    let statement = sqlx::query(AssertSqlSafe(text));
    statement.execute(postgres(tx)?).await?;
    Ok(())
}

fn postgres(tx: &mut Tx) -> Result<&mut PgConnection, DbError> {
    match tx {
        Tx::Postgres(transaction) => Ok(&mut **transaction),
        Tx::Sqlite(_) => Err(DbError::Other("SQLite ends no statement".into())),
    }
}
