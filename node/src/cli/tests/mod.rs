//! Commands as an operator types them, against a node that has joined.

mod accounts;
mod bridge;
mod cities;
mod erasures;
mod hints;
mod operating;
mod publishing;
mod register;
mod reports;

use std::path::PathBuf;
use std::sync::Arc;

use clap::Parser;
use serde_json::Value;

use super::{Cli, Failure, exit, run};
use crate::clock::HandClock;
use crate::folder;
use crate::testing::{NOW, Place, databases};

/// A folder with a configuration, as `init` makes it.
struct Shell {
    place: Option<Place>,
    folder: tempfile::TempDir,
}

impl Shell {
    fn empty() -> Self {
        Self {
            place: None,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A node that has joined, behind a configuration of its own.
    fn of(place: Place) -> Self {
        let shell = Self {
            place: Some(place),
            ..Self::empty()
        };
        folder::init(shell.folder.path(), &shell.place.as_ref().unwrap().settings).unwrap();
        shell
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join(folder::CONFIG)
    }

    fn file(&self, name: &str, content: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    async fn tries(&self, words: &[&str]) -> Result<String, Failure> {
        let config = self.config().display().to_string();
        let program = ["lapor-node", "--config", &config];
        let cli = Cli::try_parse_from(program.iter().chain(words))
            .map_err(|error| Failure::usage(error.to_string()))?;
        let mut out = Vec::new();
        Box::pin(run(cli, Arc::new(HandClock::at(NOW)), &mut out)).await?;
        Ok(String::from_utf8(out).unwrap())
    }

    async fn says(&self, words: &[&str]) -> String {
        self.tries(words)
            .await
            .unwrap_or_else(|failure| panic!("{words:?}: {}", failure.message))
    }

    /// The exit code and the message of a command that must fail.
    async fn fails(&self, words: &[&str]) -> (u8, String) {
        let failure = self.tries(words).await.expect_err("a failure");
        (failure.code, failure.message)
    }

    async fn json(&self, words: &[&str]) -> Value {
        serde_json::from_str(&self.says(words).await).unwrap()
    }
}

async fn shells(slug: &str) -> Vec<Shell> {
    let mut shells = Vec::new();
    for db in databases().await {
        shells.push(Shell::of(Place::joined(slug, db).await));
    }
    shells
}

const FILE: [&str; 10] = [
    "report",
    "file",
    "--classification=complaint",
    "--title=Lampu jalan padam",
    "--content=Gelap sejak Senin.",
    "--region=32.73",
    "--latitude=-6.9175",
    "--longitude=107.6091",
    "--name=Siti",
    "--json",
];
