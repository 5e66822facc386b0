//! What ends something: another certificate, another key, another epoch.

use anyhow::{Context as _, Result, ensure};
use lapor_certs::{
    ChallengeResponse, Credential, Csr, RecoverRequest, RenewRequest, RenewResponse,
};
use lapor_certs::{TlsKey, TrustBundle};
use lapor_protocol::chain::{EpochGrant, EpochRequest};
use lapor_protocol::delivery::Cursor;
use lapor_protocol::keys::{CertifiedKey, KeyUse, Signer};
use lapor_protocol::problem::Code;
use lapor_protocol::wire::{DirectoryPage, EpochAnswer, OutboxAnswer};
use serde_json::{Value, json};

use super::batches::{accepted, opened};
use super::streams::{ack_of, end_of};
use super::{Stage, directory};
use crate::check::Check;
use crate::client::{Answered, Asked, Keys, Player, ask_on, connect};

/// How often a version of the directory is waited for.
const WAITS: usize = 4;

/// Requests of keys that nobody holds any more: sound ones of Ed25519, of P-384,
/// and of P-256 with as many names as make it longer than 4,096 bytes.
const OF_ED25519: &str = include_str!("requests/ed25519.txt");
const OF_P384: &str = include_str!("requests/p384.txt");
const LONG: &str = include_str!("requests/long.txt");

pub const CHECKS: [Check<Stage>; 4] = [
    Check {
        name: "renews a certificate, and lets the old one stand",
        keeps: &[
            "`/certificates/renew` takes `{csr}` over live mTLS and gives `{certificate, trust_bundle}`.",
            "A new bundle must keep a root that the node already trusts.",
            "An old certificate stays good until it expires.",
            "The TLS key is P-256 or Ed25519; of the certificate request, at most 4,096 bytes, only the key and the signature count.",
            "| POST `/certificates/renew` | 200 | |",
        ],
        run: |stage| Box::pin(renews(stage)),
    },
    Check {
        name: "recovers a certificate for the identity key, once by one challenge",
        keeps: &[
            "and gives what renewal gives.",
            "A nonce is good for five minutes, for one instance and for one certificate",
            "| `recovery.v1+json` | proof for a new certificate | identity key |",
        ],
        run: |stage| Box::pin(recovers(stage)),
    },
    Check {
        name: "takes a key that was announced from the next message on, and its predecessor no more",
        keeps: &[
            "The old key signs it.",
            "a batch is taken up to the announcement, and what is signed by a key that the hub does not know is refused with `key_unknown`.",
            "A batch may also be accepted in part **without** an exception, because it ends early behind a `key.announced`",
            "A key is valid for a message if `valid_from <= position <= valid_to`, positions compared by epoch, then by seq.",
            "A key ends when the next one of its use comes",
            "| 422 | `key_revoked` | `operator` | The key is not valid at this position |",
            "The key is a signing key that is valid at the next position of the recipient's chain, or at its head.",
        ],
        run: |stage| Box::pin(announces(stage)),
    },
    Check {
        name: "freezes a chain that forks until another epoch is open",
        keeps: &[
            "There must never be two different byte strings for one (author, epoch, seq): the hub answers `fork_detected` and freezes the chain.",
            "After `fork_detected` the hub accepts nothing of the chain until the next epoch is open.",
            "The grant closes the former epoch at its accepted head, which becomes `prev`:",
            "The same nonce gets the same grant again",
            "| 422 | `signature_invalid` | `operator` | The signature does not verify |",
            "| 409 | `sequence_gap` | `resync` | The batch does not start at the expected position |",
            "| 409 | `fork_detected` | `operator` | Two messages claim one position; the stream is frozen |",
            "| 409 | `epoch_closed` | `resync` | The epoch is closed |",
            "Only an `after` beyond the open epoch is refused (409 `sequence_gap`; `expected` is the hub's head)",
            "Messages of a closed epoch that are sent again get the receipts that are stored if they are the same, else `epoch_closed`.",
            "On a frozen chain what was accepted before still gets its receipts, and the first message beyond it is the exception.",
        ],
        run: |stage| Box::pin(forks(stage)),
    },
];

async fn lets_in(player: &Player, credential: Credential) -> Result<()> {
    let mut other = player.tls_with(&credential)?;
    other.alpn_protocols = vec![b"http/1.1".to_vec()];
    let mut wire = connect(&player.hub, other).await?;
    let answered = ask_on(&mut wire, &Asked::new("GET", "/outbox/head")).await?;
    answered.is_success().context("under the new certificate")?;
    player.head_at_hub().await.context("under the old one")?;
    Ok(())
}

