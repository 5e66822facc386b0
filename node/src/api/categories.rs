//! The categories in force, and the institution's own tree.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use lapor_web::{Json, Path, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Answer;
use super::access::Caller;
use super::cases::CasePath;
use super::paging::number;
use super::refusals::problem;
use crate::node::Node;
use crate::taxonomy::{Categories, LocalCategories, LocalEdition, NewLocalCategory};
use crate::tokens::Scope;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LocalQuery {
    /// Name of the local category.
    local: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct EditionPath {
    /// `number` of an edition.
    #[serde(deserialize_with = "number")]
    number: i64,
}

/// The category of a case in the own tree.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseCategory {
    /// Name of a local category; `null` takes it away.
    #[schema(required = true)]
    #[serde(deserialize_with = "Option::deserialize")]
    local_category: Option<String>,
}

/// A whole local tree, in its order.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLocalTree {
    local: Vec<NewLocalCategory>,
}

/// Editions of the local tree, latest first.
#[derive(Serialize, ToSchema)]
pub struct LocalEditions {
    editions: Vec<LocalEdition>,
}

/// The local tree as it was in an edition, in its order.
#[derive(Serialize, ToSchema)]
pub struct LocalTree {
    local: Vec<LocalPair>,
}

/// A local category and what it stood for.
#[derive(Serialize, ToSchema)]
pub struct LocalPair {
    local: String,
    /// The national one.
    category: String,
}

/// Read the categories in force
///
/// With names in Indonesian and English and with what this institution asks for each. Before the
/// national desk has published an edition it is the one that the program ships.
#[utoipa::path(
    get,
    path = "/categories",
    operation_id = "readCategories",
    tag = "public",
    responses((status = 200, description = "The categories.", body = Categories)),
    security(("token" = []))
)]
pub async fn read(State(node): State<Arc<Node>>, caller: Caller) -> Answer<Json<Categories>> {
    caller.holds(Scope::ReferenceRead)?;
    node.categories().await.map(Json).map_err(|e| problem(&e))
}

/// List the local categories
///
/// Categories of the institution's own application with the national ones that they stand for.
#[utoipa::path(
    get,
    path = "/categories/local",
    operation_id = "listLocalCategories",
    tag = "public",
    responses((status = 200, description = "The local categories.", body = LocalCategories)),
    security(("token" = []))
)]
pub async fn local(State(node): State<Arc<Node>>, caller: Caller) -> Answer<Json<LocalCategories>> {
    caller.holds(Scope::ReferenceRead)?;
    let all = node.local_categories().await;
    all.map(Json).map_err(|e| problem(&e))
}

/// Map a local category
///
/// From then on a report that states the local category is filed under the national one.
#[utoipa::path(
    put,
    path = "/categories/local",
    operation_id = "mapLocalCategory",
    tag = "public",
    request_body = NewLocalCategory,
    responses((status = 204, description = "It is mapped.")),
    security(("token" = []))
)]
pub async fn map(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Json(new): Json<NewLocalCategory>,
) -> Answer<StatusCode> {
    caller.needs(Scope::CategoriesWrite)?;
    let mapped = node.map_category(&new, &caller.actor()).await;
    mapped
        .map(|()| StatusCode::NO_CONTENT)
        .map_err(|e| problem(&e))
}

/// Take a local category away
///
/// Reports that were filed under it stay as they are.
#[utoipa::path(
    delete,
    path = "/categories/local",
    operation_id = "unmapLocalCategory",
    tag = "public",
    params(LocalQuery),
    responses((status = 204, description = "It is gone.")),
    security(("token" = []))
)]
pub async fn unmap(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Query(query): Query<LocalQuery>,
) -> Answer<StatusCode> {
    caller.needs(Scope::CategoriesWrite)?;
    let gone = node.unmap_category(&query.local, &caller.actor()).await;
    gone.map(|()| StatusCode::NO_CONTENT)
        .map_err(|e| problem(&e))
}

/// Replace the local tree
///
/// Puts a whole tree in force, as a new edition; reports keep the names that they have.
#[utoipa::path(
    put,
    path = "/categories/local/tree",
    operation_id = "replaceLocalCategories",
    tag = "public",
    request_body = NewLocalTree,
    responses((status = 204, description = "It is in force.")),
    security(("token" = []))
)]
pub async fn replace(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Json(new): Json<NewLocalTree>,
) -> Answer<StatusCode> {
    caller.needs(Scope::CategoriesWrite)?;
    let replaced = node
        .replace_local_categories(&new.local, &caller.actor())
        .await;
    replaced
        .map(|()| StatusCode::NO_CONTENT)
        .map_err(|e| problem(&e))
}

/// List the editions of the local tree
///
/// Each change of the tree makes one; the last hundred are kept.
#[utoipa::path(
    get,
    path = "/categories/local/editions",
    operation_id = "listLocalEditions",
    tag = "public",
    responses((status = 200, description = "The editions.", body = LocalEditions)),
    security(("token" = []))
)]
pub async fn editions(
    State(node): State<Arc<Node>>,
    caller: Caller,
) -> Answer<Json<LocalEditions>> {
    caller.needs(Scope::CategoriesWrite)?;
    let editions = node.local_editions().await;
    let editions = editions.map_err(|e| problem(&e))?;
    Ok(Json(LocalEditions { editions }))
}

/// Read an edition of the local tree
///
/// As it was, also where a national category of it is in force no more.
#[utoipa::path(
    get,
    path = "/categories/local/editions/{number}",
    operation_id = "readLocalEdition",
    tag = "public",
    params(EditionPath),
    responses((status = 200, description = "The tree.", body = LocalTree)),
    security(("token" = []))
)]
pub async fn edition(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<EditionPath>,
) -> Answer<Json<LocalTree>> {
    caller.needs(Scope::CategoriesWrite)?;
    let pairs = node.local_edition(path.number).await;
    let pairs = pairs.map_err(|e| problem(&e))?.into_iter();
    let local = pairs.map(|(local, category)| LocalPair { local, category });
    Ok(Json(LocalTree {
        local: local.collect(),
    }))
}

/// Put an edition of the local tree back in force
///
/// As a new edition; reports keep the names that they have.
#[utoipa::path(
    post,
    path = "/categories/local/editions/{number}/restoration",
    operation_id = "restoreLocalEdition",
    tag = "public",
    params(EditionPath),
    responses((status = 204, description = "It is in force.")),
    security(("token" = []))
)]
pub async fn restore(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<EditionPath>,
) -> Answer<StatusCode> {
    caller.needs(Scope::CategoriesWrite)?;
    let actor = caller.actor();
    let restored = node.restore_local_edition(path.number, &actor).await;
    restored
        .map(|()| StatusCode::NO_CONTENT)
        .map_err(|e| problem(&e))
}

/// Note the local category of a case
///
/// That of the own tree which stands for the national category that the case has. No other institution
/// learns of it.
#[utoipa::path(
    put,
    path = "/cases/{id}/local-category",
    operation_id = "noteLocalCategory",
    tag = "work",
    params(CasePath),
    request_body = CaseCategory,
    responses((status = 204, description = "It is noted.")),
    security(("token" = []))
)]
pub async fn localise(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<CasePath>,
    Json(new): Json<CaseCategory>,
) -> Answer<StatusCode> {
    let sight = caller.sees(Scope::CasesAct)?;
    let (local, actor) = (new.local_category.as_deref(), caller.actor());
    let noted = node.localise(sight, path.id, local, &actor).await;
    noted
        .map(|()| StatusCode::NO_CONTENT)
        .map_err(|e| problem(&e))
}
