//! The operator's acts on the authority: what it is, and another issuer.

use clap::Subcommand;
use lapor_certs::{Authority, Issuer, Vault, VaultError};

use super::{Failure, Out, exit};
use crate::settings::Settings;

const DAY_MS: i64 = 86_400_000;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the root that institutions pin, and when root and issuer end
    Show,
    /// Make another issuer below the root; needs the root's private key
    RotateIssuer,
}

pub fn run(
    settings: &Settings,
    command: &Command,
    out: &mut Out<'_>,
    now_ms: i64,
) -> Result<(), Failure> {
    let vault = Vault::at(&settings.storage.authority);
    match command {
        Command::Show => {
            let issuer = vault.issuer()?;
            writeln!(out.answer, "federation  {}", issuer.trust_domain())?;
            writeln!(out.answer, "root pin    {}", issuer.root_pin())?;
            let days = days_left(&issuer, now_ms);
            writeln!(out.answer, "issuer      ends in {days} days")?;
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
