//! What holds at the end, counted from what is on disk and what the APIs
//! answer, never from what the demo believes it did.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use lapor_node::casework::CaseView;
use lapor_node::status::Status;
use lapor_protocol::ids::InstanceId;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::PATIENCE;
use super::cast::{DESK, MEMBERS};
use super::folder::{Folder, Record};
use super::ledger::{Ledger, Ruling, node_database};
use super::phones::Figures;
use super::play::{Nodes, Played};
use super::progress::Progress;
use super::reports::Report;
use super::sealed;
use super::speech::NOTICE;
use super::systems::Exchanged;
use crate::invariants;

const GLANCE: Duration = Duration::from_millis(250);
/// Glances in a row at which nothing moves: what a node does of itself when it starts comes soon.
const STILL: usize = 8;
/// Cases that are read at once.
const ABREAST: usize = 12;
/// Dispositions of a whole demo, at least.
const DISPOSITIONS: usize = 100;

/// An institution with its node.
#[derive(Debug, Serialize)]
pub struct Row {
    pub instance: String,
    /// Reports that were filed at it.
    pub filed: usize,
    /// Messages that it wrote.
    pub messages: usize,
    /// Cases that it is a party of.
    pub cases: u64,
    /// Messages and files on their way to or from it.
    pub lag: u64,
}

/// The one object that `--once --json` prints.
#[derive(Debug, Serialize)]
pub struct Tally {
    pub instances: usize,
    pub reports_filed: usize,
    pub dispositions_applied: usize,
    pub erasures_applied: usize,
    pub messages: usize,
    pub cases: BTreeMap<String, u64>,
    /// Conversations on each channel, and the cases that came of them.
    pub channels: Figures,
    /// What passed between a city's node and the systems beside it.
    pub systems: Exchanged,
    pub lost: usize,
    pub duplicated: usize,
    pub invariants: BTreeMap<String, bool>,
    /// What is wrong, if anything is.
    pub problems: Vec<String>,
    pub seconds: f64,
    pub nodes: Vec<Row>,
    pub notice: &'static str,
}

impl Tally {
    pub fn holds(&self) -> bool {
        self.invariants.values().all(|holds| *holds)
    }
}

/// Collects what was asserted, by name, with what is wrong.
#[derive(Default)]
struct Verdict {
    invariants: BTreeMap<String, bool>,
    problems: Vec<String>,
}

impl Verdict {
    fn note(&mut self, name: &str, wrong: impl IntoIterator<Item = String>) {
        let before = self.problems.len();
        self.problems
            .extend(wrong.into_iter().map(|what| format!("{name}: {what}")));
        let holds = self.problems.len() == before;
        self.invariants.insert(name.to_owned(), holds);
    }
}

/// Waits until nothing moves, then counts and checks.
pub async fn tally(
    folder: &Folder,
    nodes: &Arc<Nodes>,
    record: &Record,
    reports: &[Report],
    progress: &Progress,
) -> anyhow::Result<Tally> {
    let ledger = Ledger::open(folder).await?;
    let counted = match settle(nodes, &ledger).await {
        Ok(standing) => {
            progress.stage("counting what is on disk and checking the invariants");
            count(folder, nodes, record, reports, &ledger, &standing).await
        }
        Err(error) => Err(error),
    };
    ledger.close().await;
    counted
}

