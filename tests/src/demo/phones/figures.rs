//! How many talked on each channel and how many cases came of it, read from the databases of the
//! nodes.

use std::collections::BTreeMap;

use lapor_migrations::{Db, on};
use lapor_protocol::ids::CaseId;
use serde::Serialize;

use super::lines::Line;
use crate::demo::cast::DESK;
use crate::demo::folder::Folder;
use crate::demo::ledger::node_database;
use crate::demo::scenes::CITY;

const THREADS: &str = "select count(*) from channel_threads where channel = $1";
const CASES: &str = "select count(*) from channel_cases where channel = $1";
const PROGRAMS: &str = "select count(distinct caller) from open311_requests where $1 = 'open311'";
const REQUESTS: &str = "select count(*) from open311_requests where $1 = 'open311'";
const CITIES: &str = "select count(*) from city_lines where $1 = 'city'";
const LINKED: &str = "select count(*) from city_requests where $1 = 'city' and state = 'linked'";
const FOLLOWED: &str = "select request, case_id from city_requests
    where way = 'followed' and request is not null and case_id is not null
    order by since, request";
const LATEST: &str =
    "select case_id from channel_cases where channel = $1 order by at desc, case_id desc limit 1";

/// By the name of the channel.
pub type Figures = BTreeMap<&'static str, Talked>;

/// What a channel brought.
#[derive(Debug, Serialize)]
pub struct Talked {
    /// What stands between the node and the provider, where it is one of two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<&'static str>,
    pub conversations: i64,
    pub cases: i64,
}

pub async fn of(folder: &Folder, via: &'static str) -> anyhow::Result<Figures> {
    let desk = node_database(folder, DESK).await?;
    let city = node_database(folder, CITY).await?;
    let mut figures = Figures::new();
    for line in Line::ALL {
        let (db, people, cases) = match line {
            Line::Open311 => (&city, PROGRAMS, REQUESTS),
            Line::City => (&city, CITIES, LINKED),
            _ => (&desk, THREADS, CASES),
        };
        let talked = Talked {
            via: (line == Line::Sms).then_some(via),
            conversations: count(db, people, line).await?,
            cases: count(db, cases, line).await?,
        };
        figures.insert(line.as_str(), talked);
    }
    desk.close().await;
    city.close().await;
    Ok(figures)
}

/// The case that was last filed on a channel of the desk.
pub async fn latest_case(folder: &Folder, line: Line) -> anyhow::Result<CaseId> {
    let db = node_database(folder, DESK).await?;
    let mut tx = db.read().await?;
    let case: String = on!(&mut tx, conn => sqlx::query_scalar(LATEST)
        .bind(line.as_str())
        .fetch_one(conn)
        .await)?;
    drop(tx);
    db.close().await;
    Ok(case.parse()?)
}

/// Requests of a city that are cases of its node: number and case, the oldest first.
pub async fn followed(db: &Db) -> anyhow::Result<Vec<(String, String)>> {
    let mut tx = db.read().await?;
    Ok(on!(&mut tx, conn => sqlx::query_as(FOLLOWED).fetch_all(conn).await)?)
}

async fn count(db: &Db, sql: &'static str, line: Line) -> anyhow::Result<i64> {
    let mut tx = db.read().await?;
    let count = on!(&mut tx, conn => sqlx::query_scalar(sql)
        .bind(line.as_str())
        .fetch_one(conn)
        .await)?;
    Ok(count)
}
