//! What must hold of the files and databases that the killed programs left. Nothing that a
//! program says of itself counts, except what an API answered with success.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use lapor_migrations::{Db, DbOptions, Schema, on};
use sha2::{Digest as _, Sha256};

use super::place::{CITY, HUB, Place};
use super::texts::Told;
use super::workload::Record;

use crate::fleet::words::WORDS_CANARY;
use crate::invariants;

/// How often the hub holds a message, and in which epoch the authors are.
const HELD: &str = "select count(*) from envelopes where message_id = $1";
const FILES: &str = "select distinct sha256 from blobs";
const SEEN: &str = "select count(*) from channel_seen";
const TAKEN: &str = "select count(*) from channel_taken";
const DONE: &str = "select count(*) from channel_taken where state = 'done'";
const CASES: &str = "select count(*) from channel_cases";
const IN_CASES: &str =
    "select count(distinct case_id) from channel_taken where case_id is not null";
const ANSWERS: &str = "select count(*) from channel_outbox";
const SAID: &str = "select count(*) from channel_outbox where state = 'sent'";
const EPOCHS: &str = "select count(*) from envelopes where epoch <> 1";

/// An error that names everything that does not hold.
pub async fn hold(place: &Place<'_>, slugs: &[&str], record: &Record) -> Result<()> {
    place.databases.let_go(&[&[HUB], slugs].concat()).await?;
    let hub = open(place, HUB, Schema::Hub).await?;
    let mut nodes = Vec::new();
    for slug in slugs {
        let db = open(place, slug, Schema::Node).await?;
        nodes.push((slug.parse()?, db));
    }
    let wrong = read(place, record, &hub, &nodes).await;
    for db in nodes.iter().map(|(_, db)| db).chain([&hub]) {
        db.close().await;
    }
    let wrong = wrong?;
    ensure!(wrong.is_empty(), "{}", wrong.join("; "));
    Ok(())
}

async fn read(
    place: &Place<'_>,
    record: &Record,
    hub: &Db,
    nodes: &[(lapor_protocol::ids::InstanceId, Db)],
) -> Result<Vec<String>> {
    let canaries = [WORDS_CANARY.to_owned()];
    let report = invariants::check(hub, nodes, &canaries).await?;
    let mut wrong = report.wrongs();
    let behind = report.behind.iter();
    wrong.extend(behind.map(|(id, why)| format!("{id} is behind: {why}")));
    let seen: BTreeMap<_, _> = report.applied.clone();
    if seen != record.meant {
        wrong.push(format!("applied {seen:?}, meant {:?}", record.meant));
    }
    wrong.extend(unheld(hub, record).await?);
    let slugs = nodes.iter().map(|(id, db)| (id.as_str(), db));
    for (name, db) in slugs.chain([(HUB, hub)]) {
        wrong.extend(unwhole(name, &place.folder.join(name).join("blobs"), db, record).await?);
    }
    if let Some(told) = record.told {
        for (_, db) in nodes.iter().filter(|(id, _)| id.as_str() == CITY) {
            wrong.extend(untold(db, told).await?);
        }
    }
    Ok(wrong)
}

/// Text messages that were acknowledged and are not there, done once and in one case; and answers
/// that are not said.
async fn untold(db: &Db, told: Told) -> Result<Vec<String>> {
    let mut tx = db.read().await?;
    let mut wrong = Vec::new();
    for (what, sql, expected) in [
        ("messages known by their ids", SEEN, told.taken),
        ("messages that are done", DONE, told.taken),
        ("messages in all", TAKEN, told.taken),
        ("cases of text messages", CASES, 1),
        ("cases that messages are in", IN_CASES, 1),
        ("answers that are said", SAID, told.answers),
        ("answers in all", ANSWERS, told.answers),
    ] {
        let count: i64 = on!(&mut tx, conn => sqlx::query_scalar(sql).fetch_one(conn).await)?;
        if count != expected as i64 {
            wrong.push(format!("{what}: {count} instead of {expected}"));
        }
    }
    Ok(wrong)
}

/// What an API acknowledged and the hub does not hold exactly once; and
/// whether a crash made anyone open an epoch, which only a loss may.
async fn unheld(hub: &Db, record: &Record) -> Result<Vec<String>> {
    let mut tx = hub.read().await?;
    let mut wrong = Vec::new();
    for id in &record.acknowledged {
        let count: i64 = on!(&mut tx, conn => sqlx::query_scalar(HELD)
            .bind(id)
            .fetch_one(conn)
            .await)?;
        if count != 1 {
            wrong.push(format!(
                "acknowledged message {id} is {count} times at the hub"
            ));
        }
    }
    let later: i64 = on!(&mut tx, conn => sqlx::query_scalar(EPOCHS).fetch_one(conn).await)?;
    if later > 0 {
        wrong.push(format!(
            "{later} messages are in a later epoch, though nothing was lost"
        ));
    }
    Ok(wrong)
}

/// Files that a database names and that are not there whole. A file that it
/// does not name is what a crash left of an act that never was.
async fn unwhole(name: &str, folder: &Path, db: &Db, record: &Record) -> Result<Vec<String>> {
    let mut tx = db.read().await?;
    let named: Vec<Vec<u8>> =
        on!(&mut tx, conn => sqlx::query_scalar(FILES).fetch_all(conn).await)?;
    let mut wrong = Vec::new();
    if named.len() != record.files {
        wrong.push(format!(
            "{name} knows {} of {} files",
            named.len(),
            record.files
        ));
    }
    for sha256 in named.iter().map(hex::encode) {
        let held = std::fs::read(folder.join(&sha256[..2]).join(&sha256));
        if held.ok().map(|bytes| hex::encode(Sha256::digest(&bytes))) != Some(sha256.clone()) {
            wrong.push(format!("{name} does not hold the file {sha256}"));
        }
    }
    Ok(wrong)
}

async fn open(place: &Place<'_>, part: &str, schema: Schema) -> Result<Db> {
    let file = match schema {
        Schema::Hub => "hub.db",
        Schema::Node => "node.db",
    };
    let file = place.folder.join(part).join(file);
    let url = place.databases.url(part);
    let url = url.unwrap_or_else(|| format!("sqlite://{}", file.display()));
    let opened = Db::open(&url, schema, &DbOptions::default()).await;
    opened.with_context(|| format!("the database of {part} cannot be read"))
}
