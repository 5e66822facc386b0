//! What a member sends: what is accepted, what of it is receipted, and what is
//! refused with which code.

use anyhow::{Context as _, Result, ensure};
use lapor_protocol::chain::ChainHead;
use lapor_protocol::dsse::{Envelope, MESSAGE_TYPE, RECEIPT_TYPE};
use lapor_protocol::ids::EnvelopeId;
use lapor_protocol::problem::Code;
use lapor_protocol::receipt::Receipt;
use lapor_protocol::wire::{BOOT_HEADER, NDJSON, OutboxAnswer, OutboxHead};
use serde_json::{Value, json};

use super::Stage;
use super::doors::health;
use crate::check::Check;
use crate::client::{Asked, Keys, Player, Said, seconded, with_signature};

pub const CHECKS: [Check<Stage>; 8] = [
    Check {
        name: "begins a chain at epoch 1, seq 1, and takes one message after the other",
        keeps: &[
            "The first message of an instance is at epoch 1, seq 1, with `prev` of 64 zeros.",
            "Each further one has the next seq and the envelope id of the one before as `prev`.",
            "`accepted_through` is the `seq` of `head`, in the open epoch.",
            "Empty lines are passed over, and the last line may lack its line break.",
            "| POST `/outbox` | 200 | the longest valid prefix is committed; one at a time, unless it names the one in front of it |",
            "| GET `/outbox/head` | 200 | |",
            "The head's `epoch`, `seq` and `id` are all that the next message needs: its seq is one more, its `prev` is `id`.",
        ],
        run: |stage| Box::pin(first_messages(stage)),
    },
    Check {
        name: "signs receipts for what it has accepted, and has them again",
        keeps: &[
            "The hub signs one for a range of one author's epoch once it is durable: `head` is the envelope id at `to`, `root` the RFC 6962 tree head over the 32-byte envelope ids `from` to `to`.",
            "A range that is sent again gets the receipts that are stored: those that touch it, with the ranges that they had.",
            "No receipt of an author is older than the one before it.",
            "A receipt states what is on disk, and nothing else.",
            "| `receipt.v1+json` | a range receipt | hub |",
            "The **envelope id** is SHA-256 of PAE.",
        ],
        run: |stage| Box::pin(receipts(stage)),
    },
    Check {
        name: "commits what is sound before what is not",
        keeps: &[
            "The answer is 200 also where nothing was accepted.",
            "`exceptions` says why the first message after the accepted prefix was refused; one at most:",
            "| one message | 200, the prefix before it is committed; `exceptions` |",
        ],
        run: |stage| Box::pin(sound_prefix(stage)),
    },
    Check {
        name: "refuses a message that is forged or out of its place",
        keeps: &[
            "Verify in this order: the payload type is the one expected here; `keyid` is the key that must have signed; the signature verifies strictly (S below the group order, no small-order R or key, the cofactorless equation).",
            "| `message.v1+json` | a message | its author's signing key |",
            "| `epoch`, `seq`, `prev` | required | place in the author's chain |",
            "PAE = \"DSSEv1\" SP LEN(payloadType) SP payloadType SP LEN(payload) SP payload",
            "The signature is Ed25519 over the pre-authentication encoding, where lengths are decimal counts of bytes:",
            "A **header** that cannot be read, a payload that is not strict JSON or too large, a wrong place in the chain, or a wrong signature **refuses the envelope**; nothing is stored.",
            "| 409 | `previous_mismatch` | `resync` | The message names another predecessor |",
            "| 422 | `header_invalid` | `operator` | The header of the message cannot be accepted |",
        ],
        run: |stage| Box::pin(forged(stage)),
    },
    Check {
        name: "reads strict JSON and nothing else",
        keeps: &[
            "The payload of a message is one JSON object in UTF-8: no key twice in one object (compared after unescaping), no number with a fraction or an exponent, `-0` included, integers between -(2^53 - 1) and 2^53 - 1, nesting at most 16 (the payload itself is the first level).",
            "Objects are written as objects and names as strings: an array of field values in place of an object, which some libraries read, is an error.",
            "| `PAYLOAD_BYTES` | 262,144 | payload of a message, in bytes |",
            "| `v` | required | 1 |",
            "| `kind` | required | 1 to 60 characters `a-z`, `0-9`, `_`, `.` |",
            "| `case` | kinds about a case | the case |",
            "| message id, case id | UUID version 7, lower case with hyphens.",
            "| position | `{\"epoch\", \"seq\"}`, both counted from 1 |",
            "| `JSON_DEPTH` | 16 | nesting of a payload's JSON |",
            "| `MAX_INTEGER` | 9,007,199,254,740,991 |",
            "| `KIND_CHARS` | 60 | characters of the name of a kind |",
        ],
        run: |stage| Box::pin(strict_json(stage)),
    },
    Check {
        name: "refuses a batch that is no batch, whole",
        keeps: &[
            "| the request | a problem, nothing is committed | `malformed_batch` (a line or its envelope cannot be read, also after a good prefix; too many wraps; no line at all), `author_mismatch`, `batch_too_large` (bytes, lines, or one line)",
            "The line must be an object with these members and no others, each once; of the signature the same holds.",
            "No other members.",
            "| `BATCH_ENVELOPES` | 500 | envelopes in one `POST /outbox` |",
            "| `WRAPS` | 64 | wraps beside one envelope |",
            "Everything signed is a [DSSE](https://github.com/secure-systems-lab/dsse) 1.0.2 envelope with exactly one signature, on one line:",
            "| 400 | `malformed_batch` | `never` | The batch cannot be read |",
            "| 403 | `author_mismatch` | `operator` | The author is not the instance of the certificate |",
            "| `author` | required | must be the instance of the TLS certificate |",
        ],
        run: |stage| Box::pin(no_batch(stage)),
    },
    Check {
        name: "gives an author back what it has accepted, byte for byte",
        keeps: &[
            "The order of members and the white space between them are the sender's: whoever stores or passes on a line keeps it as it came.",
            "own envelopes of that epoch after a seq (0 if left out), one DSSE line each, at most 500 and about 4 MiB; ask again until it is empty",
            "the exact line, without a line break; for the author and those who were sent it",
            "| 404 | `envelope_unknown` | `never` | The envelope is not held here for you |",
        ],
        run: |stage| Box::pin(byte_for_byte(stage)),
    },
    Check {
        name: "notices another copy of an instance",
        keeps: &[
            "The hub swaps to `new`, in the transaction that accepts the batch or before it tells the head, only if it holds `previous` or already `new`, or none yet; otherwise it answers 409 `boot_conflict`, with its head of the chain as `expected`",
            "A request without the header changes nothing and is protected by nothing",
            "`expected` tells where the hub stands, in the form that the caller needs: a head `{\"epoch\", \"seq\", \"id\"}` with `boot_conflict` and `sequence_gap`",
            "| 409 | `boot_conflict` | `resync` | Another copy of this instance has connected |",
            "`POST /health` may bring it as soon as the hub has answered this start, and refuses nothing by it",
            "`Lapor-Boot: <new>, <previous>` on `GET /outbox/head` and `POST /outbox`: two random values of 32 hex digits; the second is left out at the very first start.",
        ],
        run: |stage| Box::pin(boots(stage)),
    },
];

