//! Files that come with messages: fetched from their provider under limits before anything is made
//! of the message, and freed of metadata like every other. A provider that is away puts the message
//! off; what can never be had is left out, and whoever sent it is told so.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt as _};

use super::Channel;
use super::heard::{Heard, MediaKind, MediaRef};
use super::talk::{Deed, Say, Talk, Turn};
use crate::error::NodeError;
use crate::media::Door;
use crate::node::Node;

/// For all files of a message, whichever its channel: well within the time for which it is held. No
/// file alone has longer.
pub(super) const FETCH: Duration = Duration::from_mins(2);

/// A file on its way; an error holds no address and no secret.
pub type Pieces = BoxStream<'static, Result<Bytes, String>>;

/// Why a file was not fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfetched {
    /// The provider is away.
    Later(String),
    Never(LeftOut),
}

/// Why a file is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOut {
    Large,
    /// It is no picture, no video and no PDF, or is damaged.
    Kind,
    Gone,
    /// There are more than a report has.
    Many,
}

/// What came of the files of a message.
#[derive(Default)]
struct Fetched {
    uploads: Vec<String>,
    left_out: BTreeSet<LeftOut>,
}

impl Node {
    /// Fetches the files of a message for what is made of it; `before` is the conversation as it
    /// was. With the last try nothing is waited for any more. Returns the uploads, which are to be
    /// given up if nothing is made of the message after all.
    pub(super) async fn carry(
        &self,
        line: &dyn Channel,
        (heard, last): (&Heard, bool),
        before: &Talk,
        turn: &mut Turn,
    ) -> Result<Vec<String>, NodeError> {
        let Some(files) = turn.files().filter(|_| !heard.media.is_empty()) else {
            return Ok(Vec::new());
        };
        let each = self.settings().channels.media_each as usize;
        let room = each.saturating_sub(files.len());
        let Fetched { uploads, left_out } = self.all_of(line, &heard.media, room, last).await?;
        files.extend(uploads.iter().cloned());
        let told = left_out.into_iter().map(Say::LeftOut);
        if uploads.is_empty() && heard.is_wordless() {
            *turn = Turn::of(before, Deed::Answered("left_out"), told.collect());
        } else {
            turn.says.extend(told);
            turn.recount();
        }
        Ok(uploads)
    }

    /// Leaves out what waited for so long that it is not here any more.
    pub(super) async fn without_gone(&self, mut turn: Turn) -> Result<Turn, NodeError> {
        let Some(files) = turn.files() else {
            return Ok(turn);
        };
        let mut here = Vec::with_capacity(files.len());
        for id in files.iter() {
            if self.waiting_upload(id, Door::Public).await?.is_some() {
                here.push(id.clone());
            }
        }
        if here.len() < files.len() {
            *files = here;
            turn.recount();
            turn.says.push(Say::LeftOut(LeftOut::Gone));
        }
        Ok(turn)
    }

    /// Gives up what was fetched and is used by nothing; what was used is not there any more.
    pub(crate) async fn give_up(&self, uploads: &[String]) {
        for id in uploads {
            if let Err(error) = self.cancel_upload(id).await {
                tracing::debug!(%error, "a file of a message was used, or goes within a day");
            }
        }
    }

    async fn all_of(
        &self,
        line: &dyn Channel,
        media: &[MediaRef],
        room: usize,
        last: bool,
    ) -> Result<Fetched, NodeError> {
        let mut out = Fetched::default();
        let until = tokio::time::Instant::now() + FETCH;
        for (at, what) in media.iter().enumerate() {
            if at >= room {
                out.left_out.insert(LeftOut::Many);
                break;
            }
            let fetched = tokio::time::timeout_at(until, self.one_of(line, what)).await;
            let fetched = fetched.unwrap_or(Ok(Err(Unfetched::Later("it is too slow".into()))));
            match fetched {
                Ok(Ok(upload)) => out.uploads.push(upload),
                Ok(Err(Unfetched::Never(why))) => {
                    out.left_out.insert(why);
                }
                Ok(Err(Unfetched::Later(_))) if last => {
                    out.left_out.insert(LeftOut::Gone);
                }
                Ok(Err(Unfetched::Later(problem))) => {
                    let channel = line.name().as_str();
                    tracing::warn!(channel, "a file of a message is fetched later: {problem}");
                    self.give_up(&out.uploads).await;
                    return Err(NodeError::BlobPending);
                }
                Err(error) => {
                    self.give_up(&out.uploads).await;
                    return Err(error);
                }
            }
        }
        Ok(out)
    }

    async fn one_of(
        &self,
        line: &dyn Channel,
        what: &MediaRef,
    ) -> Result<Result<String, Unfetched>, NodeError> {
        if what.kind == MediaKind::Sound {
            return Ok(Err(Unfetched::Never(LeftOut::Kind)));
        }
        let fetch = async {
            match &what.content {
                Some(content) => Ok(stream::iter([Ok(content.clone())]).boxed()),
                None => line.fetch(what).await,
            }
        };
        self.take_in_file(what.size, fetch).await
    }

    /// Takes in a file that somebody else keeps, whose bytes may be told, within the limits of files
    /// that come with messages. Returns the upload.
    pub(crate) async fn take_in_file(
        &self,
        size: Option<u64>,
        fetch: impl Future<Output = Result<Pieces, Unfetched>> + Send,
    ) -> Result<Result<String, Unfetched>, NodeError> {
        let never = |why| Ok(Err(Unfetched::Never(why)));
        let settings = self.settings();
        let most = settings.channels.media_bytes.min(settings.api.upload_bytes);
        if size.is_some_and(|size| size > most) {
            return never(LeftOut::Large);
        }
        self.room_for(Door::Public, size.unwrap_or_default())
            .await?;
        let pieces = match fetch.await {
            Ok(pieces) => pieces,
            Err(unfetched) => return Ok(Err(unfetched)),
        };
        let mut bounded = Bounded {
            pieces,
            left: most,
            ended: None,
        };
        let kept = self.receive_upload(Door::Public, &mut bounded).await;
        match (kept, bounded.ended) {
            (Ok(receipt), _) => Ok(Ok(receipt.upload)),
            (Err(_), Some(Ended::Broken(problem))) => Ok(Err(Unfetched::Later(problem))),
            (Err(busy @ NodeError::Busy { .. }), _) => Ok(Err(Unfetched::Later(busy.to_string()))),
            (Err(_), Some(Ended::Full)) | (Err(NodeError::TooLarge(_)), _) => never(LeftOut::Large),
            (Err(NodeError::MediaType(_) | NodeError::Invalid(_)), _) => never(LeftOut::Kind),
            (Err(error), _) => Err(error),
        }
    }
}

/// A file that ends where it is too large.
struct Bounded {
    pieces: Pieces,
    left: u64,
    ended: Option<Ended>,
}

/// Why it ended early.
enum Ended {
    Full,
    Broken(String),
}

impl Stream for Bounded {
    type Item = Result<Bytes, &'static str>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Poll::Ready(next) = self.pieces.as_mut().poll_next(cx) else {
            return Poll::Pending;
        };
        Poll::Ready(match next {
            Some(Ok(piece)) => {
                if let Some(left) = self.left.checked_sub(piece.len() as u64) {
                    self.left = left;
                    Some(Ok(piece))
                } else {
                    self.ended = Some(Ended::Full);
                    Some(Err("it is too large"))
                }
            }
            Some(Err(problem)) => {
                self.ended = Some(Ended::Broken(problem));
                Some(Err("the provider broke off"))
            }
            None => None,
        })
    }
}
