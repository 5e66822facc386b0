//! The listener of members: who gets in, what every answer states, and how a
//! refusal reads.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use lapor_certs::tls::{clock, enrolment_client_config};
use lapor_certs::{Authority, Credential, Serial, TlsKey};
use lapor_protocol::directory::Status;
use lapor_protocol::directory_head::DirectoryHead;
use lapor_protocol::ids::Digest;
use lapor_protocol::kinds::Body;
use lapor_protocol::problem::Code;
use lapor_protocol::receipt::Receipt;
use lapor_protocol::seen;
use lapor_protocol::wire::{DirectoryPage, Limits, NDJSON, SEEN_HEADER, VERSION_HEADER, WellKnown};
use rustls::ClientConfig;
use serde_json::{Value, json};

use super::{Stage, directory};
use crate::check::Check;
use crate::client::{Asked, Frame, Frames, Keys, PATIENCE, Player, ask_on, connect};

pub const CHECKS: [Check<Stage>; 9] = [
    Check {
        name: "ends the handshake of who has no certificate of the federation",
        keeps: &[
            "No certificate, or a foreign one: the handshake fails.",
            "With TLS 1.3 a client learns of a failed handshake from its first read.",
        ],
        run: |stage| Box::pin(strangers(stage)),
    },
    Check {
        name: "speaks HTTP/2 and HTTP/1.1",
        keeps: &["Below `/federation/v1`, HTTP/2 or 1.1 (by ALPN) over mTLS with TLS 1.3."],
        run: |stage| Box::pin(both_protocols(stage)),
    },
    Check {
        name: "answers no other version of the protocol",
        keeps: &[
            "Every request and every answer carries `Lapor-Version: 1`; an answer without it is not the hub's, and a request without it or with another version is refused with 426 (only `/.well-known/lapor` is told to who states none), over HTTP/1.1 with `Upgrade: lapor/1`.",
            "| 426 | `version_unsupported` | `operator` | This protocol version is not spoken here |",
            "| `PAGE_ITEMS` | 500 | items in one page of an inbox or of the public stream |",
            "| `LONG_POLL_SECONDS` | 25 | seconds that a long poll may wait |",
        ],
        run: |stage| Box::pin(versions(stage)),
    },
    Check {
        name: "refuses by problems whose code, status and retry are those of the contract",
        keeps: &[
            "Errors are RFC 9457 `application/problem+json`.",
            "`type`, `title`, `status`, `code` and `retry` are always there.",
            "`X-Request-Id` of every answer is the `request` of a problem: what to quote to the hub's staff.",
            "| 404 | `not_found` | `never` | There is nothing at this path |",
            "| 405 | `method_not_allowed` | `never` | The path does not serve this method |",
            "| 415 | `unsupported_media` | `never` | The content type or encoding is not supported |",
            "| 400 | `malformed_request` | `never` | The request cannot be read |",
            "JSON bodies are `application/json`, at most 262,144 bytes (else 400); streams and batches are `application/x-ndjson`.",
        ],
        run: |stage| Box::pin(problems(stage)),
    },
    Check {
        name: "publishes a directory that every member can check",
        keeps: &[
            "Beside the versions of a page stands a head (`directory-head.v1+json`), `{version, id, at}`: number and envelope id of the last of them, signed by a key of the hub",
            "| `directory-head.v1+json` | which version is the latest | hub |",
            "with `hub_keys` as the keys of the first version (the key that signed it is among them, also when it has been retired)",
            "Hub-signed versions, each naming the one before; `changes` holds whole entries of what changed:",
            "A version is signed by a key of `hub_keys` of the version before (of the enrolment for version 1)",
            "versions after `since` (0 if left out), oldest first, about 4 MiB of them; `head` is the signed head of the last of them, `latest` tells whether to ask again",
            "| `status` | `registered` (known by name), `invited`, `active`, `suspended`, `revoked` |",
        ],
        run: |stage| Box::pin(publishes(stage)),
    },
    Check {
        name: "hears how a member is",
        keeps: &[
            "| POST `/health` | 204 | every 60 s |",
            "`POST /health`; `oldest_unsent`, `free_disk_bytes`, `last_backup`, `chain`, `inbox`, `holds` and `portal` may be null or left out.",
        ],
        run: |stage| Box::pin(hears(stage)),
    },
    Check {
        name: "lets nobody invent a loss",
        keeps: &[
            "What does not verify under a key of the hub is passed over, so that nobody can invent a loss",
            "a header that cannot be read is 400 `malformed_request`.",
        ],
        run: |stage| Box::pin(invented_losses(stage)),
    },
    Check {
        name: "reads what is shown of what it has signed, as much as may be shown at once",
        keeps: &[
            "Each is a whole envelope, `NAME:KID:PAYLOAD:SIGNATURE`, `NAME` being `head`, `receipt` or `directory`, `PAYLOAD` and `SIGNATURE` base64url; separated by commas, at most 4, and 4,096 bytes together.",
            "a header that cannot be read is 400 `malformed_request`.",
        ],
        run: |stage| Box::pin(shown(stage)),
    },
    Check {
        name: "lets who sends a body to its end find the refusal, and go on on that connection",
        keeps: &[
            "The hub may answer before it has read a body (413, 415, 426, 429, 503).",
            "It then reads up to 8 MiB of the rest for up to 5 seconds and throws it away, so that a client which sends all before it reads finds the answer, and the connection can be used again.",
        ],
        run: |stage| Box::pin(unread_bodies(stage)),
    },
];

