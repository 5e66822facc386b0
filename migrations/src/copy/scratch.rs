//! A database of its own for a copy that is tried and thrown away: a file in a folder, or a
//! database made beside another one on its server. What is in use is never opened for it.

use std::path::{Path, PathBuf};

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};

use super::restore_copy;
use crate::address::{self, Address};
use crate::{Db, DbError, Kind, Schema};

/// What the names of such databases begin with: the number of the database beside which they are
/// made is part of it, so that programs that share a server never drop each other's.
const OWN_PREFIX: &str = "select 'lapor_trial_' || to_hex(cast(oid as bigint)) || '_' \
     from pg_database where datname = current_database()";
/// Digits in the name of a database, in hexadecimal.
const DIGITS: usize = 16;
const LEFT: &str =
    "select datname from pg_database where datname like 'lapor!_trial!_%' escape '!'";

/// A place for one copy, to be given back by [`Scratch::remove`].
pub struct Scratch {
    url: String,
    kind: Kind,
    place: Place,
}

enum Place {
    File(PathBuf),
    Database {
        server: Box<PgConnectOptions>,
        name: String,
    },
}

impl Scratch {
    /// Makes the place: below `folder`, or on the server of `url`, whose user must be allowed to
    /// make databases. `digits` are 16 hexadecimal ones that nobody has had.
    pub async fn beside(
        url: &str,
        kind: Kind,
        folder: &Path,
        digits: &str,
    ) -> Result<Self, DbError> {
        if digits.len() != DIGITS || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(DbError::Configuration(
                "the name of a trial's database is 16 hexadecimal digits".into(),
            ));
        }
        match (address::parse(url)?, kind) {
            (_, Kind::Sqlite) => {
                let file = folder.join(kind.copy_name());
                Ok(Self {
                    url: format!("sqlite://{}", file.display()),
                    kind,
                    place: Place::File(file),
                })
            }
            (Address::Postgres(server), Kind::Postgres) => {
                let mut connection = PgConnection::connect_with(&server).await?;
                let made = make(&mut connection, digits).await;
                connection.close().await?;
                let name = made?;
                Ok(Self {
                    url: server.clone().database(&name).to_url_lossy().to_string(),
                    kind,
                    place: Place::Database { server, name },
                })
            }
            (Address::Sqlite(_), Kind::Postgres) => Err(DbError::Configuration(
                "the backup holds a database of PostgreSQL, and this program uses SQLite; try it where the program uses PostgreSQL".into(),
            )),
        }
    }

    /// Puts the copy there and opens it.
    pub async fn restore(&self, file: &Path, schema: Schema) -> Result<Db, DbError> {
        restore_copy(&self.url, self.kind, file, schema).await
    }

    /// Gives the place back. The database must be closed.
    pub async fn remove(self) -> Result<(), DbError> {
        match self.place {
            Place::File(file) => {
                for end in ["", "-wal", "-shm"] {
                    let mut name = file.clone().into_os_string();
                    name.push(end);
                    if let Err(error) = std::fs::remove_file(&name)
                        && error.kind() != std::io::ErrorKind::NotFound
                    {
                        return Err(super::failed(Path::new(&name), &error));
                    }
                }
                Ok(())
            }
            Place::Database { server, name } => {
                let mut connection = PgConnection::connect_with(&server).await?;
                let dropped = discard(&mut connection, &name).await;
                connection.close().await?;
                dropped
            }
        }
    }
}

/// Makes a database, after those that trials left behind which were killed. One that is in use
/// stays: PostgreSQL drops none to which somebody is connected.
async fn make(connection: &mut PgConnection, digits: &str) -> Result<String, DbError> {
    let own: String = sqlx::query_scalar(OWN_PREFIX)
        .fetch_one(&mut *connection)
        .await?;
    let name = format!("{own}{digits}");
    let left: Vec<String> = sqlx::query_scalar(LEFT).fetch_all(&mut *connection).await?;
    for left in left.iter().filter(|left| is_ours(left, &own)) {
        if let Err(error) = discard(connection, left).await {
            tracing::debug!(%error, left, "the database of another trial stays");
        }
    }
    let create = format!("create database {name} template template0");
    connection
        .execute(AssertSqlSafe(create))
        .await
        .map_err(|error| match DbError::from(error) {
            unavailable @ (DbError::Unavailable(_) | DbError::Cancelled(_)) => unavailable,
            other => DbError::Configuration(format!(
                "no database can be made for the trial: {other}; let the user do so (`alter role NAME createdb`)"
            )),
        })?;
    Ok(name)
}

async fn discard(connection: &mut PgConnection, name: &str) -> Result<(), DbError> {
    let drop = format!("drop database if exists {name}");
    connection.execute(AssertSqlSafe(drop)).await?;
    Ok(())
}

/// Whether a name is one that [`Scratch::beside`] gives beside the same database.
fn is_ours(name: &str, own: &str) -> bool {
    let digits = name.strip_prefix(own);
    digits.is_some_and(|digits| {
        digits.len() == DIGITS && digits.bytes().all(|b| b.is_ascii_hexdigit())
    })
}
