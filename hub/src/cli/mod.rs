//! The command line of `lapor-hub`. Commands work on the folder and the
//! database of the hub, also while it serves in another process.
//!
//! A secret is printed once, to standard output, when it is made. What went
//! wrong goes to standard error with what to do next.

mod account;
mod authority;
mod backup;
mod evidence;
mod failure;
mod init;
mod instance;
mod key;
mod maintenance;
mod roster;
mod serve;
#[cfg(test)]
mod tests;
mod token;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use lapor_certs::exposed_files;
use lapor_migrations::{Db, DbOptions, Schema};
use lapor_web::listeners::all_free;
use lapor_web::room::try_writing;
use lapor_web::sign_on::{SignOn, SignOnError};

use crate::alarms::Sender;
use crate::backup::unfinished;
use crate::clock::{self, Clock};
use crate::ground::{Ground, Keyring};
use crate::settings::Settings;
use crate::signing;
use crate::witness;

pub use failure::{Failure, exit};

/// The hub of a Lapor federation.
#[derive(Debug, Parser)]
#[command(name = "lapor-hub", version, max_term_width = 100)]
pub struct Cli {
    /// Configuration of the hub.
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        default_value = "hub.toml",
        env = "LAPOR_HUB_CONFIG"
    )]
    pub config: PathBuf,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a hub: its folder, configuration, authority, keys and database
    Init(init::Init),
    /// Serve the federation
    Serve,
    /// Bring the database to the version of this program; `serve` does it too
    Migrate,
    /// Prove that the configuration can be used
    CheckConfig,
    /// Back the hub up while it serves: database, keys, authority, attachments, configuration
    Backup(backup::Make),
    /// Restore a backup into an empty folder, or prove one
    Restore(backup::Restore),
    /// Write the record for outsiders: everything, or what proves one case
    Export(evidence::Export),
    /// Prove a record from its files alone: signatures, chains, rulings, receipts, heads, folds
    Verify(evidence::Verify),
    /// The authority that certifies institutions
    #[command(subcommand)]
    Authority(authority::Command),
    /// The keys with which the hub signs
    #[command(subcommand)]
    Key(key::Command),
    /// The institutions of the federation
    #[command(subcommand)]
    Instance(instance::Command),
    /// A time in which the hub takes nothing in, announced to everybody
    #[command(subcommand)]
    Maintenance(maintenance::Command),
    /// Accounts of the console
    #[command(subcommand)]
    Account(account::Command),
    /// Tokens of the console's API
    #[command(subcommand)]
    Token(token::Command),
}

/// Where a command writes what is asked for, and what explains it.
pub struct Out<'a> {
    pub answer: &'a mut (dyn Write + Send),
    pub explanation: &'a mut (dyn Write + Send),
}

/// Runs the process's command.
pub fn main() -> ExitCode {
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::from(error).report(),
    };
    let mut out = Out {
        answer: &mut io::stdout(),
        explanation: &mut io::stderr(),
    };
    let outcome = runtime.block_on(run(std::env::args_os(), &mut out, clock::of_program()));
    // A blocking task that is still reading a file must not hold up the end.
    runtime.shutdown_background();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// Runs one command; `arguments` begin with the program's name.
