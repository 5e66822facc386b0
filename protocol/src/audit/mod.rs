//! The hub's record, proved from outside: every signature, every chain, every
//! receipt, every ruling, every custody, by whoever holds the record and the
//! directory. Used by the offline verifier and by tests alike.
//!
//! Nothing here trusts a ruling because it is written down: each is made again
//! from what stood before it.

mod chains;
mod finding;
mod rulings;
mod silence;
mod streams;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use crate::case::{Case, Ruling};
use crate::delivery::StreamHead;
use crate::directory::Directory;
use crate::dsse::{Envelope, MESSAGE_TYPE};
use crate::ids::{CaseId, EnvelopeId, InstanceId, MessageId};
use crate::keys::Verifier;
use crate::message::Message;
use crate::receipt::Receipt;

pub use finding::{Finding, Wrong};

/// What the hub decided about an envelope; a line of the published record. A
/// link is ruled in two cases and has two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruled {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case_seq: Option<u64>,
    pub envelope_id: EnvelopeId,
    #[serde(flatten)]
    pub ruling: Ruling,
    /// Directory version in force.
    pub directory: u64,
    /// Unix ms at the hub.
    pub ordered_at: i64,
}

/// How much of the record is at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Everything: chains have no gap, every ruling can be made again.
    Whole,
    /// The messages of some cases; what lies between them is known by its id
    /// only. What depends on other cases is taken as ruled.
    Cases,
}

/// How many things have been looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    pub envelopes: u64,
    pub rulings: u64,
    pub applied: u64,
    pub receipts: u64,
    pub heads: u64,
    pub cases: u64,
}

/// A case as far as it has been folded again.
#[derive(Debug, Default)]
struct Refolded {
    case: Option<Case>,
    /// The message at `case_seq` n stands at n - 1.
    past: Vec<streams::Past>,
    /// Up to which `case_seq` each party has been told.
    told: BTreeMap<InstanceId, usize>,
}

/// Replays a record in the hub's order. Feed each envelope, then its rulings;
/// receipts at any time; then ask for [`Audit::finish`].
#[derive(Debug)]
pub struct Audit {
    directory: Directory,
    extent: Extent,
    chains: BTreeMap<InstanceId, chains::Chain>,
    cases: BTreeMap<CaseId, Refolded>,
    /// The first envelope of every message before the current one.
    seen: HashMap<(InstanceId, MessageId), EnvelopeId>,
    programmes: BTreeSet<(InstanceId, String)>,
    editions: silence::Editions,
    streams: streams::Streams,
    receipts: Vec<Receipt>,
    heads: Vec<StreamHead>,
    current: Option<Current>,
    /// The latest moment at which something of each author was ordered, Unix ms.
    ordered: BTreeMap<InstanceId, i64>,
    tally: Tally,
    findings: Vec<Finding>,
}

/// The envelope whose rulings come next.
#[derive(Debug)]
struct Current {
    id: EnvelopeId,
    message: Message,
    /// Legs ruled so far.
    legs: usize,
    first: Option<Ruled>,
}

impl Audit {
    /// `directory` must hold every version, already checked by its own chain.
    pub fn new(directory: Directory, extent: Extent) -> Self {
        Self {
            directory,
            extent,
            chains: BTreeMap::new(),
            cases: BTreeMap::new(),
            seen: HashMap::new(),
            programmes: BTreeSet::new(),
            editions: silence::Editions::default(),
            streams: streams::Streams::default(),
            receipts: Vec::new(),
            heads: Vec::new(),
            current: None,
            ordered: BTreeMap::new(),
            tally: Tally::default(),
            findings: Vec::new(),
        }
    }

