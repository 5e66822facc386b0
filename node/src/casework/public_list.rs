//! What everybody may look around in: the public reports that this institution is a party of, and
//! how many there are.
//!
//! *Rahasia* is not in it by a condition of the query. It holds no identity, so that *anonim* needs
//! no exception: who reported is never shown.

use std::collections::BTreeMap;
use std::sync::Arc;

use lapor_protocol::case::State;
use lapor_protocol::ids::{CaseId, InstanceId};
use lapor_protocol::kinds::{Category, Classification, ProgrammeRef};
use lapor_protocol::region::RegionCode;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use utoipa::ToSchema;

use super::inbox::{categorised, classified, within};
use super::query::Question;
use super::reading::{listed, page, read_after};
use super::search::{Direct, hits};
use super::{CaseList, CaseSummary, Outcome};
use crate::error::NodeError;
use crate::figures::{Month, PublicWork, Side};
use crate::node::Node;
use crate::store;
use crate::store::lists::Condition;
use crate::store::texts::Reach;

const MAX_PAGE: u32 = 100;
/// How old figures may be that are shown again.
const FIGURES_MS: i64 = 60_000;
/// Months of which figures are shown.
const MONTHS: u32 = 12;

/// Which public reports to list; all conditions must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PublicFilter {
    pub state: Option<State>,
    /// Only what ended so.
    pub outcome: Option<Outcome>,
    pub classification: Option<Classification>,
    /// A category, or a first level with all below it.
    pub category: Option<Category>,
    /// A category of this institution's own tree, or a first level with all below it.
    pub local_category: Option<String>,
    /// A region with all that lies in it.
    pub region: Option<RegionCode>,
    /// Who has it now.
    pub institution: Option<InstanceId>,
    pub programme: Option<ProgrammeRef>,
    /// Unix ms, inclusive.
    pub filed_from: Option<i64>,
    /// Unix ms, exclusive.
    pub filed_before: Option<i64>,
}

/// A public report as everybody sees it in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PublicCase {
    #[schema(value_type = String)]
    pub case: CaseId,
    pub title: Option<String>,
    pub place: Option<String>,
    pub excerpt: Option<String>,
    /// The beginning of the last public follow-up.
    pub answer: Option<String>,
    pub state: Option<State>,
    /// How it ended; `None` while it is open.
    pub outcome: Option<Outcome>,
    /// It is open, and its reporter has spoken since the last public follow-up.
    #[serde(skip)]
    pub replied: bool,
    #[schema(value_type = Option<String>)]
    pub custodian: Option<InstanceId>,
    pub classification: Option<Classification>,
    #[schema(value_type = Option<String>)]
    pub category: Option<Category>,
    /// In this institution's own tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_category: Option<String>,
    #[schema(value_type = Option<String>)]
    pub region: Option<RegionCode>,
    pub supports: u32,
    /// Unix ms.
    pub filed_at: i64,
    /// Unix ms of the last message.
    #[serde(skip)]
    pub last_at: Option<i64>,
}

/// A page of public reports; `next` goes into `after` for the next page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PublicPage {
    pub cases: Vec<PublicCase>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// How many public reports there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PublicFigures {
    /// Unix ms at which they were counted, at most a minute ago.
    pub at: i64,
    pub all: u64,
    pub by_state: BTreeMap<String, u64>,
    /// Of those that are closed, by how.
    #[serde(default)]
    pub by_outcome: BTreeMap<String, u64>,
    /// By the first level of the taxonomy; reports without a category are left out.
    pub by_category: BTreeMap<String, u64>,
    /// By this institution's own tree; empty where it has none, and others are left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub by_local_category: BTreeMap<String, u64>,
    /// By the code of the province; reports without a region are left out.
    pub by_province: BTreeMap<String, u64>,
    /// By the code of the regency or city; reports that name only a province are left out.
    pub by_regency: BTreeMap<String, u64>,
    /// By who has them now.
    pub by_institution: BTreeMap<String, u64>,
    /// The last twelve months, this one last: of all cases, *rahasia* too, as numbers only.
    pub months: Vec<Month>,
    /// The work of each institution on what was filed in these months; of all cases as well, and
    /// so of few cases not told.
    pub work: Vec<PublicWork>,
}

/// The figures counted last, so that a crowd of visitors counts once a minute.
#[derive(Default)]
pub(crate) struct FiguresCache(Mutex<Option<Arc<PublicFigures>>>);

impl PublicFilter {
    fn conditions(&self) -> Vec<Condition<'_>> {
        let mut all: Vec<Condition<'_>> = [
            self.state.map(State::as_str).map(Condition::State),
            self.outcome.map(Outcome::as_str).map(Condition::Outcome),
            self.classification.map(classified),
            self.category.as_ref().map(categorised),
            self.local_category.as_deref().map(Condition::LocalCategory),
            self.region.as_ref().map(within),
            self.institution
                .as_ref()
                .map(InstanceId::as_str)
                .map(Condition::Custodian),
            self.filed_from.map(Condition::FiledFrom),
            self.filed_before.map(Condition::FiledBefore),
        ]
        .into_iter()
        .flatten()
        .collect();
        if let Some(programme) = &self.programme {
            all.push(Condition::Programme(
                programme.owner.as_str(),
                &programme.slug,
            ));
        }
        all
    }
}