/// The receipts of an answer, each of which must be the hub's and for its author.
pub fn opened(player: &Player, answer: &OutboxAnswer) -> Result<Vec<Receipt>> {
    let receipts = answer.receipts.iter().map(|envelope| {
        let key = player.hub_key(envelope).context("a receipt of nobody")?;
        let receipt = Receipt::open(envelope, &key)?;
        ensure!(receipt.author == player.id, "a receipt for somebody else");
        Ok(receipt)
    });
    receipts.collect()
}

/// Sends messages that are all sound, and holds their receipts to them.
pub async fn accepted(player: &Player, said: &[&Said]) -> Result<OutboxAnswer> {
    let lines: Vec<String> = said.iter().map(|said| said.line()).collect();
    accepted_lines(player, &lines, said).await
}

/// The same where something stands beside the messages.
pub async fn accepted_lines(
    player: &Player,
    lines: &[String],
    said: &[&Said],
) -> Result<OutboxAnswer> {
    let answer: OutboxAnswer = player.push(lines).await?.taken()?;
    if let Some(exception) = answer.exceptions.first() {
        let detail = exception.detail.as_deref().unwrap_or_default();
        anyhow::bail!("`{}` of a sound message {detail}", exception.code.as_str());
    }
    ensure!(
        answer.head == player.head && answer.accepted_through == player.head.seq,
        "all was accepted, and the head is {:?}",
        answer.head
    );
    let ids: Vec<EnvelopeId> = said.iter().map(|said| said.id()).collect();
    let first = player.head.seq + 1 - ids.len() as u64;
    let mut covered = first;
    for receipt in opened(player, &answer)? {
        ensure!(receipt.from == covered, "a receipt from {}", receipt.from);
        let range = (receipt.from - first) as usize..=(receipt.to - first) as usize;
        let ids = ids.get(range).context("a receipt for more than was sent")?;
        receipt.covers(ids)?;
        covered = receipt.to + 1;
    }
    ensure!(
        covered == player.head.seq + 1,
        "accepted through {}, receipted through {}",
        player.head.seq,
        covered - 1
    );
    Ok(answer)
}

