//! Cases, and lists of them, as this node shows them.

use std::collections::BTreeMap;

use lapor_migrations::{Tx, Value as Column};
use lapor_protocol::case::{Case, State};
use lapor_protocol::deadline::Clock;
use lapor_protocol::ids::CaseId;
use serde_json::Value;

use super::act::content_key;
use super::glance::Tray;
use super::history::history;
use super::inbox::Sight;
use super::shown::{drafts, shown};
use super::{CaseFilter, CaseList, CaseSummary, CaseView, HistoryEntry, KeyState, Outcome, ticket};
use crate::damage;
use crate::deadlines;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::cases::CaseRow;
use crate::store::lists::{Condition, Order};

const MAX_PAGE: u32 = 200;

impl Node {
    /// Cases, latest change first. `after` is `next` of the page before.
    pub async fn cases(
        &self,
        filter: &CaseFilter,
        after: Option<&str>,
        limit: u32,
    ) -> Result<CaseList, NodeError> {
        let mut tx = self.read_tx().await?;
        desk_page(
            &mut tx,
            &Sight::ALL,
            &filter.conditions(self.clock().now_ms()),
            Order::Latest,
            after,
            limit,
        )
        .await
    }

    /// Those that are not at their end.
    pub async fn open_cases(
        &self,
        filter: &CaseFilter,
        after: Option<&str>,
        limit: u32,
    ) -> Result<CaseList, NodeError> {
        let mut conditions = filter.conditions(self.clock().now_ms());
        conditions.push(Condition::Open);
        let (sight, order) = (Sight::ALL, Order::Latest);
        let mut tx = self.read_tx().await?;
        desk_page(&mut tx, &sight, &conditions, order, after, limit).await
    }

    /// How many they are.
    pub async fn count_open(&self, filter: &CaseFilter) -> Result<u64, NodeError> {
        let mut conditions = filter.conditions(self.clock().now_ms());
        conditions.push(Condition::Open);
        let mut tx = self.read_tx().await?;
        let count = store::lists::count(&mut tx, Sight::ALL.limits(), &conditions).await?;
        Ok(count.unsigned_abs())
    }

    /// A case with its history.
    pub async fn case(&self, id: CaseId) -> Result<CaseView, NodeError> {
        let mut tx = self.read_tx().await?;
        let row = store::cases::case(&mut tx, &id.to_string()).await?;
        let row = row
            .filter(|row| row.state.is_some())
            .ok_or_else(|| NodeError::not_found("case", &id))?;
        let me = self.instance()?;
        let fold = row.folded()?;
        let pending = drafts(&mut tx, &row.case_id).await?;
        let directory = self.directory();
        let case = shown(id, row.ruled()?, &pending, me, directory.latest());
        let case = case.ok_or_else(|| NodeError::damaged("a listed case has no beginning"))?;
        let mut history = history(&mut tx, id, me, &pending).await?;
        history.iter_mut().for_each(HistoryEntry::mask);
        let clocks = self.clocks_of(&mut tx, &case).await?;
        let mut summary = summary(&row)?;
        deadlines::attach(&mut tx, std::slice::from_mut(&mut summary)).await?;
        let key = match content_key(&mut tx, id).await? {
            _ if case.redacted => KeyState::Erased,
            Some(_) => KeyState::Held,
            None => KeyState::Missing,
        };
        Ok(view(
            summary,
            &row,
            key,
            clocks,
            &case,
            fold.as_ref(),
            history,
        ))
    }

    /// The same for whoever may see only a part of the desk; what they may not see is not there.
    pub async fn case_seen(&self, sight: &Sight, id: CaseId) -> Result<CaseView, NodeError> {
        let view = self.case(id).await?;
        if sight.shows(&view.summary) {
            return Ok(view);
        }
        Err(NodeError::not_found("case", &id))
    }

