//! A mailbox by IMAP4rev1 (RFC 3501): a line to it, what came since, and a call that waits (RFC
//! 2177). What goes wrong is told without words of a letter and without a password.

use std::fmt::Debug;
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_imap::error::Error;
use async_imap::types::UnsolicitedResponse;
use async_imap::{Client, Session};
use chrono::DateTime;
use futures_util::TryStreamExt as _;
use lapor_web::mail::Encryption;
use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls_platform_verifier::Verifier;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::super::settings::{ChannelSettingsError, secret};
use super::settings::EmailSettings;

/// For one command, a greeting, a handshake.
const ANSWER: Duration = Duration::from_mins(1);
/// For a letter.
const LETTER: Duration = Duration::from_mins(5);
/// Between two looks where the server cannot tell of a letter by itself.
const LOOK: Duration = Duration::from_mins(1);
/// Signs kept of what a server says.
const SAID: usize = 200;
const SECOND_MS: i64 = 1000;
const DAY_MS: i64 = 24 * 60 * 60 * SECOND_MS;

/// Where letters arrive, and how one gets in.
pub struct Mailbox {
    host: String,
    port: u16,
    tls: Option<Tls>,
    user: String,
    password: String,
    folder: String,
    done_folder: Option<String>,
    wait: Duration,
}

struct Tls {
    connector: TlsConnector,
    name: ServerName<'static>,
    /// Begins in the open, and never goes on so.
    starts: bool,
}

/// The bytes of a line, whether they are encrypted or not.
trait Wire: AsyncRead + AsyncWrite + Unpin + Debug + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Debug + Send> Wire for T {}

type Bytes = Box<dyn Wire>;

/// A line on which the folder is open.
pub struct Line {
    session: Session<Bytes>,
    /// As long as it is the same, a number means the same letter.
    pub validity: u32,
    /// Letters of the folder.
    pub count: u32,
    /// The number that the next letter gets.
    next: Option<u32>,
    can: Can,
}

/// What the server offers.
#[derive(Clone, Copy)]
struct Can {
    tell: bool,
    carry: bool,
    expunge_one: bool,
}

/// A letter, or of one that is too large its beginning.
pub struct Letter {
    pub bytes: Vec<u8>,
    pub is_whole: bool,
    /// When the server got it, Unix ms.
    pub came_at: Option<i64>,
}

impl Mailbox {
    /// Reads what the settings name.
    pub fn of(settings: &EmailSettings) -> Result<Self, ChannelSettingsError> {
        const BESIDE: &str = "email.address";
        let imap = &settings.imap;
        let lacks = |field| ChannelSettingsError::Lacks {
            field,
            beside: BESIDE,
        };
        let host = imap.host.clone().ok_or(lacks("email.imap.host"))?;
        let user = imap.user.clone().ok_or(lacks("email.imap.user"))?;
        let file = imap.password_file.as_ref();
        let file = file.ok_or(lacks("email.imap.password_file"))?;
        let near = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        let tls = match imap.encryption {
            Encryption::None if near => None,
            Encryption::None => return Err(ChannelSettingsError::OpenMailbox),
            with => Some(Tls {
                connector: connector(imap.roots.as_deref())?,
                name: host.clone().try_into().map_err(|_| {
                    let text = host.clone();
                    ChannelSettingsError::MailHost(text)
                })?,
                starts: with == Encryption::StartTls,
            }),
        };
        if settings.idle_minutes == 0 {
            return Err(ChannelSettingsError::IdleMinutes);
        }
        Ok(Self {
            password: secret("email.imap.password_file", file)?,
            port: imap.port,
            folder: imap.folder.clone(),
            done_folder: imap.done_folder.clone(),
            wait: Duration::from_secs(60 * u64::from(settings.idle_minutes)),
            host,
            tls,
            user,
        })
    }

    /// A line on which the folder is open.
    pub async fn open(&self) -> Result<Line, String> {
        let mut client = soon(self.greeted()).await?;
        if let Some(tls) = self.tls.as_ref().filter(|tls| tls.starts) {
            let asked = client.run_command_and_check_ok("STARTTLS", None);
            soon(async { asked.await.map_err(|error| trouble(&error)) }).await?;
            // What came in the open behind the answer is dropped with the client.
            let secured = soon(tls.secured(client.into_inner())).await?;
            client = Client::new(secured);
        }
        let entering = client.login(&self.user, &self.password);
        let entered = soon(async { entering.await.map_err(|(error, _)| trouble(&error)) });
        let mut session = entered
            .await
            .map_err(|problem| format!("log-in: {problem}"))?;
        let can = soon(capabilities(&mut session)).await?;
        if let Some(folder) = &self.done_folder {
            let made = soon(async { made(session.create(folder).await) }).await;
            made?;
        }
        let folder = soon(async {
            let selected = session.select(&self.folder).await;
            selected.map_err(|error| trouble(&error))
        });
        let folder = folder.await?;
        let validity = folder.uid_validity;
        Ok(Line {
            validity: validity.ok_or("the IMAP server gives letters no lasting numbers")?,
            count: folder.exists,
            next: folder.uid_next,
            session,
            can,
        })
    }

