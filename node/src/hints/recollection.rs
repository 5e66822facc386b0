//! The latest cases of this node in stems, in memory, brought up to date when somebody asks.
//!
//! Words of cases are encrypted in the database and stay so: nothing of this is written down, and
//! a case that has been erased is forgotten at the next question. At most [`MOST`] cases are
//! remembered, those that changed last.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use lapor_protocol::case::State;
use lapor_protocol::ids::{CaseId, InstanceId};
use serde_json::Value;
use tokio::sync::Mutex;

use super::institutions::Institutions;
use super::likely::Features;
use super::neighbours::Readers;
use super::past::{Example, Past};
use super::reading::read;
use super::units::{Disposition, UnitPast};
use crate::casework::{CaseFilter, CaseSummary, CaseView, Coordinates, HistoryEntry};
use crate::damage;
use crate::error::NodeError;
use crate::node::Node;

/// Cases that are remembered.
const MOST: usize = 2_000;
const PAGE: u32 = 200;

/// What hints remember between two questions.
#[derive(Default)]
pub struct Memory {
    recollection: Mutex<Recollection>,
    /// The institutions of a version of the directory.
    institutions: Mutex<Option<(u64, Arc<Institutions>)>>,
}

impl fmt::Debug for Memory {
    /// Nothing of it: it holds words of cases.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memory(..)")
    }
}

/// A case that is remembered.
pub(super) struct Remembered {
    pub summary: CaseSummary,
    pub title: String,
    read: Reading,
    /// The same without what the public does not read, where there is such.
    public: Option<Reading>,
}

/// The words of a case, ready to be compared and to be learnt from.
struct Reading {
    features: Features,
    stems: Vec<String>,
}

#[derive(Default)]
struct Recollection {
    cases: BTreeMap<CaseId, Arc<Remembered>>,
    /// The latest change that is known, Unix ms.
    until: i64,
    past: Arc<Past>,
    /// What the cases teach that everybody may read.
    public_past: Arc<Past>,
    units: Arc<UnitPast>,
}

/// What the report of a case says, as far as this node can read it.
pub(super) struct Told {
    pub title: String,
    pub content: String,
    /// What the reporter said later. The public does not read it: it may be a place that was shared.
    pub added: String,
    pub place: Option<String>,
    pub coordinates: Option<Coordinates>,
}

impl Node {
    pub(super) async fn institutions(&self) -> Arc<Institutions> {
        let directory = self.directory();
        let mut known = self.memory().institutions.lock().await;
        match &*known {
            Some((version, institutions)) if *version == directory.version() => {
                Arc::clone(institutions)
            }
            _ => {
                let fresh = Arc::new(Institutions::of_directory(directory.latest()));
                *known = Some((directory.version(), Arc::clone(&fresh)));
                fresh
            }
        }
    }

    /// Whom the latest cases went to, of those that officers or everybody may hear of: hints to
    /// everybody must not tell that somebody has reported the like in secret.
    pub(super) async fn past(&self, readers: Readers) -> Result<Arc<Past>, NodeError> {
        let institutions = self.institutions().await;
        let mut known = self.memory().recollection.lock().await;
        if self.catch_up(&mut known).await? {
            known.learn(&institutions);
        }
        Ok(Arc::clone(match readers {
            Readers::Officers => &known.past,
            Readers::Everybody => &known.public_past,
        }))
    }

    /// To which units of this institution the latest cases went.
    pub(super) async fn past_of_units(&self) -> Result<Arc<UnitPast>, NodeError> {
        let institutions = self.institutions().await;
        let mut known = self.memory().recollection.lock().await;
        if self.catch_up(&mut known).await? {
            known.learn(&institutions);
        }
        Ok(Arc::clone(&known.units))
    }

    /// The latest cases, by id.
    pub(super) async fn remembered(&self) -> Result<Vec<(CaseId, Arc<Remembered>)>, NodeError> {
        let institutions = self.institutions().await;
        let mut known = self.memory().recollection.lock().await;
        if self.catch_up(&mut known).await? {
            known.learn(&institutions);
        }
        let cases = known.cases.iter();
        Ok(cases.map(|(id, case)| (*id, Arc::clone(case))).collect())
    }

    /// Reads what has changed since the last time. Returns whether anything has.
    async fn catch_up(&self, known: &mut Recollection) -> Result<bool, NodeError> {
        // What changes after the clock was set back is dated before what was read last.
        known.until = known.until.min(self.clock().now_ms());
        let mut changed = Vec::new();
        let mut after = None;
        loop {
            let page = self
                .cases(&CaseFilter::default(), after.as_deref(), PAGE)
                .await?;
            let all = page.cases.len();
            // The last change is read once more: others may have come in the same millisecond.
            let fresh = page
                .cases
                .into_iter()
                .filter(|case| case.updated_at >= known.until);
            let before = changed.len();
            changed.extend(fresh);
            let seen = changed.len() - before < all || changed.len() >= MOST;
            match page.next {
                Some(next) if !seen => after = Some(next),
                _ => break,
            }
        }
        changed.truncate(MOST);
        changed.retain(|case| known.is_news(case));
        for case in &changed {
            known.cases.remove(&case.case);
            // Without a title its words are not here, or no more.
            if case.title.is_some()
                && let Some(view) = self.legible(case.case).await?
            {
                let remembered = Remembered::of(case.clone(), &view);
                known.cases.insert(case.case, Arc::new(remembered));
            }
        }
        let latest = changed.iter().map(|case| case.updated_at).max();
        known.until = known.until.max(latest.unwrap_or_default());
        known.forget_oldest();
        Ok(!changed.is_empty())
    }

