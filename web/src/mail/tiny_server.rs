//! A mail server of a few lines, in the process of a test: it takes letters, or
//! refuses them as it is told, and remembers what it was given.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufStream};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;

/// How the server behaves.
#[derive(Clone, Default)]
pub struct Manners {
    /// Offers STARTTLS, and answers the command with this; `220` begins it.
    pub starttls: Option<&'static str>,
    /// Demands a log-in, and answers it with this.
    pub auth: Option<&'static str>,
    /// Answers to recipients other than `250`; an empty one ends the connection.
    pub recipients: BTreeMap<String, &'static str>,
    /// Answer to the sender, if not `250`.
    pub sender: Option<&'static str>,
    /// Ends the connection where the letter itself should come.
    pub hangs_up: bool,
}

/// A letter that was taken.
#[derive(Debug, Clone)]
pub struct Taken {
    pub to: String,
    pub text: String,
    pub encrypted: bool,
}

#[derive(Default)]
struct Memory {
    manners: Manners,
    taken: Vec<Taken>,
    heard: Vec<String>,
}

/// A server that listens on a port of its own until it is dropped.
pub struct TinyServer {
    pub port: u16,
    /// Its certificate, for `localhost`, in PEM.
    pub certificate: String,
    memory: Arc<Mutex<Memory>>,
    /// Rung when a letter was taken.
    rung: Arc<Notify>,
    listening: tokio::task::JoinHandle<()>,
}

impl TinyServer {
    pub async fn start(manners: Manners) -> Self {
        let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivatePkcs8KeyDer::from(own.signing_key.serialize_der());
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(
            rustls::crypto::aws_lc_rs::default_provider(),
        ))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key.into())
        .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let memory = Arc::new(Mutex::new(Memory {
            manners,
            ..Memory::default()
        }));
        let shared = Arc::clone(&memory);
        let rung = Arc::new(Notify::new());
        let bell = Arc::clone(&rung);
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (memory, acceptor) = (Arc::clone(&shared), acceptor.clone());
                let rung = Arc::clone(&bell);
                tokio::spawn(async move {
                    let mut plain = BufStream::new(stream);
                    if plain.write_all(b"220 tiny\r\n").await.is_err() {
                        return;
                    }
                    if !converse(&mut plain, (&memory, &rung), false).await {
                        return;
                    }
                    if let Ok(secured) = acceptor.accept(plain.into_inner()).await {
                        converse(&mut BufStream::new(secured), (&memory, &rung), true).await;
                    }
                });
            }
        });
        Self {
            port,
            certificate: own.cert.pem(),
            memory,
            rung,
            listening,
        }
    }

    pub fn behave(&self, manners: Manners) {
        self.memory.lock().unwrap().manners = manners;
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.memory.lock().unwrap().taken.clone()
    }

    /// Waits until a letter was taken.
    pub async fn took(&self) {
        self.rung.notified().await;
    }

    /// Every command, as it came.
    pub fn heard(&self) -> Vec<String> {
        self.memory.lock().unwrap().heard.clone()
    }
}

impl Drop for TinyServer {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Talks until the end, or until the line is to be encrypted: then true.
async fn converse<S>(
    line: &mut BufStream<S>,
    (memory, rung): (&Mutex<Memory>, &Notify),
    encrypted: bool,
) -> bool
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut to = String::new();
    loop {
        if line.flush().await.is_err() {
            return false;
        }
        let Some(command) = read_line(line).await else {
            return false;
        };
        let manners = {
            let mut memory = memory.lock().unwrap();
            memory.heard.push(command.clone());
            memory.manners.clone()
        };
        let verb = command
            .split([' ', ':'])
            .next()
            .unwrap_or_default()
            .to_uppercase();
        let answer = match verb.as_str() {
            "EHLO" => {
                let mut offers = vec!["250-tiny"];
                offers.extend(
                    manners
                        .starttls
                        .filter(|_| !encrypted)
                        .map(|_| "250-STARTTLS"),
                );
                offers.extend(manners.auth.map(|_| "250-AUTH PLAIN"));
                offers.push("250 8BITMIME");
                offers.join("\r\n")
            }
            "STARTTLS" => {
                let answer = manners.starttls.unwrap_or("502 no");
                let begun = line
                    .write_all(format!("{answer}\r\n").as_bytes())
                    .await
                    .is_ok()
                    && line.flush().await.is_ok();
                if begun && answer.starts_with("220") {
                    return true;
                }
                continue;
            }
            "AUTH" => manners.auth.unwrap_or("502 no").to_owned(),
            "MAIL" => manners.sender.unwrap_or("250 yes").to_owned(),
            "RCPT" => {
                to = command
                    .split(['<', '>'])
                    .nth(1)
                    .unwrap_or_default()
                    .to_owned();
                match manners.recipients.get(&to).copied() {
                    Some("") => return false,
                    answer => answer.unwrap_or("250 yes").to_owned(),
                }
            }
            "DATA" if manners.hangs_up => return false,
            "DATA" => {
                let go =
                    line.write_all(b"354 go on\r\n").await.is_ok() && line.flush().await.is_ok();
                let Some(text) = (if go { read_letter(line).await } else { None }) else {
                    return false;
                };
                let taken = Taken {
                    to: to.clone(),
                    text,
                    encrypted,
                };
                memory.lock().unwrap().taken.push(taken);
                rung.notify_one();
                "250 taken".to_owned()
            }
            "RSET" => "250 yes".to_owned(),
            "QUIT" => "221 bye".to_owned(),
            _ => "502 no".to_owned(),
        };
        if line
            .write_all(format!("{answer}\r\n").as_bytes())
            .await
            .is_err()
        {
            return false;
        }
    }
}

async fn read_line<S: AsyncRead + AsyncWrite + Unpin>(line: &mut BufStream<S>) -> Option<String> {
    let mut text = String::new();
    let read = line.read_line(&mut text).await.ok()?;
    (read > 0).then(|| text.trim_end().to_owned())
}

async fn read_letter<S: AsyncRead + AsyncWrite + Unpin>(line: &mut BufStream<S>) -> Option<String> {
    let mut all = String::new();
    loop {
        let next = read_line(line).await?;
        if next == "." {
            return Some(all);
        }
        all.push_str(&next);
        all.push('\n');
    }
}
