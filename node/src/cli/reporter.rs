//! What reporters ask of the institution: erasures that wait; and reports that
//! wait for a look because they seem to be abuse.

use clap::Subcommand;

use super::print::{Zone, json, plain};
use super::{Failure, Out, Place, actor, case};
use crate::reporters::Suspicion;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// List erasures that reporters asked for; each is done when it is due
    Erasures {
        #[arg(long)]
        json: bool,
    },
    /// List reports that look like abuse and that nobody has cleared
    Abuse {
        #[arg(long)]
        json: bool,
    },
    /// Mark a report as possible abuse; no other institution learns of it
    Mark {
        /// Id or ticket of the case
        #[arg(value_name = "CASE")]
        case: String,
    },
    /// Say that a marked report is in order, or has been dealt with
    Clear {
        /// Id or ticket of the case
        #[arg(value_name = "CASE")]
        case: String,
    },
}

pub async fn run(place: &Place, command: Command, out: Out<'_>) -> Result<(), Failure> {
    let node = place.node().await?;
    match command {
        Command::Erasures { json: true } => json(&node.erasures().await?, out)?,
        Command::Erasures { json: false } => {
            let zone = Zone::of(&node);
            for erasure in node.erasures().await? {
                let (asked, due) = (zone.show(erasure.asked_at), zone.show(erasure.due_at));
                writeln!(out, "{}  asked {asked}  due {due}", erasure.case)?;
            }
        }
        Command::Abuse { json: true } => json(&node.abuse_queue().await?, out)?,
        Command::Abuse { json: false } => {
            let zone = Zone::of(&node);
            for mark in node.abuse_queue().await? {
                let (at, by) = (zone.show(mark.at), plain(&mark.marked_by));
                writeln!(out, "{}  {:<9} {at}  by {by}", mark.case, mark.reason)?;
            }
        }
        Command::Mark { case } => {
            let case = case::resolve(&node, &case).await?;
            node.mark_abuse(case, Suspicion::Officer, &actor()).await?;
            writeln!(out, "Marked {case}.")?;
        }
        Command::Clear { case } => {
            let case = case::resolve(&node, &case).await?;
            node.clear_abuse(case, &actor()).await?;
            writeln!(out, "Cleared {case}.")?;
        }
    }
    Ok(())
}
