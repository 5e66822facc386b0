//! A member that sends a byte now and then, so that each comes in time and the
//! whole never does; and connections that stop half way into being one. Each is
//! given up within its bound, and nobody else waits for it.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use lapor_hub::settings::Settings;
use lapor_protocol::ids::Digest;
use lapor_protocol::problem::Code;
use lapor_protocol::wire::{NDJSON, PREFIX};
use lapor_tests::fleet::{Fleet, kinds};
use lapor_tests::hostile::{Hostile, Wire, read_answer};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{beside, gather_with};

/// Between two bytes: less than the hub waits for a piece.
const DROP: Duration = Duration::from_millis(400);
/// A body with a limit of a second between pieces has four before its pace
/// counts; the head of a request may take twenty, and a handshake ten. The rest is for a busy machine.
const GIVEN_UP: Duration = Duration::from_secs(45);

fn impatient(settings: &mut Settings) {
    settings.limits.body_seconds = 1;
}

/// The head of a request with a body that takes its time.
fn head(method: &str, path: &str, media: &str) -> String {
    format!(
        "{method} {PREFIX}{path} HTTP/1.1\r\nhost: hub\r\nlapor-version: 1\r\n\
         content-type: {media}\r\ncontent-length: 100000\r\n\r\n"
    )
}

/// Says this at once and then a byte at a time, until the hub has enough of it.
async fn trickle(mut wire: Wire, first: &str) -> Wire {
    wire.write_all(first.as_bytes()).await.unwrap();
    wire.flush().await.unwrap();
    let mut every = tokio::time::interval(DROP);
    let mut answer = [0];
    loop {
        every.tick().await;
        // Whether anything has been answered, without taking it.
        let (stream, _) = wire.get_ref();
        let peeked = tokio::time::timeout(Duration::from_millis(1), stream.peek(&mut answer));
        let silent = peeked.await.is_err();
        let sent = async {
            wire.write_all(b" ").await?;
            wire.flush().await
        };
        if !silent || sent.await.is_err() {
            return wire;
        }
    }
}

/// A body that trickles is refused.
async fn body(mallory: &Hostile, method: &str, path: &str, media: &str) {
    let wire = mallory.wire("http/1.1").await.unwrap();
    let mut wire = trickle(wire, &head(method, path, media)).await;
    let answer = read_answer(&mut wire, false).await.unwrap();
    assert_eq!(answer.code(), Some(Code::Overloaded), "{method} {path}");
}

/// A head that trickles is not answered; its connection ends.
async fn slow_head(mallory: &Hostile) {
    let wire = mallory.wire("http/1.1").await.unwrap();
    let mut wire = trickle(wire, "GET /federation/v1/outbox/head HTTP/1.1\r\nx:").await;
    let mut rest = Vec::new();
    // Ended with a word or without one.
    drop(wire.read_to_end(&mut rest).await);
    assert!(!rest.starts_with(b"HTTP/1.1 2"), "it was answered");
}

/// A socket on which a handshake begins and does not go on.
async fn half_open(fleet: &Fleet, begun: &[u8]) {
    let mut socket = TcpStream::connect(fleet.hub.federation()).await.unwrap();
    socket.write_all(begun).await.unwrap();
    let mut rest = Vec::new();
    drop(socket.read_to_end(&mut rest).await);
}

/// Announces an attachment, so that it may be sent.
async fn announce(mallory: &mut Hostile) -> Digest {
    let (sha256, case) = (Digest::of(b"never whole"), mallory.new_case());
    let body =
        json!({ "classification": "complaint", "channel": "web", "commitment": "ab".repeat(32) });
    let mut payload = mallory.payload("report.filed", Some(case), body);
    payload["attachments"] =
        json!([{ "sha256": sha256, "size": 100_000, "media_type": "image/jpeg" }]);
    let said = mallory.sign(&payload);
    mallory.head = mallory.head.advanced(said.id());
    assert_eq!(mallory.push(&[said.line()]).await.verdict(), None);
    sha256
}

#[tokio::test]
async fn whatever_comes_a_byte_at_a_time_is_given_up_in_time_and_holds_up_nobody() {
    for kind in kinds() {
        let (fleet, mut mallory) = gather_with(kind, impatient).await;
        let blob = format!("/blobs/{}", announce(&mut mallory).await);
        let began = Instant::now();
        beside(
            &fleet,
            Box::pin(async {
                // A record of TLS that promises more than comes, and nothing at all.
                let hello = [22, 3, 1, 2, 0, 1];
                let slow: [Pin<Box<dyn Future<Output = ()>>>; 7] = [
                    Box::pin(body(&mallory, "POST", "/outbox", NDJSON)),
                    Box::pin(body(&mallory, "POST", "/health", "application/json")),
                    Box::pin(body(&mallory, "POST", "/epochs", "application/json")),
                    Box::pin(body(&mallory, "PUT", &blob, "application/octet-stream")),
                    Box::pin(slow_head(&mallory)),
                    Box::pin(half_open(&fleet, &hello)),
                    Box::pin(half_open(&fleet, &[])),
                ];
                join_all(slow).await;
            }),
        )
        .await;
        let took = began.elapsed();
        assert!(took < GIVEN_UP, "given up after {took:?}");
        fleet.ends_well().await;
    }
}
