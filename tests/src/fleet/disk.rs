//! A disk that is full, as a database meets it. On SQLite the file may not grow
//! for the connection that writes; on PostgreSQL the table that grows answers
//! what the server answers then (53100).

use lapor_migrations::{Db, Kind, on};
use sqlx::AssertSqlSafe;

/// From now on, `table` takes no more rows than there is room for. The
/// connection of SQLite is replaced after it has failed, and the next one knows
/// nothing of it: fill it again before each act that must fail.
pub async fn fill(db: &Db, table: &str) {
    match db.kind() {
        Kind::Sqlite => run(db, "pragma max_page_count = 1").await,
        Kind::Postgres => {
            let refusing = "create or replace function disk_full() returns trigger language plpgsql \
                as $$ begin raise exception 'could not extend file' using errcode = '53100'; end $$";
            run(db, refusing).await;
            let trigger = format!(
                "create or replace trigger disk_full before insert on {table} \
                 for each statement execute function disk_full()"
            );
            run(db, &trigger).await;
        }
    }
}

/// Somebody has freed some space.
pub async fn free(db: &Db, table: &str) {
    match db.kind() {
        Kind::Sqlite => run(db, "pragma max_page_count = 4294967294").await,
        Kind::Postgres => run(db, &format!("drop trigger if exists disk_full on {table}")).await,
    }
}

async fn run(db: &Db, sql: &str) {
    let mut tx = db.write().await.expect("a database that answers");
    let sql = sql.to_owned();
    let done = on!(&mut tx, conn => sqlx::query(AssertSqlSafe(sql))
        .execute(conn)
        .await
        .map(|_| ()));
    done.expect("a statement that the database takes");
    tx.commit().await.expect("a commit");
}
