//! Too much at once, too slow, or never finished: every flood ends at a bound
//! of the member that makes it, and the others go on.

use std::time::{Duration, Instant};

use lapor_hub::settings::Settings;
use lapor_migrations::Kind;
use lapor_protocol::chain::EpochRequest;
use lapor_protocol::delivery::Cursor;
use lapor_protocol::keys::Verifier;
use lapor_protocol::page::read_page;
use lapor_protocol::problem::Code;
use lapor_protocol::receipt::Stream;
use lapor_protocol::wire::{Health, NDJSON, PREFIX};
use lapor_tests::fleet::{BEGINNING, DAY_MS, Fleet, kinds};
use lapor_tests::hostile::{Asked, Frame, Frames, Hostile, ask_on, read_answer};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::{beside, gather, gather_with};

/// `ENHANCE_YOUR_CALM` and `REFUSED_STREAM` of RFC 9113.
const CALM: u32 = 11;
const REFUSED: u32 = 7;

fn small(settings: &mut Settings) {
    settings.limits.body_seconds = 1;
    settings.limits.connections = 8;
    settings.limits.requests_under_way = 16;
    settings.limits.strangers_per_network = 20;
    settings.limits.requests_per_second = 100;
    settings.limits.request_burst = 400;
}

/// The same with time enough to be seen in, on a machine that has other things to do.
fn small_and_patient(settings: &mut Settings) {
    small(settings);
    settings.limits.body_seconds = 5;
}

/// The same on a machine that has other things to do: however slowly a flood comes, it is too much.
fn small_and_slow(settings: &mut Settings) {
    small(settings);
    settings.limits.requests_per_second = 10;
}

fn health() -> Vec<u8> {
    let health = Health {
        software: "x".into(),
        time: BEGINNING,
        unsent: 0,
        oldest_unsent: None,
        unapplied: 0,
        quarantined: 0,
        parked: 0,
        directory: 1,
        certificate_expires: BEGINNING,
        free_disk_bytes: None,
        last_backup: None,
        chain: None,
        inbox: None,
        holds: None,
        portal: None,
    };
    serde_json::to_vec(&health).unwrap()
}

/// The beginning of a request whose body never ends.
fn endless(path: &str, media: &str) -> Vec<u8> {
    format!(
        "POST {PREFIX}{path} HTTP/1.1\r\nhost: hub\r\nlapor-version: 1\r\n\
         content-type: {media}\r\ncontent-length: 100000\r\n\r\n{{"
    )
    .into_bytes()
}

