//! `pg_dump` and `pg_restore`, found in the version of the server or a later one. The password goes
//! to them in their environment, never as an argument, which others on the machine could read.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgPool};
use tokio::process::Command;

use crate::DbError;

/// Names the folder of PostgreSQL's programs where they are not found by themselves.
const BINARIES: &str = "LAPOR_PG_BIN";

pub async fn copy(readers: &PgPool, file: &Path) -> Result<(), DbError> {
    let number: String = sqlx::query_scalar("show server_version_num")
        .fetch_one(readers)
        .await?;
    let major = number.parse::<u32>().unwrap_or_default() / 10_000;
    let mut command = program("pg_dump", major).await?;
    reach(&mut command, &readers.connect_options())?;
    command
        .args(["--format=custom", "--no-owner", "--no-privileges", "--file"])
        .arg(file);
    run(command).await
}

pub async fn check(file: &Path) -> Result<(), DbError> {
    let mut command = program("pg_restore", 0).await?;
    command.args(["--file", "/dev/null"]).arg(file);
    run(command).await
}

pub async fn place(options: &PgConnectOptions, file: &Path) -> Result<(), DbError> {
    let mut command = program("pg_restore", 0).await?;
    reach(&mut command, options)?;
    let database = options.get_database().unwrap_or_default();
    command
        .args(["--no-owner", "--no-privileges", "--exit-on-error"])
        .args(["--single-transaction", "--dbname", database])
        .arg(file);
    run(command).await
}

/// Runs a program to its end. Only the first line that it says is kept: further ones may hold rows.
async fn run(mut command: Command) -> Result<(), DbError> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let ended = command.output().await;
    let ended = ended.map_err(|error| {
        DbError::Configuration(format!("a program of PostgreSQL cannot be run: {error}"))
    })?;
    if ended.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ended.stderr);
    let first = said.lines().next().unwrap_or("it said nothing").to_owned();
    Err(if first.contains("No space left") {
        DbError::DiskFull(first)
    } else {
        DbError::Unavailable(first)
    })
}

/// Tells a program where the database is.
fn reach(command: &mut Command, options: &PgConnectOptions) -> Result<(), DbError> {
    let socket = options.get_socket().map(|path| path.display().to_string());
    let host = socket.unwrap_or_else(|| options.get_host().to_owned());
    command
        .env_remove("PGOPTIONS")
        .env("PGHOST", host.trim_start_matches('[').trim_end_matches(']'))
        .env("PGPORT", options.get_port().to_string())
        .env("PGUSER", options.get_username())
        .env("PGDATABASE", options.get_database().unwrap_or_default());
    // The address as the driver writes it is the only way to its password and certificates.
    let url = options.to_url_lossy();
    if let Some(password) = url.password() {
        command.env("PGPASSWORD", decoded(password)?);
    }
    for (name, value) in url.query_pairs() {
        let variable = match &*name {
            "sslmode" => "PGSSLMODE",
            "sslrootcert" => "PGSSLROOTCERT",
            "sslcert" => "PGSSLCERT",
            "sslkey" => "PGSSLKEY",
            _ => continue,
        };
        command.env(variable, &*value);
    }
    Ok(())
}

/// Undoes percent-encoding.
fn decoded(text: &str) -> Result<String, DbError> {
    let wrong = || DbError::Configuration("the password in `database.url` is not text".into());
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let byte = digits.and_then(|two| u8::from_str_radix(two, 16).ok());
        bytes.push(byte.ok_or_else(wrong)?);
        rest = &after[2..];
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}

/// A program of PostgreSQL of at least this version, the closest first.
async fn program(name: &str, major: u32) -> Result<Command, DbError> {
    for folder in folders() {
        let path = folder.join(name);
        if path.is_file() && version(&path).await.is_some_and(|found| found >= major) {
            return Ok(Command::new(path));
        }
    }
    let wanted = if major == 0 {
        String::new()
    } else {
        format!(" of version {major} or later")
    };
    Err(DbError::Configuration(format!(
        "there is no {name}{wanted} here; install PostgreSQL's client programs (on Debian `postgresql-client-{}`), or name their folder in {BINARIES}",
        if major == 0 {
            "17".to_owned()
        } else {
            major.to_string()
        }
    )))
}

fn folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = std::env::var_os(BINARIES)
        .map(PathBuf::from)
        .into_iter()
        .collect();
    let installed = std::fs::read_dir("/usr/lib/postgresql");
    let mut installed: Vec<(u32, PathBuf)> = installed
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    installed.sort();
    folders.extend(installed.into_iter().map(|(_, folder)| folder));
    let path = std::env::var_os("PATH").unwrap_or_default();
    folders.extend(std::env::split_paths(&path));
    folders
}

/// The major version that a program says it has: `pg_dump (PostgreSQL) 17.4`.
async fn version(path: &Path) -> Option<u32> {
    let said = Command::new(path).arg("--version").output().await.ok()?;
    let said = String::from_utf8(said.stdout).ok()?;
    let number = said
        .split_whitespace()
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let digits = number.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_read_as_it_was_meant() {
        assert_eq!(decoded("gehe%20im%2F%C3%A4").unwrap(), "gehe im/ä");
        for bad in ["%", "%4", "%zz", "%ff"] {
            assert!(decoded(bad).is_err(), "{bad}");
        }
    }
}
