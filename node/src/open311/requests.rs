//! Public reports as service requests, and to the program that asks with its key those it filed.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use chrono::DateTime;
use http::StatusCode;
use lapor_protocol::case::State as CaseState;
use lapor_protocol::ids::CaseId;

use super::asked::{Asked, Refused, Told};
use super::categories::code_of;
use super::shown::Teller;
use super::tree::Tree;
use crate::casework::{Gone, PublicCase, PublicFilter, summaries};
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::tokens::Bearer;

/// Requests of one answer, at most, and the days that they may span.
const MOST: usize = 1000;
const SPAN_MS: i64 = 90 * 86_400_000;
/// Numbers of requests that may be asked for at once.
const NAMED: usize = 100;
const PAGE: u32 = 100;
/// Pages that are looked through for what fits, at most.
const PAGES: usize = 50;

/// Which requests are asked for.
struct Wanted {
    /// Unix ms, inclusive and exclusive.
    span: (i64, i64),
    codes: BTreeSet<String>,
    is_open: Option<bool>,
}

pub async fn list(State(node): State<Arc<Node>>, asked: Asked) -> Response {
    let told = listed(&node, &asked).await;
    asked.answer(told)
}

pub async fn read(State(node): State<Arc<Node>>, asked: Asked) -> Response {
    let told = one(&node, &asked).await;
    asked.answer(told)
}

async fn one(node: &Node, asked: &Asked) -> Told {
    asked.is_here(node, None)?;
    let caller = asked.caller(node, None).await?;
    let teller = Teller::of(node);
    let missing = || {
        let said = format!("service_request_id {} was not found", asked.name);
        Refused::missing(said)
    };
    let request = request(node, &teller, caller.as_ref(), &asked.name).await?;
    Ok(requests(vec![request.ok_or_else(missing)?]))
}

async fn listed(node: &Node, asked: &Asked) -> Told {
    asked.is_here(node, None)?;
    let caller = asked.caller(node, None).await?;
    asked.may_list(node, caller.as_ref())?;
    let teller = Teller::of(node);
    let named = asked.query.text("service_request_id");
    if !named.is_empty() {
        let mut found = Vec::new();
        for id in named.split(',').take(NAMED) {
            found.extend(request(node, &teller, caller.as_ref(), id.trim()).await?);
        }
        return Ok(requests(found));
    }
    let wanted = Wanted::read(asked, node.clock().now_ms())?;
    let mut cases = public(node, &wanted).await?;
    let mut own = BTreeSet::new();
    if let Some(caller) = &caller {
        let known: BTreeSet<CaseId> = cases.iter().map(|case| case.case).collect();
        let filed = node.filed_by(caller, wanted.span).await?;
        own.extend(filed.iter().map(|case| case.case));
        let filed = filed.into_iter();
        cases.extend(filed.filter(|case| !known.contains(&case.case) && wanted.takes(case)));
        cases.sort_by_key(|case| std::cmp::Reverse(case.filed_at));
        cases.truncate(MOST);
    }
    let ids: Vec<CaseId> = cases.iter().map(|case| case.case).collect();
    let mut reported = node.reported(&ids).await?;
    let told = cases.iter().map(|case| {
        let reported = reported.remove(&case.case).unwrap_or_default();
        teller.listed(case, &reported, own.contains(&case.case))
    });
    Ok(requests(told.collect()))
}

fn requests(all: Vec<Tree>) -> (StatusCode, &'static str, Tree) {
    let all = Tree::Many("request", all);
    (StatusCode::OK, "service_requests", all)
}

/// The public reports that are wanted, the latest first.
async fn public(node: &Node, wanted: &Wanted) -> Result<Vec<PublicCase>, Refused> {
    let filter = PublicFilter {
        filed_from: Some(wanted.span.0),
        filed_before: Some(wanted.span.1),
        state: (wanted.is_open == Some(false)).then_some(CaseState::Closed),
        ..PublicFilter::default()
    };
    let mut found = Vec::new();
    let mut after = None;
    for _ in 0..PAGES {
        let page = node
            .public_cases("", &filter, after.as_deref(), PAGE)
            .await?;
        found.extend(page.cases.into_iter().filter(|case| wanted.takes(case)));
        after = page.next;
        if after.is_none() || found.len() >= MOST {
            break;
        }
    }
    found.truncate(MOST);
    Ok(found)
}

