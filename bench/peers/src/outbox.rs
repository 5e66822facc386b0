//! The node's outbox: unsigned messages on disk, and up to which of them the node's server has
//! taken them over.

use std::path::Path;

use anyhow::{Result, ensure};
use bytes::Bytes;
use sqlx::sqlite::SqliteConnection;

use crate::database;

const FILE: &str = "outbox.db";
const TABLES: &str =
    "create table outbox (number integer not null primary key, payload blob not null) strict;
    create table cursor (id integer not null primary key, sent integer not null) strict;
    insert into cursor (id, sent) values (1, 0)";
/// Bytes of a payload's number, with which it begins.
pub const NUMBER: usize = 8;

pub struct Outbox(SqliteConnection);

impl Outbox {
    pub async fn open(folder: &Path) -> Result<Self> {
        Ok(Self(database::open(&folder.join(FILE)).await?))
    }

    /// A new one with so many messages of so many bytes, numbered from 1.
    pub async fn fill(folder: &Path, messages: i64, bytes: usize) -> Result<()> {
        ensure!(bytes > NUMBER, "a payload has more than {NUMBER} bytes");
        let mut outbox = Self::open(folder).await?;
        sqlx::raw_sql(TABLES).execute(&mut outbox.0).await?;
        let payload = |number: i64| {
            let mut payload = number.to_be_bytes().to_vec();
            payload.resize(bytes, b'x');
            (number, Bytes::from(payload))
        };
        let rows: Vec<_> = (1..=messages).map(payload).collect();
        let into = "insert into outbox (number, payload) ";
        database::insert(&mut outbox.0, into, &rows).await?;
        Ok(sqlx::Connection::close(outbox.0).await?)
    }

    /// The number up to which all are sent.
    pub async fn sent(&mut self) -> Result<i64> {
        let sent = sqlx::query_scalar("select sent from cursor where id = 1");
        Ok(sent.fetch_one(&mut self.0).await?)
    }

    /// At most `limit` messages after one, in their order.
    pub async fn after(&mut self, number: i64, limit: i64) -> Result<Vec<(i64, Vec<u8>)>> {
        let page = sqlx::query_as(
            "select number, payload from outbox where number > ? order by number limit ?",
        );
        let page = page.bind(number).bind(limit).fetch_all(&mut self.0);
        Ok(page.await?)
    }

    /// Notes that all up to this one are sent.
    pub async fn note_sent(&mut self, number: i64) -> Result<()> {
        let note = sqlx::query("update cursor set sent = ? where id = 1").bind(number);
        note.execute(&mut self.0).await?;
        Ok(())
    }
}
