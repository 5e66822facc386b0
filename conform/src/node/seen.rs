//! What a node was seen to do, as a played hub has written it down.

use std::collections::BTreeMap;

use lapor_certs::{Csr, EnrolRequest};
use lapor_protocol::delivery::Cursor;
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::{CaseId, Digest};
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
    /// Accepted, and receipted in a way that holds nothing.
    Falsely(Falsehood),
    /// 503 `maintenance` with Retry-After: 1.
    Maintenance,
    /// Only its first line was accepted, without an exception.
    InPart,
    /// Nothing was accepted, by an exception that says to compare heads.
    Excepted,
    Receipted,
    /// Refused for what stands in it.
    Refused,
}

/// What is wrong with a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Falsehood {
    /// Its root is of other messages.
    Root,
    /// A stranger has signed it.
    Signer,
    /// It is of no range: it begins behind its end.
    NoRange,
    /// It is for another author.
    Author,
}

/// Who is not the hub, and shows it by a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Impostor {
    /// Another authority certifies it as the hub.
    OtherAuthority,
    /// It is the hub of the federation by another name and address.
    OtherName,
    /// It is a member.
    Member,
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
    /// The head is of another recipient.
    ForAnother,
    /// The head ends before the items do.
    Short,
    /// An item comes with the envelope of another one.
    OtherEnvelope,
}

/// What is wrong with a page of the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misprint {
    Headless,
    /// Its version is one further.
    Skipping,
    /// It names another predecessor.
    Forked,
    /// A stranger has signed it.
    Strange,
    /// It states an instance twice.
    Twice,
    /// A key has the certificate of another one.
    Uncertified,
    /// An instance has another identity key, and keys certified by that.
    OtherIdentity,
    /// A signing key is of small order.
    SmallOrder,
    /// It is not canonically encoded.
    NotCanonical,
    /// Every secret that is shared with a sealing key is zero.
    SharesNothing,
    /// A sealing key has the thumbprint of another one.
    OtherThumbprint,
}

/// What is special about a case that the ministry disposes to the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    Plain,
    /// The disposition does not carry the ministry's signature.
    Unsigned,
    /// It does, with another S, by which the equation holds as well.
    Seconded,
    /// It is signed as a receipt is, and says so.
    Retyped,
    /// It is signed together with the report, and says the place of that for its own.
    Misplaced,
    /// It is signed together with the report and with a message that goes elsewhere.
    Together,
    /// No wrap comes with it.
    Keyless,
    /// A message of a kind that nobody knows follows.
    UnknownKind,
}

/// A batch that came.
#[derive(Debug)]
pub struct Batch {
    pub at: Instant,
    pub treated: Treated,
    /// How many calls had come by then, this one included.
    pub calls: usize,
    pub lines: Vec<(Envelope, Vec<Wrap>)>,
    /// Why a line could not be read or accepted.
    pub fault: Option<String>,
}

/// An acknowledgement that came, or why it is none.
#[derive(Debug)]
pub struct Acked {
    pub ack: Result<Ack, String>,
    /// How far true pages had come by then.
    pub given: u64,
}

/// Something that came under a certificate.
#[derive(Debug)]
pub struct Call {
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: BTreeMap<String, String>,
    pub bytes: usize,
    /// How many certificates the node has shown.
    pub certificates: usize,
}

/// The cases of the ministry in their order, each brought once the one before
/// is acknowledged, and how the first page that brings it is spoiled.
pub const NEWS: [(News, Option<Spoiled>); 14] = [
    (News::Plain, Some(Spoiled::Forked)),
    (News::Plain, Some(Spoiled::Reordered)),
    (News::Plain, Some(Spoiled::Headless)),
    (News::Plain, Some(Spoiled::Strange)),
    (News::Plain, Some(Spoiled::ForAnother)),
    (News::Plain, Some(Spoiled::Short)),
    (News::Plain, Some(Spoiled::OtherEnvelope)),
    (News::Unsigned, None),
    (News::Seconded, None),
    (News::Retyped, None),
    (News::Misplaced, None),
    (News::Together, None),
    (News::Keyless, None),
    (News::UnknownKind, None),
];

