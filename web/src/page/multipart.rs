//! A form with files (RFC 7578), read part by part: its fields are kept as those
//! of any form, its files are handed over as they arrive and never stand in
//! memory as a whole.
//!
//! All of it has a bound: bytes in all, bytes of the fields, their number, what
//! may come before a part begins, and how slowly it may come.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::BodyDataStream;
use axum::extract::Request;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use multer::{Field, Multipart, parse_boundary};

use super::{FORM_BYTES, Form};
use crate::ApiProblem;
use crate::pace::Pace;
use crate::reading::{too_large, too_many_bytes, too_slow, unsupported_media};

/// Fields and files of one form, at most.
const PARTS: usize = 500;
/// What may come before a part is seen to begin; a piece of the line is in it.
const HEAD_BYTES: u64 = 1024 * 1024;
/// What is read and thrown away of a form that is too large, at most: a browser shows no answer before
/// it has sent all, and an error of its own where the line ends before.
const BEYOND_BYTES: u64 = 32 * 1024 * 1024;
/// A telephone at the edge of a network is slow and does not fall silent.
const PACE: Pace = Pace {
    pause: Duration::from_secs(30),
    grace: Duration::from_mins(2),
    bytes_per_second: 1000,
};

/// A form with files that is being read.
pub struct FormWithFiles {
    parts: Multipart<'static>,
    line: Arc<Line>,
    values: Vec<(String, String)>,
    seen: usize,
    text_left: usize,
    most: u64,
}

/// A file on its way in. Read it, or [`pass_over`](Self::pass_over) it, before the next.
pub struct PostedFile {
    /// The field of the form.
    pub field: String,
    /// What the sender calls the file: to be shown to the sender and nothing else.
    pub name: String,
    pieces: Field<'static>,
}

/// What the reader and the line know of each other.
#[derive(Default)]
struct Line {
    /// Bytes since the last part ended, while none has begun.
    head: AtomicU64,
    broken: AtomicU8,
}

const OUTSIDE: u64 = u64::MAX;
const SLOW: u8 = 1;
const LARGE: u8 = 2;

impl FormWithFiles {
    /// Begins to read a form of at most so many bytes.
    pub fn open(request: Request, most: u64) -> Result<Self, ApiProblem> {
        Self::open_paced(request, most, PACE)
    }

    fn open_paced(request: Request, most: u64, pace: Pace) -> Result<Self, ApiProblem> {
        let told = request.headers().get(CONTENT_TYPE);
        let boundary = told.and_then(|told| parse_boundary(told.to_str().ok()?).ok());
        let boundary = boundary.ok_or_else(|| unsupported_media("multipart/form-data"))?;
        let line = Arc::new(Line::default());
        let body = request.into_body().into_data_stream();
        let pieces = paced(body, most, pace, Arc::clone(&line));
        Ok(Self {
            parts: Multipart::new(pieces, boundary),
            line,
            values: Vec::new(),
            seen: 0,
            text_left: FORM_BYTES,
            most,
        })
    }

    /// All of the files of one field, one after the other; other files are passed over, and the
    /// fields kept for [`form`](Self::form).
    pub async fn bytes_of(&mut self, field: &str) -> Result<Vec<u8>, ApiProblem> {
        let mut bytes = Vec::new();
        while let Some(mut file) = self.next_file().await? {
            if file.field != field {
                file.pass_over().await;
                continue;
            }
            while let Some(piece) = file.next().await {
                let piece = piece.map_err(|_| self.broken().unwrap_or_else(ApiProblem::invalid))?;
                bytes.extend_from_slice(&piece);
            }
        }
        Ok(bytes)
    }

    /// The next file; the fields before it are kept for [`form`](Self::form).
    pub async fn next_file(&mut self) -> Result<Option<PostedFile>, ApiProblem> {
        loop {
            self.line.head.store(0, Ordering::Relaxed);
            let part = self.parts.next_field().await;
            self.line.head.store(OUTSIDE, Ordering::Relaxed);
            let Some(part) = part.map_err(|error| self.problem(&error))? else {
                return Ok(None);
            };
            self.seen += 1;
            if self.seen > PARTS {
                return Err(too_large(&format!("{PARTS} fields")));
            }
            let field = part.name().unwrap_or_default().to_owned();
            match part.file_name().map(str::to_owned) {
                None => self.keep(field, part).await?,
                Some(name) => {
                    let mut file = PostedFile {
                        field,
                        name,
                        pieces: part,
                    };
                    // A browser sends one without a name where no file was chosen.
                    if !file.name.is_empty() {
                        return Ok(Some(file));
                    }
                    file.pass_over().await;
                }
            }
        }
    }

    /// A field that came before, if it did.
    pub fn before(&self, name: &str) -> Option<&str> {
        let mut named = self.values.iter().filter(|(field, _)| field == name);
        named.next().map(|(_, value)| value.as_str())
    }

