//! Messages that have one signature together: what is taken, told and refused of them.

use anyhow::{Context as _, Result, ensure};
use lapor_protocol::ids::{Digest, EnvelopeId};
use lapor_protocol::limits::SIGNED_TOGETHER;
use lapor_protocol::problem::Code;
use lapor_protocol::together::TreePlace;
use lapor_protocol::wire::{NDJSON, OutboxAnswer};
use serde_json::json;

use super::batches::{accepted, is_exception};
use super::cases::{disposed, filed};
use super::streams::{ack_of, end_of};
use super::{Stage, items_of};
use crate::check::{Check, signed_together};
use crate::client::{Asked, Player, Said, in_tree};

pub const CHECKS: [Check<Stage>; 3] = [
    Check {
        name: "takes messages that are signed together, wherever each of them stands",
        keeps: signed_together![
            "This is the message above under another signature, and its id is the same.",
            "| `SIGNED_TOGETHER` | 256 | messages that may have one signature together |"
        ],
        run: |stage| Box::pin(takes(stage)),
    },
    Check {
        name: "refuses what has no place in a tree that was signed",
        keeps: &[
            "`size` is 2 to `SIGNED_TOGETHER`, the index is below it, and the path has as many hashes as that leaf has in a tree of that size; an envelope with another `tree` cannot be read.",
            "To verify, climb from the id along the path to a root and verify `sig` over size and root: a place that does not hold is a wrong signature.",
            "Only messages are signed together; beside anything else `tree` is a wrong signature.",
            "Who has verified `sig` for one of them need not do it again for another that leads to the same root by the same key, size and `sig`.",
        ],
        run: |stage| Box::pin(refuses(stage)),
    },
    Check {
        name: "delivers what is signed together as it came",
        keeps: &[
            "The order of members and the white space between them are the sender's: whoever stores or passes on a line keeps it as it came.",
            "the exact line, without a line break; for the author and those who were sent it",
        ],
        run: |stage| Box::pin(delivers(stage)),
    },
];

/// The message as a leaf of this tree.
fn placed(player: &Player, said: &Said, index: usize, leaves: &[EnvelopeId]) -> Said {
    Said {
        envelope: in_tree(&said.envelope, index, leaves, &player.signing),
        payload: said.payload.clone(),
    }
}

/// These messages under one signature, in the order of its leaves.
fn together(player: &Player, said: &[&Said]) -> Vec<Said> {
    let leaves: Vec<EnvelopeId> = said.iter().map(|one| one.id()).collect();
    let of_each = said.iter().enumerate();
    of_each
        .map(|(index, one)| placed(player, one, index, &leaves))
        .collect()
}

/// Leaves of which nobody sees the message.
fn others(count: usize) -> Vec<EnvelopeId> {
    (0..count).map(|n| Digest::of(&n.to_be_bytes())).collect()
}

async fn takes(stage: &mut Stage) -> Result<()> {
    let (player, _) = stage.players();
    let before = player.head.seq;
    let (one, alone) = (player.report().1, player.report().1);
    let middle = player.head;
    let (two, three) = (player.report().1, player.report().1);
    let end = player.head;
    let signed = together(player, &[&two, &one, &three]);
    player.head = middle;
    accepted(player, &[&signed[1], &alone]).await?;
    player.head = end;
    accepted(player, &[&signed[0], &signed[2]]).await?;
    let last = player.report().1;
    let mut leaves = others(SIGNED_TOGETHER);
    leaves[SIGNED_TOGETHER - 1] = last.id();
    let large = placed(player, &last, SIGNED_TOGETHER - 1, &leaves);
    accepted(player, &[&large]).await?;

    let otherwise: OutboxAnswer = player.push(&[one.line()]).await?.taken()?;
    ensure!(
        otherwise.exceptions.is_empty() && !otherwise.receipts.is_empty(),
        "a message that is sent again under another signature is not the same"
    );
    let sent = [&signed[1], &alone, &signed[0], &signed[2], &large];
    let sent: Vec<String> = sent.iter().map(|one| one.envelope.to_line()).collect();
    let path = format!("/outbox?epoch=1&after={before}");
    let own = player.get(&path).await?;
    own.is_success()?;
    let text = String::from_utf8_lossy(&own.body);
    let held: Vec<&str> = text.lines().collect();
    ensure!(held == sent, "other lines than those that were sent");
    Ok(())
}

