//! The hub of a fleet: made by `lapor-hub init`, served on listeners of its
//! own, stopped and started again on the same database, folder and addresses.

use std::ffi::OsString;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lapor_hub::audit::By;
use lapor_hub::backup::{back_up, restore};
use lapor_hub::clock::{Clock as _, HandClock};
use lapor_hub::membership::{self, Profile};
use lapor_hub::sequencer::Batch;
use lapor_hub::settings::Settings;
use lapor_hub::store::visits;
use lapor_hub::trial::Trial;
use lapor_hub::upkeep;
use lapor_hub::{Hub, HubError};
use lapor_migrations::throwaway::TestDb;
use lapor_migrations::{Db, Schema};
use lapor_protocol::ids::InstanceId;
use lapor_web::backup::Manifest;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::false_hub::{FalseHub, Says};
use super::member::Member;

/// In which the hub has noted that somebody has left.
const PATIENCE: Duration = Duration::from_mins(1);

/// A hub that can be stopped and started.
pub struct HubHouse {
    pub settings: Settings,
    clock: Arc<HandClock>,
    /// Kept while the hub is down, so that nobody else can take the ports.
    federation: TcpListener,
    enrolment: TcpListener,
    running: Option<Running>,
    database: TestDb,
    folder: tempfile::TempDir,
}

struct Running {
    hub: Arc<Hub>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<Result<(), HubError>>,
}

impl HubHouse {
    /// Makes a hub and starts it.
    pub async fn found(
        database: TestDb,
        clock: Arc<HandClock>,
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let [federation, enrolment] =
            [(), ()].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
        let made = init(&folder, &database, &federation, &enrolment, &clock);
        let mut settings = Box::pin(made).await;
        settings.limits.drain_seconds = 5;
        settings.backup.folder = Some(folder.path().join("backups"));
        change(&mut settings);
        let mut house = Self {
            settings,
            clock,
            federation,
            enrolment,
            running: None,
            database,
            folder,
        };
        house.start().await;
        house
    }

    pub async fn start(&mut self) {
        assert!(self.running.is_none(), "the hub is running");
        assert!(self.folder.path().exists());
        let clock = Arc::clone(&self.clock);
        let hub = Hub::open(self.settings.clone(), clock).await;
        let hub = hub.unwrap_or_else(|error| panic!("the hub does not start: {error}"));
        let [federation, enrolment] = [&self.federation, &self.enrolment]
            .map(|socket| socket.try_clone().expect("a second handle of a socket"));
        let (stop, stopped) = oneshot::channel();
        let served = lapor_hub::serve(Arc::clone(&hub), federation, enrolment, async {
            // The sender is dropped without a word only with the fleet.
            let _ = stopped.await;
        });
        self.running = Some(Running {
            hub,
            stop,
            serving: tokio::spawn(served),
        });
    }

    /// Drains: what is under way is answered, what was taken in is ordered.
    pub async fn stop(&mut self) {
        let running = self.running.take().expect("the hub is running");
        running.stop.send(()).expect("the hub waits to be stopped");
        let ended = running.serving.await.expect("the hub ends by itself");
        ended.unwrap_or_else(|error| panic!("the hub did not end well: {error}"));
        running.hub.ground.db.close().await;
    }

    /// A backup by the operator's command, whether the process runs or not.
    pub async fn back_up(&self, to: &Path) -> Manifest {
        let config = self.folder.path().join("hub.toml");
        let now = self.clock.now_ms();
        let made = back_up(&self.settings, Some(&config), to, true, now, |_, _, _| {}).await;
        made.unwrap_or_else(|error| panic!("the hub: {error}"))
    }

    /// Restores a backup on trial beside the running hub.
    pub async fn tries(&self, from: &Path) -> Trial {
        let by = By::actor("test");
        let tried = upkeep::attempt(&self.hub().ground, &by, from, |_, _, _| {}).await;
        tried.unwrap_or_else(|error| panic!("the trial: {error}"))
    }

    /// The machine is lost, and a backup is restored on another one under the
    /// same addresses, with an empty database.
    pub async fn restore(&mut self, from: &Path, database: TestDb) {
        assert!(self.running.is_none(), "the hub is running");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let config = std::fs::read_to_string(self.folder.path().join("hub.toml"));
        let quoted = |url: &str| serde_json::to_string(url).expect("a text");
        let (former, new) = (quoted(&self.database.url), quoted(&database.url));
        let config = config.expect("a configuration").replace(&former, &new);
        std::fs::write(folder.path().join("hub.toml"), config).expect("a configuration");
        let restored = restore(from, folder.path(), self.clock.now_ms(), |_, _, _| {}).await;
        let restored = restored.unwrap_or_else(|error| panic!("the hub: {error}"));
        self.settings = restored.settings;
        self.settings.limits.drain_seconds = 5;
        // Members of a story come one after the other, and its clock stands still.
        self.settings.limits.listen_seconds = 0;
        self.folder = folder;
        self.database = database;
    }

