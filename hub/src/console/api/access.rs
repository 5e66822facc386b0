//! Which program asks, and what it may read and do.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::StatusCode;
use http::header::AUTHORIZATION;
use http::request::Parts;
use lapor_web::{ApiProblem, bearer};

use crate::console::{Console, ConsoleRole};
use crate::tokens::{self, Bearer};
use crate::vouching;

const REALM: &str = "lapor-hub";
const OWNER: &str = "The owner of this token may not act: it is no active operator, or another operator \
     has to confirm the account first.";

/// A program with a token that is valid; each may read the federation.
pub struct Caller(Bearer);

impl Caller {
    /// Refuses all who may not read the audit log.
    pub fn reads_audit(&self) -> Result<(), ApiProblem> {
        self.needs(ConsoleRole::reads_audit, ConsoleRole::Auditor)
    }

    /// How the audit log names the program.
    pub fn actor(&self) -> String {
        self.0.actor()
    }

    fn needs(
        &self,
        allowed: fn(ConsoleRole) -> bool,
        needed: ConsoleRole,
    ) -> Result<(), ApiProblem> {
        if allowed(self.0.role) {
            return Ok(());
        }
        Err(forbidden(format!(
            "This needs a token with the role {needed}; the role of this one is {}.",
            self.0.role
        )))
    }
}

/// A program that acts for an operator, who may act still.
pub struct Operator(String);

impl Operator {
    /// How the audit log names the program.
    pub fn actor(&self) -> &str {
        &self.0
    }
}

impl FromRequestParts<Arc<Console>> for Operator {
    type Rejection = ApiProblem;

    async fn from_request_parts(
        parts: &mut Parts,
        console: &Arc<Console>,
    ) -> Result<Self, ApiProblem> {
        let caller = Caller::from_request_parts(parts, console).await?;
        caller.needs(ConsoleRole::acts, ConsoleRole::Operator)?;
        let owner = tokens::owner(&console.hub.ground.db, &caller.0.name).await;
        let owner = owner.map_err(|error| ApiProblem::database(&error))?;
        let rests = match &owner {
            Some(owner) => vouching::rests(&console.hub.ground, owner).await,
            None => Ok(true),
        };
        if rests.map_err(|error| ApiProblem::database(&error))? {
            return Err(forbidden(OWNER));
        }
        Ok(Self(caller.actor()))
    }
}

fn forbidden(detail: impl Into<String>) -> ApiProblem {
    let title = "The token's role does not allow this";
    ApiProblem::new(StatusCode::FORBIDDEN, "forbidden", title).with_detail(detail)
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
