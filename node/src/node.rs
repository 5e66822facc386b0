//! The node as one value: database, clock, keys, directory, and the bells that
//! wake its link. Casework and sync are methods on it, each in its module.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::{ArcSwap, ArcSwapOption};
use lapor_certs::{HubUrl, TrustDomain};
use lapor_migrations::{Db, DbOptions, Schema, Tx};
use lapor_protocol::calendar::Calendar;
use lapor_protocol::directory::{Directory, DirectoryError};
use lapor_protocol::directory_head::DirectoryHead;
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::InstanceId;
use lapor_protocol::keys::{Jwk, KeyUse, Signer, Verifier};
use lapor_protocol::seen;
use lapor_web::accounts::{Accounts, FactorKey};
use lapor_web::bearer::Recent;
use lapor_web::sign_on::SignOn;
use lapor_web::spans::Spans;
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, watch};

use crate::casework::tracking::TallyCache;
use crate::casework::{self, FiguresCache, Writer};
use crate::channels::Switch;
use crate::clock::Clock;
use crate::error::NodeError;
use crate::figures::GroupsCache;
use crate::folder::{self, NodeKeys};
use crate::hints::Memory;
use crate::hub_time::HubTime;
use crate::in_force::{self, Changes, InForce, Typed};
use crate::media::{Arriving, Turns};
use crate::reporters::Guards;
use crate::settings::Settings;
use crate::tiles::Tiles;
use crate::tokens::Bearer;
use crate::{staff, store};
use lapor_web::holidays;

/// Name of the fact that says this node has joined.
pub(crate) const JOINED: &str = "joined";
/// Name of the fact that holds the head of the directory as the hub is shown it.
pub(crate) const SEEN_DIRECTORY: &str = "seen_directory";

/// What the node learned when it joined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joined {
    pub instance: InstanceId,
    pub trust_domain: TrustDomain,
    pub federation_url: HubUrl,
    pub enrolment_url: HubUrl,
    /// The hub's keys as pinned at enrolment; the directory continues from them.
    pub hub_keys: Vec<Jwk>,
}

/// One institution's node.
pub struct Node {
    db: Db,
    clock: Arc<dyn Clock>,
    /// As `node.toml` says.
    settings: Settings,
    /// The same, completed by what an admin has typed.
    in_force: watch::Sender<Arc<InForce>>,
    /// Seals what an admin types and nobody may read.
    vault: FactorKey,
    joined: Option<Joined>,
    /// None before the node has joined.
    keys: ArcSwapOption<NodeKeys>,
    directory: ArcSwap<Directory>,
    /// The edition by which deadlines were counted last.
    calendar: ArcSwap<Calendar>,
    /// What time it is at the hub.
    hub_time: HubTime,
    /// Rung when there is something to send.
    outgoing: Notify,
    /// Rung when there is a letter to send.
    post: Notify,
    /// Rung when something has changed.
    changed: watch::Sender<()>,
    /// Where filings and acts share transactions.
    writer: Writer,
    /// Transactions that have been begun in order to write.
    writes: AtomicU64,
    accounts: Accounts,
    sign_on: SignOn,
    /// Tokens of the API that were looked up a moment ago.
    tokens: Recent<Bearer>,
    figures: FiguresCache,
    groups: GroupsCache,
    tally: TallyCache,
    /// What hints remember of the directory and of the latest cases.
    memory: Memory,
    /// What slows down whoever tries too often.
    guards: Guards,
    /// What has come of uploads that are not complete.
    arriving: Arriving,
    /// Whose file is cleaned.
    turns: Turns,
    /// What the channels of others need here.
    switch: Switch,
    /// Street tiles, where the operator supplies them.
    tiles: Option<Tiles>,
    /// Where each message's way is told.
    spans: Spans,
}

