//! One database for one test, on SQLite or PostgreSQL.

use std::env;
use std::fs;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::Path;
use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection};
use tempfile::TempDir;

use super::{POSTGRES_VARIABLE, SQLITE_ONLY_VARIABLE, template};
use crate::{Db, DbError, DbOptions, Kind, Schema, sqlite};

/// A database that is removed when this is dropped, even while connections are open.
#[derive(Debug)]
pub struct TestDb {
    /// `SQLite` or `PostgreSQL`, for messages.
    pub name: &'static str,
    pub kind: Kind,
    /// What an operator would write as `database.url`.
    pub url: String,
    place: Place,
}

#[derive(Debug)]
enum Place {
    File {
        _folder: TempDir,
    },
    Database {
        server: Box<PgConnectOptions>,
        name: String,
    },
}

/// An empty database of each kind, for a test to run on one after the other. Panics with what to do
/// when there is no PostgreSQL, because a run that leaves it out must not pass.
pub async fn databases() -> Vec<TestDb> {
    let sqlite = TestDb::sqlite().expect("a temporary folder");
    if without_postgres() {
        return vec![sqlite];
    }
    match TestDb::postgres().await {
        Ok(postgres) => vec![sqlite, postgres],
        Err(error) => panic!("{error}"),
    }
}

/// As [`databases`], and each has the tables of `schema` already: copied, which takes a small part
/// of the time that its migrations take.
pub async fn databases_of(schema: Schema) -> Vec<TestDb> {
    let kinds: &[Kind] = if without_postgres() {
        &[Kind::Sqlite]
    } else {
        &[Kind::Sqlite, Kind::Postgres]
    };
    let mut all = Vec::with_capacity(kinds.len());
    for kind in kinds {
        let made = TestDb::of(*kind, schema).await;
        all.push(made.unwrap_or_else(|error| panic!("{error}")));
    }
    all
}

fn without_postgres() -> bool {
    env::var(SQLITE_ONLY_VARIABLE).is_ok_and(|value| value == "1")
}

impl TestDb {
    /// A path in a new temporary folder; the file is made by whoever opens it.
    pub fn sqlite() -> Result<Self, DbError> {
        let folder = tempfile::Builder::new()
            .prefix("lapor-sqlite-")
            .tempdir()
            .map_err(|error| DbError::Configuration(format!("no temporary folder: {error}")))?;
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        Ok(Self {
            name: "SQLite",
            kind: Kind::Sqlite,
            url,
            place: Place::File { _folder: folder },
        })
    }

    /// The file of an SQLite database, which is there once somebody has opened it.
    pub fn file(&self) -> &Path {
        Path::new(self.url.trim_start_matches("sqlite://"))
    }

    /// A new database of the cluster named by `LAPOR_TEST_POSTGRES`.
    pub async fn postgres() -> Result<Self, DbError> {
        Self::copied(server()?, template::EMPTY).await
    }

    /// A new database that has the tables of `schema` already, with nothing in them.
    pub async fn of(kind: Kind, schema: Schema) -> Result<Self, DbError> {
        match kind {
            Kind::Sqlite => {
                let template = template::sqlite(schema).await?;
                let made = Self::sqlite()?;
                sqlite::create_private(made.file())?;
                fs::write(made.file(), template).map_err(|error| {
                    DbError::Configuration(format!("the copy of a database: {error}"))
                })?;
                Ok(made)
            }
            Kind::Postgres => {
                let server = server()?;
                let template = template::postgres(&server, schema).await?;
                Self::copied(server, template).await
            }
        }
    }

    async fn copied(server: PgConnectOptions, template: &str) -> Result<Self, DbError> {
        let name = unused_name();
        let mut connection = PgConnection::connect_with(&server).await?;
        let create = copy(&name, template);
        connection.execute(AssertSqlSafe(create)).await?;
        connection.close().await?;
        let url = url_of(&server, &name);
        Ok(Self {
            name: "PostgreSQL",
            kind: Kind::Postgres,
            url,
            place: Place::Database {
                server: Box::new(server),
                name,
            },
        })
    }

    /// Opens the database, without migrating it.
    pub async fn open(&self, schema: Schema) -> Result<Db, DbError> {
        Db::open(&self.url, schema, &DbOptions::default()).await
    }

    /// Opens the database and gives it the tables of `schema`.
    pub async fn migrated(&self, schema: Schema) -> Result<Db, DbError> {
        let db = self.open(schema).await?;
        db.migrate().await?;
        Ok(db)
    }

    /// Opens the database and gives it the tables that `schema` had before its last migration.
    pub async fn migrated_before_the_last(&self, schema: Schema) -> Result<Db, DbError> {
        let db = self.open(schema).await?;
        db.migrate_all_but_the_last().await?;
        Ok(db)
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        let Place::Database { server, name } = &self.place else {
            return;
        };
        let drop = format!("drop database if exists {name} with (force)");
        let server = server.clone();
        // A test's own runtime cannot be entered from here. What fails goes away with the cluster.
        let removal = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .ok()?;
            runtime.block_on(async {
                let mut connection = PgConnection::connect_with(&server).await.ok()?;
                connection.execute(AssertSqlSafe(drop)).await.ok()
            })
        });
        let _ = removal.join();
    }
}

fn server() -> Result<PgConnectOptions, DbError> {
    let server = env::var(POSTGRES_VARIABLE).map_err(|_| {
        DbError::Configuration(format!(
            "{POSTGRES_VARIABLE} is not set: run `make test`, which starts PostgreSQL \
             (or set {SQLITE_ONLY_VARIABLE}=1 for a quick run of your own)"
        ))
    })?;
    Ok(PgConnectOptions::from_str(&server)?)
}

/// The statement that makes a database. Copying files is twice as fast as logging pages, where
/// nothing is synced anyway.
pub(super) fn copy(name: &str, template: &str) -> String {
    format!("create database {name} template {template} strategy file_copy")
}

pub(super) fn url_of(server: &PgConnectOptions, database: &str) -> String {
    let there = server.clone().database(database);
    there.to_url_lossy().to_string()
}

/// Tests run in processes of their own against one cluster, so the name is random. The keys of a
/// `RandomState` are the randomness that the standard library has.
pub(super) fn unused_name() -> String {
    format!("test_{:016x}", RandomState::new().build_hasher().finish())
}