#[tokio::test]
async fn bodies_that_stop_are_answered_in_time_and_hold_up_only_their_sender() {
    for kind in kinds() {
        let (fleet, mallory) = gather_with(kind, small_and_patient).await;
        beside(
            &fleet,
            Box::pin(async {
                let began = Instant::now();
                let mut stopped = Vec::new();
                // The batch last: it has its place from then on, for as long as a body may stop.
                for path in ["/health", "/epochs", "/inbox/ack", "/outbox"] {
                    let media = if path == "/outbox" {
                        NDJSON
                    } else {
                        "application/json"
                    };
                    let mut wire = mallory.wire("http/1.1").await.unwrap();
                    wire.write_all(&endless(path, media)).await.unwrap();
                    stopped.push(wire);
                }
                // Its own second batch finds the place taken, once the first has it.
                let second = Asked::new("POST", "/outbox").body(NDJSON, "x");
                let stands = Instant::now();
                while mallory.ask(&second).await.code() != Some(Code::RateLimited) {
                    assert!(
                        stands.elapsed() < Duration::from_secs(5),
                        "it never had its place"
                    );
                }
                for mut wire in stopped {
                    let answer = read_answer(&mut wire, false).await.unwrap();
                    assert_eq!(answer.code(), Some(Code::Overloaded));
                    let rest = wire.read(&mut [0; 16]).await;
                    assert!(matches!(rest, Ok(0) | Err(_)), "and the connection ends");
                }
                assert!(began.elapsed() < Duration::from_secs(30));
            }),
        )
        .await;
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn who_sends_everything_before_it_reads_finds_its_refusal_on_a_connection_that_lives() {
    for kind in kinds() {
        let (fleet, mallory) = gather_with(kind, small).await;
        beside(
            &fleet,
            Box::pin(async {
                let outbox = format!("{PREFIX}/outbox");
                let mut frames = Frames::greet(&mallory, 1 << 20).await.unwrap();
                // Without a content type: refused before the body is looked at.
                let stream = frames.ask("POST", &outbox, false).await.unwrap();
                let mut came = frames.pour(stream, 6 << 20).await.unwrap();
                while !came.iter().any(Frame::ends_stream) {
                    let frame = frames.hear().await.unwrap();
                    if frame.stream == stream && frame.kind != Frame::WINDOW_UPDATE {
                        came.push(frame);
                    }
                }
                assert_eq!(came[0].kind, Frame::HEADERS);
                let data = came[1..].iter();
                assert!(
                    data.clone().all(|frame| frame.kind == Frame::DATA),
                    "no reset"
                );
                let body: Vec<u8> = data.flat_map(|frame| frame.payload.clone()).collect();
                let problem: lapor_protocol::problem::Problem =
                    serde_json::from_slice(&body).unwrap();
                assert_eq!(problem.code, Code::UnsupportedMedia);

                let mut wire = mallory.wire("http/1.1").await.unwrap();
                let large = Asked::new("POST", "/outbox").body("text/plain", vec![b'x'; 6 << 20]);
                for _ in 0..3 {
                    let answer = ask_on(&mut wire, &large).await.unwrap();
                    assert_eq!(answer.code(), Some(Code::UnsupportedMedia));
                }
            }),
        )
        .await;
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn connections_streams_and_requests_have_a_bound_each() {
    for kind in kinds() {
        let (fleet, mallory) = gather_with(kind, small).await;
        let open = || fleet.hub.hub().open_connections(&mallory.id);
        beside(
            &fleet,
            Box::pin(async {
                let head = Asked::new("GET", "/outbox/head");
                let mut wires = Vec::new();
                for _ in 0..40 {
                    let mut wire = mallory.wire("http/1.1").await.unwrap();
                    assert_eq!(ask_on(&mut wire, &head).await.unwrap().status, 200);
                    assert!(open() <= 10, "{} connections", open());
                    wires.push(wire);
                }
                assert!(
                    ask_on(&mut wires[0], &head).await.is_err(),
                    "the oldest ended"
                );
                assert_eq!(ask_on(&mut wires[39], &head).await.unwrap().status, 200);
                drop(wires);

                // Polls that wait: the seventeenth is told to come back.
                let mut polls = Polls::of(&mallory).await;
                for _ in 0..20 {
                    polls.begin();
                }
                for _ in 0..4 {
                    assert_eq!(polls.next().await, 429);
                }
                drop(polls);

                // More streams on one connection than the hub has said.
                let mut frames = Frames::greet(&mallory, 0).await.unwrap();
                let poll = format!("{PREFIX}/public?wait=25");
                let mut refused = 0;
                let mut last = 0;
                for _ in 0..100 {
                    last = frames.ask("GET", &poll, true).await.unwrap();
                }
                frames.say(Frame::PING, 0, 0, &[7; 8]).await.unwrap();
                loop {
                    let frame = frames.hear().await.unwrap();
                    match frame.kind {
                        Frame::RESET if frame.number(0) == REFUSED => refused += 1,
                        Frame::PING if frame.payload == [7; 8] => break,
                        _ => assert!(frame.stream <= last),
                    }
                }
                assert!(refused >= 36, "{refused} of 100 streams were refused");
            }),
        )
        .await;
        fleet.ends_well().await;
    }
}

/// A client with one connection, which all its requests share from now on.
async fn connected(mallory: &Hostile) -> reqwest::Client {
    let client = mallory.client();
    let head = client.get(mallory.url("/outbox/head"));
    // Slowed down or not, it has been answered.
    head.header("lapor-version", "1").send().await.unwrap();
    client
}

/// Long polls under way; all end when this is dropped.
struct Polls {
    client: reqwest::Client,
    url: String,
    waiting: JoinSet<u16>,
}

impl Polls {
    async fn of(mallory: &Hostile) -> Self {
        Self {
            client: connected(mallory).await,
            url: mallory.url("/public?wait=25"),
            waiting: JoinSet::new(),
        }
    }

    fn begin(&mut self) {
        let poll = self.client.get(&self.url).header("lapor-version", "1");
        self.waiting
            .spawn(async { poll.send().await.unwrap().status().as_u16() });
    }

    async fn next(&mut self) -> u16 {
        self.waiting.join_next().await.unwrap().unwrap()
    }
}

#[tokio::test]
async fn a_flood_of_resets_or_of_small_requests_is_ended_or_slowed_down() {
    for kind in kinds() {
        let (fleet, mut mallory) = gather_with(kind, small_and_slow).await;
        let lines: Vec<String> = (0..50).map(|_| mallory.report().1.line()).collect();
        assert_eq!(mallory.push(&lines).await.verdict(), None);
        beside(
            &fleet,
            Box::pin(async {
                let mut frames = Frames::greet(&mallory, 1 << 20).await.unwrap();
                let own = format!("{PREFIX}/outbox?epoch=1");
                let mut asked = 0;
                // Ended by the hub, or each refused for its sender's rate.
                let ended = loop {
                    asked += 1;
                    if asked > 5000 {
                        break None;
                    }
                    let sent = match frames.ask("GET", &own, true).await {
                        Ok(stream) => frames.reset(stream).await,
                        Err(error) => Err(error),
                    };
                    if sent.is_err() || asked % 500 == 0 {
                        // What the hub has to say to it, if anything.
                        if frames.say(Frame::PING, 0, 0, &[7; 8]).await.is_err() {
                            break None;
                        }
                        let said = loop {
                            match frames.hear().await {
                                Ok(frame) if frame.kind == Frame::GOAWAY => {
                                    break Some(frame.number(4));
                                }
                                Ok(frame) if frame.payload == [7; 8] => break None,
                                Ok(_) => {}
                                Err(_) => break Some(CALM),
                            }
                        };
                        if said.is_some() {
                            break said;
                        }
                    }
                };
                assert!(ended.is_none_or(|reason| reason == CALM));

                let client = connected(&mallory).await;
                let mut flood = JoinSet::new();
                let mut told = [0, 0];
                // As many as it takes on this machine, but no more than it ever could.
                let mut asked = 0;
                while asked < 20_000 && (told[0] < 50 || told[1] < 100) {
                    asked += 1;
                    let post = client
                        .post(mallory.url("/health"))
                        .header("lapor-version", "1");
                    let post = post
                        .header("content-type", "application/json")
                        .body(health());
                    if flood.len() == 12 {
                        count(&mut told, flood.join_next().await.unwrap().unwrap());
                    }
                    flood.spawn(async { post.send().await.unwrap().status().as_u16() });
                }
                while let Some(status) = flood.join_next().await {
                    count(&mut told, status.unwrap());
                }
                assert!(
                    told[0] >= 50 && told[1] >= 100,
                    "{told:?} taken and told to wait"
                );
            }),
        )
        .await;
        fleet.ends_well().await;
    }
}

fn count(told: &mut [usize; 2], status: u16) {
    match status {
        204 => told[0] += 1,
        429 => told[1] += 1,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn whoever_connects_and_says_nothing_loses_its_place_to_whoever_comes_after() {
    for kind in kinds() {
        let (fleet, mallory) = gather_with(kind, small).await;
        beside(
            &fleet,
            Box::pin(async {
                let mut mute = Vec::new();
                for _ in 0..300 {
                    mute.push(TcpStream::connect(fleet.hub.federation()).await.unwrap());
                }
                // One that has something to say is heard among them.
                assert_eq!(mallory.get("/outbox/head").await.status, 200);
                let first = mute[0].read(&mut [0; 16]).await;
                assert!(
                    matches!(first, Ok(0) | Err(_)),
                    "the first has been hung up on"
                );
                drop(mute);
            }),
        )
        .await;
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn one_member_cannot_make_the_directory_grow_for_everybody() {
    for kind in kinds() {
        let (fleet, mut mallory) = gather_with(kind, small).await;
        let version = || fleet.hub.hub().ground.directory.current().version();
        let before = version();
        beside(
            &fleet,
            Box::pin(async {
                let mut refused = 0;
                for number in 0..40 {
                    let wish = EpochRequest {
                        instance: mallory.id.clone(),
                        after: 1,
                        nonce: format!("{number:032x}"),
                        keys: Vec::new(),
                    };
                    let answer = mallory.post("/epochs", wish.sign(&mallory.identity).to_line());
                    match answer.await.code() {
                        None => assert_eq!(refused, 0),
                        Some(code) => {
                            assert_eq!(code, Code::RateLimited);
                            refused += 1;
                        }
                    }
                }
                assert_eq!(refused, 20);
                mallory.head = mallory.head_at_hub().await;
                let announced = mallory.say("key.announced", None, json!({ "key": 7 }));
                assert_eq!(
                    mallory.push(&[announced.line()]).await.verdict(),
                    None,
                    "it is no key"
                );
            }),
        )
        .await;
        assert_eq!(version() - before, 20);
        fleet.ends_well().await;
    }
}

/// What an institution that wrote eleven times a day has to say after half a year without a line,
/// in batches of forty-five days.
fn half_a_year(mallory: &mut Hostile) -> Vec<Vec<String>> {
    const DAYS: i64 = 180;
    let case = mallory.new_case();
    let mut lines = Vec::new();
    for day in 0..DAYS {
        for _ in 0..11 {
            let mut payload = mallory.payload("case.noted", Some(case), json!({}));
            payload["created_at"] = json!(BEGINNING - (DAYS - day) * DAY_MS);
            lines.push(mallory.tell(&payload).line());
        }
    }
    lines.chunks(495).map(<[String]>::to_vec).collect()
}

/// How many items a member reads, from the beginning to the end of its stream.
async fn read_all(fleet: &Fleet, mallory: &Hostile) -> usize {
    let hub = Verifier::from_jwk(&fleet.hub.hub().ground.signer().public()).unwrap();
    let (mut at, mut read) = (Cursor::START, 0);
    loop {
        let page = mallory.get(&format!("/inbox?after={at}")).await;
        let key = |_: &_| Some(hub.clone());
        let items = read_page(&page.body, at, Stream::Inbox, &mallory.id, key).unwrap();
        let Some(last) = items.last() else {
            return read;
        };
        (at, read) = (last.cursor, read + items.len());
    }
}

#[tokio::test]
async fn half_a_year_that_comes_and_goes_at_once_holds_up_no_live_traffic() {
    // What it takes the hub depends little on the database, and is most of this story.
    let (fleet, mut mallory) = gather(Kind::Sqlite).await;
    let batches = half_a_year(&mut mallory);
    assert_eq!(batches.len(), 4);
    beside(
        &fleet,
        Box::pin(async {
            for batch in &batches {
                assert_eq!(mallory.push(batch).await.verdict(), None);
            }
            assert_eq!(read_all(&fleet, &mallory).await, 4 * 495);
        }),
    )
    .await;
    assert_eq!(mallory.head_at_hub().await, mallory.head);
    fleet.ends_well().await;
}
