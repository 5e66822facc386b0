//! What must hold of the files and databases that the killed programs left. Nothing that a
//! program says of itself counts, except what an API answered with success.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use lapor_migrations::{Db, DbOptions, Schema, on};
use sha2::{Digest as _, Sha256};

use super::place::{HUB, Place};
use super::workload::Record;

use crate::fleet::words::WORDS_CANARY;
use crate::invariants;

/// How often the hub holds a message, and in which epoch the authors are.
const HELD: &str = "select count(*) from envelopes where message_id = $1";
const FILES: &str = "select distinct sha256 from blobs";
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