/// What becomes of the first page that brings each further version of the directory.
pub const MISPRINTS: [Misprint; 11] = [
    Misprint::Headless,
    Misprint::Skipping,
    Misprint::Forked,
    Misprint::Strange,
    Misprint::Twice,
    Misprint::Uncertified,
    Misprint::OtherIdentity,
    Misprint::SmallOrder,
    Misprint::NotCanonical,
    Misprint::SharesNothing,
    Misprint::OtherThumbprint,
];

#[derive(Debug, Default)]
pub struct Seen {
    pub enrolments: Vec<(EnrolRequest, Result<(), String>)>,
    /// The first of them as it was written.
    pub joined: serde_json::Value,
    pub calls: Vec<Call>,
    /// Of GET `/directory`, in order, and what was wrong with the page.
    pub since: Vec<(u64, Option<Misprint>)>,
    pub batches: Vec<Batch>,
    /// How often a batch came before another one was answered.
    pub at_once: usize,
    /// Who was shown in the hub's place, and whether something was asked of it.
    pub impostors: Vec<(Impostor, bool)>,
    /// The version of the directory that brings a notice.
    pub noticed_in: Option<u64>,
    /// Two envelopes at one place of the chain.
    pub forks: Vec<String>,
    /// Asked for in the inbox: from where, and what was done to the page.
    pub pages: Vec<(String, Option<Spoiled>)>,
    pub acks: Vec<Acked>,
    pub health: Vec<serde_json::Value>,
    pub renewals: Vec<Csr>,
    /// The items that the node was told, by their hashes, from the first.
    pub items: Vec<Digest>,
    /// How many of the cases of the ministry have been brought.
    pub brought: usize,
    /// How far true pages have come.
    pub given: u64,
    /// The places in the stream of what has one signature together.
    pub together: Vec<u64>,
    /// The places in the stream of what cannot be applied: those without a sound
    /// signature of their author, and one of a kind that nobody knows.
    pub forged: Vec<(News, u64)>,
    pub unknown: Option<u64>,
    /// The case to which no wrap came.
    pub keyless: Option<CaseId>,
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

    /// Whether every case has been brought and acknowledged as taken in.
    pub fn is_acknowledged(&self) -> bool {
        let end = self.end().dseq;
        let mut taken = self.acks.iter().filter_map(|acked| acked.ack.as_ref().ok());
        self.brought == NEWS.len() && taken.any(|ack| ack.accepted == end)
    }

    /// Something was asked of who is not the hub.
    pub fn asked_of(&mut self, impostor: Impostor) {
        let mut shown = self.impostors.iter_mut();
        if let Some((_, asked)) = shown.find(|(one, _)| *one == impostor) {
            *asked = true;
        }
    }

    /// Whether a batch was treated so.
    pub fn has(&self, treated: Treated) -> bool {
        self.batches.iter().any(|batch| batch.treated == treated)
    }

    /// Whether the false receipts and the exception are behind, and what came after is receipted.
    pub fn is_receipted(&self) -> bool {
        let last = self.batches.last();
        self.has(Treated::Excepted) && last.is_some_and(|batch| batch.treated == Treated::Receipted)
    }

    /// Whether each misprinted version has been asked for again.
    pub fn is_corrected(&self) -> bool {
        let misprinted = self.since.iter().filter(|(_, misprint)| misprint.is_some());
        let last = self.since.last();
        misprinted.count() == MISPRINTS.len() && last.is_some_and(|(_, one)| one.is_none())
    }

    /// Whether the key that came with nothing was asked for.
    pub fn asks_for_a_key(&self) -> bool {
        self.keyless.is_some_and(|case| {
            let path = format!("/cases/{case}/keys");
            self.calls_of("GET", &path).next().is_some()
        })
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
        let spoiled = self.pages.iter().filter(|(_, spoil)| spoil.is_some());
        spoiled.count()
    }

    /// How the next page with news is spoiled: once for each case.
    pub fn next_spoil(&self) -> Option<Spoiled> {
        let (_, spoil) = NEWS
            .get(self.spoiled())
            .filter(|_| self.spoiled() < self.brought)?;
        *spoil
    }
}
