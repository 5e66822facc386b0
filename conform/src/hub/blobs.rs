//! Attachments: brought in pieces by their author, fetched in ranges by those
//! who were sent the message, and by nobody else.

use anyhow::{Context as _, Result, ensure};
use lapor_protocol::ids::Digest;
use lapor_protocol::problem::Code;
use serde_json::{Value, json};

use super::Stage;
use super::batches::accepted;
use super::bodies::{begun, ended};
use super::cases::{disposed, filed};
use crate::check::Check;
use crate::client::{Answered, Asked, Player, Said};

const SIZE: usize = 100_000;
const HALF: usize = 40_000;

pub const CHECKS: [Check<Stage>; 7] = [
    Check {
        name: "takes an attachment in pieces from who announced it",
        keeps: &[
            "An author uploads once the message that announces the blob has been accepted; before, and for everybody else, PUT is 404 `blob_unknown`.",
            "`Content-Range: bytes FROM-TO/TOTAL` has both ends included, `FROM` where the last piece ended, and `TOTAL` the announced size; without the header the body is the whole, from its beginning.",
            "`Lapor-Received` in the answers to PUT and HEAD is the count of bytes that the hub holds of the author's own upload.",
            "202: more is missing.",
            "201: it is complete, checked and on disk, and stays so for any further PUT.",
            "A piece that begins elsewhere, or states another total, gets 409 `range_mismatch`:",
            "HEAD states the size in `Content-Length`.",
            "| PUT, HEAD, GET `/blobs/{sha256}` | 201 or 202, 200, 200 or 206 |",
            "| 404 | `blob_unknown` | `never` | The blob is not held here for you |",
            "| 409 | `range_mismatch` | `resync` | The upload does not continue where the last one ended |",
        ],
        run: |stage| Box::pin(pieces(stage)),
    },
    Check {
        name: "takes no bytes that are not those of the digest",
        keeps: &[
            "Bytes that are not those of the digest get 422 `blob_mismatch`, and the upload begins anew",
            "To know a digest, and to announce it, gives nobody the bytes, nor a word on whether the hub has them",
            "Several authors may announce one digest: each uploads all of it, and an announcement opens the blob to those who were sent it only once its own author has.",
            "| 422 | `blob_mismatch` | `never` | The bytes are not those of the digest |",
        ],
        run: |stage| Box::pin(other_bytes(stage)),
    },
    Check {
        name: "gives an attachment in ranges to who was sent its message",
        keeps: &[
            "Who was sent the message gets 404 `blob_pending` until the blob is complete; the author, by HEAD, its count.",
            "GET takes one range, `Range: bytes=FROM-TO`, `bytes=FROM-` or `bytes=-COUNT`; one that begins beyond the end gets 416 `range_unsatisfiable` with `Content-Range: bytes */SIZE` and `expected` `{\"size\"}`; any other form counts as no range, and the whole is sent.",
            "| 404 | `blob_pending` | `backoff` | The blob has not been uploaded yet |",
            "| 416 | `range_unsatisfiable` | `never` | The range lies beyond the end of the blob |",
        ],
        run: |stage| Box::pin(ranges(stage)),
    },
    Check {
        name: "counts what came of a body that is not as long as its range",
        keeps: &[
            "A body that is longer than its range is refused (400) and what came before is kept; a shorter one counts as far as it went.",
        ],
        run: |stage| Box::pin(other_lengths(stage)),
    },
    Check {
        name: "shows the pictures of a programme to every member",
        keeps: &[
            "The pictures of a programme are uploaded alike and are for every active institution.",
            "**Pictures** of a programme are blobs that are not encrypted: the file as it is, named by its digest in the signed body and not under `attachments`",
        ],
        run: |stage| Box::pin(pictures(stage)),
    },
    Check {
        name: "erases a picture that its programme names no more",
        keeps: &[
            "The last applied `programme.published` of an author and slug is what counts.",
            "A picture that it does not name any more, and that no other message of the author names, is erased at the hub with its room, and should be at the nodes.",
        ],
        run: |stage| Box::pin(replaced_pictures(stage)),
    },
    Check {
        name: "takes one upload of a blob at a time",
        keeps: &[
            "One upload of a blob at a time.",
            "`rate_limited` is also the answer to a second batch or a second upload of a blob while one is under way",
        ],
        run: |stage| Box::pin(one_at_a_time(stage)),
    },
];

/// Bytes that nobody has sent before, and what a message says of them.
fn file(player: &mut Player) -> (Vec<u8>, Digest, Value) {
    let mut bytes = vec![0; SIZE];
    player.entropy().fill(&mut bytes);
    let digest = Digest::of(&bytes);
    let stated = json!([{ "sha256": digest, "size": SIZE, "media_type": "image/jpeg" }]);
    (bytes, digest, stated)
}

fn path(digest: Digest) -> String {
    format!("/blobs/{digest}")
}

