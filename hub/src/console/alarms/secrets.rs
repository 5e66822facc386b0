//! Secrets of webhooks between the act that made them and the page that shows
//! them, once: whoever loads that page anew makes no other secret. In memory
//! only, and for minutes.

use std::sync::{Mutex, MutexGuard, PoisonError};

use lapor_web::chance::random;
use zeroize::Zeroizing;

/// How long one waits to be shown.
const LASTS_MS: i64 = 300_000;
/// Secrets that wait, at most; the oldest gives way.
const MOST: usize = 20;

#[derive(Default)]
pub struct Secrets(Mutex<Vec<Waiting>>);

struct Waiting {
    ticket: String,
    /// Who made it, as in the audit log.
    actor: String,
    /// Unix ms.
    at: i64,
    secret: Zeroizing<String>,
}

impl Secrets {
    /// Keeps one for whoever made it, under the ticket that is returned.
    pub fn put(&self, actor: &str, secret: Zeroizing<String>, now_ms: i64) -> String {
        let ticket = hex::encode(random::<16>());
        let mut waiting = self.lock();
        waiting.retain(|one| now_ms.saturating_sub(one.at) < LASTS_MS);
        if waiting.len() >= MOST {
            waiting.remove(0);
        }
        waiting.push(Waiting {
            ticket: ticket.clone(),
            actor: actor.to_owned(),
            at: now_ms,
            secret,
        });
        ticket
    }

    /// Takes it out; nobody sees it again.
    pub fn take(&self, actor: &str, ticket: &str, now_ms: i64) -> Option<Zeroizing<String>> {
        let mut waiting = self.lock();
        let mut places = waiting.iter();
        let place = places.position(|one| one.ticket == ticket && one.actor == actor)?;
        let one = waiting.remove(place);
        (now_ms.saturating_sub(one.at) < LASTS_MS).then_some(one.secret)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
