//! What people say to an officer about a case, taken down by a program; and what looks like abuse.
//! Nothing here tells who the reporter is, and a key that was told is kept by nobody.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use http::StatusCode;
use http::header::CACHE_CONTROL;
use lapor_web::{Json, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Answer;
use super::access::{Caller, IdempotencyKey};
use super::cases::CasePath;
use super::refusals::problem;
use crate::casework::{Acted, Once};
use crate::error::NodeError;
use crate::node::Node;
use crate::portal::code_at;
use crate::reporters::{AbuseMark, Assurance, Claim, KeyGiver, ReporterAct, Suspicion, Through};
use crate::tokens::Scope;

/// How somebody came to an officer.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    WalkIn,
    Letter,
    Phone,
}

/// What the reporter of a case says to an officer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Words {
    channel: Way,
    /// The reporter's key, as they say or show it; where `on_word` is true it may be left out.
    key: Option<String>,
    act: ReporterAct,
}

/// Somebody else who says that they have the same trouble.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Support {
    channel: Way,
}

/// What somebody says of themselves who has lost the key.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LostKey {
    /// How the officer made sure of who it is.
    assurance: Assurance,
    /// Telephone number or e-mail address that the report was given.
    #[serde(default)]
    #[schema(max_length = 200)]
    contact: String,
    /// Asked for where the report holds no contact.
    #[serde(default)]
    #[schema(max_length = 200)]
    name: String,
}

/// What may be said in a case now.
#[derive(Serialize, ToSchema)]
pub struct Hearing {
    /// Names of the reporter's acts.
    may: Vec<String>,
    /// The reporter is heard without the key.
    on_word: bool,
    /// A lost key can be replaced.
    gives_key: bool,
    /// By whom: of a report that is secret or anonymous by a keeper of identities alone.
    key_giver: Option<KeyGiver>,
    /// Anybody may say that they have the same trouble.
    is_supported: bool,
}

/// Another key, told this once.
#[derive(Serialize, ToSchema)]
pub struct AnotherKey {
    ticket: String,
    key: String,
    /// Whether the report tells a contact by which a lost key is replaced, once it is proved.
    recoverable: bool,
}

/// A code that was sent to the contact of a report.
#[derive(Serialize, ToSchema)]
pub struct Proof {
    /// The page at which whoever reads it there types it.
    typed_at: String,
    /// Unix ms.
    expires_at: i64,
}

impl Way {
    fn as_str(self) -> &'static str {
        match self {
            Self::WalkIn => "walk-in",
            Self::Letter => "letter",
            Self::Phone => "phone",
        }
    }
}

/// Those that answer for their key by themselves.
pub fn keyed() -> OpenApiRouter<Arc<Node>> {
    OpenApiRouter::new()
        .routes(routes!(say))
        .routes(routes!(support))
}

pub fn routes() -> OpenApiRouter<Arc<Node>> {
    OpenApiRouter::new()
        .routes(routes!(hear))
        .routes(routes!(give_key))
        .routes(routes!(prove))
        .routes(routes!(suspicion, suspect, clear))
}

/// See what may be said in a case
///
/// By its reporter, or by somebody else who has the same trouble, to an officer who takes it down.
#[utoipa::path(
    get,
    path = "/cases/{id}/counter",
    operation_id = "readCounter",
    tag = "work",
    params(CasePath),
    responses((status = 200, description = "What may be said now.", body = Hearing)),
    security(("token" = []))
)]
pub async fn hear(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<CasePath>,
) -> Answer<Json<Hearing>> {
    caller.reaches(&node, Scope::CasesAct, path.id).await?;
    let counter = node.at_counter(path.id).await.map_err(|e| problem(&e))?;
    Ok(Json(Hearing {
        may: counter.may,
        on_word: counter.on_word,
        gives_key: counter.key_giver.is_some(),
        key_giver: counter.key_giver,
        is_supported: counter.is_supported,
    }))
}

/// Take down what the reporter says
///
/// It is the reporter's act and goes their way; the audit log has who took it down and by which channel.
/// Of a report that no officer took in at the desk the reporter tells the key.
#[utoipa::path(
    post,
    path = "/cases/{id}/counter/words",
    operation_id = "takeDownWords",
    tag = "work",
    params(CasePath, IdempotencyKey),
    request_body = Words,
    responses((status = 202, description = "It is stored and pending.", body = Acted)),
    security(("token" = []))
)]
pub async fn say(
    State(node): State<Arc<Node>>,
    caller: Caller,
    key: IdempotencyKey,
    Path(path): Path<CasePath>,
    Json(words): Json<Words>,
) -> Answer<impl IntoResponse> {
    caller.reaches(&node, Scope::CasesAct, path.id).await?;
    let (actor, once) = (caller.actor(), once(&caller, &key)?);
    let through = Through {
        actor: &actor,
        channel: words.channel.as_str(),
        key: words.key.as_deref(),
    };
    let said = node.reporter_says(path.id, through, words.act, &once).await;
    let acted = said.map_err(|e| problem(&e))?;
    Ok((StatusCode::ACCEPTED, Json(acted)))
}

/// Count somebody who has the same trouble
///
/// And says so to an officer. The case is public and open.
#[utoipa::path(
    post,
    path = "/cases/{id}/counter/support",
    operation_id = "takeDownSupport",
    tag = "work",
    params(CasePath, IdempotencyKey),
    request_body = Support,
    responses((status = 202, description = "It is stored and pending.", body = Acted)),
    security(("token" = []))
)]
pub async fn support(
    State(node): State<Arc<Node>>,
    caller: Caller,
    key: IdempotencyKey,
    Path(path): Path<CasePath>,
    Json(support): Json<Support>,
) -> Answer<impl IntoResponse> {
    caller.reaches(&node, Scope::CasesAct, path.id).await?;
    let (actor, once) = (caller.actor(), once(&caller, &key)?);
    let through = Through {
        actor: &actor,
        channel: support.channel.as_str(),
        key: None,
    };
    let said = node.visitor_supports(path.id, through, &once).await;
    let acted = said.map_err(|e| problem(&e))?;
    Ok((StatusCode::ACCEPTED, Json(acted)))
}

