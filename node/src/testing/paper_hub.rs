//! A hub on paper: accepts what continues the chain, gives every message the
//! ruling that the test wants, and serves the streams that a real one would.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use lapor_protocol::case::{Ruling, Withheld};
use lapor_protocol::chain::ChainHead;
use lapor_protocol::delivery::{Cursor, Item, StreamHead};
use lapor_protocol::dsse::{Envelope, MESSAGE_TYPE};
use lapor_protocol::ids::{CaseId, Digest, EnvelopeId, InstanceId};
use lapor_protocol::keys::{Signer, Verifier};
use lapor_protocol::kinds::Body;
use lapor_protocol::message::{Draft, Header, Message};
use lapor_protocol::page::BatchLine;
use lapor_protocol::receipt::{Ack, Exception, Receipt, Stream};
use lapor_protocol::together::{Unsigned, sign_together};
use lapor_protocol::wire::{OutboxAnswer, OutboxHead};
use serde_json::json;

use super::{NOW, Place, hub, signing_of};
use crate::chance::new_message_id;
use crate::clock::{Clock as _, HandClock};
use crate::sync::{Answer, Call, LinkError, Transport};

/// Accepts what continues the chain, as a hub would, and remembers all it was sent.
pub struct PaperHub {
    /// Its own clock goes as evenly as this one, and nobody sets it.
    clock: Arc<HandClock>,
    signing: Verifier,
    me: InstanceId,
    state: Mutex<Ledger>,
}

#[derive(Default)]
struct Ledger {
    accepted: Vec<(EnvelopeId, String)>,
    sent: Vec<String>,
    lose_answers: usize,
    wraps: usize,
    /// What the next messages are ruled, if not applied.
    ruling: Option<Ruling>,
    /// Unix ms at which messages are ordered, if not at the beginning.
    ordered_at: Option<i64>,
    inbox: Vec<Told>,
    public: Vec<Told>,
    /// Where the chains of the other institutions stand.
    others: BTreeMap<InstanceId, ChainHead>,
    case_seqs: BTreeMap<CaseId, u64>,
    acked: Option<Ack>,
}

/// An item with the envelope that travels beside it.
struct Told {
    item: String,
    envelope: Option<String>,
}

impl PaperHub {
    pub fn of(place: &Place) -> Arc<Self> {
        Arc::new(Self {
            clock: place.clock.clone(),
            signing: Verifier::from_jwk(&place.node.keys().unwrap().signing[0].public()).unwrap(),
            me: place.node.instance().unwrap().clone(),
            state: Mutex::default(),
        })
    }

    /// The next answers are lost after the messages are durable.
    pub fn lose_answers(&self, count: usize) {
        self.state.lock().unwrap().lose_answers = count;
    }

    /// How the node's own messages are ruled from now on.
    pub fn rules(&self, ruling: Ruling) {
        self.state.lock().unwrap().ruling = Some(ruling);
    }

    /// When messages are ordered from now on, in Unix ms.
    pub fn orders_at(&self, at: i64) {
        self.state.lock().unwrap().ordered_at = Some(at);
    }

    pub fn accepted(&self) -> usize {
        self.state.lock().unwrap().accepted.len()
    }

    pub fn wraps(&self) -> usize {
        self.state.lock().unwrap().wraps
    }

    /// What the node last acknowledged as not simply applied.
    pub fn told_exceptions(&self) -> Vec<Exception> {
        let acked = &self.state.lock().unwrap().acked;
        acked
            .as_ref()
            .map_or(Vec::new(), |ack| ack.exceptions.clone())
    }

    /// Every line that was sent, repetitions included.
    pub fn sent(&self) -> Vec<String> {
        self.state.lock().unwrap().sent.clone()
    }

    /// Another institution publishes something.
    pub fn publishes(&self, author: &str, body: Body) {
        let draft = Draft {
            kind: body.kind().to_owned(),
            id: new_message_id(NOW),
            case: None,
            term: None,
            created_at: NOW,
            body,
            sealed: None,
            attachments: Vec::new(),
        };
        self.authors(author, &draft);
    }

    /// So many messages of a case are ordered of which this node is told nothing.
    pub fn leaves_out(&self, case: CaseId, count: u64) {
        let mut ledger = self.state.lock().unwrap();
        *ledger.case_seqs.entry(case).or_default() += count;
    }

    /// Another institution authors a message, which is applied and told whole.
    pub fn authors(&self, author: &str, draft: &Draft) {
        self.authors_as(author, draft, &signing_of(author), |payload| payload);
    }

