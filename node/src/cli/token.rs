//! Tokens for applications.

use clap::Subcommand;

use super::print::{Zone, json, plain};
use super::{Failure, Out, Place, actor};
use crate::tokens::{self, NewToken, Role};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a token; it is shown once
    Create {
        /// Whose it is, for instance desk-app
        #[arg(long, value_name = "NAME")]
        name: String,
        /// admin, officer, reader or identity
        #[arg(long, value_name = "ROLE")]
        role: Role,
        /// Whose person it speaks for where a second person must agree
        #[arg(long, value_name = "LOGIN")]
        owner: Option<String>,
    },
    /// List all tokens, the revoked ones included
    List {
        #[arg(long)]
        json: bool,
    },
    /// End a token at once
    Revoke {
        #[arg(value_name = "NAME")]
        name: String,
    },
}

pub async fn run(place: &Place, command: Command, out: Out<'_>) -> Result<(), Failure> {
    let node = place.node().await?;
    let now = node.clock().now_ms();
    match command {
        Command::Create { name, role, owner } => {
            let owner = match owner {
                Some(login) => Some(node.accounts().find_by_login(&login).await?.id),
                None => None,
            };
            let new = NewToken {
                name: &name,
                role,
                owner: owner.as_ref(),
            };
            let secret = tokens::create_for(node.db(), new, &actor(), now).await?;
            writeln!(out, "{}", *secret)?;
            eprintln!(
                "This is the token {name} ({role}). It is shown only now; keep it where the application reads it."
            );
        }
        Command::List { json: true } => json(&tokens::list(node.db()).await?, out)?,
        Command::List { json: false } => {
            let zone = Zone::of(&node);
            for token in tokens::list(node.db()).await? {
                let state = token.revoked_at.map_or_else(
                    || format!("since {}", zone.show(token.created_at)),
                    |at| format!("revoked {}", zone.show(at)),
                );
                let owner = token
                    .owner
                    .map_or_else(String::new, |login| format!(", of {}", plain(&login)));
                writeln!(out, "{:<24} {:<9} {state}{owner}", token.name, token.role)?;
            }
        }
        Command::Revoke { name } => {
            tokens::revoke(node.db(), &name, &actor(), now).await?;
            writeln!(out, "Revoked {name}.")?;
        }
    }
    Ok(())
}