    /// Why the form has ended before its end, if it has: what a file's reader
    /// was told was only that it broke off.
    pub fn broken(&self) -> Option<ApiProblem> {
        match self.line.broken.load(Ordering::Relaxed) {
            SLOW => Some(too_slow()),
            LARGE => Some(too_many_bytes(self.most)),
            _ => None,
        }
    }

    /// The fields, once there is no other file.
    pub fn form(self) -> Form {
        Form::of(self.values)
    }

    async fn keep(&mut self, field: String, mut part: Field<'static>) -> Result<(), ApiProblem> {
        let mut text = Vec::new();
        while let Some(piece) = part.next().await {
            let piece = piece.map_err(|error| self.problem(&error))?;
            if piece.len() > self.text_left {
                return Err(too_large("256 KiB of fields"));
            }
            self.text_left -= piece.len();
            text.extend_from_slice(&piece);
        }
        let text = String::from_utf8(text).map_err(|_| unreadable())?;
        self.values.push((field, text));
        Ok(())
    }

    fn problem(&self, _: &multer::Error) -> ApiProblem {
        self.broken().unwrap_or_else(unreadable)
    }
}

impl PostedFile {
    /// Passes over what is left of it.
    pub async fn pass_over(&mut self) {
        while let Some(Ok(_)) = self.pieces.next().await {}
    }
}

impl Stream for PostedFile {
    type Item = Result<Bytes, multer::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.pieces.poll_next_unpin(cx)
    }
}

/// The body's pieces, one at a time: the parser takes all that a stream is ready
/// to give, however little of it is wanted.
fn paced(
    body: BodyDataStream,
    most: u64,
    pace: Pace,
    line: Arc<Line>,
) -> impl Stream<Item = Result<Bytes, std::io::Error>> + Send {
    let began = Instant::now();
    stream::unfold(Some((body, 0)), move |state| {
        let line = Arc::clone(&line);
        async move {
            let (mut body, arrived) = state?;
            tokio::task::yield_now().await;
            let left = pace.left(began.elapsed(), arrived);
            let stop = |why: u8| {
                line.broken.store(why, Ordering::Relaxed);
                Some((Err(std::io::Error::other("the form broke off")), None))
            };
            let piece = match tokio::time::timeout(left, body.next()).await {
                Err(_) => return stop(SLOW),
                Ok(None) => return None,
                Ok(Some(Err(error))) => return Some((Err(std::io::Error::other(error)), None)),
                Ok(Some(Ok(piece))) => piece,
            };
            let arrived = arrived + piece.len() as u64;
            let head = line.head.load(Ordering::Relaxed);
            let head = if head == OUTSIDE {
                0
            } else {
                line.head.fetch_add(piece.len() as u64, Ordering::Relaxed) + piece.len() as u64
            };
            if arrived > most || head > HEAD_BYTES {
                pass_over(&mut body, pace).await;
                return stop(LARGE);
            }
            Some((Ok(piece), Some((body, arrived))))
        }
    })
}

/// Throws away what comes beyond the limit, as far as it is bearable: for no longer than the grace,
/// since who sends what nobody wants earns no time by it.
async fn pass_over(body: &mut BodyDataStream, pace: Pace) {
    let (began, mut beyond) = (Instant::now(), 0);
    while beyond < BEYOND_BYTES {
        let left = pace.grace.saturating_sub(began.elapsed());
        if left.is_zero() {
            return;
        }
        match tokio::time::timeout(left.min(pace.pause), body.next()).await {
            Ok(Some(Ok(piece))) => beyond += piece.len() as u64,
            _ => return,
        }
    }
}

