//! HTTP/1.1 over TLS as a hub serves it: one request after the other on a
//! connection, and now and then a connection that is cut.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::net::TcpListener;
use std::sync::Arc;

use lapor_protocol::problem::{Code, Problem, Retry};
use lapor_protocol::wire::{VERSION, VERSION_HEADER};
use rustls::ServerConfig;
use serde::Serialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::seen::Impostor;
use crate::client::read_chunks;

/// Of one request, packed or not.
const MOST: usize = 16 << 20;

#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub query: String,
    /// How many certificates who asks has shown.
    pub certificates: usize,
    /// Who was shown to who asks; `None` for the hub itself.
    pub shown: Option<Impostor>,
    /// By name in lower case.
    pub headers: BTreeMap<String, String>,
    /// Unpacked.
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// A parameter of the query.
    pub fn asks(&self, name: &str) -> Option<&str> {
        let mut pairs = self.query.split('&').filter_map(|one| one.split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    pub fn number(&self, name: &str) -> u64 {
        let stated = self.asks(name).and_then(|text| text.parse().ok());
        stated.unwrap_or(0)
    }
}

/// Of the last answer on a connection.
const CONNECTION: &str = "connection";

#[derive(Debug, Clone)]
pub enum Reply {
    Answer {
        status: u16,
        media: &'static str,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    },
    /// The connection ends without a word.
    Cut,
}

impl Reply {
    pub fn json(status: u16, value: &impl Serialize) -> Self {
        Self::bytes(status, "application/json", to_json(value))
    }

    pub fn bytes(status: u16, media: &'static str, body: Vec<u8>) -> Self {
        Self::Answer {
            status,
            media,
            headers: Vec::new(),
            body,
        }
    }

    pub fn done() -> Self {
        Self::bytes(204, "", Vec::new())
    }

    pub fn refused(code: Code) -> Self {
        Self::problem(Problem::new(code))
    }

    /// The same as the last on its connection.
    pub fn closing(mut self) -> Self {
        if let Self::Answer { headers, .. } = &mut self {
            headers.push((CONNECTION, "close".to_owned()));
        }
        self
    }

    pub fn problem(problem: Problem) -> Self {
        let request = "conform".to_owned();
        let mut headers = vec![("x-request-id", request.clone())];
        if problem.retry == Retry::After {
            headers.push(("retry-after", "1".to_owned()));
        }
        let status = problem.status;
        let problem = Problem {
            request: Some(request),
            ..problem
        };
        Self::Answer {
            status,
            media: "application/problem+json",
            headers,
            body: to_json(&problem),
        }
    }
}

fn to_json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("what is answered serialises")
}

/// By whose certificate a connection is taken.
#[derive(Clone)]
pub struct Guise {
    acceptor: TlsAcceptor,
    /// `None` for the hub itself.
    impostor: Option<Impostor>,
}

impl Guise {
    pub fn new(mut config: ServerConfig, impostor: Option<Impostor>) -> Self {
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            impostor,
        }
    }
}

/// Serves until it is aborted; what is under way ends with it. Each connection
/// is taken as `show` says when it comes.
pub fn serve<S, A, F>(listener: TcpListener, show: S, answer: A) -> io::Result<JoinHandle<()>>
where
    S: Fn() -> Guise + Send + 'static,
    A: Fn(Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Reply> + Send,
{
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    Ok(tokio::spawn(async move {
        let mut open = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            let (guise, answer) = (show(), answer.clone());
            // Whoever hangs up, hangs up.
            open.spawn(async move { drop(converse(stream, &guise, &answer).await) });
            while open.try_join_next().is_some() {}
        }
    }))
}

async fn converse<A, F>(stream: TcpStream, guise: &Guise, answer: &A) -> io::Result<()>
where
    A: Fn(Request) -> F,
    F: Future<Output = Reply>,
{
    stream.set_nodelay(true)?;
    let mut wire = guise.acceptor.accept(stream).await?;
    let (_, session) = wire.get_ref();
    let certificates = session.peer_certificates().map_or(0, <[_]>::len);
    let mut ahead = Vec::new();
    while let Some(mut request) = read_request(&mut wire, &mut ahead).await? {
        request.certificates = certificates;
        request.shown = guise.impostor;
        let bare = request.method == "HEAD";
        match answer(request).await {
            Reply::Cut => return Ok(()),
            Reply::Answer {
                status,
                media,
                headers,
                body,
            } => {
                let length = body.len();
                let mut head = format!(
                    "HTTP/1.1 {status} -\r\n{VERSION_HEADER}: {VERSION}\r\ncontent-length: {length}\r\n"
                );
                if !media.is_empty() {
                    head.extend(["content-type: ", media, "\r\n"]);
                }
                for (name, value) in &headers {
                    head.extend([name, ": ", value, "\r\n"]);
                }
                head.push_str("\r\n");
                wire.write_all(head.as_bytes()).await?;
                if !bare {
                    wire.write_all(&body).await?;
                }
                wire.flush().await?;
                if headers.iter().any(|(name, _)| *name == CONNECTION) {
                    return wire.shutdown().await;
                }
            }
        }
    }
    Ok(())
}

/// The next request; `None` where the other side has ended.
async fn read_request(
    wire: &mut TlsStream<TcpStream>,
    ahead: &mut Vec<u8>,
) -> io::Result<Option<Request>> {
    let end = loop {
        if let Some(at) = ahead.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            break at + 4;
        }
        if !more(wire, ahead).await? {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&ahead[..end]).into_owned();
    ahead.drain(..end);
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split(' ');
    let method = words.next().unwrap_or_default().to_owned();
    let target = words.next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let sent = if headers.contains_key("transfer-encoding") {
        read_chunks(wire, ahead).await?
    } else {
        let length = headers.get("content-length");
        let length: usize = length.and_then(|text| text.parse().ok()).unwrap_or(0);
        while ahead.len() < length {
            if !more(wire, ahead).await? {
                return Ok(None);
            }
        }
        ahead.drain(..length).collect()
    };
    let body = unpacked(headers.get("content-encoding").map(String::as_str), &sent)?;
    Ok(Some(Request {
        method,
        path: path.to_owned(),
        query: query.to_owned(),
        certificates: 0,
        shown: None,
        headers,
        body,
    }))
}

fn unpacked(encoding: Option<&str>, sent: &[u8]) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    let limit = MOST as u64;
    match encoding {
        Some("zstd") => zstd::Decoder::new(sent)?
            .take(limit)
            .read_to_end(&mut body)?,
        Some("gzip") => flate2::read::MultiGzDecoder::new(sent)
            .take(limit)
            .read_to_end(&mut body)?,
        _ => return Ok(sent.to_vec()),
    };
    Ok(body)
}

/// Whether something came.
async fn more(wire: &mut TlsStream<TcpStream>, ahead: &mut Vec<u8>) -> io::Result<bool> {
    if ahead.len() > MOST {
        return Err(io::Error::other("a request that is too long"));
    }
    Ok(wire.read_buf(ahead).await? > 0)
}
