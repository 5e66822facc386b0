//! Names of what is set aside, as an operator types them.

use std::fmt;
use std::str::FromStr;

use lapor_protocol::receipt::Stream;
use serde::{Serialize, Serializer};

/// Where an item stands in what was delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub stream: Stream,
    pub depoch: i64,
    pub dseq: i64,
}

/// An item of a stream (`inbox:1.42`, `public:1.7`) or an own message (`outbox:17`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsideId {
    Item(Place),
    Own(i64),
}

/// A name that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected inbox:1.42, public:1.7 or outbox:17, as `lapor-node quarantine list` shows, not {0:?}"
)]
pub struct NoSuchName(String);

impl Place {
    /// The columns by which the store finds it.
    pub(super) fn key(&self) -> (&'static str, i64, i64) {
        (self.stream.as_str(), self.depoch, self.dseq)
    }
}

impl fmt::Display for AsideId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Item(place) => {
                let (stream, depoch, dseq) = place.key();
                write!(f, "{stream}:{depoch}.{dseq}")
            }
            Self::Own(number) => write!(f, "outbox:{number}"),
        }
    }
}

impl FromStr for AsideId {
    type Err = NoSuchName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        read(text).ok_or_else(|| NoSuchName(text.chars().take(60).collect()))
    }
}

fn read(text: &str) -> Option<AsideId> {
    let (from, place) = text.split_once(':')?;
    let stream = match from {
        "outbox" => return place.parse().ok().map(AsideId::Own),
        "inbox" => Stream::Inbox,
        "public" => Stream::Public,
        _ => return None,
    };
    let (depoch, dseq) = place.split_once('.')?;
    Some(AsideId::Item(Place {
        stream,
        depoch: depoch.parse().ok()?,
        dseq: dseq.parse().ok()?,
    }))
}

impl Serialize for AsideId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_as_it_is_shown() {
        for name in ["inbox:1.42", "public:2.7", "outbox:17"] {
            assert_eq!(name.parse::<AsideId>().unwrap().to_string(), name);
        }
        for none in ["", "inbox", "inbox:1", "outbox:1.2", "sent:3", "inbox:1.x"] {
            assert!(none.parse::<AsideId>().is_err(), "{none}");
        }
    }
}
