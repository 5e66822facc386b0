//! Content keys at the hub: which wraps it keeps, and what it forgets.

use anyhow::{Context as _, Result, ensure};
use lapor_protocol::keys::KeyId;
use lapor_protocol::problem::Code;
use lapor_protocol::seal::Wrap;
use lapor_protocol::wire::CaseKeys;
use serde_json::json;

use super::Stage;
use super::batches::{accepted, accepted_lines};
use super::cases::{Filed, filed, with_wraps, wrapped};
use crate::check::Check;
use crate::client::{Answered, Asked, Player};

pub const CHECKS: [Check<Stage>; 2] = [
    Check {
        name: "drops a wrap that is not for a party, or not to a key of its recipient",
        keeps: &[
            "It drops the others without a word, and cannot tell more: only the recipient knows a good wrap from a bad one.",
            "`PUT` takes the same form without `missing`, at most 64 wraps, of the case in the path; it keeps those for parties, by the same measure as beside a message, and passes over the others.",
            "Wraps are never part of a payload.",
        ],
        run: |stage| Box::pin(drops(stage)),
    },
    Check {
        name: "keeps no key of a case that was redacted",
        keeps: &[
            "After a redaction nothing is kept and nobody is `missing`:",
            "| `case.redacted` | origin, national desk | `reason` | | once | the content key and all words are to be forgotten |",
        ],
        run: |stage| Box::pin(forgets(stage)),
    },
];

fn path(filed: &Filed) -> String {
    format!("/cases/{}/keys", filed.case)
}

async fn put(player: &Player, filed: &Filed, wraps: &[Wrap]) -> Result<Answered> {
    let keys = json!({ "case": filed.case, "wraps": wraps }).to_string();
    let asked = Asked::new("PUT", &path(filed)).body("application/json", keys);
    player.ask(&asked).await
}

async fn kept(player: &Player, filed: &Filed) -> Result<CaseKeys> {
    player.get(&path(filed)).await?.taken()
}

async fn drops(stage: &mut Stage) -> Result<()> {
    let (player, other) = stage.players();
    let filed = filed(player, json!(null))?;
    let id = player.id.clone();
    let own = wrapped(player, &filed, &id).await?;
    let theirs = wrapped(player, &filed, &other.id).await?;
    let elsewhere = Wrap {
        kid: KeyId::from_text("nobody"),
        ..own.clone()
    };
    let line = with_wraps(&filed.report, &[&theirs, &elsewhere]);
    accepted_lines(player, &[line], &[&filed.report]).await?;
    let answered = put(player, &filed, &[theirs.clone(), elsewhere]).await?;
    answered
        .is_success()
        .context("a wrap for who is no party")?;
    let none = kept(player, &filed).await?;
    ensure!(none.wraps.is_empty(), "a wrap to a key of nobody is kept");
    ensure!(
        none.missing.contains(&id),
        "`missing` is {:?}",
        none.missing
    );
    let answered = other.get(&path(&filed)).await?;
    answered
        .is_refused(Code::CaseUnknown)
        .context("who is no party has a wrap")?;
    let many = vec![own.clone(); 65];
    let answered = put(player, &filed, &many).await?;
    answered
        .is_refused(Code::MalformedRequest)
        .context("65 wraps")?;
    let another = Filed {
        case: player.new_case(),
        key: filed.key.clone(),
        report: filed.report.clone(),
    };
    let keys = json!({ "case": another.case, "wraps": [own] }).to_string();
    let asked = Asked::new("PUT", &path(&filed)).body("application/json", keys);
    let answered = player.ask(&asked).await?;
    answered
        .is_refused(Code::MalformedRequest)
        .context("another case than in the path")
}

async fn forgets(stage: &mut Stage) -> Result<()> {
    let (player, _) = stage.players();
    let filed = filed(player, json!(null))?;
    let id = player.id.clone();
    let own = wrapped(player, &filed, &id).await?;
    let line = with_wraps(&filed.report, &[&own]);
    accepted_lines(player, &[line], &[&filed.report]).await?;
    let before = kept(player, &filed).await?;
    ensure!(
        before.wraps == [own.clone()],
        "the wrap beside the report is not kept"
    );
    let reason = json!({ "reason": "reporter_request" });
    let redaction = player.say("case.redacted", Some(filed.case), reason);
    accepted(player, &[&redaction]).await?;
    let answered = put(player, &filed, &[own]).await?;
    answered.is_success()?;
    let after = kept(player, &filed).await?;
    ensure!(
        after.wraps.is_empty() && after.missing.is_empty(),
        "{} wraps, and `missing` is {:?}",
        after.wraps.len(),
        after.missing
    );
    Ok(())
}
