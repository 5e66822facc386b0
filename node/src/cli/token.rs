//! Tokens for applications.

use clap::Subcommand;

use super::print::{Zone, json, plain};
use super::{Failure, Out, Place, actor};
use crate::error::NodeError;
use crate::tokens::{self, Bounds, NewToken, Rights, Role, Scope, Scopes, TokenEntry};

const DAY_MS: i64 = 86_400_000;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a token; it is shown once
    Create {
        /// Whose it is, for instance desk-app
        #[arg(long, value_name = "NAME")]
        name: String,
        /// admin, officer, reader or identity: a set of scopes
        #[arg(long, value_name = "ROLE", required_unless_present = "scopes")]
        role: Option<Role>,
        /// What it may do and nothing else, for instance cases:read,reports:file
        #[arg(
            long = "scope",
            value_name = "SCOPES",
            value_delimiter = ',',
            conflicts_with = "role"
        )]
        scopes: Vec<Scope>,
        /// Units to whose cases it is bounded, for instance dinas-pu,dinkes; without it to no unit
        #[arg(long = "unit", value_name = "UNITS", value_delimiter = ',')]
        units: Vec<String>,
        /// Provinces and regencies to whose cases it is bounded, for instance 31,32.73
        #[arg(long = "region", value_name = "CODES", value_delimiter = ',')]
        regions: Vec<String>,
        /// After how many days it ends by itself
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(i64).range(1..=3650))]
        days: Option<i64>,
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
        Command::Create {
            name,
            role,
            scopes,
            units,
            regions,
            days,
            owner,
        } => {
            let (units, regions) = (units.iter(), regions.iter());
            let bounds = Bounds::read(units.map(String::as_str), regions.map(String::as_str))?;
            let owner = match owner {
                Some(login) => Some(node.accounts().find_by_login(&login).await?.id),
                None => None,
            };
            let rights = match role {
                Some(role) => Rights::Role(role),
                None => Rights::Scopes(
                    Scopes::new(scopes).map_err(|error| NodeError::Invalid(error.to_string()))?,
                ),
            };
            let new = NewToken {
                name: &name,
                rights: rights.clone(),
                bounds,
                expires_at: days.map(|days| now + days * DAY_MS),
                owner: owner.as_ref(),
            };
            let secret = tokens::create_for(node.db(), new, &actor(), now).await?;
            writeln!(out, "{}", *secret)?;
            eprintln!(
                "This is the token {name} ({rights}). It is shown only now; keep it where the application reads it."
            );
        }
        Command::List { json: true } => json(&tokens::list(node.db()).await?, out)?,
        Command::List { json: false } => {
            let zone = Zone::of(&node);
            for token in tokens::list(node.db()).await? {
                writeln!(out, "{}", line(&token, &zone, now))?;
            }
        }
        Command::Revoke { name } => {
            tokens::revoke(node.db(), &name, &actor(), now).await?;
            writeln!(out, "Revoked {name}.")?;
        }
    }
    Ok(())
}

fn line(token: &TokenEntry, zone: &Zone, now: i64) -> String {
    let since = zone.show(token.created_at);
    let state = match (token.revoked_at, token.expires_at) {
        (Some(at), _) => format!("revoked {}", zone.show(at)),
        (None, Some(at)) if at <= now => format!("ended {}", zone.show(at)),
        _ if token.owner_disabled => "off while its owner is disabled".to_owned(),
        (None, Some(at)) => format!("since {since}, until {}", zone.show(at)),
        (None, None) => format!("since {since}"),
    };
    let used = token
        .used_at
        .map_or_else(String::new, |at| format!(", used {}", zone.show(at)));
    let owner = token
        .owner
        .as_ref()
        .map_or_else(String::new, |login| format!(", of {}", plain(login)));
    let without = withheld(token);
    let bounds = Some(token.bounds()).filter(|bounds| !bounds.is_empty());
    let within = bounds.map_or_else(String::new, |bounds| format!(", within {bounds}"));
    let (name, rights) = (&token.name, token.rights());
    format!("{name:<24} {rights:<9} {state}{used}{within}{owner}{without}")
}

/// What the role of its owner does not allow now.
fn withheld(token: &TokenEntry) -> String {
    let names = token.withheld.iter().map(|scope| scope.as_str());
    let names = names.collect::<Vec<_>>().join(" ");
    if names.is_empty() {
        return names;
    }
    format!(", without what the role of its owner does not allow: {names}")
}
