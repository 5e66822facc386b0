//! Full-text search over the cases of this desk, and over what the public may read.
//!
//! A ticket, a case id or a number of the institution's own application finds its case at once. What
//! may be seen is a condition of the question; the words of a case are searched where they are shown,
//! and nowhere else.

use std::collections::HashMap;

use lapor_migrations::{Tx, Value};
use lapor_protocol::ids::CaseId;

use super::query::Question;
use super::reading::{desk_page, listed};
use super::{CaseFilter, CaseList, Sight, own_number, ticket};
use crate::deadlines;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::cases::CaseRow;
use crate::store::lists::{Condition, Order};
use crate::store::texts::Reach;

const MAX_PAGE: u32 = 200;

/// Rows in the order of a search, and where the next page begins.
pub(super) struct Hits {
    pub rows: Vec<CaseRow>,
    pub next: Option<String>,
}

impl Node {
    /// Cases of the desk that `typed` finds, the best first: words (all of them), `"a phrase"`,
    /// `-not`, or a ticket, a case id or an own number (in quotation marks it is
    /// looked for in the words). The newest thousand that fit are ranked. Nothing typed is a list by
    /// the last change. `after` is `next` of the page before.
    pub async fn search(
        &self,
        sight: &Sight,
        typed: &str,
        filter: &CaseFilter,
        after: Option<&str>,
        limit: u32,
    ) -> Result<CaseList, NodeError> {
        let conditions = filter.conditions(self.clock().now_ms());
        let mut tx = self.read_tx().await?;
        if let Some(direct) = Direct::read(typed) {
            let mut narrowed = conditions.clone();
            narrowed.push(direct.condition());
            let found = desk_page(&mut tx, sight, &narrowed, Order::Latest, None, 1).await?;
            if !found.cases.is_empty() {
                return Ok(found);
            }
        }
        if let Some(number) = may_be_number(typed) {
            let mut narrowed = conditions.clone();
            narrowed.push(Condition::OwnNumber(number));
            let is_known = store::lists::count(&mut tx, sight.limits(), &narrowed).await? > 0;
            if is_known {
                return desk_page(&mut tx, sight, &narrowed, Order::Latest, after, limit).await;
            }
        }
        let Some(question) = Question::read(typed)? else {
            return desk_page(&mut tx, sight, &conditions, Order::Latest, after, limit).await;
        };
        let reach = Reach::Desk(sight.limits());
        let hits = hits(&mut tx, &question, reach, &conditions, after, limit).await?;
        let mut cases = listed(&hits.rows);
        deadlines::attach(&mut tx, &mut cases).await?;
        Ok(CaseList {
            cases,
            next: hits.next,
        })
    }
}

/// A page of what a question finds.
pub(super) async fn hits(
    tx: &mut Tx,
    question: &Question,
    reach: Reach<'_>,
    conditions: &[Condition<'_>],
    after: Option<&str>,
    limit: u32,
) -> Result<Hits, NodeError> {
    let limit = limit.clamp(1, MAX_PAGE) as usize;
    let begin = after.map_or(Ok(0), place)?;
    let public = matches!(reach, Reach::Public);
    let asked = question.expression(tx.kind(), public);
    let fits = store::texts::fits(tx, &asked, reach, conditions).await?;
    let mut ranked: Vec<(f64, &str)> = fits
        .iter()
        .map(|row| (question.weigh(row, public), row.case_id.as_str()))
        .collect();
    // Stable: of equal ones the newest stays first.
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    let end = ranked.len().min(begin.saturating_add(limit));
    let page = ranked.get(begin..end).unwrap_or_default();
    let ids = page.iter().map(|(_, case)| Value::from(*case)).collect();
    let rows = store::lists::named(tx, ids).await?;
    let mut by_id: HashMap<String, CaseRow> = rows
        .into_iter()
        .map(|row| (row.case_id.clone(), row))
        .collect();
    Ok(Hits {
        rows: page
            .iter()
            .filter_map(|(_, case)| by_id.remove(*case))
            .collect(),
        next: (end < ranked.len()).then(|| end.to_string()),
    })
}

fn place(after: &str) -> Result<usize, NodeError> {
    after
        .parse()
        .map_err(|_| NodeError::Invalid("after: expected the `next` of the page before".into()))
}

/// What was typed, if it may be a number of the institution's own application and not a word; in
/// quotation marks it is none.
fn may_be_number(typed: &str) -> Option<&str> {
    let typed = typed.trim();
    let numbered = typed.contains(char::is_numeric) && own_number::check(typed).is_ok();
    numbered.then_some(typed)
}

/// What names one case.
pub(super) enum Direct {
    Ticket(String),
    Case(String),
}

impl Direct {
    pub(super) fn read(typed: &str) -> Option<Self> {
        let typed = typed.trim();
        let case = typed
            .parse::<CaseId>()
            .ok()
            .map(|id| Self::Case(id.to_string()));
        case.or_else(|| ticket::parse(typed).map(Self::Ticket))
    }

    pub(super) fn condition(&self) -> Condition<'_> {
        match self {
            Self::Ticket(ticket) => Condition::Ticket(ticket),
            Self::Case(case) => Condition::Case(case),
        }
    }
}
