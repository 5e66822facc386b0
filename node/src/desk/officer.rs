//! Who stands before a page of the desk: an officer who is logged in, as an
//! argument of its handler.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;
use lapor_protocol::ids::CaseId;
use lapor_web::ApiProblem;
use lapor_web::accounts::Session;
use lapor_web::page::Visit;
use lapor_web::people::Member;

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
        let Member { session, visit } = Member::from_request_parts(parts, node).await?;
        let role: StaffRole = session.account.role.code.parse().map_err(|error| {
            tracing::error!(%error, "an account has a role that this program does not know");
            ApiProblem::internal().into_response()
        })?;
        let sight = node.sight(role, session.account.unit.as_deref()).await;
        let sight = sight.map_err(|error| problem(&error).into_response())?;
        Ok(Self {
            session,
            role,
            visit,
            sight,
        })
    }
}
