//! A federation in a folder: a hub and the nodes that have joined it, made
//! with the programs' own commands. Nothing in it names the folder, so that a
//! copy of it is a federation at the same point in its life.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::Result;
use lapor_node::clock::SystemClock;
use lapor_node::node::Node;
use lapor_node::settings::Settings;

use super::programs::{Programs, Running, ask, copy_folder, free_port};

/// The desk of every federation here, second party of every case.
pub const DESK: &str = "pusat";

#[derive(Debug, Clone)]
pub struct World {
    folder: PathBuf,
    programs: Programs,
}

impl World {
    /// A hub, not serving, that nobody has joined.
    pub fn found(folder: &Path, programs: &Programs) -> Result<Self> {
        let world = Self {
            folder: folder.to_owned(),
            programs: programs.clone(),
        };
        let address = |port: u16| format!("127.0.0.1:{port}");
        ask(Command::new(&programs.hub)
            .args(["init", "--trust-domain", "lapor.bench", "--dir"])
            .arg(world.hub_folder())
            .args(["--federation-address", &address(free_port()?)])
            .args(["--enrolment-address", &address(free_port()?)])
            .args(["--monitor-address", "127.0.0.1:0"]))?;
        Ok(world)
    }

    /// The same federation at the same moment, in another folder.
    pub fn copied(&self, to: &Path) -> Result<Self> {
        copy_folder(&self.folder, to)?;
        Ok(Self {
            folder: to.to_owned(),
            programs: self.programs.clone(),
        })
    }

    pub fn hub_folder(&self) -> PathBuf {
        self.folder.join("hub")
    }

    pub fn hub_database(&self) -> PathBuf {
        self.hub_folder().join("hub.db")
    }

    pub fn node_database(&self, slug: &str) -> PathBuf {
        self.folder.join(slug).join("node.db")
    }

    pub fn hub_command(&self) -> Command {
        let mut command = Command::new(&self.programs.hub);
        command
            .arg("--config")
            .arg(self.hub_folder().join("hub.toml"));
        command
    }

    pub fn start_hub(&self) -> Result<Running> {
        let log = self.folder.join("hub.log");
        Running::start(self.hub_command().arg("serve"), &log, "enrolment")
    }

    /// Makes a node and lets it join; the hub must be serving.
    pub fn join(&self, slug: &str, kind: &str) -> Result<()> {
        let mut invite = self.hub_command();
        invite.args(["instance", "invite", slug, "--kind", kind]);
        invite.arg("--without-approval");
        if slug == DESK {
            invite.args(["--disposes-to", "*"]);
        }
        let line = ask(&mut invite)?;
        ask(Command::new(&self.programs.node)
            .args([
                "init",
                "--listen",
                "127.0.0.1:0",
                "--monitor-listen",
                "127.0.0.1:0",
            ])
            .arg("--dir")
            .arg(self.folder.join(slug)))?;
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

    fn node_command(&self, slug: &str) -> Command {
        let mut command = Command::new(&self.programs.node);
        command
            .arg("--config")
            .arg(self.folder.join(slug).join("node.toml"));
        command
    }
}