/// That what was given is for this key, below roots that are known.
fn checked(player: &Player, given: &RenewResponse, key: TlsKey) -> Result<Credential> {
    let accepted = given.check(&player.id, &key.public(), &player.bundle)?;
    TrustBundle::from_pem(&given.trust_bundle)?;
    Ok(Credential::new(accepted.chain, key)?)
}

async fn renews(stage: &mut Stage) -> Result<()> {
    let (player, _) = stage.players();
    let key = TlsKey::generate();
    let request = serde_json::to_vec(&RenewRequest { csr: key.request() })?;
    let given = player.post("/certificates/renew", request).await?;
    let given: RenewResponse = given.taken()?;
    lets_in(player, checked(player, &given, key)?).await?;
    judges_requests(player).await
}

async fn judges_requests(player: &Player) -> Result<()> {
    let renew = async |csr: Value| {
        let asked = json!({ "csr": csr }).to_string();
        player.post("/certificates/renew", asked).await
    };
    let mut forged = TlsKey::generate().request().der().to_vec();
    if let Some(last) = forged.last_mut() {
        *last ^= 1;
    }
    for (what, csr) in [
        ("a key of another kind", json!(OF_P384.trim())),
        ("more than 4,096 bytes", json!(LONG.trim())),
        ("another signature", json!(Csr::from_der(&forged)?)),
    ] {
        let answered = renew(csr).await?;
        let refused = answered.refused()?;
        refused.with_context(|| format!("a request with {what} was certified"))?;
    }
    let ed25519: Csr = serde_json::from_value(json!(OF_ED25519.trim()))?;
    let given: RenewResponse = renew(json!(ed25519)).await?.taken()?;
    // The name that it states counts for nothing.
    given.check(&player.id, &ed25519.public_key()?, &player.bundle)?;
    Ok(())
}

async fn recovers(stage: &mut Stage) -> Result<()> {
    let door = stage.first.door.clone();
    let domain = &stage.first.answer.trust_domain;
    let player = &stage.first.player;
    let asked = json!({ "instance": player.id }).to_string();
    let challenge = door.post("/certificates/challenge", asked).await?;
    let challenge: ChallengeResponse = challenge.taken()?;
    let recover = async |key: &TlsKey| {
        let csr = key.request();
        let request = RecoverRequest::build(domain, &player.id, &challenge, csr, &player.identity);
        let body = serde_json::to_vec(&request)?;
        door.post("/certificates/recover", body).await
    };
    let key = TlsKey::generate();
    let given: RenewResponse = recover(&key).await?.taken()?;
    lets_in(player, checked(player, &given, key)?).await?;
    let again = recover(&TlsKey::generate()).await?;
    again.is_refused(Code::ChallengeInvalid)
}

/// Waits until the directory shows a key of the player.
async fn shows(player: &Player, key: &CertifiedKey) -> Result<()> {
    for _ in 0..WAITS {
        let directory = directory(player).await?;
        let entry = directory.latest().instance(&player.id).cloned();
        if entry.is_some_and(|entry| entry.has_key(&key.jwk.kid)) {
            return Ok(());
        }
        let path = format!("/directory?since={}&wait=25", directory.version());
        let _: DirectoryPage = player.get(&path).await?.taken()?;
    }
    anyhow::bail!("the directory does not show the key that was announced")
}

async fn announces(stage: &mut Stage) -> Result<()> {
    let (player, _) = stage.players();
    let next = Keys::drawn()?.signing;
    let mut from = player.head.next();
    from.seq += 1;
    let (identity, id) = (&player.identity, &player.id);
    let key = CertifiedKey::certify(identity, id, KeyUse::Signing, next.public(), from);
    let announcement = player.say("key.announced", None, json!({ "key": key }));
    let announced = player.head;
    let former = std::mem::replace(&mut player.signing, next);
    let (_, after) = player.report();
    let lines = [announcement.line(), after.line()];
    let answer: OutboxAnswer = player.push(&lines).await?.taken()?;
    ensure!(
        answer.head == announced && answer.exceptions.is_empty(),
        "the batch was taken up to {:?} with {} exceptions",
        answer.head,
        answer.exceptions.len()
    );
    shows(player, &key).await?;
    let end = end_of(player).await?;
    for (who, signer) in [
        ("by the former key, valid at the head", &former),
        ("by the key that comes next", &player.signing),
    ] {
        let answered = acknowledged(player, end, signer).await?;
        answered.is_success().context(who)?;
    }
    let ahead = std::mem::replace(&mut player.head, announced);
    let by_former = signed_by(player, former.clone());
    let answered = player.push(&[by_former]).await?;
    let ran_into = answered.ran_into()?;
    ensure!(
        ran_into == Some(Code::KeyRevoked),
        "the former key: {}",
        ran_into.map_or("accepted", Code::as_str)
    );
    player.head = ahead;
    accepted(player, &[&after]).await?;
    let late = acknowledged(player, end, &former).await?;
    late.refused()?
        .context("an acknowledgement by a key that has ended was taken")?;
    Ok(())
}

