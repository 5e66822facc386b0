//! Plays the plans, half a day after the other: files the reports of it, and does each act at the
//! node whose turn it is, as soon as that node sees the case as the plan says it must look.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use anyhow::{Context as _, bail};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use lapor_node::casework::{CaseView, KeyState};
use lapor_protocol::case::State;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::api::Api;
use super::attachment::attachment;
use super::plan::{Course, Family, Step};
use super::progress::Progress;
use super::schedule::{Turn, schedule};
use super::weeks::{Span, Weeks};
use super::{PATIENCE, day, deadline, speech};

/// Families under way at once.
const ABREAST: usize = 24;
/// First and longest pause between two looks at a case.
const GLANCE: Duration = Duration::from_millis(40);
const LONGEST_GLANCE: Duration = Duration::from_millis(500);

/// The nodes by slug.
pub type Nodes = BTreeMap<String, Api>;

/// What the APIs answered about one report: kept to be held against what is on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Played {
    pub report: u32,
    pub origin: String,
    pub case: String,
    pub ticket: String,
    /// Ids of all messages, the filing first.
    pub messages: Vec<String>,
    /// SHA-256 of the file that was attached, as it was before it was encrypted.
    pub file: Option<String>,
}

/// A family that is played: what has been done of it, and what is to come.
pub struct Playing {
    family: Family,
    turns: VecDeque<Turn>,
    /// By the reports that were filed, the head first.
    played: Vec<Played>,
}

impl Playing {
    /// All of them, before the first half day.
    pub fn all(families: Vec<Family>) -> Vec<Self> {
        let scheduled = schedule(families).into_iter();
        scheduled
            .map(|(family, turns)| Self {
                family,
                turns: turns.into(),
                played: Vec::new(),
            })
            .collect()
    }

    /// How much of it comes about in a half day.
    fn due(&self, span: usize) -> usize {
        let due = self.turns.iter().take_while(|turn| turn.span <= span);
        due.count()
    }
}

/// Plays what comes about in a half day.
pub async fn play(
    families: &mut [Playing],
    number: usize,
    nodes: &Nodes,
    weeks: &Weeks,
    progress: &Progress,
) -> anyhow::Result<()> {
    let due = families.iter().map(|family| family.due(number));
    let span = weeks.span(number, due.sum())?;
    let stage = Stage {
        nodes,
        span: &span,
        progress,
    };
    let playing = stream::iter(
        families
            .iter_mut()
            .map(|family| stage.turns(family, number)),
    );
    let playing = playing.buffer_unordered(ABREAST);
    playing.try_for_each(|()| async { Ok(()) }).await
}

/// What was answered, by report.
pub fn played(families: Vec<Playing>) -> Vec<Played> {
    let mut all: Vec<Played> = families
        .into_iter()
        .flat_map(|family| family.played)
        .collect();
    all.sort_unstable_by_key(|one| one.report);
    all
}

struct Stage<'a> {
    nodes: &'a Nodes,
    span: &'a Span<'a>,
    progress: &'a Progress,
}

