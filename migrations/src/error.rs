//! What can go wrong with a database, grouped by who has to act.
//!
//! Messages name tables, columns and causes, never the values of a row: PostgreSQL puts those into
//! the detail of an error, so the driver's error is reduced to its message here and not kept.

use sqlx::migrate::MigrateError;
use sqlx::postgres::PgDatabaseError;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DbError {
    /// The address, the rights or the folder given to us cannot work; the operator corrects them.
    #[error("{0}")]
    Configuration(String),
    /// The database is busy, closing or out of reach. Nothing is wrong with the data; try again.
    #[error("the database cannot be used right now: {0}")]
    Unavailable(String),
    /// PostgreSQL has ended a statement that took too long, or somebody has ended it there. It may go
    /// through later; what shares its transaction goes through without it.
    #[error("the database has ended a statement: {0}")]
    Cancelled(String),
    /// Nothing can be written until the operator frees space; everything acknowledged is kept.
    #[error("the disk that holds the database is full, free some space: {0}")]
    DiskFull(String),
    /// A unique key is already taken. `on` is the table with the key's columns, `table(a, b)`, the
    /// same on both databases (or the name of the index, when the key is an expression).
    #[error("a row with the same key is already in {on}")]
    Conflict { on: String },
    #[error(
        "this database was upgraded to schema {found} by a newer program, and this one knows schema {known}; \
         run the newer program, or restore the backup made before the upgrade"
    )]
    Newer { found: i64, known: i64 },
    #[error("this database belongs to {found}, not to {expected}; correct `database.url`")]
    WrongProgram {
        expected: &'static str,
        found: String,
    },
    /// A migration was changed after this database had applied it (a development build did that).
    #[error(
        "schema {version} of this database was made by another build of this program than the released one; \
         start with an empty database, or run the build that made it"
    )]
    Diverged { version: i64 },
    /// The stored bytes are not what the database wrote; the operator restores a backup.
    #[error("the database is damaged, restore it from a backup: {0}")]
    Corrupt(String),
    /// Our own mistake, such as a query that does not fit the schema.
    #[error("a database query failed: {0}")]
    Other(String),
}

impl DbError {
    /// Whether the same call may succeed later with no one changing anything but the disk's space.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Unavailable(_) | Self::Cancelled(_) | Self::DiskFull(_)
        )
    }

    /// Whether something else may succeed at this moment.
    pub fn spares_others(&self) -> bool {
        !matches!(self, Self::Unavailable(_) | Self::DiskFull(_))
    }
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) => match error.try_downcast_ref::<PgDatabaseError>() {
                Some(error) => from_postgres(error),
                None => from_sqlite(&*error),
            },
            sqlx::Error::Migrate(error) => Self::from(*error),
            sqlx::Error::Configuration(_) | sqlx::Error::Tls(_) => {
                Self::Configuration(error.to_string())
            }
            sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed => Self::Unavailable(error.to_string()),
            _ => Self::Other(error.to_string()),
        }
    }
}

impl From<MigrateError> for DbError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
                Self::from(error)
            }
            MigrateError::VersionMismatch(version)
            | MigrateError::VersionMissing(version)
            | MigrateError::Dirty(version) => Self::Diverged { version },
            other => Self::Other(other.to_string()),
        }
    }
}

/// The low byte of SQLite's extended result code is the primary one: <https://www.sqlite.org/rescode.html>
fn from_sqlite(error: &dyn sqlx::error::DatabaseError) -> DbError {
    const BUSY: i32 = 5;
    const LOCKED: i32 = 6;
    const READ_ONLY: i32 = 8;
    const IO: i32 = 10;
    const CORRUPT: i32 = 11;
    const FULL: i32 = 13;
    const CANNOT_OPEN: i32 = 14;
    const NOT_A_DATABASE: i32 = 26;
    let message = error.message().to_owned();
    if error.is_unique_violation() {
        return DbError::Conflict {
            on: sqlite_key(&message),
        };
    }
    let code = error
        .code()
        .and_then(|code| code.parse::<i32>().ok())
        .unwrap_or_default();
    match code & 0xff {
        BUSY | LOCKED | IO => DbError::Unavailable(message),
        FULL => DbError::DiskFull(message),
        CORRUPT => DbError::Corrupt(message),
        READ_ONLY | CANNOT_OPEN => DbError::Configuration(format!(
            "the SQLite database cannot be opened or written: {message}; check `database.url` and the rights of its folder"
        )),
        NOT_A_DATABASE => DbError::Configuration(
            "the file named by `database.url` is not an SQLite database; correct the path, or restore the file".into(),
        ),
        _ => DbError::Other(message),
    }
}

