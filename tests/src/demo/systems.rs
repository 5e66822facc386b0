//! Systems beside the node of a city: an application of its own, which a webhook tells what changes, and
//! SP4N-LAPOR!, from which a complaint is brought and to which answers are handed over. Both are
//! stand-ins, and nothing of it leaves this machine.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use lapor_migrations::{Db, on};
use lapor_stand_ins::receiver::Receiver;
use lapor_stand_ins::sp4n::{self, Sp4n};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::PATIENCE;
use super::api::{self, Api};
use super::federation::node_address;
use super::folder::Folder;
use super::ledger::node_database;
use super::programs::{Programs, run};
use super::scenes::CITY;

/// What the application is called, and which changes it is told.
const APPLICATION: &str = "Aplikasi aduan kota";
const KINDS: [&str; 2] = ["report.filed", "case.*"];
/// Files beside the node: the application's key, its webhook, and what that is signed with.
const KEY: &str = "webhook-key";
const WEBHOOK: &str = "webhook-id";
const SECRET: &str = "webhook-secret";
/// Files with which the node is let in by SP4N-LAPOR!.
const GATEWAY: &str = "sp4n-auth";
const TOKEN: &str = "sp4n-token";
/// The complaint there: its number for programs, and the one that citizens know.
const COMPLAINT: u64 = 21;
pub const TRACKING: &str = "7654321";
const GLANCE: Duration = Duration::from_millis(200);

const CALLS: &str = "select count(*) from webhook_deliveries where state = 'sent'";
const BROUGHT: &str = "select count(*) from bridge_cases";

/// Open until they are dropped.
pub struct Systems {
    receiver: Receiver,
    sp4n: Sp4n,
}

/// What passed between the node and them.
#[derive(Debug, Default, Serialize)]
pub struct Exchanged {
    /// Calls of the webhook that were taken.
    pub webhook_calls: i64,
    /// Complaints that are cases here.
    pub bridge_cases: i64,
}

impl Systems {
    pub async fn open() -> Self {
        let sp4n = Sp4n::open().await;
        sp4n.has(complaint());
        Self {
            receiver: Receiver::open().await,
            sp4n,
        }
    }

    /// Where the application shows what it was told.
    pub fn page(&self) -> String {
        self.receiver.page()
    }

    /// Configures the node for both, while it rests.
    pub fn switch_on(&self, folder: &Folder) -> anyhow::Result<()> {
        let text = |text: &str| format!("{text:?}");
        folder.configure(CITY, "webhooks", &[("local", "true".into())])?;
        folder.keep_secret(CITY, GATEWAY, sp4n::KEY)?;
        folder.keep_secret(CITY, TOKEN, sp4n::TOKEN)?;
        let bridge = [
            ("base_url", text(&self.sp4n.base())),
            ("auth_file", text(GATEWAY)),
            ("token_file", text(TOKEN)),
            ("hand_over", "true".into()),
        ];
        folder.configure(CITY, "bridge", &bridge)
    }

    /// Has the application told of changes: by a webhook that is made once, and leads to where the
    /// application is now.
    pub async fn subscribe(&self, folder: &Folder, programs: &Programs) -> anyhow::Result<()> {
        let scopes = "webhooks:write,cases:read";
        let key = key(folder, programs, (KEY, "aplikasi-aduan", scopes)).await?;
        let node = Api::new(api::client()?, CITY, node_address(folder, CITY)?, key);
        let url = self.receiver.url();
        if folder.node(CITY).join(WEBHOOK).is_file() {
            let id = folder.secret(CITY, WEBHOOK)?;
            let all = node.webhooks().await?;
            let mut known = all["webhooks"].as_array().into_iter().flatten();
            // Whoever has looked around may have ended it.
            if known.any(|one| one["id"] == id.as_str()) {
                self.receiver.believes(&folder.secret(CITY, SECRET)?);
                let now = json!({"url": url, "state": "on"});
                return node.change_webhook(&id, &now).await;
            }
        }
        let new = json!({"name": APPLICATION, "url": url, "kinds": KINDS});
        let made = node.make_webhook(&new).await?;
        let said = |value: &Value| {
            let text = value.as_str().map(str::to_owned);
            text.with_context(|| format!("{CITY} tells nothing of a webhook that was made"))
        };
        let (id, secret) = (said(&made["webhook"]["id"])?, said(&made["secret"])?);
        self.receiver.believes(&secret);
        folder.keep_secret(CITY, WEBHOOK, &id)?;
        folder.keep_secret(CITY, SECRET, &secret)
    }

    /// Waits until the application was told of a change of a kind.
    pub async fn is_told(&self, kind: &str) -> anyhow::Result<()> {
        let give_up = Instant::now() + PATIENCE;
        let taken = || self.receiver.taken();
        while taken().iter().all(|change| change["type"] != kind) {
            ensure!(Instant::now() < give_up, "no webhook tells of {kind}");
            tokio::time::sleep(GLANCE).await;
        }
        Ok(())
    }
}

/// Brings the complaint, as an operator does.
pub async fn bring(folder: &Folder, programs: &Programs) -> anyhow::Result<()> {
    let number = COMPLAINT.to_string();
    let import = ["bridge", "import", "--id", &number];
    let config = folder.node_config(CITY);
    run(&programs.node, &config, &import, None).await.map(drop)
}

/// A key for a program at the node of the city, made once and kept in a file: its file, its name and
/// its scopes.
pub async fn key(
    folder: &Folder,
    programs: &Programs,
    (file, name, scopes): (&str, &str, &str),
) -> anyhow::Result<String> {
    if folder.node(CITY).join(file).is_file() {
        return folder.secret(CITY, file);
    }
    let create = ["token", "create", "--name", name, "--scope", scopes];
    let config = folder.node_config(CITY);
    let key = run(&programs.node, &config, &create, None).await?;
    folder.keep_secret(CITY, file, &key)?;
    Ok(key)
}

/// What the node knows of both.
pub async fn exchanged(folder: &Folder) -> anyhow::Result<Exchanged> {
    let db = node_database(folder, CITY).await?;
    let exchanged = Exchanged {
        webhook_calls: count(&db, CALLS).await?,
        bridge_cases: count(&db, BROUGHT).await?,
    };
    db.close().await;
    Ok(exchanged)
}

async fn count(db: &Db, sql: &'static str) -> anyhow::Result<i64> {
    let mut tx = db.read().await?;
    Ok(on!(&mut tx, conn => sqlx::query_scalar(sql).fetch_one(conn).await)?)
}

fn complaint() -> Value {
    json!({
        "id": COMPLAINT,
        "tracking_id": TRACKING,
        "title": "Lampu taman di Alun-alun Ujungberung padam",
        "content": "<p>Lampu taman padam sejak awal bulan; warga takut lewat sesudah magrib.</p>",
        "classification": {"id": 6, "name": "Pengaduan"},
        "category_name": "Penerangan Jalan Umum",
        "location_name": "Kota Bandung",
        "date_of_incident": "2026-01-02",
        "created_at": "03-01-2026 08:00:00",
        "status": {"id": 2, "name": "Terverifikasi"},
        "is_anonymous": 0,
        "is_secret": false,
        "user": {"id": 5, "name": "Warganet Rekaan"},
        "attachments": [],
    })
}