impl Node {
    /// Opens and migrates the database and loads keys and directory.
    pub async fn open(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Arc<Self>, NodeError> {
        let db = Db::open(&settings.database.url, Schema::Node, &DbOptions::default()).await?;
        db.migrate().await?;
        Self::on_database(db, settings, clock).await
    }

    /// The same over a database that is open and migrated.
    pub(crate) async fn on_database(
        db: Db,
        settings: &Settings,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>, NodeError> {
        let joined = read_joined(&db).await?;
        let keys = match joined {
            Some(_) => Some(Arc::new(NodeKeys::load(&settings.node.keys)?)),
            None => None,
        };
        let directory = read_directory(&db, joined.as_ref()).await?;
        let vault = factor_key(settings.node.keys.clone());
        let in_force = InForce::of(settings, in_force::typed(&db).await?, &vault);
        let (writer, waiting) = Writer::new();
        let accounts = staff::accounts(
            db.clone(),
            Arc::clone(&clock),
            &settings.accounts,
            factor_key(settings.node.keys.clone()),
            institution(&directory, joined.as_ref()),
        );
        let node = Arc::new(Self {
            db,
            clock,
            settings: settings.clone(),
            sign_on: in_force.settings().sign_on(),
            in_force: watch::Sender::new(Arc::new(in_force)),
            vault,
            joined,
            keys: ArcSwapOption::new(keys),
            directory: ArcSwap::from_pointee(directory),
            calendar: ArcSwap::new(holidays::first_edition()),
            hub_time: HubTime::default(),
            outgoing: Notify::new(),
            post: Notify::new(),
            changed: watch::Sender::new(()),
            writer,
            writes: AtomicU64::new(0),
            accounts,
            tokens: Recent::default(),
            figures: FiguresCache::default(),
            groups: GroupsCache::default(),
            tally: TallyCache::default(),
            memory: Memory::default(),
            guards: Guards::new(),
            arriving: Arriving::default(),
            turns: Turns::of(settings.api.upload_bytes),
            switch: Switch::below(settings.node.keys.clone()),
            tiles: tiles(settings).await,
            spans: Spans::open(&settings.traces, "lapor-node", env!("CARGO_PKG_VERSION")),
        });
        tokio::spawn(casework::write(Arc::downgrade(&node), waiting));
        Ok(node)
    }

    pub fn db(&self) -> &Db {
        &self.db
    }

    pub fn spans(&self) -> &Spans {
        &self.spans
    }

    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    pub(crate) fn shared_clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// As `node.toml` says; the portal's address and contact, the mail server and what is asked of answers
    /// stand in [`Node::in_force`], because an admin may have typed them.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The settings, completed by what an admin has typed where `node.toml` is silent.
    pub fn in_force(&self) -> Arc<InForce> {
        Arc::clone(&self.in_force.borrow())
    }

    /// Tells whoever waits for it that something else is in force.
    pub(crate) fn changes(&self) -> Changes {
        self.in_force.subscribe()
    }

    pub(crate) fn put_in_force(&self, typed: Typed) {
        self.in_force.send_if_modified(|now| {
            let changes = *now.typed() != typed;
            if changes {
                *now = Arc::new(InForce::of(&self.settings, typed, &self.vault));
            }
            changes
        });
    }

    pub(crate) fn vault(&self) -> &FactorKey {
        &self.vault
    }

    /// The site as its visitors open it.
    pub fn site(&self) -> String {
        self.in_force().settings().site(self.settings.api.listen)
    }

    /// Who may log in at the desk.
    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// The institution's own way to log in, if it has one.
    pub fn sign_on(&self) -> &SignOn {
        &self.sign_on
    }

    /// Street tiles, where the operator supplies them.
    pub fn tiles(&self) -> Option<&Tiles> {
        self.tiles.as_ref()
    }

    pub(crate) fn recent_tokens(&self) -> &Recent<Bearer> {
        &self.tokens
    }

    pub fn instance(&self) -> Result<&InstanceId, NodeError> {
        self.joined().map(|joined| &joined.instance)
    }

    pub fn joined(&self) -> Result<&Joined, NodeError> {
        self.joined.as_ref().ok_or(NodeError::NotEnrolled)
    }

    pub fn keys(&self) -> Result<Arc<NodeKeys>, NodeError> {
        self.keys.load_full().ok_or(NodeError::NotEnrolled)
    }

    /// Reads the keys folder again: another process may have made a key.
    pub(crate) fn reload_keys(&self) -> Result<Arc<NodeKeys>, NodeError> {
        self.joined()?;
        let keys = Arc::new(NodeKeys::load(&self.settings.node.keys)?);
        self.keys.store(Some(Arc::clone(&keys)));
        Ok(keys)
    }

    /// The signing key that is in force, by the directory as this node has it;
    /// before it has any, the one that it enrolled with.
    pub(crate) fn signer(&self) -> Result<Signer, NodeError> {
        let (me, keys, directory) = (self.instance()?, self.keys()?, self.directory());
        let entry = directory.latest().instance(me);
        let Some(current) = entry.and_then(|entry| entry.current_key(KeyUse::Signing)) else {
            return Ok(keys.signing[0].clone());
        };
        let kid = &current.jwk.kid;
        if let Some(signer) = keys.signer(kid) {
            return Ok(signer.clone());
        }
        let missing = || {
            let text = format!(
                "the signing key {kid}, which is in force, is not in {}; restore it from the backup of the keys folder",
                self.settings.node.keys.display()
            );
            NodeError::File(std::io::Error::new(std::io::ErrorKind::NotFound, text))
        };
        self.reload_keys()?.signer(kid).cloned().ok_or_else(missing)
    }

    /// The directory as this node has it; a newer one may exist at the hub.
    pub fn directory(&self) -> Arc<Directory> {
        self.directory.load_full()
    }

    /// Stores versions that follow ours, then uses them. Returns how many;
    /// those that another poll brought meanwhile are passed over.
    pub(crate) async fn extend_directory(
        &self,
        versions: &[Envelope],
        head: Option<&Envelope>,
    ) -> Result<usize, DirectoryRefused> {
        let mut next = (*self.directory()).clone();
        let mut lines = Vec::new();
        for envelope in versions {
            match next.apply(envelope) {
                Ok(stated) => lines.push((stated.version as i64, envelope.to_line())),
                Err(DirectoryError::Version { expected, found }) if found < expected => {}
                Err(error) => return Err(DirectoryRefused::Hub(error.to_string())),
            }
        }
        if lines.is_empty() {
            return Ok(0);
        }
        let shown = checked_head(&next, head)?;
        let mut tx = self.db.write().await.map_err(NodeError::from)?;
        for (version, line) in &lines {
            store::chain::add_directory_line(&mut tx, *version, line)
                .await
                .map_err(NodeError::from)?;
        }
        // Of two pages that come at once the longer one is shown.
        if next.version() > self.directory().version() {
            store::chain::set_fact(&mut tx, SEEN_DIRECTORY, &shown)
                .await
                .map_err(NodeError::from)?;
        }
        tx.commit().await.map_err(NodeError::from)?;
        let next = Arc::new(next);
        self.directory.rcu(|known| {
            if known.version() < next.version() {
                Arc::clone(&next)
            } else {
                Arc::clone(known)
            }
        });
        Ok(lines.len())
    }

    pub(crate) fn known_calendar(&self) -> Arc<Calendar> {
        self.calendar.load_full()
    }

    pub(crate) fn know_calendar(&self, calendar: Arc<Calendar>) {
        self.calendar.store(calendar);
    }

    pub(crate) fn hub_time(&self) -> &HubTime {
        &self.hub_time
    }

    pub(crate) fn writer(&self) -> &Writer {
        &self.writer
    }

    pub(crate) fn figures(&self) -> &FiguresCache {
        &self.figures
    }

    pub(crate) fn groups_cache(&self) -> &GroupsCache {
        &self.groups
    }

    pub(crate) fn tally_cache(&self) -> &TallyCache {
        &self.tally
    }

    pub(crate) fn memory(&self) -> &Memory {
        &self.memory
    }

    pub(crate) fn guards(&self) -> &Guards {
        &self.guards
    }

    pub(crate) fn arriving(&self) -> &Arriving {
        &self.arriving
    }

    pub(crate) fn turns(&self) -> &Turns {
        &self.turns
    }

    pub(crate) fn switch(&self) -> &Switch {
        &self.switch
    }

    /// Says that there is something to send, which is something that has changed.
    pub(crate) fn ring_outgoing(&self) {
        self.outgoing.notify_one();
        self.ring_changed();
    }

    /// Says that something has changed.
    pub(crate) fn ring_changed(&self) {
        self.changed.send_replace(());
    }

    /// Tells whoever waits for it that something has changed.
    pub(crate) fn changed(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    pub(crate) async fn outgoing_rung(&self) {
        self.outgoing.notified().await;
    }

    /// Says that there is a letter to send.
    pub(crate) fn ring_post(&self) {
        self.post.notify_one();
    }

    pub(crate) async fn post_rung(&self) {
        self.post.notified().await;
    }

    pub(crate) async fn read_tx(&self) -> Result<Tx, NodeError> {
        Ok(self.db.read().await?)
    }

    pub(crate) async fn write_tx(&self) -> Result<Tx, NodeError> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        Ok(self.db.write().await?)
    }

    /// How many transactions have been begun in order to write, so that work which can wait sees
    /// whether it is in somebody's way.
    pub(crate) fn writes(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }
}

/// The hub's word for the version to which it has led, as this node shows it.
fn checked_head(
    directory: &Directory,
    head: Option<&Envelope>,
) -> Result<String, DirectoryRefused> {
    let refused = |what: &str| DirectoryRefused::Hub(what.to_owned());
    let head = head.ok_or_else(|| refused("it shows versions without a signed head"))?;
    let key = directory.any_hub_key(&head.kid);
    let stated = key.and_then(|key| DirectoryHead::open(head, key).ok());
    let stated = stated.ok_or_else(|| refused("the head is not signed by the hub"))?;
    if (stated.version, stated.id) != (directory.version(), directory.head()) {
        return Err(refused("the head is not that of the last version"));
    }
    seen::shown(head).ok_or_else(|| refused("the head is none"))
}

/// Why directory versions were not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DirectoryRefused {
    #[error("the hub's directory contradicts itself: {0}")]
    Hub(String),
    #[error(transparent)]
    Node(#[from] NodeError),
}

/// The key of second factors, which the keys folder gets when one is needed.
fn factor_key(keys: PathBuf) -> FactorKey {
    FactorKey::kept_by(move || folder::factor_key(&keys).map_err(std::io::Error::other))
}

/// What the institution is called; before it has joined, what the program is.
fn institution(directory: &Directory, joined: Option<&Joined>) -> String {
    let own = joined.and_then(|joined| directory.latest().instance(&joined.instance));
    own.map_or_else(|| "Lapor".to_owned(), |own| own.name.clone())
}

/// What the node learned when it joined, if it has.
pub(crate) async fn read_joined(db: &Db) -> Result<Option<Joined>, NodeError> {
    let mut tx = db.read().await?;
    let fact = store::chain::fact(&mut tx, JOINED).await?;
    fact.map(|text| store::read(serde_json::from_str(&text)))
        .transpose()
}

async fn read_directory(db: &Db, joined: Option<&Joined>) -> Result<Directory, NodeError> {
    let hub_keys = joined.map_or(&[][..], |joined| &joined.hub_keys);
    let hub_keys = store::read(
        hub_keys
            .iter()
            .map(Verifier::from_jwk)
            .collect::<Result<Vec<_>, _>>(),
    )?;
    let mut directory = Directory::trusting(hub_keys);
    let mut tx = db.read().await?;
    for line in store::chain::directory_lines(&mut tx, 0).await? {
        let envelope = store::read(Envelope::parse(line.as_bytes()))?;
        store::read(directory.apply(&envelope))?;
    }
    Ok(directory)
}

/// A map that cannot be used is told, and keeps no report back: maps are outlines then.
async fn tiles(settings: &Settings) -> Option<Tiles> {
    let opened = Tiles::open(settings.portal.tiles.as_ref()?).await;
    opened
        .inspect_err(|error| tracing::error!(%error, "maps are shown as outlines"))
        .ok()
}
