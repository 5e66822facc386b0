//! Content keys at the hub: which wraps it keeps, and what it forgets.

use anyhow::{Context as _, Result, ensure};
use lapor_protocol::ids::MessageId;
use lapor_protocol::keys::KeyId;
use lapor_protocol::problem::Code;
use lapor_protocol::seal::{ContentKey, Subject, Wrap};
use lapor_protocol::wire::CaseKeys;
use serde_json::{Value, json};

use super::batches::{accepted, accepted_lines};
use super::cases::{Filed, file_and_dispose, filed, with_wraps, wrapped, wrapped_about};
use super::{Stage, items_of};
use crate::check::Check;
use crate::client::{Answered, Asked, Player, Said};

pub const CHECKS: [Check<Stage>; 3] = [
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
    Check {
        name: "keeps a wrap for what its message is about: the target of a link, a child, an identity",
        keeps: &[
            "A wrap's subject follows from the message: the case of the header, the target case for `case.linked`, the child for `case.split`, the identity for `identity.disclosed`.",
        ],
        run: |stage| Box::pin(follows_the_message(stage)),
    },
];

const DAY_MS: i64 = 86_400_000;

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

async fn follows_the_message(stage: &mut Stage) -> Result<()> {
    splits(stage).await?;
    links(stage).await?;
    discloses(stage).await
}

/// A report by a clock that lags: its case is filed when it says.
fn filed_before(player: &mut Player) -> Filed {
    let (case, key) = (player.new_case(), ContentKey::generate(player.entropy()));
    let body = json!({
        "classification": "complaint", "channel": "web", "commitment": key.commitment(),
    });
    let mut payload = player.payload("report.filed", Some(case), body);
    payload["created_at"] = json!(player.now_ms - DAY_MS);
    let report = player.tell(&payload);
    Filed { case, key, report }
}

/// An act of a custodian, upon the report.
fn act(player: &mut Player, filed: &Filed, kind: &str, body: Value) -> Said {
    let mut payload = player.payload(kind, Some(filed.case), body);
    payload["term"] = filed.term();
    player.tell(&payload)
}

/// That the wrap is kept for the one case, and for the other not.
async fn is_kept_for(
    player: &Player,
    wrap: &Wrap,
    [about, other]: [&Filed; 2],
    what: &str,
) -> Result<()> {
    let here = kept(player, about).await?.wraps;
    ensure!(
        here == [wrap.clone()],
        "{what}: {} wraps are kept for the case that the message is about",
        here.len()
    );
    let there = kept(player, other).await?.wraps;
    ensure!(
        there.is_empty(),
        "{what}: {} wraps are kept for the case of the header",
        there.len()
    );
    Ok(())
}

async fn splits(stage: &mut Stage) -> Result<()> {
    let (player, _) = stage.players();
    let parent = filed_before(player);
    let child = Filed {
        case: player.new_case(),
        key: ContentKey::generate(player.entropy()),
        report: parent.report.clone(),
    };
    let id = player.id.clone();
    let wrap = wrapped(player, &child, &id).await?;
    let sealed = json!({ "nonce": "A".repeat(32), "ciphertext": "A".repeat(64) });
    let inherits = json!({
        "origin": id, "stack": [], "copies": [], "supervisors": [], "excluded": [],
        "anonymous": false, "secret": false, "channel": "web", "escalated": false,
        "filed_at": parent.report.payload["created_at"],
    });
    let body = json!({
        "child": child.case, "commitment": child.key.commitment(), "child_key": sealed,
        "classification": "complaint", "inherits": inherits,
    });
    let split = act(player, &parent, "case.split", body);
    let lines = [parent.report.line(), with_wraps(&split, &[&wrap])];
    accepted_lines(player, &lines, &[&parent.report, &split]).await?;
    is_kept_for(player, &wrap, [&child, &parent], "a split").await
}

async fn links(stage: &mut Stage) -> Result<()> {
    let (player, _) = stage.players();
    let (source, target) = (filed_before(player), filed_before(player));
    accepted(player, &[&source.report, &target.report]).await?;
    let id = player.id.clone();
    let wrap = wrapped(player, &target, &id).await?;
    let body = json!({ "target_case": target.case, "origin": id });
    let link = act(player, &source, "case.linked", body);
    accepted_lines(player, &[with_wraps(&link, &[&wrap])], &[&link]).await?;
    is_kept_for(player, &wrap, [&target, &source], "a link").await
}

async fn discloses(stage: &mut Stage) -> Result<()> {
    let (filed, disposal) = file_and_dispose(stage).await?;
    let (player, other) = stage.players();
    let purpose = json!({ "purpose": "contact" });
    let mut request = other.payload("identity.requested", Some(filed.case), purpose);
    request["term"] = json!({ "author": player.id, "id": disposal.payload["id"] });
    let request = other.tell(&request);
    accepted(other, &[&request]).await?;
    let key = ContentKey::generate(player.entropy());
    let body = json!({
        "request": request.payload["id"], "requester": other.id, "commitment": key.commitment(),
    });
    let disclosed = player.say("identity.disclosed", Some(filed.case), body);
    let id: MessageId = serde_json::from_value(disclosed.payload["id"].clone())?;
    let wrap = wrapped_about(player, Subject::Identity(id), &key, &other.id).await?;
    let line = with_wraps(&disclosed, &[&wrap]);
    accepted_lines(player, &[line], &[&disclosed]).await?;
    let items = items_of(other, filed.case).await?;
    let found = items
        .iter()
        .find(|one| one.item.envelope_id == disclosed.id());
    let found = found.context("who asked for an identity has no item of it")?;
    ensure!(
        found.wraps.contains(&wrap),
        "the wrap of an identity is not beside its message"
    );
    let of_case = kept(other, &filed).await?.wraps;
    ensure!(
        !of_case.contains(&wrap),
        "the wrap of an identity is among those of the case"
    );
    Ok(())
}
