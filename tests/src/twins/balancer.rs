//! What stands before several processes of a hub: it passes connections on as they are, each to
//! the next process that takes it, as a load balancer must where both sides show certificates.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinHandle};

/// How often it is tried to listen.
const TRIES: usize = 50;
const PAUSE: std::time::Duration = std::time::Duration::from_millis(20);

/// One address for several.
pub struct Balancer {
    behind: Arc<Mutex<Behind>>,
    listening: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Behind {
    backends: Vec<Backend>,
    next: usize,
}

#[derive(Debug)]
struct Backend {
    address: SocketAddr,
    /// Nobody is passed on to it.
    out: bool,
    open: Vec<AbortHandle>,
}

impl Backend {
    fn carries(&mut self, connection: AbortHandle) {
        self.open.retain(|connection| !connection.is_finished());
        self.open.push(connection);
    }

    fn be_out(&mut self) {
        self.out = true;
        for connection in self.open.drain(..) {
            connection.abort();
        }
    }
}

impl Balancer {
    pub async fn before(address: SocketAddr, backends: &[SocketAddr]) -> anyhow::Result<Self> {
        // A program that another test starts at this moment holds what was just let go until it runs.
        let mut bound = TcpListener::bind(address).await;
        for _ in 0..TRIES {
            if bound.is_ok() {
                break;
            }
            tokio::time::sleep(PAUSE).await;
            bound = TcpListener::bind(address).await;
        }
        let listener = bound?;
        let backends = backends.iter().map(|address| Backend {
            address: *address,
            out: false,
            open: Vec::new(),
        });
        let behind = Arc::new(Mutex::new(Behind {
            backends: backends.collect(),
            next: 0,
        }));
        let passing = Arc::clone(&behind);
        let listening = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if let Some((at, backend)) = reach(&passing).await {
                    let carrying = tokio::spawn(carry(client, backend));
                    lock(&passing).backends[at].carries(carrying.abort_handle());
                }
            }
        });
        Ok(Self { behind, listening })
    }

    /// A process does not answer: nobody comes to it, and whoever is there is cut off.
    pub fn take_out(&self, at: usize) {
        lock(&self.behind).backends[at].be_out();
    }

    pub fn bring_back(&self, at: usize) {
        lock(&self.behind).backends[at].out = false;
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// A connection to the next process that takes one.
async fn reach(behind: &Mutex<Behind>) -> Option<(usize, TcpStream)> {
    let order: Vec<(usize, SocketAddr)> = {
        let mut behind = lock(behind);
        behind.next += 1;
        let count = behind.backends.len();
        let turns = (0..count).map(|turn| (behind.next + turn) % count);
        let willing = turns.filter(|at| !behind.backends[*at].out);
        willing
            .map(|at| (at, behind.backends[at].address))
            .collect()
    };
    for (at, address) in order {
        if let Ok(backend) = TcpStream::connect(address).await {
            return Some((at, backend));
        }
    }
    None
}

async fn carry(mut client: TcpStream, mut backend: TcpStream) {
    // Either side may hang up at any time; the other then does too.
    let _ = tokio::io::copy_bidirectional(&mut client, &mut backend).await;
}

fn lock(behind: &Mutex<Behind>) -> MutexGuard<'_, Behind> {
    behind.lock().unwrap_or_else(PoisonError::into_inner)
}