fn unreadable() -> ApiProblem {
    let title = "The form cannot be read";
    ApiProblem::new(StatusCode::BAD_REQUEST, "invalid_form", title)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use axum::body::Body;

    use super::*;

    const MOST: u64 = 4 * 1024 * 1024;
    const END: &str = "--batas--\r\n";

    fn part(head: &str, body: &str) -> String {
        format!("--batas\r\nContent-Disposition: form-data; {head}\r\n\r\n{body}\r\n")
    }

    fn request(body: impl Into<Body>) -> Request {
        Request::post("/")
            .header(CONTENT_TYPE, "multipart/form-data; boundary=batas")
            .body(body.into())
            .unwrap()
    }

    fn open(body: impl Into<Body>) -> FormWithFiles {
        FormWithFiles::open(request(body), MOST).ok().unwrap()
    }

    async fn refused(body: String) -> StatusCode {
        let mut form = open(body);
        loop {
            match form.next_file().await {
                Ok(Some(mut file)) => file.pass_over().await,
                Ok(None) => panic!("it was read"),
                Err(problem) => return problem.status(),
            }
        }
    }

    #[tokio::test]
    async fn fields_are_kept_and_files_handed_over_in_their_order() {
        let body = [
            part("name=\"judul\"", "Jalan é rusak"),
            part("name=\"lampiran\"; filename=\"a.jpg\"", "satu"),
            part("name=\"lampiran\"; filename=\"\"", ""),
            part("name=\"isi\"", "baris\r\nlagi"),
            part("name=\"lampiran\"; filename=\"../b.jpg\"", "dua\r\n--bat"),
            END.into(),
        ];
        let mut form = open(body.concat());
        let mut files = Vec::new();
        while let Some(mut file) = form.next_file().await.ok().unwrap() {
            assert_eq!(form.before("judul"), Some("Jalan é rusak"));
            assert_eq!(form.before("isi").is_some(), file.name != "a.jpg");
            let mut bytes = Vec::new();
            while let Some(piece) = file.next().await {
                bytes.extend_from_slice(&piece.unwrap());
            }
            files.push((file.name, String::from_utf8(bytes).unwrap()));
        }
        let expected = [("a.jpg", "satu"), ("../b.jpg", "dua\r\n--bat")];
        assert_eq!(
            files,
            expected.map(|(name, text)| (name.to_owned(), text.to_owned()))
        );
        let form = form.form();
        assert_eq!(form.text("judul"), "Jalan é rusak");
        assert_eq!(form.typed("isi"), "baris\nlagi");
    }

    #[tokio::test]
    async fn every_part_of_it_has_a_bound() {
        let file = "name=\"lampiran\"; filename=\"a\"";
        let large = StatusCode::PAYLOAD_TOO_LARGE;
        let vast = "a".repeat(MOST as usize);
        assert_eq!(refused(part(file, &vast)).await, large);
        let text = part("name=\"isi\"", &"a".repeat(FORM_BYTES + 1));
        assert_eq!(refused(text + END).await, large);
        let many = part("name=\"isi\"", "a").repeat(PARTS + 1);
        assert_eq!(refused(many + END).await, large);
        let head = "a".repeat(HEAD_BYTES as usize + 1);
        assert_eq!(refused(part(&format!("name=\"{head}\""), "a")).await, large);
        let broken = part("name=\"isi\"", "a");
        assert_eq!(refused(broken).await, StatusCode::BAD_REQUEST);
        let bytes = [part("name=\"isi\"", "").as_bytes(), b"\xff"].concat();
        let mut form = open(bytes);
        assert!(form.next_file().await.is_err());
    }

    /// A piece of the line is shorter than what a part may begin with.
    const PIECE: usize = HEAD_BYTES as usize / 2;

    /// How many pieces are read of a form that is too large.
    async fn read_of_vast(pieces: usize, pace: Pace) -> usize {
        let taken = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&taken);
        let head = part("name=\"lampiran\"; filename=\"a\"", "").into_bytes();
        let vast = std::iter::repeat_n(vec![b'a'; PIECE], pieces);
        let vast = vast.inspect(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        let all = stream::iter(std::iter::once(head).chain(vast));
        let request = request(Body::from_stream(all.map(Ok::<_, std::io::Error>)));
        let mut form = FormWithFiles::open_paced(request, MOST, pace).ok().unwrap();
        let refused = form.bytes_of("lampiran").await.unwrap_err();
        assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(refused.limit_bytes(), Some(MOST));
        taken.load(Ordering::Relaxed)
    }

    #[tokio::test]
    async fn what_is_too_large_is_read_on_so_that_the_answer_is_seen_within_bounds() {
        // With the head before it, the piece that reaches the limit is the first beyond it.
        let within = MOST as usize / PIECE;
        assert_eq!(read_of_vast(20, PACE).await, 20, "to its end");
        let beyond = BEYOND_BYTES as usize / PIECE;
        assert_eq!(read_of_vast(100, PACE).await, within + beyond, "so much");
        let pace = Pace {
            grace: Duration::ZERO,
            ..PACE
        };
        assert_eq!(read_of_vast(20, pace).await, within, "for so long");
    }

    #[tokio::test]
    async fn who_falls_silent_is_given_up() {
        let begun = part("name=\"isi\"", "a");
        let pieces = stream::iter([Ok::<_, std::io::Error>(begun)]).chain(stream::pending());
        let pace = Pace {
            pause: Duration::from_millis(1),
            ..PACE
        };
        let request = request(Body::from_stream(pieces));
        let mut form = FormWithFiles::open_paced(request, MOST, pace).ok().unwrap();
        let stopped = form.next_file().await.err().unwrap();
        assert_eq!(stopped.status(), StatusCode::REQUEST_TIMEOUT);
    }

    #[test]
    fn what_is_no_form_with_files_is_refused() {
        let request = Request::post("/")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::empty())
            .unwrap();
        let refused = FormWithFiles::open(request, MOST).err().unwrap();
        assert_eq!(refused.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
}
