//! What stands around a message on its way: packing, media types, headers and
//! parameters, those that nobody knows included.

use std::io::Write as _;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;
use lapor_protocol::limits::{BATCH_BYTES, LINE_BYTES};
use lapor_protocol::problem::Code;
use lapor_protocol::wire::{BATCHES_HEADER, BEHIND_HEADER, NDJSON, OutboxAnswer};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::batches::{accepted, accepted_lines, opened};
use super::{Stage, items_of};
use crate::check::{Check, Untried};
use crate::client::{Answered, Asked, PATIENCE, Player, Wire, read_answer};

pub const CHECKS: [Check<Stage>; 6] = [
    Check {
        name: "unpacks a batch, and holds it to the limits before and after",
        keeps: &[
            "Bodies of `POST /outbox` may be `Content-Encoding: zstd` or `gzip`; the limit of bytes holds before and after.",
            "| `BATCH_BYTES` | 4,194,304 | bytes of one `POST /outbox`, compressed or not |",
            "| `LINE_BYTES` | 524,288 | longest line of a batch: a payload in base64 with its signature and wraps |",
            "| 413 | `batch_too_large` | `never` | The batch is larger than the limit |",
        ],
        run: |stage| Box::pin(packed(stage)),
    },
    Check {
        name: "passes over what it does not know, and refuses what it cannot read",
        keeps: &[
            "A hub ignores headers that it does not know.",
            "Parameters that the hub does not know are ignored; those that it cannot read get 400 `malformed_request`.",
            "An id in a path that cannot be read is one that is not held: 404.",
            "A body of another or no type gets 415; blobs need none.",
            "a W3C `traceparent` if you like, which is dropped where it is none.",
            "`body` holds the clear fields of the kind; absent or null, it counts as `{}`.",
            "| POST `/recovery` | 200 | only while the hub answers `recovering`, otherwise 404;",
            "| the hub is not recovering, or what you hold is known to contradict its record | 404 `not_found` |",
        ],
        run: |stage| Box::pin(unknown(stage)),
    },
    Check {
        name: "says of an exception where it stands",
        keeps: &[
            "`epoch` and `seq` of an exception are those that the message states, or the next expected where it could not be read.",
        ],
        run: |stage| Box::pin(exceptions(stage)),
    },
    Check {
        name: "takes one batch of an instance at a time",
        keeps: &[
            "`rate_limited` is also the answer to a second batch or a second upload of a blob while one is under way",
            "| 429 | `rate_limited` | `after` | Too much at once |",
            "without the header it is a second batch like any other.",
        ],
        run: |stage| Box::pin(one_at_a_time(stage)),
    },
    Check {
        name: "orders a batch behind the one that it names, where it says that it takes both",
        keeps: &[
            "A hub that takes in more than one batch of an instance at a time says how many in `Lapor-Batches` of its answers to `POST /outbox`; it is one where nothing is said.",
            "The hub reads and verifies it meanwhile, and orders it behind what is in front of it.",
            "Where what is in front is not taken to its end, or never comes, it meets a gap: `sequence_gap`;",
            "A header of another form, or a second one, gets 400 `malformed_request`.",
        ],
        run: |stage| Box::pin(behind_one_another(stage)),
    },
    Check {
        name: "sends a batch back where the one in front of it breaks off or is refused",
        keeps: &[
            "where that breaks off or is refused as a whole while it waits",
            "| 503 | `overloaded` | `after` | The hub is busy |",
        ],
        run: |stage| Box::pin(behind_what_fails(stage)),
    },
];

/// In which a hub that does not wait would have answered.
const MEANWHILE: Duration = Duration::from_millis(300);

fn batch(body: impl Into<Vec<u8>>) -> Asked {
    Asked::new("POST", "/outbox").body(NDJSON, body)
}

/// A batch that names the last message of the one in front of it.
fn behind(body: impl Into<Vec<u8>>, at: &str) -> Asked {
    batch(body).header(BEHIND_HEADER, at)
}

fn zstd(body: &[u8]) -> Result<Asked> {
    let packed = ::zstd::encode_all(body, 1)?;
    Ok(batch(packed).header("content-encoding", "zstd"))
}

fn gzip(body: &[u8]) -> Result<Asked> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(body)?;
    Ok(batch(packer.finish()?).header("content-encoding", "gzip"))
}

