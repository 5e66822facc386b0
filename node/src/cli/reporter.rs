//! What reporters ask of the institution and what it decides itself: erasures; and reports that
//! wait for a look because they seem to be abuse.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use lapor_protocol::kinds::case_redacted::RedactionReason;

use super::print::{Zone, json, plain};
use super::report::{named, read_text};
use super::{Failure, Out, Place, actor, case};
use crate::casework::{Decider, PlannedErasure};
use crate::error::NodeError;
use crate::node::Node;
use crate::reporters::{ErasureState, Suspicion};

const WRONG: &str = "the file holds no token of this node that is valid";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// List erasures that are ahead, of reporters and of the institution; each is done when it is due
    Erasures {
        #[arg(long)]
        json: bool,
    },
    /// Ask for the erasure of a case's words: the reporter is told and can call it off for some days
    Erase {
        /// Id or ticket of the case
        #[arg(value_name = "CASE")]
        case: String,
        /// reporter_request, legal_order, personal_data or other
        #[arg(long, value_name = "CODE", value_parser = named::<RedactionReason>)]
        reason: RedactionReason,
        /// A file with the token of whoever asks, where a second person must agree; - is standard input
        #[arg(long, value_name = "FILE")]
        token_file: Option<PathBuf>,
    },
    /// Confirm an erasure that another administrator asked for
    ConfirmErasure {
        /// Id of the erasure
        #[arg(value_name = "ID")]
        id: String,
        /// A file with the token of whoever confirms, who must own it; - is standard input
        #[arg(long, value_name = "FILE")]
        token_file: PathBuf,
    },
    /// Call off an erasure of the institution that has not begun
    StopErasure {
        /// Id of the erasure
        #[arg(value_name = "ID")]
        id: String,
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
        Command::Erasures { json: true } => json(&node.planned_erasures().await?, out)?,
        Command::Erasures { json: false } => {
            let zone = Zone::of(&node);
            for one in node.planned_erasures().await? {
                listed(&one, zone, out)?;
            }
        }
        Command::Erase {
            case,
            reason,
            token_file,
        } => {
            let by = decider(&node, token_file.as_deref()).await?;
            let case = case::resolve(&node, &case).await?;
            let planned = node.plan_erasure(case, reason, &by).await?;
            listed(&planned, Zone::of(&node), out)?;
        }
        Command::ConfirmErasure { id, token_file } => {
            let by = decider(&node, Some(&token_file)).await?;
            node.confirm_erasure(&id, &by).await?;
            writeln!(out, "Confirmed {}.", plain(&id))?;
        }
        Command::StopErasure { id } => {
            let by = decider(&node, None).await?;
            node.stop_erasure(&id, &by).await?;
            writeln!(out, "Called off {}.", plain(&id))?;
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

/// Whoever works at the machine, or who holds the token in a file.
async fn decider(node: &Node, token_file: Option<&Path>) -> Result<Decider, Failure> {
    let Some(file) = token_file else {
        return Ok(Decider::operator(actor()));
    };
    let secret = read_text(file)?;
    let bearer = node.bearer(secret.trim()).await?;
    let bearer = bearer.ok_or(NodeError::Locked(WRONG))?;
    Ok(Decider::bearer(&bearer))
}

fn listed(one: &PlannedErasure, zone: Zone, out: Out<'_>) -> Result<(), Failure> {
    let erasure = &one.erasure;
    let due = zone.show(erasure.due_at);
    let state = match erasure.state {
        ErasureState::Asked if one.asked_by.is_none() => {
            "asked for before the node was restored, confirm it or call it off".to_owned()
        }
        ErasureState::Asked => "waits for a second person".to_owned(),
        ErasureState::Erasing => "being erased, nobody calls it off any more".to_owned(),
        _ => format!("due {due}"),
    };
    let by = one.asked_by.as_deref().unwrap_or("the reporter");
    writeln!(
        out,
        "{}  {}  {}, asked {} by {}  {state}",
        one.id,
        erasure.case,
        plain(&erasure.reason),
        zone.show(erasure.asked_at),
        plain(by),
    )?;
    Ok(())
}
