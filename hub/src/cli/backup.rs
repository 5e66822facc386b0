//! Backing the hub up while it serves, and restoring a backup.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use lapor_web::backup::{Manifest, in_units, progress};
use lapor_web::clock::instant;

use super::{Failure, Out, exit};
use crate::backup::{self, HubBackupError};
use crate::clock::Clock;
use crate::settings::Settings;

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
    #[arg(long, value_name = "DIR", required_unless_present = "check")]
    dir: Option<PathBuf>,
    /// Only prove that the backup is whole and can be read
    #[arg(long, conflicts_with = "dir")]
    check: bool,
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

pub async fn restore(args: &Restore, out: &mut Out<'_>) -> Result<(), Failure> {
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
    let done = backup::restore(&args.from, dir, tell).await?;
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
        "If members were answered after this backup was made, the restored hub lacks what it signed for; it finds out from them, and then answers 503 `recovering`. \
         If a newer backup or a standby exists, use that.\n\
         next: make sure that the former hub does not run any more, then `lapor-hub --config {config} serve`"
    )?;
    Ok(())
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
