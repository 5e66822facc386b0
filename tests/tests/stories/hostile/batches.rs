//! Batches that cannot be read, are too large, or unpack into a thousand times
//! their size: refused alike over HTTP/1.1 and HTTP/2, and nothing is kept. Nor
//! is anything of one whose connection is reset under it.

use std::io::Write as _;
use std::time::{Duration, Instant};

use lapor_protocol::problem::Code;
use lapor_protocol::wire::{NDJSON, OutboxAnswer};
use lapor_tests::fleet::kinds;
use lapor_tests::hostile::{Asked, Hostile};
use tokio::io::AsyncWriteExt as _;

use super::{beside, gather};

fn batch(body: impl Into<Vec<u8>>) -> Asked {
    Asked::new("POST", "/outbox").body(NDJSON, body)
}

fn packed(encoding: &str, body: Vec<u8>) -> Asked {
    batch(body).header("content-encoding", encoding)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(bytes, 19).unwrap()
}

/// What is refused as a whole, and how.
fn refused(mallory: &mut Hostile) -> Vec<(&'static str, Asked, Code)> {
    let before = mallory.head;
    let good = mallory.report().1;
    mallory.head = before;
    let line = good.line();
    let wraps = |count: usize| {
        let wrap = r#"{"recipient":"pusat","kid":"x","enc":"","ciphertext":""}"#;
        good.line_with(&format!("\"wraps\":[{}]", vec![wrap; count].join(",")))
    };
    let deep = format!("{{\"trace\":{}}}", "[".repeat(200_000));
    let twice = line.replacen('{', "{\"envelope\":null,", 1);
    let long = format!("{{\"trace\":\"{}\"}}", "x".repeat(524_288));
    let whole = "\n".repeat(4 << 20);
    let malformed = Code::MalformedBatch;
    let large = Code::BatchTooLarge;
    vec![
        ("nothing", batch(""), malformed),
        ("only line breaks", batch("\n\n\n"), malformed),
        ("4 MiB of line breaks", batch(whole.clone()), malformed),
        ("4 MiB and one", batch(whole + "\n"), large),
        (
            "501 lines",
            batch(vec![line.as_str(); 501].join("\n")),
            large,
        ),
        ("a line that is too long", batch(long), large),
        ("no JSON", batch("x"), malformed),
        ("an array", batch("[]"), malformed),
        ("half a line", batch(&line[..line.len() / 2]), malformed),
        ("bytes that are no text", batch(vec![0xff; 1000]), malformed),
        ("a deep line", batch(deep), malformed),
        ("a member twice", batch(twice), malformed),
        (
            "an unknown member",
            batch(good.line_with("\"x\":1")),
            malformed,
        ),
        ("65 wraps", batch(wraps(65)), malformed),
        (
            "wraps of another form",
            batch(good.line_with("\"wraps\":{}")),
            malformed,
        ),
        (
            "a bad line behind a good one",
            batch(format!("{line}\n{{}}")),
            malformed,
        ),
        (
            "another encoding",
            packed("br", vec![]),
            Code::UnsupportedMedia,
        ),
        (
            "another type",
            Asked::new("POST", "/outbox").body("text/plain", line.clone()),
            Code::UnsupportedMedia,
        ),
        (
            "a boot that is none",
            batch(line.clone()).header("lapor-boot", "x"),
            Code::MalformedRequest,
        ),
        (
            "a version to come",
            Asked::new("GET", "/inbox").header("lapor-version", "2"),
            Code::VersionUnsupported,
        ),
        (
            "another path",
            Asked::new("POST", "/outbox/x").body(NDJSON, line.clone()),
            Code::NotFound,
        ),
        (
            "another method",
            Asked::new("DELETE", "/outbox"),
            Code::MethodNotAllowed,
        ),
    ]
}

