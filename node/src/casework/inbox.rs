//! The inbox of the desk: what is new, what runs out next, what came back, what waits for whom.
//!
//! What somebody may see is part of every question that is asked of the database; nothing is taken
//! out of an answer afterwards.

use std::collections::BTreeMap;

use lapor_protocol::case::State;
use lapor_protocol::ids::InstanceId;
use lapor_protocol::kinds::{Category, Classification};
use lapor_protocol::region::RegionCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::reading::desk_page;
use super::{CaseFilter, CaseList, CaseSummary, Outcome, Tray};
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::cases::CaseRow;
use crate::store::lists::{Condition, Limits, Order};

/// What whoever asks may see of the desk's cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// *Rahasia* as well.
    pub secrets: bool,
    /// Only what lies on the desk of these units.
    pub units: Option<Vec<String>>,
    /// Only what lies in these provinces and regencies.
    pub regions: Option<Vec<RegionCode>>,
}

/// A tab of the inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tab {
    New,
    /// In our hands, what runs out next first.
    RunsOut,
    CameBack,
    /// Waits for the reporter's answer, for the longest time first.
    Waiting,
    Working,
    Answered,
    /// With another institution, what runs out next first.
    Elsewhere,
    /// A supervisor has joined, and it is not at its end; what runs out next first.
    Escalated,
    /// Others handle it and this institution has a copy; what runs out next first.
    Copies,
    Ended,
    /// Overdue for days without anything done, here or with another institution.
    LongOverdue,
    /// With own acts that the hub has not ruled.
    Pending,
    /// With own acts that had no effect, to be done again or dropped.
    Failed,
    /// What looks like abuse, until somebody has cleared it or put it away.
    Suspect,
}

/// How many cases each tab has; ended ones are not counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InboxCounts {
    pub new: u64,
    /// New ones that nobody has looked at.
    pub unseen: u64,
    pub runs_out: u64,
    pub came_back: u64,
    pub waiting: u64,
    pub working: u64,
    pub answered: u64,
    pub elsewhere: u64,
    /// Those of them that are overdue there.
    pub elsewhere_overdue: u64,
    /// Open ones that a supervisor has joined, wherever they lie.
    pub escalated: u64,
    /// Open ones of which this institution has a copy; all of them are elsewhere.
    pub copies: u64,
    /// Overdue for days without anything done, here or elsewhere.
    pub long_overdue: u64,
    pub pending: u64,
    pub failed: u64,
    /// What looks like abuse; while it is new, it counts neither as new nor as running out.
    pub suspect: u64,
}

impl Sight {
    /// The whole desk.
    pub const ALL: Self = Self {
        secrets: true,
        units: None,
        regions: None,
    };

    /// Whether a case may be seen.
    pub fn shows(&self, case: &CaseSummary) -> bool {
        let place = self.reaches(case.unit.as_deref()) && self.covers(case.region.as_ref());
        case.tray.is_some() && place && (self.secrets || !case.secret)
    }

    /// The same of its row.
    pub(crate) fn shows_row(&self, row: &CaseRow) -> bool {
        let region = row.region.as_ref().and_then(|code| code.parse().ok());
        let place = self.reaches(row.local.unit.as_deref()) && self.covers(region.as_ref());
        row.tray.is_some() && place && (self.secrets || row.secret == 0)
    }

    /// Whether what lies in a unit, or in none, may be seen.
    pub fn reaches(&self, unit: Option<&str>) -> bool {
        let within = |units: &Vec<String>| units.iter().any(|one| Some(one.as_str()) == unit);
        self.units.as_ref().is_none_or(within)
    }

    /// Whether what lies in a region, or in none that is known, may be seen.
    pub fn covers(&self, region: Option<&RegionCode>) -> bool {
        let lies_in = |one: &RegionCode| region.is_some_and(|region| region.within(one));
        let within = |regions: &Vec<RegionCode>| regions.iter().any(lies_in);
        self.regions.as_ref().is_none_or(within)
    }

