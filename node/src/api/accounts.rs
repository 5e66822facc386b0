//! The accounts of the institution's people. A link to a password is shown in the answer alone, and
//! nothing here sees a password. Whoever may do this can make an administrator.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use http::StatusCode;
use http::header::CACHE_CONTROL;
use lapor_web::accounts::{Account, AccountState, NewAccount, Secret};
use lapor_web::{Json, Path};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Answer;
use super::access::Caller;
use super::refusals::{account_problem, problem, staff_problem};
use super::staff::{AccountPath, account};
use crate::node::Node;
use crate::post::LetterChoice;
use crate::staff::{PASSWORD, StaffRole, link};
use crate::tokens::Scope;

/// An account to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPerson {
    /// The e-mail address with which they log in.
    #[schema(max_length = 254)]
    login: String,
    #[schema(max_length = 100)]
    name: String,
    role: StaffRole,
    /// Id of an open unit.
    unit: Option<String>,
}

/// What is changed of an account; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonChange {
    #[schema(max_length = 254)]
    login: Option<String>,
    #[schema(max_length = 100)]
    name: Option<String>,
    role: Option<StaffRole>,
    /// Id of an open unit; `null` takes them out of theirs.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    unit: Option<OtherUnit>,
}

/// The unit of an account, or none.
struct OtherUnit(Option<String>);

/// Whether an account may log in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewState {
    state: PersonState,
}

/// Whether an account may log in.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PersonState {
    Active,
    Disabled,
}

/// What an account is written.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Letters {
    choice: LetterChoice,
}

/// Somebody of the staff.
#[derive(Serialize, ToSchema)]
pub struct Person {
    id: String,
    login: String,
    name: String,
    #[schema(value_type = StaffRole)]
    role: &'static str,
    unit: Option<String>,
    state: PersonState,
    /// False until the first link was used, and after a reset.
    has_password: bool,
    has_factor: bool,
    /// Unix ms.
    created_at: i64,
    /// Unix ms.
    changed_at: i64,
}

/// Everybody who has an account.
#[derive(Serialize, ToSchema)]
pub struct People {
    accounts: Vec<Person>,
}

/// An account with the link by which its owner chooses a password, which is shown this once.
#[derive(Serialize, ToSchema)]
pub struct PersonWithLink {
    account: Person,
    link: String,
}

impl From<Account> for Person {
    fn from(account: Account) -> Self {
        Self {
            id: account.id.to_string(),
            login: account.login.as_str().to_owned(),
            name: account.name,
            role: account.role.code,
            unit: account.unit,
            state: match account.state {
                AccountState::Active => PersonState::Active,
                AccountState::Disabled => PersonState::Disabled,
            },
            has_password: account.has_password,
            has_factor: account.has_factor,
            created_at: account.created_at,
            changed_at: account.changed_at,
        }
    }
}

pub fn routes() -> OpenApiRouter<Arc<Node>> {
    OpenApiRouter::new()
        .routes(routes!(list, make))
        .routes(routes!(change))
        .routes(routes!(set_state))
        .routes(routes!(new_link))
        .routes(routes!(end_sessions))
        .routes(routes!(remove_factor))
        .routes(routes!(choose_letters))
}

/// List the accounts
///
/// Those that are disabled as well.
#[utoipa::path(
    get,
    path = "/accounts",
    operation_id = "listAccounts",
    tag = "staff",
    responses((status = 200, description = "The accounts.", body = People)),
    security(("token" = []))
)]
pub async fn list(State(node): State<Arc<Node>>, caller: Caller) -> Answer<Json<People>> {
    caller.needs(Scope::StaffWrite)?;
    let all = node.accounts().list().await;
    let all = all.map_err(|e| account_problem(&e))?;
    let accounts = all.into_iter().map(Person::from).collect();
    Ok(Json(People { accounts }))
}

/// Make an account
///
/// `link` is handed to its owner, who chooses a password with it; it is shown in this answer alone.
#[utoipa::path(
    post,
    path = "/accounts",
    operation_id = "makeAccount",
    tag = "staff",
    request_body = NewPerson,
    responses(
        (status = 201, description = "The account and its link.", body = PersonWithLink),
        (status = 409, description = "`known`: another account has this address already.", body = lapor_web::ApiProblem, content_type = "application/problem+json")
    ),
    security(("token" = []))
)]
pub async fn make(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Json(new): Json<NewPerson>,
) -> Answer<impl IntoResponse> {
    caller.needs(Scope::StaffWrite)?;
    let person = NewAccount {
        login: &new.login,
        name: &new.name,
        role: new.role.as_str(),
        unit: new.unit.as_deref(),
    };
    let made = node.create_account(&caller.actor(), &person).await;
    let (account, secret) = made.map_err(|e| staff_problem(&e))?;
    Ok((StatusCode::CREATED, shown(&node, account, &secret)))
}

