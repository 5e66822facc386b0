//! Who calls, and whether that caller may: every operation says here which scope it needs.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::StatusCode;
use http::header::AUTHORIZATION;
use http::request::Parts;
use lapor_protocol::ids::{CaseId, Digest};
use lapor_web::{ApiProblem, bearer};
use utoipa::IntoParams;

use super::refusals::problem;
use crate::casework::{Decider, Once, Sight};
use crate::error::NodeError;
use crate::node::Node;
use crate::tokens::{Bearer, Rights, Role, Scope};

const REALM: &str = "lapor-node";
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// A caller with a token that is valid. What it may do is asked for with [`Caller::needs`].
pub struct Caller(Bearer);

impl Caller {
    /// How the audit log names the caller.
    pub fn actor(&self) -> String {
        self.0.actor()
    }

    /// What it may do.
    pub fn rights(&self) -> &Rights {
        &self.0.rights
    }

    /// The account that owns the token, or else the token itself: whose something is that somebody
    /// keeps for themselves.
    pub async fn keeper(&self, node: &Node) -> Result<String, ApiProblem> {
        let owner = self.owner(node).await?;
        Ok(owner.unwrap_or_else(|| self.actor()))
    }

    /// The account that owns the token.
    pub async fn owner(&self, node: &Node) -> Result<Option<String>, ApiProblem> {
        node.owner_of(&self.0).await.map_err(|e| problem(&e))
    }

    /// The caller as one who decides about erasures.
    pub fn decider(&self) -> Decider {
        Decider::bearer(&self.0)
    }

    /// Refuses all who do not have this scope, by name or by their role, and every token with bounds: it
    /// concerns the whole institution.
    pub fn needs(&self, scope: Scope) -> Result<(), ApiProblem> {
        self.holds(scope)?;
        if self.sees_all() {
            return Ok(());
        }
        let title = "The token does not reach this";
        let detail = "This concerns the whole institution, and the token is bounded to the cases of \
                      units or regions.";
        Err(ApiProblem::new(StatusCode::FORBIDDEN, "forbidden", title).with_detail(detail))
    }

    /// Refuses all who do not have this scope; says what of the cases the others see.
    pub fn sees(&self, scope: Scope) -> Result<&Sight, ApiProblem> {
        self.sees_by(&[scope])
    }

    /// The same of all who have none of these.
    pub fn sees_by(&self, scopes: &[Scope]) -> Result<&Sight, ApiProblem> {
        self.holds_one_of(scopes)?;
        Ok(&self.0.sight)
    }

    /// Refuses all who do not have this scope; a case that the others do not see is not there.
    pub async fn reaches(&self, node: &Node, scope: Scope, id: CaseId) -> Result<(), ApiProblem> {
        self.reaches_by(node, &[scope], id).await
    }

    /// The same of all who have none of these.
    pub async fn reaches_by(
        &self,
        node: &Node,
        scopes: &[Scope],
        id: CaseId,
    ) -> Result<(), ApiProblem> {
        self.holds_one_of(scopes)?;
        self.finds(node, id).await
    }

    /// Refuses a case that the caller does not see as one that is not there.
    pub async fn finds(&self, node: &Node, id: CaseId) -> Result<(), ApiProblem> {
        if self.is_there(node, id).await? {
            return Ok(());
        }
        Err(problem(&NodeError::not_found("case", &id)))
    }

    /// Whether a case is shown here, and lies within the bounds of the caller.
    pub async fn is_there(&self, node: &Node, id: CaseId) -> Result<bool, ApiProblem> {
        if self.sees_all() {
            return node.is_shown(id).await.map_err(|e| problem(&e));
        }
        let seen = node.seen(&self.0.sight, &[id]).await;
        Ok(!seen.map_err(|e| problem(&e))?.is_empty())
    }

    /// Whether the token has no bounds.
    pub fn sees_all(&self) -> bool {
        self.0.sees_all()
    }

    /// Refuses all who do not have this scope. For what holds nothing of a case: that has no bounds.
    pub fn holds(&self, scope: Scope) -> Result<(), ApiProblem> {
        self.holds_one_of(&[scope])
    }

    /// The same of all who have none of these.
    pub fn holds_one_of(&self, scopes: &[Scope]) -> Result<(), ApiProblem> {
        let rights = &self.0.rights;
        if scopes.iter().any(|scope| rights.allow(*scope)) {
            return Ok(());
        }
        let named: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
        let roles = Role::ALL.into_iter();
        let roles = roles.filter(|role| scopes.iter().any(|scope| role.has(*scope)));
        let roles: Vec<&str> = roles.map(Role::as_str).collect();
        let title = "The token does not allow this";
        let detail = format!(
            "This needs the scope {} (roles that have it: {}); this token has {rights}. An \
             administrator makes another at `/meja/kunci-api`, the operator with `lapor-node token create`.",
            named.join(" or "),
            roles.join(", "),
        );
        Err(ApiProblem::new(StatusCode::FORBIDDEN, "forbidden", title).with_detail(detail))
    }
}

impl FromRequestParts<Arc<Node>> for Caller {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, node: &Arc<Node>) -> Result<Self, ApiProblem> {
        let secret = parts
            .headers
            .get(AUTHORIZATION)
            .and_then(bearer::secret_of)
            .ok_or_else(|| bearer::missing(REALM, "lapor-node token create"))?;
        let known = node.bearer(secret).await.map_err(|e| problem(&e))?;
        known.map(Self).ok_or_else(|| bearer::wrong(REALM))
    }
}

/// The header `Idempotency-Key`: a request sent again under the same key is
/// done once and answered as the first time, for a week.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IdempotencyKey {
    /// 16 to 128 visible characters, new for each request, such as a random UUID.
    #[param(rename = "Idempotency-Key", nullable = false)]
    key: Option<String>,
}

impl IdempotencyKey {
    /// A key for the parts of one request, the same when it is sent again.
    pub fn of_parts(&self) -> String {
        let sent = self.key.as_deref();
        sent.map_or_else(Once::fresh_key, |key| Digest::of(key.as_bytes()).to_hex())
    }

    /// The key of this caller, if one was sent.
    pub fn of(&self, caller: &str) -> Result<Option<Once>, ApiProblem> {
        let once = self.key.as_deref().map(|key| Once::new(caller, key));
        once.transpose().map_err(|e| problem(&e))
    }
}

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        // What is no text is no key either, and is refused as one that is too short.
        let key = parts.headers.get(IDEMPOTENCY_KEY);
        let key = key.map(|key| key.to_str().unwrap_or_default().to_owned());
        Ok(Self { key })
    }
}
