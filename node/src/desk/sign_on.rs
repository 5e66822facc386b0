//! Logging in with the institution's own provider: there, and back.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::HeaderMap;
use lapor_web::Query;
use lapor_web::accounts::AccountError;
use lapor_web::language::text_id;
use lapor_web::page::{Flash, LocalPath, Visit, brought};
use serde::Deserialize;

use super::refused::refusal;
use super::{Answer, Guest, ROOT, sign_in};
use crate::api::problem;
use crate::node::Node;
use crate::sign_on::{PATIENCE_S, RETURN, SignOnError, Vouched};
use crate::staff::StaffError;

/// Where the way to the provider begins.
pub const PATH: &str = "/masuk/sso";
pub const BACK: &str = RETURN;
const COOKIE: &str = "lapor_sso";

#[derive(Deserialize)]
pub struct Next {
    next: Option<String>,
}

/// What the provider sends; it may add more.
#[derive(Deserialize)]
pub struct Sent {
    state: Option<String>,
    code: Option<String>,
}

/// To the provider.
pub async fn go(
    State(node): State<Arc<Node>>,
    visit: Visit,
    guest: Guest,
    Query(query): Query<Next>,
) -> Answer<Response> {
    let admitted = node.admit_sign_on(guest.address);
    admitted.map_err(|error| problem(&error))?;
    let next = query.next.as_deref().and_then(LocalPath::parse);
    let next = next.unwrap_or_else(|| LocalPath::own(ROOT));
    let now = node.clock().now_ms();
    match node.sign_on().begin(next.as_str(), now).await {
        Ok(begun) => {
            let mut response = Redirect::to(&begun.url).into_response();
            visit.give(response.headers_mut(), COOKIE, &begun.secret, PATIENCE_S);
            Ok(response)
        }
        Err(error) => Ok(refused(&visit, &error)),
    }
}

/// Back from the provider.
pub async fn back(
    State(node): State<Arc<Node>>,
    visit: Visit,
    guest: Guest,
    headers: HeaderMap,
    Query(sent): Query<Sent>,
) -> Answer<Response> {
    let secret = brought(&headers, COOKIE).unwrap_or_default();
    let (state, code) = (
        sent.state.unwrap_or_default(),
        sent.code.unwrap_or_default(),
    );
    let now = node.clock().now_ms();
    let mut response = match node.sign_on().finish(&state, &code, secret, now).await {
        Ok(vouched) => enter(&node, &visit, &guest, &vouched).await?,
        Err(error) => refused(&visit, &error),
    };
    visit.give(response.headers_mut(), COOKIE, "", 0);
    Ok(response)
}

async fn enter(node: &Node, visit: &Visit, guest: &Guest, vouched: &Vouched) -> Answer<Response> {
    let next = LocalPath::parse(&vouched.next).unwrap_or_else(|| LocalPath::own(ROOT));
    match node.enter_vouched(vouched, &guest.arrival()).await {
        Ok(entered) => Ok(sign_in::let_in(node, visit, &next, &entered)),
        Err(StaffError::Account(AccountError::Refused | AccountError::Login)) => {
            let unknown = Flash::warning(text_id("sso-unknown"));
            Ok(visit.go_saying(&LocalPath::own(sign_in::PATH), &unknown))
        }
        Err(StaffError::Account(error)) => Err(refusal(&error)),
        Err(StaffError::Node(error)) => Err(problem(&error)),
    }
}

fn refused(visit: &Visit, error: &SignOnError) -> Response {
    let said = match error {
        SignOnError::Stale => Flash::warning(text_id("sso-stale")),
        SignOnError::Off | SignOnError::Settings(_) | SignOnError::Provider(_) => {
            tracing::warn!(%error, "single sign-on does not work");
            Flash::warning(text_id("sso-away"))
        }
        SignOnError::Refused(_) => {
            tracing::info!(%error, "somebody could not log in by single sign-on");
            Flash::warning(text_id("sso-refused"))
        }
    };
    visit.go_saying(&LocalPath::own(sign_in::PATH), &said)
}
