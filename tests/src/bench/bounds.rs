//! What this machine can do at this moment, by the same code that hub and node
//! run: the bounds beside which their figures are read.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use lapor_migrations::{Bulk, Db, DbOptions, Kind, Schema, Value, on};
use lapor_protocol::dsse::{Envelope, MESSAGE_TYPE};
use lapor_protocol::keys::{Signer, Verifier};
use serde_json::{Value as Json, json};

use super::Plan;
use super::figures::{Spread, rate};

/// Time for one bound, so that a look at all three costs about a second.
const EACH: Duration = Duration::from_millis(400);
/// Rows in one transaction, as many as a batch has.
const BATCH: usize = 500;
const PAYLOAD: usize = 1024;
/// An envelope of that payload.
const LINE: usize = 1830;

/// The database of the bounds, beside those of the programs.
const ROWS: &str = "rows";

static INSERT: Bulk = Bulk::new("insert into bench_rows (number, line) values", 2, "");
// In SQLite it is the key of the table itself only where it is called `integer`.
const SQLITE_TABLE: &str =
    "create table bench_rows (number integer not null primary key, line text not null) strict";
const POSTGRES_TABLE: &str =
    "create table bench_rows (number bigint not null primary key, line text not null)";

/// The bounds beside each run of one figure.
#[derive(Default)]
pub struct Bounds {
    pub verifications: Spread,
    pub inserts: Spread,
    pub commits: Spread,
}

impl Bounds {
    /// Looks again at what the machine can do now.
    pub async fn look(&mut self, plan: &Plan, folder: &Path) -> Result<()> {
        let verified = tokio::task::spawn_blocking(verifications).await??;
        self.verifications.add(verified);
        let databases = plan.databases("bounds")?;
        databases.clear(&[ROWS]).await?;
        let file = folder.join("bounds.db");
        let in_file = || format!("sqlite://{}", file.display());
        let url = databases.url(ROWS).unwrap_or_else(in_file);
        let db = Db::open(&url, Schema::Hub, &DbOptions::default()).await?;
        let table = match db.kind() {
            Kind::Sqlite => SQLITE_TABLE,
            Kind::Postgres => POSTGRES_TABLE,
        };
        let mut tx = db.write().await?;
        on!(&mut tx, c => sqlx::query(table).execute(c).await.map(drop))?;
        tx.commit().await?;
        self.inserts.add(rows(&db, BATCH, 0).await?);
        self.commits.add(rows(&db, 1, 10_000_000).await?);
        db.close().await;
        // Those on a server are cleared by the next look.
        if db.kind() == Kind::Sqlite {
            std::fs::remove_file(file)?;
        }
        Ok(())
    }

    pub fn told(&self) -> Json {
        json!({
            "verifications_per_second_on_one_core": self.verifications.told(0),
            "durable_inserts_per_second_in_batches": self.inserts.told(0),
            "durable_commits_per_second_one_by_one": self.commits.told(0),
        })
    }
}

/// Envelopes of 1 KB verified a second on one core.
fn verifications() -> Result<f64> {
    let signer = Signer::from_seed(&[7; 32]);
    let key = Verifier::from_jwk(&signer.public())?;
    let envelope = Envelope::sign(MESSAGE_TYPE, vec![b'x'; PAYLOAD], &signer);
    let (began, mut count) = (Instant::now(), 0);
    while began.elapsed() < EACH {
        for _ in 0..32 {
            let id = envelope.verified_id(MESSAGE_TYPE, &key)?;
            ensure!(id == envelope.id(), "an envelope has two ids");
        }
        count += 32;
    }
    Ok(rate(count, began))
}

/// Rows made durable a second, so many in a transaction.
async fn rows(db: &Db, batch: usize, first: i64) -> Result<f64> {
    let line = "x".repeat(LINE);
    let (began, mut count) = (Instant::now(), 0);
    while began.elapsed() < EACH {
        let row = |number: usize| {
            let number = first + (count + number) as i64;
            [Value::from(number), line.as_str().into()]
        };
        let values = (0..batch).flat_map(row).collect();
        let mut tx = db.write().await?;
        tx.run_rows(&INSERT, values).await?;
        tx.commit().await?;
        count += batch;
    }
    Ok(rate(count, began))
}
