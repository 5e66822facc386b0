//! What the hub answered, read from the wire and held to the contract: a
//! refusal is a problem whose status, title and retry are those of its code.

use std::collections::BTreeMap;
use std::io;

use lapor_protocol::problem::{Code, Problem};
use lapor_protocol::wire::{OutboxAnswer, VERSION, VERSION_HEADER};
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Longer than any answer here.
const MOST: usize = 64 << 20;

#[derive(Debug, Clone)]
pub struct Answered {
    pub status: u16,
    /// By name in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Answered {
    /// The code of a refusal; `None` for a success.
    pub fn code(&self) -> Option<Code> {
        assert_eq!(self.header(VERSION_HEADER), Some(VERSION));
        if self.status < 400 {
            return None;
        }
        let problem = self.problem();
        assert_eq!(problem.status, self.status);
        assert_eq!(problem.code.status(), self.status);
        assert_eq!(problem.retry, problem.code.retry());
        assert_eq!(problem.title, problem.code.title());
        assert_eq!(problem.request.as_deref(), self.header("x-request-id"));
        assert_eq!(
            problem.retry == lapor_protocol::problem::Retry::After,
            self.header("retry-after").is_some()
        );
        Some(problem.code)
    }

    pub fn problem(&self) -> Problem {
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json")
        );
        self.json()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&self.body)))
    }

    /// What a batch ran into: the code of the request's refusal, or of the
    /// first message that was not accepted.
    pub fn verdict(&self) -> Option<Code> {
        if let Some(code) = self.code() {
            return Some(code);
        }
        let answer: OutboxAnswer = self.json();
        assert!(answer.exceptions.len() <= 1);
        answer.exceptions.first().map(|exception| exception.code)
    }
}

/// Reads one HTTP/1.1 answer; `bare` is one to HEAD, without a body.
pub async fn read_answer(
    stream: &mut (impl AsyncRead + Unpin),
    bare: bool,
) -> io::Result<Answered> {
    let mut read = Vec::new();
    let begin = loop {
        if let Some(at) = read.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            break at + 4;
        }
        more(stream, &mut read).await?;
    };
    let head = String::from_utf8_lossy(&read[..begin]).into_owned();
    let mut lines = head.lines();
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let status = status.ok_or_else(|| io::Error::other(format!("no status: {head}")))?;
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers
        .get("content-length")
        .and_then(|text| text.parse().ok());
    let length: usize = if bare { 0 } else { length.unwrap_or(0) };
    while read.len() < begin + length {
        more(stream, &mut read).await?;
    }
    Ok(Answered {
        status,
        headers,
        body: read[begin..begin + length].to_vec(),
    })
}

async fn more(stream: &mut (impl AsyncRead + Unpin), read: &mut Vec<u8>) -> io::Result<()> {
    if stream.read_buf(read).await? == 0 || read.len() > MOST {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}
