//! A channel whose provider is the test: it keeps what it is told, and answers as it is ordered.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream;
use serde::Deserialize;
use tokio::sync::Notify;

use crate::casework::Coordinates;
use crate::channels::{
    Address, Channel, Heard, LeftOut, MediaKind, MediaRef, Name, Pieces, Saying, Sort, Unfetched,
    Unread, Unsaid,
};

pub struct Paper {
    name: Name,
    state: Mutex<State>,
    /// Rung when something was said.
    pub spoken: Notify,
    /// Rung when a file is asked for that does not come.
    pub stalled: Notify,
}

#[derive(Default)]
struct State {
    ids: usize,
    said: Vec<(String, String)>,
    count: usize,
    /// What the next things that are to be said come to.
    orders: VecDeque<Unsaid>,
    down: bool,
    stalls: bool,
    /// Files that people have sent, by their id.
    files: BTreeMap<String, Vec<u8>>,
    /// Who was asked to write again.
    knocked: Vec<String>,
    /// What the next times that somebody is asked come to.
    knocks: VecDeque<Unsaid>,
}

#[derive(Deserialize)]
struct Body {
    from: String,
    text: String,
    name: Option<String>,
    id: Option<String>,
    reply_to: Option<String>,
    location: Option<Coordinates>,
    #[serde(default)]
    edited: bool,
    #[serde(default)]
    media: Vec<Sent>,
    said_at: Option<i64>,
}

/// A file as the test hands it over.
#[derive(Deserialize)]
struct Sent {
    at: String,
    #[serde(default)]
    sound: bool,
    size: Option<u64>,
}

impl Paper {
    pub fn of(name: Name) -> Self {
        Self {
            name,
            state: Mutex::default(),
            spoken: Notify::new(),
            stalled: Notify::new(),
        }
    }

    pub fn next_id(&self) -> usize {
        let mut state = self.state.lock().unwrap();
        state.ids += 1;
        state.ids
    }

    /// What the next things that are to be said come to.
    pub fn orders(&self, unsaid: impl IntoIterator<Item = Unsaid>) {
        self.state.lock().unwrap().orders.extend(unsaid);
    }

    /// What the next times that somebody is asked to write again come to.
    pub fn knocks(&self, unsaid: impl IntoIterator<Item = Unsaid>) {
        self.state.lock().unwrap().knocks.extend(unsaid);
    }

    pub fn is_down(&self, down: bool) {
        self.state.lock().unwrap().down = down;
    }

    /// From now on no file comes that is asked for.
    pub fn stalls(&self) {
        self.state.lock().unwrap().stalls = true;
    }

    /// Somebody has sent a file.
    pub fn keeps(&self, at: &str, file: Vec<u8>) {
        self.state.lock().unwrap().files.insert(at.into(), file);
    }

    /// Who was asked to write again since this was last asked.
    pub fn knocked(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().knocked)
    }

    /// The id of what was said last.
    pub fn last_id(&self) -> String {
        format!("said-{}", self.state.lock().unwrap().count)
    }

    /// What was said to somebody since this was last asked.
    pub fn said_to(&self, to: &str) -> Vec<String> {
        let mut state = self.state.lock().unwrap();
        let said = std::mem::take(&mut state.said);
        let (theirs, others): (Vec<_>, Vec<_>) = said.into_iter().partition(|(who, _)| who == to);
        state.said = others;
        theirs.into_iter().map(|(_, words)| words).collect()
    }
}

impl From<Sent> for MediaRef {
    fn from(sent: Sent) -> Self {
        Self {
            at: sent.at,
            content: None,
            kind: if sent.sound {
                MediaKind::Sound
            } else {
                MediaKind::Picture
            },
            size: sent.size,
        }
    }
}

impl Channel for Paper {
    fn name(&self) -> Name {
        self.name
    }

    fn read(&self, body: &[u8]) -> Result<Heard, Unread> {
        let body: Body = serde_json::from_slice(body).map_err(|_| Unread("no such shape"))?;
        Ok(Heard {
            from: Address {
                id: body.from,
                name: body.name,
                at: None,
            },
            text: body.text,
            id: body.id,
            reply_to: body.reply_to,
            location: body.location,
            media: body.media.into_iter().map(MediaRef::from).collect(),
            said_at: body.said_at,
            sort: if body.edited { Sort::Edit } else { Sort::Word },
            ..Heard::default()
        })
    }

    fn say<'a>(
        &'a self,
        to: &'a Address,
        what: &'a Saying,
    ) -> BoxFuture<'a, Result<Option<String>, Unsaid>> {
        Box::pin(async move {
            let mut state = self.state.lock().unwrap();
            if state.down {
                return Err(Unsaid::Down("the provider is away".into()));
            }
            if let Some(unsaid) = state.orders.pop_front() {
                return Err(unsaid);
            }
            state.said.push((to.id.clone(), what.words.clone()));
            state.count += 1;
            self.spoken.notify_one();
            Ok(Some(format!("said-{}", state.count)))
        })
    }

    fn knock<'a>(&'a self, to: &'a Address) -> BoxFuture<'a, Result<bool, Unsaid>> {
        Box::pin(async move {
            let mut state = self.state.lock().unwrap();
            if state.down {
                return Err(Unsaid::Down("the provider is away".into()));
            }
            state.knocked.push(to.id.clone());
            state.knocks.pop_front().map_or(Ok(true), Err)
        })
    }

    fn fetch<'a>(&'a self, what: &'a MediaRef) -> BoxFuture<'a, Result<Pieces, Unfetched>> {
        Box::pin(async move {
            let stalls = self.state.lock().unwrap().stalls;
            if stalls {
                self.stalled.notify_one();
                return std::future::pending().await;
            }
            let state = self.state.lock().unwrap();
            if state.down {
                return Err(Unfetched::Later("the provider is away".into()));
            }
            let gone = Unfetched::Never(LeftOut::Gone);
            let file = state.files.get(&what.at).ok_or(gone)?;
            let pieces = file.chunks(1000).map(Bytes::copy_from_slice).map(Ok);
            Ok(stream::iter(pieces.collect::<Vec<_>>()).boxed())
        })
    }
}
