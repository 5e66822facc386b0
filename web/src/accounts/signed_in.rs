//! Who uses a page, as an argument of its handler. Whoever is not logged in is
//! sent to log in and comes back; nobody is ever sent to another host.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT, HOST, LOCATION, REFERER};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use super::cookie::{Cookies, Ticket};
use super::{AccountError, Accounts, Session};
use crate::ApiProblem;
use crate::page::LocalPath;

/// The pages of a program to which people are sent.
#[derive(Debug, Clone, Copy)]
pub struct Doors {
    /// Path of the page for logging in; reads `next`.
    pub sign_in: &'static str,
    /// Path of the page on which a second factor is set up; its forms go below it.
    pub factor: &'static str,
}

impl Doors {
    /// Whether a path is that page or lies below it.
    fn sets_factor_up(&self, path: &str) -> bool {
        let below = path.strip_prefix(self.factor);
        below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// What a router's state must know for [`SignedIn`].
pub trait Staffed: Send + Sync {
    fn accounts(&self) -> &Accounts;
    fn cookies(&self) -> Cookies;
    fn doors(&self) -> Doors;
}

impl<S: Staffed> Staffed for Arc<S> {
    fn accounts(&self) -> &Accounts {
        S::accounts(self)
    }

    fn cookies(&self) -> Cookies {
        S::cookies(self)
    }

    fn doors(&self) -> Doors {
        S::doors(self)
    }
}

/// Somebody who is logged in and has all factors that the role needs; on the
/// page that sets up a second factor and below it, one who lacks it as well.
#[derive(Debug, Clone)]
pub struct SignedIn(pub Session);

/// With it a script says that nobody has asked for what it fetches.
const BY_ITSELF: &str = "lapor-by-itself";

/// Why a page is not shown.
#[derive(Debug)]
pub struct NotSignedIn {
    location: String,
    forget: Option<Cookies>,
    failed: Option<AccountError>,
}

impl<S: Staffed> FromRequestParts<S> for SignedIn {
    type Rejection = NotSignedIn;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, NotSignedIn> {
        let cookies = state.cookies();
        let token = cookies.read(Ticket::Session, &parts.headers);
        let session = match &token {
            Some(token) if asks_by_itself(&parts.headers) => {
                state.accounts().session_untouched(token).await
            }
            Some(token) => state.accounts().session(token).await,
            None => Ok(None),
        };
        let doors = state.doors();
        match session {
            Ok(Some(session))
                if session.lacks_factor && !doors.sets_factor_up(parts.uri.path()) =>
            {
                Err(NotSignedIn {
                    location: doors.factor.to_owned(),
                    forget: None,
                    failed: None,
                })
            }
            Ok(Some(session)) => Ok(Self(session)),
            Ok(None) => Err(NotSignedIn {
                location: match came_from(parts) {
                    Some(path) => format!("{}?next={}", doors.sign_in, path.in_query()),
                    None => doors.sign_in.to_owned(),
                },
                forget: token.map(|_| cookies),
                failed: None,
            }),
            Err(error) => Err(NotSignedIn {
                location: String::new(),
                forget: None,
                failed: Some(error),
            }),
        }
    }
}

/// Whether a page asks and nobody has touched it: a stream of events, and what
/// its script fetches upon one, which says so.
fn asks_by_itself(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    headers.contains_key(BY_ITSELF) || accept == Some("text/event-stream")
}

impl IntoResponse for NotSignedIn {
    fn into_response(self) -> Response {
        if let Some(error) = self.failed {
            tracing::error!(%error, "a session could not be looked up");
            return ApiProblem::internal().into_response();
        }
        let mut response = StatusCode::SEE_OTHER.into_response();
        let Ok(location) = HeaderValue::from_str(&self.location) else {
            return ApiProblem::internal().into_response();
        };
        response.headers_mut().insert(LOCATION, location);
        if let Some(cookies) = self.forget {
            cookies.take(response.headers_mut(), Ticket::Session);
        }
        response
    }
}

/// The page to come back to: what was asked for, or, where that cannot be
/// repeated, the page on which the form stood.
fn came_from(parts: &Parts) -> Option<LocalPath> {
    if parts.method == Method::GET || parts.method == Method::HEAD {
        let asked = parts.uri.path_and_query()?;
        return LocalPath::parse(asked.as_str());
    }
    let host = parts.headers.get(HOST)?.to_str().ok()?;
    let page: http::Uri = parts.headers.get(REFERER)?.to_str().ok()?.parse().ok()?;
    if page.authority()?.as_str() != host {
        return None;
    }
    LocalPath::parse(page.path_and_query()?.as_str())
}
