//! How the node is doing, for people and for monitoring.

use super::print::{Zone, counted, json, plain, span};
use super::{Failure, Out, Place};
use crate::status::Status;

/// Days before the end of a certificate when the operator should look.
const CERTIFICATE_DAYS: i64 = 14;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(long)]
    json: bool,
}

pub async fn status(place: &Place, args: &Args, out: Out<'_>) -> Result<(), Failure> {
    let node = place.node().await?;
    let status = node.status().await?;
    if args.json {
        return json(&status, out);
    }
    show(&status, Zone::of(&node), node.clock().now_ms(), out)
}

fn show(status: &Status, zone: Zone, now: i64, out: Out<'_>) -> Result<(), Failure> {
    let Some(instance) = &status.instance else {
        writeln!(
            out,
            "This node has not joined a federation; run `lapor-node enrol LINE`."
        )?;
        return Ok(());
    };
    let hub = status.hub.as_deref().unwrap_or("its hub");
    let since = status
        .link
        .since
        .map(|at| format!(" since {}", zone.show(at)))
        .unwrap_or_default();
    if status.link.connected {
        writeln!(out, "{instance} is connected to {hub}{since}.")?;
    } else {
        writeln!(
            out,
            "{instance} is not connected to {hub}{since}. Work goes on."
        )?;
        let why = status
            .link
            .problem
            .as_deref()
            .unwrap_or("`lapor-node serve` has not tried yet");
        writeln!(out, "  why           {}", plain(why))?;
    }
    if let Some(ahead) = status.link.clock_ahead_ms {
        writeln!(out, "  clock         {}", clocks(ahead))?;
    }
    if let Some(alarm) = &status.alarm {
        let at = zone.show(alarm.at);
        writeln!(out, "  ALARM         {at}: {}", plain(&alarm.text))?;
    }
    let mut line = |name: &str, value: String| writeln!(out, "  {name:<13} {value}");
    if let Some(at) = status.link.last_contact {
        line("last contact", zone.show(at))?;
    }
    if let Some(restored) = &status.restored {
        let of = zone.show(restored.backup_at);
        line(
            "restored",
            format!("from the backup of {of}; asks the hub for the rest before it sends"),
        )?;
    }
    line("to send", to_send(status, now))?;
    line("unruled", counted(status.outbox.unruled, "own message"))?;
    line("to apply", to_apply(status))?;
    if status.blobs_to_send + status.blobs_to_fetch > 0 {
        let (send, fetch) = (status.blobs_to_send, status.blobs_to_fetch);
        line("attachments", format!("{send} to send, {fetch} to fetch"))?;
    }
    let stuck = status.outbox.quarantined + status.inbox.quarantined;
    line(
        "quarantine",
        if stuck == 0 {
            "empty".into()
        } else {
            format!(
                "{}; `lapor-node quarantine list` shows them",
                counted(stuck, "message")
            )
        },
    )?;
    for cursor in &status.cursors {
        let name = format!("{} read", cursor.stream);
        let (accepted, settled) = (&cursor.accepted, cursor.settled);
        line(
            &name,
            format!(
                "{accepted} (settled {settled}, acknowledged {})",
                cursor.acknowledged
            ),
        )?;
    }
    line("directory", format!("version {}", status.directory))?;
    line("certificate", certificate(status))?;
    line("last backup", last_backup(status, now))?;
    let cases: Vec<_> = status
        .cases
        .iter()
        .map(|(state, count)| format!("{count} {state}"))
        .collect();
    line(
        "cases",
        if cases.is_empty() {
            "none".into()
        } else {
            cases.join(", ")
        },
    )?;
    Ok(())
}

fn clocks(ahead_ms: i64) -> String {
    let side = if ahead_ms > 0 { "ahead of" } else { "behind" };
    let apart = span(ahead_ms.saturating_abs());
    format!("{apart} {side} the hub's; correct the one that is wrong. Work goes on")
}

fn last_backup(status: &Status, now: i64) -> String {
    match status.last_backup {
        Some(at) => format!("{} ago", span(now - at)),
        None => "none yet; make one with `lapor-node backup --out DIR`".into(),
    }
}

fn to_send(status: &Status, now: i64) -> String {
    let count = counted(status.outbox.unsent, "message");
    match status.outbox.oldest_unsent {
        Some(oldest) => format!("{count}, the oldest for {}", span(now - oldest)),
        None => count,
    }
}

fn to_apply(status: &Status) -> String {
    let inbox = &status.inbox;
    let mut parts = vec![counted(inbox.received, "item")];
    if inbox.waiting > 0 {
        parts.push(format!("{} waiting for an earlier one", inbox.waiting));
    }
    if inbox.parked > 0 {
        parts.push(format!(
            "{} of a kind that needs a newer lapor-node",
            inbox.parked
        ));
    }
    parts.join(", ")
}

fn certificate(status: &Status) -> String {
    match status.certificate_days {
        None => "cannot be read; restore the keys folder from its backup".into(),
        Some(days) if days < 0 => format!("expired {} ago", counted(days.unsigned_abs(), "day")),
        Some(days) if days < CERTIFICATE_DAYS => {
            format!(
                "only {} left; this version does not renew it by itself yet",
                counted(days as u64, "day")
            )
        }
        Some(days) => format!("{} left", counted(days as u64, "day")),
    }
}
