//! What is deleted leaves the files of SQLite, too: the pages that it stood on, and the log in which
//! they were written before. PostgreSQL leaves it to its vacuum and to the recycling of its log.

use sqlx::AssertSqlSafe;

use crate::db::Pools;
use crate::{Db, DbError, Tx};

impl Tx {
    /// Whether deletions from now on overwrite what they delete, at the cost of writing it.
    pub async fn overwrite(&mut self, whole: bool) -> Result<(), DbError> {
        if let Self::Sqlite(transaction) = self {
            let how = if whole {
                "pragma secure_delete = on"
            } else {
                "pragma secure_delete = off"
            };
            sqlx::query(how).fetch_all(&mut **transaction).await?;
        }
        Ok(())
    }
}

impl Db {
    /// Folds SQLite's log into the file and empties it, so that nothing that was deleted stands in it
    /// any more. Whether it could: somebody who reads keeps it, and is not waited for.
    pub async fn empty_log(&self) -> Result<bool, DbError> {
        let Pools::Sqlite { writer, .. } = &self.pools else {
            return Ok(true);
        };
        let mut writer = writer.acquire().await?;
        let patience: i64 = sqlx::query_scalar("pragma busy_timeout")
            .fetch_one(&mut *writer)
            .await?;
        sqlx::query("pragma busy_timeout = 0")
            .fetch_all(&mut *writer)
            .await?;
        let emptied = sqlx::query_scalar("pragma wal_checkpoint(truncate)")
            .fetch_one(&mut *writer)
            .await;
        let again = AssertSqlSafe(format!("pragma busy_timeout = {patience}"));
        sqlx::query(again).fetch_all(&mut *writer).await?;
        let busy: i64 = emptied?;
        Ok(busy == 0)
    }
}

#[cfg(test)]
mod tests {
    use crate::throwaway::databases;
    use crate::{Schema, on};

    /// Longer than a page, so that it stands on pages of its own.
    fn words() -> String {
        "kenari-yang-dihapus ".repeat(1000)
    }

    #[tokio::test]
    async fn what_was_overwritten_is_in_no_file_once_the_log_is_empty() {
        for test in databases().await {
            let db = test.migrated(Schema::Node).await.unwrap();
            let mut tx = db.write().await.unwrap();
            for sql in [
                "create table said (id integer primary key, words text not null)",
                "insert into said (id, words) values (2, 'lain')",
            ] {
                on!(&mut tx, c => sqlx::query(sql).execute(c).await.map(drop)).unwrap();
            }
            let insert = "insert into said (id, words) values (1, $1)";
            on!(&mut tx, c => sqlx::query(insert).bind(words()).execute(c).await.map(drop))
                .unwrap();
            tx.commit().await.unwrap();
            let reading = db.read().await.unwrap();
            let mut tx = db.write().await.unwrap();
            tx.overwrite(true).await.unwrap();
            let delete = "delete from said where id = 1";
            on!(&mut tx, c => sqlx::query(delete).execute(c).await.map(drop)).unwrap();
            tx.overwrite(false).await.unwrap();
            tx.commit().await.unwrap();
            reading.rollback().await.unwrap();
            assert!(db.empty_log().await.unwrap(), "{}", test.name);
            let Some(file) = test.url.strip_prefix("sqlite://") else {
                continue;
            };
            for name in [file.to_owned(), format!("{file}-wal")] {
                let bytes = std::fs::read(&name).unwrap_or_default();
                let found = String::from_utf8_lossy(&bytes)
                    .matches("kenari-yang")
                    .count();
                assert_eq!(found, 0, "{name}");
            }
        }
    }

    #[tokio::test]
    async fn a_log_that_somebody_reads_is_kept_and_writing_goes_on() {
        for test in databases().await {
            let db = test.migrated(Schema::Node).await.unwrap();
            let write = async |id: i64| {
                let insert = "insert into jobs_probe (id) values ($1)";
                let mut tx = db.write().await.unwrap();
                on!(&mut tx, c => sqlx::query(insert).bind(id).execute(c).await.map(drop)).unwrap();
                tx.commit().await.unwrap();
            };
            let mut tx = db.write().await.unwrap();
            let create = "create table jobs_probe (id bigint primary key)";
            on!(&mut tx, c => sqlx::query(create).execute(c).await.map(drop)).unwrap();
            tx.commit().await.unwrap();
            write(1).await;
            let mut reading = db.read().await.unwrap();
            let count = "select count(*) from jobs_probe";
            let seen: i64 =
                on!(&mut reading, c => sqlx::query_scalar(count).fetch_one(c).await).unwrap();
            write(2).await;
            let emptied = db.empty_log().await.unwrap();
            assert_eq!(emptied, !test.url.starts_with("sqlite"), "{}", test.name);
            write(3).await;
            reading.rollback().await.unwrap();
            assert!(db.empty_log().await.unwrap());
            assert_eq!(seen, 1);
        }
    }
}