impl Stage<'_> {
    /// What comes about of a family in a half day, one after the other.
    async fn turns(&self, playing: &mut Playing, number: usize) -> anyhow::Result<()> {
        let due = playing.due(number);
        let turns: Vec<Turn> = playing.turns.drain(..due).collect();
        for turn in turns {
            let course = match turn.course {
                0 => &playing.family.head,
                repeat => &playing.family.repeats[repeat - 1],
            };
            match turn.step {
                None => {
                    let filed = self.file(course).await?;
                    playing.played.push(filed);
                }
                Some(step) => {
                    let links = turn.course > 0 && step >= course.way.len();
                    let target = links.then(|| playing.played[0].case.clone());
                    let step = course.step(step).context("the plan has no such step")?;
                    let played = &mut playing.played[turn.course];
                    self.take(course, step, played, target.as_deref()).await?;
                }
            }
            self.span.done()?;
        }
        Ok(())
    }

    /// Files a report.
    async fn file(&self, course: &Course) -> anyhow::Result<Played> {
        let report = &course.report;
        let node = self.node(course.door)?;
        let what = || format!("report {} could not be filed", report.id);
        let today = day(self.span.now_ms())?;
        let file = attachment(report);
        let mut uploads = Vec::new();
        if let Some(file) = &file {
            uploads.push(node.upload(file).await.with_context(what)?.upload);
        }
        let filed = node
            .file(&speech::filing(report, &uploads, &today))
            .await
            .with_context(what)?;
        self.progress.filed();
        Ok(Played {
            report: report.id,
            origin: course.door.to_owned(),
            case: filed.case.to_string(),
            ticket: filed.ticket,
            messages: vec![filed.message.to_string()],
            file: file.map(|file| hex::encode(Sha256::digest(&file.bytes))),
        })
    }

    async fn take(
        &self,
        course: &Course,
        step: &Step,
        played: &mut Played,
        target: Option<&str>,
    ) -> anyhow::Result<()> {
        let kind = speech::kind(&step.act);
        let what = || format!("report {}: {kind} by {}", course.report.id, step.by);
        let node = self.node(&step.by)?;
        wait_for(node, &played.case, step)
            .await
            .with_context(what)?;
        if let Some(target) = target {
            wait_to_know(node, target).await.with_context(what)?;
        }
        let deadline = deadline(self.span.now_ms())?;
        let request = speech::act(&step.act, &course.report, target, &deadline);
        let acted = node.act(&played.case, &request).await.with_context(what)?;
        played.messages.push(acted.message.to_string());
        self.progress.acted(&step.act);
        Ok(())
    }

    fn node(&self, slug: &str) -> anyhow::Result<&Api> {
        self.nodes
            .get(slug)
            .with_context(|| format!("{slug} has no node in this demo"))
    }
}

/// Until the node sees the case as the step needs it, and can read its words.
async fn wait_for(node: &Api, case: &str, step: &Step) -> anyhow::Result<()> {
    let ready = |view: &CaseView| {
        let custodian = view.summary.custodian.as_ref().map(ToString::to_string);
        let state = view.summary.state.map(State::as_str);
        view.key == KeyState::Held
            && custodian.as_deref() == Some(step.custodian.as_str())
            && state == Some(step.state)
    };
    let Err(seen) = look(node, case, ready).await? else {
        return Ok(());
    };
    let (custodian, state, slug) = (&step.custodian, step.state, node.slug());
    bail!(
        "after {} s {slug} should see it {state} at {custodian}, but {seen}",
        PATIENCE.as_secs()
    )
}

/// Until the node holds the key of a case that it is to link another to.
async fn wait_to_know(node: &Api, case: &str) -> anyhow::Result<()> {
    match look(node, case, |view| view.key == KeyState::Held).await? {
        Ok(()) => Ok(()),
        Err(seen) => bail!("the case to link to has not arrived: {seen}"),
    }
}

/// Looks at a case until it is as wanted; otherwise says how it was seen last.
async fn look(
    node: &Api,
    case: &str,
    wanted: impl Fn(&CaseView) -> bool,
) -> anyhow::Result<Result<(), String>> {
    let give_up = Instant::now() + PATIENCE;
    let mut pause = GLANCE;
    loop {
        let view = node.case(case).await?;
        if view.as_ref().is_some_and(&wanted) {
            return Ok(Ok(()));
        }
        if Instant::now() >= give_up {
            return Ok(Err(seen(view.as_ref())));
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 3 / 2).min(LONGEST_GLANCE);
    }
}

fn seen(view: Option<&CaseView>) -> String {
    let Some(view) = view else {
        return "the case is not there".to_owned();
    };
    let custodian = view.summary.custodian.as_ref().map(ToString::to_string);
    let state = view.summary.state.map_or("unborn", |state| state.as_str());
    let refused = view
        .history
        .iter()
        .rev()
        .find_map(|entry| entry.reason.as_ref());
    format!(
        "sees it {state} at {}, key {:?}, {} acts pending, last refusal {refused:?}",
        custodian.as_deref().unwrap_or("nobody"),
        view.key,
        view.summary.pending
    )
}