    /// Refuses a new report that would not be seen where it comes to lie: in no unit, in this region.
    pub fn takes(&self, region: Option<&RegionCode>) -> Result<(), NodeError> {
        if self.units.is_some() {
            let problem = "a new report lies in no unit, and the token is bounded to units";
            return Err(NodeError::Forbidden(problem.into()));
        }
        if self.covers(region) {
            return Ok(());
        }
        let problem = "region: expected one to which the token is bounded";
        Err(NodeError::Invalid(problem.into()))
    }

    pub(crate) fn limits(&self) -> Limits<'_> {
        Limits {
            secrets: self.secrets,
            units: self.units.as_deref(),
            regions: self.regions.as_deref(),
        }
    }
}

impl Tab {
    fn condition(self, now: i64) -> Condition<'static> {
        match self {
            Self::New => Condition::Tray(Tray::New.as_str()),
            Self::RunsOut => Condition::Running,
            Self::CameBack => Condition::Tray(Tray::CameBack.as_str()),
            Self::Waiting => Condition::Tray(Tray::Waiting.as_str()),
            Self::Working => Condition::Tray(Tray::Working.as_str()),
            Self::Answered => Condition::Tray(Tray::Answered.as_str()),
            Self::Elsewhere => Condition::Tray(Tray::Elsewhere.as_str()),
            Self::Escalated => Condition::Escalated,
            Self::Copies => Condition::Copied,
            Self::Ended => Condition::Tray(Tray::Ended.as_str()),
            Self::LongOverdue => Condition::LongOverdue(now),
            Self::Pending => Condition::Pending,
            Self::Failed => Condition::Failed,
            Self::Suspect => Condition::Suspect,
        }
    }

    /// What looks like abuse lies in a list of its own, not among what waits for us, until somebody
    /// has taken it up: then its clock is seen like any other.
    fn conditions(self, now: i64) -> Vec<Condition<'static>> {
        match self {
            Self::New | Self::RunsOut => vec![self.condition(now), Condition::Unsuspected],
            _ => vec![self.condition(now)],
        }
    }

    /// What waits for us comes in the order in which it came, what waits for a reporter by how long
    /// it has, what can run out by its clock; the rest by what happened last.
    fn order(self) -> Order {
        match self {
            Self::RunsOut => Order::Work,
            Self::Elsewhere | Self::Escalated | Self::Copies | Self::LongOverdue => Order::Due,
            Self::Waiting => Order::Waits,
            Self::New | Self::CameBack | Self::Suspect => Order::Oldest,
            _ => Order::Latest,
        }
    }
}

impl CaseFilter {
    pub(super) fn conditions(&self, now: i64) -> Vec<Condition<'_>> {
        let mut all: Vec<Condition<'_>> = [
            self.state.map(State::as_str).map(Condition::State),
            self.outcome.map(Outcome::as_str).map(Condition::Outcome),
            self.custodian
                .as_ref()
                .map(InstanceId::as_str)
                .map(Condition::Custodian),
            self.origin
                .as_ref()
                .map(InstanceId::as_str)
                .map(Condition::Origin),
            self.on_behalf_of
                .as_ref()
                .map(InstanceId::as_str)
                .map(Condition::OnBehalfOf),
            self.classification.map(classified),
            self.category.as_ref().map(categorised),
            self.region.as_ref().map(within),
            self.tray.map(|tray| Condition::Tray(tray.as_str())),
            self.unit.as_deref().map(Condition::Unit),
            self.officer.as_deref().map(Condition::Officer),
            self.mine.then_some(Condition::OfficerAmong(&self.mine_of)),
            self.own_number.as_deref().map(Condition::OwnNumber),
            self.local_category.as_deref().map(Condition::LocalCategory),
            self.secret.map(Condition::Secret),
            self.filed_from.map(Condition::FiledFrom),
            self.filed_before.map(Condition::FiledBefore),
            self.overdue.then_some(Condition::RunOut(now)),
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

pub(super) fn classified(class: Classification) -> Condition<'static> {
    Condition::Classification(match class {
        Classification::Complaint => "complaint",
        Classification::InformationRequest => "information_request",
        Classification::Aspiration => "aspiration",
    })
}

/// A first level stands for all below it.
pub(super) fn categorised(category: &Category) -> Condition<'_> {
    if category.root() == category.as_str() {
        Condition::CategoryRoot(category.root())
    } else {
        Condition::Category(category.as_str())
    }
}