/// Give a reporter another key
///
/// In the place of one that was lost, which ends with all that it opened; shown in this answer alone.
/// A claim that does not fit is refused with 401 `locked`; with 429 after three of a case or ten of
/// one owner of tokens, then one every eight hours or 144 minutes. Of a report that is secret or
/// anonymous a keeper of identities gives it (scope `identity`), of every other whoever handles cases.
#[utoipa::path(
    post,
    path = "/cases/{id}/counter/key",
    operation_id = "giveAnotherKey",
    tag = "work",
    params(CasePath),
    request_body = LostKey,
    responses((status = 201, description = "The key.", body = AnotherKey)),
    security(("token" = []))
)]
pub async fn give_key(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<CasePath>,
    Json(lost): Json<LostKey>,
) -> Answer<impl IntoResponse> {
    let scopes = [Scope::CasesAct, Scope::Identity];
    caller.reaches_by(&node, &scopes, path.id).await?;
    if lost.contact.trim().is_empty() && lost.name.trim().is_empty() {
        let nothing = "contact: tell the contact of the report, or the name where it holds none";
        return Err(problem(&NodeError::Invalid(nothing.into())));
    }
    let claim = Claim {
        assurance: lost.assurance,
        contact: lost.contact.trim(),
        name: lost.name.trim(),
    };
    // No token holds both scopes.
    let giver = if caller.rights().allow(Scope::Identity) {
        KeyGiver::Keeper
    } else {
        KeyGiver::Officer
    };
    let actor = caller.actor();
    let another = node.give_key(path.id, claim, (giver, &actor)).await;
    let another = another.map_err(|e| problem(&e))?;
    let body = Json(AnotherKey {
        ticket: another.ticket,
        key: another.key,
        recoverable: another.recoverable,
    });
    Ok((StatusCode::CREATED, [(CACHE_CONTROL, "no-store")], body))
}

/// Have the contact of a report proved
///
/// A code goes to the address that it tells, and is typed by whoever reads it there.
#[utoipa::path(
    post,
    path = "/cases/{id}/counter/proof",
    operation_id = "askProof",
    tag = "work",
    params(CasePath),
    responses((status = 202, description = "The code is on its way.", body = Proof)),
    security(("token" = []))
)]
pub async fn prove(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<CasePath>,
) -> Answer<impl IntoResponse> {
    caller.reaches(&node, Scope::CasesAct, path.id).await?;
    let sent = node.ask_proof(path.id).await.map_err(|e| problem(&e))?;
    let proof = Proof {
        typed_at: format!("{}{}", node.site(), code_at(&sent)),
        expires_at: sent.expires_at,
    };
    Ok((StatusCode::ACCEPTED, Json(proof)))
}

/// Read why a case looks like abuse
///
/// Until somebody has cleared it; `GET /cases?tab=suspect` lists those that do.
#[utoipa::path(
    get,
    path = "/cases/{id}/suspicion",
    operation_id = "readSuspicion",
    tag = "work",
    params(CasePath),
    responses((status = 200, description = "The mark.", body = AbuseMark)),
    security(("token" = []))
)]
pub async fn suspicion(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<CasePath>,
) -> Answer<Json<AbuseMark>> {
    caller.reaches(&node, Scope::CasesRead, path.id).await?;
    let mark = node.abuse_mark(path.id).await.map_err(|e| problem(&e))?;
    let unmarked = || problem(&NodeError::not_found("open mark on case", &path.id));
    mark.map(Json).ok_or_else(unmarked)
}

/// Mark a case as abuse
///
/// For a second look; the mark is this institution's own, and no other learns of it.
#[utoipa::path(
    put,
    path = "/cases/{id}/suspicion",
    operation_id = "markAbuse",
    tag = "work",
    params(CasePath),
    responses((status = 204, description = "It is marked.")),
    security(("token" = []))
)]
pub async fn suspect(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<CasePath>,
) -> Answer<StatusCode> {
    caller.reaches(&node, Scope::CasesAct, path.id).await?;
    let actor = caller.actor();
    let marked = node.mark_abuse(path.id, Suspicion::Officer, &actor).await;
    marked.map_err(|e| problem(&e))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Say that a case is no abuse
///
/// It lies among the others again.
#[utoipa::path(
    delete,
    path = "/cases/{id}/suspicion",
    operation_id = "clearAbuse",
    tag = "work",
    params(CasePath),
    responses((status = 204, description = "It is cleared.")),
    security(("token" = []))
)]
pub async fn clear(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<CasePath>,
) -> Answer<StatusCode> {
    caller.reaches(&node, Scope::CasesAct, path.id).await?;
    let cleared = node.clear_abuse(path.id, &caller.actor()).await;
    cleared.map_err(|e| problem(&e))?;
    Ok(StatusCode::NO_CONTENT)
}

/// The key of the caller, or one of ours for what comes once.
pub fn once(caller: &Caller, key: &IdempotencyKey) -> Answer<Once> {
    match key.of(&caller.actor())? {
        Some(once) => Ok(once),
        None => Once::new(&caller.actor(), &Once::fresh_key()).map_err(|e| problem(&e)),
    }
}
