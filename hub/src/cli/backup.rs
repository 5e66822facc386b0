//! Backing the hub up while it serves, and restoring a backup.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use lapor_web::backup::{Manifest, in_units, progress};
use lapor_web::clock::instant;

use super::{Failure, Out, actor, exit};
use crate::audit::By;
use crate::backup::{self, HubBackupError};
use crate::clock::Clock;
use crate::ground::Ground;
use crate::settings::Settings;
use crate::trial::TrialError;
use crate::upkeep;

#[derive(Debug, Args)]
pub struct Make {
    /// Folder of the backup; made if it is missing. Of an earlier backup in it, attachments are
    /// not copied again
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Leave out the signing key and the authority; without them the backup alone restores nothing
    #[arg(long)]
    without_keys: bool,
}

#[derive(Debug, Args)]
pub struct Restore {
    /// Folder of the backup
    #[arg(value_name = "BACKUP")]
    from: PathBuf,
    /// Folder of the restored hub; a hub.toml in it is used instead of the one in the backup
    #[arg(long, value_name = "DIR", required_unless_present_any = ["check", "trial"])]
    dir: Option<PathBuf>,
    /// Only prove that the backup is whole and can be read
    #[arg(long, conflicts_with = "dir")]
    check: bool,
    /// Restore it beside the hub of the configuration, prove all that is in it, compare it with the
    /// record of that hub, and throw it away
    #[arg(long, conflicts_with_all = ["dir", "check"])]
    trial: bool,
}

pub async fn make(
    config: &Path,
    args: &Make,
    out: &mut Out<'_>,
    clock: Arc<dyn Clock>,
) -> Result<(), Failure> {
    let settings = Settings::load(config)?;
    let (keys, now) = (!args.without_keys, clock.now_ms());
    let made = backup::back_up(&settings, Some(config), &args.out, keys, now, tell).await?;
    let shown = args.out.display();
    writeln!(out.answer, "backed up to {shown}: {}", described(&made))?;
    if keys {
        writeln!(
            out.explanation,
            "it holds the private keys of the hub and of the authority: whoever has it can be the hub"
        )?;
    }
    writeln!(
        out.explanation,
        "prove it with `lapor-hub restore {shown} --check`"
    )?;
    is_complete(&made)
}

pub async fn restore(
    config: &Path,
    args: &Restore,
    out: &mut Out<'_>,
    clock: Arc<dyn Clock>,
) -> Result<(), Failure> {
    if args.trial {
        let ground = Ground::open(Settings::load(config)?, clock).await?;
        let outcome = try_out(&ground, &args.from, out).await;
        ground.db.close().await;
        return outcome;
    }
    let Some(dir) = &args.dir else {
        let proved = backup::prove(&args.from, tell).await?;
        let shown = args.from.display();
        writeln!(
            out.answer,
            "{shown} is a whole backup: {}",
            described(&proved)
        )?;
        return is_complete(&proved);
    };
    let done = backup::restore(&args.from, dir, clock.now_ms(), tell).await?;
    let (config, shown) = (done.config.display(), dir.display());
    writeln!(
        out.answer,
        "restored into {shown}: {}",
        described(&done.manifest)
    )?;
    writeln!(
        out.answer,
        "  keys         {}",
        done.settings.storage.keys.display()
    )?;
    writeln!(
        out.answer,
        "  authority    {}",
        done.settings.storage.authority.display()
    )?;
    writeln!(out.answer, "  attachments  {}", done.attachments)?;
    if let Some(lacks) = done.manifest.lacks() {
        writeln!(out.explanation, "but {lacks}.")?;
    }
    writeln!(
        out.explanation,
        "If members were answered after this backup was made, the restored hub lacks what it signed for; it finds out from them, and takes nothing new in before they have brought that back. \
         If a newer backup or a standby exists, use that: it is faster.\n\
         Everybody is logged out of the console, and recovery codes are to be made again. Tokens that were revoked and accounts that were disabled or had another role since the backup are as they were in it: revoke and disable again what was.\n\
         next: make sure that the former hub does not run any more, then `lapor-hub --config {config} serve`"
    )?;
    Ok(())
}

/// Restores it on trial, and says what that has proved.
async fn try_out(ground: &Ground, from: &Path, out: &mut Out<'_>) -> Result<(), Failure> {
    let actor = actor();
    let tried = upkeep::attempt(ground, &By::actor(&actor), from, tell).await?;
    let shown = from.display();
    for (count, what) in [
        (tried.files, "files are what the manifest says"),
        (tried.versions, "versions of the directory hold"),
        (tried.envelopes, "messages: signatures and chains hold"),
        (tried.rulings, "rulings were made again"),
        (tried.receipts, "receipts hold"),
        (tried.cases, "cases were folded again"),
        (
            tried.compared,
            "ends of chains and streams were compared with this hub's record",
        ),
        (tried.since, "messages came after it and are not in it"),
        (
            tried.missing,
            "attachments that its database names were not there when it was made, or are damaged in it",
        ),
    ] {
        writeln!(out.answer, "  {count:>10}  {what}")?;
    }
    if tried.holds() {
        writeln!(out.answer, "{shown} can be restored, and all in it holds")?;
        return Ok(());
    }
    for wrong in &tried.wrong {
        writeln!(out.answer, "{wrong}")?;
    }
    let message = format!(
        "{} things in {shown} do not hold; use another backup",
        tried.wrongs
    );
    Err(Failure::new(exit::DATA, message))
}

/// A backup that lacks something is finished all the same; whoever made or
/// proved it must hear of it.
fn is_complete(manifest: &Manifest) -> Result<(), Failure> {
    match manifest.lacks() {
        None => Ok(()),
        Some(what) => Err(Failure::new(exit::DATA, what)),
    }
}

fn described(manifest: &Manifest) -> String {
    let origin = &manifest.origin;
    format!(
        "{} at {}, {}, schema {}, {} files, {}{}",
        origin
            .instance
            .as_deref()
            .unwrap_or("a hub without a federation"),
        instant(origin.made_at),
        origin.database,
        origin.schema,
        manifest.files.len(),
        in_units(manifest.total_bytes()),
        if origin.keys { "" } else { ", without keys" }
    )
}

fn tell(what: &str, done: u64, total: u64) {
    eprintln!("lapor-hub: {}", progress(what, done, total));
}

impl From<TrialError> for Failure {
    fn from(error: TrialError) -> Self {
        let message = error.to_string();
        match error {
            TrialError::Backup(error) => error.into(),
            TrialError::Export(error) => error.into(),
            TrialError::Unreadable(_) => Self::new(exit::DATA, message),
            TrialError::NoRoom { .. } => Self::new(exit::CANNOT_CREATE, message),
        }
    }
}

impl From<HubBackupError> for Failure {
    fn from(error: HubBackupError) -> Self {
        let message = error.to_string();
        let code = match error {
            HubBackupError::Database(error) => return error.into(),
            HubBackupError::Hub(error) => return error.into(),
            HubBackupError::Settings(error) => return error.into(),
            HubBackupError::KeysMissing(_) => exit::DATA,
            HubBackupError::Backup(error) => error.exit_code(),
        };
        Self::new(code, message)
    }
}
