//! Backing the node up while it serves, and restoring a backup.

use std::path::PathBuf;

use clap::Args;

use super::print::Zone;
use super::{Failure, Out, Place, exit};
use crate::backup::{self, NodeBackupError};
use lapor_web::backup::{Manifest, in_units, progress};

#[derive(Debug, Args)]
pub struct Make {
    /// Folder of the backup; made if it is missing. Of an earlier backup in it, attachments are
    /// not copied again
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Leave out the private keys; without them the backup alone restores nothing
    #[arg(long)]
    without_keys: bool,
}

#[derive(Debug, Args)]
pub struct Restore {
    /// Folder of the backup
    #[arg(value_name = "BACKUP")]
    from: PathBuf,
    /// Folder of the restored node; a node.toml in it is used instead of the one in the backup
    #[arg(long, value_name = "DIR", required_unless_present = "check")]
    dir: Option<PathBuf>,
    /// Only prove that the backup is whole and can be read
    #[arg(long, conflicts_with = "dir")]
    check: bool,
}

pub async fn make(place: &Place, args: &Make, out: Out<'_>) -> Result<(), Failure> {
    let settings = place.settings()?;
    let now = place.clock.now_ms();
    let config = Some(place.config.as_path());
    let keys = !args.without_keys;
    let made = backup::back_up(&settings, config, &args.out, keys, now, tell).await?;
    let shown = args.out.display();
    writeln!(out, "Backed up to {shown}: {}.", described(&made))?;
    writeln!(
        out,
        "It holds {}the content keys of cases and the identities of reporters: it is as secret as the node.",
        if keys {
            "the node's private keys, "
        } else {
            ""
        }
    )?;
    writeln!(out, "Prove it with `lapor-node restore {shown} --check`.")?;
    is_complete(&made)
}

pub async fn restore(place: &Place, args: &Restore, out: Out<'_>) -> Result<(), Failure> {
    let Some(dir) = &args.dir else {
        let proved = backup::prove(&args.from, tell).await?;
        writeln!(
            out,
            "{} is a whole backup: {}.",
            args.from.display(),
            described(&proved)
        )?;
        return is_complete(&proved);
    };
    let done = backup::restore(&args.from, dir, place.clock.now_ms(), tell).await?;
    let config = done.config.display();
    let made_at = Zone::national().show(done.manifest.origin.made_at);
    writeln!(
        out,
        "Restored into {}: {}.",
        dir.display(),
        described(&done.manifest)
    )?;
    writeln!(out, "  keys         {}", done.settings.node.keys.display())?;
    writeln!(out, "  attachments  {}", done.attachments)?;
    if let Some(lacks) = done.manifest.lacks() {
        writeln!(out, "  but {lacks}.")?;
    }
    writeln!(
        out,
        "What the node did after {made_at} it fetches from the hub and the other institutions, in a new epoch, before it sends anything. Gone are, of that time: identities of reporters, what was never sent, tokens, and the audit log."
    )?;
    writeln!(
        out,
        "All sessions, links to accounts and codes are ended, of officers and of reporters: they sign in again. Recovery codes are void too: officers make codes again, and whoever has lost the second factor needs `lapor-node account remove-factor LOGIN`. Revoke again what was revoked since {made_at}: tokens, accounts that were disabled, roles, passwords and second factors."
    )?;
    writeln!(
        out,
        "Erasures that were asked for after {made_at} must be asked for again. Those that waited then may have been called off since: {} wait for an administrator to confirm them (`lapor-node reporter erasures`), and nothing is erased before the node has met the hub.",
        done.doubted
    )?;
    writeln!(
        out,
        "What mailboxes, X, cities and SP4N-LAPOR! had before now may be a report already: it is filed by nobody but a person, who finds it in Percakapan, among the requests of the city, or in the runs of the bridge."
    )?;
    writeln!(
        out,
        "Make sure that the former machine does not run any more, then: lapor-node --config {config} serve"
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
        "{} of {}, {}, schema {}, {} files, {}{}",
        origin
            .instance
            .as_deref()
            .unwrap_or("a node that has not joined"),
        Zone::national().show(origin.made_at),
        origin.database,
        origin.schema,
        manifest.files.len(),
        in_units(manifest.total_bytes()),
        if origin.keys { "" } else { ", without keys" }
    )
}

fn tell(what: &str, done: u64, total: u64) {
    eprintln!("lapor-node: {}", progress(what, done, total));
}

impl From<NodeBackupError> for Failure {
    fn from(error: NodeBackupError) -> Self {
        let message = error.to_string();
        let code = match error {
            NodeBackupError::Database(error) => return error.into(),
            NodeBackupError::Node(error) => return error.into(),
            NodeBackupError::Settings(error) => return error.into(),
            NodeBackupError::Folder(error) => return error.into(),
            NodeBackupError::KeysMissing(_) => exit::DATA,
            NodeBackupError::Backup(error) => error.exit_code(),
        };
        Self::new(code, message)
    }
}
