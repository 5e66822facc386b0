//! The operator's acts on the authority: what it is, and another issuer.

use std::sync::Arc;

use clap::Subcommand;
use lapor_certs::{Authority, Issuer, Vault, VaultError};
use lapor_migrations::{Db, DbOptions, Schema};
use lapor_web::clock::instant;

use super::{Failure, Out, actor, exit};
use crate::audit::By;
use crate::changeover::{self, AuthorityStanding};
use crate::clock::Clock;
use crate::deeds::{self, Deed};
use crate::directory::DirectoryBook;
use crate::ground::{Certifier, Ground};
use crate::keys;
use crate::settings::Settings;
use crate::signing::Signers;

const DAY_MS: i64 = 86_400_000;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the root that institutions pin, when the issuer ends, and during a change the roots and who trusts them
    Show {
        /// As JSON, with all roots and the institutions that the next step would cut off
        #[arg(long)]
        json: bool,
    },
    /// Make another issuer below the root; needs the root's private key
    RotateIssuer,
    #[command(flatten)]
    Change(Change),
}

/// A step towards another authority.
#[derive(Debug, Subcommand)]
pub enum Change {
    /// Make another authority and have its root trusted beside the current one
    Announce {
        /// Why; kept in the audit log
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
    /// Certify by the announced authority from now on
    Use {
        /// Though some institutions would be cut off
        #[arg(long)]
        even_so: bool,
        /// Why; kept in the audit log
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
    /// End the change: trust the root that does not certify no more
    Withdraw {
        /// Though some institutions would be cut off
        #[arg(long)]
        even_so: bool,
        /// Why; kept in the audit log
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
}

pub async fn run(
    settings: Settings,
    command: Command,
    out: &mut Out<'_>,
    clock: Arc<dyn Clock>,
) -> Result<(), Failure> {
    let (vault, now_ms) = (Vault::at(&settings.storage.authority), clock.now_ms());
    match command {
        Command::Change(step) => {
            let ground = Ground::open(settings, clock).await?;
            let outcome = change(&ground, step, out).await;
            ground.db.close().await;
            return outcome;
        }
        Command::Show { json } => {
            let certifier = Certifier {
                issuer: vault.issuer()?,
                bundle: vault.bundle()?,
            };
            return show(&settings, &certifier, (json, now_ms), out).await;
        }
        Command::RotateIssuer => {
            let authority: Authority = vault.authority()?;
            let issuer = authority.new_issuer(now_ms).map_err(VaultError::from)?;
            vault.replace_issuer(&issuer)?;
            let days = days_left(&issuer, now_ms);
            writeln!(
                out.answer,
                "a new issuer certifies from now on; it ends in {days} days"
            )?;
            writeln!(
                out.explanation,
                "A hub that serves takes it up within a minute; copy issuer.pem to its other replicas. \
                 Certificates of the former issuer stay good until they end, so no institution has to do anything. \
                 The root's private key can go offline again."
            )?;
        }
    }
    Ok(())
}

/// What the authority is, as its files say, and while it changes how far that is, as the database says.
async fn show(
    settings: &Settings,
    certifier: &Certifier,
    (json, now_ms): (bool, i64),
    out: &mut Out<'_>,
) -> Result<(), Failure> {
    if json {
        let standing = standing(settings, certifier).await?;
        let text = serde_json::to_string_pretty(&standing).map_err(std::io::Error::other)?;
        writeln!(out.answer, "{text}")?;
        return Ok(());
    }
    let issuer = &certifier.issuer;
    writeln!(out.answer, "federation  {}", issuer.trust_domain())?;
    writeln!(out.answer, "root pin    {}", issuer.root_pin())?;
    let days = days_left(issuer, now_ms);
    writeln!(out.answer, "issuer      ends in {days} days")?;
    match standing(settings, certifier).await {
        Ok(standing) => show_change(&standing, out),
        Err(failure) => {
            writeln!(
                out.explanation,
                "Whether another authority is announced, and who trusts it, cannot be told now: {}",
                failure.message
            )?;
            Ok(())
        }
    }
}

fn show_change(standing: &AuthorityStanding, out: &mut Out<'_>) -> Result<(), Failure> {
    let Some(change) = &standing.changeover else {
        return Ok(());
    };
    let since = instant(change.announced_at);
    writeln!(out.answer, "announced   {} since {since}", change.next)?;
    if let Some(at) = change.used_at {
        writeln!(out.answer, "in use      since {}", instant(at))?;
    }
    for root in &standing.roots {
        writeln!(
            out.answer,
            "trusted     {} by {} of {}; certificates below it: {}",
            root.pin, root.trusted_by, standing.members, root.certified
        )?;
    }
    for lost in &standing.cut_off {
        writeln!(out.answer, "left behind {}", lost.instance)?;
    }
    Ok(())
}

/// Reads how the authority stands and writes nothing: the database may be that of an older program
/// which runs, and is not migrated for a look.
async fn standing(
    settings: &Settings,
    certifier: &Certifier,
) -> Result<AuthorityStanding, Failure> {
    let signer = keys::load_any_signer(settings)?;
    let own = signer.kid().clone();
    let signers = Signers::of(settings.storage.keys.clone(), signer)?;
    let options = DbOptions::default();
    let db = Db::open_existing(&settings.database.url, Schema::Hub, &options).await?;
    let read = async {
        let mut tx = db.read().await?;
        let book = DirectoryBook::load(&mut tx, &signers, &own).await?;
        let directory = book.current();
        AuthorityStanding::of(settings, certifier, &directory, &mut tx).await
    };
    let standing = read.await;
    db.close().await;
    Ok(standing?)
}

/// One step of a change of authority.
async fn change(ground: &Ground, step: Change, out: &mut Out<'_>) -> Result<(), Failure> {
    let mut tx = ground.db.read().await?;
    let standing = AuthorityStanding::read(ground, &mut tx).await?;
    tx.rollback().await?;
    let under_way = standing.changeover.ok_or_else(|| {
        let message = "no other authority is announced; `authority announce` makes one";
        Failure::new(exit::DATA, message)
    });
    let (deed, reason) = match step {
        Change::Use { even_so, reason } => {
            let root = under_way?.next;
            (Deed::UseAuthority { root, even_so }, reason)
        }
        Change::Withdraw { even_so, reason } => {
            let root = under_way?.leaving();
            (Deed::WithdrawAuthority { root, even_so }, reason)
        }
        Change::Announce { reason } => {
            let root = changeover::prepare(ground)?;
            writeln!(out.answer, "{root}")?;
            (Deed::AnnounceAuthority { root }, reason)
        }
    };
    let actor = actor();
    let by = By {
        reason: &reason,
        ..By::actor(&actor)
    };
    deeds::act(ground, &by, &deed).await?;
    let said = match deed {
        Deed::AnnounceAuthority { .. } => {
            "Both roots are trusted. Institutions get the new one with their next certificate, within 18 days; the console shows who has it. Move next-root.key.pem offline."
        }
        Deed::UseAuthority { .. } => {
            "The new authority certifies. A hub that serves takes it up within a minute. Invitation lines that are not used yet are good no more."
        }
        _ => "The root is trusted no more.",
    };
    writeln!(out.explanation, "{said}")?;
    Ok(())
}

fn days_left(issuer: &Issuer, now_ms: i64) -> i64 {
    (issuer.not_after_ms() - now_ms).div_euclid(DAY_MS)
}

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        let code = match &error {
            VaultError::File { .. } => exit::IO,
            _ => exit::CONFIGURATION,
        };
        Self::new(code, error.to_string())
    }
}