/// A region stands for all that lies in it.
pub(super) fn within(region: &RegionCode) -> Condition<'_> {
    let code = region.as_str();
    match code.len() {
        2 => Condition::Province(code),
        5 => Condition::Regency(code),
        _ => Condition::Within(&code[..5], code),
    }
}

impl Node {
    /// A page of a tab; `after` is `next` of the page before.
    pub async fn inbox(
        &self,
        sight: &Sight,
        tab: Tab,
        filter: &CaseFilter,
        after: Option<&str>,
        limit: u32,
    ) -> Result<CaseList, NodeError> {
        let now = self.clock().now_ms();
        let mut conditions = tab.conditions(now);
        conditions.extend(filter.conditions(now));
        let mut tx = self.read_tx().await?;
        desk_page(&mut tx, sight, &conditions, tab.order(), after, limit).await
    }

    /// The cases of a tab of which an account has not been told while they lay in their tray.
    pub(crate) async fn untold(
        &self,
        sight: &Sight,
        tab: Tab,
        account: &str,
        limit: u32,
    ) -> Result<Vec<CaseSummary>, NodeError> {
        let mut conditions = tab.conditions(self.clock().now_ms());
        conditions.push(Condition::Untold(account));
        let mut tx = self.read_tx().await?;
        let page = desk_page(&mut tx, sight, &conditions, tab.order(), None, limit).await?;
        Ok(page.cases)
    }

    /// Cases in hand that were given to one of these officers, or to a unit and no officer, and that
    /// nobody for whom they are has opened since.
    pub(crate) async fn handed_to(
        &self,
        sight: &Sight,
        officers: &[String],
        unit: Option<&str>,
        limit: u32,
    ) -> Result<Vec<CaseSummary>, NodeError> {
        let conditions = [
            Condition::Running,
            Condition::Handed,
            Condition::For(officers, unit),
        ];
        let mut tx = self.read_tx().await?;
        let page = desk_page(&mut tx, sight, &conditions, Order::Work, None, limit).await?;
        Ok(page.cases)
    }

    /// How many cases that lie elsewhere each of these institutions has; none of one that has none.
    pub(crate) async fn count_elsewhere_with(
        &self,
        sight: &Sight,
        custodians: &[&str],
    ) -> Result<BTreeMap<String, u64>, NodeError> {
        let mut tx = self.read_tx().await?;
        let counted = store::lists::elsewhere_with(&mut tx, sight.limits(), custodians).await?;
        let counted = counted.into_iter();
        Ok(counted
            .map(|(custodian, count)| (custodian, count.unsigned_abs()))
            .collect())
    }

    /// How many cases each tab has. Answered from indexes: no row is read, unless a filter asks for
    /// more than unit or officer.
    pub async fn inbox_counts(
        &self,
        sight: &Sight,
        filter: &CaseFilter,
    ) -> Result<InboxCounts, NodeError> {
        let now = self.clock().now_ms();
        let conditions = filter.conditions(now);
        let with = |more: &[Condition<'static>]| [more, &conditions[..]].concat();
        let mut tx = self.read_tx().await?;
        let limits = sight.limits();
        let mut counts = InboxCounts::default();
        for (tray, count) in store::lists::tray_counts(&mut tx, limits, &conditions).await? {
            let count = count.unsigned_abs();
            match Tray::named(&tray) {
                Some(Tray::New) => counts.new = count,
                Some(Tray::CameBack) => counts.came_back = count,
                Some(Tray::Waiting) => counts.waiting = count,
                Some(Tray::Working) => counts.working = count,
                Some(Tray::Answered) => counts.answered = count,
                Some(Tray::Elsewhere) => counts.elsewhere = count,
                Some(Tray::Ended) | None => {}
            }
        }
        counts.runs_out = counts.new + counts.came_back + counts.working;
        let suspects = with(&[Condition::Suspect]);
        for (tray, count) in store::lists::tray_counts(&mut tx, limits, &suspects).await? {
            let (count, tray) = (count.unsigned_abs(), Tray::named(&tray));
            counts.suspect += count;
            if tray == Some(Tray::New) {
                counts.new = counts.new.saturating_sub(count);
                counts.runs_out = counts.runs_out.saturating_sub(count);
            }
        }
        for (condition, counted) in [
            (
                &[Condition::Unseen, Condition::Unsuspected][..],
                &mut counts.unseen,
            ),
            (
                &[Tab::Elsewhere.condition(now), Condition::RunOut(now)],
                &mut counts.elsewhere_overdue,
            ),
            (&[Condition::Escalated], &mut counts.escalated),
            (&[Condition::Copied], &mut counts.copies),
            (&[Condition::LongOverdue(now)], &mut counts.long_overdue),
            (&[Condition::Pending], &mut counts.pending),
            (&[Condition::Failed], &mut counts.failed),
        ] {
            let count = store::lists::count(&mut tx, limits, &with(condition)).await?;
            *counted = count.unsigned_abs();
        }
        Ok(counts)
    }
}

#[cfg(test)]
mod tests {
    use lapor_protocol::ids::CaseId;
    use serde_json::json;

