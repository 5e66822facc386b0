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
use super::seen::{
    Batch, Falsehood, Impostor, MISPRINTS, Misprint, NEWS, News, Seen, Spoiled, Treated,
};
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
    /// Wraps of the case to which none came.
    pub kept_back: Vec<Wrap>,
    /// Whether the directory goes on, each version misprinted once.
    pub prints: bool,
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
            kept_back: Vec::new(),
            prints: false,
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
            calls: self.seen.calls.len(),
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
            directory: self.world.admitted_in,
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

    /// Disposes the next case of the ministry to the node.
    pub fn bring_news(&mut self, now_ms: i64) {
        let news = NEWS.get(self.seen.brought).map(|(news, _)| *news);
        let sealing = self.member.as_ref().map(|member| member.sealing.clone());
        let Some((news, sealing)) = news.zip(sealing) else {
            return;
        };
        let Ok((told, wraps)) = self.world.case_for(&sealing, news) else {
            return;
        };
        self.seen.brought += 1;
        let first = self.seen.end().dseq + 1;
        if news == News::Keyless {
            self.seen.keyless = told.first().map(|told| told.case);
            self.kept_back = wraps.to_vec();
        }
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
        // The last message of a case is the one with which something is wrong.
        let place = self.seen.end().dseq;
        match news {
            News::Unsigned | News::Seconded | News::Retyped | News::Misplaced => {
                self.seen.forged.push((news, place));
            }
            News::Together => self.seen.together.extend(first..=place),
            News::UnknownKind => self.seen.unknown = Some(place),
            News::Plain | News::Keyless => {}
        }
    }

    /// What becomes of a batch of so many messages. The first report is refused,
    /// lost and falsely receipted; later ones are sent away until two come
    /// together, of which one is taken, then lied about in other ways and stopped at.
    pub fn treatment(&self, lines: usize) -> Treated {
        const FIRST: [Treated; 4] = [
            Treated::Overloaded,
            Treated::CutOff,
            Treated::Falsely(Falsehood::Root),
            Treated::Receipted,
        ];
        const LATER: [Treated; 4] = [
            Treated::Falsely(Falsehood::Signer),
            Treated::Falsely(Falsehood::NoRange),
            Treated::Falsely(Falsehood::Author),
            Treated::Excepted,
        ];
        /// How often two messages are waited for.
        const WAITS: usize = 12;
        let seen = &self.seen;
        if let Some(treated) = FIRST.get(seen.batches.len()) {
            return *treated;
        }
        if !seen.has(Treated::InPart) {
            let waits = seen.batches.iter();
            let waits = waits.filter(|batch| batch.treated == Treated::Maintenance);
            if lines > 1 {
                return Treated::InPart;
            }
            if waits.count() < WAITS {
                return Treated::Maintenance;
            }
        }
        let next = LATER.into_iter().find(|one| !seen.has(*one));
        next.unwrap_or(Treated::Receipted)
    }

    /// Where the chain stands, and that a batch did not begin there.
    pub fn excepted(&self) -> OutboxAnswer {
        let next = self.head.next();
        OutboxAnswer {
            accepted_through: self.head.seq,
            head: self.head,
            exceptions: vec![OutboxException {
                epoch: next.epoch,
                seq: next.seq,
                code: Code::SequenceGap,
                detail: None,
            }],
            receipts: Vec::new(),
        }
    }

    /// Who is shown in the hub's place to who connects next: each once, as soon
    /// as a connection was cut.
    pub fn next_impostor(&self) -> Option<Impostor> {
        let shown = self.seen.impostors.len();
        let next = self.world.impostors.get(shown);
        next.filter(|_| self.seen.has(Treated::CutOff))
            .map(|(impostor, _)| *impostor)
    }

    /// Receipts that hold nothing of what was sent.
    pub fn falsely(&self, answer: OutboxAnswer, falsehood: Falsehood) -> OutboxAnswer {
        let touching = self.receipts.iter().map(|receipt| {
            let mut other = receipt.clone();
            match falsehood {
                Falsehood::Root => other.root = Digest::of(b"other messages"),
                Falsehood::NoRange => other.from = other.to + 1,
                Falsehood::Author => other.author = self.world.ministry.id.clone(),
                Falsehood::Signer => return other.sign(&stranger()),
            }
            other.sign(&self.world.hub)
        });
        OutboxAnswer {
            receipts: touching.collect(),
            ..answer
        }
    }

    /// What a page of the directory shall get wrong: nothing where a version
    /// has been misprinted already.
    pub fn misprint(&self, since: u64) -> Option<Misprint> {
        let printed = self.seen.since.iter().filter(|(_, one)| one.is_some());
        let before = self.seen.since.last();
        let again = before.is_some_and(|(last, one)| *last == since && one.is_some());
        let is_last = since + 1 == self.world.directory.len() as u64;
        let misprint = MISPRINTS.get(printed.count()).copied();
        misprint.filter(|_| self.prints && is_last && !again)
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
            let shown = match items.last() {
                Some(last) if spoil == Some(Spoiled::OtherEnvelope) => last,
                _ => delivery,
            };
            let envelope = delivery.envelope.as_ref().and(shown.envelope.as_ref());
            texts.push(line(&bytes, envelope, &delivery.wraps));
        }
        if spoil == Some(Spoiled::Reordered) {
            texts.reverse();
        }
        if spoil != Some(Spoiled::Headless) {
            let head = self.head(
                if spoil == Some(Spoiled::Short) {
                    after
                } else {
                    end
                },
                now_ms,
            );
            texts.push(format!(
                "{{\"head\":{}}}",
                signed(&head, &self.world, spoil).to_line()
            ));
        }
        (texts.join("\n") + "\n").into_bytes()
    }

    fn head(&self, end: Cursor, now_ms: i64) -> StreamHead {
        StreamHead {
            recipient: Some(self.world.invitation.instance.clone()),
            stream: Stream::Inbox,
            depoch: end.depoch,
            dseq: end.dseq,
            hash: end.hash,
            at: now_ms,
        }
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

/// A key that nobody has; not drawn, since nothing is kept secret by it.
fn stranger() -> Signer {
    Keys::from_seed(251).signing
}

fn signed(head: &StreamHead, world: &World, spoil: Option<Spoiled>) -> Envelope {
    match spoil {
        Some(Spoiled::Strange) => head.sign(&stranger()),
        Some(Spoiled::ForAnother) => {
            let other = StreamHead {
                recipient: Some(world.ministry.id.clone()),
                ..head.clone()
            };
            other.sign(&world.hub)
        }
        _ => head.sign(&world.hub),
    }
}

/// A line of a page.
fn line(item: &[u8], envelope: Option<&Envelope>, wraps: &[Wrap]) -> String {
    let mut line = format!("{{\"item\":{}", String::from_utf8_lossy(item));
    if let Some(envelope) = envelope {
        line.extend([",\"envelope\":", &envelope.to_line()]);
    }
    if !wraps.is_empty() {
        line.extend([",\"wraps\":", &json!(wraps).to_string()]);
    }
    line.push('}');
    line
}
