//! Tokens of the console's API.

use clap::Subcommand;
use lapor_web::clock::instant;

use super::{Failure, Out, actor, exit};
use crate::console::ConsoleRole;
use crate::ground::Ground;
use crate::tokens::{self, TokenError};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a token, which only reads; it is shown once
    Create {
        /// Whose it is, for instance grafana
        #[arg(long, value_name = "NAME")]
        name: String,
        /// observer, or auditor who reads the audit log as well
        #[arg(long, value_name = "ROLE", default_value = "observer")]
        role: ConsoleRole,
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
        Command::Create { name, role } => {
            let secret = tokens::create(db, &name, role, &actor(), now).await?;
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
                    None => format!("since {}", instant(token.created_at)),
                    Some(at) => format!("revoked {}", instant(at)),
                };
                writeln!(out.answer, "{:<24} {:<9} {state}", token.name, token.role)?;
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
