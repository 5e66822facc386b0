//! A pipe between a program and PostgreSQL that a story cuts and mends: to the
//! program the server has gone, and later it is there again.

use std::path::PathBuf;
use std::str::FromStr as _;
use std::sync::{Arc, Mutex, PoisonError};

use lapor_migrations::throwaway::TestDb;
use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::{AbortHandle, JoinHandle};

/// The name of the socket that every client of PostgreSQL looks for.
const SOCKET: &str = ".s.PGSQL.5432";

/// Everything that comes to its own socket goes on to the server's.
pub struct Pipe {
    folder: tempfile::TempDir,
    server: PathBuf,
    /// `database.url` by way of this pipe.
    pub url: String,
    listening: Option<JoinHandle<()>>,
    open: Arc<Mutex<Vec<AbortHandle>>>,
}

impl Pipe {
    /// A pipe to the server of a database, which must be on a socket in a folder.
    pub fn to(database: &TestDb) -> Self {
        Self::to_url(&database.url)
    }

    /// As [`Self::to`], of a database by its URL.
    pub fn to_url(url: &str) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("lapor-pipe-")
            .tempdir_in("/tmp");
        let folder = folder.expect("a temporary folder");
        let direct = PgConnectOptions::from_str(url).expect("a URL of PostgreSQL");
        let server = socket_of(&direct);
        let url = direct.socket(folder.path()).to_url_lossy().to_string();
        let mut pipe = Self {
            server,
            folder,
            url,
            listening: None,
            open: Arc::default(),
        };
        pipe.mend();
        pipe
    }

    /// The server is gone: who is connected is cut off, and who comes finds nobody.
    pub async fn cut(&mut self) {
        let listening = self.listening.take().expect("a pipe that is whole");
        listening.abort();
        let _ = listening.await;
        std::fs::remove_file(self.folder.path().join(SOCKET)).expect("a socket");
        for connection in self.lock().drain(..) {
            connection.abort();
        }
    }

    /// Another server is where this one was, once the pipe is mended.
    pub fn lead_to(&mut self, url: &str) {
        assert!(self.listening.is_none(), "the pipe is whole");
        self.server = socket_of(&PgConnectOptions::from_str(url).expect("a URL of PostgreSQL"));
    }

    /// The server is back.
    pub fn mend(&mut self) {
        assert!(self.listening.is_none(), "the pipe is whole");
        let listener = UnixListener::bind(self.folder.path().join(SOCKET)).expect("a free name");
        let (server, open) = (self.server.clone(), Arc::clone(&self.open));
        self.listening = Some(tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let carrying = tokio::spawn(carry(client, server.clone()));
                let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
                open.retain(|connection| !connection.is_finished());
                open.push(carrying.abort_handle());
            }
        }));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<AbortHandle>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn socket_of(server: &PgConnectOptions) -> PathBuf {
    let folder = server.get_socket().expect("a server in a folder");
    folder.join(SOCKET)
}

async fn carry(mut client: UnixStream, server: PathBuf) {
    if let Ok(mut server) = UnixStream::connect(server).await {
        // Either side may hang up at any time; the other then does too.
        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
    }
}
