//! A line of bytes between a node and a listener of the hub, as poor as a story
//! wants it: far, slow, lossy, gathered on its way, cut when it is quiet,
//! swallowed, or answered by somebody else. What is said on it is TLS and stays
//! so; here it is only decided when it arrives, and whether.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lapor_protocol::entropy::{Entropy as _, Seeded};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::task::AbortOnDropHandle;

/// Bytes that travel as one.
const PIECE: usize = 512;
/// Pieces under way in one direction; whoever sends more waits.
const UNDER_WAY: usize = 128;
/// What a lost piece takes longer, which is sent again.
const SENT_AGAIN: Duration = Duration::from_secs(1);
/// Where bytes are gathered, no more of them wait.
const GATHERED: usize = 64 * 1024;
/// What somebody else says who takes every call for one to a page.
const PORTAL: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 23\r\n\r\n\
    <html>Masuk WiFi</html>";

/// How bytes travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    /// From one end to the other.
    pub delay: Duration,
    /// In each direction; `None` for as many as come.
    pub bytes_per_second: Option<u64>,
    /// Of a hundred pieces so many are lost, and arrive when they are sent again.
    pub lost: u8,
    /// Nothing is passed on before nothing more has come for so long.
    pub gathers: Option<Duration>,
    /// A connection on which nothing has come for so long is cut.
    pub idle: Option<Duration>,
    /// Who is not heard by the other, while both believe in the connection.
    pub swallows: Swallowed,
    /// Somebody else answers.
    pub portal: bool,
}

/// Whose bytes never arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swallowed {
    Nobodys,
    TheHubs,
    Everybodys,
}

impl Way {
    pub const CLEAR: Self = Self {
        delay: Duration::ZERO,
        bytes_per_second: None,
        lost: 0,
        gathers: None,
        idle: None,
        swallows: Swallowed::Nobodys,
        portal: false,
    };
}

/// Everything that comes to its address goes on to the hub.
pub struct Relay {
    pub address: SocketAddr,
    way: watch::Sender<Way>,
    open: Connections,
    _listening: AbortOnDropHandle<()>,
}

type Connections = Arc<Mutex<Vec<AbortHandle>>>;

impl Relay {
    /// A line to a listener of the hub. Which pieces are lost follows from `seed`.
    pub async fn to(hub: SocketAddr, way: Way, seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        let (way, open) = (watch::Sender::new(way), Connections::default());
        let (at, kept) = (way.subscribe(), Arc::clone(&open));
        let listening = tokio::spawn(async move {
            let mut number = 0;
            while let Ok((node, _)) = listener.accept().await {
                number += 2;
                let carrying = carry(node, hub, at.clone(), seed + number);
                let carrying = tokio::spawn(async move {
                    // Either end may hang up at any time; the other then does too.
                    drop(carrying.await);
                });
                let mut open = lock(&kept);
                open.retain(|connection| !connection.is_finished());
                open.push(carrying.abort_handle());
            }
        });
        Self {
            address,
            way,
            open,
            _listening: AbortOnDropHandle::new(listening),
        }
    }

    /// From now on bytes travel so, on open connections too.
    pub fn goes(&self, way: Way) {
        self.way.send_replace(way);
    }

