//! Two processes of one hub as programs, behind a load balancer, on a PostgreSQL server with a
//! synchronous standby; and two nodes with files of their own. A story kills, pauses or promotes
//! under load, and at the end reads from the databases alone whether anything is missing.

mod balancer;
mod load;

use std::net::SocketAddr;
use std::path::Path;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use lapor_migrations::throwaway::Cluster;
use lapor_migrations::{Db, DbOptions, Schema, on};
use rustix::process::{Pid, Signal, kill_process};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgConnection};
use tokio::process::Child;
use tokio::time::Instant;

use crate::crash::database::Databases;
use crate::crash::desk::Desk;
use crate::crash::place::{AT_ONCE, CITY, DESK, Place, TOKEN, answered, init_hub, init_node};
use crate::crash::process::{Orders, Program, Supervised};
use crate::crash::world::listens;
use crate::demo::programs::Programs;
use crate::fleet::Pipe;
use crate::fleet::words::WORDS_CANARY;
use crate::invariants;
use balancer::Balancer;
use lapor_stand_ins::ports::{self, Reserved};
use load::file;

pub use load::Load;

const GLANCE: Duration = Duration::from_millis(50);
/// Longer than anything takes that ends by itself, the pauses of a node between two tries included.
const PATIENCE: Duration = Duration::from_mins(2);
const MEMBERS: [(&str, &str); 2] = [(DESK, "pusat"), (CITY, "kota")];
const MAKE: &str = "create database hub";
/// How often the hub holds a message, and how many are in a later epoch.
const HELD: &str = "select count(*) from envelopes where message_id = $1";
const EPOCHS: &str = "select count(*) from envelopes where epoch <> 1";

pub struct Twins {
    folder: tempfile::TempDir,
    hubs: [Hub; 2],
    nodes: Vec<Supervised>,
    desks: [Arc<Desk>; 2],
    federation: Balancer,
    enrolment: Balancer,
    /// By which the hub reaches its database.
    pipe: Pipe,
    primary: Cluster,
    standby: Option<Cluster>,
    _ports: Vec<Reserved>,
}

/// One process of the hub.
struct Hub {
    program: Program,
    /// Of the federation, and of those who join.
    addresses: [SocketAddr; 2],
    running: Option<Child>,
}

impl Twins {
    /// Makes a federation at rest, of which both processes of the hub run; the programs lie in
    /// `programs`.
    pub async fn found(programs: &Path) -> Result<Self> {
        let programs = Programs {
            hub: programs.join("lapor-hub"),
            node: programs.join("lapor-node"),
        };
        let folder = tempfile::tempdir()?;
        let primary = Cluster::start_followed().await?;
        let mut server = PgConnection::connect(&primary.url()).await?;
        server.execute(MAKE).await?;
        server.close().await?;
        let pipe = Pipe::to_url(&database(&primary)?);
        let mut ports = ports::reserve(8)?;
        let addresses: Vec<SocketAddr> = ports.iter().map(Reserved::address).collect();
        let place = Place {
            folder: folder.path(),
            programs: &programs,
            databases: &Databases::Files,
        };
        let elsewhere = ["--monitor-address", "off", "--database-url", &pipe.url];
        answered(init_hub(&place, &addresses, &elsewhere, &Orders::default()).await?)?;
        let public = [addresses[0], addresses[1]];
        let mut hubs = [
            Hub::of(&place, public, [addresses[2], addresses[3]])?,
            Hub::of(&place, public, [addresses[4], addresses[5]])?,
        ];
        ports.iter_mut().for_each(Reserved::release);
        let behind = |at: usize| hubs.each_ref().map(|hub| hub.addresses[at]);
        let federation = Balancer::before(addresses[0], &behind(0)).await?;
        let enrolment = Balancer::before(addresses[1], &behind(1)).await?;
        for hub in &mut hubs {
            hub.start().await?;
        }
        let mut desks = Vec::new();
        for ((slug, kind), api) in MEMBERS.into_iter().zip(&addresses[6..]) {
            desks.push(join(&place, slug, kind, *api).await?);
        }
        let mut nodes = Vec::new();
        for (slug, _) in MEMBERS {
            nodes.push(place.node(slug).supervise(Orders::default())?);
        }
        for api in &addresses[6..] {
            listens(*api).await?;
        }
        let desks: Result<[Arc<Desk>; 2], _> = desks.try_into();
        let Ok(desks) = desks else {
            bail!("there are two desks")
        };
        let twins = Self {
            folder,
            hubs,
            nodes,
            desks,
            federation,
            enrolment,
            pipe,
            primary,
            standby: None,
            _ports: ports,
        };
        twins.goes_on("Awal").await?;
        Ok(twins)
    }

