//! What a node was seen to do, as a played hub has written it down.

use std::collections::BTreeMap;

use lapor_certs::{Csr, EnrolRequest};
use lapor_protocol::delivery::Cursor;
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::Digest;
use lapor_protocol::receipt::Ack;
use lapor_protocol::seal::Wrap;
use tokio::time::Instant;

/// What the hub did with a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treated {
    /// 503 with Retry-After: 1.
    Overloaded,
    /// Accepted, and the connection cut before the answer.
    CutOff,
    /// Accepted, and receipted by a root of other messages.
    FalselyReceipted,
    Receipted,
    /// Refused for what stands in it.
    Refused,
}

/// How a page with news was spoiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoiled {
    /// Its first item names another predecessor, under a head that says so too.
    Forked,
    /// Its items change places.
    Reordered,
    /// Its last line is left out.
    Headless,
    /// The head is signed by a stranger.
    Strange,
}

/// A batch that came.
#[derive(Debug)]
pub struct Batch {
    pub at: Instant,
    pub treated: Treated,
    pub lines: Vec<(Envelope, Vec<Wrap>)>,
    /// Why a line could not be read or accepted.
    pub fault: Option<String>,
}

/// An acknowledgement that came, or why it is none.
#[derive(Debug)]
pub struct Acked {
    pub ack: Result<Ack, String>,
    /// How many pages had been spoiled by then, and whether a true one had gone out.
    pub spoiled: usize,
    pub delivered: bool,
}

/// Something that came under a certificate.
#[derive(Debug)]
pub struct Call {
    pub method: String,
    pub path: String,
    pub headers: BTreeMap<String, String>,
}

/// What becomes of the pages with the news of the ministry, in order.
pub const SPOILS: [Spoiled; 4] = [
    Spoiled::Forked,
    Spoiled::Reordered,
    Spoiled::Headless,
    Spoiled::Strange,
];

#[derive(Debug, Default)]
pub struct Seen {
    pub enrolments: Vec<(EnrolRequest, Result<(), String>)>,
    pub calls: Vec<Call>,
    /// Of GET `/directory`, in order.
    pub since: Vec<u64>,
    pub batches: Vec<Batch>,
    /// Two envelopes at one place of the chain.
    pub forks: Vec<String>,
    /// Asked for in the inbox: from where, and what was done to the page.
    pub pages: Vec<(String, Option<Spoiled>)>,
    pub acks: Vec<Acked>,
    pub health: Vec<serde_json::Value>,
    pub renewals: Vec<Csr>,
    /// The items that the node was told, by their hashes, from the first.
    pub items: Vec<Digest>,
}

impl Seen {
    /// The cursor behind the last item that the node was told.
    pub fn end(&self) -> Cursor {
        Cursor {
            dseq: self.items.len() as u64,
            hash: self.items.last().copied().unwrap_or(Digest::ZERO),
            ..Cursor::START
        }
    }

    /// Whether everything was acknowledged as taken in, after a true page.
    pub fn is_acknowledged(&self) -> bool {
        let end = self.end().dseq;
        let mut taken = self.acks.iter().filter_map(|acked| acked.ack.as_ref().ok());
        end > 1 && taken.any(|ack| ack.accepted == end)
    }

    /// The calls of one endpoint.
    pub fn calls_of(&self, method: &str, path: &str) -> impl Iterator<Item = &Call> {
        let whole = format!("/federation/v1{path}");
        let method = method.to_owned();
        let of = move |call: &&Call| call.method == method && call.path == whole;
        self.calls.iter().filter(of)
    }

    /// How many pages were spoiled.
    pub fn spoiled(&self) -> usize {
        self.pages
            .iter()
            .filter(|(_, spoil)| spoil.is_some())
            .count()
    }

    /// Whether a true page with news has gone out.
    pub fn is_delivered(&self) -> bool {
        let last = self.pages.iter().rposition(|(_, spoil)| spoil.is_some());
        last.is_some_and(|at| self.spoiled() == SPOILS.len() && self.pages.len() > at + 1)
    }
}
