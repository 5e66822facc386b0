//! The second person: decides what another has asked for, and confirms whose an
//! operator's account is.

use std::sync::Arc;

use axum::extract::State as Shared;
use http::StatusCode;
use lapor_web::accounts::AccountId;
use lapor_web::{ApiProblem, Json, Path, Query, people};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::access::Operator;
use super::acting::{Acted, refused};
use super::{Answer, absent};
use crate::approvals::Approval;
use crate::console::{Console, approvals};
use crate::vouching::{self, VouchError};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct OnePath {
    /// As `GET /approvals` and the answer to the act have it.
    id: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct AccountPath {
    /// The account's id, as `GET /approvals` has it.
    account: String,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AccountQuery {
    /// The latest `asked_at` of the account that was read, Unix ms. It is not confirmed where
    /// something else was done to it since.
    seen: Option<i64>,
}

/// What is decided.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    decision: Verdict,
}

#[derive(Deserialize, ToSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is done now.
    Confirm,
    /// It is dropped; whoever asked takes it back so.
    Refuse,
}

/// Decide an act that waits for a second person
///
/// Whoever asked cannot confirm it: two tokens of one owner, and that owner at the console, are one
/// person (409 `same_person`).
#[utoipa::path(
    post,
    path = "/approvals/{id}/decision",
    operation_id = "decideApproval",
    tag = "audit",
    params(OnePath),
    request_body = Decision,
    responses((status = 200, description = "What was decided.", body = Approval)),
    security(("token" = []))
)]
pub async fn decide(
    Shared(console): Shared<Arc<Console>>,
    operator: Operator,
    Path(path): Path<OnePath>,
    Json(asked): Json<Decision>,
) -> Answer<Json<Approval>> {
    let confirms = asked.decision == Verdict::Confirm;
    let settled = approvals::settle(&console, operator.actor(), &path.id, confirms).await?;
    settled.map(Json).map_err(|error| refused(&error))
}

/// Confirm an operator's account
///
/// Where two must agree, an account that somebody made, raised or gave back a password may do nothing
/// until an operator who had no part in that has confirmed that it is in the right hands. Send with
/// `seen` what `GET /approvals` said of it: where something else was done to the account since, it is
/// not confirmed (409 `not_allowed`).
#[utoipa::path(
    post,
    path = "/approvals/accounts/{account}",
    operation_id = "confirmAccount",
    tag = "audit",
    params(AccountPath, AccountQuery),
    responses(Acted),
    security(("token" = []))
)]
pub async fn vouch(
    Shared(console): Shared<Arc<Console>>,
    operator: Operator,
    Path(path): Path<AccountPath>,
    Query(asked): Query<AccountQuery>,
) -> Answer<Acted> {
    let id = path.account.parse::<AccountId>();
    let id = id.map_err(|error| people::refusal(&error))?;
    let account = console.accounts().find(&id).await;
    let account = account.map_err(|error| people::refusal(&error))?;
    let which = (account.id.as_str(), account.login.as_str());
    let done = vouching::vouch(&console.hub.ground, operator.actor(), which, asked.seen).await;
    let refusal = |code, title, error: &VouchError| {
        ApiProblem::new(StatusCode::CONFLICT, code, title).with_detail(error.to_string())
    };
    done.map_err(|error| match error {
        VouchError::Gone => absent("The account waits for nobody", error.to_string()),
        VouchError::Changed => refusal("not_allowed", "The account is not as it was", &error),
        VouchError::SamePerson => {
            refusal("same_person", "Another person must confirm this", &error)
        }
        VouchError::Database(error) => ApiProblem::database(&error),
    })?;
    console.hub.alarms.ring();
    Ok(Acted::done())
}
