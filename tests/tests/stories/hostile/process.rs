//! The hub as a process of its own, attacked with everything that costs
//! memory: what it ever had stays below a bound, others are served meanwhile,
//! and nothing of what was said stands in its log.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use lapor_node::clock::{Clock as _, SystemClock};
use lapor_protocol::problem::Code;
use lapor_protocol::wire::{NDJSON, PREFIX};
use lapor_tests::bench::programs::{Programs, Running, ask};
use lapor_tests::bench::world::World;
use lapor_tests::hostile::{Asked, Frame, Frames, Hostile};
use lapor_tests::invariants::{Canaries, search_folder};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// What all attacks together may add to the hub's memory: eight answers of
/// 4 MiB twice over, a batch packed and unpacked with its 8 MiB window, sixty
/// bodies of 256 KiB, some hundred connections.
const GROWTH_KB: f64 = 128.0 * 1024.0;
/// In which another is answered meanwhile, on a machine that other tests use too.
const WORST: Duration = Duration::from_secs(12);
/// Said by the hostile member wherever words can stand.
const CANARY: &str = "kenari-musuh-77e0";

async fn member(world: &World, slug: &str, seed: u8) -> Hostile {
    let line = ask(world
        .hub_command()
        .args(["instance", "invite", slug, "--kind", "kota"])
        .arg("--without-approval"));
    Hostile::join(&line.unwrap(), seed, SystemClock.now_ms())
        .await
        .unwrap()
}

#[tokio::test]
async fn the_memory_of_the_hub_is_bounded_whatever_one_member_does() {
    lapor_certs::tls::install_default_provider();
    let home = tempfile::tempdir().unwrap();
    let programs = Path::new(env!("CARGO_BIN_EXE_lapor-demo")).parent();
    let programs = Programs::find(programs.map(Path::to_owned)).unwrap();
    let world = World::found(home.path(), &programs).unwrap();
    let log = home.path().join("hub.log");
    let mut command: Command = world.hub_command();
    command
        .arg("serve")
        .env("LAPOR_HUB__LIMITS__BODY_SECONDS", "2")
        .env("LAPOR_HUB__LOG__FILTER", "trace");
    let hub = Running::start(&mut command, &log, "enrolment").unwrap();
    let mut mallory = member(&world, "kota-mallory", 200).await;
    let honest = member(&world, "kota-bandung", 210).await;
    fill(&mut mallory).await;
    let before = hub.peak_kb().unwrap();
    let packed = packed();
    let attacks = async {
        bombs(&mallory, &packed).await;
        piles(&mallory).await;
        half_said(&mallory, &hub).await;
    };
    tokio::select! {
        () = attacks => {}
        never = served(&honest) => match never {},
    }
    let grown = hub.peak_kb().unwrap() - before;
    assert!(grown < GROWTH_KB, "{grown} KB more than {before} KB");
    assert_eq!(honest.head_at_hub().await, honest.head);
    hub.stop().await.unwrap();
    // The database holds what it said in the clear; the log does not.
    let words = Canaries::new(&[CANARY.to_owned()]);
    let said = std::fs::read(&log).unwrap();
    assert!(said.len() > 100_000, "the log is at its most talkative");
    assert_eq!(words.found_in(&said), Vec::<&str>::new());
    let (files, found) = search_folder(&world.hub_folder(), &words).unwrap();
    let beyond = found
        .iter()
        .filter(|(path, _)| !path.to_string_lossy().contains("hub.db"));
    assert!(files > 3 && beyond.count() == 0, "{found:?}");
}

/// Another member's requests, one after the other for as long as this runs.
async fn served(honest: &Hostile) -> std::convert::Infallible {
    let client = honest.client();
    loop {
        let began = Instant::now();
        let asked = client
            .get(honest.url("/outbox/head"))
            .header("lapor-version", "1");
        assert_eq!(asked.send().await.unwrap().status(), 200);
        let took = began.elapsed();
        assert!(took < WORST, "another was answered after {took:?}");
    }
}

