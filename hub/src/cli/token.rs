//! Tokens of the console's API.

use clap::Subcommand;
use lapor_web::clock::instant;

use super::{Failure, Out, actor, exit};
use crate::console::{ConsoleRole, accounts};
use crate::ground::Ground;
use crate::tokens::{self, NewToken, TokenError};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a token; it is shown once
    Create {
        /// Whose it is, for instance grafana
        #[arg(long, value_name = "NAME")]
        name: String,
        /// observer, auditor who reads the audit log as well, or operator who acts
        #[arg(long, value_name = "ROLE", default_value = "observer")]
        role: ConsoleRole,
        /// As whom it acts, by the login of an operator's account
        #[arg(long, value_name = "LOGIN")]
        owner: Option<String>,
    },
    /// List all tokens, the revoked ones included
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// End a token at once
    Revoke {
        #[arg(value_name = "NAME")]
        name: String,
    },
}

pub async fn run(ground: &Ground, command: Command, out: &mut Out<'_>) -> Result<(), Failure> {
    let (db, now) = (&ground.db, ground.clock.now_ms());
    match command {
        Command::Create { name, role, owner } => {
            let owner = match owner {
                Some(login) => {
                    let accounts = accounts(ground, &ground.settings.console);
                    Some(accounts.find_by_login(&login).await?.id)
                }
                None => None,
            };
            let new = NewToken {
                name: &name,
                role,
                owner: owner.as_ref(),
            };
            let secret = tokens::create_for(db, new, &actor(), now).await?;
            writeln!(out.answer, "{}", *secret)?;
            writeln!(
                out.explanation,
                "This is the token {name} ({role}). It is shown only now; keep it where the program reads it."
            )?;
        }
        Command::List { json: true } => {
            let all = tokens::list(db).await?;
            let text = serde_json::to_string_pretty(&all).map_err(std::io::Error::other)?;
            writeln!(out.answer, "{text}")?;
        }
        Command::List { json: false } => {
            for token in tokens::list(db).await? {
                let state = match token.revoked_at {
                    Some(at) => format!("revoked {}", instant(at)),
                    None if token.owner_disabled => "off while its owner is disabled".to_owned(),
                    None => format!("since {}", instant(token.created_at)),
                };
                let held = token.held_to.map_or_else(String::new, |role| {
                    format!(", as {role} while its owner may do no more")
                });
                let owner = token.owner.unwrap_or_default();
                writeln!(
                    out.answer,
                    "{:<24} {:<9} {state} {owner}{held}",
                    token.name, token.role
                )?;
            }
        }
        Command::Revoke { name } => {
            tokens::revoke(db, &name, &actor(), now).await?;
            writeln!(out.answer, "revoked {name}")?;
        }
    }
    Ok(())
}

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        let code = match error {
            TokenError::Database(error) => return error.into(),
            TokenError::Unknown(_) => exit::NOT_FOUND,
            _ => exit::DATA,
        };
        Self::new(code, error.to_string())
    }
}
