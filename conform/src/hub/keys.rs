//! Keys of an instance: how the directory shows them, how another one is
//! announced, and what an epoch brings.

use anyhow::{Context as _, Result, ensure};
use lapor_protocol::chain::{EpochGrant, EpochRequest};
use lapor_protocol::directory::InstanceEntry;
use lapor_protocol::dsse::{EPOCH_TYPE, Envelope};
use lapor_protocol::ids::{Digest, Position};
use lapor_protocol::keys::{CertifiedKey, KeyUse, Signer};
use lapor_protocol::page::Delivered;
use lapor_protocol::problem::Code;
use lapor_protocol::receipt::Stream;
use lapor_protocol::wire::{DirectoryPage, EpochAnswer};
use serde_json::{Value, json};

use super::batches::accepted;
use super::cases::ruled;
use super::{Stage, directory, whole_stream};
use crate::check::Check;
use crate::client::{Answered, Keys, Player};

pub const CHECKS: [Check<Stage>; 3] = [
    Check {
        name: "shows keys with exactly the members of the contract, each certified",
        keeps: &[
            "A public key is an RFC 8037 OKP JWK with exactly the members shown.",
            "`kid` is the RFC 7638 thumbprint: SHA-256 of `{\"crv\":\"…\",\"kty\":\"OKP\",\"x\":\"…\"}`, base64url.",
            "An identity key certifies another key by signing a statement (DSSE, type `application/vnd.lapor.key.v1+json`):",
            "In the directory the key stands with the statement as `cert`:",
            "`use` and `use_for` are `identity`, `signing` or `sealing`.",
            "| identity | Ed25519 | certifies the keys below",
            "| signing | Ed25519 | messages and acknowledgements |",
            "| sealing | X25519 | content keys are wrapped to it |",
            "| hub | Ed25519 | receipts, directory, heads, epoch grants |",
            "| `key.v1+json` | the certificate of a key | identity key |",
            "| `directory.v1+json` | a version of the directory | hub |",
            "| `identity?` | JWK |",
            "| `keys?` | certified keys, ended ones included |",
            "| `time_zone` | IANA name; its working days are counted there |",
            "| `id`, `kind`, `name`, `region?` | the instance |",
            "| kind of instance | `pusat`, `kementerian`",
            "`prev` is the envelope id of the version before, zeros for the first.",
        ],
        run: |stage| Box::pin(shows_keys(stage)),
    },
    Check {
        name: "rules an announced key by its certificate, its place, and whether it is new",
        keeps: &[
            "| `key.announced` | U `key_not_certified`, I `key_position`, I `key_taken` |",
            "| `key.announced` | any active instance |",
            "A new key must be new: one that the instance has or had, for whatever use, is refused (`key_taken` for an announcement, 400 `malformed_request` for an epoch).",
        ],
        run: |stage| Box::pin(announcements(stage)),
    },
    Check {
        name: "opens an epoch with new keys, and ends those before it",
        keeps: &[
            "It asks for another, signed by its identity key;",
            "| POST `/epochs` | 200 | a signed epoch request |",
            "| `epoch.v1+json` | a request for an epoch; the grant | identity key; hub |",
            "The new epoch is always the hub's open one plus 1, whatever `after` says: an instance that was restored may not know how many there were.",
            "another nonce closes one more epoch.",
            "Keys that are valid from another position are refused with 422 `key_unknown`: compare heads first.",
            "Two keys of one use are refused with 400 `malformed_request`.",
            "The first of a later epoch has seq 1 and the `prev` that the grant states.",
            "The instance then fetches from `GET /outbox` what the hub had accepted",
            "| GET `/outbox?epoch=&after=` | 200 NDJSON |",
            "That holds at seq 0 too, where `id` is the `prev` of the grant.",
            "`valid_to`, if present, is the last position at which the key is valid; the hub adds it, and the statement knows nothing of it.",
            "| `epochs?` | `{epoch, closed_at?}`, the last accepted seq of a closed epoch |",
            "An acknowledgement or an epoch request that is signed and whose payload cannot be read gets 400 `malformed_request`.",
            "| 422 | `key_unknown` | `operator` | The key is not in the directory |",
        ],
        run: |stage| Box::pin(epochs(stage)),
    },
];