async fn count(
    folder: &Folder,
    nodes: &Arc<Nodes>,
    record: &Record,
    reports: &[Report],
    ledger: &Ledger,
    standing: &[Standing],
) -> anyhow::Result<Tally> {
    let ruling = Ruling::of(ledger.ruled().await?);
    let held = parties(nodes, &record.played).await?;
    let mut verdict = Verdict::default();
    let lost = lost(&record.played, &ruling, &held);
    let doubled = doubled(&ruling, &held);
    verdict.note("nothing_lost", lost.iter().cloned());
    verdict.note("nothing_doubled", doubled.iter().cloned());
    verdict.note(
        "every_report_filed_once",
        filed_once(&record.played, &ruling),
    );
    verdict.note("every_act_applied", refused(&record.played, &ruling));
    verdict.note("copies_agree", disagreeing(&ruling, &held));
    verdict.note("all_caught_up", standing.iter().filter_map(behind));
    verdict.note(
        "attachments_arrive",
        files_missing(nodes, &record.played, &held).await?,
    );
    let words = sealed::canaries(reports);
    let search = sealed::search(folder, &words)?;
    verdict.note("words_stay_sealed", search.leaks);
    let blind = format!(
        "in {} files it finds nothing, not even at the node that knows it",
        search.files
    );
    verdict.note("the_search_finds", (!search.proven).then_some(blind));
    let whole = federation(folder, ledger, &words).await?;
    for (name, check) in &whole.checks {
        let nothing = (check.looked_at == 0).then(|| "nothing was looked at".to_owned());
        verdict.note(name, check.wrong.iter().cloned().chain(nothing));
    }
    let dispositions_applied = ruling.count("case.disposed");
    if record.whole {
        let few = format!("{dispositions_applied} dispositions, fewer than {DISPOSITIONS}");
        let few = (dispositions_applied < DISPOSITIONS).then_some(few);
        verdict.note("a_hundred_dispositions", few);
    }
    let desk = standing.iter().find(|one| one.slug == DESK);
    let cases = desk.map(|one| one.status.cases.clone()).unwrap_or_default();
    verdict.note("the_desk_reads_every_case", unread(&cases, &ruling));
    Ok(Tally {
        instances: standing.len(),
        reports_filed: ruling.count("report.filed"),
        dispositions_applied,
        erasures_applied: ruling.count("case.redacted"),
        messages: ruling.messages(),
        cases,
        channels: Figures::new(),
        systems: Exchanged::default(),
        lost: lost.len() + whole.lost as usize,
        duplicated: doubled.len() + whole.duplicated as usize,
        invariants: verdict.invariants,
        problems: verdict.problems,
        seconds: 0.0,
        nodes: standing.iter().map(|one| row(one, &ruling)).collect(),
        notice: NOTICE,
    })
}

/// The invariants of the federation, read from all ten databases.
async fn federation(
    folder: &Folder,
    ledger: &Ledger,
    words: &[String],
) -> anyhow::Result<invariants::Report> {
    let mut nodes = Vec::new();
    for member in &MEMBERS {
        let id: InstanceId = member.slug.parse()?;
        nodes.push((id, node_database(folder, member.slug).await?));
    }
    let report = invariants::check(ledger.db(), &nodes, words).await;
    for (_, db) in nodes {
        db.close().await;
    }
    report
}

/// A node with how far it is behind.
struct Standing {
    slug: String,
    status: Status,
    /// Items that the hub holds for it and that it has not applied.
    unread: u64,
}

impl Standing {
    fn lag(&self) -> u64 {
        let (outbox, inbox) = (&self.status.outbox, &self.status.inbox);
        let files = self.status.blobs_to_send + self.status.blobs_to_fetch;
        self.unread + outbox.unsent + outbox.unruled + inbox.received + inbox.waiting + files
    }

    fn stuck(&self) -> u64 {
        let inbox = &self.status.inbox;
        self.status.outbox.quarantined + inbox.quarantined + inbox.parked
    }
}

