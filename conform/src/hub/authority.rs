//! Whom an institution may dispose to, asked of every institution that the
//! directory names.

use anyhow::{Context as _, Result, ensure};
use lapor_protocol::directory::InstanceEntry;
use lapor_protocol::limits::BATCH_ENVELOPES;
use serde_json::{Value, json};

use super::batches::accepted;
use super::cases::ruled;
use super::{Stage, covers, directory, items_of};
use crate::check::Check;
use crate::client::Said;

pub const CHECKS: [Check<Stage>; 1] = [Check {
    name: "draws authority as the patterns of the directory draw it",
    keeps: &[
        "| pattern (authority) | `*`, `slug:NAME`, `slug:PREFIX*`, `kind:KIND`, `region:CODE` (exactly that), `region:CODE.*` (below it, itself not included) |",
        "| `disposes_to?` | patterns: its authority |",
    ],
    run: |stage| Box::pin(draws(stage)),
}];

/// The case is archived: no disposition is applied there, and nobody else is told of one.
async fn draws(stage: &mut Stage) -> Result<()> {
    let (player, _) = stage.players();
    let whole = directory(player).await?;
    let named: Vec<InstanceEntry> = whole.latest().instances().cloned().collect();
    let own = whole.latest().instance(&player.id).cloned();
    let own = own.context("the directory lacks who has joined")?;
    let (case, report) = player.report();
    let term = json!({ "author": player.id, "id": report.payload["id"] });
    let mut act = |kind: &str, body: Value| {
        let mut payload = player.payload(kind, Some(case), body);
        payload["term"] = term.clone();
        player.tell(&payload)
    };
    let archived = act("case.archived", json!({ "reason": "other" }));
    let named = &named[..named.len().min(BATCH_ENVELOPES / 2)];
    let disposals: Vec<Said> = named
        .iter()
        .map(|entry| act("case.disposed", json!({ "target": entry.id })))
        .collect();
    let mut all = vec![&report, &archived];
    all.extend(&disposals);
    accepted(player, &all).await?;
    let items = items_of(player, case).await?;
    for (entry, said) in named.iter().zip(&disposals) {
        let found = items.iter().find(|one| one.item.envelope_id == said.id());
        let ruled = ruled(found.context("its author has no item")?);
        let expected = if covers(&own, entry) {
            "inapplicable not_open"
        } else {
            "unauthorised outside_authority"
        };
        ensure!(
            ruled == expected,
            "{} disposes to {} in an archived case: ruled `{ruled}`, expected `{expected}`",
            own.id,
            entry.id
        );
    }
    Ok(())
}
