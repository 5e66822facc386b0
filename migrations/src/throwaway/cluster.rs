//! A PostgreSQL server in a temporary folder, reached through a socket in it and by nobody else.
//!
//! That of tests forgets everything when the machine stops: fsync is off. What a session asks for, such
//! as `synchronous_commit`, is left alone, so that tests meet the settings of production. What is to be
//! measured is measured on a durable one.

use std::fs;
use std::io;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

use super::BINARIES_VARIABLE;
use super::binaries::{self, User};

const READY_WITHIN: Duration = Duration::from_mins(1);
/// The longest path of a socket is 107 bytes, and the server adds `/.s.PGSQL.5432.lock`.
const LONGEST_FOLDER: usize = 80;
/// A server that nobody follows.
const ALONE: [&str; 2] = ["wal_level=minimal", "max_wal_senders=0"];
/// A server that is followed, or follows.
const FOLLOWED: [&str; 2] = ["wal_level=replica", "max_wal_senders=4"];
/// Nothing is committed from now on before a standby has it on its disk.
const SYNCHRONOUS: [&str; 2] = [
    "alter system set synchronous_standby_names = '*'",
    "select pg_reload_conf()",
];
const IN_STEP: &str = "select count(*) from pg_stat_replication where sync_state = 'sync'";
const SETTINGS: [&str; 6] = [
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "max_connections=400",
    "dynamic_shared_memory_type=mmap",
    "log_min_messages=warning",
    "lc_messages=C",
];
/// Tests wait for no disk, and keep nothing for long.
const FORGETFUL: [&str; 5] = [
    "fsync=off",
    "full_page_writes=off",
    "shared_buffers=64MB",
    "autovacuum=off",
    "jit=off",
];
/// What is committed survives the machine. Everything else is as the server has it by itself.
const DURABLE: [&str; 3] = ["fsync=on", "full_page_writes=on", "synchronous_commit=on"];

#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    #[error(
        "PostgreSQL's programs were not found; install PostgreSQL (Debian: `apt-get install postgresql`), \
         or name their folder in {BINARIES_VARIABLE}"
    )]
    NotInstalled,
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{what} failed: {log}")]
    Server { what: &'static str, log: String },
}

/// A running server. Dropping it stops the server and removes its folder.
#[derive(Debug)]
pub struct Cluster {
    server: Child,
    binaries: PathBuf,
    user: Option<User>,
    folder: TempDir,
}

impl Cluster {
    /// Makes and starts a server, which takes about two seconds, and waits until it answers.
    pub async fn start() -> Result<Self, ClusterError> {
        let place = Place::new()?;
        place.init()?;
        Self::serve(place, &[&FORGETFUL, &ALONE]).await
    }

    /// Makes and starts a server that forgets nothing, as slow as the disk is.
    pub async fn start_durable() -> Result<Self, ClusterError> {
        let place = Place::new()?;
        place.init()?;
        Self::serve(place, &[&DURABLE]).await
    }

    /// Makes and starts a server that can be followed.
    pub async fn start_followed() -> Result<Self, ClusterError> {
        let place = Place::new()?;
        place.init()?;
        Self::serve(place, &[&FORGETFUL, &FOLLOWED]).await
    }

