//! The operator's acts on the hub's signing keys: list, announce, use, retire.

use clap::Subcommand;
use lapor_protocol::keys::KeyId;
use lapor_web::clock::instant;

use super::{Failure, Out, actor};
use crate::audit::By;
use crate::deeds::{self, Deed};
use crate::ground::Ground;
use crate::rotation::{KeyState, SigningKey, SigningKeys};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the signing keys, the latest first
    List {
        /// As JSON, with the institutions that have not read of the latest
        #[arg(long)]
        json: bool,
    },
    /// Make another signing key and name it in the directory; nothing is signed with it yet
    Announce {
        /// Why; kept in the audit log
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
    /// Sign with the announced key from now on
    Use {
        key: String,
        /// Though some institutions have not read of it
        #[arg(long)]
        even_so: bool,
        /// Why; kept in the audit log
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
    /// Take a key that does not sign out of the directory, and destroy its private half
    Retire {
        key: String,
        /// Though some institutions have not read of the key that signs
        #[arg(long)]
        even_so: bool,
        /// Why; kept in the audit log
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
}

pub async fn run(ground: &Ground, command: Command, out: &mut Out<'_>) -> Result<(), Failure> {
    let (deed, reason) = match command {
        Command::List { json } => return list(ground, json, out).await,
        Command::Announce { reason } => {
            let key = ground.signers.prepare(&ground.directory.current())?;
            writeln!(out.answer, "{key}")?;
            (Deed::AnnounceKey { key }, reason)
        }
        Command::Use {
            key,
            even_so,
            reason,
        } => {
            let key = KeyId::from_text(key);
            (Deed::UseKey { key, even_so }, reason)
        }
        Command::Retire {
            key,
            even_so,
            reason,
        } => {
            let key = KeyId::from_text(key);
            (Deed::RetireKey { key, even_so }, reason)
        }
    };
    let actor = actor();
    let by = By {
        reason: &reason,
        ..By::actor(&actor)
    };
    deeds::act(ground, &by, &deed).await?;
    let said = match deed {
        Deed::AnnounceKey { .. } => {
            "The key is announced. Back the hub up, copy the file of the key to its replicas, and use it once `key list` shows nobody behind."
        }
        Deed::UseKey { .. } => "The hub signs with it from the next directory version on.",
        _ => "The key is retired; what it signed stays good.",
    };
    writeln!(out.explanation, "{said}")?;
    Ok(())
}

async fn list(ground: &Ground, json: bool, out: &mut Out<'_>) -> Result<(), Failure> {
    let mut tx = ground.db.read().await?;
    let keys = SigningKeys::read(ground, &mut tx).await?;
    tx.rollback().await?;
    if json {
        let text = serde_json::to_string_pretty(&keys).map_err(std::io::Error::other)?;
        writeln!(out.answer, "{text}")?;
        return Ok(());
    }
    for key in &keys.keys {
        writeln!(out.answer, "{}  {}", key.kid, state(key))?;
    }
    if keys.beside().is_some() {
        let (behind, all) = (keys.behind.len(), keys.members);
        writeln!(
            out.answer,
            "{behind} of {all} active and suspended institutions have not said that they have read of the latest"
        )?;
    }
    Ok(())
}

fn state(key: &SigningKey) -> String {
    let (word, at) = match key.state {
        KeyState::Announced => ("announced", key.announced_at),
        KeyState::Signing => ("signs since", key.used_from),
        KeyState::Leaving => ("signed until", key.used_until),
        KeyState::Retired => ("retired", key.retired_at),
    };
    at.map_or_else(|| word.to_owned(), |at| format!("{word} {}", instant(at)))
}
