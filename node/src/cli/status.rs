//! How the node is doing, for people and for monitoring.

use super::print::{Zone, counted, json, plain, span};
use super::{Failure, Out, Place};
use crate::rotation::KeyState;
use crate::status::Status;

/// Days before the end of a certificate when the operator should look.
const CERTIFICATE_DAYS: i64 = 10;

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
    connection(status, instance, zone, out)?;
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
    line("certificate", certificate(status, zone, now))?;
    line("keys", keys(status, now))?;
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

/// Whether it is connected and why not, and what only a person can end.
fn connection(status: &Status, instance: &str, zone: Zone, out: Out<'_>) -> Result<(), Failure> {
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
            "{instance} is not connected to {hub}{since}. {}",
            outlook(status)
        )?;
        let why = status
            .link
            .problem
            .as_deref()
            .unwrap_or("`lapor-node serve` has not tried yet");
        let code = status.link.code.as_deref();
        let code = code.map(|code| format!(" ({code})")).unwrap_or_default();
        writeln!(out, "  why           {}{code}", plain(why))?;
    }
    if let Some(notice) = &status.maintenance {
        let (from, until) = (zone.show(notice.from), zone.show(notice.until));
        let reason = plain(&notice.reason);
        writeln!(
            out,
            "  maintenance   of the hub, {from} to {until}: {reason}"
        )?;
    }
    if let Some(ahead) = status.link.clock_ahead_ms {
        writeln!(out, "  clock         {}", clocks(ahead))?;
    }
    if status.link.own_time {
        writeln!(
            out,
            "  clock         this machine's alone says what is to be erased or closed by silence: the hub has not said what time it is since `serve` was started"
        )?;
    }
    if let Some(stuck) = &status.link.stuck {
        let (since, why) = (zone.show(stuck.since), plain(&stuck.problem));
        writeln!(
            out,
            "  STUCK         {} since {since}, and tried again and again: {why}",
            stuck.step
        )?;
    }
    if let Some(alarm) = &status.alarm {
        let at = zone.show(alarm.at);
        writeln!(out, "  ALARM         {at}: {}", plain(&alarm.text))?;
    }
    Ok(())
}

/// What follows from being cut off.
fn outlook(status: &Status) -> &'static str {
    match status.link.code.as_deref() {
        _ if status.link.waits_for_approval() => {
            "It has joined. When the hub's staff call, read out the fingerprint that `lapor-node enrol` showed; nothing else is to be done."
        }
        Some("instance_suspended") => {
            "Work goes on; call the hub's staff, who can let this institution in again."
        }
        Some("instance_revoked") => {
            "Nothing from here reaches anybody any more; call the hub's staff."
        }
        _ => "Work goes on.",
    }
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

/// A certificate renews itself from half of its life on; one that has not
/// long after is for the operator to look at.
fn certificate(status: &Status, zone: Zone, now: i64) -> String {
    let Some(days) = status.certificate_days else {
        return "cannot be read; the link recovers it within 15 minutes, `lapor-node recover` now"
            .into();
    };
    if days < 0 {
        let ago = counted(days.unsigned_abs(), "day");
        return format!("expired {ago} ago; the link recovers it with the identity key");
    }
    let left = counted(days as u64, "day");
    let renews = status.certificate_renews.unwrap_or_default();
    if renews > now {
        format!("{left} left; renews by itself on {}", zone.show(renews))
    } else if days < CERTIFICATE_DAYS {
        format!(
            "only {left} left; it has not been renewed since {}",
            zone.show(renews)
        )
    } else {
        format!("{left} left; renews by itself now")
    }
}

fn keys(status: &Status, now: i64) -> String {
    let mut parts = Vec::new();
    for use_for in ["signing", "sealing"] {
        let mut of_use = status.keys.iter().filter(|key| key.use_for == use_for);
        let current = of_use.clone().find(|key| key.state == KeyState::InForce);
        let age = match current {
            Some(key) if !key.held => "is not in the keys folder".into(),
            Some(key) => span(now - key.since.unwrap_or(now)) + " old",
            None => "not in force yet".into(),
        };
        let next = of_use.any(|key| key.state == KeyState::Announced);
        let next = if next { ", the next is announced" } else { "" };
        parts.push(format!("{use_for} {age}{next}"));
    }
    parts.join("; ")
}
