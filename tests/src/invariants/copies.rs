//! A node's own records against the hub's: its chain, its receipts, its
//! streams, its copy of every case.

use std::collections::{BTreeMap, BTreeSet};

use lapor_migrations::{Db, Packed, on};
use lapor_protocol::case::Case;
use lapor_protocol::ids::{CaseId, Digest, InstanceId};

use super::Report;
use super::ledger::{History, Ledger};

#[derive(sqlx::FromRow)]
struct OutboxRow {
    message_id: String,
    state: String,
    epoch: Option<i64>,
    seq: Option<i64>,
    #[sqlx(try_from = "Packed<Option<String>>")]
    line: Option<String>,
}

#[derive(sqlx::FromRow)]
struct InboxRow {
    stream: String,
    depoch: i64,
    dseq: i64,
    item: String,
    state: String,
    reason: Option<String>,
}

#[derive(sqlx::FromRow)]
struct CaseRow {
    case_id: String,
    fold: Option<String>,
    next_seq: i64,
    blocked: Option<String>,
    pending: i64,
}

#[derive(sqlx::FromRow)]
struct CursorRow {
    stream: String,
    depoch: i64,
    dseq: i64,
    settled: i64,
    acked: i64,
}

/// What the checks read of a node.
pub struct Copy {
    id: InstanceId,
    outbox: Vec<OutboxRow>,
    receipts: Vec<String>,
    inbox: Vec<InboxRow>,
    cases: Vec<CaseRow>,
    cursors: Vec<CursorRow>,
}

const OUTBOX: &str = "select o.message_id, o.state, o.epoch, o.seq, l.line from outbox o \
     left join outbox_lines l on l.number = o.number order by o.number";
const RECEIPTS: &str = "select line from receipts";
const INBOX: &str = "select stream, depoch, dseq, item, state, reason from inbox \
     order by stream, depoch, dseq";
const CASES: &str = "select case_id, fold, next_seq, blocked, pending from cases";
const CURSORS: &str = "select stream, depoch, dseq, settled, acked from cursors";

/// Reads a node in one transaction.
pub async fn read(id: &InstanceId, node: &Db) -> anyhow::Result<Copy> {
    let mut tx = node.read().await?;
    let tx = &mut tx;
    Ok(Copy {
        id: id.clone(),
        outbox: on!(tx, c => sqlx::query_as(OUTBOX).fetch_all(c).await)?,
        receipts: on!(tx, c => sqlx::query_scalar(RECEIPTS).fetch_all(c).await)?,
        inbox: on!(tx, c => sqlx::query_as(INBOX).fetch_all(c).await)?,
        cases: on!(tx, c => sqlx::query_as(CASES).fetch_all(c).await)?,
        cursors: on!(tx, c => sqlx::query_as(CURSORS).fetch_all(c).await)?,
    })
}

pub fn check(copy: &Copy, ledger: &Ledger, history: &History, report: &mut Report) {
    own_chain(copy, ledger, report);
    receipts(copy, ledger, report);
    streams(copy, ledger, report);
    cases(copy, history, report);
    if let Some(why) = behind(copy, ledger) {
        report.behind.insert(copy.id.clone(), why);
    }
}

/// What the node wrote against what the hub holds of it.
fn own_chain(copy: &Copy, ledger: &Ledger, report: &mut Report) {
    let id = &copy.id;
    let held: BTreeMap<(i64, i64), &str> = ledger
        .envelopes
        .iter()
        .filter(|row| row.author == id.as_str())
        .map(|row| ((row.epoch, row.seq), row.line.as_str()))
        .collect();
    let mut own = BTreeSet::new();
    for row in &copy.outbox {
        if !own.insert(&row.message_id) {
            report.wrong(
                "exactly_once",
                format!("{id} keeps message {} twice", row.message_id),
            );
        }
        let acknowledged = matches!(row.state.as_str(), "accepted" | "ruled");
        let at = row.epoch.zip(row.seq);
        let line = at.and_then(|at| held.get(&at).copied());
        match (acknowledged, line) {
            (true, None) => {
                report.lost += 1;
                report.wrong(
                    "no_loss",
                    format!("the hub lacks {} of {id}", row.message_id),
                );
            }
            (_, Some(line)) if row.line.as_deref() != Some(line) => {
                report.wrong(
                    "prefix",
                    format!("{id} and the hub hold other bytes at {at:?}"),
                );
            }
            _ => {}
        }
    }
    report.saw("no_loss", copy.outbox.len());
    report.saw("prefix", held.len());
    let places: BTreeSet<_> = copy
        .outbox
        .iter()
        .filter_map(|row| row.epoch.zip(row.seq))
        .collect();
    let acknowledged = copy
        .outbox
        .iter()
        .filter(|row| matches!(row.state.as_str(), "accepted" | "ruled"));
    let known: BTreeSet<&str> = acknowledged.map(|row| row.message_id.as_str()).collect();
    // One that was sent twice has its first place here, where it has had its effect.
    let foreign = ledger
        .envelopes
        .iter()
        .filter(|row| row.author == id.as_str())
        .filter(|row| !places.contains(&(row.epoch, row.seq)))
        .filter(|row| !known.contains(row.message_id.as_str()))
        .count();
    if foreign > 0 {
        report.behind.insert(
            id.clone(),
            format!("{foreign} own messages are at the hub only"),
        );
    }
}

