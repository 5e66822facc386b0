//! A channel whose provider is the test: it keeps what it is told, and answers as it is ordered.

use std::collections::VecDeque;
use std::sync::Mutex;

use futures_util::future::BoxFuture;
use serde::Deserialize;
use tokio::sync::Notify;

use crate::casework::Coordinates;
use crate::channels::{Address, Channel, Heard, Name, Unread, Unsaid};

pub struct Paper {
    name: Name,
    state: Mutex<State>,
    /// Rung when something was said.
    pub spoken: Notify,
}

#[derive(Default)]
struct State {
    ids: usize,
    said: Vec<(String, String)>,
    count: usize,
    /// What the next things that are to be said come to.
    orders: VecDeque<Unsaid>,
    down: bool,
}

#[derive(Deserialize)]
struct Body {
    from: String,
    text: String,
    name: Option<String>,
    reply_to: Option<String>,
    location: Option<Coordinates>,
}

impl Paper {
    pub fn of(name: Name) -> Self {
        Self {
            name,
            state: Mutex::default(),
            spoken: Notify::new(),
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

    pub fn is_down(&self, down: bool) {
        self.state.lock().unwrap().down = down;
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
            },
            text: body.text,
            reply_to: body.reply_to,
            location: body.location,
        })
    }

    fn say<'a>(
        &'a self,
        to: &'a Address,
        words: &'a str,
    ) -> BoxFuture<'a, Result<Option<String>, Unsaid>> {
        Box::pin(async move {
            let mut state = self.state.lock().unwrap();
            if state.down {
                return Err(Unsaid::Down("the provider is away".into()));
            }
            if let Some(unsaid) = state.orders.pop_front() {
                return Err(unsaid);
            }
            state.said.push((to.id.clone(), words.to_owned()));
            state.count += 1;
            self.spoken.notify_one();
            Ok(Some(format!("said-{}", state.count)))
        })
    }
}
