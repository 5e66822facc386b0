//! A federation made once with the commands of the two programs, and copied for
//! every run: a hub, the national desk and a city, each in a folder.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tokio::net::TcpStream;

use super::database::Databases;
use super::desk::Desk;
use super::full;
use super::kill::{Count, Kill, Outcome, Victim};
use super::place::{AT_ONCE, CITY, DESK, HUB, Place, TOKEN, answered, copy, init_hub, init_node};
use super::process::{Orders, Supervised};
use super::texts::{self, Texts};
use super::verdict;
use super::workload;
use crate::demo::programs::Programs;
use lapor_stand_ins::ports::{self, Reserved};

/// A run that takes longer hangs.
const PATIENCE: Duration = Duration::from_mins(2);
const GLANCE: Duration = Duration::from_millis(20);
/// Who has a database.
const PARTS: [&str; 3] = [HUB, DESK, CITY];

/// A federation at rest, and the addresses that belong to it.
pub struct World {
    folder: PathBuf,
    programs: Programs,
    databases: Databases,
    apis: [SocketAddr; 2],
    tokens: [String; 2],
    texts: Texts,
    _reserved: Vec<Reserved>,
}

impl World {
    /// Makes a federation below `folder` and leaves it at rest.
    pub async fn found(folder: PathBuf, programs: &Programs, databases: Databases) -> Result<Self> {
        let template = folder.join("template");
        std::fs::create_dir_all(&template)?;
        texts::make_late(&template)?;
        let place = Place {
            folder: &template,
            programs,
            databases: &databases,
        };
        databases.clear(&PARTS).await?;
        let mut reserved = ports::reserve(4)?;
        let addresses: Vec<SocketAddr> = reserved.iter().map(Reserved::address).collect();
        let apis = [addresses[2], addresses[3]];
        init_hub(&place, &addresses, &[], &Orders::default()).await?;
        let listening = addresses[1];
        reserved.iter_mut().for_each(Reserved::release);
        let hub = place.hub().supervise(Orders::default())?;
        listens(listening).await?;
        let mut tokens = [String::new(), String::new()];
        let members = [(DESK, "pusat"), (CITY, "kota")];
        for ((slug, kind), (api, token)) in members.iter().zip(apis.iter().zip(&mut tokens)) {
            let orders = Orders::default();
            let invite = ["instance", "invite", slug, "--kind", kind, AT_ONCE];
            let line = answered(place.hub().once(&orders, &invite).await?)?;
            let node = place.node(slug);
            init_node(&place, slug, *api, &orders).await?;
            answered(node.once(&orders, &["enrol", &line]).await?)?;
            *token = answered(node.once(&orders, &TOKEN).await?)?;
        }
        hub.kill().await?;
        let texts = Texts::open().await;
        texts.switch_on(&place)?;
        databases.keep(&PARTS).await?;
        Ok(Self {
            folder,
            programs: programs.clone(),
            databases,
            apis,
            tokens,
            texts,
            _reserved: reserved,
        })
    }

    pub fn programs(&self) -> &Programs {
        &self.programs
    }