/// That a connection by these means brings no answer.
async fn is_shut_out(player: &Player, mut config: ClientConfig, who: &str) -> Result<()> {
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let Ok(mut wire) = connect(&player.hub, config).await else {
        return Ok(());
    };
    match ask_on(&mut wire, &Asked::new("GET", "/outbox/head")).await {
        Err(_) => Ok(()),
        Ok(answered) => bail!("{who} was answered with status {}", answered.status),
    }
}

async fn strangers(stage: &Stage) -> Result<()> {
    let player = &stage.first.player;
    let now_ms = player.now_ms;
    let pins = player.bundle.pins();
    let bare = enrolment_client_config(&pins, clock(move || now_ms), Arc::default())?;
    is_shut_out(player, bare, "who has no certificate").await?;
    let domain = &stage.first.answer.trust_domain;
    let others = Authority::create(domain, now_ms)?.new_issuer(now_ms)?;
    let key = TlsKey::generate();
    let serial = Serial::from_random([7; 16]);
    let issued = others.issue_instance(&key.public(), &player.id, now_ms, serial)?;
    let foreign = Credential::new(issued.chain, key)?;
    let foreign = player.tls_with(&foreign)?;
    is_shut_out(
        player,
        foreign,
        "who has a certificate of another authority",
    )
    .await
}

async fn both_protocols(stage: &Stage) -> Result<()> {
    let player = &stage.first.player;
    for protocol in ["h2", "http/1.1"] {
        let wire = player.wire(protocol).await?;
        let (_, tls) = wire.get_ref();
        ensure!(
            tls.alpn_protocol() == Some(protocol.as_bytes()),
            "`{protocol}` was not agreed"
        );
        let version = tls.protocol_version();
        ensure!(
            version == Some(rustls::ProtocolVersion::TLSv1_3),
            "{version:?}"
        );
    }
    let mut frames = Frames::greet(player, 65_535).await?;
    let stream = frames
        .ask("GET", "/federation/v1/outbox/head", true)
        .await?;
    frames.until(Frame::HEADERS, stream).await?;
    let answer = frames.until(Frame::DATA, stream).await?;
    let head: Value = serde_json::from_slice(&answer.payload)?;
    ensure!(head["epoch"] == 1, "{head}");
    Ok(())
}

async fn versions(stage: &Stage) -> Result<()> {
    let player = &stage.first.player;
    let none = Asked::bare("GET", "/federation/v1/outbox/head");
    let other = none.clone().header(VERSION_HEADER, "2");
    for asked in [none, other] {
        let answered = player.ask(&asked).await?;
        answered.is_refused(Code::VersionUnsupported)?;
        let upgrade = answered.header("upgrade");
        ensure!(upgrade == Some("lapor/1"), "Upgrade is {upgrade:?}");
    }
    let known = player
        .ask(&Asked::bare("GET", "/.well-known/lapor"))
        .await?;
    let known: WellKnown = known.taken()?;
    let signs = player
        .hub_keys
        .iter()
        .any(|key| known.key_ids.contains(key.kid()));
    ensure!(signs, "no key of the enrolment is among `key_ids`");
    ensure!(
        known.limits == Limits::default(),
        "other limits: {:?}",
        known.limits
    );
    let lacking = Body::KINDS
        .iter()
        .find(|kind| !known.kinds.iter().any(|one| one == *kind));
    ensure!(lacking.is_none(), "`kinds` lacks {lacking:?}");
    Ok(())
}

async fn problems(stage: &Stage) -> Result<()> {
    let player = &stage.first.player;
    let post = |path| Asked::new("POST", path);
    let large = format!("{{\"x\":\"{}\"}}", "x".repeat(262_144));
    for (asked, code) in [
        (Asked::new("GET", "/nothing-here"), Code::NotFound),
        (Asked::new("DELETE", "/outbox"), Code::MethodNotAllowed),
        (
            post("/health").body("text/plain", "{}"),
            Code::UnsupportedMedia,
        ),
        (post("/health").body(NDJSON, "{}"), Code::UnsupportedMedia),
        (
            post("/health").body("application/json", "[]"),
            Code::MalformedRequest,
        ),
        (
            post("/health").body("application/json", large),
            Code::MalformedRequest,
        ),
        (Asked::new("GET", "/inbox?limit=x"), Code::MalformedRequest),
    ] {
        let answered = player.ask(&asked).await?;
        let refused = answered.is_refused(code);
        refused.with_context(|| format!("{} {}", asked.method, asked.path))?;
    }
    Ok(())
}