async fn first_messages(stage: &mut Stage) -> Result<()> {
    let (player, _) = stage.players();
    let before: OutboxHead = player.get("/outbox/head").await?.taken()?;
    ensure!(
        before.head == ChainHead::START && before.accepted == 0,
        "the chain begins at {:?}",
        before.head
    );
    let said = [player.report().1, player.report().1];
    let lines = [
        format!("\n{}\n", said[0].line()),
        format!("\n{}", said[1].line()),
    ];
    accepted_lines(player, &lines, &[&said[0], &said[1]]).await?;
    let after = player.head_at_hub().await?;
    ensure!(after == player.head, "the head is {after:?}");
    Ok(())
}

async fn receipts(stage: &mut Stage) -> Result<()> {
    let (player, _) = stage.players();
    let said = [player.report().1, player.report().1, player.report().1];
    let all: Vec<&Said> = said.iter().collect();
    let first = accepted(player, &all).await?;
    let again = accepted(player, &all).await?;
    ensure!(
        again.receipts == first.receipts,
        "other receipts for the same range"
    );
    let part: OutboxAnswer = player.push(&[said[1].line()]).await?.taken()?;
    let touching = opened(player, &part)?;
    let range = |receipt: &Receipt| receipt.from..=receipt.to;
    let place = said[1].payload["seq"].as_u64().context("a seq")?;
    ensure!(
        !touching.is_empty() && touching.iter().all(|one| range(one).contains(&place)),
        "a message that is sent again has no receipt that touches it"
    );
    ensure!(
        part.receipts.iter().all(|one| first.receipts.contains(one)),
        "a receipt that is not the one that is stored"
    );
    let more = player.report().1;
    let next = accepted(player, &[&more]).await?;
    let latest = opened(player, &first)?.iter().map(|one| one.at).max();
    let earliest = opened(player, &next)?.iter().map(|one| one.at).min();
    ensure!(
        earliest >= latest,
        "a receipt that is older than the one before it"
    );
    Ok(())
}

async fn sound_prefix(stage: &mut Stage) -> Result<()> {
    let (player, _) = stage.players();
    let sound = player.report().1;
    let after = player.head;
    player.report();
    let gap = player.report().1;
    player.head = after;
    let answered = player.push(&[sound.line(), gap.line()]).await?;
    let answer: OutboxAnswer = answered.taken()?;
    ensure!(answer.head == after, "the prefix was not committed");
    let codes: Vec<&str> = answer
        .exceptions
        .iter()
        .map(|one| one.code.as_str())
        .collect();
    ensure!(codes == ["sequence_gap"], "exceptions {codes:?}");
    let answer: OutboxAnswer = player.push(&[gap.line()]).await?.taken()?;
    ensure!(
        answer.head == after && answer.exceptions.len() == 1,
        "a gap alone"
    );
    Ok(())
}