    pub fn databases(&self) -> &Databases {
        &self.databases
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A run that nobody kills: every passage of every program.
    pub async fn count(&self) -> Result<Vec<Count>> {
        let lists = |victim: Victim| self.folder.join(format!("{}.list", victim.name()));
        let killed = self
            .work(|victim| Orders {
                kill: None,
                list: Some(lists(victim)),
            })
            .await?;
        ensure!(!killed, "a program was killed by nobody");
        let mut counts = Vec::new();
        for victim in [Victim::Hub, Victim::Desk, Victim::City] {
            counts.extend(Count::read(victim, &lists(victim))?);
        }
        Ok(counts)
    }

    /// One run with one kill.
    pub async fn run(&self, kill: &Kill) -> Result<Outcome> {
        let killed = self.work(|victim| kill.orders(victim)).await?;
        Ok(Outcome::of(killed))
    }

    /// One run in which a program has no room for a while; it must have
    /// complained, and then ended its work as if nothing had been.
    pub async fn without_room(&self, victim: Victim) -> Result<()> {
        let folder = self.copied().await?;
        let place = self.place(&folder);
        let name = [
            (Victim::Hub, HUB),
            (Victim::Desk, DESK),
            (Victim::City, CITY),
        ];
        let mut running = Vec::new();
        let mut missing = None;
        for (who, name) in name {
            let program = if who == Victim::Hub {
                place.hub()
            } else {
                place.node(name)
            };
            let log = program.log.clone();
            if who != victim {
                running.push(program.supervise(Orders::default())?);
                continue;
            }
            let program = full::hearing_errors(program, &folder)?;
            let supervised = program.supervise(Orders::default())?;
            full::take_room(supervised.pid)?;
            missing = Some((supervised.pid, log));
            running.push(supervised);
        }
        let (pid, log) = missing.context("there is no such program")?;
        let missing = full::give_room_when_missed(pid, &log);
        let (desk, city) = self.desks()?;
        let both = async {
            let missing = async {
                missing.await?;
                // What could not be noted as done is held as by somebody who has died.
                texts::pass_leases(&folder)
            };
            let playing = workload::play(&desk, &city, &self.texts);
            let (record, missed) = tokio::join!(playing, missing);
            missed?;
            record
        };
        let done = watched(&mut running, both).await;
        end(running, done.is_ok()).await?;
        verdict::hold(&place, &[DESK, CITY], &done?).await
    }

    /// Does the whole work on a copy, ends everything, and reads what is left;
    /// whether anyone was killed.
    async fn work(&self, orders: impl Fn(Victim) -> Orders) -> Result<bool> {
        let folder = self.copied().await?;
        let place = self.place(&folder);
        let mut running = vec![
            place.hub().supervise(orders(Victim::Hub))?,
            place.node(DESK).supervise(orders(Victim::Desk))?,
            place.node(CITY).supervise(orders(Victim::City))?,
        ];
        let (desk, city) = self.desks()?;
        let deaths = running[2].deaths();
        let playing = async {
            tokio::select! {
                done = workload::play(&desk, &city, &self.texts) => done,
                error = texts::pass_leases_after_death(&deaths, &folder) => Err(error),
            }
        };
        let done = watched(&mut running, playing).await;
        let killed = running.iter().any(Supervised::was_killed);
        let at_texts = running[2].was_killed();
        end(running, done.is_ok()).await?;
        let record = done?;
        verdict::hold(&place, &[DESK, CITY], &record).await?;
        let doubled = record.told.map_or(0, |told| told.doubled);
        // A gateway has no id by which an answer is known again: one whose acknowledgement was lost
        // is said again.
        ensure!(
            doubled <= usize::from(at_texts),
            "{doubled} answers by text message were said again"
        );
        Ok(killed)
    }

    /// The federation as it was founded, for one run.
    async fn copied(&self) -> Result<PathBuf> {
        let folder = self.folder.join("run");
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        copy(&self.folder.join("template"), &folder)?;
        self.databases.bring_back(&PARTS).await?;
        self.texts.begin();
        Ok(folder)
    }

    fn place<'a>(&'a self, folder: &'a Path) -> Place<'a> {
        Place {
            folder,
            programs: &self.programs,
            databases: &self.databases,
        }
    }

    fn desks(&self) -> Result<(Desk, Desk)> {
        Ok((
            Desk::new(DESK, self.apis[0], &self.tokens[0])?,
            Desk::new(CITY, self.apis[1], &self.tokens[1])?,
        ))
    }

    /// Keeps what the last run left.
    pub fn keep(&self, below: &Path, name: &str) {
        let kept = std::fs::create_dir_all(below)
            .map_err(anyhow::Error::from)
            .and_then(|()| copy(&self.folder.join("run"), &below.join(name)));
        if let Err(error) = kept {
            eprintln!("lapor-crash: {name} could not be kept: {error}");
        }
    }
}

/// Ends all, and after work that was done tells how any of them has failed.
async fn end(running: Vec<Supervised>, done: bool) -> Result<()> {
    for program in running {
        let ended = program.kill().await;
        if done {
            ended?;
        }
    }
    Ok(())
}

/// Does something while programs run, and ends with the first that fails.
pub async fn watched<T>(
    running: &mut [Supervised],
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let failing = running.iter_mut().map(|program| Box::pin(program.failed()));
    tokio::select! {
        done = tokio::time::timeout(PATIENCE, work) => done.context("the work hangs")?,
        (error, ..) = futures_util::future::select_all(failing) => Err(error),
    }
}

/// Waits until somebody listens there.
pub async fn listens(address: SocketAddr) -> Result<()> {
    let listening = async {
        while TcpStream::connect(address).await.is_err() {
            tokio::time::sleep(GLANCE).await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, listening).await;
    waited.with_context(|| format!("nobody listens at {address}"))
}
