//! What a node must have done by the end of a run.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::Digest;
use lapor_protocol::keys::Verifier;
use lapor_protocol::message::{Header, Message};
use lapor_protocol::seal::{Context, Sealed, Subject, Wrap, open_words};
use lapor_protocol::wire::{BOOT_HEADER, Health, SEEN_HEADER, VERSION, VERSION_HEADER};
use serde_json::Value;

use super::hub::PlayedHub;
use super::seen::{Batch, Call, Seen, Treated};
use super::world::World;
use crate::check::{Check, Untried};

pub struct Stage {
    pub(super) hub: Arc<PlayedHub>,
}

macro_rules! look {
    ($check:path) => {
        |stage| Box::pin(async move { stage.hub.look($check) })
    };
}

pub const CHECKS: [Check<Stage>; 12] = [
    Check {
        name: "joins by proving all of its keys",
        keeps: &[
            "The node makes its four keys, connects to `enrol`, and posts to `/federation/v1/enrol`.",
            "The statement (`enrolment.v1+json`) is `{instance, secret_hash, csr, identity, signing, sealing}`: SHA-256 of the secret's 32 bytes, SHA-256 of the request's DER, and three key ids.",
            "| `signing`, `sealing` | certified keys, valid from epoch 1, seq 1 |",
            "| `proof`, `signing_proof` | one statement, signed by the identity key and by the signing key |",
            "The TLS key is P-256 or Ed25519; of the certificate request, at most 4,096 bytes, only the key and the signature count.",
        ],
        run: look!(joins),
    },
    Check {
        name: "states the version in every request",
        keeps: &["Every request and every answer carries `Lapor-Version: 1`"],
        run: look!(versions),
    },
    Check {
        name: "asks for the directory from version 1",
        keeps: &[
            "Ask for the directory from version 1, with `hub_keys` as the keys of the first version",
        ],
        run: look!(directory),
    },
    Check {
        name: "compares heads before it sends, and says which start it is",
        keeps: &[
            "compare heads with the hub (`GET /outbox/head`) on this connection, then assign places, sign, store the exact bytes, and send.",
            "`Lapor-Boot: <new>, <previous>` on `GET /outbox/head` and `POST /outbox`: two random values of 32 hex digits; the second is left out at the very first start.",
            "send it on both, always.",
        ],
        run: look!(compares),
    },
    Check {
        name: "signs a gapless chain of messages that can be read",
        keeps: &[
            "Every sequence is gapless and names its predecessor, so that the receiver sees a loss, a fork or a change.",
            "Everything signed is a [DSSE](https://github.com/secure-systems-lab/dsse) 1.0.2 envelope with exactly one signature, on one line:",
            "| `author` | required | must be the instance of the TLS certificate |",
            "| `epoch`, `seq`, `prev` | required | place in the author's chain |",
        ],
        run: look!(chain),
    },
    Check {
        name: "seals the words of a report, and wraps its key for the reader and for itself",
        keeps: &[
            "Every case has a **content key**, 32 random bytes made by the origin.",
            "They are encrypted with XChaCha20-Poly1305 under the words key, with a random nonce of 24 bytes and the associated data",
            "**Wraps** bring a content key to a party: HPKE (RFC 9180) base mode, single shot, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305, `info` the 13 bytes `lapor wrap v1`, and the associated data",
            "the origin wraps for the reader and for itself, so that its key outlives its own machine",
        ],
        run: look!(seals),
    },
    Check {
        name: "leaves a hub alone that is busy, for as long as it says",
        keeps: &[
            "`after` (leave the hub alone for `Retry-After`, which states seconds, and then some jitter)",
            "| 503 | `overloaded` | `after` | The hub is busy |",
        ],
        run: look!(waits),
    },
    Check {
        name: "sends again what has no receipt, the same bytes",
        keeps: &[
            "There must never be two different byte strings for one (author, epoch, seq)",
            "minted once, with the row of the business transaction, and kept when the message must be sealed again",
        ],
        run: look!(sends_again),
    },
    Check {
        name: "takes no receipt for true that is over other messages",
        keeps: &[
            "`head` is the envelope id at `to`, `root` the RFC 6962 tree head over the 32-byte envelope ids `from` to `to`.",
        ],
        run: look!(false_receipts),
    },
    Check {
        name: "takes nothing in from a page that does not hold, and asks again",
        keeps: &[
            "SHA-256 of the exact bytes of the item before (the value of `item` as it stands in its line); zeros for the first",
            "The head must name your stream and end exactly where the page's last item does; a page without it is incomplete.",
        ],
        run: look!(spoiled_pages),
    },
    Check {
        name: "acknowledges what it has on disk, and what it has applied",
        keeps: &[
            "`accepted`: on disk up to here.",
            "`settled` (at most `accepted`): applied up to here, or listed in `exceptions` as `refused`, `superseded`, `quarantined` or `parked`, with a short code as `reason` and never a word of a case.",
            "`head` is the hash of the item at `accepted`, zeros at 0; it is checked like a cursor.",
        ],
        run: look!(acknowledges),
    },
    Check {
        name: "reports its health, and renews its certificate at half of its life",
        keeps: &[
            "| POST `/health` | 204 | every 60 s |",
            "Certificates last 30 days; renew at half of that.",
            "Bring a fresh TLS key each time",
        ],
        run: look!(keeps_house),
    },
];