/// Waits until nothing is under way, and says how all stand then.
async fn settle(nodes: &Nodes, ledger: &Ledger) -> anyhow::Result<Vec<Standing>> {
    let give_up = Instant::now() + PATIENCE;
    let (mut still, mut before) = (0, BTreeMap::new());
    loop {
        let heads = ledger.heads().await?;
        let mut standing = Vec::new();
        for member in &MEMBERS {
            let node = nodes
                .get(member.slug)
                .context("an institution has no node")?;
            let status = node.status().await?;
            let cursor = status
                .cursors
                .iter()
                .find(|cursor| cursor.stream == "inbox");
            let settled = cursor.map_or(0, |cursor| cursor.settled);
            let head = heads.get(member.slug).copied().unwrap_or(0);
            standing.push(Standing {
                slug: member.slug.to_owned(),
                unread: head.saturating_sub(settled),
                status,
            });
        }
        let rests = heads == before && standing.iter().all(|one| one.lag() == 0);
        still = if rests { still + 1 } else { 0 };
        before = heads;
        if still >= STILL || Instant::now() >= give_up {
            return Ok(standing);
        }
        tokio::time::sleep(GLANCE).await;
    }
}

/// A case as its parties hold it.
struct Held {
    case: String,
    by: BTreeMap<String, Option<CaseView>>,
}

/// Every case that was filed, at its origin, at the desk, and where it is now.
async fn parties(nodes: &Arc<Nodes>, played: &[Played]) -> anyhow::Result<Vec<Held>> {
    let reading = stream::iter(played).map(|one| {
        let nodes = Arc::clone(nodes);
        async move {
            let desk = nodes.get(DESK).context("the desk has no node")?;
            let seen = desk.case(&one.case).await?;
            let custodian = seen
                .as_ref()
                .and_then(|view| view.summary.custodian.as_ref());
            let mut where_else: BTreeSet<String> =
                custodian.map(ToString::to_string).into_iter().collect();
            where_else.insert(one.origin.clone());
            where_else.remove(DESK);
            let mut by = BTreeMap::from([(DESK.to_owned(), seen)]);
            for slug in where_else {
                let node = nodes
                    .get(&slug)
                    .with_context(|| format!("{slug} has no node"))?;
                let view = node.case(&one.case).await?;
                by.insert(slug, view);
            }
            let case = one.case.clone();
            anyhow::Ok(Held { case, by })
        }
    });
    reading.buffered(ABREAST).try_collect().await
}

/// Ids that an API answered and that hub or a party does not hold as applied.
fn lost(played: &[Played], ruling: &Ruling, held: &[Held]) -> Vec<String> {
    let at_hub = ruling.applied_ids();
    let mut lost = Vec::new();
    for (one, held) in played.iter().zip(held) {
        for id in &one.messages {
            if !at_hub.contains(id.as_str()) {
                lost.push(format!("message {id} of report {} at the hub", one.report));
            }
            for (slug, view) in &held.by {
                let history = view.iter().flat_map(|view| &view.history);
                let holds = history
                    .filter_map(|entry| entry.message)
                    .any(|known| known.to_string() == *id);
                if !holds {
                    lost.push(format!("message {id} of report {} at {slug}", one.report));
                }
            }
        }
    }
    lost
}

/// Messages that had their effect twice, at the hub or in a party's copy.
fn doubled(ruling: &Ruling, held: &[Held]) -> Vec<String> {
    let twice = ruling.applied.iter().filter(|(_, times)| **times > 1);
    let mut doubled: Vec<String> = twice
        .map(|((author, id), times)| format!("message {id} of {author} {times} times at the hub"))
        .collect();
    for one in held {
        for (slug, view) in &one.by {
            let mut seen = BTreeSet::new();
            for entry in view.iter().flat_map(|view| &view.history) {
                let applied = entry
                    .effect
                    .is_some_and(|effect| effect.as_str() == "applied");
                if let Some(id) = entry.message.filter(|_| applied)
                    && !seen.insert(id)
                {
                    doubled.push(format!("message {id} twice in case {} at {slug}", one.case));
                }
            }
        }
    }
    doubled
}