const JWK: [&str; 4] = ["kty", "crv", "x", "kid"];
const BESIDE: [&str; 4] = ["use_for", "valid_from", "valid_to", "cert"];

/// Whether an object has these members, and no others but those beside them.
fn has_members(key: &Value, all: &[&str], beside: &[&str]) -> bool {
    let Some(members) = key.as_object() else {
        return false;
    };
    let known = |name: &String| all.contains(&name.as_str()) || beside.contains(&name.as_str());
    all.iter().all(|name| members.contains_key(*name)) && members.keys().all(known)
}

async fn shows_keys(stage: &mut Stage) -> Result<()> {
    let (player, _) = stage.players();
    // Reading it whole checks each version, its predecessor and every certificate.
    directory(player).await?;
    let page: DirectoryPage = player.get("/directory").await?.taken()?;
    for (number, envelope) in page.versions.iter().enumerate() {
        let stated: Value = serde_json::from_slice(&envelope.payload)?;
        let zeros = stated["prev"] == json!(Digest::ZERO);
        ensure!((number == 0) == zeros, "`prev` of version {}", number + 1);
        for key in stated["hub_keys"].as_array().into_iter().flatten() {
            ensure!(has_members(key, &JWK, &[]), "a key of the hub: {key}");
        }
        for entry in stated["changes"].as_array().into_iter().flatten() {
            is_shown_whole(entry)?;
        }
    }
    Ok(())
}

fn is_shown_whole(entry: &Value) -> Result<()> {
    let read: InstanceEntry = serde_json::from_value(entry.clone())?;
    let zone = read.time_zone.split_once('/');
    let named = zone.is_some_and(|(area, place)| !area.is_empty() && !place.is_empty());
    ensure!(named, "{} is in zone {:?}", read.id, read.time_zone);
    if let Some(identity) = entry.get("identity") {
        ensure!(has_members(identity, &JWK, &[]), "an identity: {identity}");
        ensure!(identity["crv"] == "Ed25519", "an identity: {identity}");
    }
    for key in entry["keys"].as_array().into_iter().flatten() {
        ensure!(has_members(key, &JWK, &BESIDE), "a key: {key}");
        let curve = match key["use_for"].as_str() {
            Some("signing") => "Ed25519",
            _ => "X25519",
        };
        ensure!(key["crv"] == curve, "a key of another curve: {key}");
    }
    Ok(())
}

fn behind(at: Position, by: u64) -> Position {
    Position {
        seq: at.seq + by,
        ..at
    }
}

/// How the announcement of a key is ruled.
async fn announced(player: &mut Player, key: &CertifiedKey) -> Result<String> {
    let said = player.say("key.announced", None, json!({ "key": key }));
    accepted(player, &[&said]).await?;
    let items = whole_stream(player, Stream::Inbox, 500).await?;
    let is_it = |one: &&Delivered| one.item.envelope_id == said.id();
    let found = items.iter().find(is_it);
    Ok(ruled(found.context("its author has no item")?))
}

async fn announcements(stage: &mut Stage) -> Result<()> {
    let (_, player) = stage.players();
    let fresh = Keys::drawn()?;
    let (signing, sealing) = (fresh.signing.public(), player.opener.public().clone());
    let id = player.id.clone();
    for (what, use_for, jwk, late, own, expected) in [
        (
            "another's certificate",
            KeyUse::Signing,
            &signing,
            1,
            false,
            "unauthorised key_not_certified",
        ),
        (
            "another place",
            KeyUse::Signing,
            &signing,
            7,
            true,
            "inapplicable key_position",
        ),
        (
            "a key that it has",
            KeyUse::Sealing,
            &sealing,
            1,
            true,
            "inapplicable key_taken",
        ),
    ] {
        let from = behind(player.head.next(), late);
        let identity = if own {
            &player.identity
        } else {
            &fresh.identity
        };
        let key = CertifiedKey::certify(identity, &id, use_for, jwk.clone(), from);
        let ruling = announced(player, &key).await?;
        ensure!(ruling == expected, "{what}: ruled `{ruling}`");
    }
    Ok(())
}

fn nonce(player: &mut Player) -> String {
    let mut drawn = [0; 16];
    player.entropy().fill(&mut drawn);
    hex::encode(drawn)
}