fn joins(seen: &Seen, _: &World) -> Result<()> {
    let (_, outcome) = seen.enrolments.first().context("it did not join")?;
    outcome.clone().map_err(anyhow::Error::msg)
}

fn versions(seen: &Seen, _: &World) -> Result<()> {
    ensure!(!seen.calls.is_empty(), "it asked for nothing");
    for call in &seen.calls {
        let version = call.headers.get(VERSION_HEADER).map(String::as_str);
        let Call { method, path, .. } = call;
        ensure!(
            version == Some(VERSION) || path == "/.well-known/lapor",
            "{method} {path} states version {version:?}"
        );
    }
    Ok(())
}

fn directory(seen: &Seen, world: &World) -> Result<()> {
    let first = seen.since.first().context("it never asked")?;
    ensure!(*first == 0, "it begins after version {first}");
    let latest = world.directory.len() as u64;
    let later = seen.since.iter().all(|since| *since <= latest);
    ensure!(later, "it asks for what is behind the latest version");
    Ok(())
}

fn compares(seen: &Seen, _: &World) -> Result<()> {
    let place = |method, path: &str| {
        let whole = format!("/federation/v1{path}");
        let mut calls = seen.calls.iter();
        calls.position(|call| call.method == method && call.path == whole)
    };
    let compared = place("GET", "/outbox/head").context("it never compared heads")?;
    if let Some(sent) = place("POST", "/outbox") {
        ensure!(compared < sent, "it sent before it compared heads");
    }
    let heads = seen.calls_of("GET", "/outbox/head");
    for call in heads.chain(seen.calls_of("POST", "/outbox")) {
        let boot = call.headers.get(BOOT_HEADER);
        let boot = boot.with_context(|| format!("{} {} states none", call.method, call.path))?;
        let sound = |value: &str| {
            let digit = |sign: char| sign.is_ascii_hexdigit() && !sign.is_ascii_uppercase();
            value.len() == 32 && value.chars().all(digit)
        };
        let mut values = boot.split(',').map(str::trim);
        ensure!(
            values.clone().count() <= 2 && values.all(sound),
            "Lapor-Boot is {boot:?}"
        );
    }
    Ok(())
}

/// All lines that came, in the order in which they came.
fn lines(seen: &Seen) -> impl Iterator<Item = &(Envelope, Vec<Wrap>)> {
    seen.batches.iter().flat_map(|batch| &batch.lines)
}

fn something_sent(seen: &Seen) -> Result<()> {
    if lines(seen).next().is_none() {
        return Err(Untried("it sent no message".into()).into());
    }
    Ok(())
}

fn chain(seen: &Seen, _: &World) -> Result<()> {
    something_sent(seen)?;
    for batch in &seen.batches {
        if let Some(fault) = &batch.fault {
            bail!("a batch was refused: {fault}");
        }
    }
    Ok(())
}

/// The report that was filed, with what stood beside it.
fn report<'a>(seen: &'a Seen, world: &World) -> Result<(&'a Envelope, &'a [Wrap], Header)> {
    something_sent(seen)?;
    for (envelope, wraps) in lines(seen) {
        let header = Message::parse(&envelope.payload)?.header;
        let own = header.author == world.invitation.instance;
        if own && header.kind == "report.filed" {
            return Ok((envelope, wraps, header));
        }
    }
    Err(Untried("it filed no report".into()).into())
}

fn seals(seen: &Seen, world: &World) -> Result<()> {
    let (envelope, wraps, header) = report(seen, world)?;
    let payload: Value = serde_json::from_slice(&envelope.payload)?;
    let commitment: Digest = serde_json::from_value(payload["body"]["commitment"].clone())
        .context("the commitment of the report")?;
    let sealed: Sealed =
        serde_json::from_value(payload["sealed"].clone()).context("the words of the report")?;
    let of = |id: &_| wraps.iter().find(|wrap| wrap.recipient == *id);
    of(&header.author).context("no wrap for itself")?;
    let case = header.case.context("a report without a case")?;
    let wrap = of(&world.desk.id).context("no wrap for the national desk")?;
    let key = world
        .desk
        .opener()
        .unwrap(wrap, Subject::Case(case), &commitment)?;
    let context = Context {
        kind: &header.kind,
        id: header.id,
        case,
        author: &header.author,
    };
    let words = open_words(&key, context, &sealed)?;
    let words: Value = serde_json::from_slice(&words).context("the words are no JSON")?;
    for field in ["title", "content"] {
        let text = words[field].as_str().unwrap_or_default();
        ensure!(!text.trim().is_empty(), "no `{field}` in the words");
    }
    Ok(())
}

