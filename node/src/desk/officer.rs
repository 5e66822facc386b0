//! Who stands before a page: an officer who is logged in, or a guest who is not
//! yet. Both are arguments of handlers.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::USER_AGENT;
use http::request::Parts;
use lapor_protocol::ids::CaseId;
use lapor_web::accounts::cookie::Ticket;
use lapor_web::accounts::{Arrival, Secret, Session, SignedIn, Staffed};
use lapor_web::page::{Person, Visit};
use lapor_web::{ApiProblem, peer};

use super::{account, role_name, sign_in};
use crate::api::problem;
use crate::casework::{CaseView, Sight};
use crate::node::Node;
use crate::staff::StaffRole;

/// Somebody of the staff who is logged in, and the page for them.
pub struct Officer {
    pub session: Session,
    pub role: StaffRole,
    pub visit: Visit,
    /// What the officer may see.
    pub sight: Sight,
}

impl Officer {
    /// How the audit log names the officer.
    pub fn actor(&self) -> String {
        self.session.account.actor()
    }

    /// A case, if the officer may see it.
    pub async fn case(&self, node: &Node, id: CaseId) -> Result<CaseView, ApiProblem> {
        let seen = node.case_seen(&self.sight, id).await;
        seen.map_err(|error| problem(&error))
    }

    /// Refuses all whose role does not allow it.
    pub fn requires(&self, allowed: fn(StaffRole) -> bool) -> Result<(), ApiProblem> {
        if allowed(self.role) {
            return Ok(());
        }
        let title = "Your role does not allow this";
        Err(ApiProblem::new(StatusCode::FORBIDDEN, "forbidden", title))
    }
}

impl FromRequestParts<Arc<Node>> for Officer {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, node: &Arc<Node>) -> Result<Self, Response> {
        let SignedIn(session) = SignedIn::from_request_parts(parts, node)
            .await
            .map_err(IntoResponse::into_response)?;
        let mut visit = Visit::from_request_parts(parts, node)
            .await
            .map_err(IntoResponse::into_response)?;
        let role: StaffRole = session.account.role.code.parse().map_err(|error| {
            tracing::error!(%error, "an account has a role that this program does not know");
            ApiProblem::internal().into_response()
        })?;
        let sight = node.sight(role, session.account.unit.as_deref()).await;
        let sight = sight.map_err(|error| problem(&error).into_response())?;
        visit.person = Some(Person {
            name: session.account.name.clone(),
            role: visit.v.say(role_name(role)),
            account_at: account::PATH,
            leave_at: sign_in::LEAVE,
        });
        Ok(Self {
            session,
            role,
            visit,
            sight,
        })
    }
}

/// From where a request comes, whoever sends it.
pub struct Guest {
    pub address: IpAddr,
    agent: String,
    /// The token of the session in the cookie.
    pub session: Option<Secret>,
    /// The token of somebody whose second factor is still to come.
    pub code: Option<Secret>,
}

impl Guest {
    /// For a session that begins now in place of the one in the cookie.
    pub fn arrival(&self) -> Arrival<'_> {
        Arrival {
            address: self.address,
            agent: &self.agent,
            replaces: self.session.as_ref(),
        }
    }
}

impl FromRequestParts<Arc<Node>> for Guest {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, node: &Arc<Node>) -> Result<Self, Infallible> {
        let agent = parts.headers.get(USER_AGENT);
        let agent = agent.and_then(|value| value.to_str().ok());
        let cookies = node.cookies();
        Ok(Self {
            address: peer::address(parts, &node.settings().accounts.proxies),
            agent: agent.unwrap_or_default().to_owned(),
            session: cookies.read(Ticket::Session, &parts.headers),
            code: cookies.read(Ticket::Code, &parts.headers),
        })
    }
}
