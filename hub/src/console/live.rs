//! Tells an open page that the federation has changed, as server-sent events.
//! An event says that something did; what there is to see is fetched as the
//! page itself, so that both ways show the same.

use std::convert::Infallible;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::Stream;
use lapor_web::people::Member;

use tokio::sync::watch;
use tokio::time::Instant;

use super::Console;
use super::federation::size;
use crate::alarms::Alarms;
use crate::watch::{Instance, Picture};

pub const PATH: &str = "/konsol/aliran";
/// An event without data is none.
const CHANGED: &str = "federasi";
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// The least time between two events, and the longest: what is said to be so
/// many minutes old grows older.
const PACE: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_mins(1);
/// How long one answer lasts: the browser asks again by itself, and is asked
/// again who it is.
const LASTS: Duration = Duration::from_hours(1);

/// `GET /konsol/aliran`: an event whenever a colour, a reason, a size or what the
/// menu counts changed, and at least once a minute.
pub async fn stream(
    State(console): State<Arc<Console>>,
    _: Member,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let pictures = console.hub.watch.subscribe();
    let known = seen(&console.hub.alarms, &pictures.borrow());
    let follower = Follower {
        known,
        pictures,
        closing: console.hub.closing(),
        until: Instant::now() + LASTS,
        console,
    };
    let events = futures_util::stream::unfold(follower, |mut follower| async {
        let event = follower.next().await?;
        Some((Ok(event), follower))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

/// An event whenever something else than the picture has changed, and at least once a minute.
pub fn follow(
    changes: watch::Receiver<u64>,
    closing: watch::Receiver<bool>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let until = Instant::now() + LASTS;
    let events = futures_util::stream::unfold(
        (changes, closing),
        move |(mut changes, mut closing)| async move {
            let (earliest, latest) = (Instant::now() + PACE, Instant::now() + LONGEST);
            let due = async {
                tokio::select! {
                    told = changes.changed() => told.ok()?,
                    () = tokio::time::sleep_until(latest) => {}
                }
                tokio::time::sleep_until(earliest).await;
                changes.borrow_and_update();
                Some(())
            };
            tokio::select! {
                due = due => due?,
                _ = closing.wait_for(|closing| *closing) => return None,
                () = tokio::time::sleep_until(until) => return None,
            }
            let event = Event::default().event("berubah").data(CHANGED);
            Some((Ok(event), (changes, closing)))
        },
    );
    Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

/// One open page of the federation.
struct Follower {
    console: Arc<Console>,
    pictures: watch::Receiver<Arc<Picture>>,
    closing: watch::Receiver<bool>,
    known: Vec<u64>,
    until: Instant,
}

impl Follower {
    /// The next event; `None` when the stream ends.
    async fn next(&mut self) -> Option<Event> {
        let (earliest, latest) = (Instant::now() + PACE, Instant::now() + LONGEST);
        loop {
            tokio::select! {
                changed = self.pictures.changed() => changed.ok()?,
                _ = self.closing.wait_for(|closing| *closing) => return None,
                () = tokio::time::sleep_until(self.until) => return None,
                // Without a new picture, too: the page then says how old the last one is.
                () = tokio::time::sleep_until(latest) => {}
            }
            let now = seen(&self.console.hub.alarms, &self.pictures.borrow_and_update());
            let due = now != self.known && Instant::now() >= earliest;
            if due || Instant::now() >= latest {
                self.known = now;
                return Some(Event::default().event("berubah").data(CHANGED));
            }
        }
    }
}

/// All that a page shows of a picture, and what its menu counts, that does not change by itself.
pub fn seen(alarms: &Alarms, picture: &Picture) -> Vec<u64> {
    let one = |of: &Instance| {
        let mut hasher = DefaultHasher::new();
        (&of.id, &of.name, of.health.state, size(of.traffic)).hash(&mut hasher);
        for finding in &of.health.findings {
            (finding.concern, finding.state).hash(&mut hasher);
        }
        hasher.finish()
    };
    let counted = [alarms.open(), alarms.undecided()];
    picture.instances.values().map(one).chain(counted).collect()
}
