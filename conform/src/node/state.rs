//! What a played hub holds: the chain of the node, receipts, the stream of the
//! node, and how it takes a message and writes a page.

use std::collections::BTreeMap;

use lapor_protocol::case::{Ruling, Withheld};
use lapor_protocol::chain::{ChainError, ChainHead};
use lapor_protocol::delivery::{Cursor, Item, StreamHead};
use lapor_protocol::dsse::{Envelope, MESSAGE_TYPE};
use lapor_protocol::ids::{CaseId, Digest, EnvelopeId};
use lapor_protocol::keys::{CertifiedKey, Signer, Verifier};
use lapor_protocol::message::{Header, Message};
use lapor_protocol::problem::{Code, Problem};
use lapor_protocol::receipt::{Ack, Receipt, Stream};
use lapor_protocol::seal::Wrap;
use lapor_protocol::wire::{BOOT_HEADER, OutboxAnswer, OutboxException};
use serde_json::json;
use tokio::time::Instant;

use super::listen::{Reply, Request};
use super::seen::{Batch, Seen, Spoiled, Treated};
use super::world::World;
use crate::client::Keys;

pub struct State {
    pub world: World,
    pub seen: Seen,
    pub member: Option<Member>,
    /// Envelopes of the node's chain.
    pub chain: Vec<Envelope>,
    pub head: ChainHead,
    pub receipts: Vec<Receipt>,
    pub boot: Option<String>,
    pub stream: Vec<Delivery>,
    /// Messages of which the node has not been told how they were ruled.
    pub unruled: Vec<Header>,
    /// How many places each case has.
    pub places: BTreeMap<CaseId, u64>,
}

/// Who has joined, and by which keys it is known.
pub struct Member {
    pub signing: Verifier,
    pub sealing: CertifiedKey,
}

pub struct Delivery {
    pub item: Item,
    pub bytes: Vec<u8>,
    pub envelope: Option<Envelope>,
    pub wraps: Vec<Wrap>,
}

impl State {
    pub fn new(world: World) -> Self {
        Self {
            world,
            seen: Seen::default(),
            member: None,
            chain: Vec::new(),
            head: ChainHead::START,
            receipts: Vec::new(),
            unruled: Vec::new(),
            boot: None,
            stream: Vec::new(),
            places: BTreeMap::new(),
        }
    }

    /// Swaps the start that a request states; the answer where another copy
    /// has been there.
    pub fn boots(&mut self, request: &Request) -> Option<Reply> {
        let stated = request.header(BOOT_HEADER)?;
        let mut values = stated.split(',').map(str::trim);
        let (new, previous) = (values.next()?, values.next());
        let known = self.boot.as_deref();
        if known.is_none() || known == Some(new) || known == previous {
            self.boot = Some(new.to_owned());
            return None;
        }
        let problem = Problem {
            expected: Some(json!(self.head)),
            ..Problem::new(Code::BootConflict)
        };
        Some(Reply::problem(problem))
    }

    pub fn note(
        &mut self,
        treated: Treated,
        lines: Vec<(Envelope, Vec<Wrap>)>,
        fault: Option<String>,
    ) {
        self.seen.batches.push(Batch {
            at: Instant::now(),
            treated,
            lines,
            fault,
        });
    }

    /// Commits the longest prefix that is sound.
    pub fn accept(&mut self, lines: &[(Envelope, Vec<Wrap>)], now_ms: i64) -> OutboxAnswer {
        let (before, mut first, mut exceptions) = (self.chain.len(), u64::MAX, Vec::new());
        for (envelope, _) in lines {
            match self.admit(envelope) {
                Ok(seq) => first = first.min(seq),
                Err((code, detail)) => {
                    let next = self.head.next();
                    exceptions.push(OutboxException {
                        epoch: next.epoch,
                        seq: next.seq,
                        code,
                        detail: Some(detail),
                    });
                    break;
                }
            }
        }
        let ids: Vec<EnvelopeId> = self.chain[before..].iter().map(Envelope::id).collect();
        if !ids.is_empty() {
            let author = self.world.invitation.instance.clone();
            let from = before as u64 + 1;
            self.receipts
                .push(Receipt::accepted(author, 1, from, &ids, now_ms));
        }
        let touching = self.receipts.iter().filter(|one| one.to >= first);
        OutboxAnswer {
            accepted_through: self.head.seq,
            head: self.head,
            exceptions,
            receipts: touching.map(|one| one.sign(&self.world.hub)).collect(),
        }
    }

