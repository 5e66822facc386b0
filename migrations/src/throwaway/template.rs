//! The databases that those of tests are copied from. All migrations of a program take longer than
//! most tests, so they run once: for a PostgreSQL cluster, however many programs run their tests on
//! it, and in each of these programs for SQLite.

use std::fs;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tokio::sync::OnceCell;

use super::database::{TestDb, copy, unused_name, url_of};
use crate::{Db, DbError, DbOptions, Schema};

/// What PostgreSQL itself copies an empty database from.
pub const EMPTY: &str = "template0";
/// Of several programs that need the same template one makes it, and the others wait.
const MAKING_LOCK: i64 = 0x74_65_6d_70_6c;
const LOCK: &str = "select pg_advisory_lock($1)";
const IS_THERE: &str = "select exists (select 1 from pg_database where datname = $1)";

/// The file of a migrated SQLite database.
pub async fn sqlite(schema: Schema) -> Result<&'static [u8], DbError> {
    static HUB: OnceCell<Vec<u8>> = OnceCell::const_new();
    static NODE: OnceCell<Vec<u8>> = OnceCell::const_new();
    let kept = match schema {
        Schema::Hub => &HUB,
        Schema::Node => &NODE,
    };
    let file = kept.get_or_try_init(|| Box::pin(make_sqlite(schema)));
    file.await.map(Vec::as_slice)
}

async fn make_sqlite(schema: Schema) -> Result<Vec<u8>, DbError> {
    let made = TestDb::sqlite()?;
    // Closed, it is one file.
    made.migrated(schema).await?.close().await;
    fs::read(made.file())
        .map_err(|error| DbError::Configuration(format!("the template of a database: {error}")))
}

/// The name of a migrated database of the cluster, to which nobody connects.
pub async fn postgres(server: &PgConnectOptions, schema: Schema) -> Result<&'static str, DbError> {
    static HUB: OnceCell<String> = OnceCell::const_new();
    static NODE: OnceCell<String> = OnceCell::const_new();
    let kept = match schema {
        Schema::Hub => &HUB,
        Schema::Node => &NODE,
    };
    let name = kept.get_or_try_init(|| Box::pin(make_postgres(server, schema)));
    name.await.map(String::as_str)
}

/// It gets its name last: what has it is whole. The name is another one for other migrations, as a
/// developer's cluster may live longer than these.
async fn make_postgres(server: &PgConnectOptions, schema: Schema) -> Result<String, DbError> {
    let name = format!("template_{:016x}", schema.fingerprint());
    let mut connection = PgConnection::connect_with(server).await?;
    // Held until the connection ends.
    let lock = sqlx::query(LOCK).bind(MAKING_LOCK);
    lock.execute(&mut connection).await?;
    let is_there = sqlx::query_scalar::<_, bool>(IS_THERE).bind(name.as_str());
    if !is_there.fetch_one(&mut connection).await? {
        let unfinished = unused_name();
        let create = copy(&unfinished, EMPTY);
        connection.execute(AssertSqlSafe(create)).await?;
        let url = url_of(server, &unfinished);
        let db = Db::open(&url, schema, &DbOptions::default()).await?;
        db.migrate().await?;
        db.close().await;
        let finish = format!("alter database {unfinished} rename to {name}");
        connection.execute(AssertSqlSafe(finish)).await?;
    }
    connection.close().await?;
    Ok(name)
}

#[cfg(test)]
mod tests {
    use crate::on;
    use crate::throwaway::{TestDb, databases_of};

    use super::*;

    const FACTS: &str = "select count(*) from schema_facts";
    const ADD: &str = "insert into schema_facts (name, value) values ('seen', 'once')";

    async fn facts(db: &Db) -> i64 {
        let mut tx = db.read().await.unwrap();
        on!(&mut tx, conn => sqlx::query_scalar(FACTS).fetch_one(conn).await).unwrap()
    }

    #[tokio::test]
    async fn a_copy_has_every_migration_and_what_is_written_into_it_is_in_no_other() {
        for schema in [Schema::Hub, Schema::Node] {
            for test in databases_of(schema).await {
                let db = test.open(schema).await.unwrap();
                let pending = db.pending_migrations().await.unwrap();
                assert_eq!(pending, vec![], "{}", test.name);
                assert_eq!(db.migrate().await.unwrap().applied, vec![], "{}", test.name);
                let before = facts(&db).await;
                let mut tx = db.write().await.unwrap();
                on!(&mut tx, conn => sqlx::query(ADD).execute(conn).await.map(|_| ())).unwrap();
                tx.commit().await.unwrap();
                assert_eq!(facts(&db).await, before + 1, "{}", test.name);
                let other = TestDb::of(test.kind, schema).await.unwrap();
                let other_db = other.open(schema).await.unwrap();
                assert_eq!(facts(&other_db).await, before, "{}", test.name);
            }
        }
    }
}
