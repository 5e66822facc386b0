//! What the two institutions do in every run: publish a programme, file with a
//! file, verify, dispose, answer with a file, close.
//!
//! The API has no idempotency keys: a request whose answer was lost may have
//! been done. So every step looks first, and asks only for what it does not
//! see; then it must be in the record exactly once. An upload is the exception:
//! one that no act used stays behind unused, and is not counted.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::desk::Desk;
use super::texts::{Texts, Told};
use crate::fleet::document;
use crate::fleet::words::{WORDS_CANARY, sentence_of};

const GLANCE: Duration = Duration::from_millis(30);
/// How long one step may take, the restart of a program included.
const PATIENCE: Duration = Duration::from_secs(45);
/// More than one piece of an upload, less than one of a transfer.
const FILE_BYTES: usize = 150_000;

/// What the APIs answered with success.
#[derive(Debug, Default)]
pub struct Record {
    /// Ids of messages.
    pub acknowledged: Vec<String>,
    /// How often each kind was meant to happen.
    pub meant: BTreeMap<String, u64>,
    /// Files that both nodes and the hub must have.
    pub files: usize,
    /// What was said by text message, where it was.
    pub told: Option<Told>,
}

impl Record {
    /// Remembers a step that was seen to be done, and by which id it was
    /// acknowledged, if the answer arrived.
    fn note(&mut self, kind: &str, answer: Option<&Value>) {
        *self.meant.entry(kind.to_owned()).or_default() += 1;
        let id = answer.and_then(|answer| answer["message"].as_str());
        self.acknowledged.extend(id.map(str::to_owned));
    }
}

/// An act of the script, and the state in which the case must be seen before.
struct Act {
    kind: &'static str,
    after: &'static str,
    body: Value,
    words: Option<Value>,
    file: bool,
}

impl Act {
    fn new(kind: &'static str, after: &'static str, body: Value) -> Self {
        Self {
            kind,
            after,
            body,
            words: None,
            file: false,
        }
    }

    fn saying(mut self, sentence: &str) -> Self {
        self.words = Some(json!({ "text": sentence_of(sentence) }));
        self
    }

    fn with_file(mut self) -> Self {
        self.file = true;
        self
    }
}

/// Plays everything, and waits until all of it is everywhere; then a citizen writes text messages.
pub async fn play(desk: &Desk, city: &Desk, texts: &Texts) -> Result<Record> {
    let mut record = Record::default();
    publish(&mut record, desk).await?;
    let given = file(&mut record, desk, "Jembatan retak", true).await?;
    let own = file(&mut record, city, "Lampu jalan padam", false).await?;
    let to_city = json!({ "target": city.slug });
    let done = json!({ "proposes_to_close": true });
    let acts = [
        (desk, Act::new("case.verified", "received", json!({}))),
        (
            desk,
            Act::new("case.disposed", "verified", to_city).saying("Mohon ditindaklanjuti."),
        ),
        (
            city,
            Act::new("case.followed_up", "disposed", done)
                .saying("Diperbaiki.")
                .with_file(),
        ),
        (
            desk,
            Act::new("case.closed", "answered", json!({ "by": "reporter" })),
        ),
    ];
    for (at, act) in &acts {
        perform(&mut record, at, &given, act).await?;
    }
    let last = Act::new("case.noted", "received", json!({})).saying("Diperiksa malam ini.");
    perform(&mut record, city, &own, &last).await?;
    for at in [desk, city] {
        until(at, "rest", async || at_rest(at, &given, &own).await).await?;
    }
    texts.play(city, &mut record).await?;
    for at in [desk, city] {
        until(at, "rest", async || at_rest(at, &given, &own).await).await?;
    }
    Ok(record)
}

/// What an institution does that has just joined.
pub async fn begin(desk: &Desk) -> Result<Record> {
    let mut record = Record::default();
    let case = file(&mut record, desk, "Jembatan retak", false).await?;
    let ruled = async || {
        let seen = desk.case(&case).await?;
        Ok(seen.is_some_and(|seen| seen["case_seq"] == 1))
    };
    until(desk, "a ruling", ruled).await?;
    Ok(record)
}

async fn publish(record: &mut Record, desk: &Desk) -> Result<()> {
    let programme = json!({
        "slug": "jembatan-baru",
        "name": "Jembatan baru",
        "region": "32.73",
        "description": "Penggantian dua jembatan.",
    });
    let look = async || {
        let listed = programmes(desk).await?;
        let first = |all: Vec<Value>| all.first().map(|_| String::new());
        Ok(listed.map_or(Seen::Nothing, |all| Seen::of(first(all))))
    };
    let ask = async || desk.tell("programmes", &programme).await;
    step(record, desk, "programme.published", look, ask).await?;
    Ok(())
}

async fn programmes(at: &Desk) -> Result<Option<Vec<Value>>> {
    let listed = at.read("programmes?owner=pusat").await?;
    Ok(listed.and_then(|listed| listed["programmes"].as_array().cloned()))
}

