//! Tells an open page that the federation has changed, as server-sent events.
//! An event says that something did; what there is to see is fetched as the
//! page itself, so that both ways show the same.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::Stream;
use lapor_web::people::Member;

use super::Console;
use crate::watch::Picture;

pub const PATH: &str = "/konsol/aliran";
/// The least time between two events.
const PACE: Duration = Duration::from_secs(2);
/// How long one answer lasts: the browser asks again by itself, and is asked
/// again who it is.
const LASTS: Duration = Duration::from_mins(10);

/// `GET /konsol/aliran`: an event whenever a colour, a reason or a size changed.
pub async fn stream(
    State(console): State<Arc<Console>>,
    _: Member,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let pictures = console.hub.watch.subscribe();
    let closing = console.hub.closing();
    let known = seen(&pictures.borrow());
    let until = tokio::time::Instant::now() + LASTS;
    let state = (pictures, closing, known);
    let events = futures_util::stream::unfold(
        state,
        move |(mut pictures, mut closing, known)| async move {
            loop {
                tokio::select! {
                    changed = pictures.changed() => changed.ok()?,
                    _ = closing.wait_for(|closing| *closing) => return None,
                    () = tokio::time::sleep_until(until) => return None,
                }
                let now = seen(&pictures.borrow_and_update());
                if now != known {
                    tokio::time::sleep(PACE).await;
                    let event = Event::default().event("berubah").data("");
                    return Some((Ok(event), (pictures, closing, now)));
                }
            }
        },
    );
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}

/// All that a page shows of a picture and that does not change by itself.
fn seen(picture: &Picture) -> Vec<u64> {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let one = |of: &crate::watch::Instance| {
        let mut hasher = DefaultHasher::new();
        of.id.hash(&mut hasher);
        of.name.hash(&mut hasher);
        of.health.state.hash(&mut hasher);
        for finding in &of.health.findings {
            (finding.concern, finding.state).hash(&mut hasher);
        }
        hasher.finish()
    };
    picture.instances.values().map(one).collect()
}
