//! The hub of a simulation: the real one on its own files, without listeners
//! and without what it does by the machine's clock. It ends as if it were
//! killed: nothing is drained, and only what is on disk goes on.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use lapor_hub::Hub;
use lapor_hub::backup::{back_up, restore};
use lapor_hub::clock::{Clock as _, HandClock};
use lapor_hub::restored;
use lapor_hub::settings::{LimitSettings, Settings};
use lapor_hub::{deeds, recovery, watch};
use lapor_migrations::throwaway::TestDb;
use lapor_migrations::{Db, Schema};
use tempfile::TempDir;

use super::inside::Door;
use super::prepared::Prepared;

/// More than anybody asks for: buckets are filled by the machine's clock.
const PLENTY: u32 = 1_000_000;
const CONFIG: &str = "hub.toml";

pub struct House {
    pub door: Arc<Door>,
    clock: Arc<HandClock>,
    hub: Option<Arc<Hub>>,
    settings: Settings,
    database: TestDb,
    folder: TempDir,
    copy: Option<TempDir>,
}

impl House {
    /// The founded hub, not running.
    pub fn placed(prepared: &Prepared, clock: Arc<HandClock>) -> Result<Self> {
        let (folder, database) = (tempfile::tempdir()?, TestDb::sqlite()?);
        prepared.place("hub", folder.path())?;
        std::fs::rename(folder.path().join("copy.db"), database.file())?;
        let mut settings = Settings::load(&folder.path().join(CONFIG))?;
        settings.database.url.clone_from(&database.url);
        Ok(Self {
            door: Arc::default(),
            clock,
            hub: None,
            settings: unhurried(settings),
            database,
            folder,
            copy: None,
        })
    }

    pub fn hub(&self) -> Option<&Arc<Hub>> {
        self.hub.as_ref()
    }

    pub async fn begin(&mut self) -> Result<()> {
        let clock = Arc::clone(&self.clock);
        let hub = Hub::open(self.settings.clone(), clock).await?;
        self.door.opened(&hub);
        self.hub = Some(hub);
        Ok(())
    }

    /// Whether there was anything to end.
    pub async fn end(&mut self) -> bool {
        self.door.closed();
        let Some(hub) = self.hub.take() else {
            return false;
        };
        let db = hub.ground.db.clone();
        drop(hub);
        db.close().await;
        true
    }

    /// What it does every minute, and what its console would show.
    pub async fn minute(&self) -> Result<()> {
        let Some(hub) = &self.hub else {
            return Ok(());
        };
        deeds::settle(&hub.ground).await;
        restored::settle(hub).await?;
        recovery::forget(&hub.ground).await?;
        watch::look(hub).await?;
        Ok(())
    }

    /// By the operator's command, whether the hub runs or not.
    pub async fn back_up(&mut self) -> Result<()> {
        let (copy, now) = (tempfile::tempdir()?, self.clock.now_ms());
        let config = self.folder.path().join(CONFIG);
        let to = copy.path();
        back_up(&self.settings, Some(&config), to, true, now, |_, _, _| {}).await?;
        self.copy = Some(copy);
        Ok(())
    }

    pub fn has_copy(&self) -> bool {
        self.copy.is_some()
    }

    /// The machine is lost, and the last backup is put on another one.
    pub async fn restore(&mut self) -> Result<()> {
        self.end().await;
        let copy = self.copy.as_ref().context("a backup")?;
        let (folder, database) = (tempfile::tempdir()?, TestDb::sqlite()?);
        place_config(&self.folder, &folder, &database.url)?;
        let now = self.clock.now_ms();
        let restored = restore(copy.path(), folder.path(), now, |_, _, _| {}).await?;
        self.settings = unhurried(restored.settings);
        self.folder = folder;
        self.database = database;
        Ok(())
    }

    /// Its database, also while it does not run.
    pub async fn db(&self) -> Result<Db> {
        Ok(self.database.open(Schema::Hub).await?)
    }
}

/// The configuration with another database, where the restore looks for it.
fn place_config(from: &TempDir, to: &TempDir, url: &str) -> Result<()> {
    let config = from.path().join(CONFIG);
    let quoted = |url: &str| serde_json::to_string(url);
    let former = quoted(&Settings::load(&config)?.database.url)?;
    let text = std::fs::read_to_string(config)?.replace(&former, &quoted(url)?);
    Ok(std::fs::write(to.path().join(CONFIG), text)?)
}

fn unhurried(mut settings: Settings) -> Settings {
    settings.limits = LimitSettings {
        envelopes_per_second: PLENTY,
        envelope_burst: PLENTY,
        bytes_per_second: PLENTY * 1000,
        byte_burst: PLENTY * 1000,
        requests_per_second: PLENTY,
        request_burst: PLENTY,
        joins_per_second: PLENTY,
        join_burst: PLENTY,
        all_joins_per_second: PLENTY,
        ..settings.limits
    };
    settings
}
