//! What was set aside: list, look, try again, or go on without it.

use clap::Subcommand;

use super::print::{Zone, counted, json, plain};
use super::{Failure, Out, Place, actor, exit};
use crate::quarantine::{Aside, AsideId, AsideView};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// List what is quarantined or parked, oldest first
    List {
        /// Also what a person has refused
        #[arg(long)]
        refused: bool,
        /// At most so many of each direction
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: u16,
        #[arg(long)]
        json: bool,
    },
    /// Show one of them with its clear fields
    Show {
        /// For instance inbox:1.42
        #[arg(value_name = "ID")]
        id: AsideId,
        /// Print the envelope exactly as it is stored, and nothing else
        #[arg(long, conflicts_with = "json")]
        raw: bool,
        #[arg(long)]
        json: bool,
    },
    /// Try again: apply an item with what waits behind it, send an own message once more
    Replay {
        #[arg(value_name = "ID")]
        id: AsideId,
        #[arg(long)]
        json: bool,
    },
    /// Go on without it; a replay takes this back
    Refuse {
        #[arg(value_name = "ID")]
        id: AsideId,
        /// Why, for the audit log
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[arg(long)]
        json: bool,
    },
}

pub async fn run(place: &Place, command: Command, out: Out<'_>) -> Result<(), Failure> {
    let node = place.node().await?;
    let zone = Zone::of(&node);
    match command {
        Command::List {
            refused,
            limit,
            json: as_json,
        } => {
            let aside = node.set_aside(refused, i64::from(limit.max(1))).await?;
            if as_json {
                return json(&aside, out);
            }
            list(&aside, zone, out)
        }
        Command::Show { id, raw: true, .. } => {
            let line = node.aside(id).await?.line;
            let bare = "this message has no envelope; `quarantine show` without --raw says more";
            writeln!(
                out,
                "{}",
                line.ok_or_else(|| Failure::new(exit::NOT_FOUND, bare))?
            )?;
            Ok(())
        }
        Command::Show { id, json: true, .. } => json(&node.aside(id).await?, out),
        Command::Show { id, .. } => show(&node.aside(id).await?, zone, out),
        Command::Replay { id, json: as_json } => {
            let replayed = node.replay(id, &actor()).await?;
            if as_json {
                return json(&replayed, out);
            }
            let looked_at = counted(replayed.looked_at as u64, "message");
            if let Some(reason) = &replayed.still {
                let message = format!(
                    "{id} still cannot be applied: {}; `lapor-node quarantine refuse {id} --reason TEXT` goes on without it",
                    plain(reason)
                );
                return Err(Failure::new(exit::TEMPORARY, message));
            }
            let done = match id {
                AsideId::Own(_) => format!("{looked_at} will be sent again."),
                AsideId::Item(_) => format!("{looked_at} looked at; {id} is settled."),
            };
            writeln!(out, "{done}")?;
            Ok(())
        }
        Command::Refuse {
            id,
            reason,
            json: as_json,
        } => {
            let aside = node.refuse(id, &reason, &actor()).await?;
            if as_json {
                return json(&aside, out);
            }
            writeln!(
                out,
                "{id} is refused; `lapor-node quarantine replay {id}` takes this back."
            )?;
            Ok(())
        }
    }
}

fn list(all: &[Aside], zone: Zone, out: Out<'_>) -> Result<(), Failure> {
    if all.is_empty() {
        writeln!(out, "Nothing is set aside.")?;
        return Ok(());
    }
    for aside in all {
        let reason = aside.reason.as_deref().unwrap_or("no reason given");
        writeln!(
            out,
            "{:<14} {:<11} {:<20} {}  {}",
            aside.id.to_string(),
            aside.state,
            plain(&aside.kind),
            zone.show(aside.at),
            plain(reason),
        )?;
        if let Some(case) = aside.case {
            writeln!(out, "{:<14} case {case}{}", "", behind(aside))?;
        }
    }
    Ok(())
}

fn behind(aside: &Aside) -> String {
    match aside.behind {
        0 => String::new(),
        behind => format!(", {} behind it", counted(behind, "message")),
    }
}

fn show(view: &AsideView, zone: Zone, out: Out<'_>) -> Result<(), Failure> {
    let aside = &view.aside;
    let text = |value: Option<String>| value.unwrap_or_else(|| "not readable".into());
    let mut lines = vec![
        ("id", aside.id.to_string()),
        ("state", aside.state.clone()),
        (
            "why",
            plain(aside.reason.as_deref().unwrap_or("no reason given")),
        ),
        ("kind", plain(&aside.kind)),
        ("since", zone.show(aside.at)),
        ("tried", counted(aside.attempts, "time")),
        (
            "author",
            text(view.author.as_ref().map(ToString::to_string)),
        ),
        ("message", text(view.message.map(|id| id.to_string()))),
    ];
    if let Some(case) = aside.case {
        let seq = aside.case_seq.map(|seq| format!(", message {seq}"));
        let seq = seq.unwrap_or_default();
        lines.push(("case", format!("{case}{seq}{}", behind(aside))));
    }
    if let Some(envelope) = view.envelope {
        lines.push(("envelope", envelope.to_string()));
    }
    if let Some(position) = view.position {
        lines.push(("position", position.to_string()));
    }
    let sealed = if view.sealed {
        "sealed words"
    } else {
        "no words"
    };
    let files = counted(view.attachments as u64, "attachment");
    lines.push(("besides", format!("{sealed}, {files}")));
    for (name, value) in lines {
        writeln!(out, "  {name:<10} {value}")?;
    }
    if let Some(body) = &view.body {
        let body = serde_json::to_string_pretty(body).unwrap_or_default();
        writeln!(
            out,
            "{}",
            body.lines().map(plain).collect::<Vec<_>>().join("\n")
        )?;
    }
    Ok(())
}