impl From<CaseSummary> for PublicCase {
    fn from(case: CaseSummary) -> Self {
        Self {
            case: case.case,
            title: case.title,
            place: case.place,
            excerpt: case.excerpt,
            answer: case.answer,
            state: case.state,
            outcome: case.outcome,
            replied: case.replied,
            custodian: case.custodian,
            classification: case.classification,
            category: case.category,
            local_category: case.local_category,
            region: case.region,
            supports: case.supports,
            filed_at: case.filed_at,
            last_at: case.last_at,
        }
    }
}

impl From<CaseList> for PublicPage {
    fn from(list: CaseList) -> Self {
        Self {
            cases: list.cases.into_iter().map(PublicCase::from).collect(),
            next: list.next,
        }
    }
}

impl Node {
    /// Public reports: with nothing `typed` the latest first, otherwise the best fit first, as in
    /// [`Node::search`]. `after` is `next` of the page before.
    pub async fn public_cases(
        &self,
        typed: &str,
        filter: &PublicFilter,
        after: Option<&str>,
        limit: u32,
    ) -> Result<PublicPage, NodeError> {
        let limit = limit.clamp(1, MAX_PAGE);
        let mut conditions = filter.conditions();
        let mut tx = self.read_tx().await?;
        let direct = Direct::read(typed);
        if let Some(direct) = &direct {
            conditions.push(direct.condition());
            let found = store::lists::of_public(&mut tx, &conditions, None, 1).await?;
            if !found.is_empty() {
                return Ok(page(&found, 1, |row| row.filed_at).into());
            }
            conditions.pop();
        }
        if let Some(question) = Question::read(typed)? {
            let hits = hits(&mut tx, &question, Reach::Public, &conditions, after, limit).await?;
            let cases = listed(&hits.rows).into_iter();
            return Ok(PublicPage {
                cases: cases.map(PublicCase::from).collect(),
                next: hits.next,
            });
        }
        let after = after.map(read_after).transpose()?;
        let after = after.as_ref().map(|(at, case)| (*at, case.as_str()));
        let limit = i64::from(limit);
        let rows = store::lists::of_public(&mut tx, &conditions, after, limit + 1).await?;
        Ok(page(&rows, limit, |row| row.filed_at).into())
    }

    /// How many public reports there are, counted at most once a minute.
    pub async fn public_figures(&self) -> Result<Arc<PublicFigures>, NodeError> {
        let now = self.clock().now_ms();
        // Held while counting: who comes meanwhile gets the same figures.
        let mut kept = self.figures().0.lock().await;
        if let Some(figures) = kept
            .as_ref()
            .filter(|f| (0..FIGURES_MS).contains(&(now - f.at)))
        {
            return Ok(Arc::clone(figures));
        }
        let months = self.months(self.today(), MONTHS).await?;
        let since = months.first().map_or(now, |month| month.begins_at);
        let work = self.figures_of(Side::Custodian, since, now + 1).await?;
        let mut figures = PublicFigures {
            at: now,
            all: 0,
            by_state: BTreeMap::new(),
            by_outcome: BTreeMap::new(),
            by_category: BTreeMap::new(),
            by_local_category: BTreeMap::new(),
            by_province: BTreeMap::new(),
            by_regency: BTreeMap::new(),
            by_institution: BTreeMap::new(),
            work: work.figures.into_iter().map(PublicWork::from).collect(),
            months,
        };
        let mut tx = self.read_tx().await?;
        let counted = |rows: Vec<(String, i64)>| {
            let rows = rows.into_iter();
            rows.map(|(what, count)| (what, count.unsigned_abs()))
                .collect()
        };
        figures.by_institution = counted(store::lists::public_custodians(&mut tx).await?);
        let local = store::lists::public_local_categories(&mut tx).await?;
        figures.by_local_category = counted(local);
        figures.by_regency = counted(store::lists::public_regencies(&mut tx).await?);
        for (state, outcome, root, province, count) in store::lists::public_figures(&mut tx).await?
        {
            let count = count.unsigned_abs();
            figures.all += count;
            *figures.by_state.entry(state).or_default() += count;
            for (kept, key) in [
                (&mut figures.by_outcome, outcome),
                (&mut figures.by_category, root),
                (&mut figures.by_province, province),
            ] {
                if let Some(key) = key {
                    *kept.entry(key).or_default() += count;
                }
            }
        }
        let figures = Arc::new(figures);
        *kept = Some(Arc::clone(&figures));
        Ok(figures)
    }
}