/// One request, if this caller may read it.
async fn request(
    node: &Node,
    teller: &Teller<'_>,
    caller: Option<&Bearer>,
    id: &str,
) -> Result<Option<Tree>, Refused> {
    let Ok(case) = id.parse::<CaseId>() else {
        return Ok(None);
    };
    if node.has_filed(caller, case).await? {
        let filed = node.filed_report(case).await;
        let Some(filed) = if_there(filed)? else {
            return Ok(None);
        };
        let into = match filed.report.state {
            CaseState::Merged => if_there(node.gone_report(case).await)?,
            _ => None,
        };
        let into = match into {
            Some(Gone::MergedInto(into)) => Some(into),
            _ => None,
        };
        return Ok(Some(teller.filed(&filed, into)));
    }
    if let Some(report) = if_there(node.public_report(case).await)? {
        return Ok(Some(teller.read(&report)));
    }
    let gone = if_there(node.gone_report(case).await)?;
    Ok(gone.map(|gone| teller.gone(case, gone)))
}

fn if_there<T>(found: Result<T, NodeError>) -> Result<Option<T>, NodeError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(NodeError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

impl Wanted {
    fn read(asked: &Asked, now: i64) -> Result<Self, Refused> {
        let listed = |name: &str| {
            let told = asked.query.all(name).flat_map(|told| told.split(','));
            let told = told.map(str::trim).filter(|told| !told.is_empty());
            told.map(str::to_owned).collect::<BTreeSet<String>>()
        };
        let statuses = listed("status");
        if let Some(odd) = statuses
            .iter()
            .find(|one| *one != "open" && *one != "closed")
        {
            return Err(Refused::wrong(format!(
                "status {odd}: expected open or closed"
            )));
        }
        let is_open = (statuses.len() == 1).then(|| statuses.contains("open"));
        Ok(Self {
            span: span(asked, now)?,
            codes: listed("service_code"),
            is_open,
        })
    }

    fn takes(&self, case: &PublicCase) -> bool {
        let code = case.category.as_ref().map(code_of);
        let fits = self.codes.is_empty() || code.is_some_and(|code| self.codes.contains(&code));
        let is_open = case.state.is_none_or(CaseState::is_open);
        fits && self.is_open.is_none_or(|wanted| wanted == is_open)
    }
}

/// The days that are asked for: the last ninety, or ninety from or until the one that is told.
fn span(asked: &Asked, now: i64) -> Result<(i64, i64), Refused> {
    let from = moment(asked, "start_date")?;
    let until = moment(asked, "end_date")?;
    let (from, until) = match (from, until) {
        (Some(from), Some(until)) => (from, until),
        (Some(from), None) => (from, now.min(from + SPAN_MS)),
        (None, Some(until)) => (until - SPAN_MS, until),
        (None, None) => (now - SPAN_MS, now),
    };
    if until - from > SPAN_MS {
        return Err(Refused::wrong(
            "start_date, end_date: they span 90 days at most",
        ));
    }
    Ok((from, until.saturating_add(1)))
}

fn moment(asked: &Asked, name: &str) -> Result<Option<i64>, Refused> {
    let told = asked.query.text(name);
    if told.is_empty() {
        return Ok(None);
    }
    // A plus sign that was not escaped has become a space.
    let told = told.replace(' ', "+");
    let wrong = || format!("{name}: expected a moment such as 2026-11-27T08:00:00Z");
    let read = DateTime::parse_from_rfc3339(&told).map_err(|_| Refused::wrong(wrong()))?;
    Ok(Some(read.timestamp_millis()))
}

impl Node {
    /// Whether this program filed a case, and sees it.
    async fn has_filed(&self, caller: Option<&Bearer>, case: CaseId) -> Result<bool, NodeError> {
        let Some(caller) = caller else {
            return Ok(false);
        };
        let mut tx = self.read_tx().await?;
        let filed = store::open311::of_case(&mut tx, &case.to_string()).await?;
        drop(tx);
        let own = filed.is_some_and(|(by, _)| by == caller.name);
        Ok(own && (caller.sees_all() || !self.seen(&caller.sight, &[case]).await?.is_empty()))
    }

    /// What a program filed from a moment until before another, and may read.
    async fn filed_by(
        &self,
        caller: &Bearer,
        span: (i64, i64),
    ) -> Result<Vec<PublicCase>, NodeError> {
        let mut tx = self.read_tx().await?;
        let ids = store::open311::of_caller(&mut tx, &caller.name, span, MOST as i64).await?;
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let cases = summaries(&mut tx, &ids).await?.into_iter();
        // What was erased has no title any more.
        let told = cases.filter(|case| !case.secret && case.title.is_some());
        let told = told.filter(|case| caller.sees_all() || caller.sight.shows(case));
        Ok(told.map(PublicCase::from).collect())
    }
}
