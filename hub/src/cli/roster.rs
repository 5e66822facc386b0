//! The directory for the operator's eyes and scripts.

use lapor_protocol::directory::InstanceEntry;
use lapor_protocol::ids::{Digest, InstanceId, Position};
use lapor_protocol::wire::Health;
use lapor_web::clock::instant;
use serde::Serialize;

use super::{Failure, Out, exit};
use crate::ground::Ground;
use crate::membership::{fingerprint, status_text};
use crate::store;

#[derive(Debug, Serialize)]
struct Listed<'a> {
    id: &'a InstanceId,
    kind: &'static str,
    status: &'static str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
    /// Whether two messages have claimed one position of its chain.
    frozen: bool,
}

#[derive(Debug, Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    entry: &'a InstanceEntry,
    /// SHA-256 of the identity key, to compare with what the node shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    identity_fingerprint: Option<String>,
    /// Last accepted message.
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<Position>,
    frozen: bool,
    /// Unix ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_expires: Option<i64>,
    /// Unix ms; when the node last reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    reported_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    health: Option<Health>,
}

pub async fn list(ground: &Ground, json: bool, out: &mut Out<'_>) -> Result<(), Failure> {
    let directory = ground.directory.current();
    let world = directory.latest();
    let mut tx = ground.db.read().await?;
    let frozen = store::chains::frozen(&mut tx).await?;
    tx.rollback().await?;
    let listed: Vec<Listed<'_>> = world
        .instances()
        .map(|entry| listed(entry, frozen.contains(&entry.id)))
        .collect();
    if json {
        let text = serde_json::to_string_pretty(&listed).unwrap_or_default();
        writeln!(out.answer, "{text}")?;
        return Ok(());
    }
    let width = listed.iter().map(|row| row.id.as_str().len()).max();
    let width = width.unwrap_or(4);
    for row in &listed {
        let (id, kind, status) = (row.id.as_str(), row.kind, row.status);
        writeln!(
            out.answer,
            "{id:width$}  {kind:11}  {status:10}  {}{}",
            row.name,
            if row.frozen { "  FROZEN" } else { "" }
        )?;
    }
    if !frozen.is_empty() {
        writeln!(
            out.explanation,
            "ALARM: two messages have claimed one position of a chain that is FROZEN, and the hub takes no more of it. Two copies of that node may be at work: ask its staff; one that is sound opens an epoch by itself and goes on."
        )?;
    }
    if listed.is_empty() {
        writeln!(
            out.explanation,
            "nobody yet; begin with `lapor-hub instance invite pusat --kind pusat`"
        )?;
    }
    Ok(())
}

pub async fn show(
    ground: &Ground,
    slug: &InstanceId,
    json: bool,
    out: &mut Out<'_>,
) -> Result<(), Failure> {
    let directory = ground.directory.current();
    let entry = directory.latest().instance(slug).ok_or_else(|| {
        let message = format!("{slug} is not in the directory; see `lapor-hub instance list`");
        Failure::new(exit::NOT_FOUND, message)
    })?;
    let mut tx = ground.db.read().await?;
    let chain = store::chains::one(&mut tx, slug).await?;
    let report = store::reports::latest(&mut tx, slug).await?;
    let shown = Shown {
        entry,
        identity_fingerprint: fingerprint(entry).map(Digest::to_hex),
        head: chain.as_ref().map(|chain| chain.head.position()),
        frozen: chain.is_some_and(|chain| chain.frozen),
        certificate_expires: store::joining::not_after(&mut tx, slug).await?,
        reported_at: report.as_ref().map(|report| report.at),
        health: report.and_then(|report| serde_json::from_str(&report.text).ok()),
    };
    if json {
        let text = serde_json::to_string_pretty(&shown).unwrap_or_default();
        writeln!(out.answer, "{text}")?;
    } else {
        print(&shown, out)?;
    }
    Ok(())
}

fn print(shown: &Shown<'_>, out: &mut Out<'_>) -> Result<(), Failure> {
    let entry = shown.entry;
    let patterns: Vec<String> = entry.disposes_to.iter().map(ToString::to_string).collect();
    let terms: Vec<String> = entry.terms.iter().map(ToString::to_string).collect();
    let keys: Vec<String> = entry
        .keys
        .iter()
        .map(|key| {
            let until = key
                .valid_to
                .map_or_else(String::new, |p| format!(" to {p}"));
            let use_for = store::code_of(&key.use_for);
            format!("{use_for} {} from {}{until}", key.jwk.kid, key.valid_from)
        })
        .collect();
    let days = |at: i64| (at - shown.reported_at.unwrap_or(at)) / 86_400_000;
    let rows = [
        ("name", Some(entry.name.clone())),
        ("kind", Some(entry.kind.to_string())),
        ("status", Some(status_text(entry.status).to_owned())),
        (
            "region",
            entry.region.as_ref().map(|r| r.as_str().to_owned()),
        ),
        (
            "disposes to",
            (!patterns.is_empty()).then(|| patterns.join(" ")),
        ),
        ("time zone", Some(entry.time_zone.clone())),
        ("portal", entry.portal.clone()),
        ("terms", (!terms.is_empty()).then(|| terms.join(" "))),
        ("identity", shown.identity_fingerprint.clone()),
        ("last report", shown.reported_at.map(instant)),
        ("head", shown.head.map(|head| head.to_string())),
        (
            "frozen",
            shown.frozen.then(|| {
                "two messages claimed one position; see Alarms in docs/operations.md".to_owned()
            }),
        ),
        (
            "unsent",
            shown
                .health
                .as_ref()
                .map(|health| health.unsent.to_string()),
        ),
        (
            "certificate",
            shown.certificate_expires.map(|at| match shown.reported_at {
                Some(_) => format!(
                    "{} days left at its last report, ends on {}",
                    days(at),
                    instant(at)
                ),
                None => format!("ends on {}", instant(at)),
            }),
        ),
    ];
    writeln!(out.answer, "{}", entry.id)?;
    for (label, value) in rows {
        if let Some(value) = value {
            writeln!(out.answer, "  {label:12} {value}")?;
        }
    }
    for key in keys {
        writeln!(out.answer, "  {:12} {key}", "key")?;
    }
    Ok(())
}

fn listed(entry: &InstanceEntry, frozen: bool) -> Listed<'_> {
    Listed {
        id: &entry.id,
        kind: entry.kind.as_str(),
        status: status_text(entry.status),
        name: &entry.name,
        region: entry
            .region
            .as_ref()
            .map(lapor_protocol::region::RegionCode::as_str),
        frozen,
    }
}
