//! One public report with its course, and support for it in place of a second report.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use lapor_protocol::ids::CaseId;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Flash, LocalPath, Visit, brought};
use lapor_web::{ApiProblem, Path};
use serde::Deserialize;

use super::follow::Followed;
use super::onward::Onward;
use super::track::{self, Badge, Line, Stage, Standing, Walk};
use super::{Answer, follow, name_of, programmes, reports};
use crate::api::{Address, problem};
use crate::casework::{Gone, PublicReport, beyond};
use crate::chance::random;
use crate::error::NodeError;
use crate::node::Node;
use crate::regions;
use crate::reporters::Supporter;
use crate::taxonomy::local_value;

pub const ROUTE: &str = "/laporan/{case}";
pub const SUPPORT: &str = "/laporan/{case}/dukung";
/// Lets a browser support a report once; it says nothing about whoever uses it.
const BROWSER: &str = "lapor_dukungan";
const YEAR_S: i64 = 365 * 24 * 60 * 60;

#[derive(Deserialize)]
pub struct ReportPath {
    case: String,
}

impl ReportPath {
    /// What is no name of a report is the address of nothing.
    fn case(&self) -> Answer<CaseId> {
        self.case.parse().map_err(|_| ApiProblem::not_found())
    }
}

#[derive(Template)]
#[template(path = "portal/report.html")]
struct Page<'a> {
    v: Voice,
    report: &'a PublicReport,
    title: String,
    /// What it says beyond the title.
    content: Option<&'a str>,
    badge: Badge,
    kind: Option<String>,
    category: Option<Linked>,
    /// The same in the institution's own tree.
    own_category: Option<Linked>,
    region: Option<Linked>,
    programme: Option<Linked>,
    custodian: Option<String>,
    on_behalf_of: Option<String>,
    steps: Vec<Stage>,
    course: Vec<Line>,
    open: bool,
    support_at: String,
    /// Where letters about it are ordered, if any are sent.
    follow_at: Option<String>,
    list_at: &'static str,
}

/// What is left of a report that was archived: no word of it.
#[derive(Template)]
#[template(path = "portal/report-archived.html")]
struct Archived {
    v: Voice,
    reason: String,
    at: i64,
    list_at: &'static str,
}

/// What is told of one of which nothing more is heard here: no word of it.
#[derive(Template)]
#[template(path = "portal/report-left.html")]
struct GoneOn {
    v: Voice,
    onward: Onward,
    list_at: &'static str,
}

/// A fact that leads to what has it too.
struct Linked {
    name: String,
    to: String,
}

/// Where somebody with the same trouble is counted.
pub(super) fn support_path(case: CaseId) -> String {
    format!("{}/dukung", path(case))
}

/// Where a report is read.
pub(super) fn path(case: CaseId) -> String {
    format!("{}/{case}", reports::PATH)
}

pub async fn show(
    State(node): State<Arc<Node>>,
    visit: Visit,
    Path(at): Path<ReportPath>,
) -> Answer<Response> {
    let case = at.case()?;
    let report = match node.public_report(case).await {
        Ok(report) => report,
        Err(NodeError::NotFound { .. }) => return gone(&node, &visit, case).await,
        Err(error) => return Err(problem(&error)),
    };
    let categories = node.categories().await.map_err(|e| problem(&e))?;
    let v = visit.v;
    let standing = Standing {
        state: report.state,
        outcome: report.outcome,
        replied: report.replied,
        whose: report.on_behalf_of.as_ref().or(report.custodian.as_ref()),
        clock: report.clock.as_ref(),
    };
    let region = report.region.as_ref();
    let page = Page {
        v,
        title: report
            .title
            .clone()
            .unwrap_or_else(|| v.say("track-untitled")),
        badge: track::badge(&node, &v, &standing),
        kind: report
            .classification
            .map(|kind| v.say(reports::classification_name(kind))),
        category: report.category.as_ref().map(|category| Linked {
            name: reports::category_name(&categories, &v, category),
            to: reports::listing("kategori", category.as_str()),
        }),
        own_category: report.local_category.as_ref().map(|local| Linked {
            name: reports::own_category_name(local),
            to: reports::listing("kategori", &local_value(local)),
        }),
        region: region.and_then(|code| {
            Some(Linked {
                name: regions::national().display_name(code)?,
                to: reports::listing("wilayah", code.as_str()),
            })
        }),
        programme: programme(&node, &report).await?,
        content: report
            .content
            .as_deref()
            .and_then(|text| beyond(text, report.title.as_deref())),
        custodian: report.custodian.as_ref().map(|id| name_of(&node, id)),
        on_behalf_of: report.on_behalf_of.as_ref().map(|id| name_of(&node, id)),
        steps: track::stages(
            &v,
            &Walk {
                at: report.step,
                walked: &report.walked,
                outcome: report.outcome,
            },
        ),
        course: report
            .course
            .iter()
            .map(|happened| track::line(&node, &v, happened))
            .collect(),
        open: report.state.is_open(),
        support_at: support_path(case),
        follow_at: node
            .sends_letters()
            .then(|| follow::path_of(&Followed::Case(case))),
        list_at: reports::PATH,
        report: &report,
    };
    visit.shell(page.title.clone()).listed().show(&page)
}

/// A report that was archived keeps its state and the reason; one that was merged leads on, and of one
/// that left it is said where it is tracked.
async fn gone(node: &Node, visit: &Visit, case: CaseId) -> Answer<Response> {
    match node.gone_report(case).await.map_err(|e| problem(&e))? {
        Gone::MergedInto(other) => Ok(visit.go_saying(
            &LocalPath::own(&path(other)),
            &Flash::done(text_id("reading-merged")),
        )),
        Gone::Left(left) => {
            let v = visit.v;
            let page = GoneOn {
                v,
                onward: Onward::of(node, &v, &left),
                list_at: reports::PATH,
            };
            visit.shell(v.say("reading-left")).show(&page)
        }
        Gone::Archived { reason, at } => {
            let v = visit.v;
            let page = Archived {
                v,
                reason: v.say(track::archive_words(reason)),
                at,
                list_at: reports::PATH,
            };
            visit.shell(v.say("reading-archived")).show(&page)
        }
    }
}

/// Counts one more who has the same trouble, once for a browser.
pub async fn support(
    State(node): State<Arc<Node>>,
    visit: Visit,
    Address(address): Address,
    headers: HeaderMap,
    Path(at): Path<ReportPath>,
) -> Answer<Response> {
    let case = at.case()?;
    let known = brought(&headers, BROWSER).filter(|token| (16..=128).contains(&token.len()));
    let token = known.map_or_else(|| URL_SAFE_NO_PAD.encode(random::<24>()), str::to_owned);
    let supported = node.support(case, Supporter::Browser(&token), address);
    let flash = match supported.await {
        Ok(true) => Flash::done(text_id("support-counted")),
        Ok(false) => Flash::done(text_id("support-known")),
        Err(NodeError::NotAllowed(_)) => Flash::warning(text_id("support-ended")),
        Err(error) => return Err(problem(&error)),
    };
    let mut response = visit.go_saying(&LocalPath::own(&path(case)), &flash);
    visit.give(response.headers_mut(), BROWSER, &token, YEAR_S);
    Ok(response)
}

/// The programme that a report is about, if it has reached this node.
async fn programme(node: &Node, report: &PublicReport) -> Answer<Option<Linked>> {
    let Some(about) = &report.programme else {
        return Ok(None);
    };
    let name = programmes::name(node, about).await?;
    Ok(name.map(|name| Linked {
        name,
        to: programmes::path(&about.owner, &about.slug),
    }))
}