    /// Institutions at work, until they are told to end.
    pub fn load(&self) -> Load {
        Load::begin(&self.desks)
    }

    /// A report of the city arrives at the desk, by way of whichever process.
    pub async fn goes_on(&self, title: &str) -> Result<()> {
        let [desk, city] = &self.desks;
        let (case, _) = file(city, title).await?;
        until(title, async || {
            let seen = desk.case(&case).await?;
            Ok(seen.is_some_and(|seen| seen["case_seq"] == 1))
        })
        .await
    }

    /// Ends a process with SIGKILL, whatever it does.
    pub async fn kill(&mut self, at: usize) -> Result<()> {
        let running = self.hubs[at].running.take();
        let mut running = running.context("the process runs")?;
        Ok(running.kill().await?)
    }

    pub async fn start(&mut self, at: usize) -> Result<()> {
        self.hubs[at].start().await
    }

    /// A process does nothing from now on, and holds what it holds; the balancer notices.
    pub fn pause(&self, at: usize) -> Result<()> {
        kill_process(self.hubs[at].pid()?, Signal::STOP)?;
        self.only(1 - at);
        Ok(())
    }

    /// It wakes up and goes on where it was.
    pub fn wake(&self, at: usize) -> Result<()> {
        Ok(kill_process(self.hubs[at].pid()?, Signal::CONT)?)
    }

    /// Every connection from now on comes to this process, and those of the other end.
    pub fn only(&self, at: usize) {
        for balancer in [&self.federation, &self.enrolment] {
            balancer.bring_back(at);
            balancer.take_out(1 - at);
        }
    }

    /// Connections come to both again.
    pub fn both(&self) {
        for balancer in [&self.federation, &self.enrolment] {
            balancer.bring_back(0);
            balancer.bring_back(1);
        }
    }

    /// Nothing is committed any more before another server has it.
    pub async fn follow_primary(&mut self) -> Result<()> {
        self.standby = Some(self.primary.start_standby().await?);
        Ok(())
    }

    /// The primary is gone. The address of the database leads to the standby at once, and that is
    /// promoted a moment later, as it is where two watch over them.
    pub async fn lose_primary(&mut self) -> Result<()> {
        let standby = self.standby.take().context("there is a standby")?;
        self.pipe.cut().await;
        self.primary.kill()?;
        self.pipe.lead_to(&standby.url());
        self.pipe.mend();
        standby.promote()?;
        self.primary = standby;
        Ok(())
    }

    async fn rest(&self) -> Result<()> {
        for desk in &self.desks {
            until("rest", async || at_rest(desk).await).await?;
        }
        Ok(())
    }

    /// Waits until nothing is under way, ends everything, and reads what must hold.
    pub async fn end_well(mut self, acknowledged: &[String]) -> Result<()> {
        self.rest().await?;
        // An institution at rest does not know what is still on its way to it: with this one, all
        // that the hub had ordered before has come.
        self.goes_on("Akhir").await?;
        self.rest().await?;
        for hub in &mut self.hubs {
            hub.end().await?;
        }
        for node in self.nodes {
            node.kill().await?;
        }
        let hub = open(&database(&self.primary)?, Schema::Hub).await?;
        let mut nodes = Vec::new();
        for (slug, _) in MEMBERS {
            let file = self.folder.path().join(slug).join("node.db");
            let url = format!("sqlite://{}", file.display());
            nodes.push((slug.parse()?, open(&url, Schema::Node).await?));
        }
        let report = invariants::check(&hub, &nodes, &[WORDS_CANARY.to_owned()]).await?;
        report.assert_settled();
        let filed = report.applied.get("report.filed").copied();
        ensure!(filed >= Some(acknowledged.len() as u64), "{filed:?}");
        nothing_is_missing(&hub, acknowledged).await
    }
}