fn put(digest: Digest, bytes: &[u8], range: Option<(usize, usize, usize)>) -> Asked {
    let asked = Asked::new("PUT", &path(digest)).body("application/octet-stream", bytes);
    match range {
        None => asked,
        Some((from, to, total)) => {
            asked.header("content-range", &format!("bytes {from}-{to}/{total}"))
        }
    }
}

fn holds(answered: &Answered, status: u16, count: usize) -> Result<()> {
    answered.is_success()?;
    let received = answered.header("lapor-received");
    ensure!(
        answered.status == status && received == Some(count.to_string().as_str()),
        "status {} with Lapor-Received {received:?}, expected {status} with {count}",
        answered.status
    );
    Ok(())
}

async fn pieces(stage: &mut Stage) -> Result<()> {
    let (player, other) = stage.players();
    let (bytes, digest, stated) = file(player);
    let whole = put(digest, &bytes, None);
    let early = player.ask(&whole).await?;
    early
        .is_refused(Code::BlobUnknown)
        .context("before its message")?;
    let filed = filed(player, stated)?;
    accepted(player, &[&filed.report]).await?;
    let foreign = other.ask(&whole).await?;
    foreign
        .is_refused(Code::BlobUnknown)
        .context("by somebody else")?;
    let head = Asked::new("HEAD", &path(digest));
    holds(&player.ask(&head).await?, 200, 0)?;
    let first = put(digest, &bytes[..HALF], Some((0, HALF - 1, SIZE)));
    holds(&player.ask(&first).await?, 202, HALF)?;
    for (what, range) in [
        ("a hole", (HALF + 10, SIZE - 1, SIZE)),
        ("another total", (HALF, SIZE, SIZE + 1)),
    ] {
        let answered = player
            .ask(&put(digest, &bytes[HALF..], Some(range)))
            .await?;
        answered.is_refused(Code::RangeMismatch).context(what)?;
        let expected = answered.problem()?.expected;
        let stands = json!({ "received": HALF, "size": SIZE });
        ensure!(expected == Some(stands), "`expected` is {expected:?}");
    }
    let rest = put(digest, &bytes[HALF..], Some((HALF, SIZE - 1, SIZE)));
    holds(&player.ask(&rest).await?, 201, SIZE)?;
    holds(&player.ask(&whole).await?, 201, SIZE)?;
    let told = player.ask(&head).await?;
    holds(&told, 200, SIZE)?;
    let length = told.header("content-length");
    ensure!(length == Some("100000"), "Content-Length {length:?}");
    Ok(())
}

async fn other_bytes(stage: &mut Stage) -> Result<()> {
    let (player, other) = stage.players();
    let (bytes, digest, stated) = file(player);
    let mine = filed(player, stated.clone())?;
    accepted(player, &[&mine.report]).await?;
    let wrong = put(digest, &vec![0; SIZE], None);
    let answered = player.ask(&wrong).await?;
    answered.is_refused(Code::BlobMismatch)?;
    holds(&player.ask(&put(digest, &bytes, None)).await?, 201, SIZE)?;
    let claim = filed(other, stated)?;
    accepted(other, &[&claim.report]).await?;
    let told = other.ask(&Asked::new("HEAD", &path(digest))).await?;
    holds(&told, 200, 0).context("who only claims it")?;
    let fetched = other.get(&path(digest)).await?;
    fetched
        .is_refused(Code::BlobPending)
        .context("who only claims it")?;
    holds(&other.ask(&put(digest, &bytes, None)).await?, 201, SIZE)?;
    let fetched = other.get(&path(digest)).await?;
    fetched
        .is_success()
        .context("who has brought all of it, too")?;
    ensure!(fetched.body == bytes, "other bytes");
    Ok(())
}

async fn ranges(stage: &mut Stage) -> Result<()> {
    stage.may_dispose().await?;
    let (player, other) = stage.players();
    let (bytes, digest, stated) = file(player);
    let case = filed(player, stated)?;
    let get = Asked::new("GET", &path(digest));
    accepted(player, &[&case.report]).await?;
    let early = other.ask(&get).await?;
    early.is_refused(Code::BlobUnknown).context("no party")?;
    let disposal = disposed(player, &case, &other.id)?;
    accepted(player, &[&disposal]).await?;
    other
        .ask(&get)
        .await?
        .is_refused(Code::BlobPending)
        .context("not brought yet")?;
    holds(&player.ask(&put(digest, &bytes, None)).await?, 201, SIZE)?;
    for (range, status, expected) in [
        (None, 200, &bytes[..]),
        (Some("bytes=10-19"), 206, &bytes[10..20]),
        (Some("bytes=99990-"), 206, &bytes[99_990..]),
        (Some("bytes=-7"), 206, &bytes[SIZE - 7..]),
        (Some("bytes=1-2,5-6"), 200, &bytes[..]),
    ] {
        let asked = range.map_or_else(|| get.clone(), |range| get.clone().header("range", range));
        let answered = other.ask(&asked).await?;
        answered.is_success()?;
        ensure!(
            answered.status == status && answered.body == expected,
            "{range:?}: status {} and {} bytes",
            answered.status,
            answered.body.len()
        );
    }
    let beyond = other.ask(&get.header("range", "bytes=100000-")).await?;
    beyond.is_refused(Code::RangeUnsatisfiable)?;
    let stated = beyond.header("content-range");
    ensure!(stated == Some("bytes */100000"), "Content-Range {stated:?}");
    let expected = beyond.problem()?.expected;
    ensure!(
        expected == Some(json!({ "size": SIZE })),
        "`expected` is {expected:?}"
    );
    Ok(())
}