/// SQLite says `UNIQUE constraint failed: t.a, t.b`, or `...: index 'name'` for an expression.
fn sqlite_key(message: &str) -> String {
    let named = message
        .rsplit_once(": ")
        .map_or(message, |(_, named)| named);
    if let Some(index) = named.strip_prefix("index ") {
        return index.trim_matches('\'').to_owned();
    }
    let table = named.split('.').next().unwrap_or_default();
    let columns: Vec<&str> = named
        .split(", ")
        .map(|column| column.rsplit('.').next().unwrap_or(column))
        .collect();
    format!("{table}({})", columns.join(", "))
}

/// SQLSTATE codes: <https://www.postgresql.org/docs/current/errcodes-appendix.html>
fn from_postgres(error: &PgDatabaseError) -> DbError {
    match error.code() {
        "23505" => DbError::Conflict {
            on: postgres_key(error.table(), error.detail(), error.constraint()),
        },
        code => by_state(code, error.message().to_owned()),
    }
}

/// What a state other than a violated key means.
fn by_state(code: &str, message: String) -> DbError {
    match code {
        "53100" => DbError::DiskFull(message),
        "XX001" | "XX002" => DbError::Corrupt(message),
        "3D000" | "3F000" | "42501" => DbError::Configuration(format!(
            "PostgreSQL refuses: {message}; check `database.url` and the rights of its user"
        )),
        // A statement timeout, or the will of an operator.
        "57014" => DbError::Cancelled(message),
        // Deadlock, serialization, a lock timeout, too many connections, shutting down, a standby that
        // has not been promoted yet.
        "40001" | "40P01" | "55P03" | "57P01" | "57P02" | "57P03" | "57P05" | "25P03" | "25006" => {
            DbError::Unavailable(message)
        }
        // A line that broke, too few resources, a disk that cannot be read or written.
        code if ["08", "53", "58"].contains(&code.get(..2).unwrap_or_default()) => {
            DbError::Unavailable(message)
        }
        code if code.starts_with("28") => DbError::Configuration(format!(
            "PostgreSQL refuses to let us in: {message}; check user and password in `database.url`"
        )),
        _ => DbError::Other(message),
    }
}

/// The detail reads `Key (a, b)=(1, 2) already exists.`; only what is before the values may leave here.
fn postgres_key(table: Option<&str>, detail: Option<&str>, constraint: Option<&str>) -> String {
    let columns = detail
        .and_then(|detail| detail.split_once(")=("))
        .and_then(|(before, _)| before.split_once('('))
        .map(|(_, columns)| columns);
    match (table, columns) {
        (Some(table), Some(columns)) if !columns.contains('(') => format!("{table}({columns})"),
        _ => constraint.unwrap_or("a unique index").to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_databases_name_a_violated_key_alike() {
        let sqlite = sqlite_key("UNIQUE constraint failed: envelopes.author, envelopes.sequence");
        let postgres = postgres_key(
            Some("envelopes"),
            Some("Key (author, sequence)=(secret, 1) already exists."),
            Some("envelopes_pkey"),
        );
        assert_eq!(sqlite, "envelopes(author, sequence)");
        assert_eq!(sqlite, postgres);
    }

    #[test]
    fn a_violated_key_of_an_expression_is_named_by_its_index() {
        assert_eq!(
            sqlite_key("UNIQUE constraint failed: index 'slug_once'"),
            "slug_once"
        );
        let detail = Some("Key (lower(slug))=(words) already exists.");
        assert_eq!(
            postgres_key(Some("t"), detail, Some("slug_once")),
            "slug_once"
        );
    }

    #[test]
    fn a_disk_that_postgresql_cannot_read_or_write_may_pass() {
        for code in ["58000", "58030", "58P01", "53200", "08006"] {
            let error = by_state(code, String::new());
            assert!(matches!(error, DbError::Unavailable(_)), "{code}: {error}");
        }
        let full = by_state("53100", String::new());
        assert!(matches!(full, DbError::DiskFull(_)), "{full}");
        let mistake = by_state("42601", String::new());
        assert!(matches!(mistake, DbError::Other(_)), "{mistake}");
    }

    #[test]
    fn only_what_may_pass_by_itself_is_transient() {
        assert!(DbError::Unavailable(String::new()).is_transient());
        assert!(DbError::DiskFull(String::new()).is_transient());
        assert!(DbError::Cancelled(String::new()).is_transient());
        assert!(!DbError::Corrupt(String::new()).is_transient());
        assert!(!DbError::Conflict { on: String::new() }.is_transient());
        assert!(DbError::Cancelled(String::new()).spares_others());
        assert!(!DbError::Unavailable(String::new()).spares_others());
        assert!(!DbError::DiskFull(String::new()).spares_others());
    }
}
