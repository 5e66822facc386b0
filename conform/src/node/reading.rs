//! What a node makes of what it is sent: pages that do not hold, what it cannot
//! apply, and how it tells the hub where it stands.

use anyhow::{Context as _, Result, bail, ensure};
use lapor_protocol::dsse::{DIRECTORY_HEAD_TYPE, HEAD_TYPE, RECEIPT_TYPE};
use lapor_protocol::keys::Verifier;
use lapor_protocol::receipt::{Ack, ExceptionState, Stream};
use lapor_protocol::wire::{Health, SEEN_HEADER};

use super::seen::{Call, NEWS, Seen};
use super::world::World;
use crate::check::Untried;

pub fn spoiled_pages(seen: &Seen, _: &World) -> Result<()> {
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
    for acked in &seen.acks {
        if let Ok(ack) = acked.ack.as_ref()
            && ack.stream == Stream::Inbox
        {
            ensure!(
                ack.accepted <= acked.given,
                "it acknowledged {}, which stood only in pages that do not hold, true ones came to {}",
                ack.accepted,
                acked.given
            );
        }
    }
    Ok(())
}

/// The acknowledgements of its inbox, in the order in which they came.
fn acks(seen: &Seen) -> Result<Vec<&Ack>> {
    let mut read = Vec::new();
    for acked in &seen.acks {
        let ack = acked.ack.as_ref();
        let ack = ack.map_err(|why| anyhow::anyhow!("an acknowledgement that is none: {why}"))?;
        if ack.stream == Stream::Inbox {
            read.push(ack);
        }
    }
    Ok(read)
}

pub fn acknowledges(seen: &Seen, _: &World) -> Result<()> {
    let end = seen.end();
    if end.dseq == 0 {
        return Err(Untried("there was nothing to acknowledge".into()).into());
    }
    let mut last = (0, 0);
    for ack in acks(seen)? {
        let reached = (ack.accepted, ack.settled);
        ensure!(
            reached.0 >= last.0 && reached.1 >= last.1,
            "it acknowledged {reached:?} after {last:?}"
        );
        last = reached;
        for exception in &ack.exceptions {
            let is_code = |sign: char| sign.is_ascii_lowercase() || sign == '_';
            let reason = &exception.reason;
            ensure!(
                !reason.is_empty() && reason.len() <= 60 && reason.chars().all(is_code),
                "{reason:?} is no code"
            );
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

fn unread() -> anyhow::Error {
    Untried("it did not come to read what cannot be applied".into()).into()
}

/// How an item was set aside in any acknowledgement.
fn set_aside(seen: &Seen, dseq: u64) -> Result<Vec<ExceptionState>> {
    if dseq > seen.given {
        return Err(unread());
    }
    let exceptions = acks(seen)?.into_iter().flat_map(|ack| &ack.exceptions);
    let of_it = exceptions.filter(|exception| exception.dseq == dseq);
    Ok(of_it.map(|exception| exception.state).collect())
}

pub fn sets_aside(seen: &Seen, _: &World) -> Result<()> {
    let refused = [ExceptionState::Quarantined, ExceptionState::Refused];
    for (news, dseq) in &seen.forged {
        let states = set_aside(seen, *dseq)?;
        ensure!(
            states.iter().any(|state| refused.contains(state)),
            "a message that was {news:?}, as its author has not signed it, was {states:?}"
        );
    }
    let unknown = set_aside(seen, seen.unknown.ok_or_else(unread)?)?;
    ensure!(
        unknown.contains(&ExceptionState::Parked),
        "a message of an unknown kind was {unknown:?}"
    );
    Ok(())
}

pub fn takes_together(seen: &Seen, _: &World) -> Result<()> {
    if seen.together.is_empty() {
        return Err(Untried("it did not come to read what is signed together".into()).into());
    }
    for dseq in &seen.together {
        let states = set_aside(seen, *dseq)?;
        ensure!(
            states.is_empty(),
            "a message that is signed together with another one was {states:?}"
        );
    }
    Ok(())
}

pub fn lacks_a_key(seen: &Seen, _: &World) -> Result<()> {
    let case = seen.keyless.filter(|_| seen.brought == NEWS.len());
    let Some(case) = case else {
        return Err(Untried("it did not come to read a case without a key".into()).into());
    };
    ensure!(
        seen.asks_for_a_key(),
        "it did not ask for the key of {case}, which came with no wrap"
    );
    Ok(())
}

/// What a hub signs for its members, and they show.
const SHOWN: [&str; 3] = [HEAD_TYPE, RECEIPT_TYPE, DIRECTORY_HEAD_TYPE];

/// What a request shows that the hub has signed: payload types.
fn shown(call: &Call, hub: &Verifier) -> Result<Vec<&'static str>> {
    let Some(header) = call.headers.get(SEEN_HEADER) else {
        return Ok(Vec::new());
    };
    ensure!(
        header.len() <= 4_096,
        "Lapor-Seen of {} bytes",
        header.len()
    );
    let envelopes = lapor_protocol::seen::read(header).context("Lapor-Seen cannot be read")?;
    ensure!(envelopes.len() <= 4, "Lapor-Seen shows {}", envelopes.len());
    let mut types = Vec::new();
    for envelope in &envelopes {
        let known = SHOWN.into_iter().find(|one| *one == envelope.payload_type);
        let verified = known.filter(|&one| envelope.verify(one, hub).is_ok());
        types.push(verified.context("it shows what the hub has not signed")?);
    }
    Ok(types)
}

pub fn keeps_house(seen: &Seen, world: &World) -> Result<()> {
    let hub = Verifier::from_jwk(&world.hub.public())?;
    let mut last = Vec::new();
    for call in &seen.calls {
        last = shown(call, &hub)?;
    }
    if seen.is_acknowledged() {
        for media in SHOWN {
            ensure!(last.contains(&media), "its last request shows no {media}");
        }
    }
    for health in &seen.health {
        let read: Result<Health, _> = serde_json::from_value(health.clone());
        let read = read.with_context(|| format!("a report of health of another form: {health}"))?;
        let inbox = read.inbox.map_or(0, |inbox| inbox.accepted);
        ensure!(
            inbox <= seen.given,
            "it reports item {inbox} of {}",
            seen.given
        );
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