async fn forged(stage: &mut Stage) -> Result<()> {
    let (player, _) = stage.players();
    let case = player.new_case();
    let next = player.payload("case.noted", Some(case), json!({}));
    let with = |field: &str, value: Value| {
        let mut payload = next.clone();
        payload[field] = value;
        player.sign(&payload)
    };
    let sound = player.sign(&next);
    let by = |signer: &_, media: &str| Said {
        envelope: Envelope::sign(media, next.to_string().into(), signer),
        payload: next.clone(),
    };
    let stranger = Keys::drawn()?.signing;
    let mut retyped = by(&player.signing, RECEIPT_TYPE);
    retyped.envelope.payload_type = MESSAGE_TYPE.into();
    let mut small_r = sound.envelope.signature;
    small_r[..32].fill(0);
    small_r[0] = 1;
    for (what, said, code) in [
        ("a gap", with("seq", json!(900)), Code::SequenceGap),
        (
            "an epoch to come",
            with("epoch", json!(2)),
            Code::SequenceGap,
        ),
        (
            "another predecessor",
            with("prev", json!("ab".repeat(32))),
            Code::PreviousMismatch,
        ),
        (
            "an unknown key",
            by(&stranger, MESSAGE_TYPE),
            Code::KeyUnknown,
        ),
        (
            "the identity key",
            by(&player.identity, MESSAGE_TYPE),
            Code::KeyUnknown,
        ),
        (
            "another type",
            by(&player.signing, RECEIPT_TYPE),
            Code::HeaderInvalid,
        ),
        (
            "a type that was not signed",
            retyped,
            Code::SignatureInvalid,
        ),
        (
            "S beyond the order",
            seconded(&sound),
            Code::SignatureInvalid,
        ),
        (
            "a small R",
            with_signature(&sound, small_r),
            Code::SignatureInvalid,
        ),
        (
            "no signature",
            with_signature(&sound, [0; 64]),
            Code::SignatureInvalid,
        ),
    ] {
        is_exception(player, &said.line(), code)
            .await
            .context(what)?;
    }
    Ok(())
}

/// That a line alone is refused with this code, and that nothing has moved.
pub async fn is_exception(player: &Player, line: &str, code: Code) -> Result<()> {
    let answered = player.push(&[line.to_owned()]).await?;
    let ran_into = answered.ran_into()?;
    ensure!(
        ran_into == Some(code),
        "expected `{}`, got {}",
        code.as_str(),
        ran_into.map_or("nothing", Code::as_str)
    );
    let answer: OutboxAnswer = answered.taken()?;
    ensure!(
        answer.head == player.head && answer.receipts.is_empty(),
        "it has moved the chain"
    );
    Ok(())
}

