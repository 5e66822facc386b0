//! A trouble from its beginning to its end, as somebody at the console sees it:
//! who is accused of what after how long, and when all is well again.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde::Serialize;

use super::founding::Place;
use super::light::Light;
use super::person::{Look, Person};
use super::trouble::Trouble;

/// What is promised, after the moment from which the hub can know.
pub const PROMISED: Duration = Duration::from_mins(1);
/// How long a hub is away: long enough for every connection to notice.
pub const AWAY: Duration = Duration::from_secs(5);
/// After this nothing comes any more.
const PATIENCE: Duration = Duration::from_mins(4);
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// How a trouble went.
#[derive(Debug, Serialize)]
pub struct Course {
    pub trouble: Trouble,
    pub institutions: usize,
    /// Seconds from the beginning until the page said so of all of them.
    pub shown_after_s: Option<f64>,
    /// Seconds for which it must last before the rule takes it for one.
    pub bound_s: f64,
    /// Seconds beyond that.
    pub beyond_bound_s: Option<f64>,
    /// Seconds from the end until all was well.
    pub cleared_after_s: Option<f64>,
    /// Whether the metrics named the same institutions for the same reason.
    pub metrics_agree: bool,
    /// What the page said of others meanwhile.
    pub wrongly_accused: BTreeSet<String>,
}

impl Course {
    pub fn is_kept(&self) -> bool {
        let promised =
            |after: Option<f64>| after.is_some_and(|after| after <= PROMISED.as_secs_f64());
        promised(self.beyond_bound_s)
            && promised(self.cleared_after_s)
            && self.metrics_agree
            && self.wrongly_accused.is_empty()
    }
}

pub async fn play(
    trouble: Trouble,
    nodes: &[Arc<Light>],
    place: &Place,
    person: &Person,
    report_every: Duration,
) -> Result<Course> {
    let ill = trouble.befalls(nodes);
    let bound = trouble.bound(report_every);
    let mut wrongly_accused = BTreeSet::new();
    let began = Instant::now();
    trouble.begin(&ill, place).await?;
    let shown = until(person, began, |look| {
        wrongly_accused.extend(others(look, &ill));
        shows(look, trouble, &ill)
    })
    .await?;
    let metrics_agree = agree(person, trouble, &ill).await?;
    let ended = Instant::now();
    trouble.end(&ill).await?;
    let cleared = until(person, ended, |look| {
        wrongly_accused.extend(others(look, &ill));
        look.tiles.values().all(super::person::Tile::is_well)
    })
    .await?;
    Ok(Course {
        trouble,
        institutions: ill.len(),
        shown_after_s: shown.map(seconds),
        bound_s: bound.as_secs_f64(),
        beyond_bound_s: shown.map(|after| seconds(after.saturating_sub(bound))),
        cleared_after_s: cleared.map(seconds),
        metrics_agree,
        wrongly_accused,
    })
}

/// Waits until all are well; for before the first trouble, and after a restart.
pub async fn all_well(person: &Person) -> Result<Duration> {
    let well = |look: &Look| look.tiles.values().all(super::person::Tile::is_well);
    let after = until(person, Instant::now(), well).await?;
    if let Some(after) = after {
        return Ok(after);
    }
    let look = person.looks().await?;
    let ill = look.tiles.values().filter(|tile| !tile.is_well());
    let said: Vec<&str> = ill.map(|tile| tile.said.as_str()).take(5).collect();
    anyhow::bail!("the console finds nobody well: {said:?}")
}

/// Looks until something is seen; how long after `began` that was.
async fn until(
    person: &Person,
    began: Instant,
    mut seen: impl FnMut(&Look) -> bool,
) -> Result<Option<Duration>> {
    while began.elapsed() < PATIENCE {
        let look = person
            .looks()
            .await
            .context("the console does not answer")?;
        if seen(&look) {
            return Ok(Some(began.elapsed()));
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    Ok(None)
}

/// Whether the page names all of them, and the map their provinces.
fn shows(look: &Look, trouble: Trouble, ill: &[Arc<Light>]) -> bool {
    let (reason, _) = trouble.shows_as();
    ill.iter().all(|node| {
        let tile = look.tiles.get(node.id.as_str());
        let named = tile.is_some_and(|tile| !tile.is_well() && tile.said.contains(reason));
        let province = node.region.as_ref();
        let province = province.and_then(|code| code.as_str().split('.').next());
        named && province.is_none_or(|code| look.provinces.contains(code))
    })
}

/// What is said of those whom nothing has befallen.
fn others(look: &Look, ill: &[Arc<Light>]) -> Vec<String> {
    let accused = look.tiles.iter().filter(|(slug, tile)| {
        !tile.is_well() && !ill.iter().any(|node| node.id.as_str() == slug.as_str())
    });
    accused.map(|(_, tile)| tile.said.clone()).collect()
}

async fn agree(person: &Person, trouble: Trouble, ill: &[Arc<Light>]) -> Result<bool> {
    let (_, concern) = trouble.shows_as();
    let measured = person.measures().await?;
    let named = measured.iter().filter(|(_, of)| of == concern);
    let named: BTreeSet<&str> = named.map(|(slug, _)| slug.as_str()).collect();
    Ok(named == ill.iter().map(|node| node.id.as_str()).collect())
}

fn seconds(of: Duration) -> f64 {
    (of.as_secs_f64() * 10.0).round() / 10.0
}

/// Waits until all nodes stand at the end of their streams with nothing to send.
pub async fn in_step(nodes: &[Arc<Light>], since: Instant) -> Result<Duration> {
    while !nodes.iter().all(|node| node.is_in_step(since)) {
        let behind = nodes.iter().filter(|node| !node.is_in_step(since)).count();
        ensure!(
            since.elapsed() < PATIENCE,
            "{behind} nodes are not in step after {PATIENCE:?}"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(since.elapsed())
}