    /// Cases with the tickets that they are known by here; what has none is left out.
    pub async fn tickets(
        &self,
        cases: impl IntoIterator<Item = &str>,
    ) -> Result<Vec<(CaseId, String)>, NodeError> {
        let cases = cases.into_iter().map(Column::from).collect();
        let mut tx = self.read_tx().await?;
        let rows = store::lists::named(&mut tx, cases).await?;
        let known = rows
            .into_iter()
            .filter_map(|row| Some((row.case_id, row.ticket?)));
        known
            .map(|(case, ticket)| Ok((store::case_id(&case)?, ticket)))
            .collect()
    }

    /// Those of these cases that are known here: the ticket of each, and whether there is a page of it.
    pub(crate) async fn shown_among(
        &self,
        cases: impl IntoIterator<Item = &str>,
    ) -> Result<BTreeMap<CaseId, (Option<String>, bool)>, NodeError> {
        let cases = cases.into_iter().map(Column::from).collect();
        let mut tx = self.read_tx().await?;
        let rows = store::lists::named(&mut tx, cases).await?.into_iter();
        rows.map(|row| {
            Ok((
                store::case_id(&row.case_id)?,
                (row.ticket, row.state.is_some()),
            ))
        })
        .collect()
    }

    /// Those of these cases that may be seen, each with the ticket that it is known by here.
    pub async fn seen_among(
        &self,
        sight: &Sight,
        cases: impl IntoIterator<Item = &str>,
    ) -> Result<Vec<(CaseId, Option<String>)>, NodeError> {
        let cases = cases.into_iter().map(Column::from).collect();
        let mut tx = self.read_tx().await?;
        let rows = store::lists::named(&mut tx, cases).await?;
        let seen = rows.into_iter().filter(|row| sight.shows_row(row));
        seen.map(|row| Ok((store::case_id(&row.case_id)?, row.ticket)))
            .collect()
    }

    /// The case of a ticket, however it was typed.
    pub async fn case_by_ticket(&self, typed: &str) -> Result<CaseView, NodeError> {
        let ticket = ticket::parse(typed).ok_or_else(|| {
            NodeError::Invalid(
                "a ticket has ten characters such as 4F7KX-92MQ3; this one has a typing error"
                    .into(),
            )
        })?;
        let mut tx = self.read_tx().await?;
        let id = store::cases::by_ticket(&mut tx, &ticket).await?;
        drop(tx);
        match id {
            Some(id) => self.case(store::case_id(&id)?).await,
            None => Err(NodeError::not_found("ticket", &ticket)),
        }
    }
}

/// A page of the desk's cases in an order.
pub(super) async fn desk_page(
    tx: &mut Tx,
    sight: &Sight,
    conditions: &[Condition<'_>],
    order: Order,
    after: Option<&str>,
    limit: u32,
) -> Result<CaseList, NodeError> {
    let limit = i64::from(limit.clamp(1, MAX_PAGE));
    let after = after.map(read_after).transpose()?;
    let after = after.as_ref().map(|(at, case)| (*at, case.as_str()));
    let rows = store::lists::of_desk(tx, sight.limits(), conditions, order, after, limit + 1);
    let mut page = page(&rows.await?, limit, |row| order.place(row));
    deadlines::attach(tx, &mut page.cases).await?;
    Ok(page)
}

/// The named cases as a list shows them, in the order of the names.
pub(crate) async fn summaries(tx: &mut Tx, ids: &[&str]) -> Result<Vec<CaseSummary>, NodeError> {
    let wanted = ids.iter().map(|id| (*id).into()).collect();
    let mut rows = store::cases::these(tx, wanted).await?;
    rows.sort_by_key(|row| ids.iter().position(|id| *id == row.case_id));
    let mut cases = listed(&rows);
    deadlines::attach(tx, &mut cases).await?;
    Ok(cases)
}

/// What lists show of these rows; one that is damaged is left out of them.
pub(super) fn listed<'a>(rows: impl IntoIterator<Item = &'a CaseRow>) -> Vec<CaseSummary> {
    damage::readable("cases", rows, |row| row.case_id.clone(), summary)
}

