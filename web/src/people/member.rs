//! Who stands before a page: somebody who is logged in, or a guest who is not
//! yet. Both are arguments of handlers.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use askama::Template;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::USER_AGENT;
use http::request::Parts;

use super::office::{Office, role_words};
use super::sign_in;
use crate::accounts::cookie::Ticket;
use crate::accounts::{Arrival, Role, Secret, Session, SignedIn};
use crate::language::Voice;
use crate::page::{Person, Visit};
use crate::{ApiProblem, peer};

#[derive(Template)]
#[template(path = "people/resting.html")]
struct RestingPage {
    v: Voice,
}

/// Somebody of the staff who is logged in, and the page for them.
pub struct Member {
    pub session: Session,
    pub visit: Visit,
}

impl Member {
    /// How the audit log names the person.
    pub fn actor(&self) -> String {
        self.session.account.actor()
    }

    /// Refuses all whose role does not allow it.
    pub fn requires(&self, allowed: impl FnOnce(&Role) -> bool) -> Result<(), ApiProblem> {
        if allowed(self.session.account.role) {
            return Ok(());
        }
        let title = "Your role does not allow this";
        Err(ApiProblem::new(StatusCode::FORBIDDEN, "forbidden", title))
    }

    pub(super) fn administers(&self) -> Result<(), ApiProblem> {
        self.requires(|role| role.administers)
    }
}

impl<O: Office> FromRequestParts<Arc<O>> for Member {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, office: &Arc<O>) -> Result<Self, Response> {
        let SignedIn(session) = SignedIn::from_request_parts(parts, office)
            .await
            .map_err(IntoResponse::into_response)?;
        let mut visit = Visit::from_request_parts(parts, office)
            .await
            .map_err(IntoResponse::into_response)?;
        let words = role_words::<O>(session.account.role);
        let person = Person {
            name: session.account.name.clone(),
            role: words.map_or_else(String::new, |words| visit.v.say(words.name)),
            account_at: O::PLACES.account,
            leave_at: sign_in::LEAVE,
        };
        visit.belong_to(person);
        let asked = office.takes_two() && session.account.role.administers;
        if asked {
            let rests = office.rests(&session.account).await;
            if rests.map_err(IntoResponse::into_response)? {
                return Err(resting(&visit));
            }
        }
        Ok(Self { session, visit })
    }
}

/// What somebody sees whose account nobody else has confirmed.
fn resting(visit: &Visit) -> Response {
    let page = RestingPage { v: visit.v };
    let shell = visit.shell(visit.v.say("resting-title"));
    shell
        .status(StatusCode::FORBIDDEN)
        .show(&page)
        .unwrap_or_else(IntoResponse::into_response)
}

/// From where a request comes, whoever sends it.
pub struct Guest {
    pub address: IpAddr,
    agent: String,
    /// The token of the session in the cookie.
    pub session: Option<Secret>,
    /// The token of somebody whose second factor is still to come.
    pub code: Option<Secret>,
}

impl Guest {
    /// For a session that begins now in place of the one in the cookie.
    pub fn arrival(&self) -> Arrival<'_> {
        Arrival {
            address: self.address,
            agent: &self.agent,
            replaces: self.session.as_ref(),
        }
    }
}

impl<O: Office> FromRequestParts<Arc<O>> for Guest {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, office: &Arc<O>) -> Result<Self, Infallible> {
        let agent = parts.headers.get(USER_AGENT);
        let agent = agent.and_then(|value| value.to_str().ok());
        let cookies = office.cookies();
        Ok(Self {
            address: peer::address(parts, office.proxies()),
            agent: agent.unwrap_or_default().to_owned(),
            session: cookies.read(Ticket::Session, &parts.headers),
            code: cookies.read(Ticket::Code, &parts.headers),
        })
    }
}
