//! The command line of `lapor-node`. Commands work on the folder and the
//! database of the node; none but `serve` needs or starts a server.
//!
//! A secret is printed once, to standard output, when it is made. Everything
//! else that goes wrong goes to standard error with what to do next.

mod account;
mod act;
mod attachment;
mod audit;
mod backup;
mod bridge;
mod case;
mod category;
mod channel;
mod city;
mod edition;
mod failure;
mod figures;
mod hints;
mod keys;
mod mail;
mod print;
mod programme;
mod quarantine;
mod register;
mod report;
mod reporter;
mod serve;
mod setup;
mod status;
#[cfg(test)]
mod tests;
mod token;
mod unit;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};

use crate::clock::{self, Clock};
use crate::node::Node;
use crate::settings::Settings;

pub use failure::{Failure, exit};

/// The node of one institution in the Lapor federation.
#[derive(Debug, Parser)]
#[command(name = "lapor-node", version, max_term_width = 100)]
pub struct Cli {
    /// Configuration of the node.
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        default_value = "node.toml",
        env = "LAPOR_NODE_CONFIG"
    )]
    pub config: PathBuf,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a node: its folder, its configuration, its keys
    Init(setup::Init),
    /// Join the federation with the line that the hub's staff gave you
    Enrol(setup::Enrol),
    /// Serve the API and keep the link to the hub
    Serve,
    /// Bring the database to the version of this program; `serve` does it too
    Migrate,
    /// Prove that the configuration can be used
    CheckConfig,
    /// Connected or not and why, what waits, how long the certificate lasts
    Status(status::Args),
    /// Get a certificate with the identity key; the link does it too when the hub refuses the old one
    Recover,
    /// The keys that sign and open what this node exchanges
    #[command(subcommand)]
    Keys(keys::Command),
    /// Back the node up while it serves: database, keys, attachments, configuration
    Backup(backup::Make),
    /// Restore a backup into an empty folder, or prove one
    Restore(backup::Restore),
    /// What could not be applied or sent, and waits for a person
    #[command(subcommand)]
    Quarantine(quarantine::Command),
    /// Tokens for applications that use the API
    #[command(subcommand)]
    Token(token::Command),
    /// Letters by e-mail: try the mail server, see what waits or was refused
    #[command(subcommand)]
    Mail(mail::Command),
    /// Channels of others: what came in and waits for a person
    #[command(subcommand)]
    Channel(channel::Command),
    /// Cities' own Open311 services: how it goes with each, try one, try again what was refused
    #[command(subcommand)]
    City(city::Command),
    /// SP4N-LAPOR!: bring its complaints here, follow them, hand answers over
    #[command(subcommand)]
    Bridge(bridge::Command),
    /// Accounts of officers
    #[command(subcommand)]
    Account(account::Command),
    /// Units of the institution
    #[command(subcommand)]
    Unit(unit::Command),
    /// Who did what at this node, the latest first
    Audit(audit::Args),
    /// File reports
    #[command(subcommand)]
    Report(report::Command),
    /// Tables and spreadsheets of reports
    #[command(subcommand)]
    Register(register::Command),
    /// What reporters ask of the institution, and what looks like abuse
    #[command(subcommand)]
    Reporter(reporter::Command),
    /// List, read and handle cases
    #[command(subcommand)]
    Case(case::Command),
    /// What the work comes to in a period, as CSV
    Figures(figures::Args),
    /// Categories in force, and your own tree mapped to them
    #[command(subcommand)]
    Category(category::Command),
    /// How good the hints are on reports of which the answer is known
    #[command(subcommand)]
    Hints(hints::Command),
    /// Files that belong to a case
    #[command(subcommand)]
    Attachment(attachment::Command),
    /// Development programmes of all institutions
    #[command(subcommand)]
    Programme(programme::Command),
    /// Categories of reports, the same at all institutions
    #[command(subcommand)]
    Taxonomy(edition::Taxonomy),
    /// Holidays, by which working days are counted
    #[command(subcommand)]
    Calendar(edition::Calendar),
}

/// Where a command writes its result.
pub type Out<'a> = &'a mut (dyn Write + Send);

/// The whole program: reads the arguments, runs, and says how it ended.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors. Nothing can be done if the terminal is gone.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { exit::USAGE } else { 0 });
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return Failure::from(error).report(),
    };
    let mut out = io::stdout();
    let ran = runtime.block_on(run(cli, clock::of_program(), &mut out));
    match ran.and_then(|()| out.flush().map_err(Failure::from)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// Runs one command and writes its result to `out`.
pub async fn run(cli: Cli, clock: Arc<dyn Clock>, out: Out<'_>) -> Result<(), Failure> {
    let place = Place {
        config: cli.config,
        clock,
    };
    // Boxed are those that are large.
    match cli.command {
        Command::Init(args) => setup::init(&args, out).await,
        Command::Enrol(args) => setup::enrol(&place, args, out).await,
        Command::Serve => Box::pin(serve::serve(&place, out)).await,
        Command::Migrate => setup::migrate(&place, out).await,
        Command::CheckConfig => setup::check_config(&place, out).await,
        Command::Status(args) => status::status(&place, &args, out).await,
        Command::Recover => keys::recover(&place, out).await,
        Command::Keys(command) => keys::run(&place, command, out).await,
        Command::Backup(args) => backup::make(&place, &args, out).await,
        Command::Restore(args) => backup::restore(&place, &args, out).await,
        Command::Quarantine(command) => Box::pin(quarantine::run(&place, command, out)).await,
        Command::Token(command) => token::run(&place, command, out).await,
        Command::Mail(command) => mail::run(&place, command, out).await,
        Command::Channel(command) => channel::run(&place, command, out).await,
        Command::City(command) => city::run(&place, command, out).await,
        Command::Bridge(command) => bridge::run(&place, command, out).await,
        Command::Account(command) => account::run(&place, command, out).await,
        Command::Unit(command) => unit::run(&place, command, out).await,
        Command::Audit(args) => audit::read(&place, &args, out).await,
        Command::Report(command) => report::run(&place, command, out).await,
        Command::Register(command) => register::run(&place, command, out).await,
        Command::Reporter(command) => Box::pin(reporter::run(&place, command, out)).await,
        Command::Case(command) => Box::pin(case::run(&place, command, out)).await,
        Command::Figures(args) => figures::figures(&place, &args, out).await,
        Command::Category(command) => category::run(&place, command, out).await,
        Command::Hints(command) => hints::run(command, out),
        Command::Attachment(command) => Box::pin(attachment::run(&place, command, out)).await,
        Command::Programme(command) => Box::pin(programme::run(&place, command, out)).await,
        Command::Taxonomy(command) => edition::taxonomy(&place, command, out).await,
        Command::Calendar(command) => edition::calendar(&place, command, out).await,
    }
}

/// Which node a command is about, and whose time it uses.
pub(crate) struct Place {
    config: PathBuf,
    clock: Arc<dyn Clock>,
}

impl Place {
    fn settings(&self) -> Result<Settings, Failure> {
        Ok(Settings::load(&self.config)?)
    }

    async fn node(&self) -> Result<Arc<Node>, Failure> {
        Ok(Node::open(&self.settings()?, Arc::clone(&self.clock)).await?)
    }
}

/// How the audit log names whoever works at the command line.
pub(crate) fn actor() -> String {
    let user = std::env::var("SUDO_USER")
        .or_else(|_| std::env::var("USER"))
        .unwrap_or_default();
    let known: String = user
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || "._-".contains(*c))
        .collect();
    if known.is_empty() {
        "cli".into()
    } else {
        format!("cli:{known}")
    }
}