/// About 4 MiB of its own, to be asked for again.
async fn fill(mallory: &mut Hostile) {
    let case = mallory.new_case();
    let body = json!({ "words": CANARY, "x": "x".repeat(7000) });
    let lines: Vec<String> = (0..300)
        .map(|_| mallory.say("case.noted", Some(case), body.clone()).line())
        .collect();
    assert_eq!(mallory.push(&lines).await.verdict(), None);
}

/// Batches that unpack into a thousand times their size.
fn packed() -> [(&'static str, Vec<u8>); 2] {
    let zeros = vec![0; 64 << 20];
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&zeros).unwrap();
    [
        ("gzip", gzip.finish().unwrap()),
        ("zstd", zstd::bulk::compress(&zeros, 1).unwrap()),
    ]
}

/// Bombs, and batches beyond the limit that are as long as they look.
async fn bombs(mallory: &Hostile, bombs: &[(&str, Vec<u8>)]) {
    for _ in 0..10 {
        for (encoding, bomb) in bombs {
            let asked = Asked::new("POST", &format!("/outbox?words={CANARY}"))
                .header("content-encoding", encoding)
                .header("x-words", CANARY)
                .body(NDJSON, bomb.clone());
            assert_eq!(mallory.ask(&asked).await.code(), Some(Code::BatchTooLarge));
        }
    }
    let words = format!("{{\"trace\":\"{CANARY}\",\"{CANARY}\":[]}}\n");
    let most = words.repeat((4 << 20) / words.len());
    let batch = Asked::new("POST", "/outbox").body(NDJSON, most + &words.repeat(2));
    for _ in 0..5 {
        assert_eq!(
            mallory.ask_h2(&batch).await.code(),
            Some(Code::BatchTooLarge)
        );
    }
    let path = format!("/{CANARY}");
    assert_eq!(mallory.get(&path).await.code(), Some(Code::NotFound));
}

/// Answers that nobody reads.
async fn piles(mallory: &Hostile) {
    let own = format!("{PREFIX}/outbox?epoch=1");
    let mut connections = Vec::new();
    for _ in 0..20 {
        let mut frames = Frames::greet(mallory, 0).await.unwrap();
        for _ in 0..60 {
            frames.ask("GET", &own, true).await.unwrap();
        }
        frames.say(Frame::PING, 0, 0, &[7; 8]).await.unwrap();
        while frames.hear().await.unwrap().payload != [7; 8] {}
        connections.push(frames);
    }
    // The hub has thought about all that was asked when it answers this.
    mallory.get("/outbox/head").await;
}

/// Bodies that stop in the middle, and connections on which nothing is said.
async fn half_said(mallory: &Hostile, hub: &Running) {
    let address = hub.said("federation").unwrap().to_owned();
    let address = address.trim_start_matches("https://").to_owned();
    let mut mute = Vec::new();
    for _ in 0..400 {
        mute.push(TcpStream::connect(&address).await.unwrap());
    }
    let mut stopped = JoinSet::new();
    for _ in 0..30 {
        let mut wire = mallory.wire("http/1.1").await.unwrap();
        stopped.spawn(async move {
            let head = format!(
                "POST {PREFIX}/health HTTP/1.1\r\nhost: hub\r\nlapor-version: 1\r\n\
                 content-type: application/json\r\ncontent-length: 262144\r\n\r\n"
            );
            wire.write_all(head.as_bytes()).await?;
            wire.write_all(&vec![b' '; 262_000]).await?;
            lapor_tests::hostile::read_answer(&mut wire, false).await
        });
    }
    while let Some(answer) = stopped.join_next().await {
        let code = answer.unwrap().unwrap().code();
        assert!(
            matches!(code, Some(Code::Overloaded | Code::RateLimited)),
            "{code:?}"
        );
    }
}