async fn publishes(stage: &Stage) -> Result<()> {
    let player = &stage.first.player;
    let whole = directory(player).await?;
    for joined in [&stage.first, &stage.second] {
        let entry = whole.latest().instance(&joined.player.id).cloned();
        let entry = entry.context("the directory lacks who has joined")?;
        ensure!(
            entry.status == Status::Active,
            "{} is {:?}",
            entry.id,
            entry.status
        );
        ensure!(
            entry.identity.as_ref() == Some(&joined.request.identity),
            "another identity key of {}",
            entry.id
        );
        let stated = [&joined.request.signing, &joined.request.sealing];
        ensure!(
            stated.iter().all(|key| entry.keys.contains(key)),
            "other keys of {}",
            entry.id
        );
    }
    let page: DirectoryPage = player.get("/directory").await?.taken()?;
    let last = page.versions.last().context("no version")?;
    let head = page.head.as_ref().context("no head beside versions")?;
    let key = whole.any_hub_key(&head.kid).context("a head of nobody")?;
    let head = DirectoryHead::open(head, key)?;
    ensure!(head.id == last.id(), "the head is not of the last version");
    let path = format!("/directory?since={}", whole.version());
    let empty: DirectoryPage = player.get(&path).await?.taken()?;
    ensure!(empty.versions.is_empty() && empty.latest == whole.version());
    Ok(())
}

/// A report that leaves out what may be left out.
pub fn health(player: &Player) -> Value {
    json!({
        "software": "lapor-conform", "time": player.now_ms, "unsent": 0, "unapplied": 0,
        "quarantined": 0, "parked": 0, "directory": 1, "certificate_expires": player.now_ms,
    })
}

async fn hears(stage: &Stage) -> Result<()> {
    let player = &stage.first.player;
    let mut health = health(player);
    for _ in 0..2 {
        let answered = player.post("/health", health.to_string()).await?;
        answered.is_success()?;
        ensure!(answered.status == 204, "status {}", answered.status);
        for field in [
            "oldest_unsent",
            "free_disk_bytes",
            "last_backup",
            "chain",
            "inbox",
        ] {
            health[field] = json!(null);
        }
    }
    Ok(())
}

/// How a receipt is shown that the hub would have to hold if it were its own.
fn forged(player: &Player) -> Result<String> {
    let receipt = Receipt::accepted(player.id.clone(), 1, 900, &[Digest::of(b"lost")], 1);
    let mut forged = receipt.sign(&Keys::drawn()?.signing);
    let own = player.hub_keys.first().context("the hub has no key")?;
    forged.kid = own.kid().clone();
    seen::shown(&forged).context("a receipt can be shown")
}

async fn invented_losses(stage: &Stage) -> Result<()> {
    let player = &stage.first.player;
    let shown = forged(player)?;
    let asked = Asked::new("GET", "/outbox/head");
    let answered = player
        .ask(&asked.clone().header(SEEN_HEADER, &shown))
        .await?;
    answered.is_success()?;
    let answered = player.ask(&asked.header(SEEN_HEADER, "receipt:x")).await?;
    answered.is_refused(Code::MalformedRequest)
}

async fn shown(stage: &Stage) -> Result<()> {
    let player = &stage.first.player;
    let show = async |header: &str| {
        let asked = Asked::new("GET", "/outbox/head");
        player.ask(&asked.header(SEEN_HEADER, header)).await
    };
    let page: DirectoryPage = player.get("/directory").await?.taken()?;
    let head = page.head.as_ref().and_then(seen::shown);
    let head = head.context("a head of the directory can be shown")?;
    let one = forged(player)?;
    let four = [head.as_str(), &one, &one, &one].join(",");
    show(&four).await?.is_success().context("four")?;
    let five = [four.as_str(), &one].join(",");
    let mut parts = one.rsplitn(3, ':');
    let signature = parts.next().context("a signature")?;
    let begin = parts.nth(1).context("a name and a key")?;
    // Nothing is wrong with it but its length.
    let long = format!("{begin}:{}:{signature}", "A".repeat(4_096));
    let bare = one.trim_end_matches(signature);
    for (what, header) in [
        ("five", five.as_str()),
        ("more than 4,096 bytes", long.as_str()),
        ("one without a signature", bare),
    ] {
        let answered = show(header).await?;
        answered.is_refused(Code::MalformedRequest).context(what)?;
    }
    Ok(())
}

async fn unread_bodies(stage: &Stage) -> Result<()> {
    let player = &stage.first.player;
    let mut wire = player.wire("http/1.1").await?;
    for (media, code) in [
        ("text/plain", Code::UnsupportedMedia),
        (NDJSON, Code::BatchTooLarge),
    ] {
        let large = Asked::new("POST", "/outbox").body(media, vec![b'x'; 6 << 20]);
        let answered = tokio::time::timeout(PATIENCE, player.ask_over(&mut wire, &large)).await;
        let answered = answered.context("the rest of a body is not read")??;
        answered.is_refused(code)?;
    }
    let next = player
        .ask_over(&mut wire, &Asked::new("GET", "/outbox/head"))
        .await;
    next.context("on the same connection")?.is_success()
}
