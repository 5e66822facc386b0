//! Copies on both databases, made while others write.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::on;
use crate::throwaway::{TestDb, databases};

const SET: &str = "update schema_facts set value = $1 where name = 'n'";
const READ: &str = "select value from schema_facts where name = 'n'";

async fn counted(test: &TestDb) -> Db {
    let db = test.migrated(Schema::Node).await.unwrap();
    let mut tx = db.write().await.unwrap();
    let sql = "insert into schema_facts (name, value) values ('n', '0')";
    on!(&mut tx, c => sqlx::query(sql).execute(c).await.map(drop)).unwrap();
    tx.commit().await.unwrap();
    db
}

async fn write(db: &Db, value: i64) {
    let mut tx = db.write().await.unwrap();
    on!(&mut tx, c => sqlx::query(SET).bind(value.to_string()).execute(c).await.map(drop)).unwrap();
    tx.commit().await.unwrap();
}

async fn read(db: &Db) -> i64 {
    let mut tx = db.read().await.unwrap();
    let value: String = on!(&mut tx, c => sqlx::query_scalar(READ).fetch_one(c).await).unwrap();
    value.parse().unwrap()
}

async fn empty(kind: Kind) -> TestDb {
    match kind {
        Kind::Sqlite => TestDb::sqlite().unwrap(),
        Kind::Postgres => TestDb::postgres().await.unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_made_while_others_write_shows_one_moment() {
    for test in databases().await {
        let db = counted(&test).await;
        let stop = Arc::new(AtomicBool::new(false));
        let writing = {
            let (db, stop) = (db.clone(), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut count = 0;
                while !stop.load(Ordering::SeqCst) && count < 100_000 {
                    count += 1;
                    write(&db, count).await;
                }
                count
            })
        };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(test.kind.copy_name());
        let before = read(&db).await;
        db.copy_to(&file).await.unwrap();
        let after = read(&db).await;
        stop.store(true, Ordering::SeqCst);
        assert!(writing.await.unwrap() >= after, "{}", test.name);
        check_copy(test.kind, &file, Schema::Node).await.unwrap();
        let other = empty(test.kind).await;
        let restored = restore_copy(&other.url, test.kind, &file, Schema::Node).await;
        let restored = restored.unwrap_or_else(|error| panic!("{}: {error}", test.name));
        let found = read(&restored).await;
        assert!((before..=after).contains(&found), "{}: {found}", test.name);
        let version = restored.schema_version().await.unwrap();
        assert_eq!(version, Schema::Node.version(), "{}", test.name);
        write(&restored, -1).await;
        assert_eq!(read(&restored).await, -1, "{}", test.name);
    }
}

#[tokio::test]
async fn a_restore_overwrites_nothing_and_changes_no_kind() {
    for test in databases().await {
        let db = counted(&test).await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("copy");
        db.copy_to(&file).await.unwrap();
        let again = db.copy_to(&file).await;
        assert!(
            matches!(again, Err(DbError::Configuration(_))),
            "{}",
            test.name
        );
        let occupied = restore_copy(&test.url, test.kind, &file, Schema::Node).await;
        let why = occupied.unwrap_err().to_string();
        assert!(why.contains("overwrites nothing"), "{}: {why}", test.name);
        let other = match test.kind {
            Kind::Sqlite => Kind::Postgres,
            Kind::Postgres => Kind::Sqlite,
        };
        let mixed = is_vacant(&test.url, other, Schema::Node).await;
        assert!(mixed.unwrap_err().to_string().contains("own kind"));
        assert_eq!(read(&db).await, 0, "{}", test.name);
    }
}

#[tokio::test]
async fn a_database_into_which_a_restore_has_not_ended_is_opened_by_nobody_else() {
    let mut tests = databases().await;
    tests.retain(|test| test.kind == Kind::Postgres);
    for test in tests {
        let db = counted(&test).await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(test.kind.copy_name());
        db.copy_to(&file).await.unwrap();
        let occupied = begin_restore(&test.url, Schema::Node).await.unwrap_err();
        assert!(occupied.to_string().contains("overwrites nothing"));
        db.close().await;

        let new = empty(test.kind).await;
        let before = new.open(Schema::Node).await.unwrap();
        begin_restore(&new.url, Schema::Node).await.unwrap();
        let is_refused = async || {
            let refused = new.open(Schema::Node).await.unwrap_err().to_string();
            assert!(refused.contains("restore the backup again"), "{refused}");
        };
        is_refused().await;
        let late = before.migrate().await.unwrap_err().to_string();
        assert!(late.contains("has not ended"), "nor is it filled: {late}");
        before.close().await;
        // It was cut off before the first row.
        begin_restore(&new.url, Schema::Node).await.unwrap();
        let restored = restore_copy(&new.url, new.kind, &file, Schema::Node).await;
        let restored = restored.unwrap();
        is_refused().await;
        assert_eq!(restored.migrate().await.unwrap().applied, []);
        // It was cut off behind the last.
        let occupied = is_vacant(&new.url, new.kind, Schema::Node).await;
        let occupied = occupied.unwrap_err().to_string();
        assert!(occupied.contains("overwrites nothing"), "{occupied}");
        restored.end_restore().await.unwrap();
        restored.close().await;
        let whole = new.open(Schema::Node).await.unwrap();
        assert_eq!(read(&whole).await, 0);
    }
}

#[tokio::test]
async fn a_file_into_which_a_restore_has_not_ended_is_opened_by_nobody_else() {
    let test = TestDb::sqlite().unwrap();
    let db = counted(&test).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(test.kind.copy_name());
    db.copy_to(&file).await.unwrap();
    let occupied = begin_restore(&test.url, Schema::Node).await.unwrap_err();
    assert!(occupied.to_string().contains("overwrites nothing"));
    db.close().await;
    let whole = test.open(Schema::Node).await.unwrap();
    whole.close().await;

    let new = empty(test.kind).await;
    let is_refused = async || {
        let refused = new.open(Schema::Node).await.unwrap_err().to_string();
        assert!(refused.contains("restore the backup again"), "{refused}");
    };
    // The first is cut off before the first byte.
    for _ in 0..2 {
        begin_restore(&new.url, Schema::Node).await.unwrap();
        is_refused().await;
    }
    let restored = restore_copy(&new.url, new.kind, &file, Schema::Node).await;
    let restored = restored.unwrap();
    is_refused().await;
    restored.end_restore().await.unwrap();
    restored.close().await;
    let whole = new.open(Schema::Node).await.unwrap();
    assert_eq!(read(&whole).await, 0);
}

#[tokio::test]
async fn a_copy_that_was_damaged_or_is_another_programs_is_refused() {
    for test in databases().await {
        let db = counted(&test).await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("copy");
        db.copy_to(&file).await.unwrap();
        let bytes = std::fs::read(&file).unwrap();
        std::fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
        let damaged = check_copy(test.kind, &file, Schema::Node).await;
        assert!(damaged.is_err(), "{}", test.name);
        if test.kind == Kind::Sqlite {
            std::fs::write(&file, &bytes).unwrap();
            let foreign = check_copy(test.kind, &file, Schema::Hub).await;
            assert!(matches!(foreign, Err(DbError::WrongProgram { .. })));
        }
    }
}

#[tokio::test]
async fn of_programs_that_share_a_server_none_drops_what_the_trial_of_another_made() {
    let mut tests = databases().await;
    tests.retain(|test| test.kind == Kind::Postgres);
    for test in tests {
        let other = TestDb::postgres().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join(test.kind.copy_name());
        let db = counted(&test).await;
        db.copy_to(&copy).await.unwrap();
        db.close().await;
        let beside = |url: &str, digits| {
            let (url, folder) = (url.to_owned(), folder.path().to_owned());
            async move { Scratch::beside(&url, Kind::Postgres, &folder, digits).await }
        };
        let kept = beside(&test.url, "00000000000000aa").await.unwrap();
        beside(&other.url, "00000000000000bb").await.unwrap();
        let db = kept.restore(&copy, Schema::Node).await.unwrap();
        db.close().await;
        let next = beside(&test.url, "00000000000000cc").await.unwrap();
        let gone = kept.restore(&copy, Schema::Node).await.err().unwrap();
        assert!(gone.to_string().contains("does not exist"), "{gone}");
        next.remove().await.unwrap();
    }
}