    /// Another process starts on the same database while this one runs; the
    /// first must end by itself at its next message, and say why.
    pub async fn be_replaced(&mut self) {
        let first = self.running.take().expect("the hub is running");
        self.start().await;
        let nothing = Batch {
            author: "pusat".parse().expect("a slug"),
            directory: 0,
            messages: Vec::new(),
            end: None,
            bytes: 0,
        };
        let late = first.hub.sequencer.submit(nothing, None, false);
        let late = late.expect("there is room").await;
        assert!(matches!(late, Err(HubError::Fenced)), "{late:?}");
        let ended = first.serving.await.expect("the first hub ends by itself");
        assert!(matches!(ended, Err(HubError::Fenced)), "{ended:?}");
        first.hub.ground.db.close().await;
    }

    /// The hub is down, and whoever calls it is shown its own certificate and
    /// answered with these bytes, whatever the call.
    pub fn be_impersonated(&self, says: Says) -> FalseHub {
        assert!(self.running.is_none(), "the hub is running");
        let socket = self.federation.try_clone();
        let keys = &self.settings.storage.keys;
        FalseHub::begin(socket.expect("a second handle"), keys, &self.clock, says)
    }

    pub fn hub(&self) -> &Arc<Hub> {
        &self.running.as_ref().expect("the hub is running").hub
    }

    /// Why the last connection of an institution ended, which does so at this moment of the hub's
    /// clock.
    pub async fn left(&self, instance: &InstanceId) -> String {
        let hub = self.hub();
        let mut pictures = hub.watch.subscribe();
        let seeing = async {
            loop {
                // Its history is written after each look.
                hub.watch.look_again();
                pictures.changed().await.expect("the hub looks");
                let mut tx = hub.ground.db.read().await.expect("a transaction");
                let lines = visits::latest(&mut tx, instance, 2).await;
                tx.rollback().await.expect("a transaction that ends");
                let mut lines = lines.expect("a history").into_iter();
                let now = hub.now_ms();
                if let Some(line) = lines.find(|line| line.what == "left" && line.at == now) {
                    return line.detail;
                }
            }
        };
        let seen = tokio::time::timeout(PATIENCE, seeing).await;
        seen.unwrap_or_else(|_| panic!("{instance} has not left"))
    }

    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// The hub's database, also while the hub is down.
    pub async fn db(&self) -> Db {
        let opened = self.database.open(Schema::Hub).await;
        opened.expect("the hub's database opens")
    }

    /// Where the hub's database is, apart from what the settings say.
    pub fn database(&self) -> &TestDb {
        &self.database
    }

    /// Keys, authority and attachments.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn federation(&self) -> SocketAddr {
        self.federation.local_addr().expect("a bound socket")
    }

    pub fn enrolment(&self) -> SocketAddr {
        self.enrolment.local_addr().expect("a bound socket")
    }

    /// The line that an operator would send to an institution, which waits for approval once it
    /// has joined unless it is `approved`.
    pub async fn invite(&self, member: &Member, approved: bool) -> String {
        let profile = Profile {
            approved,
            ..profile(member)
        };
        let made = membership::invite(&self.hub().ground, &By::actor("test"), &profile).await;
        let made = made.unwrap_or_else(|error| panic!("{}: {error}", member.slug));
        made.line.as_str().to_owned()
    }

    /// Makes an institution known that has not joined.
    pub async fn register(&self, member: &Member) {
        let done =
            membership::register(&self.hub().ground, &By::actor("test"), &[profile(member)]).await;
        done.unwrap_or_else(|error| panic!("{}: {error}", member.slug));
    }
}

fn profile(member: &Member) -> Profile {
    Profile {
        region: member.region.map(|code| code.parse().expect("a region")),
        disposes_to: member
            .disposes_to
            .iter()
            .map(|pattern| pattern.parse().expect("a pattern"))
            .collect(),
        default_supervisor: member.default_supervisor,
        ..Profile::of(member.id(), member.kind)
    }
}

/// Runs the operator's command, and reads what it wrote.
async fn init(
    folder: &tempfile::TempDir,
    database: &TestDb,
    federation: &TcpListener,
    enrolment: &TcpListener,
    clock: &Arc<HandClock>,
) -> Settings {
    let config = folder.path().join("hub.toml");
    let address = |socket: &TcpListener| socket.local_addr().expect("a bound socket").to_string();
    let words = [
        "init".into(),
        "--dir".into(),
        folder.path().display().to_string(),
        "--trust-domain".into(),
        "lapor.test".into(),
        "--federation-address".into(),
        address(federation),
        "--enrolment-address".into(),
        address(enrolment),
        "--database-url".into(),
        database.url.clone(),
    ];
    let mut arguments = vec![
        OsString::from("lapor-hub"),
        OsString::from("--config"),
        config.clone().into_os_string(),
    ];
    arguments.extend(words.iter().map(OsString::from));
    let (mut answer, mut explanation) = (Vec::new(), Vec::new());
    let mut out = lapor_hub::cli::Out {
        answer: &mut answer,
        explanation: &mut explanation,
    };
    let clock = Arc::clone(clock);
    let done = lapor_hub::cli::run(arguments, &mut out, clock).await;
    done.unwrap_or_else(|failure| panic!("init: {}", failure.message));
    Settings::load(&config).unwrap_or_else(|error| panic!("{error}"))
}
