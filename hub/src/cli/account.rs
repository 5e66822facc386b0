//! Accounts of the console. No password passes the command line: whoever owns
//! the account chooses it under a link that works once.

use std::sync::Arc;

use clap::{Args, Subcommand};
use lapor_web::accounts::{Account, AccountState, NewAccount, Secret};
use lapor_web::clock::instant;
use lapor_web::people::{PASSWORD, SETUP, link_at};

use super::{Failure, Out, actor, exit};
use crate::console::{self, ConsoleRole};
use crate::ground::Ground;
use crate::vouching;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make an account, and the link under which its owner chooses a password
    Create(Create),
    /// List all accounts, the disabled ones included
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Give an account another role; its sessions end
    Role {
        login: String,
        /// operator, observer or auditor
        role: ConsoleRole,
    },
    /// Take the password away, end all sessions, and make a link for a new password
    ResetPassword { login: String },
    /// Take a lost second factor away; its sessions end
    RemoveFactor { login: String },
    /// End all sessions of an account
    EndSessions { login: String },
    /// Disable an account at once
    Disable { login: String },
    /// Let a disabled account log in again
    Enable { login: String },
    /// Confirm an operator's account that waits for another operator
    Vouch { login: String },
    /// Make the link for the first set-up, while there is no operator
    SetupLink,
}

#[derive(Debug, Args)]
pub struct Create {
    /// E-mail address with which the person logs in
    #[arg(long, value_name = "LOGIN")]
    login: String,
    /// The person's name
    #[arg(long, value_name = "NAME")]
    name: String,
    /// operator, observer or auditor
    #[arg(long, value_name = "ROLE")]
    role: ConsoleRole,
}

pub async fn run(ground: &Arc<Ground>, command: Command, out: &mut Out<'_>) -> Result<(), Failure> {
    if ground.settings.console.listen.0.is_none() {
        return Err(Failure::new(
            exit::CONFIGURATION,
            "console.listen: the console is off; give it an address in hub.toml first",
        ));
    }
    let accounts = console::accounts(ground, &ground.settings.console);
    let actor = actor();
    let find = async |login: &str| accounts.find_by_login(login).await;
    match command {
        Command::Create(create) => {
            let new = NewAccount {
                login: &create.login,
                name: &create.name,
                role: create.role.as_str(),
                unit: None,
            };
            let (account, secret) = accounts.create(&actor, &new).await?;
            invited(ground, &account, &secret, out)?;
        }
        Command::List { json } => list(&accounts.list().await?, json, out)?,
        Command::Role { login, role } => {
            let account = find(&login).await?;
            let new = NewAccount {
                login: account.login.as_str(),
                name: &account.name,
                role: role.as_str(),
                unit: None,
            };
            accounts.change(&actor, &account.id, &new).await?;
            writeln!(out.answer, "{login} is {role} now")?;
        }
        Command::ResetPassword { login } => {
            let account = find(&login).await?;
            let secret = accounts.reset_password(&actor, &account.id).await?;
            invited(ground, &account, &secret, out)?;
        }
        Command::RemoveFactor { login } => {
            let account = find(&login).await?;
            accounts.remove_factor(&actor, &account.id).await?;
            writeln!(out.answer, "{login} logs in with the password alone now")?;
        }
        Command::EndSessions { login } => {
            let account = find(&login).await?;
            let ended = accounts.end_sessions(&actor, &account.id).await?;
            writeln!(out.answer, "ended {ended}")?;
        }
        Command::Disable { login } => {
            let account = find(&login).await?;
            accounts.disable(&actor, &account.id).await?;
            writeln!(out.answer, "disabled {login}")?;
        }
        Command::Enable { login } => {
            let account = find(&login).await?;
            accounts.enable(&actor, &account.id).await?;
            writeln!(out.answer, "enabled {login}")?;
        }
        Command::Vouch { login } => {
            let account = find(&login).await?;
            let which = (account.id.as_str(), account.login.as_str());
            vouching::vouch(ground, &actor, which, None).await?;
            writeln!(out.answer, "{login} can act now")?;
        }
        Command::SetupLink => match accounts.setup_link(&actor).await? {
            Some(secret) => {
                writeln!(out.answer, "{}", link_at(&site(ground), SETUP, &secret))?;
            }
            None => {
                return Err(Failure::new(
                    exit::USAGE,
                    "there is an operator already, who makes further accounts; `lapor-hub account list` shows who, `reset-password` gives a new link",
                ));
            }
        },
    }
    Ok(())
}

fn list(accounts: &[Account], json: bool, out: &mut Out<'_>) -> Result<(), Failure> {
    if json {
        let text = serde_json::to_string_pretty(accounts).unwrap_or_default();
        writeln!(out.answer, "{text}")?;
        return Ok(());
    }
    for account in accounts {
        let state = match (account.state, account.has_password, account.has_factor) {
            (AccountState::Disabled, ..) => "disabled",
            (_, false, _) => "has no password yet",
            (_, true, true) => "second factor",
            (_, true, false) => "active",
        };
        writeln!(
            out.answer,
            "{:<32} {:<10} {state}, since {}",
            account.login.as_str(),
            account.role.code,
            instant(account.created_at)
        )?;
    }
    Ok(())
}

/// Where the console is, as a link begins.
fn site(ground: &Ground) -> String {
    let settings = &ground.settings.console;
    settings.site(settings.listen.0)
}

/// A secret is printed to standard output; what to do with it is said beside it.
fn invited(
    ground: &Ground,
    account: &Account,
    secret: &Secret,
    out: &mut Out<'_>,
) -> Result<(), Failure> {
    writeln!(out.answer, "{}", link_at(&site(ground), PASSWORD, secret))?;
    writeln!(
        out.explanation,
        "give this link to {}, and to nobody else. It works once, for three days; then, or when it is lost, `lapor-hub account reset-password` makes another.",
        account.login.as_str()
    )?;
    Ok(())
}