    /// A connection whose server has said who it is.
    async fn greeted(&self) -> Result<Client<Bytes>, String> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await;
        let stream: Bytes = Box::new(stream.map_err(|error| broke(&error))?);
        let stream = match &self.tls {
            Some(tls) if !tls.starts => tls.secured(stream).await?,
            _ => stream,
        };
        let mut client = Client::new(stream);
        let greeting = client.read_response().await;
        greeting
            .map_err(|error| broke(&error))?
            .ok_or("the IMAP server hangs up at once")?;
        Ok(client)
    }

    /// Marks a letter as read, and lays it where letters go that were taken. One that cannot be laid
    /// there stays, which harms nothing.
    pub async fn put_away(&self, line: &mut Line, uid: u32) -> Result<(), String> {
        line.orders(&format!("UID STORE {uid} +FLAGS.SILENT (\\Seen)"))
            .await?;
        let Some(folder) = &self.done_folder else {
            return Ok(());
        };
        if line.can.carry {
            let moving = line.session.uid_mv(uid.to_string(), folder);
            return soon(async { made(moving.await) }).await;
        }
        let copying = line.session.uid_copy(uid.to_string(), folder);
        let copied = soon(async { copying.await.map_err(|error| trouble(&error)) }).await;
        if let Err(problem) = copied {
            tracing::warn!(
                "a letter cannot be laid into channels.email.imap.done_folder: {problem}"
            );
            return line.orders("NOOP").await;
        }
        line.orders(&format!("UID STORE {uid} +FLAGS.SILENT (\\Deleted)"))
            .await?;
        if line.can.expunge_one {
            line.orders(&format!("UID EXPUNGE {uid}")).await?;
        }
        Ok(())
    }

    /// Waits until there may be a letter; the line goes on.
    pub async fn wait(&self, line: Line) -> Result<Line, String> {
        let Line { session, can, .. } = line;
        if !can.tell {
            tokio::time::sleep(LOOK.min(self.wait)).await;
            let mut line = Line { session, ..line };
            line.orders("NOOP").await?;
            return Ok(line);
        }
        let told = session.unsolicited_responses.clone();
        let mut call = session.idle();
        soon(async { call.init().await.map_err(|error| trouble(&error)) }).await?;
        // It may have come after the look and before the call.
        let mut is_here = false;
        while let Ok(said) = told.try_recv() {
            is_here |= matches!(said, UnsolicitedResponse::Exists(_));
        }
        if !is_here {
            let (waiting, _stop) = call.wait_with_timeout(self.wait);
            // A server that says now and then that it is there would never be called anew.
            if let Ok(told) = timeout(self.wait, waiting).await {
                told.map_err(|error| trouble(&error))?;
            }
        }
        let session = soon(async { call.done().await.map_err(|error| trouble(&error)) }).await?;
        Ok(Line { session, ..line })
    }
}

impl Tls {
    async fn secured(&self, stream: Bytes) -> Result<Bytes, String> {
        let secured = self.connector.connect(self.name.clone(), stream).await;
        match secured {
            Ok(secured) => Ok(Box::new(secured)),
            Err(error) => Err(format!("the line to the IMAP server is not safe: {error}")),
        }
    }
}

impl Line {
    /// The number of the latest letter.
    pub async fn latest(&mut self) -> Result<u32, String> {
        match self.next {
            Some(next) => Ok(next.saturating_sub(1)),
            None => Ok(self.found("UID 1:*").await?.pop().unwrap_or_default()),
        }
    }

    /// Numbers of the letters above one, that came since a moment (Unix ms) or on the day before.
    pub async fn above(&mut self, uid: u32, since: i64) -> Result<Vec<u32>, String> {
        let day = DateTime::from_timestamp_millis(since - DAY_MS).unwrap_or_default();
        let day = day.format("%d-%b-%Y");
        let from = uid.saturating_add(1);
        // A star is the latest letter, which may be below.
        let mut found = self.found(&format!("UID {from}:* SINCE {day}")).await?;
        found.retain(|found| *found > uid);
        Ok(found)
    }