    /// A case with its words; `None` where it cannot be read, which keeps no other from being compared.
    pub(super) async fn legible(&self, case: CaseId) -> Result<Option<CaseView>, NodeError> {
        match self.case(case).await {
            Ok(view) => Ok(Some(view)),
            Err(error @ NodeError::Database(_)) => Err(error),
            Err(NodeError::NotFound { .. }) => Ok(None),
            Err(_) => {
                damage::tell("cases", &case.to_string());
                Ok(None)
            }
        }
    }

    /// Has a case forgotten as if many others had changed after it.
    #[cfg(test)]
    pub(super) async fn forgets(&self, case: CaseId) {
        let mut known = self.memory().recollection.lock().await;
        known.cases.remove(&case);
    }
}

impl Remembered {
    pub fn of(summary: CaseSummary, view: &CaseView) -> Self {
        let told = told(view);
        let place = told.place.as_deref().unwrap_or_default();
        let public = format!("{place} {}", told.content);
        let content = format!("{public}{}", told.added);
        let reading = |content: &str| {
            let region = summary.region.clone();
            Reading {
                features: Features::of(&told.title, content, region, told.coordinates),
                stems: read(&format!("{} {content}", told.title)),
            }
        };
        Self {
            read: reading(&content),
            public: (!told.added.is_empty()).then(|| reading(&public)),
            title: told.title,
            summary,
        }
    }

    /// As it is compared for these readers: with the words that they may read.
    pub fn features(&self, readers: Readers) -> &Features {
        &self.reading(readers).features
    }

    fn reading(&self, readers: Readers) -> &Reading {
        match (readers, &self.public) {
            (Readers::Everybody, Some(public)) => public,
            _ => &self.read,
        }
    }

    /// What it teaches these readers, where it has been taken up.
    fn example(&self, institutions: &Institutions, readers: Readers) -> Option<Example> {
        let who = took_up(&self.summary)?;
        Some(Example {
            stems: self.reading(readers).stems.clone(),
            who: institutions.role_of(who, self.summary.region.as_ref()),
        })
    }
}

impl Recollection {
    fn is_news(&self, case: &CaseSummary) -> bool {
        self.cases
            .get(&case.case)
            .is_none_or(|known| known.summary != *case)
    }

    fn forget_oldest(&mut self) {
        let more = self.cases.len().saturating_sub(MOST);
        let mut ages: Vec<_> = self
            .cases
            .iter()
            .map(|(id, case)| (case.summary.updated_at, *id))
            .collect();
        ages.sort_unstable();
        for (_, id) in ages.into_iter().take(more) {
            self.cases.remove(&id);
        }
    }

    fn learn(&mut self, institutions: &Institutions) {
        let past = |readers: Readers| {
            // Officers are given counts of all cases, secret ones too, and no words of them.
            let cases = self
                .cases
                .values()
                .filter(|case| readers == Readers::Officers || readers.may_be_told(&case.summary));
            let examples: Vec<Example> = cases
                .filter_map(|case| case.example(institutions, readers))
                .collect();
            Arc::new(Past::of(&examples))
        };
        let (officers, everybody) = (past(Readers::Officers), past(Readers::Everybody));
        (self.past, self.public_past) = (officers, everybody);
        let dispositions: Vec<Disposition> = self
            .cases
            .values()
            .filter_map(|case| {
                let summary = &case.summary;
                Some(Disposition {
                    category: summary.category.clone(),
                    region: summary.region.clone(),
                    learnt: Example {
                        stems: case.read.stems.clone(),
                        who: summary.unit.clone()?,
                    },
                })
            })
            .collect();
        self.units = Arc::new(UnitPast::of(&dispositions));
    }
}

/// Who works or has worked on a case: having it is not enough, it may yet come back.
fn took_up(case: &CaseSummary) -> Option<&InstanceId> {
    let worked = matches!(
        case.state,
        Some(State::InProgress | State::Answered | State::Closed)
    );
    let who = case.on_behalf_of.as_ref().or(case.custodian.as_ref());
    who.filter(|_| worked)
}

/// What the reporter told: the report or the split that made the case, and what was added.
pub(super) fn told(view: &CaseView) -> Told {
    let mut told = Told {
        title: view.summary.title.clone().unwrap_or_default(),
        content: String::new(),
        added: String::new(),
        place: None,
        coordinates: None,
    };
    for entry in &view.history {
        let kind = entry.kind.as_str();
        let is_added = kind == "report.completed";
        if kind != "report.filed" && !is_added && !makes(entry, view.summary.case) {
            continue;
        }
        let Some(words) = &entry.words else { continue };
        let text = |name: &str| words.get(name).and_then(Value::as_str);
        let said = if is_added {
            &mut told.added
        } else {
            &mut told.content
        };
        for name in ["content", "text"] {
            if let Some(text) = text(name) {
                said.push_str(text);
                said.push('\n');
            }
        }
        told.place = text("place").map(str::to_owned).or(told.place);
        told.coordinates = Coordinates::in_words(words).or(told.coordinates);
    }
    told
}

fn makes(entry: &HistoryEntry, case: CaseId) -> bool {
    let child = entry
        .body
        .as_ref()
        .and_then(|body| body.get("child")?.as_str());
    entry.kind == "case.split" && child.and_then(|id| id.parse().ok()) == Some(case)
}
