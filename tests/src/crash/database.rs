//! Where the programs of a crash test keep what they know: files in their
//! folders, or databases of a PostgreSQL server that lives as long as the test.
//! A federation is made once and brought back for every run, under the same
//! addresses. The server itself is never killed: what it makes durable is its own matter.

use std::str::FromStr as _;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::ValueEnum;
use lapor_migrations::throwaway::Cluster;
use serde::Serialize;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgConnection};

/// The server hears from the kernel that a program is dead, and then ends what it was doing.
const PATIENCE: Duration = Duration::from_secs(30);
const GLANCE: Duration = Duration::from_millis(10);
const SESSIONS: &str = "select count(*) from pg_stat_activity where datname = $1";
const BYTES: &str = "select pg_database_size(cast($1 as name))";

/// What the programs keep their records on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    /// A server of this test's own, if there has to be one.
    pub async fn start(self) -> Result<Option<Cluster>> {
        match self {
            Self::Sqlite => Ok(None),
            Self::Postgres => Ok(Some(Cluster::start().await?)),
        }
    }
}

/// The databases of one federation.
#[derive(Debug, Clone)]
pub enum Databases {
    /// Each program has a file in its folder, which is copied with it.
    Files,
    Server {
        server: Box<PgConnectOptions>,
        /// What the names of this federation's databases begin with.
        federation: String,
    },
}

impl Databases {
    pub fn of(cluster: Option<&Cluster>, federation: &str) -> Result<Self> {
        let Some(cluster) = cluster else {
            return Ok(Self::Files);
        };
        Ok(Self::Server {
            server: Box::new(PgConnectOptions::from_str(&cluster.url())?),
            federation: federation.to_owned(),
        })
    }

    /// What the `init` of a part of the federation is told, if anything.
    pub fn url(&self, part: &str) -> Option<String> {
        match self {
            Self::Files => None,
            Self::Server { server, .. } => {
                let named = server.clone().database(&self.name(part));
                Some(named.to_url_lossy().to_string())
            }
        }
    }

    /// Makes these databases empty, whatever they held.
    pub async fn clear(&self, parts: &[&str]) -> Result<()> {
        self.remake(parts, |_| "template0".to_owned()).await
    }

    /// Keeps these databases as they are, to be brought back.
    pub async fn keep(&self, parts: &[&str]) -> Result<()> {
        self.let_go(parts).await?;
        for name in parts.iter().map(|part| self.name(part)) {
            let keep = format!("alter database {name} rename to {}", kept(&name));
            self.tell(keep).await?;
        }
        Ok(())
    }

    /// Makes these databases what they were when they were kept.
    pub async fn bring_back(&self, parts: &[&str]) -> Result<()> {
        self.remake(parts, kept).await
    }

    /// Waits until the server has ended the sessions of programs that were
    /// killed: until then it may still be at work for one of them.
    pub async fn let_go(&self, parts: &[&str]) -> Result<()> {
        let Self::Server { server, .. } = self else {
            return Ok(());
        };
        let mut connection = PgConnection::connect_with(server).await?;
        for name in parts.iter().map(|part| self.name(part)) {
            let ending = async {
                loop {
                    let sessions = sqlx::query_scalar::<_, i64>(SESSIONS).bind(&name);
                    if sessions.fetch_one(&mut connection).await? == 0 {
                        return Ok::<_, sqlx::Error>(());
                    }
                    tokio::time::sleep(GLANCE).await;
                }
            };
            let ended = tokio::time::timeout(PATIENCE, ending).await;
            ended.with_context(|| format!("somebody stays connected to {name}"))??;
        }
        Ok(connection.close().await?)
    }

    /// What a database takes on its server; `None` where it is a file.
    pub async fn bytes(&self, part: &str) -> Result<Option<u64>> {
        let Self::Server { server, .. } = self else {
            return Ok(None);
        };
        let mut connection = PgConnection::connect_with(server).await?;
        let bytes = sqlx::query_scalar::<_, i64>(BYTES).bind(self.name(part));
        let bytes = bytes.fetch_one(&mut connection).await?;
        connection.close().await?;
        Ok(Some(bytes as u64))
    }

    async fn remake(&self, parts: &[&str], template: impl Fn(&str) -> String) -> Result<()> {
        for name in parts.iter().map(|part| self.name(part)) {
            let template = template(&name);
            self.tell(format!("drop database if exists {name} with (force)"))
                .await?;
            // Copying files is twice as fast as logging pages where nothing is synced, and where it is,
            // nobody measures it.
            let make = format!("create database {name} template {template} strategy file_copy");
            self.tell(make).await?;
        }
        Ok(())
    }

    async fn tell(&self, statement: String) -> Result<()> {
        if let Self::Server { server, .. } = self {
            let mut connection = PgConnection::connect_with(server).await?;
            let done = connection.execute(AssertSqlSafe(statement.as_str())).await;
            done.with_context(|| statement)?;
            connection.close().await?;
        }
        Ok(())
    }

    /// Of letters and underscores, so that it needs no quotes.
    fn name(&self, part: &str) -> String {
        let federation = match self {
            Self::Files => "",
            Self::Server { federation, .. } => federation,
        };
        format!("{federation}_{part}").replace('-', "_")
    }
}

fn kept(name: &str) -> String {
    format!("{name}_kept")
}
