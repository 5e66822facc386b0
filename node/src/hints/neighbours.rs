//! Cases that a report may repeat and that are not among the latest: found through the index of words,
//! in the region that the report names.
//!
//! What it costs has a bound, however many cases there are: the index gives the newest thousand that
//! have two of the telling words, and of those that are likest by their stems alone the words are read.

use std::collections::BTreeSet;
use std::sync::Arc;

use lapor_protocol::ids::CaseId;

use super::likely::{Features, Grain, Rarity};
use super::recollection::Remembered;
use crate::casework::{CaseSummary, two_of};
use crate::error::NodeError;
use crate::node::Node;
use crate::place;
use crate::store;
use crate::store::cases::CaseRow;
use crate::store::lists::{Condition, Limits};
use crate::store::texts::{Reach, TextRow};

/// Words of a report that are asked for.
const ASKED: usize = 12;
/// Those of them that none of the latest cases has.
const UNHEARD: usize = 6;
/// Cases whose words are read.
const READ: usize = 16;

/// Who is told of what a report may repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Readers {
    Officers,
    Everybody,
}

impl Readers {
    pub fn may_be_told(self, case: &CaseSummary) -> bool {
        match self {
            Self::Officers => !case.secret,
            Self::Everybody => case.public,
        }
    }

    /// The same of a row as it is now.
    pub fn may_read(self, row: &CaseRow) -> bool {
        match self {
            Self::Officers => row.secret == 0,
            Self::Everybody => row.public != 0,
        }
    }

    /// Officers read where a report is; everybody else learns of its place no more than roughly.
    pub fn grain(self) -> Grain {
        match self {
            Self::Officers => Grain::Exact,
            Self::Everybody => Grain::Cell,
        }
    }

    fn reach(self) -> Reach<'static> {
        match self {
            Self::Officers => Reach::Desk(Limits {
                secrets: false,
                units: None,
                regions: None,
            }),
            Self::Everybody => Reach::Public,
        }
    }
}

impl Node {
    /// The likest by their words of the open cases filed since a moment, without those that are known.
    pub(super) async fn neighbours(
        &self,
        report: &Features,
        rarity: &Rarity,
        readers: Readers,
        since: i64,
        known: &BTreeSet<CaseId>,
    ) -> Result<Vec<(CaseId, Arc<Remembered>)>, NodeError> {
        let stems = rarity.telling(report, ASKED, UNHEARD);
        if stems.len() < 2 {
            return Ok(Vec::new());
        }
        let (province, regency) = place_of(report);
        let mut conditions = vec![Condition::FiledFrom(since), Condition::Open];
        conditions.extend(province.as_deref().map(Condition::Province));
        conditions.extend(regency.as_deref().map(Condition::Regency));
        let mut tx = self.read_tx().await?;
        let asked = two_of(tx.kind(), &stems, readers == Readers::Everybody);
        let found = store::texts::fits(&mut tx, &asked, readers.reach(), &conditions).await?;
        drop(tx);
        let mut cases = Vec::new();
        for id in likest(report, rarity, &found, known)? {
            let Some(view) = self.legible(id).await? else {
                continue;
            };
            if view.summary.title.is_some() {
                let case = Remembered::of(view.summary.clone(), &view);
                cases.push((id, Arc::new(case)));
            }
        }
        Ok(cases)
    }
}

/// The province, and the regency or city, in which a report looks for others.
fn place_of(report: &Features) -> (Option<String>, Option<String>) {
    let region = report.region().cloned().or_else(|| {
        let at = report.coordinates()?;
        place::spot(at.latitude(), at.longitude()).province()
    });
    let first = |length: usize| Some(region.as_ref()?.as_str().get(..length)?.to_owned());
    (first(2), first(5))
}

/// The cases whose stems are likest, of those that are not known.
fn likest(
    report: &Features,
    rarity: &Rarity,
    found: &[TextRow],
    known: &BTreeSet<CaseId>,
) -> Result<Vec<CaseId>, NodeError> {
    let mut ranked = Vec::new();
    for row in found {
        let id = store::case_id(&row.case_id)?;
        if !known.contains(&id) {
            let other = Features::of_stems(&row.title, &row.body);
            ranked.push((rarity.likeness_of_words(report, &other), id));
        }
    }
    // Stable: of equal ones the newest stays first.
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    Ok(ranked.into_iter().take(READ).map(|(_, id)| id).collect())
}
