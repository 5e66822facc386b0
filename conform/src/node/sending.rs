//! What a node sends: its chain, the reports in it with their words, and how it
//! bears a hub that is busy, loses answers and lies.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::Digest;
use lapor_protocol::limits::{BATCH_ENVELOPES, WORDS_BYTES, WRAPS};
use lapor_protocol::message::Message;
use lapor_protocol::seal::{Context, Sealed, Subject, Wrap, open_words};
use serde_json::Value;

use super::seen::{Batch, Call, Falsehood, Seen, Treated};
use super::world::World;
use crate::check::Untried;

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

pub fn chain(seen: &Seen, _: &World) -> Result<()> {
    something_sent(seen)?;
    for batch in &seen.batches {
        if let Some(fault) = &batch.fault {
            bail!("a batch was refused: {fault}");
        }
    }
    Ok(())
}

/// Lines were read as they must be, or the batch has a fault.
pub fn lines_hold(seen: &Seen, world: &World) -> Result<()> {
    chain(seen, world)?;
    for batch in &seen.batches {
        ensure!(
            batch.lines.len() <= BATCH_ENVELOPES,
            "{} lines",
            batch.lines.len()
        );
        for (envelope, wraps) in &batch.lines {
            ensure!(wraps.len() <= WRAPS, "{} wraps", wraps.len());
            let payload: Value = serde_json::from_slice(&envelope.payload)?;
            ensure!(payload.get("wraps").is_none(), "wraps in a payload");
        }
    }
    Ok(())
}

/// A report that was filed, with what stood beside it.
struct Report<'a> {
    envelope: &'a Envelope,
    wraps: &'a [Wrap],
    message: Message,
}

/// The reports that were filed, each once.
fn reports<'a>(seen: &'a Seen, world: &World) -> Result<Vec<Report<'a>>> {
    something_sent(seen)?;
    let mut reports: Vec<Report<'a>> = Vec::new();
    for (envelope, wraps) in lines(seen) {
        let message = Message::parse(&envelope.payload)?;
        let header = &message.header;
        let own = header.author == world.invitation.instance && header.kind == "report.filed";
        if own && !reports.iter().any(|one| one.message.header.id == header.id) {
            reports.push(Report {
                envelope,
                wraps,
                message,
            });
        }
    }
    if reports.is_empty() {
        return Err(Untried("it filed no report".into()).into());
    }
    Ok(reports)
}

pub fn files(seen: &Seen, world: &World) -> Result<()> {
    let mut cases = Vec::new();
    for report in reports(seen, world)? {
        let Message {
            header,
            body,
            sealed,
            ..
        } = report.message;
        body.context("the body of a report")?;
        ensure!(sealed.is_some(), "a report without words");
        let case = header.case.context("a report without a case")?;
        ensure!(!cases.contains(&case), "two reports of one case");
        cases.push(case);
    }
    Ok(())
}

/// The words of a report, opened by the desk.
fn words_of(report: &Report<'_>, seen: &Seen, world: &World) -> Result<(Vec<u8>, Sealed)> {
    let header = &report.message.header;
    let payload: Value = serde_json::from_slice(&report.envelope.payload)?;
    let commitment: Digest = serde_json::from_value(payload["body"]["commitment"].clone())
        .context("the commitment of the report")?;
    let sealed: Sealed =
        serde_json::from_value(payload["sealed"].clone()).context("the words of the report")?;
    let padded = bytes_of(&sealed.ciphertext);
    ensure!(
        padded > 16 && (padded - 16).is_multiple_of(256),
        "a ciphertext of {padded} bytes, tag included"
    );
    let of = |id: &_| report.wraps.iter().find(|wrap| wrap.recipient == *id);
    let own = of(&header.author).context("no wrap for itself")?;
    let (request, _) = seen.enrolments.first().context("it did not join")?;
    let kid = &request.sealing.jwk.kid;
    ensure!(own.kid == *kid, "the wrap for itself is to {}", own.kid);
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
    let text = open_words(&key, context, &sealed)?;
    Ok((text.to_vec(), sealed))
}

/// How many bytes a text in base64 stands for.
fn bytes_of(text: &str) -> usize {
    let padding = text.bytes().rev().take_while(|sign| *sign == b'=').count();
    text.len() / 4 * 3 - padding.min(2)
}