    /// Takes one message; returns its place.
    fn admit(&mut self, envelope: &Envelope) -> Result<u64, (Code, String)> {
        let member = self.member.as_ref();
        let member = member.ok_or_else(|| (Code::KeyUnknown, String::new()))?;
        if envelope.kid != *member.signing.kid() {
            return Err((Code::KeyUnknown, envelope.kid.to_string()));
        }
        envelope
            .verify(MESSAGE_TYPE, &member.signing)
            .map_err(|error| (Code::SignatureInvalid, error.to_string()))?;
        let header = Message::parse(&envelope.payload)
            .map_err(|error| (Code::HeaderInvalid, error.to_string()))?
            .header;
        if header.author != self.world.invitation.instance {
            return Err((Code::AuthorMismatch, header.author.to_string()));
        }
        let known = self.chain.get(header.seq.saturating_sub(1) as usize);
        if let Some(known) = known.filter(|_| header.epoch == 1) {
            if known.id() == envelope.id() {
                return Ok(header.seq);
            }
            let place = format!("two messages at {}", header.position());
            self.seen.forks.push(place.clone());
            return Err((Code::ForkDetected, place));
        }
        self.head.admits(&header).map_err(|error| {
            let code = match error {
                ChainError::Previous(_) => Code::PreviousMismatch,
                ChainError::Gap { .. } | ChainError::EpochClosed { .. } => Code::SequenceGap,
            };
            (code, error.to_string())
        })?;
        self.head = self.head.advanced(envelope.id());
        self.chain.push(envelope.clone());
        let seq = header.seq;
        self.unruled.push(header);
        Ok(seq)
    }

    /// Tells the node of the rulings of its messages: who has read one needs no receipt any more.
    pub fn rule(&mut self, now_ms: i64) {
        for header in std::mem::take(&mut self.unruled) {
            let place = header.seq.saturating_sub(1) as usize;
            let Some(id) = self.chain.get(place).map(Envelope::id) else {
                continue;
            };
            let own = Delivery {
                item: self.item(&header.kind, header.case, id, now_ms),
                bytes: Vec::new(),
                envelope: None,
                wraps: Vec::new(),
            };
            self.deliver(own);
        }
    }

    /// The next item of the stream, of an applied message.
    fn item(&self, kind: &str, case: Option<CaseId>, id: EnvelopeId, now_ms: i64) -> Item {
        let end = self.seen.end();
        Item {
            depoch: end.depoch,
            dseq: end.dseq + 1,
            dprev: end.hash,
            case,
            case_seq: case.map(|case| self.places.get(&case).map_or(1, |last| last + 1)),
            kind: kind.to_owned(),
            envelope_id: id,
            ruling: Ruling::APPLIED,
            first: None,
            directory: self.world.directory.len() as u64,
            ordered_at: now_ms,
            withheld: None,
        }
    }

    fn deliver(&mut self, mut delivery: Delivery) {
        if delivery.envelope.is_none() {
            delivery.item.withheld = Some(Withheld::Own);
        }
        if let Some((case, place)) = delivery.item.case.zip(delivery.item.case_seq) {
            self.places.insert(case, place);
        }
        delivery.bytes = delivery.item.to_bytes();
        self.seen.items.push(Digest::of(&delivery.bytes));
        self.stream.push(delivery);
    }