/// What unpacks into a thousand times its size, or into nothing that can be read.
fn packed_badly(line: &str) -> Vec<(&'static str, Asked, Code)> {
    let (malformed, large) = (Code::MalformedBatch, Code::BatchTooLarge);
    let zeros = vec![0; 64 << 20];
    let lines = vec![b'\n'; 64 << 20];
    let [zeros_gz, lines_zst] = [gzip(&zeros), zstd(&lines)];
    assert!(zeros.len() / zeros_gz.len() > 1000 && lines.len() / lines_zst.len() > 1000);
    let nested = gzip(&zstd(&zeros));
    vec![
        ("1,000 : 1, gzip", packed("gzip", zeros_gz.clone()), large),
        ("1,000 : 1, zstd", packed("zstd", lines_zst), large),
        ("many members", packed("gzip", zeros_gz.repeat(40)), large),
        (
            "one in the other",
            packed("gzip", nested.clone()),
            malformed,
        ),
        (
            "both stated",
            packed("zstd, gzip", nested),
            Code::UnsupportedMedia,
        ),
        (
            "not packed",
            packed("zstd", line.as_bytes().to_vec()),
            malformed,
        ),
        (
            "cut off",
            packed("gzip", gzip(line.as_bytes())[..20].to_vec()),
            malformed,
        ),
    ]
}

#[tokio::test]
async fn a_batch_that_is_no_batch_is_refused_over_both_protocols_and_leaves_nothing() {
    for kind in kinds() {
        let (fleet, mut mallory) = gather(kind).await;
        let mut attacks = refused(&mut mallory);
        attacks.extend(packed_badly("{}"));
        beside(
            &fleet,
            Box::pin(async {
                for (what, asked, code) in attacks {
                    for answered in [mallory.ask(&asked).await, mallory.ask_h2(&asked).await] {
                        assert_eq!(answered.code(), Some(code), "{what}");
                    }
                }
            }),
        )
        .await;
        assert_eq!(mallory.head_at_hub().await, mallory.head);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_batch_at_its_limits_is_taken_whatever_its_packing() {
    for kind in kinds() {
        let (fleet, mut mallory) = gather(kind).await;
        let lines: Vec<String> = (0..500).map(|_| mallory.report().1.line()).collect();
        let bare = lines.join("\n");
        let spaced = format!("\n\n{bare}\n\n");
        beside(
            &fleet,
            Box::pin(async {
                for asked in [
                    packed("zstd", zstd(bare.as_bytes())),
                    packed("gzip", gzip(spaced.as_bytes())),
                    packed("identity", bare.into_bytes()),
                ] {
                    let answer: OutboxAnswer = mallory.ask(&asked).await.json();
                    assert_eq!((answer.head, answer.exceptions.len()), (mallory.head, 0));
                }
            }),
        )
        .await;
        fleet.ends_well().await;
    }
}

/// How long the hub may hold the place of a batch that will never be whole; for one that only stops it
/// waits longer.
const GIVEN_UP: Duration = Duration::from_secs(20);

/// Sends the beginning of a batch, and resets the connection when the hub is reading it.
async fn reset(mallory: &Hostile, beginning: &[u8]) {
    let mut wire = mallory.wire("http/1.1").await.unwrap();
    wire.write_all(beginning).await.unwrap();
    wire.flush().await.unwrap();
    // Its own second batch finds the place taken, once the first has it.
    let began = Instant::now();
    while mallory.ask(&batch("x")).await.code() != Some(Code::RateLimited) {
        assert!(began.elapsed() < GIVEN_UP, "it never had its place");
    }
    let (socket, _) = wire.get_ref();
    socket.set_zero_linger().unwrap();
}

/// What the hub makes of these lines once it has given up the batch before.
async fn whole(mallory: &Hostile, lines: &[String]) -> OutboxAnswer {
    let began = Instant::now();
    loop {
        let told = mallory.push(lines).await;
        if told.code() != Some(Code::RateLimited) {
            return told.json();
        }
        assert!(began.elapsed() < GIVEN_UP, "its place is never free again");
    }
}

#[tokio::test]
async fn of_a_batch_whose_connection_is_reset_nothing_is_taken_and_it_can_be_sent_again() {
    for kind in kinds() {
        let (fleet, mut mallory) = gather(kind).await;
        beside(
            &fleet,
            Box::pin(async {
                for _ in 0..2 {
                    let before = mallory.head;
                    let lines: Vec<String> = (0..100).map(|_| mallory.report().1.line()).collect();
                    let asked = batch(lines.join("\n")).bytes();
                    // In the middle of a line, and before the last byte of the last one.
                    for begun in [asked.len() / 2, asked.len() - 1] {
                        reset(&mallory, &asked[..begun]).await;
                        assert_eq!(mallory.head_at_hub().await, before);
                    }
                    assert_eq!(whole(&mallory, &lines).await.head, mallory.head);
                }
            }),
        )
        .await;
        fleet.ends_well().await;
    }
}
