//! HTTP/2 frames by hand (RFC 9113), so that one can do what no library
//! lets a client do: reset what it has just asked, let answers pile up, send on
//! without looking at what comes back.

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::player::{PATIENCE, Player, Wire};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Longest frame that is sent without asking.
const FRAME: usize = 16_384;
/// What a stream and a connection may receive before anything is agreed.
const WINDOW: i64 = 65_535;

const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
const INITIAL_WINDOW: u16 = 4;

/// One frame as it came.
#[derive(Debug, Clone)]
pub struct Frame {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    pub payload: Vec<u8>,
}

impl Frame {
    pub const DATA: u8 = 0;
    pub const HEADERS: u8 = 1;
    pub const RESET: u8 = 3;
    pub const SETTINGS: u8 = 4;
    pub const PING: u8 = 6;
    pub const GOAWAY: u8 = 7;
    pub const WINDOW_UPDATE: u8 = 8;

    pub fn ends_stream(&self) -> bool {
        self.flags & END_STREAM != 0
    }

    /// The number that a reset, a goodbye or a window update brings.
    pub fn number(&self, at: usize) -> u32 {
        let bytes = self.payload.get(at..at + 4);
        bytes.map_or(0, |b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]))
    }
}

/// A connection on which frames are said.
pub struct Frames {
    wire: Wire,
    next: u32,
    /// What the hub still takes on a new stream, and on the connection.
    stream_window: i64,
    window: i64,
}

impl Frames {
    /// Greets the hub. `window` is what it may send on each stream: with 0,
    /// every body piles up there.
    pub async fn greet(who: &Player, window: u32) -> io::Result<Self> {
        let mut frames = Self {
            wire: who.wire("h2").await?,
            next: 1,
            stream_window: WINDOW,
            window: WINDOW,
        };
        let mut settings = INITIAL_WINDOW.to_be_bytes().to_vec();
        settings.extend(window.to_be_bytes());
        frames.wire.write_all(PREFACE).await?;
        frames.say(Frame::SETTINGS, 0, 0, &settings).await?;
        // Windows are those that the hub states, from the first stream on.
        while frames.hear().await?.kind != Frame::SETTINGS {}
        Ok(frames)
    }

    pub async fn say(
        &mut self,
        kind: u8,
        flags: u8,
        stream: u32,
        payload: &[u8],
    ) -> io::Result<()> {
        let length = u32::try_from(payload.len()).map_err(io::Error::other)?;
        let mut bytes = length.to_be_bytes()[1..].to_vec();
        bytes.extend([kind, flags]);
        bytes.extend(stream.to_be_bytes());
        bytes.extend(payload);
        self.wire.write_all(&bytes).await?;
        self.wire.flush().await
    }

    /// Asks for something on a stream of its own; `whole` says that no body
    /// follows.
    pub async fn ask(&mut self, method: &str, path: &str, whole: bool) -> io::Result<u32> {
        let stream = self.next;
        self.next += 2;
        let fields = [
            (":method", method),
            (":scheme", "https"),
            (":authority", "hub"),
            (":path", path),
            ("lapor-version", "1"),
        ];
        let mut block = Vec::new();
        for (name, value) in fields {
            // A literal that is not indexed, RFC 7541 section 6.2.2.
            block.push(0);
            for text in [name, value] {
                block.push(u8::try_from(text.len()).map_err(io::Error::other)?);
                block.extend(text.as_bytes());
            }
        }
        let end = if whole { END_STREAM } else { 0 };
        self.say(Frame::HEADERS, END_HEADERS | end, stream, &block)
            .await?;
        Ok(stream)
    }

    pub async fn reset(&mut self, stream: u32) -> io::Result<()> {
        const CANCEL: u32 = 8;
        self.say(Frame::RESET, 0, stream, &CANCEL.to_be_bytes())
            .await
    }

    /// Sends a body to its end as a client does that reads no answer before:
    /// only windows are looked at. Returns what came for this stream meanwhile.
    pub async fn pour(&mut self, stream: u32, mut left: usize) -> io::Result<Vec<Frame>> {
        let piece = vec![b'x'; FRAME];
        let mut here = self.stream_window;
        let mut came = Vec::new();
        while left > 0 {
            let most = here.min(self.window).min(FRAME as i64);
            if most <= 0 {
                let frame = self.hear().await?;
                if frame.kind == Frame::WINDOW_UPDATE && frame.stream == stream {
                    here += i64::from(frame.number(0));
                } else if frame.stream == stream {
                    came.push(frame);
                }
                continue;
            }
            let count = left.min(most as usize);
            left -= count;
            let end = if left == 0 { END_STREAM } else { 0 };
            self.say(Frame::DATA, end, stream, &piece[..count]).await?;
            here -= count as i64;
            self.window -= count as i64;
        }
        Ok(came)
    }

    /// The next frame; settings and pings are answered.
    pub async fn hear(&mut self) -> io::Result<Frame> {
        let mut head = [0; 9];
        let reading = tokio::time::timeout(PATIENCE, self.wire.read_exact(&mut head));
        reading
            .await
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let mut payload = vec![0; length];
        self.wire.read_exact(&mut payload).await?;
        let frame = Frame {
            kind: head[3],
            flags: head[4],
            stream: u32::from_be_bytes([head[5] & 0x7f, head[6], head[7], head[8]]),
            payload,
        };
        match frame.kind {
            Frame::SETTINGS if frame.flags & ACK == 0 => {
                for setting in frame.payload.chunks_exact(6) {
                    if setting[..2] == INITIAL_WINDOW.to_be_bytes() {
                        let value = [setting[2], setting[3], setting[4], setting[5]];
                        self.stream_window = i64::from(u32::from_be_bytes(value));
                    }
                }
                self.say(Frame::SETTINGS, ACK, 0, &[]).await?;
            }
            Frame::PING if frame.flags & ACK == 0 => {
                self.say(Frame::PING, ACK, 0, &frame.payload.clone())
                    .await?;
            }
            Frame::WINDOW_UPDATE if frame.stream == 0 => self.window += i64::from(frame.number(0)),
            _ => {}
        }
        Ok(frame)
    }

    /// Hears until a frame of this kind comes for this stream.
    pub async fn until(&mut self, kind: u8, stream: u32) -> io::Result<Frame> {
        loop {
            let frame = self.hear().await?;
            if (frame.kind, frame.stream) == (kind, stream) {
                return Ok(frame);
            }
        }
    }
}