async fn packed(stage: &mut Stage) -> Result<()> {
    let (player, _) = stage.players();
    for pack in [zstd as fn(&[u8]) -> Result<Asked>, gzip] {
        let said = player.report().1;
        let answered = player.ask(&pack(said.line().as_bytes())?).await?;
        let answer: OutboxAnswer = answered.taken()?;
        ensure!(answer.head == player.head, "what was packed was not taken");
        ensure!(!opened(player, &answer)?.is_empty(), "no receipt");
    }
    let many = vec![b'\n'; BATCH_BYTES + 1];
    let long = vec![b'x'; LINE_BYTES + 1];
    for (what, asked) in [
        ("too many bytes", batch(many.clone())),
        ("too many bytes by zstd", zstd(&many)?),
        ("too many bytes by gzip", gzip(&many)?),
        ("a line that is too long", batch(long)),
    ] {
        let answered = player.ask(&asked).await?;
        answered.is_refused(Code::BatchTooLarge).context(what)?;
    }
    let other = batch("{}").header("content-encoding", "br");
    let answered = player.ask(&other).await?;
    answered.is_refused(Code::UnsupportedMedia)
}

async fn unknown(stage: &mut Stage) -> Result<()> {
    let (player, _) = stage.players();
    let asked = Asked::new("GET", "/outbox/head?colour=red").header("lapor-news", "none");
    player.ask(&asked).await?.is_success()?;
    for (method, path, code) in [
        ("GET", "/envelopes/none", Code::EnvelopeUnknown),
        ("GET", "/cases/none/keys", Code::CaseUnknown),
        ("GET", "/blobs/none", Code::BlobUnknown),
        ("GET", "/inbox?wait=long", Code::MalformedRequest),
        ("GET", "/outbox?epoch=first", Code::MalformedRequest),
        ("GET", "/directory?since=-1", Code::MalformedRequest),
    ] {
        let answered = player.ask(&Asked::new(method, path)).await?;
        answered.is_refused(code).context(path)?;
    }
    let recovery = Asked::new("POST", "/recovery").body(NDJSON, "");
    let answered = player.ask(&recovery).await?;
    answered.is_refused(Code::NotFound).context("/recovery")?;
    let said = player.report().1;
    let line = said.line_with("\"trace\":\"no trace\"");
    let mut bare = Asked::new("POST", "/outbox");
    bare.body = line.clone().into_bytes();
    let answered = player.ask(&bare).await?;
    answered
        .is_refused(Code::UnsupportedMedia)
        .context("a batch of no type")?;
    accepted_lines(player, &[line], &[&said]).await?;
    let (case, report) = player.report();
    let mut without = player.payload("case.noted", Some(case), json!(null));
    without["mood"] = json!({ "unknown": "to everybody" });
    let null = player.tell(&without);
    let mut without = player.payload("case.noted", Some(case), json!(null));
    if let Some(fields) = without.as_object_mut() {
        fields.remove("body");
    }
    let absent = player.tell(&without);
    accepted(player, &[&report, &null, &absent]).await?;
    let items = items_of(player, case).await?;
    let applied = items.iter().filter(|one| one.item.ruling.applied());
    ensure!(
        applied.count() == 3,
        "a message without a body was not applied"
    );
    Ok(())
}

/// The exception that a line alone runs into.
async fn exception(player: &Player, line: String) -> Result<(u32, u64)> {
    let answer: OutboxAnswer = player.push(&[line]).await?.taken()?;
    let exception = answer.exceptions.first().context("it was accepted")?;
    Ok((exception.epoch, exception.seq))
}

async fn exceptions(stage: &mut Stage) -> Result<()> {
    let (player, _) = stage.players();
    let case = player.new_case();
    let next = player.payload("case.noted", Some(case), json!({}));
    let with = |field: &str, value: Value| {
        let mut payload = next.clone();
        payload[field] = value;
        player.sign(&payload).line()
    };
    let expected = player.head.next();
    let gap = exception(player, with("seq", json!(900))).await?;
    ensure!(gap == (expected.epoch, 900), "a gap is at {gap:?}");
    let unread = exception(player, with("kind", json!("Case.Noted"))).await?;
    ensure!(
        unread == (expected.epoch, expected.seq),
        "what cannot be read is at {unread:?}"
    );
    Ok(())
}

