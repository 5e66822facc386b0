//! The words of a PDF (ISO 32000-2, 7.2 and 7.3), read one behind the other. What nests is counted
//! and never followed, so that no document can make the reading deep or long.

use std::ops::Range;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A dictionary, an array or a procedure begins.
    Open,
    Close,
    /// With its slash.
    Name,
    /// Words for people, literal or in hexadecimal digits, with what encloses them.
    Text,
    Other,
}

pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) at: Range<usize>,
}

/// Reads a part of a file, which is lent for each step so that it may be changed between them.
#[derive(Clone)]
pub(super) struct Tokens {
    pub(super) at: usize,
    end: usize,
    /// How far it was read, which may be farther than what was told.
    reached: usize,
}

impl Tokens {
    pub(super) fn of(part: Range<usize>) -> Self {
        Self {
            at: part.start,
            end: part.end,
            reached: part.start,
        }
    }

    /// How many bytes were read from this place on.
    pub(super) fn read_from(&self, place: usize) -> usize {
        self.reached.saturating_sub(place)
    }

    pub(super) fn next(&mut self, file: &[u8]) -> Option<Token> {
        self.pass_space(file);
        let rest = file.get(self.at..self.end)?;
        let (kind, length) = match *rest.first()? {
            b'<' if rest.get(1) == Some(&b'<') => (Kind::Open, 2),
            b'>' if rest.get(1) == Some(&b'>') => (Kind::Close, 2),
            b'[' | b'{' => (Kind::Open, 1),
            b']' | b'}' => (Kind::Close, 1),
            b'/' => (Kind::Name, 1 + regular(&rest[1..])),
            b'(' => literal(rest).map_or((Kind::Other, rest.len()), |n| (Kind::Text, n)),
            b'<' => {
                let (read, is_closed) = digits(rest);
                self.reached = self.reached.max(self.at + read);
                if is_closed {
                    (Kind::Text, read)
                } else {
                    (Kind::Other, 1)
                }
            }
            b'>' | b')' => (Kind::Other, 1),
            _ => (Kind::Other, regular(rest)),
        };
        let start = self.at;
        self.at += length;
        self.reached = self.reached.max(self.at);
        let at = start..self.at;
        Some(Token { kind, at })
    }

    /// The next value, with all that it holds.
    pub(super) fn value(&mut self, file: &[u8]) -> Range<usize> {
        let mut open = 0_usize;
        let mut start = None;
        loop {
            let before = self.at;
            let Some(token) = self.next(file) else {
                break;
            };
            match token.kind {
                Kind::Open => open += 1,
                Kind::Close => open = open.saturating_sub(1),
                // It was not closed.
                _ if matches!(&file[token.at.clone()], b"endobj" | b"stream") => {
                    self.at = before;
                    break;
                }
                _ => {}
            }
            start.get_or_insert(token.at.start);
            if open == 0 {
                break;
            }
        }
        start.unwrap_or(self.at)..self.at
    }

    fn pass_space(&mut self, file: &[u8]) {
        let mut in_comment = false;
        while self.at < self.end {
            match file.get(self.at) {
                Some(b'\r' | b'\n') => in_comment = false,
                Some(b'%') => in_comment = true,
                Some(byte) if in_comment || is_space(*byte) => {}
                _ => break,
            }
            self.at += 1;
        }
        self.reached = self.reached.max(self.at);
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b'\0' | b'\t' | b'\n' | b'\x0c' | b'\r' | b' ')
}

/// How many bytes are neither space nor a sign that begins or ends something.
fn regular(rest: &[u8]) -> usize {
    let ends = |byte: &u8| is_space(*byte) || b"()<>[]{}/%".contains(byte);
    rest.iter().position(ends).unwrap_or(rest.len())
}

fn literal(rest: &[u8]) -> Option<usize> {
    let mut open = 0_usize;
    let mut escaped = false;
    for (at, byte) in rest.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'(' => open += 1,
            b')' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Some(at + 1);
        }
    }
    None
}

/// How far they are read, and whether a sign closes them there.
fn digits(rest: &[u8]) -> (usize, bool) {
    let is_other = |byte: &u8| !byte.is_ascii_hexdigit() && !is_space(*byte);
    match rest[1..].iter().position(is_other) {
        Some(count) => (count + 2, rest[count + 1] == b'>'),
        None => (rest.len(), false),
    }
}
