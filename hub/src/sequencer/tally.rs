//! What one transaction of the order did, for the counters; told once it is on
//! disk. A kind that is not one of the protocol's is `other`: its name is an
//! author's word.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use lapor_protocol::kinds::Body;
use metrics::{counter, histogram};

use super::intake::Admitted;
use super::working::Rows;
use crate::error::HubError;

const OTHER: &str = "other";

pub struct Tally {
    accepted: usize,
    repeated: usize,
    deliveries: usize,
    /// Codes of messages at which a batch stopped.
    refused: Vec<&'static str>,
    /// By kind and effect.
    rulings: BTreeMap<(&'static str, &'static str), u64>,
    /// When the transaction began, and when only the commit was left.
    began: Option<(Instant, Instant)>,
}

impl Tally {
    pub fn of(admitted: &[Result<Admitted<'_>, HubError>], rows: &Rows) -> Self {
        let kinds: HashMap<i64, &'static str> = rows
            .envelopes
            .iter()
            .map(|envelope| (envelope.number, known(&envelope.kind)))
            .collect();
        let mut rulings = BTreeMap::new();
        // The second leg of a link or a split is the same message.
        for row in rows.rulings.iter().filter(|row| row.leg == 0) {
            let kind = kinds.get(&row.number).copied().unwrap_or(OTHER);
            *rulings
                .entry((kind, row.ruling.effect.as_str()))
                .or_default() += 1;
        }
        let heard = || admitted.iter().flatten();
        Self {
            accepted: rows.envelopes.len(),
            repeated: heard().map(|batch| batch.repeated).sum(),
            deliveries: rows.deliveries.len(),
            refused: heard()
                .filter_map(|batch| batch.exception.as_ref())
                .map(|exception| exception.code.as_str())
                .collect(),
            rulings,
            began: None,
        }
    }

    /// Everything is written; the commit follows.
    pub fn written(&mut self, began: Instant) {
        self.began = Some((began, Instant::now()));
    }

    /// The commit is on disk.
    pub fn count(self) {
        counter!("lapor_hub_envelopes_accepted_total").increment(self.accepted as u64);
        counter!("lapor_hub_envelopes_repeated_total").increment(self.repeated as u64);
        counter!("lapor_hub_deliveries_total").increment(self.deliveries as u64);
        for code in self.refused {
            counter!("lapor_hub_envelopes_refused_total", "code" => code).increment(1);
        }
        for ((kind, effect), count) in self.rulings {
            counter!("lapor_hub_rulings_total", "kind" => kind, "effect" => effect)
                .increment(count);
        }
        let size = u32::try_from(self.accepted).unwrap_or(u32::MAX);
        histogram!("lapor_hub_transaction_size").record(size);
        if let Some((began, written)) = self.began {
            histogram!("lapor_hub_transaction_duration_seconds").record(began.elapsed());
            histogram!("lapor_hub_commit_duration_seconds").record(written.elapsed());
        }
    }
}

fn known(kind: &str) -> &'static str {
    let found = Body::KINDS.iter().find(|known| **known == kind);
    found.copied().unwrap_or(OTHER)
}