pub async fn run(
    arguments: impl IntoIterator<Item = OsString>,
    out: &mut Out<'_>,
    clock: Arc<dyn Clock>,
) -> Result<(), Failure> {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => {
            let text = error.render().to_string();
            return Err(Failure::new(exit::USAGE, text.trim_end()));
        }
        Err(help) => {
            write!(out.answer, "{}", help.render())?;
            return Ok(());
        }
    };
    let config = cli.config;
    if !cli.command.needs_no_hub() {
        is_restored(&config)?;
    }
    match cli.command {
        Command::Init(init) => init::init(&init, out, clock).await,
        // The largest of them by far, and all would carry it.
        Command::Serve => Box::pin(serve::serve(Settings::load(&config)?, out, clock)).await,
        Command::Migrate => migrate(&Settings::load(&config)?, out).await,
        Command::CheckConfig => check_config(&Settings::load(&config)?, clock.now_ms(), out).await,
        Command::Backup(args) => backup::make(&config, &args, out, clock).await,
        Command::Restore(args) => Box::pin(backup::restore(&config, &args, out, clock)).await,
        Command::Export(asked) => {
            let ground = Ground::open(Settings::load(&config)?, clock).await?;
            let outcome = evidence::export(&ground, &asked, out).await;
            ground.db.close().await;
            outcome
        }
        Command::Verify(asked) => evidence::verify(&asked, out),
        Command::Authority(command) => {
            let settings = Settings::load(&config)?;
            authority::run(settings, command, out, clock).await
        }
        Command::Key(command) => {
            let ground = Ground::open(Settings::load(&config)?, clock).await?;
            let outcome = key::run(&ground, command, out).await;
            ground.db.close().await;
            outcome
        }
        Command::Instance(command) => {
            let ground = Ground::open(Settings::load(&config)?, clock).await?;
            tell_loss(&ground.db, out).await?;
            let outcome = instance::run(&ground, command, out).await;
            ground.db.close().await;
            outcome
        }
        Command::Maintenance(command) => {
            let ground = Ground::open(Settings::load(&config)?, clock).await?;
            let outcome = maintenance::run(&ground, command, out).await;
            ground.db.close().await;
            outcome
        }
        Command::Account(command) => {
            let ground = Ground::open(Settings::load(&config)?, clock).await?;
            let outcome = account::run(&ground, command, out).await;
            ground.db.close().await;
            outcome
        }
        Command::Token(command) => {
            let ground = Ground::open(Settings::load(&config)?, clock).await?;
            let outcome = token::run(&ground, command, out).await;
            ground.db.close().await;
            outcome
        }
    }
}

impl Command {
    /// Whether it can be given where there is no whole hub.
    fn needs_no_hub(&self) -> bool {
        matches!(
            self,
            Self::Init(_) | Self::CheckConfig | Self::Restore(_) | Self::Verify(_)
        )
    }
}

/// Refuses to work on a hub whose restore has not ended: it would not know that it lacks anything.
fn is_restored(config: &Path) -> Result<(), Failure> {
    let Some(path) = unfinished(config) else {
        return Ok(());
    };
    let message = format!(
        "the restore of this hub was begun and has not ended, as {} says: remove the keys, authority, attachments and database that it has put there, and restore the backup again",
        path.display()
    );
    Err(Failure::new(exit::CONFIGURATION, message))
}

