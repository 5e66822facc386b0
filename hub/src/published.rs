//! Editions of what the national desk publishes for everybody, as the record holds them. A message
//! whose bytes the disk has damaged is no edition: the one before stands in for it, and its author is
//! asked to send it once more.

use lapor_migrations::Tx;
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::EnvelopeId;
use lapor_protocol::kinds::{Body, CalendarUpdated, TaxonomyUpdated};
use lapor_protocol::message::Message;

use crate::damage;
use crate::error::HubError;
use crate::ground::Ground;
use crate::store;
use crate::store::envelopes::PublishedRow;

/// The latest first: each edition with the Unix ms at which it was taken in, or the message that cannot
/// be read.
pub struct Published<T>(Vec<Result<(T, i64), EnvelopeId>>);

/// What has a name of its own.
pub trait Edition {
    fn name(&self) -> &str;
}

impl Edition for CalendarUpdated {
    fn name(&self) -> &str {
        &self.edition
    }
}

impl Edition for TaxonomyUpdated {
    fn name(&self) -> &str {
        &self.edition
    }
}

impl<T: Edition> Published<T> {
    /// Those that can be read.
    pub fn whole(&self) -> impl Iterator<Item = &(T, i64)> {
        self.0.iter().filter_map(|one| one.as_ref().ok())
    }

    /// How many cannot.
    pub fn damaged(&self) -> usize {
        self.0.iter().filter(|one| one.is_err()).count()
    }

    /// The edition of this name; where it cannot be read the one before.
    pub fn named(&self, name: &str) -> Option<&T> {
        let mut whole = self.whole();
        let named = whole.find(|(edition, _)| edition.name() == name);
        let before = || {
            let damaged = self.0.iter().position(Result::is_err)?;
            self.0[damaged..].iter().find_map(|one| one.as_ref().ok())
        };
        named.or_else(before).map(|(edition, _)| edition)
    }

    /// Has the authors of damaged messages asked for them. The caller holds no transaction.
    pub async fn note(&self, ground: &Ground) {
        for id in self.0.iter().filter_map(|one| one.as_ref().err()) {
            damage::note(ground, *id).await;
        }
    }
}

pub async fn calendars(tx: &mut Tx) -> Result<Published<CalendarUpdated>, HubError> {
    let rows = store::envelopes::calendars(tx).await?;
    Ok(read(rows, |body| match body {
        Body::CalendarUpdated(edition) => Some(edition),
        _ => None,
    }))
}

pub async fn taxonomies(tx: &mut Tx) -> Result<Published<TaxonomyUpdated>, HubError> {
    let rows = store::envelopes::taxonomies(tx).await?;
    Ok(read(rows, |body| match body {
        Body::TaxonomyUpdated(edition) => Some(edition),
        _ => None,
    }))
}

fn read<T>(rows: Vec<PublishedRow>, of: impl Fn(Body) -> Option<T>) -> Published<T> {
    let mut all = Vec::new();
    for PublishedRow { id, line, at } in rows {
        let envelope = Envelope::parse(line.as_bytes()).ok();
        let envelope = envelope.filter(|envelope| envelope.id() == id);
        let message = envelope.and_then(|envelope| Message::parse(&envelope.payload).ok());
        let Some(message) = message else {
            all.push(Err(id));
            continue;
        };
        all.extend(message.body.ok().and_then(&of).map(|body| Ok((body, at))));
    }
    Published(all)
}

#[cfg(test)]
mod tests {
    use lapor_protocol::ids::Digest;

    use super::*;

    #[test]
    fn the_edition_before_stands_in_for_one_that_cannot_be_read() {
        let whole = |name: &str| {
            let edition = name.to_owned();
            let days = Vec::new();
            Ok((CalendarUpdated { edition, days }, 0))
        };
        let damaged = || Err(Digest::ZERO);
        for (all, named, expected) in [
            (vec![whole("2"), whole("1")], "2", Some("2")),
            (vec![whole("2"), whole("1")], "1", Some("1")),
            (vec![whole("2"), whole("1")], "3", None),
            (vec![damaged(), whole("1")], "2", Some("1")),
            (vec![whole("3"), damaged(), whole("1")], "2", Some("1")),
            (vec![damaged(), whole("1")], "1", Some("1")),
            (vec![damaged(), damaged()], "2", None),
        ] {
            let published = Published(all);
            let found = published.named(named).map(Edition::name);
            assert_eq!(found, expected, "{named}");
        }
    }
}