    /// Disposes a case of the ministry to the node, once.
    pub fn bring_news(&mut self, now_ms: i64) {
        let told_already = self.stream.iter().any(|one| one.envelope.is_some());
        let Some(member) = self.member.as_ref().filter(|_| !told_already) else {
            return;
        };
        let sealing = member.sealing.clone();
        let Ok(told) = self.world.case_for(&sealing) else {
            return;
        };
        for told in told {
            let id = told.envelope.id();
            let delivery = Delivery {
                item: self.item(told.kind, Some(told.case), id, now_ms),
                bytes: Vec::new(),
                envelope: Some(told.envelope),
                wraps: told.wraps,
            };
            self.deliver(delivery);
        }
    }

    /// Receipts over other messages than those that were sent.
    pub fn falsely(&self, answer: OutboxAnswer) -> OutboxAnswer {
        let touching = self.receipts.iter().map(|receipt| {
            let other = Receipt {
                root: Digest::of(b"other messages"),
                ..receipt.clone()
            };
            other.sign(&self.world.hub)
        });
        OutboxAnswer {
            receipts: touching.collect(),
            ..answer
        }
    }

    /// The hash of the item at a place, zeros before the first.
    pub fn end_at(&self, dseq: u64) -> Option<Digest> {
        if dseq == 0 {
            return Some(Digest::ZERO);
        }
        self.seen.items.get(dseq as usize - 1).copied()
    }

    pub fn page(
        &self,
        after: Cursor,
        limit: usize,
        spoil: Option<Spoiled>,
        now_ms: i64,
    ) -> Vec<u8> {
        let from = (after.dseq as usize).min(self.stream.len());
        let items = &self.stream[from..];
        let items = &items[..items.len().min(limit)];
        let mut texts: Vec<String> = Vec::new();
        let mut end = after;
        for (place, delivery) in items.iter().enumerate() {
            let mut item = delivery.item.clone();
            if spoil == Some(Spoiled::Forked) {
                item.dprev = if place == 0 {
                    Digest::of(b"another past")
                } else {
                    end.hash
                };
            }
            let bytes = item.to_bytes();
            end.dseq = item.dseq;
            end.hash = Digest::of(&bytes);
            texts.push(delivery.line(&bytes));
        }
        if spoil == Some(Spoiled::Reordered) {
            texts.reverse();
        }
        if spoil != Some(Spoiled::Headless) {
            let head = StreamHead {
                recipient: Some(self.world.invitation.instance.clone()),
                stream: Stream::Inbox,
                depoch: end.depoch,
                dseq: end.dseq,
                hash: end.hash,
                at: now_ms,
            };
            let signer = self.head_signer(spoil);
            texts.push(format!("{{\"head\":{}}}", head.sign(&signer).to_line()));
        }
        (texts.join("\n") + "\n").into_bytes()
    }

    fn head_signer(&self, spoil: Option<Spoiled>) -> Signer {
        if spoil == Some(Spoiled::Strange) {
            // A key that nobody has; not drawn, since nothing is kept secret by it.
            return Keys::from_seed(251).signing;
        }
        Signer::from_seed(self.world.hub.seed())
    }

    pub fn read_ack(&self, body: &[u8]) -> Result<Ack, String> {
        let member = self.member.as_ref().ok_or("nobody has joined")?;
        let envelope = Envelope::parse(body).map_err(|error| error.to_string())?;
        let ack = Ack::open(&envelope, &member.signing).map_err(|error| error.to_string())?;
        if ack.recipient != self.world.invitation.instance {
            return Err(format!("it is of {}", ack.recipient));
        }
        if ack.stream == Stream::Inbox && self.end_at(ack.accepted) != Some(ack.head) {
            return Err(format!("`head` is not the hash of item {}", ack.accepted));
        }
        Ok(ack)
    }
}

impl Delivery {
    fn line(&self, item: &[u8]) -> String {
        let mut line = format!("{{\"item\":{}", String::from_utf8_lossy(item));
        if let Some(envelope) = &self.envelope {
            line.extend([",\"envelope\":", &envelope.to_line()]);
        }
        if !self.wraps.is_empty() {
            line.extend([",\"wraps\":", &json!(self.wraps).to_string()]);
        }
        line.push('}');
        line
    }
}