    /// The same with any key, and with other bytes than the draft's.
    pub fn authors_as(
        &self,
        author: &str,
        draft: &Draft,
        signer: &Signer,
        change: impl FnOnce(Vec<u8>) -> Vec<u8>,
    ) {
        let author: InstanceId = author.parse().unwrap();
        let mut ledger = self.state.lock().unwrap();
        let head = ledger.others.get(&author).copied();
        let head = head.unwrap_or(ChainHead::START);
        let payload = change(draft.payload(&author, head.next(), head.id));
        let envelope = Envelope::sign(MESSAGE_TYPE, payload, signer);
        let next = head.next();
        ledger.others.insert(
            author,
            ChainHead {
                epoch: next.epoch,
                seq: next.seq,
                id: envelope.id(),
            },
        );
        ledger.tell_whole(&envelope);
    }

    /// Another institution authors messages that it signs together, and that `change` changes then.
    pub fn authors_together(
        &self,
        author: &str,
        drafts: &[Draft],
        change: impl FnOnce(&mut [Envelope]),
    ) {
        let signer = signing_of(author);
        let author: InstanceId = author.parse().unwrap();
        let mut ledger = self.state.lock().unwrap();
        let head = ledger.others.get(&author).copied();
        let mut head = head.unwrap_or(ChainHead::START);
        let mut unsigned = Vec::new();
        for draft in drafts {
            let payload = draft.payload(&author, head.next(), head.id);
            let message = Unsigned::new(MESSAGE_TYPE, payload);
            head = head.advanced(message.id());
            unsigned.push(message);
        }
        ledger.others.insert(author, head);
        let mut envelopes = sign_together(unsigned, &signer);
        change(&mut envelopes);
        for envelope in &envelopes {
            ledger.tell_whole(envelope);
        }
    }

    fn head(ledger: &Ledger) -> ChainHead {
        let id = ledger.accepted.last().map_or(Digest::ZERO, |(id, _)| *id);
        ChainHead {
            epoch: 1,
            seq: ledger.accepted.len() as u64,
            id,
        }
    }

    fn take(&self, call: &Call) -> Result<Answer, LinkError> {
        let body = zstd::stream::decode_all(&call.body[..]).unwrap_or_else(|_| call.body.to_vec());
        let mut ledger = self.state.lock().unwrap();
        let mut receipts = Vec::new();
        for line in body.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
            let line: BatchLine<'_> = serde_json::from_slice(line).unwrap();
            let envelope = Envelope::parse(line.envelope.get().as_bytes()).unwrap();
            envelope.verify(MESSAGE_TYPE, &self.signing).unwrap();
            let message = Message::parse(&envelope.payload).unwrap();
            let (beside, header) = (beside(&message), message.header);
            ledger.sent.push(line.envelope.get().to_owned());
            if Self::head(&ledger).admits(&header).is_ok() {
                ledger.wraps += line.wraps.len();
                ledger
                    .accepted
                    .push((envelope.id(), line.envelope.get().to_owned()));
                ledger.order(&header, envelope.id(), line.envelope.get());
                if let Some(case) = beside {
                    let header = Header {
                        case: Some(case),
                        ..header.clone()
                    };
                    ledger.order(&header, envelope.id(), line.envelope.get());
                }
            } else {
                let held = &ledger.accepted[header.seq as usize - 1];
                assert_eq!(held.0, envelope.id(), "two byte strings for one position");
            }
            let ids = [envelope.id()];
            let receipt = Receipt::accepted(self.me.clone(), 1, header.seq, &ids, NOW);
            receipts.push(receipt.sign(&hub()));
        }
        if ledger.lose_answers > 0 {
            ledger.lose_answers -= 1;
            return Err(LinkError::Unreachable("the answer was lost".into()));
        }
        let head = Self::head(&ledger);
        let answer = OutboxAnswer {
            accepted_through: head.seq,
            head,
            exceptions: Vec::new(),
            receipts,
        };
        Ok(answered(&answer))
    }

    /// Everything of a stream after the cursor, with the signed head.
    fn page(&self, stream: Stream, path: &str) -> Answer {
        let after = path
            .split(['?', '&'])
            .find_map(|p| p.strip_prefix("after="));
        let after: Cursor = after.unwrap().parse().unwrap();
        let ledger = self.state.lock().unwrap();
        let told = match stream {
            Stream::Inbox => &ledger.inbox,
            Stream::Public => &ledger.public,
        };
        let mut page = String::new();
        let mut hash = after.hash;
        for each in &told[after.dseq as usize..] {
            let beside = each.envelope.as_ref();
            let beside = beside.map_or(String::new(), |line| format!(",\"envelope\":{line}"));
            page.extend(["{\"item\":", &each.item, &beside, "}\n"]);
            hash = Digest::of(each.item.as_bytes());
        }
        let head = StreamHead {
            recipient: (stream == Stream::Inbox).then(|| self.me.clone()),
            stream,
            depoch: 1,
            dseq: told.len() as u64,
            hash,
            at: self.clock.steady_ms(),
        };
        page.extend(["{\"head\":", &head.sign(&hub()).to_line(), "}\n"]);
        Answer {
            status: 200,
            headers: http::HeaderMap::new(),
            body: page.into_bytes().into(),
        }
    }
}

