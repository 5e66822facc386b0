//! What one transaction has in hand: the cases, streams and directory as they
//! stand after the messages ordered so far, and the rows that will say so.
//! Nothing of it is seen by anyone before the commit.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use lapor_migrations::Tx;
use lapor_protocol::case::{Case, Ruling, Share};
use lapor_protocol::delivery::{Cursor, Item};
use lapor_protocol::directory::Directory;
use lapor_protocol::ids::{CaseId, Digest, EnvelopeId, InstanceId, MessageId};
use lapor_protocol::kinds::Body;

use super::verify::Incoming;
use crate::casefile::{CaseFile, Past};
use crate::directory::{Amendment, amend};
use crate::error::HubError;
use crate::ground::Ground;
use crate::store;
use crate::store::blobs::{Announced, Erased};
use crate::store::chains::StoredReceipt;
use crate::store::deliveries::NewDelivery;
use crate::store::envelopes::NewEnvelope;
use crate::store::rulings::NewRuling;
use crate::store::wraps::NewWrap;
use crate::streams::{StreamKey, Streams};

pub struct Working {
    pub ground: Arc<Ground>,
    pub streams: Arc<Streams>,
    pub directory: Arc<Directory>,
    /// Unix ms; never before what was ordered before.
    pub ordered_at: i64,
    /// Last number given in the hub's order.
    pub number: i64,
    /// The versions of the directory up to this one stand, whatever is ordered; 0 where
    /// each message that changes it makes another.
    pub stated: u64,
    pub cases: HashMap<CaseId, CaseFile>,
    /// Streams that have grown.
    pub heads: HashMap<StreamKey, Cursor>,
    /// The first envelope of each message id.
    pub seen: HashMap<(InstanceId, MessageId), EnvelopeId>,
    pub programmes: HashSet<(InstanceId, String)>,
    pub rows: Rows,
}

/// Rows to be written, many at a time.
#[derive(Debug, Default)]
pub struct Rows {
    pub envelopes: Vec<NewEnvelope>,
    pub rulings: Vec<NewRuling>,
    pub deliveries: Vec<NewDelivery>,
    pub wraps: Vec<NewWrap>,
    pub blobs: Vec<Announced>,
    pub receipts: Vec<StoredReceipt>,
    pub directory: Vec<(u64, String)>,
    /// Each with the number of the message.
    pub programmes: Vec<((InstanceId, String), i64)>,
    pub redacted: Vec<CaseId>,
}

/// How everything stood before a message was ordered on trial.
pub struct Mark {
    number: i64,
    directory: Arc<Directory>,
    cases: Vec<(CaseId, Option<CaseFile>)>,
    heads: HashMap<StreamKey, Cursor>,
    programmes: HashSet<(InstanceId, String)>,
    /// The message, if it was not known before.
    unseen: Option<(InstanceId, MessageId)>,
    rows: Lengths,
}

/// How many rows there were of each table.
#[derive(Debug, Clone, Copy)]
struct Lengths {
    envelopes: usize,
    rulings: usize,
    deliveries: usize,
    wraps: usize,
    blobs: usize,
    directory: usize,
    programmes: usize,
    redacted: usize,
}

/// What an item tells its recipient of a message.
#[derive(Debug, Clone)]
pub struct Told<'a> {
    pub number: i64,
    pub case: Option<CaseId>,
    pub case_seq: Option<u64>,
    pub kind: &'a str,
    pub id: EnvelopeId,
    pub ruling: Ruling,
    pub first: Option<EnvelopeId>,
    pub directory: u64,
    pub ordered_at: i64,
}

impl<'a> Told<'a> {
    /// A message that a new party is told later.
    pub fn past(case: CaseId, case_seq: u64, past: &'a Past) -> Self {
        Self {
            number: past.number,
            case: Some(case),
            case_seq: Some(case_seq),
            kind: &past.message.header.kind,
            id: past.id,
            ruling: past.ruling,
            first: None,
            directory: past.directory,
            ordered_at: past.ordered_at,
        }
    }
}

impl Mark {
    pub fn deliveries(&self) -> usize {
        self.rows.deliveries
    }

    pub fn rulings(&self) -> usize {
        self.rows.rulings
    }
}

impl Working {
    pub fn case(&self, case: CaseId) -> Option<&Case> {
        self.cases.get(&case).map(|file| &file.case)
    }

