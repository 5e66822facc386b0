//! A federation in a folder: a hub and the nodes that have joined it, made
//! with the programs' own commands. Nothing in it names the folder, so that a
//! copy of it is a federation at the same point in its life. On PostgreSQL a
//! copy has the databases under the names of those that it is made of, so
//! that there is one at a time.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::Result;
use lapor_node::clock::SystemClock;
use lapor_node::node::Node;
use lapor_node::settings::Settings;

use super::peek::Peek;
use super::programs::{Programs, Running, ask, copy_folder, free_port};
use crate::crash::database::Databases;

/// The part of a federation that is no node.
pub const HUB: &str = "hub";
/// The desk of every federation here, second party of every case.
pub const DESK: &str = "pusat";

#[derive(Debug, Clone)]
pub struct World {
    folder: PathBuf,
    programs: Programs,
    databases: Databases,
    /// Who has a database.
    parts: Vec<&'static str>,
}

impl World {
    /// A hub on SQLite, not serving, that nobody has joined.
    pub fn found(folder: &Path, programs: &Programs) -> Result<Self> {
        Self::of(folder, programs, Databases::Files, vec![HUB])
    }

    /// The same with its own databases, also for the nodes that are to join.
    pub async fn found_on(
        databases: Databases,
        folder: &Path,
        programs: &Programs,
        nodes: &[&'static str],
    ) -> Result<Self> {
        let parts: Vec<&str> = [HUB].iter().chain(nodes).copied().collect();
        databases.clear(&parts).await?;
        Self::of(folder, programs, databases, parts)
    }

    fn of(
        folder: &Path,
        programs: &Programs,
        databases: Databases,
        parts: Vec<&'static str>,
    ) -> Result<Self> {
        let world = Self {
            folder: folder.to_owned(),
            programs: programs.clone(),
            databases,
            parts,
        };
        let address = |port: u16| format!("127.0.0.1:{port}");
        let mut init = Command::new(&programs.hub);
        init.args(["init", "--trust-domain", "lapor.bench", "--dir"])
            .arg(world.hub_folder())
            .args(["--federation-address", &address(free_port()?)])
            .args(["--enrolment-address", &address(free_port()?)])
            .args(["--monitor-address", "127.0.0.1:0"]);
        world.name_database(HUB, &mut init);
        ask(&mut init)?;
        Ok(world)
    }

    /// Keeps it as it is at rest; from now on it is there only to be copied.
    pub async fn keep(&self) -> Result<()> {
        self.databases.keep(&self.parts).await
    }

    /// The same federation as it was kept, in another folder.
    pub async fn copied(&self, to: &Path) -> Result<Self> {
        self.databases.bring_back(&self.parts).await?;
        copy_folder(&self.folder, to)?;
        Ok(Self {
            folder: to.to_owned(),
            ..self.clone()
        })
    }

    /// Looks into what the hub or a node has on disk.
    pub async fn peek(&self, part: &str) -> Result<Peek> {
        if let Some(url) = self.databases.url(part) {
            return Peek::open_server(&url).await;
        }
        let name = if part == HUB { "hub.db" } else { "node.db" };
        Peek::open_file(&self.folder.join(part).join(name)).await
    }

    pub fn hub_folder(&self) -> PathBuf {
        self.folder.join(HUB)
    }

    pub fn hub_command(&self) -> Command {
        let mut command = Command::new(&self.programs.hub);
        command
            .arg("--config")
            .arg(self.hub_folder().join("hub.toml"));
        command
    }

    pub fn start_hub(&self) -> Result<Running> {
        self.start_hub_with(None)
    }

    /// The same with another value of one of its settings, by the name of its variable.
    pub fn start_hub_with(&self, setting: Option<(&str, String)>) -> Result<Running> {
        let log = self.folder.join("hub.log");
        let mut command = self.hub_command();
        command.arg("serve").envs(setting);
        Running::start(&mut command, &log, "enrolment")
    }

    /// Makes a node and lets it join; the hub must be serving. The desk may dispose to everybody.
    pub fn join(&self, slug: &str, kind: &str) -> Result<()> {
        self.admit(slug, kind, slug == DESK)
    }

    /// The same for one that may dispose to everybody, as the desk may.
    pub fn join_disposing(&self, slug: &str, kind: &str) -> Result<()> {
        self.admit(slug, kind, true)
    }

    fn admit(&self, slug: &str, kind: &str, disposes: bool) -> Result<()> {
        let mut invite = self.hub_command();
        invite.args(["instance", "invite", slug, "--kind", kind]);
        invite.arg("--without-approval");
        if disposes {
            invite.args(["--disposes-to", "*"]);
        }
        let line = ask(&mut invite)?;
        let mut init = Command::new(&self.programs.node);
        init.args(["init", "--listen", "127.0.0.1:0"])
            .args(["--monitor-listen", "127.0.0.1:0", "--dir"])
            .arg(self.folder.join(slug));
        self.name_database(slug, &mut init);
        ask(&mut init)?;
        ask(self.node_command(slug).args(["enrol", &line]))?;
        Ok(())
    }

    pub fn start_node(&self, slug: &str) -> Result<Running> {
        let log = self.folder.join(format!("{slug}.log"));
        Running::start(self.node_command(slug).arg("serve"), &log, "hub ")
    }

    /// A token for an application of this node.
    pub fn token(&self, slug: &str) -> Result<String> {
        ask(self
            .node_command(slug)
            .args(["token", "create", "--name", "bench", "--role", "officer"]))
    }

    /// A node in this process, for making what a run begins with.
    pub async fn open_node(&self, slug: &str) -> Result<Arc<Node>> {
        let settings = Settings::load(&self.folder.join(slug).join("node.toml"))?;
        Ok(Node::open(&settings, Arc::new(SystemClock)).await?)
    }

    /// Has an `init` take the database that is there for this part.
    fn name_database(&self, part: &str, init: &mut Command) {
        if let Some(url) = self.databases.url(part) {
            init.args(["--database-url", &url]);
        }
    }

    fn node_command(&self, slug: &str) -> Command {
        let mut command = Command::new(&self.programs.node);
        command
            .arg("--config")
            .arg(self.folder.join(slug).join("node.toml"));
        command
    }
}
