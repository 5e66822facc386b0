//! How a stand-in treats whoever asks it: well, or as providers do on a bad day.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

/// What becomes of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It is asked too often, and wants to be left alone for so many seconds.
    Busy(u64),
    /// It answers with this status.
    Fails(u16),
    /// What stands before it answers with this status and body.
    Behind(u16, &'static str),
    /// It takes so long.
    Slow(Duration),
}

/// An answer of what stands before a provider.
pub(crate) fn behind(status: u16, body: &'static str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    (status, body).into_response()
}

/// What becomes of requests.
#[derive(Default)]
pub struct Mood(Mutex<State>);

#[derive(Default)]
struct State {
    away: bool,
    next: VecDeque<Trouble>,
}

impl Mood {
    /// Whether it answers all requests with 502, as what stands before a provider does.
    pub fn is_away(&self, away: bool) {
        self.state().away = away;
    }

    /// What becomes of the next requests.
    pub fn orders(&self, troubles: impl IntoIterator<Item = Trouble>) {
        self.state().next.extend(troubles);
    }

    /// What becomes of this request, if it is not simply answered.
    pub(crate) async fn meets(&self) -> Option<Trouble> {
        let trouble = {
            let mut state = self.state();
            if state.away {
                return Some(Trouble::Fails(502));
            }
            state.next.pop_front()
        };
        if let Some(Trouble::Slow(pause)) = trouble {
            tokio::time::sleep(pause).await;
            return None;
        }
        trouble
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().expect("nobody panics in a mood")
    }
}
