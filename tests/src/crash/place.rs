//! The parts of a federation in a folder, and the commands that make them.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::database::Databases;
use super::process::{Orders, Program};
use crate::demo::programs::Programs;

pub const DESK: &str = "pusat";
/// Has whoever joins take part at once.
pub const AT_ONCE: &str = "--without-approval";
/// The part that is no node.
pub const HUB: &str = "hub";
pub const CITY: &str = "kota-bandung";
/// A node that looks at everything often, and does not wait long after a failure.
const IMPATIENT: &str = "\n[link]\nsweep_seconds = 1\nbackoff_cap_seconds = 1\n";

/// The parts of a federation in a folder.
pub struct Place<'a> {
    pub folder: &'a Path,
    pub programs: &'a Programs,
    pub databases: &'a Databases,
}

impl Place<'_> {
    pub fn hub(&self) -> Program {
        self.program(&self.programs.hub, HUB, "hub.toml")
    }

    pub fn node(&self, slug: &str) -> Program {
        self.program(&self.programs.node, slug, "node.toml")
    }

    fn program(&self, path: &Path, name: &str, config: &str) -> Program {
        Program {
            path: path.to_owned(),
            config: self.folder.join(name).join(config),
            log: self.folder.join(format!("{name}.log")),
        }
    }

    pub fn of(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }
}

/// The token of this test.
pub const TOKEN: [&str; 6] = ["token", "create", "--name", "crash", "--role", "officer"];

/// What a command answered that nobody may have killed.
pub fn answered(said: Option<String>) -> Result<String> {
    said.context("a command was killed by nobody")
}

/// Makes a hub's folder; its first two addresses are those of the federation and of enrolment.
pub async fn init_hub(
    place: &Place<'_>,
    addresses: &[SocketAddr],
    more: &[&str],
    orders: &Orders,
) -> Result<Option<String>> {
    let [federation, enrolment] = [0, 1].map(|at: usize| addresses[at].to_string());
    let (dir, url) = (place.of(HUB), place.databases.url(HUB));
    let mut init = vec![
        "init",
        "--dir",
        &dir,
        "--federation-address",
        &federation,
        "--enrolment-address",
        &enrolment,
    ];
    init.extend(more);
    init.extend(at(url.as_ref()));
    place.hub().once(orders, &init).await
}

/// Makes a node's folder, impatient.
pub async fn init_node(
    place: &Place<'_>,
    slug: &str,
    api: SocketAddr,
    orders: &Orders,
) -> Result<Option<String>> {
    let (dir, listen) = (place.of(slug), api.to_string());
    let (node, url) = (place.node(slug), place.databases.url(slug));
    let mut init = vec!["init", "--dir", &dir, "--listen", &listen];
    init.extend(at(url.as_ref()));
    let said = node.once(orders, &init).await?;
    if said.is_some() {
        let text = std::fs::read_to_string(&node.config)? + IMPATIENT;
        std::fs::write(&node.config, text)?;
    }
    Ok(said)
}

/// How `init` is told of a database that is not in its folder.
fn at(url: Option<&String>) -> impl Iterator<Item = &str> {
    url.into_iter()
        .flat_map(|url| ["--database-url", url.as_str()])
}

/// Copies a folder with all that is in it.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