/// An acknowledgement of all up to the end of its inbox.
async fn acknowledged(player: &Player, end: Cursor, signer: &Signer) -> Result<Answered> {
    let ack = ack_of(player, end, end.dseq).sign(signer);
    player.post("/inbox/ack", ack.to_line()).await
}

/// The next message of the chain by another key; the chain stands still.
fn signed_by(player: &mut Player, signer: Signer) -> String {
    let head = player.head;
    let current = std::mem::replace(&mut player.signing, signer);
    let line = player.report().1.line();
    player.signing = current;
    player.head = head;
    line
}

async fn ran_into(player: &Player, lines: &[String]) -> Result<Option<Code>> {
    player.push(lines).await?.ran_into()
}

async fn forks(stage: &mut Stage) -> Result<()> {
    let (player, _) = stage.players();
    let before = player.head;
    let first = player.report().1;
    accepted(player, &[&first]).await?;
    let kept = player.head;
    let next = player.report().1;
    player.head = before;
    let other = player.report().1;
    player.head = kept;
    for (what, lines) in [
        ("another message at one place", vec![other.line()]),
        ("the next message after it", vec![next.line()]),
    ] {
        let code = ran_into(player, &lines).await?;
        ensure!(code == Some(Code::ForkDetected), "{what}: {code:?}");
    }
    let again: OutboxAnswer = player.push(&[first.line()]).await?.taken()?;
    ensure!(
        !opened(player, &again)?.is_empty(),
        "a frozen chain has no receipts"
    );
    let grant = open_epoch(player).await?;
    ensure!(
        (grant.epoch, grant.prev) == (kept.epoch + 1, kept.id),
        "the grant is of epoch {} after {}",
        grant.epoch,
        grant.prev
    );
    let again: OutboxAnswer = player.push(&[first.line()]).await?.taken()?;
    ensure!(
        !opened(player, &again)?.is_empty(),
        "a closed epoch has no receipts"
    );
    let code = ran_into(player, &[other.line()]).await?;
    ensure!(
        code == Some(Code::EpochClosed),
        "of a closed epoch: {code:?}"
    );
    player.head = grant.head();
    let fresh = player.report().1;
    accepted(player, &[&fresh]).await?;
    Ok(())
}

async fn open_epoch(player: &mut Player) -> Result<EpochGrant> {
    let mut nonce = [0; 16];
    player.entropy().fill(&mut nonce);
    let wish = EpochRequest {
        instance: player.id.clone(),
        after: player.head.epoch,
        nonce: hex::encode(nonce),
        keys: Vec::new(),
    };
    let post = async |wish: &EpochRequest, signer: &Signer| {
        player.post("/epochs", wish.sign(signer).to_line()).await
    };
    let refused = post(&wish, &player.signing).await?;
    refused
        .is_refused(Code::SignatureInvalid)
        .context("by the signing key")?;
    let beyond = EpochRequest {
        after: wish.after + 5,
        ..wish.clone()
    };
    let refused = post(&beyond, &player.identity).await?;
    refused
        .is_refused(Code::SequenceGap)
        .context("after an epoch that never was")?;
    let granted: EpochAnswer = post(&wish, &player.identity).await?.taken()?;
    let again: EpochAnswer = post(&wish, &player.identity).await?.taken()?;
    ensure!(granted == again, "the same nonce gets another grant");
    let key = player.hub_key(&granted.grant);
    let grant = EpochGrant::open(&granted.grant, &key.context("a grant of nobody")?)?;
    ensure!(grant.nonce == wish.nonce, "the grant of another request");
    Ok(grant)
}
