//! Logging in with the institution's own provider: there, and back.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::HeaderMap;
use serde::Deserialize;

use super::refused::{Refused, refusal};
use super::{Answer, Guest, Office, sign_in};
use crate::Query;
use crate::accounts::{AccountError, Arrival, Entered, NewAccount, Subject};
use crate::language::text_id;
use crate::page::{Flash, LocalPath, Visit, brought};
use crate::sign_on::{PATIENCE_S, SignOnError, Vouched};

/// Where the way to the provider begins.
pub const PATH: &str = "/masuk/sso";
const COOKIE: &str = "lapor_sso";
/// Who makes the accounts of newcomers, as the audit log names it.
const ACTOR: &str = "single_sign_on";

#[derive(Deserialize)]
pub struct Next {
    next: Option<String>,
}

/// What the provider sends; it may add more.
#[derive(Deserialize)]
pub struct Sent {
    state: Option<String>,
    code: Option<String>,
    /// Instead of a code: nobody was let in there, or they did not want to be (RFC 6749, 4.1.2.1).
    error: Option<String>,
}

/// To the provider.
pub async fn go<O: Office>(
    State(office): State<Arc<O>>,
    visit: Visit,
    guest: Guest,
    Query(query): Query<Next>,
) -> Answer<Response> {
    office.admit_sign_on(guest.address)?;
    let next = query.next.as_deref().and_then(LocalPath::parse);
    let next = next.unwrap_or_else(|| LocalPath::own(O::PLACES.root));
    let now = office.clock().now_ms();
    match office.sign_on().begin(next.as_str(), now).await {
        Ok(begun) => {
            let mut response = Redirect::to(&begun.url).into_response();
            visit.give(response.headers_mut(), COOKIE, &begun.secret, PATIENCE_S);
            Ok(response)
        }
        Err(error) => Ok(refused(&visit, &error)),
    }
}

/// Back from the provider.
pub async fn back<O: Office>(
    State(office): State<Arc<O>>,
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
    let now = office.clock().now_ms();
    let sign_on = office.sign_on();
    let mut response = if sent.error.is_some() {
        match sign_on.break_off(&state, secret, now) {
            Ok(()) => {
                let said = Flash::warning(text_id("sso-broken-off"));
                visit.go_saying(&LocalPath::own(sign_in::PATH), &said)
            }
            Err(error) => refused(&visit, &error),
        }
    } else {
        match sign_on.finish(&state, &code, secret, now).await {
            Ok(vouched) => enter(&*office, &visit, &guest, &vouched).await?,
            Err(error) => refused(&visit, &error),
        }
    };
    visit.give(response.headers_mut(), COOKIE, "", 0);
    Ok(response)
}

async fn enter<O: Office>(
    office: &O,
    visit: &Visit,
    guest: &Guest,
    vouched: &Vouched,
) -> Answer<Response> {
    let next = LocalPath::parse(&vouched.next).unwrap_or_else(|| LocalPath::own(O::PLACES.root));
    match admit(office, vouched, &guest.arrival()).await? {
        Ok(entered) => Ok(sign_in::let_in(office, visit, &next, &entered)),
        Err(AccountError::Refused | AccountError::Login) => {
            let unknown = Flash::warning(text_id("sso-unknown"));
            Ok(visit.go_saying(&LocalPath::own(sign_in::PATH), &unknown))
        }
        Err(error) => Err(refusal(&error)),
    }
}

/// Logs in whoever the provider vouches for; makes the account first where a
/// role is set for those who have none.
async fn admit<O: Office>(
    office: &O,
    vouched: &Vouched,
    arrival: &Arrival<'_>,
) -> Answer<Result<Entered, AccountError>> {
    let (accounts, login) = (office.accounts(), vouched.login.as_str());
    let subject = Subject {
        issuer: &vouched.issuer,
        subject: &vouched.subject,
    };
    let entered = accounts.sign_in_vouched(login, subject, arrival).await;
    let role = office.sign_on().settings().create_as;
    let (Err(AccountError::Refused), Some(role)) = (&entered, role) else {
        return Ok(entered);
    };
    let new = NewAccount {
        login,
        name: vouched.name.as_deref().unwrap_or(login),
        role,
        unit: None,
    };
    let mut roles = accounts.rules().roles.iter();
    let administers = roles.any(|of| of.code == role && of.administers);
    // Where two give the right to administer, the provider alone gives it to nobody.
    let rests = (office.takes_two() && administers).then_some("");
    match office.create(ACTOR, &new, rests).await {
        Ok(_) => Ok(accounts.sign_in_vouched(login, subject, arrival).await),
        // There is one, and it is disabled. Of units none was named.
        Err(Refused::Account(AccountError::LoginTaken) | Refused::Unit) => {
            Ok(Err(AccountError::Refused))
        }
        Err(Refused::Account(error)) => Ok(Err(error)),
        Err(Refused::Problem(problem)) => Err(problem),
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
