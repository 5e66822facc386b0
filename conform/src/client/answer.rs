//! What was answered, read from the wire and held to the contract: a refusal
//! is a problem whose status and retry are those of its code.

use std::collections::BTreeMap;
use std::io;

use anyhow::{Context as _, Result, ensure};
use lapor_protocol::problem::{Code, Problem, Retry};
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
    pub fn refused(&self) -> Result<Option<Code>> {
        let version = self.header(VERSION_HEADER);
        ensure!(
            version == Some(VERSION),
            "the answer states version {version:?}"
        );
        if self.status < 400 {
            return Ok(None);
        }
        let problem = self.problem()?;
        let (code, retry) = (problem.code, problem.retry);
        let named = code.as_str();
        ensure!(
            problem.status == self.status && code.status() == self.status,
            "`{named}` came with status {}, and states {}",
            self.status,
            problem.status
        );
        ensure!(retry == code.retry(), "`{named}` states retry {retry:?}");
        ensure!(
            problem.type_uri == format!("urn:lapor:problem:{named}") && !problem.title.is_empty(),
            "`{named}` has type {:?} and title {:?}",
            problem.type_uri,
            problem.title
        );
        ensure!(
            problem.request.as_deref() == self.header("x-request-id") && problem.request.is_some(),
            "`{named}` names request {:?}, X-Request-Id is {:?}",
            problem.request,
            self.header("x-request-id")
        );
        let after = self.header("retry-after");
        ensure!(
            (retry == Retry::After) == after.is_some(),
            "`{named}` has Retry-After {after:?}"
        );
        Ok(Some(code))
    }

    /// The body of a refusal.
    pub fn problem(&self) -> Result<Problem> {
        let media = self.header("content-type");
        ensure!(
            media == Some("application/problem+json"),
            "status {} came as {media:?}",
            self.status
        );
        self.read()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub fn read<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body).with_context(|| {
            let text = String::from_utf8_lossy(&self.body);
            let begin: String = text.chars().take(200).collect();
            format!(
                "status {} with a body of another form: {begin}",
                self.status
            )
        })
    }

    /// The body of a success.
    pub fn taken<T: DeserializeOwned>(&self) -> Result<T> {
        self.is_success()?;
        self.read()
    }

    /// That it is no refusal.
    pub fn is_success(&self) -> Result<()> {
        match self.refused()? {
            None => Ok(()),
            Some(code) => {
                let detail = self.problem()?.detail.unwrap_or_default();
                anyhow::bail!("refused with `{}` {detail}", code.as_str())
            }
        }
    }

    /// That it is this refusal.
    pub fn is_refused(&self, code: Code) -> Result<()> {
        let refused = self.refused()?;
        ensure!(
            refused == Some(code),
            "expected `{}`, got status {} {}",
            code.as_str(),
            self.status,
            refused.map_or("without a refusal", Code::as_str)
        );
        Ok(())
    }

    /// What a batch ran into: the code of the request's refusal, or of the
    /// first message that was not accepted.
    pub fn ran_into(&self) -> Result<Option<Code>> {
        if let Some(code) = self.refused()? {
            return Ok(Some(code));
        }
        let answer: OutboxAnswer = self.read()?;
        let count = answer.exceptions.len();
        ensure!(count <= 1, "{count} exceptions in one answer");
        Ok(answer.exceptions.first().map(|exception| exception.code))
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
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut rest = read.split_off(begin);
    let chunked = headers
        .get("transfer-encoding")
        .is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"));
    let body = if bare {
        Vec::new()
    } else if chunked {
        read_chunks(stream, &mut rest).await?
    } else {
        let length = headers
            .get("content-length")
            .and_then(|text| text.parse().ok());
        let length: usize = length.unwrap_or(0);
        while rest.len() < length {
            more(stream, &mut rest).await?;
        }
        rest.truncate(length);
        rest
    };
    Ok(Answered {
        status,
        headers,
        body,
    })
}

/// A body in chunks, RFC 9112 section 7.1; trailers are passed over.
pub async fn read_chunks(
    stream: &mut (impl AsyncRead + Unpin),
    rest: &mut Vec<u8>,
) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = loop {
            if let Some(at) = rest.windows(2).position(|bytes| bytes == b"\r\n") {
                break at;
            }
            more(stream, rest).await?;
        };
        let stated = String::from_utf8_lossy(&rest[..end]).into_owned();
        let digits = stated.split(';').next().unwrap_or("").trim();
        let size = usize::from_str_radix(digits, 16).map_err(io::Error::other)?;
        if size > MOST {
            return Err(io::Error::other(format!("a chunk of {size} bytes")));
        }
        while rest.len() < end + size + 4 {
            more(stream, rest).await?;
        }
        body.extend(&rest[end + 2..end + 2 + size]);
        rest.drain(..end + size + 4);
        if size == 0 {
            return Ok(body);
        }
    }
}

async fn more(stream: &mut (impl AsyncRead + Unpin), read: &mut Vec<u8>) -> io::Result<()> {
    if stream.read_buf(read).await? == 0 || read.len() > MOST {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(answer: &str) -> io::Result<Answered> {
        read_answer(&mut answer.as_bytes(), false).await
    }

    #[tokio::test]
    async fn a_chunk_is_read_and_one_of_more_than_there_can_be_is_refused() {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        let whole = format!("{head}3;x=1\r\nabc\r\n0\r\n\r\n");
        assert_eq!(read(&whole).await.unwrap().body, b"abc");
        for size in ["ffffffffffffffff", "fffffffffffffff0", "5000000", "x"] {
            let answer = format!("{head}{size}\r\nabc\r\n0\r\n\r\n");
            assert!(read(&answer).await.is_err(), "{size}");
        }
    }
}