/// A page of rows of which one more than fits was asked for; `place` is what they are ordered by.
pub(super) fn page(rows: &[CaseRow], limit: i64, place: impl Fn(&CaseRow) -> i64) -> CaseList {
    let more = rows.len() as i64 > limit;
    let rows = &rows[..rows.len().min(limit as usize)];
    let next = rows
        .last()
        .filter(|_| more)
        .map(|last| format!("{}.{}", place(last), last.case_id));
    let cases = listed(rows);
    CaseList { cases, next }
}

/// The state column of a row.
pub(crate) fn state_of(row: &CaseRow) -> Option<State> {
    State::ALL
        .into_iter()
        .find(|state| Some(state.as_str()) == row.state.as_deref())
}

pub(super) fn summary(row: &CaseRow) -> Result<CaseSummary, NodeError> {
    let instance = |text: &Option<String>| text.as_deref().map(store::instance_id).transpose();
    let value = |text: &Option<String>| text.clone().map(Value::String);
    let glance = &row.glance;
    Ok(CaseSummary {
        case: store::case_id(&row.case_id)?,
        ticket: row.ticket.clone(),
        title: glance.title.clone(),
        place: glance.place.clone(),
        excerpt: glance.excerpt.clone(),
        answer: glance.answer.clone(),
        last_kind: glance.last_kind.clone(),
        last_author: instance(&glance.last_author)?,
        last_at: glance.last_at,
        tray: row.tray.as_deref().and_then(Tray::named),
        unit: row.local.unit.clone(),
        officer: row.local.officer.clone(),
        own_number: row.local.own_number.clone(),
        local_category: row.local.category.clone(),
        looked_at: row.local.looked_at,
        supports: row.supports as u32,
        hops: row.hops as u32,
        waits_since: Some(row.waits_since).filter(|at| *at != store::cases::NEVER),
        escalated: row.escalated != 0,
        copied: row.copied != 0,
        left_at: row.left_at,
        anonymous: row.anonymous != 0,
        public: row.public != 0,
        state: state_of(row),
        outcome: row.outcome.as_deref().and_then(Outcome::named),
        replied: row.replied != 0,
        taken_up: glance.taken_up != 0,
        custodian: instance(&row.custodian)?,
        origin: instance(&row.origin)?,
        classification: value(&row.classification)
            .map(|v| store::read(serde_json::from_value(v)))
            .transpose()?,
        category: value(&row.category)
            .map(|v| store::read(serde_json::from_value(v)))
            .transpose()?,
        region: value(&row.region)
            .map(|v| store::read(serde_json::from_value(v)))
            .transpose()?,
        on_behalf_of: instance(&row.on_behalf_of)?,
        secret: row.secret != 0,
        deadline: None,
        pending: row.pending as u32,
        filed_at: row.filed_at,
        updated_at: row.updated_at,
    })
}

fn view(
    summary: CaseSummary,
    row: &CaseRow,
    key: KeyState,
    clocks: Vec<Clock>,
    case: &Case,
    ruled: Option<&Case>,
    history: Vec<HistoryEntry>,
) -> CaseView {
    CaseView {
        summary,
        key,
        clocks,
        stack: case.stack.clone(),
        copies: case.copies.iter().cloned().collect(),
        supervisors: case.supervisors.iter().cloned().collect(),
        excluded: case.excluded.iter().cloned().collect(),
        merged_into: case.merged.as_ref().map(|merged| merged.into),
        merged_from: case.linked.values().map(|source| source.case).collect(),
        children: case.children.clone(),
        parent: case.parent,
        score: case.close.as_ref().and_then(|close| close.score),
        programme: case.programme.clone(),
        oversight: case.oversight,
        digest: ruled.map(|case| case.digest().to_hex()),
        case_seq: (row.next_seq - 1) as u64,
        blocked: row.blocked.clone(),
        history,
    }
}

pub(super) fn read_after(text: &str) -> Result<(i64, String), NodeError> {
    let wrong = || NodeError::Invalid("after: expected the `next` of the page before".into());
    let (updated, case) = text.split_once('.').ok_or_else(wrong)?;
    let case: CaseId = case.parse().map_err(|_| wrong())?;
    Ok((updated.parse().map_err(|_| wrong())?, case.to_string()))
}
