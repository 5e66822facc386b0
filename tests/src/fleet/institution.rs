//! One institution of a fleet: its node, its folder, its database and its line
//! to the hub. The process can end and begin again.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{TryStreamExt as _, stream};
use lapor_hub::clock::{Clock as _, HandClock};
use lapor_migrations::throwaway::TestDb;
use lapor_migrations::{Schema, restore_copy};
use lapor_node::backup::{back_up, restore};
use lapor_node::casework::{CaseFilter, CaseSummary, CaseView, NewReport};
use lapor_node::enrolment::{Enrolled, enrol};
use lapor_node::error::NodeError;
use lapor_node::media::Door;
use lapor_node::node::Node;
use lapor_node::settings::Settings;
use lapor_node::sync::{Https, Link, LinkError, Transport};
use lapor_protocol::case::State;
use lapor_protocol::ids::{CaseId, Digest};
use lapor_protocol::problem::Retry;
use lapor_web::backup::Manifest;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::line::Line;
use super::member::Member;

/// How often one institution tries in one round of settling.
const TRIES: usize = 400;
/// Less than a long poll waits.
const PATIENCE: Duration = Duration::from_mins(1);

/// A link that works by itself for as long as this is held.
pub struct Working(#[expect(dead_code, reason = "held for its drop")] DropGuard);

pub struct Institution {
    pub member: Member,
    pub settings: Settings,
    clock: Arc<HandClock>,
    seed: u64,
    running: Option<Running>,
    database: TestDb,
    folder: tempfile::TempDir,
}

/// What the process of a node holds.
struct Running {
    node: Arc<Node>,
    link: Arc<Link>,
    line: Arc<Line>,
}

impl Institution {
    /// An empty folder and an empty database.
    pub fn new(member: Member, database: TestDb, clock: Arc<HandClock>, seed: u64) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut settings = Settings::default().below(folder.path());
        settings.database.url.clone_from(&database.url);
        std::fs::create_dir_all(&settings.node.keys).expect("a folder for keys");
        Self {
            member,
            settings,
            clock,
            seed,
            running: None,
            database,
            folder,
        }
    }

    /// Where its database is, apart from what the settings say.
    pub fn database(&self) -> &TestDb {
        &self.database
    }

    /// Joins with the line that the hub's operator has sent.
    pub async fn enrol(&self, line: &str) -> Enrolled {
        let done = enrol(&self.settings, line, self.clock.clone()).await;
        done.unwrap_or_else(|error| panic!("{}: {error}", self.member.slug))
    }

    /// A backup by the operator's command, whether the process runs or not.
    pub async fn back_up(&self, to: &Path) -> Manifest {
        let now = self.clock.now_ms();
        let made = back_up(&self.settings, None, to, true, now, |_, _, _| {}).await;
        made.unwrap_or_else(|error| panic!("{}: {error}", self.member.slug))
    }

    /// The machine is lost, and a backup is restored on another one, with an
    /// empty database.
    pub async fn restore(&mut self, from: &Path, database: TestDb) {
        assert!(self.running.is_none(), "{} is running", self.member.slug);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let config = format!("[database]\nurl = {:?}\n", database.url);
        std::fs::write(folder.path().join("node.toml"), config).expect("a configuration");
        let now = self.clock.now_ms();
        let restored = restore(from, folder.path(), now, |_, _, _| {}).await;
        let restored = restored.unwrap_or_else(|error| panic!("{}: {error}", self.member.slug));
        self.settings = restored.settings;
        self.folder = folder;
        self.database = database;
    }

    /// The same machine once more, as it is at this moment, without anybody
    /// having told either of the two.
    pub async fn cloned(&self, database: TestDb) -> Self {
        let copy = tempfile::tempdir().expect("a temporary folder");
        let file = copy.path().join("copy");
        self.node().db().copy_to(&file).await.expect("a copy");
        let placed = restore_copy(&database.url, database.kind, &file, Schema::Node).await;
        placed.expect("a database").close().await;
        let seed = self.seed + (1 << 8);
        let clone = Self::new(self.member, database, Arc::clone(&self.clock), seed);
        for entry in std::fs::read_dir(&self.settings.node.keys).expect("a folder of keys") {
            let key = entry.expect("a key");
            let to = clone.settings.node.keys.join(key.file_name());
            std::fs::copy(key.path(), to).expect("a copy of a key");
        }
        clone
    }

    /// The process begins.
    pub async fn start(&mut self) {
        self.start_over(|node| Arc::new(Https::of(node).expect("a certificate")))
            .await;
    }

    /// The same, and calls reach the hub by another way than the network.
    pub async fn start_over(&mut self, way: impl FnOnce(&Node) -> Arc<dyn Transport>) {
        assert!(self.running.is_none(), "{} is running", self.member.slug);
        assert!(self.folder.path().exists());
        let node = Node::open(&self.settings, self.clock.clone()).await;
        let node = node.unwrap_or_else(|error| panic!("{}: {error}", self.member.slug));
        self.seed += 1;
        let line = Line::over(way(&node), self.seed);
        let linked = Link::over(node.clone(), line.clone()).expect("a joined node");
        self.running = Some(Running {
            node,
            link: linked,
            line,
        });
    }

    /// The process ends; what is on disk stays.
    pub async fn stop(&mut self) {
        let running = self.running.take();
        let running = running.unwrap_or_else(|| panic!("{} is not running", self.member.slug));
        running.node.db().close().await;
    }

    pub fn clock(&self) -> &HandClock {
        &self.clock
    }

    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    pub fn node(&self) -> &Arc<Node> {
        &self.running().node
    }

    pub fn link(&self) -> &Arc<Link> {
        &self.running().link
    }

    pub fn line(&self) -> &Arc<Line> {
        &self.running().line
    }

    fn running(&self) -> &Running {
        let running = self.running.as_ref();
        running.unwrap_or_else(|| panic!("{} is not running", self.member.slug))
    }

    /// Exchanges with the hub until nothing moves, as often as the weather
    /// makes it try. Returns how much moved; nothing behind a cut line, and
    /// nothing for one whom the hub refuses.
    pub async fn catch_up(&self) -> usize {
        if self.line().is_cut() {
            return 0;
        }
        let mut last = None;
        for _ in 0..TRIES {
            match self.link().catch_up().await {
                Ok(moved) => return moved,
                Err(LinkError::Refused(problem)) if is_final(problem.retry) => return 0,
                // A copy that was replaced sends nothing more.
                Err(LinkError::Replaced(_)) => return 0,
                Err(error @ (LinkError::Unreachable(_) | LinkError::Refused(_))) => {
                    last = Some(error);
                }
                Err(error) if error.certificate_fault().is_some() => last = Some(error),
                Err(error) => panic!("{}: {error}", self.member.slug),
            }
        }
        panic!("{} gets nowhere: {last:?}", self.member.slug)
    }

    /// One attempt to exchange with the hub, whatever the weather makes of it.
    pub async fn attempt(&self) {
        match self.link().catch_up().await {
            Ok(_) | Err(LinkError::Unreachable(_)) => {}
            Err(LinkError::Refused(problem)) if !is_final(problem.retry) => {}
            Err(error) if error.certificate_fault().is_some() => {}
            Err(error) => panic!("{}: {error}", self.member.slug),
        }
    }

    /// The link at work by itself, until what this returns is dropped.
    pub fn work(&self) -> Working {
        let token = CancellationToken::new();
        let link = Arc::clone(self.link());
        tokio::spawn(link.run(token.clone()));
        Working(token.drop_guard())
    }

    /// Waits until something holds here, looking again whenever a call of the
    /// link has ended. Bounded below the time of a long poll, so that what came
    /// only by its end fails.
    pub async fn until(&self, what: &str, holds: impl AsyncFn() -> bool) {
        let mut ended = self.line().ended();
        let waiting = async {
            while !holds().await {
                ended.changed().await.expect("the line outlives the story");
            }
        };
        let done = tokio::time::timeout(PATIENCE, waiting).await;
        assert!(done.is_ok(), "{}: never {what}", self.member.slug);
    }

    /// Files a report at this institution's desk.
    pub async fn file(&self, report: NewReport) -> CaseId {
        let filed = self.node().file(report, "loket").await;
        filed
            .unwrap_or_else(|error| panic!("{}: {error}", self.member.slug))
            .case
    }

    /// A case as this institution sees it.
    pub async fn view(&self, case: CaseId) -> CaseView {
        let view = self.node().case(case).await;
        view.unwrap_or_else(|error| panic!("{}: {error}", self.member.slug))
    }

    pub async fn knows(&self, case: CaseId) -> bool {
        match self.node().case(case).await {
            Ok(_) => true,
            Err(NodeError::NotFound { .. }) => false,
            Err(error) => panic!("{}: {error}", self.member.slug),
        }
    }

    pub async fn state(&self, case: CaseId) -> State {
        let state = self.view(case).await.summary.state;
        state.expect("a case that was born")
    }

    pub async fn custodian(&self, case: CaseId) -> String {
        let custodian = self.view(case).await.summary.custodian;
        custodian.expect("a case that was born").to_string()
    }

    /// Every case that this institution knows, latest change first.
    pub async fn cases(&self, filter: &CaseFilter) -> Vec<CaseSummary> {
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let page = self.node().cases(filter, after.as_deref(), 200).await;
            let page = page.unwrap_or_else(|error| panic!("{}: {error}", self.member.slug));
            all.extend(page.cases);
            match page.next {
                Some(next) => after = Some(next),
                None => return all,
            }
        }
    }

    /// Takes in a file that a report or an act can use; see [`document`].
    pub async fn upload(&self, bytes: &[u8]) -> String {
        let pieces = bytes.chunks(10_000).map(Bytes::copy_from_slice);
        let body = stream::iter(pieces.map(Ok::<_, std::io::Error>).collect::<Vec<_>>());
        let taken = self.node().receive_upload(Door::Staff, body).await;
        taken.expect("an upload").upload
    }

    /// The bytes of an attachment as this institution reads them.
    pub async fn attachment(&self, case: CaseId, sha256: Digest) -> Result<Vec<u8>, NodeError> {
        let opened = self.node().open_attachment(case, sha256).await?;
        let pieces: Vec<Bytes> = opened.body.try_collect().await?;
        Ok(pieces.concat())
    }
}

/// A file that is taken, whatever stands in it: a PDF by its beginning, which is
/// kept byte for byte.
pub fn document(contents: &[u8]) -> Vec<u8> {
    [b"%PDF-1.7\n", contents].concat()
}

/// Whether only a person could change the hub's mind.
fn is_final(retry: Retry) -> bool {
    matches!(retry, Retry::Operator | Retry::Never)
}