async fn refuses(stage: &mut Stage) -> Result<()> {
    let (player, _) = stage.players();
    let case = player.new_case();
    let note = player.payload("case.noted", Some(case), json!({}));
    let alone = player.sign(&note);
    let leaves = [alone.id(), Digest::of(b"two"), Digest::of(b"three")];
    let sound = placed(player, &alone, 0, &leaves);
    for (what, said) in misplaced(&sound, &alone) {
        is_exception(player, &said.line(), Code::SignatureInvalid)
            .await
            .context(what)?;
    }
    for (what, line) in unreadable(player, &sound) {
        let batch = Asked::new("POST", "/outbox").body(NDJSON, line);
        let answered = player.ask(&batch).await?;
        answered.is_refused(Code::MalformedBatch).context(what)?;
    }
    // A sound one comes first, so that the head of its tree is known.
    let first = player.tell(&note);
    let first = placed(player, &first, 0, &leaves);
    let next = player.payload("case.noted", Some(case), json!({}));
    let mut other = player.sign(&next);
    other.envelope.signature = first.envelope.signature;
    other.envelope.tree.clone_from(&first.envelope.tree);
    let answered = player.push(&[first.line(), other.line()]).await?;
    let ran_into = answered.ran_into()?;
    ensure!(
        ran_into == Some(Code::SignatureInvalid),
        "behind another one of its tree it ran into {ran_into:?}"
    );
    let answer: OutboxAnswer = answered.taken()?;
    ensure!(answer.head == player.head, "the sound one was not taken");
    let end = end_of(player).await?;
    let ack = ack_of(player, end, end.dseq).sign(&player.signing);
    let ack = in_tree(&ack, 0, &[ack.id(), Digest::of(b"two")], &player.signing);
    let answered = player.post("/inbox/ack", ack.to_line()).await?;
    answered.is_refused(Code::SignatureInvalid)
}

/// Messages with a place from which nothing leads to what was signed.
fn misplaced(sound: &Said, alone: &Said) -> [(&'static str, Said); 5] {
    let at = |change: fn(&mut TreePlace)| {
        let mut other = sound.clone();
        other.envelope.tree.iter_mut().for_each(change);
        other
    };
    let (mut added, mut taken) = (alone.clone(), sound.clone());
    added.envelope.tree.clone_from(&sound.envelope.tree);
    taken.envelope.tree = None;
    [
        (
            "a hash of the path changed",
            at(|place| place.path[1] = Digest::of(b"four")),
        ),
        ("the place of its neighbour", at(|place| place.index = 1)),
        ("a tree of another size", at(|place| place.size = 4)),
        ("signed alone, with a place", added),
        ("signed together, without its place", taken),
    ]
}

/// Lines whose `tree` is no place in a tree; nothing else is wrong with them.
fn unreadable(player: &Player, sound: &Said) -> Vec<(&'static str, String)> {
    let id = sound.id();
    let mut many = others(SIGNED_TOGETHER + 1);
    many[0] = id;
    let at = |change: fn(&mut TreePlace)| {
        let mut other = sound.clone();
        other.envelope.tree.iter_mut().for_each(change);
        other.line()
    };
    let text = sound.envelope.tree.as_ref().map(TreePlace::to_text);
    let member = format!("\"tree\":\"{}\"", text.unwrap_or_default());
    let stated = |tree: &str| {
        sound
            .line()
            .replacen(&member, &format!("\"tree\":{tree}"), 1)
    };
    vec![
        ("a tree of one", placed(player, sound, 0, &[id]).line()),
        ("a tree of 257", placed(player, sound, 0, &many).line()),
        ("a place behind the last one", at(|place| place.index = 3)),
        (
            "a path that is too long",
            at(|place| place.path.push(Digest::ZERO)),
        ),
        (
            "a path that is too short",
            at(|place| place.path.truncate(1)),
        ),
        ("an empty place", stated("\"\"")),
        ("a place that is null", stated("null")),
        ("a place in no base64", stated("\"?\"")),
        ("a place twice", stated(&format!("\"AAAA\",{member}"))),
    ]
}

async fn delivers(stage: &mut Stage) -> Result<()> {
    stage.may_dispose().await?;
    let (player, other) = stage.players();
    let filed = filed(player, json!(null))?;
    let disposal = disposed(player, &filed, &other.id)?;
    let both = together(player, &[&filed.report, &disposal]);
    accepted(player, &[&both[0], &both[1]]).await?;
    let items = items_of(other, filed.case).await?;
    let told: Vec<_> = items.iter().map(|one| one.line.as_deref()).collect();
    let sent: Vec<String> = both.iter().map(|one| one.envelope.to_line()).collect();
    let expected: Vec<_> = sent.iter().map(|line| Some(line.as_str())).collect();
    ensure!(told == expected, "other lines than those that were sent");
    for (said, line) in both.iter().zip(&sent) {
        let one = other.get(&format!("/envelopes/{}", said.id())).await?;
        one.is_success()?;
        ensure!(one.body == line.as_bytes(), "another line by its id");
    }
    Ok(())
}