async fn strict_json(stage: &mut Stage) -> Result<()> {
    let (player, _) = stage.players();
    let case = player.new_case();
    let text = player
        .payload("report.filed", Some(case), json!({}))
        .to_string();
    let body = |body: &str| text.replace("\"body\":{}", &format!("\"body\":{body}"));
    let head = |from: &str, to: &str| text.replacen(from, to, 1);
    let seq = format!("\"seq\":{}", player.head.next().seq);
    let read: Value = serde_json::from_str(&text)?;
    let id = read["id"].as_str().context("an id")?.to_owned();
    let deep = format!("{}{}", "[".repeat(20), "]".repeat(20));
    for (what, payload) in [
        ("a field twice", head("{", "{\"v\":1,")),
        ("a field of the body twice", body(r#"{"a":1,"a":2}"#)),
        ("an escaped field twice", body(r#"{"a":1,"\u0061":2}"#)),
        ("a fraction", body(r#"{"a":1.5}"#)),
        ("an exponent", body(r#"{"a":1e3}"#)),
        ("a negative zero", body(r#"{"a":-0}"#)),
        ("beyond 2^53", body(r#"{"a":9007199254740992}"#)),
        ("too deep", body(&format!("{{\"a\":{deep}}}"))),
        (
            "too large",
            body(&format!("{{\"x\":\"{}\"}}", "x".repeat(262_144))),
        ),
        ("an array", format!("[{text}]")),
        ("more behind it", format!("{text} {{}}")),
        ("nothing", String::new()),
        ("another v", head("\"v\":1", "\"v\":2")),
        (
            "a kind of 61 characters",
            head("report.filed", &"k".repeat(61)),
        ),
        ("a seq of zero", head(&seq, "\"seq\":0")),
        ("an id in capitals", head(&id, &id.to_uppercase())),
        (
            "a kind in capitals",
            head("\"report.filed\"", "\"Report.Filed\""),
        ),
        ("a case that is no UUID", head(&case.to_string(), "a-case")),
    ] {
        ensure!(payload != text, "{what}: the check itself is wrong");
        let envelope = player.sign_bytes(payload);
        let line = format!("{{\"envelope\":{}}}", envelope.to_line());
        is_exception(player, &line, Code::HeaderInvalid)
            .await
            .context(what)?;
    }
    Ok(())
}

async fn no_batch(stage: &mut Stage) -> Result<()> {
    let (player, other) = stage.players();
    let (before, others) = (player.head, other.head);
    let (good, theirs) = (player.report().1, other.report().1);
    (player.head, other.head) = (before, others);
    let line = good.line();
    let wrap = r#"{"recipient":"pusat","kid":"x","enc":"","ciphertext":""}"#;
    let wraps = format!("\"wraps\":[{}]", vec![wrap; 65].join(","));
    let malformed = Code::MalformedBatch;
    let mut twice: Value = serde_json::from_str(&line)?;
    let signatures = twice["envelope"]["signatures"].as_array_mut();
    let signatures = signatures.context("signatures")?;
    signatures.extend(signatures.clone());
    for (what, body, code) in [
        ("nothing", String::new(), malformed),
        ("only line breaks", "\n\n".into(), malformed),
        ("no JSON", "x".into(), malformed),
        ("an array", "[]".into(), malformed),
        ("half a line", line[..line.len() / 2].into(), malformed),
        (
            "a member twice",
            line.replacen('{', "{\"envelope\":null,", 1),
            malformed,
        ),
        ("an unknown member", good.line_with("\"x\":1"), malformed),
        ("65 wraps", good.line_with(&wraps), malformed),
        ("two signatures", twice.to_string(), malformed),
        (
            "a bad line behind a good one",
            format!("{line}\n{{}}"),
            malformed,
        ),
        (
            "501 lines",
            vec![line.as_str(); 501].join("\n"),
            Code::BatchTooLarge,
        ),
        ("another's message", theirs.line(), Code::AuthorMismatch),
    ] {
        let batch = Asked::new("POST", "/outbox").body(NDJSON, body);
        let answered = player.ask(&batch).await?;
        answered.is_refused(code).context(what)?;
    }
    let head = player.head_at_hub().await?;
    ensure!(head == player.head, "something of it was committed");
    Ok(())
}

async fn byte_for_byte(stage: &mut Stage) -> Result<()> {
    let (player, other) = stage.players();
    let said = player.report().1;
    let sound: Value = serde_json::from_str(&said.envelope.to_line())?;
    let odd = format!(
        "{{ \"signatures\" : {},  \"payload\":{} ,\"payloadType\":{}}}",
        sound["signatures"], sound["payload"], sound["payloadType"]
    );
    accepted_lines(player, &[format!("{{\"envelope\":{odd}}}")], &[&said]).await?;
    let last = player.head.seq - 1;
    let path = format!("/outbox?epoch=1&after={last}");
    let own = player.get(&path).await?;
    own.is_success()?;
    ensure!(
        String::from_utf8_lossy(&own.body).trim_end() == odd,
        "another line than the one that was sent"
    );
    let path = format!("/envelopes/{}", said.id());
    let one = player.get(&path).await?;
    one.is_success()?;
    ensure!(one.body == odd.as_bytes(), "another line by its id");
    let beyond = format!("/outbox?epoch=1&after={}", player.head.seq);
    let empty = player.get(&beyond).await?;
    empty.is_success()?;
    ensure!(empty.body.is_empty(), "something behind the head");
    other.get(&path).await?.is_refused(Code::EnvelopeUnknown)
}

async fn boots(stage: &mut Stage) -> Result<()> {
    let (_, player) = stage.players();
    let [first, second, third] = ["1a", "2b", "3c"].map(|two| two.repeat(16));
    let ask = async |boot: Option<String>| {
        let asked = Asked::new("GET", "/outbox/head");
        player
            .ask(&match boot {
                Some(boot) => asked.header(BOOT_HEADER, &boot),
                None => asked,
            })
            .await
    };
    let next = Some(format!("{second}, {first}"));
    for boot in [Some(first.clone()), next.clone(), next, None] {
        ask(boot).await?.is_success()?;
    }
    let copy = ask(Some(format!("{third}, {first}"))).await?;
    copy.is_refused(Code::BootConflict)?;
    let expected = copy.problem()?.expected.context("`expected` is missing")?;
    let expected: ChainHead = serde_json::from_value(expected)?;
    ensure!(expected == player.head, "`expected` is {expected:?}");
    ask(None).await?.is_success()?;
    let health = health(player).to_string();
    let health = Asked::new("POST", "/health").body("application/json", health);
    let health = player.ask(&health.header(BOOT_HEADER, &third)).await?;
    health
        .is_success()
        .context("a start with a report of health")
}
