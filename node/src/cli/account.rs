//! Accounts of officers. No password passes the command line: whoever owns the
//! account chooses it under a link that works once.

use clap::{Args, Subcommand};
use lapor_web::accounts::{Account, AccountState, NewAccount};

use super::print::{Zone, json, plain};
use super::{Failure, Out, Place, actor};
use crate::node::Node;
use crate::staff::{PASSWORD, SETUP, StaffRole, link};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make an account, and the link under which its owner chooses a password
    Create(Create),
    /// List all accounts, the disabled ones included
    List {
        #[arg(long)]
        json: bool,
    },
    /// Give an account another role; its sessions end
    Role {
        #[arg(value_name = "LOGIN")]
        login: String,
        /// admin, officer, leader or identity_keeper
        #[arg(value_name = "ROLE")]
        role: StaffRole,
    },
    /// Take the password away, end all sessions, and make a link for a new password
    ResetPassword {
        #[arg(value_name = "LOGIN")]
        login: String,
    },
    /// Take a lost second factor away; its sessions end
    RemoveFactor {
        #[arg(value_name = "LOGIN")]
        login: String,
    },
    /// End all sessions of an account
    EndSessions {
        #[arg(value_name = "LOGIN")]
        login: String,
    },
    /// Disable an account at once
    Disable {
        #[arg(value_name = "LOGIN")]
        login: String,
    },
    /// Let a disabled account log in again
    Enable {
        #[arg(value_name = "LOGIN")]
        login: String,
    },
    /// Make the link for the first set-up, while there is no administrator
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
    /// admin, officer, leader or identity_keeper
    #[arg(long, value_name = "ROLE")]
    role: StaffRole,
    /// The unit in which the person works
    #[arg(long, value_name = "UNIT")]
    unit: Option<String>,
}

pub async fn run(place: &Place, command: Command, out: Out<'_>) -> Result<(), Failure> {
    let node = place.node().await?;
    let accounts = node.accounts();
    let find = async |login: &str| accounts.find_by_login(login).await;
    match command {
        Command::Create(create) => {
            let new = NewAccount {
                login: &create.login,
                name: &create.name,
                role: create.role.as_str(),
                unit: create.unit.as_deref(),
            };
            let (account, secret) = node.create_account(&actor(), &new).await?;
            writeln!(out, "{}", link(&node, PASSWORD, &secret))?;
            invited(&account);
        }
        Command::List { json: true } => json(&accounts.list().await?, out)?,
        Command::List { json: false } => list(&node, out).await?,
        Command::Role { login, role } => {
            let account = find(&login).await?;
            let new = NewAccount {
                login: account.login.as_str(),
                name: &account.name,
                role: role.as_str(),
                unit: account.unit.as_deref(),
            };
            node.change_account(&actor(), &account.id, &new).await?;
            writeln!(out, "{login} is {role} now.")?;
        }
        Command::ResetPassword { login } => {
            let account = find(&login).await?;
            let secret = accounts.reset_password(&actor(), &account.id).await?;
            writeln!(out, "{}", link(&node, PASSWORD, &secret))?;
            invited(&account);
        }
        Command::RemoveFactor { login } => {
            let account = find(&login).await?;
            accounts.remove_factor(&actor(), &account.id).await?;
            writeln!(out, "{login} logs in with the password alone now.")?;
        }
        Command::EndSessions { login } => {
            let account = find(&login).await?;
            let ended = accounts.end_sessions(&actor(), &account.id).await?;
            writeln!(out, "Ended {ended}.")?;
        }
        Command::Disable { login } => {
            let account = find(&login).await?;
            accounts.disable(&actor(), &account.id).await?;
            writeln!(out, "Disabled {login}.")?;
        }
        Command::Enable { login } => {
            let account = find(&login).await?;
            accounts.enable(&actor(), &account.id).await?;
            writeln!(out, "Enabled {login}.")?;
        }
        Command::SetupLink => match accounts.setup_link(&actor()).await? {
            Some(secret) => writeln!(out, "{}", link(&node, SETUP, &secret))?,
            None => {
                return Err(Failure::usage(
                    "there is an administrator already, who makes further accounts; \
                     `lapor-node account list` shows who, `reset-password` gives a new link",
                ));
            }
        },
    }
    Ok(())
}

async fn list(node: &Node, out: Out<'_>) -> Result<(), Failure> {
    let zone = Zone::of(node);
    for account in node.accounts().list().await? {
        let state = match (account.state, account.has_password, account.has_factor) {
            (AccountState::Disabled, ..) => "disabled",
            (_, false, _) => "has no password yet",
            (_, true, true) => "second factor",
            (_, true, false) => "active",
        };
        let unit = account.unit.as_deref().unwrap_or("-");
        writeln!(
            out,
            "{:<32} {:<15} {unit:<16} {state}, since {}",
            plain(account.login.as_str()),
            account.role.code,
            zone.show(account.created_at)
        )?;
    }
    Ok(())
}

/// A secret is printed to standard output; what to do with it is said beside it.
fn invited(account: &Account) {
    eprintln!(
        "Give this link to {}, and to nobody else. It works once, for three days; then, or \
         when it is lost, `lapor-node account reset-password` makes another.",
        plain(account.login.as_str())
    );
}
