//! The least HTTP/1.1 client that a JSON API needs, so that what is measured
//! is the server: on a small machine a full client costs as much as it does.

use std::net::Ipv4Addr;

use anyhow::{Context as _, Result, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// One connection, kept open.
pub struct Caller {
    stream: TcpStream,
    host: String,
    /// The lines of a request that say who asks.
    proof: String,
    received: Vec<u8>,
}

impl Caller {
    /// An application; `url` is what a node calls its API: `http://ADDRESS/api/v1`.
    pub async fn connect(url: &str, token: &str) -> Result<Self> {
        Self::proving(url, format!("authorization: Bearer {token}")).await
    }

    /// The same behind a proxy, from an address of its own.
    pub async fn from_address(url: &str, token: &str, address: Ipv4Addr) -> Result<Self> {
        let proof = format!("authorization: Bearer {token}\r\nx-forwarded-for: {address}");
        Self::proving(url, proof).await
    }

    /// An officer's browser with the session of the desk that it has opened.
    pub async fn at_the_desk(url: &str, session: &str) -> Result<Self> {
        Self::proving(url, format!("cookie: lapor-session={session}")).await
    }

    async fn proving(url: &str, proof: String) -> Result<Self> {
        let rest = url.strip_prefix("http://").context("an http address")?;
        let host = rest.split('/').next().unwrap_or(rest).to_owned();
        let stream = TcpStream::connect(&host).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            host,
            proof,
            received: Vec::with_capacity(4096),
        })
    }

    /// Posts JSON and gives the answer's body; any status but 2xx is an error.
    pub async fn post(&mut self, path: &str, json: &str) -> Result<Vec<u8>> {
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\n{}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{json}",
            self.host,
            self.proof,
            json.len()
        );
        self.stream.write_all(request.as_bytes()).await?;
        self.answer().await
    }

    /// Gets a page or JSON; any status but 2xx is an error.
    pub async fn get(&mut self, path: &str) -> Result<Vec<u8>> {
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {}\r\n{}\r\n\r\n",
            self.host, self.proof
        );
        self.stream.write_all(request.as_bytes()).await?;
        self.answer().await
    }

    async fn answer(&mut self) -> Result<Vec<u8>> {
        self.received.clear();
        let (head, body) = loop {
            let more = self.stream.read_buf(&mut self.received).await?;
            ensure!(more > 0, "the node hung up");
            if let Some(end) = find(&self.received, b"\r\n\r\n") {
                break (end, end + 4);
            }
        };
        let text = std::str::from_utf8(&self.received[..head])?.to_ascii_lowercase();
        let length = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"))
            .context("an answer without a length")?;
        let end = body + length.trim().parse::<usize>()?;
        while self.received.len() < end {
            let more = self.stream.read_buf(&mut self.received).await?;
            ensure!(more > 0, "the node hung up in the middle of an answer");
        }
        let answer = self.received[body..end].to_vec();
        ensure!(
            text.starts_with("http/1.1 2"),
            "{}",
            String::from_utf8_lossy(&answer)
        );
        Ok(answer)
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
