//! One visit of one person: the language, the place, a message to be shown. A
//! handler takes it as an argument and answers through it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{FromRequestParts, Request};
use axum::response::{IntoResponse, Redirect, Response};
use http::request::Parts;
use http::{HeaderMap, Method};

use super::cookies::{brought, give};
use super::preferences::{Theme, language_of, takes_keys, theme_of};
use super::{Area, Flash, LocalPath, Person, Shell, Site, flash};
use crate::ApiProblem;
use crate::entrance::RequestId;
use crate::language::Voice;

/// A request as a page sees it.
#[derive(Clone)]
pub struct Visit {
    /// Speaks to the visitor; templates call it `v`.
    pub v: Voice,
    /// Who has logged in; set by the layer that knows sessions.
    pub(super) person: Option<Person>,
    /// Whether anybody has, for the page of a refusal as well.
    known: Arc<AtomicBool>,
    pub(super) site: Arc<Site>,
    pub(super) area: &'static Area,
    pub(super) theme: Theme,
    takes_keys: bool,
    /// The page itself, to which a switch comes back.
    pub(super) here: LocalPath,
    pub(super) flash: Option<Flash>,
    pub(super) institution: Arc<str>,
    pub(super) contact: Option<Arc<str>>,
    pub(super) national: Option<Arc<str>>,
    pub(super) request_id: String,
}

impl Visit {
    pub(super) fn of(request: &Request, site: &Arc<Site>) -> Self {
        let (headers, facts) = (request.headers(), (site.facts)());
        let now = site.clock.now_ms();
        let v = Voice::new(language_of(headers), site.texts, facts.zone, now);
        let here = place(request);
        let flash = brought(headers, flash::COOKIE).and_then(|value| site.seal.open(value, now));
        let id = request.extensions().get::<RequestId>();
        Self {
            v,
            person: None,
            known: Arc::default(),
            area: site.area_of(here.path()),
            theme: theme_of(headers),
            takes_keys: takes_keys(headers),
            here,
            flash,
            institution: facts.institution.into(),
            contact: facts.contact.map(Into::into),
            national: facts.national.map(Into::into),
            request_id: id.map_or_else(String::new, |id| id.0.clone()),
            site: Arc::clone(site),
        }
    }

    /// Begins the page that answers: `visit.shell(title).show(&partial)`.
    pub fn shell(&self, title: impl Into<String>) -> Shell<'_> {
        Shell::new(self, title.into())
    }

    /// Makes it the visit of somebody who has logged in.
    pub fn belong_to(&mut self, person: Person) {
        self.known.store(true, Ordering::Relaxed);
        self.person = Some(person);
    }

    /// Whether the lines of its area are for this visitor.
    pub(super) fn has_links(&self) -> bool {
        !self.area.for_members || self.known.load(Ordering::Relaxed)
    }

    /// The institution whose pages these are.
    pub fn institution(&self) -> &str {
        &self.institution
    }

    /// The national portal, where these are pages of another.
    pub fn national(&self) -> Option<&str> {
        self.national.as_deref()
    }

    /// Where a file of the shelf is served.
    pub fn file(&self, name: &str) -> String {
        self.site.shelf.path(name)
    }

    /// Whether single keys may act on the page.
    pub fn takes_keys(&self) -> bool {
        self.takes_keys
    }

    /// Path and query of the page.
    pub fn here(&self) -> &LocalPath {
        &self.here
    }

    /// After an act, the page that shows it (303).
    pub fn go(&self, to: &LocalPath) -> Response {
        Redirect::to(to.as_str()).into_response()
    }

    /// The same, with a message on the page.
    pub fn go_saying(&self, to: &LocalPath, flash: &Flash) -> Response {
        let mut response = self.go(to);
        if let Some(value) = self.site.seal.close(flash, self.v.now_ms()) {
            self.give(
                response.headers_mut(),
                flash::COOKIE,
                &value,
                flash::SECONDS,
            );
        }
        response
    }

    /// Gives the visitor a cookie of this site, for no script and no other site.
    pub fn give(&self, headers: &mut HeaderMap, name: &'static str, value: &str, seconds: i64) {
        give(headers, name, value, seconds, (self.site.https)());
    }
}

/// Where a visitor comes back to. A form that is shown again after a POST
/// stands at its own path, so that its query, if any, is kept.
fn place(request: &Request) -> LocalPath {
    let uri = request.uri();
    let text = match *request.method() {
        Method::GET | Method::HEAD => uri.path_and_query().map(http::uri::PathAndQuery::as_str),
        _ => Some(uri.path()),
    };
    text.and_then(LocalPath::parse)
        .unwrap_or_else(LocalPath::root)
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiProblem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            tracing::error!("a page is served outside of `page::receive`");
            ApiProblem::internal()
        })
    }
}