    use super::*;
    use crate::testing::{Place, acts, databases};

    async fn filed(place: &Place, title: &str) -> CaseId {
        let report = json!({
            "classification": "complaint", "title": title, "content": "Isi.", "channel": "web",
        });
        let report = serde_json::from_value(report).unwrap();
        place.node.file(report, "test").await.unwrap().case
    }

    async fn listed(place: &Place, tab: Tab) -> Vec<CaseId> {
        let every = CaseFilter::default();
        let page = place.node.inbox(&Sight::ALL, tab, &every, None, 10);
        let page = page.await.unwrap().cases;
        page.iter().map(|case| case.case).collect()
    }

    #[tokio::test]
    async fn what_has_waited_longest_for_its_reporter_comes_first_whatever_is_noted() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let (first, second) = (filed(&place, "Satu").await, filed(&place, "Dua").await);
            for case in [first, second] {
                let words = Some(json!({"questions": ["Di mana?"]}));
                acts(&place, case, "case.held", json!({}), words).await;
                place.clock.advance(60_000);
            }
            let noted = Some(json!({"text": "Sudah ditelepon."}));
            acts(&place, first, "case.noted", json!({}), noted).await;
            assert_eq!(listed(&place, Tab::Waiting).await, [first, second]);
            let told = place.node.case(first).await.unwrap().summary;
            assert!(
                told.waits_since
                    .is_some_and(|since| since < told.updated_at)
            );
            let answered = Some(json!({"text": "Depan nomor 7."}));
            acts(&place, first, "report.completed", json!({}), answered).await;
            assert_eq!(listed(&place, Tab::Waiting).await, [second]);
            let told = place.node.case(first).await.unwrap().summary;
            assert_eq!(told.waits_since, None);
        }
    }

    #[tokio::test]
    async fn escalated_cases_and_copies_lie_in_lists_of_their_own_until_they_end() {
        for db in databases().await {
            let place = Place::joined("pusat", db).await;
            place.directory_gains_supervisor().await;
            let [plain, escalated, copied] = [
                filed(&place, "Satu").await,
                filed(&place, "Dua").await,
                filed(&place, "Tiga").await,
            ];
            let agreed = json!({"consent": true});
            acts(&place, escalated, "case.escalated", agreed, None).await;
            let given = json!({"target": "kota-bandung", "copies": ["pusat"]});
            acts(&place, copied, "case.disposed", given, None).await;
            assert_eq!(listed(&place, Tab::Escalated).await, [escalated]);
            assert_eq!(listed(&place, Tab::Copies).await, [copied]);
            let every = CaseFilter::default();
            let counts = place.node.inbox_counts(&Sight::ALL, &every).await.unwrap();
            assert_eq!((counts.escalated, counts.copies, counts.new), (1, 1, 2));
            let told = place.node.case(plain).await.unwrap().summary;
            assert!(!told.escalated && !told.copied);
            let reason = json!({"reason": "other"});
            acts(&place, escalated, "case.archived", reason, None).await;
            assert!(listed(&place, Tab::Escalated).await.is_empty());
        }
    }
}
