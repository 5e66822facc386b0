//! The PostgreSQL server of a run: one of its own, taken away at the end, on
//! which a commit waits for the disk. What it says of its settings stands
//! beside the figures.

use std::str::FromStr as _;

use anyhow::{Result, ensure};
use lapor_migrations::throwaway::Cluster;
use serde_json::{Map, Value, json};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection};

use crate::crash::database::Engine;

/// Without these it may lose what it has committed.
const DURABLE: [&str; 3] = ["fsync", "synchronous_commit", "full_page_writes"];
const TOLD: [&str; 5] = [
    "server_version",
    "wal_level",
    "wal_sync_method",
    "shared_buffers",
    "max_wal_size",
];
const SETTING: &str = "select current_setting($1)";

/// A server, where the programs are to have one.
pub async fn start(engine: Engine) -> Result<Option<Cluster>> {
    match engine {
        Engine::Sqlite => Ok(None),
        Engine::Postgres => Ok(Some(Cluster::start_durable().await?)),
    }
}

/// Makes sure that it is durable; gives its settings.
pub async fn settings(server: &Cluster) -> Result<Value> {
    let server = PgConnectOptions::from_str(&server.url())?;
    let mut connection = PgConnection::connect_with(&server).await?;
    let mut told = Map::new();
    for name in TOLD.iter().chain(&DURABLE) {
        let setting = sqlx::query_scalar::<_, String>(SETTING).bind(*name);
        let setting = setting.fetch_one(&mut connection).await?;
        let durable = setting == "on" || !DURABLE.contains(name);
        ensure!(durable, "PostgreSQL has {name} = {setting}");
        told.insert((*name).to_owned(), json!(setting));
    }
    connection.close().await?;
    Ok(Value::Object(told))
}