impl Hub {
    /// Gives a process of the hub a configuration of its own beside the first one.
    fn of(place: &Place<'_>, public: [SocketAddr; 2], own: [SocketAddr; 2]) -> Result<Self> {
        let first = place.hub();
        let mut text = std::fs::read_to_string(&first.config)?;
        for (public, own) in public.iter().zip(&own) {
            let listen = |address: &SocketAddr| format!("listen = \"{address}\"");
            text = text.replace(&listen(public), &listen(own));
        }
        let name = format!("hub-{}", own[0].port());
        let config = first.config.with_file_name(format!("{name}.toml"));
        std::fs::write(&config, text)?;
        let program = Program {
            path: first.path,
            config,
            log: place.folder.join(format!("{name}.log")),
        };
        Ok(Self {
            program,
            addresses: own,
            running: None,
        })
    }

    async fn start(&mut self) -> Result<()> {
        ensure!(self.running.is_none(), "the process runs");
        self.running = Some(self.program.serve(&Orders::default())?);
        listens(self.addresses[1]).await
    }

    fn pid(&self) -> Result<Pid> {
        let running = self.running.as_ref().and_then(Child::id);
        let pid = running.and_then(|id| Pid::from_raw(id.cast_signed()));
        pid.context("the process does not run")
    }

    /// Ends it; one that had ended by itself is a failure.
    async fn end(&mut self) -> Result<()> {
        let Some(mut running) = self.running.take() else {
            return Ok(());
        };
        if let Some(status) = running.try_wait()? {
            bail!(
                "a process of the hub ended with {status}: {}",
                self.program.said()
            );
        }
        Ok(running.kill().await?)
    }
}

/// Makes a node that has joined and does not run.
async fn join(
    place: &Place<'_>,
    slug: &'static str,
    kind: &str,
    api: SocketAddr,
) -> Result<Arc<Desk>> {
    let orders = Orders::default();
    let invite = ["instance", "invite", slug, "--kind", kind, AT_ONCE];
    let line = answered(place.hub().once(&orders, &invite).await?)?;
    answered(init_node(place, slug, api, &orders).await?)?;
    let node = place.node(slug);
    answered(node.once(&orders, &["enrol", &line]).await?)?;
    let token = answered(node.once(&orders, &TOKEN).await?)?;
    Ok(Arc::new(Desk::new(slug, api, &token)?))
}

/// Whether an institution has sent, received and applied everything.
async fn at_rest(at: &Desk) -> Result<bool> {
    let Some(status) = at.read("status").await? else {
        return Ok(false);
    };
    let none = |of: &str, what: &str| status[of][what] == 0;
    // What is applied is noted as settled a moment later.
    let settled = |cursor: &serde_json::Value| {
        let accepted = cursor["accepted"].as_str();
        let accepted = accepted.and_then(|at| at.rsplit('.').next());
        accepted == Some(cursor["settled"].to_string().as_str())
    };
    let cursors = status["cursors"].as_array();
    Ok(none("outbox", "unsent")
        && none("outbox", "unruled")
        && none("inbox", "received")
        && none("inbox", "waiting")
        && cursors.is_some_and(|all| all.iter().all(settled)))
}

async fn until(what: &str, holds: impl AsyncFn() -> Result<bool>) -> Result<()> {
    let give_up = Instant::now() + PATIENCE;
    while !holds().await? {
        ensure!(Instant::now() < give_up, "it never comes to {what}");
        tokio::time::sleep(GLANCE).await;
    }
    Ok(())
}

/// Whatever an API has acknowledged is at the hub, once, and nobody had to begin another epoch.
async fn nothing_is_missing(hub: &Db, acknowledged: &[String]) -> Result<()> {
    let mut tx = hub.read().await?;
    for id in acknowledged {
        let held = on!(&mut tx, conn => sqlx::query_scalar::<_, i64>(HELD)
            .bind(id)
            .fetch_one(conn)
            .await)?;
        ensure!(held == 1, "message {id} is {held} times at the hub");
    }
    let later = on!(&mut tx, conn => sqlx::query_scalar::<_, i64>(EPOCHS).fetch_one(conn).await)?;
    ensure!(later == 0, "{later} messages are in a later epoch");
    Ok(())
}

/// The database of the hub on a server.
fn database(server: &Cluster) -> Result<String> {
    let server = PgConnectOptions::from_str(&server.url())?;
    Ok(server.database("hub").to_url_lossy().to_string())
}

async fn open(url: &str, schema: Schema) -> Result<Db> {
    Ok(Db::open(url, schema, &DbOptions::default()).await?)
}