/// How the audit log names whoever works at the machine.
fn actor() -> String {
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

async fn migrate(settings: &Settings, out: &mut Out<'_>) -> Result<(), Failure> {
    let db = Db::open(&settings.database.url, Schema::Hub, &DbOptions::default()).await?;
    let report = db.migrate().await?;
    db.close().await;
    for migration in &report.applied {
        writeln!(out.answer, "applied {migration}")?;
    }
    writeln!(out.answer, "the database is at schema {}", report.version)?;
    Ok(())
}

async fn check_config(settings: &Settings, now_ms: i64, out: &mut Out<'_>) -> Result<(), Failure> {
    settings.log.parse_filter()?;
    let keyring = Keyring::load(settings)?;
    private_keys(settings)?;
    let storage = &settings.storage.blobs;
    if !storage.is_dir() {
        let message = format!(
            "storage.blobs: there is no folder {}; restore it, or correct the path",
            storage.display()
        );
        return Err(Failure::new(exit::CONFIGURATION, message));
    }
    if let Some(said) = unwritable(settings) {
        return Err(Failure::new(exit::IO, said));
    }
    Sender::of(settings)?;
    let running = !listens(settings)?;
    let provider = single_sign_on(settings, now_ms).await?;
    let db = Db::open(&settings.database.url, Schema::Hub, &DbOptions::default()).await?;
    let pending = db.pending_migrations().await?;
    let fresh = db.schema_version().await? == 0;
    if !fresh {
        tell_loss(&db, out).await?;
    }
    db.close().await;
    writeln!(out.answer, "the configuration can be used")?;
    writeln!(
        out.answer,
        "  federation  {}",
        keyring.issuer.trust_domain()
    )?;
    writeln!(out.answer, "  root pin    {}", keyring.issuer.root_pin())?;
    for (_, signer) in signing::read_all(&settings.storage.keys)? {
        writeln!(out.answer, "  signing key {}", signer.kid())?;
    }
    if running {
        writeln!(
            out.answer,
            "  its addresses are in use; that is right if this hub is running"
        )?;
    }
    if let Some(said) = provider {
        writeln!(out.answer, "  provider    {said}")?;
    }
    for migration in pending {
        writeln!(out.answer, "  to be applied by `serve`: {migration}")?;
    }
    Ok(())
}

/// The first folder to which this process cannot write, and why.
fn unwritable(settings: &Settings) -> Option<String> {
    let folders = [
        ("storage", "blobs", Some(&settings.storage.blobs)),
        ("backup", "folder", settings.backup.folder.as_ref()),
        ("backup", "scratch", Some(&settings.backup.scratch)),
    ];
    folders.into_iter().find_map(|(section, field, folder)| {
        let said = try_writing(folder?).err()?;
        Some(format!("{section}.{field}: {said}"))
    })
}

/// Whether the addresses are free; if not, this hub has them.
fn listens(settings: &Settings) -> Result<bool, Failure> {
    let mut addresses = vec![
        ("federation.listen", settings.federation.listen),
        ("enrolment.listen", settings.enrolment.listen),
    ];
    let monitor = settings.monitor.listen.0;
    addresses.extend(monitor.map(|listen| ("monitor.listen", listen)));
    let console = settings.console.listen.0;
    addresses.extend(console.map(|listen| ("console.listen", listen)));
    all_free(&addresses).map_err(|unfit| Failure::new(exit::CONFIGURATION, unfit.to_string()))
}

/// Proves `[single_sign_on]`, and says how the provider answers; one that is away is no mistake in
/// the file.
async fn single_sign_on(settings: &Settings, now_ms: i64) -> Result<Option<String>, Failure> {
    let site = settings.console.public_url.as_ref();
    let sign_on = SignOn::of(&settings.single_sign_on, site.map(ToString::to_string));
    match sign_on.prove(now_ms).await {
        Err(SignOnError::Off) => Ok(None),
        Err(SignOnError::Settings(error)) => {
            Err(Failure::new(exit::CONFIGURATION, error.to_string()))
        }
        Err(error) => Ok(Some(error.to_string())),
        Ok(()) => Ok(Some("answers".to_owned())),
    }
}

/// Refuses keys that others on this machine may read.
fn private_keys(settings: &Settings) -> Result<(), Failure> {
    let storage = &settings.storage;
    for (field, folder) in [
        ("storage.keys", &storage.keys),
        ("storage.authority", &storage.authority),
    ] {
        let shown = folder.display();
        let wrong = |message: String| Failure::new(exit::CONFIGURATION, message);
        let exposed = exposed_files(folder).map_err(|error| {
            let message = format!("{field}: {shown} cannot be read: {error}");
            Failure::new(exit::of_needed(&error), message)
        })?;
        if let Some(first) = exposed.first() {
            return Err(wrong(format!(
                "{field}: others than its user may read {}; take that from them with `chmod go= {shown}/*`. Who may have read the hub's keys can be the hub",
                first.display()
            )));
        }
    }
    Ok(())
}

/// A hub that lacks what it signed for must be seen wherever one looks.
async fn tell_loss(db: &Db, out: &mut Out<'_>) -> Result<(), Failure> {
    if let Some(loss) = witness::loss(db).await? {
        writeln!(
            out.explanation,
            "ALARM: this hub is recovering and takes nothing new in: it has lost {}, as {} has shown. It was restored from a backup that is too old; members bring back what they hold, and the page of the recovery says how far that is. A newer backup or the standby is faster.",
            loss.what, loss.shown_by
        )?;
    }
    Ok(())
}
