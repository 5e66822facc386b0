//! Maintenance, announced and ended at the machine.

use chrono::DateTime;
use clap::Subcommand;
use lapor_web::clock::instant;

use super::{Failure, Out, actor};
use crate::audit::By;
use crate::deeds::{self, Deed};
use crate::ground::Ground;
use crate::maintenance;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show what is announced
    Show,
    /// Announce a time in which the hub takes nothing in, in the place of what was announced before
    Announce {
        /// For instance 2026-12-01T22:00:00+07:00; at once if it is left out
        #[arg(long, value_name = "TIME", value_parser = moment)]
        from: Option<i64>,
        /// The first moment after it
        #[arg(long, value_name = "TIME", value_parser = moment)]
        until: i64,
        /// Why; every institution reads it
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// End it now, or call it off
    End {
        /// Why; kept in the audit log
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
}

pub async fn run(ground: &Ground, command: Command, out: &mut Out<'_>) -> Result<(), Failure> {
    let now = ground.clock.now_ms();
    match command {
        Command::Show => {}
        Command::Announce {
            from,
            until,
            reason,
        } => {
            let from = from.unwrap_or(now);
            act(ground, &Deed::Maintain { from, until }, &reason).await?;
        }
        Command::End { reason } => act(ground, &maintenance::ending(ground), &reason).await?,
    }
    let directory = ground.directory.current();
    match directory.maintenance(now) {
        None => writeln!(out.answer, "no maintenance is announced")?,
        Some(notice) => writeln!(
            out.answer,
            "maintenance from {} to {}: {}",
            instant(notice.from),
            instant(notice.until),
            notice.reason
        )?,
    }
    Ok(())
}

async fn act(ground: &Ground, deed: &Deed, reason: &str) -> Result<(), Failure> {
    let actor = actor();
    let by = By {
        actor: &actor,
        reason,
        asked_by: None,
    };
    Ok(deeds::act(ground, &by, deed).await?)
}

/// A moment as RFC 3339 writes it; Unix ms.
fn moment(text: &str) -> Result<i64, String> {
    let at = DateTime::parse_from_rfc3339(text);
    at.map(|at| at.timestamp_millis())
        .map_err(|_| "expected a time with its zone, such as 2026-12-01T22:00:00+07:00".into())
}
