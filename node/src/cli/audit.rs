//! The audit log, for the operator.

use clap::Args as Arguments;

use super::print::{Zone, json, plain};
use super::{Failure, Out, Place};
use crate::audit::AuditQuery;

#[derive(Debug, Arguments)]
pub struct Args {
    /// Only what this one did: account:ID, token:NAME or cli:USER
    #[arg(
        long,
        value_name = "ACTOR",
        default_value = "",
        hide_default_value = true
    )]
    actor: String,
    /// Only this action, such as account.signed_in or case.disposed
    #[arg(
        long,
        value_name = "ACTION",
        default_value = "",
        hide_default_value = true
    )]
    action: String,
    /// Only what concerned this case
    #[arg(
        long,
        value_name = "CASE",
        default_value = "",
        hide_default_value = true
    )]
    case: String,
    /// Only entries before this number
    #[arg(long, value_name = "NUMBER")]
    before: Option<i64>,
    /// How many, at most
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    limit: u32,
    #[arg(long)]
    json: bool,
}

pub async fn read(place: &Place, args: &Args, out: Out<'_>) -> Result<(), Failure> {
    let node = place.node().await?;
    let query = AuditQuery {
        before: args.before,
        actor: &args.actor,
        action: &args.action,
        case: &args.case,
        limit: args.limit,
        ..AuditQuery::default()
    };
    let entries = node.audit_log(&query).await?;
    if args.json {
        return json(&entries, out);
    }
    let zone = Zone::of(&node);
    for entry in entries {
        let case = entry.case.unwrap_or_default();
        let line = format!(
            "{:>8} {} {} {} {case} {}",
            entry.number,
            zone.show(entry.at),
            entry.actor,
            entry.action,
            entry.detail
        );
        writeln!(out, "{}", plain(line.trim_end()))?;
    }
    Ok(())
}