    /// Makes a standby of this server by `pg_basebackup`, without which nothing is committed from
    /// then on.
    pub async fn start_standby(&self) -> Result<Self, ClusterError> {
        let place = Place::new()?;
        let mut copying = place.command("pg_basebackup");
        copying.args([
            "--no-sync",
            "--checkpoint=fast",
            "--wal-method=stream",
            "--write-recovery-conf",
            "--username=lapor",
            "-h",
        ]);
        copying.arg(self.folder.path()).arg("-D").arg(place.data());
        run("pg_basebackup", &mut copying)?;
        let standby = Self::serve(place, &[&FORGETFUL, &FOLLOWED]).await?;
        let mut connection = self.connect().await?;
        for statement in SYNCHRONOUS {
            let done = sqlx::query(statement).execute(&mut connection).await;
            done.map_err(io::Error::other)?;
        }
        let started = Instant::now();
        loop {
            let in_step = sqlx::query_scalar::<_, i64>(IN_STEP);
            let in_step = in_step.fetch_one(&mut connection).await;
            if in_step.map_err(io::Error::other)? > 0 {
                break;
            }
            if started.elapsed() > READY_WITHIN {
                let log = standby.log();
                let what = "following the primary";
                return Err(ClusterError::Server { what, log });
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        connection.close().await.map_err(io::Error::other)?;
        Ok(standby)
    }

    /// A standby becomes a server of its own.
    pub fn promote(&self) -> Result<(), ClusterError> {
        let pg_ctl = self.binaries.join("pg_ctl");
        let mut promoting = as_user(&pg_ctl, self.user, self.folder.path());
        promoting.args(["promote", "--silent", "--wait", "-D"]);
        run("promoting", promoting.arg(self.folder.path().join("data")))
    }

    /// The server is gone, without a word to anybody.
    pub fn kill(&mut self) -> Result<(), ClusterError> {
        self.server.kill()?;
        self.server.wait()?;
        Ok(())
    }

    async fn serve(place: Place, settings: &[&[&'static str]]) -> Result<Self, ClusterError> {
        let data = place.data();
        let mut server = place.command("postgres");
        let Place {
            binaries,
            user,
            folder,
        } = place;
        let log = fs::File::create(folder.path().join("log"))?;
        server.arg("-D").arg(&data).arg("-k").arg(folder.path());
        for setting in SETTINGS.iter().chain(settings.iter().copied().flatten()) {
            server.args(["-c", *setting]);
        }
        // A group of its own keeps Ctrl-C from stopping the server before the tests have ended.
        server
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let server = server.spawn()?;
        let mut cluster = Self {
            server,
            binaries,
            user,
            folder,
        };
        cluster.wait_until_ready().await?;
        Ok(cluster)
    }

    /// The URL of the maintenance database, for `LAPOR_TEST_POSTGRES`.
    pub fn url(&self) -> String {
        format!(
            "postgres:///postgres?host={}&user=lapor&sslmode=disable",
            self.folder.path().display()
        )
    }

    async fn connect(&self) -> Result<PgConnection, ClusterError> {
        let options = PgConnectOptions::from_str(&self.url()).map_err(io::Error::other)?;
        let connected = PgConnection::connect_with(&options).await;
        Ok(connected.map_err(io::Error::other)?)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    async fn wait_until_ready(&mut self) -> Result<(), ClusterError> {
        let started = Instant::now();
        loop {
            if let Ok(connection) = self.connect().await {
                connection.close().await.map_err(io::Error::other)?;
                return Ok(());
            }
            let ended = self.server.try_wait()?.is_some();
            if ended || started.elapsed() > READY_WITHIN {
                let (what, log) = ("starting PostgreSQL", self.log());
                return Err(ClusterError::Server { what, log });
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // `pg_ctl` lets the server release its shared memory; killing is for when that fails.
        let stopped = as_user(&self.binaries.join("pg_ctl"), self.user, self.folder.path())
            .args(["stop", "--silent", "--mode=immediate", "-D"])
            .arg(self.folder.path().join("data"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if !stopped.is_ok_and(|status| status.success()) {
            let _ = self.server.kill();
        }
        let _ = self.server.wait();
    }
}

/// Where a server will be.
struct Place {
    binaries: PathBuf,
    user: Option<User>,
    folder: TempDir,
}

impl Place {
    fn new() -> Result<Self, ClusterError> {
        let binaries = binaries::folder().ok_or(ClusterError::NotInstalled)?;
        let folder = folder()?;
        let user = binaries::server_user(folder.path());
        if let Some(user) = user {
            chown(folder.path(), Some(user.uid), Some(user.gid))?;
        }
        Ok(Self {
            binaries,
            user,
            folder,
        })
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, program: &str) -> Command {
        as_user(&self.binaries.join(program), self.user, self.folder.path())
    }

    /// Makes an empty server.
    fn init(&self) -> Result<(), ClusterError> {
        let mut initdb = self.command("initdb");
        initdb.args([
            "--no-sync",
            "--auth=trust",
            "--username=lapor",
            "--encoding=UTF8",
            "--no-locale",
            "-D",
        ]);
        run("initdb", initdb.arg(self.data()))
    }
}

fn run(what: &'static str, command: &mut Command) -> Result<(), ClusterError> {
    let done = command.output()?;
    if done.status.success() {
        return Ok(());
    }
    let log = String::from_utf8_lossy(&done.stderr).into_owned();
    Err(ClusterError::Server { what, log })
}

fn folder() -> io::Result<TempDir> {
    let make = |parent: &Path| {
        tempfile::Builder::new()
            .prefix("lapor-pg-")
            .tempdir_in(parent)
    };
    let folder = make(&std::env::temp_dir())?;
    if folder.path().as_os_str().len() <= LONGEST_FOLDER {
        Ok(folder)
    } else {
        make(Path::new("/tmp"))
    }
}

fn as_user(program: &Path, user: Option<User>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder);
    if let Some(user) = user {
        command.uid(user.uid).gid(user.gid);
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_a_durable_server_commits_is_flushed() {
        let server = Cluster::start_durable().await.unwrap();
        let mut connection = server.connect().await.unwrap();
        for name in ["fsync", "full_page_writes", "synchronous_commit"] {
            let setting = sqlx::query_scalar::<_, String>("select current_setting($1)").bind(name);
            let setting = setting.fetch_one(&mut connection).await.unwrap();
            assert_eq!(setting, "on", "{name}");
        }
        connection.close().await.unwrap();
    }
}