    /// The next envelope in the hub's order, its line exactly as accepted.
    pub fn envelope(&mut self, line: &[u8]) {
        self.close_current();
        let envelope = match Envelope::parse(line) {
            Ok(envelope) => envelope,
            Err(error) => return self.find(Wrong::Envelope(error.to_string())),
        };
        let id = envelope.id();
        let message = match Message::parse(&envelope.payload) {
            Ok(message) => message,
            Err(error) => return self.find_in(id, Wrong::Header(error.to_string())),
        };
        self.tally.envelopes += 1;
        self.check_signature(&envelope, id, &message);
        self.link(id, &message);
        self.current = Some(Current {
            id,
            message: Message {
                sealed: None,
                ..message
            },
            legs: 0,
            first: None,
        });
    }

    /// An envelope of which only place and id are told, to complete a range.
    pub fn stub(&mut self, author: &InstanceId, epoch: u32, seq: u64, id: EnvelopeId) {
        let chain = self.chains.entry(author.clone()).or_default();
        if let Some(held) = chain.place(epoch, seq, id) {
            self.find_in(id, Wrong::Fork { held });
        }
    }

    /// A signed receipt; whether it is true is known at the end.
    pub fn receipt(&mut self, envelope: &Envelope) {
        self.tally.receipts += 1;
        let Some(key) = self.directory.any_hub_key(&envelope.kid) else {
            return self.find(Wrong::Receipt("its key is not the hub's".into()));
        };
        match Receipt::open(envelope, key) {
            Ok(receipt) => self.receipts.push(receipt),
            Err(error) => self.find(Wrong::Receipt(error.to_string())),
        }
    }

    /// A signed head of a stream; whether it is true is known at the end.
    pub fn head(&mut self, envelope: &Envelope) {
        self.tally.heads += 1;
        let Some(key) = self.directory.any_hub_key(&envelope.kid) else {
            return self.find(Wrong::Head("its key is not the hub's".into()));
        };
        match StreamHead::open(envelope, key) {
            Ok(head) => self.heads.push(head),
            Err(error) => self.find(Wrong::Head(error.to_string())),
        }
    }

    /// The cases as folded again.
    pub fn cases(&self) -> impl Iterator<Item = &Case> {
        self.cases
            .values()
            .filter_map(|refolded| refolded.case.as_ref())
    }

    pub fn case(&self, id: CaseId) -> Option<&Case> {
        self.cases.get(&id)?.case.as_ref()
    }

    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// What has been found since this was last asked, so that a reader can say
    /// at which line.
    pub fn found(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.findings)
    }

    /// Checks what needs the whole, and says what was looked at and what is wrong.
    pub fn finish(&mut self) -> (Tally, Vec<Finding>) {
        self.close_current();
        self.check_chains();
        self.check_receipts();
        self.check_heads();
        self.tally.cases = self.cases.len() as u64;
        (self.tally, self.found())
    }

    fn check_signature(&mut self, envelope: &Envelope, id: EnvelopeId, message: &Message) {
        let header = &message.header;
        let entry = self.directory.latest().instance(&header.author);
        let at = header.position();
        let key = entry.and_then(|entry| entry.signing_key(&envelope.kid, at));
        let key = key.and_then(|key| Verifier::from_jwk(&key.jwk).ok());
        let verdict = match key {
            None => Err(Wrong::Key(envelope.kid.clone())),
            Some(key) => envelope
                .verify(MESSAGE_TYPE, &key)
                .map_err(|_| Wrong::Signature),
        };
        let revoked = entry.and_then(|entry| entry.revoked_at);
        if let Err(wrong) = verdict {
            self.find_in(id, wrong);
        }
        if revoked.is_some_and(|last| at > last) {
            self.find_in(id, Wrong::Revoked);
        }
    }

    fn find(&mut self, wrong: Wrong) {
        self.findings.push(Finding {
            envelope: None,
            wrong,
        });
    }

    fn find_in(&mut self, envelope: EnvelopeId, wrong: Wrong) {
        self.findings.push(Finding {
            envelope: Some(envelope),
            wrong,
        });
    }
}
