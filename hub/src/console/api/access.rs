//! Which program asks, and what it may read.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::StatusCode;
use http::header::AUTHORIZATION;
use http::request::Parts;
use lapor_web::{ApiProblem, bearer};

use crate::console::{Console, ConsoleRole};
use crate::tokens::{self, Bearer};

const REALM: &str = "lapor-hub";

/// A program with a token that is valid; each may read the federation.
pub struct Caller(Bearer);

impl Caller {
    /// Refuses all who may not read the audit log.
    pub fn reads_audit(&self) -> Result<(), ApiProblem> {
        if self.0.role.reads_audit() {
            return Ok(());
        }
        let title = "The token's role does not allow this";
        let needed = ConsoleRole::Auditor;
        Err(
            ApiProblem::new(StatusCode::FORBIDDEN, "forbidden", title).with_detail(format!(
                "This needs a token with the role {needed}; the role of this one is {}.",
                self.0.role
            )),
        )
    }
}

impl FromRequestParts<Arc<Console>> for Caller {
    type Rejection = ApiProblem;

    async fn from_request_parts(
        parts: &mut Parts,
        console: &Arc<Console>,
    ) -> Result<Self, ApiProblem> {
        let secret = parts
            .headers
            .get(AUTHORIZATION)
            .and_then(bearer::secret_of)
            .ok_or_else(|| bearer::missing(REALM, "lapor-hub token create"))?;
        let (hash, now) = (bearer::hash(secret), console.hub.ground.clock.now_ms());
        if let Some(known) = console.tokens.find(&hash, now) {
            return Ok(Self(known));
        }
        let found = tokens::find(&console.hub.ground.db, secret).await;
        let found = found.map_err(|error| ApiProblem::database(&error))?;
        let found = found.ok_or_else(|| bearer::wrong(REALM))?;
        console.tokens.note(hash, found.clone(), now);
        Ok(Self(found))
    }
}