    /// How everything stands before this message is ordered.
    pub fn mark(&self, incoming: &Incoming) -> Mark {
        let header = &incoming.message.header;
        let other = incoming.message.body.as_ref().ok();
        let other = other.and_then(Body::other_case);
        let cases = header.case.into_iter().chain(other);
        let key = (header.author.clone(), header.id);
        Mark {
            number: self.number,
            directory: Arc::clone(&self.directory),
            cases: cases
                .map(|case| (case, self.cases.get(&case).cloned()))
                .collect(),
            heads: self.heads.clone(),
            programmes: self.programmes.clone(),
            unseen: (!self.seen.contains_key(&key)).then_some(key),
            rows: Lengths {
                envelopes: self.rows.envelopes.len(),
                rulings: self.rows.rulings.len(),
                deliveries: self.rows.deliveries.len(),
                wraps: self.rows.wraps.len(),
                blobs: self.rows.blobs.len(),
                directory: self.rows.directory.len(),
                programmes: self.rows.programmes.len(),
                redacted: self.rows.redacted.len(),
            },
        }
    }

    /// As if nothing had been ordered since.
    pub fn undo(&mut self, mark: Mark) {
        self.number = mark.number;
        self.directory = mark.directory;
        for (case, file) in mark.cases {
            match file {
                Some(file) => self.cases.insert(case, file),
                None => self.cases.remove(&case),
            };
        }
        self.heads = mark.heads;
        self.programmes = mark.programmes;
        if let Some(unseen) = &mark.unseen {
            self.seen.remove(unseen);
        }
        self.rows.envelopes.truncate(mark.rows.envelopes);
        self.rows.rulings.truncate(mark.rows.rulings);
        self.rows.deliveries.truncate(mark.rows.deliveries);
        self.rows.wraps.truncate(mark.rows.wraps);
        self.rows.blobs.truncate(mark.rows.blobs);
        self.rows.directory.truncate(mark.rows.directory);
        self.rows.programmes.truncate(mark.rows.programmes);
        self.rows.redacted.truncate(mark.rows.redacted);
    }

    /// Puts an item at the end of a stream.
    pub fn tell(&mut self, to: StreamKey, told: &Told<'_>, share: Share) {
        let head = match self.heads.get(&to) {
            Some(head) => *head,
            None => self.streams.head(&to),
        };
        let item = Item {
            depoch: head.depoch,
            dseq: head.dseq + 1,
            dprev: head.hash,
            case: told.case,
            case_seq: told.case_seq,
            kind: told.kind.to_owned(),
            envelope_id: told.id,
            ruling: told.ruling,
            first: told.first,
            directory: told.directory,
            ordered_at: told.ordered_at,
            withheld: share.withheld(),
        };
        let text = serde_json::to_string(&item).expect("an item serialises");
        let head = Cursor {
            depoch: item.depoch,
            dseq: item.dseq,
            hash: Digest::of(text.as_bytes()),
        };
        self.rows.deliveries.push(NewDelivery {
            to: to.clone(),
            depoch: head.depoch,
            dseq: head.dseq,
            item: text,
            number: told.number,
            case: told.case,
            whole: share.withheld().is_none(),
            told_later_at: (told.ordered_at < self.ordered_at).then_some(self.ordered_at),
        });
        self.heads.insert(to, head);
    }

    /// Signs the next directory version; it is in force for what follows.
    pub fn publish(&mut self, amendment: Amendment) -> Result<(), HubError> {
        if self.directory.version() < self.stated {
            return Ok(());
        }
        let signed = amend(
            &self.directory,
            amendment,
            self.ground.trust_domain.as_str(),
            &self.ground.signers.signing(&self.directory),
            self.ordered_at,
        )?;
        self.rows.directory.push((signed.version, signed.line));
        self.directory = signed.directory;
        Ok(())
    }

    /// Writes all rows; returns the blobs that nobody may have any more.
    pub async fn write(&mut self, tx: &mut Tx) -> Result<Vec<Erased>, HubError> {
        let rows = std::mem::take(&mut self.rows);
        for (version, line) in &rows.directory {
            store::directory::insert(tx, *version, line).await?;
        }
        store::envelopes::insert(tx, rows.envelopes).await?;
        store::rulings::insert(tx, rows.rulings).await?;
        store::deliveries::insert(tx, rows.deliveries).await?;
        store::deliveries::save_heads(tx, &self.heads, self.number).await?;
        store::wraps::save(tx, rows.wraps).await?;
        store::blobs::insert(tx, rows.blobs).await?;
        store::chains::insert_receipts(tx, &rows.receipts).await?;
        let mut erased = Vec::new();
        for ((author, slug), number) in &rows.programmes {
            store::programmes::publish(tx, author, slug).await?;
            erased.extend(store::blobs::replace(tx, author, slug, *number).await?);
        }
        for case in rows.redacted {
            store::wraps::forget(tx, case).await?;
            erased.extend(store::blobs::forget(tx, case).await?);
        }
        Ok(erased)
    }
}
