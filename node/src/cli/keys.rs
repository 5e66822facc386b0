//! The node's keys and its certificate: what there is, and replacing it by hand.

use clap::{Subcommand, ValueEnum};
use lapor_protocol::keys::KeyUse;
use lapor_protocol::problem::Retry;

use super::print::{Zone, json};
use super::{Failure, Out, Place, actor, exit};
use crate::rotation::KeyState;
use crate::sync::{Link, LinkError};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// List all keys, those included that only open old mail
    List {
        #[arg(long)]
        json: bool,
    },
    /// Replace a key; the next one is in force once the hub has its announcement
    Rotate {
        #[arg(value_name = "USE")]
        use_for: Rotated,
    },
}

/// The keys that can be replaced.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Rotated {
    /// Signs what this node says
    Signing,
    /// Opens the keys of cases that others send
    Sealing,
}

pub async fn run(place: &Place, command: Command, out: Out<'_>) -> Result<(), Failure> {
    let node = place.node().await?;
    match command {
        Command::List { json: true } => json(&node.key_list().await?, out)?,
        Command::List { json: false } => {
            let zone = Zone::of(&node);
            for key in node.key_list().await? {
                let state = match key.state {
                    KeyState::InForce => "in force",
                    KeyState::Announced => "announced",
                    KeyState::Made => "made",
                    KeyState::Ended => "ended",
                };
                let since = key.since.map(|at| format!("  published {}", zone.show(at)));
                let since = since.unwrap_or_default();
                let lost = if key.held {
                    ""
                } else {
                    "  NOT IN THE KEYS FOLDER"
                };
                writeln!(
                    out,
                    "{:<9} {}  {state:<9}{since}{lost}",
                    key.use_for, key.kid
                )?;
            }
        }
        Command::Rotate { use_for } => {
            let use_for = match use_for {
                Rotated::Signing => KeyUse::Signing,
                Rotated::Sealing => KeyUse::Sealing,
            };
            let rotation = node.rotate(use_for, &actor()).await?;
            let kid = &rotation.kid;
            if rotation.under_way {
                writeln!(out, "{kid} is on its way already; nothing was changed.")?;
            } else {
                writeln!(
                    out,
                    "Made {kid}; it is in force once the hub has its announcement."
                )?;
            }
            writeln!(
                out,
                "Keep the former key files, and add the new one to the backup of the keys folder."
            )?;
        }
    }
    Ok(())
}

/// Gets a certificate with the identity key, now.
pub async fn recover(place: &Place, out: Out<'_>) -> Result<(), Failure> {
    let node = place.node().await?;
    let link = Link::connect(node.clone())?;
    let facts = link.recover_certificate().await?;
    let until = Zone::of(&node).show(facts.not_after_ms);
    writeln!(
        out,
        "The hub has given {} a certificate until {until}.",
        node.instance()?
    )?;
    writeln!(out, "A `lapor-node serve` that runs takes it up by itself.")?;
    Ok(())
}

impl From<LinkError> for Failure {
    fn from(error: LinkError) -> Self {
        let code = match &error {
            LinkError::Refused(problem) if problem.retry == Retry::Operator => exit::PERMISSION,
            LinkError::Unusable(_) => exit::IO,
            LinkError::Hub(_) => exit::PROTOCOL,
            LinkError::Node(_) => exit::INTERNAL,
            _ => exit::UNAVAILABLE,
        };
        match error {
            LinkError::Node(error) => error.into(),
            error => Self::new(code, error.to_string()),
        }
    }
}