impl Ledger {
    /// Rules a message of the node's own, and tells it and everyone.
    fn order(&mut self, header: &Header, id: EnvelopeId, line: &str) {
        let ruling = self.ruling.unwrap_or(Ruling::APPLIED);
        let own = if header.case.is_some() || ruling.applied() {
            Withheld::Own
        } else {
            Withheld::RulingOnly
        };
        self.tell(Stream::Inbox, header, id, ruling, Some(own), None);
        if header.case.is_none() && ruling.applied() {
            let line = Some(line.to_owned());
            self.tell(Stream::Public, header, id, ruling, None, line);
        }
    }

    /// Tells an applied message of somebody else.
    fn tell_whole(&mut self, envelope: &Envelope) {
        let header = Message::parse(&envelope.payload).unwrap().header;
        let stream = header.case.map_or(Stream::Public, |_| Stream::Inbox);
        let line = Some(envelope.to_line());
        self.tell(stream, &header, envelope.id(), Ruling::APPLIED, None, line);
    }

    fn tell(
        &mut self,
        stream: Stream,
        header: &Header,
        envelope_id: EnvelopeId,
        ruling: Ruling,
        withheld: Option<Withheld>,
        envelope: Option<String>,
    ) {
        let case_seq = header.case.map(|case| {
            let seq = self.case_seqs.entry(case).or_default();
            *seq += 1;
            *seq
        });
        let told = match stream {
            Stream::Inbox => &mut self.inbox,
            Stream::Public => &mut self.public,
        };
        let last = told.last().map(|last| Digest::of(last.item.as_bytes()));
        let item = Item {
            depoch: 1,
            dseq: told.len() as u64 + 1,
            dprev: last.unwrap_or(Digest::ZERO),
            case: header.case,
            case_seq,
            kind: header.kind.clone(),
            envelope_id,
            ruling,
            first: None,
            directory: 1,
            ordered_at: self.ordered_at.unwrap_or(NOW),
            withheld,
        };
        let item = String::from_utf8(item.to_bytes()).unwrap();
        told.push(Told { item, envelope });
    }
}

impl Transport for PaperHub {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Answer, LinkError>> {
        Box::pin(async move {
            match call.path.split('?').next().unwrap_or_default() {
                "/federation/v1/outbox/head" => {
                    let head = Self::head(&self.state.lock().unwrap());
                    Ok(answered(&OutboxHead {
                        accepted: head.seq,
                        head,
                        archived: 0,
                    }))
                }
                "/federation/v1/outbox" => self.take(&call),
                "/federation/v1/inbox" => Ok(self.page(Stream::Inbox, &call.path)),
                "/federation/v1/public" => Ok(self.page(Stream::Public, &call.path)),
                "/federation/v1/inbox/ack" => {
                    let envelope = Envelope::parse(&call.body).unwrap();
                    let ack = Ack::open(&envelope, &self.signing).unwrap();
                    self.state.lock().unwrap().acked = Some(ack);
                    Ok(answered(&json!(null)))
                }
                other => Err(LinkError::Unreachable(format!("no {other} on paper"))),
            }
        })
    }

    fn take_up_certificate(&self) -> Result<bool, LinkError> {
        Ok(false)
    }
}

/// The other case in which a message gets a place as well.
fn beside(message: &Message) -> Option<CaseId> {
    match &message.body {
        Ok(Body::CaseLinked(link)) => Some(link.target_case),
        Ok(Body::CaseSplit(split)) => Some(split.child),
        _ => None,
    }
}

fn answered(value: &impl serde::Serialize) -> Answer {
    Answer {
        status: 200,
        headers: http::HeaderMap::new(),
        body: serde_json::to_vec(value).unwrap().into(),
    }
}