fn treated(seen: &Seen, treated: Treated) -> Result<usize> {
    let place = seen
        .batches
        .iter()
        .position(|batch| batch.treated == treated);
    place.ok_or_else(|| Untried(format!("no batch came that could be {treated:?}")).into())
}

fn waits(seen: &Seen, _: &World) -> Result<()> {
    let place = treated(seen, Treated::Overloaded)?;
    let [refused, next, ..] = &seen.batches[place..] else {
        bail!("it did not try again");
    };
    let waited = next.at.duration_since(refused.at);
    ensure!(
        waited >= Duration::from_secs(1),
        "it came again after {waited:?}"
    );
    Ok(())
}

fn sends_again(seen: &Seen, _: &World) -> Result<()> {
    if let Some(fork) = seen.forks.first() {
        bail!("{fork}");
    }
    let place = treated(seen, Treated::CutOff)?;
    let [cut, rest @ ..] = &seen.batches[place..] else {
        bail!("no batch");
    };
    let sent =
        |batch: &Batch| -> Vec<Digest> { batch.lines.iter().map(|(line, _)| line.id()).collect() };
    let again: Vec<Digest> = rest.iter().flat_map(sent).collect();
    for id in sent(cut) {
        ensure!(
            again.contains(&id),
            "a message without a receipt was not sent again"
        );
    }
    Ok(())
}

fn false_receipts(seen: &Seen, _: &World) -> Result<()> {
    let place = treated(seen, Treated::FalselyReceipted)?;
    let after = &seen.batches[place + 1..];
    ensure!(
        after
            .iter()
            .any(|batch| batch.treated == Treated::Receipted),
        "it sent nothing again, as if the receipt were true"
    );
    Ok(())
}

fn spoiled_pages(seen: &Seen, _: &World) -> Result<()> {
    let spoiled: Vec<usize> = (0..seen.pages.len())
        .filter(|at| seen.pages[*at].1.is_some())
        .collect();
    if spoiled.is_empty() {
        return Err(Untried("it never came to read the news".into()).into());
    }
    for at in spoiled {
        let (from, spoil) = &seen.pages[at];
        let Some((next, _)) = seen.pages.get(at + 1) else {
            bail!("it did not ask again after a page that was {spoil:?}");
        };
        ensure!(
            next == from,
            "after a page that was {spoil:?} it went on from {next}, not from {from}"
        );
    }
    let end = seen.end().dseq;
    for acked in seen.acks.iter().filter(|acked| !acked.delivered) {
        if let Ok(ack) = &acked.ack {
            ensure!(
                ack.accepted < end,
                "it acknowledged what stood only in pages that do not hold, after {} of them",
                acked.spoiled
            );
        }
    }
    Ok(())
}

fn acknowledges(seen: &Seen, world: &World) -> Result<()> {
    let end = seen.end();
    if end.dseq == 0 {
        return Err(Untried("there was nothing to acknowledge".into()).into());
    }
    let mut last = (0, 0);
    for acked in &seen.acks {
        let ack = acked.ack.as_ref();
        let ack = ack.map_err(|why| anyhow::anyhow!("an acknowledgement that is none: {why}"))?;
        if ack.recipient == world.invitation.instance && ack.depoch == end.depoch {
            last = last.max((ack.accepted, ack.settled));
        }
    }
    ensure!(
        last == (end.dseq, end.dseq),
        "{} items, accepted {}, settled {}",
        end.dseq,
        last.0,
        last.1
    );
    Ok(())
}

fn keeps_house(seen: &Seen, world: &World) -> Result<()> {
    for call in &seen.calls {
        if let Some(shown) = call.headers.get(SEEN_HEADER) {
            let shown = lapor_protocol::seen::read(shown).context("Lapor-Seen cannot be read")?;
            let hub = Verifier::from_jwk(&world.hub.public())?;
            let ours = shown.iter().all(|one| one.kid == *hub.kid());
            ensure!(ours, "it shows what the hub has not signed");
        }
    }
    for health in &seen.health {
        let read: Result<Health, _> = serde_json::from_value(health.clone());
        read.with_context(|| format!("a report of health of another form: {health}"))?;
    }
    let (request, _) = seen.enrolments.first().context("it did not join")?;
    for renewal in &seen.renewals {
        ensure!(
            renewal.public_key()? != request.csr.public_key()?,
            "it renews with the key that it has"
        );
    }
    match (seen.health.is_empty(), seen.renewals.is_empty()) {
        (false, false) => Ok(()),
        (true, _) => Err(Untried("no report of health came in this time".into()).into()),
        (_, true) => Err(Untried("no certificate was renewed in this time".into()).into()),
    }
}
