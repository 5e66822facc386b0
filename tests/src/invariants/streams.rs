//! The streams as the hub holds them: gapless chains, and every party of a
//! case in possession of all its messages, each once.

use std::collections::{BTreeMap, BTreeSet};

use lapor_protocol::case::Withheld;
use lapor_protocol::delivery::{Cursor, Item};
use lapor_protocol::directory::Status;
use lapor_protocol::ids::{CaseId, InstanceId};

use super::Report;
use super::ledger::{History, Ledger};

const NAME: &str = "delivery";

pub fn check(ledger: &Ledger, history: &History, report: &mut Report) {
    let mut cursors: BTreeMap<&str, Cursor> = BTreeMap::new();
    let mut told: BTreeMap<(&str, CaseId), Vec<u64>> = BTreeMap::new();
    for row in &ledger.deliveries {
        let recipient = row.recipient.as_str();
        let item: Item = match serde_json::from_str(&row.item) {
            Ok(item) => item,
            Err(error) => {
                report.wrong(NAME, format!("{recipient} {}: {error}", row.dseq));
                continue;
            }
        };
        let cursor = cursors.entry(recipient).or_insert(Cursor::START);
        match cursor.advance(row.item.as_bytes(), &item) {
            Ok(next) => *cursor = next,
            Err(error) => report.wrong(NAME, format!("{recipient}: {error}")),
        }
        if (item.depoch, item.dseq) != (row.depoch as u32, row.dseq as u64) {
            report.wrong(
                NAME,
                format!("{recipient} {} says it is {}", row.dseq, item.dseq),
            );
        }
        let derived = history.streams.get(recipient);
        let derived = derived.and_then(|items| items.get(row.dseq as usize - 1));
        if derived != Some(&cursor.hash) {
            let what = format!(
                "{recipient} {} is not what follows from the order",
                row.dseq
            );
            report.wrong(NAME, what);
        }
        let outsider = item.withheld == Some(Withheld::RulingOnly);
        if let (Some(case), Some(seq), false) = (item.case, item.case_seq, outsider) {
            let seqs = told.entry((recipient, case)).or_default();
            let in_turn = seqs.last().copied().unwrap_or(0) + 1 == seq;
            if in_turn || !is_erasure(&item) {
                seqs.push(seq);
            }
        }
    }
    for (recipient, depoch, dseq, hash) in &ledger.heads {
        let last = cursors
            .get(recipient.as_str())
            .copied()
            .unwrap_or(Cursor::START);
        let head = (*depoch as u32, *dseq as u64, hash.as_slice());
        if head != (last.depoch, last.dseq, last.hash.as_bytes().as_slice()) {
            report.wrong(
                NAME,
                format!("the head of {recipient:?} is not its last item"),
            );
        }
    }
    report.saw(NAME, ledger.deliveries.len());
    complete(ledger, history, &told, report);
}

/// What reaches whoever was a party once, ahead of its turn or a second time.
fn is_erasure(item: &Item) -> bool {
    item.kind == "case.redacted" && item.ruling.applied()
}

/// A party has the whole case; whoever ceased to be one has a beginning of it.
fn complete(
    ledger: &Ledger,
    history: &History,
    told: &BTreeMap<(&str, CaseId), Vec<u64>>,
    report: &mut Report,
) {
    let world = ledger.directory.latest();
    let listening = |party: &InstanceId| {
        let status = world.instance(party).map(|entry| entry.status);
        matches!(status, Some(Status::Active | Status::Suspended))
    };
    for ((recipient, case), seqs) in told {
        let gapless = seqs.iter().zip(1..).all(|(seq, expected)| *seq == expected);
        if !gapless {
            report.wrong(
                NAME,
                format!("{recipient} was told {seqs:?} of case {case}"),
            );
        }
    }
    for (id, case) in &history.cases {
        let last = history.digests.get(id).map_or(0, Vec::len) as u64;
        let parties: BTreeSet<InstanceId> = case.parties(world);
        for party in parties.iter().filter(|party| listening(party)) {
            let seqs = told.get(&(party.as_str(), *id));
            let has = seqs.and_then(|seqs| seqs.last()).copied().unwrap_or(0);
            // A desk that was named after the last message hears of the case with the next.
            let newcomer = has == 0 && !case.ever_party.contains(party);
            if has != last && !newcomer {
                report.wrong(
                    NAME,
                    format!("{party} has {has} of {last} messages of case {id}"),
                );
            }
        }
    }
}
