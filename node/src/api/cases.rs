//! Reading cases: lists, one case with its history, the case of a ticket, its
//! attachments, and, for the keeper of identities only, who reported.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use lapor_protocol::case::State as CaseState;
use lapor_protocol::ids::{CaseId, Digest, InstanceId};
use lapor_protocol::kinds::{Category, Classification};
use lapor_protocol::region::RegionCode;
use lapor_web::{ApiProblem, Json, Path, Query};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Answer;
use super::access::Caller;
use super::paging::{page_size, unusable};
use super::refusals::problem;
use crate::casework::{
    CaseFilter, CaseList, CaseView, Opened, Outcome, Reporter, Sight, Tab, Tray,
};
use crate::error::NodeError;
use crate::node::Node;
use crate::tokens::Scope;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CaseQuery {
    state: Option<CaseState>,
    /// Only what ended so.
    outcome: Option<Outcome>,
    /// Slug of the institution that has the case now.
    #[param(value_type = Option<String>)]
    custodian: Option<InstanceId>,
    /// Slug of the institution where it was filed.
    #[param(value_type = Option<String>)]
    origin: Option<InstanceId>,
    /// Slug of an institution that has not joined and for which the custodian acts.
    #[param(value_type = Option<String>)]
    on_behalf_of: Option<InstanceId>,
    /// A region with all that lies in it.
    #[param(value_type = Option<String>)]
    region: Option<RegionCode>,
    /// A category, or a first level with all below it.
    #[param(value_type = Option<String>)]
    category: Option<Category>,
    classification: Option<Classification>,
    /// A list of this desk, in its order; not with `q`.
    tab: Option<Tab>,
    /// Where it lies at this desk.
    tray: Option<Tray>,
    /// Whose desk it lies on here.
    unit: Option<String>,
    /// The account of whoever works on it here.
    officer: Option<String>,
    /// Its number in this institution's own application.
    own_number: Option<String>,
    /// A category of this institution's own tree, or a first level with all below it.
    local_category: Option<String>,
    /// Only *rahasia*, or none of them.
    secret: Option<bool>,
    /// Unix ms, inclusive.
    filed_from: Option<i64>,
    /// Unix ms, exclusive.
    filed_before: Option<i64>,
    /// Only what has run out, here or with whoever has it now.
    overdue: Option<bool>,
    /// Words that must all occur, `"a phrase"`, `-not`; or a ticket, an own number or the id of a case.
    #[param(max_length = 400)]
    q: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct CasePath {
    /// Id of the case, a UUID of version 7.
    #[param(value_type = String)]
    pub id: CaseId,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct TicketPath {
    /// The ticket as printed or as somebody typed it: case, spaces and hyphens do not matter.
    pub ticket: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct AttachmentPath {
    /// Id of the case.
    #[param(value_type = String)]
    id: CaseId,
    /// The attachment's `sha256` in the history of the case.
    #[param(value_type = String)]
    sha256: Digest,
}

/// List cases
///
/// All cases of which this institution is a party, latest change first, or a list of the desk with
/// `tab`; every filter that is given must hold. With `q` the best fit comes first, of the thousand newest that fit; what was filed or
/// changed is found about a second later. Titles of cases whose key has not arrived are missing.
#[utoipa::path(
    get,
    path = "/cases",
    operation_id = "listCases",
    tag = "cases",
    params(CaseQuery),
    responses((status = 200, description = "A page of cases.", body = CaseList)),
    security(("token" = []))
)]
pub async fn list(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Query(query): Query<CaseQuery>,
) -> Answer<Json<CaseList>> {
    let sight = caller.sees(Scope::CasesRead)?;
    let limit = page_size(query.limit)?;
    let (typed, tab, after) = (query.q.clone(), query.tab, query.after.clone());
    let (filter, after) = (CaseFilter::from(query), after.as_deref());
    let found = match (tab, typed) {
        (Some(_), Some(_)) => {
            let detail = "q: a list is not searched; leave out `tab` or `q`.".to_owned();
            return Err(unusable("q", detail));
        }
        (Some(tab), None) => node.inbox(sight, tab, &filter, after, limit).await,
        (None, typed) => {
            let typed = typed.unwrap_or_default();
            node.search(sight, &typed, &filter, after, limit).await
        }
    };
    found.map(Json).map_err(|e| problem(&e))
}

impl From<CaseQuery> for CaseFilter {
    fn from(query: CaseQuery) -> Self {
        Self {
            state: query.state,
            outcome: query.outcome,
            custodian: query.custodian,
            origin: query.origin,
            on_behalf_of: query.on_behalf_of,
            classification: query.classification,
            category: query.category,
            region: query.region,
            programme: None,
            tray: query.tray,
            unit: query.unit,
            officer: query.officer,
            own_number: query.own_number,
            local_category: query.local_category,
            secret: query.secret,
            filed_from: query.filed_from,
            filed_before: query.filed_before,
            overdue: query.overdue.unwrap_or(false),
            ..Self::default()
        }
    }
}

/// Read a case
///
/// The case as this institution sees it, with its whole history: what the hub has ruled, in order,
/// then own acts that wait for a ruling.
#[utoipa::path(
    get,
    path = "/cases/{id}",
    operation_id = "readCase",
    tag = "cases",
    params(CasePath),
    responses((status = 200, description = "The case.", body = CaseView)),
    security(("token" = []))
)]
pub async fn read(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<CasePath>,
) -> Answer<Json<CaseView>> {
    caller.reaches(&node, Scope::CasesRead, path.id).await?;
    node.case(path.id).await.map(Json).map_err(|e| problem(&e))
}