async fn other_lengths(stage: &mut Stage) -> Result<()> {
    let (player, _) = stage.players();
    let (bytes, digest, stated) = file(player);
    let filed = filed(player, stated)?;
    accepted(player, &[&filed.report]).await?;
    let shorter = put(digest, &bytes[..HALF], Some((0, 2 * HALF - 1, SIZE)));
    holds(&player.ask(&shorter).await?, 202, HALF).context("a shorter one")?;
    let longer = put(digest, &bytes[HALF..], Some((HALF, HALF + 9, SIZE)));
    let answered = player.ask(&longer).await?;
    answered
        .is_refused(Code::MalformedRequest)
        .context("a longer one")?;
    let told = player.ask(&Asked::new("HEAD", &path(digest))).await?;
    told.is_success()?;
    let received = told
        .header("lapor-received")
        .and_then(|text| text.parse().ok());
    let received: usize = received.context("no Lapor-Received")?;
    ensure!(
        (HALF..=HALF + 10).contains(&received),
        "{received} bytes are kept of {HALF} and a body that was refused"
    );
    let rest = put(digest, &bytes[received..], Some((received, SIZE - 1, SIZE)));
    holds(&player.ask(&rest).await?, 201, SIZE)
}

/// A programme that shows these; it has not been sent.
fn programme(player: &mut Player, slug: &str, pictures: &[Digest]) -> Said {
    let shown = pictures.iter().map(|digest| {
        json!({
            "sha256": digest, "size": SIZE, "media_type": "image/png", "alt": "Uji kesesuaian.",
        })
    });
    let body = json!({
        "slug": slug, "name": "Uji gambar", "description": "Dari lapor-conform.",
        "pictures": shown.collect::<Vec<_>>(),
    });
    player.say("programme.published", None, body)
}

async fn pictures(stage: &mut Stage) -> Result<()> {
    let (player, other) = stage.players();
    let (bytes, digest, _) = file(player);
    let said = programme(player, "uji-gambar", &[digest]);
    accepted(player, &[&said]).await?;
    let early = other.get(&path(digest)).await?;
    early
        .is_refused(Code::BlobPending)
        .context("not brought yet")?;
    holds(&player.ask(&put(digest, &bytes, None)).await?, 201, SIZE)?;
    let shown = other.get(&path(digest)).await?;
    shown.is_success()?;
    ensure!(shown.body == bytes, "other bytes");
    let foreign = other.ask(&put(digest, &bytes, None)).await?;
    foreign
        .is_refused(Code::BlobUnknown)
        .context("by somebody else")
}

async fn replaced_pictures(stage: &mut Stage) -> Result<()> {
    let (player, other) = stage.players();
    let (bytes, digest, _) = file(player);
    let said = programme(player, "uji-ganti-gambar", &[digest]);
    accepted(player, &[&said]).await?;
    holds(&player.ask(&put(digest, &bytes, None)).await?, 201, SIZE)?;
    let shown = other.get(&path(digest)).await?;
    shown.is_success().context("a picture that is shown")?;
    let without = programme(player, "uji-ganti-gambar", &[]);
    accepted(player, &[&without]).await?;
    for who in [&*player, &*other] {
        let gone = who.get(&path(digest)).await?;
        gone.is_refused(Code::BlobUnknown)
            .context("a picture that is not shown any more")?;
    }
    let again = player.ask(&put(digest, &bytes, None)).await?;
    again
        .is_refused(Code::BlobUnknown)
        .context("brought once more")
}

/// The hub asks for the body of the first upload, so it has begun to take it in.
async fn one_at_a_time(stage: &mut Stage) -> Result<()> {
    let (player, _) = stage.players();
    let (bytes, digest, stated) = file(player);
    let filed = filed(player, stated)?;
    accepted(player, &[&filed.report]).await?;
    let upload = put(digest, &bytes, None);
    let slow = upload.clone().header("expect", "100-continue");
    let mut wire = begun(player, &slow).await?;
    let second = player.ask(&upload).await?;
    second
        .is_refused(Code::RateLimited)
        .context("a second upload")?;
    holds(&ended(&mut wire, &slow).await?, 201, SIZE)
}
