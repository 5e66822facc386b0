//! Who is told of alarms.

use lapor_migrations::{DbError, Tx, on};
use sqlx::FromRow;

const ALL: &str = "select id, channel, name, address, secret, enabled from alarm_recipients
    order by created_at, id";
const ONE: &str =
    "select id, channel, name, address, secret, enabled from alarm_recipients where id = $1";
const ADD: &str =
    "insert into alarm_recipients (id, channel, name, address, secret, enabled, created_at)
    values ($1, $2, $3, $4, $5, $6, $7)";
const ENABLE: &str = "update alarm_recipients set enabled = $2 where id = $1";
const CHANGE: &str = "update alarm_recipients set name = $2, address = $3 where id = $1";
const REMOVE: &str = "delete from alarm_recipients where id = $1";
const REMOVE_OF_RULES: &str = "delete from alarm_rule_recipients where recipient = $1";
const SECRET: &str = "update alarm_recipients set secret = $2 where id = $1";

/// A recipient; it prints nothing, because it may hold a sealed secret.
#[derive(Clone, FromRow)]
pub struct RecipientRow {
    pub id: String,
    pub channel: String,
    pub name: String,
    pub address: String,
    pub secret: Option<Vec<u8>>,
    pub enabled: i64,
}

pub async fn all(tx: &mut Tx) -> Result<Vec<RecipientRow>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(ALL).fetch_all(conn).await)?)
}

pub async fn one(tx: &mut Tx, id: &str) -> Result<Option<RecipientRow>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(ONE).bind(id).fetch_optional(conn).await)?)
}

pub async fn add(tx: &mut Tx, row: &RecipientRow, now: i64) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(ADD)
        .bind(&row.id)
        .bind(&row.channel)
        .bind(&row.name)
        .bind(&row.address)
        .bind(&row.secret)
        .bind(row.enabled)
        .bind(now)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

pub async fn enable(tx: &mut Tx, id: &str, enabled: bool) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(ENABLE)
        .bind(id)
        .bind(i64::from(enabled))
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

pub async fn change_secret(tx: &mut Tx, id: &str, secret: &[u8]) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(SECRET).bind(id).bind(secret).execute(conn).await.map(drop))?;
    Ok(())
}

pub async fn change(tx: &mut Tx, id: &str, name: &str, address: &str) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(CHANGE)
        .bind(id)
        .bind(name)
        .bind(address)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// Removes one, from the rules that named it as well.
pub async fn remove(tx: &mut Tx, id: &str) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(REMOVE).bind(id).execute(conn).await.map(drop))?;
    on!(tx, conn => sqlx::query(REMOVE_OF_RULES).bind(id).execute(conn).await.map(drop))?;
    Ok(())
}