/// Read the case of a ticket
///
/// Works at every institution that is a party of the case.
#[utoipa::path(
    get,
    path = "/tickets/{ticket}",
    operation_id = "readTicket",
    tag = "cases",
    params(TicketPath),
    responses((status = 200, description = "The case.", body = CaseView)),
    security(("token" = []))
)]
pub async fn by_ticket(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<TicketPath>,
) -> Answer<Json<CaseView>> {
    let sight = caller.sees(Scope::CasesRead)?;
    let view = node.case_by_ticket(&path.ticket).await;
    let view = view.map_err(|e| problem(&e))?;
    if *sight != Sight::ALL && !sight.shows(&view.summary) {
        let ticket = view.summary.ticket.unwrap_or_default();
        return Err(problem(&NodeError::not_found("ticket", &ticket)));
    }
    Ok(Json(view))
}

/// Download an attachment
///
/// The file as it was uploaded, decrypted on the way out. It is always sent as a download: a
/// browser must not show what a stranger uploaded as if it came from this institution.
#[utoipa::path(
    get,
    path = "/cases/{id}/attachments/{sha256}",
    operation_id = "readAttachment",
    tag = "cases",
    params(AttachmentPath),
    responses(
        (status = 200, description = "The file, with the content type of its upload.", content_type = "*/*")
    ),
    security(("token" = []))
)]
pub async fn attachment(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<AttachmentPath>,
) -> Answer<Response> {
    let scope = Scope::AttachmentsRead;
    caller.reaches(&node, scope, path.id).await?;
    let opened = node
        .open_attachment(path.id, path.sha256)
        .await
        .map_err(|e| problem(&e))?;
    sent(opened, &path.sha256.to_hex()[..16])
}

/// The answer with an opened file, which is called by a name of ours.
pub fn sent(opened: Opened, name: &str) -> Answer<Response> {
    let media_type = HeaderValue::from_str(&opened.media_type)
        .unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let name = format!("attachment; filename=\"{name}\"");
    let policy = HeaderValue::from_static("sandbox; default-src 'none'");
    let headers = [
        (CONTENT_TYPE, media_type),
        (CONTENT_LENGTH, opened.size.into()),
        (
            CONTENT_DISPOSITION,
            HeaderValue::from_str(&name).map_err(|_| ApiProblem::internal())?,
        ),
        (CONTENT_SECURITY_POLICY, policy),
    ];
    Ok((headers, Body::from_stream(opened.body)).into_response())
}

/// Open the identity of the reporter
///
/// Who reported, if the report was filed here or the origin has disclosed it to this institution.
/// Every call is written into the audit log before it is answered. A reporter who told nothing is
/// an empty object.
#[utoipa::path(
    get,
    path = "/cases/{id}/identity",
    operation_id = "openIdentity",
    tag = "cases",
    params(CasePath),
    responses((status = 200, description = "The reporter.", body = Reporter)),
    security(("token" = []))
)]
pub async fn identity(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<CasePath>,
) -> Answer<Json<Reporter>> {
    caller.reaches(&node, Scope::Identity, path.id).await?;
    let found = node
        .identity(path.id, &caller.actor())
        .await
        .map_err(|e| problem(&e))?;
    found.map(Json).ok_or_else(no_identity)
}

pub fn no_identity() -> ApiProblem {
    let title = "This node does not hold it";
    ApiProblem::new(StatusCode::NOT_FOUND, "not_found", title).with_detail(
        "This node holds no identity for the case. Ask the institution where it was filed \
         with the act identity.requested.",
    )
}