pub fn seals(seen: &Seen, world: &World) -> Result<()> {
    let mut nonces = Vec::new();
    for report in reports(seen, world)? {
        let (text, sealed) = words_of(&report, seen, world)?;
        let words: Value = serde_json::from_slice(&text).context("the words are no JSON")?;
        for field in ["title", "content"] {
            let text = words[field].as_str().unwrap_or_default();
            ensure!(!text.trim().is_empty(), "no `{field}` in the words");
        }
        ensure!(!nonces.contains(&sealed.nonce), "one nonce for two reports");
        nonces.push(sealed.nonce);
    }
    Ok(())
}

pub fn words_fit(seen: &Seen, world: &World) -> Result<()> {
    for report in reports(seen, world)? {
        let (text, _) = words_of(&report, seen, world)?;
        ensure!(text.len() <= WORDS_BYTES, "words of {} bytes", text.len());
        let body = report.message.body.context("the body of a report")?;
        body.check_words(&text).context("the words of a report")?;
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

pub fn waits(seen: &Seen, _: &World) -> Result<()> {
    treated(seen, Treated::Overloaded)?;
    let sent_away = [Treated::Overloaded, Treated::Maintenance];
    for (place, refused) in seen.batches.iter().enumerate() {
        if !sent_away.contains(&refused.treated) {
            continue;
        }
        let Some(next) = seen.batches.get(place + 1) else {
            bail!("it did not try again when it was {:?}", refused.treated);
        };
        let waited = next.at.duration_since(refused.at);
        ensure!(
            waited >= Duration::from_secs(1),
            "it came again after {waited:?}"
        );
    }
    Ok(())
}

pub fn sends_again(seen: &Seen, _: &World) -> Result<()> {
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

/// That what was receipted falsely was sent again, until it was receipted truly.
fn disbelieves(seen: &Seen, falsehood: Falsehood) -> Result<()> {
    let place = treated(seen, Treated::Falsely(falsehood))?;
    let [lied_about, after @ ..] = &seen.batches[place..] else {
        bail!("no batch");
    };
    let ids =
        |batch: &Batch| -> Vec<Digest> { batch.lines.iter().map(|(line, _)| line.id()).collect() };
    let again: Vec<Digest> = after.iter().flat_map(ids).collect();
    ensure!(
        ids(lied_about).iter().all(|id| again.contains(id)),
        "it sent nothing again, as if a receipt were true that is false by its {falsehood:?}"
    );
    Ok(())
}

pub fn receipts_of_no_range(seen: &Seen, _: &World) -> Result<()> {
    disbelieves(seen, Falsehood::NoRange)
}

pub fn one_at_a_time(seen: &Seen, _: &World) -> Result<()> {
    treated(seen, Treated::CutOff)?;
    ensure!(
        seen.at_once == 0,
        "{} batches came before another one was answered",
        seen.at_once
    );
    Ok(())
}

pub fn compares_again(seen: &Seen, _: &World) -> Result<()> {
    let place = treated(seen, Treated::Excepted)?;
    let [stopped, after @ ..] = &seen.batches[place..] else {
        bail!("no batch");
    };
    let next = after
        .first()
        .context("it sent nothing any more after an exception")?;
    let between = seen.calls.get(stopped.calls..next.calls);
    let compares = |call: &Call| call.method == "GET" && call.path.ends_with("/outbox/head");
    ensure!(
        between.unwrap_or_default().iter().any(compares),
        "it sent again after `sequence_gap` and compared no heads before"
    );
    Ok(())
}

pub fn false_receipts(seen: &Seen, _: &World) -> Result<()> {
    disbelieves(seen, Falsehood::Root)
}

pub fn later_receipts(seen: &Seen, _: &World) -> Result<()> {
    disbelieves(seen, Falsehood::Signer)?;
    disbelieves(seen, Falsehood::Author)?;
    let place = treated(seen, Treated::InPart)?;
    let [part, after @ ..] = &seen.batches[place..] else {
        bail!("no batch");
    };
    let left = part.lines.get(1).context("a batch of one message")?.0.id();
    let mut later = after.iter().flat_map(|batch| &batch.lines);
    ensure!(
        later.any(|(line, _)| line.id() == left),
        "the rest of a batch that was taken in part was not sent"
    );
    Ok(())
}