/// Files a report; gives its case.
async fn file(record: &mut Record, at: &Desk, title: &str, with_file: bool) -> Result<String> {
    let look = async || {
        let Some(known) = at.read(&format!("cases?origin={}", at.slug)).await? else {
            return Ok(Seen::Nothing);
        };
        let cases = known["cases"].as_array().cloned().unwrap_or_default();
        let same = cases.iter().find(|case| case["title"] == title);
        let case = same.and_then(|case| Some(case["case"].as_str()?.to_owned()));
        Ok(Seen::of(case))
    };
    let ask = async || {
        let Some(attachments) = uploads(at, with_file).await? else {
            return Ok(None);
        };
        let report = json!({
            "classification": "complaint",
            "title": title,
            "content": format!("{title}, mohon ditangani ({WORDS_CANARY})."),
            "region": "32.73",
            "channel": "web",
            "attachments": attachments,
        });
        at.tell("reports", &report).await
    };
    record.files += usize::from(with_file);
    step(record, at, "report.filed", look, ask).await
}

/// Acts on a case once it looks as the script says.
async fn perform(record: &mut Record, at: &Desk, case: &str, act: &Act) -> Result<()> {
    let done = |seen: &Value| {
        let history = seen["history"].as_array().cloned().unwrap_or_default();
        history.iter().any(|entry| entry["kind"] == act.kind)
    };
    let ready = async || {
        let seen = at.case(case).await?;
        let ready = seen
            .as_ref()
            .is_some_and(|seen| seen["state"] == act.after || done(seen));
        Ok(ready)
    };
    until(at, act.kind, ready).await?;
    let look = async || {
        let seen = at.case(case).await?;
        let there = |seen: Value| Seen::of(done(&seen).then(String::new));
        Ok(seen.map_or(Seen::Nothing, there))
    };
    let ask = async || {
        let Some(attachments) = uploads(at, act.file).await? else {
            return Ok(None);
        };
        let told = json!({
            "kind": act.kind,
            "body": act.body,
            "words": act.words,
            "attachments": attachments,
        });
        at.tell(&format!("cases/{case}/acts"), &told).await
    };
    record.files += usize::from(act.file);
    step(record, at, act.kind, look, ask).await?;
    Ok(())
}

/// What goes into `attachments`; `None` if the node is away.
async fn uploads(at: &Desk, with_file: bool) -> Result<Option<Vec<String>>> {
    if !with_file {
        return Ok(Some(Vec::new()));
    }
    let bytes = (0..FILE_BYTES).map(|at| (at % 251) as u8);
    let file = document(&bytes.collect::<Vec<_>>());
    Ok(at.upload(&file).await?.map(|upload| vec![upload]))
}

/// What a look at a node has shown.
enum Seen {
    /// The node is away.
    Nothing,
    Missing,
    /// It is there, under this name.
    There(String),
}

impl Seen {
    fn of(name: Option<String>) -> Self {
        name.map_or(Self::Missing, Self::There)
    }
}

/// Looks, asks if it is not there, and looks again until it is.
async fn step(
    record: &mut Record,
    at: &Desk,
    kind: &str,
    look: impl AsyncFn() -> Result<Seen>,
    ask: impl AsyncFn() -> Result<Option<Value>>,
) -> Result<String> {
    let give_up = Instant::now() + PATIENCE;
    let mut answer: Option<Value> = None;
    while Instant::now() < give_up {
        match look().await? {
            Seen::There(name) => {
                record.note(kind, answer.as_ref());
                return Ok(name);
            }
            Seen::Missing => {
                let lost = answer.is_none();
                ensure!(lost, "{} acknowledged {kind} and has lost it", at.slug);
                answer = ask().await?;
            }
            Seen::Nothing => {}
        }
        if answer.is_none() {
            tokio::time::sleep(GLANCE).await;
        }
    }
    bail!("{}: {kind} cannot be done", at.slug)
}

/// Waits until something holds at a node.
pub async fn until(at: &Desk, what: &str, holds: impl AsyncFn() -> Result<bool>) -> Result<()> {
    let give_up = Instant::now() + PATIENCE;
    while !holds().await? {
        if Instant::now() >= give_up {
            let status = at.read("status").await?.unwrap_or_default();
            bail!("{} never comes to {what}: {status}", at.slug);
        }
        tokio::time::sleep(GLANCE).await;
    }
    Ok(())
}

/// Whether nothing is under way and everything is here.
async fn at_rest(at: &Desk, given: &str, own: &str) -> Result<bool> {
    let (Some(status), Some(given), Some(own), Some(programmes)) = (
        at.read("status").await?,
        at.case(given).await?,
        at.case(own).await?,
        programmes(at).await?,
    ) else {
        return Ok(false);
    };
    let none = |path: &[&str]| path.iter().fold(&status, |value, key| &value[*key]) == 0;
    let still = none(&["outbox", "unsent"])
        && none(&["outbox", "unruled"])
        && none(&["inbox", "received"])
        && none(&["inbox", "waiting"])
        && none(&["blobs_to_send"])
        && none(&["blobs_to_fetch"]);
    let whole = |case: &Value, seq: u64| case["case_seq"] == seq && case["pending"] == 0;
    let published = programmes.first().is_some_and(|one| one["pending"] == 0);
    Ok(still && whole(&given, 5) && whole(&own, 2) && published)
}
