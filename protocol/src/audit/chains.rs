//! Author chains and receipts: no gap, no fork, each message after the one it
//! names, every receipt true of the ids it covers, one receipt for each, and
//! none older than the one before it.

use std::collections::BTreeMap;

use super::{Audit, Extent, Wrong};
use crate::ids::{Digest, EnvelopeId, InstanceId, Position};
use crate::message::Message;
use crate::receipt::Receipt;

/// What is known of one author's chain.
#[derive(Debug, Default)]
pub(super) struct Chain {
    ids: BTreeMap<Position, EnvelopeId>,
    /// The predecessor that a message names.
    previous: BTreeMap<Position, Digest>,
}

impl Chain {
    /// Puts an id at a position; returns the other one that held it.
    pub fn place(&mut self, epoch: u32, seq: u64, id: EnvelopeId) -> Option<EnvelopeId> {
        let at = Position { epoch, seq };
        let held = *self.ids.entry(at).or_insert(id);
        (held != id).then_some(held)
    }

    /// The last known position before this one.
    fn before(&self, at: Position) -> Option<(Position, EnvelopeId)> {
        let (position, id) = self.ids.range(..at).next_back()?;
        Some((*position, *id))
    }

    fn range(&self, receipt: &Receipt) -> Vec<EnvelopeId> {
        let at = |seq| Position {
            epoch: receipt.epoch,
            seq,
        };
        let covered = self.ids.range(at(receipt.from)..=at(receipt.to));
        covered.map(|(_, id)| *id).collect()
    }
}

impl Audit {
    pub(super) fn link(&mut self, id: EnvelopeId, message: &Message) {
        let header = &message.header;
        let chain = self.chains.entry(header.author.clone()).or_default();
        let held = chain.place(header.epoch, header.seq, id);
        chain.previous.insert(header.position(), header.prev);
        if let Some(held) = held {
            self.find_in(id, Wrong::Fork { held });
        }
    }

    /// Every message names the one before it; the first of an epoch names the
    /// last that was accepted in an earlier one.
    pub(super) fn check_chains(&mut self) {
        let mut wrong = Vec::new();
        for (author, chain) in &self.chains {
            for (at, id) in &chain.ids {
                let before = chain.before(*at);
                let follows = match before {
                    Some((last, _)) if last.epoch == at.epoch => last.seq + 1 == at.seq,
                    _ => at.seq == 1,
                };
                if !follows {
                    let gap = Wrong::Gap {
                        author: author.clone(),
                        at: *at,
                    };
                    // Cases alone leave gaps, and then nothing is known of what lies before.
                    if self.extent == Extent::Whole {
                        wrong.push((*id, gap));
                    }
                    continue;
                }
                let expected = before.map_or(Digest::ZERO, |(_, id)| id);
                let whole_epochs = self.extent == Extent::Whole || at.seq > 1;
                if let Some(named) = chain.previous.get(at)
                    && whole_epochs
                    && *named != expected
                {
                    wrong.push((*id, Wrong::Previous));
                }
            }
        }
        for (id, wrong) in wrong {
            self.find_in(id, wrong);
        }
    }

    /// A receipt is true if it covers exactly the ids that stand in its range, and if no other one
    /// states something else of a position: whoever sends again is given the statement of before.
    /// One that is older than the one before it is odd: nothing is accepted ahead of its predecessor.
    pub(super) fn check_receipts(&mut self) {
        let mut receipts = std::mem::take(&mut self.receipts);
        receipts.sort_unstable_by(|one, other| place(one).cmp(&place(other)));
        for two in receipts.windows(2) {
            let (one, other) = (&two[0], &two[1]);
            let of_one_chain = (&one.author, one.epoch) == (&other.author, other.epoch);
            let span = span(other);
            if of_one_chain && other.from <= one.to && one != other {
                let why = "another receipt states something else of these positions";
                self.find(Wrong::Receipt(format!("{span}: {why}")));
            } else if one.author == other.author && other.at < one.at {
                let why = "it is older than the one before it in its chain";
                self.find(Wrong::ReceiptTime(format!("{span}: {why}")));
            }
        }
        for receipt in receipts {
            let chain = self.chains.get(&receipt.author);
            let ids = chain.map(|chain| chain.range(&receipt)).unwrap_or_default();
            if let Err(error) = receipt.covers(&ids) {
                let span = span(&receipt);
                self.find(Wrong::Receipt(format!("{span}: {error}")));
            }
        }
    }
}

fn place(receipt: &Receipt) -> (&InstanceId, u32, u64, u64) {
    (&receipt.author, receipt.epoch, receipt.from, receipt.to)
}

/// The positions that a receipt covers, in words.
fn span(receipt: &Receipt) -> String {
    let (author, epoch, from, to) = place(receipt);
    format!("{author} {epoch}.{from} to {to}")
}