async fn post(player: &Player, wish: &EpochRequest) -> Result<Answered> {
    player
        .post("/epochs", wish.sign(&player.identity).to_line())
        .await
}

async fn granted(player: &Player, wish: &EpochRequest) -> Result<EpochGrant> {
    let answer: EpochAnswer = post(player, wish).await?.taken()?;
    let key = player.hub_key(&answer.grant);
    Ok(EpochGrant::open(
        &answer.grant,
        &key.context("a grant of nobody")?,
    )?)
}

/// A signing key of the player for a use, from a position on.
fn certified(player: &Player, signer: &Signer, from: Position) -> CertifiedKey {
    CertifiedKey::certify(
        &player.identity,
        &player.id,
        KeyUse::Signing,
        signer.public(),
        from,
    )
}

async fn epochs(stage: &mut Stage) -> Result<()> {
    let (_, player) = stage.players();
    let mute = Envelope::sign(EPOCH_TYPE, b"{}".to_vec(), &player.identity);
    let answered = player.post("/epochs", mute.to_line()).await?;
    answered
        .is_refused(Code::MalformedRequest)
        .context("of no field")?;
    let closed = player.head;
    let first = Position {
        epoch: closed.epoch + 1,
        seq: 1,
    };
    let [next, other] = [Keys::drawn()?.signing, Keys::drawn()?.signing];
    let wish = EpochRequest {
        instance: player.id.clone(),
        after: closed.epoch,
        nonce: nonce(player),
        keys: vec![certified(player, &next, first)],
    };
    refuses_keys(player, &wish, &other, first).await?;
    let grant = granted(player, &wish).await?;
    ensure!(
        (grant.epoch, grant.prev) == (first.epoch, closed.id),
        "epoch {} after {}",
        grant.epoch,
        grant.prev
    );
    let head = player.head_at_hub().await?;
    ensure!(head == grant.head(), "the head is {head:?}");
    let entry = directory(player)
        .await?
        .latest()
        .instance(&player.id)
        .cloned();
    let entry = entry.context("the directory lacks who has joined")?;
    let ended = entry
        .keys
        .iter()
        .find(|key| key.jwk.kid == *player.signing.kid());
    let ended = ended.context("a key that has ended is not shown")?.valid_to;
    ensure!(
        ended == Some(closed.position()),
        "the former key ends at {ended:?}"
    );
    let shown = entry.epochs.iter().find(|one| one.epoch == closed.epoch);
    let at = shown.and_then(|one| one.closed_at);
    ensure!(
        at == Some(closed.seq),
        "the former epoch is closed at {at:?}"
    );
    let path = format!("/outbox?epoch={}&after={}", closed.epoch, closed.seq - 1);
    let last = player.get(&path).await?;
    last.is_success()?;
    let line = Envelope::parse(last.body.trim_ascii()).context("a line of a closed epoch")?;
    ensure!(
        line.id() == closed.id,
        "another last message of the closed epoch"
    );
    player.signing = next;
    player.head = grant.head();
    let report = player.report().1;
    accepted(player, &[&report]).await?;
    let again = EpochRequest {
        after: 1,
        nonce: nonce(player),
        keys: Vec::new(),
        ..wish
    };
    let one_more = granted(player, &again).await?;
    ensure!(
        (one_more.epoch, one_more.prev) == (first.epoch + 1, player.head.id),
        "another nonce, and epoch {}",
        one_more.epoch
    );
    player.head = one_more.head();
    Ok(())
}

async fn refuses_keys(
    player: &Player,
    wish: &EpochRequest,
    other: &Signer,
    first: Position,
) -> Result<()> {
    let own = certified(player, &player.signing, first);
    let sound = wish.keys[0].clone();
    let elsewhere = certified(player, other, behind(first, 1));
    let twice = vec![sound, certified(player, other, first)];
    for (what, keys, code) in [
        ("another position", vec![elsewhere], Code::KeyUnknown),
        ("two of one use", twice, Code::MalformedRequest),
        ("a key that it has", vec![own], Code::MalformedRequest),
    ] {
        let wish = EpochRequest {
            keys,
            ..wish.clone()
        };
        let answered = post(player, &wish).await?;
        answered.is_refused(code).context(what)?;
    }
    Ok(())
}