/// The node holds the very receipts that the hub has stored.
fn receipts(copy: &Copy, ledger: &Ledger, report: &mut Report) {
    let stored: BTreeSet<&str> = ledger.receipts.iter().map(String::as_str).collect();
    for line in &copy.receipts {
        if !stored.contains(line.as_str()) {
            report.wrong(
                "receipts",
                format!("{} holds a receipt that the hub does not: {line}", copy.id),
            );
        }
    }
    report.saw("receipts", copy.receipts.len());
}

/// What the node has taken in is what the hub has given out, each item once.
fn streams(copy: &Copy, ledger: &Ledger, report: &mut Report) {
    let id = &copy.id;
    let of = |stream: &str| if stream == "public" { "" } else { id.as_str() };
    let given: BTreeMap<(&str, i64, i64), &str> = ledger
        .deliveries
        .iter()
        .map(|row| {
            (
                (row.recipient.as_str(), row.depoch, row.dseq),
                row.item.as_str(),
            )
        })
        .collect();
    for row in &copy.inbox {
        let item = given.get(&(of(&row.stream), row.depoch, row.dseq));
        if item != Some(&row.item.as_str()) {
            let place = format!("{} {}.{}", row.stream, row.depoch, row.dseq);
            report.wrong(
                "delivery",
                format!("{id} holds an item at {place} that the hub did not give"),
            );
        }
        if row.reason.as_deref() == Some("disputed") {
            report.wrong(
                "custody",
                format!("{id} disputes the ruling at {}", row.dseq),
            );
        }
    }
    report.saw("delivery", copy.inbox.len());
    for cursor in &copy.cursors {
        let count = copy
            .inbox
            .iter()
            .filter(|row| row.stream == cursor.stream)
            .count() as i64;
        let sound =
            cursor.acked <= cursor.settled && cursor.settled <= cursor.dseq && count == cursor.dseq;
        let stands = cursor.dseq == 0
            || given.contains_key(&(of(&cursor.stream), cursor.depoch, cursor.dseq));
        if !sound || !stands {
            report.wrong(
                "cursors",
                format!(
                    "{id} {}: {count} items, accepted {}, settled {}, acknowledged {}",
                    cursor.stream, cursor.dseq, cursor.settled, cursor.acked
                ),
            );
        }
    }
    for ack in ledger
        .acks
        .iter()
        .filter(|ack| ack.recipient == id.as_str())
    {
        let ours = copy
            .cursors
            .iter()
            .find(|cursor| cursor.stream == ack.stream);
        let true_ = ours.is_some_and(|c| ack.accepted <= c.dseq && ack.settled <= c.settled);
        if ack.settled > ack.accepted || !true_ {
            report.wrong(
                "cursors",
                format!("the hub holds an acknowledgement of {id} beyond what {id} has"),
            );
        }
    }
    report.saw("cursors", copy.cursors.len());
}

/// A copy of a case equals the fold of the hub's order up to where the copy is.
fn cases(copy: &Copy, history: &History, report: &mut Report) {
    let id = &copy.id;
    for row in &copy.cases {
        let Ok(case) = row.case_id.parse::<CaseId>() else {
            report.wrong("custody", format!("{id} holds a case without an id"));
            continue;
        };
        let place = row.next_seq - 1;
        let fold = row.fold.as_deref().map(serde_json::from_str::<Case>);
        let ours = fold.and_then(Result::ok).map(|case| case.digest());
        let at = history.digests.get(&case);
        let theirs: Option<Digest> = match (at, place) {
            (_, 0) | (None, _) => None,
            (Some(digests), place) => digests.get(place as usize - 1).copied().flatten(),
        };
        if ours != theirs {
            report.wrong(
                "custody",
                format!("{id} folds another case {case} at {place} than the hub's order"),
            );
        }
    }
    report.saw("custody", copy.cases.len());
}

/// Why a node is not done yet, if it is not.
fn behind(copy: &Copy, ledger: &Ledger) -> Option<String> {
    let open = copy
        .outbox
        .iter()
        .filter(|row| !["ruled", "refused"].contains(&row.state.as_str()))
        .count();
    if open > 0 {
        return Some(format!("{open} own messages are not ruled"));
    }
    for (recipient, _, dseq, _) in &ledger.heads {
        let stream = if recipient.is_empty() {
            "public"
        } else {
            "inbox"
        };
        if !recipient.is_empty() && recipient != copy.id.as_str() {
            continue;
        }
        let cursor = copy.cursors.iter().find(|cursor| cursor.stream == stream);
        let (accepted, settled) = cursor.map_or((0, 0), |cursor| (cursor.dseq, cursor.settled));
        if accepted < *dseq || settled < *dseq {
            return Some(format!(
                "{stream}: {accepted} accepted and {settled} settled of {dseq}"
            ));
        }
    }
    let unfinished = copy
        .inbox
        .iter()
        .find(|row| !matches!(row.state.as_str(), "applied" | "superseded" | "refused"));
    if let Some(row) = unfinished {
        let reason = row.reason.as_deref().unwrap_or_default();
        return Some(format!(
            "{} {} is {}: {reason}",
            row.stream, row.dseq, row.state
        ));
    }
    let waiting = copy
        .cases
        .iter()
        .find(|row| row.blocked.is_some() || row.pending > 0);
    waiting.map(|row| {
        let why = row.blocked.as_deref().unwrap_or("own acts are pending");
        format!("case {}: {why}", row.case_id)
    })
}
