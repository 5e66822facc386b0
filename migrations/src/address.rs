//! Reads `database.url`. Pure: it opens nothing, and its errors never repeat the address, which may
//! hold a password.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::DbError;

/// Where the database is.
#[derive(Debug)]
pub enum Address {
    Sqlite(PathBuf),
    Postgres(Box<PgConnectOptions>),
}

/// Reads `sqlite://path/to/file.db` (relative) or `sqlite:///path/to/file.db` (absolute; the path is
/// taken as it stands), or `postgres://user@host/database?sslmode=verify-full`.
pub fn parse(url: &str) -> Result<Address, DbError> {
    if let Some(path) = url.strip_prefix("sqlite:") {
        return sqlite(path.strip_prefix("//").unwrap_or(path));
    }
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return postgres(url);
    }
    Err(configuration(
        "it must begin with `sqlite://` or `postgres://`",
    ))
}

fn sqlite(path: &str) -> Result<Address, DbError> {
    if path.is_empty() || path.ends_with('/') {
        return Err(configuration(
            "it names no file; write `sqlite://folder/file.db`",
        ));
    }
    if path.starts_with(':') {
        return Err(configuration(
            "a database in memory would lose what it acknowledged; name a file",
        ));
    }
    if path.contains('?') {
        return Err(configuration("an SQLite address takes no `?` options"));
    }
    Ok(Address::Sqlite(Path::new(path).to_owned()))
}

fn postgres(url: &str) -> Result<Address, DbError> {
    let options = PgConnectOptions::from_str(url).map_err(|_| {
        configuration("it is not a PostgreSQL address; write `postgres://user@host/database`")
    })?;
    if options.get_database().is_none_or(str::is_empty) {
        return Err(configuration(
            "it names no database; write `postgres://user@host/database`",
        ));
    }
    let verified = matches!(options.get_ssl_mode(), PgSslMode::VerifyFull);
    if is_remote(&options) && !verified {
        return Err(configuration(
            "PostgreSQL on another host must be reached with `?sslmode=verify-full` \
             (and `&sslrootcert=FILE` for an authority of your own)",
        ));
    }
    Ok(Address::Postgres(Box::new(options)))
}

/// Anything but a socket, `localhost` and loopback addresses crosses a network that others may read.
fn is_remote(options: &PgConnectOptions) -> bool {
    let host = options.get_host();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let local = options.get_socket().is_some()
        || host.starts_with('/')
        || host == "localhost"
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    !local
}

fn configuration(why: &str) -> DbError {
    DbError::Configuration(format!("`database.url` cannot be used: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_paths_are_taken_as_they_stand() {
        for (url, path) in [
            ("sqlite://data/hub.db", "data/hub.db"),
            (
                "sqlite:///var/lib/lapor/hub 1.db",
                "/var/lib/lapor/hub 1.db",
            ),
            ("sqlite:hub.db", "hub.db"),
        ] {
            match parse(url) {
                Ok(Address::Sqlite(found)) => assert_eq!(found, Path::new(path)),
                other => panic!("{url}: {other:?}"),
            }
        }
    }

    #[test]
    fn addresses_that_cannot_work_are_refused_without_repeating_them() {
        for url in [
            "",
            "hub.db",
            "mysql://root:geheim@localhost/x",
            "sqlite://",
            "sqlite://data/",
            "sqlite::memory:",
            "sqlite://hub.db?mode=memory",
            "postgres://root:geheim@localhost",
            "postgres://root:geheim@localhost:port/x",
        ] {
            match parse(url) {
                Err(DbError::Configuration(why)) => assert!(!why.contains("geheim"), "{why}"),
                other => panic!("{url}: {other:?}"),
            }
        }
    }

    #[test]
    fn only_a_remote_postgres_needs_a_verified_server() {
        for url in [
            "postgres://a@localhost/x",
            "postgres://a@127.0.0.1:5433/x",
            "postgresql://a@[::1]/x",
            "postgres://a@%2Frun%2Fpostgresql/x",
            "postgres:///x?host=/run/postgresql&user=a",
            "postgres://a@db.example.org/x?sslmode=verify-full",
        ] {
            assert!(matches!(parse(url), Ok(Address::Postgres(_))), "{url}");
        }
        for url in [
            "postgres://a@db.example.org/x",
            "postgres://a@db.example.org/x?sslmode=require",
            "postgres://a@db.example.org/x?sslmode=verify-ca",
            "postgres://a@10.0.0.7/x",
            "postgres://a@localhost/x?host=db.example.org",
        ] {
            assert!(
                matches!(parse(url), Err(DbError::Configuration(_))),
                "{url}"
            );
        }
    }
}