    /// A letter, of which no more than `most` bytes are fetched; `None` for one that is gone.
    pub async fn letter(&mut self, uid: u32, most: u32) -> Result<Option<Letter>, String> {
        let what = "(UID RFC822.SIZE INTERNALDATE)";
        let Some(head) = soon(self.fetched(uid, what)).await? else {
            return self.gone(uid).await;
        };
        let is_whole = head.size.is_some_and(|size| size <= most);
        let came_at = head.internal_date().map(|at| at.timestamp_millis());
        drop(head);
        let what = if is_whole {
            "(UID BODY.PEEK[])".to_owned()
        } else {
            format!("(UID BODY.PEEK[]<0.{most}>)")
        };
        let fetching = timeout(LETTER, self.fetched(uid, &what)).await;
        let fetched = fetching.map_err(|_| late())??;
        let bytes = fetched.and_then(|fetched| fetched.body().map(<[u8]>::to_vec));
        match bytes {
            Some(bytes) => Ok(Some(Letter {
                bytes,
                is_whole,
                came_at,
            })),
            None => self.gone(uid).await,
        }
    }

    async fn fetched(
        &mut self,
        uid: u32,
        what: &str,
    ) -> Result<Option<async_imap::types::Fetch>, String> {
        let fetching = self.session.uid_fetch(uid.to_string(), what).await;
        let mut letters = fetching.map_err(|error| trouble(&error))?;
        let mut found = None;
        while let Some(letter) = letters.try_next().await.map_err(|error| trouble(&error))? {
            // Others may have changed meanwhile.
            if letter.uid == Some(uid) && (letter.size.is_some() || letter.body().is_some()) {
                found = Some(letter);
            }
        }
        Ok(found)
    }

    /// That a letter is gone, and not only unanswered.
    async fn gone(&mut self, uid: u32) -> Result<Option<Letter>, String> {
        if self.found(&format!("UID {uid}")).await?.is_empty() {
            return Ok(None);
        }
        Err("the IMAP server does not give a letter that it has".into())
    }

    /// Numbers of letters in their order.
    async fn found(&mut self, what: &str) -> Result<Vec<u32>, String> {
        // What it tells of is found anyhow.
        while self.session.unsolicited_responses.try_recv().is_ok() {}
        let searching = self.session.uid_search(what);
        let found = soon(async { searching.await.map_err(|error| trouble(&error)) }).await?;
        // A line that broke meanwhile would look like the end of the list.
        self.orders("NOOP").await?;
        let mut found: Vec<u32> = found.into_iter().collect();
        found.sort_unstable();
        Ok(found)
    }

    async fn orders(&mut self, command: &str) -> Result<(), String> {
        let asked = self.session.run_command_and_check_ok(command);
        soon(async { asked.await.map_err(|error| trouble(&error)) }).await
    }
}

async fn capabilities(session: &mut Session<Bytes>) -> Result<Can, String> {
    let can = session
        .capabilities()
        .await
        .map_err(|error| trouble(&error))?;
    Ok(Can {
        tell: can.has_str("IDLE"),
        carry: can.has_str("MOVE"),
        expunge_one: can.has_str("UIDPLUS"),
    })
}

/// What a server refuses here is no trouble: a folder that is there cannot be made, a letter that
/// cannot be moved stays.
fn made(done: Result<(), Error>) -> Result<(), String> {
    match done {
        Ok(()) => Ok(()),
        Err(error @ (Error::No(_) | Error::Bad(_))) => {
            tracing::debug!("{}", trouble(&error));
            Ok(())
        }
        Err(error) => Err(trouble(&error)),
    }
}

fn connector(roots: Option<&Path>) -> Result<TlsConnector, ChannelSettingsError> {
    const FIELD: &str = "email.imap.roots";
    let unusable = |problem: String| ChannelSettingsError::Way {
        field: FIELD,
        problem,
    };
    let own = match roots {
        Some(path) => CertificateDer::pem_file_iter(path)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| unusable(format!("{}: {error}", path.display())))?,
        None => Vec::new(),
    };
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = Verifier::new_with_extra_roots(own, Arc::clone(&provider));
    let verifier = verifier.map_err(|error| unusable(error.to_string()))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

async fn soon<T>(step: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    timeout(ANSWER, step).await.map_err(|_| late())?
}

fn late() -> String {
    "the IMAP server takes too long".into()
}

fn broke(error: &io::Error) -> String {
    format!("the line to the IMAP server broke: {}", error.kind())
}

/// What was wrong. What cannot be read is not repeated: it may be a letter.
fn trouble(error: &Error) -> String {
    match error {
        Error::Io(error) if error.kind() == io::ErrorKind::Other => {
            "the IMAP server says what nobody understands".into()
        }
        Error::Io(error) => broke(error),
        Error::No(said) | Error::Bad(said) => {
            let said: String = said
                .chars()
                .filter(|c| !c.is_control())
                .take(SAID)
                .collect();
            format!("the IMAP server refuses ({said})")
        }
        Error::ConnectionLost => "the IMAP server has hung up".into(),
        _ => "the IMAP server answers with something else".into(),
    }
}