/// Every report that was filed began exactly one case, of its own. Others may
/// have been filed since, by whoever tries a demo that was kept.
fn filed_once(played: &[Played], ruling: &Ruling) -> Vec<String> {
    let mut births: BTreeMap<&str, usize> = BTreeMap::new();
    let filed = ruling
        .first_legs()
        .filter(|row| row.kind == "report.filed" && row.applied());
    for case in filed.filter_map(|row| row.case_id.as_deref()) {
        *births.entry(case).or_default() += 1;
    }
    let cases: BTreeSet<&str> = played.iter().map(|one| one.case.as_str()).collect();
    let shared = (cases.len() < played.len()).then(|| "two reports have one case".to_owned());
    let other = cases.iter().filter(|case| births.get(*case) != Some(&1));
    let other = other.map(|case| format!("case {case} was not filed once"));
    other.chain(shared).collect()
}

/// The plans hold only what the rules allow, so the hub refuses none of it.
fn refused(played: &[Played], ruling: &Ruling) -> Vec<String> {
    let ours: BTreeSet<&str> = played
        .iter()
        .flat_map(|one| &one.messages)
        .map(String::as_str)
        .collect();
    let refused = ruling
        .all
        .iter()
        .filter(|row| !row.applied() && ours.contains(row.message_id.as_str()));
    refused
        .map(|row| format!("{} of {} is {}", row.kind, row.author, row.effect))
        .collect()
}

/// Copies that are not at the hub's last place, or not equal to each other.
fn disagreeing(ruling: &Ruling, held: &[Held]) -> Vec<String> {
    let mut wrong = Vec::new();
    for one in held {
        let last = ruling.last_seq.get(&one.case).copied().unwrap_or(0);
        let mut digests = BTreeSet::new();
        for (slug, view) in &one.by {
            let Some(view) = view else { continue };
            if view.case_seq != last {
                wrong.push(format!(
                    "case {} is at {} of {last} at {slug}",
                    one.case, view.case_seq
                ));
            }
            digests.insert(view.digest.clone());
        }
        if digests.len() != 1 || digests.contains(&None) {
            wrong.push(format!("case {} differs between its parties", one.case));
        }
    }
    wrong
}

fn behind(one: &Standing) -> Option<String> {
    let (lag, stuck) = (one.lag(), one.stuck());
    (lag + stuck > 0).then(|| format!("{} has {lag} under way and {stuck} set aside", one.slug))
}

/// Files that a party other than the origin cannot give back byte for byte.
async fn files_missing(
    nodes: &Nodes,
    played: &[Played],
    held: &[Held],
) -> anyhow::Result<Vec<String>> {
    let mut missing = Vec::new();
    for (one, held) in played.iter().zip(held) {
        let Some(file) = &one.file else { continue };
        for (slug, view) in &held.by {
            let node = nodes
                .get(slug)
                .with_context(|| format!("{slug} has no node"))?;
            let history = view.iter().flat_map(|view| &view.history);
            let filed = history.filter(|entry| entry.kind == "report.filed");
            let sealed = filed.flat_map(|entry| &entry.attachments).next();
            let bytes = match sealed {
                Some(sealed) => node.attachment(&one.case, &sealed.sha256.to_hex()).await?,
                None => None,
            };
            if bytes
                .map(|bytes| hex::encode(Sha256::digest(&bytes)))
                .as_ref()
                != Some(file)
            {
                missing.push(format!("the file of report {} at {slug}", one.report));
            }
        }
    }
    Ok(missing)
}

fn unread(cases: &BTreeMap<String, u64>, ruling: &Ruling) -> Option<String> {
    let (here, at_hub) = (cases.values().sum::<u64>(), ruling.last_seq.len() as u64);
    (here != at_hub).then(|| format!("{here} cases, the hub has {at_hub}"))
}

fn row(one: &Standing, ruling: &Ruling) -> Row {
    let filed = ruling
        .first_legs()
        .filter(|row| row.kind == "report.filed" && row.author == one.slug);
    Row {
        filed: filed.count(),
        messages: ruling.of_author(&one.slug),
        cases: one.status.cases.values().sum(),
        lag: one.lag(),
        instance: one.slug.clone(),
    }
}