/// Change an account
///
/// Its address, name, role or unit. The last administrator stays one.
#[utoipa::path(
    patch,
    path = "/accounts/{account}",
    operation_id = "changeAccount",
    tag = "staff",
    params(AccountPath),
    request_body = PersonChange,
    responses((status = 200, description = "The account as it is now.", body = Person)),
    security(("token" = []))
)]
pub async fn change(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<AccountPath>,
    Json(change): Json<PersonChange>,
) -> Answer<Json<Person>> {
    caller.needs(Scope::StaffWrite)?;
    let known = account(&node, &path.account).await?;
    let role = change.role.map_or(known.role.code, StaffRole::as_str);
    let other = change.unit.map(|unit| unit.0);
    let unit = other.unwrap_or_else(|| known.unit.clone());
    let person = NewAccount {
        login: change.login.as_deref().unwrap_or(known.login.as_str()),
        name: change.name.as_deref().unwrap_or(&known.name),
        role,
        unit: unit.as_deref(),
    };
    let (actor, id) = (caller.actor(), &known.id);
    let changed = node.change_account(&actor, id, &person).await;
    let changed = changed.map_err(|e| staff_problem(&e))?;
    Ok(Json(changed.into()))
}

/// Enable or disable an account
///
/// One that is disabled may do nothing, and its sessions end.
#[utoipa::path(
    put,
    path = "/accounts/{account}/state",
    operation_id = "setAccountState",
    tag = "staff",
    params(AccountPath),
    request_body = NewState,
    responses((status = 204, description = "It is so.")),
    security(("token" = []))
)]
pub async fn set_state(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<AccountPath>,
    Json(new): Json<NewState>,
) -> Answer<StatusCode> {
    caller.needs(Scope::StaffWrite)?;
    let (id, actor) = (account(&node, &path.account).await?.id, caller.actor());
    let set = match new.state {
        PersonState::Active => node.accounts().enable(&actor, &id).await,
        PersonState::Disabled => node.accounts().disable(&actor, &id).await,
    };
    set.map_err(|e| account_problem(&e))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Make a link to another password
///
/// The password of now ends, and all sessions with it. The link is shown in this answer alone.
#[utoipa::path(
    post,
    path = "/accounts/{account}/password-link",
    operation_id = "makePasswordLink",
    tag = "staff",
    params(AccountPath),
    responses((status = 201, description = "The account and its link.", body = PersonWithLink)),
    security(("token" = []))
)]
pub async fn new_link(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<AccountPath>,
) -> Answer<impl IntoResponse> {
    caller.needs(Scope::StaffWrite)?;
    let id = account(&node, &path.account).await?.id;
    let secret = node.accounts().reset_password(&caller.actor(), &id).await;
    let secret = secret.map_err(|e| account_problem(&e))?;
    let account = account(&node, &path.account).await?;
    Ok((StatusCode::CREATED, shown(&node, account, &secret)))
}

/// End the sessions of an account
///
/// Wherever its owner is logged in.
#[utoipa::path(
    delete,
    path = "/accounts/{account}/sessions",
    operation_id = "endAccountSessions",
    tag = "staff",
    params(AccountPath),
    responses((status = 204, description = "They have ended.")),
    security(("token" = []))
)]
pub async fn end_sessions(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<AccountPath>,
) -> Answer<StatusCode> {
    caller.needs(Scope::StaffWrite)?;
    let id = account(&node, &path.account).await?.id;
    let ended = node.accounts().end_sessions(&caller.actor(), &id).await;
    ended.map_err(|e| account_problem(&e))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take a second factor away
///
/// From somebody who has lost it; where the role needs one, another is set up at the next log-in.
#[utoipa::path(
    delete,
    path = "/accounts/{account}/second-factor",
    operation_id = "removeSecondFactor",
    tag = "staff",
    params(AccountPath),
    responses((status = 204, description = "It is in force no more.")),
    security(("token" = []))
)]
pub async fn remove_factor(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<AccountPath>,
) -> Answer<StatusCode> {
    caller.needs(Scope::StaffWrite)?;
    let id = account(&node, &path.account).await?.id;
    let removed = node.accounts().remove_factor(&caller.actor(), &id).await;
    removed.map_err(|e| account_problem(&e))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Choose what an account is written
///
/// A digest each working day, each thing at once, or nothing.
#[utoipa::path(
    put,
    path = "/accounts/{account}/letters",
    operation_id = "chooseLetters",
    tag = "staff",
    params(AccountPath),
    request_body = Letters,
    responses((status = 204, description = "It is chosen.")),
    security(("token" = []))
)]
pub async fn choose_letters(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<AccountPath>,
    Json(letters): Json<Letters>,
) -> Answer<StatusCode> {
    caller.needs(Scope::StaffWrite)?;
    let id = account(&node, &path.account).await?.id;
    let chosen = node.choose_letters(&id, letters.choice).await;
    chosen.map_err(|e| problem(&e))?;
    Ok(StatusCode::NO_CONTENT)
}

fn shown(node: &Node, account: Account, secret: &Secret) -> impl IntoResponse + use<> {
    let body = Json(PersonWithLink {
        account: account.into(),
        link: link(node, PASSWORD, secret),
    });
    ([(CACHE_CONTROL, "no-store")], body)
}

/// Tells what is left out from `null`.
fn said<'de, D: Deserializer<'de>>(from: D) -> Result<Option<OtherUnit>, D::Error> {
    Option::deserialize(from).map(|unit| Some(OtherUnit(unit)))
}
