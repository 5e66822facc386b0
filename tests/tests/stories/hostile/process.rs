//! The hub as a process of its own, attacked with everything that costs
//! memory, or met by everybody at once: what it ever had stays below a bound,
//! others are served meanwhile, and nothing of what was said stands in its log.

use std::io::Write as _;
use std::path::Path;
use std::pin::pin;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use lapor_node::clock::{Clock as _, SystemClock};
use lapor_protocol::problem::Code;
use lapor_protocol::wire::{NDJSON, PREFIX};
use lapor_tests::bench::programs::{Program, Programs, Running, ask};
use lapor_tests::bench::world::World;
use lapor_tests::hostile::{Asked, Frame, Frames, Hostile, Wire, ask_on};
use lapor_tests::invariants::{Canaries, search_folder};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// What all attacks together may add to the hub's memory: eight answers of
/// 4 MiB twice over, a batch packed and unpacked with its 8 MiB window, sixty
/// bodies of 256 KiB, some hundred connections. A crowd may add as much.
const GROWTH_KB: f64 = 128.0 * 1024.0;
/// In which another is answered meanwhile, on a machine that other tests use too.
const WORST: Duration = Duration::from_secs(12);
/// Said by the hostile member wherever words can stand.
const CANARY: &str = "kenari-musuh-77e0";

/// How many institutions there may be.
const CROWD: usize = 700;
/// Files that all of them take at either end, and some for everything else.
const FILES: u64 = 4096;

/// A hub in this folder as a process of its own, with these of its settings changed.
fn start(home: &Path, settings: &[(&str, &str)]) -> (World, Running) {
    lapor_certs::tls::install_default_provider();
    let programs = Path::new(env!("CARGO_BIN_EXE_lapor-demo")).parent();
    let programs = Programs::find(programs.map(Path::to_owned), &[Program::Hub]).unwrap();
    let world = World::found(home, &programs).unwrap();
    let mut command = world.hub_command();
    command.arg("serve");
    for (name, value) in settings {
        command.env(format!("LAPOR_HUB__{name}"), value);
    }
    let hub = Running::start(&mut command, &home.join("hub.log"), "enrolment").unwrap();
    (world, hub)
}

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
    let home = tempfile::tempdir().unwrap();
    let talkative = [("LIMITS__BODY_SECONDS", "2"), ("LOG__FILTER", "trace")];
    let (world, hub) = start(home.path(), &talkative);
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
    let said = std::fs::read(home.path().join("hub.log")).unwrap();
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

/// Lets this process, and the hub that it starts, open as many files as the crowd takes.
fn allow_files() {
    let limit = getrlimit(Resource::Nofile);
    let most = limit.maximum.map_or(FILES, |most| most.min(FILES));
    if limit.current.is_some_and(|current| current < most) {
        let raised = Rlimit {
            current: Some(most),
            ..limit
        };
        setrlimit(Resource::Nofile, raised).unwrap();
    }
}

/// Connects and is answered; who is not comes back, as nodes do.
async fn come(crowd: &Hostile) -> Wire {
    let head = Asked::new("GET", "/outbox/head");
    for _ in 0..3 {
        if let Ok(mut wire) = crowd.wire("http/1.1").await
            && let Ok(told) = ask_on(&mut wire, &head).await
        {
            assert_eq!(told.status, 200);
            return wire;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    panic!("one of the crowd is not let in");
}

#[tokio::test]
async fn seven_hundred_who_connect_at_once_are_all_let_in_and_another_is_answered_meanwhile() {
    allow_files();
    let home = tempfile::tempdir().unwrap();
    // One member stands for all of them: a handshake costs the same, whoever it is.
    let room = [
        ("LIMITS__CONNECTIONS", "1000"),
        ("LIMITS__REQUESTS_UNDER_WAY", "1000"),
        ("LIMITS__STRANGERS_PER_NETWORK", "1000"),
    ];
    let (world, hub) = start(home.path(), &room);
    let crowd = member(&world, "kota-mallory", 200).await;
    let honest = member(&world, "kota-bandung", 210).await;
    let before = hub.peak_kb().unwrap();
    let together = Barrier::new(CROWD);
    let coming = join_all((0..CROWD).map(async |_| {
        let mut wire = come(&crowd).await;
        let mut all = pin!(together.wait());
        // They are there together, and none has been hung up on for another: each goes on asking,
        // as nodes do, since whoever says nothing for long is hung up on for that.
        let mut waits = true;
        while waits {
            waits = timeout(Duration::from_secs(5), &mut all).await.is_err();
            let head = Asked::new("GET", "/outbox/head");
            assert_eq!(ask_on(&mut wire, &head).await.unwrap().status, 200);
        }
    }));
    tokio::select! {
        _ = coming => {}
        never = served(&honest) => match never {},
    }
    let grown = hub.peak_kb().unwrap() - before;
    assert!(grown < GROWTH_KB, "{grown} KB more than {before} KB");
    hub.stop().await.unwrap();
}