/// Sends all of a request that expects to be told to go on, but its body, and
/// waits until it is.
pub async fn begun(player: &Player, asked: &Asked) -> Result<Wire> {
    let bytes = asked.bytes();
    let mut wire = player.wire("http/1.1").await?;
    wire.write_all(&bytes[..bytes.len() - asked.body.len()])
        .await?;
    wire.flush().await?;
    let mut interim = vec![0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
    let asked_for = tokio::time::timeout(PATIENCE, wire.read_exact(&mut interim));
    asked_for
        .await
        .context("the hub does not ask for a body")??;
    ensure!(
        interim.starts_with(b"HTTP/1.1 100"),
        "{}",
        String::from_utf8_lossy(&interim)
    );
    Ok(wire)
}

/// Sends the body of what was begun.
pub async fn ended(wire: &mut Wire, asked: &Asked) -> Result<Answered> {
    wire.write_all(&asked.body).await?;
    wire.flush().await?;
    heard(wire).await
}

/// The answer to what has been sent to its end.
async fn heard(wire: &mut Wire) -> Result<Answered> {
    let answer = tokio::time::timeout(PATIENCE, read_answer(wire, false));
    Ok(answer
        .await
        .context("no answer to what was begun first")??)
}

/// The hub asks for the body of the first batch, so it has begun to take it in.
async fn one_at_a_time(stage: &mut Stage) -> Result<()> {
    let (player, _) = stage.players();
    let said = player.report().1;
    let line = said.line();
    let slow = batch(line.clone()).header("expect", "100-continue");
    let mut wire = begun(player, &slow).await?;
    let second = player.push(&[line]).await?;
    second
        .is_refused(Code::RateLimited)
        .context("a second batch")?;
    let answer: OutboxAnswer = ended(&mut wire, &slow).await?.taken()?;
    ensure!(answer.head == player.head, "the first batch was not taken");
    Ok(())
}

/// Whether it says that it takes two batches; one that takes one keeps its word by saying nothing.
async fn takes_two(player: &mut Player) -> Result<()> {
    let line = player.report().1.line();
    let answered = player.push(&[line]).await?;
    let taken: OutboxAnswer = answered.taken()?;
    ensure!(taken.head == player.head, "a sound batch was not taken");
    let count = answered.header(BATCHES_HEADER).unwrap_or("1");
    let count: usize = count.parse().context("Lapor-Batches is no number")?;
    if count < 2 {
        return Err(Untried("it takes one batch of an instance at a time".into()).into());
    }
    Ok(())
}

async fn behind_one_another(stage: &mut Stage) -> Result<()> {
    let (player, _) = stage.players();
    takes_two(player).await?;
    let front = batch(player.report().1.line()).header("expect", "100-continue");
    let at = player.head.position();
    let second = behind(player.report().1.line(), &at.to_string());
    let mut first_wire = begun(player, &front).await?;
    let mut second_wire = player.wire("http/1.1").await?;
    second_wire.write_all(&second.bytes()).await?;
    second_wire.flush().await?;
    let early = tokio::time::timeout(MEANWHILE, second_wire.read_u8()).await;
    ensure!(
        early.is_err(),
        "a batch was answered before the one in front of it had come"
    );
    let answer: OutboxAnswer = ended(&mut first_wire, &front).await?.taken()?;
    ensure!(
        answer.head.position() == at && answer.exceptions.is_empty(),
        "the batch in front was not taken"
    );
    let answer: OutboxAnswer = heard(&mut second_wire).await?.taken()?;
    ensure!(
        answer.head == player.head,
        "the batch behind it was not taken"
    );
    let missing = player.report().1;
    let at = player.head.position().to_string();
    let early = player.report().1;
    let alone = player.ask(&behind(early.line(), &at)).await?;
    let ran_into = alone.ran_into()?;
    ensure!(
        ran_into == Some(Code::SequenceGap),
        "a batch whose front never came ran into {ran_into:?}"
    );
    let odd = player.ask(&behind(missing.line(), "first")).await?;
    odd.is_refused(Code::MalformedRequest)
        .context("a place that is none")?;
    let two = behind(missing.line(), &at).header(BEHIND_HEADER, &at);
    let two = player.ask(&two).await?;
    two.is_refused(Code::MalformedRequest)
        .context("two places")?;
    accepted(player, &[&missing, &early]).await?;
    Ok(())
}

/// What waits for too long is sent back too, which takes as long as a body may pause: no run waits so long.
async fn behind_what_fails(stage: &mut Stage) -> Result<()> {
    let (player, _) = stage.players();
    takes_two(player).await?;
    let first = player.report().1;
    let at = player.head.position().to_string();
    let next = player.report().1;
    let spoiled = batch("{}").header("expect", "100-continue");
    let second = behind(next.line(), &at).header("expect", "100-continue");
    for (what, breaks_off) in [("is refused", false), ("breaks off", true)] {
        let mut front_wire = begun(player, &spoiled).await?;
        let mut second_wire = begun(player, &second).await?;
        second_wire.write_all(&second.body).await?;
        second_wire.flush().await?;
        if breaks_off {
            drop(front_wire);
        } else {
            let refused = ended(&mut front_wire, &spoiled).await?;
            refused.is_refused(Code::MalformedBatch)?;
        }
        let sent_back = heard(&mut second_wire).await?;
        sent_back
            .is_refused(Code::Overloaded)
            .with_context(|| format!("behind one that {what}"))?;
    }
    accepted(player, &[&first, &next]).await?;
    Ok(())
}