    /// Cuts every connection.
    pub fn hang_up(&self) {
        for connection in lock(&self.open).drain(..) {
            connection.abort();
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.hang_up();
    }
}

fn lock(open: &Connections) -> MutexGuard<'_, Vec<AbortHandle>> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Carries one connection until an end hangs up, or it has been quiet for too long.
async fn carry(
    mut node: TcpStream,
    hub: SocketAddr,
    way: watch::Receiver<Way>,
    seed: u64,
) -> io::Result<()> {
    if way.borrow().portal {
        node.read_u8().await?;
        node.write_all(PORTAL.as_bytes()).await?;
        return node.shutdown().await;
    }
    let hub = TcpStream::connect(hub).await?;
    for end in [&node, &hub] {
        end.set_nodelay(true)?;
    }
    let (of_node, to_node) = node.into_split();
    let (of_hub, to_hub) = hub.into_split();
    let heard = watch::Sender::new(Instant::now());
    tokio::select! {
        there = pass(of_node, to_hub, Direction::ToHub, (way.clone(), seed), &heard) => there,
        back = pass(of_hub, to_node, Direction::ToNode, (way.clone(), seed + 1), &heard) => back,
        () = quiet(way.clone(), heard.subscribe()) => Ok(()),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    ToHub,
    ToNode,
}

/// Takes what one end says to the other.
async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    direction: Direction,
    (way, seed): (watch::Receiver<Way>, u64),
    heard: &watch::Sender<Instant>,
) -> io::Result<()> {
    let (piece_in, mut under_way) = mpsc::channel::<(Instant, Vec<u8>)>(UNDER_WAY);
    let mut line = Travel::new(seed);
    let reading = async move {
        loop {
            let mut piece = Vec::with_capacity(PIECE);
            if from.read_buf(&mut piece).await? == 0 {
                return Ok::<(), io::Error>(());
            }
            heard.send_replace(Instant::now());
            let now = *way.borrow();
            if let Some(silence) = now.gathers {
                gather(&mut from, &mut piece, silence).await?;
            }
            if swallows(now.swallows, direction) {
                continue;
            }
            let arrival = line.arrival(&now, piece.len());
            if piece_in.send((arrival, piece)).await.is_err() {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
        }
    };
    let writing = async move {
        while let Some((arrival, piece)) = under_way.recv().await {
            sleep_until(arrival).await;
            to.write_all(&piece).await?;
        }
        to.shutdown().await
    };
    tokio::try_join!(reading, writing).map(drop)
}

fn swallows(whose: Swallowed, direction: Direction) -> bool {
    match whose {
        Swallowed::Nobodys => false,
        Swallowed::TheHubs => direction == Direction::ToNode,
        Swallowed::Everybodys => true,
    }
}

/// Waits for more, until nothing has come for a while or there is no room.
async fn gather(
    from: &mut OwnedReadHalf,
    piece: &mut Vec<u8>,
    silence: Duration,
) -> io::Result<()> {
    while piece.len() < GATHERED {
        piece.reserve(PIECE);
        match timeout(silence, from.read_buf(piece)).await {
            Ok(Ok(count)) if count > 0 => {}
            Ok(Err(error)) => return Err(error),
            // The end shows again at the next read.
            Ok(Ok(_)) | Err(_) => return Ok(()),
        }
    }
    Ok(())
}

/// Ends when nothing has been heard for as long as the line allows.
async fn quiet(mut way: watch::Receiver<Way>, heard: watch::Receiver<Instant>) {
    loop {
        let idle = way.borrow_and_update().idle;
        let Some(idle) = idle else {
            if way.changed().await.is_err() {
                return;
            }
            continue;
        };
        let until = *heard.borrow() + idle;
        if Instant::now() >= until {
            return;
        }
        tokio::select! {
            () = sleep_until(until) => {}
            changed = way.changed() => if changed.is_err() { return },
        }
    }
}

/// When what is sent in one direction arrives.
struct Travel {
    dice: Seeded,
    /// When the line has sent all that it was given.
    free: Instant,
    last: Instant,
}

impl Travel {
    fn new(seed: u64) -> Self {
        let now = Instant::now();
        Self {
            dice: Seeded::new(seed),
            free: now,
            last: now,
        }
    }

    /// Of the next piece, never before the one before it.
    fn arrival(&mut self, way: &Way, bytes: usize) -> Instant {
        let takes = way.bytes_per_second.map_or(Duration::ZERO, |rate| {
            Duration::from_micros(bytes as u64 * 1_000_000 / rate.max(1))
        });
        self.free = self.free.max(Instant::now()) + takes;
        let again = if self.is_lost(way.lost) {
            SENT_AGAIN
        } else {
            Duration::ZERO
        };
        self.last = self.last.max(self.free + way.delay + again);
        self.last
    }

    fn is_lost(&mut self, in_a_hundred: u8) -> bool {
        let mut byte = [0];
        self.dice.fill(&mut byte);
        u16::from(byte[0]) * 100 < u16::from(in_a_hundred) * 256
    }
}
